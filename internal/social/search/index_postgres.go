package search

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"anancus/internal/kit/db"
	"anancus/internal/social/id"
)

// postgresIndex is a GIN index, which gives what it finds in no order: a word of everyday would give
// half the table to be sorted. So every status has the stretches of time that its id lies in among
// its terms, and the index is asked for one stretch after the other, newest first, each longer than
// the one before. What was seldom in short stretches is not too much in the next longer one.
type postgresIndex struct{}

// Stretches are of 2^18 ms, a little over four minutes, and each longer kind is of eight of the one before, up to 17 years.
const (
	firstStretch = 18 // bits of a millisecond
	stretchBits  = 3
	stretchKinds = 8
	idBits       = 16 // of an id below its millisecond
)

func stretch(kind int, number int64) string {
	return stretchTerm + strconv.Itoa(kind) + strconv.FormatInt(number, numberBase)
}

// stretchOf numbers the stretch of a kind in which an id lies.
func stretchOf(kind int, status id.Status) int64 {
	return int64(status) >> (idBits + firstStretch + stretchBits*kind)
}

func (postgresIndex) put(ctx context.Context, tx *db.Tx, status id.Status, terms []string) error {
	_, err := db.Exec(ctx, tx, `INSERT INTO search_statuses (status_id, terms) VALUES ($1, array_to_tsvector(CAST($2 AS TEXT[])))
		ON CONFLICT (status_id) DO UPDATE SET terms = excluded.terms`, status, withStretches(status, terms))
	return err
}

func withStretches(status id.Status, terms []string) []string {
	terms = append(make([]string, 0, len(terms)+stretchKinds), terms...)
	for kind := range stretchKinds {
		terms = append(terms, stretch(kind, stretchOf(kind, status)))
	}
	return terms
}

func (postgresIndex) drop(ctx context.Context, tx *db.Tx, list []id.Status) error {
	_, err := db.Exec(ctx, tx, `DELETE FROM search_statuses WHERE status_id {in $1}`, list)
	return err
}

// The hits of a stretch are gathered before they are sorted, so that no plan walks over all statuses in their order instead.
const postgresFind = `WITH hits AS MATERIALIZED (SELECT status_id FROM search_statuses WHERE terms @@ CAST(CAST($1 AS TEXT) AS tsquery))
	SELECT status_id FROM hits WHERE status_id < $2 AND status_id > $3 ORDER BY status_id DESC LIMIT $4`

func (postgresIndex) find(ctx context.Context, q db.Q, w wish, below, above id.Status, limit int) ([]id.Status, error) {
	var found []id.Status
	for _, s := range stretches(below, above) {
		more, err := db.All(ctx, q, db.Value[id.Status], postgresFind, w.tsquery(s), below, above, limit-len(found))
		if err != nil {
			return nil, fmt.Errorf("search index: %w", err)
		}
		if found = append(found, more...); len(found) >= limit {
			break
		}
	}
	return found, nil
}

// stretches covers the ids below and above two bounds, newest first, by at most one step for each kind of stretch.
func stretches(below, above id.Status) [][]string {
	if below <= above+1 {
		return nil
	}
	var steps [][]string
	newest, oldest := below-1, max(above+1, 0)
	for kind := range stretchKinds {
		first := stretchOf(kind, newest)
		last := stretchOf(kind+1, newest) << stretchBits // the oldest of those that make up one of the next kind
		if kind == stretchKinds-1 {
			last = 0
		}
		last = max(last, stretchOf(kind, oldest))
		var step []string
		for n := first; n >= last; n-- {
			step = append(step, stretch(kind, n))
		}
		steps = append(steps, step)
		newest = id.Status(last<<(idBits+firstStretch+stretchBits*kind)) - 1
		if newest < oldest {
			break
		}
	}
	return steps
}

// tsquery writes a wish, and the stretches of time it is about, in the words of PostgreSQL. No term has a quote or a backslash.
func (w wish) tsquery(within []string) string {
	join := func(terms []string, between string) string { return `'` + strings.Join(terms, `'`+between+`'`) + `'` }
	text := "(" + join(within, "|") + ")"
	if len(w.all) > 0 {
		text += "&" + join(w.all, "&")
	}
	if len(w.one) > 0 {
		text += "&(" + join(w.one, "|") + ")"
	}
	if len(w.none) > 0 {
		text += "&!(" + join(w.none, "|") + ")"
	}
	return text
}
