package main

import (
	"bufio"
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
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"anancus/internal/kit/db"
	"anancus/internal/protocol/activitypub"
)

// A flood: signed letters to a member from many actors of one host, as fast as they are answered, while another host writes calmly.
const (
	floodActors  = 10_000
	floodLoud    = 50          // of them write every other letter: those become known
	floodClients = 256         // connections of the flood
	calmLetters  = 200         // a round
	calmAfter    = time.Second // until what follows from a flood's last letters is done too
	calmRounds   = 5           // without the flood and with it in turns: a disk that others use too stalls now and then, and one stall is a round's p99
	calmOnset    = 50          // while the flood begins, told apart: it goes on for longer than that
	calmEvery    = 20 * time.Millisecond
	maxCalm      = 2.0 // of what the other host waits for its 202 without the flood
	maxFlooded   = 300 // MB
	drainWithin  = 5 * time.Minute
)

// flood measures what another host notices of it.
func (b *bench) flood(ctx context.Context, engine db.Engine) error {
	return b.alone(ctx, engine, "flood", b.flooded)
}

func (b *bench) flooded(ctx context.Context, s *server) error {
	other, err := newPeer(ctx)
	if err != nil {
		return err
	}
	defer other.close()
	token, sam, err := s.reader(ctx, other)
	if err != nil {
		return err
	}
	reader, err := ask(ctx, http.MethodGet, s.address, "/api/v1/accounts/lookup?acct=reader", token, "")
	if err != nil {
		return err
	}
	var member struct{ URI string }
	if err := json.Unmarshal(reader, &member); err != nil {
		return err
	}
	enemy, err := startFlood(ctx, s.address, member.URI)
	if err != nil {
		return err
	}
	defer enemy.end()
	const each = calmLetters + calmOnset + calmLetters
	letters := make([]*http.Request, calmRounds*each)
	for n := range letters {
		if letters[n], err = other.create(ctx, s.address, other.sam(), n, ""); err != nil {
			return err
		}
	}
	var idle, onset, busy calmRound
	var used time.Duration
	for round := range calmRounds {
		of := letters[round*each:]
		if err := idle.add(of[:calmLetters]); err != nil {
			return err
		}
		before, err := s.cpu()
		if err != nil {
			return err
		}
		enemy.begin()
		if err := onset.add(of[calmLetters:][:calmOnset]); err != nil {
			return fmt.Errorf("when the flood begins: %w", err)
		}
		if err := busy.add(of[calmLetters+calmOnset:][:calmLetters]); err != nil {
			return fmt.Errorf("during the flood: %w", err)
		}
		after, err := s.cpu()
		if err != nil {
			return err
		}
		used += after - before
		if round == calmRounds-1 {
			break
		}
		if err := enemy.rest(); err != nil {
			return err
		}
		if err := s.drained(ctx, time.Now()); err != nil {
			return err
		}
		time.Sleep(calmAfter)
	}
	ended := time.Now()
	answered, err := enemy.end()
	if err != nil {
		return err
	}
	for n := 0; n < len(letters); time.Sleep(50 * time.Millisecond) { // the calm host's letters are shown, though others' still wait
		if n, err = s.statuses(ctx, token, sam); err != nil {
			return err
		}
		if n == len(letters) {
			break
		}
		if time.Since(ended) > drainWithin {
			return fmt.Errorf("%d of %d letters of the calm host are there", n, len(letters))
		}
	}
	shown := time.Since(ended)
	if err := s.drained(ctx, ended); err != nil {
		return err
	}
	peak, err := peakMemory(s.cmd.Process.Pid)
	if err != nil {
		return err
	}
	b.compared(s.engine, "flood by 10,000 actors of one host: another host's p99 to its 202 (ms)", maxCalm, millis(middle(busy.p99)), millis(middle(idle.p99)))
	b.compared(s.engine, "flood by 10,000 actors of one host: another host's median to its 202 (ms)", maxCalm, millis(middle(busy.p50)), millis(middle(idle.p50)))
	b.told(s.engine, "flood: another host's p90 in its first second (ms)", millis(middle(onset.p90)))
	b.within(s.engine, "flood by 10,000 actors of one host: memory at most (MB)", maxFlooded, float64(peak)/mb)
	b.told(s.engine, "flood: another host's last letter is shown after (ms)", millis(shown))
	b.told(s.engine, "flood: server CPU in use (cores)", used.Seconds()/(calmRounds*(calmOnset+calmLetters)*calmEvery).Seconds())
	var codes []int
	for code := range answered {
		codes = append(codes, code)
	}
	slices.Sort(codes)
	for _, code := range codes {
		b.told(s.engine, fmt.Sprintf("flood: requests answered %d", code), float64(answered[code]))
	}
	if answered[http.StatusAccepted] == 0 || answered[http.StatusTooManyRequests]+answered[http.StatusServiceUnavailable] == 0 {
		return fmt.Errorf("that was no flood: %v", answered)
	}
	for code := range answered {
		if code != http.StatusAccepted && code != http.StatusTooManyRequests && code != http.StatusServiceUnavailable {
			return fmt.Errorf("the flood was answered %d", code)
		}
	}
	return nil
}

