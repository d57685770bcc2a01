package moderation

import (
	"context"
	"fmt"

	"anancus/internal/kit/db"
	"anancus/internal/social/id"
	"anancus/internal/social/relays"
)

// Relays gives all relays that keepers added.
func (s *Service) Relays(ctx context.Context) ([]*relays.Relay, error) { return s.relays.List(ctx) }

// AddRelay adds a relay and asks to subscribe to it.
func (s *Service) AddRelay(ctx context.Context, keeper id.Account, inbox string) (*relays.Relay, error) {
	return s.relay(ctx, keeper, "relay.add", inbox, s.relays.Add)
}

// EnableRelay asks a relay again.
func (s *Service) EnableRelay(ctx context.Context, keeper id.Account, inbox string) (*relays.Relay, error) {
	return s.relay(ctx, keeper, "relay.enable", inbox, s.relays.Enable)
}

// DisableRelay ends the subscription to a relay.
func (s *Service) DisableRelay(ctx context.Context, keeper id.Account, inbox string) (*relays.Relay, error) {
	return s.relay(ctx, keeper, "relay.disable", inbox, s.relays.Disable)
}

// RemoveRelay ends the subscription to a relay and forgets it.
func (s *Service) RemoveRelay(ctx context.Context, keeper id.Account, inbox string) (*relays.Relay, error) {
	return s.relay(ctx, keeper, "relay.remove", inbox, s.relays.Remove)
}

// relay does something about a relay, and writes it down.
func (s *Service) relay(ctx context.Context, keeper id.Account, action, inbox string, do func(ctx context.Context, tx *db.Tx, inbox string) (*relays.Relay, error)) (*relays.Relay, error) {
	var now *relays.Relay
	err := s.db.Tx(ctx, func(tx *db.Tx) (err error) {
		if now, err = do(ctx, tx, inbox); err != nil {
			return err
		}
		return s.log(ctx, tx, entry{keeper: keeper, action: action, kind: targetRelay, target: int64(now.ID), name: now.Inbox})
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", action, err)
	}
	s.courier.Wake()
	return now, nil
}
