package timelines

import (
	"context"
	"fmt"
	"testing"
	"time"

	"anancus/internal/kit/db"
	"anancus/internal/kit/db/dbtest"
	"anancus/internal/kit/keyset"
	"anancus/internal/social/id"
)

type pageOf = keyset.Page

// crowd makes n statuses of 200 authors, the first of whom wrote half of them, and one reader who follows them all.
func (w *world) crowd(n int) {
	w.tb.Helper()
	const authors = 200
	w.people(authors + 1)
	ctx := context.Background()
	w.do(nil, func(tx *db.Tx) error {
		for i := range 2000 { // others', among which the reader's are few
			if _, err := db.Exec(ctx, tx, `INSERT INTO follows (id, account_id, target_id, created_at) VALUES ($1,$2,$3,0)`, 1000+i, 2+i%100, 110+i/100); err != nil {
				return err
			}
		}
		for i := range authors {
			if _, err := db.Exec(ctx, tx, `INSERT INTO follows (id, account_id, target_id, created_at) VALUES ($1,1,$2,0)`, i+1, i+2); err != nil {
				return err
			}
		}
		for i := range 1000 { // lists, ten of the reader's among them
			if _, err := db.Exec(ctx, tx, `INSERT INTO lists (id, account_id, title, exclusive, created_at) VALUES ($1,$2,'A list',TRUE,0)`, i+1, 1+i%100); err != nil {
				return err
			}
			if _, err := db.Exec(ctx, tx, `INSERT INTO list_members (list_id, account_id, follow_id, created_at) VALUES ($1,$2,$3,0)`, i+1, 2+i%199, 1+i%199); err != nil {
				return err
			}
		}
		return nil
	})
	const count = `WITH RECURSIVE n (i) AS (SELECT CAST($1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < $2) `
	for from := 0; from < n; from += 5000 {
		to := min(from+5000, n) - 1
		w.exec(nil, count+`INSERT INTO statuses (id, uri, author_id, local, visibility, thread_id, created_at, boost_of_id, boosted_author_id)
			SELECT 100000 + i, 'https://x.example/s/' || CAST(i AS TEXT), CASE WHEN i % 2 = 0 THEN 3 + i / 2 % 199 ELSE 2 END, i % 4 = 0, 'public', i, 0,
				CASE WHEN i % 10 = 9 THEN 100000 + i - 5 END, CASE WHEN i % 10 = 9 THEN 3 + (i - 5) / 2 % 199 END FROM n`, from, to)
		w.exec(nil, count+`INSERT INTO status_tags (tag_id, status_id) SELECT i % 3 + 1, 100000 + i FROM n WHERE i % 10 <> 9`, from, to)
	}
	analyze := dbtest.Analyze(w.d.Engine())
	if err := w.d.Tx(ctx, func(tx *db.Tx) error { _, err := db.Exec(ctx, tx, analyze); return err }); err != nil {
		w.tb.Fatal(err)
	}
}

func (w *world) makeTags() {
	for i := 1; i <= 3; i++ {
		w.exec(nil, `INSERT INTO tags (id, name, shown, created_at) VALUES ($1,$2,$2,0)`, i, fmt.Sprint("tag", i))
	}
}

