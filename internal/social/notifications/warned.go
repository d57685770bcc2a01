package notifications

import (
	"context"

	"anancus/internal/protocol/mastodon"
	"anancus/internal/social/id"
)

// TellWarned tells a member of a strike. It comes from nobody: like Mastodon, the member is named.
func (s *Service) TellWarned(ctx context.Context, member id.Account, strike id.Strike) error {
	return s.tell(ctx, Notification{Account: member, Kind: ModerationWarning, From: member, about: int64(strike)})
}

// Warnings gives a member's strikes as clients see them.
type Warnings func(ctx context.Context, member id.Account, wanted []id.Strike) (map[id.Strike]*mastodon.AccountWarning, error)

// ShowWarnings tells the room how strikes are shown; called once at assembly.
func (s *Service) ShowWarnings(show Warnings) { s.showWarnings = show }

// warnings gives the strikes that some notifications are about.
func (s *Service) warnings(ctx context.Context, member id.Account, rows []*Notification) (map[id.Strike]*mastodon.AccountWarning, error) {
	var wanted []id.Strike
	for _, n := range rows {
		if n.Kind == ModerationWarning {
			wanted = append(wanted, id.Strike(n.about))
		}
	}
	if len(wanted) == 0 {
		return nil, nil
	}
	return s.showWarnings(ctx, member, wanted)
}
