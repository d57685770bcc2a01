package bus

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"anancus/internal/kit/db"
)

const (
	poll       = 30 * time.Second        // how often a crew looks for work that nobody woke it for
	soonest    = 5 * time.Millisecond    // so that a wrong estimate cannot spin
	stumble    = 5 * time.Second         // the pause after a claim failed
	grace      = 7 * time.Second         // how long Stop waits for work in flight
	afterGrace = 1500 * time.Millisecond // and then for it to notice that it is cancelled
)

// Crew keeps a bounded number of workers busy with what Claim finds: work that
// lies in the database and is held by a lease while it is in this process.
type Crew[T any] struct {
	Name    string
	Workers int
	Ahead   int // how many more to claim than there are workers, so that claims come in batches
	Log     *slog.Logger

	// Claim leases up to most pieces of work. If it returns fewer, idle tells
	// when there may be more without a Wake (0: unknown).
	Claim func(ctx context.Context, most int) (work []T, idle time.Duration, err error)
	// Run does one piece. Its ctx ends only when Stop lost patience.
	Run func(ctx context.Context, one T)
	// RunAll, where it is given, does up to Together pieces that wait at the same moment.
	RunAll   func(ctx context.Context, many []T)
	Together int
	Linger   time.Duration // how long after a Wake to look, so that more may come together
	// Renew prolongs the leases of all that is held; called every RenewEvery.
	Renew      func(ctx context.Context, held []T) error
	RenewEvery time.Duration
	// Return hands back what was claimed and not begun.
	Return func(ctx context.Context, unbegun []T) error

	setup    sync.Once
	wake     chan struct{}
	finished chan struct{}
	quit     chan struct{}
	queue    chan *piece[T]

	mu      sync.Mutex
	started bool
	stopped bool
	next    time.Time // when to look again
	held    map[*piece[T]]struct{}
	handed  []*piece[T] // held too; the queue had no place for them yet
	unbegun []T

	all    sync.WaitGroup
	cancel context.CancelFunc
}

// piece is one claimed piece of work.
type piece[T any] struct{ work T }

func (c *Crew[T]) init() {
	c.setup.Do(func() {
		c.wake = make(chan struct{}, 1)
		c.finished = make(chan struct{}, 1)
		c.quit = make(chan struct{})
		c.queue = make(chan *piece[T], c.Workers+c.Ahead)
		c.held = map[*piece[T]]struct{}{}
	})
}

// Wake makes the crew look for work: now, or when it has lingered.
func (c *Crew[T]) Wake() { c.After(c.Linger) }

// After makes the crew look for work in d, unless it looks sooner anyway.
func (c *Crew[T]) After(d time.Duration) {
	c.init()
	at := time.Now().Add(max(d, 0))
	c.mu.Lock()
	sooner := at.Before(c.next) || c.next.IsZero()
	if sooner {
		c.next = at
	}
	c.mu.Unlock()
	if sooner {
		signal(c.wake)
	}
}

// HasRoom tells whether the workers could soon begin with one more piece.
func (c *Crew[T]) HasRoom() bool {
	c.init()
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.started && !c.stopped && len(c.held) < cap(c.queue)/2
}

// Hand gives the crew a piece that is leased to this process already, after HasRoom: nobody need look for it. What is handed to a crew that
// has been stopped meanwhile is left to the end of its lease.
func (c *Crew[T]) Hand(one T) {
	c.init()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopped {
		c.unbegun = append(c.unbegun, one)
		return
	}
	p := &piece[T]{one}
	c.held[p] = struct{}{}
	c.handed = append(c.handed, p)
	c.queueHanded()
}

// queueHanded puts handed pieces where there is a place; under mu.
func (c *Crew[T]) queueHanded() {
	for len(c.handed) > 0 {
		select {
		case c.queue <- c.handed[0]:
			c.handed = c.handed[1:]
		default:
			return
		}
	}
}

// Quitting is closed when the crew is asked to stop: long work should come to an end.
func (c *Crew[T]) Quitting() <-chan struct{} { c.init(); return c.quit }

// Start begins to work, until Stop or the end of ctx.
func (c *Crew[T]) Start(ctx context.Context) {
	c.init()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.started || c.stopped {
		return
	}
	c.started = true
	// What a power failure undoes is done again: it is undone together with the note that it was done.
	work, cancel := context.WithCancel(db.Unsynced(context.WithoutCancel(ctx)))
	c.cancel = cancel
	context.AfterFunc(ctx, c.close)
	for range c.Workers {
		c.all.Go(func() { c.workFor(work) })
	}
	c.all.Go(func() { c.lead(work) })
}

// close says that no new work shall begin.
func (c *Crew[T]) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.stopped {
		c.stopped = true
		close(c.quit)
	}
}

// Stop ends the crew: work in flight may finish for a few seconds, then its
// ctx ends; what was not begun is handed back.
func (c *Crew[T]) Stop(ctx context.Context) error {
	c.init()
	c.close()
	c.mu.Lock()
	started := c.started
	c.mu.Unlock()
	if !started {
		return nil
	}
	gone := make(chan struct{})
	go func() { c.all.Wait(); close(gone) }()
	late := c.await(ctx, gone)
	c.cancel()
	c.mu.Lock()
	unbegun := c.unbegun
	for _, p := range c.handed {
		unbegun = append(unbegun, p.work)
	}
	c.unbegun, c.handed = nil, nil
	c.mu.Unlock()
	if len(unbegun) > 0 {
		if err := c.Return(context.WithoutCancel(ctx), unbegun); err != nil {
			return fmt.Errorf("hand back %s work: %w", c.Name, err)
		}
	}
	return late
}

