package access

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"anancus/internal/kit/db"
	"anancus/internal/kit/rest"
	"anancus/internal/social/accounts"
)

func collect(told *[]any) func(context.Context, []any) {
	return func(_ context.Context, events []any) { *told = append(*told, events...) }
}

func TestAMemberSignsInByAddressOrNameAndOutAgain(t *testing.T) {
	each(t, func(t *testing.T, r *room) {
		ada := r.join("ada")
		for _, login := range []string{"ada", "Ada ", "@ada", "@ada@social.example", "ada@mail.example", "ADA@mail.EXAMPLE"} {
			b := r.browser()
			w := b.post("/auth/sign_in", "login", login, "password", testPassword)
			if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/" {
				t.Fatalf("%q: %d to %s", login, w.Code, w.Header().Get("Location"))
			}
			v := body[map[string]any](t, b.get("/test/who"))
			if fmt.Sprint(v["Account"]) == "0" || len(v["Scopes"].([]any)) != 47 {
				t.Errorf("%q is %v, want %v", login, v, ada)
			}
			secret := b.cookies["__Host-anancus"]
			wantCode(t, b.post("/auth/sign_out"), http.StatusSeeOther)
			if len(b.cookies) != 0 {
				t.Error("the cookie stays")
			}
			b.cookies[secret.Name] = secret
			wantCode(t, b.get("/test/who"), 401)
		}
	})
}

func TestTheSessionCookieIsKeptFromScriptsAndOtherSites(t *testing.T) {
	r := inMemory(t)
	r.join("ada")
	c := r.signedInBrowser("ada").cookies["__Host-anancus"]
	if c == nil || !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" || len(c.Value) != 43 {
		t.Errorf("the cookie is %+v", c)
	}
	local := inMemory(t, func(c *Config) { c.Site.Domain, c.Site.WebDomain = "localhost:8080", "localhost:8080" })
	local.join("ada")
	c = local.signedInBrowser("ada").cookies["anancus-8080"]
	if c == nil || !c.HttpOnly || c.Secure || c.SameSite != http.SameSiteLaxMode {
		t.Errorf("the cookie on plain http is %+v", c)
	}
}

func TestAWrongNameAndAWrongPasswordLookAlike(t *testing.T) {
	r := inMemory(t)
	r.join("ada")
	r.join("bo", func(s *accounts.SignUp) { s.Approved = false })
	var pages []string
	for _, login := range []string{"ada", "bo", "cy", "cy@mail.example"} {
		w := r.browser().post("/auth/sign_in", "login", login, "password", "wrong wrong")
		wantCode(t, w, http.StatusUnprocessableEntity)
		wantText(t, w, "do not belong together")
		if len(w.Result().Cookies()) != 0 {
			t.Error("a cookie was set")
		}
		pages = append(pages, strings.ReplaceAll(w.Body.String(), `value="`+login+`"`, ""))
	}
	for _, p := range pages[1:] {
		if p != pages[0] {
			t.Errorf("the pages differ:\n%s\n%s", pages[0], p)
		}
	}
}

func TestOnlyTheRightPasswordLearnsHowAnAccountStands(t *testing.T) {
	each(t, func(t *testing.T, r *room) {
		r.join("bo", func(s *accounts.SignUp) { s.Approved = false })
		r.join("cy", func(s *accounts.SignUp) { s.Confirmed = false })
		dee := r.join("dee")
		r.exec(`UPDATE members SET disabled_at = 1 WHERE account_id = $1`, dee)
		eve := r.join("eve")
		r.exec(`UPDATE accounts SET suspended_at = 1 WHERE id = $1`, eve)
		for name, want := range map[string]string{"bo": "Waiting for approval", "cy": "E-mail not confirmed", "dee": "Account disabled", "eve": "Account disabled"} {
			b := r.browser()
			w := b.post("/auth/sign_in", "login", name, "password", testPassword)
			wantCode(t, w, http.StatusForbidden)
			wantText(t, w, want)
			if len(b.cookies) != 0 {
				t.Errorf("%s got a cookie", name)
			}
		}
	})
}

