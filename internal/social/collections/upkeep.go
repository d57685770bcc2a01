package collections

import (
	"context"
	"fmt"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/social/accounts"
	"anancus/internal/social/id"
)

// What happens to collections by themselves, and how much of it in one run.
const (
	upkeepAtOnce = 100
	askAgain     = time.Hour          // an account is asked again, and later every time: after 4, 9, 16 hours …
	maxAsks      = 7                  // … and for the last time after nearly six days; then the item waits for its answer, as with Mastodon
	forgetAfter  = 24 * time.Hour     // what was rejected can then be put in as if it had never been there, as with Mastodon
	staleAfter   = 7 * 24 * time.Hour // a collection of another server that nobody looks at is read again
)

// againAt tells when something more is to be done about an item that has come this far; nil for never.
func againAt(state State, now time.Time) *int64 {
	var at int64
	switch state {
	case Pending:
		at = clock.Milli(now.Add(askAgain))
	case Rejected, Revoked:
		at = clock.Milli(now.Add(forgetAfter))
	default:
		return nil
	}
	return &at
}

// KeepItems asks again where an account did not answer yet, and forgets the items that were refused. Of a collection of another server, and of
// one that a member left, what was revoked stays for good: nobody is put back there.
func (s *Service) KeepItems(ctx context.Context) error {
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		items, err := dueItems(ctx, tx)
		if err != nil {
			return err
		}
		var asked, gone, settled []id.CollectionItem
		for _, item := range items {
			switch {
			case item.state == Pending:
				asked = append(asked, item.id)
				if err := tx.Emit(AskDue{item.id, item.asks + 1}); err != nil {
					return err
				}
			case item.state == Rejected, item.state == Revoked && item.byOthers:
				gone = append(gone, item.id)
			default:
				settled = append(settled, item.id)
			}
		}
		return putOff(ctx, tx, asked, gone, settled)
	})
	if err != nil {
		return fmt.Errorf("keep items of collections: %w", err)
	}
	return nil
}

// AskAgain asks an account of another server that did not answer yet once more.
func (s *Service) AskAgain(ctx context.Context, e AskDue) error {
	item, err := itemByID(ctx, s.db, e.Item)
	if err != nil || item.State != Pending {
		return ignoreNotFound(err)
	}
	c, err := one(ctx, s.db, item.Collection)
	if err != nil {
		return ignoreNotFound(err)
	}
	a, err := s.accounts.ByID(ctx, item.Account)
	if err != nil {
		return ignoreNotFound(err)
	}
	let, err := s.letting(ctx, c.Owner, []*accounts.Account{a})
	if err != nil || !let[a.ID] {
		return err
	}
	return s.ask(ctx, item, e.Time)
}

// lookAt has the server of a collection asked for it when a member looks at it, at most once a day.
func (s *Service) lookAt(ctx context.Context, c *Collection) error {
	before := s.clock.Now().Add(-readAgain)
	if c.Local() || !c.ReadAt.Before(before) {
		return nil
	}
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		claimed, err := claimCollection(ctx, tx, c.ID, before)
		if err != nil || !claimed {
			return err
		}
		return tx.Emit(Stale{c.ID})
	})
}

// RereadStale has collections of other servers read again that nobody asked for in a week: also those that are on no profile.
func (s *Service) RereadStale(ctx context.Context) error {
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		which, err := claimStale(ctx, tx, tx.Now().Add(-staleAfter))
		if err != nil {
			return fmt.Errorf("read collections again: %w", err)
		}
		for _, one := range which {
			if err := tx.Emit(Stale{one}); err != nil {
				return err
			}
		}
		return nil
	})
}

// Reread reads a collection at its own server again. One that is no longer there is forgotten; a server that does not answer is asked another day.
func (s *Service) Reread(ctx context.Context, e Stale) error {
	c, err := one(ctx, s.db, e.Collection)
	if err != nil || c.Local() {
		return ignoreNotFound(err)
	}
	owner, err := s.accounts.ByID(ctx, c.Owner)
	if err != nil || !owner.Available() {
		return ignoreNotFound(err)
	}
	within, cancel := context.WithTimeout(activitypub.WithBudget(ctx, 1, 1), itemWithin)
	defer cancel()
	said, err := s.fetch(within, c.URI)
	switch {
	case fault.Is(err, fault.NotFound) || fault.Is(err, fault.Gone):
		return s.forget(ctx, owner.ID, c.URI)
	case err != nil:
		return ctx.Err()
	}
	_, err = s.keep(ctx, owner, said)
	return err
}
