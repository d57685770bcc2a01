// Package servertest starts whole servers in one process, so that a story can let Ada on
// one follow Bo on the other. Nothing happens by itself: Settle lets effects, deliveries and
// received activities run until all is quiet.
package servertest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/config"
	"anancus/internal/kit/db"
	"anancus/internal/kit/db/dbtest"
	"anancus/internal/kit/film"
	"anancus/internal/protocol/activitypub/aptest"
	"anancus/internal/server"
	"anancus/internal/server/keeper"
	"anancus/internal/server/servertest/contract"
	"anancus/internal/social/accounts"

	"crypto/rsa"
)

// Server is one whole server on a loopback port.
type Server struct {
	*server.Server
	T      testing.TB
	URL    string // http://localhost:PORT
	Domain string // localhost:PORT
	http   *httptest.Server
}

// Answer is what the server says to a request, without a network between.
func (s *Server) Answer(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.http.Config.Handler.ServeHTTP(w, r)
	return w
}

// Each runs a story on SQLite and on PostgreSQL, on both at once: while one waits for its database the other goes on.
func Each(t *testing.T, story func(t *testing.T, engine db.Engine)) {
	t.Helper()
	var stories sync.WaitGroup
	for _, engine := range dbtest.Engines {
		stories.Go(func() { t.Run(string(engine), func(t *testing.T) { story(t, engine) }) })
	}
	stories.Wait()
}

// keys counts the keys handed out, from a small pool: making one costs 0.15 s.
var keys atomic.Int64

// films are the programs of the machine, looked for once.
var films = sync.OnceValue(func() *film.Tools {
	found := film.Find(context.Background())
	return &found
})

// Option changes the configuration of a test's server.
type Option func(*config.Config)

// New starts a server on a fresh database of the engine; it ends with the test.
func New(t testing.TB, engine db.Engine, options ...Option) *Server {
	t.Helper()
	return NewAt(t, engine, clock.System{}, options...)
}

// NewAt is New with a clock of the test's own.
func NewAt(t testing.TB, engine db.Engine, at clock.Clock, options ...Option) *Server {
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
	for _, change := range options {
		change(&c)
	}
	if err := c.Complete(); err != nil {
		t.Fatal(err)
	}
	s, err := server.Assemble(t.Context(), c, "0.0.0-test", slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError})), server.Parts{
		Clock:     at,
		Passwords: accounts.CheapPasswords(),
		MakeKey:   func() (*rsa.PrivateKey, error) { return aptest.Key(int(keys.Add(1) % 4)), nil },
		Fleeting:  true,
		Films:     films(),
		Names:     names{},
	})
	if err != nil {
		t.Fatal(err)
	}
	// Whatever a test asks, the answer has the shape that Mastodon's has.
	watched := contract.Watch(s.Handler(), func(err error) { t.Errorf("an answer is not Mastodon's: %v", err) })
	h := &httptest.Server{Listener: listener, Config: &http.Server{Handler: watched, ReadHeaderTimeout: time.Minute}}
	h.Start()
	t.Cleanup(func() {
		h.Close()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return &Server{Server: s, T: t, URL: "http://" + domain, Domain: domain, http: h}
}

// names are those of the machine itself: what a test names otherwise is asked of nobody.
type names struct{}

// LookupNetIP knows localhost, and a domain for tests whose hosts need a name as others have.
func (names) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	if host == "localhost" || strings.HasSuffix(host, ".loopback.example.com") {
		return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
	}
	return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
}

