package bus

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
)

// While a row is leased its due_at is the end of the lease, so that the index
// on (class, due_at) alone finds what may be claimed.

// maxError bounds the text kept of a failure: a stack trace, not a novel.
const maxError = 2000

func insertJob(ctx context.Context, tx *db.Tx, j job) error {
	due := clock.Milli(tx.Now().Add(j.wait))
	var leased *int64
	if j.handed {
		due = clock.Milli(tx.Now().Add(lease))
		leased = &due
	}
	_, err := db.Exec(ctx, tx, `
		INSERT INTO outbox (id, event, payload, todo, class, due_at, leased_until, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		j.id, j.event, j.payload, strings.Join(j.todo, ","), string(j.class), due, leased, clock.Milli(tx.Now()))
	if err != nil {
		return fmt.Errorf("store event %s: %w", j.event, err)
	}
	return nil
}

const nextDueSQL = `
	SELECT due_at FROM outbox
	WHERE class = $1 AND failed_at IS NULL
	ORDER BY due_at LIMIT 1`

// nextDue tells when the first job of a class is due, 0 if there is none.
func nextDue(ctx context.Context, q db.Q, class Class) (int64, error) {
	due, err := db.All(ctx, q, db.Value[int64], nextDueSQL, string(class))
	if err != nil {
		return 0, fmt.Errorf("look for %s jobs: %w", class, err)
	}
	if len(due) == 0 {
		return 0, nil
	}
	return due[0], nil
}

// Where several processes claim, none waits for another.
const claimSQL = `
	WITH due AS MATERIALIZED (
		SELECT id FROM outbox
		WHERE class = $1 AND failed_at IS NULL AND due_at <= $2
		ORDER BY due_at LIMIT $4 {for update skip locked})
	UPDATE outbox SET leased_until = $3, due_at = $3
	WHERE id IN (SELECT id FROM due)
	RETURNING id, event, payload, todo, class, attempts`

// claimJobs leases up to most due jobs of a class, in the order of their ids.
func claimJobs(ctx context.Context, d *db.DB, class Class, now, until time.Time, most int) ([]job, error) {
	var jobs []job
	err := d.Tx(ctx, func(tx *db.Tx) (err error) {
		jobs, err = db.All(ctx, tx, scanJob, claimSQL,
			string(class), clock.Milli(now), clock.Milli(until), most)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("claim %s jobs: %w", class, err)
	}
	slices.SortFunc(jobs, func(a, b job) int { return cmp.Compare(a.id, b.id) })
	return jobs, nil
}

func scanJob(row db.Row) (job, error) {
	var j job
	var todo, class string
	err := row.Scan(&j.id, &j.event, &j.payload, &todo, &class, &j.attempts)
	j.todo, j.class = strings.Split(todo, ","), Class(class)
	return j, err
}

func deleteJobs(ctx context.Context, d *db.DB, ids []int64) error {
	return write(ctx, d, "finish jobs", `DELETE FROM outbox WHERE id {in $1}`, ids)
}

func postponeJob(ctx context.Context, d *db.DB, j job, due time.Time, text string) error {
	return write(ctx, d, "postpone a job", `
		UPDATE outbox SET todo = $2, attempts = $3, due_at = $4, last_error = $5, leased_until = NULL
		WHERE id = $1`,
		j.id, strings.Join(j.todo, ","), j.attempts, clock.Milli(due), clip(text))
}

func giveUp(ctx context.Context, d *db.DB, j job, now time.Time, text string) error {
	return write(ctx, d, "give up a job", `
		UPDATE outbox SET todo = $2, attempts = $3, failed_at = $4, last_error = $5, leased_until = NULL
		WHERE id = $1`,
		j.id, strings.Join(j.todo, ","), j.attempts, clock.Milli(now), clip(text))
}

// returnPart hands back what is left of a job that was interrupted.
func returnPart(ctx context.Context, d *db.DB, j job, now time.Time) error {
	return write(ctx, d, "hand back a job", `
		UPDATE outbox SET todo = $2, due_at = $3, leased_until = NULL WHERE id = $1`,
		j.id, strings.Join(j.todo, ","), clock.Milli(now))
}

func returnJobs(ctx context.Context, d *db.DB, ids []int64, now time.Time) error {
	return write(ctx, d, "hand back jobs", `
		UPDATE outbox SET due_at = $2, leased_until = NULL
		WHERE id {in $1} AND leased_until IS NOT NULL`, ids, clock.Milli(now))
}

func renewLeases(ctx context.Context, d *db.DB, ids []int64, until time.Time) error {
	return write(ctx, d, "renew leases", `
		UPDATE outbox SET due_at = $2, leased_until = $2
		WHERE id {in $1} AND leased_until IS NOT NULL`, ids, clock.Milli(until))
}

// releaseLeases makes due what an earlier run of the program had claimed.
func releaseLeases(ctx context.Context, d *db.DB, now time.Time) error {
	names := make([]string, len(classes))
	for i, class := range classes {
		names[i] = string(class)
	}
	return write(ctx, d, "release leases", `
		UPDATE outbox SET due_at = $2, leased_until = NULL
		WHERE class {in $1} AND failed_at IS NULL AND due_at > $2 AND leased_until IS NOT NULL`,
		names, clock.Milli(now))
}

// write runs one statement in a transaction of its own.
func write(ctx context.Context, d *db.DB, what, sql string, args ...any) error {
	err := d.Tx(ctx, func(tx *db.Tx) error {
		_, err := db.Exec(ctx, tx, sql, args...)
		return err
	})
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// clip bounds a stored error text.
func clip(text string) string {
	return strings.ToValidUTF8(text[:min(len(text), maxError)], "")
}
