package statuses

import (
	"context"
	"fmt"
	"sync"
	"time"

	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/social/accounts"
	"anancus/internal/social/id"
	"anancus/internal/social/media"
)

// Limits of scheduling, Mastodon's.
const (
	MaxScheduled      = 300 // of one member
	MaxScheduledDaily = 25  // of one member, for one day in UTC
	minAhead          = 5 * time.Minute
)

const (
	dueAtOnce       = 50              // statuses read together
	lookAgain       = time.Minute     // at the latest, for what other processes scheduled
	publishAttempts = 10              // while it is the server that fails; then the status is dropped
	publishAgain    = 2 * time.Minute // times the attempts so far
)

// Scheduled is a draft that is published later.
type Scheduled struct {
	ID      id.Scheduled
	Account id.Account
	Draft   Draft
	At      time.Time

	due      time.Time // when to try: At, or later after a failure
	attempts int64
}

func tooSoon() error {
	return fault.New(fault.Invalid, "Validation failed: Scheduled at date must be in the future")
}

// later reads when a status shall be published; false for now, which a time in the past means too.
func (s *Service) later(text string) (time.Time, bool, error) {
	if text == "" {
		return time.Time{}, false, nil
	}
	at, err := readDate(text)
	return at, at.After(s.clock.Now()), err
}

// dateForms are the ways in which apps write times; those without a zone are in UTC.
var dateForms = []string{time.RFC3339, "2006-01-02T15:04:05Z0700", "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05", "2006-01-02T15:04",
	"2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05 -0700", "2006-01-02 15:04:05 UTC", time.DateTime, "2006-01-02 15:04", time.DateOnly}

func readDate(text string) (time.Time, error) {
	for _, form := range dateForms {
		if at, err := time.Parse(form, text); err == nil {
			return at.UTC(), nil
		}
	}
	return time.Time{}, fault.New(fault.Invalid, "Invalid date supplied")
}

// Schedule keeps a draft for later. It is checked as if it were published now; what the author's
// defaults say is written down, so that changing them does not change it.
func (s *Service) Schedule(ctx context.Context, author *accounts.Account, member *accounts.Member, d Draft, at time.Time) (*Scheduled, error) {
	if !at.After(s.clock.Now().Add(minAhead)) {
		return nil, tooSoon()
	}
	made := &Scheduled{Account: author.ID, Draft: d, At: at, due: at}
	p, err := s.prepare(ctx, author, member, &d, 0)
	if err != nil {
		return nil, err
	}
	made.Draft.Language = d.Language
	if d.Visibility == "" {
		made.Draft.Visibility = Visibility(member.DefaultVisibility)
	}
	if d.QuotePolicy == "" {
		made.Draft.QuotePolicy = member.DefaultQuotePolicy
	}
	err = s.db.Tx(ctx, func(tx *db.Tx) error { return schedule(ctx, tx, made, p.shown) })
	if err != nil {
		return nil, fmt.Errorf("schedule status: %w", err)
	}
	return made, nil
}

// schedule stores what is to be published, or reads what the same idempotency key scheduled.
func schedule(ctx context.Context, tx *db.Tx, made *Scheduled, shown []*media.Attachment) error {
	made.ID = id.Scheduled(tx.NextID())
	if key := made.Draft.IdempotencyKey; key != "" {
		earlier, err := idempotent(ctx, tx, made.Account, key, int64(made.ID))
		if err != nil {
			return err
		}
		if earlier != 0 {
			first, err := scheduledOf(ctx, tx, made.Account, id.Scheduled(earlier))
			if err != nil {
				return err
			}
			*made = *first
			return nil
		}
	}
	if err := lockScheduled(ctx, tx, made.Account); err != nil {
		return err
	}
	all, err := countScheduled(ctx, tx, made.Account)
	if err != nil {
		return err
	}
	if all >= MaxScheduled {
		return fault.New(fault.Invalid, fmt.Sprintf("Validation failed: You have exceeded the limit of %d scheduled posts", MaxScheduled))
	}
	if err := roomOn(ctx, tx, made.Account, made.At, 0); err != nil {
		return err
	}
	if err := insertScheduled(ctx, tx, made); err != nil {
		return err
	}
	return media.Reserve(ctx, tx, made.ID, shown)
}

// roomOn refuses a further status for a full day. except is not counted: it is moved.
func roomOn(ctx context.Context, tx *db.Tx, account id.Account, at time.Time, except id.Scheduled) error {
	n, err := countScheduledOn(ctx, tx, account, at, except)
	if err != nil {
		return err
	}
	if n >= MaxScheduledDaily {
		return fault.New(fault.Invalid, fmt.Sprintf("Validation failed: You have exceeded the limit of %d scheduled posts for today", MaxScheduledDaily))
	}
	return nil
}

