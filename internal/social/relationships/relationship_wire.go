package relationships

import (
	"context"
	"fmt"

	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/social/accounts"
	"anancus/internal/social/id"
)

// send enqueues an activity of one of ours for one account elsewhere. Follows,
// answers and blocks go to the personal inbox.
func (s *Service) send(ctx context.Context, tx *db.Tx, from, to *accounts.Account, key string, activity activitypub.Activity) error {
	body, err := activitypub.Encode(activity)
	if err != nil {
		return err
	}
	if activity.Type == "Reject" || activity.Type == "Undo" {
		key = activitypub.Farewell + key
	}
	return s.courier.Enqueue(ctx, tx, activitypub.Delivery{Author: int64(from.ID), EventKey: key, Body: body, Inboxes: []string{to.InboxURL}})
}

func followOf(uri string, from, to *accounts.Account) activitypub.Activity {
	return activitypub.NewActivity("Follow", uri, from.URI, to.URI)
}

func (s *Service) sendFollow(ctx context.Context, tx *db.Tx, from, to *accounts.Account, uri string) error {
	return s.send(ctx, tx, from, to, "follow/"+uri, followOf(uri, from, to))
}

func (s *Service) sendUndoFollow(ctx context.Context, tx *db.Tx, from, to *accounts.Account, row *follow) error {
	undo := activitypub.NewAnswer("Undo", row.uri+"/undo", from.URI, followOf(row.uri, from, to))
	return s.send(ctx, tx, from, to, undo.ID, undo)
}

func (s *Service) sendAccept(ctx context.Context, tx *db.Tx, us, them *accounts.Account, row *follow) error {
	// Keyed by a fresh id: a repeated Follow is answered again.
	accept := activitypub.NewAnswer("Accept", fmt.Sprintf("%s#accepts/follows/%d", us.URI, tx.NextID()), us.URI, followOf(row.uri, them, us))
	return s.send(ctx, tx, us, them, accept.ID, accept)
}

func (s *Service) sendReject(ctx context.Context, tx *db.Tx, us, them *accounts.Account, row *follow) error {
	reject := activitypub.NewAnswer("Reject", fmt.Sprintf("%s#rejects/follows/%d", us.URI, tx.NextID()), us.URI, followOf(row.uri, them, us))
	return s.send(ctx, tx, us, them, reject.ID, reject)
}

func (s *Service) sendBlock(ctx context.Context, tx *db.Tx, us, them *accounts.Account, uri string) error {
	return s.send(ctx, tx, us, them, uri, activitypub.NewActivity("Block", uri, us.URI, them.URI))
}

func (s *Service) sendUndoBlock(ctx context.Context, tx *db.Tx, us, them *accounts.Account, uri string) error {
	undo := activitypub.NewAnswer("Undo", uri+"/undo", us.URI, activitypub.NewActivity("Block", uri, us.URI, them.URI))
	return s.send(ctx, tx, us, them, undo.ID, undo)
}

// ours finds the local account an activity is about; nil when it is none of ours, so that the activity is ignored.
func ours(ctx context.Context, q db.Q, uri string) (*accounts.Account, error) {
	a, err := accounts.ByURIIn(ctx, q, uri)
	if fault.Is(err, fault.NotFound) || (err == nil && !a.Local()) {
		return nil, nil
	}
	return a, err
}

// ReceiveFollow takes Follow: accepted at once, kept as a request, or refused. A repeated one is answered again.
func (s *Service) ReceiveFollow(ctx context.Context, in accounts.Received) error {
	uri := in.Activity.ID()
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		target, err := ours(ctx, tx, in.Activity.Link("object"))
		if err != nil || target == nil {
			return err
		}
		row := &follow{id: id.Follow(tx.NextID()), follower: in.Actor.ID, target: target.ID, uri: uri, showBoosts: true, createdAt: tx.Now()}
		blocked, err := Refuses(ctx, tx, target.ID, in.Actor.ID)
		if err != nil {
			return err
		}
		if blocked || !target.Available() || target.MovedTo != 0 || target.Kind == "Application" {
			return s.sendReject(ctx, tx, target, in.Actor, row)
		}
		for _, table := range []string{follows, requests} {
			known, err := find(ctx, tx, table, in.Actor.ID, target.ID)
			if fault.Is(err, fault.NotFound) {
				continue
			}
			if err != nil {
				return err
			}
			known.uri = uri
			if err := setOptions(ctx, tx, table, known); err != nil || table == requests {
				return err
			}
			return s.sendAccept(ctx, tx, target, in.Actor, known)
		}
		ask := target.Locked || in.Actor.Limited()
		if err := s.arrive(ctx, tx, row, ask); err != nil || ask {
			return err
		}
		return s.sendAccept(ctx, tx, target, in.Actor, row)
	})
	if err != nil {
		return fmt.Errorf("receive follow: %w", err)
	}
	s.courier.Wake()
	return nil
}

