package server

import (
	"context"
	"slices"
	"strconv"
	"sync"
	"time"

	"anancus/internal/kit/fault"
	"anancus/internal/kit/rest"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/social/viewer"
)

// Limits of what one host has from us, so that others notice little of a host that writes without end. A host that writes alone
// has all there is; in company, when others wrote lately, each has its share.
const (
	letterSlots    = 8                      // requests of one host that are dealt with at a time; the others wait unread
	letterBurst    = 10                     // letters of one host in a row in company
	letterEvery    = 10 * time.Millisecond  // and then one in so long: above eight million a day
	letterWaiters  = 400                    // requests of one host that may wait; above it the answer is 429 at once
	allWaiters     = 2000                   // those of all hosts: about 20 KB each
	letterPatience = 5 * time.Second        // how long each waits; afterwards the answer is 429
	company        = 5 * time.Second        // how long somebody who wrote is company
	fullFor        = time.Second            // a host whose queue is full is told so unread for so long
	fullPause      = 250 * time.Millisecond // and after a pause: whoever asks again at once is slowed down
	retryBusy      = 30 * time.Second       // what a host is told to wait when too much comes of it
	keySlots       = 2                      // keys of one host that are fetched at a time: each is a question, a signature and an account
	keyBurst       = 8                      // and in a row
	keyEvery       = 200 * time.Millisecond // and then one in so long
	keyWaiters     = 50                     // letters of one host that may wait for its keys; above it the answer is 429 at once
	allKeyWaiters  = 500                    // those of all hosts
	keyPatience    = 3 * time.Second        // how long each waits; afterwards the answer is 429
	maxPaced       = 20_000                 // hosts whose pace is remembered; when it is full all are forgotten
)

// admitLetter lets a request in whose letter has not been read. Whose it is has not been proved: who speaks in another host's name from
// elsewhere takes none of its places.
func (s *Server) admitLetter(c *viewer.Call, signature *activitypub.Signature) (leave func(), err error) {
	host := ""
	if signature != nil {
		host = letterHost(signature.KeyID)
	}
	leave, ok := s.letters.enter(c.Context(), rest.ClientOf(c.Context()).Key()+" "+host)
	if !ok {
		return nil, fault.New(fault.TooMany, "Too many activities of your server come at once; try again later")
	}
	if host != "" && s.inbox.rooms.isFull(host) {
		defer leave()
		pause(c.Context(), fullPause)
		return nil, errFull()
	}
	return leave, nil
}

func errFull() error {
	return fault.New(fault.Unavailable, "Too many activities of your server are waiting; try again later")
}

// tellWhen adds to a refusal that is over later when to try again.
func tellWhen(c *viewer.Call, err error) {
	if fault.Is(err, fault.TooMany) || fault.Is(err, fault.Unavailable) {
		c.SetHeader("Retry-After", strconv.Itoa(int(retryBusy.Seconds())))
	}
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// anteroom lets a few at a time through for each name, and a bounded number of others wait a little.
type anteroom struct {
	slots, waiters, all int // at a time and waiting for each name, waiting in all
	patience            time.Duration
	free                bool // who is alone goes at their own pace

	mu      sync.Mutex
	lines   map[string]*line
	pace    pace
	waiting int

	// Who entered last, when, and when the last one of another name did: whoever enters knows by that whether they have company.
	last          string
	lastAt, other time.Time
}

// line is those of one name.
type line struct {
	inside int
	queue  []chan struct{} // those who wait, in order; closed when it is their turn
}

// newAnteroom is where letters wait.
func newAnteroom() *anteroom {
	return &anteroom{slots: letterSlots, waiters: letterWaiters, all: allWaiters, patience: letterPatience, free: true,
		lines: map[string]*line{}, pace: pace{burst: letterBurst, every: letterEvery}}
}

// newKeyroom is where those wait whose keys have to be fetched.
func newKeyroom() *anteroom {
	return &anteroom{slots: keySlots, waiters: keyWaiters, all: allKeyWaiters, patience: keyPatience,
		lines: map[string]*line{}, pace: pace{burst: keyBurst, every: keyEvery}}
}

// enter waits for a place; leave gives it back.
func (a *anteroom) enter(ctx context.Context, name string) (leave func(), ok bool) {
	patience, cancel := context.WithTimeout(ctx, a.patience)
	defer cancel()
	turn, ok := a.join(name)
	if !ok {
		return nil, false
	}
	if turn != nil && !a.await(patience, name, turn) {
		return nil, false
	}
	leave = sync.OnceFunc(func() { a.leave(name) })
	for {
		wait := a.tooSoon(name)
		if wait == 0 {
			return leave, true
		}
		if pause(patience, wait); patience.Err() != nil {
			leave()
			return nil, false
		}
	}
}

// join takes a place, or one in the queue, whose turn is told by the channel; ok says whether there is room.
func (a *anteroom) join(name string) (turn chan struct{}, ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := time.Now()
	if name != a.last {
		a.last, a.other = name, a.lastAt
	}
	a.lastAt = now
	l := a.lines[name]
	if l == nil {
		l = &line{}
		a.lines[name] = l
	}
	if len(l.queue) == 0 && l.inside < a.slots {
		l.inside++
		return nil, true
	}
	if len(l.queue) >= a.waiters || a.waiting >= a.all {
		return nil, false
	}
	turn = make(chan struct{})
	l.queue = append(l.queue, turn)
	a.waiting++
	return turn, true
}

// await waits for a turn.
func (a *anteroom) await(ctx context.Context, name string, turn chan struct{}) bool {
	select {
	case <-turn:
		return true
	case <-ctx.Done():
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	l := a.lines[name]
	at := slices.Index(l.queue, turn)
	if at < 0 { // it came meanwhile
		return true
	}
	l.queue = slices.Delete(l.queue, at, at+1)
	a.waiting--
	return false
}

func (a *anteroom) leave(name string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	l := a.lines[name]
	l.inside--
	for ; len(l.queue) > 0 && l.inside < a.slots; l.inside++ {
		close(l.queue[0])
		l.queue = l.queue[1:]
		a.waiting--
	}
	if l.inside == 0 {
		delete(a.lines, name)
	}
}

func (a *anteroom) accompanied(name string, now time.Time) bool {
	at := a.lastAt
	if name == a.last {
		at = a.other
	}
	return now.Sub(at) < company
}

// tooSoon tells how long to wait until it is the turn of one more of a name; 0: it is, and is counted.
func (a *anteroom) tooSoon(name string) time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := time.Now()
	if a.free && !a.accompanied(name, now) {
		return 0
	}
	return a.pace.wait(name, now)
}

// pace lets each name do something so often in a row, and then once in a while.
type pace struct {
	burst int
	every time.Duration

	mu   sync.Mutex
	till map[string]time.Time // until when a name has used up what it may
}

// wait counts one more time, or tells how much too soon it is.
func (p *pace) wait(name string, now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	till := p.till[name]
	if till.Before(now) {
		till = now
	}
	if early := till.Sub(now) - time.Duration(p.burst-1)*p.every; early > 0 {
		return early
	}
	if p.till == nil || len(p.till) >= maxPaced {
		p.till = map[string]time.Time{}
	}
	p.till[name] = till.Add(p.every)
	return 0
}
