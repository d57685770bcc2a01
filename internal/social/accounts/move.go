package accounts

import (
	"context"
	"fmt"
	"slices"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/social/id"
)

// maxAliases bounds the accounts that a member may name as their own: what other servers read of them (federation.md §7).
const maxAliases = 256

// movedTo is where an account is shown to have moved to.
func (a *Account) movedTo() id.Account {
	if !a.Available() {
		return 0
	}
	return a.MovedTo
}

// Welcomes tells whether an account may take over the followers of another: it names it as its own, may be followed and stays where it is.
func (a *Account) Welcomes(old *Account) bool {
	return a.ID != old.ID && slices.Contains(a.AlsoKnownAs, old.URI) && a.Available() && a.MovedTo == 0 && a.MovedToURI == "" && a.Kind != "Application"
}

// SettleMove asks the account that an actor says it moved to whether that is so; only then it is shown.
func (s *Service) SettleMove(ctx context.Context, e Updated) error {
	old, err := byID(ctx, s.db, e.Account)
	if err != nil || old.Local() || old.MovedTo != 0 || old.MovedToURI == "" || !old.Available() {
		return ignoreNotFound(err)
	}
	target, err := s.ResolveURI(ctx, old.MovedToURI)
	if err != nil {
		return ctx.Err() // asked again when the actor is
	}
	if !target.Welcomes(old) {
		return nil
	}
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		n, err := db.Exec(ctx, tx, `UPDATE accounts SET moved_to_id = $3 WHERE id = $1 AND moved_to_uri = $2`, old.ID, old.MovedToURI, target.ID)
		if err != nil || n == 0 {
			return err
		}
		return tx.Emit(Updated{Account: old.ID})
	})
}

// MovedSince tells whether an account was led elsewhere since some time.
func MovedSince(ctx context.Context, q db.Q, account id.Account, since time.Time) (bool, error) {
	n, err := db.One(ctx, q, db.Int64, `SELECT COUNT(*) FROM accounts WHERE id = $1 AND moved_at >= $2`, account, clock.Milli(since))
	return n > 0, err
}

// SetMoved keeps where an account moved to, unless it did since some time; false then.
func SetMoved(ctx context.Context, tx *db.Tx, old, target *Account, since time.Time) (bool, error) {
	uri := target.URI
	if old.Local() {
		uri = ""
	}
	n, err := db.Exec(ctx, tx, `UPDATE accounts SET moved_to_id = $2, moved_to_uri = $3, moved_at = $4 WHERE id = $1 AND (moved_at IS NULL OR moved_at < $5)`,
		old.ID, target.ID, uri, clock.Milli(tx.Now()), clock.Milli(since))
	return n > 0, err
}

// AddAlias names another account as the member's own, so that it may lead its followers here. It gives that account.
func (s *Service) AddAlias(ctx context.Context, member id.Account, handle string) (*Account, error) {
	other, err := s.other(ctx, member, handle)
	if err != nil {
		return nil, err
	}
	return other, s.changeAliases(ctx, member, func(now []string) ([]string, error) {
		switch {
		case slices.Contains(now, other.URI):
			return now, nil
		case len(now) >= maxAliases:
			return nil, fault.New(fault.Invalid, fmt.Sprintf("Validation failed: You cannot have more than %d aliases", maxAliases))
		}
		return append(now, other.URI), nil
	})
}

// RemoveAlias takes that back.
func (s *Service) RemoveAlias(ctx context.Context, member id.Account, handle string) (*Account, error) {
	username, domain, err := SplitHandle(handle)
	if err != nil {
		return nil, notAHandle(handle)
	}
	other, err := s.ByHandle(ctx, username, domain)
	if err != nil {
		return nil, err
	}
	return other, s.changeAliases(ctx, member, func(now []string) ([]string, error) {
		if !slices.Contains(now, other.URI) {
			return nil, fault.New(fault.NotFound, fmt.Sprintf("%q is no alias of this account", handle))
		}
		return slices.DeleteFunc(now, func(uri string) bool { return uri == other.URI }), nil
	})
}

func (s *Service) changeAliases(ctx context.Context, member id.Account, change func(now []string) ([]string, error)) error {
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		a, err := byID(ctx, tx, member)
		if err != nil {
			return err
		}
		if a.AlsoKnownAs, err = change(a.AlsoKnownAs); err != nil {
			return err
		}
		a.UpdatedAt = tx.Now()
		if err := update(ctx, tx, a); err != nil {
			return err
		}
		return tx.Emit(ProfileChanged{Account: a.ID, At: clock.Milli(tx.Now())})
	})
}

// other gives an account by its handle, asking its server when it is not known; not the member's own.
func (s *Service) other(ctx context.Context, member id.Account, handle string) (*Account, error) {
	username, domain, err := SplitHandle(handle)
	if err != nil {
		return nil, notAHandle(handle)
	}
	found, err := s.ResolveHandle(ctx, username, domain)
	if err != nil {
		return nil, err
	}
	if found.ID == member {
		return nil, fault.New(fault.Invalid, "Validation failed: An account cannot move to itself")
	}
	return found, nil
}

// Fresh gives another account by its handle as its server shows it at this moment; not the member's own.
func (s *Service) Fresh(ctx context.Context, member id.Account, handle string) (*Account, error) {
	found, err := s.other(ctx, member, handle)
	if err != nil || found.Local() {
		return found, err
	}
	return s.Fetch(ctx, found.URI)
}

func notAHandle(handle string) error {
	return fault.New(fault.Invalid, fmt.Sprintf("%q is no handle: write @name@domain", handle))
}
