package db

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// pgMigrator is a connection that holds the lock of those who change the schema.
type pgMigrator struct{ conn *pgxpool.Conn }

// migrationLock is the number of the advisory lock: "anancus" in letters of a telephone.
const migrationLock = 2626287

func (p *postgres) migrator(ctx context.Context) (migrator, error) {
	conn, err := p.pool.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := conn.Exec(ctx, `SELECT pg_advisory_lock($1)`, int64(migrationLock)); err != nil {
		conn.Release()
		return nil, fmt.Errorf("wait for the lock: %w", err)
	}
	return &pgMigrator{conn}, nil
}

func (m *pgMigrator) close() {
	_, _ = m.conn.Exec(context.Background(), `SELECT pg_advisory_unlock($1)`, int64(migrationLock))
	m.conn.Release()
}

func (m *pgMigrator) tables(ctx context.Context) ([]string, error) { return pgTables(ctx, m.conn) }

// pgAsker is a connection or a transaction.
type pgAsker interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

func pgTables(ctx context.Context, q pgAsker) ([]string, error) {
	rows, err := q.Query(ctx, `SELECT c.relname::text FROM pg_class c
		WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') ORDER BY c.relname::text COLLATE "C"`)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

func (m *pgMigrator) applied(ctx context.Context) (map[string]string, error) {
	var there bool
	if err := m.conn.QueryRow(ctx, `SELECT to_regclass('schema_migrations') IS NOT NULL`).Scan(&there); err != nil || !there {
		return nil, err
	}
	rows, err := m.conn.Query(ctx, `SELECT name, oldest_program FROM schema_migrations`)
	if err != nil {
		return nil, err
	}
	applied := make(map[string]string)
	var name, oldest string
	_, err = pgx.ForEachRow(rows, []any{&name, &oldest}, func() error {
		applied[name] = oldest
		return nil
	})
	return applied, err
}

func (m *pgMigrator) apply(ctx context.Context, step migration, now int64, program string) error {
	tx, err := m.conn.BeginTx(ctx, pgx.TxOptions{AccessMode: pgx.ReadWrite})
	if err != nil {
		return err
	}
	err = applyPostgres(ctx, tx, step, now, program)
	if err == nil {
		return tx.Commit(ctx)
	}
	return errors.Join(err, tx.Rollback(context.WithoutCancel(ctx)))
}

func applyPostgres(ctx context.Context, tx pgx.Tx, step migration, now int64, program string) error {
	for _, text := range []string{step.text, appliedTable} {
		if _, err := tx.Exec(ctx, text, pgx.QueryExecModeSimpleProtocol); err != nil {
			return err
		}
	}
	_, err := tx.Exec(ctx, recordApplied, step.name, now, program, step.oldest)
	return err
}

func (p *postgres) highestID(ctx context.Context) (int64, error) {
	rows, err := p.pool.Query(ctx, `SELECT c.relname::text FROM pg_class c
		JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'id' AND a.atttypid = 'bigint'::regtype
		JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary AND i.indkey[0] = a.attnum
		WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')`)
	if err != nil {
		return 0, err
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return 0, err
	}
	var highest int64
	for _, table := range tables {
		var id int64
		if err := p.pool.QueryRow(ctx, `SELECT coalesce(max(id), 0) FROM `+quoted(table)).Scan(&id); err != nil {
			return 0, err
		}
		highest = max(highest, id)
	}
	return highest, nil
}
