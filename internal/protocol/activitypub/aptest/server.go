package aptest

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rsa"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"anancus/internal/kit/safehttp"
	"anancus/internal/protocol/activitypub"
)

// Loopback are the addresses test servers live at, for safehttp.Options.
var Loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}

// Server is another server on loopback, over plain http. It serves the
// documents it was given and keeps what was posted to it.
type Server struct {
	*httptest.Server
	Host string // 127.0.0.1:port

	mu       sync.Mutex
	answers  map[string]http.HandlerFunc
	received []Received
	asked    []Received
}

// Received is a request that came in.
type Received struct {
	Request *http.Request
	Body    []byte
}

// NewServer starts a server that ends with the test.
func NewServer(t testing.TB) *Server {
	s := &Server{answers: map[string]http.HandlerFunc{}}
	s.Server = httptest.NewServer(s)
	s.Host = strings.TrimPrefix(s.URL, "http://")
	t.Cleanup(s.Close)
	return s
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	s.mu.Lock()
	if r.Method == http.MethodPost {
		s.received = append(s.received, Received{r, body})
	} else {
		s.asked = append(s.asked, Received{r, body})
	}
	answer := s.answers[r.URL.Path]
	s.mu.Unlock()
	switch {
	case answer != nil:
		answer(w, r)
	case r.Method == http.MethodPost:
		w.WriteHeader(http.StatusAccepted)
	default:
		http.NotFound(w, r)
	}
}

// Answer lets a function answer at a path.
func (s *Server) Answer(path string, answer http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers[path] = answer
}

// Serve serves a document at a path with ActivityPub's type.
func (s *Server) Serve(path string, document any) { s.ServeAs(path, activitypub.ContentType, document) }

// ServeAs serves a document, a string or bytes at a path with any type.
func (s *Server) ServeAs(path, contentType string, document any) {
	var body []byte
	switch d := document.(type) {
	case string:
		body = []byte(d)
	case []byte:
		body = d
	default:
		var err error
		if body, err = activitypub.Encode(d); err != nil {
			panic(err)
		}
	}
	s.Answer(path, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		_, _ = w.Write(body)
	})
}

// Redirect sends askers of a path elsewhere.
func (s *Server) Redirect(path, to string) {
	s.Answer(path, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusFound) })
}

// Person serves an actor /users/NAME with the n-th key, and its WebFinger.
func (s *Server) Person(name string, n int) activitypub.Actor {
	a := s.Actor(name, n)
	s.Serve("/users/"+name, a)
	s.finger(name, a)
	return a
}

// Actor is the document that Person serves, for tests that change it first.
func (s *Server) Actor(name string, n int) activitypub.Actor {
	id := s.URL + "/users/" + name
	return activitypub.Actor{
		Context: activitypub.ContextActor, ID: id, Type: "Person",
		Following: id + "/following", Followers: id + "/followers", Inbox: id + "/inbox", Outbox: id + "/outbox",
		PreferredUsername: name, Name: name, URL: s.URL + "/@" + name, Published: "2024-01-01T00:00:00Z",
		PublicKey: activitypub.PublicKey{ID: id + "#main-key", Owner: id, PublicKeyPEM: PEM(n)},
		Endpoints: activitypub.Endpoints{SharedInbox: s.URL + "/inbox"},
	}
}

// finger adds an account to what the server's WebFinger knows.
func (s *Server) finger(name string, a activitypub.Actor) {
	h := activitypub.Handle{Username: name, Domain: s.Host}
	body, err := activitypub.Encode(activitypub.WebFinger(h, s.URL, a.URL, a.ID, "", ""))
	if err != nil {
		panic(err)
	}
	s.mu.Lock()
	before := s.answers["/.well-known/webfinger"]
	s.mu.Unlock()
	s.Answer("/.well-known/webfinger", func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.EqualFold(r.URL.Query().Get("resource"), "acct:"+h.String()):
			w.Header().Set("Content-Type", activitypub.ContentTypeJRD)
			_, _ = w.Write(body)
		case before != nil:
			before(w, r)
		default:
			http.NotFound(w, r)
		}
	})
}

// Received lists what was posted to the server, the first first.
func (s *Server) Received() []Received {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Received(nil), s.received...)
}

// Asked lists what was read from the server, the first first.
func (s *Server) Asked() []Received {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Received(nil), s.asked...)
}

// Post makes a signed request with a body, as another server sends it to an
// inbox of ours. The actor's key is key n.
func Post(t testing.TB, inbox, keyID string, n int, body []byte, now time.Time) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, inbox, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", activitypub.ContentTypePost)
	if err := activitypub.Sign(r, keyID, Key(n), body, now); err != nil {
		t.Fatal(err)
	}
	return r
}

// Arrived is an outgoing request as the server it is meant for sees it.
func Arrived(r *http.Request) *http.Request {
	in := r.Clone(r.Context())
	in.RequestURI = r.URL.RequestURI()
	if in.Host == "" {
		in.Host = r.URL.Host
	}
	return in
}

// Signer signs with the n-th key.
func Signer(keyID string, n int) activitypub.Signer {
	return func(context.Context) (string, crypto.Signer, error) { return keyID, Key(n), nil }
}

// NewClient is a client that may reach test servers, signing with the first key.
func NewClient(t testing.TB) *activitypub.Client {
	http := safehttp.New(safehttp.Options{AllowAddresses: Loopback, UserAgent: "Anancus/test"})
	t.Cleanup(http.Close)
	return activitypub.NewClient(http, Signer("https://here.test/actor#main-key", 0))
}

// PublicKey is the public half of the n-th key.
func PublicKey(n int) *rsa.PublicKey { return &Key(n).PublicKey }

// CreateNote is the body of a Create of a public note by an actor, for tests
// that need some post from elsewhere.
func CreateNote(actor activitypub.Actor, number int, content string) activitypub.Activity {
	id := fmt.Sprintf("%s/statuses/%d", actor.ID, number)
	return activitypub.NewCreate(id+"/activity", activitypub.Note{
		ID: id, Type: "Note", Published: "2024-02-03T04:05:06Z", URL: id, AttributedTo: actor.ID,
		To: []string{activitypub.Public}, Cc: []string{actor.Followers}, Content: content,
	})
}
