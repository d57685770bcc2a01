package activitypub

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
)

// shutHosts lists those of the hosts that are unavailable and not yet to be tried again.
func shutHosts(ctx context.Context, tx *db.Tx, hosts []string) ([]string, error) {
	shut, err := db.All(ctx, tx, db.Value[string], `
		SELECT host FROM delivery_hosts
		WHERE host {in $1} AND unavailable_at IS NOT NULL AND paused_until > $2`,
		hosts, clock.Milli(tx.Now()))
	if err != nil {
		return nil, fmt.Errorf("look for unavailable hosts: %w", err)
	}
	return shut, nil
}

// openHostSQL makes hosts due now, or after their pause. On PostgreSQL it locks
// the rows even where it changes nothing: the visit that holds a host cannot
// give it back, as if nothing had come, before we commit.
const openHostSQL = `
	INSERT INTO delivery_hosts (due_at, host) VALUES %s
	ON CONFLICT (host) DO UPDATE
	SET due_at = CASE WHEN delivery_hosts.paused_until > $1 THEN delivery_hosts.paused_until ELSE $1 END
	WHERE delivery_hosts.due_at > CASE WHEN delivery_hosts.paused_until > $1 THEN delivery_hosts.paused_until ELSE $1 END`

// openHostTexts holds the statement for each number of hosts.
var openHostTexts = func() map[int]string {
	texts := map[int]string{}
	for _, size := range insertSizes {
		values := make([]string, size)
		for i := range values {
			values[i] = "($1, $" + strconv.Itoa(i+2) + ")"
		}
		texts[size] = fmt.Sprintf(openHostSQL, strings.Join(values, ", "))
	}
	return texts
}()

// openHosts makes hosts due, in the order given. A follow ends the waiting of
// an unavailable host: it is probed now.
func openHosts(ctx context.Context, tx *db.Tx, hosts []string, follow bool) error {
	now := clock.Milli(tx.Now())
	if follow {
		_, err := db.Exec(ctx, tx, `
			UPDATE delivery_hosts SET paused_until = 0
			WHERE host {in $1} AND unavailable_at IS NOT NULL AND paused_until > $2`, hosts, now)
		if err != nil {
			return fmt.Errorf("end the pause of a host: %w", err)
		}
	}
	for _, size := range insertSizes {
		for len(hosts) >= size {
			args := []any{now}
			for _, host := range hosts[:size] {
				args = append(args, host)
			}
			if _, err := db.Exec(ctx, tx, openHostTexts[size], args...); err != nil {
				return fmt.Errorf("make hosts due: %w", err)
			}
			hosts = hosts[size:]
		}
	}
	return nil
}

const nextHostSQL = `
	SELECT due_at FROM delivery_hosts
	WHERE leased_until IS NULL OR leased_until <= $1
	ORDER BY due_at LIMIT 1`

// nextHostDue tells when the first host that nobody holds is due.
func nextHostDue(ctx context.Context, q db.Q, now time.Time) (int64, error) {
	due, err := db.All(ctx, q, db.Value[int64], nextHostSQL, clock.Milli(now))
	if err != nil {
		return 0, fmt.Errorf("look for due deliveries: %w", err)
	}
	if len(due) == 0 {
		return never, nil
	}
	return due[0], nil
}

// While a host is held its due_at is the end of the lease, unless Enqueue
// brings it forward; then the host is due again as soon as it is given back.
const claimHostsSQL = `
	WITH due AS MATERIALIZED (
		SELECT host FROM delivery_hosts
		WHERE due_at <= $1 AND (leased_until IS NULL OR leased_until <= $1)
		ORDER BY due_at LIMIT $3 {for update skip locked})
	UPDATE delivery_hosts SET leased_until = $2, due_at = $2
	WHERE host IN (SELECT host FROM due)
	RETURNING host, failures, failure_days, unavailable_at, paused_until`

func claimHosts(ctx context.Context, d *db.DB, now time.Time, lease time.Duration, most int) ([]deliveryHost, error) {
	var hosts []deliveryHost
	err := d.Tx(ctx, func(tx *db.Tx) (err error) {
		hosts, err = db.All(ctx, tx, scanHost, claimHostsSQL,
			clock.Milli(now), clock.Milli(now.Add(lease)), most)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("claim hosts: %w", err)
	}
	// The engines give them in any order, and PostgreSQL in another one from day to day.
	slices.SortFunc(hosts, func(a, b deliveryHost) int { return cmp.Compare(a.name, b.name) })
	return hosts, nil
}

func scanHost(row db.Row) (deliveryHost, error) {
	var h deliveryHost
	var days string
	if err := row.Scan(&h.name, &h.failures, &days, &h.unavailableAt, &h.pausedUntil); err != nil {
		return h, err
	}
	return h, json.Unmarshal([]byte(days), &h.failureDays)
}

func renewHosts(ctx context.Context, d *db.DB, hosts []string, until time.Time) error {
	return d.Tx(ctx, func(tx *db.Tx) error {
		_, err := db.Exec(ctx, tx, `
			UPDATE delivery_hosts
			SET due_at = CASE WHEN due_at = leased_until THEN $2 ELSE due_at END, leased_until = $2
			WHERE host {in $1} AND leased_until IS NOT NULL`, hosts, clock.Milli(until))
		return err
	})
}

func returnHosts(ctx context.Context, d *db.DB, hosts []string, now time.Time) error {
	return d.Tx(ctx, func(tx *db.Tx) error {
		_, err := db.Exec(ctx, tx, `
			UPDATE delivery_hosts SET due_at = $2, leased_until = NULL
			WHERE host {in $1} AND leased_until IS NOT NULL`, hosts, clock.Milli(now))
		return err
	})
}

// releaseHosts makes due what an earlier run of the program held.
func releaseHosts(ctx context.Context, d *db.DB, now time.Time) error {
	err := d.Tx(ctx, func(tx *db.Tx) error {
		_, err := db.Exec(ctx, tx, `
			UPDATE delivery_hosts SET due_at = $1, leased_until = NULL WHERE leased_until IS NOT NULL`,
			clock.Milli(now))
		return err
	})
	if err != nil {
		return fmt.Errorf("release hosts: %w", err)
	}
	return nil
}

// saveHost stores how a host fares.
func saveHost(ctx context.Context, d *db.DB, h deliveryHost) error {
	return d.Tx(ctx, func(tx *db.Tx) error { return updateHost(ctx, tx, h) })
}

func updateHost(ctx context.Context, tx *db.Tx, h deliveryHost) error {
	days := "[]"
	if len(h.failureDays) > 0 {
		text, err := json.Marshal(h.failureDays)
		if err != nil {
			return err
		}
		days = string(text)
	}
	_, err := db.Exec(ctx, tx, `
		UPDATE delivery_hosts SET failures = $2, failure_days = $3, unavailable_at = $4, paused_until = $5
		WHERE host = $1`, h.name, h.failures, days, h.unavailableAt, h.pausedUntil)
	if err != nil {
		return fmt.Errorf("store how a host fares: %w", err)
	}
	return nil
}
