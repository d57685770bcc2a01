package db_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"anancus/internal/kit/db"
	"anancus/internal/kit/db/dbtest"
)

func eachEngine(b *testing.B, bench func(b *testing.B, engine db.Engine)) {
	for _, engine := range dbtest.Engines {
		b.Run(string(engine), func(b *testing.B) { bench(b, engine) })
	}
}

// BenchmarkWrites is 16 writers while a sync of the disk takes 3 ms.
func BenchmarkWrites(b *testing.B) {
	d := dbtest.Open(b, db.SQLite, func(c *db.Config) { c.SyncDelay = 3 * time.Millisecond })
	writeParallel(b, d)
}

// BenchmarkWritesNoDelay is 16 writers with the sync of this machine.
func BenchmarkWritesNoDelay(b *testing.B) {
	eachEngine(b, func(b *testing.B, engine db.Engine) { writeParallel(b, dbtest.Open(b, engine)) })
}

func writeParallel(b *testing.B, d *db.DB) {
	var n atomic.Int64
	b.SetParallelism(8) // times two cores
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := d.Tx(b.Context(), adds(fmt.Sprint("tag", n.Add(1)))); err != nil {
				b.Error(err)
			}
		}
	})
}

// BenchmarkOneWriter is what a transaction costs that nobody waits beside.
func BenchmarkOneWriter(b *testing.B) {
	d := dbtest.Open(b, db.SQLite)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if err := d.Tx(b.Context(), adds(fmt.Sprint("tag", i))); err != nil {
			b.Fatal(err)
		}
	}
}

type tag struct {
	id          tagID
	name, shown string
	createdAt   int64
}

func scanTag(row db.Row) (t tag, err error) {
	err = row.Scan(&t.id, &t.name, &t.shown, &t.createdAt)
	return t, err
}

// BenchmarkReads reads rows by their keys: one, and twenty at once.
func BenchmarkReads(b *testing.B) {
	eachEngine(b, func(b *testing.B, engine db.Engine) {
		d := dbtest.Open(b, engine)
		var ids []tagID
		mustTx(b, d, func(tx *db.Tx) error {
			for i := range 10_000 {
				id, err := addTag(b.Context(), tx, fmt.Sprint("tag", i))
				if err != nil {
					return err
				}
				ids = append(ids, id)
			}
			return nil
		})
		b.Run("one", func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if _, err := db.One(b.Context(), d, scanTag, `SELECT id, name, shown, created_at FROM tags WHERE id = $1`, ids[i*7919%len(ids)]); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("twenty", func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				some := ids[i*7919%(len(ids)-20):][:20]
				if all, err := db.All(b.Context(), d, scanTag, `SELECT id, name, shown, created_at FROM tags WHERE id {in $1}`, some); err != nil || len(all) != 20 {
					b.Fatal(len(all), err)
				}
			}
		})
	})
}
