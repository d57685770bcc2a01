package accounts

import (
	"context"
	"fmt"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/social/id"
)

// What lies beside an actor on its server: how many statuses and follows it has, and, for the rooms above, what it shows on its profile.

// collectionsFresh is how long what was read there counts as read, as Mastodon does, however often the actor itself changes meanwhile.
const collectionsFresh = 24 * time.Hour

// claimCollections notes, in the transaction that keeps an actor, that what lies beside it is read; false when that was done within a day.
func claimCollections(ctx context.Context, tx *db.Tx, account id.Account) (bool, error) {
	now := tx.Now()
	n, err := db.Exec(ctx, tx, `UPDATE accounts SET collections_read_at = $2
		WHERE id = $1 AND (collections_read_at IS NULL OR collections_read_at < $3)`, account, clock.Milli(now), clock.Milli(now.Add(-collectionsFresh)))
	return n > 0, err
}

// Beside tells whether an event asks for what lies beside an actor at an address that some part of it gives.
func Beside(address func(a *Account) string) func(ctx context.Context, tx *db.Tx, e Updated) (bool, error) {
	return func(ctx context.Context, tx *db.Tx, e Updated) (bool, error) {
		if !e.Read {
			return false, nil
		}
		a, err := byID(ctx, tx, e.Account)
		if err != nil {
			return false, err
		}
		return !a.Local() && a.Available() && address(a) != "", nil
	}
}

// ReadCollection reads a collection of an account on its server, for a durable effect; nil where it is not to be had: it is asked for again
// when the actor is.
func (s *Service) ReadCollection(ctx context.Context, address string) (*activitypub.RemoteCollection, error) {
	return s.beside(ctx, func(ctx context.Context) (activitypub.RemoteCollection, error) {
		return s.remote.FetchCollection(ctx, address)
	})
}

func (s *Service) beside(ctx context.Context, read func(ctx context.Context) (activitypub.RemoteCollection, error)) (*activitypub.RemoteCollection, error) {
	within, cancel := context.WithTimeout(ctx, fetchWithin)
	defer cancel()
	all, err := read(within)
	if err != nil {
		return nil, ctx.Err()
	}
	return &all, nil
}

// ReadNumbers asks an account's server how many statuses, followers and followed it counts. Mastodon shows no pages of follows that
// are not to be seen.
func (s *Service) ReadNumbers(ctx context.Context, e Updated) error {
	a, err := byID(ctx, s.db, e.Account)
	if err != nil || a.Local() || !a.Available() {
		return ignoreNotFound(err)
	}
	var told [3]*int64
	var hidden *bool
	for i, address := range []string{a.OutboxURL, a.FollowersURL, a.FollowingURL} {
		if address == "" {
			continue
		}
		c, err := s.beside(ctx, func(ctx context.Context) (activitypub.RemoteCollection, error) {
			o, err := s.remote.Fetch(ctx, address)
			return activitypub.ParseCollection(o), err
		})
		if err != nil {
			return fmt.Errorf("read the numbers of account %d: %w", a.ID, err)
		}
		if c == nil {
			continue
		}
		if c.TotalItems >= 0 {
			told[i] = &c.TotalItems
		}
		if i > 0 {
			unlisted := !c.Listed() || hidden != nil && *hidden
			hidden = &unlisted
		}
	}
	return s.keepNumbers(ctx, a.ID, told, hidden)
}

// keepNumbers stores what an account's server told; what it did not tell stays.
func (s *Service) keepNumbers(ctx context.Context, account id.Account, told [3]*int64, hidden *bool) error {
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		_, err := db.Exec(ctx, tx, `UPDATE accounts SET remote_statuses = COALESCE($2, remote_statuses), remote_followers = COALESCE($3, remote_followers),
			remote_following = COALESCE($4, remote_following), hide_collections = COALESCE($5, hide_collections) WHERE id = $1 AND domain <> ''`,
			account, told[0], told[1], told[2], hidden)
		if err != nil {
			return err
		}
		return tx.Emit(Updated{Account: account})
	})
}

func ignoreNotFound(err error) error {
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}
