// Package moderation is where keepers learn of what goes wrong here, and what they do about it.
package moderation

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/kit/text"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/social/accounts"
	"anancus/internal/social/domains"
	"anancus/internal/social/id"
	"anancus/internal/social/notifications"
	"anancus/internal/social/relationships"
	"anancus/internal/social/relays"
	"anancus/internal/social/statuses"
)

// Service is the room of moderation.
type Service struct {
	db       *db.DB
	clock    clock.Clock
	accounts *accounts.Service
	statuses *statuses.Service
	notices  *notifications.Service
	ties     *relationships.Service
	domains  *domains.Service
	relays   *relays.Service
	courier  Courier
}

// Courier takes activities to other servers.
type Courier interface {
	EnqueueAll(ctx context.Context, d activitypub.Delivery) error
	// Drop forgets what waits to be sent to a host, but for what tells it of an end.
	Drop(ctx context.Context, host string) error
	Wake()
}

// Config is what the room needs.
type Config struct {
	DB            *db.DB
	Clock         clock.Clock
	Domains       *domains.Service
	Relays        *relays.Service
	Accounts      *accounts.Service
	Relationships *relationships.Service
	Statuses      *statuses.Service
	Notifications *notifications.Service
	Courier       Courier
}

// New opens the room.
func New(c Config) *Service {
	return &Service{db: c.DB, clock: c.Clock, accounts: c.Accounts, statuses: c.Statuses, notices: c.Notifications, ties: c.Relationships,
		domains: c.Domains, relays: c.Relays, courier: c.Courier}
}

// Reported is the event of a new report.
type Reported struct{ Report id.Report }

// Report tells keepers of somebody who broke the law or the rules.
type Report struct {
	ID             id.Report
	Reporter       id.Account
	Target         id.Account
	Category       string // spam, legal, violation or other
	Comment        string
	Statuses       []id.Status
	Collections    []int64
	Rules          []int64 // of a violation alone
	Forward        bool    // the reporter wishes that the target's server is told
	ForwardDomains []string
	Forwarded      bool   // it was
	URI            string // by which other servers know it; "" where they are not told
	CreatedAt      time.Time
	ResolvedAt     time.Time // zero while it is open
}

// Limits of a report.
const (
	MaxComment        = 1000
	maxForwardDomains = 50
)

var categories = []string{"spam", "legal", "violation", "other"}

// check completes a report before it is stored, and refuses what breaks a rule.
func (r *Report) check() error {
	if r.Category == "" {
		r.Category = "other"
	}
	switch {
	case !slices.Contains(categories, r.Category):
		return fault.New(fault.Invalid, "Validation failed: Category is not included in the list")
	case utf8.RuneCountInString(r.Comment) > MaxComment:
		return fault.New(fault.Invalid, fmt.Sprintf("Validation failed: Comment is too long (maximum is %d characters)", MaxComment))
	}
	if r.Category != "violation" {
		r.Rules = nil
	}
	slices.Sort(r.Rules)
	r.Rules = slices.Compact(r.Rules)
	slices.Sort(r.Statuses)
	r.Statuses = slices.Compact(r.Statuses)
	slices.Sort(r.Collections)
	r.Collections = slices.Compact(r.Collections)
	var domains []string
	for _, one := range r.ForwardDomains {
		if name, err := text.NormalizeDomain(one); err == nil && !slices.Contains(domains, name) && len(domains) < maxForwardDomains {
			domains = append(domains, name)
		}
	}
	r.ForwardDomains = domains
	return nil
}

// File stores a report. visible leaves of its statuses those that the reporter may read; one that they may not, or
// that somebody else wrote, is NotFound, and so is an account that is gone.
func (s *Service) File(ctx context.Context, r *Report, visible func([]id.Status) ([]id.Status, error)) error {
	if err := r.check(); err != nil {
		return err
	}
	target, err := s.accounts.ByID(ctx, r.Target)
	if err != nil {
		return err
	}
	if !target.Available() {
		return fault.RecordNotFound()
	}
	if len(r.Rules) > 0 {
		known, err := countRules(ctx, s.db, r.Rules)
		if err != nil {
			return fmt.Errorf("report: %w", err)
		}
		if known != len(r.Rules) {
			return fault.New(fault.Invalid, "Validation failed: Rule ids does not reference valid rules")
		}
	}
	if len(r.Statuses) > 0 {
		seen, err := visible(r.Statuses)
		if err != nil {
			return err
		}
		theirs, err := countBy(ctx, s.db, r.Target, seen)
		if err != nil {
			return fmt.Errorf("report: %w", err)
		}
		if theirs != len(r.Statuses) {
			return fault.RecordNotFound()
		}
	}
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		r.ID, r.CreatedAt = id.Report(tx.NextID()), tx.Now()
		if domains := r.forwardsTo(target); len(domains) > 0 {
			r.URI, r.Forwarded = s.accounts.Site().URL("/"+rand.Text()), slices.Contains(domains, target.Domain)
		}
		if _, err := insert(ctx, tx, r); err != nil {
			return err
		}
		return tx.Emit(Reported{r.ID})
	})
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return nil
}

// TellStaff tells moderators of a new report. Of somebody of whom an open report is there already, they know.
func (s *Service) TellStaff(ctx context.Context, e Reported) error {
	r, err := one(ctx, s.db, e.Report)
	if err != nil {
		return err
	}
	known, err := openBefore(ctx, s.db, r)
	if err != nil || known {
		return err
	}
	return s.notices.TellReported(ctx, r.Reporter, r.ID)
}

// listAtOnce is how many reports keepers are shown at a time.
const listAtOnce = 100

// Reports lists reports, the newest first: those that are open or all, older than one (0: from the newest).
func (s *Service) Reports(ctx context.Context, resolved bool, before id.Report) ([]*Report, error) {
	list, err := list(ctx, s.db, resolved, before)
	if err != nil {
		return nil, fmt.Errorf("list reports: %w", err)
	}
	return list, nil
}

// Report gives one report.
func (s *Service) Report(ctx context.Context, report id.Report) (*Report, error) {
	return one(ctx, s.db, report)
}

// Resolve closes a report. One that is closed stays as it was.
func (s *Service) Resolve(ctx context.Context, report id.Report) (*Report, error) {
	err := s.db.Tx(ctx, func(tx *db.Tx) error { return resolve(ctx, tx, report, clock.Milli(tx.Now())) })
	if err != nil {
		return nil, fmt.Errorf("resolve report: %w", err)
	}
	return one(ctx, s.db, report)
}