// Settle lets everything that waits on these servers happen, until nothing does.
func Settle(t testing.TB, servers ...*Server) {
	t.Helper()
	for range 100 {
		moved := false
		for _, s := range servers {
			did, err := s.Step(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			moved = moved || did
		}
		if !moved {
			return
		}
	}
	t.Fatal("the servers did not come to rest: something answers its own answers")
}

// Person is a member with a token that may do everything a member may.
type Person struct {
	On    *Server
	Name  string
	ID    string
	Token string
}

// Join makes a member.
func (s *Server) Join(name string) *Person {
	s.T.Helper()
	made, err := s.Keeper().CreateAccount(context.Background(), keeper.CreateAccount{Name: name, Email: name + "@mail.example", Password: Password, Confirmed: true, Approved: true})
	if err != nil {
		s.T.Fatal(err)
	}
	return &Person{On: s, Name: name, ID: made.ID, Token: s.TokenFor(name, "read write follow push")}
}

// Password is every member's.
const Password = "correct horse battery"

// TokenFor makes a token with scopes.
func (s *Server) TokenFor(name, scopes string) string {
	s.T.Helper()
	token, err := s.Keeper().CreateToken(context.Background(), keeper.CreateToken{Name: name, Scopes: scopes})
	if err != nil {
		s.T.Fatal(err)
	}
	return token.Token
}

// Nobody asks without signing in.
func (s *Server) Nobody() *Person { return &Person{On: s} }

// Handle is how others name the person.
func (p *Person) Handle() string { return "@" + p.Name + "@" + p.On.Domain }

// Do sends a request as the person and reads the JSON answer into out (nil: not read). It gives the answer without its body.
func (p *Person) Do(method, path string, form url.Values, out any) *http.Response {
	p.On.T.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	req, err := http.NewRequestWithContext(context.Background(), method, p.On.URL+path, body)
	if err != nil {
		p.On.T.Fatal(err)
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if p.Token != "" {
		req.Header.Set("Authorization", "Bearer "+p.Token)
	}
	return p.Send(req, out)
}

// Send sends any request and reads the JSON answer into out (nil: not read).
func (p *Person) Send(req *http.Request, out any) *http.Response {
	p.On.T.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Do(req)
	if err != nil {
		p.On.T.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		p.On.T.Fatal(err)
	}
	if out != nil {
		if text, ok := out.(*string); ok {
			*text = string(body)
		} else if err := json.NewDecoder(bytes.NewReader(body)).Decode(out); err != nil {
			p.On.T.Fatalf("%s %s answered %d with no JSON: %v: %.300s", req.Method, req.URL.Path, answer.StatusCode, err, body)
		}
	}
	return answer
}

// Get asks and wants 200.
func (p *Person) Get(path string, out any) {
	p.On.T.Helper()
	p.want(p.Do(http.MethodGet, path, nil, out), path)
}

// Post does something and wants 200.
func (p *Person) Post(path string, form url.Values, out any) {
	p.On.T.Helper()
	if form == nil {
		form = url.Values{}
	}
	p.want(p.Do(http.MethodPost, path, form, out), path)
}

func (p *Person) want(answer *http.Response, path string) {
	p.On.T.Helper()
	if answer.StatusCode != http.StatusOK {
		p.On.T.Fatalf("%s answered %d to %q", path, answer.StatusCode, p.Name)
	}
}

// Status is what a story looks at in a status.
type Status struct {
	ID         string
	URI        string
	Content    string
	Visibility string
	InReplyTo  string `json:"in_reply_to_id"`
	Reblog     *Status
	Account    Account
	Favourites int `json:"favourites_count"`
	Boosts     int `json:"reblogs_count"`
	Replies    int `json:"replies_count"`
	Favourited bool
	Reblogged  bool
}

// Account is what a story looks at in an account.
type Account struct {
	ID, Acct, URI, URL string
	Followers          int `json:"followers_count"`
	Statuses           int `json:"statuses_count"`
}

// Notification is what a story looks at in a notification.
type Notification struct {
	ID, Type string
	Account  Account
	Status   *Status
}

// Publish writes a status; pairs are further parameters.
func (p *Person) Publish(text string, pairs ...string) Status {
	p.On.T.Helper()
	form := url.Values{"status": {text}}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	var status Status
	p.Post("/api/v1/statuses", form, &status)
	return status
}

// Find resolves a handle or an address to an account as this person's server knows it.
func (p *Person) Find(q string) Account {
	p.On.T.Helper()
	var found struct{ Accounts []Account }
	p.Get("/api/v2/search?resolve=true&type=accounts&q="+url.QueryEscape(q), &found)
	if len(found.Accounts) == 0 {
		p.On.T.Fatalf("%s did not find %s", p.Name, q)
	}
	return found.Accounts[0]
}

// Follow asks to follow another person, wherever they are.
func (p *Person) Follow(other *Person) Account {
	p.On.T.Helper()
	account := p.Find(other.Handle())
	p.Post("/api/v1/accounts/"+account.ID+"/follow", nil, nil)
	return account
}

// Home reads the newest page of the home timeline.
func (p *Person) Home() []Status {
	p.On.T.Helper()
	var list []Status
	p.Get("/api/v1/timelines/home", &list)
	return list
}

// Notifications reads the newest page.
func (p *Person) Notifications() []Notification {
	p.On.T.Helper()
	var list []Notification
	p.Get("/api/v1/notifications", &list)
	return list
}

// Show reads a status as the person sees it; ok is false when it is not there for them.
func (p *Person) Show(id string) (status Status, ok bool) {
	p.On.T.Helper()
	answer := p.Do(http.MethodGet, "/api/v1/statuses/"+id, nil, &status)
	return status, answer.StatusCode == http.StatusOK
}

// Act does something to a status, such as "favourite", and wants 200.
func (p *Person) Act(id, what string) Status {
	p.On.T.Helper()
	var status Status
	p.Post("/api/v1/statuses/"+id+"/"+what, nil, &status)
	return status
}

// Delete removes the person's own status.
func (p *Person) Delete(id string) {
	p.On.T.Helper()
	p.want(p.Do(http.MethodDelete, "/api/v1/statuses/"+id, nil, nil), "DELETE "+id)
}

// FindStatus gives the status at an address as the person sees it; ok is false when they see none there.
func (p *Person) FindStatus(address string) (status Status, ok bool) {
	p.On.T.Helper()
	var found struct{ Statuses []Status }
	p.Get("/api/v2/search?resolve=true&type=statuses&q="+url.QueryEscape(address), &found)
	if len(found.Statuses) == 0 {
		return Status{}, false
	}
	return found.Statuses[0], true
}

// Relationship is what two accounts are to each other.
type Relationship struct {
	Following, Requested, Blocking bool
	FollowedBy                     bool `json:"followed_by"`
	BlockedBy                      bool `json:"blocked_by"`
}

// Towards tells what the person is to an account.
func (p *Person) Towards(account string) Relationship {
	p.On.T.Helper()
	var list []Relationship
	p.Get("/api/v1/accounts/relationships?id[]="+account, &list)
	if len(list) != 1 {
		p.On.T.Fatalf("%s has %d relationships with account %s", p.Name, len(list), account)
	}
	return list[0]
}

// AppToken gives the token of an app that acts for nobody.
func (s *Server) AppToken(scopes string) string {
	s.T.Helper()
	var app struct {
		ID     string `json:"client_id"`
		Secret string `json:"client_secret"`
	}
	s.Nobody().Post("/api/v1/apps", url.Values{"client_name": {"A test"}, "redirect_uris": {"urn:ietf:wg:oauth:2.0:oob"}, "scopes": {scopes}}, &app)
	var token struct {
		Token string `json:"access_token"`
	}
	s.Nobody().Post("/oauth/token", url.Values{"grant_type": {"client_credentials"}, "client_id": {app.ID}, "client_secret": {app.Secret}, "scope": {scopes}}, &token)
	return token.Token
}
