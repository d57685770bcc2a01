package relationships

import (
	"context"
	"encoding/json"
	"fmt"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/keyset"
	"anancus/internal/protocol/mastodon"
	"anancus/internal/social/id"
	"anancus/internal/social/viewer"
)

// muted is a row of the list of mutes.
type muted struct {
	listed
	until *int64
}

const mutesSQL = `SELECT m.id, m.target_id, m.expires_at FROM mutes m JOIN accounts a ON a.id = m.target_id
	WHERE m.account_id = $1 AND m.id < $2 AND m.id > $3 AND (m.expires_at IS NULL OR m.expires_at > $5)
	AND a.suspended_at IS NULL AND a.deleted_at IS NULL ORDER BY m.id `

// listMutes pages through a member's mutes whose time is not over.
func listMutes(ctx context.Context, q db.Q, account id.Account, now int64, p keyset.Page) ([]muted, error) {
	rows, err := db.All(ctx, q, func(r db.Row) (muted, error) {
		var m muted
		err := r.Scan(&m.row, &m.account, &m.until)
		return m, err
	}, mutesSQL+p.Order()+` LIMIT $4`, account, p.Before, p.After, p.Limit, now)
	return keyset.Arrange(p, rows), err
}

// MutedAccounts serves GET /api/v1/mutes: each account with the time its mute ends, null when it does not.
func (s *Service) MutedAccounts(c *viewer.Call) (any, error) {
	p := keyset.Read(c, listLimit, listMax)
	rows, err := listMutes(c.Context(), s.db, c.Viewer.Account, clock.Milli(s.clock.Now()), p)
	if err != nil {
		return nil, fmt.Errorf("list mutes: %w", err)
	}
	people := make([]id.Account, len(rows))
	for i, row := range rows {
		people[i] = row.account
	}
	known, err := s.accounts.Shown(c.Context(), people)
	if err != nil {
		return nil, err
	}
	shown := make([]json.RawMessage, 0, len(rows))
	for _, row := range rows {
		if account := known[row.account]; account != nil {
			shown = append(shown, row.over(account))
		}
	}
	if len(rows) == 0 {
		return shown, nil
	}
	return keyset.Answer(c, p, shown, len(rows), rows[0].row, rows[len(rows)-1].row, keyset.BySinceID, true), nil
}

// over adds the one key of a MutedAccount to an Account.
func (m muted) over(account json.RawMessage) json.RawMessage {
	end := "null"
	if m.until != nil {
		end = `"` + mastodon.Time(clock.FromMilli(*m.until)) + `"`
	}
	b := make(json.RawMessage, 0, len(account)+60)
	b = append(b, account[:len(account)-1]...)
	return append(append(append(b, `,"mute_expires_at":`...), end...), '}')
}