func TestSigningInLeadsNowhereElse(t *testing.T) {
	r := inMemory(t)
	r.join("ada")
	for to, want := range map[string]string{
		"":                              "/",
		"/":                             "/",
		"/@ada?x=1#top":                 "/@ada?x=1#top",
		"/oauth/authorize?a=b%26c%2F":   "/oauth/authorize?a=b%26c%2F",
		"/search?q=https://a.example":   "/search?q=https://a.example",
		"https://evil.example":          "/",
		"//evil.example":                "/",
		"///evil.example":               "/",
		`/\evil.example`:                "/",
		`\\evil.example`:                "/",
		"/\t/evil.example":              "/",
		"/\n/evil.example":              "/",
		"\t//evil.example":              "/",
		" //evil.example":               "/",
		"javascript:alert(1)":           "/",
		"@evil.example":                 "/",
		".evil.example":                 "/",
		"home":                          "/",
		"/x\r\nSet-Cookie: a=b":         "/",
		"https:/evil.example":           "/",
		"https:evil.example":            "/",
		"http://social.example/":        "/",
		"/" + strings.Repeat("x", 9000): "/",
	} {
		if got := samePath(to); got != want {
			t.Errorf("samePath(%q) = %q, want %q", to, got, want)
		}
		w := r.browser().post("/auth/sign_in", "login", "ada", "password", testPassword, "return_to", to)
		u, err := url.Parse(w.Header().Get("Location"))
		if err != nil || u.Host != "" || u.Scheme != "" || w.Header().Get("Location")[0] != '/' || strings.HasPrefix(w.Header().Get("Location"), "//") {
			t.Errorf("%q leads to %q", to, w.Header().Get("Location"))
		}
	}
	b := r.signedInBrowser("ada")
	if w := b.get("/auth/sign_in?return_to=//evil.example"); w.Header().Get("Location") != "/" {
		t.Errorf("already signed in, led to %q", w.Header().Get("Location"))
	}
}

func TestNobodyCanPrepareASessionForAnother(t *testing.T) {
	each(t, func(t *testing.T, r *room) {
		r.join("ada")
		r.join("eve")
		eve := r.signedInBrowser("eve")
		planted := *eve.cookies["__Host-anancus"]
		victim := r.browser()
		victim.cookies[planted.Name] = &planted
		wantCode(t, victim.post("/auth/sign_in", "login", "ada", "password", testPassword), http.StatusSeeOther)
		if victim.cookies[planted.Name].Value == planted.Value {
			t.Fatal("the planted secret was kept")
		}
		wantCode(t, eve.get("/test/who"), 401) // the planted session ended too

		made := r.browser()
		made.cookies["__Host-anancus"] = &http.Cookie{Name: "__Host-anancus", Value: badSecret}
		made.post("/auth/sign_in", "login", "ada", "password", testPassword)
		if made.cookies["__Host-anancus"].Value == badSecret {
			t.Error("a made-up secret was kept")
		}
	})
}

func TestAnotherSiteCannotUseTheCookie(t *testing.T) {
	r := inMemory(t)
	r.join("ada")
	b := r.signedInBrowser("ada")
	b.headers = http.Header{"Sec-Fetch-Site": {"cross-site"}, "Origin": {"https://evil.example"}}
	for _, path := range []string{"/test/who", "/auth/sign_out", "/auth/edit", "/auth/sign_in", "/auth/sign_up", "/auth/setup", "/auth/sessions/1",
		"/oauth/authorized_applications/1", "/oauth/authorize"} {
		if w := b.post(path, "login", "ada", "password", testPassword); w.Code != http.StatusForbidden {
			t.Errorf("POST %s from another site: %d", path, w.Code)
		}
	}
	b.headers = nil
	wantCode(t, b.get("/test/who"), 200)

	// Apps in browsers come from other origins by nature, with their token.
	token, err := r.CreateToken(t.Context(), "ada", "read")
	if err != nil {
		t.Fatal(err)
	}
	app := r.browser()
	app.headers = http.Header{"Sec-Fetch-Site": {"cross-site"}, "Origin": {"https://elk.example"}, "Authorization": {"Bearer " + token}}
	wantCode(t, app.post("/test/who"), 200)
	app.headers.Del("Authorization")
	wantCode(t, app.post("/api/v1/apps", "client_name", "Elk", "redirect_uris", "https://elk.example/in"), 200)
}

