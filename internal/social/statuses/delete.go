package statuses

import (
	"context"
	"fmt"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/social/accounts"
	"anancus/internal/social/id"
	"anancus/internal/social/media"
	"anancus/internal/social/tags"
	"anancus/internal/social/viewer"
)

// keepDeleted is how long the row of a deleted status stays, hidden everywhere.
const keepDeleted = 30 * 24 * time.Hour

// purgeAtOnce bounds the rows that one transaction removes, so that it stays short.
const purgeAtOnce = 500

// Delete hides the author's status, or takes back a boost, and tells whoever got it. NotFound for
// statuses of others, so that nobody learns of what they may not read. withMedia removes what it showed at once;
// else its author may show that again within a day.
func (s *Service) Delete(ctx context.Context, author id.Account, status id.Status, withMedia bool) (*Status, error) {
	found, err := one(ctx, s.db, status)
	if err != nil {
		return nil, err
	}
	if found.Author != author {
		return nil, fault.RecordNotFound()
	}
	if found.IsBoost() {
		return found, s.unboost(ctx, found)
	}
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		if err := s.remove(ctx, tx, found); err != nil {
			return err
		}
		if withMedia {
			return media.Remove(ctx, tx, status)
		}
		return media.Loosen(ctx, tx, status) // to be shown again
	})
	if err != nil {
		return nil, fmt.Errorf("delete status: %w", err)
	}
	return found, nil
}

// remove hides a status with its counts. Boosts of it stay rows, but no path shows a boost of what is gone.
func (s *Service) remove(ctx context.Context, tx *db.Tx, status *Status) error {
	hidden, err := markDeleted(ctx, tx, status.ID)
	if err != nil || !hidden {
		return err
	}
	if err := insertTombstone(ctx, tx, status.URI); err != nil {
		return err
	}
	if err := tags.Detach(ctx, tx, status.ID); err != nil {
		return err
	}
	if status.InReplyTo != 0 {
		if err := count(ctx, tx, status.InReplyTo, "replies", -1); err != nil {
			return err
		}
	}
	if _, err := accounts.CountStatus(ctx, tx, status.Author, -1, 0); err != nil {
		return err
	}
	if err := s.endQuote(ctx, tx, status.ID); err != nil {
		return err
	}
	return tx.Emit(Deleted{status.ID, status.Author, status.InReplyTo})
}

// PurgeDeleted removes the rows of statuses deleted more than 30 days ago, a bounded
// number in each transaction, with everything that hangs on them.
func (s *Service) PurgeDeleted(ctx context.Context) error {
	before := clock.Milli(s.clock.Now().Add(-keepDeleted))
	for {
		ids, err := db.All(ctx, s.db, db.Value[id.Status], `SELECT id FROM statuses WHERE deleted_at < $1 ORDER BY deleted_at LIMIT 50`, before)
		if err != nil || len(ids) == 0 {
			return err
		}
		for _, status := range ids {
			if err := s.purge(ctx, status); err != nil {
				return fmt.Errorf("purge status %d: %w", status, err)
			}
		}
	}
}

// purge removes first what hangs on a status, in bounded steps, and the row itself last.
func (s *Service) purge(ctx context.Context, status id.Status) error {
	for _, step := range []string{
		`DELETE FROM favourites WHERE id IN (SELECT id FROM favourites WHERE status_id = $1 LIMIT $2)`,
		`DELETE FROM reactions WHERE id IN (SELECT id FROM reactions WHERE status_id = $1 LIMIT $2)`,
		`DELETE FROM bookmarks WHERE id IN (SELECT id FROM bookmarks WHERE status_id = $1 LIMIT $2)`,
		`DELETE FROM pins WHERE id IN (SELECT id FROM pins WHERE status_id = $1 LIMIT $2)`,
		`DELETE FROM mentions WHERE id IN (SELECT id FROM mentions WHERE status_id = $1 LIMIT $2)`,
		`DELETE FROM filter_statuses WHERE id IN (SELECT id FROM filter_statuses WHERE status_id = $1 LIMIT $2)`,
		`DELETE FROM conversation_statuses WHERE id IN (SELECT id FROM conversation_statuses WHERE status_id = $1 LIMIT $2)`,
		`UPDATE quotes SET quoted_id = NULL WHERE id IN (SELECT id FROM quotes WHERE quoted_id = $1 LIMIT $2)`,
		`DELETE FROM poll_votes WHERE id IN (SELECT id FROM poll_votes WHERE status_id = $1 LIMIT $2)`,
		`DELETE FROM status_edits WHERE id IN (SELECT id FROM status_edits WHERE status_id = $1 LIMIT $2)`,
		`DELETE FROM notifications WHERE id IN (SELECT id FROM notifications WHERE status_id = $1 LIMIT $2)`,
		`DELETE FROM notification_groups WHERE status_id = $1 AND (account_id, group_key) IN (SELECT account_id, group_key FROM notification_groups WHERE status_id = $1 LIMIT $2)`,
	} {
		for more := true; more; {
			err := s.db.Tx(ctx, func(tx *db.Tx) error {
				n, err := db.Exec(ctx, tx, step, status, purgeAtOnce)
				more = n == purgeAtOnce
				return err
			})
			if err != nil {
				return err
			}
		}
	}
	boosts, err := db.All(ctx, s.db, db.Value[id.Status], `SELECT id FROM statuses WHERE boost_of_id = $1 LIMIT $2`, status, purgeAtOnce)
	if err != nil {
		return err
	}
	for _, boost := range boosts {
		if err := s.purge(ctx, boost); err != nil {
			return err
		}
	}
	if len(boosts) == purgeAtOnce {
		return s.purge(ctx, status)
	}
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		if err := media.Unlink(ctx, tx, status); err != nil {
			return err
		}
		for _, last := range []string{
			`DELETE FROM attachments WHERE status_id = $1`,
			`DELETE FROM status_tags WHERE status_id = $1`,
			`DELETE FROM status_collections WHERE status_id = $1`,
			`DELETE FROM quotes WHERE status_id = $1`,
			`DELETE FROM translations WHERE status_id = $1`,
			`DELETE FROM poll_tallies WHERE status_id = $1`,
			`DELETE FROM polls WHERE status_id = $1`,
			`DELETE FROM trending_statuses WHERE status_id = $1`,
			`DELETE FROM crawl_items WHERE status_id = $1`,
			`DELETE FROM crawls WHERE status_id = $1`,
			`DELETE FROM status_counts WHERE status_id = $1`,
			`DELETE FROM statuses WHERE id = $1`,
		} {
			if _, err := db.Exec(ctx, tx, last, status); err != nil {
				return err
			}
		}
		return nil
	})
}

// DeleteStatus serves DELETE /api/v1/statuses/{id}: the answer carries the text, for redrafting.
func (s *Service) DeleteStatus(c *viewer.Call) (any, error) {
	wanted, err := fromPath(c)
	if err != nil {
		return nil, err
	}
	status, err := one(c.Context(), s.db, wanted)
	if err != nil {
		return nil, err
	}
	if status.Author != c.Viewer.Account {
		return nil, fault.RecordNotFound()
	}
	shown, err := s.presentRedraft(c.Context(), c.Viewer, status)
	if err != nil {
		return nil, err
	}
	if _, err := s.Delete(c.Context(), c.Viewer.Account, wanted, c.QueryFlag("delete_media")); err != nil {
		return nil, err
	}
	return shown, nil
}
