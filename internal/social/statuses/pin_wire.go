package statuses

import (
	"context"
	"fmt"
	"slices"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/social/accounts"
	"anancus/internal/social/id"
	"anancus/internal/social/relationships"
)

// maxRemotePins bounds what is kept of the statuses that an account of another server pinned: elsewhere people pin 5 to 20.
const maxRemotePins = 20

// DeliverPin tells other servers that a member pinned or unpinned a status; what was changed back meanwhile is not told.
func (s *Service) DeliverPin(ctx context.Context, e PinChanged) error {
	status, err := one(ctx, s.db, e.Status)
	if err != nil {
		return ignoreNotFound(err)
	}
	pinned, err := pinsOf(ctx, s.db, e.Account)
	if err != nil || slices.Contains(pinned, e.Status) != e.Pinned {
		return err
	}
	author, err := s.accounts.ByID(ctx, e.Account)
	if err != nil {
		return err
	}
	inboxes, err := relationships.FollowerInboxes(ctx, s.db, e.Account)
	if err != nil || len(inboxes) == 0 {
		return err
	}
	listing := activitypub.NewListing(accounts.Listing(e.Pinned), author.URI, status.URI, author.FeaturedURL)
	body, err := s.accounts.Seal(ctx, author.ID, listing, status.Visibility.Distributable())
	if err != nil {
		return err
	}
	return s.courier.EnqueueAll(ctx, activitypub.Delivery{Author: int64(author.ID), EventKey: fmt.Sprintf("pin/%d/%d", e.Status, e.At), Body: body, Inboxes: inboxes})
}

// ReceivePin takes Add and Remove of a status: target is the collection of what its author pinned.
func (s *Service) ReceivePin(ctx context.Context, in accounts.Received) error {
	if in.Actor.FeaturedURL == "" || in.Activity.Link("target") != in.Actor.FeaturedURL {
		return nil
	}
	uri := in.Activity.Link("object")
	if in.Activity.Is("Remove") {
		status, err := oneByURI(ctx, s.db, uri)
		if err != nil {
			return ignoreNotFound(err)
		}
		if status.Author != in.Actor.ID {
			return nil
		}
		return s.Unpin(ctx, in.Actor.ID, status.ID)
	}
	status, err := s.ownOf(ctx, in.Actor, uri, nil, further{})
	if err != nil || status == nil || !pinnable(status) {
		return permanent(err)
	}
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		pinned, err := pinsOf(ctx, tx, in.Actor.ID)
		if err != nil || len(pinned) >= maxRemotePins {
			return err
		}
		return insertPin(ctx, tx, in.Actor.ID, status.ID)
	})
	if err != nil {
		return fmt.Errorf("receive pin: %w", err)
	}
	return nil
}

// pinnable tells whether a status of another server may stand on its author's profile.
func pinnable(status *Status) bool {
	return !status.IsBoost() && status.Visibility != Direct && status.Visibility != Limited
}

// ownOf gives a status of an account of another server by its id, fetched when it is not known and for everybody; nil when it is no
// status of theirs. embedded may hold the document, as the account's own server just gave it.
func (s *Service) ownOf(ctx context.Context, author *accounts.Account, uri string, embedded activitypub.Object, to further) (*Status, error) {
	if !activitypub.SameHost(uri, author.URI) {
		return nil, nil
	}
	status, err := oneByURI(ctx, s.db, uri)
	if fault.Is(err, fault.NotFound) {
		status, err = s.fetchOwn(ctx, author, uri, embedded, to)
	}
	if err != nil || status == nil || status.Author != author.ID {
		return nil, err
	}
	return status, nil
}

func (s *Service) fetchOwn(ctx context.Context, author *accounts.Account, uri string, embedded activitypub.Object, to further) (*Status, error) {
	var note *activitypub.RemoteNote
	if embedded != nil {
		if err := activitypub.SpendStatus(ctx); err != nil {
			return nil, err
		}
		note, _ = activitypub.ParseNote(embedded)
	}
	if note == nil || note.ID != uri {
		var err error
		if note, err = s.remote.FetchNote(ctx, uri); err != nil {
			return nil, err
		}
	}
	if v := note.Visibility(author.FollowersURL); note.AttributedTo != author.URI || v != activitypub.VisibilityPublic && v != activitypub.VisibilityUnlisted {
		return nil, nil
	}
	return s.keepFetched(ctx, note, to)
}

// ReadPins asks an account's server what it pinned: its collection's first page, of which the first are kept.
func (s *Service) ReadPins(ctx context.Context, e accounts.Updated) error {
	author, err := s.accounts.ByID(ctx, e.Account)
	if err != nil || author.Local() || !author.Available() || author.FeaturedURL == "" {
		return ignoreNotFound(err)
	}
	ctx = activitypub.WithBudget(ctx, activitypub.DefaultAccounts, activitypub.DefaultStatuses)
	collection, err := s.accounts.ReadCollection(ctx, author.FeaturedURL)
	if err != nil || collection == nil {
		return err
	}
	embedded := collection.Embedded()
	var pinned []id.Status
	for _, uri := range collection.Links[:min(len(collection.Links), maxRemotePins)] {
		status, err := s.ownOf(ctx, author, uri, embedded[uri], further{})
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err == nil && status != nil && status.Visibility.Distributable() && !status.IsBoost() && !slices.Contains(pinned, status.ID) {
			pinned = append(pinned, status.ID)
		}
	}
	if err := s.keepPins(ctx, author.ID, pinned); err != nil {
		return fmt.Errorf("keep what account %d pinned: %w", author.ID, err)
	}
	return nil
}

// keepPins makes an account's pins what its server showed, the first first.
func (s *Service) keepPins(ctx context.Context, account id.Account, wanted []id.Status) error {
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		before, err := pinsOf(ctx, tx, account)
		if err != nil || slices.Equal(before, wanted) {
			return err
		}
		if _, err := db.Exec(ctx, tx, `DELETE FROM pins WHERE account_id = $1`, account); err != nil {
			return err
		}
		for _, status := range slices.Backward(wanted) {
			if err := insertPin(ctx, tx, account, status); err != nil {
				return err
			}
		}
		return nil
	})
}

// pinsOf gives what an account pinned, the last first.
func pinsOf(ctx context.Context, q db.Q, account id.Account) ([]id.Status, error) {
	return db.All(ctx, q, db.Value[id.Status], `SELECT status_id FROM pins WHERE account_id = $1 ORDER BY id DESC`, account)
}

func insertPin(ctx context.Context, tx *db.Tx, account id.Account, status id.Status) error {
	_, err := db.Exec(ctx, tx, `INSERT INTO pins (id, account_id, status_id, created_at) VALUES ($1,$2,$3,$4)
		ON CONFLICT (account_id, status_id) DO NOTHING`, tx.NextID(), account, status, clock.Milli(tx.Now()))
	return err
}
