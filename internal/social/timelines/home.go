package timelines

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"anancus/internal/kit/keyset"
	"anancus/internal/social/id"
)

// own reads a page of one of a reader's own feeds: from memory as far as that reaches, from the database beyond.
func (s *Service) own(ctx context.Context, k key, p keyset.Page) (found, error) {
	err := s.open(ctx, k)
	if err != nil && !errors.Is(err, errOvertaken) && (k.list == 0 || !errors.Is(err, errBusy)) {
		return found{}, err
	}
	s.mu.Lock()
	f := s.feeds[k]
	if f == nil { // closed again at once, or changed faster than it could be built
		s.mu.Unlock()
		r, err := loadFacts(ctx, s.db, k)
		if err != nil {
			return found{}, fmt.Errorf("what a feed depends on: %w", err)
		}
		return s.ownWalk(r).read(ctx, p)
	}
	s.touch(f)
	rows, rest := f.page(p)
	r := f.facts
	s.mu.Unlock()
	if rest.Limit == 0 {
		return foundOf(rows), nil
	}
	older, err := s.ownWalk(r).read(ctx, rest)
	if err != nil {
		return found{}, err
	}
	return joined(rows, older), nil
}

// ownWalk reads a feed from the database.
func (s *Service) ownWalk(r *facts) walk {
	return walk{
		group: s.bounds.group,
		next:  s.sourcesOf(r),
		keep: func(ctx context.Context, list []candidate) ([]entry, error) {
			if err := s.complete(ctx, r, list); err != nil {
				return nil, err
			}
			return keepIf(list, func(c *candidate) bool { return wants(r, c) }), nil
		},
	}
}

// sourcesOf reads what a feed is made of: the statuses of authors, and those with followed hashtags, in one line.
func (s *Service) sourcesOf(r *facts) stretch {
	return func(ctx context.Context, at id.Status, upward bool, limit int) ([]candidate, bool, error) {
		list, err := byAuthors(ctx, s.db, r.sources(), at, upward, limit)
		if err != nil {
			return nil, true, fmt.Errorf("authors of a feed: %w", err)
		}
		tags := r.heardTags()
		if len(tags) == 0 {
			return list, len(list) < limit, nil
		}
		more, err := byTags(ctx, s.db, tags, at, upward, limit)
		if err != nil {
			return nil, true, fmt.Errorf("hashtags of a feed: %w", err)
		}
		line, over := zip(list, more, upward, limit)
		return line, over, nil
	}
}

// zip puts two lines, of which at most limit was read each, into one without repeats. It reaches no further
// than both do, so that nothing is missing in it.
func zip(one, other []candidate, upward bool, limit int) (line []candidate, over bool) {
	before := func(a, b id.Status) int {
		if upward {
			return cmp.Compare(a, b)
		}
		return cmp.Compare(b, a)
	}
	line = slices.Concat(one, other)
	slices.SortStableFunc(line, func(a, b candidate) int { return before(a.status, b.status) })
	line = slices.CompactFunc(line, func(a, b candidate) bool { return a.status == b.status })
	over = true
	for _, part := range [][]candidate{one, other} {
		if len(part) < limit {
			continue
		}
		end := part[len(part)-1].status
		beyond := slices.IndexFunc(line, func(c candidate) bool { return before(c.status, end) > 0 })
		if beyond >= 0 {
			line = line[:beyond]
		}
		over = false
	}
	if len(line) > limit {
		return line[:limit], false
	}
	return line, over
}

func keepIf(list []candidate, rule func(c *candidate) bool) []entry {
	kept := make([]entry, 0, len(list))
	for i := range list {
		if rule(&list[i]) {
			kept = append(kept, entryOf(&list[i]))
		}
	}
	return kept
}
