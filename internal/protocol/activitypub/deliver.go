package activitypub

import (
	"context"
	"crypto"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"anancus/internal/kit/batch"
	"anancus/internal/kit/bus"
	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
)

// KeySource gives the key an author signs deliveries with. A NotFound or Gone
// fault means that there will be none any more: the author's rows are dropped.
// It is asked once for each visit of a lane, so it should be quick.
type KeySource interface {
	DeliveryKey(ctx context.Context, author int64) (keyID string, key crypto.Signer, err error)
}

// Poster sends a signed activity to an inbox, with further headers; a Client
// does. err is for requests that got no answer.
type Poster interface {
	Post(ctx context.Context, inbox string, body []byte, keyID string, key crypto.Signer, extra ...Header) (status int, err error)
}

// Header is one of a request.
type Header struct{ Name, Value string }

// Followers writes the SynchronizationHeader for what an author sends to an
// inbox; "" for none. It is asked for each delivery, so it should be quick.
type Followers func(ctx context.Context, author int64, inbox string) (header string, err error)

// Courtesy makes way for those who wait for an answer; a courtesy.Courtesy does. Wait is called before each delivery, and Behind makes
// the signature, which holds a processor longest.
type Courtesy interface {
	Wait(ctx context.Context) error
	Behind(work func())
}

// StatusGone tells whether a status was deleted, so that its Create need not be sent.
type StatusGone func(ctx context.Context, status int64) (bool, error)

// Deliverer sends stored activities to the inboxes of other servers, each at
// least once, until it is answered or given up. A lane is the rows of one
// author for one host: they go in the order of their ids, and only the first
// is in flight, so that a Delete never overtakes its Create.
type Deliverer struct {
	db    *db.DB
	clock clock.Clock
	log   *slog.Logger
	keys  KeySource
	post  Poster
	gone  StatusGone

	refuses   func(host string, farewell bool) bool // nil: nobody
	followers Followers                             // nil: nobody is told
	courtesy  Courtesy                              // nil: towards nobody

	crew *bus.Crew[deliveryHost]

	enqueued atomic.Int64 // real time of the last Enqueue, see claim
	counts   [3]atomic.Int64

	releases batch.Writer[*release]
	there    there
	bodies   *bodies

	mu     sync.Mutex
	resume map[string]int64 // the lane after which a visit that was cut short goes on
}

const (
	hostLease       = time.Minute      // how long the hosts of a dead process stay untouched
	hostRenewEvery  = 15 * time.Second // several chances before a lease ends
	postDeadline    = 10 * time.Second // as Mastodon's read timeout
	notOurs         = 15 * time.Second // the pause of a host after trouble of our own, such as with the database
	justEnqueued    = time.Second      // how long after Enqueue its commit may come
	enqueuedRecheck = 50 * time.Millisecond
)

// NewDeliverer makes the delivery queue of d. workers is how many hosts are
// served at a time; gone may be nil.
func NewDeliverer(d *db.DB, c clock.Clock, log *slog.Logger, keys KeySource, post Poster, gone StatusGone, workers int) *Deliverer {
	if gone == nil {
		gone = func(context.Context, int64) (bool, error) { return false, nil }
	}
	q := &Deliverer{db: d, clock: c, log: log, keys: keys, post: post, gone: gone, bodies: newBodies(), resume: map[string]int64{}}
	q.releases.Write, q.releases.Most = q.giveBack, releasedAtOnce
	q.crew = &bus.Crew[deliveryHost]{
		Name: "deliveries", Workers: max(workers, 1), Ahead: max(workers, 1), Log: log,
		Claim: q.claim,
		Run:   func(ctx context.Context, h deliveryHost) { q.visit(ctx, h, lanesAtOnce, q.crew.Quitting()) },
		Renew: func(ctx context.Context, held []deliveryHost) error {
			return renewHosts(ctx, d, hostNames(held), c.Now().Add(hostLease))
		},
		RenewEvery: hostRenewEvery,
		Return: func(ctx context.Context, unbegun []deliveryHost) error {
			return returnHosts(ctx, d, hostNames(unbegun), c.Now())
		},
	}
	return q
}

// GiveWay lets the workers make way for others. It is for the assembly, before Start.
func (d *Deliverer) GiveWay(by Courtesy) { d.courtesy = by }

// Start begins to deliver, until Stop or the end of ctx.
func (d *Deliverer) Start(ctx context.Context) error {
	if d.db.Engine() == db.SQLite { // one process: every lease is one of a run that died
		if err := releaseHosts(ctx, d.db, d.clock.Now()); err != nil {
			return err
		}
	}
	d.crew.Start(ctx)
	return nil
}

// Stop lets the deliveries in flight finish and hands their hosts back, within
// ten seconds. It may be called without Start.
func (d *Deliverer) Stop(ctx context.Context) error { return d.crew.Stop(ctx) }

// Wake makes the workers look for deliveries now; for after the commit of an Enqueue.
func (d *Deliverer) Wake() { d.crew.Wake() }

// DeliverDue delivers all that is due until nothing is, one after the other in
// the caller's goroutine; for tests. A delivery that fails is no error here: it
// waits for its next time.
func (d *Deliverer) DeliverDue(ctx context.Context) error {
	for {
		hosts, err := d.take(ctx, 50)
		if err != nil || len(hosts) == 0 {
			return err
		}
		for _, h := range hosts {
			d.visit(ctx, h, 1, nil)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}

// Counts tells how many deliveries this process has had accepted, refused and
// without a good answer since it began.
func (d *Deliverer) Counts() (taken, turnedDown, lost int64) {
	return d.counts[accepted].Load(), d.counts[refused].Load(), d.counts[failed].Load()
}

// claim leases hosts with due deliveries, or tells when the next is due.
func (d *Deliverer) claim(ctx context.Context, most int) ([]deliveryHost, time.Duration, error) {
	now := d.clock.Now()
	due, err := nextHostDue(ctx, d.db, now)
	if err != nil {
		return nil, 0, err
	}
	if wait := clock.FromMilli(due).Sub(now); wait > 0 {
		// Enqueue cannot know when its transaction commits, so we look again for a while.
		if time.Now().UnixNano()-d.enqueued.Load() < justEnqueued.Nanoseconds() {
			wait = min(wait, enqueuedRecheck)
		}
		return nil, wait, nil
	}
	hosts, err := d.take(ctx, most)
	return hosts, time.Millisecond, err
}

// take leases hosts with due deliveries, and reads what lies there for those that have little.
func (d *Deliverer) take(ctx context.Context, most int) ([]deliveryHost, error) {
	hosts, err := claimHosts(ctx, d.db, d.clock.Now(), hostLease, most)
	if err != nil {
		return nil, err
	}
	if err := d.deal(ctx, hosts); err != nil { // each visit reads for itself
		d.log.ErrorContext(ctx, "cannot read deliveries ahead", "error", err)
	}
	return hosts, nil
}
