package timelines

import (
	"context"
	"slices"

	"anancus/internal/social/id"
	"anancus/internal/social/statuses"
)

// EditStatus lets go of the open feeds that an edited status may have to enter or leave. What it says matters to
// them by whom it mentions, where the reader hides one of those whom it began or ceased to mention; by its hashtags, where the
// reader follows one that came or went; and by its language. Hashtag timelines are read from the database; of
// the public ones only the language matters, and it is read again.
func (s *Service) EditStatus(_ context.Context, e statuses.Edited) {
	s.profiles.with(e.Author, func(p *profile) { p.again(e.Status) }) // what it shows may have come or gone
	people, tags := slices.Concat(e.Mentioned, e.Unmentioned), slices.Concat(e.Tagged, e.Untagged)
	if len(people)+len(tags) == 0 && !e.Translated {
		return
	}
	if e.Translated {
		for _, l := range []*publicList{s.all, s.local} {
			l.drop(e.Status)
			l.add(e.Status)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, b := range s.building {
		b.generation++
	}
	for _, f := range s.feeds {
		r := f.facts
		if e.Translated && len(r.languages) > 0 || slices.ContainsFunc(people, func(a id.Account) bool { return r.hides(a) }) ||
			slices.ContainsFunc(tags, func(t id.Tag) bool { return slices.Contains(r.tags, t) }) {
			s.close(f)
		}
	}
}
