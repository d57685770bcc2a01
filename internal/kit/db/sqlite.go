package db

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// lite is a database file of SQLite: one connection that writes, many that read.
type lite struct {
	d       *DB
	path    string
	lock    *fileLock
	writer  *liteWriter
	readers *liteReaders
}

// busyTimeout is how long a statement waits for a lock that another program holds.
const busyTimeout = 5 * time.Second

func openLite(ctx context.Context, d *DB, path string) (*lite, error) {
	if path == "" {
		return nil, errors.New("sqlite: without a path")
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	lock, err := lockFile(path + ".lock")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	l := &lite{d: d, path: path, lock: lock}
	conn, err := openNewLite(path, l.writerDSN())
	if err == nil {
		conn, err = l.forgetStatistics(conn)
	}
	if err != nil {
		lock.release()
		return nil, err
	}
	l.writer = startLiteWriter(l, conn)
	count := d.config.Readers
	if count <= 0 {
		count = max(4, 2*runtime.GOMAXPROCS(0))
	}
	l.readers = newLiteReaders(readerDSN(path), count)
	return l, nil
}

// openNewLite opens a file that, if it is new, nobody else on the machine may
// read. SQLite gives its other files the same permissions.
func openNewLite(path, dsn string) (*liteConn, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	_ = file.Close()
	return openLiteConn(dsn)
}

// forgetStatistics drops what ANALYZE of another program left. Plans are made for tables of all sizes, and what SQLite then believes of a
// table that was small when it was counted is wrong for as long as the database lives: an index of search that it thinks is empty is read
// to its end at each merge. A connection that has read them knows them until it is closed.
func (l *lite) forgetStatistics(conn *liteConn) (*liteConn, error) {
	left, err := listLite(conn, Text, `SELECT name FROM sqlite_schema WHERE name IN ('sqlite_stat1', 'sqlite_stat4')`)
	for _, table := range left {
		err = errors.Join(err, conn.execAll("DROP TABLE "+table))
	}
	if err == nil && len(left) == 0 {
		return conn, nil
	}
	if err = errors.Join(err, conn.close()); err != nil {
		return nil, fmt.Errorf("forget the statistics of %s: %w", l.path, err)
	}
	l.d.config.Log.Info("forgot the statistics that ANALYZE left: plans do without them", "database", l.path)
	return openLiteConn(l.writerDSN())
}

// foldAfter is how many pages the log has before it is folded into the file. The writer waits for that, a page that was written many times
// is folded once, and up to here one table finds every page in the log.
const foldAfter = 4000

// writerDSN is of the connection that writes. The disk is waited for beside it (liteDisk). What a savepoint would undo is kept in memory,
// where SQLite would soon use a file: transactions are small.
func (l *lite) writerDSN() string {
	synchronous := "synchronous(NORMAL)"
	if l.d.config.Fleeting {
		synchronous = "synchronous(OFF)"
	}
	return l.dsn(synchronous, "temp_store(MEMORY)", fmt.Sprintf("wal_autocheckpoint(%d)", foldAfter))
}

// migratorDSN is of the connection that changes the schema, and may have much to sort.
func (l *lite) migratorDSN() string {
	synchronous := "synchronous(FULL)"
	if l.d.config.Fleeting {
		synchronous = "synchronous(OFF)"
	}
	return l.dsn(synchronous)
}

func (l *lite) dsn(pragmas ...string) string {
	return liteDSN(l.path, append([]string{"journal_mode(WAL)", "foreign_keys(1)", "journal_size_limit(67108864)"}, pragmas...)...)
}

func readerDSN(path string) string {
	return liteDSN(path, "query_only(1)")
}

func liteDSN(path string, pragmas ...string) string {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	values := url.Values{"_pragma": append([]string{fmt.Sprintf("busy_timeout(%d)", busyTimeout.Milliseconds())}, pragmas...)}
	return (&url.URL{Scheme: "file", Path: path, RawQuery: values.Encode()}).String()
}

func (l *lite) query(ctx context.Context, text string, args []any) (cursor, error) {
	conn, err := l.readers.take(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := conn.run(ctx, text, args)
	if err != nil {
		l.readers.put(conn)
		return nil, err
	}
	rows.closed = func() { l.readers.put(conn) }
	return rows, nil
}

func (l *lite) tx(ctx context.Context, do func(tx *Tx) error) error {
	return l.writer.tx(ctx, do)
}

// close waits for the writer, folds the log into the file and lets go of it.
func (l *lite) close() error {
	if !l.writer.stop() {
		return nil
	}
	l.readers.close()
	err := l.writer.conn.execAll("PRAGMA wal_checkpoint(TRUNCATE)")
	err = errors.Join(err, l.writer.conn.close())
	l.lock.release()
	return err
}
