package server

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"anancus/internal/kit/bus"
	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/social/accounts"
	"anancus/internal/social/id"
)

// Limits of processing.
const (
	inboxWorkers   = 4
	inboxLease     = time.Minute
	inboxAttempts  = 8           // as Mastodon's ingress queue
	inboxWithin    = time.Minute // one activity, fetches of others included
	budgetAccounts = 400         // what one activity may lead to (federation.md §2)
	budgetStatuses = 1000
	keepFailed     = 30 * 24 * time.Hour
)

// letter is a received activity that waits.
type letter struct {
	id          int64
	actor       string
	body        string
	addressedTo id.Account
	attempts    int
}

func scanLetter(r db.Row) (letter, error) {
	var l letter
	var to *id.Account
	err := r.Scan(&l.id, &l.actor, &l.body, &to, &l.attempts)
	if to != nil {
		l.addressedTo = *to
	}
	return l, err
}

// inboxQueue processes received activities, one actor's in the order they came.
type inboxQueue struct {
	bus.Crew[letter]
	db    *db.DB
	clock clock.Clock
	log   *slog.Logger
	take  func(ctx context.Context, l letter) error
}

func newInboxQueue(d *db.DB, c clock.Clock, log *slog.Logger, take func(ctx context.Context, l letter) error) *inboxQueue {
	q := &inboxQueue{db: d, clock: c, log: log, take: take}
	q.Name, q.Workers, q.Log, q.RenewEvery = "inbox", inboxWorkers, log, inboxLease/4
	q.Claim, q.Run = q.claim, q.run
	q.Renew = func(ctx context.Context, held []letter) error {
		return q.write(ctx, `UPDATE inbox SET leased_until = $2 WHERE id {in $1}`, numbers(held), clock.Milli(c.Now().Add(inboxLease)))
	}
	q.Return = func(ctx context.Context, unbegun []letter) error {
		return q.write(ctx, `UPDATE inbox SET leased_until = NULL WHERE id {in $1}`, numbers(unbegun))
	}
	return q
}

func numbers(list []letter) []int64 {
	ids := make([]int64, len(list))
	for i, l := range list {
		ids[i] = l.id
	}
	return ids
}

func (q *inboxQueue) write(ctx context.Context, sql string, args ...any) error {
	return q.db.Tx(ctx, func(tx *db.Tx) error {
		_, err := db.Exec(ctx, tx, sql, args...)
		return err
	})
}

// claim leases the oldest letter of each actor that has none in hand.
func (q *inboxQueue) claim(ctx context.Context, most int) (work []letter, idle time.Duration, err error) {
	now := clock.Milli(q.clock.Now())
	err = q.db.Tx(ctx, func(tx *db.Tx) error {
		work, err = db.All(ctx, tx, scanLetter, `UPDATE inbox SET leased_until = $1 WHERE id IN (
				SELECT i.id FROM inbox i WHERE i.failed_at IS NULL AND i.due_at <= $2 AND (i.leased_until IS NULL OR i.leased_until < $2)
				AND NOT EXISTS (SELECT 1 FROM inbox e WHERE e.actor = i.actor AND e.id < i.id AND e.failed_at IS NULL)
				ORDER BY i.due_at LIMIT $3
			) AND (leased_until IS NULL OR leased_until < $2) RETURNING id, actor, body, addressed_to, attempts`,
			clock.Milli(q.clock.Now().Add(inboxLease)), now, most)
		return err
	})
	if err != nil || len(work) == most {
		return work, 0, err
	}
	next, err := db.All(ctx, q.db, db.Value[int64], `SELECT due_at FROM inbox WHERE failed_at IS NULL AND due_at > $1 ORDER BY due_at LIMIT 1`, now)
	if err != nil || len(next) == 0 {
		return work, 0, err
	}
	return work, time.Duration(next[0]-now) * time.Millisecond, nil
}

// release gives back the leases of a process that is dead; for a database that no other process uses.
func (q *inboxQueue) release(ctx context.Context) error {
	return q.write(ctx, `UPDATE inbox SET leased_until = NULL WHERE leased_until IS NOT NULL`)
}

