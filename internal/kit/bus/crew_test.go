package bus

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

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

func TestWhatIsLaidWhileThereIsRoomIsNotLookedFor(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		began, goOn := make(chan int64, 100), make(chan bool)
		On(h.Bus, "status.published", Durable("tell", Push, nil, func(_ context.Context, e published) error {
			began <- e.Status
			<-goOn
			return nil
		}))
		if err := h.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		const n = 40 // more than the crew has room for
		for i := range int64(n) {
			h.emit(published{i})
		}
		leased := func() int64 {
			t.Helper()
			got, err := db.One(t.Context(), h.db, db.Value[int64], `SELECT COUNT(*) FROM outbox WHERE leased_until = due_at AND leased_until > created_at`)
			if err != nil {
				t.Fatal(err)
			}
			return got
		}
		room := int64(cap(h.crews[Push].queue) / 2)
		if got := leased(); got < room {
			t.Errorf("%d rows are leased, want %d at least", got, room)
		}
		close(goOn)
		got := map[int64]bool{}
		for range n {
			got[<-began] = true
		}
		if err := h.Stop(context.Background()); err != nil {
			t.Errorf("Stop: %v", err)
		}
		if len(got) != n || len(h.rows()) != 0 {
			t.Errorf("%d of %d effects ran, and %d rows are left", len(got), n, len(h.rows()))
		}
	})
}

func TestStopHandsBackWhatWasHandedAndNotBegun(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		began, goOn := make(chan bool, 100), make(chan bool)
		On(h.Bus, "status.published", Durable("tell", Push, nil, func(context.Context, published) error {
			began <- true
			<-goOn
			return nil
		}))
		if err := h.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		const n = 12 // workers are eight
		for i := range int64(n) {
			h.emit(published{i})
		}
		for range workers[Push] {
			<-began
		}
		stopped := make(chan error)
		go func() { stopped <- h.Stop(context.Background()) }()
		<-h.crews[Push].Quitting()
		close(goOn)
		if err := <-stopped; err != nil {
			t.Errorf("Stop: %v", err)
		}
		free, err := db.One(t.Context(), h.db, db.Value[int64], `SELECT COUNT(*) FROM outbox WHERE leased_until IS NULL`)
		if want := int64(n - workers[Push]); err != nil || free != want || int64(len(h.rows())) != want {
			t.Errorf("%d of %d rows are free, want %d (%v)", free, len(h.rows()), want, err)
		}
		h.crews[Push].Hand(job{}) // too late: nobody falls over it
		if h.crews[Push].HasRoom() {
			t.Error("who has stopped has room")
		}
	})
}

func TestMoreThanTheQueueHoldsMayBeHanded(t *testing.T) {
	var mu sync.Mutex
	ran := map[int]bool{}
	all, goOn := make(chan bool), make(chan bool)
	c := &Crew[int]{Name: "test", Workers: 2, Ahead: 2, Log: slog.New(slog.DiscardHandler),
		Claim: func(context.Context, int) ([]int, time.Duration, error) { return nil, 0, nil },
		Run: func(_ context.Context, one int) {
			<-goOn
			mu.Lock()
			defer mu.Unlock()
			ran[one] = true
			if len(ran) == 50 {
				close(all)
			}
		},
		Return: func(_ context.Context, unbegun []int) error { t.Errorf("%v were not begun", unbegun); return nil },
	}
	c.Start(t.Context())
	for one := range 50 { // as when many commit at the moment when there is room for one
		c.Hand(one)
	}
	if c.HasRoom() || c.Running() != 50 {
		t.Errorf("%d are held, and there is room: %v", c.Running(), c.HasRoom())
	}
	close(goOn)
	<-all
	if err := c.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}
