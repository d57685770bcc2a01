package server_test

import (
	"context"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/config"
	"anancus/internal/kit/db"
	"anancus/internal/kit/db/dbtest"
	"anancus/internal/kit/log"
	"anancus/internal/protocol/activitypub/aptest"
	"anancus/internal/server"
	"anancus/internal/server/keeper"
	"anancus/internal/server/servertest"
	"anancus/internal/social/accounts"
)

// place is a server whose clock and log a test holds in its hands.
type place struct {
	*servertest.Server
	clock *clock.Manual
	log   *safeBuffer
}

type safeBuffer struct {
	mu sync.Mutex
	b  strings.Builder
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// open starts a server with a log that is kept and a clock that stands at now.
func open(t testing.TB, engine db.Engine, change func(*config.Config)) *place {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	domain := fmt.Sprintf("localhost:%d", listener.Addr().(*net.TCPAddr).Port)
	c := config.Default()
	c.Listen, c.Domain, c.Data, c.RateLimits = listener.Addr().String(), domain, t.TempDir(), false
	c.Database = dbtest.Config(t, engine, true).URL
	c.FederationAllowAddresses = config.Networks{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	if change != nil {
		change(&c)
	}
	if err := c.Complete(); err != nil {
		t.Fatal(err)
	}
	p := &place{clock: clock.NewManual(time.Now()), log: &safeBuffer{}}
	s, err := server.Assemble(t.Context(), c, "0.0.0-test", log.New(p.log, "debug", "json"), server.Parts{
		Clock: p.clock, Passwords: accounts.CheapPasswords(), MakeKey: func() (*rsa.PrivateKey, error) { return aptest.Key(3), nil }, Fleeting: true})
	if err != nil {
		t.Fatal(err)
	}
	h := &httptest.Server{Listener: listener, Config: &http.Server{Handler: s.Handler(), ReadHeaderTimeout: time.Minute}}
	h.Start()
	t.Cleanup(func() {
		h.Close()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	p.Server = &servertest.Server{Server: s, T: t, URL: "http://" + domain, Domain: domain}
	return p
}

// answer is what came back.
type answer struct {
	code   int
	header http.Header
	body   string
}

// request is one request as a test spells it, path to the letter.
type request struct {
	method, path, token, kind, body string
	header                          map[string]string
	cookie                          *http.Cookie
}

// ask sends a request without following redirects.
func ask(t testing.TB, s *servertest.Server, in request) answer {
	t.Helper()
	var body io.Reader
	if in.body != "" || in.kind != "" {
		body = strings.NewReader(in.body)
	}
	r, err := http.NewRequestWithContext(context.Background(), in.method, s.URL, body)
	if err != nil {
		t.Fatal(err)
	}
	r.URL.Opaque = "//" + r.URL.Host + in.path
	if in.kind != "" {
		r.Header.Set("Content-Type", in.kind)
	}
	if in.token != "" {
		r.Header.Set("Authorization", "Bearer "+in.token)
	}
	for name, value := range in.header {
		if strings.EqualFold(name, "host") {
			r.Host = value
			continue
		}
		r.Header.Set(name, value)
	}
	if in.cookie != nil {
		r.AddCookie(in.cookie)
	}
	got, err := plain.Do(r)
	if err != nil {
		t.Fatalf("%s %s: %v", in.method, in.path, err)
	}
	defer func() { _ = got.Body.Close() }()
	whole := io.Reader(got.Body)
	if got.Header.Get("Content-Type") == "text/event-stream" { // it has no end
		whole = io.LimitReader(got.Body, int64(len(":)\n")))
	}
	text, err := io.ReadAll(whole)
	if err != nil {
		t.Fatal(err)
	}
	return answer{got.StatusCode, got.Header, string(text)}
}

var plain = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	Transport: &http.Transport{MaxIdleConnsPerHost: 4}}

// errorText is the error of a JSON answer; it fails the test when the answer is none.
func (a answer) errorText() (string, error) {
	if kind := a.header.Get("Content-Type"); !strings.HasPrefix(kind, "application/json") {
		return "", fmt.Errorf("the type is %q", kind)
	}
	var shown struct {
		Error any `json:"error"`
	}
	if err := json.Unmarshal([]byte(a.body), &shown); err != nil {
		return "", err
	}
	text, _ := shown.Error.(string)
	if text == "" {
		return "", fmt.Errorf("there is no error in %.200s", a.body)
	}
	return text, nil
}

const form = "application/x-www-form-urlencoded"

// appToken registers an app and gives its own token, without a member.
func appToken(t testing.TB, s *servertest.Server, scopes string) string {
	t.Helper()
	var made struct {
		ID     string `json:"client_id"`
		Secret string `json:"client_secret"`
		Token  string `json:"access_token"`
	}
	s.Nobody().Post("/api/v1/apps", url.Values{"client_name": {"Test"}, "redirect_uris": {"https://app.example/back"}, "scopes": {scopes}}, &made)
	s.Nobody().Post("/oauth/token", url.Values{"grant_type": {"client_credentials"}, "client_id": {made.ID}, "client_secret": {made.Secret}, "scope": {scopes}}, &made)
	if made.Token == "" {
		t.Fatal("the app has no token")
	}
	return made.Token
}

// signIn gives the cookie of a member who signed in with the form.
func signIn(t testing.TB, s *servertest.Server, name string) *http.Cookie {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Jar: jar, CheckRedirect: plain.CheckRedirect}
	body := url.Values{"login": {name + "@mail.example"}, "password": {servertest.Password}}.Encode()
	r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, s.URL+"/auth/sign_in", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", form)
	r.Header.Set("Origin", s.URL)
	got, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = got.Body.Close() }()
	for _, c := range got.Cookies() {
		if strings.HasPrefix(c.Name, "anancus") && c.Value != "" {
			return c
		}
	}
	t.Fatalf("%s could not sign in: %d", name, got.StatusCode)
	return nil
}

// counts remembers the rows, so that a test can show that nothing was written.
func counts(t testing.TB, s *servertest.Server) map[string]int64 {
	t.Helper()
	n, err := s.Counts(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func unchanged(t testing.TB, s *servertest.Server, before map[string]int64, what string) {
	t.Helper()
	for table, n := range counts(t, s) {
		if n != before[table] {
			t.Errorf("%s: %s had %d rows and has %d", what, table, before[table], n)
			before[table] = n
		}
	}
}

// owner makes the first person, so that pages do not lead to the set-up page.
func owner(t testing.TB, s *servertest.Server, name string) *servertest.Person {
	t.Helper()
	made, err := s.Keeper().CreateAccount(context.Background(), keeper.CreateAccount{Name: name, Email: name + "@mail.example",
		Password: servertest.Password, Role: "owner", Confirmed: true, Approved: true})
	if err != nil {
		t.Fatal(err)
	}
	return &servertest.Person{On: s, Name: name, ID: made.ID, Token: s.TokenFor(name, "read write follow push")}
}
