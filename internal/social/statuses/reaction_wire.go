package statuses

import (
	"context"
	"fmt"

	"anancus/internal/kit/db"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/social/accounts"
	"anancus/internal/social/id"
)

// ReceiveReaction takes EmojiReact, as Pleroma and others send it. It is no favourite.
func (s *Service) ReceiveReaction(ctx context.Context, in accounts.Received) error {
	status, err := s.reactedTo(ctx, in)
	if err != nil || status == nil {
		return err
	}
	return s.keepReaction(ctx, in, status)
}

// reactedTo finds the status that an activity reacts to; nil for one that is not here, or that who did it cannot read.
func (s *Service) reactedTo(ctx context.Context, in accounts.Received) (*Status, error) {
	status, err := s.known(ctx, in.Activity.Link("object"))
	if err != nil || status.IsBoost() || !status.Local && !status.Visibility.Distributable() {
		return nil, ignoreNotFound(err)
	}
	seen, err := s.VisibleElsewhere(ctx, in.Actor.ID, []*Status{status})
	if err != nil || len(seen) == 0 {
		return nil, err
	}
	return status, nil
}

// keepReaction keeps the emoji that an activity brings, if it brings one.
func (s *Service) keepReaction(ctx context.Context, in accounts.Received, status *Status) error {
	uri := in.Activity.ID()
	reaction, ok := s.namedReaction(activitypub.ReactionOf(in.Activity), in.Actor.Domain)
	if !ok || !activitypub.SameHost(uri, in.Actor.URI) {
		return nil
	}
	reaction.Status, reaction.Account, reaction.URI = status.ID, in.Actor.ID, uri
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		gone, err := isTombstone(ctx, tx, in.Actor.URI, uri)
		if err != nil || gone {
			return err
		}
		if reaction.Custom && reaction.Domain == in.Actor.Domain { // nobody speaks for another's emoji
			if err := s.emoji.Receive(ctx, tx, in.Actor.Domain, activitypub.EmojiOf(in.Activity), ":"+reaction.Name+":"); err != nil {
				return err
			}
		}
		reaction.ID = id.Reaction(tx.NextID())
		return storeReaction(ctx, tx, &reaction)
	})
	if err != nil {
		return fmt.Errorf("receive reaction: %w", err)
	}
	return nil
}

// ReceiveUndoReaction takes back a reaction of the actor, by the id of what brought it. One that did not come yet is remembered.
func (s *Service) ReceiveUndoReaction(ctx context.Context, in accounts.Received) error {
	uri := in.Activity.Link("object")
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		ended, err := endReactions(ctx, tx, in.Actor.ID, uri)
		if err != nil || ended || !activitypub.SameHost(uri, in.Actor.URI) {
			return err
		}
		return insertEarly(ctx, tx, in.Actor.URI, uri)
	})
	if err != nil {
		return fmt.Errorf("receive undo reaction: %w", err)
	}
	return nil
}
