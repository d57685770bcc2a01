package bus

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
)

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

func TestAnEffectMayWaitBeforeItBegins(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		var soon, later, never int
		On(h.Bus, "status.published",
			Durable("soon", Pull, nil, func(context.Context, published) error { soon++; return nil }).After(func(published) time.Duration { return -time.Hour }),
			Durable("later", Pull, nil, func(context.Context, published) error { later++; return nil }).After(func(e published) time.Duration { return time.Duration(e.Status) * time.Second }),
			Durable("never", Pull, func(context.Context, *db.Tx, published) (bool, error) { return false, nil },
				func(context.Context, published) error { never++; return nil }).After(func(published) time.Duration { return time.Second }))
		h.emit(published{30})
		h.drain()
		if soon != 1 || later != 0 {
			t.Errorf("at once they ran %d and %d times", soon, later)
		}
		h.clock.Advance(29 * time.Second)
		h.drain()
		if later != 0 {
			t.Error("it did not wait as long as it was told to")
		}
		h.clock.Advance(time.Second)
		h.drain()
		if soon != 1 || later != 1 || never != 0 || len(h.rows()) != 0 {
			t.Errorf("in the end they ran %d, %d and %d times, and %q is left", soon, later, never, h.rows())
		}
	})
}

func TestWhatWaitsTogetherIsDoneTogetherAndWhatFailsAlone(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		var calls [][]int64
		tells := 0
		On(h.Bus, "status.published",
			Together("index", Index, nil, func(_ context.Context, events []published) error {
				var list []int64
				for _, e := range events {
					list = append(list, e.Status)
				}
				calls = append(calls, list)
				if slices.Contains(list, 3) {
					return errors.New("3 cannot be read")
				}
				return nil
			}),
			Durable("tell", Index, nil, func(context.Context, published) error { tells++; return nil }))
		h.emit(published{1}, published{2}, published{4})
		h.drain()
		if want := [][]int64{{1, 2, 4}}; !slices.EqualFunc(calls, want, slices.Equal) || tells != 3 {
			t.Fatalf("index was called for %v, want %v; tell %d times", calls, want, tells)
		}
		if got := h.rows(); len(got) > 0 {
			t.Errorf("outbox = %q, want nothing", got)
		}
		calls = nil
		h.emit(published{5}, published{3}, published{6})
		if err := h.Drain(t.Context()); err == nil || !strings.Contains(err.Error(), "3 cannot be read") {
			t.Errorf("Drain = %v, want the failure", err)
		}
		if want := [][]int64{{5, 3, 6}, {5}, {3}, {6}}; !slices.EqualFunc(calls, want, slices.Equal) || tells != 6 {
			t.Errorf("index was called for %v, want %v; tell %d times", calls, want, tells)
		}
		if want := []string{`status.published {"Status":3} index: index`}; !slices.Equal(h.rows(), want) {
			t.Errorf("outbox = %q, want %q", h.rows(), want)
		}
	})
}

func TestWorkersTakeTogetherWhatWaits(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		done := make(chan []int64, 100)
		On(h.Bus, "status.published", Together("index", Index, nil, func(_ context.Context, events []published) error {
			var list []int64
			for _, e := range events {
				list = append(list, e.Status)
			}
			done <- list
			return nil
		}))
		for i := range int64(60) {
			h.emit(published{i})
		}
		if err := h.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		var got, most int
		for got < 60 {
			list := <-done
			got, most = got+len(list), max(most, len(list))
		}
		if err := h.Stop(context.Background()); err != nil {
			t.Error(err)
		}
		if most < 2 || most > 50 {
			t.Errorf("at most %d came together, want up to 50", most)
		}
		if rows := h.rows(); got != 60 || len(rows) > 0 {
			t.Errorf("%d of 60 were done, and %q are left", got, rows)
		}
	})
}
