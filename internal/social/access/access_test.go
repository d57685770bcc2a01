package access

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/db/dbtest"
	"anancus/internal/kit/pages"
	"anancus/internal/kit/rest"
	"anancus/internal/social/accounts"
	"anancus/internal/social/id"
	"anancus/internal/social/settings"
	"anancus/internal/social/viewer"
)

// room is the room of access with a server's worth of routes in front of it.
type room struct {
	*Service
	t        *testing.T
	db       *db.DB
	clock    *clock.Manual
	accounts *accounts.Service
	settings *settings.Service
	mux      *http.ServeMux
}

const (
	testDomain   = "social.example"
	testPassword = "correct horse battery"
	badSecret    = "0000000000000000000000000000000000000000000"
)

var oneKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

func openRoom(t *testing.T, engine db.Engine, changes ...func(*Config)) *room {
	t.Helper()
	now := clock.NewManual(time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC))
	d := dbtest.Open(t, engine, func(c *db.Config) { c.Clock = now })
	wrapper, err := accounts.NewWrapper(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	site := settings.Site{Domain: testDomain, WebDomain: testDomain}
	set := settings.New(d, site)
	people := accounts.New(accounts.Config{DB: d, Clock: now, Site: site, Wrapper: wrapper, Passwords: accounts.CheapPasswords(), MakeKey: oneKey})
	c := Config{DB: d, Clock: now, Site: site, Accounts: people, Settings: set, Pages: pages.New(""),
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Key: make([]byte, 32)}
	for _, change := range changes {
		change(&c)
	}
	r := &room{Service: New(c), t: t, db: d, clock: now, accounts: people, settings: set, mux: http.NewServeMux()}
	r.routes()
	return r
}

// each runs a test in a fresh room on each engine.
func each(t *testing.T, test func(t *testing.T, r *room)) {
	t.Helper()
	dbtest.EachEngine(t, func(t *testing.T, engine db.Engine) { test(t, openRoom(t, engine)) })
}

// inMemory runs a test that does not depend on the engine.
func inMemory(t *testing.T, changes ...func(*Config)) *room {
	t.Helper()
	return openRoom(t, db.SQLite, changes...)
}

type door int

const (
	nobody door = iota // the viewer is not looked for
	api                // a viewer of any kind must ask
	page               // the cookie alone counts
)

// routes are the lines that the server has for this room.
func (r *room) routes() {
	for _, line := range []struct {
		pattern string
		access  door
		scope   string
		do      rest.Handler[viewer.Viewer]
	}{
		{"POST /api/v1/apps", nobody, "", r.CreateApp},
		{"GET /api/v1/apps/verify_credentials", api, "", r.VerifyApp},
		{"POST /oauth/token", nobody, "", r.Token},
		{"POST /oauth/revoke", nobody, "", r.Revoke},
		{"GET /oauth/token/info", api, "", r.TokenInfo},
		{"GET /oauth/userinfo", api, "profile", r.UserInfo},
		{"POST /oauth/userinfo", api, "profile", r.UserInfo},
		{"GET /.well-known/oauth-authorization-server", nobody, "", r.Metadata},
		{"GET /.well-known/change-password", nobody, "", r.ChangePasswordAddress},
		{"GET /oauth/authorize", page, "", r.AuthorizePage},
		{"POST /oauth/authorize", page, "", r.Authorize},
		{"DELETE /oauth/authorize", page, "", r.Deny},
		{"GET /oauth/authorize/native", page, "", r.NativeCode},
		{"GET /oauth/authorized_applications", page, "", r.AuthorizedAppsPage},
		{"POST /oauth/authorized_applications/{id}", page, "", r.RevokeAuthorizedApp},
		{"GET /auth/sign_in", page, "", r.SignInPage},
		{"POST /auth/sign_in", page, "", r.SignIn},
		{"POST /auth/sign_out", page, "", r.SignOut},
		{"GET /auth/sign_up", page, "", r.SignUpPage},
		{"POST /auth/sign_up", page, "", r.SignUp},
		{"GET /auth/setup", page, "", r.SetupPage},
		{"POST /auth/setup", page, "", r.Setup},
		{"GET /auth/edit", page, "", r.EditPage},
		{"POST /auth/edit", page, "", r.ChangePassword},
		{"POST /auth/sessions/{id}", page, "", r.EndOneSession},
		{"GET /test/who", api, "", func(c *viewer.Call) (any, error) { return c.Viewer, nil }},
		{"POST /test/who", api, "", func(c *viewer.Call) (any, error) { return c.Viewer, nil }},
	} {
		r.mux.HandleFunc(line.pattern, func(w http.ResponseWriter, req *http.Request) {
			c := &viewer.Call{W: w, R: req, Log: r.log, Base: r.site.Base()}
			answer, err := func() (any, error) {
				var err error
				switch line.access {
				case api:
					if c.Viewer, err = r.Viewer(req.Context(), req); err != nil {
						return nil, err
					}
					if c.Viewer.Token == 0 || line.scope != "" && !c.Viewer.Allows(line.scope) {
						return rest.Coded{Code: 401 + 2*min(1, int(c.Viewer.Token)), Body: map[string]string{"error": badToken}}, nil
					}
				case page:
					if c.Viewer, err = r.PageViewer(req.Context(), req); err != nil {
						return nil, err
					}
				}
				return line.do(c)
			}()
			switch a := answer.(type) {
			case rest.Answer:
				a.Write(w, req)
			default:
				if err != nil {
					rest.WriteError(w, req, r.log, err)
					return
				}
				rest.WriteJSON(w, 200, a)
			}
		})
	}
}

