package statuses

import (
	"context"
	"fmt"

	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/social/accounts"
	"anancus/internal/social/media"
)

// ReceiveDelete takes Delete of a status by its author. One that is not known yet is remembered, so that its late Create is ignored.
func (s *Service) ReceiveDelete(ctx context.Context, in accounts.Received) error {
	uri := in.Activity.Link("object")
	if uri == "" || !activitypub.SameHost(uri, in.Actor.URI) {
		return nil
	}
	if done, err := s.receiveRevocation(ctx, in, uri); done || err != nil {
		return err
	}
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		status, err := oneByURI(ctx, tx, uri)
		if fault.Is(err, fault.NotFound) {
			return insertEarly(ctx, tx, in.Actor.URI, uri)
		}
		if err != nil || status.Author != in.Actor.ID || status.Local {
			return err
		}
		if status.IsBoost() {
			return s.removeBoost(ctx, tx, status)
		}
		if err := media.Remove(ctx, tx, status.ID); err != nil {
			return err
		}
		return s.remove(ctx, tx, status)
	})
	if err != nil {
		return fmt.Errorf("receive delete: %w", err)
	}
	return nil
}
