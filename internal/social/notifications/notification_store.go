package notifications

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"anancus/internal/kit/db"
	"anancus/internal/kit/keyset"
	"anancus/internal/social/id"
)

const columns = `n.id, n.account_id, n.kind, n.from_id, n.status_id, n.about_id, n.group_key, n.filtered, n.created_at`

func scan(r db.Row) (*Notification, error) {
	n := &Notification{}
	var status *id.Status
	err := r.Scan(&n.ID, &n.Account, &n.Kind, &n.From, &status, &n.about, &n.GroupKey, &n.Filtered, &n.CreatedAt)
	if status != nil {
		n.Status = *status
	}
	return n, err
}

func insert(ctx context.Context, tx *db.Tx, n Notification) (bool, error) {
	var status *int64
	if n.Status != 0 {
		v := int64(n.Status)
		status = &v
	}
	rows, err := db.Exec(ctx, tx, `INSERT INTO notifications (id, account_id, kind, from_id, status_id, about_id, group_key, filtered, created_at)
		VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9) ON CONFLICT (account_id, kind, from_id, about_id) DO NOTHING`,
		n.ID, n.Account, string(n.Kind), n.From, status, n.about, n.GroupKey, n.Filtered, n.CreatedAt)
	return rows > 0, err
}

func stillThere(ctx context.Context, q db.Q, table string, row int64) (bool, error) {
	n, err := db.One(ctx, q, db.Value[int64], `SELECT COUNT(*) FROM `+table+` WHERE id = $1`, row)
	return n > 0, err
}

// filter narrows a list: by kinds (nil: all), by who did it (0: anybody), and whether what is filtered counts too.
type filter struct {
	kinds    []string
	from     id.Account
	filtered bool
}

// shown is the condition of notifications that can be listed: not of people who are gone, nor of statuses that are deleted.
const shown = ` AND ($5 OR NOT n.filtered)
	AND EXISTS (SELECT 1 FROM accounts a WHERE a.id = n.from_id AND a.suspended_at IS NULL AND a.deleted_at IS NULL)
	AND (n.status_id IS NULL OR EXISTS (SELECT 1 FROM statuses s WHERE s.id = n.status_id AND s.deleted_at IS NULL))`

// query writes the statement of a page of notifications. Each has an index that is read in its order: of all, of one sender, or, by
// kinds, one for each kind, so that a rare kind is not looked for among the others.
func (f filter) query(columns, order string) string {
	const span = ` FROM notifications n WHERE n.account_id = $1 AND n.id < $2 AND n.id > $3`
	end := ` ORDER BY id ` + order
	switch {
	case f.from != 0 && f.kinds != nil:
		return `SELECT ` + columns + span + ` AND n.from_id = $6 AND n.kind {in $7}` + shown + end + ` LIMIT $4`
	case f.from != 0:
		return `SELECT ` + columns + span + ` AND n.from_id = $6` + shown + end + ` LIMIT $4`
	case f.kinds == nil:
		return `SELECT ` + columns + span + shown + end + ` LIMIT $4`
	}
	parts := make([]string, len(kinds))
	for i, kind := range kinds { // a kind that is not asked for is a part with no rows
		parts[i] = fmt.Sprintf(`SELECT * FROM (SELECT %s%s AND n.kind = '%s'%s%s LIMIT CASE WHEN '%[3]s' {in $6} THEN $4 ELSE 0 END) AS kind%[6]d`, columns, span, kind, shown, end, i)
	}
	return `SELECT * FROM (` + strings.Join(parts, ` UNION ALL `) + `) AS n` + end + ` LIMIT $4`
}

// args are the arguments of query's statement.
func (f filter) args(account id.Account, p keyset.Page) []any {
	list := []any{account, p.Before, p.After, p.Limit, f.filtered}
	if f.from != 0 {
		list = append(list, f.from)
	}
	if f.kinds != nil {
		list = append(list, f.kinds)
	}
	return list
}

// page lists a member's notifications, newest first.
func page(ctx context.Context, q db.Q, account id.Account, f filter, p keyset.Page) ([]*Notification, error) {
	rows, err := db.All(ctx, q, scan, f.query(columns, p.Order()), f.args(account, p)...)
	return keyset.Arrange(p, rows), err
}

func one(ctx context.Context, q db.Q, account id.Account, n id.Notification) (*Notification, error) {
	return db.One(ctx, q, scan, `SELECT `+columns+` FROM notifications n WHERE n.id = $1 AND n.account_id = $2`, n, account)
}

// removeAtOnce bounds the rows that one transaction removes, so that it stays short.
const removeAtOnce = 500

// removed is what a removed notification leaves to be settled.
type removed struct {
	account, from id.Account
	group         string
	filtered      bool
}

// remove takes away a bounded number of the notifications of which a condition holds, oldest first, and
// settles what they leave: groups and requests without notifications go too. It tells how many went.
func remove(ctx context.Context, tx *db.Tx, where string, args ...any) (int, error) {
	rows, err := db.All(ctx, tx, func(r db.Row) (removed, error) {
		var one removed
		err := r.Scan(&one.account, &one.from, &one.group, &one.filtered)
		return one, err
	}, fmt.Sprintf(`DELETE FROM notifications WHERE id IN (SELECT id FROM notifications WHERE %s ORDER BY id LIMIT %d)
		RETURNING account_id, from_id, group_key, filtered`, where, removeAtOnce), args...)
	if err != nil {
		return 0, err
	}
	groups, senders := map[id.Account]map[string]bool{}, map[id.Account]map[id.Account]bool{}
	for _, one := range rows {
		if one.group != "" {
			put(groups, one.account, one.group)
		}
		if one.filtered {
			put(senders, one.account, one.from)
		}
	}
	for account, keys := range groups {
		if err := endGroups(ctx, tx, account, slices.Collect(maps.Keys(keys))); err != nil {
			return 0, err
		}
	}
	for account, from := range senders {
		if err := settleRequests(ctx, tx, account, slices.Collect(maps.Keys(from))); err != nil {
			return 0, err
		}
	}
	return len(rows), nil
}

func put[K comparable](m map[id.Account]map[K]bool, account id.Account, key K) {
	if m[account] == nil {
		m[account] = map[K]bool{}
	}
	m[account][key] = true
}

// newest gives the id of what a member was told last; 0 for nothing.
func newest(ctx context.Context, q db.Q, account id.Account) (id.Notification, error) {
	return db.One(ctx, q, db.Value[id.Notification], `SELECT COALESCE(MAX(id), 0) FROM notifications WHERE account_id = $1`, account)
}
