package timelines

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"anancus/internal/social/id"
)

// latest keeps the newest rows of a timeline that is the same for every reader. New ones are only noted, and read in
// one query by whoever reads the timeline next, so that a post costs nothing here and a warm page asks nothing.
type latest[R any] struct {
	limit int                      // rows kept
	id    func(*R) id.Status       // by which they are sorted
	shows func(*R, id.Status) bool // whether a row is a status, or a boost of it

	mu      sync.Mutex
	open    bool      // rows hold everything above floor, but for what is noted
	rows    []R       // newest first; replaced, never changed
	floor   id.Status // 0: nothing is older
	used    time.Time
	noted   []id.Status // new since rows were read
	removed []id.Status // deleted while a reading went on
	reading chan struct{}
	moved   bool // what the reading finds is not to be kept
}

// reader reads the newest rows, newest first, with the id above which they are all there are; or, of a timeline that is
// open, those of the noted statuses that belong into it.
type reader[R any] func(ctx context.Context, open bool, noted []id.Status) (rows []R, floor id.Status, err error)

// add notes a new status.
func (l *latest[R]) add(status id.Status) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.note(status)
}

func (l *latest[R]) note(status id.Status) {
	if !l.open && l.reading == nil {
		return
	}
	if l.noted = append(l.noted, status); len(l.noted) > l.limit {
		l.reset()
	}
}

// drop takes out a deleted status, and the boosts of it.
func (l *latest[R]) drop(status id.Status) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.reading != nil {
		l.removed = append(l.removed, status)
	}
	l.strike(func(row R) bool { return l.shows(&row, status) })
}

// strike takes out rows; false when there are none. The caller holds mu.
func (l *latest[R]) strike(which func(R) bool) bool {
	if !slices.ContainsFunc(l.rows, which) {
		return false
	}
	l.rows = slices.DeleteFunc(slices.Clone(l.rows), which)
	return true
}

// again lets a status be read again that may be shown otherwise now.
func (l *latest[R]) again(status id.Status) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.reading != nil { // as it was, perhaps
		l.moved = true
		return
	}
	if l.strike(func(row R) bool { return l.id(&row) == status }) {
		l.note(status)
	}
}

// reset drops what is kept; the caller holds mu.
func (l *latest[R]) reset() {
	l.open, l.rows, l.noted, l.moved = false, nil, nil, true
}

func (l *latest[R]) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.reset()
}

func (l *latest[R]) sweep(before time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open && l.used.Before(before) {
		l.reset()
	}
}

// unused tells that nobody read it since.
func (l *latest[R]) unused(before time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.reading == nil && l.used.Before(before)
}

// read gives the rows that are in memory, newest first, and the id above which they are all there are.
func (l *latest[R]) read(ctx context.Context, now time.Time, from reader[R]) ([]R, id.Status, error) {
	for {
		l.mu.Lock()
		l.used = now
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

		rows, floor, err := from(context.WithoutCancel(ctx), open, noted) // others may wait for it

		l.mu.Lock()
		switch {
		case err != nil, l.moved:
			l.reset()
		case open:
			l.take(l.merged(before, rows))
		default:
			l.open, l.floor = true, floor
			l.take(rows)
		}
		l.reading, l.removed = nil, nil
		close(done)
		l.mu.Unlock()
		if err != nil {
			return nil, 0, err
		}
	}
}

// take keeps rows that were read, without what was deleted meanwhile.
func (l *latest[R]) take(rows []R) {
	kept := make([]R, 0, len(rows))
	for i := range rows {
		if l.id(&rows[i]) > l.floor && !slices.ContainsFunc(l.removed, func(status id.Status) bool { return l.shows(&rows[i], status) }) {
			kept = append(kept, rows[i])
		}
	}
	if len(kept) > l.limit {
		l.floor = l.id(&kept[l.limit])
		kept = kept[:l.limit]
	}
	l.rows = kept
}

// merged puts newly read rows among those of before, each once, newest first.
func (l *latest[R]) merged(before, more []R) []R {
	all := slices.Concat(more, before) // the sort is stable: what was read last stays
	slices.SortStableFunc(all, func(a, b R) int { return cmp.Compare(l.id(&b), l.id(&a)) })
	return slices.CompactFunc(all, func(a, b R) bool { return l.id(&a) == l.id(&b) })
}
