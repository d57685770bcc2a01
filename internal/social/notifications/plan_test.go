package notifications

import (
	"math"
	"testing"

	"anancus/internal/kit/db"
	"anancus/internal/kit/db/dbtest"
	"anancus/internal/kit/keyset"
	"anancus/internal/social/id"
)

// crowd makes accounts, one of whom is told of much: half of it in groups.
func crowd(t *testing.T, d *db.DB) {
	t.Helper()
	const count = `WITH RECURSIVE n (i) AS (SELECT CAST($1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < $2) `
	for _, step := range []struct {
		sql      string
		from, to int
	}{
		{`INSERT INTO accounts (id, username, username_key, domain, uri, created_at, updated_at)
			SELECT i, 'p' || CAST(i AS TEXT), 'p' || CAST(i AS TEXT), '', 'https://x.example/' || CAST(i AS TEXT), 0, 0 FROM n`, 1, 300},
		{`INSERT INTO notifications (id, account_id, kind, from_id, about_id, group_key, created_at)
			SELECT i, 1 + i % 3, CASE WHEN i % 2 = 0 THEN 'favourite' ELSE 'mention' END, 2 + i % 200, i, CASE WHEN i % 2 = 0 THEN 'favourite-' || CAST(i / 50 AS TEXT) ELSE '' END, 0 FROM n`, 1000, 9000},
		{`INSERT INTO notification_groups (account_id, group_key, kind, subject, hour, latest_id)
			SELECT 1 + i % 3, 'favourite-' || CAST(i AS TEXT), 'favourite', 'favourite', i, i * 50 FROM n`, 20, 180},
		{`INSERT INTO notification_requests (id, account_id, from_id, last_status_id, created_at, updated_at) SELECT i, 1 + i % 3, i, i, 0, 0 FROM n`, 1, 300},
		{`INSERT INTO push_deliveries (notification_id, subscription_id, host, due_at, created_at) SELECT i, i, 'h' || CAST(i % 50 AS TEXT), i, i FROM n`, 1, 3000},
		{`INSERT INTO push_hosts (host, due_at) SELECT 'h' || CAST(i AS TEXT), i FROM n`, 1, 3000},
		{`INSERT INTO push_subscriptions (id, token_id, account_id, endpoint, p256dh, auth, standard, policy, alerts, created_at, updated_at)
			SELECT i, i, 1 + i % 300, 'https://h.example/', '', '', TRUE, 'all', '{}', 0, 0 FROM n`, 1, 3000},
		{`INSERT INTO follows (id, account_id, target_id, notify, created_at) SELECT i, i, 1 + i % 7, i % 9 = 0, 0 FROM n`, 1, 300},
	} {
		if err := d.Tx(t.Context(), func(tx *db.Tx) error {
			_, err := db.Exec(t.Context(), tx, count+step.sql, step.from, step.to)
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.Tx(t.Context(), func(tx *db.Tx) error { _, err := db.Exec(t.Context(), tx, dbtest.Analyze(d.Engine())); return err }); err != nil {
		t.Fatal(err)
	}
}

func TestEveryListIsServedByAnIndex(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		crowd(t, d)
		some := []string{string(Mention), string(Poll)}
		for _, p := range []keyset.Page{keyset.First(40), {Before: 8000, After: 2000, Upward: true, Limit: 40}} {
			for _, f := range []filter{{}, {kinds: some}, {from: 7}, {from: 7, kinds: some}, {filtered: true}} {
				dbtest.NoScan(t, d, f.query(columns, p.Order()), f.args(1, p)...)
				g := grouping{f, names(groupable)}
				dbtest.NoScan(t, d, g.query(p.Order()), g.args(1, p)...)
			}
			dbtest.NoScan(t, d, pageOfRequests(p.Order()), 1, asking, p.Before, p.After, p.Limit)
			for _, key := range []string{"favourite-30", "ungrouped-1001"} {
				where, arg := inGroup(key)
				dbtest.NoScan(t, d, groupAccountsSQL(where, p.Order()), 1, arg, p.Before, p.After, p.Limit)
			}
		}
		dbtest.NoScan(t, d, gistsSQL, 1, []string{"favourite-30"}, id.Notification(math.MaxInt64), 0)
		dbtest.NoScan(t, d, staffSQL)
		dbtest.NoScan(t, d, duePushSQL, "push.example", 5, 32)
		dbtest.NoScan(t, d, nextPushSQL, 5)
		dbtest.NoScan(t, d, summarySQL, 1, asking, 100)
		dbtest.NoScan(t, d, withBellSQL, 1, 0, 100)
		dbtest.NoScan(t, d, factsSQL, 1, 2, 0, 3)
		for _, where := range []string{`from_id = 7 AND kind = 'follow' AND about_id = 1`, `account_id = 1 AND id <= 5000`, `account_id = 1 AND from_id = 7`, `status_id = 1`,
			`account_id = 1 AND group_key = 'favourite-30' AND group_key <> ''`} {
			dbtest.NoScan(t, d, `SELECT id FROM notifications WHERE `+where+` ORDER BY id LIMIT 500`)
		}
	})
}

func TestOneGroupIsOneRowAndItsKeyStaysHalfADay(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		crowd(t, d)
		const hour = int64(3600 * 1000)
		at := func(hours int64) Notification {
			return Notification{Account: 100, Kind: Favourite, From: 3, Status: 5, CreatedAt: (1000 + hours) * hour}
		}
		tell := func(n Notification) string {
			t.Helper()
			var g group
			err := d.Tx(t.Context(), func(tx *db.Tx) (err error) {
				n.ID = id.Notification(tx.NextID())
				if g, err = groupFor(t.Context(), tx, n); err != nil || g.key == "" {
					return err
				}
				return keepGroup(t.Context(), tx, n, g)
			})
			if err != nil {
				t.Fatal(err)
			}
			return g.key
		}
		other, follow, mention, filtered := at(0), at(0), at(0), at(0)
		other.Status, follow.Status, follow.Kind, mention.Kind, filtered.Filtered = 6, 0, Follow, Mention, true
		for _, turn := range []struct {
			n    Notification
			want string
		}{{at(0), "favourite-5-1000"}, {at(3), "favourite-5-1000"}, {at(11), "favourite-5-1000"}, {at(12), "favourite-5-1012"}, {at(13), "favourite-5-1012"},
			{other, "favourite-6-1000"}, {follow, "follow-1000"}, {mention, ""}, {filtered, ""}} {
			if got := tell(turn.n); got != turn.want {
				t.Errorf("%s of %d at hour %d joins %q, want %q", turn.n.Kind, turn.n.Status, turn.n.CreatedAt/hour, got, turn.want)
			}
		}
	})
}
