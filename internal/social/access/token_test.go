package access

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/social/accounts"
	"anancus/internal/social/id"
)

func TestAKnownTokenCostsNoQuery(t *testing.T) {
	each(t, func(t *testing.T, r *room) {
		r.join("ada")
		token, err := r.CreateToken(t.Context(), "ada", "read write follow push")
		if err != nil {
			t.Fatal(err)
		}
		b := r.signedInBrowser("ada")
		for name, ask := range map[string]func() *http.Request{
			"token": func() *http.Request {
				q, _ := http.NewRequestWithContext(t.Context(), "GET", "/", nil)
				q.Header.Set("Authorization", "Bearer "+token)
				return q
			},
			"cookie": func() *http.Request {
				q, _ := http.NewRequestWithContext(t.Context(), "GET", "/", nil)
				q.AddCookie(b.cookies["__Host-anancus"])
				return q
			},
		} {
			if _, err := r.Viewer(t.Context(), ask()); err != nil {
				t.Fatal(err)
			}
			ctx, count := db.CountQueries(t.Context())
			v, err := r.Viewer(ctx, ask())
			if err != nil || count() != 0 || !v.IsMember() {
				t.Errorf("%s: %d queries, %+v, %v", name, count(), v, err)
			}
		}
	})
}

func TestABadTokenIsRefusedEvenWithAGoodCookie(t *testing.T) {
	r := inMemory(t)
	r.join("ada")
	b := r.signedInBrowser("ada")
	wantCode(t, b.get("/test/who"), 200)
	for _, header := range []string{"Bearer " + badSecret, "Bearer", "Bearer ", "bearer x", "BEARER  "} {
		b.headers.Set("Authorization", header)
		w := b.get("/test/who")
		wantCode(t, w, http.StatusUnauthorized)
		if got := body[map[string]string](t, w)["error"]; got != "The access token is invalid" {
			t.Errorf("%q: said %q", header, got)
		}
	}
	b.headers.Set("Authorization", "Basic YTpi") // an app's own credentials hide the cookie too
	wantCode(t, b.get("/test/who"), 401)
}

func TestATokenInTheAddressIsNotRead(t *testing.T) {
	r := inMemory(t)
	r.join("ada")
	token, err := r.CreateToken(t.Context(), "ada", "read")
	if err != nil {
		t.Fatal(err)
	}
	wantCode(t, r.browser().get("/test/who?access_token="+token), 401)
	wantCode(t, r.browser().post("/test/who", "access_token", token, "bearer_token", token), 401)
}

func TestARevokedTokenStopsAtOnceAndTellsOfIt(t *testing.T) {
	each(t, func(t *testing.T, r *room) {
		r.join("ada")
		f := r.flow("tusk://in", "read")
		token := body[tokenAnswer](t, f.exchange(f.code())).AccessToken
		wantCode(t, r.bearer("GET", "/test/who", token), 200)
		var told []any
		r.db.SetHooks(db.Hooks{InTx: nil, Committed: collect(&told)})

		other := r.register("client_name", "Other", "redirect_uris", "tusk://in")
		revoke := func(app application, token string) int {
			return r.browser().post("/oauth/revoke", "client_id", app.ClientID, "client_secret", app.ClientSecret, "token", token).Code
		}
		if got := revoke(other, token); got != http.StatusForbidden {
			t.Errorf("another app revoking: %d", got)
		}
		if got := revoke(application{ClientID: f.app.ClientID, ClientSecret: "wrong"}, token); got != http.StatusForbidden {
			t.Errorf("without the secret: %d", got)
		}
		wantCode(t, r.bearer("GET", "/test/who", token), 200)
		if got := revoke(f.app, token); got != 200 {
			t.Errorf("revoking: %d", got)
		}
		wantCode(t, r.bearer("GET", "/test/who", token), 401)
		if len(told) != 1 {
			t.Errorf("told %v", told)
		} else if _, ok := told[0].(TokenRevoked); !ok {
			t.Errorf("told %T", told[0])
		}
		if got := revoke(f.app, token); got != 200 { // gone already, which is what was wanted
			t.Errorf("revoking again: %d", got)
		}
		if got := revoke(f.app, badSecret); got != 200 {
			t.Errorf("revoking nothing: %d", got)
		}
	})
}

func TestAViewerReadJustBeforeItsTokenEndedIsNotKept(t *testing.T) {
	r := inMemory(t)
	epoch := r.known.epochNow()
	read := &knownViewer{}
	read.Token = 7
	r.ForgetTokens(7)
	r.known.keep("token x", read, epoch)
	if _, kept := r.known.cache.GetIfPresent("token x"); kept {
		t.Error("an ended token's viewer was kept")
	}
}

