package db_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"anancus/internal/kit/db"
	"anancus/internal/kit/db/dbtest"
)

func TestEventsAreToldInTheOrderOfCommits(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		mustTx(t, d, func(tx *db.Tx) error {
			_, err := db.Exec(ctx, tx, `INSERT INTO settings (name, value) VALUES ('n', '0')`)
			return err
		})
		var told []any
		d.SetHooks(db.Hooks{
			InTx: func(ctx context.Context, tx *db.Tx, event any) error {
				_, err := db.Exec(ctx, tx, `INSERT INTO tombstones (uri, created_at) VALUES ($1, 1)`, fmt.Sprint(event))
				return err
			},
			Committed: func(_ context.Context, events []any) { told = append(told, events...) },
		})
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				for range 20 {
					err := d.Tx(ctx, func(tx *db.Tx) error {
						n, err := db.One(ctx, tx, db.Text, `UPDATE settings SET value = CAST(CAST(value AS BIGINT) + 1 AS TEXT) WHERE name = 'n' RETURNING value`)
						if err != nil {
							return err
						}
						return tx.Emit(n)
					})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		for i, event := range told {
			if event != fmt.Sprint(i+1) {
				t.Fatalf("event %d is %v", i+1, event)
			}
		}
		stored, err := db.One(ctx, d, db.Int64, `SELECT count(*) FROM tombstones`)
		if len(told) != 160 || stored != 160 || err != nil {
			t.Errorf("told %d, stored %d, %v", len(told), stored, err)
		}
	})
}

func TestEventsOfARunThatFailedAreForgotten(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		var told []any
		refuse := errors.New("refused")
		d.SetHooks(db.Hooks{
			InTx: func(_ context.Context, _ *db.Tx, event any) error {
				if event == "bad" {
					return refuse
				}
				return nil
			},
			Committed: func(ctx context.Context, events []any) {
				told = append(told, events...)
				defer func() {
					if recover() == nil {
						t.Error("a live effect wrote")
					}
				}()
				_ = d.Tx(ctx, func(*db.Tx) error { return nil })
			},
		})
		err := d.Tx(t.Context(), func(tx *db.Tx) error { return errors.Join(tx.Emit("good"), tx.Emit("bad")) })
		if !errors.Is(err, refuse) {
			t.Errorf("err = %v", err)
		}
		mustTx(t, d, func(tx *db.Tx) error { return tx.Emit("next") })
		if !slices.Equal(told, []any{"next"}) {
			t.Errorf("told %v", told)
		}
	})
}

func TestALiveEffectThatPanicsHoldsNobodyUp(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		d.SetHooks(db.Hooks{Committed: func(_ context.Context, events []any) {
			if events[0] == "bad" {
				panic("oh")
			}
		}})
		func() {
			defer func() { _ = recover() }()
			_ = d.Tx(t.Context(), func(tx *db.Tx) error { return tx.Emit("bad") })
			t.Error("the panic was lost")
		}()
		mustTx(t, d, func(tx *db.Tx) error { return tx.Emit("good") })
	})
}