// join makes a member who may act.
func (r *room) join(name string, changes ...func(*accounts.SignUp)) id.Account {
	r.t.Helper()
	form := accounts.SignUp{Username: name, Email: name + "@mail.example", Password: testPassword, Confirmed: true, Approved: true}
	for _, change := range changes {
		change(&form)
	}
	a, err := r.accounts.Register(r.t.Context(), form)
	if err != nil {
		r.t.Fatal(err)
	}
	return a.ID
}

// browser keeps cookies, as browsers do.
type browser struct {
	room    *room
	cookies map[string]*http.Cookie
	headers http.Header
}

func (r *room) browser() *browser {
	return &browser{room: r, cookies: map[string]*http.Cookie{}, headers: http.Header{}}
}

// signedIn gives a browser in which a member signed in.
func (r *room) signedInBrowser(name string) *browser {
	r.t.Helper()
	b := r.browser()
	if got := b.post("/auth/sign_in", "login", name, "password", testPassword); got.Code != http.StatusSeeOther {
		r.t.Fatalf("sign in as %s: %d %s", name, got.Code, got.Body)
	}
	return b
}

func (b *browser) get(target string) *httptest.ResponseRecorder { return b.do("GET", target, nil) }

// post sends a form of names and values.
func (b *browser) post(target string, fields ...string) *httptest.ResponseRecorder {
	return b.do("POST", target, form(fields...))
}

func form(fields ...string) url.Values {
	v := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		v.Add(fields[i], fields[i+1])
	}
	return v
}

func (b *browser) do(method, target string, fields url.Values) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(context.Background(), method, "https://"+testDomain+target, strings.NewReader(fields.Encode()))
	if fields != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		r.Header.Set("Origin", "https://"+testDomain)
	}
	for name, values := range b.headers {
		r.Header[name] = values
	}
	for _, c := range b.cookies {
		r.AddCookie(c)
	}
	w := httptest.NewRecorder()
	b.room.mux.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		if c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		} else {
			b.cookies[c.Name] = c
		}
	}
	return w
}

// bearer asks with a token, from a program that is no browser.
func (r *room) bearer(method, target, token string) *httptest.ResponseRecorder {
	b := r.browser()
	b.headers.Set("Authorization", "Bearer "+token)
	return b.do(method, target, nil)
}

func body[T any](t *testing.T, w *httptest.ResponseRecorder) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		t.Fatalf("answer %d %q: %v", w.Code, w.Body, err)
	}
	return v
}

func wantCode(t *testing.T, w *httptest.ResponseRecorder, code int) {
	t.Helper()
	if w.Code != code {
		t.Fatalf("answered %d, want %d: %s", w.Code, code, w.Body)
	}
}

func wantText(t *testing.T, w *httptest.ResponseRecorder, text string) {
	t.Helper()
	if !strings.Contains(w.Body.String(), text) {
		t.Errorf("the page does not say %q:\n%s", text, w.Body)
	}
}
