package server_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"anancus/internal/server/servertest"
)

// knock asks past the network, which a limit does not look at: hundreds of requests are needed to reach one.
func knock(p *place, method, path, token string) (code int, header http.Header) {
	r := httptest.NewRequestWithContext(p.T.Context(), method, p.URL+path, nil)
	if method != http.MethodGet {
		r = httptest.NewRequestWithContext(p.T.Context(), method, p.URL+path, strings.NewReader(""))
		r.Header.Set("Content-Type", form)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	w := httptest.NewRecorder()
	p.Handler().ServeHTTP(w, r)
	return w.Code, w.Header()
}

// Security list, items 64 and 89: what may be done so often, by whom, and in what time (behaviours.md §5). What is refused
// counts too.
func TestWhatIsDoneTooOftenIsRefusedUntilTheWindowEnds(t *testing.T) {
	const nothing = "112233445566778899"
	for _, c := range []struct {
		what, method, path string
		limit              int
		per                time.Duration
		door               string // member, app or peer
		also               string // another way, which counts for the same
	}{
		{"posting", "POST", "/api/v1/statuses", 300, 3 * time.Hour, "member", "POST /api/v1/statuses/" + nothing + "/reblog"},
		{"following", "POST", "/api/v1/accounts/" + nothing + "/follow", 400, 24 * time.Hour, "member", "POST /api/v1/tags/%25/follow"},
		{"reporting", "POST", "/api/v1/reports", 400, 24 * time.Hour, "member", ""},
		{"deleting", "DELETE", "/api/v1/statuses/" + nothing, 30, 30 * time.Minute, "member", "POST /api/v1/statuses/" + nothing + "/unreblog"},
		{"turning pages", "GET", "/api/v1/notifications?max_id=1", 300, 15 * time.Minute, "member", "GET /api/v1/bookmarks?min_id=1"},
		{"joining", "POST", "/api/v1/accounts", 5, 30 * time.Minute, "app", ""},
		{"registering apps", "POST", "/api/v1/apps", 5, 10 * time.Minute, "peer", ""},
		{"a token", "GET", "/api/v1/notifications/unread_count", 300, 5 * time.Minute, "member", "GET /api/v1/preferences"},
	} {
		t.Run(c.what, func(t *testing.T) {
			p := limited(t)
			token, other := "", ""
			switch c.door {
			case "member":
				owner(t, p.Server, "ada")
				p.Join("bo")
				token, other = p.TokenFor("ada", "read write follow"), p.TokenFor("bo", "read write follow")
			case "app":
				token = appToken(t, p.Server, "read write")
			}
			now := p.clock.Now()                                                                   // and not the machine's, which went on meanwhile
			p.clock.Advance(now.Truncate(24 * time.Hour).Add(24*time.Hour + time.Second).Sub(now)) // windows begin at midnight
			began := p.clock.Now()
			for n := range c.limit {
				if n%280 == 279 && c.per > 5*time.Minute {
					p.clock.Advance(5 * time.Minute) // or the token would be stopped first
				}
				code, header := knock(p, c.method, c.path, token)
				if code == http.StatusTooManyRequests {
					t.Fatalf("request %d of %d is refused", n+1, c.limit)
				}
				if n == c.limit-1 && c.door == "member" && (header.Get("X-RateLimit-Limit") != fmt.Sprint(c.limit) || header.Get("X-RateLimit-Remaining") != "0") {
					t.Errorf("the last that is allowed is told %q of %q", header.Get("X-RateLimit-Remaining"), header.Get("X-RateLimit-Limit"))
				}
			}
			ways := []string{c.method + " " + c.path}
			if c.also != "" {
				ways = append(ways, c.also)
			}
			for _, way := range ways {
				method, path, _ := strings.Cut(way, " ")
				if code, _ := knock(p, method, path, token); code != http.StatusTooManyRequests {
					t.Errorf("once more, %s is answered %d", way, code)
				}
				if other != "" {
					if code, _ := knock(p, method, path, other); code == http.StatusTooManyRequests {
						t.Errorf("%s of another is refused too", way)
					}
				}
			}
			p.clock.Advance(c.per - p.clock.Now().Sub(began) + time.Second)
			if code, _ := knock(p, c.method, c.path, token); code == http.StatusTooManyRequests {
				t.Error("it is refused after the window, too")
			}
		})
	}
}

func TestAMemberIsLimitedWhateverTheNumberOfTheirTokens(t *testing.T) {
	p := limited(t)
	owner(t, p.Server, "ada")
	p.clock.Advance(time.Until(time.Now().Truncate(5 * time.Minute).Add(5*time.Minute + time.Second)))
	refusedAt := 0
	for n := range 6 {
		token := p.TokenFor("ada", "read")
		for i := range 299 {
			if code, _ := knock(p, http.MethodGet, "/api/v1/preferences", token); code == http.StatusTooManyRequests {
				refusedAt = n*299 + i + 1
				break
			}
		}
	}
	if refusedAt == 0 {
		t.Error("1794 requests of one member within five minutes are all answered")
	}
	if refusedAt != 0 && refusedAt <= 1495 {
		t.Errorf("request %d is refused, and 1500 are allowed", refusedAt)
	}
}

// Security list, item 91.
func TestAnAddressOfAMegabyteIsRefused(t *testing.T) {
	p := limited(t)
	got := ask(t, &servertest.Server{T: t, URL: p.URL}, request{method: "GET", path: "/api/v2/search?q=" + strings.Repeat("a", 1<<20)})
	if got.code < 400 || got.code >= 500 {
		t.Errorf("a query of a megabyte is answered %d", got.code)
	}
}
