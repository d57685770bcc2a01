package server_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"anancus/internal/kit/config"
	"anancus/internal/kit/db"
	"anancus/internal/server/keeper"
	"anancus/internal/server/servertest"
)

// Security list, item 56.
func TestEveryAnswerCarriesTheHeadersThatProtectPeople(t *testing.T) {
	c := gather(t, db.SQLite)
	html := map[string]string{"Accept": "text/html"}
	paths := []request{
		{method: "GET", path: "/"}, {method: "GET", path: "/", header: html}, {method: "GET", path: "/about"}, {method: "GET", path: "/@ada"},
		{method: "GET", path: "/@ada", header: map[string]string{"Accept": "application/activity+json"}}, {method: "GET", path: "/@ada/" + c.status.ID},
		{method: "GET", path: "/tags/cats"}, {method: "GET", path: "/home"}, {method: "GET", path: "/nothing/here", header: html}, {method: "GET", path: "/nothing"},
		{method: "GET", path: "/@nobody", header: html}, {method: "GET", path: "/assets/none.js"}, {method: "GET", path: "/assets/../secret.key"}, {method: "GET", path: "/avatars/missing.svg"},
		{method: "GET", path: "//api/v1/instance"}, {method: "GET", path: "/api/../auth/sign_in"}, {method: "GET", path: "/users/ada", header: html}, {method: "POST", path: "/home"},
		{method: "GET", path: "/authorize_interaction?uri=https://evil.example"}, {method: "GET", path: "/api/v1/nothing"}, {method: "DELETE", path: "/api/v2/instance"},
		{method: "PUT", path: "/api/v1/statuses"}, {method: "OPTIONS", path: "/api/v1/statuses"}, {method: "OPTIONS", path: "/auth/sign_in"}, {method: "GET", path: "/robots.txt"},
		{method: "TRACE", path: "/"}, {method: "BREW", path: "/"}, {method: "HEAD", path: "/auth/sign_in"},
	}
	for _, r := range c.Table() {
		paths = append(paths, request{method: r.Method, path: fill(r.Path, c.bo.ID), kind: bodyKind(r.Method)},
			request{method: r.Method, path: unknownIn(r.Path), token: c.ada.Token, kind: bodyKind(r.Method)})
		if r.Method == "GET" {
			paths = append(paths, request{method: "GET", path: fill(r.Path, c.bo.ID), cookie: c.cookie, header: html})
		}
	}
	for _, in := range paths {
		got := ask(t, c.Server, in)
		name := in.method + " " + in.path + " (" + strconv.Itoa(got.code) + ")"
		if got.code >= 500 {
			t.Errorf("%s failed", name)
		}
		for header, want := range map[string]string{"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Cross-Origin-Opener-Policy": "same-origin"} {
			if got.header.Get(header) != want {
				t.Errorf("%s: %s is %q", name, header, got.header.Get(header))
			}
		}
		if policy := got.header.Get("Referrer-Policy"); policy != "same-origin" && policy != "no-referrer" {
			t.Errorf("%s: Referrer-Policy is %q", name, policy)
		}
		if got.header.Get("X-Request-Id") == "" {
			t.Errorf("%s has no id for the log", name)
		}
		policy := got.header.Values("Content-Security-Policy")
		if len(policy) != 1 {
			t.Errorf("%s has %d policies", name, len(policy))
			continue
		}
		for _, want := range []string{"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action"} {
			if !strings.Contains(policy[0], want) && !(want == "default-src 'none'" && strings.Contains(policy[0], "default-src 'self'")) {
				t.Errorf("%s: the policy lacks %s: %s", name, want, policy[0])
			}
		}
		for _, bad := range []string{"unsafe-inline", "unsafe-eval", "script-src *", "script-src https:", "default-src *"} {
			if strings.Contains(policy[0], bad) {
				t.Errorf("%s: the policy has %s", name, bad)
			}
		}
		if strings.Contains(got.body, "<script>") || strings.Contains(got.body, " onclick=") || strings.Contains(got.body, "style=\"") && strings.HasPrefix(got.header.Get("Content-Type"), "text/html") {
			t.Errorf("%s has inline script or style, which its own policy forbids", name)
		}
	}
}

