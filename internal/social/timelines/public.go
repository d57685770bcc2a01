package timelines

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"anancus/internal/kit/keyset"
	"anancus/internal/social/id"
)

// publicLimit is how many of the newest statuses of a public timeline stay in memory.
const publicLimit = 400

// publicList keeps the newest statuses of a public timeline, the same for every reader. New
// ones are only noted, and read in one query by whoever reads the timeline
// next, so that a post costs nothing here and a warm page asks nothing.
type publicList struct {
	local bool // only of our members

	mu      sync.Mutex
	open    bool        // entries hold everything above floor, but for what is noted
	rows    []candidate // newest first; replaced, never changed
	floor   id.Status   // 0: nothing is older
	used    time.Time
	noted   []id.Status // new since rows were read
	removed []id.Status // deleted while a reading went on
	reading chan struct{}
	moved   bool // what the reading finds is not to be kept
}

// add notes a new status.
func (l *publicList) add(status id.Status) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.open && l.reading == nil {
		return
	}
	if l.noted = append(l.noted, status); len(l.noted) > publicLimit {
		l.reset()
	}
}

// drop takes out a deleted status.
func (l *publicList) drop(status id.Status) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.reading != nil {
		l.removed = append(l.removed, status)
	}
	for i := range l.rows {
		if l.rows[i].status == status {
			l.rows = append(append(make([]candidate, 0, len(l.rows)), l.rows[:i]...), l.rows[i+1:]...)
			return
		}
	}
}

// reset drops what is kept; the caller holds mu.
func (l *publicList) reset() {
	l.open, l.rows, l.noted, l.moved = false, nil, nil, true
}

func (l *publicList) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.reset()
}

func (l *publicList) sweep(before time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open && l.used.Before(before) {
		l.reset()
	}
}

// newestRows gives the rows of a public timeline that are in memory, newest first, and the id above which they are all there are.
func (s *Service) newestRows(ctx context.Context, l *publicList) ([]candidate, id.Status, error) {
	for {
		l.mu.Lock()
		l.used = s.clock.Now()
		if l.open && len(l.noted) == 0 {
			defer l.mu.Unlock()
			return l.rows, l.floor, nil
		}
		if wait := l.reading; wait != nil {
			l.mu.Unlock()
			select {
			case <-wait:
				continue
			case <-ctx.Done():
				return nil, 0, ctx.Err()
			}
		}
		done := make(chan struct{})
		l.reading, l.moved, l.removed = done, false, nil
		before, noted, open := l.rows, l.noted, l.open
		l.noted = nil
		l.mu.Unlock()

		rows, floor, err := s.readPublic(ctx, l, open, noted)

		l.mu.Lock()
		switch {
		case err != nil:
			l.reset()
		case !l.moved && open:
			l.take(mergeRows(before, rows))
		case !l.moved:
			l.open, l.floor = true, floor
			l.take(rows)
		}
		l.reading, l.removed = nil, nil
		close(done)
		l.mu.Unlock()
		if err != nil {
			return nil, 0, fmt.Errorf("public timeline: %w", err)
		}
	}
}

// take keeps rows that were read, without what was deleted meanwhile.
func (l *publicList) take(rows []candidate) {
	kept := make([]candidate, 0, len(rows))
	for i := range rows {
		if rows[i].status > l.floor && !slices.Contains(l.removed, rows[i].status) {
			kept = append(kept, rows[i])
		}
	}
	if len(kept) > publicLimit {
		l.floor = kept[publicLimit].status
		kept = kept[:publicLimit]
	}
	l.rows = kept
}

// readPublic reads the newest rows, or, of a list that is open, the new ones.
func (s *Service) readPublic(ctx context.Context, l *publicList, open bool, noted []id.Status) (rows []candidate, floor id.Status, err error) {
	ctx = context.WithoutCancel(ctx) // others may wait for it
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

// mergeRows puts newly read rows among those of before, each once, newest first.
func mergeRows(before, more []candidate) []candidate {
	all := slices.Concat(before, more)
	slices.SortFunc(all, func(a, b candidate) int { return cmp.Compare(b.status, a.status) })
	return slices.CompactFunc(all, func(a, b candidate) bool { return a.status == b.status })
}

// public reads a page of a public timeline for a reader: from memory as far as that reaches.
func (s *Service) public(ctx context.Context, l *publicList, r *facts, p keyset.Page) (found, error) {
	kept, floor, err := s.newestRows(ctx, l)
	if err != nil {
		return found{}, err
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
	var rows []entry
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
	return loadFacts(ctx, s.db, homeOf(reader))
}
