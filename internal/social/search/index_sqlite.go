package search

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"

	"anancus/internal/kit/db"
	"anancus/internal/social/id"
)

// liteIndex is a table of FTS5 whose rowids are the ids of statuses: it is read from its end, and
// stops as soon as a page is full.
type liteIndex struct {
	parts atomic.Int64 // written since they were merged last
}

// Every transaction leaves a part of the index behind, however small, and a search looks for each of its words in each part. By itself
// FTS5 puts parts together only when there are sixteen, or when it wrote many pages: a server whose members post now and then would
// mostly have more small parts than large ones. So they are put together by the four, as it does with larger ones.
const (
	partsMerged = 4
	pagesMerged = 8 // at most at a time; two for each part are enough to keep up with larger parts too
	liteMerge   = `INSERT INTO search_statuses (search_statuses, rank) VALUES ('merge', $1)`
)

func (x *liteIndex) put(ctx context.Context, tx *db.Tx, list []entry) error {
	for _, e := range list {
		if _, err := db.Exec(ctx, tx, `INSERT OR REPLACE INTO search_statuses (rowid, terms) VALUES ($1, $2)`, e.status, strings.Join(e.terms, " ")); err != nil {
			return err
		}
	}
	if x.parts.Add(1)%partsMerged != 0 {
		return nil
	}
	_, err := db.Exec(ctx, tx, liteMerge, pagesMerged)
	return err
}

func (*liteIndex) drop(ctx context.Context, tx *db.Tx, list []id.Status) error {
	_, err := db.Exec(ctx, tx, `DELETE FROM search_statuses WHERE rowid {in $1}`, list)
	return err
}

const liteFind = `SELECT rowid FROM search_statuses WHERE search_statuses MATCH $1 AND rowid < $2 AND rowid > $3 ORDER BY rowid DESC LIMIT $4`

func (*liteIndex) find(ctx context.Context, q db.Q, w wish, below, above id.Status, limit int) ([]id.Status, error) {
	found, err := db.All(ctx, q, db.Value[id.Status], liteFind, w.match(), below, above, limit)
	if err != nil {
		return nil, fmt.Errorf("search index: %w", err)
	}
	return found, nil
}

// match writes a wish in the words of FTS5.
func (w wish) match() string {
	quote := func(terms []string, between string) string {
		if len(terms) == 0 {
			return ""
		}
		return `("` + strings.Join(terms, `"`+between+`"`) + `")`
	}
	parts := make([]string, 0, 2)
	for _, part := range []string{quote(w.all, " AND "), quote(w.one, " OR ")} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	text := strings.Join(parts, " AND ")
	if len(w.none) > 0 {
		text = "(" + text + ") NOT " + quote(w.none, " OR ")
	}
	return text
}