// Security list, items 58 and 71.
func TestACookieIsWorthNothingToAnotherSite(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		c := gather(t, engine)
		if c.cookie.Value == "" {
			t.Fatal("nobody is signed in")
		}
		before := counts(t, c.Server)
		foreign := []map[string]string{{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": "http://localhost:1"}, {"Sec-Fetch-Site": "cross-site"},
			{"Sec-Fetch-Site": "same-site"}, {"Origin": c.URL + ".evil.example"}}
		for _, r := range c.Table() {
			if !writes(r) || r.Door == "peer" {
				continue
			}
			for _, header := range foreign {
				for _, kind := range []string{form, "text/plain", "application/json"} {
					body := map[string]string{form: "status=hello&password=new+password+here&display_name=evil", "text/plain": "status=hello", "application/json": `{"status":"hello"}`}[kind]
					got := ask(t, c.Server, request{method: r.Method, path: fill(r.Path, c.bo.ID), cookie: c.cookie, header: header, kind: kind, body: body})
					if got.code != http.StatusForbidden {
						t.Errorf("%s %s with %v as %s answered %d %.150q", r.Method, r.Path, header, kind, got.code, got.body)
					}
				}
			}
		}
		unchanged(t, c.Server, before, "requests of another site")
		// From our own page it works, with or without the newer header.
		for _, header := range []map[string]string{{"Origin": c.URL}, {"Sec-Fetch-Site": "same-origin"}} {
			if got := ask(t, c.Server, request{method: "POST", path: "/api/v1/statuses", cookie: c.cookie, header: header, kind: form, body: "status=hello"}); got.code != http.StatusOK {
				t.Errorf("our own page with %v was answered %d %s", header, got.code, got.body)
			}
		}
		// An app's token counts from anywhere, and a bad one is not helped by a good cookie.
		evil := map[string]string{"Origin": "https://app.example", "Sec-Fetch-Site": "cross-site"}
		got := ask(t, c.Server, request{method: "POST", path: "/api/v1/statuses", token: c.bo.Token, header: evil, kind: form, body: "status=hello"})
		if got.code != http.StatusOK || got.header.Get("Access-Control-Allow-Origin") != "*" || got.header.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("an app in a browser was answered %d, %v", got.code, got.header)
		}
		for _, token := range []string{"wrong", strings.Repeat("0", 43), "", "a b", strings.Repeat("x", 8000)} {
			got := ask(t, c.Server, request{method: "GET", path: "/api/v1/accounts/verify_credentials", cookie: c.cookie, header: map[string]string{"Authorization": "Bearer " + token}})
			if got.code != http.StatusUnauthorized {
				t.Errorf("with the token %.10q and a cookie: %d", token, got.code)
			}
		}
		var me struct{ Username string }
		got = ask(t, c.Server, request{method: "GET", path: "/api/v1/accounts/verify_credentials", cookie: c.cookie, token: c.bo.Token})
		if err := json.Unmarshal([]byte(got.body), &me); err != nil || me.Username != "bo" {
			t.Errorf("with bo's token and ada's cookie one is %q", me.Username)
		}
	})
}

