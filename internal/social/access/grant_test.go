package access

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
)

const verifier = "a-verifier-that-is-forty-three-characters-long-at-least"

func challengeOf(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// flow is an app with a member's browser.
type flow struct {
	t    *testing.T
	room *room
	app  application
	b    *browser
	uri  string
}

func (r *room) flow(uri, scopes string) *flow {
	r.t.Helper()
	app := r.register("client_name", "Tusk <b>", "redirect_uris", uri, "scopes", scopes)
	return &flow{r.t, r, app, r.signedInBrowser("ada"), uri}
}

func (f *flow) ask(fields ...string) url.Values {
	q := form("client_id", f.app.ClientID, "redirect_uri", f.uri, "response_type", "code", "scope", "read", "state", "s t/1")
	for i := 0; i+1 < len(fields); i += 2 {
		q.Set(fields[i], fields[i+1])
	}
	return q
}

// code gives the code of a consent.
func (f *flow) code(fields ...string) string {
	f.t.Helper()
	w := f.b.do("POST", "/oauth/authorize", f.ask(append(fields, "decision", "allow")...))
	wantCode(f.t, w, http.StatusFound)
	to, err := url.Parse(w.Header().Get("Location"))
	if err != nil || to.Query().Get("code") == "" {
		f.t.Fatalf("led to %s, %v", to, err)
	}
	return to.Query().Get("code")
}

func (f *flow) exchange(code string, fields ...string) *httptest.ResponseRecorder {
	q := form("grant_type", "authorization_code", "client_id", f.app.ClientID, "client_secret", f.app.ClientSecret, "redirect_uri", f.uri, "code", code)
	for i := 0; i+1 < len(fields); i += 2 {
		if q.Set(fields[i], fields[i+1]); fields[i+1] == "" {
			q.Del(fields[i])
		}
	}
	return f.room.browser().do("POST", "/oauth/token", q)
}

func wantRefusal(t *testing.T, w *httptest.ResponseRecorder, code int, name string) {
	t.Helper()
	wantCode(t, w, code)
	if got := body[map[string]string](t, w); got["error"] != name || got["error_description"] == "" || len(got) != 2 {
		t.Errorf("refused with %v, want %s", got, name)
	}
}

func TestAMemberLetsAnAppInFromTheFirstPageToTheToken(t *testing.T) {
	each(t, func(t *testing.T, r *room) {
		ada := r.join("ada")
		app := r.register("client_name", "Tusk <b>", "redirect_uris", "tusk://in", "scopes", "read write")
		f := &flow{r.t, r, app, r.browser(), "tusk://in"}

		// Signed out: to the sign-in form, and back to the very same address.
		page := "/oauth/authorize?" + f.ask("code_challenge", challengeOf(verifier), "code_challenge_method", "S256", "lang", "en").Encode()
		w := f.b.get(page)
		wantCode(t, w, http.StatusFound)
		signIn, err := url.Parse(w.Header().Get("Location"))
		if err != nil || signIn.Path != "/auth/sign_in" {
			t.Fatalf("led to %s", signIn)
		}
		back := signIn.Query().Get("return_to")
		w = f.b.post("/auth/sign_in", "login", "ada@mail.example", "password", testPassword, "return_to", back)
		wantCode(t, w, http.StatusSeeOther)
		if got := w.Header().Get("Location"); got != page {
			t.Fatalf("came back to %s\nwant         %s", got, page)
		}

		// The consent page names the app, what it wants and where it is; its form may lead there.
		w = f.b.get(back)
		wantCode(t, w, http.StatusOK)
		wantText(t, w, "Let Tusk &lt;b&gt; use your account?")
		wantText(t, w, "Read everything in your account")
		wantText(t, w, "tusk:")
		if csp := w.Header().Get("Content-Security-Policy"); !strings.HasSuffix(csp, "form-action 'self' tusk:") || !strings.Contains(csp, "frame-ancestors 'none'") {
			t.Errorf("the policy is %q", csp)
		}

		w = f.b.do("POST", "/oauth/authorize", f.ask("code_challenge", challengeOf(verifier), "code_challenge_method", "S256", "decision", "allow"))
		wantCode(t, w, http.StatusFound)
		to := w.Header().Get("Location")
		if !strings.HasPrefix(to, "tusk://in?code=") || !strings.HasSuffix(to, "&state=s+t%2F1") {
			t.Fatalf("the app is told %s", to)
		}
		parsed, _ := url.Parse(to)
		w = f.exchange(parsed.Query().Get("code"), "code_verifier", verifier)
		wantCode(t, w, 200)
		got := body[tokenAnswer](t, w)
		if got.TokenType != "Bearer" || got.Scope != "read" || got.CreatedAt != r.clock.Now().Unix() || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("token %+v", got)
		}
		v, err := r.ViewerOfToken(t.Context(), got.AccessToken)
		if err != nil || v.Account != ada || v.App.String() != app.ID || !v.Allows("read:statuses") || v.Allows("write") || v.Session != 0 || v.Role != "member" {
			t.Errorf("viewer %+v, %v", v, err)
		}
		info := body[map[string]any](t, r.bearer("GET", "/oauth/token/info", got.AccessToken))
		if info["resource_owner_id"] == nil || !reflect.DeepEqual(info["scope"], []any{"read"}) || info["expires_in"] != nil {
			t.Errorf("token info %v", info)
		}
	})
}

