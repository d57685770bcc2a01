package statuses

import (
	"context"
	"fmt"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/social/accounts"
	"anancus/internal/social/id"
	"anancus/internal/social/viewer"
)

// ThreadMuted tells that a member does not want to hear of a thread, or wants to again, or not of what came to be a part of it.
type ThreadMuted struct {
	Account id.Account
	Thread  id.Status
}

// MuteThread keeps what happens in a thread from the member's notifications. Doing it twice changes nothing.
func (s *Service) MuteThread(ctx context.Context, member id.Account, thread id.Status) error {
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		n, err := db.Exec(ctx, tx, `INSERT INTO thread_mutes (account_id, thread_id, created_at) VALUES ($1,$2,$3)
			ON CONFLICT (account_id, thread_id) DO NOTHING`, member, thread, clock.Milli(tx.Now()))
		if err != nil || n == 0 {
			return err
		}
		return tx.Emit(ThreadMuted{member, thread})
	})
	if err != nil {
		return fmt.Errorf("mute thread: %w", err)
	}
	return nil
}

// UnmuteThread ends the mute of a thread. None to end is no error.
func (s *Service) UnmuteThread(ctx context.Context, member id.Account, thread id.Status) error {
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		n, err := db.Exec(ctx, tx, `DELETE FROM thread_mutes WHERE account_id = $1 AND thread_id = $2`, member, thread)
		if err != nil || n == 0 {
			return err
		}
		return tx.Emit(ThreadMuted{member, thread})
	})
	if err != nil {
		return fmt.Errorf("unmute thread: %w", err)
	}
	return nil
}

// carryMutes keeps those who muted a thread that turned out to be a part of another from hearing of it there. moved tells that statuses came to
// the other with it: they are muted for whoever muted that, too.
func carryMutes(ctx context.Context, tx *db.Tx, from []id.Status, to id.Status, moved bool) error {
	members, err := db.All(ctx, tx, db.Value[id.Account], `INSERT INTO thread_mutes (account_id, thread_id, created_at)
		SELECT DISTINCT account_id, CAST($2 AS BIGINT), CAST($3 AS BIGINT) FROM thread_mutes WHERE thread_id {in $1}
		ON CONFLICT (account_id, thread_id) DO NOTHING RETURNING account_id`, from, to, clock.Milli(tx.Now()))
	if err == nil && moved {
		members, err = db.All(ctx, tx, db.Value[id.Account], `SELECT account_id FROM thread_mutes WHERE thread_id = $1`, to)
	}
	for _, member := range members {
		if err == nil {
			err = tx.Emit(ThreadMuted{member, to})
		}
	}
	return err
}

// MutesThread tells whether a member does not want to hear of the thread of a status.
func MutesThread(ctx context.Context, q db.Q, member id.Account, status id.Status) (bool, error) {
	n, err := db.One(ctx, q, db.Value[int64], `SELECT COUNT(*) FROM statuses s JOIN thread_mutes t ON t.thread_id = s.thread_id
		WHERE s.id = $2 AND t.account_id = $1`, member, status)
	return n > 0, err
}

// MuteStatus serves POST /api/v1/statuses/{id}/mute: the whole thread is muted.
func (s *Service) MuteStatus(c *viewer.Call) (any, error) {
	return s.act(c, func(member *accounts.Account, status *Status) error {
		return s.MuteThread(c.Context(), member.ID, status.Thread)
	})
}

// UnmuteStatus serves POST /api/v1/statuses/{id}/unmute.
func (s *Service) UnmuteStatus(c *viewer.Call) (any, error) {
	return s.act(c, func(member *accounts.Account, status *Status) error {
		return s.UnmuteThread(c.Context(), member.ID, status.Thread)
	})
}