// Reschedule gives a scheduled status of the member another time.
func (s *Service) Reschedule(ctx context.Context, member id.Account, which id.Scheduled, at time.Time) (*Scheduled, error) {
	var moved *Scheduled
	err := s.db.Tx(ctx, func(tx *db.Tx) (err error) {
		if err := lockScheduled(ctx, tx, member); err != nil {
			return err
		}
		if moved, err = scheduledOf(ctx, tx, member, which); err != nil {
			return err
		}
		if !at.After(tx.Now().Add(minAhead)) {
			return tooSoon()
		}
		if err := roomOn(ctx, tx, member, at, which); err != nil {
			return err
		}
		moved.At = at
		there, err := moveScheduled(ctx, tx, which, at)
		if err == nil && !there { // published just now
			err = fault.RecordNotFound()
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reschedule status: %w", err)
	}
	return moved, nil
}

// Cancel forgets a scheduled status of the member.
func (s *Service) Cancel(ctx context.Context, member id.Account, which id.Scheduled) error {
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		n, err := db.Exec(ctx, tx, `DELETE FROM scheduled_statuses WHERE id = $1 AND account_id = $2`, which, member)
		if err == nil && n == 0 {
			err = fault.RecordNotFound()
		}
		if err != nil {
			return err
		}
		return media.Unreserve(ctx, tx, which)
	})
	if err != nil {
		return fmt.Errorf("cancel scheduled status: %w", err)
	}
	return nil
}

// watch remembers when something is due, so that the database is not asked each second. What is scheduled
// anew is at least five minutes away, and so found by the look of every minute.
type watch struct {
	mu           sync.Mutex
	looked, next time.Time
}

// PublishDue publishes the scheduled statuses whose time has come. It is for the schedule, every second.
func (s *Service) PublishDue(ctx context.Context) error {
	s.watch.mu.Lock()
	defer s.watch.mu.Unlock()
	now := s.clock.Now()
	if now.Before(s.watch.next) && !now.Before(s.watch.looked) { // a clock that was set back is not trusted
		return nil
	}
	for more := true; more; {
		list, err := dueScheduled(ctx, s.db, now, dueAtOnce)
		if err != nil {
			return fmt.Errorf("scheduled statuses that are due: %w", err)
		}
		for _, one := range list {
			if err := s.publishOrDrop(ctx, one); err != nil {
				return fmt.Errorf("publish scheduled status %d: %w", one.ID, err)
			}
		}
		more = len(list) == dueAtOnce
	}
	next, err := nextScheduled(ctx, s.db)
	if err != nil {
		return fmt.Errorf("next scheduled status: %w", err)
	}
	s.watch.looked, s.watch.next = now, now.Add(lookAgain)
	if !next.IsZero() && next.Before(s.watch.next) {
		s.watch.next = next
	}
	return nil
}

// publishOrDrop publishes a scheduled status. What cannot be published any more, because what it answers is gone or
// its author may not write, is dropped, as Mastodon does; where the server failed it is tried again.
func (s *Service) publishOrDrop(ctx context.Context, one *Scheduled) error {
	err := s.publishScheduled(ctx, one)
	switch kind := fault.KindOf(err); {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case (kind == fault.Internal || kind == fault.Unavailable) && one.attempts+1 < publishAttempts:
		s.log.ErrorContext(ctx, "a scheduled status could not be published and is tried again", "scheduled", one.ID, "account", one.Account, "error", err)
		again := s.clock.Now().Add(publishAgain * time.Duration(one.attempts+1))
		return s.db.Tx(ctx, func(tx *db.Tx) error { return postponeScheduled(ctx, tx, one, again, err) })
	}
	s.log.WarnContext(ctx, "a scheduled status can no longer be published and is dropped", "scheduled", one.ID, "account", one.Account, "reason", err)
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		if _, err := takeScheduled(ctx, tx, one); err != nil {
			return err
		}
		return media.Unreserve(ctx, tx, one.ID)
	})
}

// publishScheduled publishes, and takes the draft away in the same transaction: however often it is tried, and
// by however many processes, there is one status.
func (s *Service) publishScheduled(ctx context.Context, one *Scheduled) error {
	author, err := s.accounts.ByID(ctx, one.Account)
	if err != nil {
		return err
	}
	member, err := s.accounts.Member(ctx, one.Account)
	if err != nil {
		return err
	}
	if !author.Available() {
		return fault.New(fault.Forbidden, "The account is not available")
	}
	if err := member.MayAct(); err != nil {
		return err
	}
	d := one.Draft
	d.IdempotencyKey = "" // it names what is to be published now
	p, err := s.prepare(ctx, author, member, &d, one.ID)
	if err != nil {
		return err
	}
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		taken, err := takeScheduled(ctx, tx, one)
		if err != nil || !taken { // published by another process, moved or cancelled
			return err
		}
		if err := s.publish(ctx, tx, author, d, p); err != nil {
			return err
		}
		return rename(ctx, tx, one, p.status.ID)
	})
}
