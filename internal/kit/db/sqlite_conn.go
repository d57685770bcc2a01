package db

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"sync"

	"modernc.org/sqlite"
)

// liteConn is one connection with the statements prepared on it. It speaks to
// the driver itself: database/sql would take a third of the time of a keyed read.
// It is used by one goroutine at a time.
type liteConn struct {
	raw    liteRaw
	stmts  map[string]*liteStmt
	grave  error // after which the whole transaction must be thought lost
	failed error // the first error of a statement since fresh
}

type liteRaw interface {
	driver.Conn
	driver.ConnPrepareContext
	driver.ExecerContext
}

type liteStmt struct {
	raw  driver.Stmt
	busy bool // its rows are being read
}

// maxStmts bounds the statements kept on a connection.
const maxStmts = 512

var (
	liteDriver     = &sqlite.Driver{}
	errNotPrepared = errors.New("sqlite: the driver lacks an interface we need")
)

func openLiteConn(dsn string) (*liteConn, error) {
	conn, err := liteDriver.Open(dsn)
	if err != nil {
		return nil, err
	}
	raw, ok := conn.(liteRaw)
	if !ok {
		_ = conn.Close()
		return nil, errNotPrepared
	}
	return &liteConn{raw: raw, stmts: make(map[string]*liteStmt)}, nil
}

func (c *liteConn) close() error {
	c.forget()
	return c.raw.Close()
}

// forget closes the prepared statements that are not being read.
func (c *liteConn) forget() {
	for text, s := range c.stmts {
		if !s.busy {
			_ = s.raw.Close()
			delete(c.stmts, text)
		}
	}
}

// prepared gives the statement, and what to do with it afterwards.
func (c *liteConn) prepared(ctx context.Context, text string) (*liteStmt, func(), error) {
	kept := c.stmts[text]
	if kept != nil && !kept.busy {
		kept.busy = true
		return kept, func() { kept.busy = false }, nil
	}
	raw, err := c.raw.PrepareContext(ctx, text)
	if err != nil {
		return nil, nil, c.note(err)
	}
	s := &liteStmt{raw: raw, busy: true}
	if kept != nil { // a statement inside the reading of itself
		return s, func() { _ = raw.Close() }, nil
	}
	if len(c.stmts) >= maxStmts {
		c.forget()
	}
	c.stmts[text] = s
	return s, func() { s.busy = false }, nil
}

// fresh forgets the errors of before.
func (c *liteConn) fresh() { c.grave, c.failed = nil, nil }

// note remembers an error.
func (c *liteConn) note(err error) error {
	if c.failed == nil {
		c.failed = err
	}
	if c.grave == nil && isGrave(err) {
		c.grave = err
	}
	return err
}

func named(args []any) []driver.NamedValue {
	values := make([]driver.NamedValue, len(args))
	for i, arg := range args {
		values[i] = driver.NamedValue{Ordinal: i + 1, Value: arg}
	}
	return values
}

func (c *liteConn) run(ctx context.Context, text string, args []any) (*liteRows, error) {
	stmt, done, err := c.prepared(ctx, text)
	if err != nil {
		return nil, err
	}
	asker, ok := stmt.raw.(driver.StmtQueryContext)
	if !ok {
		done()
		return nil, errNotPrepared
	}
	raw, err := asker.QueryContext(ctx, named(args))
	if err != nil {
		done()
		return nil, c.note(err)
	}
	return &liteRows{conn: c, raw: raw, done: done, values: make([]driver.Value, len(raw.Columns()))}, nil
}

func (c *liteConn) exec(ctx context.Context, text string, args []any) (int64, error) {
	stmt, done, err := c.prepared(ctx, text)
	if err != nil {
		return 0, err
	}
	defer done()
	doer, ok := stmt.raw.(driver.StmtExecContext)
	if !ok {
		return 0, errNotPrepared
	}
	result, err := doer.ExecContext(ctx, named(args))
	if err != nil {
		return 0, c.note(err)
	}
	return result.RowsAffected()
}

// execAll runs a text of one or more statements that is not kept.
func (c *liteConn) execAll(text string) error {
	_, err := c.raw.ExecContext(context.Background(), text, nil)
	return err
}

// do runs a kept statement without arguments.
func (c *liteConn) do(text string) error {
	_, err := c.exec(context.Background(), text, nil)
	return err
}

// liteRows walks over an answer of SQLite.
type liteRows struct {
	conn   *liteConn
	raw    driver.Rows
	values []driver.Value
	err    error
	done   func() // gives the statement back
	closed func() // gives the connection back, may be nil
	once   sync.Once
}

func (r *liteRows) Next() bool {
	if r.err != nil || r.raw == nil {
		return false
	}
	err := r.raw.Next(r.values)
	if err == nil {
		return true
	}
	if !errors.Is(err, io.EOF) {
		r.err = r.conn.note(err)
	}
	r.Close()
	return false
}

func (r *liteRows) Scan(dest ...any) error {
	if len(dest) != len(r.values) {
		return fmt.Errorf("the row has %d columns, not %d", len(r.values), len(dest))
	}
	for i, d := range dest {
		if err := scanValue(d, r.values[i]); err != nil {
			return fmt.Errorf("column %d: %w", i+1, err)
		}
	}
	return nil
}

func (r *liteRows) Err() error { return r.err }

func (r *liteRows) Close() {
	r.once.Do(func() {
		if err := r.raw.Close(); err != nil && r.err == nil {
			r.err = r.conn.note(err)
		}
		r.raw = nil
		r.done()
		if r.closed != nil {
			r.closed()
		}
	})
}