// drained waits until the server has nothing left of what it was sent.
func (s *server) drained(ctx context.Context, since time.Time) error {
	for ; ; time.Sleep(50 * time.Millisecond) {
		waiting, err := metric(ctx, s.metrics, "anancus_inbox_waiting")
		if err != nil || waiting == 0 {
			return err
		}
		if time.Since(since) > drainWithin {
			return fmt.Errorf("%.0f letters still wait", waiting)
		}
	}
}

// calmRound collects how long letters waited for their answers, round by round.
type calmRound struct{ p50, p90, p99 []time.Duration }

func (c *calmRound) add(letters []*http.Request) error {
	took, err := calm(letters)
	if err == nil {
		c.p50, c.p90, c.p99 = append(c.p50, percentile(took, 0.5)), append(c.p90, percentile(took, 0.9)), append(c.p99, percentile(took, 0.99))
	}
	return err
}

// calm sends letters one by one, whatever becomes of those before, and tells how long each waited for its answer.
func calm(letters []*http.Request) ([]time.Duration, error) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: connections}}
	defer client.CloseIdleConnections()
	took, failed := make([]time.Duration, len(letters)), make([]error, len(letters))
	var group sync.WaitGroup
	begin := time.Now()
	for n, letter := range letters {
		time.Sleep(time.Until(begin.Add(time.Duration(n) * calmEvery)))
		group.Go(func() {
			one := time.Now()
			failed[n] = post(client, letter)
			took[n] = time.Since(one)
		})
	}
	group.Wait()
	slices.Sort(took)
	for _, err := range failed {
		if err != nil { // one is enough
			return nil, err
		}
	}
	return took, nil
}

// create makes a letter of an actor, signed with the peer's key: a public status, to somebody where that is given.
func (p *peer) create(ctx context.Context, address, actor string, n int, to string) (*http.Request, error) {
	const public = "https://www.w3.org/ns/activitystreams#Public"
	id, now := fmt.Sprintf("%s/statuses/%d", actor, n), time.Now().UTC().Format(time.RFC3339)
	cc, tags := []string{actor + "/followers"}, []map[string]string{}
	if to != "" {
		cc, tags = append(cc, to), append(tags, map[string]string{"type": "Mention", "href": to, "name": "@reader"})
	}
	body, err := json.Marshal(map[string]any{"@context": "https://www.w3.org/ns/activitystreams", "id": id + "/activity", "type": "Create", "actor": actor,
		"to": []string{public}, "cc": cc, "published": now,
		"object": map[string]any{"id": id, "url": id, "type": "Note", "attributedTo": actor, "published": now, "to": []string{public}, "cc": cc, "tag": tags,
			"content":    fmt.Sprintf(`<p>Status %d, long enough to be like what people write on a morning with coffee.</p>`, n),
			"contentMap": map[string]string{"en": fmt.Sprintf("<p>Status %d</p>", n)}}})
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+address+"/inbox", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", activitypub.ContentType)
	return req, activitypub.Sign(req, actor+"#main-key", p.key, body, time.Now())
}

// enemy is the flood as a process of its own, which gets the processor time that nobody else wants: it stands for another machine.
type enemy struct {
	cmd  *exec.Cmd
	word io.WriteCloser
	said *bufio.Reader
	once sync.Once
	got  map[int]int
	err  error
}

// startFlood starts it, and waits until its letters are signed.
func startFlood(ctx context.Context, address, to string) (*enemy, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	e := &enemy{cmd: exec.CommandContext(ctx, "nice", "-n", "19", self, "-flood", address, to)}
	e.cmd.Stderr = os.Stderr
	if e.word, err = e.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := e.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	e.said = bufio.NewReader(out)
	if err := e.cmd.Start(); err != nil {
		return nil, err
	}
	if line, err := e.said.ReadString('\n'); err != nil || line != "ready\n" {
		_, end := e.end()
		return nil, errors.Join(fmt.Errorf("the flood says %q", line), err, end)
	}
	return e, nil
}

func (e *enemy) begin() { _, _ = e.word.Write([]byte("go\n")) } // end tells of the failure

// rest lets it pause until the next begin.
func (e *enemy) rest() error {
	if _, err := e.word.Write([]byte("rest\n")); err != nil {
		return err
	}
	line, err := e.said.ReadString('\n')
	if err == nil && line != "resting\n" {
		err = fmt.Errorf("the flood says %q", line)
	}
	return err
}

// end stops it, and tells how often it was answered what.
func (e *enemy) end() (map[int]int, error) {
	e.once.Do(func() {
		_ = e.word.Close()
		said, err := io.ReadAll(e.said)
		if err == nil && len(bytes.TrimSpace(said)) > 0 {
			err = json.Unmarshal(said, &e.got)
		}
		e.err = errors.Join(err, e.cmd.Wait())
	})
	return e.got, e.err
}

