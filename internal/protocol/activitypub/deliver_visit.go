package activitypub

import (
	"context"
	"crypto"
	"io"
	"math"
	"strings"
	"sync"
	"time"

	"anancus/internal/kit/bus"
	"anancus/internal/kit/clock"
	"anancus/internal/kit/fault"
)

const (
	lanesAtOnce = 2                // lanes of one host in flight, so connections to it
	lanePage    = 32               // lanes read at a time
	laneBatch   = 10               // rows of a lane read at a time
	laneTurn    = 50               // rows after which a lane lets others go first
	visitTime   = 20 * time.Second // after which a host lets others go first
	doneBatch   = 16               // answered rows that may wait to be removed: a kill sends these twice
	doneWait    = time.Second      // and how long
)

// visit is the time in which a worker has a host to itself.
type visit struct {
	*Deliverer
	began time.Time       // real time
	hands int             // lanes in flight at a time
	quit  <-chan struct{} // closed when it should end; nil: never

	mu        sync.Mutex
	host      deliveryHost
	next      int64     // when the first of what is left is due
	cut       bool      // ended before all lanes had their turn
	done      []int64   // answered rows, not yet removed
	doneSince time.Time // real time of the first of these
}

// lane is an author's rows for a host; due is the time of its first row.
type lane struct{ author, due int64 }

// delivery is one stored row.
type delivery struct {
	id, author int64
	key        string
	inbox      string
	body       string // of this delivery alone
	bodyID     int64  // or that of many
	status     int64
	attempts   int
	due        int64
	created    int64
}

// visit serves the lanes of a claimed host and gives it back.
func (d *Deliverer) visit(ctx context.Context, h deliveryHost, hands int, quit <-chan struct{}) {
	v := &visit{Deliverer: d, host: h, hands: hands, quit: quit, began: time.Now(), next: never}
	err := bus.Safely(func() error { return v.walk(ctx) })
	if err != nil {
		v.trouble(ctx, "serve a host", err)
	}
	v.release(ctx)
}

// walk goes over the lanes, page by page.
func (v *visit) walk(ctx context.Context) error {
	after := v.resumeAt()
	if after > math.MinInt64 {
		v.soonest(clock.Milli(v.clock.Now())) // the lanes before it come next time
	}
	for {
		lanes, err := v.lanes(ctx, after)
		if err != nil {
			return err
		}
		v.serve(ctx, lanes)
		if len(lanes) > 0 {
			after = lanes[len(lanes)-1].author
		}
		if v.ended(ctx) {
			v.resumeFrom(after)
			return nil
		}
		if len(lanes) < lanePage {
			return nil
		}
	}
}

// serve gives each due lane a turn, few at a time; one at a time if the host is tired.
func (v *visit) serve(ctx context.Context, lanes []lane) {
	now := clock.Milli(v.clock.Now())
	due := make(chan lane, len(lanes))
	for _, l := range lanes {
		if l.due <= now || v.host.unavailableAt != nil { // a probe does not wait for a lane
			due <- l
		} else {
			v.soonest(l.due)
		}
	}
	close(due)
	hands := min(v.hands, len(due))
	if v.host.tired() {
		hands = 1
	}
	if hands <= 1 {
		v.turns(ctx, due)
		return
	}
	var all sync.WaitGroup
	for range hands {
		all.Go(func() { v.turns(ctx, due) })
	}
	all.Wait()
}

func (v *visit) turns(ctx context.Context, due <-chan lane) {
	for l := range due {
		if v.ended(ctx) {
			continue
		}
		err := bus.Safely(func() error { return v.turn(ctx, l.author) })
		if err != nil {
			v.trouble(ctx, "serve a lane", err)
		}
	}
}