func TestAppsProveThemselvesByHeaderOrByForm(t *testing.T) {
	r := inMemory(t)
	app := r.register("client_name", "x", "redirect_uris", "a://b", "scopes", "read")
	header := func(clientID, secret string) string {
		return "Basic " + base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(clientID)+":"+url.QueryEscape(secret)))
	}
	for name, c := range map[string]struct {
		header string
		fields []string
		want   int
	}{
		"form":                   {"", []string{"client_id", app.ClientID, "client_secret", app.ClientSecret}, 200},
		"header":                 {header(app.ClientID, app.ClientSecret), nil, 200},
		"header and id":          {header(app.ClientID, app.ClientSecret), []string{"client_id", app.ClientID}, 200},
		"header and another id":  {header(app.ClientID, app.ClientSecret), []string{"client_id", "other"}, 401},
		"wrong secret in header": {header(app.ClientID, "wrong"), []string{"client_id", app.ClientID, "client_secret", app.ClientSecret}, 401},
		"broken header":          {"Basic !", nil, 401},
		"wrong secret":           {"", []string{"client_id", app.ClientID, "client_secret", app.ClientSecret + "x"}, 401},
		"the hash as the secret": {"", []string{"client_id", app.ClientID, "client_secret", hashOf(app.ClientSecret)}, 401},
		"no secret":              {"", []string{"client_id", app.ClientID}, 401},
		"nobody":                 {"", nil, 401},
		"the command line's app": {"", []string{"client_id", commandLine.ClientID, "client_secret", ""}, 401},
	} {
		t.Run(name, func(t *testing.T) {
			b := r.browser()
			if c.header != "" {
				b.headers.Set("Authorization", c.header)
			}
			w := b.post("/oauth/token", append(c.fields, "grant_type", "client_credentials")...)
			if c.want == 200 {
				wantCode(t, w, 200)
				return
			}
			wantRefusal(t, w, 401, "invalid_client")
			if w.Header().Get("WWW-Authenticate") == "" {
				t.Error("without WWW-Authenticate")
			}
		})
	}
}

func TestGrantsThatWeDoNotKnowAreRefused(t *testing.T) {
	r := inMemory(t)
	app := r.register("client_name", "x", "redirect_uris", "a://b", "scopes", "read")
	for grantType, want := range map[string]string{"": "invalid_request", "password": "unsupported_grant_type",
		"refresh_token": "unsupported_grant_type", "implicit": "unsupported_grant_type"} {
		w := r.browser().post("/oauth/token", "grant_type", grantType, "client_id", app.ClientID, "client_secret", app.ClientSecret,
			"username", "ada", "password", testPassword)
		wantRefusal(t, w, 400, want)
	}
	w := r.browser().post("/oauth/token", "grant_type", "client_credentials", "client_id", app.ClientID, "client_secret", app.ClientSecret, "scope", "write")
	wantRefusal(t, w, 400, "invalid_scope")
}

func TestAnAppsOwnTokenIsNoMember(t *testing.T) {
	r := inMemory(t)
	app := r.register("client_name", "x", "redirect_uris", "a://b", "scopes", "read profile")
	token := r.appToken(app, "read profile")
	v, err := r.ViewerOfToken(t.Context(), token)
	if err != nil || v.IsMember() || v.App.String() != app.ID || v.Token == 0 {
		t.Errorf("viewer %+v, %v", v, err)
	}
	wantCode(t, r.bearer("GET", "/oauth/userinfo", token), 422)
}

func TestUserInfoNeedsTheProfileScope(t *testing.T) {
	r := inMemory(t)
	r.join("ada")
	for scope, code := range map[string]int{"profile": 200, "read": 403, "write follow push": 403} {
		token, err := r.CreateToken(t.Context(), "ada", scope)
		if err != nil {
			t.Fatal(err)
		}
		for _, method := range []string{"GET", "POST"} {
			w := r.bearer(method, "/oauth/userinfo", token)
			wantCode(t, w, code)
			if code == 200 {
				got := body[map[string]string](t, w)
				if got["preferred_username"] != "ada" || got["iss"] != "https://social.example/" || got["profile"] != "https://social.example/@ada" || got["picture"] == "" || got["sub"] == "" {
					t.Errorf("userinfo %v", got)
				}
			}
		}
	}
}

