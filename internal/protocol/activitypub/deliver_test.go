package activitypub

import (
	"bytes"
	"context"
	"crypto"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/db/dbtest"
	"anancus/internal/kit/fault"
)

// fediverse is every other server: one real HTTP server that plays all hosts.
type fediverse struct {
	*httptest.Server
	mu       sync.Mutex
	got      []string       // "host body" in the order of arrival
	keys     []string       // by which key each was signed
	answers  map[string]int // by host or by "host body"; 200 otherwise
	inFlight map[string]int // by "host author"
	most     map[string]int // by host: the most in flight at a time
	hold     chan bool      // if set, every answer waits for it
	arrived  chan string    // if set, told of every arrival
}

func newFediverse(t testing.TB) *fediverse {
	f := &fediverse{answers: map[string]int{}, inFlight: map[string]int{}, most: map[string]int{}}
	f.Server = httptest.NewServer(http.HandlerFunc(f.inbox))
	t.Cleanup(f.Close)
	return f
}

func (f *fediverse) inbox(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	host, line := r.Header.Get("X-Host"), r.Header.Get("X-Host")+" "+string(body)
	f.mu.Lock()
	f.got = append(f.got, line)
	f.inFlight[host]++
	f.most[host] = max(f.most[host], f.inFlight[host])
	status := f.answers[host]
	if special, ok := f.answers[line]; ok {
		status = special
	}
	hold, arrived := f.hold, f.arrived
	f.mu.Unlock()
	if arrived != nil {
		arrived <- line
	}
	if hold != nil {
		<-hold
	}
	f.mu.Lock()
	f.inFlight[host]--
	f.mu.Unlock()
	if status == 0 {
		status = http.StatusAccepted
	}
	w.WriteHeader(status)
}

// Post sends what is meant for any host to the one server.
func (f *fediverse) Post(ctx context.Context, inbox string, body []byte, keyID string, _ crypto.Signer, _ ...Header) (int, error) {
	f.mu.Lock()
	f.keys = append(f.keys, keyID)
	f.mu.Unlock()
	host, err := HostOf(inbox)
	if err != nil {
		return 0, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, f.URL, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	r.Header.Set("X-Host", host)
	answer, err := f.Client().Do(r)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	if answer.StatusCode == http.StatusTeapot { // stands for a connection that breaks
		return 0, errors.New("connection reset")
	}
	return answer.StatusCode, nil
}

func (f *fediverse) answer(who string, status int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answers[who] = status
}

// took gives what arrived since the last call.
func (f *fediverse) took() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	got := f.got
	f.got = nil
	return got
}

// keys is a KeySource where some authors are gone.
type keys struct{ gone map[int64]bool }

func (k keys) DeliveryKey(_ context.Context, author int64) (string, crypto.Signer, error) {
	if k.gone[author] {
		return "", nil, fault.New(fault.Gone, "This account is gone")
	}
	return fmt.Sprintf("https://here.example/ap/users/%d#main-key", author), nil, nil
}

// post is a post office over a fresh database, with a clock that stands still.
type post struct {
	*Deliverer
	t       *testing.T
	db      *db.DB
	clock   *clock.Manual
	world   *fediverse
	deleted map[int64]bool // statuses
	noKey   map[int64]bool // authors
}

func eachPost(t *testing.T, test func(t *testing.T, p *post)) {
	t.Helper()
	dbtest.EachEngine(t, func(t *testing.T, engine db.Engine) {
		c := clock.NewManual(time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC))
		p := &post{t: t, clock: c, world: newFediverse(t), deleted: map[int64]bool{}, noKey: map[int64]bool{}}
		p.db = dbtest.Open(t, engine, func(config *db.Config) { config.Clock = c })
		p.Deliverer = p.another()
		test(t, p)
	})
}

// another makes a deliverer as another process would.
func (p *post) another() *Deliverer {
	gone := func(_ context.Context, status int64) (bool, error) { return p.deleted[status], nil }
	return NewDeliverer(p.db, p.clock, slog.New(slog.DiscardHandler), keys{p.noKey}, p.world, gone, 4)
}

// enqueue sends a body, which is also the event key, to the inboxes of hosts.
func (p *post) enqueue(author int64, key string, hosts ...string) {
	p.t.Helper()
	p.put(Delivery{Author: author, EventKey: key, Body: []byte(key), Inboxes: inboxes(hosts)})
}

func (p *post) put(x Delivery) {
	p.t.Helper()
	err := p.db.Tx(p.t.Context(), func(tx *db.Tx) error { return p.Enqueue(p.t.Context(), tx, x) })
	if err != nil {
		p.t.Fatalf("Enqueue: %v", err)
	}
}

func inboxes(hosts []string) []string {
	var all []string
	for _, host := range hosts {
		all = append(all, "https://"+host+"/inbox")
	}
	return all
}

