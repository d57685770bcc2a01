package statuses

import (
	"context"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/db/dbtest"
	"anancus/internal/kit/heap/heaptest"
	"anancus/internal/social/id"
)

func TestFlagsAreReadOnceAndForgottenWhenTheyChange(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		r := newReaders(flagsOf)
		mark := func(n int64) {
			err := d.Tx(ctx, func(tx *db.Tx) error {
				now := clock.Milli(tx.Now())
				if _, err := db.Exec(ctx, tx, `INSERT INTO accounts (id, username, username_key, domain, uri, created_at, updated_at)
					VALUES (1, 'a', 'a', '', 'a', $1, $1) ON CONFLICT DO NOTHING`, now); err != nil {
					return err
				}
				if _, err := db.Exec(ctx, tx, `INSERT INTO statuses (id, uri, author_id, local, visibility, thread_id, created_at)
					VALUES ($1, $2, 1, TRUE, 'public', $1, $3)`, n, "s"+id.String(id.Status(n)), now); err != nil {
					return err
				}
				_, err := db.Exec(ctx, tx, `INSERT INTO bookmarks (id, account_id, status_id, created_at) VALUES ($1, 1, $1, $2)`, n, now)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		mark(5)
		look := func() map[id.Status]flags {
			got := map[id.Status]flags{}
			if err := r.of(ctx, d, 1, []id.Status{5, 6}, got); err != nil {
				t.Fatal(err)
			}
			return got
		}
		if got := look(); got[5] != bookmarked || got[6] != 0 {
			t.Fatalf("flags = %v", got)
		}
		before := d.Queries()
		look()
		if n := d.Queries() - before; n != 0 {
			t.Errorf("a second look ran %d statements", n)
		}
		mark(6)
		r.forget(1, 6)
		if got := look(); got[6] != bookmarked {
			t.Errorf("flags after a change = %v", got)
		}
	})
}

// remembering is a memory of readers, each of whom looks at so many statuses, and how often the database is asked for them.
func remembering(readers, each int) (r *readers[id.Status, flags], look func(tb testing.TB) (asked int)) {
	asked := 0
	r = newReaders(func(context.Context, db.Q, id.Account, []id.Status) (map[id.Status]flags, error) {
		asked++
		return nil, nil
	})
	return r, func(tb testing.TB) int {
		tb.Helper()
		asked = 0
		ids := make([]id.Status, each)
		for n := range readers {
			for i := range ids {
				ids[i] = id.Status(n + i + 1)
			}
			if err := r.of(tb.Context(), nil, id.Account(n+1), ids, map[id.Status]flags{}); err != nil {
				tb.Fatal(err)
			}
		}
		r.cache.CleanUp()
		return asked
	}
}

func TestFlagsOfThousandsOfReadersAreRemembered(t *testing.T) {
	_, look := remembering(5000, 60)
	if n := look(t); n != 5000 {
		t.Errorf("of 5,000 readers %d were asked for", n)
	}
	if n := look(t); n != 0 {
		t.Errorf("%d of 5,000 readers were forgotten", n)
	}
}

func TestWhatIsRememberedOfReadersIsBounded(t *testing.T) {
	for _, each := range []int{20, 60, 900} {
		before := heaptest.InUse()
		r, look := remembering(3*readersMemory/(readerBytes+knownBytes*each), each)
		look(t)
		took, counted := float64(heaptest.InUse()-before), float64(r.cache.WeightedSize())
		t.Logf("readers of %d statuses: %d remembered, %.1f MB, counted as %.1f MB", each, r.cache.EstimatedSize(), took/(1<<20), counted/(1<<20))
		if counted > readersMemory || counted < readersMemory*8/10 || took > 1.25*counted || took < 0.5*counted {
			t.Errorf("readers of %d statuses take %.0f bytes and are counted for %.0f of %d", each, took, counted, readersMemory)
		}
		runtime.KeepAlive(r)
	}
}

// crowd makes accounts 1 to all, of whom 1 is ours, and whatever else is said about the numbers i from 2 to $1, and tells the engine how much there is.
func crowd(t *testing.T, d *db.DB, all int64, rows ...string) {
	t.Helper()
	accounts := `INSERT INTO accounts (id, username, username_key, domain, uri, created_at, updated_at)
		SELECT i, CAST(i AS TEXT), CAST(i AS TEXT), 'a.example', CAST(i AS TEXT), 0, 0 FROM n UNION ALL SELECT 1, 'a', 'a', '', 'a', 0, 0`
	err := d.Tx(t.Context(), func(tx *db.Tx) error {
		for _, sql := range append([]string{accounts}, rows...) {
			if _, err := db.Exec(t.Context(), tx, `WITH RECURSIVE n (i) AS (SELECT CAST(2 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < $1) `+sql, all); err != nil {
				return err
			}
		}
		_, err := db.Exec(t.Context(), tx, dbtest.Analyze(d.Engine()))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestFlagsLookAtTheStatusesAndNotAtAllThatAReaderHas is for a reader with thousands of favourites and boosts, who follows thousands and whom thousands follow.
func TestFlagsLookAtTheStatusesAndNotAtAllThatAReaderHas(t *testing.T) {
	const all = 4000
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		crowd(t, d, all,
			`INSERT INTO follows (id, account_id, target_id, created_at, remote) SELECT i, 1, i, 0, TRUE FROM n WHERE i % 2 = 0`,
			`INSERT INTO follows (id, account_id, target_id, created_at, remote) SELECT $1 + i, i, 1, 0, TRUE FROM n WHERE i % 3 = 0`,
			`INSERT INTO statuses (id, uri, author_id, local, visibility, thread_id, created_at) SELECT i, CAST(i AS TEXT), i, FALSE, 'public', i % 100, 0 FROM n`,
			`INSERT INTO statuses (id, uri, author_id, local, visibility, thread_id, created_at, boost_of_id, boosted_author_id)
				SELECT $1 + i, CAST($1 + i AS TEXT), 1, TRUE, 'public', i % 100, 0, i, i FROM n WHERE i % 7 = 0`,
			`INSERT INTO favourites (id, account_id, status_id, created_at) SELECT i, 1, i, 0 FROM n WHERE i % 9 = 0
				UNION ALL SELECT $1 + i, i, i / 2 + 2, 0 FROM n WHERE i > 2`,
			`INSERT INTO bookmarks (id, account_id, status_id, created_at) SELECT i, 1, i, 0 FROM n WHERE i % 10 = 0
				UNION ALL SELECT $1 + i, i, i / 2 + 2, 0 FROM n WHERE i > 2`,
			`INSERT INTO thread_mutes (account_id, thread_id, created_at) SELECT 1, i, 0 FROM n WHERE i < 100 AND i % 5 = 0`,
		)
		ctx := t.Context()
		ids := []id.Status{7, 8, 9, 30, 1005}
		got, err := flagsOf(ctx, d, 1, ids)
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range []flags{boosted, follows, followedBack | favourited, follows | followedBack | muted | bookmarked, followedBack | muted} {
			if got[ids[i]] != want {
				t.Errorf("flags of %d = %b, want %b", ids[i], got[ids[i]], want)
			}
		}
		plan := dbtest.Plan(t, d, flagsSQL, id.Account(1), ids)
		// Both columns, or all of one reader's rows are walked over.
		for table, want := range map[string]struct {
			column string
			times  int
		}{"follows": {"target_id", 2}, "favourites": {"status_id", 1}, "bookmarks": {"status_id", 1}, "statuses": {"boost_of_id", 1}} {
			pairs := regexp.MustCompile(`SEARCH x USING (?:COVERING )?INDEX \S*` + table + `\S* \(\w+=\? AND ` + want.column + `[^)]*\)|on ` + table + ` x\w*\s+Index Cond: \(\(\w+ = .*\) AND \(` + want.column + ` .*\)\)`)
			if n := len(pairs.FindAllString(plan, -1)); n != want.times || strings.Count(plan, "on "+table+" x") > n {
				t.Errorf("%s are looked up by both columns %d times, want %d:\n%s", table, n, want.times, plan)
			}
		}
	})
}
