package db

import (
	"context"
	"fmt"
	"sync/atomic"
)

// member is one transaction in the writer's queue.
type member struct {
	ctx     context.Context
	started atomic.Bool // by the writer, or taken back by the caller
	turn    chan *Tx
	ran     chan struct{}
	answer  chan answer

	// What the closure left, read by the writer after ran.
	err    error
	left   bool // by a panic or runtime.Goexit: never run again
	events []any
}

// answer is what a caller learns in the end.
type answer struct {
	err    error
	ticket uint64 // of the turnstile, when there are events
	events []any
}

func newMember(ctx context.Context) *member {
	return &member{ctx: ctx, turn: make(chan *Tx), ran: make(chan struct{}, 1), answer: make(chan answer, 1)}
}

// attend runs do whenever the writer says so, until the answer comes.
func (m *member) attend(do func(tx *Tx) error) (uint64, []any, error) {
	cancelled := m.ctx.Done()
	for {
		select {
		case tx := <-m.turn:
			m.run(tx, do)
		case a := <-m.answer:
			return a.ticket, a.events, a.err
		case <-cancelled:
			if m.started.CompareAndSwap(false, true) {
				return 0, nil, m.ctx.Err()
			}
			cancelled = nil // it runs; the answer comes soon
		}
	}
}

// run calls the closure. A panic goes on to the caller as soon as the writer
// has rolled back what was done.
func (m *member) run(tx *Tx, do func(tx *Tx) error) {
	m.left = true
	defer func() {
		left := m.left
		m.ran <- struct{}{}
		if left {
			<-m.answer
		}
	}()
	m.err = tx.run(do)
	m.events = tx.events
	m.left = false
}

// start claims the member for the writer, unless its caller gave up.
func (m *member) start() bool {
	if err := m.ctx.Err(); err != nil {
		if m.started.CompareAndSwap(false, true) {
			m.answer <- answer{err: err}
		}
		return false
	}
	return m.started.CompareAndSwap(false, true)
}

// runOn lets the caller run its closure on the connection, and waits for it.
func (m *member) runOn(d *DB, conn *liteConn) {
	m.err, m.events, conn.failed = nil, nil, nil
	m.turn <- d.begin(m.ctx, liteTx{conn})
	<-m.ran
	if m.err == nil {
		m.err = liteTx{conn}.spoilt()
	}
}

// liteTx runs statements without the caller's context: a statement interrupted
// inside a savepoint would roll back the whole group.
type liteTx struct{ conn *liteConn }

// spoilt refuses to go on after a statement failed, because PostgreSQL does so
// too, and what works on one engine must work on the other.
func (t liteTx) spoilt() error {
	if t.conn.failed == nil {
		return nil
	}
	return fmt.Errorf("the transaction goes no further, a statement had failed: %w", t.conn.failed)
}

func (t liteTx) query(_ context.Context, text string, args []any) (cursor, error) {
	if err := t.spoilt(); err != nil {
		return nil, err
	}
	return t.conn.run(context.Background(), text, args)
}

func (t liteTx) exec(_ context.Context, text string, args []any) (int64, error) {
	if err := t.spoilt(); err != nil {
		return 0, err
	}
	return t.conn.exec(context.Background(), text, args)
}
