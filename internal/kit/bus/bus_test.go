package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/db/dbtest"
	"anancus/internal/kit/fault"
)

type published struct{ Status int64 }

type deleted struct{ Status int64 }

// house is a bus over a fresh database, with a clock that stands still.
type house struct {
	*Bus
	db    *db.DB
	clock *clock.Manual
	t     *testing.T
}

func each(t *testing.T, test func(t *testing.T, h *house)) {
	t.Helper()
	dbtest.EachEngine(t, func(t *testing.T, engine db.Engine) {
		c := clock.NewManual(time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC))
		d := dbtest.Open(t, engine, func(config *db.Config) { config.Clock = c })
		test(t, &house{New(d, c, slog.New(slog.DiscardHandler)), d, c, t})
	})
}

func (h *house) emit(events ...any) {
	h.t.Helper()
	err := h.db.Tx(h.t.Context(), func(tx *db.Tx) error {
		for _, e := range events {
			if err := tx.Emit(e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		h.t.Fatalf("emit: %v", err)
	}
}

func (h *house) rows() []string {
	h.t.Helper()
	rows, err := db.All(h.t.Context(), h.db, func(row db.Row) (string, error) {
		var event, payload, todo, class string
		err := row.Scan(&event, &payload, &todo, &class)
		return fmt.Sprintf("%s %s %s: %s", event, payload, class, todo), err
	}, `SELECT event, payload, todo, class FROM outbox ORDER BY id`)
	if err != nil {
		h.t.Fatal(err)
	}
	return rows
}

func (h *house) drain() {
	h.t.Helper()
	if err := h.Drain(h.t.Context()); err != nil {
		h.t.Fatalf("Drain: %v", err)
	}
}

func nothing(context.Context, published) error { return nil }

func TestAnEventIsStoredOnceForEachClassInWhichAnEffectApplies(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		odd := func(_ context.Context, _ *db.Tx, e published) (bool, error) { return e.Status%2 == 1, nil }
		On(h.Bus, "status.published",
			Durable("tell", Push, nil, nothing),
			Durable("deliver", Push, odd, nothing),
			Durable("preview", Pull, odd, nothing))
		h.emit(published{1}, published{2})
		want := []string{
			`status.published {"Status":1} push: tell,deliver`,
			`status.published {"Status":1} pull: preview`,
			`status.published {"Status":2} push: tell`,
		}
		if got := h.rows(); !slices.Equal(got, want) {
			t.Errorf("outbox = %q, want %q", got, want)
		}
		h.drain()
		if got := h.rows(); len(got) > 0 {
			t.Errorf("outbox after Drain = %q, want nothing", got)
		}
	})
}

func TestWithoutAnApplyingEffectThereIsNoRow(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		no := func(context.Context, *db.Tx, published) (bool, error) { return false, nil }
		On(h.Bus, "status.published", Durable("tell", Push, no, nothing))
		h.emit(published{1})
		if got := h.rows(); len(got) > 0 {
			t.Errorf("outbox = %q, want nothing", got)
		}
	})
}

func TestLiveEffectsRunInOrderBeforeTheCallerIsAnswered(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		var heard []string
		On(h.Bus, "status.published",
			Live(func(_ context.Context, e published) { heard = append(heard, fmt.Sprint("feed ", e.Status)) }),
			Live(func(context.Context, published) { panic("a bug") }),
			Live(func(_ context.Context, e published) { heard = append(heard, fmt.Sprint("stream ", e.Status)) }))
		On(h.Bus, "status.deleted",
			Live(func(_ context.Context, e deleted) { heard = append(heard, fmt.Sprint("drop ", e.Status)) }))
		h.emit(published{1}, deleted{1})
		if want := []string{"feed 1", "stream 1", "drop 1"}; !slices.Equal(heard, want) {
			t.Errorf("heard %q, want %q", heard, want)
		}
	})
}

func TestARolledBackEventHasNoEffects(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		On(h.Bus, "status.published",
			Live(func(context.Context, published) { t.Error("a live effect ran") }),
			Durable("tell", Push, nil, nothing))
		no := errors.New("no")
		err := h.db.Tx(t.Context(), func(tx *db.Tx) error { return errors.Join(tx.Emit(published{1}), no) })
		if !errors.Is(err, no) {
			t.Fatalf("Tx = %v, want %v", err, no)
		}
		if got := h.rows(); len(got) > 0 {
			t.Errorf("outbox = %q, want nothing", got)
		}
	})
}

func TestAnUnregisteredEventIsRefused(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		err := h.db.Tx(t.Context(), func(tx *db.Tx) error { return tx.Emit(published{1}) })
		if err == nil || !strings.Contains(err.Error(), "bus.published") {
			t.Errorf("Tx = %v, want an error that names the event", err)
		}
	})
}