func TestAppsInBrowsersMayAskBeforehand(t *testing.T) {
	s := servertest.New(t, db.SQLite)
	preflight := func(path string) answer {
		return ask(t, s, request{method: "OPTIONS", path: path, header: map[string]string{"Origin": "https://app.example",
			"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type,idempotency-key"}})
	}
	for _, path := range []string{"/api/v1/statuses", "/api/v2/instance", "/oauth/token", "/oauth/revoke", "/oauth/userinfo", "/.well-known/webfinger", "/nodeinfo/2.0", "/api/v9/nothing"} {
		h := preflight(path).header
		if h.Get("Access-Control-Allow-Origin") != "*" || h.Get("Access-Control-Allow-Headers") != "authorization,content-type,idempotency-key" ||
			h.Get("Access-Control-Allow-Methods") != "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS" || h.Get("Access-Control-Max-Age") != "7200" || h.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%s: %v", path, h)
		}
	}
	for _, path := range []string{"/", "/auth/sign_in", "/oauth/authorize", "/auth/edit", "/@ada", "/home", "/API/v1/statuses", "/oauth/authorized_applications"} {
		if h := preflight(path).header; h.Get("Access-Control-Allow-Origin") != "" || h.Get("Access-Control-Allow-Headers") != "" {
			t.Errorf("%s is open to other sites: %v", path, h)
		}
	}
	got := ask(t, s, request{method: "GET", path: "/api/v1/statuses/1", header: map[string]string{"Origin": "https://app.example"}})
	if got.code != http.StatusNotFound || got.header.Get("Access-Control-Allow-Origin") != "*" || !strings.Contains(got.header.Get("Access-Control-Expose-Headers"), "Link") {
		t.Errorf("an error cannot be read by an app in a browser: %d %v", got.code, got.header)
	}
}

