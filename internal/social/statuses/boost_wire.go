package statuses

import (
	"context"
	"fmt"

	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/social/accounts"
	"anancus/internal/social/id"
	"anancus/internal/social/relationships"
)

// ReceiveAnnounce takes a boost. What is not public is boosted by its author alone.
func (s *Service) ReceiveAnnounce(ctx context.Context, in accounts.Received) error {
	uri := in.Activity.ID()
	to, cc := activitypub.Addresses(in.Activity)
	visibility := Visibility(activitypub.VisibilityOf(to, cc, in.Actor.FollowersURL))
	if visibility == Direct || !activitypub.SameHost(uri, in.Actor.URI) {
		return nil
	}
	wanted := announced(in.Activity)
	original, err := s.known(ctx, wanted)
	if fault.Is(err, fault.NotFound) {
		relevant, relevantErr := s.followedHere(ctx, in.Actor.ID)
		if relevantErr != nil || !relevant {
			return relevantErr
		}
		original, err = s.fetch(ctx, wanted, further{quotes: quotesDeep})
	}
	if err != nil {
		return permanent(err)
	}
	if original.IsBoost() || original.LocalOnly || (!original.Visibility.Distributable() && original.Author != in.Actor.ID) ||
		original.Visibility == Direct || original.Visibility == Limited {
		return nil
	}
	if original.Visibility == Private {
		visibility = Private
	}
	now := s.clock.Now()
	at, told := in.Activity.Time("published")
	if !told || at.After(now) {
		at = now
	}
	boost := &Status{URI: uri, URL: uri, Author: in.Actor.ID, Visibility: visibility, BoostOf: original.ID, BoostedAuthor: original.Author,
		Thread: original.Thread, Sensitive: original.Sensitive, Language: original.Language, CreatedAt: at}
	err = s.numbered(ctx, func(tx *db.Tx) error {
		gone, err := isTombstone(ctx, tx, in.Actor.URI, uri)
		if err != nil || gone {
			return err
		}
		blocked, err := relationships.Refuses(ctx, tx, original.Author, in.Actor.ID)
		if err != nil || blocked {
			return err
		}
		if _, err := oneByURI(ctx, tx, uri); !fault.Is(err, fault.NotFound) {
			return err
		}
		boost.ID = id.Status(s.db.IDAt(at))
		return s.storeBoost(ctx, tx, boost)
	})
	if err != nil {
		return fmt.Errorf("receive boost: %w", err)
	}
	return nil
}

// announced is the status that an Announce is of. Groups announce the Create of what comes to them (FEP-1b12), others the status itself.
func announced(announce activitypub.Object) string {
	object := announce.Object("object")
	if status := object.Link("object"); status != "" && object.Is("Create") {
		return status
	}
	return announce.Link("object")
}

// ReceiveUndoAnnounce takes back a boost of the actor.
func (s *Service) ReceiveUndoAnnounce(ctx context.Context, in accounts.Received) error {
	uri := in.Activity.Link("object")
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		boost, err := oneByURI(ctx, tx, uri)
		if fault.Is(err, fault.NotFound) {
			if !activitypub.SameHost(uri, in.Actor.URI) {
				return nil
			}
			return insertEarly(ctx, tx, in.Actor.URI, uri)
		}
		if err != nil || boost.Author != in.Actor.ID || !boost.IsBoost() || boost.Local {
			return err
		}
		return s.removeBoost(ctx, tx, boost)
	})
	if err != nil {
		return fmt.Errorf("receive undo boost: %w", err)
	}
	return nil
}
