package statuses

import (
	"context"
	"runtime"
	"testing"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/db/dbtest"
	"anancus/internal/kit/heap/heaptest"
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

// remembering is a memory of readers, each of whom looks at so many statuses, and how often the database is asked for them.
func remembering(readers, each int) (r *readers[id.Status, flags], look func(tb testing.TB) (asked int)) {
	asked := 0
	r = newReaders(func(context.Context, db.Q, id.Account, []id.Status) (map[id.Status]flags, error) {
		asked++
		return nil, nil
	})
	return r, func(tb testing.TB) int {
		tb.Helper()
		asked = 0
		ids := make([]id.Status, each)
		for n := range readers {
			for i := range ids {
				ids[i] = id.Status(n + i + 1)
			}
			if err := r.of(tb.Context(), nil, id.Account(n+1), ids, map[id.Status]flags{}); err != nil {
				tb.Fatal(err)
			}
		}
		r.cache.CleanUp()
		return asked
	}
}

func TestFlagsOfThousandsOfReadersAreRemembered(t *testing.T) {
	_, look := remembering(5000, 60)
	if n := look(t); n != 5000 {
		t.Errorf("of 5,000 readers %d were asked for", n)
	}
	if n := look(t); n != 0 {
		t.Errorf("%d of 5,000 readers were forgotten", n)
	}
}

func TestWhatIsRememberedOfReadersIsBounded(t *testing.T) {
	for _, each := range []int{20, 60, 900} {
		before := heaptest.InUse()
		r, look := remembering(3*readersMemory/(readerBytes+knownBytes*each), each)
		look(t)
		took, counted := float64(heaptest.InUse()-before), float64(r.cache.WeightedSize())
		t.Logf("readers of %d statuses: %d remembered, %.1f MB, counted as %.1f MB", each, r.cache.EstimatedSize(), took/(1<<20), counted/(1<<20))
		if counted > readersMemory || counted < readersMemory*8/10 || took > 1.25*counted || took < 0.5*counted {
			t.Errorf("readers of %d statuses take %.0f bytes and are counted for %.0f of %d", each, took, counted, readersMemory)
		}
		runtime.KeepAlive(r)
	}
}
