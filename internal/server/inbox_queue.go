package server

import (
	"context"
	"errors"
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
	inboxWorkers   = 6
	inboxLease     = time.Minute
	inboxOfHost    = 3           // workers that one host may keep busy, though it wait for answers of others
	inboxRun       = 50          // letters of one actor taken in a row, before others have their turn
	inboxAttempts  = 8           // as Mastodon's ingress queue
	inboxWithin    = time.Minute // one activity, fetches of others included
	budgetAccounts = 400         // what one activity may lead to (federation.md §2)
	budgetStatuses = 1000
	keepFailed     = 30 * 24 * time.Hour
)

// letter is a received activity that waits.
type letter struct {
	id          int64
	host        string
	actor       string
	body        string
	addressedTo id.Account
	attempts    int
	activity    activitypub.Object // what body says, when it was read
}

func scanLetter(r db.Row) (letter, error) {
	var l letter
	var to *id.Account
	err := r.Scan(&l.id, &l.host, &l.actor, &l.body, &to, &l.attempts)
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
	rooms rooms
	turns turns
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
		for _, l := range unbegun {
			q.turns.end(l)
		}
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

// claim leases the oldest letter of each actor that has none in hand; where there are more than hands, hosts take turns.
func (q *inboxQueue) claim(ctx context.Context, most int) (work []letter, idle time.Duration, err error) {
	now := clock.Milli(q.clock.Now())
	// They are looked for beside the writer, which many wait for: where one actor has sent much, that is a long look.
	heads, err := q.pick(ctx, now, most)
	if err == nil && len(heads) > 0 {
		err = q.db.Tx(ctx, func(tx *db.Tx) error {
			work, err = db.All(ctx, tx, scanLetter, `UPDATE inbox SET leased_until = $1 WHERE id {in $3} AND failed_at IS NULL AND due_at <= $2
				AND (leased_until IS NULL OR leased_until < $2) RETURNING id, host, actor, body, addressed_to, attempts`, clock.Milli(q.clock.Now().Add(inboxLease)), now, heads)
			return err
		})
	}
	if err != nil {
		return nil, 0, err
	}
	for _, l := range work {
		q.turns.begin(l)
	}
	if len(work) == most {
		return work, 0, nil
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
	err := q.process(ctx, l)
	q.turns.end(l)
	if err != nil {
		q.log.ErrorContext(ctx, "a received activity could not be settled", "inbox", l.id, "error", err)
	}
	q.Wake() // the actor's next one may go now
}

// process takes a letter and those of the same actor that wait behind it: while the first is there and leased, nobody else takes them.
// All that were taken are removed at the end, at once; whoever dies before takes them again, and finds them done.
func (q *inboxQueue) process(ctx context.Context, first letter) error {
	var done []int64
	begin := q.clock.Now()
	for waiting := []letter{first}; len(waiting) > 0; {
		taken := waiting[:apart(waiting)]
		before := len(done)
		var err error
		for i, failure := range q.attemptAll(ctx, taken) {
			if failure == nil {
				done = append(done, taken[i].id)
			} else { // it is put off before others are removed: the first ones gone, it would be anybody's to take
				err = errors.Join(err, q.postpone(ctx, taken[i], failure))
			}
		}
		if len(done)-before < len(taken) {
			return errors.Join(err, q.remove(ctx, done))
		}
		last := taken[len(taken)-1]
		waiting = waiting[len(taken):]
		if len(done) >= inboxRun || ctx.Err() != nil || q.clock.Now().Sub(begin) > inboxLease/2 {
			break
		}
		if len(waiting) > 0 {
			continue
		}
		waiting, err = db.All(ctx, q.db, scanLetter, `SELECT id, host, actor, body, addressed_to, attempts FROM inbox
			WHERE actor = $1 AND id > $2 AND failed_at IS NULL ORDER BY id LIMIT $3`, last.actor, last.id, inboxRun-len(done))
		if err != nil {
			return errors.Join(err, q.remove(ctx, done))
		}
	}
	return q.remove(ctx, done)
}

// attempt takes one letter.
func (q *inboxQueue) attempt(ctx context.Context, l letter) error {
	within, cancel := context.WithTimeout(activitypub.WithBudget(ctx, budgetAccounts, budgetStatuses), inboxWithin)
	defer cancel()
	return bus.Safely(func() error { return q.take(within, l) })
}

func (q *inboxQueue) remove(ctx context.Context, done []int64) error {
	if len(done) == 0 {
		return nil
	}
	return q.write(ctx, `DELETE FROM inbox WHERE id {in $1}`, done)
}

// postpone tries a letter again later, and those behind it with it; the last failure is final.
func (q *inboxQueue) postpone(ctx context.Context, l letter, failure error) error {
	now := q.clock.Now()
	text := failure.Error()
	if len(text) > 1000 {
		text = text[:1000]
	}
	if l.attempts+1 >= inboxAttempts {
		q.log.WarnContext(ctx, "gave up a received activity", "inbox", l.id, "actor", l.actor, "error", failure)
		return q.write(ctx, `UPDATE inbox SET failed_at = $2, leased_until = NULL, attempts = attempts + 1, last_error = $3 WHERE id = $1`, l.id, clock.Milli(now), text)
	}
	due := clock.Milli(now.Add(bus.Backoff(l.attempts + 1)))
	return q.db.Tx(ctx, func(tx *db.Tx) error {
		_, err := db.Exec(ctx, tx, `UPDATE inbox SET due_at = $2, leased_until = NULL, attempts = attempts + 1, last_error = $3 WHERE id = $1`, l.id, due, text)
		if err == nil {
			_, err = db.Exec(ctx, tx, `UPDATE inbox SET due_at = $3 WHERE actor = $1 AND id > $2 AND failed_at IS NULL AND due_at < $3`, l.actor, l.id, due)
		}
		return err
	})
}

// store keeps a letter until it was processed; a host of which too many wait is told to come back later.
func (q *inboxQueue) store(ctx context.Context, host, lane string, body []byte, addressedTo id.Account) error {
	if !q.rooms.take(host) {
		waiting, err := db.One(ctx, q.db, db.Value[int64], `SELECT COUNT(*) FROM (SELECT 1 FROM inbox WHERE host = $1 AND failed_at IS NULL LIMIT $2) AS waiting`, host, maxHostRows)
		if err != nil {
			return err
		}
		if waiting >= maxHostRows {
			q.rooms.close(host)
			return errFull()
		}
		room := maxHostRows - waiting
		q.rooms.grant(host, max(room/4, min(room-1, leastGrant))) // beside this one
	}
	var to *int64
	if addressedTo != 0 {
		n := int64(addressedTo)
		to = &n
	}
	err := q.db.Tx(ctx, func(tx *db.Tx) error {
		now := clock.Milli(tx.Now())
		_, err := db.Exec(ctx, tx, `INSERT INTO inbox (id, host, actor, body, addressed_to, due_at, created_at) VALUES ($1,$2,$3,$4,$5,$6,$7)`,
			tx.NextID(), host, lane, string(body), to, now, now)
		return err
	})
	if err == nil && !q.turns.holds(lane) {
		q.Wake()
	}
	return err
}

// rooms is how much more each host may send before what waits of it is counted again: a count reads all of it.
type rooms struct {
	mu   sync.Mutex
	left map[string]int64
	full recently
}

// close remembers for a moment that a host has no room.
func (r *rooms) close(host string) { r.full.allow(host, time.Now(), 0) }

func (r *rooms) isFull(host string) bool { return r.full.since(host, time.Now(), fullFor) }

// leastGrant keeps a queue that is nearly full from being counted at every letter.
const leastGrant = 20

// maxRooms bounds how many hosts are remembered; of the others each activity is counted.
const maxRooms = 10_000

func (r *rooms) take(host string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.left[host] <= 0 {
		return false
	}
	if r.left[host]--; r.left[host] == 0 {
		delete(r.left, host)
	}
	return true
}

func (r *rooms) grant(host string, n int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.left == nil || len(r.left) >= maxRooms {
		r.left = map[string]int64{}
	}
	r.left[host] = n
}

// drain processes everything that is due, for tests.
func (q *inboxQueue) drain(ctx context.Context) error {
	for {
		work, _, err := q.claim(ctx, 100)
		if err != nil || len(work) == 0 {
			return err
		}
		for _, l := range work {
			err := q.process(ctx, l)
			q.turns.end(l)
			if err != nil {
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
	activity, err := l.read()
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
	actor, err := s.accounts.Writer(ctx, l.actor)
	if err != nil { // gone since
		return err
	}
	if err := s.accounts.Heard(ctx, actor); err != nil {
		return err
	}
	in := accounts.Received{Actor: actor, Activity: activity, Inbox: l.addressedTo}
	return s.statuses.PassOn(ctx, in, l.body, func() error { return s.receive(ctx, in) })
}
