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
// its terms, and the index is asked for some of them after the other, newest first (descent).
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
	return int64(status) >> stretchSize(kind)
}

// stretchSize is how many bits of an id lie within a stretch of a kind.
func stretchSize(kind int) int { return idBits + firstStretch + stretchBits*kind }

// What a step of a walk read is kept with one statement.
const postgresPut = `INSERT INTO search_statuses (status_id, terms)
	SELECT x.id, array_to_tsvector(string_to_array(x.terms, ' ')) FROM unnest(CAST($1 AS BIGINT[]), CAST($2 AS TEXT[])) AS x(id, terms)
	ON CONFLICT (status_id) DO UPDATE SET terms = excluded.terms`

func (postgresIndex) put(ctx context.Context, tx *db.Tx, list []entry) error {
	ids, terms := make([]id.Status, len(list)), make([]string, len(list))
	for i, e := range list {
		ids[i], terms[i] = e.status, strings.Join(append(e.terms[:len(e.terms):len(e.terms)], stretches(e.status)...), " ")
	}
	_, err := db.Exec(ctx, tx, postgresPut, ids, terms)
	return err
}

// stretches are the terms of the time at which a status was made.
func stretches(status id.Status) []string {
	terms := make([]string, stretchKinds)
	for kind := range stretchKinds {
		terms[kind] = stretch(kind, stretchOf(kind, status))
	}
	return terms
}

func (postgresIndex) drop(ctx context.Context, tx *db.Tx, list []id.Status) error {
	_, err := db.Exec(ctx, tx, `DELETE FROM search_statuses WHERE status_id {in $1}`, list)
	return err
}

// postgresFind asks for statuses that fit so many conditions. Their hits are gathered before they are sorted, so that no plan walks over all
// statuses in their order instead.
func postgresFind(conditions int) string {
	var where strings.Builder
	for i := range conditions {
		if i > 0 {
			where.WriteString(" AND ")
		}
		fmt.Fprintf(&where, "terms @@ CAST(CAST($%d AS TEXT) AS tsquery)", i+4)
	}
	return `WITH hits AS MATERIALIZED (SELECT status_id FROM search_statuses WHERE ` + where.String() + `)
		SELECT status_id FROM hits WHERE status_id < $1 AND status_id > $2 ORDER BY status_id DESC LIMIT $3`
}

func (postgresIndex) find(ctx context.Context, q db.Q, w wish, below, above id.Status, limit int) ([]id.Status, error) {
	var found []id.Status
	for d := newDescent(below, above); !d.done(); {
		conditions := w.conditions(d.step(len(found), limit))
		args := []any{below, above, limit - len(found)}
		for _, one := range conditions {
			args = append(args, one)
		}
		more, err := db.All(ctx, q, db.Value[id.Status], postgresFind(len(conditions)), args...)
		if err != nil {
			return nil, fmt.Errorf("search index: %w", err)
		}
		if found = append(found, more...); len(found) >= limit {
			break
		}
	}
	return found, nil
}

// descent covers the ids below and above two bounds with stretches, newest first, in steps. What is seldom needs long ones, and what is
// common is found by thousands in them; so a step is as long as what was found so far says that a page still needs.
type descent struct {
	first, next, oldest id.Status // where it began; what is not covered yet, both included
	found               int       // before the last step
}

const (
	firstStep = 8 << (idBits + firstStretch) // ids: half an hour
	maxGrowth = 4                            // times what was walked over before, where little or nothing was found: there may be thousands from there on
	leastPart = 8                            // of a step: it ends where a stretch begins that is no longer
	minGrowth = 0.5                          // so that what ended suddenly is not walked after in small steps
)

func newDescent(below, above id.Status) *descent {
	return &descent{first: below - 1, next: below - 1, oldest: max(above+1, 0)}
}

func (d *descent) done() bool { return d.next < d.oldest }

// step gives the stretches that are asked for next, at least one, when so many were found of those that are wanted.
func (d *descent) step(found, wanted int) []string {
	walked, growth := float64(d.first-d.next), float64(maxGrowth)
	if found > d.found {
		growth = max(minGrowth, min(growth, 1.5*float64(wanted-found)/float64(found))) // half as much again, since it is a guess
	}
	d.found = found
	ids := max(growth*walked, firstStep)
	end := max(d.next-id.Status(min(ids, float64(d.next))), d.oldest)
	// It ends where a stretch begins that is no longer than an eighth of it, so that few of them make it up.
	least := 0
	for least < stretchKinds-1 && float64(int64(1)<<stretchSize(least+1)) <= ids/leastPart {
		least++
	}
	end = id.Status(stretchOf(least, end) << stretchSize(least))
	var step []string
	for d.next >= end {
		kind := 0
		for next := stretchSize(1); kind < stretchKinds-1 && (d.next+1)&(1<<next-1) == 0 && d.next-end+1 >= 1<<next; next = stretchSize(kind + 1) {
			kind++
		}
		number := stretchOf(kind, d.next)
		step = append(step, stretch(kind, number))
		d.next = id.Status(number<<stretchSize(kind)) - 1
	}
	return step
}

// maxConditions is how many words of a wish are conditions of their own; those beyond share one.
const maxConditions = 8

// conditions writes a wish, and the stretches of time it is about, in the words of PostgreSQL. A status must fit all of them. It is not one
// query of them all: between conditions the index leaps to where the other goes on, whereas within a query it goes through everything
// that is listed under the rarest word, however long ago. No term has a quote or a backslash.
func (w wish) conditions(within []string) []string {
	join := func(terms []string, between string) string { return `'` + strings.Join(terms, `'`+between+`'`) + `'` }
	time := "(" + join(within, "|") + ")"
	if len(w.none) > 0 {
		time += "&!(" + join(w.none, "|") + ")" // by itself it would be asked of all that is listed
	}
	list := []string{time}
	for i, term := range w.all {
		if i == maxConditions-1 {
			list = append(list, join(w.all[i:], "&"))
			break
		}
		list = append(list, join([]string{term}, ""))
	}
	if len(w.one) > 0 {
		list = append(list, join(w.one, "|"))
	}
	return list
}
