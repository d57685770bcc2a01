// Package streaming tells members what happens while it happens: one hub hands every event to the streams that are open,
// WebSockets and server-sent events. Each event is read and encoded once, whatever the number of streams, and who is told is
// decided in memory, by the rules of the timelines. The hub remembers nothing: what happened while a client was away it reads from the timelines.
package streaming

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/social/conversations"
	"anancus/internal/social/filters"
	"anancus/internal/social/frontdoor"
	"anancus/internal/social/id"
	"anancus/internal/social/notifications"
	"anancus/internal/social/settings"
	"anancus/internal/social/statuses"
	"anancus/internal/social/timelines"
	"anancus/internal/social/viewer"
)

// Bounds of the hub, and of what one stream may hold of it.
const (
	maxWaiting     = 4096    // events that are not told yet; when there are more, all streams are closed rather than some events lost unseen
	maxQueued      = 500     // events that a stream was not sent yet: ten seconds of the busiest server
	maxQueuedBytes = 2 << 20 // bytes of them

	maxChannels = 200  // of one WebSocket: a deck of columns has a few dozen
	maxMessage  = 4096 // bytes of what a client sends: the longest name of a hashtag, and room
	maxMessages = 600  // of a client in a minute: all its channels, let go and taken again

	perMember  = 100 // streams of a member: every tab and device, each with several
	perAddress = 500 // streams from one address: a school behind one

	writeWithin = 10 * time.Second // for one message; a client that does not take it is gone
	closeWithin = time.Second      // for the last words
	workWithin  = 30 * time.Second // for what one event needs of the database
	closeAll    = 3 * time.Second

	thumpEvery = 15 * time.Second // Mastodon's, of server-sent events
	pingEvery  = 30 * time.Second // Mastodon's, of WebSockets
	tick       = time.Second      // how often the clock is looked at
)

// Config is what the room needs.
type Config struct {
	Clock         clock.Clock
	Log           *slog.Logger
	Settings      *settings.Service
	Timelines     *timelines.Service
	Statuses      *statuses.Service
	Filters       *filters.Service
	Notifications *notifications.Service
	Conversations *conversations.Service
	Frontdoor     *frontdoor.Service
	// Who tells who opens a stream. It is asked once more when the stream is known to the hub: what ended in between is noticed then.
	Who    func(ctx context.Context, r *http.Request) (viewer.Viewer, error)
	Limits bool // whether members and addresses may have so many streams only
}

// Hub is the room of streams.
type Hub struct {
	Config

	open    atomic.Int64 // sockets; while there are none, events cost nothing
	encoded atomic.Int64 // payloads, for the test that counts them
	events  chan func(ctx context.Context)
	all     sync.WaitGroup // every goroutine of the hub
	running context.Context
	stop    context.CancelFunc

	mu        sync.Mutex // guards everything below, and what sockets have of channels; never held during a query or a write
	closed    bool
	working   bool
	sockets   map[*socket]struct{}
	addresses map[string]int
	persons   map[id.Account]*person
	public    map[*subscription]struct{}            // of the public timelines
	tags      map[string]map[*subscription]struct{} // by hashtag
}

// New opens the room. It must hear every event from the first on (see events.go).
func New(c Config) *Hub {
	if c.Clock == nil {
		c.Clock = clock.System{}
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	h := &Hub{Config: c, events: make(chan func(context.Context), maxWaiting), sockets: map[*socket]struct{}{}, addresses: map[string]int{},
		persons: map[id.Account]*person{}, public: map[*subscription]struct{}{}, tags: map[string]map[*subscription]struct{}{}}
	h.running, h.stop = context.WithCancel(context.Background())
	return h
}

// Open tells how many streams are open.
func (h *Hub) Open() int { return int(h.open.Load()) }

// Encoded tells how many payloads were encoded since the start: one for each event, whatever the number of streams.
func (h *Hub) Encoded() int64 { return h.encoded.Load() }

// Close ends all streams, and waits a little for them.
func (h *Hub) Close() {
	if !h.end() {
		h.Log.Warn("some streams do not end")
	}
}

func (h *Hub) end() bool {
	h.mu.Lock()
	h.closed = true
	for k := range h.sockets {
		k.shut(goingAway)
	}
	h.mu.Unlock()
	h.stop()
	gone := make(chan struct{})
	go func() { h.all.Wait(); close(gone) }()
	select {
	case <-gone:
		return true
	case <-time.After(closeAll):
		return false
	}
}

// post hands work to the worker, in the order of commits. It never waits.
func (h *Hub) post(work func(ctx context.Context)) {
	if h.open.Load() == 0 {
		return
	}
	select {
	case h.events <- work:
	default:
		h.Log.Error("more happens than streams can be told of; all are closed, and clients come again", "waiting", maxWaiting)
		h.shutAll(func(*socket) bool { return true }, overrun)
	}
}

// work does what was posted, one after another, and keeps streams alive.
func (h *Hub) work() {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		select {
		case <-h.running.Done():
			return
		case do := <-h.events:
			ctx, cancel := context.WithTimeout(h.running, workWithin)
			h.safely(func() { do(ctx) })
			cancel()
		case <-ticker.C:
			h.beat(h.Clock.Now())
		}
	}
}

// safely keeps a fault in one event from ending all the others. Nobody knows what was not told: the streams are closed.
func (h *Hub) safely(do func()) {
	defer func() {
		if p := recover(); p != nil {
			h.Log.Error("an event could not be told to streams", "panic", p)
			h.shutAll(func(*socket) bool { return true }, failed)
		}
	}()
	do()
}

// beat keeps proxies from closing what is quiet, and closes what does not answer any more.
func (h *Hub) beat(now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for k := range h.sockets {
		k.beat(now)
	}
}

// shutAll ends the streams that match.
func (h *Hub) shutAll(match func(k *socket) bool, why ending) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for k := range h.sockets {
		if match(k) {
			k.shut(why)
		}
	}
}