// beFlood is that process: it signs letters of all actors, says that it is ready, sends them over and over from a word at its
// input until that ends, and says how they were answered.
func beFlood(ctx context.Context, address, to string) error {
	key, err := rsa.GenerateKey(rand.Reader, 2048) // one for all: that costs the server nothing less
	if err != nil {
		return err
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.7.7.7:0")
	if err != nil {
		return err
	}
	host := &peer{key: key}
	base := "http://" + l.Addr().String()
	people := &http.Server{Handler: crowdOf(base, key), ReadHeaderTimeout: time.Minute}
	go func() { _ = people.Serve(l) }() // until close
	defer func() { _ = people.Close() }()
	requests, failed := make([]*http.Request, floodActors), make([]error, runtime.NumCPU())
	var group sync.WaitGroup
	for part := range failed {
		group.Go(func() {
			for n := part; n < len(requests) && failed[part] == nil; n += len(failed) {
				requests[n], failed[part] = host.create(ctx, address, fmt.Sprintf("%s/users/a%d", base, n), 1, to)
			}
		})
	}
	group.Wait()
	if err := errors.Join(failed...); err != nil {
		return err
	}
	fmt.Println("ready")
	f := &flood{requests: requests, codes: map[int]int{}}
	for word := bufio.NewReader(os.Stdin); ; { // a line to begin, a line to rest, the end to end
		if _, err := word.ReadString('\n'); err != nil {
			break //nolint:nilerr // it is not wanted any more
		}
		ctx, stop := context.WithCancel(ctx)
		ended := make(chan error, 1)
		go func() { ended <- f.flow(ctx) }()
		_, rest := word.ReadString('\n')
		stop()
		if err := <-ended; err != nil {
			return err
		}
		if rest != nil {
			break
		}
		fmt.Println("resting")
	}
	return json.NewEncoder(os.Stdout).Encode(f.codes)
}

// flood sends requests over and over, and counts the answers.
type flood struct {
	requests []*http.Request
	next     atomic.Int64
	mu       sync.Mutex
	codes    map[int]int
}

// flow sends until ctx ends.
func (f *flood) flow(ctx context.Context) error {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: floodClients}}
	defer client.CloseIdleConnections()
	var group sync.WaitGroup
	failed := make([]error, floodClients)
	for i := range failed {
		group.Go(func() {
			for ctx.Err() == nil && failed[i] == nil {
				failed[i] = f.send(ctx, client)
			}
		})
	}
	group.Wait()
	return errors.Join(failed...)
}

func (f *flood) send(ctx context.Context, client *http.Client) error {
	n := int(f.next.Add(1) - 1)
	at := n / 2 % len(f.requests)
	if n%2 == 0 {
		at = n / 2 % floodLoud
	}
	r := f.requests[at].Clone(ctx)
	var err error
	if r.Body, err = r.GetBody(); err != nil {
		return err
	}
	code, said := 0, []byte("it hung up")
	answer, err := client.Do(r)
	if err == nil {
		code = answer.StatusCode
		said, _ = io.ReadAll(answer.Body)
		_ = answer.Body.Close()
	} else if ctx.Err() != nil {
		return nil //nolint:nilerr // we did
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.codes[code]++; f.codes[code] == 1 && code < http.StatusTooManyRequests && code != http.StatusAccepted {
		fmt.Fprintf(os.Stderr, "the flood was answered %d: %.500s\n", code, said)
	}
	return nil
}

// crowdOf serves the actors of a host on which everybody exists, and has the same key.
func crowdOf(base string, key *rsa.PrivateKey) http.Handler {
	pem, err := activitypub.PublicKeyPEM(&key.PublicKey)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /users/{name}", func(w http.ResponseWriter, r *http.Request) {
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		id := base + "/users/" + r.PathValue("name")
		w.Header().Set("Content-Type", activitypub.ContentType)
		_ = json.NewEncoder(w).Encode(map[string]any{
			"@context": []string{"https://www.w3.org/ns/activitystreams", "https://w3id.org/security/v1"}, "id": id, "type": "Person", "preferredUsername": r.PathValue("name"),
			"inbox": base + "/inbox", "outbox": id + "/outbox", "followers": id + "/followers", "endpoints": map[string]string{"sharedInbox": base + "/inbox"},
			"publicKey": map[string]string{"id": id + "#main-key", "owner": id, "publicKeyPem": pem},
		})
	})
	mux.HandleFunc("GET /.well-known/webfinger", func(w http.ResponseWriter, r *http.Request) {
		name, _, _ := strings.Cut(strings.TrimPrefix(r.FormValue("resource"), "acct:"), "@")
		w.Header().Set("Content-Type", "application/jrd+json")
		_ = json.NewEncoder(w).Encode(map[string]any{"subject": "acct:" + name + "@" + strings.TrimPrefix(base, "http://"),
			"links": []map[string]string{{"rel": "self", "type": "application/activity+json", "href": base + "/users/" + name}}})
	})
	return mux
}