func TestRegisteringTwicePanics(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		On[published](h.Bus, "status.published")
		for name, register := range map[string]func(){
			"type":    func() { On[published](h.Bus, "another") },
			"name":    func() { On[deleted](h.Bus, "status.published") },
			"effect":  func() { On(h.Bus, "x", Durable("a", Push, nil, noInt), Durable("a", Pull, nil, noInt)) },
			"comma":   func() { On(h.Bus, "x", Durable("a,b", Push, nil, noInt)) },
			"unnamed": func() { On(h.Bus, "x", Durable("", Push, nil, noInt)) },
			"class":   func() { On(h.Bus, "x", Durable("a", "other", nil, noInt)) },
		} {
			t.Run(name, func(t *testing.T) {
				defer func() {
					if recover() == nil {
						t.Error("On did not panic")
					}
				}()
				register()
			})
		}
	})
}

func noInt(context.Context, int) error { return nil }

func TestAFailedEffectIsTriedAgainAloneWhenDue(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		var tells, delivers int
		On(h.Bus, "status.published",
			Durable("tell", Push, nil, func(context.Context, published) error { tells++; return nil }),
			Durable("deliver", Push, nil, func(context.Context, published) error {
				if delivers++; delivers == 1 {
					panic("a bug")
				}
				return nil
			}))
		h.emit(published{1})
		if err := h.Drain(t.Context()); err == nil || !strings.Contains(err.Error(), "a bug") {
			t.Errorf("Drain = %v, want the panic", err)
		}
		if want := []string{`status.published {"Status":1} push: deliver`}; !slices.Equal(h.rows(), want) {
			t.Errorf("outbox = %q, want %q", h.rows(), want)
		}
		h.clock.Advance(14 * time.Second)
		h.drain()
		if delivers != 1 {
			t.Errorf("tried again before it was due")
		}
		h.clock.Advance(12 * time.Second)
		h.drain()
		if tells != 1 || delivers != 2 {
			t.Errorf("tell ran %d times and deliver %d times, want 1 and 2", tells, delivers)
		}
		if got := h.rows(); len(got) > 0 {
			t.Errorf("outbox = %q, want nothing", got)
		}
	})
}

func TestWhatIsGivenUpCanBeListedRetriedAndForgotten(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		broken, tries := true, 0
		On(h.Bus, "status.published", Durable("tell", Mail, nil, func(context.Context, published) error {
			tries++
			if broken {
				return errors.New("no mail server")
			}
			return nil
		}))
		h.emit(published{1})
		began := h.clock.Now()
		for range MaxAttempts {
			if err := h.Drain(t.Context()); err == nil {
				t.Fatal("Drain hides the failure")
			}
			h.clock.Advance(36 * time.Hour) // longer than any pause
		}
		h.drain()
		failed, err := h.Failed(t.Context(), 10)
		if err != nil || len(failed) != 1 || tries != MaxAttempts {
			t.Fatalf("Failed = %v, %v after %d tries", failed, err, tries)
		}
		if f := failed[0]; !strings.Contains(f.Error, "no mail server") || f.Effects != "tell" || !f.Created.Equal(began) {
			t.Errorf("Failed = %+v", f)
		}
		stats, err := h.Stats(t.Context())
		if i := slices.Index(classes, Mail); err != nil || stats[i] != (Stats{Class: Mail, Failed: 1}) {
			t.Errorf("Stats = %+v, %v", stats, err)
		}
		if err := h.Retry(t.Context(), 12345); !fault.Is(err, fault.NotFound) {
			t.Errorf("Retry of nothing = %v, want NotFound", err)
		}
		broken = false
		if err := h.Retry(t.Context(), failed[0].ID); err != nil {
			t.Fatalf("Retry: %v", err)
		}
		h.drain()
		if got := h.rows(); len(got) > 0 {
			t.Errorf("outbox = %q, want nothing", got)
		}
	})
}

func TestFailuresAreForgottenAfterThirtyDays(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		On(h.Bus, "status.published", Durable("tell", Mail, nil, nothing))
		h.emit(published{1})
		err := write(t.Context(), h.db, "fail", `UPDATE outbox SET failed_at = $1`, clock.Milli(h.clock.Now()))
		if err != nil {
			t.Fatal(err)
		}
		h.clock.Advance(30 * 24 * time.Hour)
		for _, want := range []int{1, 0} {
			if err := h.Purge(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := len(h.rows()); got != want {
				t.Errorf("%d rows are left, want %d", got, want)
			}
			h.clock.Advance(time.Millisecond)
		}
	})
}

func TestDrainFollowsEffectsOfEffects(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		var seen []int64
		On(h.Bus, "status.published", Durable("chain", Index, nil, func(ctx context.Context, e published) error {
			seen = append(seen, e.Status)
			if e.Status == 3 {
				return nil
			}
			return h.db.Tx(ctx, func(tx *db.Tx) error { return tx.Emit(published{e.Status + 1}) })
		}))
		h.emit(published{1})
		h.drain()
		if want := []int64{1, 2, 3}; !slices.Equal(seen, want) {
			t.Errorf("saw %v, want %v", seen, want)
		}
	})
}

func TestAnEffectOfAnotherProgramIsKept(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		On(h.Bus, "status.published", Durable("tell", Push, nil, nothing))
		h.emit(published{1})
		newer := New(h.db, h.clock, slog.New(slog.DiscardHandler)) // knows no event
		if err := newer.Drain(t.Context()); err == nil {
			t.Error("Drain hides that the event is unknown")
		}
		if len(h.rows()) != 1 {
			t.Error("the row is gone")
		}
	})
}

