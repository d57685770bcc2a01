package statuses

import (
	"context"
	"fmt"

	"anancus/internal/kit/db"
	"anancus/internal/protocol/mastodon"
	"anancus/internal/social/id"
	"anancus/internal/social/viewer"
)

// reach bounds what one look at a thread may bring, as Mastodon does.
type reach struct{ ancestors, descendants, depth int }

var (
	memberReach    = reach{ancestors: 4096, descendants: 4096, depth: 4096}
	anonymousReach = reach{ancestors: 40, descendants: 60, depth: 20}
)

// ancestorsOf gives what a status answers to, oldest first.
func ancestorsOf(ctx context.Context, q db.Q, status id.Status, most int) ([]id.Status, error) {
	return db.All(ctx, q, db.Value[id.Status], `WITH RECURSIVE up (id, parent, depth) AS (
			SELECT id, in_reply_to_id, 0 FROM statuses WHERE id = $1
			UNION ALL
			SELECT s.id, s.in_reply_to_id, up.depth + 1 FROM up JOIN statuses s ON s.id = up.parent WHERE up.depth < $2
		) SELECT id FROM up WHERE depth > 0 ORDER BY depth DESC`, status, most)
}

// branch is one answer in a thread.
type branch struct {
	id, parent     id.Status
	author         id.Account
	toAuthor       id.Account
	depth          int64
	children       []*branch
	isSelfContinue bool
}

func descendantsOf(ctx context.Context, q db.Q, status id.Status, r reach) ([]*branch, error) {
	return db.All(ctx, q, func(row db.Row) (*branch, error) {
		b := &branch{}
		var to *id.Account
		err := row.Scan(&b.id, &b.parent, &b.author, &to, &b.depth)
		b.toAuthor = orZero(to)
		return b, err
	}, `WITH RECURSIVE down (id, parent, author_id, to_id, depth) AS (
			SELECT id, in_reply_to_id, author_id, in_reply_to_account_id, 1 FROM statuses WHERE in_reply_to_id = $1 AND deleted_at IS NULL
			UNION ALL
			SELECT s.id, s.in_reply_to_id, s.author_id, s.in_reply_to_account_id, down.depth + 1
			FROM down JOIN statuses s ON s.in_reply_to_id = down.id WHERE s.deleted_at IS NULL AND down.depth < $2
		) SELECT id, parent, author_id, to_id, depth FROM down ORDER BY depth, id LIMIT $3`, status, r.depth, r.descendants)
}

// plant orders answers depth first, each author's continuation of their own thread before the answers of others.
func plant(root id.Status, list []*branch) []id.Status {
	at := map[id.Status]*branch{root: {id: root}}
	for _, b := range list {
		at[b.id] = b
	}
	for _, b := range list {
		if parent := at[b.parent]; parent != nil {
			b.isSelfContinue = b.author == b.toAuthor
			parent.children = append(parent.children, b)
		}
	}
	order := make([]id.Status, 0, len(list))
	// An explicit stack: threads may be thousands deep.
	stack := reversed(at[root].children)
	for len(stack) > 0 {
		b := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		order = append(order, b.id)
		stack = append(stack, reversed(b.children)...)
	}
	return order
}

// reversed gives children last first, for a stack, with self-continuations to come off it first.
func reversed(children []*branch) []*branch {
	out := make([]*branch, 0, len(children))
	for i := len(children) - 1; i >= 0; i-- {
		if !children[i].isSelfContinue {
			out = append(out, children[i])
		}
	}
	for i := len(children) - 1; i >= 0; i-- {
		if children[i].isSelfContinue {
			out = append(out, children[i])
		}
	}
	return out
}

// ShowContext serves GET /api/v1/statuses/{id}/context.
func (s *Service) ShowContext(c *viewer.Call) (any, error) {
	wanted, err := fromPath(c)
	if err != nil {
		return nil, err
	}
	status, err := s.seeOriginal(c.Context(), c.Viewer.Account, wanted)
	if err != nil {
		return nil, err
	}
	r := anonymousReach
	if c.Viewer.IsMember() {
		r = memberReach
	}
	up, err := ancestorsOf(c.Context(), s.db, status.ID, r.ancestors)
	if err != nil {
		return nil, fmt.Errorf("ancestors: %w", err)
	}
	down, err := descendantsOf(c.Context(), s.db, status.ID, r)
	if err != nil {
		return nil, fmt.Errorf("descendants: %w", err)
	}
	if err := s.lookAround(c, status, up); err != nil {
		return nil, err
	}
	ancestors, err := s.presentThread(c, up)
	if err != nil {
		return nil, err
	}
	descendants, err := s.presentThread(c, plant(status.ID, down))
	if err != nil {
		return nil, err
	}
	return mastodon.Context{Ancestors: ancestors, Descendants: descendants}, nil
}

// presentThread shows what the viewer may read, without authors whom they block or mute, and without limited ones whom they do not follow.
func (s *Service) presentThread(c *viewer.Call, ids []id.Status) ([]raw, error) {
	if len(ids) == 0 {
		return []raw{}, nil
	}
	found, err := many(c.Context(), s.db, ids)
	if err != nil {
		return nil, err
	}
	sight, err := look(c.Context(), s.db, c.Viewer.Account, found)
	if err != nil {
		return nil, err
	}
	keep := map[id.Status]bool{}
	for _, one := range found {
		towards := sight.ties[one.Author]
		quiet := towards.unchosen() && one.Author != c.Viewer.Account
		keep[one.ID] = sight.allows(c.Viewer.Account, c.Viewer.IsMember(), one) && towards&hidesAuthor == 0 && !quiet
	}
	kept := make([]id.Status, 0, len(ids))
	for _, one := range ids {
		if keep[one] {
			kept = append(kept, one)
		}
	}
	return s.Present(c.Context(), c.Viewer, kept)
}
