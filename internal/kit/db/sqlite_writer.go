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
// lets those that wait at the same moment share a commit and one sync of the disk. The
// closures run on their callers' goroutines; this one only begins and commits.
// While the disk takes one group, the next one runs: it is committed when the disk is free again.
type liteWriter struct {
	l     *lite
	conn  *liteConn
	clean bool // nothing has been written since BEGIN
	log   *liteLog
	disk  *liteDisk // nil: nobody waits for it
	queue chan *member
	mu    sync.RWMutex // held for reading while a transaction is handed in
	shut  bool
	done  chan struct{}
}

const (
	groupSize = 128                   // transactions that share a commit, at most
	groupTime = 20 * time.Millisecond // after which a group takes no further members, unless it waits for the disk
	lull      = 2 * time.Millisecond  // how long those who need no sync wait for one that is on its way: commits cost too, and more come meanwhile
	lonelyTry = 5                     // times a transaction alone is tried when another program holds the file
)

func startLiteWriter(l *lite, conn *liteConn) *liteWriter {
	w := &liteWriter{l: l, conn: conn, log: &liteLog{path: l.path + "-wal"}, queue: make(chan *member, groupSize), done: make(chan struct{})}
	w.disk = newLiteDisk(l.d.config, w.log)
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
	if ticket != 0 { // also of a transaction that failed at the disk: others wait for its turn to pass
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
		w.group(m)
	}
	w.disk.stop()
	w.log.close()
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

// group runs m and those that come until it can be committed, and commits them together. Who needs no sync is answered with the commit.
func (w *liteWriter) group(m *member) {
	if err := w.begin(); err != nil {
		m.answer <- answer{err: err}
		return
	}
	start := time.Now()
	var ran []*member
	var synced, ours bool // somebody waits for the disk; it is free for us
	for m != nil {
		if m.start() {
			ran = append(ran, m)
			synced = synced || w.disk != nil && wantsSync(m.ctx)
			w.runInGroup(m)
			if w.conn.grave != nil {
				break
			}
		}
		if len(ran) >= groupSize || time.Since(start) > groupTime && (!synced || w.disk.idle()) {
			break
		}
		if m = w.waiting(); m == nil && w.disk != nil && !ours {
			m, ours = w.untilFree(synced)
		}
	}
	if synced && !ours {
		<-w.disk.free
	}
	if w.conn.grave == nil && w.disk.err() == nil && w.do("COMMIT") == nil {
		w.settle(ran, ours || synced)
		return
	}
	w.rollback()
	if ours || synced {
		w.disk.free <- struct{}{}
	}
	for _, m := range ran {
		if !m.left {
			w.alone(m)
		}
	}
}

// untilFree gives the next transaction of a group that waits for the disk, or the disk. Where nobody in the group needs it, neither may come.
func (w *liteWriter) untilFree(synced bool) (m *member, free bool) {
	var over <-chan time.Time
	if !synced {
		over = time.After(lull)
	}
	select {
	case m = <-w.queue: // nil when the queue is closed
	case <-w.disk.free:
		free = true
	case <-over:
	}
	return m, free
}

// runInGroup runs one member between a savepoint and its release. The first needs none: there is nothing else that its failure could undo.
func (w *liteWriter) runInGroup(m *member) {
	first := w.clean
	w.clean = false
	if !first && w.do("SAVEPOINT member") != nil {
		return
	}
	m.runOn(w.l.d, w.conn)
	if w.conn.grave == nil {
		failed := m.left || m.err != nil
		switch {
		case first && failed:
			_ = w.do("ROLLBACK")
			_ = w.do("BEGIN IMMEDIATE")
			w.clean = true
		case failed:
			_ = w.do("ROLLBACK TO member")
			fallthrough
		case !first:
			_ = w.do("RELEASE member")
		}
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
			synced := w.disk != nil && wantsSync(m.ctx)
			if synced {
				<-w.disk.free
			}
			w.settle([]*member{m}, synced)
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
	if err := w.begin(); err != nil {
		return err
	}
	m.runOn(w.l.d, w.conn)
	err := m.err
	if w.conn.grave != nil && err == nil {
		err = w.conn.grave
	}
	if err == nil && !m.left {
		if err = w.do("COMMIT"); err == nil {
			return nil
		}
	}
	w.rollback()
	return err
}

// settle answers the members of a group that is committed, or leaves that to the disk. ours tells that it has the token of that.
func (w *liteWriter) settle(ran []*member, ours bool) {
	var wait []settled
	for _, m := range ran {
		if m.left {
			continue
		}
		a := answer{err: m.err}
		if m.err == nil && len(m.events) > 0 {
			a.ticket, a.events = w.l.d.order.take(), m.events
		}
		if w.disk != nil && m.err == nil && wantsSync(m.ctx) {
			wait = append(wait, settled{m, a})
		} else {
			m.answer <- a
		}
	}
	switch {
	case len(wait) > 0:
		w.disk.given <- wait
	case ours: // nobody needs the disk, or who did has failed
		w.disk.free <- struct{}{}
	}
}

// begin begins a transaction, on a new connection where the old one no longer can.
func (w *liteWriter) begin() error {
	if err := w.disk.err(); err != nil {
		return err
	}
	w.conn.fresh()
	w.clean = true
	err := w.conn.do("BEGIN IMMEDIATE")
	if err == nil || liteCode(err) == liteBusy {
		return err
	}
	w.l.d.config.Log.Error("the database is opened anew", "because", err)
	conn, openErr := openLiteConn(w.l.writerDSN())
	if openErr != nil {
		return errors.Join(err, openErr)
	}
	_ = w.conn.close()
	w.conn = conn
	return conn.do("BEGIN IMMEDIATE")
}

// rollback ends the transaction, whether or not SQLite has done so already.
func (w *liteWriter) rollback() {
	_ = w.conn.do("ROLLBACK")
	w.conn.fresh()
}
