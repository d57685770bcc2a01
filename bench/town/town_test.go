package town

import (
	"context"
	"testing"
	"time"

	"anancus/internal/kit/db"
	"anancus/internal/kit/db/dbtest"
)

// fingerprint is what two towns have in common when they are the same.
func fingerprint(t *testing.T, d *db.DB) (sums [8]int64) {
	t.Helper()
	for i, sql := range []string{
		`SELECT COUNT(*) FROM statuses`,
		`SELECT CAST(COALESCE(SUM(id % 1000003 + author_id % 1000003 + thread_id % 1000003 + COALESCE(boost_of_id, 0) % 1000003), 0) AS BIGINT) FROM statuses`,
		`SELECT CAST(COALESCE(SUM(replies * 10000 + boosts * 100 + favourites), 0) AS BIGINT) FROM status_counts`,
		`SELECT COUNT(*) FROM mentions`, `SELECT COUNT(*) FROM attachments`, `SELECT COUNT(*) FROM notifications`, `SELECT COUNT(*) FROM notification_groups`,
		`SELECT CAST(COALESCE(SUM(statuses * 1000 + followers), 0) AS BIGINT) FROM account_counts`,
	} {
		n, err := db.One(t.Context(), d, db.Int64, sql)
		if err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
		sums[i] = n
	}
	return sums
}

func TestATownIsTheSameThoughItsMakingWasStopped(t *testing.T) {
	const size = 1100
	build := func(ctx context.Context, d *db.DB, plan Plan) error {
		return (&builder{plan: plan, size: 500, d: d, words: newVocabulary()}).build(ctx)
	}
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	dbtest.EachEngine(t, func(t *testing.T, engine db.Engine) {
		whole := dbtest.Open(t, engine)
		if err := build(t.Context(), whole, Plan{Statuses: size, Now: now}); err != nil {
			t.Fatal(err)
		}
		parts := dbtest.Open(t, engine)
		ctx, stop := context.WithCancel(t.Context())
		if err := build(ctx, parts, Plan{Statuses: size, Now: now, Tell: func(int, int) { stop() }}); err == nil {
			t.Fatal("it was not stopped")
		}
		if err := build(t.Context(), parts, Plan{Statuses: size, Now: now.Add(time.Hour)}); err != nil {
			t.Fatal(err)
		}
		want := fingerprint(t, whole)
		if got := fingerprint(t, parts); got != want {
			t.Errorf("a town made in parts is %v, made at once %v", got, want)
		}
		for i, n := range want {
			if n == 0 {
				t.Errorf("figure %d is 0: %v", i, want)
			}
		}
		if err := build(t.Context(), parts, Plan{Statuses: size + 1, Now: now}); err == nil {
			t.Error("a town became another")
		}
		// The counts are those that anybody would count.
		wrong, err := db.One(t.Context(), whole, db.Int64, `SELECT COUNT(*) FROM statuses s LEFT JOIN status_counts c ON c.status_id = s.id
			WHERE COALESCE(c.replies, 0) <> (SELECT COUNT(*) FROM statuses r WHERE r.in_reply_to_id = s.id)
				OR COALESCE(c.boosts, 0) <> (SELECT COUNT(*) FROM statuses r WHERE r.boost_of_id = s.id)
				OR COALESCE(c.favourites, 0) <> (SELECT COUNT(*) FROM favourites f WHERE f.status_id = s.id)`)
		if err != nil || wrong != 0 {
			t.Errorf("%d statuses have other counts than they should (%v)", wrong, err)
		}
	})
}
