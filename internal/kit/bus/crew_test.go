package bus

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"testing"

	"anancus/internal/kit/db"
)

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