func TestACodeWorksOnceAndItsReplayEndsTheToken(t *testing.T) {
	each(t, func(t *testing.T, r *room) {
		r.join("ada")
		f := r.flow("tusk://in", "read")
		code := f.code()
		token := body[tokenAnswer](t, f.exchange(code)).AccessToken
		wantCode(t, r.bearer("GET", "/test/who", token), 200)
		wantRefusal(t, f.exchange(code), 400, "invalid_grant")
		wantCode(t, r.bearer("GET", "/test/who", token), 401)
	})
}

func TestAClientThatProvesItselfLosesNothingByAskingTwice(t *testing.T) {
	r := inMemory(t)
	r.join("ada")
	f := r.flow("tusk://in", "read")
	code := f.code("code_challenge", challengeOf(verifier), "code_challenge_method", "S256")
	token := body[tokenAnswer](t, f.exchange(code, "code_verifier", verifier)).AccessToken
	wantRefusal(t, f.exchange(code, "code_verifier", verifier), 400, "invalid_grant")
	wantCode(t, r.bearer("GET", "/test/who", token), 200)
	wantRefusal(t, f.exchange(code), 400, "invalid_grant")
	wantCode(t, r.bearer("GET", "/test/who", token), 401)
}

func TestTwoExchangesOfOneCodeAtOnceGiveOneToken(t *testing.T) {
	each(t, func(t *testing.T, r *room) {
		r.join("ada")
		f := r.flow("tusk://in", "read")
		code := f.code("code_challenge", challengeOf(verifier), "code_challenge_method", "S256")
		codes := make(chan int, 8)
		for range cap(codes) {
			go func() { codes <- f.exchange(code, "code_verifier", verifier).Code }()
		}
		won := 0
		for range cap(codes) {
			if <-codes == 200 {
				won++
			}
		}
		if won != 1 {
			t.Errorf("%d exchanges won", won)
		}
	})
}

func TestACodeIsBoundToItsAppItsRedirectAndTenMinutes(t *testing.T) {
	each(t, func(t *testing.T, r *room) {
		r.join("ada")
		f := r.flow("tusk://in\ntusk://other", "read")
		f.uri = "tusk://in"
		other := r.register("client_name", "Other", "redirect_uris", "tusk://in")

		wantRefusal(t, f.exchange(f.code(), "client_id", other.ClientID, "client_secret", other.ClientSecret), 400, "invalid_grant")
		wantRefusal(t, f.exchange(f.code(), "redirect_uri", "tusk://other"), 400, "invalid_grant")
		wantRefusal(t, f.exchange(f.code(), "redirect_uri", ""), 400, "invalid_request")
		wantRefusal(t, f.exchange(badSecret), 400, "invalid_grant")

		code := f.code()
		r.clock.Advance(10*time.Minute + time.Millisecond)
		wantRefusal(t, f.exchange(code), 400, "invalid_grant")
		code = f.code()
		r.clock.Advance(10 * time.Minute)
		wantCode(t, f.exchange(code), 200)
	})
}

