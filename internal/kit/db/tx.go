package db

import (
	"context"
	"errors"
	"reflect"
	"runtime"
	"time"
)

// Tx is a transaction; it lives as long as the closure it was given to.
type Tx struct {
	d      *DB
	ctx    context.Context // of the caller of DB.Tx
	conn   txConn
	now    time.Time
	events []any
	over   bool
}

// txConn is the connection a transaction runs on.
type txConn interface {
	query(ctx context.Context, text string, args []any) (cursor, error)
	exec(ctx context.Context, text string, args []any) (int64, error)
}

// slowClosure is longer than others should have to wait for the writer.
const slowClosure = 50 * time.Millisecond

var errOver = errors.New("the transaction is over")

// Tx runs do in a transaction, and answers when it is committed and its live
// effects are done. The closure may be run again, so it keeps to the database:
// no network, no side effects, a few milliseconds. What it reads, it reads
// through tx.
func (d *DB) Tx(ctx context.Context, do func(tx *Tx) error) error {
	if insideEither() {
		panic("db: a Tx inside a Tx, or inside a live effect, would wait for itself; pass the tx down instead")
	}
	return d.store.tx(ctx, do)
}

func (d *DB) begin(ctx context.Context, conn txConn) *Tx {
	return &Tx{d: d, ctx: ctx, conn: conn, now: d.Now()}
}

// run calls the closure.
func (tx *Tx) run(do func(tx *Tx) error) error {
	defer func() { tx.over = true }()
	start := time.Now()
	err := callClosure(do, tx)
	if took := time.Since(start); took > slowClosure && tx.d.engine == SQLite {
		name := runtime.FuncForPC(reflect.ValueOf(do).Pointer()).Name()
		tx.d.config.Log.WarnContext(tx.ctx, "slow transaction", "closure", name, "took", took)
	}
	return err
}

// Engine tells which engine answers.
func (tx *Tx) Engine() Engine { return tx.d.engine }

// Now is the time the transaction began.
func (tx *Tx) Now() time.Time { return tx.now }

// NextID gives an id larger than all before. On SQLite it is taken in the
// writer's turn, so that the order of commits is the order of ids.
func (tx *Tx) NextID() int64 { return tx.d.ids.next(tx.now, 1) }

// exact is the step between numbers of the size of ids that JavaScript tells apart, for the rest of this century.
const exact = 64

// NextExactID is NextID for what clients are given as a number: one that JavaScript does not round.
func (tx *Tx) NextExactID() int64 { return tx.d.ids.next(tx.now, exact) }

func (tx *Tx) query(ctx context.Context, sql string, args []any) (cursor, error) {
	if tx.over {
		return nil, errOver
	}
	text, plain, err := tx.d.prepare(ctx, sql, args)
	if err != nil {
		return nil, err
	}
	return tx.conn.query(ctx, text, plain)
}

func (tx *Tx) exec(ctx context.Context, sql string, args []any) (int64, error) {
	if tx.over {
		return 0, errOver
	}
	text, plain, err := tx.d.prepare(ctx, sql, args)
	if err != nil {
		return 0, err
	}
	return tx.conn.exec(ctx, text, plain)
}
