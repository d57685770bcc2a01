// Package db keeps everything a person would miss, on SQLite or PostgreSQL, behind one SQL text.
//
// A room writes plain SQL with $1, $2 in the words both engines share, and
// never learns which of the two it talks to. What differs is known here alone:
// how transactions are grouped and repeated, how schemas are spelled, how a
// list is bound, how a copy is taken before the schema changes.
package db

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"anancus/internal/kit/clock"
)

// Engine names a database engine.
type Engine string

// The engines.
const (
	SQLite   Engine = "sqlite"
	Postgres Engine = "postgres"
)

// ErrHeld says that another process has the database file open.
var ErrHeld = errors.New("the database is held by another process")

// ErrClosed says that the database was closed.
var ErrClosed = errors.New("the database is closed")

// Config says which database to open, and how.
type Config struct {
	URL       string        // "sqlite:PATH" or a postgres:// URL
	Clock     clock.Clock   // the machine's, when nil
	Log       *slog.Logger  // slog.Default, when nil
	SyncDelay time.Duration // tests and benches: added to every sync of the disk
	Fleeting  bool          // tests: what is written need not outlive the machine, so SQLite does not wait for the disk
	Readers   int           // connections that read; 0 chooses
	BackupDir string        // where the copy before a migration goes; SQLite's default is "backups" beside the file
}

// DB is an open database. It answers reads; writes go through Tx.
type DB struct {
	config  Config
	engine  Engine
	store   store
	texts   texts
	ids     ids
	order   turnstile
	hooks   atomic.Pointer[Hooks]
	queries atomic.Int64
	trace   atomic.Pointer[func(sql string, args []any)]
}

// store is what an engine does for a DB.
type store interface {
	query(ctx context.Context, text string, args []any) (cursor, error)
	tx(ctx context.Context, do func(tx *Tx) error) error
	highestID(ctx context.Context) (int64, error)
	migrator(ctx context.Context) (migrator, error)
	backup(ctx context.Context, path string) (BackupReport, error)
	close() error
}

// Open opens the database; it does not migrate it.
func Open(ctx context.Context, c Config) (*DB, error) {
	if c.Clock == nil {
		c.Clock = clock.System{}
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	d := &DB{config: c}
	d.hooks.Store(&Hooks{})

	var err error
	if path, ok := strings.CutPrefix(c.URL, "sqlite:"); ok {
		d.engine = SQLite
		d.store, err = openLite(ctx, d, path)
	} else if strings.HasPrefix(c.URL, "postgres://") || strings.HasPrefix(c.URL, "postgresql://") {
		d.engine = Postgres
		d.store, err = openPostgres(ctx, d, c.URL)
	} else {
		return nil, errors.New("open database: the address must begin with sqlite: or postgres://")
	}
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	d.texts.engine = d.engine
	if err := d.seedIDs(ctx); err != nil {
		_ = d.store.close()
		return nil, fmt.Errorf("open database: %w", err)
	}
	return d, nil
}

// Close waits for the transactions that run, settles what was written, and closes.
func (d *DB) Close() error { return d.store.close() }

// Engine tells which engine answers.
func (d *DB) Engine() Engine { return d.engine }

// Now tells the time of the database's clock.
func (d *DB) Now() time.Time { return d.config.Clock.Now() }
