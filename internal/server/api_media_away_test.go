package server_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/server/servertest"
	"anancus/internal/social/id"
	"anancus/internal/social/media"
)

func TestFilesOfOtherServersThatAreAwayAreAskedForAgain(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		now := clock.NewManual(time.Now())
		here, there := servertest.NewAt(t, engine, now), servertest.NewAt(t, engine, now)
		ada, bob := here.Join("ada"), there.Join("bob")
		bob.Follow(ada)
		servertest.Settle(t, here, there)

		var answers, asked atomic.Int64
		pic := picture(t, 60, 40, "jpg")
		elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			asked.Add(1)
			if code := int(answers.Load()); code != http.StatusOK {
				w.WriteHeader(code)
				return
			}
			_, _ = w.Write(pic)
		}))
		t.Cleanup(elsewhere.Close)
		shown := func() attachment {
			t.Helper()
			var home []withMedia
			bob.Get("/api/v1/timelines/home", &home)
			if len(home) == 0 || len(home[0].Media) != 1 {
				t.Fatalf("the home timeline has %+v", home)
			}
			return home[0].Media[0]
		}
		// arrives lets a status come whose file is at a server that answers so.
		arrives := func(visibility string, code int) id.Status {
			t.Helper()
			now.Advance(time.Second) // so that it is the newest
			ada.Post("/api/v1/statuses", url.Values{"status": {"look"}, "visibility": {visibility}, "media_ids[]": {uploads(ada, pic).ID}}, nil)
			servertest.Settle(t, here, there)
			answers.Store(int64(code))
			asked.Store(0)
			var status id.Status
			err := there.DB().Tx(t.Context(), func(tx *db.Tx) error {
				var err error
				if status, err = db.One(t.Context(), tx, db.Value[id.Status], `SELECT status_id FROM attachments WHERE remote_url NOT LIKE $1`, elsewhere.URL+"%"); err != nil {
					return err
				}
				if _, err := db.Exec(t.Context(), tx, `UPDATE attachments SET remote_url = $1, original_key = '', small_key = '' WHERE status_id = $2`, elsewhere.URL+"/"+status.String(), status); err != nil {
					return err
				}
				return tx.Emit(media.Received{Status: status})
			})
			if err != nil {
				t.Fatal(err)
			}
			there.ForgetStatus(int64(status))
			return status
		}
		kept := func(status id.Status) int64 {
			return count(t, there, `SELECT COUNT(*) FROM attachments WHERE status_id = $1 AND original_key <> ''`, status)
		}
		waiting := func() int64 {
			return count(t, there, `SELECT COUNT(*) FROM outbox WHERE event = 'media.received' AND failed_at IS NULL`)
		}
		failed := func() int64 {
			return count(t, there, `SELECT COUNT(*) FROM outbox WHERE event = 'media.received' AND failed_at IS NOT NULL`)
		}

		// It is asked again later, not at once, until it is there.
		private := arrives("private", http.StatusServiceUnavailable)
		for turn := range int64(3) {
			_ = there.DrainEffects(t.Context()) // it fails, and is due later
			_ = there.DrainEffects(t.Context())
			if asked.Load() != turn+1 || kept(private) != 0 || waiting() != 1 {
				t.Fatalf("in turn %d it was asked for %d times", turn, asked.Load())
			}
			now.Advance(time.Hour)
		}
		answers.Store(http.StatusOK)
		servertest.Settle(t, there)
		if a := shown(); kept(private) != 1 || waiting() != 0 || a.URL == nil {
			t.Errorf("when the server is back it is shown as %+v", a)
		}

		// What everybody may read is left to whoever looks, and what is not there any more too.
		public := arrives("public", http.StatusServiceUnavailable)
		servertest.Settle(t, there)
		gone := arrives("private", http.StatusGone)
		servertest.Settle(t, there)
		if waiting() != 0 || kept(public)+kept(gone) != 0 || asked.Load() != 1 {
			t.Errorf("%d wait, and what is gone was asked for %d times", waiting(), asked.Load())
		}

		// It ends, and keepers can see that it did.
		never := arrives("private", http.StatusBadGateway)
		for range 30 {
			_ = there.DrainEffects(t.Context())
			now.Advance(48 * time.Hour)
		}
		if waiting() != 0 || failed() != 1 || kept(never) != 0 || asked.Load() != 16 {
			t.Errorf("%d wait, %d were given up after %d attempts", waiting(), failed(), asked.Load())
		}
		answers.Store(http.StatusOK)
		if answer, body := file(t, *shown().URL); answer.StatusCode != http.StatusOK || len(body) == 0 || kept(never) != 1 {
			t.Errorf("whoever looks is answered %d", answer.StatusCode)
		}
	})
}
