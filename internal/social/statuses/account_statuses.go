package statuses

import (
	"context"
	"fmt"

	"anancus/internal/kit/db"
	"anancus/internal/kit/keyset"
	"anancus/internal/kit/text"
	"anancus/internal/social/id"
	"anancus/internal/social/relationships"
	"anancus/internal/social/viewer"
)

// profileFilter says which of an account's statuses are wanted.
type profileFilter struct {
	account        id.Account
	reader         id.Account
	here           bool // the reader is a member, to whom local-only statuses may be shown
	excludeReplies bool
	excludeBoosts  bool
	onlyMedia      bool
	tagged         string // normalised, "" for all
}

// byAuthor lists an account's statuses that the reader may read, newest first.
func byAuthor(ctx context.Context, q db.Q, f profileFilter, p keyset.Page) ([]*Status, error) {
	where := ""
	args := []any{f.account, f.reader, f.here, p.Before, p.After, p.Limit}
	if f.excludeReplies {
		where += ` AND ((s.in_reply_to_id IS NULL AND s.in_reply_to_uri = '') OR s.in_reply_to_account_id = s.author_id)`
	}
	if f.excludeBoosts {
		where += ` AND s.boost_of_id IS NULL`
	}
	if f.onlyMedia {
		where += ` AND s.with_media`
	}
	if f.tagged != "" {
		where += ` AND EXISTS (SELECT 1 FROM status_tags st JOIN tags t ON t.id = st.tag_id WHERE st.status_id = s.id AND t.name = $7)`
		args = append(args, f.tagged)
	}
	rows, err := db.All(ctx, q, scan, `SELECT `+columns+` FROM statuses s
		WHERE s.author_id = $1 AND s.id < $4 AND s.id > $5 AND s.deleted_at IS NULL`+where+`
		AND (s.author_id = $2 OR ((NOT s.local_only OR $3) AND (s.visibility IN ('public', 'unlisted')
			OR (s.visibility = 'private' AND EXISTS (SELECT 1 FROM follows f WHERE f.account_id = $2 AND f.target_id = $1))
			OR EXISTS (SELECT 1 FROM mentions m WHERE m.status_id = s.id AND m.account_id = $2))))
		ORDER BY s.id `+p.Order()+` LIMIT $6`, args...)
	return keyset.Arrange(p, rows), err
}

// AccountStatuses serves GET /api/v1/accounts/{id}/statuses.
func (s *Service) AccountStatuses(c *viewer.Call) (any, error) {
	account, err := id.Parse[id.Account](c.Path("id"))
	if err != nil {
		return nil, err
	}
	a, err := s.accounts.ByID(c.Context(), account)
	if err != nil {
		return nil, err
	}
	if c.Viewer.IsMember() {
		if err := s.accounts.LookedAt(c.Context(), a); err != nil {
			return nil, err
		}
	}
	if !a.Available() {
		return []raw{}, nil
	}
	if c.Viewer.IsMember() {
		if err := s.seen(c.Context(), a); err != nil {
			return nil, err
		}
		blocked, err := relationships.Blocks(c.Context(), s.db, account, c.Viewer.Account)
		if err != nil || blocked {
			return []raw{}, err
		}
	}
	if c.QueryFlag("pinned") {
		return s.pinnedRows(c, account)
	}
	p := keyset.Read(c, ListLimit, ListMax)
	f := profileFilter{account: account, reader: c.Viewer.Account, here: c.Viewer.IsMember(),
		excludeReplies: c.QueryFlag("exclude_replies"), excludeBoosts: c.QueryFlag("exclude_reblogs"), onlyMedia: c.QueryFlag("only_media")}
	if tag := c.Query("tagged"); tag != "" {
		if f.tagged = text.TagKey(tag); f.tagged == "" {
			return []raw{}, nil
		}
	}
	rows, err := byAuthor(c.Context(), s.db, f, p)
	if err != nil {
		return nil, fmt.Errorf("statuses of account: %w", err)
	}
	if len(rows) == 0 {
		return []raw{}, nil
	}
	// Boosts of what the viewer may not read are left out here: the query cannot see that far.
	visible, err := s.Visible(c.Context(), c.Viewer.Account, rows)
	if err != nil {
		return nil, err
	}
	shown, done, err := s.PresentPage(c.Context(), c.Viewer, idsOf(visible))
	if err != nil {
		return nil, err
	}
	answer := keyset.Answer(c, p, shown, len(rows), int64(rows[0].ID), int64(rows[len(rows)-1].ID), keyset.ByMinID, true)
	answer.Done = done
	return answer, nil
}

func (s *Service) pinnedRows(c *viewer.Call, account id.Account) (any, error) {
	pinned, err := s.PinnedBy(c.Context(), account)
	if err != nil {
		return nil, err
	}
	visible, err := s.Visible(c.Context(), c.Viewer.Account, pinned)
	if err != nil {
		return nil, err
	}
	return s.Present(c.Context(), c.Viewer, idsOf(visible))
}

func idsOf(list []*Status) []id.Status {
	ids := make([]id.Status, len(list))
	for i, one := range list {
		ids[i] = one.ID
	}
	return ids
}
