package accounts

import (
	"context"
	"testing"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/db/dbtest"
	"anancus/internal/kit/fault"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/protocol/activitypub/aptest"
	"anancus/internal/social/emoji"
	"anancus/internal/social/settings"
)

func TestWhoSignsIsReadOnceAndAnewWhenTheirKeysChange(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		site := settings.Site{Domain: "here.example", WebDomain: "here.example"}
		s := New(Config{DB: d, Clock: clock.System{}, Site: site, Emoji: emoji.New(d, clock.System{}, site)})
		const uri = "https://there.example/users/eve"
		d.SetHooks(db.Hooks{Committed: func(_ context.Context, events []any) {
			for _, event := range events {
				if e, ok := event.(Updated); ok {
					s.Forget(e.Account)
				}
			}
		}})
		key := func(id string, n int) activitypub.Key {
			text, err := PublicPEM(&aptest.Key(n).PublicKey)
			if err != nil {
				t.Fatal(err)
			}
			return activitypub.Key{ID: id, PEM: text, Public: &aptest.Key(n).PublicKey}
		}
		keep := func(actor string, keys ...activitypub.Key) {
			name := actor[len("https://there.example/users/"):]
			_, err := s.Keep(t.Context(), &activitypub.RemoteActor{ID: actor, Type: "Person", Username: name, Inbox: actor + "/inbox", Keys: keys}, activitypub.Handle{Username: name, Domain: "there.example"})
			if err != nil {
				t.Fatal(err)
			}
		}
		// who gives whose key it is, which, and what that cost.
		who := func(id string) (string, int, int) {
			ctx, count := db.CountQueries(t.Context())
			got, err := s.Signer(ctx, id)
			if fault.Is(err, fault.NotFound) {
				return "", 0, count()
			}
			if err != nil || got.Unread != nil {
				t.Fatal(err, got.Unread)
			}
			for n := range 4 {
				if aptest.Key(n).PublicKey.Equal(got.Public) {
					return got.Account.URI, n, count()
				}
			}
			t.Fatal("a key of nobody")
			return "", 0, 0
		}
		wants := func(id, account string, n, most int) {
			t.Helper()
			if whose, which, cost := who(id); whose != account || which != n || cost > most {
				t.Errorf("%s: key %d of %q for %d statements, want key %d of %q for at most %d", id, which, whose, cost, n, account, most)
			}
		}
		wants(uri+"#main-key", "", 0, 1)
		keep(uri, key(uri+"#main-key", 1), key(uri+"#second", 2), key("https://there.example/keys/1", 3))
		wants(uri+"#main-key", uri, 1, 3)
		wants(uri+"#main-key", uri, 1, 0)
		wants(uri+"#second", uri, 2, 3)
		wants(uri+"#second", uri, 2, 0)
		got, err := s.Signer(t.Context(), uri+"#second")
		if err != nil {
			t.Fatal(err)
		}
		got.Account.URI = "changed by who asked"
		wants(uri+"#second", uri, 2, 0)
		for _, one := range []struct {
			uri  string
			cost int
		}{{uri, 0}, {uri, 0}, {"https://there.example/users/nobody", 1}} {
			ctx, count := db.CountQueries(t.Context())
			if writer, err := s.Writer(ctx, one.uri); count() > one.cost || err == nil && writer.URI != one.uri || err == nil != (one.uri == uri) {
				t.Errorf("%s writes: %v, %v for %d statements", one.uri, writer, err, count())
			} else if err == nil {
				writer.URI = "changed by who asked"
			}
		}

		keep(uri, key(uri+"#main-key", 2))
		wants(uri+"#main-key", uri, 2, 3)
		wants(uri+"#main-key", uri, 2, 0)
		wants(uri+"#second", "", 0, 1)

		// A key that has a page of its own may become another's: it is read each time.
		keep(uri, key(uri+"#main-key", 2), key("https://there.example/users/bo#k", 3))
		wants("https://there.example/users/bo#k", uri, 3, 2)
		wants("https://there.example/users/bo#k", uri, 3, 2)
		keep("https://there.example/users/bo", key("https://there.example/users/bo#k", 1))
		wants("https://there.example/users/bo#k", "https://there.example/users/bo", 1, 3)
	})
}
