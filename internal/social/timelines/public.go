package timelines

import (
	"context"
	"fmt"
	"slices"

	"anancus/internal/kit/keyset"
	"anancus/internal/social/id"
)

// publicLimit is how many of the newest statuses of a public timeline stay in memory.
const publicLimit = 400

// publicList keeps the newest statuses of a public timeline.
type publicList struct {
	latest[candidate]
	local bool // only of our members
}

func newPublicList(local bool) *publicList {
	return &publicList{latest: latest[candidate]{limit: publicLimit,
		id: func(c *candidate) id.Status { return c.status }, shows: func(c *candidate, status id.Status) bool { return c.status == status }}, local: local}
}

// readPublic reads the newest rows, or, of a list that is open, the new ones.
func (s *Service) readPublic(ctx context.Context, l *publicList, open bool, noted []id.Status) (rows []candidate, floor id.Status, err error) {
	if open {
		list, err := candidates(ctx, s.db, noted)
		return onlyPublic(list, l.local), 0, err
	}
	list, err := publicBeyond(ctx, s.db, l.only(), false, newest, false, publicLimit)
	if len(list) == publicLimit {
		floor = list[len(list)-1].status - 1
	}
	return onlyPublic(list, l.local), floor, err
}

func (l *publicList) only() *bool {
	if l.local {
		return &l.local
	}
	return nil
}

func onlyPublic(list []candidate, local bool) []candidate {
	kept := make([]candidate, 0, len(list))
	for i := range list {
		if isPublic(&list[i]) && (!local || list[i].local) {
			kept = append(kept, list[i])
		}
	}
	return kept
}

// public reads a page of a public timeline for a reader: from memory as far as that reaches.
func (s *Service) public(ctx context.Context, l *publicList, r *facts, p keyset.Page) (found, error) {
	kept, floor, err := l.read(ctx, s.clock.Now(), func(ctx context.Context, open bool, noted []id.Status) ([]candidate, id.Status, error) {
		return s.readPublic(ctx, l, open, noted)
	})
	if err != nil {
		return found{}, fmt.Errorf("public timeline: %w", err)
	}
	w := s.publicWalk(l.only(), false, r)
	if p.Upward {
		if p.After < int64(floor) {
			return w.read(ctx, p)
		}
		var rows []entry
		for i := len(kept) - 1; i >= 0 && len(rows) < p.Limit && int64(kept[i].status) < p.Before; i-- {
			if int64(kept[i].status) > p.After && wantsPublic(r, &kept[i]) {
				rows = append(rows, entryOf(&kept[i]))
			}
		}
		slices.Reverse(rows)
		return foundOf(rows), nil
	}
	rows := make([]entry, 0, min(p.Limit, len(kept)))
	for i := range kept {
		if int64(kept[i].status) <= p.After || len(rows) == p.Limit {
			return foundOf(rows), nil
		}
		if int64(kept[i].status) < p.Before && wantsPublic(r, &kept[i]) {
			rows = append(rows, entryOf(&kept[i]))
		}
	}
	if len(rows) == p.Limit || floor == 0 || p.After >= int64(floor) {
		return foundOf(rows), nil
	}
	p.Before, p.Limit = min(p.Before, int64(floor)+1), p.Limit-len(rows)
	older, err := w.read(ctx, p)
	return joined(rows, older), err
}

// publicWalk reads a public timeline from the database; local nil is everybody's, media leaves out what shows none.
func (s *Service) publicWalk(local *bool, media bool, r *facts) walk {
	return walk{
		next: func(ctx context.Context, at id.Status, upward bool, limit int) ([]candidate, bool, error) {
			list, err := publicBeyond(ctx, s.db, local, media, at, upward, limit)
			return list, len(list) < limit, err
		},
		keep: func(_ context.Context, list []candidate) ([]entry, error) {
			return keepIf(list, func(c *candidate) bool { return isPublic(c) && wantsPublic(r, c) }), nil
		},
	}
}

// factsFor gives what decides what a viewer meets on shared timelines; nil for nobody in particular.
func (s *Service) factsFor(ctx context.Context, reader id.Account) (*facts, error) {
	if reader == 0 {
		return nil, nil
	}
	s.mu.Lock()
	f := s.feeds[homeOf(reader)]
	if f != nil {
		defer s.mu.Unlock()
		return f.facts, nil
	}
	s.mu.Unlock()
	found, err := s.readers.All([]id.Account{reader}, func([]id.Account) (map[id.Account]*facts, error) {
		r, err := loadFacts(ctx, s.db, homeOf(reader))
		return map[id.Account]*facts{reader: r}, err
	})
	return found[reader], err
}