func TestAnAppThatSignsInAgainKeepsItsToken(t *testing.T) {
	each(t, func(t *testing.T, r *room) {
		r.join("ada")
		f := r.flow("tusk://in", "read write")
		first := body[tokenAnswer](t, f.exchange(f.code()))
		again := body[tokenAnswer](t, f.exchange(f.code()))
		more := body[tokenAnswer](t, f.exchange(f.code("scope", "read write")))
		if first.AccessToken != again.AccessToken || first.AccessToken == more.AccessToken {
			t.Errorf("tokens %v, %v, %v", first, again, more)
		}
		if r.appToken(f.app, "read") != r.appToken(f.app, "read") || r.appToken(f.app, "read") == first.AccessToken {
			t.Error("the app's own token is not its own")
		}
	})
}

func TestWithoutAKeyEachSignInGetsATokenOfItsOwn(t *testing.T) {
	r := inMemory(t, func(c *Config) { c.Key = nil })
	r.join("ada")
	f := r.flow("tusk://in", "read")
	if first := body[tokenAnswer](t, f.exchange(f.code())); first.AccessToken == body[tokenAnswer](t, f.exchange(f.code())).AccessToken {
		t.Error("the token was given twice")
	}
}

func TestAMemberWhoMayNotActIsToldWhy(t *testing.T) {
	each(t, func(t *testing.T, r *room) {
		for want, change := range map[string]string{
			"Your login is missing a confirmed e-mail address": `UPDATE members SET confirmed_at = NULL WHERE account_id = $1`,
			"Your login is currently pending approval":         `UPDATE members SET approved_at = NULL WHERE account_id = $1`,
			"Your login is currently disabled":                 `UPDATE members SET disabled_at = 1 WHERE account_id = $1`,
		} {
			name := string(rune('a'+len(want)%26)) + "da"
			account := r.join(name)
			token, err := r.CreateToken(t.Context(), name, "read")
			if err != nil {
				t.Fatal(err)
			}
			b := r.signedInBrowser(name)
			wantCode(t, r.bearer("GET", "/test/who", token), 200)
			r.exec(change, account)
			r.ForgetMember(account)
			for _, w := range []interface{ Result() *http.Response }{r.bearer("GET", "/test/who", token), b.get("/test/who")} {
				if got := w.Result().StatusCode; got != http.StatusForbidden {
					t.Errorf("%s: %d", want, got)
				}
			}
			if got := body[map[string]string](t, r.bearer("GET", "/test/who", token))["error"]; got != want {
				t.Errorf("said %q, want %q", got, want)
			}
			wantCode(t, b.get("/auth/sign_in"), 200) // a page can still be shown
		}
	})
}

func (r *room) exec(sql string, args ...any) {
	r.t.Helper()
	err := r.db.Tx(r.t.Context(), func(tx *db.Tx) error {
		_, err := db.Exec(r.t.Context(), tx, sql, args...)
		return err
	})
	if err != nil {
		r.t.Fatal(err)
	}
}

func TestUseIsNotedOnceAnHour(t *testing.T) {
	each(t, func(t *testing.T, r *room) {
		r.join("ada")
		token, err := r.CreateToken(t.Context(), "ada", "read")
		if err != nil {
			t.Fatal(err)
		}
		used := func() *int64 {
			t.Helper()
			if err := r.NoteUses(t.Context()); err != nil {
				t.Fatal(err)
			}
			at, err := db.One(t.Context(), r.db, db.Value[*int64], `SELECT last_used_at FROM tokens WHERE token_hash = $1`, hashOf(token))
			if err != nil {
				t.Fatal(err)
			}
			return at
		}
		if at := used(); at != nil {
			t.Fatalf("used at %d before its use", *at)
		}
		start := clock.Milli(r.clock.Now())
		wantCode(t, r.bearer("GET", "/test/who", token), 200)
		if at := used(); at == nil || *at != start {
			t.Fatalf("first use %v, want %d", at, start)
		}
		r.clock.Advance(59 * time.Minute)
		wantCode(t, r.bearer("GET", "/test/who", token), 200)
		if at := used(); *at != start {
			t.Error("noted again within the hour")
		}
		r.clock.Advance(2 * time.Minute)
		wantCode(t, r.bearer("GET", "/test/who", token), 200)
		if at := used(); *at != clock.Milli(r.clock.Now()) {
			t.Error("not noted after the hour")
		}
	})
}

