package db

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
	"github.com/jackc/pgx/v5/pgxpool"
)

// postgres is a database of PostgreSQL.
type postgres struct {
	d       *DB
	pool    *pgxpool.Pool
	running atomic.Int64 // transactions
}

// minConns is enough for what needs several at once: a migration holds a lock on one and copies on another.
const minConns = 4

// commitTime is how long a commit may take before its outcome counts as unknown.
const commitTime = time.Minute

// What becomes of a question that nobody waits for any more: it may end by itself, is cancelled after a while, and takes its connection
// with it if that does not help either.
const (
	cancelAfter = 200 * time.Millisecond
	giveUpAfter = 5 * time.Second
)

// pgTries is how often a transaction that lost a race is run.
const pgTries = 10

// usual are settings that the address may have otherwise. Everything asked for is answered in a few milliseconds, but what is common in a large
// table looks long enough to PostgreSQL that it would compile the statement first, or start processes to share it: either costs ten times what it
// is about.
var usual = map[string]string{"jit": "off", "max_parallel_workers_per_gather": "0"}

func openPostgres(ctx context.Context, d *DB, url string) (*postgres, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	switch {
	case d.config.Readers > 0:
		config.MaxConns = int32(d.config.Readers)
	case !strings.Contains(url, "pool_max_conns"):
		config.MaxConns = int32(max(16, 4*runtime.GOMAXPROCS(0)))
	}
	config.MaxConns = max(config.MaxConns, minConns)
	params := config.ConnConfig.RuntimeParams
	params["timezone"] = "UTC"
	if params["application_name"] == "" {
		params["application_name"] = "anancus"
	}
	// The rest is set on the open connection: PgBouncer refuses whoever asks for it before.
	session := `SET default_transaction_read_only = on` // a write outside a Tx is a bug
	for name, value := range usual {
		if params[name] == "" {
			session += `; SET ` + name + ` = ` + value
		}
	}
	config.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, session)
		return err
	}
	// Without this, whoever hangs up while they are asked for something takes a connection with them, and making one costs more than
	// most questions do: many who hang up at once would be felt by all.
	config.ConnConfig.BuildContextWatcherHandler = func(c *pgconn.PgConn) ctxwatch.Handler {
		return &pgconn.CancelRequestContextWatcherHandler{Conn: c, CancelRequestDelay: cancelAfter, DeadlineDelay: giveUpAfter}
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, err
	}
	return &postgres{d: d, pool: pool}, nil
}

var errReadBeside = errors.New("a closure reads through its tx: beside it, it would not see its own writes, and might wait for a connection that never comes")

func (p *postgres) query(ctx context.Context, text string, args []any) (cursor, error) {
	if p.running.Load() > 0 && insideClosure() {
		return nil, errReadBeside
	}
	return p.pool.Query(ctx, text, args...)
}

// tx runs do, again where a race was lost.
func (p *postgres) tx(ctx context.Context, do func(tx *Tx) error) error {
	for try := 1; ; try++ {
		ticket, events, err := p.once(ctx, do)
		if err == nil {
			if ticket != 0 {
				p.d.tell(ctx, ticket, events)
			}
			return nil
		}
		if !lostRace(err) || try == pgTries {
			return err
		}
		pause := time.Duration(rand.Int64N(int64(time.Millisecond) << min(try, 6)))
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// lostRace tells a serialization failure, a deadlock, and a row that another transaction wrote after this one had looked for it: a second look
// finds it.
func lostRace(err error) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && (e.Code == "40001" || e.Code == "40P01" || e.Code == "23505")
}

func (p *postgres) once(ctx context.Context, do func(tx *Tx) error) (uint64, []any, error) {
	begin := "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
	if !wantsSync(ctx) {
		begin += "; SET LOCAL synchronous_commit = off"
	}
	raw, err := p.pool.BeginTx(ctx, pgx.TxOptions{BeginQuery: begin})
	if err != nil {
		return 0, nil, fmt.Errorf("begin: %w", err)
	}
	settled := context.WithoutCancel(ctx)
	defer func() { _ = raw.Rollback(settled) }() // after a commit this does nothing

	p.running.Add(1)
	defer p.running.Add(-1)
	tx := p.d.begin(ctx, pgTx{raw})
	if err := tx.run(do); err != nil {
		return 0, nil, err
	}
	if len(tx.events) == 0 {
		return 0, nil, commitPostgres(settled, raw)
	}
	// The ticket is taken before the commit is sent: whoever waits for a row
	// of ours can take theirs only afterwards, so tickets follow the order of commits.
	ticket := p.d.order.take()
	if err := commitPostgres(settled, raw); err != nil {
		p.d.tell(ctx, ticket, nil)
		return 0, nil, err
	}
	return ticket, tx.events, nil
}

func commitPostgres(ctx context.Context, raw pgx.Tx) error {
	ctx, cancel := context.WithTimeout(ctx, commitTime)
	defer cancel()
	return raw.Commit(ctx)
}

func (p *postgres) close() error {
	p.pool.Close()
	return nil
}

// pgTx runs statements of a transaction.
type pgTx struct{ raw pgx.Tx }

func (t pgTx) query(ctx context.Context, text string, args []any) (cursor, error) {
	return t.raw.Query(ctx, text, args...)
}

func (t pgTx) exec(ctx context.Context, text string, args []any) (int64, error) {
	tag, err := t.raw.Exec(ctx, text, args...)
	return tag.RowsAffected(), err
}
