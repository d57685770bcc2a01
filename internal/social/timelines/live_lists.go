package timelines

import (
	"context"

	"anancus/internal/social/lists"
	"anancus/internal/social/tags"
)

// The live effects of lists and hashtags drop their owner's feeds: who is on an exclusive list matters to the home feed too.

// OnListChanged drops the owner's feeds.
func (s *Service) OnListChanged(_ context.Context, e lists.Changed) { s.ForgetReader(e.Owner) }

// OnListDeleted drops the owner's feeds, that of the list for good.
func (s *Service) OnListDeleted(_ context.Context, e lists.Deleted) { s.ForgetReader(e.Owner) }

// OnListMembersChanged drops the owner's feeds.
func (s *Service) OnListMembersChanged(_ context.Context, e lists.MembersChanged) {
	s.ForgetReader(e.Owner)
}

// OnTagFollowed drops the follower's feeds.
func (s *Service) OnTagFollowed(_ context.Context, e tags.Followed) { s.ForgetReader(e.Account) }

// OnTagUnfollowed drops the former follower's feeds.
func (s *Service) OnTagUnfollowed(_ context.Context, e tags.Unfollowed) { s.ForgetReader(e.Account) }
