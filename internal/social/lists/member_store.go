package lists

import (
	"context"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/keyset"
	"anancus/internal/social/id"
)

// A membership stands while the follow, or the request, that it was made for does. The subqueries give a value each, so that no
// planner reads a whole table for them.
const (
	standing = `(m.follow_id IS NULL OR (SELECT 1 FROM follows f WHERE f.id = m.follow_id) = 1
		OR (SELECT 1 FROM follow_requests f WHERE f.id = m.follow_id) = 1)`
	standingAlone = `(list_members.follow_id IS NULL OR COALESCE((SELECT 1 FROM follows f WHERE f.id = list_members.follow_id),
		(SELECT 1 FROM follow_requests f WHERE f.id = list_members.follow_id), 0) = 1)`
)

// tiesTo gives the follows or requests by which an owner is tied to some people.
func tiesTo(ctx context.Context, q db.Q, owner id.Account, people []id.Account) (map[id.Account]id.Follow, error) {
	type tie struct {
		account id.Account
		follow  id.Follow
	}
	rows, err := db.All(ctx, q, func(r db.Row) (tie, error) {
		var t tie
		err := r.Scan(&t.account, &t.follow)
		return t, err
	}, `SELECT target_id, id FROM follow_requests WHERE account_id = $1 AND target_id {in $2}
		UNION ALL SELECT target_id, id FROM follows WHERE account_id = $1 AND target_id {in $2}`, owner, people)
	ties := make(map[id.Account]id.Follow, len(rows))
	for _, t := range rows {
		ties[t.account] = t.follow // a follow comes after a request, and counts
	}
	return ties, err
}

// insertMember puts somebody on a list; false when they are there. What an unfollow ended is taken over. No tie is the owner's own.
func insertMember(ctx context.Context, tx *db.Tx, list id.List, account id.Account, tie id.Follow) (bool, error) {
	var follow *int64
	if tie != 0 {
		n := int64(tie)
		follow = &n
	}
	n, err := db.Exec(ctx, tx, `INSERT INTO list_members (list_id, account_id, follow_id, created_at) VALUES ($1,$2,$3,$4)
		ON CONFLICT (list_id, account_id) DO UPDATE SET follow_id = excluded.follow_id, created_at = excluded.created_at WHERE NOT `+standingAlone,
		list, account, follow, clock.Milli(tx.Now()))
	return n > 0, err
}

const membersSQL = `SELECT m.account_id FROM list_members m JOIN accounts a ON a.id = m.account_id
	WHERE m.list_id = $1 AND m.account_id < $2 AND m.account_id > $3 AND a.suspended_at IS NULL AND a.deleted_at IS NULL AND ` + standing

// members pages through the people on a list, by their ids.
func members(ctx context.Context, q db.Q, list id.List, p keyset.Page) ([]id.Account, error) {
	rows, err := db.All(ctx, q, db.Value[id.Account], membersSQL+` ORDER BY m.account_id `+p.Order()+` LIMIT $4`, list, p.Before, p.After, p.Limit)
	return keyset.Arrange(p, rows), err
}

const activeSQL = `SELECT m.account_id FROM list_members m
	WHERE m.list_id = $1 AND (m.follow_id IS NULL OR (SELECT 1 FROM follows f WHERE f.id = m.follow_id) = 1)`

// activeMembers are those whose statuses a list shows: a request to follow is not enough.
func activeMembers(ctx context.Context, q db.Q, list id.List) ([]id.Account, error) {
	return db.All(ctx, q, db.Value[id.Account], activeSQL, list)
}

// carryMembers puts somebody on the lists of an owner that another one is on.
func carryMembers(ctx context.Context, tx *db.Tx, owner, from, to id.Account, tie id.Follow) ([]id.List, error) {
	return db.All(ctx, tx, db.Value[id.List], `INSERT INTO list_members (list_id, account_id, follow_id, created_at)
		SELECT m.list_id, CAST($3 AS BIGINT), CAST($4 AS BIGINT), CAST($5 AS BIGINT) FROM lists l JOIN list_members m ON m.list_id = l.id AND m.account_id = $2
		WHERE l.account_id = $1 ON CONFLICT (list_id, account_id) DO NOTHING RETURNING list_id`, owner, from, to, tie, clock.Milli(tx.Now()))
}