func TestPostgresRunsADeadlockAgain(t *testing.T) {
	d := dbtest.Open(t, db.Postgres)
	ctx := t.Context()
	mustTx(t, d, func(tx *db.Tx) error {
		_, err := db.Exec(ctx, tx, `INSERT INTO settings (name, value) VALUES ('a', ''), ('b', '')`)
		return err
	})
	var met, all sync.WaitGroup
	met.Add(2)
	for _, order := range [][]string{{"a", "b"}, {"b", "a"}} {
		all.Go(func() {
			first := true
			err := d.Tx(ctx, func(tx *db.Tx) error {
				for i, name := range order {
					if _, err := db.Exec(ctx, tx, `UPDATE settings SET value = value || 'x' WHERE name = $1`, name); err != nil {
						return err
					}
					if i == 0 && first {
						first = false
						met.Done()
						met.Wait()
					}
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	values, err := db.All(ctx, d, db.Text, `SELECT value FROM settings`)
	if err != nil || !slices.Equal(values, []string{"xx", "xx"}) {
		t.Errorf("values = %q, %v", values, err)
	}
}

func TestPostgresLooksAgainForARowThatAnotherWroteMeanwhile(t *testing.T) {
	d := dbtest.Open(t, db.Postgres)
	looks := make(chan struct{}, 20)
	var all sync.WaitGroup
	for range 2 {
		all.Go(func() {
			err := d.Tx(t.Context(), func(tx *db.Tx) error {
				n, err := db.One(t.Context(), tx, db.Int64, `SELECT COUNT(*) FROM settings WHERE name = 'a'`)
				if err != nil || n > 0 {
					return err
				}
				looks <- struct{}{}
				for len(looks) < 2 { // both found nothing
					runtime.Gosched()
				}
				_, err = db.Exec(t.Context(), tx, `INSERT INTO settings (name, value) VALUES ('a', 'x')`)
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

func TestPostgresGivesUpAnEndlessRace(t *testing.T) {
	d := dbtest.Open(t, db.Postgres)
	runs := 0
	err := d.Tx(t.Context(), func(*db.Tx) error { runs++; return &pgconn.PgError{Code: "40001"} })
	if err == nil || runs < 3 || runs > 20 {
		t.Errorf("after %d runs: %v", runs, err)
	}
}

func TestPostgresRollsBackAPanic(t *testing.T) {
	d := dbtest.Open(t, db.Postgres)
	func() {
		defer func() { _ = recover() }()
		_ = d.Tx(t.Context(), func(tx *db.Tx) error { _ = adds("a")(tx); panic("oh") })
	}()
	wantTags(t, d)
}

func TestPostgresReadsThroughTheTransaction(t *testing.T) {
	d := dbtest.Open(t, db.Postgres)
	d.SetHooks(db.Hooks{Committed: func(ctx context.Context, _ []any) {
		if _, err := db.All(ctx, d, db.Text, `SELECT name FROM tags`); err != nil {
			t.Errorf("a live effect could not read: %v", err)
		}
	}})
	mustTx(t, d, func(tx *db.Tx) error {
		if _, err := db.All(t.Context(), d, db.Text, `SELECT name FROM tags`); err == nil {
			t.Error("read beside the transaction")
		}
		return tx.Emit("x")
	})
}

// A connection is dear: whoever hangs up in the middle of a question, or of a transaction, must not take one with them.
func TestWhoHangsUpLeavesTheConnection(t *testing.T) {
	d := dbtest.Open(t, db.Postgres)
	const many = 8
	asks := func(within time.Duration, sql string) {
		var all sync.WaitGroup
		for i := range many {
			all.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), within)
				defer cancel()
				ask := func(q db.Q) error {
					_, err := db.All(ctx, q, func(db.Row) (none struct{}, err error) { return none, nil }, sql)
					return err
				}
				if i%2 == 0 {
					_ = ask(d)
				} else {
					_ = d.Tx(ctx, func(tx *db.Tx) error { return ask(tx) })
				}
			})
		}
		all.Wait()
	}
	asks(time.Minute, `SELECT pg_sleep(0.1)`)
	before := db.Connections(d)
	if before < 2 {
		t.Fatalf("%d connections cannot tell anything", before)
	}
	for _, sql := range []string{`SELECT pg_sleep(0.1)`, `SELECT pg_sleep(60)`} { // one that ends by itself, and one that is cancelled
		begin := time.Now()
		asks(20*time.Millisecond, sql)
		if took := time.Since(begin); took > 30*time.Second {
			t.Errorf("%s went on for %v", sql, took)
		}
		asks(time.Minute, `SELECT 1`)
		if now := db.Connections(d); now != before {
			t.Errorf("%s: %d connections had to be made", sql, now-before)
		}
	}
}

// TestPostgresAnswersWithoutFirstMakingItselfFaster is about settings of each connection, which the address may have otherwise.
func TestPostgresAnswersWithoutFirstMakingItselfFaster(t *testing.T) {
	d := dbtest.Open(t, db.Postgres)
	for setting, want := range map[string]string{"jit": "off", "max_parallel_workers_per_gather": "0", "default_transaction_read_only": "on", "application_name": "anancus"} {
		if got, err := db.One(t.Context(), d, db.Text, `SELECT current_setting($1)`, setting); err != nil || got != want {
			t.Errorf("%s is %q, %v, want %q", setting, got, err, want)
		}
	}
	asked := slices.Sorted(maps.Keys(db.AskedAtConnect(d)))
	if want := []string{"application_name", "timezone"}; !slices.Equal(asked, want) {
		t.Errorf("%v are asked for at once; of a pooler only %v can be", asked, want)
	}
}