// await waits for the workers, with patience and then without.
func (c *Crew[T]) await(ctx context.Context, gone <-chan struct{}) error {
	select {
	case <-gone:
		return nil
	case <-ctx.Done():
	case <-time.After(grace):
	}
	c.cancel()
	select {
	case <-gone:
		return nil
	case <-time.After(afterGrace):
		return fmt.Errorf("stop %s workers: some work does not end", c.Name)
	}
}

// lead claims work while there are hands for it.
func (c *Crew[T]) lead(ctx context.Context) {
	defer close(c.queue)
	renew := newTicker(c.RenewEvery)
	defer renew.Stop()
	timer := time.NewTimer(0)
	defer timer.Stop()
	claimed := false // whether the last claim was filled: there may be more
	for {
		if c.due(claimed) {
			claimed = c.claim(ctx)
		}
		timer.Reset(c.untilNext())
		select {
		case <-c.quit:
			return
		case <-renew.C:
			c.renew(ctx)
		case <-c.finished:
			c.mu.Lock()
			if !c.stopped {
				c.queueHanded()
			}
			c.mu.Unlock()
		case <-c.wake:
		case <-timer.C:
		}
	}
}

// due tells whether to claim now: it is time, and enough hands are free to make a batch.
func (c *Crew[T]) due(more bool) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.held) <= cap(c.queue)/2 && (more || !time.Now().Before(c.next))
}

// untilNext is how long the leader may sleep.
func (c *Crew[T]) untilNext() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.held) > cap(c.queue)/2 {
		return poll // a worker that finishes wakes the leader
	}
	return max(time.Until(c.next), soonest)
}

// claim fills the queue and tells whether there may be more.
func (c *Crew[T]) claim(ctx context.Context) bool {
	c.mu.Lock()
	most := cap(c.queue) - len(c.held)
	c.next = time.Now().Add(poll)
	c.mu.Unlock()

	work, idle, err := c.Claim(ctx, most)
	if err != nil {
		c.Log.ErrorContext(ctx, "cannot claim work", "crew", c.Name, "error", err)
		idle = stumble
	}
	if len(work) < most && idle > 0 {
		c.After(idle)
	}
	for _, one := range work {
		p := &piece[T]{one}
		c.mu.Lock()
		c.held[p] = struct{}{}
		c.mu.Unlock()
		c.queue <- p // held ≤ capacity, so this never waits
	}
	return len(work) > 0 && len(work) == most
}

// renew prolongs the leases of what is held.
func (c *Crew[T]) renew(ctx context.Context) {
	c.mu.Lock()
	held := make([]T, 0, len(c.held))
	for p := range c.held {
		held = append(held, p.work)
	}
	c.mu.Unlock()
	if len(held) == 0 {
		return
	}
	if err := c.Renew(ctx, held); err != nil {
		c.Log.ErrorContext(ctx, "cannot renew leases", "crew", c.Name, "error", err)
	}
}

// workFor runs pieces until the queue is closed; after quit it only sets them aside.
func (c *Crew[T]) workFor(ctx context.Context) {
	for p := range c.queue {
		pieces := c.more(p)
		select {
		case <-c.quit:
			c.mu.Lock()
			for _, p := range pieces {
				c.unbegun = append(c.unbegun, p.work)
			}
			c.mu.Unlock()
			continue
		default:
		}
		err := Safely(func() error { c.run(ctx, pieces); return nil })
		if err != nil {
			c.Log.ErrorContext(ctx, "work failed", "crew", c.Name, "error", err)
		}
		c.mu.Lock()
		for _, p := range pieces {
			delete(c.held, p)
		}
		c.mu.Unlock()
		signal(c.finished)
	}
}

// more adds to a piece what waits beside it.
func (c *Crew[T]) more(p *piece[T]) []*piece[T] {
	pieces := []*piece[T]{p}
	for c.RunAll != nil && len(pieces) < c.Together {
		select {
		case p, open := <-c.queue:
			if !open {
				return pieces
			}
			pieces = append(pieces, p)
		default:
			return pieces
		}
	}
	return pieces
}

func (c *Crew[T]) run(ctx context.Context, pieces []*piece[T]) {
	if len(pieces) == 1 {
		c.Run(ctx, pieces[0].work)
		return
	}
	many := make([]T, len(pieces))
	for i, p := range pieces {
		many[i] = p.work
	}
	c.RunAll(ctx, many)
}

// Running tells how many pieces are held by this process.
func (c *Crew[T]) Running() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.held)
}

// newTicker is a ticker that never ticks when there is nothing to renew.
func newTicker(every time.Duration) *time.Ticker {
	if every <= 0 {
		every = 24 * time.Hour
	}
	return time.NewTicker(every)
}

// signal wakes whoever waits on ch, and does nothing if it is awake already.
func signal(ch chan struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}
