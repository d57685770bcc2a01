package search

import (
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
			for _, step := range stretches(1<<60, 0) {
				sql := strings.Replace(postgresFind, "$1", "'"+strings.ReplaceAll(w.tsquery(step), "'", "''")+"'", 1)
				sql = strings.NewReplacer("$2", "$1", "$3", "$2", "$4", "$3").Replace(sql)
				plan := dbtest.Plan(t, d, sql, int64(1)<<60, int64(0), 40)
				if !strings.Contains(plan, "Bitmap Index Scan on search_statuses_by_term") {
					t.Errorf("the index is not asked:\n%s", plan)
				}
			}
		}
		if d.Engine() == db.Postgres {
			return // of empty tables PostgreSQL rather reads everything; the joins below are by keys, as SQLite shows
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
