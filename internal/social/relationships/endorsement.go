package relationships

import (
	"context"
	"fmt"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/social/id"
)

// Endorse shows somebody whom the member follows on the member's profile. Repeating it changes nothing.
func (s *Service) Endorse(ctx context.Context, member, target id.Account) error {
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		follows, err := Follows(ctx, tx, member, target)
		if err != nil {
			return err
		}
		if !follows {
			return fault.New(fault.Invalid, "Validation failed: You must be already following the person you want to endorse")
		}
		_, err = db.Exec(ctx, tx, `INSERT INTO endorsements (id, account_id, target_id, created_at) VALUES ($1,$2,$3,$4)
			ON CONFLICT (account_id, target_id) DO NOTHING`, tx.NextID(), member, target, clock.Milli(tx.Now()))
		return err
	})
	if err != nil {
		return fmt.Errorf("endorse: %w", err)
	}
	return nil
}

// Unendorse ends an endorsement. None to end is no error.
func (s *Service) Unendorse(ctx context.Context, member, target id.Account) error {
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		_, err := deleteEndorsement(ctx, tx, member, target)
		return err
	})
	if err != nil {
		return fmt.Errorf("unendorse: %w", err)
	}
	return nil
}

func deleteEndorsement(ctx context.Context, tx *db.Tx, account, target id.Account) (int64, error) {
	return db.Exec(ctx, tx, `DELETE FROM endorsements WHERE account_id = $1 AND target_id = $2`, account, target)
}