func TestAMemberHasTenSessionsAtMost(t *testing.T) {
	each(t, func(t *testing.T, r *room) {
		ada := r.join("ada")
		first := r.signedInBrowser("ada")
		wantCode(t, first.get("/test/who"), 200)
		for range 10 {
			r.clock.Advance(time.Minute)
			r.signedInBrowser("ada")
		}
		wantCode(t, first.get("/test/who"), 401)
		list, err := r.Sessions(t.Context(), ada)
		if err != nil || len(list) != 10 {
			t.Fatalf("%d sessions, %v", len(list), err)
		}
		tokens, err := db.One(t.Context(), r.db, db.Int64, `SELECT COUNT(*) FROM tokens`)
		if err != nil || tokens != 10 {
			t.Errorf("%d hidden tokens, %v", tokens, err)
		}
	})
}

func TestASessionUnusedForAYearHasEnded(t *testing.T) {
	each(t, func(t *testing.T, r *room) {
		r.join("ada")
		b := r.signedInBrowser("ada")
		r.clock.Advance(364 * 24 * time.Hour)
		wantCode(t, b.get("/test/who"), 200)
		if err := r.NoteUses(t.Context()); err != nil {
			t.Fatal(err)
		}
		r.known.cache.InvalidateAll()
		r.clock.Advance(364 * 24 * time.Hour)
		wantCode(t, b.get("/test/who"), 200) // it was used in between
		if err := r.NoteUses(t.Context()); err != nil {
			t.Fatal(err)
		}
		r.known.cache.InvalidateAll()
		r.clock.Advance(366 * 24 * time.Hour)
		wantCode(t, b.get("/test/who"), 401)
		if err := r.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		left, err := db.One(t.Context(), r.db, db.Int64, `SELECT COUNT(*) FROM tokens`)
		if err != nil || left != 0 {
			t.Errorf("%d tokens are left, %v", left, err)
		}
	})
}

func TestSessionsAreListedAndEndedByTheirMemberOnly(t *testing.T) {
	each(t, func(t *testing.T, r *room) {
		ada := r.join("ada")
		r.join("eve")
		b := r.browser()
		b.headers.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
		b.post("/auth/sign_in", "login", "ada", "password", testPassword)
		other := r.signedInBrowser("ada")
		page := other.get("/auth/edit")
		wantText(t, page, "Firefox · Linux")
		wantText(t, page, "192.0.2.1")

		list, err := r.Sessions(t.Context(), ada)
		if err != nil || len(list) != 2 {
			t.Fatal(list, err)
		}
		path := fmt.Sprintf("/auth/sessions/%d", min(list[0].ID, list[1].ID))
		r.signedInBrowser("eve").post(path)
		wantCode(t, b.get("/test/who"), 200)
		wantCode(t, other.post(path), http.StatusSeeOther)
		wantCode(t, b.get("/test/who"), 401)
		wantCode(t, other.get("/test/who"), 200)
	})
}

func TestAMemberChangesThePasswordAndStaysSignedInHereAlone(t *testing.T) {
	each(t, func(t *testing.T, r *room) {
		r.join("ada")
		here, there := r.signedInBrowser("ada"), r.signedInBrowser("ada")
		token, err := r.CreateToken(t.Context(), "ada", "read")
		if err != nil {
			t.Fatal(err)
		}
		w := here.post("/auth/edit", "current_password", "wrong wrong", "password", "another one entirely")
		wantCode(t, w, 422)
		wantText(t, w, "This is not your current password.")
		w = here.post("/auth/edit", "current_password", testPassword, "password", "short")
		wantCode(t, w, 422)
		wantText(t, w, "Too short: at least 8 characters.")
		before := here.cookies["__Host-anancus"].Value
		w = here.post("/auth/edit", "current_password", testPassword, "password", "another one entirely")
		wantCode(t, w, http.StatusSeeOther)
		wantText(t, here.get(w.Header().Get("Location")), "Your password was changed.")
		if here.cookies["__Host-anancus"].Value == before {
			t.Error("the session kept its secret")
		}
		wantCode(t, there.get("/test/who"), 401)
		wantCode(t, r.bearer("GET", "/test/who", token), 401)
	})
}

