package timelines

import (
	"context"
	"slices"

	"anancus/internal/social/id"
)

// register opens a feed, and closes the one that was read longest ago when there are too many.
// The caller holds mu; so do the callers of everything in this file but the exported.
func (s *Service) register(f *feed) {
	s.close(s.feeds[f.facts.reader])
	f.used, f.boosts = s.clock.Now(), s.boosts
	for _, e := range f.entries {
		f.count(e, +1)
	}
	s.feeds[f.facts.reader] = f
	f.place = s.recent.PushFront(f)
	for _, author := range f.facts.sources() {
		s.byAuthor[author] = append(s.byAuthor[author], f)
	}
	for len(s.feeds) > s.maxFeeds {
		s.close(s.recent.Back().Value.(*feed))
	}
}

// close forgets a feed; nil is none.
func (s *Service) close(f *feed) {
	if f == nil || f.place == nil {
		return
	}
	delete(s.feeds, f.facts.reader)
	s.recent.Remove(f.place)
	f.place = nil
	for _, author := range f.facts.sources() {
		s.deafen(f, author)
	}
	for _, e := range f.entries {
		f.count(e, -1)
	}
}

// listen makes a feed take an author's statuses.
func (s *Service) listen(f *feed, author id.Account) {
	if !slices.Contains(s.byAuthor[author], f) {
		s.byAuthor[author] = append(s.byAuthor[author], f)
	}
}

// deafen makes a feed take an author's statuses no more.
func (s *Service) deafen(f *feed, author id.Account) {
	list := s.byAuthor[author]
	at := slices.Index(list, f)
	if at < 0 {
		return
	}
	last := len(list) - 1
	list[at], list[last] = list[last], nil
	if s.byAuthor[author] = list[:last]; last == 0 {
		delete(s.byAuthor, author)
	}
}

// touch notes that a feed is read.
func (s *Service) touch(f *feed) {
	f.used = s.clock.Now()
	s.recent.MoveToFront(f.place)
}

// closeFor drops the feed of a reader, and throws away one that is being built.
func (s *Service) closeFor(reader id.Account) {
	if b := s.building[reader]; b != nil {
		b.generation++
	}
	s.close(s.feeds[reader])
}

// Sweep closes feeds that nobody read for half an hour. It is for the schedule, every few minutes.
func (s *Service) Sweep(context.Context) error {
	before := s.clock.Now().Add(-idleFeed)
	s.mu.Lock()
	for oldest := s.recent.Back(); oldest != nil && oldest.Value.(*feed).used.Before(before); oldest = s.recent.Back() {
		s.close(oldest.Value.(*feed))
	}
	s.mu.Unlock()
	s.all.sweep(before)
	s.local.sweep(before)
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
	s.all.forget()
	s.local.forget()
}

// Open tells how many home feeds are open.
func (s *Service) Open() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.feeds)
}
