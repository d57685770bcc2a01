package statuses

import (
	"context"
	"fmt"

	"anancus/internal/kit/db"
	"anancus/internal/kit/keyset"
	"anancus/internal/social/id"
	"anancus/internal/social/viewer"
)

// ProfileFilter says which of an account's statuses are wanted.
type ProfileFilter struct {
	Account        id.Account
	Reader         id.Account // 0: nobody in particular
	Here           bool       // the reader is a member, to whom local-only statuses may be shown
	ExcludeReplies bool
	ExcludeBoosts  bool
	OnlyMedia      bool
	Tagged         string // normalised, "" for all
}

// byAuthor lists an account's statuses that the reader may read, newest first.
func byAuthor(ctx context.Context, q db.Q, f ProfileFilter, p keyset.Page) ([]*Status, error) {
	where := ""
	args := []any{f.Account, f.Reader, f.Here, p.Before, p.After, p.Limit}
	if f.ExcludeReplies {
		where += ` AND ((s.in_reply_to_id IS NULL AND s.in_reply_to_uri = '') OR s.in_reply_to_account_id = s.author_id)`
	}
	if f.ExcludeBoosts {
		where += ` AND s.boost_of_id IS NULL`
	}
	if f.OnlyMedia {
		where += ` AND s.with_media`
	}
	if f.Tagged != "" {
		where += ` AND EXISTS (SELECT 1 FROM status_tags st JOIN tags t ON t.id = st.tag_id WHERE st.status_id = s.id AND t.name = $7)`
		args = append(args, f.Tagged)
	}
	rows, err := db.All(ctx, q, scan, `SELECT `+columns+` FROM statuses s
		WHERE s.author_id = $1 AND s.id < $4 AND s.id > $5 AND s.deleted_at IS NULL`+where+`
		AND (s.author_id = $2 OR ((NOT s.local_only OR $3) AND (s.visibility IN ('public', 'unlisted')
			OR (s.visibility = 'private' AND EXISTS (SELECT 1 FROM follows f WHERE f.Account_id = $2 AND f.target_id = $1))
			OR EXISTS (SELECT 1 FROM mentions m WHERE m.status_id = s.id AND m.account_id = $2))))
		ORDER BY s.id `+p.Order()+` LIMIT $6`, args...)
	return keyset.Arrange(p, rows), err
}

// ProfilePage is a page of an account's statuses, newest first. Its links lead on from the first and last row that were read, of which some may
// be left out: boosts of what the reader may not read.
type ProfilePage struct {
	Statuses    []id.Status
	Read        int
	First, Last id.Status // 0 when nothing was read
}

// OfAccount lists an account's statuses that the reader may read.
func (s *Service) OfAccount(ctx context.Context, f ProfileFilter, p keyset.Page) (ProfilePage, error) {
	rows, err := byAuthor(ctx, s.db, f, p)
	if err != nil {
		return ProfilePage{}, fmt.Errorf("statuses of account: %w", err)
	}
	if len(rows) == 0 {
		return ProfilePage{}, nil
	}
	visible, err := s.Visible(ctx, f.Reader, rows) // the query cannot see as far as what is boosted
	return ProfilePage{idsOf(visible), len(rows), rows[0].ID, rows[len(rows)-1].ID}, err
}

// Pinned shows a viewer what an account pinned, the latest pin first.
func (s *Service) Pinned(ctx context.Context, v viewer.Viewer, account id.Account) (any, error) {
	pinned, err := s.PinnedBy(ctx, account)
	if err != nil {
		return nil, err
	}
	visible, err := s.Visible(ctx, v.Account, pinned)
	if err != nil {
		return nil, err
	}
	return s.Present(ctx, v, idsOf(visible))
}

func idsOf(list []*Status) []id.Status {
	ids := make([]id.Status, len(list))
	for i, one := range list {
		ids[i] = one.ID
	}
	return ids
}
