package statuses

import (
	"testing"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/db/dbtest"
	"anancus/internal/social/id"
)

func TestFlagsAreReadOnceAndForgottenWhenTheyChange(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		r := newReaders(flagsOf)
		mark := func(n int64) {
			err := d.Tx(ctx, func(tx *db.Tx) error {
				now := clock.Milli(tx.Now())
				if _, err := db.Exec(ctx, tx, `INSERT INTO accounts (id, username, username_key, domain, uri, created_at, updated_at)
					VALUES (1, 'a', 'a', '', 'a', $1, $1) ON CONFLICT DO NOTHING`, now); err != nil {
					return err
				}
				if _, err := db.Exec(ctx, tx, `INSERT INTO statuses (id, uri, author_id, local, visibility, thread_id, created_at)
					VALUES ($1, $2, 1, TRUE, 'public', $1, $3)`, n, "s"+id.String(id.Status(n)), now); err != nil {
					return err
				}
				_, err := db.Exec(ctx, tx, `INSERT INTO bookmarks (id, account_id, status_id, created_at) VALUES ($1, 1, $1, $2)`, n, now)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		mark(5)
		look := func() map[id.Status]flags {
			got := map[id.Status]flags{}
			if err := r.of(ctx, d, 1, []id.Status{5, 6}, got); err != nil {
				t.Fatal(err)
			}
			return got
		}
		if got := look(); got[5] != bookmarked || got[6] != 0 {
			t.Fatalf("flags = %v", got)
		}
		before := d.Queries()
		look()
		if n := d.Queries() - before; n != 0 {
			t.Errorf("a second look ran %d statements", n)
		}
		mark(6)
		r.forget(1, 6)
		if got := look(); got[6] != bookmarked {
			t.Errorf("flags after a change = %v", got)
		}
	})
}