func TestGuessingIsBoundedByAccountAndByAddress(t *testing.T) {
	r := inMemory(t)
	r.limiter = rest.NewLimiter(r.clock, true)
	r.join("ada")
	from := func(ip, login, password string) *httptest.ResponseRecorder {
		req := httptest.NewRequest("POST", "https://social.example/auth/sign_in", strings.NewReader(form("login", login, "password", password).Encode()))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("X-Forwarded-For", fmt.Sprintf("203.0.113.%d", time.Now().Nanosecond()%250)) // nobody asked for it
		req.RemoteAddr = ip
		w := httptest.NewRecorder()
		r.mux.ServeHTTP(w, req)
		return w
	}
	// By address, whatever the name; an IPv6 customer has a whole /64.
	for i := range 25 {
		wantCode(t, from(fmt.Sprintf("[2001:db8::%x]:1", i+1), fmt.Sprint("n", i), "wrong wrong"), 422)
	}
	w := from("[2001:db8::ffff:1]:1", "ada", testPassword)
	wantCode(t, w, http.StatusTooManyRequests)
	wantText(t, w, "Too many attempts.")
	if w.Header().Get("Retry-After") == "" {
		t.Error("not told when to come back")
	}
	wantCode(t, from("[2001:db8:1::1]:1", "ada", testPassword), http.StatusSeeOther)

	// By account, from anywhere, however it is spelt.
	for i := range 24 {
		login := []string{"ada", "ADA", " Ada", "@ada", "@Ada@social.example"}[i%5]
		wantCode(t, from(fmt.Sprintf("198.51.100.%d:1", i), login, "wrong wrong"), 422)
	}
	wantCode(t, from("198.51.100.200:1", "ada", testPassword), http.StatusTooManyRequests)
	r.clock.Advance(time.Hour)
	wantCode(t, from("198.51.100.200:1", "ada", testPassword), http.StatusSeeOther)
}

func TestAFloodOfAppsAndSignUpsIsBounded(t *testing.T) {
	r := inMemory(t)
	r.limiter = rest.NewLimiter(r.clock, true)
	for range 5 {
		r.register("client_name", "x", "redirect_uris", "a://b")
	}
	wantCode(t, r.browser().post("/api/v1/apps", "client_name", "x", "redirect_uris", "a://b"), http.StatusTooManyRequests)
	for range 25 {
		wantCode(t, r.browser().post("/auth/sign_up", "username", "!"), 422)
	}
	wantCode(t, r.browser().post("/auth/sign_up", "username", "!"), http.StatusTooManyRequests)
}

func TestEveryPageCarriesItsHeaders(t *testing.T) {
	r := inMemory(t)
	r.join("ada")
	f := r.flow("tusk://in", "read")
	for _, path := range []string{"/auth/sign_in?force=true", "/auth/sign_up", "/auth/edit", "/oauth/authorized_applications",
		"/oauth/authorize", "/oauth/authorize?" + f.ask().Encode(), "/oauth/authorize/native", "/auth/sign_in"} {
		h := f.b.get(path).Header()
		for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "same-origin",
			"Cross-Origin-Opener-Policy": "same-origin", "Cache-Control": "private, no-store"} {
			if h.Get(name) != want {
				t.Errorf("%s: %s is %q", path, name, h.Get(name))
			}
		}
		csp := h.Get("Content-Security-Policy")
		if !strings.HasPrefix(csp, "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'; form-action 'self'") ||
			strings.Contains(csp, "unsafe") {
			t.Errorf("%s: the policy is %q", path, csp)
		}
	}
}
