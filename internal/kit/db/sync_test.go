package db_test

import (
	"context"
	"net/url"
	"slices"
	"sync"
	"testing"

	"anancus/internal/kit/db"
	"anancus/internal/kit/db/dbtest"
)

// synced tells whether the commit of a transaction will wait for the disk.
func synced(ctx context.Context, tx *db.Tx) (bool, error) {
	if tx.Engine() == db.Postgres {
		setting, err := db.One(ctx, tx, db.Text, `SELECT current_setting('synchronous_commit')`)
		return setting == "on", err
	}
	level, err := db.One(ctx, tx, db.Int64, `SELECT synchronous FROM pragma_synchronous`)
	return level == 2, err
}

func lasting(c *db.Config) {
	c.Fleeting = false
	if u, err := url.Parse(c.URL); err == nil && u.Scheme != "sqlite" {
		q := u.Query()
		q.Set("synchronous_commit", "on")
		u.RawQuery = q.Encode()
		c.URL = u.String()
	}
}

func TestATransactionWaitsForTheDiskUnlessItSaysThatItNeedNot(t *testing.T) {
	dbtest.EachEngine(t, func(t *testing.T, engine db.Engine) {
		d := dbtest.Open(t, engine, lasting)
		ctx := t.Context()
		for i, one := range []struct {
			ctx  context.Context
			want bool
		}{{ctx, true}, {db.Unsynced(ctx), false}, {db.Unsynced(db.Unsynced(ctx)), false}, {ctx, true}, {db.Synced(db.Unsynced(ctx)), true}, {db.Unsynced(ctx), false}} {
			err := d.Tx(one.ctx, func(tx *db.Tx) error {
				got, err := synced(ctx, tx)
				if err == nil && got != one.want {
					t.Errorf("transaction %d waits for the disk: %v", i, got)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestWhoNeedsNoSyncWaitsForNoneAndSharesThatOfOthers(t *testing.T) {
	d := openLite(t, lasting)
	ctx := t.Context()
	hold := make(chan struct{})
	var waiting, all sync.WaitGroup
	waiting.Add(1)
	all.Go(func() {
		begun := sync.OnceFunc(func() { close(hold) })
		_ = d.Tx(db.Unsynced(ctx), func(*db.Tx) error {
			begun()
			waiting.Wait()
			return nil
		})
	})
	<-hold
	got := make([]bool, 4)
	for i, in := range []context.Context{db.Unsynced(ctx), ctx, db.Unsynced(ctx), ctx} {
		all.Go(func() {
			err := d.Tx(in, func(tx *db.Tx) (err error) {
				got[i], err = synced(ctx, tx)
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
		db.WaitQueued(d, i+1)
	}
	waiting.Done()
	all.Wait()
	if want := []bool{false, true, true, true}; !slices.Equal(got, want) {
		t.Errorf("synced: %v, want %v", got, want)
	}
}
