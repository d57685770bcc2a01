package bus

import (
	"context"
	"fmt"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
)

// keepFailed is how long what finally failed can be listed and retried.
const keepFailed = 30 * 24 * time.Hour

// purgeBatch bounds a purging transaction.
const purgeBatch = 500

// Stats tells how the work of one class stands.
type Stats struct {
	Class   Class
	Depth   int64         // jobs not yet done and not given up
	Leased  int64         // of these, how many some process has in hand
	Waiting int64         // of these, how many failed before and are tried again
	Failed  int64         // given up, kept for 30 days
	Age     time.Duration // of the oldest job that never failed: how far the workers are behind
}

// Stats tells how each class stands, in a fixed order.
func (b *Bus) Stats(ctx context.Context) ([]Stats, error) {
	now := b.clock.Now()
	open, err := openStats(ctx, b.db, now)
	if err != nil {
		return nil, err
	}
	failed, err := failedCounts(ctx, b.db)
	if err != nil {
		return nil, err
	}
	all := make([]Stats, len(classes))
	for i, class := range classes {
		all[i] = open[class]
		all[i].Class, all[i].Failed = class, failed[class]
	}
	return all, nil
}

// Counts tells how many jobs this process has finished, and how many attempts failed, since it began.
func (b *Bus) Counts() (done, failed int64) { return b.done.Load(), b.failed.Load() }

// FailedJob is a job that was given up.
type FailedJob struct {
	ID       int64
	Event    string
	Payload  string
	Effects  string // comma-separated names of what was not done
	Class    Class
	Error    string
	Created  time.Time
	FailedAt time.Time
}

// Failed lists what was given up, newest first.
func (b *Bus) Failed(ctx context.Context, limit int) ([]FailedJob, error) {
	return failedJobs(ctx, b.db, limit)
}

// Retry makes a job that was given up due now, with all its attempts. The error
// is a NotFound fault if there is no such job.
func (b *Bus) Retry(ctx context.Context, id int64) error {
	class, err := reviveJob(ctx, b.db, id, b.clock.Now())
	if err != nil {
		return err
	}
	b.crews[class].Wake()
	return nil
}

// Purge forgets what was given up more than 30 days ago.
func (b *Bus) Purge(ctx context.Context) error {
	for {
		n, err := purgeFailed(ctx, b.db, b.clock.Now().Add(-keepFailed))
		if err != nil || n < purgeBatch {
			return err
		}
	}
}

func openStats(ctx context.Context, q db.Q, now time.Time) (map[Class]Stats, error) {
	rows, err := db.All(ctx, q, func(row db.Row) (Stats, error) {
		var s Stats
		var class string
		var oldest *int64
		err := row.Scan(&class, &s.Depth, &s.Leased, &s.Waiting, &oldest)
		s.Class = Class(class)
		if oldest != nil {
			s.Age = max(now.Sub(clock.FromMilli(*oldest)), 0)
		}
		return s, err
	}, `
		SELECT class, COUNT(*),
			COUNT(CASE WHEN leased_until > $1 THEN 1 END),
			COUNT(CASE WHEN attempts > 0 THEN 1 END),
			MIN(CASE WHEN attempts = 0 THEN created_at END)
		FROM outbox WHERE failed_at IS NULL GROUP BY class`, clock.Milli(now))
	if err != nil {
		return nil, fmt.Errorf("count open jobs: %w", err)
	}
	stats := map[Class]Stats{}
	for _, s := range rows {
		stats[s.Class] = s
	}
	return stats, nil
}

func failedCounts(ctx context.Context, q db.Q) (map[Class]int64, error) {
	counts := map[Class]int64{}
	_, err := db.All(ctx, q, func(row db.Row) (struct{}, error) {
		var class string
		var n int64
		err := row.Scan(&class, &n)
		counts[Class(class)] = n
		return struct{}{}, err
	}, `SELECT class, COUNT(*) FROM outbox WHERE failed_at IS NOT NULL GROUP BY class`)
	if err != nil {
		return nil, fmt.Errorf("count failed jobs: %w", err)
	}
	return counts, nil
}

func failedJobs(ctx context.Context, q db.Q, limit int) ([]FailedJob, error) {
	jobs, err := db.All(ctx, q, func(row db.Row) (FailedJob, error) {
		var j FailedJob
		var class string
		var created, failed int64
		err := row.Scan(&j.ID, &j.Event, &j.Payload, &j.Effects, &class, &j.Error, &created, &failed)
		j.Class, j.Created, j.FailedAt = Class(class), clock.FromMilli(created), clock.FromMilli(failed)
		return j, err
	}, `
		SELECT id, event, payload, todo, class, last_error, created_at, failed_at
		FROM outbox WHERE failed_at IS NOT NULL
		ORDER BY failed_at DESC LIMIT $1`, limit)
	if err != nil {
		return nil, fmt.Errorf("list failed jobs: %w", err)
	}
	return jobs, nil
}

func reviveJob(ctx context.Context, d *db.DB, id int64, now time.Time) (Class, error) {
	var classes []string
	err := d.Tx(ctx, func(tx *db.Tx) (err error) {
		classes, err = db.All(ctx, tx, db.Value[string], `
			UPDATE outbox SET failed_at = NULL, attempts = 0, due_at = $2
			WHERE id = $1 AND failed_at IS NOT NULL RETURNING class`, id, clock.Milli(now))
		return err
	})
	if err != nil {
		return "", fmt.Errorf("retry a job: %w", err)
	}
	if len(classes) == 0 {
		return "", fault.RecordNotFound()
	}
	return Class(classes[0]), nil
}

func purgeFailed(ctx context.Context, d *db.DB, before time.Time) (n int64, err error) {
	err = d.Tx(ctx, func(tx *db.Tx) error {
		n, err = db.Exec(ctx, tx, `
			DELETE FROM outbox WHERE id IN (
				SELECT id FROM outbox WHERE failed_at IS NOT NULL AND failed_at < $1
				ORDER BY failed_at LIMIT $2)`, clock.Milli(before), purgeBatch)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("purge failed jobs: %w", err)
	}
	return n, nil
}
