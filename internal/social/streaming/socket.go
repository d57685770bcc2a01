package streaming

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"anancus/internal/kit/rest"
	"anancus/internal/social/id"
	"anancus/internal/social/timelines"
	"anancus/internal/social/viewer"

	"github.com/lxzan/gws"
)

// ending is why a stream was closed, as its client is told (RFC 6455, 7.4).
type ending struct {
	code uint16
	text string
}

var (
	goingAway = ending{1001, "The server is going away"}
	noBinary  = ending{1003, "This server does not take binary messages"}
	revoked   = ending{1008, "Your access has ended"}
	flooding  = ending{1008, "Too many messages"}
	failed    = ending{1011, "Something could not be told; connect again"}
	tooSlow   = ending{1013, "You are too slow; connect again"}
	overrun   = ending{1013, "Too much happens at once; connect again"}
)

// socket is one open stream.
type socket struct {
	hub     *Hub
	viewer  viewer.Viewer
	address string
	since   time.Time
	sse     bool
	person  *person
	subs    []*subscription // guarded by hub.mu
	due     time.Time       // of the next heartbeat; guarded by hub.mu
	alive   atomic.Bool     // the client answered since the last heartbeat
	sent    atomic.Int64    // bytes
	minute  time.Time       // in which the client was heard, so often; of the goroutine that reads
	heard   int

	mu      sync.Mutex
	queue   [][]byte // of a WebSocket: whole frames
	bytes   int
	ended   bool
	why     ending
	writing bool // a goroutine writes
	wake    chan struct{}
	hurry   func()    // shortens what is left for writing; nil while there is nothing to shorten
	conn    *gws.Conn // of a WebSocket
}

// subscription is a channel of a socket.
type subscription struct {
	channel
	socket *socket
	person *person
}

// join makes a socket known, so that it is closed when its token ends from here on.
func (h *Hub) join(ctx context.Context, r *http.Request, v viewer.Viewer, sse bool) (*socket, error) {
	k := &socket{hub: h, viewer: v, address: rest.ClientOf(r.Context()).Key(), since: h.Clock.Now(), sse: sse, wake: make(chan struct{}, 1)}
	k.alive.Store(true)
	k.due = k.since.Add(k.rhythm())
	if err := h.add(k); err != nil {
		return nil, err
	}
	v, err := h.Who(ctx, r)
	if err = Refuse(v, err); err == nil {
		err = h.read(ctx, k.person)
	}
	if err != nil {
		h.remove(k)
		return nil, err
	}
	return k, nil
}

func (h *Hub) add(k *socket) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := h.persons[k.viewer.Account]
	switch {
	case h.closed:
		return errBusy
	case h.Limits && (p != nil && p.sockets >= perMember || h.addresses[k.address] >= perAddress):
		return errTooManyStreams
	}
	if p == nil {
		p = &person{account: k.viewer.Account, lists: map[id.List]*timelines.Ear{}}
		h.persons[p.account] = p
	}
	p.sockets++
	k.person = p
	h.sockets[k] = struct{}{}
	h.addresses[k.address]++
	h.open.Add(1)
	if !h.working {
		h.working = true
		h.all.Go(h.work)
	}
	return nil
}

// remove forgets a socket.
func (h *Hub) remove(k *socket) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, there := h.sockets[k]; !there {
		return
	}
	delete(h.sockets, k)
	h.open.Add(-1)
	if h.addresses[k.address]--; h.addresses[k.address] == 0 {
		delete(h.addresses, k.address)
	}
	for _, sub := range k.subs {
		h.leave(sub)
	}
	k.subs = nil
	if k.person.sockets--; k.person.sockets == 0 {
		delete(h.persons, k.person.account)
	}
}