// Security list, item 57.
func TestNobodyIsLedAwayFromHere(t *testing.T) {
	c := gather(t, db.SQLite)
	evil := []string{"https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil.example", "https:evil.example", "javascript:alert(1)", "data:text/html,x",
		"/%09/evil.example", "/\t/evil.example", "http://" + c.Domain + "@evil.example/", "/%2F/evil.example/..//evil.example", "////evil.example", "http:///evil.example"}
	for _, to := range evil {
		for _, in := range []request{
			{method: "GET", path: "/auth/sign_in?return_to=" + url.QueryEscape(to), cookie: c.cookie},
			{method: "GET", path: "/auth/sign_up?return_to=" + url.QueryEscape(to), cookie: c.cookie},
			{method: "POST", path: "/auth/sign_in", kind: form, header: map[string]string{"Origin": c.URL},
				body: url.Values{"login": {"bo@mail.example"}, "password": {servertest.Password}, "return_to": {to}}.Encode()},
			{method: "POST", path: "/auth/sign_out", cookie: nil, kind: form, body: url.Values{"return_to": {to}}.Encode(), header: map[string]string{"Origin": c.URL}},
			{method: "GET", path: "/authorize_interaction?uri=" + url.QueryEscape(to)},
			{method: "GET", path: "/" + to}, {method: "GET", path: "//evil.example/%2e%2e"}, {method: "GET", path: "//evil.example/@ada"}, {method: "GET", path: "/@ada//evil.example"},
			{method: "GET", path: "/users/ada//evil.example/.."}, {method: "GET", path: "//evil.example"},
			{method: "GET", path: "/users/ada", header: map[string]string{"Host": "evil.example", "Accept": "text/html"}},
			{method: "GET", path: "/", header: map[string]string{"Host": "evil.example"}},
			{method: "GET", path: "/oauth/authorize?client_id=x&redirect_uri=" + url.QueryEscape(to) + "&response_type=code", cookie: c.cookie},
			{method: "GET", path: "/.well-known/change-password", header: map[string]string{"X-Forwarded-Host": "evil.example"}},
		} {
			if strings.ContainsAny(in.path, "\t ") || strings.Contains(in.path, `\`) && in.path == "/"+to {
				continue
			}
			location := ask(t, c.Server, in).header.Get("Location")
			if location == "" {
				continue
			}
			u, err := url.Parse(location)
			if err != nil || (u.Host != "" && u.Host != c.Domain) || strings.HasPrefix(location, "//") || strings.Contains(location, `\`) || u.Scheme == "javascript" {
				t.Errorf("%s %s leads to %s", in.method, in.path, location)
			}
		}
	}
}

// Security list, item 70, and the same for what Go programs leave open.
func TestNothingOfTheProgramsOwnIsOpen(t *testing.T) {
	c := gather(t, db.SQLite)
	for _, path := range []string{"/debug/pprof/", "/debug/pprof/heap", "/debug/vars", "/metrics", "/admin", "/sidekiq", "/pghero", "/oauth/applications", "/oauth/applications/1",
		"/oauth/introspect", "/.git/config", "/.env", "/secret.key", "/data/secret.key", "/anancus.db", "/assets/", "/assets/%2e%2e/%2e%2e/secret.key",
		"/assets/..%2f..%2fsecret.key", "/..%2fsecret.key", "/%2e%2e/secret.key", "/index.html.gz", "/rails/info/routes", "/api/v1/admin/accounts", "/.keep", "/assets/.keep"} {
		for _, token := range []string{"", c.ada.Token} {
			got := ask(t, c.Server, request{method: "GET", path: path, token: token})
			if got.code == http.StatusOK || got.code >= 500 {
				t.Errorf("GET %s answered %d %.100q", path, got.code, got.body)
			}
		}
	}
}

// Security list, item 64: one address, spelt in other ways, is the same or nothing.
func TestOtherSpellingsOfAPathOpenNothing(t *testing.T) {
	c := gather(t, db.SQLite)
	for _, path := range []string{"/api/v1/timelines/home", "/api/v1/notifications", "/api/v1/accounts/verify_credentials", "/api/v1/bookmarks", "/auth/edit", "/oauth/authorized_applications"} {
		for _, spelt := range []string{path + ".json", path + "/", path + "//", "/" + path, strings.ToUpper(path), path + "%2f", path + "%00", path + ";x=1", path + "%20", path + "/.", path + "/../" + path[strings.LastIndex(path, "/")+1:],
			strings.Replace(path, "/v1/", "/v1//", 1), strings.Replace(path, "/v1/", "%2fv1%2f", 1), strings.Replace(path, "/", "//", 2), "/x/.." + path, path + "?.json"} {
			got := ask(t, c.Server, request{method: "GET", path: spelt})
			switch got.code {
			case http.StatusUnauthorized, http.StatusNotFound:
			case http.StatusMovedPermanently, http.StatusTemporaryRedirect, http.StatusPermanentRedirect, http.StatusFound, http.StatusSeeOther:
			default:
				t.Errorf("GET %s answered %d %.100q", spelt, got.code, got.body)
			}
		}
	}
	if got := ask(t, c.Server, request{method: "POST", path: "/api/v1/apps/verify_credentials", header: map[string]string{"X-HTTP-Method-Override": "GET"}, kind: form, body: "_method=GET"}); got.code == http.StatusOK {
		t.Error("the method can be another than the one that was sent")
	}
}

func limited(t *testing.T) *place {
	t.Helper()
	return open(t, db.SQLite, func(c *config.Config) { c.RateLimits = true })
}

// Security list, item 64.
func TestLimitsHoldWhateverTheClientSaysOfItself(t *testing.T) {
	p := limited(t)
	owner(t, p.Server, "ada")
	try := func(i int, path string) int {
		n := strconv.Itoa(i)
		return ask(t, p.Server, request{method: "POST", path: path, kind: form, body: "login=ada%40mail.example&password=wrong+" + n,
			header: map[string]string{"Origin": p.URL, "X-Forwarded-For": "203.0.113." + n, "X-Real-Ip": "203.0.113." + n, "Forwarded": "for=203.0.113." + n, "User-Agent": "browser " + n}}).code
	}
	passed := 0
	for i := range 60 {
		if code := try(i, "/auth/sign_in"); code == http.StatusUnprocessableEntity {
			passed++
		} else if code != http.StatusTooManyRequests {
			t.Fatalf("a wrong password was answered %d", code)
		}
	}
	if passed == 0 || passed > 25 {
		t.Errorf("%d guesses of 60 were taken", passed)
	}
	for _, path := range []string{"/auth/sign_in/", "/auth/sign_in.json", "/AUTH/sign_in", "//auth/sign_in", "/auth//sign_in", "/auth/sign_in%2f", "/x/../auth/sign_in"} {
		if code := try(1, path); code == http.StatusUnprocessableEntity || code == http.StatusSeeOther {
			t.Errorf("%s is a way round the limit: %d", path, code)
		}
	}
	right := ask(t, p.Server, request{method: "POST", path: "/auth/sign_in", kind: form, header: map[string]string{"Origin": p.URL},
		body: url.Values{"login": {"ada@mail.example"}, "password": {servertest.Password}}.Encode()})
	if right.code != http.StatusTooManyRequests {
		t.Errorf("the right password among too many is answered %d: the answer tells that it is right", right.code)
	}
}

func TestGuestsAreCountedAndTold(t *testing.T) {
	p := limited(t)
	owner(t, p.Server, "ada")
	get := func(path, token, from string) answer {
		return ask(t, p.Server, request{method: "GET", path: path, token: token, header: map[string]string{"X-Forwarded-For": from}})
	}
	got := get("/api/v2/instance", "", "203.0.113.1")
	if got.header.Get("X-RateLimit-Limit") != "300" || got.header.Get("X-RateLimit-Remaining") != "299" {
		t.Errorf("a guest is told %q of %q", got.header.Get("X-RateLimit-Remaining"), got.header.Get("X-RateLimit-Limit"))
	}
	if reset, err := time.Parse("2006-01-02T15:04:05.000000Z", got.header.Get("X-RateLimit-Reset")); err != nil || reset.Before(p.clock.Now()) || reset.After(p.clock.Now().Add(5*time.Minute)) {
		t.Errorf("the window ends at %q (%v)", got.header.Get("X-RateLimit-Reset"), err)
	}
	for i := range 305 {
		got = get("/api/v1/statuses/"+strconv.Itoa(i+1), "", "203.0.113."+strconv.Itoa(i%250))
	}
	if got.code != http.StatusTooManyRequests || got.header.Get("X-RateLimit-Remaining") != "0" {
		t.Errorf("the 306th request is answered %d", got.code)
	}
	if text, err := got.errorText(); err != nil || text != "Too many requests" {
		t.Errorf("it says %q (%v)", text, err)
	}
	ada := p.TokenFor("ada", "read")
	if got := get("/api/v1/timelines/home", ada, ""); got.code != http.StatusOK || got.header.Get("X-RateLimit-Limit") != "300" {
		t.Errorf("a member suffers from the guests: %d %v", got.code, got.header)
	}
	p.clock.Advance(5*time.Minute + time.Second)
	if got := get("/api/v1/statuses/1", "", ""); got.code != http.StatusNotFound {
		t.Errorf("in the next window a guest is answered %d", got.code)
	}
}

// A refused token costs as much as a guest's request, or tokens could be guessed for nothing.
func TestBadTokensAreCounted(t *testing.T) {
	p := limited(t)
	owner(t, p.Server, "ada")
	for range 310 {
		got := ask(t, p.Server, request{method: "GET", path: "/api/v1/timelines/home", token: "0000000000"})
		if got.code == http.StatusTooManyRequests {
			return
		}
	}
	t.Error("310 bad tokens are no reason to stop somebody")
}

// Security list, item 63.
func TestANewPasswordEndsEveryTokenAtTheNextRequest(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		for name, change := range map[string]func(c *crowd) *http.Cookie{
			"in the browser": func(c *crowd) *http.Cookie {
				got := ask(t, c.Server, request{method: "POST", path: "/auth/edit", cookie: c.cookie, kind: form, header: map[string]string{"Origin": c.URL},
					body: url.Values{"current_password": {servertest.Password}, "password": {"another horse battery"}, "password_confirmation": {"another horse battery"}}.Encode()})
				if got.code >= 400 {
					t.Fatalf("the password was not changed: %d", got.code)
				}
				return nil
			},
			"by a keeper": func(c *crowd) *http.Cookie {
				if _, err := c.Keeper().ResetPassword(t.Context(), keeper.ResetPassword{Name: "ada"}); err != nil {
					t.Fatal(err)
				}
				return c.cookie
			},
		} {
			t.Run(name, func(t *testing.T) {
				c := gather(t, engine)
				tokens := []string{c.ada.Token, c.TokenFor("ada", "read")}
				other := signIn(t, c.Server, "ada")
				for _, token := range tokens { // seen, so that it is in memory
					if got := ask(t, c.Server, request{method: "GET", path: "/api/v1/timelines/home", token: token}); got.code != http.StatusOK {
						t.Fatal(got.code, got.body)
					}
				}
				if got := ask(t, c.Server, request{method: "GET", path: "/api/v1/timelines/home", cookie: other}); got.code != http.StatusOK {
					t.Fatal(got.code, got.body)
				}
				ended := change(c)
				for _, token := range tokens {
					if got := ask(t, c.Server, request{method: "GET", path: "/api/v1/timelines/home", token: token}); got.code != http.StatusUnauthorized {
						t.Errorf("an old token is answered %d", got.code)
					}
				}
				for _, cookie := range []*http.Cookie{other, ended} {
					if cookie == nil {
						continue
					}
					if got := ask(t, c.Server, request{method: "GET", path: "/api/v1/timelines/home", cookie: cookie}); got.code != http.StatusUnauthorized {
						t.Errorf("an old session is answered %d", got.code)
					}
				}
				if got := ask(t, c.Server, request{method: "GET", path: "/api/v1/timelines/home", token: c.bo.Token}); got.code != http.StatusOK {
					t.Errorf("another member is answered %d", got.code)
				}
			})
		}
	})
}

// Security list, item 73.
func TestNothingSecretIsInTheLog(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		p := open(t, engine, nil)
		ada := owner(t, p.Server, "ada")
		secrets := map[string]string{"the password": servertest.Password, "the form's password": url.QueryEscape(servertest.Password), "ada's token": ada.Token}
		cookie := signIn(t, p.Server, "ada")
		secrets["the cookie"] = cookie.Value
		var app struct {
			ID     string `json:"client_id"`
			Secret string `json:"client_secret"`
			Token  string `json:"access_token"`
		}
		p.Nobody().Post("/api/v1/apps", url.Values{"client_name": {"Test"}, "redirect_uris": {"https://app.example/back"}, "scopes": {"read"}}, &app)
		secrets["the app's secret"] = app.Secret
		authorize := "/oauth/authorize?" + url.Values{"client_id": {app.ID}, "redirect_uri": {"https://app.example/back"}, "response_type": {"code"}, "scope": {"read"}, "state": {"state-to-keep-quiet"}}.Encode()
		page := ask(t, p.Server, request{method: "GET", path: authorize, cookie: cookie})
		body := url.Values{}
		for _, part := range strings.Split(page.body, "<input")[1:] {
			part, _, _ = strings.Cut(part, ">")
			if name := attribute(part, "name"); name != "" && body.Get(name) == "" && name != "_method" {
				body.Set(name, attribute(part, "value"))
			}
		}
		granted := ask(t, p.Server, request{method: "POST", path: "/oauth/authorize", cookie: cookie, kind: form, body: body.Encode(), header: map[string]string{"Origin": p.URL}})
		back, err := url.Parse(granted.header.Get("Location"))
		if err != nil || back.Query().Get("code") == "" {
			t.Fatalf("no code was given: %d %q %.300s", granted.code, granted.header.Get("Location"), granted.body)
		}
		secrets["the code"] = back.Query().Get("code")
		p.Nobody().Post("/oauth/token", url.Values{"grant_type": {"authorization_code"}, "code": {secrets["the code"]}, "client_id": {app.ID}, "client_secret": {app.Secret}, "redirect_uri": {"https://app.example/back"}}, &app)
		secrets["the app's token"] = app.Token
		if app.Token == "" {
			t.Fatal("no token was given")
		}
		secrets["the state"], secrets["a token in the address"] = "state-to-keep-quiet", "token-in-the-address-0123456789"
		for _, in := range []request{
			{method: "GET", path: "/api/v1/timelines/home", token: app.Token}, {method: "GET", path: "/api/v1/timelines/home?access_token=token-in-the-address-0123456789"},
			{method: "GET", path: "/api/v1/token-in-the-address-0123456789-and-longer/x", token: app.Token}, {method: "GET", path: "/api/v1/timelines/home", cookie: cookie},
			{method: "POST", path: "/oauth/token", kind: form, body: "grant_type=password&password=" + url.QueryEscape(servertest.Password), header: map[string]string{"Authorization": "Basic " + base64.StdEncoding.EncodeToString([]byte(app.ID+":"+app.Secret))}},
			{method: "POST", path: "/auth/sign_in", kind: form, body: "login=ada&password=" + url.QueryEscape(servertest.Password) + "x", header: map[string]string{"Origin": p.URL}},
			{method: "POST", path: "/oauth/revoke", kind: form, body: url.Values{"client_id": {app.ID}, "client_secret": {app.Secret}, "token": {app.Token}}.Encode()},
			{method: "GET", path: "/api/v1/timelines/home", token: app.Token}, {method: "POST", path: "/api/v1/statuses", token: ada.Token, kind: form, body: "status=a+status+nobody+logs&visibility=direct"},
		} {
			ask(t, p.Server, in)
		}
		servertest.Settle(t, p.Server)
		text := p.log.String()
		if strings.Count(text, `"path"`) < 10 {
			t.Fatalf("the log has too little to look at:\n%s", text)
		}
		secrets["the Authorization header"], secrets["the text of a direct message"] = "Bearer ", "nobody logs"
		secrets["the app's credentials"] = base64.StdEncoding.EncodeToString([]byte(app.ID + ":" + app.Secret))
		for what, secret := range secrets {
			if secret == "" {
				t.Errorf("%s was not looked for", what)
			} else if strings.Contains(text, secret) {
				t.Errorf("%s is in the log", what)
			}
		}
	})
}

func attribute(tag, name string) string {
	_, value, found := strings.Cut(tag, " "+name+`="`)
	if !found {
		return ""
	}
	value, _, _ = strings.Cut(value, `"`)
	return strings.NewReplacer("&amp;", "&", "&#43;", "+", "&#34;", `"`, "&#39;", "'").Replace(value)
}

// Security list, item 72.
func TestReservedNamesAreNobodys(t *testing.T) {
	s := servertest.New(t, db.SQLite)
	owner(t, s, "first")
	before := counts(t, s)
	for i, name := range []string{"admin", "Admin", "ADMINISTRATOR", "support", "root", "postmaster", "webmaster", "abuse", "security", "help", "moderator", "owner", "staff",
		"server.internal", "аdmin", "ada\u200b", "a da", "ada.b", "-ada", "ada@b", "../ada", "ada%00", strings.Repeat("a", 31), "", ".well-known"} {
		got := ask(t, s, request{method: "POST", path: "/auth/sign_up", kind: form, header: map[string]string{"Origin": s.URL},
			body: url.Values{"username": {name}, "email": {"m" + strconv.Itoa(i) + "@mail.example"}, "password": {servertest.Password}, "agreement": {"true"}}.Encode()})
		if got.code != http.StatusUnprocessableEntity {
			t.Errorf("the name %q is answered %d", name, got.code)
		}
	}
	unchanged(t, s, before, "names that nobody may have")
}
