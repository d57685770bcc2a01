package timelines

import (
	"context"

	"anancus/internal/kit/fault"
	"anancus/internal/social/id"
	"anancus/internal/social/relationships"
)

// The live effects of relationships: each edits the reader's feed if it is open. A
// feed that is being built is thrown away. Only a change of options, which may
// be anything, drops the feed.

// OnFollowed brings the statuses of somebody who is followed now into the follower's feed, and the answers to them.
func (s *Service) OnFollowed(ctx context.Context, e relationships.Followed) {
	f := s.edited(e.Follower)
	if f == nil {
		return
	}
	boosts, languages, err := wishes(ctx, s.db, e.Follower, e.Target)
	if fault.Is(err, fault.NotFound) { // unfollowed since: that event comes next
		boosts, err = true, nil
	}
	s.mu.Lock()
	if err != nil {
		s.distrustFeed(ctx, f, err)
		s.mu.Unlock()
		return
	}
	if f.place != nil {
		f.facts = f.facts.following(e.Target, boosts, languages)
		s.listen(f, e.Target)
	}
	s.mu.Unlock()
	s.merge(ctx, f, e.Target)
}

// OnFollowChanged drops the follower's feed.
func (s *Service) OnFollowChanged(_ context.Context, e relationships.FollowChanged) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closeFor(e.Follower)
}

// OnUnfollowed takes the statuses of somebody out of a former follower's feed, and the answers of others to them.
func (s *Service) OnUnfollowed(_ context.Context, e relationships.Unfollowed) {
	f := s.edited(e.Follower)
	if f == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.place == nil || !f.facts.follows.has(e.Target) {
		return
	}
	f.facts = f.facts.notFollowing(e.Target)
	if e.Target != e.Follower {
		s.deafen(f, e.Target)
	}
	f.drop(func(one entry) bool {
		return one.author == e.Target || (one.boostOf == 0 && one.other == e.Target && one.author != e.Follower)
	})
	s.closeThin(f)
}

// OnBlocked takes the two out of each other's feeds.
func (s *Service) OnBlocked(ctx context.Context, e relationships.Blocked) {
	if f := s.edited(e.Blocker); f != nil {
		s.change(f, func(r *facts) { r.blocking = r.blocking.with(e.Target) })
		s.hide(ctx, f, e.Target)
	}
	if f := s.edited(e.Target); f != nil {
		s.change(f, func(r *facts) { r.blockedBy = r.blockedBy.with(e.Blocker) })
		s.mu.Lock()
		defer s.mu.Unlock()
		f.drop(func(one entry) bool { return one.author == e.Blocker || (one.boostOf != 0 && one.other == e.Blocker) })
		s.closeThin(f)
	}
}

// OnUnblocked brings back what a block kept out of both feeds.
func (s *Service) OnUnblocked(ctx context.Context, e relationships.Unblocked) {
	if f := s.edited(e.Blocker); f != nil {
		s.change(f, func(r *facts) { r.blocking = r.blocking.without(e.Target) })
		s.merge(ctx, f, e.Target)
	}
	if f := s.edited(e.Target); f != nil {
		s.change(f, func(r *facts) { r.blockedBy = r.blockedBy.without(e.Blocker) })
		s.merge(ctx, f, e.Blocker)
	}
}

// OnMuted takes somebody out of the muter's feed. How long a mute lasts does not matter here: its end is an event.
func (s *Service) OnMuted(ctx context.Context, e relationships.Muted) {
	if f := s.edited(e.Muter); f != nil {
		s.change(f, func(r *facts) { r.muting = r.muting.with(e.Target) })
		s.hide(ctx, f, e.Target)
	}
}

// OnUnmuted brings back what a mute kept out, also when its time is over.
func (s *Service) OnUnmuted(ctx context.Context, e relationships.Unmuted) {
	if f := s.edited(e.Muter); f != nil {
		s.change(f, func(r *facts) { r.muting = r.muting.without(e.Target) })
		s.merge(ctx, f, e.Target)
	}
}

// OnDomainBlocked drops the member's feed: it may hold boosts of anybody there.
func (s *Service) OnDomainBlocked(_ context.Context, e relationships.DomainBlocked) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closeFor(e.Account)
}

// OnDomainUnblocked drops the member's feed, so that it is built again with what the block kept out.
func (s *Service) OnDomainUnblocked(_ context.Context, e relationships.DomainUnblocked) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closeFor(e.Account)
}

// edited gives the open feed of a reader, nil if there is none; one that is being built is thrown away.
func (s *Service) edited(reader id.Account) *feed {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b := s.building[reader]; b != nil {
		b.generation++
	}
	return s.feeds[reader]
}

// change gives a feed other facts, unless it was closed meanwhile.
func (s *Service) change(f *feed, edit func(r *facts)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := *f.facts
	edit(&next)
	f.facts = &next
}

// hide takes out what somebody whom the reader hides wrote, boosted, or is boosted or mentioned in.
func (s *Service) hide(ctx context.Context, f *feed, target id.Account) {
	s.mu.Lock()
	ids := make([]id.Status, 0, len(f.entries))
	for _, e := range f.entries {
		ids = append(ids, e.original())
	}
	own := f.facts.reader
	s.mu.Unlock()
	mentioning, err := mentionedIn(ctx, s.db, target, ids)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.distrustFeed(ctx, f, err)
		return
	}
	f.drop(func(e entry) bool {
		return e.author != own && (e.author == target || (e.boostOf != 0 && e.other == target) || mentioning[e.original()])
	})
	s.closeThin(f)
}

// merge puts in what the feed's reader wants of somebody's statuses, and of those that
// answer, boost or mention them. Where there is more than fits, the feed reaches less far down.
func (s *Service) merge(ctx context.Context, f *feed, target id.Account) {
	s.mu.Lock()
	r, floor := f.facts, f.floor
	s.mu.Unlock()
	list, err := about(ctx, s.db, r.sources(), floor, target, s.bounds.merge)
	if err == nil {
		err = s.addHidden(ctx, r, list)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.distrustFeed(ctx, f, err)
		return
	}
	if f.place == nil {
		return
	}
	if len(list) == s.bounds.merge {
		f.raise(list[len(list)-1].status - 1)
	}
	for i := range list {
		if wants(r, &list[i]) {
			f.put(entryOf(&list[i]))
		}
	}
	s.closeThin(f)
}

func (s *Service) distrustFeed(ctx context.Context, f *feed, err error) {
	s.log.ErrorContext(ctx, "an open feed could not be edited and will be built again", "reader", f.facts.reader, "error", err)
	s.close(f)
}
