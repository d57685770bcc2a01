package notifications

import (
	"cmp"
	"context"
	"crypto/ecdh"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"anancus/internal/kit/bus"
	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/protocol/webpush"
	"anancus/internal/social/id"
	"anancus/internal/social/settings"
	"anancus/internal/social/viewer"
)

const (
	pushHostsAtOnce = 16               // push services served at a time
	pushesAtOnce    = 4                // messages on their way to one of them
	pushPage        = 32               // rows read at a time
	pushVisit       = 20 * time.Second // after which a push service lets others go first
	pushLease       = time.Minute      // how long the hosts of a dead process stay untouched
	pushRenewEvery  = 15 * time.Second // several chances before a lease ends
	pushRetries     = 5                // after the first attempt, as Mastodon
	pushBreaker     = 10               // failures in a row after which a push service is left alone
	pushPause       = time.Minute      // and for how long
	maxPushPause    = time.Hour        // however long it asks for
	pushTrouble     = 15 * time.Second // the pause of a host after trouble of our own
	maxPushes       = 50               // subscriptions of a member that are served, the latest ones
	pushNever       = 253402300799000  // due_at of a host with nothing to send: the last day of 9999
)

// PushConfig is what a Pusher needs beside the room.
type PushConfig struct {
	Log    *slog.Logger
	Site   settings.Site
	Sender *webpush.Sender
	Key    []byte // signs the addresses by which push services end subscriptions
	// Secret gives the token itself, where it can be made again: apps find by it whom a message is for.
	Secret func(ctx context.Context, token id.Token) (string, error)
}

// Pusher sends notifications to the push services that members' apps named. What is on its way are rows: a row is gone when the
// service answered, and tried again when it did not.
type Pusher struct {
	PushConfig
	*Service
	crew   *bus.Crew[pushHost]
	counts [4]atomic.Int64
}

// PushResult is what became of a message.
type PushResult int

// The results. Failed ones are tried again, or were until they were Lost.
const (
	PushTaken PushResult = iota
	PushEnded            // the subscription is none any more
	PushFailed
	PushLost
)

func (r PushResult) String() string { return [...]string{"taken", "ended", "failed", "lost"}[r] }

// NewPusher makes the queue to push services.
func NewPusher(s *Service, c PushConfig) *Pusher {
	p := &Pusher{PushConfig: c, Service: s}
	p.crew = &bus.Crew[pushHost]{
		Name: "pushes", Workers: pushHostsAtOnce, Ahead: pushHostsAtOnce, Log: c.Log,
		Claim: p.claim,
		Run:   func(ctx context.Context, h pushHost) { p.visit(ctx, h, pushesAtOnce, p.crew.Quitting()) },
		Renew: func(ctx context.Context, held []pushHost) error {
			return renewPushHosts(ctx, s.db, pushHostNames(held), s.clock.Now().Add(pushLease))
		},
		RenewEvery: pushRenewEvery,
		Return: func(ctx context.Context, unbegun []pushHost) error {
			return returnPushHosts(ctx, s.db, pushHostNames(unbegun), s.clock.Now())
		},
	}
	return p
}

// Start begins to push, until Stop or the end of ctx.
func (p *Pusher) Start(ctx context.Context) error {
	if p.db.Engine() == db.SQLite { // one process: every lease is one of a run that died
		if err := releasePushHosts(ctx, p.db, p.clock.Now()); err != nil {
			return err
		}
	}
	p.crew.Start(ctx)
	return nil
}

// Stop lets what is on its way finish and hands the rest back. It may be called without Start.
func (p *Pusher) Stop(ctx context.Context) error { return p.crew.Stop(ctx) }

// Counts tells how many messages of this process ended how.
func (p *Pusher) Counts() map[PushResult]int64 {
	counts := map[PushResult]int64{}
	for r := range p.counts {
		counts[PushResult(r)] = p.counts[r].Load()
	}
	return counts
}

