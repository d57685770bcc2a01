package statuses

import (
	"testing"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/db/dbtest"
)

func TestEarlyDeletionsAreForgottenAfterHoursAndRealOnesNever(t *testing.T) {
	dbtest.EachEngine(t, func(t *testing.T, engine db.Engine) {
		now := clock.NewManual(time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC))
		d := dbtest.Open(t, engine, func(c *db.Config) { c.Clock = now })
		s := &Service{db: d, clock: now}
		ctx := t.Context()
		err := d.Tx(ctx, func(tx *db.Tx) error {
			if err := insertTombstone(ctx, tx, "https://a.example/1"); err != nil {
				return err
			}
			return insertEarly(ctx, tx, "https://a.example/ann", "https://a.example/2")
		})
		if err != nil {
			t.Fatal(err)
		}
		left := func() int64 {
			n, err := db.One(ctx, d, db.Value[int64], `SELECT COUNT(*) FROM tombstones`)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		now.Advance(keepEarly - time.Minute)
		if err := s.PurgeEarly(ctx); err != nil || left() != 2 {
			t.Fatalf("before the time %d are left, %v", left(), err)
		}
		now.Advance(2 * time.Minute)
		if err := s.PurgeEarly(ctx); err != nil || left() != 1 {
			t.Fatalf("after the time %d are left, %v", left(), err)
		}
	})
}
