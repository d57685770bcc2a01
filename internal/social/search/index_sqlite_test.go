package search

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"anancus/internal/kit/db"
	"anancus/internal/kit/db/dbtest"
	"anancus/internal/social/id"
)

// TestSmallPartsOfTheIndexAreMerged posts one status after the other, as members do: each word of a search is looked for in each part.
func TestSmallPartsOfTheIndexAreMerged(t *testing.T) {
	d := dbtest.Open(t, db.SQLite)
	random := rand.New(rand.NewPCG(1, 2))
	x := &liteIndex{}
	parts, words := make([]int64, 0, 600), map[string][]id.Status{}
	for i := id.Status(1); i <= 600; i++ {
		terms := []string{publicTerm, fmt.Sprint("even", i%2)}
		for range 12 {
			terms = append(terms, fmt.Sprint("w", int(3000*random.Float64()*random.Float64())))
		}
		slices.Sort(terms)
		terms = slices.Compact(terms)
		for _, one := range terms {
			words[one] = append([]id.Status{i}, words[one]...)
		}
		if err := d.Tx(t.Context(), func(tx *db.Tx) error { return x.put(context.Background(), tx, []entry{{i, terms}}) }); err != nil {
			t.Fatal(err)
		}
		n, err := db.One(t.Context(), d, db.Int64, `SELECT COUNT(DISTINCT segid) FROM search_statuses_idx`)
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, n)
	}
	for word, want := range words {
		got, err := x.find(t.Context(), d, wish{all: []string{word}}, 1<<40, 0, 1000)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s finds %v, %v, want %v", word, got, err, want)
		}
	}
	last := parts[200:]
	slices.Sort(last)
	t.Logf("parts: %d in the middle, %d at most", last[len(last)/2], last[len(last)-1])
	if middle, most := last[len(last)/2], last[len(last)-1]; middle > 7 || most > 10 {
		t.Errorf("the index has %d parts in the middle and %d at most", middle, most)
	}
}
