package notifications

import (
	"context"
	"fmt"
	"strings"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/social/id"
	"anancus/internal/social/viewer"
)

// enqueuePushes lays a notification ready for subscriptions, and makes their hosts due. On PostgreSQL the second statement locks
// the hosts even where it changes nothing: the visit that holds one cannot give it back, as if nothing had come, before we commit.
func enqueuePushes(ctx context.Context, tx *db.Tx, n id.Notification, to []id.PushSubscription) error {
	now := clock.Milli(tx.Now())
	_, err := db.Exec(ctx, tx, `INSERT INTO push_deliveries (notification_id, subscription_id, host, due_at, created_at)
		SELECT CAST($1 AS BIGINT), p.id, p.host, CAST($2 AS BIGINT), CAST($2 AS BIGINT) FROM push_subscriptions p WHERE p.id {in $3}
		ON CONFLICT (notification_id, subscription_id) DO NOTHING`, n, now, to)
	if err != nil {
		return err
	}
	_, err = db.Exec(ctx, tx, `INSERT INTO push_hosts (host, due_at)
		SELECT DISTINCT p.host, CAST($1 AS BIGINT) FROM push_subscriptions p WHERE p.id {in $2} ORDER BY 1
		ON CONFLICT (host) DO UPDATE
		SET due_at = CASE WHEN push_hosts.paused_until > excluded.due_at THEN push_hosts.paused_until ELSE excluded.due_at END
		WHERE push_hosts.due_at > CASE WHEN push_hosts.paused_until > excluded.due_at THEN push_hosts.paused_until ELSE excluded.due_at END`, now, to)
	return err
}

// duePushSQL reads the rows of a host by the index, and the subscriptions they are for, as far as their tokens are there.
const duePushSQL = `SELECT d.notification_id, d.subscription_id, d.attempts, d.created_at,
	t.id, COALESCE(t.app_id, 0), COALESCE(t.scopes, ''), COALESCE(p.account_id, 0), COALESCE(p.endpoint, ''), COALESCE(p.p256dh, ''), COALESCE(p.auth, ''),
	COALESCE(p.standard, FALSE)
	FROM push_deliveries d LEFT JOIN push_subscriptions p ON p.id = d.subscription_id LEFT JOIN tokens t ON t.id = p.token_id
	WHERE d.host = $1 AND d.due_at <= $2 ORDER BY d.due_at LIMIT $3`

func duePushes(ctx context.Context, q db.Q, host string, now time.Time, limit int) ([]push, error) {
	rows, err := db.All(ctx, q, func(r db.Row) (push, error) {
		var one push
		var token *id.Token
		var app id.App
		var scopes string
		to := &Subscription{}
		err := r.Scan(&one.notification, &one.subscription, &one.attempts, &one.created, &token, &app, &scopes,
			&to.Account, &to.Endpoint, &to.P256dh, &to.Auth, &to.Standard)
		if token != nil && mayPush(scopes) {
			to.ID, to.Token = one.subscription, *token
			one.to, one.session = to, app == 0
		}
		return one, err
	}, duePushSQL, host, clock.Milli(now), limit)
	if err != nil {
		return nil, fmt.Errorf("read due pushes: %w", err)
	}
	return rows, nil
}

// mayPush tells whether a token's scopes let it be told by push.
func mayPush(scopes string) bool {
	return viewer.Viewer{Scopes: strings.Fields(scopes)}.Allows("push")
}

func removePush(ctx context.Context, tx *db.Tx, row push) error {
	_, err := db.Exec(ctx, tx, `DELETE FROM push_deliveries WHERE notification_id = $1 AND subscription_id = $2`, row.notification, row.subscription)
	return err
}

func postponePush(ctx context.Context, tx *db.Tx, row push, due time.Time, text string) error {
	_, err := db.Exec(ctx, tx, `UPDATE push_deliveries SET attempts = $3, due_at = $4, last_error = $5 WHERE notification_id = $1 AND subscription_id = $2`,
		row.notification, row.subscription, row.attempts, clock.Milli(due), text)
	return err
}

const nextPushSQL = `SELECT due_at FROM push_hosts WHERE leased_until IS NULL OR leased_until <= $1 ORDER BY due_at LIMIT 1`

// nextPushDue tells when the first push service that nobody holds is due.
func nextPushDue(ctx context.Context, q db.Q, now time.Time) (int64, error) {
	due, err := db.All(ctx, q, db.Value[int64], nextPushSQL, clock.Milli(now))
	if err != nil {
		return 0, fmt.Errorf("look for due pushes: %w", err)
	}
	if len(due) == 0 {
		return pushNever, nil
	}
	return due[0], nil
}

const claimPushSQL = `
	WITH due AS MATERIALIZED (
		SELECT host FROM push_hosts WHERE due_at <= $1 AND (leased_until IS NULL OR leased_until <= $1)
		ORDER BY due_at LIMIT $3 {for update skip locked})
	UPDATE push_hosts SET leased_until = $2, due_at = $2 WHERE host IN (SELECT host FROM due)
	RETURNING host, failures, paused_until`

