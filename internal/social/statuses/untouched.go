package statuses

import (
	"context"
	"sync"

	"anancus/internal/social/id"
)

// Bounds of what is known of new statuses.
const (
	maxUntouched = 4096    // statuses, the newest
	maxTouches   = 100_000 // of theirs; past it everything is forgotten, and flags are read
)

// untouched knows, of the newest statuses that begin a thread, who did anything with them. When somebody with thousands of readers writes,
// each of them is shown a status of which nothing is remembered for them; that they did nothing with it needs no query then.
type untouched struct {
	mu      sync.RWMutex
	begun   uint64                 // how many statuses came so far
	newest  []id.Status            // the last of them, in a ring
	known   map[id.Status]*touches // those of the ring, but for those of which nothing is known any more
	since   map[id.Account]uint64  // of these accounts only what came after so many statuses is known
	touched int                    // accounts in since and in all touches
}

// touches are who did something with a status.
type touches struct {
	number uint64
	by     map[id.Account]bool // nil for nobody
}

func newUntouched() *untouched {
	return &untouched{known: map[id.Status]*touches{}, since: map[id.Account]uint64{}}
}

// begin notes a new status, with which nobody could do anything yet.
func (u *untouched) begin(status id.Status) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.begun++
	if len(u.newest) < maxUntouched {
		u.newest = append(u.newest, status)
	} else {
		at := &u.newest[(u.begun-1)%maxUntouched]
		u.end(*at)
		*at = status
	}
	u.known[status] = &touches{number: u.begun}
}

// end forgets a status; the caller holds mu.
func (u *untouched) end(status id.Status) {
	if one := u.known[status]; one != nil {
		u.touched -= len(one.by)
		delete(u.known, status)
	}
}

// forget is for a status that changed for everybody.
func (u *untouched) forget(status id.Status) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.end(status)
}

// touch notes that an account did something with a status.
func (u *untouched) touch(account id.Account, status id.Status) {
	u.mu.Lock()
	defer u.mu.Unlock()
	one := u.known[status]
	if one == nil || one.by[account] {
		return
	}
	if one.by == nil {
		one.by = map[id.Account]bool{}
	}
	one.by[account] = true
	u.count()
}

// doubt notes that an account did something that may concern any status there is.
func (u *untouched) doubt(account id.Account) {
	u.mu.Lock()
	defer u.mu.Unlock()
	_, again := u.since[account]
	u.since[account] = u.begun
	if !again {
		u.count()
	}
}

func (u *untouched) count() {
	if u.touched++; u.touched > maxTouches {
		u.touched = 0
		clear(u.newest) // each keeps its place in the ring
		clear(u.known)
		clear(u.since)
	}
}

// rest gives those of some statuses that an account may have done something with, and those that mind.
func (u *untouched) rest(account id.Account, list []id.Status, mind func(id.Status) bool) []id.Status {
	u.mu.RLock()
	defer u.mu.RUnlock()
	since := u.since[account]
	rest := make([]id.Status, 0, len(list))
	for _, status := range list {
		if one := u.known[status]; one == nil || one.number <= since || one.by[account] || mind(status) {
			rest = append(rest, status)
		}
	}
	return rest
}

// Begun takes note of a new status; the live effect of its publication.
func (s *Service) Begun(_ context.Context, e Published) {
	if e.Alone && e.InReplyTo == 0 { // the thread of another may be muted
		s.untouched.begin(e.Status)
	}
}
