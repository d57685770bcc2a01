package timelines

import (
	"context"
	"fmt"
	"slices"

	"anancus/internal/kit/db"
	"anancus/internal/social/id"
)

// tagged is what a hashtag timeline shows: statuses that carry one of any, each of all, and none of none.
type tagged struct {
	any, all, none []id.Tag
	reach          Reach
	onlyMedia      bool
}

// tagsByName gives the ids of hashtags by their normalised names.
func tagsByName(ctx context.Context, q db.Q, names []string) (map[string]id.Tag, error) {
	type row struct {
		id   id.Tag
		name string
	}
	rows, err := db.All(ctx, q, func(r db.Row) (row, error) {
		var t row
		err := r.Scan(&t.id, &t.name)
		return t, err
	}, `SELECT id, name FROM tags WHERE name {in $1}`, names)
	by := make(map[string]id.Tag, len(rows))
	for _, t := range rows {
		by[t.name] = t.id
	}
	return by, err
}

const carriedSQL = `SELECT status_id, tag_id FROM status_tags WHERE status_id {in $1} AND tag_id {in $2}`

// carried tells which of some hashtags each of some statuses carries.
func carried(ctx context.Context, q db.Q, list []candidate, tags []id.Tag) (map[id.Status][]id.Tag, error) {
	ids := make([]id.Status, len(list))
	for i := range list {
		ids[i] = list[i].status
	}
	type row struct {
		status id.Status
		tag    id.Tag
	}
	rows, err := db.All(ctx, q, func(r db.Row) (row, error) {
		var x row
		err := r.Scan(&x.status, &x.tag)
		return x, err
	}, carriedSQL, ids, tags)
	by := map[id.Status][]id.Tag{}
	for _, x := range rows {
		by[x.status] = append(by[x.status], x.tag)
	}
	return by, err
}

// tagWalk reads a hashtag timeline.
func (s *Service) tagWalk(t tagged, r *facts) walk {
	return walk{
		next: func(ctx context.Context, at id.Status, upward bool, limit int) ([]candidate, bool, error) {
			list, err := byTags(ctx, s.db, t.any, at, upward, limit)
			if err != nil {
				return nil, true, fmt.Errorf("hashtag timeline: %w", err)
			}
			return list, len(list) < limit, nil
		},
		keep: func(ctx context.Context, list []candidate) ([]entry, error) {
			var has map[id.Status][]id.Tag
			if len(t.all)+len(t.none) > 0 {
				var err error
				if has, err = carried(ctx, s.db, list, slices.Concat(t.all, t.none)); err != nil {
					return nil, fmt.Errorf("hashtags of statuses: %w", err)
				}
			}
			var before id.Status
			return keepIf(list, func(c *candidate) bool {
				if c.status == before { // it carries several of the wanted ones
					return false
				}
				before = c.status
				return isTaggable(c) && mayMeet(r, c) && t.matches(c, has[c.status])
			}), nil
		},
	}
}

func (t tagged) matches(c *candidate, has []id.Tag) bool {
	if !t.reach.has(c) || t.onlyMedia && !c.media {
		return false
	}
	for _, tag := range t.all {
		if !slices.Contains(has, tag) {
			return false
		}
	}
	return !slices.ContainsFunc(t.none, func(tag id.Tag) bool { return slices.Contains(has, tag) })
}
