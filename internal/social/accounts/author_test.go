package accounts

import (
	"context"
	"testing"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/db/dbtest"
	"anancus/internal/kit/fault"
	"anancus/internal/social/emoji"
	"anancus/internal/social/settings"
)

func TestWhoWritesIsReadOnceAndAnewAfterAChange(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		site := settings.Site{Domain: "here.example", WebDomain: "here.example"}
		s := New(Config{DB: d, Clock: clock.System{}, Site: site, Emoji: emoji.New(d, clock.System{}, site)})
		d.SetHooks(db.Hooks{Committed: func(_ context.Context, events []any) {
			for _, event := range events {
				if e, ok := event.(ProfileChanged); ok {
					s.Forget(e.Account)
				}
			}
		}})
		if err := d.Tx(t.Context(), func(tx *db.Tx) error {
			_, err := db.Exec(t.Context(), tx, `INSERT INTO accounts (id, username, username_key, domain, uri, url, created_at, updated_at) VALUES (7, 'ada', 'ada', '', 'u', 'u', 1, 1)`)
			if err == nil {
				_, err = db.Exec(t.Context(), tx, `INSERT INTO account_counts (account_id) VALUES (7)`)
			}
			if err == nil {
				_, err = db.Exec(t.Context(), tx, `INSERT INTO members (account_id, email, email_key, password_hash, role, created_at) VALUES (7, 'ada@here.example', 'ada@here.example', 'secret', 'member', 1)`)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		read := func(want string, cost int) {
			t.Helper()
			ctx, count := db.CountQueries(t.Context())
			a, m, err := s.Author(ctx, 7)
			if err != nil {
				t.Fatal(err)
			}
			if m.DefaultVisibility != want || a.Username != "ada" || m.PasswordHash+m.Email+m.Role != "" || count() != cost {
				t.Errorf("%s writes %s for %d statements, want %s for %d; of the sign-in: %q", a.Username, m.DefaultVisibility, count(), want, cost, m.PasswordHash+m.Email+m.Role)
			}
			a.Username, m.DefaultVisibility = "mine", "mine" // the caller's own copies
		}
		read("public", 2)
		read("public", 0)
		unlisted := "unlisted"
		if err := s.ChangeProfile(t.Context(), 7, ProfileChange{Visibility: &unlisted}); err != nil {
			t.Fatal(err)
		}
		read("unlisted", 2)
		read("unlisted", 0)
		if _, _, err := s.Author(t.Context(), 8); !fault.Is(err, fault.NotFound) {
			t.Errorf("somebody who is not there: %v", err)
		}
	})
}