func (q *inboxQueue) run(ctx context.Context, l letter) {
	if err := q.process(ctx, l); err != nil {
		q.log.ErrorContext(ctx, "a received activity could not be settled", "inbox", l.id, "error", err)
	}
	q.Wake() // the actor's next one may go now
}

func (q *inboxQueue) process(ctx context.Context, l letter) error {
	within, cancel := context.WithTimeout(activitypub.WithBudget(ctx, budgetAccounts, budgetStatuses), inboxWithin)
	defer cancel()
	failure := bus.Safely(func() error { return q.take(within, l) })
	if failure == nil {
		return q.write(ctx, `DELETE FROM inbox WHERE id = $1`, l.id)
	}
	now := q.clock.Now()
	text := failure.Error()
	if len(text) > 1000 {
		text = text[:1000]
	}
	if l.attempts+1 >= inboxAttempts {
		q.log.WarnContext(ctx, "gave up a received activity", "inbox", l.id, "actor", l.actor, "error", failure)
		return q.write(ctx, `UPDATE inbox SET failed_at = $2, leased_until = NULL, attempts = attempts + 1, last_error = $3 WHERE id = $1`, l.id, clock.Milli(now), text)
	}
	return q.write(ctx, `UPDATE inbox SET due_at = $2, leased_until = NULL, attempts = attempts + 1, last_error = $3 WHERE id = $1`,
		l.id, clock.Milli(now.Add(bus.Backoff(l.attempts+1))), text)
}

// drain processes everything that is due, for tests.
func (q *inboxQueue) drain(ctx context.Context) error {
	for {
		work, _, err := q.claim(ctx, 100)
		if err != nil || len(work) == 0 {
			return err
		}
		for _, l := range work {
			if err := q.process(ctx, l); err != nil {
				return err
			}
		}
	}
}

// purgeFailed forgets activities that failed for good a month ago.
func (q *inboxQueue) purgeFailed(ctx context.Context) error {
	return q.write(ctx, `DELETE FROM inbox WHERE id IN (SELECT id FROM inbox WHERE failed_at < $1 LIMIT 500)`, clock.Milli(q.clock.Now().Add(-keepFailed)))
}

// take processes one letter: the actor as we know it now, and the activity as it came.
func (s *Server) take(ctx context.Context, l letter) error {
	activity, err := activitypub.Parse([]byte(l.body))
	if err != nil {
		return fmt.Errorf("read a stored activity: %w", err)
	}
	actor, hearsay := strings.CutPrefix(l.actor, hearsayLane)
	told, relayed := strings.CutPrefix(l.actor, relayLane)
	switch {
	case hearsay:
		err = s.hear(ctx, actor, activity)
	case relayed:
		err = s.hearRelay(ctx, told, activity)
	default:
		err = s.takeFrom(ctx, l, activity)
	}
	switch fault.KindOf(err) {
	case fault.Internal, fault.Unavailable, fault.TooMany:
		return err
	}
	if err != nil { // what it says is wrong or over: trying again mends nothing, and would hold up what the actor says next
		s.log.DebugContext(ctx, "ignored a received activity", "inbox", l.id, "actor", l.actor, "error", err)
	}
	return nil
}

// takeFrom processes what an actor told us, and passes on what our members' followers elsewhere should hear.
func (s *Server) takeFrom(ctx context.Context, l letter, activity activitypub.Object) error {
	actor, err := s.accounts.ByURI(ctx, l.actor)
	if err != nil { // gone since
		return err
	}
	if err := s.accounts.Heard(ctx, actor); err != nil {
		return err
	}
	in := accounts.Received{Actor: actor, Activity: activity, Inbox: l.addressedTo}
	return s.statuses.PassOn(ctx, in, l.body, func() error { return s.receive(ctx, in) })
}

// turnstile lets a few at a time through for each name.
type turnstile struct {
	mu   sync.Mutex
	most int
	in   map[string]int
}

func newTurnstile(most int) *turnstile { return &turnstile{most: most, in: map[string]int{}} }

func (t *turnstile) enter(name string) (leave func(), ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.in[name] >= t.most {
		return nil, false
	}
	t.in[name]++
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		if t.in[name]--; t.in[name] == 0 {
			delete(t.in, name)
		}
	}, true
}
