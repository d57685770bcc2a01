package bus

import (
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/db/dbtest"
)

func TestBackoffGrowsToTwoOrThreeDaysInAll(t *testing.T) {
	for attempt := 1; attempt <= MaxAttempts; attempt++ {
		n := int64(attempt - 1)
		low := time.Duration(n*n*n*n+15) * time.Second
		high := low + time.Duration(n*n*n*n/2+9*(n+1)+1)*time.Second
		for range 50 {
			if got := Backoff(attempt); got < low || got > high {
				t.Errorf("Backoff(%d) = %v, want %v to %v", attempt, got, low, high)
			}
		}
	}
}

func TestClaimsUseTheIndexHoweverMuchIsDue(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		fill(t, h.db, 20_000, clock.Milli(h.clock.Now()))
		now := clock.Milli(h.clock.Now())
		for name, plan := range map[string]string{
			"next":  dbtest.Plan(t, h.db, nextDueSQL, "push"),
			"claim": dbtest.Plan(t, h.db, claimSQL, "push", now, now, 10),
		} {
			if !strings.Contains(plan, "outbox_due") || strings.Contains(plan, "SCAN outbox") || strings.Contains(plan, "Seq Scan") {
				t.Errorf("the plan of %s:\n%s", name, plan)
			}
		}
	})
}

// fill stores many due jobs quickly.
func fill(t testing.TB, d *db.DB, rows int, now int64) {
	t.Helper()
	payload, _ := json.Marshal(published{1})
	err := write(context.Background(), d, "fill", `
		WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
		INSERT INTO outbox (id, event, payload, todo, class, due_at, created_at)
		SELECT i, 'status.published', $2, 'tell', 'push', CAST($3 AS BIGINT) - i % 1000, CAST($3 AS BIGINT) FROM n`, rows, string(payload), now)
	if err == nil {
		err = write(context.Background(), d, "analyze", `ANALYZE outbox`)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func BenchmarkEmit(b *testing.B) {
	d := dbtest.Open(b, db.SQLite)
	bus := New(d, clock.System{}, slog.New(slog.DiscardHandler))
	On(bus, "status.published", Durable("tell", Push, nil, nothing), Durable("index", Index, nil, nothing))
	for b.Loop() {
		if err := d.Tx(b.Context(), func(tx *db.Tx) error { return tx.Emit(published{1}) }); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkClaimAndRunOf100kDue(b *testing.B) {
	d := dbtest.Open(b, db.SQLite)
	bus := New(d, clock.System{}, slog.New(slog.DiscardHandler))
	On(bus, "status.published", Durable("tell", Push, nil, nothing))
	fill(b, d, 100_000, clock.Milli(time.Now()))
	b.ResetTimer()
	for n := 0; n < b.N; {
		jobs, _, err := bus.claim(b.Context(), Push, 32)
		if err != nil || len(jobs) == 0 {
			b.Fatal(len(jobs), err)
		}
		for _, j := range jobs {
			if err := bus.run(b.Context(), j); err != nil {
				b.Fatal(err)
			}
		}
		n += len(jobs)
	}
}
