package notifications

import (
	"context"

	"anancus/internal/kit/rest"
	"anancus/internal/protocol/mastodon"
	"anancus/internal/social/id"
	"anancus/internal/social/viewer"
)

// Stream shapes a notification for the member's open streams; nil when it, or what it shows, is gone.
func (s *Service) Stream(ctx context.Context, v viewer.Viewer, which id.Notification) (*mastodon.Notification, error) {
	n, err := one(ctx, s.db, v.Account, which)
	if err != nil {
		return nil, ignoreNotFound(err)
	}
	shown, err := s.present(rest.Inside(ctx, v, ""), []*Notification{n})
	if err != nil || len(shown) == 0 {
		return nil, err
	}
	return &shown[0], nil
}
