package db_test

import (
	"testing"

	"anancus/internal/kit/db"
	"anancus/internal/kit/db/dbtest"
)

// TestStatisticsThatAKeeperMadeAreForgotten is for who runs ANALYZE on the file, as they would elsewhere.
func TestStatisticsThatAKeeperMadeAreForgotten(t *testing.T) {
	c := dbtest.Config(t, db.SQLite, true)
	left := func(d *db.DB) int64 {
		n, err := db.One(t.Context(), d, db.Int64, `SELECT COUNT(*) FROM sqlite_schema WHERE name LIKE 'sqlite_stat%'`)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	for range 2 { // the last one looks at what the first left
		d, err := db.Open(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		if n := left(d); n != 0 {
			t.Errorf("%d tables of statistics are left after a start", n)
		}
		err = d.Tx(t.Context(), func(tx *db.Tx) error {
			if _, err := db.Exec(t.Context(), tx, `INSERT INTO tags (id, name, shown, created_at) VALUES ($1, CAST($1 AS TEXT), CAST($1 AS TEXT), 0)`, tx.NextID()); err != nil {
				return err
			}
			_, err := db.Exec(t.Context(), tx, `ANALYZE`)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if left(d) == 0 {
			t.Error("ANALYZE left no statistics: the test shows nothing")
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
