package notifications

import (
	"fmt"

	"anancus/internal/kit/db"
	"anancus/internal/kit/keyset"
	"anancus/internal/kit/rest"
	"anancus/internal/protocol/mastodon"
	"anancus/internal/social/id"
	"anancus/internal/social/timelines"
	"anancus/internal/social/viewer"
)

// Limits of counting what is unread.
const (
	unreadLimit = 100
	unreadMax   = 1000
)

// unreadPage is the part of the list that is newer than the member's marker.
func (s *Service) unreadPage(c *viewer.Call) (keyset.Page, error) {
	p := keyset.First(c.Limit(unreadLimit, unreadMax))
	upTo, err := timelines.ReadUpTo(c.Context(), s.db, c.Viewer.Account, timelines.NotificationsMarker)
	p.After = upTo
	return p, err
}

// UnreadCount serves GET /api/v1/notifications/unread_count.
func (s *Service) UnreadCount(c *viewer.Call) (any, error) {
	f, err := filterOf(c)
	if err != nil {
		return nil, err
	}
	p, err := s.unreadPage(c)
	if err != nil {
		return nil, err
	}
	n, err := db.One(c.Context(), s.db, db.Value[int64], `SELECT COUNT(*) FROM (`+f.query("n.id", p.Order())+`) AS unread`, f.args(c.Viewer.Account, p)...)
	if err != nil {
		return nil, fmt.Errorf("count unread notifications: %w", err)
	}
	return mastodon.Count{Count: n}, nil
}

type manyForm struct {
	IDs []string `form:"ids"`
}

// DismissMany serves DELETE /api/v1/notifications/destroy_multiple; ids of others, or of nothing, are passed over.
func (s *Service) DismissMany(c *viewer.Call) (any, error) {
	form, err := rest.Decode[manyForm](c)
	if err != nil {
		return nil, err
	}
	var wanted []id.Notification
	for _, text := range form.IDs {
		if one, err := id.Parse[id.Notification](text); err == nil {
			wanted = append(wanted, one)
		}
	}
	if err := s.forget(c.Context(), `account_id = $1 AND id {in $2}`, c.Viewer.Account, wanted); err != nil {
		return nil, fmt.Errorf("dismiss notifications: %w", err)
	}
	return rest.Empty{}, nil
}
