package db

import (
	"context"
	"database/sql/driver"
	"runtime"
	"sync/atomic"
	"testing"
	"time"
)

// WaitQueued waits until n transactions wait for the writer.
func WaitQueued(d *DB, n int) {
	for len(d.store.(*lite).writer.queue) < n {
		runtime.Gosched()
	}
}

// GroupTime is how long a group takes members in.
const GroupTime = groupTime

// OnSync does something else, or something more, where the writer waits for the disk. No transaction may run meanwhile.
func OnSync(d *DB, do func(sync func() error) error) {
	disk := d.store.(*lite).writer.disk
	sync := disk.sync
	disk.sync = func() error { return do(sync) }
}

// Connections tells how many connections PostgreSQL has had from us.
func Connections(d *DB) int64 { return d.store.(*postgres).pool.Stat().NewConnsCount() }

// Interrupt runs a statement that is interrupted, as one would be under its caller's context.
func Interrupt(tx *Tx) error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	_, err := tx.conn.(liteTx).conn.exec(ctx, `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
		INSERT INTO tombstones (uri, created_at) SELECT 'x', i FROM n WHERE i < 0`, nil)
	return err
}

type codeError int

func (e codeError) Error() string { return "an error of SQLite" }
func (e codeError) Code() int     { return int(e) }

// Spoil lets the transaction meet an error of SQLite.
func Spoil(tx *Tx, code int) error { return tx.conn.(liteTx).conn.note(codeError(code)) }

// HoldFile begins to write in another connection, until release is called.
func HoldFile(t testing.TB, d *DB) (release func()) {
	t.Helper()
	conn, err := openLiteConn(d.store.(*lite).writerDSN())
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.execAll("BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	return func() { _ = conn.execAll("COMMIT"); _ = conn.close() }
}

// brokenRaw is a connection that can do nothing but close.
type brokenRaw struct{ liteRaw }

func (brokenRaw) PrepareContext(context.Context, string) (driver.Stmt, error) {
	return nil, codeError(10)
}

// Break loses the writer's connection in the middle of a transaction, once.
func Break(tx *Tx) {
	conn := tx.conn.(liteTx).conn
	writer := tx.d.store.(*lite).writer
	if writer.conn == conn && !broken.Swap(true) {
		conn.forget()
		_ = conn.execAll("ROLLBACK")
		conn.raw = brokenRaw{conn.raw}
	}
}

var broken atomic.Bool

// AskedAtConnect gives the settings that are asked for while a connection is opened.
func AskedAtConnect(d *DB) map[string]string {
	return d.store.(*postgres).pool.Config().ConnConfig.RuntimeParams
}
