package activitypub

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
)

// maxHostStates bounds a list of hosts: more than a keeper reads.
const maxHostStates = 1000

// HostState tells a keeper how deliveries to a host fare.
type HostState struct {
	Host          string
	Waiting       int64     // rows not yet answered
	Oldest        time.Time // of these; zero: none
	NextAt        time.Time // when something is sent next; zero: nothing waits
	Failures      int       // in a row
	FailureDays   []string  // UTC days with a failure and no success since
	PausedUntil   time.Time // zero, or the end of a pause
	UnavailableAt time.Time // zero, or when we stopped to send
	LastError     string    // of the oldest failed row
}

// Status tells how a host fares, or, for "", every host with something waiting or failing.
func (d *Deliverer) Status(ctx context.Context, host string) ([]HostState, error) {
	states, err := db.All(ctx, d.db, scanHostState, `
		SELECT host, due_at, failures, failure_days, unavailable_at, paused_until,
			(SELECT COUNT(*) FROM deliveries d WHERE d.host = h.host),
			(SELECT MIN(d.created_at) FROM deliveries d WHERE d.host = h.host),
			COALESCE((SELECT d.last_error FROM deliveries d
				WHERE d.host = h.host AND d.last_error <> '' ORDER BY d.author_id, d.id LIMIT 1), '')
		FROM delivery_hosts h
		WHERE h.host = $1 OR ($1 = '' AND (h.due_at < $2 OR h.failures > 0 OR h.unavailable_at IS NOT NULL))
		ORDER BY h.host LIMIT $3`, host, int64(never), maxHostStates)
	if err != nil {
		return nil, fmt.Errorf("list hosts: %w", err)
	}
	return states, nil
}

func scanHostState(row db.Row) (HostState, error) {
	var s HostState
	var due, paused int64
	var days string
	var unavailable, oldest *int64
	err := row.Scan(&s.Host, &due, &s.Failures, &days, &unavailable, &paused, &s.Waiting, &oldest, &s.LastError)
	if err != nil {
		return s, err
	}
	if due != never {
		s.NextAt = clock.FromMilli(due)
	}
	if paused > 0 {
		s.PausedUntil = clock.FromMilli(paused)
	}
	if unavailable != nil {
		s.UnavailableAt = clock.FromMilli(*unavailable)
	}
	if oldest != nil {
		s.Oldest = clock.FromMilli(*oldest)
	}
	return s, json.Unmarshal([]byte(days), &s.FailureDays)
}

// Retry forgets the failures of a host and makes all its lanes due now.
func (d *Deliverer) Retry(ctx context.Context, host string) error {
	now := d.clock.Now()
	after := int64(math.MinInt64)
	for {
		lanes, err := lanesAfter(ctx, d.db, host, after, lanePage)
		if err != nil {
			return err
		}
		if len(lanes) > 0 {
			if err := retryLanes(ctx, d.db, host, lanes, now); err != nil {
				return err
			}
			after = lanes[len(lanes)-1].author
		}
		if len(lanes) < lanePage {
			break
		}
	}
	if err := retryHost(ctx, d.db, host, now); err != nil {
		return err
	}
	d.Wake()
	return nil
}

// retryLanes makes the first rows of lanes due.
func retryLanes(ctx context.Context, d *db.DB, host string, lanes []lane, now time.Time) error {
	err := d.Tx(ctx, func(tx *db.Tx) error {
		for _, l := range lanes {
			first, err := laneRows(ctx, tx, host, l.author, math.MinInt64, 1)
			if err == nil && len(first) > 0 {
				_, err = db.Exec(ctx, tx, `UPDATE deliveries SET due_at = $2 WHERE id = $1 AND due_at > $2`,
					first[0].id, clock.Milli(now))
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("make lanes due: %w", err)
	}
	return nil
}

func retryHost(ctx context.Context, d *db.DB, host string, now time.Time) error {
	err := d.Tx(ctx, func(tx *db.Tx) error {
		_, err := db.Exec(ctx, tx, `
			UPDATE delivery_hosts
			SET due_at = $2, failures = 0, failure_days = '[]', unavailable_at = NULL, paused_until = 0
			WHERE host = $1`, host, clock.Milli(now))
		return err
	})
	if err != nil {
		return fmt.Errorf("forget the failures of a host: %w", err)
	}
	return nil
}

// Waiting tells how many deliveries are not yet answered, and the age of the oldest that never failed.
func (d *Deliverer) Waiting(ctx context.Context) (rows int64, age time.Duration, err error) {
	now := d.clock.Now()
	_, err = db.All(ctx, d.db, func(row db.Row) (struct{}, error) {
		var oldest *int64
		err := row.Scan(&rows, &oldest)
		if oldest != nil {
			age = max(now.Sub(clock.FromMilli(*oldest)), 0)
		}
		return struct{}{}, err
	}, `SELECT COUNT(*), MIN(CASE WHEN attempts = 0 THEN created_at END) FROM deliveries`)
	if err != nil {
		return 0, 0, fmt.Errorf("count deliveries: %w", err)
	}
	return rows, age, nil
}

// Troubled counts the hosts that fail at present, and those that are unavailable after days of failures.
func (d *Deliverer) Troubled(ctx context.Context) (failing, unavailable int64, err error) {
	_, err = db.One(ctx, d.db, func(row db.Row) (struct{}, error) {
		return struct{}{}, row.Scan(&failing, &unavailable)
	}, `SELECT COALESCE(SUM(CASE WHEN failures > 0 AND unavailable_at IS NULL THEN 1 ELSE 0 END), 0),
		COALESCE(SUM(CASE WHEN unavailable_at IS NOT NULL THEN 1 ELSE 0 END), 0) FROM delivery_hosts`)
	if err != nil {
		return 0, 0, fmt.Errorf("count hosts: %w", err)
	}
	return failing, unavailable, nil
}
