package statuses

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/keyset"
	"anancus/internal/social/id"
)

const scheduledColumns = `id, account_id, app_id, params, scheduled_at, due_at, attempts`

const (
	listScheduledSQL    = `SELECT ` + scheduledColumns + ` FROM scheduled_statuses WHERE account_id = $1 AND id < $2 AND id > $3 ORDER BY id `
	countScheduledSQL   = `SELECT COUNT(*) FROM scheduled_statuses WHERE account_id = $1`
	countScheduledOnSQL = `SELECT COUNT(*) FROM scheduled_statuses WHERE account_id = $1 AND scheduled_at >= $2 AND scheduled_at < $3 AND id <> $4`
	dueScheduledSQL     = `SELECT ` + scheduledColumns + ` FROM scheduled_statuses WHERE failed_at IS NULL AND due_at <= $1 ORDER BY due_at LIMIT $2`
	nextScheduledSQL    = `SELECT due_at FROM scheduled_statuses WHERE failed_at IS NULL ORDER BY due_at LIMIT 1`
)

func scanScheduled(r db.Row) (*Scheduled, error) {
	one := &Scheduled{}
	var app *id.App
	var params string
	var at, due int64
	if err := r.Scan(&one.ID, &one.Account, &app, &params, &at, &due, &one.attempts); err != nil {
		return nil, err
	}
	if err := json.Unmarshal([]byte(params), &one.Draft); err != nil {
		return nil, fmt.Errorf("scheduled status %d: %w", one.ID, err)
	}
	one.Draft.App, one.At, one.due = orZero(app), clock.FromMilli(at), clock.FromMilli(due)
	return one, nil
}

func insertScheduled(ctx context.Context, tx *db.Tx, one *Scheduled) error {
	params, err := json.Marshal(one.Draft)
	if err != nil {
		return err
	}
	_, err = db.Exec(ctx, tx, `INSERT INTO scheduled_statuses (id, account_id, app_id, params, scheduled_at, due_at, created_at) VALUES ($1,$2,$3,$4,$5,$5,$6)`,
		one.ID, one.Account, orNil(one.Draft.App), string(params), clock.Milli(one.At), clock.Milli(tx.Now()))
	return err
}

// scheduledOf gives a scheduled status of a member.
func scheduledOf(ctx context.Context, q db.Q, member id.Account, which id.Scheduled) (*Scheduled, error) {
	return db.One(ctx, q, scanScheduled, `SELECT `+scheduledColumns+` FROM scheduled_statuses WHERE id = $1 AND account_id = $2`, which, member)
}

func listScheduled(ctx context.Context, q db.Q, member id.Account, p keyset.Page) ([]*Scheduled, error) {
	rows, err := db.All(ctx, q, scanScheduled, listScheduledSQL+p.Order()+` LIMIT $4`, member, p.Before, p.After, p.Limit)
	return keyset.Arrange(p, rows), err
}

// lockScheduled lets one transaction at a time count a member's scheduled statuses.
func lockScheduled(ctx context.Context, tx *db.Tx, member id.Account) error {
	_, err := db.One(ctx, tx, db.Value[id.Account], `SELECT account_id FROM members WHERE account_id = $1 {for update}`, member)
	return err
}

func countScheduled(ctx context.Context, tx *db.Tx, member id.Account) (int64, error) {
	return db.One(ctx, tx, db.Value[int64], countScheduledSQL, member)
}

// countScheduledOn counts those of the UTC day of a time.
func countScheduledOn(ctx context.Context, tx *db.Tx, member id.Account, at time.Time, except id.Scheduled) (int64, error) {
	day := at.UTC().Truncate(24 * time.Hour)
	return db.One(ctx, tx, db.Value[int64], countScheduledOnSQL, member, clock.Milli(day), clock.Milli(day.Add(24*time.Hour)), except)
}

func moveScheduled(ctx context.Context, tx *db.Tx, which id.Scheduled, at time.Time) (bool, error) {
	n, err := db.Exec(ctx, tx, `UPDATE scheduled_statuses SET scheduled_at = $2, due_at = $2, attempts = 0, failed_at = NULL, last_error = '' WHERE id = $1`, which, clock.Milli(at))
	return n > 0, err
}

func dueScheduled(ctx context.Context, q db.Q, now time.Time, limit int) ([]*Scheduled, error) {
	return db.All(ctx, q, scanScheduled, dueScheduledSQL, clock.Milli(now), limit)
}

// nextScheduled tells when the next is due; zero for never.
func nextScheduled(ctx context.Context, q db.Q) (time.Time, error) {
	at, err := db.All(ctx, q, db.Value[int64], nextScheduledSQL)
	if err != nil || len(at) == 0 {
		return time.Time{}, err
	}
	return clock.FromMilli(at[0]), nil
}

// takeScheduled removes a draft; false when it went or was moved since it was read.
func takeScheduled(ctx context.Context, tx *db.Tx, one *Scheduled) (bool, error) {
	n, err := db.Exec(ctx, tx, `DELETE FROM scheduled_statuses WHERE id = $1 AND due_at = $2`, one.ID, clock.Milli(one.due))
	return n > 0, err
}

const maxLastError = 500 // bytes; the whole is in the log

func postponeScheduled(ctx context.Context, tx *db.Tx, one *Scheduled, again time.Time, why error) error {
	text := why.Error()
	_, err := db.Exec(ctx, tx, `UPDATE scheduled_statuses SET due_at = $3, attempts = attempts + 1, last_error = $4 WHERE id = $1 AND due_at = $2`,
		one.ID, clock.Milli(one.due), clock.Milli(again), strings.ToValidUTF8(text[:min(len(text), maxLastError)], ""))
	return err
}

// rename lets an idempotency key name the status that came of a scheduled one.
func rename(ctx context.Context, tx *db.Tx, one *Scheduled, published id.Status) error {
	if one.Draft.IdempotencyKey == "" {
		return nil
	}
	_, err := db.Exec(ctx, tx, `UPDATE idempotency_keys SET status_id = $4 WHERE account_id = $1 AND key = $2 AND status_id = $3`,
		one.Account, one.Draft.IdempotencyKey, int64(one.ID), published)
	return err
}

// keyed gives what an author's idempotency key made within the last hour, published or scheduled; 0 for nothing.
func keyed(ctx context.Context, q db.Q, author id.Account, key string, now time.Time) (int64, error) {
	made, err := db.All(ctx, q, db.Value[int64], `SELECT status_id FROM idempotency_keys WHERE account_id = $1 AND key = $2 AND created_at >= $3`,
		author, key, clock.Milli(now.Add(-idempotencyWindow)))
	if err != nil || len(made) == 0 {
		return 0, err
	}
	return made[0], nil
}
