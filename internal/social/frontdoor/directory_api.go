package frontdoor

import (
	"fmt"
	"strconv"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/social/id"
	"anancus/internal/social/relationships"
	"anancus/internal/social/viewer"
)

// Bounds of the directory. Mastodon passes over any number of accounts; nobody reads that far by hand, and each costs.
const (
	directoryPage = 40
	maxDirectory  = 80
	maxPassedOver = 4000
)

// directorySQL lists the accounts that wish to be found, walking the index that is made for the order and place.
func directorySQL(newest, local bool) string {
	listed, order := "c.listed > 0", "COALESCE(c.last_status_at, 0) DESC, c.account_id DESC"
	if local {
		listed = "c.listed = 2"
	}
	if newest {
		order = "c.account_id DESC"
	}
	return `SELECT c.account_id FROM account_counts c JOIN accounts a ON a.id = c.account_id LEFT JOIN members m ON m.account_id = c.account_id
	WHERE ` + listed + ` AND a.suspended_at IS NULL AND a.deleted_at IS NULL AND a.limited_at IS NULL AND a.moved_to_id IS NULL
	AND (a.domain <> '' OR (m.approved_at IS NOT NULL AND m.confirmed_at IS NOT NULL))
	AND ` + relationships.NotHidden + `
	ORDER BY ` + order + ` LIMIT $3 OFFSET $4`
}

// Directory serves GET /api/v1/directory.
func (s *Service) Directory(c *viewer.Call) (any, error) {
	if !s.settings.Now().ProfileDirectory {
		return nil, fault.RecordNotFound()
	}
	offset, err := strconv.Atoi(c.Query("offset"))
	if err != nil && c.Query("offset") != "" {
		offset = 0
	}
	offset = max(offset, -offset)
	if offset > maxPassedOver {
		return []any{}, nil
	}
	found, err := db.All(c.Context(), s.db, db.Value[id.Account], directorySQL(c.Query("order") == "new", c.QueryFlag("local")),
		c.Viewer.Account, clock.Milli(s.clock.Now()), c.Limit(directoryPage, maxDirectory), offset)
	if err != nil {
		return nil, fmt.Errorf("directory: %w", err)
	}
	return s.accounts.Rows(c.Context(), found)
}
