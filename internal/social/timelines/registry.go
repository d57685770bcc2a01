package timelines

import (
	"context"
	"slices"

	"anancus/internal/social/id"
)

// register opens a feed, and closes those that were read longest ago when it is too much.
// The caller holds mu; so do the callers of everything in this file but the exported.
func (s *Service) register(f *feed) {
	k := f.facts.key()
	s.close(s.feeds[k])
	f.used = s.clock.Now()
	s.feeds[k] = f
	f.place = s.recent.PushFront(f)
	s.byReader[k.reader] = append(s.byReader[k.reader], f)
	for _, author := range f.facts.sources() {
		s.byAuthor[author] = append(s.byAuthor[author], f)
	}
	for _, tag := range f.facts.heardTags() {
		s.byTag[tag] = append(s.byTag[tag], f)
	}
	s.weigh(f)
	s.makeWay()
}

// weigh counts what an open feed takes, whenever it may have changed.
func (s *Service) weigh(f *feed) {
	size := f.size()
	s.held += size - f.counted
	f.counted = size
}

// makeWay closes the feeds that were read longest ago, until those that remain, and the entries they share, take no more than they may.
func (s *Service) makeWay() {
	for s.held+s.pool.size() > s.memory && len(s.feeds) > 1 {
		s.close(s.recent.Back().Value.(*feed))
	}
}

// close forgets a feed; nil is none.
func (s *Service) close(f *feed) {
	if f == nil || f.place == nil {
		return
	}
	k := f.facts.key()
	delete(s.feeds, k)
	s.recent.Remove(f.place)
	f.place = nil
	strike(s.byReader, k.reader, f)
	for _, author := range f.facts.sources() {
		strike(s.byAuthor, author, f)
	}
	for _, tag := range f.facts.heardTags() {
		strike(s.byTag, tag, f)
	}
	s.held -= f.counted
	f.counted = 0
	f.shut()
}

// know gives an open feed other facts.
func (s *Service) know(f *feed, r *facts) {
	f.facts = r
	s.weigh(f)
}

// listen makes a feed take an author's statuses.
func (s *Service) listen(f *feed, author id.Account) {
	if !slices.Contains(s.byAuthor[author], f) {
		s.byAuthor[author] = append(s.byAuthor[author], f)
	}
}

// deafen makes a feed take an author's statuses no more.
func (s *Service) deafen(f *feed, author id.Account) { strike(s.byAuthor, author, f) }

// strike takes a feed out of an index.
func strike[K comparable](index map[K][]*feed, at K, f *feed) {
	list := index[at]
	i := slices.Index(list, f)
	if i < 0 {
		return
	}
	last := len(list) - 1
	list[i], list[last] = list[last], nil
	if index[at] = list[:last]; last == 0 {
		delete(index, at)
	}
}

// touch notes that a feed is read.
func (s *Service) touch(f *feed) {
	f.used = s.clock.Now()
	s.recent.MoveToFront(f.place)
}

// closeFor drops the feeds of a reader, and throws away what is being built.
func (s *Service) closeFor(reader id.Account) {
	for _, f := range s.outdate(reader) {
		s.close(f)
	}
}

// outdate throws away what is being built and what is remembered for a reader, and gives the reader's open feeds.
func (s *Service) outdate(reader id.Account) []*feed {
	s.readers.Forget(reader)
	for k, b := range s.building { // a few at most
		if k.reader == reader {
			b.generation++
		}
	}
	return slices.Clone(s.byReader[reader])
}

// ForgetReader drops the feeds of a reader whose own settings changed.
func (s *Service) ForgetReader(reader id.Account) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closeFor(reader)
}

// Sweep closes feeds that nobody read for half an hour, and lets what readers without one follow be read again. It is for the schedule,
// every few minutes.
func (s *Service) Sweep(context.Context) error {
	before := s.clock.Now().Add(-idleFeed)
	s.mu.Lock()
	for oldest := s.recent.Back(); oldest != nil && oldest.Value.(*feed).used.Before(before); oldest = s.recent.Back() {
		s.close(oldest.Value.(*feed))
	}
	s.mu.Unlock()
	s.readers.Clear()
	s.all.sweep(before)
	s.local.sweep(before)
	s.profiles.sweep(before)
	return nil
}

// Forget drops everything in memory: for a node that missed events, and for changes that no event tells of.
func (s *Service) Forget() {
	s.mu.Lock()
	for _, b := range s.building {
		b.generation++
	}
	for s.recent.Len() > 0 {
		s.close(s.recent.Back().Value.(*feed))
	}
	s.mu.Unlock()
	s.readers.Clear()
	s.all.forget()
	s.local.forget()
	s.profiles.forget()
}

// Open tells how many feeds are open.
func (s *Service) Open() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.feeds)
}
