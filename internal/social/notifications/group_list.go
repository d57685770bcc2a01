package notifications

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"anancus/internal/kit/db"
	"anancus/internal/kit/keyset"
	"anancus/internal/social/id"
)

// slot is one row of a grouped list: a group, or a notification that stands alone. It stands where
// the newest of its notifications within the page's bounds does.
type slot struct {
	place id.Notification
	group string // "" for one that stands alone
}

// groupSpan is longer than any group, in ids: those that begin before a page's bound and go on after it are not far.
const groupSpan = int64((groupHours+1)*time.Hour/time.Millisecond) << 16

// grouping is what a grouped list asks for: a filter, and the kinds that it wants grouped.
type grouping struct {
	filter
	grouped []string
}

// slotsSQL lists the slots of a page. Kinds have indexes of their own, so that neither the length of a group nor
// other kinds are felt: notifications that stand alone; those of kinds that could be grouped and shall not be; groups by their
// newest notification; and groups that go on beyond the upper bound, at their newest notification below it.
func slotsSQL(order string) string {
	const span = ` FROM notifications n WHERE n.account_id = $1 AND n.id < $2 AND n.id > $3`
	const within = ` FROM notifications m WHERE m.account_id = $1 AND m.group_key = g.group_key AND m.group_key <> '' AND m.id < $2 AND m.id > $3`
	const living = ` AND (g.status_id IS NULL OR EXISTS (SELECT 1 FROM statuses s WHERE s.id = g.status_id AND s.deleted_at IS NULL))`
	var parts []string
	add := func(inner, by, limit string) {
		parts = append(parts, fmt.Sprintf(`SELECT * FROM (SELECT %s ORDER BY %s %s LIMIT CASE WHEN %s THEN $4 ELSE 0 END) AS part%d`, inner, by, order, limit, len(parts)))
	}
	for _, kind := range kinds {
		add(fmt.Sprintf(`n.id AS place, '' AS group_key%s AND n.group_key = '' AND n.kind = '%s'%s`, span, kind, shown), `n.id`, fmt.Sprintf(`'%s' {in $6}`, kind))
	}
	for _, kind := range groupable {
		add(fmt.Sprintf(`n.id AS place, '' AS group_key%s AND n.group_key <> '' AND n.kind = '%s'%s`, span, kind, shown), `n.id`,
			fmt.Sprintf(`'%s' {in $6} AND NOT '%[1]s' {in $7}`, kind))
		add(fmt.Sprintf(`g.latest_id AS place, g.group_key FROM notification_groups g WHERE g.account_id = $1 AND g.kind = '%s' AND g.latest_id < $2 AND g.latest_id > $3%s
			AND EXISTS (SELECT 1%s)`, kind, living, within), `g.latest_id`, fmt.Sprintf(`'%s' {in $6} AND '%[1]s' {in $7}`, kind))
		parts = append(parts, fmt.Sprintf(`SELECT (SELECT MAX(m.id)%s) AS place, g.group_key FROM notification_groups g WHERE g.account_id = $1 AND g.kind = '%s' AND g.latest_id >= $2 AND g.latest_id < $8%s
			AND EXISTS (SELECT 1%[1]s) AND '%[2]s' {in $6} AND '%[2]s' {in $7}`, within, kind, living))
	}
	return `SELECT place, group_key FROM (` + strings.Join(parts, ` UNION ALL `) + `) AS slots ORDER BY place ` + order + ` LIMIT $4`
}

// fromSlotsSQL lists the slots of one sender, whose notifications are few in any group.
func fromSlotsSQL(order string) string {
	return `SELECT n.id AS place, CASE WHEN n.kind {in $7} THEN n.group_key ELSE '' END AS group_key
		FROM notifications n WHERE n.account_id = $1 AND n.id < $2 AND n.id > $3 AND n.from_id = $8 AND n.kind {in $6}` + shown + `
		AND (n.group_key = '' OR NOT n.kind {in $7} OR NOT EXISTS (SELECT 1 FROM notifications m WHERE m.account_id = $1 AND m.from_id = $8
			AND m.group_key = n.group_key AND m.id > n.id AND m.id < $2))
		ORDER BY n.id ` + order + ` LIMIT $4`
}

func (g grouping) query(order string) string {
	if g.from != 0 {
		return fromSlotsSQL(order)
	}
	return slotsSQL(order)
}

func (g grouping) args(account id.Account, p keyset.Page) []any {
	asked := g.kinds
	if asked == nil {
		asked = names(kinds)
	}
	list := []any{account, p.Before, p.After, p.Limit, g.filtered, asked, g.grouped}
	switch {
	case g.from != 0:
		return append(list, g.from)
	case p.Before > math.MaxInt64-groupSpan:
		return append(list, int64(math.MaxInt64))
	}
	return append(list, p.Before+groupSpan)
}