func claimPushHosts(ctx context.Context, d *db.DB, now time.Time, lease time.Duration, most int) (hosts []pushHost, err error) {
	err = d.Tx(ctx, func(tx *db.Tx) error {
		hosts, err = db.All(ctx, tx, func(r db.Row) (pushHost, error) {
			var h pushHost
			err := r.Scan(&h.name, &h.failures, &h.pausedUntil)
			return h, err
		}, claimPushSQL, clock.Milli(now), clock.Milli(now.Add(lease)), most)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("claim push services: %w", err)
	}
	return hosts, nil
}

func renewPushHosts(ctx context.Context, d *db.DB, hosts []string, until time.Time) error {
	return d.Tx(ctx, func(tx *db.Tx) error {
		_, err := db.Exec(ctx, tx, `UPDATE push_hosts SET due_at = CASE WHEN due_at = leased_until THEN $2 ELSE due_at END, leased_until = $2
			WHERE host {in $1} AND leased_until IS NOT NULL`, hosts, clock.Milli(until))
		return err
	})
}

func returnPushHosts(ctx context.Context, d *db.DB, hosts []string, now time.Time) error {
	return d.Tx(ctx, func(tx *db.Tx) error {
		_, err := db.Exec(ctx, tx, `UPDATE push_hosts SET due_at = $2, leased_until = NULL WHERE host {in $1} AND leased_until IS NOT NULL`, hosts, clock.Milli(now))
		return err
	})
}

// releasePushHosts makes due what an earlier run of the program held.
func releasePushHosts(ctx context.Context, d *db.DB, now time.Time) error {
	err := d.Tx(ctx, func(tx *db.Tx) error {
		_, err := db.Exec(ctx, tx, `UPDATE push_hosts SET due_at = $1, leased_until = NULL WHERE leased_until IS NOT NULL`, clock.Milli(now))
		return err
	})
	if err != nil {
		return fmt.Errorf("release push services: %w", err)
	}
	return nil
}

// releasePushHost gives a host back, due with the first of its rows but not before earliest, or at once if something was laid
// ready meanwhile. It tells when.
func releasePushHost(ctx context.Context, d *db.DB, h pushHost, earliest int64) (due int64, err error) {
	err = d.Tx(ctx, func(tx *db.Tx) error {
		next, err := db.One(ctx, tx, db.Value[int64], `SELECT COALESCE(MIN(due_at), $2) FROM push_deliveries WHERE host = $1`, h.name, int64(pushNever))
		if err != nil {
			return err
		}
		if next != pushNever {
			next = max(next, earliest)
		}
		due, err = db.One(ctx, tx, db.Value[int64], `UPDATE push_hosts
			SET due_at = CASE WHEN due_at = leased_until OR due_at > $2 THEN $2 ELSE due_at END, leased_until = NULL, failures = $3, paused_until = $4
			WHERE host = $1 RETURNING due_at`, h.name, next, h.failures, h.pausedUntil)
		return err
	})
	return due, err
}

func pushesWaiting(ctx context.Context, q db.Q, now time.Time) (rows int64, age time.Duration, err error) {
	_, err = db.All(ctx, q, func(r db.Row) (struct{}, error) {
		var oldest *int64
		err := r.Scan(&rows, &oldest)
		if oldest != nil {
			age = max(now.Sub(clock.FromMilli(*oldest)), 0)
		}
		return struct{}{}, err
	}, `SELECT COUNT(*), MIN(created_at) FROM push_deliveries`)
	if err != nil {
		return 0, 0, fmt.Errorf("count pushes: %w", err)
	}
	return rows, age, nil
}

// purgePushHosts forgets push services without subscriptions.
func purgePushHosts(ctx context.Context, d *db.DB) error {
	return d.Tx(ctx, func(tx *db.Tx) error {
		_, err := db.Exec(ctx, tx, `DELETE FROM push_hosts WHERE due_at = $1 AND leased_until IS NULL
			AND NOT EXISTS (SELECT 1 FROM push_subscriptions p WHERE p.host = push_hosts.host)
			AND NOT EXISTS (SELECT 1 FROM push_deliveries d WHERE d.host = push_hosts.host)`, int64(pushNever))
		return err
	})
}

// ties tells whether a member follows somebody, and is followed by them.
func ties(ctx context.Context, q db.Q, member, other id.Account) (follows, followed bool, err error) {
	_, err = db.One(ctx, q, func(r db.Row) (struct{}, error) {
		var to, from int64
		err := r.Scan(&to, &from)
		follows, followed = to > 0, from > 0
		return struct{}{}, err
	}, `SELECT (SELECT COUNT(*) FROM follows WHERE account_id = $1 AND target_id = $2), (SELECT COUNT(*) FROM follows WHERE account_id = $2 AND target_id = $1)`,
		member, other)
	return follows, followed, err
}
