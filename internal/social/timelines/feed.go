package timelines

import (
	"cmp"
	"container/list"
	"iter"
	"slices"
	"time"

	"anancus/internal/kit/keyset"
	"anancus/internal/social/id"
)

// entry is one line of a reader's own feed.
type entry struct {
	status  id.Status
	author  id.Account
	boostOf id.Status  // 0 unless it is a boost
	other   id.Account // of a boost: who wrote what it boosts; of a reply: whom it answers
}

func entryOf(c *candidate) entry {
	e := entry{status: c.status, author: c.author, boostOf: c.boostOf, other: c.replyTo}
	if c.boostOf != 0 {
		e.other = c.boostedAuthor
	}
	return e
}

// original is the status that is read: what a boost boosts, or the status itself.
func (e entry) original() id.Status {
	if e.boostOf != 0 {
		return e.boostOf
	}
	return e.status
}

// grouped tells whether line[i] is a boost whose original, or another boost of it, is
// among the entries just before (Mastodon's REBLOG_FALLOFF), in whose favour it is not shown. Entries are in
// the order of their ids. It is asked when a page is read and never stored: when the
// boost before is undone, the oldest remaining one takes its place by itself.
func grouped[E any](line []E, i, window int, read func(E) entry) bool {
	e := read(line[i])
	if e.boostOf == 0 {
		return false
	}
	for _, before := range line[max(0, i-window):i] {
		if read(before).original() == e.boostOf {
			return true
		}
	}
	return false
}

// itself reads an entry of a line of entries.
func itself(e entry) entry { return e }

// feed is an open feed of one reader: home, or a list's. Everything the reader wants with an id
// above floor is in entries, oldest first; what is older is in the database. Service.mu guards it.
type feed struct {
	bounds  bounds
	facts   *facts
	pool    *pool
	entries []ref     // each held once
	memory  []ref     // what entries are a part of
	floor   id.Status // 0: the feed holds everything there is
	used    time.Time
	place   *list.Element // in Service.recent; nil before it is open and when it is closed
	counted uint64        // what Service.held counts for it
}

// spare is how far entries may run over before they are moved to the front of their memory.
const spare = 32

func (f *feed) at(i int) entry { return f.read(f.entries[i]) }

func (f *feed) read(r ref) entry { return f.pool.line(r).entry }

// all gives the entries, oldest first.
func (f *feed) all() iter.Seq[entry] {
	return func(yield func(entry) bool) {
		for i := range f.entries {
			if !yield(f.at(i)) {
				return
			}
		}
	}
}

func (f *feed) search(status id.Status) (at int, found bool) {
	if n := len(f.entries); n > 0 && f.at(n-1).status < status { // what is new comes last
		return n, false
	}
	return slices.BinarySearchFunc(f.entries, status, func(r ref, want id.Status) int { return cmp.Compare(f.pool.line(r).status, want) })
}

// put inserts an entry at its place. One that is there, or older than the feed reaches, changes nothing.
func (f *feed) put(e entry) {
	r := f.pool.take(e)
	f.add(r)
	f.pool.release(r)
}

// add is put for an entry of the pool that the caller holds too.
func (f *feed) add(r ref) {
	status := f.pool.line(r).status
	if status <= f.floor {
		return
	}
	at, found := f.search(status)
	if found {
		return
	}
	f.makeRoom()
	f.pool.share(r)
	f.entries = slices.Insert(f.entries, at, r)
	if len(f.entries) > f.bounds.feed {
		f.cut(len(f.entries) - f.bounds.feed)
	}
}

// makeRoom leaves room for one more entry. A full feed moves to the front of its own
// memory once in a while, so that thousands of them make no garbage as posts come in.
func (f *feed) makeRoom() {
	n := len(f.entries)
	if n < cap(f.entries) {
		return
	}
	if n+spare > cap(f.memory) {
		f.memory = make([]ref, min(max(2*n, spare), f.bounds.feed)+spare)
	}
	copy(f.memory, f.entries)
	f.entries = f.memory[:n]
}

// cut drops the n oldest entries.
func (f *feed) cut(n int) {
	if n == 0 {
		return
	}
	f.floor = f.at(n - 1).status
	for _, r := range f.entries[:n] {
		f.pool.release(r)
	}
	f.entries = f.entries[n:]
}

// shut lets go of everything. An edit that comes late finds nothing, and puts nothing in.
func (f *feed) shut() {
	f.cut(len(f.entries))
	f.entries, f.memory, f.floor = nil, nil, newest
}

// raise makes the feed reach no further down than above a floor.
func (f *feed) raise(floor id.Status) {
	at, _ := f.search(floor + 1)
	f.cut(at)
	f.floor = max(f.floor, floor)
}

// drop removes the entries that match.
func (f *feed) drop(match func(e entry) bool) {
	f.entries = slices.DeleteFunc(f.entries, func(r ref) bool {
		if !match(f.read(r)) {
			return false
		}
		f.pool.release(r)
		return true
	})
}

// dropStatus removes one entry by its id.
func (f *feed) dropStatus(status id.Status) {
	if at, found := f.search(status); found {
		f.pool.release(f.entries[at])
		f.entries = slices.Delete(f.entries, at, at+1)
	}
}

// size is about how many bytes the feed takes beside the entries that it shares: what it knows of its reader, and its places in the indexes.
func (f *feed) size() uint64 {
	const each, place = 512, 12
	return each + uint64(4*cap(f.memory)) + uint64(f.facts.size()) + place*uint64(f.facts.places())
}

// thin tells that so much was removed that reading the feed anew is better than reading on in the database.
func (f *feed) thin() bool { return f.floor > 0 && len(f.entries) < 2*f.bounds.group }

// reach is the id above which the feed can answer. Of the oldest entries it cannot say
// whether they are grouped, since it does not know what was before them.
func (f *feed) reach() (first int, floor id.Status) {
	if f.floor == 0 {
		return 0, 0
	}
	if len(f.entries) <= f.bounds.group {
		if len(f.entries) == 0 {
			return 0, f.floor
		}
		return len(f.entries), f.at(len(f.entries) - 1).status
	}
	return f.bounds.group, f.at(f.bounds.group - 1).status
}

// page gives what the feed holds of a page, newest first, and the page that remains to
// be read from the database, with Limit 0 when nothing remains.
func (f *feed) page(p keyset.Page) (rows []entry, rest keyset.Page) {
	first, floor := f.reach()
	if p.Upward {
		return f.pageUp(p, floor)
	}
	at, _ := f.search(id.Status(p.Before))
	rows = make([]entry, 0, min(p.Limit, at))
	for at--; at >= first && len(rows) < p.Limit; at-- {
		if int64(f.at(at).status) <= p.After {
			return rows, keyset.Page{}
		}
		if !grouped(f.entries, at, f.bounds.group, f.read) {
			rows = append(rows, f.at(at))
		}
	}
	if len(rows) < p.Limit && floor > 0 && p.After < int64(floor) {
		rest = keyset.Page{Before: min(p.Before, int64(floor)+1), After: p.After, Limit: p.Limit - len(rows)}
	}
	return rows, rest
}

func (f *feed) pageUp(p keyset.Page, floor id.Status) (rows []entry, rest keyset.Page) {
	if p.After < int64(floor) {
		return nil, p
	}
	at, _ := f.search(id.Status(p.After) + 1)
	for ; at < len(f.entries) && len(rows) < p.Limit && int64(f.at(at).status) < p.Before; at++ {
		if !grouped(f.entries, at, f.bounds.group, f.read) {
			rows = append(rows, f.at(at))
		}
	}
	slices.Reverse(rows)
	return rows, rest
}
