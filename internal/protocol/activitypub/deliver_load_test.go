package activitypub

import (
	"context"
	"crypto"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"syscall"
	"testing"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/db/dbtest"
)

// fillDeliveries stores many due rows for many hosts; the first host has half of them.
func fillDeliveries(t testing.TB, d *db.DB, rows, hosts int, now int64) {
	t.Helper()
	ctx := context.Background()
	body := strings.Repeat("x", 1500)
	err := d.Tx(ctx, func(tx *db.Tx) error {
		_, err := db.Exec(ctx, tx, `
			WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
			INSERT INTO delivery_hosts (host, due_at) SELECT 'h' || i || '.example', CAST($2 AS BIGINT) - i FROM n`, hosts, now)
		if err != nil {
			return err
		}
		_, err = db.Exec(ctx, tx, `
			WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
			INSERT INTO deliveries (id, host, author_id, inbox_url, event_key, body, due_at, created_at)
			SELECT i, 'h' || h || '.example', i % 5, 'https://h' || h || '.example/inbox', 'e' || i, $4, $3, $3
			FROM (SELECT i, CASE WHEN i % 2 = 0 THEN 1 ELSE 1 + i % $2 END AS h FROM n) AS x`, rows, hosts, now, body)
		if err != nil {
			return err
		}
		_, err = db.Exec(ctx, tx, `
			WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
			INSERT INTO delivery_bodies (id, event_key, body) SELECT i, 'e' || i, 'x' FROM n`, rows)
		if err == nil {
			_, err = db.Exec(ctx, tx, dbtest.Analyze(d.Engine()))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestClaimsUseIndexesHoweverMuchIsDue(t *testing.T) {
	eachPost(t, func(t *testing.T, p *post) {
		now := clock.Milli(p.clock.Now())
		fillDeliveries(t, p.db, 5_000, 200, now)
		for name, plan := range map[string]string{
			"next host":     dbtest.Plan(t, p.db, nextHostSQL, now),
			"claim":         dbtest.Plan(t, p.db, claimHostsSQL, now, now, 10),
			"lanes":         dbtest.Plan(t, p.db, lanesSQL, "h1.example", int64(math.MinInt64), 32, 0),
			"lane rows":     dbtest.Plan(t, p.db, laneRowsSQL, "h1.example", 1, 0, 10),
			"lanes of many": dbtest.Plan(t, p.db, firstRowsSQL(p.db.Engine()), []string{"h1.example", "h2.example"}, 11),
			"release":       dbtest.Plan(t, p.db, giveBackSQL, []string{"h1.example", "h2.example"}, now),
			"lock":          dbtest.Plan(t, p.db, lockHostsSQL, []string{"h1.example", "h2.example"}),
			"removal":       dbtest.Plan(t, p.db, `DELETE FROM deliveries WHERE id {in $1}`, []int64{1, 2}),
			"a host":        dbtest.Plan(t, p.db, `UPDATE delivery_hosts SET due_at = $2 WHERE host = $1`, "h1.example", now),
			"one insert":    dbtest.Plan(t, p.db, insertTexts[1], 1, "k", "b", nil, nil, now, 99_999_999, "h", "i"),
			"bodies":        dbtest.Plan(t, p.db, bodiesSQL, int64(0), int64(math.MaxInt64), bodiesSwept),
		} {
			if strings.HasPrefix(name, "lane") && (!strings.Contains(plan, "deliveries_by_lane") || strings.Contains(plan, "pkey")) {
				t.Errorf("the plan of %s:\n%s", name, plan)
			}
			for line := range strings.Lines(plan) {
				whole := strings.Contains(line, "SCAN deliver") && !strings.Contains(line, "USING") ||
					strings.Contains(line, "Seq Scan on deliver")
				if whole {
					t.Errorf("the plan of %s:\n%s", name, plan)
				}
			}
		}
	})
}

// TestOneStepForEachLane counts what SQLite and PostgreSQL would otherwise do
// without a word: read every row of a host to find its lanes.
func TestOneStepForEachLane(t *testing.T) {
	eachPost(t, func(t *testing.T, p *post) {
		fillDeliveries(t, p.db, 5_000, 200, clock.Milli(p.clock.Now()))
		lanes, err := lanesAfter(t.Context(), p.db, "h1.example", math.MinInt64, 3)
		if err != nil || len(lanes) != 3 || lanes[0].author != 0 || lanes[2].author != 2 {
			t.Errorf("lanesAfter = %v, %v", lanes, err)
		}
		lanes, err = lanesAfter(t.Context(), p.db, "h1.example", 2, 30)
		if err != nil || len(lanes) != 2 || lanes[1].author != 4 {
			t.Errorf("lanesAfter = %v, %v", lanes, err)
		}
		if plan := dbtest.Plan(t, p.db, lanesSQL, "h1.example", 0, 32, 0); strings.Count(plan, "deliveries_by_lane") < 2 {
			t.Errorf("the plan of lanes:\n%s", plan)
		}
	})
}

// accept is a poster that costs nothing.
type accept struct{}

func (accept) Post(context.Context, string, []byte, string, crypto.Signer, ...Header) (int, error) {
	return 202, nil
}

func benchDeliverer(b *testing.B, engine db.Engine) (*db.DB, *Deliverer) {
	d := dbtest.Open(b, engine)
	gone := func(context.Context, int64) (bool, error) { return false, nil }
	return d, NewDeliverer(d, clock.System{}, slog.New(slog.DiscardHandler), keys{}, accept{}, gone, 16)
}

// BenchmarkEnqueue tells the cost of one inbox in a fan-out to 500.
func BenchmarkEnqueue(b *testing.B) {
	for _, engine := range dbtest.Engines {
		b.Run(string(engine), func(b *testing.B) {
			_, d := benchDeliverer(b, engine)
			var hosts []string
			for i := range 500 {
				hosts = append(hosts, fmt.Sprintf("h%d.example", i))
			}
			x := Delivery{Author: 1, Body: []byte(strings.Repeat("x", 1500)), Inboxes: inboxes(hosts)}
			b.ResetTimer()
			for n := 0; n < b.N; n += len(hosts) {
				x.EventKey = fmt.Sprint("event/", n)
				if err := d.EnqueueAll(b.Context(), x); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkClaimWith100kDue tells the cost of a claim of 32 hosts while much is due.
func BenchmarkClaimWith100kDue(b *testing.B) {
	for _, engine := range dbtest.Engines {
		b.Run(string(engine), func(b *testing.B) {
			store, _ := benchDeliverer(b, engine)
			now := time.Now()
			fillDeliveries(b, store, 100_000, 3000, clock.Milli(now))
			b.ResetTimer()
			for b.Loop() {
				hosts, err := claimHosts(b.Context(), store, now, hostLease, 32)
				if err != nil || len(hosts) != 32 {
					b.Fatal(len(hosts), err)
				}
				if err := returnHosts(b.Context(), store, hostNames(hosts), now); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkDeliver tells what the queue itself costs for one row, with workers
// and without network or signature: one post to 3000 hosts, and again.
func BenchmarkDeliver(b *testing.B) {
	for _, engine := range dbtest.Engines {
		b.Run(string(engine), func(b *testing.B) {
			_, d := benchDeliverer(b, engine)
			var hosts []string
			for i := range 3000 {
				hosts = append(hosts, fmt.Sprintf("h%d.example", i))
			}
			for n := 0; n < b.N; n += len(hosts) {
				x := Delivery{Author: 1, EventKey: fmt.Sprint(n), Body: []byte(strings.Repeat("x", 1500)), Inboxes: inboxes(hosts)}
				if err := d.EnqueueAll(b.Context(), x); err != nil {
					b.Fatal(err)
				}
			}
			rows, _, err := d.Waiting(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			b.ResetTimer()
			before := cpu(b)
			if err := d.Start(b.Context()); err != nil {
				b.Fatal(err)
			}
			for taken := int64(0); taken < rows; taken, _, _ = d.Counts() {
				time.Sleep(time.Millisecond)
			}
			if err := d.Stop(context.Background()); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(rows), "ns/row")
			b.ReportMetric(float64((cpu(b)-before).Nanoseconds())/float64(rows), "cpu-ns/row")
		})
	}
}

// cpu tells the processor time this process has used.
func cpu(t testing.TB) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