func TestPKCEIsEnforcedAndCannotBeTakenOut(t *testing.T) {
	r := inMemory(t)
	r.join("ada")
	f := r.flow("tusk://in", "read")
	with := []string{"code_challenge", challengeOf(verifier), "code_challenge_method", "S256"}

	wantRefusal(t, f.exchange(f.code(with...)), 400, "invalid_grant")
	wantRefusal(t, f.exchange(f.code(with...), "code_verifier", verifier+"x"), 400, "invalid_grant")
	wantRefusal(t, f.exchange(f.code(with...), "code_verifier", challengeOf(verifier)), 400, "invalid_grant")
	wantRefusal(t, f.exchange(f.code(), "code_verifier", verifier), 400, "invalid_grant") // the challenge was taken out
	wantCode(t, f.exchange(f.code(with...), "code_verifier", verifier), 200)

	for name, fields := range map[string][]string{
		"plain":               {"code_challenge", verifier, "code_challenge_method", "plain"},
		"no method":           {"code_challenge", challengeOf(verifier)},
		"method alone":        {"code_challenge_method", "S256"},
		"malformed challenge": {"code_challenge", "short", "code_challenge_method", "S256"},
	} {
		w := f.b.get("/oauth/authorize?" + f.ask(fields...).Encode())
		if to := w.Header().Get("Location"); w.Code != http.StatusFound || !strings.HasPrefix(to, "tusk://in?error=invalid_request") {
			t.Errorf("%s: %d %s", name, w.Code, to)
		}
	}
}

func TestARedirectThatIsNotRegisteredToTheLetterIsNeverFollowed(t *testing.T) {
	r := inMemory(t)
	r.join("ada")
	f := r.flow("https://tusk.example/in\nurn:ietf:wg:oauth:2.0:oob", "read")
	for _, uri := range []string{"", "https://tusk.example/in/", "https://tusk.example/in?x=1", "https://tusk.example/IN", "https://TUSK.example/in",
		"https://tusk.example:443/in", "https://tusk.example/in#x", "https://evil.example/in", "https://tusk.example/in/../out",
		"https://tusk.example/in https://evil.example", "javascript:alert(1)", "https://tusk.example/in\nurn:ietf:wg:oauth:2.0:oob"} {
		for _, method := range []string{"GET", "POST", "DELETE"} {
			target, fields := "/oauth/authorize", f.ask("redirect_uri", uri, "decision", "allow")
			if method != "POST" {
				target, fields = target+"?"+fields.Encode(), nil
			}
			w := f.b.do(method, target, fields)
			if w.Code != http.StatusBadRequest || w.Header().Get("Location") != "" {
				t.Errorf("%s with %q: %d to %q", method, uri, w.Code, w.Header().Get("Location"))
			}
		}
	}
	if w := f.b.get("/oauth/authorize?" + f.ask("client_id", "nobody").Encode()); w.Code != 401 || w.Header().Get("Location") != "" {
		t.Errorf("an unknown app: %d", w.Code)
	}
}

