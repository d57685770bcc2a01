package db

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// backup copies every table as it was at one moment, then makes them again
// from the file in a scratch schema and counts.
func (p *postgres) backup(ctx context.Context, path string) (BackupReport, error) {
	if err := p.writeCopy(ctx, path); err != nil {
		return BackupReport{}, err
	}
	counts, err := p.verifyCopy(ctx, path)
	if err != nil {
		return BackupReport{}, fmt.Errorf("the copy could not be verified: %w", err)
	}
	return BackupReport{Tables: counts}, nil
}

func (p *postgres) writeCopy(ctx context.Context, path string) error {
	tx, err := p.pool.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	schema, err := readSchema(ctx, tx)
	if err != nil {
		return err
	}
	out, err := createCopy(path)
	if err != nil {
		return err
	}
	defer func() { _ = out.close() }()
	if err := out.json(copyHead{Format: copyFormat, Schema: schema}); err != nil {
		return err
	}
	counts := make(map[string]int64)
	for _, table := range schema.Tables {
		tag, err := tx.Conn().PgConn().CopyTo(ctx, out, table.copySQL("TO STDOUT"))
		if err != nil {
			return fmt.Errorf("%s: %w", table.Name, err)
		}
		counts[table.Name] = tag.RowsAffected()
		if err := out.endPart(); err != nil {
			return err
		}
	}
	if err := out.json(counts); err != nil {
		return err
	}
	return out.close()
}

// verifyCopy restores the file into a schema that goes with its transaction.
func (p *postgres) verifyCopy(ctx context.Context, path string) (map[string]int64, error) {
	tx, err := p.pool.BeginTx(ctx, pgx.TxOptions{AccessMode: pgx.ReadWrite})
	if err != nil {
		return nil, err
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	if _, err := tx.Exec(ctx, `CREATE SCHEMA anancus_scratch`); err != nil {
		return nil, err
	}
	if _, err := tx.Exec(ctx, `SET LOCAL search_path TO anancus_scratch`); err != nil {
		return nil, err
	}
	return readCopy(ctx, tx, path)
}

// readCopy makes the tables of a copy in the current schema, and counts.
func readCopy(ctx context.Context, tx pgx.Tx, path string) (map[string]int64, error) {
	in, err := openCopy(path)
	if err != nil {
		return nil, err
	}
	defer in.close()
	var head copyHead
	if err := in.json(&head); err != nil {
		return nil, err
	}
	if head.Format != copyFormat || head.Schema == nil {
		return nil, fmt.Errorf("%s is not a copy of a PostgreSQL database", path)
	}
	if err := pgExecAll(ctx, tx, head.Schema.Before); err != nil {
		return nil, err
	}
	for _, table := range head.Schema.Tables {
		if _, err := tx.Conn().PgConn().CopyFrom(ctx, in.part(), table.copySQL("FROM STDIN")); err != nil {
			return nil, fmt.Errorf("%s: %w", table.Name, err)
		}
	}
	want := make(map[string]int64)
	if err := errors.Join(in.json(&want), in.end()); err != nil {
		return nil, err
	}
	if err := pgExecAll(ctx, tx, head.Schema.After); err != nil {
		return nil, err
	}
	got, err := pgCounts(ctx, tx)
	if err != nil {
		return nil, err
	}
	return got, compareCounts(want, got)
}

func pgExecAll(ctx context.Context, tx pgx.Tx, statements []string) error {
	for _, sql := range statements {
		if _, err := tx.Exec(ctx, sql); err != nil {
			return fmt.Errorf("%.80s: %w", sql, err)
		}
	}
	return nil
}

func pgCounts(ctx context.Context, tx pgx.Tx) (map[string]int64, error) {
	tables, err := pgTables(ctx, tx)
	if err != nil {
		return nil, err
	}
	counts := make(map[string]int64)
	for _, table := range tables {
		var n int64
		if err := tx.QueryRow(ctx, `SELECT count(*) FROM `+quoted(table)).Scan(&n); err != nil {
			return nil, err
		}
		counts[table] = n
	}
	return counts, nil
}

// restore makes the tables of a copy in this database, which has none.
func (p *postgres) restore(ctx context.Context, path string) (map[string]int64, error) {
	tx, err := p.pool.BeginTx(ctx, pgx.TxOptions{AccessMode: pgx.ReadWrite})
	if err != nil {
		return nil, err
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	there, err := pgTables(ctx, tx)
	if err != nil {
		return nil, err
	}
	if len(there) > 0 {
		return nil, errNotEmpty
	}
	counts, err := readCopy(ctx, tx, path)
	if err != nil {
		return nil, err
	}
	return counts, tx.Commit(ctx)
}
