package db

import (
	"context"
	"sync"
)

// Hooks are told of events.
type Hooks struct {
	// InTx runs inside the transaction that emitted the event, to store its durable effects.
	InTx func(ctx context.Context, tx *Tx, event any) error
	// Committed runs after the commit, in the order of commits, before Tx
	// returns: the live effects. It must not write.
	Committed func(ctx context.Context, events []any)
}

// SetHooks says who is told of events.
func (d *DB) SetHooks(h Hooks) { d.hooks.Store(&h) }

// Emit tells of what the transaction did; it is heard only if it commits.
func (tx *Tx) Emit(event any) error {
	if tx.over {
		return errOver
	}
	tx.events = append(tx.events, event)
	if inTx := tx.d.hooks.Load().InTx; inTx != nil {
		return inTx(tx.ctx, tx, event)
	}
	return nil
}

// Tell adds to what Hooks.Committed hears, without asking Hooks.InTx: a word of the latter to the former.
func (tx *Tx) Tell(word any) { tx.events = append(tx.events, word) }

// tell runs the live effects when the ticket's turn has come.
func (d *DB) tell(ctx context.Context, ticket uint64, events []any) {
	d.order.wait(ticket)
	defer d.order.leave(ticket)
	committed := d.hooks.Load().Committed
	if committed == nil || len(events) == 0 {
		return
	}
	callCommitted(func() { committed(context.WithoutCancel(ctx), events) })
}

// turnstile lets the holders of tickets through one by one, in order.
type turnstile struct {
	mu      sync.Mutex
	taken   uint64 // the last ticket given
	passed  uint64 // the last ticket whose holder has left
	waiting map[uint64]chan struct{}
}

func (t *turnstile) take() uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.taken++
	return t.taken
}

func (t *turnstile) wait(ticket uint64) {
	t.mu.Lock()
	if t.passed+1 == ticket {
		t.mu.Unlock()
		return
	}
	turn := make(chan struct{})
	if t.waiting == nil {
		t.waiting = make(map[uint64]chan struct{})
	}
	t.waiting[ticket] = turn
	t.mu.Unlock()
	<-turn
}

func (t *turnstile) leave(ticket uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.passed = ticket
	if turn, ok := t.waiting[ticket+1]; ok {
		delete(t.waiting, ticket+1)
		close(turn)
	}
}