// ReceiveAccept takes Accept of a follow that one of ours asked for. One that was never asked for changes nothing.
func (s *Service) ReceiveAccept(ctx context.Context, in accounts.Received) error {
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		asked, table, err := s.asked(ctx, tx, in)
		if err != nil || asked == nil || table == follows {
			return err
		}
		row, err := remove(ctx, tx, requests, asked.follower, asked.target)
		if err != nil {
			return err
		}
		return s.begin(ctx, tx, row)
	})
	if err != nil {
		return fmt.Errorf("receive accept: %w", err)
	}
	return nil
}

// ReceiveReject takes Reject of a follow, also of one that had been accepted.
func (s *Service) ReceiveReject(ctx context.Context, in accounts.Received) error {
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		asked, _, err := s.asked(ctx, tx, in)
		if err != nil || asked == nil {
			return err
		}
		_, err = s.end(ctx, tx, asked.follower, asked.target)
		return err
	})
	if err != nil {
		return fmt.Errorf("receive reject: %w", err)
	}
	return nil
}

// asked finds the follow of one of ours that an answer is about: by the id of the Follow, or by the
// Follow inside. Only the one who was asked can answer, whatever the ids say.
func (s *Service) asked(ctx context.Context, tx *db.Tx, in accounts.Received) (*follow, string, error) {
	for _, table := range []string{requests, follows} {
		row, err := db.One(ctx, tx, scanFollow, `SELECT `+followColumns+` FROM `+table+` WHERE uri = $1 AND target_id = $2`, in.Activity.Link("object"), in.Actor.ID)
		if err == nil {
			return row, table, nil
		}
		if !fault.Is(err, fault.NotFound) {
			return nil, "", err
		}
	}
	embedded := in.Activity.Object("object")
	if embedded == nil || !embedded.Is("Follow") || embedded.Link("object") != in.Actor.URI {
		return nil, "", nil
	}
	follower, err := ours(ctx, tx, embedded.Link("actor"))
	if err != nil || follower == nil {
		return nil, "", err
	}
	for _, table := range []string{requests, follows} {
		row, err := find(ctx, tx, table, follower.ID, in.Actor.ID)
		if err == nil {
			return row, table, nil
		}
		if !fault.Is(err, fault.NotFound) {
			return nil, "", err
		}
	}
	return nil, "", nil
}

// ReceiveUndoFollow takes Undo of a Follow by the one who followed.
func (s *Service) ReceiveUndoFollow(ctx context.Context, in accounts.Received) error {
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		for _, table := range []string{follows, requests} {
			row, err := db.One(ctx, tx, scanFollow, `SELECT `+followColumns+` FROM `+table+` WHERE uri = $1 AND account_id = $2`, in.Activity.Link("object"), in.Actor.ID)
			if fault.Is(err, fault.NotFound) {
				continue
			}
			if err != nil {
				return err
			}
			_, err = s.end(ctx, tx, row.follower, row.target)
			return err
		}
		target, err := ours(ctx, tx, in.Activity.Object("object").Link("object"))
		if err != nil || target == nil {
			return err
		}
		_, err = s.end(ctx, tx, in.Actor.ID, target.ID)
		return err
	})
	if err != nil {
		return fmt.Errorf("receive undo follow: %w", err)
	}
	return nil
}

// ReceiveBlock takes Block: follows end both ways and our member no longer sees the blocker's statuses.
func (s *Service) ReceiveBlock(ctx context.Context, in accounts.Received) error {
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		target, err := ours(ctx, tx, in.Activity.Link("object"))
		if err != nil || target == nil {
			return err
		}
		_, err = s.beginBlock(ctx, tx, in.Actor.ID, target.ID, in.Activity.ID())
		return err
	})
	if err != nil {
		return fmt.Errorf("receive block: %w", err)
	}
	return nil
}

// ReceiveUndoBlock takes Undo of a Block by the blocker; the Block may be named by its id alone.
func (s *Service) ReceiveUndoBlock(ctx context.Context, in accounts.Received) error {
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		var target id.Account
		if uri := in.Activity.Object("object").Link("object"); uri != "" {
			member, err := ours(ctx, tx, uri)
			if err != nil || member == nil {
				return err
			}
			target = member.ID
		}
		ended, err := db.All(ctx, tx, db.Value[id.Account], `DELETE FROM blocks WHERE account_id = $1 AND (target_id = $2 OR (uri = $3 AND uri <> '')) RETURNING target_id`,
			in.Actor.ID, target, in.Activity.Link("object"))
		for _, one := range ended {
			if err == nil {
				err = tx.Emit(Unblocked{in.Actor.ID, one})
			}
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("receive undo block: %w", err)
	}
	return nil
}

// followerInboxesSQL looks at none of the followers of this server, who may be very many.
const followerInboxesSQL = `SELECT DISTINCT CASE WHEN a.shared_inbox_url <> '' THEN a.shared_inbox_url ELSE a.inbox_url END
	FROM follows f JOIN accounts a ON a.id = f.account_id
	WHERE f.target_id = $1 AND f.remote AND a.domain <> '' AND a.deleted_at IS NULL AND a.suspended_at IS NULL`

// FollowerInboxes gives the distinct inboxes through which an account's remote followers are reached.
func FollowerInboxes(ctx context.Context, q db.Q, account id.Account) ([]string, error) {
	return db.All(ctx, q, db.Value[string], followerInboxesSQL, account)
}