// delivers lets everything due go out and compares what arrived.
func (p *post) delivers(want ...string) {
	p.t.Helper()
	p.deliverDue()
	if got := p.world.took(); !slices.Equal(got, want) {
		p.t.Errorf("arrived %q, want %q", got, want)
	}
}

func (p *post) deliverDue() {
	p.t.Helper()
	if err := p.DeliverDue(p.t.Context()); err != nil {
		p.t.Fatalf("DeliverDue: %v", err)
	}
}

func (p *post) waiting(want int64) {
	p.t.Helper()
	if got, _, err := p.Waiting(p.t.Context()); err != nil || got != want {
		p.t.Errorf("%d rows wait, want %d (%v)", got, want, err)
	}
}

func (p *post) state(host string) HostState {
	p.t.Helper()
	states, err := p.Status(p.t.Context(), host)
	if err != nil || len(states) != 1 {
		p.t.Fatalf("Status(%s) = %v, %v", host, states, err)
	}
	return states[0]
}

func TestEachDistinctInboxGetsTheBodyOnce(t *testing.T) {
	eachPost(t, func(t *testing.T, p *post) {
		p.enqueue(1, "create", "a.example", "b.example", "a.example", "not a host")
		p.enqueue(1, "create", "b.example", "c.example") // the effect ran twice
		p.delivers("a.example create", "b.example create", "c.example create")
		p.waiting(0)
		p.delivers()
		if taken, refused, lost := p.Counts(); taken != 3 || refused+lost != 0 {
			t.Errorf("Counts = %d, %d, %d", taken, refused, lost)
		}
	})
}

func TestARolledBackEnqueueSendsNothing(t *testing.T) {
	eachPost(t, func(t *testing.T, p *post) {
		no := errors.New("no")
		err := p.db.Tx(t.Context(), func(tx *db.Tx) error {
			err := p.Enqueue(t.Context(), tx, Delivery{Author: 1, EventKey: "x", Inboxes: inboxes([]string{"a.example"})})
			return errors.Join(err, no)
		})
		if !errors.Is(err, no) {
			t.Fatal(err)
		}
		p.delivers()
	})
}

func TestALargeFanOutIsSplit(t *testing.T) {
	eachPost(t, func(t *testing.T, p *post) {
		var hosts []string
		for i := range 1234 {
			hosts = append(hosts, fmt.Sprintf("h%04d.example", i))
		}
		x := Delivery{Author: 1, EventKey: "create", Body: []byte("create"), Inboxes: inboxes(hosts)}
		for range 2 {
			if err := p.EnqueueAll(t.Context(), x); err != nil {
				t.Fatalf("EnqueueAll: %v", err)
			}
		}
		p.waiting(1234)
	})
}

func TestWhatIsPassedOnGoesAfterWhatAuthorsSay(t *testing.T) {
	eachPost(t, func(t *testing.T, p *post) {
		p.put(Delivery{Author: 1, EventKey: "passed", Body: []byte("passed"), Inboxes: inboxes([]string{"a.example"}), Low: true})
		p.enqueue(1, "own", "a.example")
		p.enqueue(1<<58, "another's own", "a.example")
		p.delivers("a.example own", "a.example another's own", "a.example passed")
		if want := "https://here.example/ap/users/1#main-key"; p.world.keys[0] != want || p.world.keys[2] != want {
			t.Errorf("signed with %q", p.world.keys)
		}
		// A failure of the one does not hold up the other.
		p.put(Delivery{Author: 1, EventKey: "passed later", Body: []byte("passed later"), Inboxes: inboxes([]string{"a.example"}), Low: true})
		p.world.answer("a.example passed later", 503)
		p.delivers("a.example passed later")
		p.enqueue(1, "own later", "a.example")
		p.delivers("a.example own later")
		p.waiting(1)
	})
}

func TestALaneGoesInOrderAndWaitsForItsFirst(t *testing.T) {
	eachPost(t, func(t *testing.T, p *post) {
		p.enqueue(1, "create", "a.example")
		p.enqueue(1, "update", "a.example")
		p.enqueue(2, "other", "a.example")
		p.enqueue(1, "delete", "a.example")
		p.world.answer("a.example create", 503)
		p.delivers("a.example create", "a.example other")
		p.clock.Advance(14 * time.Second)
		p.delivers()
		p.clock.Advance(12 * time.Second)
		p.delivers("a.example create")
		p.world.answer("a.example create", 202)
		p.clock.Advance(time.Minute)
		p.delivers("a.example create", "a.example update", "a.example delete")
		p.waiting(0)
	})
}