// Waiting tells how many messages wait, and for how long the oldest.
func (p *Pusher) Waiting(ctx context.Context) (rows int64, age time.Duration, err error) {
	return pushesWaiting(ctx, p.db, p.clock.Now())
}

// Purge forgets push services that nobody uses any more.
func (p *Pusher) Purge(ctx context.Context) error { return purgePushHosts(ctx, p.db) }

// DeliverDue pushes all that is due, one after the other in the caller's goroutine; for tests.
func (p *Pusher) DeliverDue(ctx context.Context) error {
	for {
		hosts, err := claimPushHosts(ctx, p.db, p.clock.Now(), pushLease, pushHostsAtOnce)
		if err != nil || len(hosts) == 0 {
			return err
		}
		for _, h := range hosts {
			p.visit(ctx, h, 1, nil)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}

// Pushed tells, inside the transaction of a notification, whether somebody wants to be pushed.
func Pushed(ctx context.Context, tx *db.Tx, e Told) (bool, error) {
	if e.Filtered {
		return false, nil
	}
	n, err := db.One(ctx, tx, db.Value[int64], `SELECT COUNT(*) FROM push_subscriptions WHERE account_id = $1`, e.Account)
	return n > 0, err
}

// Push lays a notification ready for every subscription of the member that wants it.
func (p *Pusher) Push(ctx context.Context, e Told) error {
	n, err := one(ctx, p.db, e.Account, e.Notification)
	if err != nil {
		return ignoreNotFound(err)
	}
	if n.Filtered || p.clock.Now().Sub(clock.FromMilli(n.CreatedAt)) > webpush.TTL {
		return nil
	}
	all, err := subscriptionsOf(ctx, p.db, n.Account, maxPushes)
	if err != nil {
		return fmt.Errorf("push: %w", err)
	}
	wanted := slices.DeleteFunc(all, func(s *Subscription) bool { return !s.Alerts[string(n.Kind)] || s.Policy == "none" })
	if slices.ContainsFunc(wanted, func(s *Subscription) bool { return s.Policy == "followed" || s.Policy == "follower" }) {
		follows, followed, err := ties(ctx, p.db, n.Account, n.From)
		if err != nil {
			return err
		}
		wanted = slices.DeleteFunc(wanted, func(s *Subscription) bool {
			return s.Policy == "followed" && !follows || s.Policy == "follower" && !followed
		})
	}
	if len(wanted) == 0 {
		return nil
	}
	ids := make([]id.PushSubscription, len(wanted))
	for i, s := range wanted {
		ids[i] = s.ID
	}
	if err := p.db.Tx(ctx, func(tx *db.Tx) error { return enqueuePushes(ctx, tx, n.ID, ids) }); err != nil {
		return fmt.Errorf("push: %w", err)
	}
	p.crew.Wake()
	return nil
}

// claim leases push services that something waits for, or tells when there will be one.
func (p *Pusher) claim(ctx context.Context, most int) ([]pushHost, time.Duration, error) {
	now := p.clock.Now()
	due, err := nextPushDue(ctx, p.db, now)
	if err != nil {
		return nil, 0, err
	}
	if wait := clock.FromMilli(due).Sub(now); wait > 0 {
		return nil, wait, nil
	}
	hosts, err := claimPushHosts(ctx, p.db, now, pushLease, most)
	return hosts, time.Millisecond, err
}

// pushHost is a push service.
type pushHost struct {
	name        string
	failures    int
	pausedUntil int64
}

func pushHostNames(hosts []pushHost) []string {
	names := make([]string, len(hosts))
	for i, h := range hosts {
		names[i] = h.name
	}
	return names
}

// push is one row, with the subscription as it is now.
type push struct {
	notification id.Notification
	subscription id.PushSubscription
	attempts     int
	created      int64
	to           *Subscription // nil: there is none any more, or its token may not be told
	session      bool          // it is our own app's
}

// pushVisitor is the time in which a worker has a push service to itself.
type pushVisitor struct {
	*Pusher
	began time.Time // real time
	quit  <-chan struct{}

	mu     sync.Mutex
	host   pushHost
	failed bool // trouble of our own: no more now
}

// visit sends what is due to a host and gives the host back.
func (p *Pusher) visit(ctx context.Context, h pushHost, hands int, quit <-chan struct{}) {
	v := &pushVisitor{Pusher: p, host: h, quit: quit, began: time.Now()}
	err := bus.Safely(func() error { return v.walk(ctx, hands) })
	if err != nil {
		v.trouble(ctx, err)
	}
	v.release(ctx)
}

// walk goes on as long as something is due. Each row leaves, or is due later.
func (v *pushVisitor) walk(ctx context.Context, hands int) error {
	for !v.ended(ctx) {
		rows, err := duePushes(ctx, v.db, v.host.name, v.clock.Now(), pushPage)
		if err != nil || len(rows) == 0 {
			return err
		}
		todo := make(chan push, len(rows))
		for _, row := range rows {
			todo <- row
		}
		close(todo)
		if v.host.failures >= pushBreaker {
			hands = 1
		}
		var all sync.WaitGroup
		for range min(hands, len(rows)) {
			all.Go(func() {
				for row := range todo {
					if v.ended(ctx) {
						return
					}
					if err := bus.Safely(func() error { return v.deliver(ctx, row) }); err != nil {
						v.trouble(ctx, err)
					}
				}
			})
		}
		all.Wait()
	}
	return nil
}

// deliver sends one row and writes down how it ended.
func (v *pushVisitor) deliver(ctx context.Context, row push) error {
	now := v.clock.Now()
	if row.to == nil || now.Sub(clock.FromMilli(row.created)) > webpush.TTL {
		return v.drop(ctx, row)
	}
	plain, err := v.message(ctx, row)
	if err != nil {
		return err
	}
	if plain == nil {
		return v.drop(ctx, row)
	}
	to, err := row.to.subscriber()
	if err != nil {
		return v.end(ctx, row)
	}
	answer, err := v.Sender.Send(ctx, to, webpush.Message{Plain: plain, Unsubscribe: v.leaveAddress(row.subscription, now)})
	if err != nil && ctx.Err() != nil { // we are stopping: not the service's fault
		return nil
	}
	ctx = context.WithoutCancel(ctx)
	switch result, text := pushResultOf(answer, err); result {
	case PushTaken:
		v.answered()
		v.counts[PushTaken].Add(1)
		return v.drop(ctx, row)
	case PushEnded:
		v.answered()
		v.Log.InfoContext(ctx, "a push subscription has ended", "host", v.host.name, "answer", text)
		return v.end(ctx, row)
	default:
		return v.fail(ctx, row, answer, text)
	}
}

// pushResultOf reads an answer as Mastodon does: what is wrong with the subscription ends it. So does an address that is not public.
func pushResultOf(answer webpush.Answer, err error) (PushResult, string) {
	if err != nil {
		text := err.Error()
		text = text[:min(len(text), 300)]
		if fault.Is(err, fault.Forbidden) || fault.Is(err, fault.BadRequest) {
			return PushEnded, text
		}
		return PushFailed, text
	}
	text := fmt.Sprintf("answered %d", answer.Status)
	switch {
	case answer.Status >= 200 && answer.Status < 300:
		return PushTaken, text
	case answer.Status == 408 || answer.Status == 429:
		return PushFailed, text
	case answer.Status >= 400 && answer.Status < 500:
		return PushEnded, text
	}
	return PushFailed, text
}

// answered notes that the service is there.
func (v *pushVisitor) answered() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.host.failures = 0
}

// drop forgets a row.
func (v *pushVisitor) drop(ctx context.Context, row push) error {
	return v.db.Tx(ctx, func(tx *db.Tx) error { return removePush(ctx, tx, row) })
}

// end removes the subscription and all that waits for it.
func (v *pushVisitor) end(ctx context.Context, row push) error {
	v.counts[PushEnded].Add(1)
	return v.endSubscription(ctx, row.subscription)
}

func (s *Service) endSubscription(ctx context.Context, which id.PushSubscription) error {
	err := s.db.Tx(ctx, func(tx *db.Tx) error { return removeSubscriptions(ctx, tx, `id = $1`, which) })
	if err != nil {
		return fmt.Errorf("end push subscription: %w", err)
	}
	return nil
}

// fail makes a row wait, or gives it up, and the service too when it fails again and again or asks to be left alone.
func (v *pushVisitor) fail(ctx context.Context, row push, answer webpush.Answer, text string) error {
	now := v.clock.Now()
	v.mu.Lock()
	v.host.failures++
	pause := time.Duration(0)
	if v.host.failures >= pushBreaker {
		pause = pushPause
	}
	pause = max(pause, min(answer.RetryAfter, maxPushPause))
	if pause > 0 {
		v.host.pausedUntil = clock.Milli(now.Add(pause))
	}
	v.mu.Unlock()
	row.attempts++
	if row.attempts > pushRetries {
		v.counts[PushLost].Add(1)
		v.Log.InfoContext(ctx, "a push is given up", "host", v.host.name, "error", text)
		return v.drop(ctx, row)
	}
	v.counts[PushFailed].Add(1)
	return v.db.Tx(ctx, func(tx *db.Tx) error {
		return postponePush(ctx, tx, row, now.Add(bus.Backoff(row.attempts)), text)
	})
}

// ended tells whether the visit should stop here.
func (v *pushVisitor) ended(ctx context.Context) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	select {
	case <-v.quit:
		return true
	default:
	}
	return v.failed || ctx.Err() != nil || v.host.pausedUntil > clock.Milli(v.clock.Now()) || time.Since(v.began) > pushVisit
}

