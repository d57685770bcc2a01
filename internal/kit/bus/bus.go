// Package bus turns events into what follows from them. An event is emitted in
// the transaction that caused it (db.Tx.Emit). Its live effects run in memory
// right after the commit; its durable effects are stored by the same
// transaction in the outbox, and run, with retries, by the workers here.
package bus

import (
	"context"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"

	"anancus/internal/kit/batch"
	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
)

// Bus knows the effects of every event and runs them.
type Bus struct {
	db     *db.DB
	clock  clock.Clock
	log    *slog.Logger
	byType map[reflect.Type]*subscription
	byName map[string]*subscription
	crews  map[Class]*Crew[job]
	ended  batch.Writer[int64] // jobs that are done
	done   atomic.Int64
	failed atomic.Int64
}

// subscription is an event with its effects.
type subscription struct {
	event   string
	live    []func(ctx context.Context, event any)
	durable []durable
}

// New makes the bus of d and takes d's hooks. Register events with On before
// the first transaction.
func New(d *db.DB, c clock.Clock, log *slog.Logger) *Bus {
	b := &Bus{
		db: d, clock: c, log: log,
		byType: map[reflect.Type]*subscription{},
		byName: map[string]*subscription{},
		crews:  map[Class]*Crew[job]{},
	}
	b.ended.Write = func(ctx context.Context, ids []int64) error { return deleteJobs(ctx, b.db, ids) }
	b.ended.Most = endedAtOnce
	for _, class := range classes {
		b.crews[class] = b.crew(class)
	}
	b.Attach()
	return b
}

// Attach lets the bus hear what is emitted in the database, and no other one any more. New does; it is of use after another was made for the same database.
func (b *Bus) Attach() { b.db.SetHooks(db.Hooks{InTx: b.store, Committed: b.committed}) }

// On says what follows from events of type E. The name is stored with each
// event: once released it must stay. On panics when the type, the name or an
// effect's name is taken; it is for the assembly of the server only.
func On[E any](b *Bus, event string, effects ...Effect[E]) {
	kind := reflect.TypeFor[E]()
	if b.byType[kind] != nil || b.byName[event] != nil {
		panic(fmt.Sprintf("bus: event %q (%v) is registered twice", event, kind))
	}
	s := &subscription{event: event}
	for _, f := range effects {
		if f.live != nil {
			s.live = append(s.live, func(ctx context.Context, event any) { f.live(ctx, event.(E)) })
			continue
		}
		s.add(f.erase())
	}
	b.byType[kind], b.byName[event] = s, s
}

// add takes a durable effect, if its name and class can be stored.
func (s *subscription) add(f durable) {
	switch {
	case f.name == "" || strings.Contains(f.name, ","):
		panic(fmt.Sprintf("bus: event %q has an effect with the name %q", s.event, f.name))
	case s.effect(f.name) != nil:
		panic(fmt.Sprintf("bus: event %q has two effects named %q", s.event, f.name))
	case !slices.Contains(classes, f.class):
		panic(fmt.Sprintf("bus: effect %q has the unknown class %q", f.name, f.class))
	}
	s.durable = append(s.durable, f)
}

// effect finds a durable effect by name; nil if there is none.
func (s *subscription) effect(name string) *durable {
	for i := range s.durable {
		if s.durable[i].name == name {
			return &s.durable[i]
		}
	}
	return nil
}

// committed runs the live effects of events and wakes the workers of the durable ones.
func (b *Bus) committed(ctx context.Context, events []any) {
	ctx = context.WithoutCancel(ctx) // the change is made; a caller who left must not stop its effects
	wake := map[Class]bool{}
	var handed []job
	for _, event := range events {
		if laid, ok := event.(laid); ok {
			for _, class := range laid.classes {
				wake[class] = true
			}
			handed = append(handed, laid.handed...)
			continue
		}
		s := b.byType[reflect.TypeOf(event)]
		if s == nil {
			continue // store refused it: it was never committed
		}
		for _, live := range s.live {
			err := Safely(func() error { live(ctx, event); return nil })
			if err != nil {
				b.log.ErrorContext(ctx, "a live effect failed", "event", s.event, "error", err)
			}
		}
	}
	for class := range wake {
		b.crews[class].Wake()
	}
	for _, j := range handed {
		b.crews[j.class].Hand(j)
	}
}

// Start begins to run durable effects; events stored by an earlier run of the
// program come first. The workers go on until Stop, or until ctx ends.
func (b *Bus) Start(ctx context.Context) error {
	if b.db.Engine() == db.SQLite { // one process: every lease is one of a run that died
		if err := releaseLeases(ctx, b.db, b.clock.Now()); err != nil {
			return err
		}
	}
	for _, crew := range b.crews {
		crew.Start(ctx)
	}
	return nil
}

// Stop lets the effects in flight finish and hands the others back, within ten
// seconds. It may be called without Start.
func (b *Bus) Stop(ctx context.Context) error {
	stopped := make(chan error, len(b.crews))
	for _, crew := range b.crews {
		go func() { stopped <- crew.Stop(ctx) }()
	}
	var first error
	for range b.crews {
		if err := <-stopped; err != nil && first == nil {
			first = err
		}
	}
	return first
}
