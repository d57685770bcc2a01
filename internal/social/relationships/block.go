package relationships

import (
	"context"
	"fmt"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/social/id"
)

// Block ends follows both ways and hides the two from each other.
func (s *Service) Block(ctx context.Context, blocker, target id.Account) error {
	if blocker == target {
		return notAllowed()
	}
	us, them, err := s.pair(ctx, blocker, target)
	if err != nil {
		return err
	}
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		uri := fmt.Sprintf("%s#blocks/%d", us.URI, tx.NextID())
		began, err := s.beginBlock(ctx, tx, blocker, target, uri)
		if err != nil || !began || them.Local() {
			return err
		}
		return s.sendBlock(ctx, tx, us, them, uri)
	})
	if err != nil {
		return fmt.Errorf("block: %w", err)
	}
	s.courier.Wake()
	return nil
}

func (s *Service) beginBlock(ctx context.Context, tx *db.Tx, blocker, target id.Account, uri string) (began bool, err error) {
	for _, way := range [][2]id.Account{{blocker, target}, {target, blocker}} {
		if _, err := s.end(ctx, tx, way[0], way[1]); err != nil {
			return false, err
		}
	}
	n, err := db.Exec(ctx, tx, `INSERT INTO blocks (id, account_id, target_id, uri, created_at) VALUES ($1,$2,$3,$4,$5)
		ON CONFLICT (account_id, target_id) DO NOTHING`, tx.NextID(), blocker, target, uri, clock.Milli(tx.Now()))
	if err != nil || n == 0 {
		return false, err
	}
	return true, tx.Emit(Blocked{blocker, target})
}

// Unblock ends a block. None to end is no error.
func (s *Service) Unblock(ctx context.Context, blocker, target id.Account) error {
	us, them, err := s.pair(ctx, blocker, target)
	if err != nil {
		return err
	}
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		uris, err := db.All(ctx, tx, db.Value[string], `DELETE FROM blocks WHERE account_id = $1 AND target_id = $2 RETURNING uri`, blocker, target)
		if err != nil || len(uris) == 0 {
			return err
		}
		if !them.Local() {
			if err := s.sendUndoBlock(ctx, tx, us, them, uris[0]); err != nil {
				return err
			}
		}
		return tx.Emit(Unblocked{blocker, target})
	})
	if err != nil {
		return fmt.Errorf("unblock: %w", err)
	}
	s.courier.Wake()
	return nil
}

// Mute hides target from the member; with notifications too unless told otherwise;
// for a time, or for ever when lasting is 0.
func (s *Service) Mute(ctx context.Context, muter, target id.Account, notifications bool, lasting time.Duration) error {
	if muter == target {
		return notAllowed()
	}
	if _, _, err := s.pair(ctx, muter, target); err != nil {
		return err
	}
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		var expires *int64
		if lasting > 0 {
			at := clock.Milli(tx.Now().Add(lasting))
			expires = &at
		}
		_, err := db.Exec(ctx, tx, `INSERT INTO mutes (id, account_id, target_id, hide_notifications, expires_at, created_at) VALUES ($1,$2,$3,$4,$5,$6)
			ON CONFLICT (account_id, target_id) DO UPDATE SET hide_notifications = excluded.hide_notifications, expires_at = excluded.expires_at`,
			tx.NextID(), muter, target, notifications, expires, clock.Milli(tx.Now()))
		if err != nil {
			return err
		}
		return tx.Emit(Muted{muter, target})
	})
	if err != nil {
		return fmt.Errorf("mute: %w", err)
	}
	return nil
}

// Unmute ends a mute. None to end is no error.
func (s *Service) Unmute(ctx context.Context, muter, target id.Account) error {
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		n, err := db.Exec(ctx, tx, `DELETE FROM mutes WHERE account_id = $1 AND target_id = $2`, muter, target)
		if err != nil || n == 0 {
			return err
		}
		return tx.Emit(Unmuted{muter, target})
	})
	if err != nil {
		return fmt.Errorf("unmute: %w", err)
	}
	return nil
}

// EndExpiredMutes removes mutes whose time is over, a bounded number at a time.
func (s *Service) EndExpiredMutes(ctx context.Context) error {
	type pair struct{ muter, target id.Account }
	over, err := db.All(ctx, s.db, func(r db.Row) (pair, error) {
		var p pair
		err := r.Scan(&p.muter, &p.target)
		return p, err
	}, `SELECT account_id, target_id FROM mutes WHERE expires_at <= $1 ORDER BY expires_at LIMIT 500`, clock.Milli(s.clock.Now()))
	if err != nil {
		return fmt.Errorf("end expired mutes: %w", err)
	}
	for _, p := range over {
		if err := s.Unmute(ctx, p.muter, p.target); err != nil {
			return err
		}
	}
	return nil
}

// Apart tells which of some accounts block one, or are blocked by it.
func Apart(ctx context.Context, q db.Q, one id.Account, others []id.Account) (map[id.Account]bool, error) {
	return setOf(db.All(ctx, q, db.Value[id.Account], `SELECT target_id FROM blocks WHERE account_id = $1 AND target_id {in $2} UNION SELECT a.id`+toward("blocks"), one, others))
}

// BlockedBy tells which of some accounts block one.
func BlockedBy(ctx context.Context, q db.Q, one id.Account, others []id.Account) (map[id.Account]bool, error) {
	return setOf(db.All(ctx, q, db.Value[id.Account], `SELECT a.id`+toward("blocks"), one, others))
}

func setOf(list []id.Account, err error) (map[id.Account]bool, error) {
	set := make(map[id.Account]bool, len(list))
	for _, one := range list {
		set[one] = true
	}
	return set, err
}
