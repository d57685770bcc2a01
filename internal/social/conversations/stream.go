package conversations

import (
	"context"

	"anancus/internal/kit/rest"
	"anancus/internal/protocol/mastodon"
	"anancus/internal/social/id"
	"anancus/internal/social/viewer"
)

// Stream shapes a conversation for the member's open streams; nil when it is gone or hidden.
func (s *Service) Stream(ctx context.Context, v viewer.Viewer, which id.Conversation) (*mastodon.Conversation, error) {
	found, err := one(ctx, s.db, v.Account, which)
	if err != nil {
		return nil, ignoreNotFound(err)
	}
	shown, err := s.present(rest.Inside(ctx, v, ""), []*Conversation{found})
	if err != nil || len(shown) == 0 {
		return nil, err
	}
	return &shown[0], nil
}
