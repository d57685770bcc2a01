package statuses

import (
	"context"
	"fmt"
	"slices"

	"anancus/internal/kit/db"
	"anancus/internal/kit/keyset"
	"anancus/internal/social/id"
)

// PublicBy lists what anyone may read of an account, newest first. Next is where an older
// page begins, 0 when there is none: a page may be short, since boosts of what is hidden are left out.
func (s *Service) PublicBy(ctx context.Context, account id.Account, withReplies bool, p keyset.Page) (list []*Status, next id.Status, err error) {
	rows, err := byAuthor(ctx, s.db, ProfileFilter{Account: account, ExcludeReplies: !withReplies}, p)
	if err != nil {
		return nil, 0, fmt.Errorf("public statuses of account: %w", err)
	}
	return s.public(ctx, rows, p)
}

const publicTaggedSQL = `SELECT ` + columns + ` FROM status_tags st JOIN statuses s ON s.id = st.status_id
	WHERE st.tag_id = $1 AND st.status_id < $2 AND st.status_id > $3 AND s.visibility = 'public' AND NOT s.local_only AND s.deleted_at IS NULL
	AND NOT EXISTS (SELECT 1 FROM accounts a WHERE a.id = s.author_id AND (a.limited_at IS NOT NULL OR a.suspended_at IS NOT NULL OR a.deleted_at IS NOT NULL))
	ORDER BY st.status_id DESC LIMIT $4`

// PublicTagged lists the public statuses that carry a hashtag, given by its normalised name, newest
// first. Unlisted ones are read by who has their address, and authors with limits are not offered.
func (s *Service) PublicTagged(ctx context.Context, name string, p keyset.Page) (list []*Status, next id.Status, err error) {
	tags, err := db.All(ctx, s.db, db.Value[id.Tag], `SELECT id FROM tags WHERE name = $1`, name)
	if err != nil || len(tags) == 0 {
		return nil, 0, err
	}
	rows, err := db.All(ctx, s.db, scan, publicTaggedSQL, tags[0], p.Before, p.After, p.Limit)
	if err != nil {
		return nil, 0, fmt.Errorf("public statuses of hashtag: %w", err)
	}
	return s.public(ctx, rows, p)
}

// public leaves of a page what anyone may read, and tells where the next one begins.
func (s *Service) public(ctx context.Context, rows []*Status, p keyset.Page) ([]*Status, id.Status, error) {
	var next id.Status
	if len(rows) > 0 && len(rows) == p.Limit {
		next = rows[len(rows)-1].ID
	}
	kept, err := s.Visible(ctx, 0, rows)
	return kept, next, err
}

// PublicAnswers gives the answers below a status that anyone may read, in the order of the thread.
// Authors with limits are left out, but for the one who began it.
func (s *Service) PublicAnswers(ctx context.Context, root *Status, most int) ([]*Status, error) {
	down, err := descendantsOf(ctx, s.db, root.ID, anonymousReach)
	if err != nil {
		return nil, fmt.Errorf("answers: %w", err)
	}
	order := plant(root.ID, down)
	found, err := many(ctx, s.db, order)
	if err != nil {
		return nil, fmt.Errorf("answers: %w", err)
	}
	kept, err := s.Visible(ctx, 0, found)
	if err != nil {
		return nil, err
	}
	limited, err := limitedAmong(ctx, s.db, kept)
	if err != nil {
		return nil, err
	}
	at := map[id.Status]*Status{}
	for _, one := range kept {
		if one.Author == root.Author || !slices.Contains(limited, one.Author) {
			at[one.ID] = one
		}
	}
	list := make([]*Status, 0, min(most, len(at)))
	for _, one := range order {
		if at[one] != nil && len(list) < most {
			list = append(list, at[one])
		}
	}
	return list, nil
}

func limitedAmong(ctx context.Context, q db.Q, list []*Status) ([]id.Account, error) {
	authors := make([]id.Account, 0, len(list))
	for _, one := range list {
		authors = append(authors, one.Author)
	}
	limited, err := db.All(ctx, q, db.Value[id.Account], `SELECT id FROM accounts WHERE id {in $1} AND limited_at IS NOT NULL`, authors)
	if err != nil {
		return nil, fmt.Errorf("authors with limits: %w", err)
	}
	return limited, nil
}
