package server_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/server/servertest"
)

// publishOnce publishes with an idempotency key.
func publishOnce(p *servertest.Person, key, text string) (made servertest.Status, code int) {
	p.On.T.Helper()
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, p.On.URL+"/api/v1/statuses", strings.NewReader(url.Values{"status": {text}}.Encode()))
	if err != nil {
		p.On.T.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Authorization", "Bearer "+p.Token)
	req.Header.Set("Idempotency-Key", key)
	return made, p.Send(req, &made).StatusCode
}

func TestAnIdempotencyKeyMakesOneStatusWithinAnHour(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		now := clock.NewManual(time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC))
		s := servertest.NewAt(t, engine, now)
		ada, bo := s.Join("ada"), s.Join("bo")
		first, code := publishOnce(ada, "key", "once")
		if code != http.StatusOK {
			t.Fatalf("published with %d", code)
		}
		for name, text := range map[string]string{"the same again": "once", "another text": "something else", "what could not be published": ""} {
			if again, code := publishOnce(ada, "key", text); code != http.StatusOK || again.ID != first.ID || !strings.Contains(again.Content, "once") {
				t.Errorf("%s answers %d with %+v", name, code, again)
			}
		}
		if other, _ := publishOnce(ada, "another key", "once"); other.ID == first.ID {
			t.Error("another key gives the same status")
		}
		if other, _ := publishOnce(bo, "key", "once"); other.ID == first.ID || other.Account.Acct != "bo" {
			t.Errorf("somebody else's key gives %+v", other)
		}
		now.Advance(time.Hour + time.Second)
		if later, _ := publishOnce(ada, "key", "once"); later.ID == first.ID {
			t.Error("after an hour the key still gives the first status")
		}
		if n := len(ada.Home()); n != 3 {
			t.Errorf("the home timeline has %d statuses, want 3", n)
		}
	})
}
