package notifications

import (
	"context"
	"testing"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/db/dbtest"
	"anancus/internal/social/id"
)

// pushRoom is the queue to push services on a database of its own, with a clock that stands still.
type pushRoom struct {
	t   *testing.T
	d   *db.DB
	now time.Time
}

func (r *pushRoom) tx(do func(ctx context.Context, tx *db.Tx) error) {
	r.t.Helper()
	if err := r.d.Tx(r.t.Context(), func(tx *db.Tx) error { return do(r.t.Context(), tx) }); err != nil {
		r.t.Fatal(err)
	}
}

func (r *pushRoom) enqueue(n id.Notification, to ...id.PushSubscription) {
	r.t.Helper()
	r.tx(func(ctx context.Context, tx *db.Tx) error { return enqueuePushes(ctx, tx, n, to) })
}

func (r *pushRoom) claim() map[string]pushHost {
	r.t.Helper()
	hosts, err := claimPushHosts(r.t.Context(), r.d, r.now, time.Minute, 10)
	if err != nil {
		r.t.Fatal(err)
	}
	claimed := map[string]pushHost{}
	for _, h := range hosts {
		claimed[h.name] = h
	}
	return claimed
}

func (r *pushRoom) release(h pushHost) time.Time {
	r.t.Helper()
	due, err := releasePushHost(r.t.Context(), r.d, h, h.pausedUntil)
	if err != nil {
		r.t.Fatal(err)
	}
	return clock.FromMilli(due)
}

func (r *pushRoom) due() time.Time {
	r.t.Helper()
	due, err := nextPushDue(r.t.Context(), r.d, r.now)
	if err != nil {
		r.t.Fatal(err)
	}
	return clock.FromMilli(due)
}

func TestAPushServiceIsServedByOneAndWhatComesMeanwhileIsNotForgotten(t *testing.T) {
	dbtest.EachEngine(t, func(t *testing.T, engine db.Engine) {
		now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
		r := &pushRoom{t, dbtest.Open(t, engine, func(c *db.Config) { c.Clock = clock.NewManual(now) }), now}
		r.tx(func(ctx context.Context, tx *db.Tx) error {
			if _, err := db.Exec(ctx, tx, `INSERT INTO accounts (id, username, username_key, domain, uri, created_at, updated_at) VALUES (1, 'ada', 'ada', '', 'https://x.example/1', 0, 0)`); err != nil {
				return err
			}
			for n, host := range []string{"a.example", "b.example", "b.example:444"} {
				s := &Subscription{ID: id.PushSubscription(n + 1), Token: id.Token(n + 1), Account: 1, Endpoint: "https://" + host + "/x", Policy: "all"}
				if err := putSubscription(ctx, tx, s); err != nil {
					return err
				}
			}
			return nil
		})
		never := clock.FromMilli(pushNever)
		if !r.due().Equal(never) {
			t.Errorf("at first something is due at %v", r.due())
		}
		r.enqueue(10, 1, 2, 3)
		r.enqueue(10, 1, 2, 3) // an effect may run twice
		if rows, age, err := pushesWaiting(t.Context(), r.d, now.Add(time.Hour)); err != nil || rows != 3 || age != time.Hour {
			t.Errorf("%d wait for %v, %v", rows, age, err)
		}
		held := r.claim()
		if len(held) != 3 || len(r.claim()) != 0 || !r.due().Equal(never) {
			t.Errorf("held are %v", held)
		}
		if err := renewPushHosts(t.Context(), r.d, []string{"a.example", "b.example"}, now.Add(5*time.Minute)); err != nil {
			t.Fatal(err)
		}

		// Nothing is left of the first; something came for the second while it was held.
		r.enqueue(11, 2)
		r.tx(func(ctx context.Context, tx *db.Tx) error {
			for _, row := range []push{{notification: 10, subscription: 1}, {notification: 10, subscription: 2}, {notification: 11, subscription: 2}} {
				if err := removePush(ctx, tx, row); err != nil {
					return err
				}
			}
			return nil
		})
		if due := r.release(held["a.example"]); !due.Equal(never) {
			t.Errorf("with nothing to send it is due at %v", due)
		}
		if due := r.release(held["b.example"]); !due.Equal(now) { // it came after the visit had looked, for all it knows
			t.Errorf("what came meanwhile is looked for at %v", due)
		}
		// The third asked to be left alone: what comes then does not wake it.
		paused := held["b.example:444"]
		paused.failures, paused.pausedUntil = 12, clock.Milli(now.Add(time.Minute))
		if due := r.release(paused); !due.Equal(now.Add(time.Minute)) {
			t.Errorf("one that is left alone is due at %v", due)
		}
		if got := r.claim(); len(got) != 1 || !r.release(got["b.example"]).Equal(never) {
			t.Errorf("then due were %v", got)
		}
		r.enqueue(12, 3)
		if due := r.due(); !due.Equal(now.Add(time.Minute)) {
			t.Errorf("a message wakes it at %v", due)
		}
		r.now = now.Add(time.Minute)
		if got := r.claim()["b.example:444"]; got.failures != 12 {
			t.Errorf("what is known of it is %+v", got)
		}
		// A run that died held it: the next begins at once.
		if err := releasePushHosts(t.Context(), r.d, r.now); err != nil {
			t.Fatal(err)
		}
		if got := r.claim(); len(got) != 1 {
			t.Errorf("after the end of another run %v is due", got)
		}
		if err := returnPushHosts(t.Context(), r.d, []string{"b.example:444"}, r.now); err != nil || !r.due().Equal(r.now) {
			t.Errorf("handed back it is due at %v, %v", r.due(), err)
		}

		// A subscription goes with all that waits for it, and a service nobody uses is forgotten.
		r.tx(func(ctx context.Context, tx *db.Tx) error {
			return removeSubscriptions(ctx, tx, `token_id = $1`, id.Token(1))
		})
		r.tx(func(ctx context.Context, tx *db.Tx) error {
			return removeSubscriptions(ctx, tx, `id = $1`, id.PushSubscription(3))
		})
		if rows, _, err := pushesWaiting(t.Context(), r.d, now); err != nil || rows != 0 {
			t.Errorf("%d wait for nobody, %v", rows, err)
		}
		r.release(r.claim()["b.example:444"])
		if err := purgePushHosts(t.Context(), r.d); err != nil {
			t.Fatal(err)
		}
		left, err := db.All(t.Context(), r.d, db.Value[string], `SELECT host FROM push_hosts`)
		if err != nil || len(left) != 1 || left[0] != "b.example" {
			t.Errorf("known are %v, %v", left, err)
		}
	})
}
