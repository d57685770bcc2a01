package db

import (
	"context"
	"fmt"

	"anancus/internal/kit/fault"
)

// Q is what can be asked: a *DB, or a *Tx inside its closure.
type Q interface {
	Engine() Engine
	query(ctx context.Context, sql string, args []any) (cursor, error)
}

// Row is one row of an answer.
type Row interface{ Scan(dest ...any) error }

// cursor walks over the rows of an answer.
type cursor interface {
	Row
	Next() bool
	Err() error
	Close()
}

// All lists what the statement answers, each row read by scan.
func All[T any](ctx context.Context, q Q, scan func(Row) (T, error), sql string, args ...any) ([]T, error) {
	rows, err := q.query(ctx, sql, args)
	if err != nil {
		return nil, err
	}
	defer rows.Close()

	var all []T
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, rows.Err()
}

// One reads the first row; where there is none the error is of the kind NotFound.
func One[T any](ctx context.Context, q Q, scan func(Row) (T, error), sql string, args ...any) (T, error) {
	var none T
	rows, err := q.query(ctx, sql, args)
	if err != nil {
		return none, err
	}
	defer rows.Close()

	if !rows.Next() {
		if err := rows.Err(); err != nil {
			return none, err
		}
		return none, fault.RecordNotFound()
	}
	one, err := scan(rows)
	if err != nil {
		return none, err
	}
	rows.Close() // PostgreSQL tells some errors only at the end
	return one, rows.Err()
}

// Exec runs a statement and tells how many rows it changed.
func Exec(ctx context.Context, tx *Tx, sql string, args ...any) (int64, error) {
	return tx.exec(ctx, sql, args)
}

// Value reads the only column of a row.
func Value[T any](row Row) (T, error) {
	var v T
	err := row.Scan(&v)
	return v, err
}

// Int64 reads the only column of a row as a number.
func Int64(row Row) (int64, error) { return Value[int64](row) }

// Text reads the only column of a row as text.
func Text(row Row) (string, error) { return Value[string](row) }

// Bool reads the only column of a row as a truth.
func Bool(row Row) (bool, error) { return Value[bool](row) }

func (d *DB) query(ctx context.Context, sql string, args []any) (cursor, error) {
	text, plain, err := d.prepare(ctx, sql, args)
	if err != nil {
		return nil, err
	}
	return d.store.query(ctx, text, plain)
}

// prepare counts a statement and spells it, with its arguments, for the engine.
func (d *DB) prepare(ctx context.Context, sql string, args []any) (string, []any, error) {
	d.queries.Add(1)
	if n := counterOf(ctx); n != nil {
		n.Add(1)
	}
	if told := d.trace.Load(); told != nil {
		(*told)(sql, args)
	}
	plain := make([]any, len(args))
	for i, arg := range args {
		v, err := plainValue(arg)
		if err != nil {
			return "", nil, fmt.Errorf("argument $%d: %w", i+1, err)
		}
		plain[i] = v
	}
	spelt := d.texts.of(sql)
	if d.engine != SQLite {
		return spelt.text, plain, nil
	}
	text, err := spelt.write(plain)
	return text, plain, err
}
