package bus

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime/debug"
	"time"

	"anancus/internal/kit/db"
)

// Effect is one thing that follows from an event of type E.
type Effect[E any] struct {
	name    string // empty: live
	class   Class
	applies func(ctx context.Context, tx *db.Tx, e E) (bool, error)
	live    func(ctx context.Context, e E)
	do      func(ctx context.Context, e E) error
	doAll   func(ctx context.Context, events []E) error
	wait    func(e E) time.Duration
}

// Live makes an effect that runs in memory after the commit and before the
// caller is answered, in commit order. It cannot fail and is never retried.
func Live[E any](do func(ctx context.Context, e E)) Effect[E] {
	return Effect[E]{live: do}
}

// Durable makes an effect that is stored by the transaction of its event and
// retried until it succeeds. It may run twice, late and in any order. The name
// is stored: once released it must stay. applies is asked inside the
// transaction and must be cheap; nil means always.
func Durable[E any](
	name string, class Class,
	applies func(ctx context.Context, tx *db.Tx, e E) (bool, error),
	do func(ctx context.Context, e E) error,
) Effect[E] {
	return Effect[E]{name: name, class: class, applies: applies, do: do}
}

// Together is Durable for an effect that costs little more for many events than for one: those that wait at the same moment come together.
// When that fails each of them is tried alone.
func Together[E any](
	name string, class Class,
	applies func(ctx context.Context, tx *db.Tx, e E) (bool, error),
	do func(ctx context.Context, events []E) error,
) Effect[E] {
	return Effect[E]{name: name, class: class, applies: applies, doAll: do,
		do: func(ctx context.Context, e E) error { return do(ctx, []E{e}) }}
}

// After lets a durable effect begin not before some time has passed since its event, which tells how long.
func (f Effect[E]) After(wait func(e E) time.Duration) Effect[E] {
	f.wait = wait
	return f
}

// durable is a durable effect whose event type is no longer in its signature.
type durable struct {
	name    string
	class   Class
	applies func(ctx context.Context, tx *db.Tx, event any) (bool, error)
	do      func(ctx context.Context, payload []byte) error
	doAll   func(ctx context.Context, payloads [][]byte) error // nil: it takes one at a time
	wait    func(event any) time.Duration
}

// erase hides the event type of a durable effect.
func (f Effect[E]) erase() durable {
	return durable{
		name:  f.name,
		class: f.class,
		doAll: f.eraseAll(),
		applies: func(ctx context.Context, tx *db.Tx, event any) (bool, error) {
			if f.applies == nil {
				return true, nil
			}
			return f.applies(ctx, tx, event.(E))
		},
		do: func(ctx context.Context, payload []byte) error {
			var e E
			if err := json.Unmarshal(payload, &e); err != nil {
				return fmt.Errorf("read the event: %w", err)
			}
			return f.do(ctx, e)
		},
		wait: func(event any) time.Duration {
			if f.wait == nil {
				return 0
			}
			return max(f.wait(event.(E)), 0)
		},
	}
}

func (f Effect[E]) eraseAll() func(context.Context, [][]byte) error {
	if f.doAll == nil {
		return nil
	}
	return func(ctx context.Context, payloads [][]byte) error {
		events := make([]E, len(payloads))
		for i, payload := range payloads {
			if err := json.Unmarshal(payload, &events[i]); err != nil {
				return fmt.Errorf("read the event: %w", err)
			}
		}
		return f.doAll(ctx, events)
	}
}

// Safely runs do and gives a panic back as an error, with its stack.
func Safely(do func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return do()
}
