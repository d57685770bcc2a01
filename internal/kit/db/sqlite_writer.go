package db

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"
)

// liteWriter gives the one writing connection to transactions in turn, and
// lets those that wait at the same moment share one sync of the disk. The
// closures run on their callers' goroutines; this one only begins and commits.
type liteWriter struct {
	l     *lite
	conn  *liteConn
	syncs bool // whether the connection waits for the disk at every commit, as a new one does
	queue chan *member
	mu    sync.RWMutex // held for reading while a transaction is handed in
	shut  bool
	done  chan struct{}
}

const (
	groupSize = 128                   // transactions that share a commit, at most
	groupTime = 20 * time.Millisecond // after which a group takes no further members
	lonelyTry = 5                     // times a transaction alone is tried when another program holds the file
)

func startLiteWriter(l *lite, conn *liteConn) *liteWriter {
	w := &liteWriter{l: l, conn: conn, syncs: true, queue: make(chan *member, groupSize), done: make(chan struct{})}
	go w.work()
	return w
}

// tx hands in a transaction and runs it when its turn comes.
func (w *liteWriter) tx(ctx context.Context, do func(tx *Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m := newMember(ctx)
	if err := w.hand(m); err != nil {
		return err
	}
	ticket, events, err := m.attend(do)
	if err == nil && ticket != 0 {
		w.l.d.tell(ctx, ticket, events)
	}
	return err
}

func (w *liteWriter) hand(m *member) error {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if w.shut {
		return ErrClosed
	}
	select {
	case w.queue <- m:
		return nil
	case <-m.ctx.Done():
		return m.ctx.Err()
	}
}

// stop takes no more transactions and waits for those handed in; false if it was stopped before.
func (w *liteWriter) stop() bool {
	w.mu.Lock()
	first := !w.shut
	if first {
		w.shut = true
		close(w.queue)
	}
	w.mu.Unlock()
	<-w.done
	return first
}

func (w *liteWriter) work() {
	defer close(w.done)
	for m := range w.queue {
		for m != nil {
			m = w.group(m)
		}
	}
}

// waiting gives the next transaction if one waits now.
func (w *liteWriter) waiting() *member {
	for range 2 {
		select {
		case m := <-w.queue:
			return m // nil when the queue is closed
		default:
			runtime.Gosched() // those just answered may be about to ask again
		}
	}
	return nil
}

// group runs m and those that wait beside it, and commits them together. It gives back the one that cannot be of the group, if there is
// one: who wants a sync does not make those wait for it who do not. These share that of others.
func (w *liteWriter) group(m *member) (next *member) {
	synced := wantsSync(m.ctx)
	if err := w.begin(synced); err != nil {
		m.answer <- answer{err: err}
		return nil
	}
	start := time.Now()
	var ran []*member
	for m != nil {
		if m.start() {
			ran = append(ran, m)
			w.runInGroup(m)
			if w.conn.grave != nil {
				break
			}
		}
		if len(ran) >= groupSize || time.Since(start) > groupTime {
			break
		}
		if m = w.waiting(); m != nil && !synced && wantsSync(m.ctx) {
			next = m
			break
		}
	}
	if w.conn.grave == nil && w.commit() == nil {
		w.settle(ran)
		return next
	}
	w.rollback()
	for _, m := range ran {
		if !m.left {
			w.alone(m)
		}
	}
	return next
}

// runInGroup runs one member between a savepoint and its release.
func (w *liteWriter) runInGroup(m *member) {
	if w.do("SAVEPOINT member") != nil {
		return
	}
	m.runOn(w.l.d, w.conn)
	if w.conn.grave == nil {
		if m.left || m.err != nil {
			_ = w.do("ROLLBACK TO member")
		}
		_ = w.do("RELEASE member")
	}
	if m.left {
		m.answer <- answer{}
	}
}

// do runs a statement of the writer's own; whatever goes wrong with one of
// these, such as a savepoint that was lost, is grave.
func (w *liteWriter) do(text string) error {
	err := w.conn.do(text)
	if err != nil && w.conn.grave == nil {
		w.conn.grave = fmt.Errorf("%s: %w", text, err)
	}
	return err
}

// alone runs a member in a transaction of its own.
func (w *liteWriter) alone(m *member) {
	for try := 1; ; try++ {
		err := w.aloneOnce(m)
		if m.left {
			m.answer <- answer{}
			return
		}
		if err == nil {
			w.settle([]*member{m})
			return
		}
		if liteCode(err) != liteBusy || try == lonelyTry {
			m.answer <- answer{err: err}
			return
		}
	}
}

func (w *liteWriter) aloneOnce(m *member) error {
	if err := m.ctx.Err(); err != nil {
		return err
	}
	if err := w.begin(wantsSync(m.ctx)); err != nil {
		return err
	}
	m.runOn(w.l.d, w.conn)
	err := m.err
	if w.conn.grave != nil && err == nil {
		err = w.conn.grave
	}
	if err == nil && !m.left {
		if err = w.commit(); err == nil {
			return nil
		}
	}
	w.rollback()
	return err
}

// settle answers the members of a group that is committed.
func (w *liteWriter) settle(ran []*member) {
	for _, m := range ran {
		if m.left {
			continue
		}
		a := answer{err: m.err}
		if m.err == nil && len(m.events) > 0 {
			a.ticket, a.events = w.l.d.order.take(), m.events
		}
		m.answer <- a
	}
}

// begin begins a transaction that is synced or not, on a new connection where the old one no longer can.
func (w *liteWriter) begin(synced bool) error {
	w.conn.fresh()
	err := w.sync(synced)
	if err == nil {
		err = w.conn.do("BEGIN IMMEDIATE")
	}
	if err == nil || liteCode(err) == liteBusy {
		return err
	}
	w.l.d.config.Log.Error("the database is opened anew", "because", err)
	conn, openErr := openLiteConn(w.l.writerDSN())
	if openErr != nil {
		return errors.Join(err, openErr)
	}
	_ = w.conn.close()
	w.conn, w.syncs = conn, true
	return conn.do("BEGIN IMMEDIATE")
}

// sync says whether the next commits wait for the disk. Between transactions only, SQLite takes it; a commit that waits takes all
// that were made before it to the disk. The statement acts when it is read, so that it cannot be a kept one.
func (w *liteWriter) sync(synced bool) error {
	if w.syncs == synced || w.l.d.config.Fleeting {
		return nil
	}
	if err := w.conn.execAll(map[bool]string{true: "PRAGMA synchronous(FULL)", false: "PRAGMA synchronous(NORMAL)"}[synced]); err != nil {
		return err
	}
	w.syncs = synced
	return nil
}

func (w *liteWriter) commit() error {
	if w.l.d.config.SyncDelay > 0 && w.syncs {
		time.Sleep(w.l.d.config.SyncDelay)
	}
	return w.do("COMMIT")
}

// rollback ends the transaction, whether or not SQLite has done so already.
func (w *liteWriter) rollback() {
	_ = w.conn.do("ROLLBACK")
	w.conn.fresh()
}
