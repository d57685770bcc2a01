package statuses

import (
	"context"
	"fmt"

	"anancus/internal/kit/db"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/social/accounts"
	"anancus/internal/social/id"
)

// ReceiveLike takes a favourite of one of our statuses. With an emoji, as Misskey sends it, it is a reaction as well.
func (s *Service) ReceiveLike(ctx context.Context, in accounts.Received) error {
	status, err := s.known(ctx, in.Activity.Link("object"))
	if err != nil || !status.Local || status.IsBoost() {
		return ignoreNotFound(err)
	}
	seen, err := s.VisibleElsewhere(ctx, in.Actor.ID, []*Status{status})
	if err != nil || len(seen) == 0 {
		return err
	}
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		gone, err := isTombstone(ctx, tx, in.Actor.URI, in.Activity.ID())
		if err != nil || gone {
			return err
		}
		_, err = s.storeFavourite(ctx, tx, id.Favourite(tx.NextID()), in.Actor.ID, status.ID, in.Activity.ID())
		return err
	})
	if err != nil {
		return fmt.Errorf("receive favourite: %w", err)
	}
	return s.keepReaction(ctx, in, status)
}

// ReceiveUndoLike takes back a favourite of the actor, also one that is named by the id of its Like alone (Akkoma).
func (s *Service) ReceiveUndoLike(ctx context.Context, in accounts.Received) error {
	status, err := s.liked(ctx, in)
	if err != nil {
		return ignoreNotFound(err)
	}
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		_, ended, err := s.endFavourite(ctx, tx, in.Actor.ID, status.ID)
		if err != nil {
			return err
		}
		reacted, err := endReactions(ctx, tx, in.Actor.ID, in.Activity.Link("object"))
		if err != nil || ended || reacted {
			return err
		}
		if uri := in.Activity.Link("object"); activitypub.SameHost(uri, in.Actor.URI) {
			return insertEarly(ctx, tx, in.Actor.URI, uri)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("receive undo favourite: %w", err)
	}
	return nil
}

// liked is the status whose favourite is taken back.
func (s *Service) liked(ctx context.Context, in accounts.Received) (*Status, error) {
	if liked := in.Activity.Object("object").Link("object"); liked != "" {
		return s.known(ctx, liked)
	}
	status, err := db.One(ctx, s.db, db.Value[id.Status], `SELECT status_id FROM favourites WHERE uri = $1 AND uri <> '' AND account_id = $2`, in.Activity.Link("object"), in.Actor.ID)
	if err != nil {
		return nil, err
	}
	return one(ctx, s.db, status)
}
