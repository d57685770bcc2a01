package timelines

import (
	"context"
	"errors"
	"fmt"

	"anancus/internal/kit/keyset"
	"anancus/internal/social/id"
)

// home reads a page of a reader's home feed: from memory as far as that reaches, from the database beyond.
func (s *Service) home(ctx context.Context, reader id.Account, p keyset.Page) (found, error) {
	err := s.open(ctx, reader)
	if err != nil && !errors.Is(err, errOvertaken) {
		return found{}, err
	}
	s.mu.Lock()
	f := s.feeds[reader]
	if f == nil { // closed again at once, or changed faster than it could be built
		s.mu.Unlock()
		r, err := loadFacts(ctx, s.db, reader)
		if err != nil {
			return found{}, fmt.Errorf("what home feed depends on: %w", err)
		}
		return s.homeWalk(r).read(ctx, p)
	}
	s.touch(f)
	rows, rest := f.page(p)
	r := f.facts
	s.mu.Unlock()
	if rest.Limit == 0 {
		return foundOf(rows), nil
	}
	older, err := s.homeWalk(r).read(ctx, rest)
	if err != nil {
		return found{}, err
	}
	return joined(rows, older), nil
}

// homeWalk reads a home feed from the database.
func (s *Service) homeWalk(r *facts) walk {
	return walk{
		group: s.bounds.group,
		next: func(ctx context.Context, at id.Status, upward bool, limit int) ([]candidate, error) {
			list, err := byAuthors(ctx, s.db, r.sources(), at, upward, limit)
			if err != nil {
				return nil, fmt.Errorf("older page of home: %w", err)
			}
			return list, nil
		},
		keep: func(ctx context.Context, list []candidate) ([]entry, error) {
			if err := s.addHidden(ctx, r, list); err != nil {
				return nil, err
			}
			return keepIf(list, func(c *candidate) bool { return wants(r, c) }), nil
		},
	}
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
