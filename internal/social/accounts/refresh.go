package accounts

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/social/id"
)

// When actors of other servers are read again (federation.md §7).
const (
	oldAfter      = 7 * 24 * time.Hour // then what they do leads to it
	refreshSpread = 6 * time.Hour      // so that the first activity after a long silence of a server does not ask for all of it at once
	refreshAgain  = time.Hour          // while it does not succeed, it is asked for no sooner
)

// RefreshDue tells that an actor of another server is to be read again.
type RefreshDue struct {
	Account id.Account
	Wait    time.Duration
}

// Heard notes that an actor did something: what lies beside one of whom only the key was needed is read now, and one that was not read
// for a week is read again within hours.
func (s *Service) Heard(ctx context.Context, a *Account) error {
	if !a.Local() && !a.Surveyed {
		return s.survey(ctx, a)
	}
	if a.Local() || s.clock.Now().Sub(a.FetchedAt) < oldAfter {
		return nil
	}
	return s.askRefresh(ctx, a.ID, rand.N(refreshSpread), 2*refreshSpread)
}

// survey lets what lies beside an actor be read.
func (s *Service) survey(ctx context.Context, a *Account) error {
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		claimed, err := claimCollections(ctx, tx, a.ID)
		if err != nil || !claimed {
			return err
		}
		if err := s.claimLinks(tx, a); err != nil {
			return err
		}
		return tx.Emit(Updated{Account: a.ID, Read: true, Moved: a.MovedToURI != "" && a.MovedTo == 0})
	})
}

func (s *Service) askRefresh(ctx context.Context, account id.Account, wait, again time.Duration) error {
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		n, err := db.Exec(ctx, tx, `UPDATE accounts SET refresh_asked_at = $2 WHERE id = $1 AND deleted_at IS NULL AND (refresh_asked_at IS NULL OR refresh_asked_at < $3)`,
			account, clock.Milli(tx.Now()), clock.Milli(tx.Now().Add(-again)))
		if err != nil || n == 0 {
			return err
		}
		return tx.Emit(RefreshDue{account, wait})
	})
	if err != nil {
		return fmt.Errorf("ask for a refresh of account %d: %w", account, err)
	}
	return nil
}

// Refresh reads an actor again, and asks the domain of its handle whether that is still its name. While its server is away, or does not
// confirm the name, the profile stays as it is known.
func (s *Service) Refresh(ctx context.Context, e RefreshDue) error {
	a, err := byID(ctx, s.db, e.Account)
	if err != nil || a.Local() || !a.DeletedAt.IsZero() || s.clock.Now().Sub(a.FetchedAt) < refreshAgain {
		return ignoreNotFound(err)
	}
	_, err = s.once(ctx, a.URI, func(ctx context.Context) (*Account, error) {
		actor, err := s.remote.FetchActor(ctx, a.URI)
		if err != nil {
			return nil, s.goneAt(ctx, a.URI, err)
		}
		handle, err := s.remote.ConfirmHandle(ctx, actor)
		if err != nil {
			return nil, err
		}
		return s.Keep(ctx, actor, handle)
	})
	if err != nil {
		return ctx.Err()
	}
	return nil
}

// goneAt marks an account gone whose server says that it is no more; it gives the error back.
func (s *Service) goneAt(ctx context.Context, uri string, failure error) error {
	if !fault.Is(failure, fault.Gone) {
		return failure
	}
	known, err := byURI(ctx, s.db, uri)
	if err == nil {
		err = s.MarkGone(ctx, known.ID)
	}
	if err != nil && !fault.Is(err, fault.NotFound) {
		return err
	}
	return failure
}
