// Package keyset pages through lists by the ids of their rows, as Mastodon's API
// does, so that page 5,000 costs what page 1 costs.
package keyset

import (
	"math"
	"slices"
	"strconv"

	"anancus/internal/kit/rest"
)

// Page is one request for a part of a list, newest first: rows with ids below
// Before and above After. Upward asks for the rows next to After instead of the newest (min_id).
type Page struct {
	Before, After int64
	Upward        bool
	Limit         int
}

// First is the newest page.
func First(limit int) Page { return Page{Before: math.MaxInt64, Limit: limit} }

// Order is the SQL order of the page's rows; Arrange turns upward pages round.
func (p Page) Order() string {
	if p.Upward {
		return "ASC"
	}
	return "DESC"
}

// Arrange puts rows fetched in p.Order newest first.
func Arrange[T any](p Page, rows []T) []T {
	if p.Upward {
		slices.Reverse(rows)
	}
	return rows
}

// Read takes max_id, since_id, min_id and limit from a call. What is no id is ignored, as Mastodon does.
func Read[V any](c *rest.Call[V], fallback, max int) Page {
	p := First(c.Limit(fallback, max))
	if n := asked(c, "max_id"); n > 0 {
		p.Before = n
	}
	if n := asked(c, "since_id"); n > 0 {
		p.After = n
	}
	if n := asked(c, "min_id"); n > 0 {
		p.After, p.Upward = n, true
	}
	return p
}

func asked[V any](c *rest.Call[V], name string) int64 {
	text := c.Query(name)
	if text == "" {
		return 0
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// Previous is the parameter by which a list's prev link leads to newer rows.
type Previous string

// The two ways of Mastodon; which list has which is in the reference, not in logic.
const (
	ByMinID   Previous = "min_id"
	BySinceID Previous = "since_id"
)

// Answer makes the page's answer: rows, and links made of the ids of the first and last row fetched.
// An empty page has no links. Whole tells that a list ends with a page that is not
// full; timelines and notifications always offer next, since rows may have been hidden.
func Answer[V any](c *rest.Call[V], p Page, rows any, fetched int, first, last int64, prev Previous, whole bool) rest.Slice {
	s := rest.Slice{Rows: rows}
	if fetched == 0 {
		return s
	}
	q := c.R.URL.Query()
	for _, name := range []string{"max_id", "since_id", "min_id"} {
		q.Del(name)
	}
	link := func(name string, at int64) string {
		q.Set(name, strconv.FormatInt(at, 10))
		defer q.Del(name)
		return c.URLWith(q)
	}
	if !whole || fetched >= p.Limit {
		s.Next = link("max_id", last)
	}
	s.Prev = link(string(prev), first)
	return s
}
