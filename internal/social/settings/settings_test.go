package settings

import (
	"strings"
	"testing"

	"anancus/internal/kit/bus"
	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/db/dbtest"
	"anancus/internal/kit/fault"
	"anancus/internal/kit/log"
)

func room(t *testing.T, d *db.DB) *Service {
	t.Helper()
	b := bus.New(d, clock.System{}, log.Discard())
	bus.On[Changed](b, "settings.changed")
	return New(d, Site{Domain: "social.example", WebDomain: "web.example"})
}

func TestWhatAKeeperSetsHoldsAtOnceAndAfterAStart(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := room(t, d)
		for name, value := range map[string]string{"registrations": "approval", "title": " Our place ", "max-characters": "1000", "contact-email": "a@b.example", "description": "é",
			"local-live-feed-access": "disabled", "remote-live-feed-access": "authenticated", "local-topic-feed-access": "authenticated", "remote-topic-feed-access": "disabled"} {
			if err := s.Set(t.Context(), name, value); err != nil {
				t.Fatal(name, err)
			}
			if got, err := s.Get(name); err != nil || got != strings.TrimSpace(value) {
				t.Errorf("%s is %q (%v)", name, got, err)
			}
		}
		again := New(d, s.Site())
		if err := again.Load(t.Context()); err != nil || again.Now() != s.Now() {
			t.Errorf("after a start it is %+v (%v), was %+v", again.Now(), err, s.Now())
		}
	})
}

func TestAKeyIsKeptAndNeverShownAgain(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := room(t, d)
		for name, field := range map[string]func(Values) string{"deepl-key": func(v Values) string { return v.DeepLKey }, "libretranslate-key": func(v Values) string { return v.LibreTranslateKey }} {
			if shown, err := s.Get(name); err != nil || shown != "" {
				t.Errorf("%s is shown as %q (%v) before it is set", name, shown, err)
			}
			if err := s.Set(t.Context(), name, " 0123-abcd:fx\n"); err != nil {
				t.Fatal(err)
			}
			if shown, err := s.Get(name); err != nil || shown != Hidden || field(s.Now()) != "0123-abcd:fx" {
				t.Errorf("%s is shown as %q (%v), and is %q", name, shown, err, field(s.Now()))
			}
			for _, bad := range []string{"two words", "a\nb", "é", strings.Repeat("x", 501)} {
				if err := s.Set(t.Context(), name, bad); !fault.Is(err, fault.Invalid) || strings.Contains(err.Error(), bad) {
					t.Errorf("%s = %.20q: %v", name, bad, err)
				}
			}
			if err := s.Set(t.Context(), name, ""); err != nil || field(s.Now()) != "" {
				t.Errorf("%s is not taken away: %v", name, err)
			}
		}
		if err := s.Set(t.Context(), "deepl-plan", "gold"); !fault.Is(err, fault.Invalid) {
			t.Error(err)
		}
	})
}

func TestWhatIsNoSettingIsRefusedAndChangesNothing(t *testing.T) {
	s := room(t, dbtest.Open(t, db.SQLite))
	before := s.Now()
	for name, value := range map[string]string{"registrations": "maybe", "max-characters": "99", "title": strings.Repeat("é", 101), "description": strings.Repeat("é", 501), "fact.domain": "x", "local-live-feed-access": "nobody", "remote-live-feed-access": "", "local-topic-feed-access": "disabled", "remote-topic-feed-access": "Public", "": "x", "Title": "x"} {
		if err := s.Set(t.Context(), name, value); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s = %.20q: %v", name, value, err)
		}
	}
	for _, value := range []string{"", "-5", "1e3", "100001", "99999999999999999999"} {
		if err := s.Set(t.Context(), "max-characters", value); !fault.Is(err, fault.Invalid) {
			t.Errorf("max-characters = %q: %v", value, err)
		}
	}
	if _, err := s.Get("secret"); !fault.Is(err, fault.Invalid) {
		t.Error(err)
	}
	if s.Now() != before {
		t.Errorf("it is %+v now", s.Now())
	}
}

func TestFactsAreKeptApartFromSettings(t *testing.T) {
	s := room(t, dbtest.Open(t, db.SQLite))
	for _, value := range []string{"one", "two", ""} {
		if err := s.db.Tx(t.Context(), func(tx *db.Tx) error { return PutFact(t.Context(), tx, "title", value) }); err != nil {
			t.Fatal(err)
		}
		if got, err := Fact(t.Context(), s.db, "title"); err != nil || got != value {
			t.Errorf("the fact is %q (%v), want %q", got, err, value)
		}
	}
	if err := s.Load(t.Context()); err != nil || s.Now().Title != "social.example" {
		t.Errorf("the title is %q (%v)", s.Now().Title, err)
	}
}

func TestTheSiteKnowsWhatIsItsOwn(t *testing.T) {
	s := Site{Domain: "social.example", WebDomain: "web.example"}
	for domain, want := range map[string]bool{"": true, "social.example": true, "WEB.example": true, "example": false, "a.social.example": false, "social.example.evil": false} {
		if s.IsLocal(domain) != want {
			t.Errorf("IsLocal(%q) is %v", domain, !want)
		}
	}
	for address, want := range map[string]string{"https://web.example/@ada": "/@ada", "HTTPS://WEB.EXAMPLE/x?y#z": "/x", "https://social.example/@ada": "", "https://web.example.evil/x": "",
		"https://web.example@evil.example/": "", "https://evil.example/?https://web.example/": "", "javascript://web.example/%0aalert(1)": "", "//web.example/x": "", "": "", "https://web.example:444/": ""} {
		if path, ok := s.Ours(address); path != want || ok != (want != "") {
			t.Errorf("Ours(%q) is %q %v", address, path, ok)
		}
	}
	for domain, want := range map[string]string{"a.example": "https", "localhost": "http", "localhost:8080": "http", "a.localhost": "http", "127.0.0.1:80": "http", "[::1]:80": "http", "localhost.example": "https", "10.0.0.1": "https"} {
		if got := (Site{WebDomain: domain}).Scheme(); got != want {
			t.Errorf("%s is reached by %s", domain, got)
		}
	}
}