func TestAnswersDecideWhatBecomesOfARow(t *testing.T) {
	const broken = http.StatusTeapot
	for status, want := range map[int]answer{
		200: accepted, 202: accepted, 204: accepted,
		400: refused, 403: refused, 404: refused, 410: refused, 422: refused, 501: refused,
		301: failed, 401: failed, 408: failed, 429: failed, 500: failed, 502: failed, 503: failed,
	} {
		if got := answerOf(status, nil); got != want {
			t.Errorf("answerOf(%d) = %v, want %v", status, got, want)
		}
	}
	if answerOf(0, errors.New("no route")) != failed {
		t.Error("no answer is a failure")
	}
	eachPost(t, func(t *testing.T, p *post) {
		p.enqueue(1, "create", "gone.example", "late.example", "broken.example")
		p.world.answer("gone.example", 410)
		p.world.answer("late.example", 500)
		p.world.answer("broken.example", broken)
		p.delivers("broken.example create", "gone.example create", "late.example create")
		p.waiting(2)
		if s := p.state("late.example"); s.LastError != "answered 500 Internal Server Error" || s.Waiting != 1 || s.Failures != 1 {
			t.Errorf("late.example: %+v", s)
		}
		if s := p.state("broken.example"); !strings.Contains(s.LastError, "connection reset") {
			t.Errorf("broken.example: %+v", s)
		}
		if s := p.state("gone.example"); s.Waiting != 0 || s.Failures != 0 || !s.NextAt.IsZero() {
			t.Errorf("gone.example: %+v", s)
		}
	})
}

func TestACreateWhoseStatusIsGoneIsDropped(t *testing.T) {
	eachPost(t, func(t *testing.T, p *post) {
		p.put(Delivery{Author: 1, EventKey: "create", Body: []byte("create"), Inboxes: inboxes([]string{"a.example"}), Status: 7})
		p.enqueue(1, "delete", "a.example")
		p.deleted[7] = true
		p.delivers("a.example delete")
		p.waiting(0)
	})
}

func TestWithoutAKeyTheRowsAreDropped(t *testing.T) {
	eachPost(t, func(t *testing.T, p *post) {
		p.enqueue(1, "one", "a.example")
		p.enqueue(1, "two", "a.example")
		p.enqueue(2, "three", "a.example")
		p.noKey[1] = true
		p.delivers("a.example three")
		p.waiting(0)
	})
}

func TestARowIsGivenUpAfterSixteenRetries(t *testing.T) {
	eachPost(t, func(t *testing.T, p *post) {
		p.enqueue(1, "create", "a.example")
		p.world.answer("a.example", 500)
		began := p.clock.Now()
		tries := 0
		for range 30 {
			p.deliverDue()
			tries += len(p.world.took())
			s := p.state("a.example")
			if s.NextAt.IsZero() {
				break
			}
			p.clock.Advance(s.NextAt.Sub(p.clock.Now()))
		}
		lasted := p.clock.Now().Sub(began)
		if tries != 17 || lasted < 48*time.Hour || lasted > 84*time.Hour {
			t.Errorf("tried %d times in %v, want 17 in two or three days", tries, lasted)
		}
		p.waiting(0)
	})
}

func TestTheNextOfATiredLaneDoesNotBeginAnew(t *testing.T) {
	eachPost(t, func(t *testing.T, p *post) {
		p.enqueue(1, "old", "a.example")
		p.clock.Advance(time.Hour)
		p.enqueue(1, "older than the lane endures", "a.example")
		p.clock.Advance(71 * time.Hour)
		p.enqueue(1, "young", "a.example")
		p.clock.Advance(2 * time.Hour)
		p.world.answer("a.example", 500)
		p.delivers("a.example old") // given up, with all that is as old
		p.waiting(1)
		if next := p.state("a.example").NextAt.Sub(p.clock.Now()); next < 10*time.Minute {
			t.Errorf("the next is tried in %v: as if nothing had been known", next)
		}
	})
}

func TestWhereNothingIsSentOnlyFarewellsGo(t *testing.T) {
	eachPost(t, func(t *testing.T, p *post) {
		p.enqueue(1, "before", "shut.example", "open.example")
		p.enqueue(2, Farewell+"before", "shut.example")
		p.enqueue(3, "other", "shut.example")
		if err := p.Drop(t.Context(), "shut.example"); err != nil {
			t.Fatal(err)
		}
		p.waiting(2)
		p.Refuse(func(host string, farewell bool) bool {
			return host == "shut.example" && !farewell || host == "unknown.example"
		})
		p.enqueue(1, "after", "shut.example", "open.example", "unknown.example")
		p.enqueue(1, Farewell+"after", "shut.example", "unknown.example")
		p.deliverDue()
		got := p.world.took()
		slices.Sort(got)
		if want := []string{"open.example after", "open.example before", "shut.example " + Farewell + "after", "shut.example " + Farewell + "before"}; !slices.Equal(got, want) {
			t.Errorf("arrived %q, want %q", got, want)
		}
	})
}
