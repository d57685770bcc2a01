package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"anancus/internal/protocol/activitypub"
)

// peer is another server: at any address of this machine, with one person, sam, who lets everybody follow him.
type peer struct {
	port     string
	key      *rsa.PrivateKey
	server   *http.Server
	failures chan error

	mu      sync.Mutex
	arrived map[string]int // activities of a kind by the host they were sent to, such as 127.1.2.3
	last    time.Time
	count   int
}

func newPeer(ctx context.Context) (*peer, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "0.0.0.0:0")
	if err != nil {
		return nil, err
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		return nil, err
	}
	p := &peer{port: port, key: key, failures: make(chan error, 1), arrived: map[string]int{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /users/sam", p.actor)
	mux.HandleFunc("GET /.well-known/webfinger", p.finger)
	mux.HandleFunc("POST /inbox", p.inbox)
	p.server = &http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}
	go func() { _ = p.server.Serve(l) }() // until close
	return p, nil
}

func (p *peer) close() { _ = p.server.Close() }

func (p *peer) base() string { return "http://127.0.0.1:" + p.port }
func (p *peer) sam() string  { return p.base() + "/users/sam" }

func (p *peer) actor(w http.ResponseWriter, _ *http.Request) {
	pem, err := activitypub.PublicKeyPEM(&p.key.PublicKey)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", activitypub.ContentType)
	_ = json.NewEncoder(w).Encode(map[string]any{
		"@context": []string{"https://www.w3.org/ns/activitystreams", "https://w3id.org/security/v1"}, "id": p.sam(), "type": "Person", "preferredUsername": "sam",
		"inbox": p.base() + "/inbox", "outbox": p.sam() + "/outbox", "followers": p.sam() + "/followers", "endpoints": map[string]string{"sharedInbox": p.base() + "/inbox"},
		"publicKey": map[string]string{"id": p.sam() + "#main-key", "owner": p.sam(), "publicKeyPem": pem},
	})
}

func (p *peer) finger(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/jrd+json")
	_ = json.NewEncoder(w).Encode(map[string]any{"subject": "acct:sam@127.0.0.1:" + p.port,
		"links": []map[string]string{{"rel": "self", "type": "application/activity+json", "href": p.sam()}}})
}

// inbox counts what arrives, and accepts whoever wants to follow.
func (p *peer) inbox(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.WriteHeader(http.StatusAccepted)
	if bytes.Contains(body[:min(len(body), 4096)], []byte(`"type":"Follow"`)) {
		var follow struct{ Actor string }
		if err := json.Unmarshal(body, &follow); err == nil {
			go p.accept(follow.Actor, body)
		}
		return
	}
	host, _, _ := strings.Cut(r.Host, ":")
	p.mu.Lock()
	defer p.mu.Unlock()
	p.arrived[host]++
	p.count++
	p.last = time.Now()
}

func (p *peer) accept(actor string, follow []byte) {
	body := fmt.Appendf(nil, `{"@context":"https://www.w3.org/ns/activitystreams","id":"%s#accept/%d","type":"Accept","actor":"%s","object":%s}`, p.sam(), time.Now().UnixNano(), p.sam(), follow)
	to, err := url.Parse(actor)
	if err == nil {
		var req *http.Request
		if req, err = p.signed(context.Background(), "http://"+to.Host+"/inbox", body); err == nil {
			err = post(http.DefaultClient, req)
		}
	}
	if err != nil {
		select {
		case p.failures <- err:
		default:
		}
	}
}

// signed makes a request to an inbox, signed by sam.
func (p *peer) signed(ctx context.Context, inbox string, body []byte) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, inbox, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", activitypub.ContentType)
	return req, activitypub.Sign(req, p.sam()+"#main-key", p.key, body, time.Now())
}

// errFull says that a server takes no more for the moment.
var errFull = errors.New("the server takes no more for now")

func post(client *http.Client, req *http.Request) error {
	answer, err := client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	said, err := io.ReadAll(answer.Body)
	if answer.StatusCode == http.StatusServiceUnavailable {
		return errFull
	}
	if err == nil && answer.StatusCode != http.StatusAccepted {
		err = fmt.Errorf("%s answered %d: %.200s", req.URL, answer.StatusCode, said)
	}
	return err
}

// sofar tells how much arrived, and when the last of it.
func (p *peer) sofar() (int, time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.count, p.last
}

func (p *peer) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.count, p.arrived = 0, map[string]int{}
}

// wait waits until so much arrived, asking failures of the peer in between.
func (p *peer) wait(n int, within time.Duration) (time.Time, error) {
	for begin := time.Now(); time.Since(begin) < within; time.Sleep(2 * time.Millisecond) {
		select {
		case err := <-p.failures:
			return time.Time{}, err
		default:
		}
		if got, last := p.sofar(); got >= n {
			return last, nil
		}
	}
	got, _ := p.sofar()
	return time.Time{}, errors.New(fmt.Sprint("of ", n, " activities ", got, " arrived within ", within))
}