func TestWorkersAreWokenByTheCommit(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ran := make(chan int64, 100)
		On(h.Bus, "status.published", Durable("tell", Push, nil, func(_ context.Context, e published) error {
			ran <- e.Status
			return nil
		}))
		if err := h.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		got := map[int64]bool{}
		for i := range int64(100) {
			h.emit(published{i})
		}
		for range 100 {
			got[<-ran] = true // a poll would take longer than the test may
		}
		if err := h.Stop(context.Background()); err != nil {
			t.Errorf("Stop: %v", err)
		}
		if len(got) != 100 || len(h.rows()) != 0 {
			t.Errorf("%d of 100 effects ran, and %d rows are left", len(got), len(h.rows()))
		}
	})
}

func TestStopHandsBackWhatWasNotBegunAndWaitsForTheRest(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		began, goOn := make(chan bool), make(chan bool)
		var mu sync.Mutex
		ran := 0
		On(h.Bus, "status.published", Durable("index", Index, nil, func(context.Context, published) error {
			began <- true
			<-goOn
			mu.Lock()
			defer mu.Unlock()
			ran++
			return nil
		}))
		h.emit(published{1}, published{2}, published{3})
		if err := h.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		<-began // Index has one worker: the others wait, leased
		stopped := make(chan error)
		go func() { stopped <- h.Stop(context.Background()) }()
		<-h.crews[Index].Quitting()
		close(goOn)
		if err := <-stopped; err != nil {
			t.Errorf("Stop: %v", err)
		}
		leased, err := db.One(t.Context(), h.db, db.Value[int64], `SELECT COUNT(*) FROM outbox WHERE leased_until IS NOT NULL`)
		if err != nil || leased != 0 {
			t.Errorf("%d rows are still leased, %v", leased, err)
		}
		if ran != 1 || len(h.rows()) != 2 {
			t.Errorf("%d effects ran and %d rows are left, want 1 and 2", ran, len(h.rows()))
		}
	})
}

func TestStopEndsAnEffectThatListens(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		began := make(chan bool)
		On(h.Bus, "status.published", Durable("tell", Push, nil, func(ctx context.Context, _ published) error {
			close(began)
			<-ctx.Done()
			return ctx.Err()
		}))
		h.emit(published{1})
		if err := h.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		<-began
		ctx, cancel := context.WithCancel(context.Background())
		cancel() // no patience
		if err := h.Stop(ctx); err != nil {
			t.Errorf("Stop: %v", err)
		}
		attempts, err := db.One(t.Context(), h.db, db.Value[int64], `SELECT attempts FROM outbox WHERE leased_until IS NULL`)
		if err != nil || attempts != 0 {
			t.Errorf("the interrupted row has %d attempts, %v; want 0 and no lease", attempts, err)
		}
	})
}

func TestAKilledProcessLosesNothing(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ran := make(chan int64, 10)
		tell := Durable("tell", Push, nil, func(_ context.Context, e published) error { ran <- e.Status; return nil })
		On(h.Bus, "status.published", tell)
		h.emit(published{1}, published{2})
		if jobs, _, err := h.claim(t.Context(), Push, 10); err != nil || len(jobs) != 2 {
			t.Fatalf("claim = %v, %v", jobs, err)
		}
		// Killed here. Another process begins.
		next := New(h.db, h.clock, slog.New(slog.DiscardHandler))
		On(next, "status.published", tell)
		if h.db.Engine() == db.Postgres {
			if err := next.Drain(t.Context()); err != nil || len(ran) > 0 {
				t.Errorf("Drain = %v; it ran what another process may still have in hand", err)
			}
			h.clock.Advance(lease)
		}
		if err := next.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		got := []int64{<-ran, <-ran}
		slices.Sort(got)
		if err := next.Stop(context.Background()); err != nil {
			t.Error(err)
		}
		if !slices.Equal(got, []int64{1, 2}) || len(h.rows()) != 0 {
			t.Errorf("ran %v, and %d rows are left", got, len(h.rows()))
		}
	})
}

func TestTwoProcessesNeverClaimTheSameRow(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		On(h.Bus, "status.published", Durable("tell", Push, nil, nothing))
		var events []any
		for i := range int64(200) {
			events = append(events, published{i})
		}
		h.emit(events...)
		var mu sync.Mutex
		var all sync.WaitGroup
		claimed := map[int64]int{}
		for range 4 {
			all.Go(func() {
				for {
					jobs, _, err := h.claim(t.Context(), Push, 7)
					if err != nil {
						t.Error(err)
					}
					if len(jobs) == 0 {
						return
					}
					mu.Lock()
					for _, j := range jobs {
						claimed[j.id]++
					}
					mu.Unlock()
				}
			})
		}
		all.Wait()
		for id, n := range claimed {
			if n != 1 {
				t.Errorf("row %d was claimed %d times", id, n)
			}
		}
	})
}

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
