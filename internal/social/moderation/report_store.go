package moderation

import (
	"context"
	"encoding/json"
	"fmt"
	"math"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/social/id"
)

const columns = `id, account_id, target_id, category, comment, status_ids, collection_ids, rule_ids, forward, forward_domains, forwarded, created_at, resolved_at, uri`

func scan(r db.Row) (*Report, error) {
	x := &Report{}
	var posts, collections, domains string
	var rules *string
	var created int64
	var resolved *int64
	err := r.Scan(&x.ID, &x.Reporter, &x.Target, &x.Category, &x.Comment, &posts, &collections, &rules, &x.Forward, &domains, &x.Forwarded, &created, &resolved, &x.URI)
	if err != nil {
		return nil, err
	}
	x.CreatedAt = clock.FromMilli(created)
	if resolved != nil {
		x.ResolvedAt = clock.FromMilli(*resolved)
	}
	parts := map[*string]any{&posts: &x.Statuses, &collections: &x.Collections, &domains: &x.ForwardDomains}
	if rules != nil {
		parts[rules] = &x.Rules
	}
	for text, into := range parts {
		if err := json.Unmarshal([]byte(*text), into); err != nil {
			return nil, fmt.Errorf("report %d: %w", x.ID, err)
		}
	}
	return x, nil
}

func array[T any](list []T) string {
	if len(list) == 0 {
		return "[]"
	}
	b, err := json.Marshal(list)
	if err != nil { // numbers and strings always encode
		panic(err)
	}
	return string(b)
}

// insert stores a report; false when one of its address and account is there.
func insert(ctx context.Context, tx *db.Tx, r *Report) (bool, error) {
	var rules *string
	if r.Category == "violation" {
		text := array(r.Rules)
		rules = &text
	}
	n, err := db.Exec(ctx, tx, `INSERT INTO reports (id, account_id, target_id, category, comment, status_ids, collection_ids, rule_ids, forward, forward_domains, created_at, updated_at,
		forwarded, uri) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$11,$12,$13) ON CONFLICT DO NOTHING`, r.ID, r.Reporter, r.Target, r.Category, r.Comment, array(r.Statuses), array(r.Collections), rules,
		r.Forward, array(r.ForwardDomains), clock.Milli(r.CreatedAt), r.Forwarded, r.URI)
	return n > 0, err
}

// countBy tells how many of some statuses an account wrote or boosted.
func countBy(ctx context.Context, q db.Q, author id.Account, ids []id.Status) (int, error) {
	return db.One(ctx, q, db.Value[int], `SELECT COUNT(*) FROM statuses WHERE id {in $2} AND author_id = $1`, author, ids)
}

// countRules tells how many of some rules there are, or were.
func countRules(ctx context.Context, q db.Q, ids []int64) (int, error) {
	return db.One(ctx, q, db.Value[int], `SELECT COUNT(*) FROM rules WHERE id {in $1}`, ids)
}

const (
	listSQL     = `SELECT ` + columns + ` FROM reports WHERE id < $1 ORDER BY id DESC LIMIT $2`
	listOpenSQL = `SELECT ` + columns + ` FROM reports WHERE id < $1 AND resolved_at IS NULL ORDER BY id DESC LIMIT $2`
)

func list(ctx context.Context, q db.Q, resolved bool, before id.Report) ([]*Report, error) {
	if before == 0 {
		before = math.MaxInt64
	}
	sql := listOpenSQL
	if resolved {
		sql = listSQL
	}
	return db.All(ctx, q, scan, sql, before, listAtOnce)
}

func one(ctx context.Context, q db.Q, report id.Report) (*Report, error) {
	return db.One(ctx, q, scan, `SELECT `+columns+` FROM reports WHERE id = $1`, report)
}

const openBeforeSQL = `SELECT id FROM reports WHERE target_id = $1 AND id < $2 AND resolved_at IS NULL LIMIT 1`

// openBefore tells whether an earlier report of the same account is open.
func openBefore(ctx context.Context, q db.Q, r *Report) (bool, error) {
	found, err := db.All(ctx, q, db.Value[id.Report], openBeforeSQL, r.Target, r.ID)
	return len(found) > 0, err
}

const byIDsSQL = `SELECT ` + columns + ` FROM reports WHERE id {in $1}`

func byIDs(ctx context.Context, q db.Q, reports []id.Report) ([]*Report, error) {
	return db.All(ctx, q, scan, byIDsSQL, reports)
}

func resolve(ctx context.Context, tx *db.Tx, report id.Report, now int64) error {
	_, err := db.Exec(ctx, tx, `UPDATE reports SET resolved_at = $2, updated_at = $2 WHERE id = $1 AND resolved_at IS NULL`, report, now)
	return err
}
