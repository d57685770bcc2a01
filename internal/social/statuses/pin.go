package statuses

import (
	"context"
	"fmt"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/social/accounts"
	"anancus/internal/social/id"
	"anancus/internal/social/viewer"
)

// MaxPins is how many statuses a member may pin.
const MaxPins = 5

// Pin shows one of the member's own statuses first on the profile. Boosts and
// direct statuses cannot be pinned. Doing it twice changes nothing.
func (s *Service) Pin(ctx context.Context, member id.Account, status *Status) error {
	switch {
	case status.Author != member:
		return fault.New(fault.Invalid, "Validation failed: Someone else's post cannot be pinned")
	case status.IsBoost():
		return fault.New(fault.Invalid, "Validation failed: A boost cannot be pinned")
	case status.Visibility == Direct || status.Visibility == Limited:
		return fault.New(fault.Invalid, "Validation failed: Posts that are only visible to mentioned users cannot be pinned")
	}
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		n, err := db.Exec(ctx, tx, `INSERT INTO pins (id, account_id, status_id, created_at) VALUES ($1,$2,$3,$4)
			ON CONFLICT (account_id, status_id) DO NOTHING`, tx.NextID(), member, status.ID, clock.Milli(tx.Now()))
		if err != nil || n == 0 {
			return err
		}
		pinned, err := db.One(ctx, tx, db.Value[int64], `SELECT COUNT(*) FROM pins p JOIN statuses s ON s.id = p.status_id
			WHERE p.account_id = $1 AND s.deleted_at IS NULL`, member)
		if err != nil {
			return err
		}
		if pinned > MaxPins {
			return fault.New(fault.Invalid, "Validation failed: You have already pinned the maximum number of posts")
		}
		return tx.Emit(PinChanged{member, status.ID, true, clock.Milli(tx.Now())})
	})
	if err != nil {
		return fmt.Errorf("pin: %w", err)
	}
	return nil
}

// Unpin ends a pin. None to end is no error.
func (s *Service) Unpin(ctx context.Context, member id.Account, status id.Status) error {
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		n, err := db.Exec(ctx, tx, `DELETE FROM pins WHERE account_id = $1 AND status_id = $2`, member, status)
		if err != nil || n == 0 {
			return err
		}
		return tx.Emit(PinChanged{member, status, false, clock.Milli(tx.Now())})
	})
	if err != nil {
		return fmt.Errorf("unpin: %w", err)
	}
	return nil
}

// PinStatus serves POST /api/v1/statuses/{id}/pin.
func (s *Service) PinStatus(c *viewer.Call) (any, error) {
	wanted, err := fromPath(c)
	if err != nil {
		return nil, err
	}
	status, err := s.See(c.Context(), c.Viewer.Account, wanted) // not the original: pinning a boost is refused, not redirected
	if err != nil {
		return nil, err
	}
	return s.actOn(c, status, func(member *accounts.Account, status *Status) error { return s.Pin(c.Context(), member.ID, status) })
}

// UnpinStatus serves POST /api/v1/statuses/{id}/unpin.
func (s *Service) UnpinStatus(c *viewer.Call) (any, error) {
	return s.act(c, func(member *accounts.Account, status *Status) error {
		return s.Unpin(c.Context(), member.ID, status.ID)
	})
}

// PinnedBy gives an account's pinned statuses, newest pin first.
func (s *Service) PinnedBy(ctx context.Context, account id.Account) ([]*Status, error) {
	ids, err := pinsOf(ctx, s.db, account)
	if err != nil {
		return nil, err
	}
	found, err := many(ctx, s.db, ids)
	if err != nil {
		return nil, err
	}
	at := map[id.Status]*Status{}
	for _, one := range found {
		at[one.ID] = one
	}
	list := make([]*Status, 0, len(found))
	for _, one := range ids {
		if at[one] != nil {
			list = append(list, at[one])
		}
	}
	return list, nil
}
