package settings

import (
	"context"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
)

type row struct {
	name, value string
	at          int64 // of the last change, UTC milliseconds
}

func allSettings(ctx context.Context, q db.Q) ([]row, error) {
	return db.All(ctx, q, func(r db.Row) (row, error) {
		var x row
		err := r.Scan(&x.name, &x.value, &x.at)
		return x, err
	}, `SELECT name, value, updated_at FROM settings ORDER BY name`)
}

// put stores a value under a name.
func put(ctx context.Context, tx *db.Tx, name, value string) error {
	_, err := db.Exec(ctx, tx, `INSERT INTO settings (name, value, updated_at) VALUES ($1, $2, $3)
		ON CONFLICT (name) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at`, name, value, clock.Milli(tx.Now()))
	return err
}

// Fact gives a value that the server itself remembers (the domain, the set-up code), "" if none.
func Fact(ctx context.Context, q db.Q, name string) (string, error) {
	values, err := db.All(ctx, q, db.Value[string], `SELECT value FROM settings WHERE name = $1`, "fact."+name)
	if err != nil || len(values) == 0 {
		return "", err
	}
	return values[0], nil
}

// PutFact stores a value that the server itself remembers.
func PutFact(ctx context.Context, tx *db.Tx, name, value string) error {
	return put(ctx, tx, "fact."+name, value)
}

// KeepFact stores a value that the server itself remembers unless there is one, and gives the one that holds:
// of two processes that start at once, both get the same.
func KeepFact(ctx context.Context, tx *db.Tx, name, value string) (string, error) {
	return db.One(ctx, tx, db.Value[string], `INSERT INTO settings (name, value) VALUES ($1, $2)
		ON CONFLICT (name) DO UPDATE SET value = settings.value RETURNING value`, "fact."+name, value)
}
