package db_test

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"anancus/internal/kit/db"
	"anancus/internal/kit/db/dbtest"
)

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
		var syncs atomic.Int64
		if engine == db.SQLite {
			db.OnSync(d, func(sync func() error) error { syncs.Add(1); return sync() })
		}
		for i, one := range []struct {
			ctx  context.Context
			want bool
		}{{ctx, true}, {db.Unsynced(ctx), false}, {db.Unsynced(db.Unsynced(ctx)), false}, {ctx, true}, {db.Synced(db.Unsynced(ctx)), true}, {db.Unsynced(ctx), false}} {
			before := syncs.Load()
			var waits bool
			err := d.Tx(one.ctx, func(tx *db.Tx) error {
				if engine == db.SQLite {
					return adds(string(rune('a' + i)))(tx)
				}
				setting, err := db.One(ctx, tx, db.Text, `SELECT current_setting('synchronous_commit')`)
				waits = setting == "on"
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			if waits = waits || syncs.Load() > before; waits != one.want {
				t.Errorf("transaction %d waits for the disk: %v", i, waits)
			}
		}
	})
}

// held is a disk whose every sync waits until it may end.
func held(d *db.DB) (begun <-chan struct{}, end chan<- error) {
	b, e := make(chan struct{}), make(chan error)
	db.OnSync(d, func(sync func() error) error {
		b <- struct{}{}
		return errors.Join(sync(), <-e)
	})
	return b, e
}

// answered is the answer of a transaction that begins now.
func answered(ctx context.Context, d *db.DB, do func(tx *db.Tx) error) <-chan error {
	answer := make(chan error, 1)
	go func() { answer <- d.Tx(ctx, do) }()
	return answer
}

func TestWhoNeedsNoSyncWaitsForNoneAndTheNextGroupRunsMeanwhile(t *testing.T) {
	d := openLite(t, lasting)
	ctx := t.Context()
	begun, end := held(d)
	first := answered(ctx, d, adds("a"))
	<-begun
	wantTags(t, d, "a") // it is committed
	if err := d.Tx(db.Unsynced(ctx), adds("b")); err != nil {
		t.Fatal(err)
	}
	// These run while the disk has the first. They are committed together, and also who needs no sync is answered then: when the disk is free.
	var ran sync.WaitGroup
	ran.Add(3)
	does := func(name string) func(tx *db.Tx) error {
		once := sync.OnceFunc(ran.Done)
		return func(tx *db.Tx) error { defer once(); return adds(name)(tx) }
	}
	second, third := answered(ctx, d, does("c")), answered(ctx, d, does("d"))
	fourth := answered(ctx, d, func(tx *db.Tx) error { _ = does("e")(tx); return errLeft })
	ran.Wait()
	wantTags(t, d, "a", "b")
	for name, one := range map[string]<-chan error{"first": first, "second": second, "third": third} {
		select {
		case err := <-one:
			t.Errorf("the %s was answered before it was on the disk: %v", name, err)
		default:
		}
	}
	end <- nil
	if err := <-first; err != nil {
		t.Fatal(err)
	}
	<-begun
	wantTags(t, d, "a", "b", "c", "d")
	if err := <-fourth; !errors.Is(err, errLeft) { // it needs no disk
		t.Errorf("the fourth: %v", err)
	}
	end <- nil
	if err := errors.Join(<-second, <-third); err != nil {
		t.Error(err)
	}
}

var errLeft = errors.New("left out")

func TestNobodyIsToldOfWhatIsNotOnTheDisk(t *testing.T) {
	d := openLite(t, lasting)
	told := make(chan any, 9)
	d.SetHooks(db.Hooks{Committed: func(_ context.Context, events []any) {
		for _, one := range events {
			told <- one
		}
	}})
	begun, end := held(d)
	first := answered(t.Context(), d, func(tx *db.Tx) error { return errors.Join(adds("a")(tx), tx.Emit("a")) })
	<-begun
	later := answered(db.Unsynced(t.Context()), d, func(tx *db.Tx) error { return errors.Join(adds("b")(tx), tx.Emit("b")) })
	select { // what came later is told later, whoever waits for the disk
	case one := <-told:
		t.Errorf("%v was told", one)
	case <-later:
		t.Error("the later one was answered")
	default:
	}
	end <- nil
	if err := errors.Join(<-first, <-later); err != nil {
		t.Fatal(err)
	}
	if one, two := <-told, <-told; one != "a" || two != "b" {
		t.Errorf("told %v, %v", one, two)
	}
}

// What the disk refused once it may say to have when it is asked again.
func TestADiskThatFailsIsWrittenNoMore(t *testing.T) {
	d := openLite(t, lasting)
	var told atomic.Int64
	d.SetHooks(db.Hooks{Committed: func(context.Context, []any) { told.Add(1) }})
	mustTx(t, d, adds("a"))
	begun, end := held(d)
	first := answered(t.Context(), d, func(tx *db.Tx) error { return errors.Join(adds("b")(tx), tx.Emit("b")) })
	<-begun
	ran := make(chan struct{})
	second := answered(t.Context(), d, func(tx *db.Tx) error { defer close(ran); return adds("c")(tx) })
	<-ran
	end <- errors.New("input/output error")
	if err := <-first; err == nil || !strings.Contains(err.Error(), "the disk did not take what was written") || !strings.Contains(err.Error(), "input/output") {
		t.Errorf("the first: %v", err)
	}
	if err := <-second; err == nil { // nothing is committed on a disk that failed
		t.Error("the second was answered as if it was kept")
	}
	if err := d.Tx(db.Unsynced(t.Context()), adds("d")); err == nil || !strings.Contains(err.Error(), "the disk did not take") {
		t.Errorf("the third: %v", err)
	}
	wantTags(t, d, "a", "b")
	if told.Load() != 0 {
		t.Error("somebody was told")
	}
}