func TestAnAppIsToldOfItsMistakesAtItsOwnAddress(t *testing.T) {
	r := inMemory(t)
	r.join("ada")
	f := r.flow("https://tusk.example/in?a=b", "read")
	for name, c := range map[string]struct{ field, value, want string }{
		"another response": {"response_type", "token", "unsupported_response_type"},
		"no response":      {"response_type", "", "invalid_request"},
		"another mode":     {"response_mode", "form_post", "unsupported_response_mode"},
		"too much":         {"scope", "write", "invalid_scope"},
		"an unknown scope": {"scope", "everything", "invalid_scope"},
	} {
		t.Run(name, func(t *testing.T) {
			w := f.b.get("/oauth/authorize?" + f.ask(c.field, c.value).Encode())
			wantCode(t, w, http.StatusFound)
			to := w.Header().Get("Location")
			if !strings.HasPrefix(to, "https://tusk.example/in?a=b&error="+c.want+"&") || !strings.HasSuffix(to, "state=s+t%2F1") {
				t.Errorf("told %s", to)
			}
		})
	}
}

func TestAMemberWhoDeniesSendsTheAppAwayWithoutACode(t *testing.T) {
	each(t, func(t *testing.T, r *room) {
		r.join("ada")
		f := r.flow("tusk:in", "read")
		for name, w := range map[string]*httptest.ResponseRecorder{
			"button": f.b.do("POST", "/oauth/authorize", f.ask("decision", "deny")),
			"rails":  f.b.do("POST", "/oauth/authorize", f.ask("_method", "delete")),
			"delete": f.b.do("DELETE", "/oauth/authorize?"+f.ask().Encode(), nil),
		} {
			if to := w.Header().Get("Location"); w.Code != http.StatusFound || !strings.HasPrefix(to, "tusk:in?error=access_denied&") {
				t.Errorf("%s: %d to %s", name, w.Code, to)
			}
		}
	})
}

func TestACodeCanBeCarriedOverByHand(t *testing.T) {
	r := inMemory(t)
	r.join("ada")
	f := r.flow(OutOfBand, "read")
	w := f.b.get("/oauth/authorize?" + f.ask().Encode())
	wantCode(t, w, 200)
	if csp := w.Header().Get("Content-Security-Policy"); !strings.HasSuffix(csp, "form-action 'self'") {
		t.Errorf("the policy is %q", csp)
	}
	w = f.b.do("POST", "/oauth/authorize", f.ask("decision", "allow"))
	wantCode(t, w, http.StatusFound)
	to := w.Header().Get("Location")
	code, ok := strings.CutPrefix(to, "/oauth/authorize/native?code=")
	if !ok {
		t.Fatalf("led to %s", to)
	}
	page := f.b.get(to)
	wantText(t, page, ">"+code+"</code>")
	if page.Header().Get("Referrer-Policy") != "same-origin" || page.Header().Get("Cache-Control") != "private, no-store" {
		t.Errorf("the code can leak: %v", page.Header())
	}
	wantCode(t, f.exchange(code), 200)
	wantCode(t, f.b.get("/oauth/authorize/native?code=%3Cb%3Eset+by+somebody"), 400)
}

func TestConsentNeedsTheMembersOwnForm(t *testing.T) {
	r := inMemory(t)
	r.join("ada")
	f := r.flow("tusk://in", "read write")
	for name, headers := range map[string]http.Header{
		"from another site":           {"Sec-Fetch-Site": {"cross-site"}, "Origin": {"https://evil.example"}},
		"from a sister of the domain": {"Sec-Fetch-Site": {"same-site"}, "Origin": {"https://blog.social.example"}},
		"from an old browser":         {"Sec-Fetch-Site": {""}, "Origin": {"https://evil.example"}},
		"from nowhere":                {"Sec-Fetch-Site": {""}, "Origin": {"null"}},
	} {
		t.Run(name, func(t *testing.T) {
			f.b.headers = headers
			w := f.b.do("POST", "/oauth/authorize", f.ask("decision", "allow"))
			wantCode(t, w, http.StatusForbidden)
			if strings.Contains(w.Header().Get("Location"), "code=") {
				t.Error("a code was given")
			}
		})
	}
	// An app's own token cannot consent to more for itself.
	f.b.headers = nil
	token := body[tokenAnswer](t, f.exchange(f.code())).AccessToken
	b := r.browser()
	b.headers.Set("Authorization", "Bearer "+token)
	w := b.do("POST", "/oauth/authorize", f.ask("scope", "write", "decision", "allow"))
	if to := w.Header().Get("Location"); !strings.HasPrefix(to, "/auth/sign_in?") {
		t.Errorf("a token leads to %d %s", w.Code, to)
	}
}