func names(list []Kind) []string {
	out := make([]string, len(list))
	for i, kind := range list {
		out[i] = string(kind)
	}
	return out
}

// slots lists the slots of a page, newest first.
func slots(ctx context.Context, q db.Q, account id.Account, g grouping, p keyset.Page) ([]slot, error) {
	rows, err := db.All(ctx, q, func(r db.Row) (slot, error) {
		var one slot
		err := r.Scan(&one.place, &one.group)
		return one, err
	}, g.query(p.Order()), g.args(account, p)...)
	return keyset.Arrange(p, rows), err
}

// sampleSize is how many of a group's people are named.
const sampleSize = 8

// gist is what is shown of a group: its newest notification, how many there are, and who did the last ones.
type gist struct {
	Notification
	count   int64
	oldest  id.Notification // within the page
	samples []id.Account
}

// gistsSQL reads groups up to an upper bound, and their oldest notification from a lower one on.
const gistsSQL = `SELECT g.group_key, g.kind, COALESCE(g.status_id, 0),
	(SELECT COUNT(*)` + ofGroup + ` AND m.id <= $3), (SELECT MIN(m.id)` + ofGroup + ` AND m.id >= $4 AND m.id <= $3),
	(SELECT MAX(m.id)` + ofGroup + ` AND m.id <= $3), (SELECT m.created_at` + ofGroup + ` AND m.id <= $3 ORDER BY m.id DESC LIMIT 1),
	(SELECT string_agg(CAST(p.from_id AS TEXT), ',' ORDER BY p.id DESC) FROM (SELECT m.id, m.from_id` + ofGroup + ` AND m.id <= $3
		AND EXISTS (SELECT 1 FROM accounts a WHERE a.id = m.from_id AND a.suspended_at IS NULL AND a.deleted_at IS NULL) ORDER BY m.id DESC LIMIT 8) AS p)
	FROM notification_groups g WHERE g.account_id = $1 AND g.group_key {in $2}`

const ofGroup = ` FROM notifications m WHERE m.account_id = $1 AND m.group_key = g.group_key AND m.group_key <> ''`

// gists reads what is shown of some groups within a page; a group of which nothing is left to show is absent.
func gists(ctx context.Context, q db.Q, account id.Account, keys []string, newest, oldest id.Notification) (map[string]*gist, error) {
	rows, err := db.All(ctx, q, func(r db.Row) (*gist, error) {
		g := &gist{}
		var first, last, at *int64
		var people *string
		if err := r.Scan(&g.GroupKey, &g.Kind, &g.Status, &g.count, &first, &last, &at, &people); err != nil || first == nil || last == nil || at == nil || people == nil {
			return nil, err
		}
		g.oldest, g.ID, g.CreatedAt = id.Notification(*first), id.Notification(*last), *at
		for text := range strings.SplitSeq(*people, ",") {
			one, err := strconv.ParseInt(text, 10, 64)
			if err != nil {
				return nil, err
			}
			if !slices.Contains(g.samples, id.Account(one)) {
				g.samples = append(g.samples, id.Account(one))
			}
		}
		g.From = g.samples[0]
		return g, nil
	}, gistsSQL, account, keys, newest, oldest)
	if err != nil {
		return nil, err
	}
	at := map[string]*gist{}
	for _, g := range rows {
		if g != nil {
			at[g.GroupKey] = g
		}
	}
	return at, nil
}

// byIDs gives a member's notifications.
func byIDs(ctx context.Context, q db.Q, account id.Account, ids []id.Notification) ([]*Notification, error) {
	return db.All(ctx, q, scan, `SELECT `+columns+` FROM notifications n WHERE n.account_id = $1 AND n.id {in $2}`, account, ids)
}

// inGroup is the condition of a group's notifications; a key of one that stands alone names it by its id.
func inGroup(key string) (where string, arg any) {
	if text, found := strings.CutPrefix(key, alone); found {
		one, err := id.Parse[id.Notification](text)
		if err != nil {
			one = 0
		}
		return `n.id = $2`, one
	}
	return `n.group_key = $2 AND n.group_key <> ''`, key
}

// groupAccountsSQL pages through who did what a group tells of, by the notifications.
func groupAccountsSQL(where, order string) string {
	return `SELECT n.id, n.from_id FROM notifications n WHERE n.account_id = $1 AND ` + where + ` AND n.id < $3 AND n.id > $4
		AND EXISTS (SELECT 1 FROM accounts a WHERE a.id = n.from_id AND a.suspended_at IS NULL AND a.deleted_at IS NULL) ORDER BY n.id ` + order + ` LIMIT $5`
}
