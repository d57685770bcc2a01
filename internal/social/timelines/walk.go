package timelines

import (
	"context"
	"slices"

	"anancus/internal/kit/keyset"
	"anancus/internal/social/id"
)

// walk reads a page from the database in steps: each takes a bounded number of rows
// by keyset, and a rule keeps some of them.
type walk struct {
	next  stretch
	keep  func(ctx context.Context, list []candidate) ([]entry, error) // in their order
	group int                                                          // how far back boosts are grouped; 0 where there are none
}

// stretch reads the next candidates beyond an id, about so many; over tells that there are no more.
type stretch func(ctx context.Context, at id.Status, upward bool, limit int) (list []candidate, over bool, err error)

// walkSteps bounds a page on which almost nothing is kept; the links lead on from where it ended.
const walkSteps = 8

// found is a page as it was read: entries newest first, and the ids its links lead on from.
type found struct {
	rows        []entry
	first, last id.Status // 0: there is nothing beyond
}

func foundOf(rows []entry) found {
	if len(rows) == 0 {
		return found{}
	}
	return found{rows, rows[0].status, rows[len(rows)-1].status}
}

// joined is a page whose newer part came from memory and whose older part was found in the database.
func joined(newer []entry, older found) found {
	all := found{append(newer, older.rows...), older.first, older.last}
	if len(newer) > 0 {
		all.first = newer[0].status
		if all.last == 0 {
			all.last = newer[len(newer)-1].status
		}
	}
	return all
}

func (w walk) read(ctx context.Context, p keyset.Page) (found, error) {
	if p.Upward {
		return w.up(ctx, p)
	}
	return w.down(ctx, p)
}

// step reads one bounded number of rows. over tells that there are no more.
func (w walk) step(ctx context.Context, at id.Status, upward bool, limit int) (kept []entry, end id.Status, over bool, err error) {
	list, over, err := w.next(ctx, at, upward, limit)
	if err != nil || len(list) == 0 {
		return nil, at, true, err
	}
	kept, err = w.keep(ctx, list)
	return kept, list[len(list)-1].status, over, err
}

func (w walk) down(ctx context.Context, p keyset.Page) (found, error) {
	limit := 2*p.Limit + w.group
	at := id.Status(p.Before)
	var kept []entry
	for n := 1; ; n++ {
		more, end, over, err := w.step(ctx, at, false, limit)
		if err != nil {
			return found{}, err
		}
		kept, at = append(kept, more...), end
		over = over || n == walkSteps
		rows, enough := w.newestFirst(kept, p, over)
		if enough {
			return foundOf(rows), nil
		}
		if over {
			out := foundOf(rows)
			if n == walkSteps && int64(at) > p.After+1 {
				out.last = at
				if out.first == 0 {
					out.first = at
				}
			}
			return out, nil
		}
		if int64(at) <= p.After && (w.group == 0 || len(kept) == 0) {
			return foundOf(rows), nil
		}
	}
}

// newestFirst gives the rows of a page that can be decided on; enough tells that it ends there. The last
// entries are not decided on while older ones, which they may be grouped with, have not been read.
func (w walk) newestFirst(kept []entry, p keyset.Page, over bool) (rows []entry, enough bool) {
	oldestFirst := slices.Clone(kept)
	slices.Reverse(oldestFirst)
	for i := len(oldestFirst) - 1; i >= 0; i-- {
		e := oldestFirst[i]
		switch {
		case int64(e.status) <= p.After:
			return rows, true
		case !over && i < w.group:
			return rows, false
		case grouped(oldestFirst, i, w.group, itself):
			continue
		}
		if rows = append(rows, e); len(rows) == p.Limit {
			return rows, true
		}
	}
	return rows, false
}

func (w walk) up(ctx context.Context, p keyset.Page) (found, error) {
	limit := 2*p.Limit + w.group
	var line []entry // oldest first, beginning with what the page's boosts may be grouped with
	if w.group > 0 {
		at := id.Status(p.After) + 1
		for n, over := 1, false; !over && n <= walkSteps && len(line) < w.group; n++ {
			var more []entry
			var err error
			if more, at, over, err = w.step(ctx, at, false, limit); err != nil {
				return found{}, err
			}
			line = append(line, more...)
		}
		slices.Reverse(line)
	}
	at := id.Status(p.After)
	var rows []entry
	for n := 1; ; n++ {
		from := len(line)
		more, end, over, err := w.step(ctx, at, true, limit)
		if err != nil {
			return found{}, err
		}
		line, at = append(line, more...), end
		for i := from; i < len(line); i++ {
			if int64(line[i].status) >= p.Before {
				over = true
				break
			}
			if grouped(line, i, w.group, itself) {
				continue
			}
			if rows = append(rows, line[i]); len(rows) == p.Limit {
				over = true
				break
			}
		}
		if over || n == walkSteps {
			slices.Reverse(rows)
			out := foundOf(rows)
			if !over && out.first < at {
				out.first = at
				if out.last == 0 {
					out.last = at
				}
			}
			return out, nil
		}
	}
}