func TestForceLoginAsksForThePasswordAgain(t *testing.T) {
	r := inMemory(t)
	r.join("ada")
	bo := r.join("bo")
	f := r.flow("tusk://in", "read")
	w := f.b.get("/oauth/authorize?" + f.ask("force_login", "true").Encode())
	wantCode(t, w, http.StatusFound)
	to := w.Header().Get("Location")
	page := f.b.get(to)
	wantCode(t, page, 200)
	wantText(t, page, `type="password"`)
	u, _ := url.Parse(to)
	w = f.b.post("/auth/sign_in", "login", "bo", "password", testPassword, "return_to", u.Query().Get("return_to"))
	back := w.Header().Get("Location")
	if strings.Contains(back, "force_login") {
		t.Fatalf("would ask for ever: %s", back)
	}
	wantText(t, f.b.get(back), "@bo@"+testDomain)
	token := body[tokenAnswer](t, f.exchange(f.code())).AccessToken
	if v, err := r.ViewerOfToken(t.Context(), token); err != nil || v.Account != bo {
		t.Errorf("the token is %v's, %v", v.Account, err)
	}
}

func TestTheFormMayLeadWhereTheAppIsAndNowhereElse(t *testing.T) {
	r := inMemory(t)
	r.join("ada")
	for uri, want := range map[string]string{
		"https://tusk.example/in":      "https://tusk.example",
		"http://127.0.0.1:3000/in":     "http://127.0.0.1:3000",
		"http://[::1]:3000/in":         "http:",
		"org.tusk.app:/in":             "org.tusk.app:",
		"https://a;script-src*.evil/x": "https:",
		"https://a,b.example/in":       "https:",
	} {
		f := r.flow(uri, "read")
		w := f.b.get("/oauth/authorize?" + f.ask().Encode())
		wantCode(t, w, 200)
		if csp := w.Header().Get("Content-Security-Policy"); !strings.HasSuffix(csp, "form-action 'self' "+want) || strings.Contains(csp, "script-src") {
			t.Errorf("%s: the policy is %q", uri, csp)
		}
	}
}

func TestOldCodesAreSweptAway(t *testing.T) {
	each(t, func(t *testing.T, r *room) {
		r.join("ada")
		f := r.flow("tusk://in", "read")
		f.code()
		r.clock.Advance(25 * time.Hour)
		f.code()
		if err := r.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		left, err := db.All(t.Context(), r.db, db.Int64, `SELECT created_at FROM grants`)
		if err != nil || len(left) != 1 || left[0] != clock.Milli(r.clock.Now()) {
			t.Errorf("left %v, %v", left, err)
		}
	})
}

func TestNothingSecretIsStoredAsItIs(t *testing.T) {
	each(t, func(t *testing.T, r *room) {
		r.join("ada")
		f := r.flow("tusk://in", "read")
		code := f.code()
		token := body[tokenAnswer](t, f.exchange(code)).AccessToken
		stored, err := db.All(t.Context(), r.db, db.Text, `SELECT secret_hash FROM apps UNION ALL SELECT code_hash FROM grants
			UNION ALL SELECT token_hash FROM tokens UNION ALL SELECT secret_hash FROM sessions`)
		if err != nil || len(stored) != 5 {
			t.Fatalf("stored %v, %v", stored, err)
		}
		all := strings.Join(stored, " ")
		for _, secret := range []string{code, token, f.app.ClientSecret, f.b.cookies["__Host-anancus"].Value} {
			if strings.Contains(all, secret) || !strings.Contains(all, hashOf(secret)) {
				t.Errorf("%s is stored as it is, or not at all", secret)
			}
		}
	})
}