// trouble notes a failure of our own: the host waits a little.
func (v *pushVisitor) trouble(ctx context.Context, err error) {
	if ctx.Err() == nil {
		v.Log.ErrorContext(ctx, "cannot push", "host", v.host.name, "error", err)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.failed = true
}

// release gives the host back, due when the first of what is left is.
func (v *pushVisitor) release(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	earliest := v.host.pausedUntil
	if v.failed {
		earliest = max(earliest, clock.Milli(v.clock.Now().Add(pushTrouble)))
	}
	due, err := releasePushHost(ctx, v.db, v.host, earliest)
	if err != nil { // the lease will end
		v.Log.ErrorContext(ctx, "cannot give a push service back", "host", v.host.name, "error", err)
		return
	}
	if due != pushNever {
		v.crew.After(clock.FromMilli(due).Sub(v.clock.Now()))
	}
}

// subscriber gives the subscription as the encryption needs it.
func (p *Subscription) subscriber() (*webpush.Subscriber, error) {
	key, _ := decodeKey(p.P256dh)
	secret, _ := decodeKey(p.Auth)
	public, err := ecdh.P256().NewPublicKey(key)
	return &webpush.Subscriber{Endpoint: p.Endpoint, Key: public, Auth: secret, Standard: p.Standard}, err
}

// mayBeTold tells whether a member may be told anything now, and in which language.
func (p *Pusher) mayBeTold(ctx context.Context, account id.Account) (locale string, ok bool, err error) {
	member, err := p.accounts.Member(ctx, account)
	if err != nil {
		return "", false, ignoreNotFound(err)
	}
	a, err := p.accounts.ByID(ctx, account)
	if err != nil {
		return "", false, ignoreNotFound(err)
	}
	return cmp.Or(member.Locale, "en"), member.MayAct() == nil && a.Available(), nil
}

// readerOf is how a member's own app would ask.
func readerOf(account id.Account, locale string) viewer.Viewer {
	return viewer.Viewer{Account: account, Scopes: []string{"read"}, Locale: locale}
}
