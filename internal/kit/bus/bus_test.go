package bus

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/db/dbtest"
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