// subscribe gives a socket a channel; one that it has stays.
func (h *Hub) subscribe(ctx context.Context, k *socket, c channel) error {
	if c.list != 0 {
		if err := h.read(ctx, k.person, c.list); err != nil {
			return err
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, there := h.sockets[k]; !there {
		return nil // it was closed meanwhile
	}
	if slices.ContainsFunc(k.subs, func(s *subscription) bool { return s.same(c) }) {
		return nil
	}
	if c.list != 0 && k.person.lists[c.list] == nil {
		h.forgetList(k.person, c.list)
		return errNotOwnList
	}
	if len(k.subs) >= maxChannels {
		return errTooMany
	}
	sub := &subscription{channel: c, socket: k, person: k.person}
	k.subs = append(k.subs, sub)
	switch {
	case c.public:
		h.public[sub] = struct{}{}
	case c.tag != "":
		if h.tags[c.tag] == nil {
			h.tags[c.tag] = map[*subscription]struct{}{}
		}
		h.tags[c.tag][sub] = struct{}{}
	default:
		k.person.subs = append(k.person.subs, sub)
	}
	return nil
}

// unsubscribe takes a channel from a socket; one that it does not have is no fault, as in Mastodon.
func (h *Hub) unsubscribe(k *socket, c channel) {
	h.mu.Lock()
	defer h.mu.Unlock()
	at := slices.IndexFunc(k.subs, func(s *subscription) bool { return s.same(c) })
	if at < 0 {
		return
	}
	h.leave(k.subs[at])
	k.subs = slices.Delete(k.subs, at, at+1)
}

// leave takes a subscription out of what the hub knows; the caller holds mu.
func (h *Hub) leave(sub *subscription) {
	switch {
	case sub.public:
		delete(h.public, sub)
	case sub.tag != "":
		if delete(h.tags[sub.tag], sub); len(h.tags[sub.tag]) == 0 {
			delete(h.tags, sub.tag)
		}
	default:
		p := sub.person
		p.subs = slices.DeleteFunc(p.subs, func(s *subscription) bool { return s == sub })
		if sub.list != 0 {
			h.forgetList(p, sub.list)
		}
	}
}

// forgetList drops what is known of a list when no stream is told of it any more.
func (h *Hub) forgetList(p *person, list id.List) {
	if !slices.ContainsFunc(p.subs, func(s *subscription) bool { return s.list == list }) {
		delete(p.lists, list)
	}
}

func (k *socket) rhythm() time.Duration {
	if k.sse {
		return thumpEvery
	}
	return pingEvery
}

var (
	thump = []byte(":thump\n")
	ping  = framed(gws.OpcodePing, nil)
)

// beat sends a heartbeat when it is time for one. A WebSocket that did not answer the last one is gone.
func (k *socket) beat(now time.Time) {
	if now.Before(k.due) {
		return
	}
	k.due = now.Add(k.rhythm())
	switch {
	case k.sse:
		k.send(thump)
	case !k.alive.Swap(false):
		k.shut(tooSlow)
	default:
		k.send(ping)
	}
}

// send puts something, as it goes out, into the queue; a stream that does not keep up is closed.
func (k *socket) send(data []byte) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.ended {
		return
	}
	if len(k.queue) >= maxQueued || len(k.queue) > 0 && k.bytes+len(data) > maxQueuedBytes {
		k.end(tooSlow)
		return
	}
	k.queue = append(k.queue, data)
	k.bytes += len(data)
	k.rouse()
}

// shut ends a stream: what waits is not sent any more, only why it ends.
func (k *socket) shut(why ending) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.ended {
		k.end(why)
	}
}

func (k *socket) end(why ending) {
	k.ended, k.why, k.queue, k.bytes = true, why, nil, 0
	if k.hurry != nil {
		k.hurry()
	}
	k.rouse()
}

// rouse makes somebody write; the caller holds mu.
func (k *socket) rouse() {
	switch {
	case k.sse:
		select {
		case k.wake <- struct{}{}:
		default:
		}
	case k.conn != nil && !k.writing:
		k.writing = true
		k.hub.all.Go(k.write)
	}
}

// atOnce is how many bytes of a queue are written together: few system calls where much happens, and no more than a poor connection
// takes within the time for one write.
const atOnce = 16 << 10

// next takes out of the queue what is to be written now: nothing when nothing waits.
func (k *socket) next() (some [][]byte, ended bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case k.ended:
		return nil, true
	case len(k.queue) == 0:
		k.writing, k.queue = false, nil // an idle stream holds nothing
		return nil, false
	}
	n, size := 1, len(k.queue[0])
	for n < len(k.queue) && size+len(k.queue[n]) <= atOnce {
		size += len(k.queue[n])
		n++
	}
	some, k.queue = k.queue[:n:n], k.queue[n:]
	k.bytes -= size
	return some, false
}
