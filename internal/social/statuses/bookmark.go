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

// Bookmark keeps a status for the member alone; nobody is told. Doing it twice changes nothing.
func (s *Service) Bookmark(ctx context.Context, member id.Account, status id.Status) error {
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		n, err := db.Exec(ctx, tx, `INSERT INTO bookmarks (id, account_id, status_id, created_at) VALUES ($1,$2,$3,$4)
			ON CONFLICT (account_id, status_id) DO NOTHING`, tx.NextID(), member, status, clock.Milli(tx.Now()))
		if err != nil || n == 0 {
			return err
		}
		return tx.Emit(Bookmarked{member, status})
	})
	if err != nil {
		return fmt.Errorf("bookmark: %w", err)
	}
	return nil
}

// Unbookmark ends a bookmark. None to end is no error.
func (s *Service) Unbookmark(ctx context.Context, member id.Account, status id.Status) error {
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		n, err := db.Exec(ctx, tx, `DELETE FROM bookmarks WHERE account_id = $1 AND status_id = $2`, member, status)
		if err != nil || n == 0 {
			return err
		}
		return tx.Emit(Bookmarked{member, status})
	})
	if err != nil {
		return fmt.Errorf("unbookmark: %w", err)
	}
	return nil
}

// BookmarkStatus serves POST /api/v1/statuses/{id}/bookmark.
func (s *Service) BookmarkStatus(c *viewer.Call) (any, error) {
	return s.act(c, func(member *accounts.Account, status *Status) error {
		if err := s.mayMark(c.Context(), member.ID, status.Author); err != nil {
			return err
		}
		return s.Bookmark(c.Context(), member.ID, status.ID)
	})
}

// UnbookmarkStatus serves POST /api/v1/statuses/{id}/unbookmark.
func (s *Service) UnbookmarkStatus(c *viewer.Call) (any, error) {
	return s.undo(c, "bookmarks", func(member *accounts.Account, status *Status) error {
		return s.Unbookmark(c.Context(), member.ID, status.ID)
	})
}