// turn delivers the rows of one lane, in order, until one fails.
func (v *visit) turn(ctx context.Context, author int64) error {
	keyID, key, err := v.keys.DeliveryKey(ctx, author&^lowLane)
	if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Gone) {
		return dropLane(ctx, v.db, v.host.name, author)
	}
	if err != nil {
		return err
	}
	if v.courteous() {
		key = &behindSigner{key, v.courtesy}
	}
	after := int64(math.MinInt64)
	for sent := 0; sent < laneTurn; sent += laneBatch {
		rows, err := v.rows(ctx, author, after)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if v.ended(ctx) {
				return nil
			}
			goOn, err := v.deliver(ctx, row, keyID, key)
			if err != nil || !goOn {
				return err
			}
			after = row.id
		}
		if len(rows) < laneBatch {
			return nil
		}
	}
	v.soonest(clock.Milli(v.clock.Now())) // there may be more
	return nil
}

// courteous tells whether the visit makes way for others: that of a worker does.
func (v *visit) courteous() bool { return v.courtesy != nil && v.quit != nil }

// behindSigner is a key whose signatures make way for those who wait.
type behindSigner struct {
	crypto.Signer
	courtesy Courtesy
}

// Sign signs as the key does.
func (s *behindSigner) Sign(random io.Reader, digest []byte, options crypto.SignerOpts) (signature []byte, err error) {
	s.courtesy.Behind(func() { signature, err = s.Signer.Sign(random, digest, options) })
	return signature, err
}

// deliver sends one row and tells whether the next of its lane may go.
func (v *visit) deliver(ctx context.Context, row delivery, keyID string, key crypto.Signer) (goOn bool, err error) {
	if now := clock.Milli(v.clock.Now()); row.due > now && !v.unavailable() {
		v.soonest(row.due)
		return false, nil
	}
	if row.status != 0 {
		gone, err := v.isGone(ctx, row.status)
		if err != nil {
			return false, err
		}
		if gone {
			return true, v.finished(ctx, row.id)
		}
	}
	body, err := v.bodyOf(ctx, row)
	if fault.Is(err, fault.NotFound) {
		v.log.ErrorContext(ctx, "a delivery has no body and cannot be sent", "inbox", row.inbox, "event", row.key)
		return true, v.finished(ctx, row.id)
	}
	if err != nil {
		return false, err
	}
	if v.courteous() {
		err = v.courtesy.Wait(ctx)
	}
	status := 0
	if err == nil {
		status, err = v.send(ctx, row, body, keyID, key)
	}
	if err != nil && ctx.Err() != nil { // we are stopping: not the host's fault
		v.soonest(row.due)
		return false, nil
	}
	answer := answerOf(status, err)
	v.counts[answer].Add(1)
	switch answer {
	case failed:
		return false, v.failed(ctx, row, failureText(status, err))
	case refused: // nothing else tells of it: the row is gone
		v.log.DebugContext(ctx, "an inbox refuses a delivery", "inbox", row.inbox, "event", row.key, "answer", status)
	}
	return true, v.answered(ctx, row.id)
}

// send posts a row; a panic of the poster is a failure.
func (v *visit) send(ctx context.Context, row delivery, body []byte, keyID string, key crypto.Signer) (status int, err error) {
	ctx, cancel := context.WithTimeout(ctx, postDeadline)
	defer cancel()
	err = bus.Safely(func() (err error) {
		status, err = v.post.Post(ctx, row.inbox, body, keyID, key, v.headers(ctx, row)...)
		return err
	})
	return status, err
}

// headers are what a row is sent with besides. One that cannot be had is left
// out: the next delivery has it.
func (v *visit) headers(ctx context.Context, row delivery) []Header {
	if v.followers == nil || !strings.HasPrefix(row.key, ToFollowers) {
		return nil
	}
	told, err := v.followers(ctx, row.author&^lowLane, row.inbox)
	if err != nil {
		v.log.ErrorContext(ctx, "cannot tell who follows", "author", row.author, "error", err)
	}
	if told == "" {
		return nil
	}
	return []Header{{SynchronizationHeader, told}}
}