func TestEveryListIsServedByAnIndex(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.makeTags()
		w.crowd(20000)
		r, err := loadFacts(t.Context(), d, homeOf(1))
		if err != nil {
			t.Fatal(err)
		}
		for _, upward := range []bool{false, true} {
			dbtest.NoScan(t, d, merged[spelling{d.Engine(), false, upward}], mergedArgs(d.Engine(), r.sources(), 110000, 100)...)
			dbtest.NoScan(t, d, merged[spelling{d.Engine(), true, upward}], mergedArgs(d.Engine(), []id.Tag{1, 2}, 110000, 100)...)
		}
		dbtest.NoScan(t, d, publicSQL(` AND f.id < $1`, ` DESC`), newest, 100)
		dbtest.NoScan(t, d, publicSQL(` AND f.id > $1 AND f.local = $3`, ` ASC`), 0, 100, true)
		dbtest.NoScan(t, d, linkedSQL(` AND f.status_id < $2`, ` DESC`), 1, newest, 100)
		dbtest.NoScan(t, d, linkedSQL(` AND f.status_id > $2`, ` ASC`), 1, 0, 100)
		dbtest.NoScan(t, d, discoverableSQL, []id.Account{1, 2})
		dbtest.NoScan(t, d, withAnswers, 110000)
		dbtest.NoScan(t, d, byIDs, []id.Status{110000, 110001})
		dbtest.NoScan(t, d, mentionsSQL+` AND m.account_id {in $2}`, []id.Status{110000}, []id.Account{1})
		dbtest.NoScan(t, d, mentioningSQL, 1, []id.Status{110000})
		dbtest.NoScan(t, d, factsSQL, 1)
		dbtest.NoScan(t, d, wishSQL, 1, 2)
		dbtest.NoScan(t, d, writtenLately, 1, 120)
		dbtest.NoScan(t, d, writtenAmong, 1, []id.Status{110000})
		dbtest.NoScan(t, d, namedSQL, 1, []id.Status{110000})
		dbtest.NoScan(t, d, carriedSQL, []id.Status{110000}, []id.Tag{1})
		about := aboutSQLite
		if d.Engine() == db.Postgres {
			about = aboutPostgres
		}
		dbtest.NoScan(t, d, about, r.sources(), 119000, 2, 200)

		for name, do := range map[string]func() error{
			"home":            func() error { _, err := byAuthors(t.Context(), d, r.sources(), newest, false, 800); return err },
			"home, far down":  func() error { _, err := byAuthors(t.Context(), d, r.sources(), 101000, false, 100); return err },
			"public":          func() error { _, err := publicBeyond(t.Context(), d, nil, false, newest, false, 100); return err },
			"tags":            func() error { _, err := byTags(t.Context(), d, []id.Tag{1, 2}, newest, false, 100); return err },
			"about one":       func() error { _, err := aboutOne(t.Context(), d, r, 119000); return err },
			"status, answers": func() error { _, err := candidateAndAnswers(t.Context(), d, 110000); return err },
		} {
			_ = do()
			began := time.Now()
			if err := do(); err != nil {
				t.Error(err)
			}
			t.Logf("%s: %v", name, time.Since(began))
		}
	})
}

func aboutOne(ctx context.Context, q db.Q, r *facts, floor id.Status) ([]candidate, error) {
	return about(ctx, q, r.sources(), floor, 2, 200)
}

func BenchmarkWarmHome(b *testing.B) {
	w := newWorld(b, dbtest.Open(b, db.SQLite))
	w.makeTags()
	w.crowd(5000)
	w.page(w.Service, 1, keyset.First(20))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := w.Service.own(b.Context(), homeOf(1), keyset.First(20)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkColdHome(b *testing.B) {
	for _, n := range []int{5000, 100000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			w := newWorld(b, dbtest.Open(b, db.SQLite))
			w.makeTags()
			w.crowd(n)
			b.ReportAllocs()
			for b.Loop() {
				w.Forget()
				if _, err := w.Service.own(b.Context(), homeOf(1), keyset.First(20)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkOnePostToManyFeeds is what a live insert costs when a thousand readers have open feeds.
func BenchmarkOnePostToManyFeeds(b *testing.B) {
	w := newWorld(b, dbtest.Open(b, db.SQLite))
	for reader := id.Account(1); reader <= 1000; reader++ {
		f := &feed{bounds: usual, facts: &facts{reader: reader, follows: people{5000}}}
		for i := range 800 {
			f.put(entry{status: id.Status(i + 1), author: 5000})
		}
		w.register(f)
	}
	n := id.Status(10000)
	b.ReportAllocs()
	for b.Loop() {
		n++
		c := candidate{status: n, author: 5000, visibility: "public"}
		w.mu.Lock()
		for _, f := range w.byAuthor[c.author] {
			if wants(f.facts, &c) {
				f.put(entryOf(&c))
			}
		}
		w.mu.Unlock()
	}
}
