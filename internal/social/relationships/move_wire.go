package relationships

import (
	"context"
	"fmt"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/social/accounts"
	"anancus/internal/social/relays"
)

// ReceiveMove takes Move of an account by itself: where it goes is asked whether that account is its own, and then its followers here follow
// it there. That happens once in a week at most, and never on from where it went.
func (s *Service) ReceiveMove(ctx context.Context, in accounts.Received) error {
	uri := in.Activity.Link("target")
	if in.Activity.Link("object") != in.Actor.URI || uri == "" || uri == in.Actor.URI {
		return nil
	}
	since := s.clock.Now().Add(-believedAgain)
	if lately, err := accounts.MovedSince(ctx, s.db, in.Actor.ID, since); err != nil || lately {
		return err
	}
	target, err := s.moveTarget(ctx, uri)
	if err != nil || target == nil || target.URI != uri || !target.Welcomes(in.Actor) {
		return err
	}
	if lately, err := accounts.MovedSince(ctx, s.db, target.ID, since); err != nil || lately { // a chain, or a circle
		return err
	}
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		set, err := accounts.SetMoved(ctx, tx, in.Actor, target, tx.Now().Add(-believedAgain))
		if err != nil || !set {
			return err
		}
		if err := tx.Emit(accounts.Updated{Account: in.Actor.ID}); err != nil {
			return err
		}
		return tx.Emit(Moved{Old: in.Actor.ID, New: target.ID, At: clock.Milli(tx.Now())})
	})
	if err != nil {
		return fmt.Errorf("receive move: %w", err)
	}
	return nil
}

// moveTarget gives an account as its server shows it at this moment; nil when there is none, so that the activity is ignored.
func (s *Service) moveTarget(ctx context.Context, uri string) (*accounts.Account, error) {
	if _, here := s.site.Ours(uri); here {
		return ours(ctx, s.db, uri)
	}
	target, err := s.accounts.Fetch(ctx, uri)
	switch fault.KindOf(err) {
	case fault.Internal, fault.Unavailable, fault.TooMany:
		return target, err // tried again
	}
	return target, nil
}

// FromHere tells, inside the transaction of a move that begins, whether other servers are to be told of it.
func FromHere(ctx context.Context, tx *db.Tx, e Moved) (bool, error) {
	if e.Carried != 0 || e.After != 0 {
		return false, nil
	}
	old, err := accounts.ByIDIn(ctx, tx, e.Old)
	return err == nil && old.Local(), err
}

// DeliverMove tells a member's followers, those who block the member, and relays, where to.
func (s *Service) DeliverMove(ctx context.Context, e Moved) error {
	us, target, err := s.pair(ctx, e.Old, e.New)
	if err != nil {
		return ignoreNotFound(err)
	}
	if us.MovedTo != target.ID {
		return nil
	}
	inboxes, err := FollowerInboxes(ctx, s.db, us.ID)
	if err != nil {
		return err
	}
	blockers, err := db.All(ctx, s.db, db.Text, `SELECT DISTINCT CASE WHEN a.shared_inbox_url <> '' THEN a.shared_inbox_url ELSE a.inbox_url END
		FROM blocks b JOIN accounts a ON a.id = b.account_id
		WHERE b.target_id = $1 AND a.domain <> '' AND a.deleted_at IS NULL AND a.suspended_at IS NULL`, us.ID)
	if err != nil {
		return err
	}
	move := activitypub.NewMove(fmt.Sprintf("%s#moves/%d", us.URI, e.At), us.URI, target.URI)
	passing, err := relays.Inboxes(ctx, s.db)
	if err != nil {
		return err
	}
	if inboxes = append(append(inboxes, blockers...), passing...); len(inboxes) == 0 {
		return nil
	}
	body, err := s.accounts.Seal(ctx, us.ID, move, true)
	if err != nil {
		return err
	}
	return s.courier.EnqueueAll(ctx, activitypub.Delivery{Author: int64(us.ID), EventKey: move.ID, Body: body, Inboxes: inboxes})
}