// answered notes that the host is there and that a row is done. A refusal is
// an answer too, as Mastodon counts it.
func (v *visit) answered(ctx context.Context, id int64) error {
	v.mu.Lock()
	news := v.host.recover()
	h := v.host
	v.mu.Unlock()
	if news {
		v.log.InfoContext(ctx, "a host answers again", "host", h.name)
		if err := saveHost(ctx, v.db, h); err != nil {
			return err
		}
	}
	return v.finished(ctx, id)
}

// finished remembers a row that can be removed, and removes several at once.
func (v *visit) finished(ctx context.Context, id int64) error {
	v.mu.Lock()
	if len(v.done) == 0 {
		v.doneSince = time.Now()
	}
	v.done = append(v.done, id)
	var full []int64
	if len(v.done) >= doneBatch || time.Since(v.doneSince) > doneWait {
		full, v.done = v.done, nil
	}
	v.mu.Unlock()
	if full == nil {
		return nil
	}
	return deleteDeliveries(context.WithoutCancel(ctx), v.db, full)
}

// failed notes a failure of the host and makes the lane wait, or gives the row up.
func (v *visit) failed(ctx context.Context, row delivery, text string) error {
	now := v.clock.Now()
	row.attempts++
	pause := bus.Backoff(row.attempts)
	row.due = clock.Milli(now.Add(pause))

	v.mu.Lock()
	fell := v.host.fail(now)
	h := v.host
	v.mu.Unlock()
	if fell {
		v.log.WarnContext(ctx, "a host has failed for days and is left alone", "host", h.name)
	}
	ctx = context.WithoutCancel(ctx)
	v.log.DebugContext(ctx, "a delivery failed", "inbox", row.inbox, "attempts", row.attempts, "error", text)
	if row.attempts > maxRetries || now.Sub(clock.FromMilli(row.created)) > laneEndures {
		v.log.InfoContext(ctx, "a delivery is given up", "inbox", row.inbox, "attempts", row.attempts, "error", text)
		due, err := giveUpDelivery(ctx, v.db, h, row, now)
		v.soonest(due)
		return err
	}
	v.soonest(row.due)
	return failDelivery(ctx, v.db, h, row, text)
}

// release gives the host back, due when the first of what is left is.
func (v *visit) release(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if v.cut {
		v.next = clock.Milli(v.clock.Now())
	}
	if v.next != never || v.cut {
		v.next = max(v.next, v.host.pausedUntil)
	}
	mine := &release{host: v.host.name, done: v.done, next: v.next}
	if err := v.releases.Do(ctx, mine); err != nil { // the lease will end
		v.log.ErrorContext(ctx, "cannot give a host back", "host", v.host.name, "error", err)
		return
	}
	if mine.due != never {
		v.crew.After(clock.FromMilli(mine.due).Sub(v.clock.Now()))
	}
}

// ended tells whether the visit should stop here.
func (v *visit) ended(ctx context.Context) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	select {
	case <-v.quit:
		v.cut = true
	default:
	}
	if ctx.Err() != nil || v.host.paused(v.clock.Now()) || time.Since(v.began) > visitTime {
		v.cut = true
	}
	return v.cut
}

// trouble notes a failure of our own: the host waits a little, and no failure is counted.
func (v *visit) trouble(ctx context.Context, what string, err error) {
	if ctx.Err() == nil {
		v.log.ErrorContext(ctx, "cannot "+what, "host", v.host.name, "error", err)
	}
	v.soonest(clock.Milli(v.clock.Now().Add(notOurs)))
}

// soonest lets the host be due at this time at the latest.
func (v *visit) soonest(due int64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.next = min(v.next, due)
}

func (v *visit) unavailable() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.host.unavailableAt != nil
}

// resumeAt takes the lane after which the last visit of this host was cut short.
func (v *visit) resumeAt() int64 {
	v.Deliverer.mu.Lock()
	defer v.Deliverer.mu.Unlock()
	after, ok := v.resume[v.host.name]
	if !ok {
		return math.MinInt64
	}
	delete(v.resume, v.host.name)
	return after
}

func (v *visit) resumeFrom(after int64) {
	v.Deliverer.mu.Lock()
	defer v.Deliverer.mu.Unlock()
	v.resume[v.host.name] = after
}
