package timelines

import (
	"context"

	"anancus/internal/kit/fault"
	"anancus/internal/social/id"
	"anancus/internal/social/relationships"
)

// The live effects of relationships: each edits the reader's feeds that are open. Those that
// are being built are thrown away. What is subtler drops a feed: a change of options, which may be anything; a
// change of whom one follows, of the feeds of lists; and what would bring back statuses that came by their hashtags.

// OnFollowed brings the statuses of somebody who is followed now into the follower's home feed, and the answers to them.
func (s *Service) OnFollowed(ctx context.Context, e relationships.Followed) {
	for _, f := range s.edited(e.Follower) {
		if f.facts.list != nil {
			s.drop(f)
			continue
		}
		w, err := wishOf(ctx, s.db, e.Follower, e.Target)
		if fault.Is(err, fault.NotFound) { // unfollowed since: that event comes next
			w, err = wish{boosts: true}, nil
		}
		s.mu.Lock()
		if err != nil {
			s.distrustFeed(ctx, f, err)
			s.mu.Unlock()
			return
		}
		if f.place != nil {
			s.know(f, f.facts.following(e.Target, w))
			s.listen(f, e.Target)
		}
		s.mu.Unlock()
		s.merge(ctx, f, e.Target)
	}
}

// OnFollowChanged drops the follower's feeds.
func (s *Service) OnFollowChanged(_ context.Context, e relationships.FollowChanged) {
	s.ForgetReader(e.Follower)
}

// OnUnfollowed takes the statuses of somebody out of a former follower's feeds, and the answers of others to them.
func (s *Service) OnUnfollowed(_ context.Context, e relationships.Unfollowed) {
	for _, f := range s.edited(e.Follower) {
		if f.facts.list != nil || len(f.facts.tags) > 0 {
			s.drop(f)
			continue
		}
		s.unfollow(f, e)
	}
}

func (s *Service) unfollow(f *feed, e relationships.Unfollowed) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.place == nil || !f.facts.follows.has(e.Target) {
		return
	}
	s.know(f, f.facts.notFollowing(e.Target))
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
	for _, f := range s.edited(e.Blocker) {
		s.change(f, func(r *facts) { r.blocking = r.blocking.with(e.Target) })
		s.hide(ctx, f, e.Target)
	}
	for _, f := range s.edited(e.Target) {
		s.change(f, func(r *facts) { r.blockedBy = r.blockedBy.with(e.Blocker) })
		s.mu.Lock()
		f.drop(func(one entry) bool { return one.author == e.Blocker || (one.boostOf != 0 && one.other == e.Blocker) })
		s.closeThin(f)
		s.mu.Unlock()
	}
}

// OnUnblocked brings back what a block kept out of both feeds.
func (s *Service) OnUnblocked(ctx context.Context, e relationships.Unblocked) {
	for _, f := range s.edited(e.Blocker) {
		s.change(f, func(r *facts) { r.blocking = r.blocking.without(e.Target) })
		s.bringBack(ctx, f, e.Target)
	}
	for _, f := range s.edited(e.Target) {
		s.change(f, func(r *facts) { r.blockedBy = r.blockedBy.without(e.Blocker) })
		s.bringBack(ctx, f, e.Blocker)
	}
}

// OnMuted takes somebody out of the muter's feeds. How long a mute lasts does not matter here: its end is an event.
func (s *Service) OnMuted(ctx context.Context, e relationships.Muted) {
	for _, f := range s.edited(e.Muter) {
		s.change(f, func(r *facts) { r.muting = r.muting.with(e.Target) })
		s.hide(ctx, f, e.Target)
	}
}

// OnUnmuted brings back what a mute kept out, also when its time is over.
func (s *Service) OnUnmuted(ctx context.Context, e relationships.Unmuted) {
	for _, f := range s.edited(e.Muter) {
		s.change(f, func(r *facts) { r.muting = r.muting.without(e.Target) })
		s.bringBack(ctx, f, e.Target)
	}
}

// bringBack puts in again what is about somebody. What came by a hashtag cannot be asked for in that way.
func (s *Service) bringBack(ctx context.Context, f *feed, target id.Account) {
	if len(f.facts.heardTags()) > 0 {
		s.drop(f)
		return
	}
	s.merge(ctx, f, target)
}

// drop closes a feed.
func (s *Service) drop(f *feed) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.close(f)
}

// OnDomainBlocked drops the member's feed: it may hold boosts of anybody there.
func (s *Service) OnDomainBlocked(_ context.Context, e relationships.DomainBlocked) {
	s.ForgetReader(e.Account)
}

// OnDomainUnblocked drops the member's feed, so that it is built again with what the block kept out.
func (s *Service) OnDomainUnblocked(_ context.Context, e relationships.DomainUnblocked) {
	s.ForgetReader(e.Account)
}

// edited gives the open feeds of a reader; those that are being built are thrown away.
func (s *Service) edited(reader id.Account) []*feed {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.outdate(reader)
}

// change gives a feed other facts, unless it was closed meanwhile.
func (s *Service) change(f *feed, edit func(r *facts)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.place == nil {
		return
	}
	next := *f.facts
	edit(&next)
	s.know(f, &next)
}

// hide takes out what somebody whom the reader hides wrote, boosted, or is boosted or mentioned in.
func (s *Service) hide(ctx context.Context, f *feed, target id.Account) {
	s.mu.Lock()
	ids := make([]id.Status, 0, len(f.entries))
	for e := range f.all() {
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
	s.weigh(f)
	s.makeWay()
	s.closeThin(f)
}

func (s *Service) distrustFeed(ctx context.Context, f *feed, err error) {
	s.log.ErrorContext(ctx, "an open feed could not be edited and will be built again", "reader", f.facts.reader, "error", err)
	s.close(f)
}
