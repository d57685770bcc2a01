package statuses

import (
	"context"
	"fmt"
	"slices"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/social/accounts"
	"anancus/internal/social/id"
	"anancus/internal/social/relationships"
)

// Limits of what is fetched of a profile when it is first seen.
const (
	backfillStatuses = 20 // a first page of a profile
	backfillPages    = 2  // of the outbox: the first may be full of boosts
)

// ProfileSeen tells that somebody here looks at a profile of another server for the first time, or follows it: what was written before is
// fetched.
type ProfileSeen struct{ Account id.Account }

// LookedAt notes that a member looks at a profile.
func (s *Service) LookedAt(ctx context.Context, a accounts.Glance) error {
	if !a.Unread {
		return nil
	}
	return s.db.Tx(ctx, func(tx *db.Tx) error { return seeProfile(ctx, tx, a.Account) })
}

func seeProfile(ctx context.Context, tx *db.Tx, account id.Account) error {
	n, err := db.Exec(ctx, tx, `UPDATE accounts SET backfilled_at = $2 WHERE id = $1 AND backfilled_at IS NULL AND outbox_url <> '' AND domain <> ''`,
		account, clock.Milli(tx.Now()))
	if err != nil || n == 0 {
		return err
	}
	return tx.Emit(ProfileSeen{account})
}

// NotSeenYet tells whether a follow is the first that anybody here has to do with a profile.
func NotSeenYet(ctx context.Context, tx *db.Tx, e relationships.Followed) (bool, error) {
	n, err := db.One(ctx, tx, db.Int64, `SELECT COUNT(*) FROM accounts t, accounts f WHERE t.id = $1 AND t.backfilled_at IS NULL AND t.outbox_url <> '' AND t.domain <> ''
		AND f.id = $2 AND f.domain = ''`, e.Target, e.Follower)
	return n > 0, err
}

// SeeFollowed notes that a member follows a profile.
func (s *Service) SeeFollowed(ctx context.Context, e relationships.Followed) error {
	return s.db.Tx(ctx, func(tx *db.Tx) error { return seeProfile(ctx, tx, e.Target) })
}

// Backfill fetches the newest statuses of a profile that everybody may read. They are no news: no home feed shows them and nobody is told.
// While its server is away, the next who looks asks again.
func (s *Service) Backfill(ctx context.Context, e ProfileSeen) error {
	author, err := s.accounts.ByID(ctx, e.Account)
	if err != nil || author.Local() || !author.Available() {
		return ignoreNotFound(err)
	}
	ctx = activitypub.WithBudget(ctx, activitypub.DefaultAccounts, activitypub.DefaultStatuses)
	kept := 0
	asked := []string{}
	for address := author.OutboxURL; address != "" && len(asked) < backfillPages && kept < backfillStatuses; {
		page, err := s.accounts.ReadCollection(ctx, address)
		if err != nil {
			return err
		}
		if asked = append(asked, address); page == nil {
			if len(asked) > 1 {
				return nil
			}
			return s.forgetSeen(ctx, author.ID)
		}
		for _, item := range page.Items {
			if kept == backfillStatuses {
				break
			}
			uri, embedded := written(item)
			status, err := s.ownOf(ctx, author, uri, embedded, further{quiet: true})
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err == nil && status != nil {
				kept++
			}
		}
		address = page.Next
		if !activitypub.SameHost(address, author.URI) || slices.Contains(asked, address) {
			break
		}
	}
	return nil
}

// forgetSeen lets the next who looks at a profile ask again.
func (s *Service) forgetSeen(ctx context.Context, account id.Account) error {
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		_, err := db.Exec(ctx, tx, `UPDATE accounts SET backfilled_at = NULL WHERE id = $1`, account)
		return err
	})
	if err != nil {
		return fmt.Errorf("backfill account %d: %w", account, err)
	}
	return nil
}

// written gives the status that an item of an outbox tells of: a Create of it, or itself.
func written(item activitypub.Object) (uri string, embedded activitypub.Object) {
	switch {
	case item.Is("Create"):
		uri, embedded = item.Link("object"), item.Object("object")
		if len(embedded) <= 2 {
			embedded = nil
		}
	case activitypub.IsNoteType(item.Type()):
		uri, embedded = item.ID(), item
	}
	return uri, embedded
}
