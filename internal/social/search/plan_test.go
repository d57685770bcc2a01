package search

import (
	"fmt"
	"strings"
	"testing"

	"anancus/internal/kit/db"
	"anancus/internal/kit/db/dbtest"
	"anancus/internal/social/id"
)

// TestNothingSearchReadsGrowsWithTheServer reads the plans of what one search asks.
func TestNothingSearchReadsGrowsWithTheServer(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := wish{all: []string{"東京"}, one: []string{publicTerm, accountTerm(readerTerm, 7)}}
		if d.Engine() == db.SQLite {
			plan := dbtest.Plan(t, d, liteFind, w.match(), 1<<60, 0, 40)
			if !strings.Contains(plan, "VIRTUAL TABLE INDEX") || !strings.Contains(plan, ":M") || strings.Contains(plan, "TEMP B-TREE") {
				t.Errorf("the index is not read in its order:\n%s", plan)
			}
		} else {
			for down := newDescent(1<<60, 0); !down.done(); {
				conditions := w.conditions(down.step(0, 40))
				sql := postgresFind(len(conditions))
				for i, one := range conditions {
					sql = strings.Replace(sql, fmt.Sprintf("$%d", i+4), "'"+strings.ReplaceAll(one, "'", "''")+"'", 1)
				}
				plan := dbtest.Plan(t, d, sql, int64(1)<<60, int64(0), 40)
				if !strings.Contains(plan, "Bitmap Index Scan on search_statuses_by_term") || strings.Count(plan, "(terms @@ ") < len(conditions) {
					t.Errorf("the index is not asked:\n%s", plan)
				}
			}
		}
		list := []id.Status{1, 2, 3}
		for _, one := range []struct {
			sql  string
			args []any
		}{
			{foundSQL, []any{list, id.Account(1), true, true, int64(0)}},
			{documentsSQL, []any{list, crowd}},
			{librarySQL, []any{list, crowd}},
			{tagsSQL, []any{"a", "b", 20, true}},
			{`SELECT id FROM statuses WHERE id < $1 ORDER BY id DESC LIMIT $2`, []any{int64(9), walkStep}},
			{`SELECT id FROM statuses WHERE author_id = $3 AND id < $1 ORDER BY id DESC LIMIT $2`, []any{int64(9), walkStep, int64(1)}},
		} {
			dbtest.NoScan(t, d, one.sql, one.args...)
		}
	})
}

// crowd20k fills the tables that decide on what was found, as they are on a server that has been read for a while.
func crowd20k(t *testing.T, d *db.DB) {
	t.Helper()
	const count = `WITH RECURSIVE n (i) AS (SELECT CAST($1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < $2) `
	text := func(of string) string { return "'x' || CAST(" + of + " AS TEXT)" }
	for _, one := range []struct {
		sql      string
		from, to int
	}{
		{`INSERT INTO accounts (id, username, username_key, domain, uri, created_at, updated_at, indexable) SELECT i, ` + text("i") + `, ` + text("i") + `, 'd' || CAST(i % 50 AS TEXT), ` + text("i") + `, 0, 0, i % 2 = 0 FROM n`, 1, 2000},
		{`INSERT INTO statuses (id, uri, author_id, local, visibility, thread_id, created_at, boost_of_id, boosted_author_id) SELECT i, ` + text("i") + `, i % 2000 + 1, i % 4 = 0, 'public', i, 0,
			CASE WHEN i % 5 = 4 AND i > 100 THEN i - 50 END, CASE WHEN i % 5 = 4 AND i > 100 THEN (i - 50) % 2000 + 1 END FROM n`, 1, 20000},
		{`INSERT INTO mentions (id, status_id, account_id) SELECT i, i, i % 100 + 1 FROM n`, 1, 5000},
		{`INSERT INTO favourites (id, account_id, status_id, created_at) SELECT i, i % 100 + 1, i, 0 FROM n`, 1, 5000},
		{`INSERT INTO bookmarks (id, account_id, status_id, created_at) SELECT i, i % 100 + 1, i, 0 FROM n`, 1, 5000},
		{`INSERT INTO blocks (id, account_id, target_id, created_at) SELECT i, i % 100 + 1, i, 0 FROM n`, 1, 2000},
		{`INSERT INTO mutes (id, account_id, target_id, created_at) SELECT i, i % 100 + 1, i, 0 FROM n`, 1, 2000},
		{`INSERT INTO account_domain_blocks (id, account_id, domain, created_at) SELECT i, i, 'd1', 0 FROM n`, 1, 2000},
		{`INSERT INTO follows (id, account_id, target_id, created_at) SELECT i, i % 100 + 1, i / 10 + 1, 0 FROM n`, 1, 5000},
		{`INSERT INTO polls (status_id, round, options, created_at) SELECT i * 10, 1, '[]', 0 FROM n`, 1, 2000},
		{`INSERT INTO poll_votes (id, status_id, round, account_id, choices, created_at) SELECT i, (i % 2000 + 1) * 10, 1, i / 2000 + 1, 1, 0 FROM n`, 0, 9999},
	} {
		if err := d.Tx(t.Context(), func(tx *db.Tx) error { _, err := db.Exec(t.Context(), tx, count+one.sql, one.from, one.to); return err }); err != nil {
			t.Fatalf("%s: %v", one.sql, err)
		}
	}
	if err := d.Tx(t.Context(), func(tx *db.Tx) error { _, err := db.Exec(t.Context(), tx, dbtest.Analyze(d.Engine())); return err }); err != nil {
		t.Fatal(err)
	}
}

// TestWhatIsProposedIsDecidedByKeys reads the plan that PostgreSQL really takes where it knows how much there is.
func TestWhatIsProposedIsDecidedByKeys(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		crowd20k(t, d)
		proposed := make([]id.Status, moreHits)
		for i := range proposed {
			proposed[i] = id.Status(60*i + 1)
		}
		args := []any{proposed, id.Account(7), true, true, int64(0)}
		dbtest.NoScan(t, d, foundSQL, args...)
		if d.Engine() != db.Postgres {
			return
		}
		lines, err := db.All(t.Context(), d, db.Text, `EXPLAIN (COSTS OFF) `+foundSQL, args...)
		if err != nil {
			t.Fatal(err)
		}
		if plan := strings.Join(lines, "\n"); strings.Contains(plan, "Seq Scan") || strings.Contains(plan, "hashed SubPlan") || strings.Contains(plan, "Hash ") {
			t.Errorf("it reads more than what was proposed:\n%s", plan)
		}
	})
}