func TestKeepersMakeTokensByCommand(t *testing.T) {
	each(t, func(t *testing.T, r *room) {
		ada := r.join("ada")
		token, err := r.CreateToken(t.Context(), "ada", "read write follow push")
		if err != nil {
			t.Fatal(err)
		}
		v, err := r.ViewerOfToken(t.Context(), token)
		if err != nil || v.Account != ada || !slices.Equal(v.Scopes, []string{"read", "write", "follow", "push"}) {
			t.Errorf("viewer %+v, %v", v, err)
		}
		if _, err := r.CreateToken(t.Context(), "nobody", "read"); !fault.Is(err, fault.NotFound) {
			t.Errorf("for nobody: %v", err)
		}
		if _, err := r.CreateToken(t.Context(), "ada", "everything"); !fault.Is(err, fault.Invalid) {
			t.Errorf("with an unknown scope: %v", err)
		}
		shown := body[application](t, r.bearer("GET", "/api/v1/apps/verify_credentials", token))
		if shown.Name != "Anancus command line" || len(shown.RedirectURIs) != 0 {
			t.Errorf("its app is %+v", shown)
		}
	})
}

func TestANewPasswordEndsAllSessionsAndTokens(t *testing.T) {
	each(t, func(t *testing.T, r *room) {
		r.join("ada")
		r.join("bo")
		f := r.flow("tusk://in", "read")
		token, waiting := body[tokenAnswer](t, f.exchange(f.code())).AccessToken, f.code()
		other := r.signedInBrowser("ada")
		bos, err := r.CreateToken(t.Context(), "bo", "read")
		if err != nil {
			t.Fatal(err)
		}
		wantCode(t, r.bearer("GET", "/test/who", token), 200)
		wantCode(t, other.get("/test/who"), 200)
		var told []any
		r.db.SetHooks(db.Hooks{Committed: collect(&told)})

		if err := r.ResetPassword(t.Context(), "ada", "another one entirely"); err != nil {
			t.Fatal(err)
		}
		wantCode(t, r.bearer("GET", "/test/who", token), 401)
		wantCode(t, other.get("/test/who"), 401)
		wantCode(t, f.b.get("/test/who"), 401)
		wantRefusal(t, f.exchange(waiting), 400, "invalid_grant")
		wantCode(t, r.bearer("GET", "/test/who", bos), 200)
		revoked := map[id.Token]bool{}
		for _, event := range told {
			if e, ok := event.(TokenRevoked); ok {
				revoked[e.Token] = true
			}
		}
		if len(revoked) != 3 {
			t.Errorf("told of %d ended tokens, want an app's and two sessions'", len(revoked))
		}
		if _, err := r.accounts.SignIn(t.Context(), "ada", testPassword); !fault.Is(err, fault.Unauthorized) {
			t.Errorf("the old password: %v", err)
		}
	})
}

func TestOAuthMetadataNamesWhatThereIs(t *testing.T) {
	r := inMemory(t)
	w := r.browser().get("/.well-known/oauth-authorization-server")
	got := body[map[string]any](t, w)
	for name, want := range map[string]string{"issuer": "https://social.example/", "authorization_endpoint": "https://social.example/oauth/authorize",
		"token_endpoint": "https://social.example/oauth/token", "app_registration_endpoint": "https://social.example/api/v1/apps",
		"revocation_endpoint": "https://social.example/oauth/revoke", "userinfo_endpoint": "https://social.example/oauth/userinfo"} {
		if got[name] != want {
			t.Errorf("%s is %v", name, got[name])
		}
	}
	if scopes, ok := got["scopes_supported"].([]any); !ok || len(scopes) != 47 {
		t.Errorf("scopes_supported is %v", got["scopes_supported"])
	}
}

func TestAnAppCanBeRevokedOnThePageOfApps(t *testing.T) {
	each(t, func(t *testing.T, r *room) {
		r.join("ada")
		r.join("bo", func(s *accounts.SignUp) {})
		f := r.flow("tusk://in", "read")
		token := body[tokenAnswer](t, f.exchange(f.code())).AccessToken
		wantCode(t, r.bearer("GET", "/test/who", token), 200)
		wantText(t, f.b.get("/oauth/authorized_applications"), "Tusk &lt;b&gt;")

		bo := r.signedInBrowser("bo")
		bo.post("/oauth/authorized_applications/"+f.app.ID, "_method", "delete")
		wantCode(t, r.bearer("GET", "/test/who", token), 200)

		wantCode(t, f.b.post("/oauth/authorized_applications/"+f.app.ID, "_method", "delete"), http.StatusSeeOther)
		wantCode(t, r.bearer("GET", "/test/who", token), 401)
		wantText(t, f.b.get("/oauth/authorized_applications"), "No app may use your account.")
	})
}
