package accounts

import (
	"context"
	"fmt"
	"testing"

	"anancus/internal/kit/bus"
	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/db/dbtest"
	"anancus/internal/kit/log"
	"anancus/internal/social/id"
)

func TestAMeasureEndsWithTheLastOfItsCauses(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		var told []StandingChanged
		b := bus.New(d, clock.System{}, log.Discard())
		bus.On(b, "standing", bus.Live(func(_ context.Context, e StandingChanged) { told = append(told, e) }))
		in := func(do func(tx *db.Tx) error) {
			t.Helper()
			if err := d.Tx(t.Context(), do); err != nil {
				t.Fatal(err)
			}
		}
		in(func(tx *db.Tx) error {
			for n := range 3 {
				if _, err := db.Exec(t.Context(), tx, `INSERT INTO accounts (id, username, username_key, domain, uri, created_at, updated_at) VALUES ($1,$2,$2,'there.example',$3,1,1)`,
					n+1, fmt.Sprintf("p%d", n), fmt.Sprintf("https://there.example/%d", n)); err != nil {
					return err
				}
			}
			return nil
		})
		for i, step := range []struct {
			do      func(context.Context, *db.Tx, Cause, ...id.Account) ([]id.Account, error)
			cause   Cause
			changed int
			by      Cause
			holds   bool
			told    int
		}{
			{Suspend, ByOrigin, 2, ByOrigin, true, 2},
			{Suspend, ByOrigin, 0, ByOrigin, true, 0},
			{Suspend, ByKeepers, 2, ByOrigin | ByKeepers, true, 0},
			{Unsuspend, ByOrigin, 2, ByKeepers, true, 0},
			{Unsuspend, ByOrigin, 0, ByKeepers, true, 0},
			{Suspend, ByDomain, 2, ByKeepers | ByDomain, true, 0},
			{Unsuspend, ByKeepers, 2, ByDomain, true, 0},
			{Unsuspend, ByDomain, 2, 0, false, 2},
			{Unsuspend, ByDomain, 0, 0, false, 0},
		} {
			told = nil
			var changed []id.Account
			in(func(tx *db.Tx) (err error) {
				changed, err = step.do(t.Context(), tx, step.cause, 1, 2)
				return err
			})
			a, err := byID(t.Context(), d, 2)
			if err != nil {
				t.Fatal(err)
			}
			heard := 0
			for _, e := range told {
				if heard += len(e.Accounts); !e.Hidden {
					t.Errorf("step %d is told as if it hid nobody", i)
				}
			}
			if len(changed) != step.changed || a.SuspendedBy != step.by || a.SuspendedAt.IsZero() == step.holds || a.Available() == step.holds || heard != step.told || a.Limited() {
				t.Errorf("step %d: %d changed, by %d since %v, told of %d; want %+v", i, len(changed), a.SuspendedBy, a.SuspendedAt, heard, step)
			}
		}
		told = nil
		in(func(tx *db.Tx) error {
			_, err := Limit(t.Context(), tx, ByDomain, 1)
			return err
		})
		if a, err := byID(t.Context(), d, 1); err != nil || !a.Limited() || !a.Available() || a.LimitedBy != ByDomain || len(told) != 1 || told[0].Hidden {
			t.Errorf("limited it is %+v (%v), told %+v", a, err, told)
		}

		// Whoever read the account before a measure writes everything but its standing.
		before, err := byID(t.Context(), d, 3)
		if err != nil {
			t.Fatal(err)
		}
		in(func(tx *db.Tx) error {
			_, err := Suspend(t.Context(), tx, ByKeepers, 3)
			return err
		})
		in(func(tx *db.Tx) error {
			before.DisplayName = "new"
			return update(t.Context(), tx, before)
		})
		if a, err := byID(t.Context(), d, 3); err != nil || a.Available() || a.DisplayName != "new" || a.SuspendedBy != ByKeepers {
			t.Errorf("a late write made it %+v (%v)", a, err)
		}
		dbtest.NoScan(t, d, accountsOfSQL, "there.example", 0, 200)
		dbtest.NoScan(t, d, peersAfterSQL, "a", peersAtOnce)
	})
}
