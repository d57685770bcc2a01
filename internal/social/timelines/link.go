package timelines

import (
	"context"
	"encoding/json"
	"fmt"

	"anancus/internal/kit/db"
	"anancus/internal/kit/keyset"
	"anancus/internal/social/id"
	"anancus/internal/social/viewer"
)

func linkedSQL(where, order string) string {
	return `SELECT ` + columns + ` FROM (SELECT f.status_id AS id FROM link_statuses f WHERE f.link_id = $1` + where + ` ORDER BY f.status_id` + order + ` LIMIT $3) AS line
		JOIN statuses s ON s.id = line.id` + joins + ` ORDER BY s.id` + order
}

// linkedBeyond gives the next statuses with a link beyond an id; fewer when some were purged.
func linkedBeyond(ctx context.Context, q db.Q, link id.Link, at id.Status, upward bool, limit int) ([]candidate, error) {
	sql := linkedSQL(` AND f.status_id < $2`, ` DESC`)
	if upward {
		sql = linkedSQL(` AND f.status_id > $2`, ` ASC`)
	}
	return db.All(ctx, q, scan, sql, link, at, limit)
}

const discoverableSQL = `SELECT id FROM accounts WHERE id {in $1} AND discoverable`

// linkWalk reads the timeline of a link: public statuses of authors who want to be found, in the reader's languages.
func (s *Service) linkWalk(link id.Link, reach Reach, r *facts) walk {
	return walk{
		next: func(ctx context.Context, at id.Status, upward bool, limit int) ([]candidate, bool, error) {
			list, err := linkedBeyond(ctx, s.db, link, at, upward, limit)
			if err != nil {
				return nil, true, fmt.Errorf("link timeline: %w", err)
			}
			return list, len(list) < limit, nil
		},
		keep: func(ctx context.Context, list []candidate) ([]entry, error) {
			authors := make([]id.Account, len(list))
			for i := range list {
				authors[i] = list[i].author
			}
			found, err := db.All(ctx, s.db, db.Value[id.Account], discoverableSQL, authors)
			if err != nil {
				return nil, fmt.Errorf("authors of a link timeline: %w", err)
			}
			open := make(map[id.Account]bool, len(found))
			for _, one := range found {
				open[one] = true
			}
			return keepIf(list, func(c *candidate) bool {
				return open[c.author] && reach.has(c) && isTaggable(c) && wantsPublic(r, c)
			}), nil
		},
	}
}

// Link serves GET /api/v1/timelines/link.
func (s *Service) Link(c *viewer.Call) (any, error) {
	reach, err := TopicReach(s.settings.Now(), c)
	if err != nil {
		return nil, err
	}
	link, err := s.trending(c.Context(), c.Query("url"))
	if err != nil {
		return nil, err
	}
	if reach.Nothing() {
		return kept(c, []json.RawMessage{}), nil
	}
	r, err := s.factsFor(c.Context(), c.Viewer.Account)
	if err != nil {
		return nil, fmt.Errorf("link timeline: %w", err)
	}
	p := keyset.Read(c, pageLimit, pageMax)
	page, err := s.linkWalk(link, reach, r).read(c.Context(), p)
	if err != nil {
		return nil, err
	}
	answer, err := s.answer(c, p, page)
	if err != nil {
		return nil, err
	}
	return kept(c, answer), nil
}
