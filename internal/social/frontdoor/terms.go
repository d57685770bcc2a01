package frontdoor

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/kit/rest"
	"anancus/internal/protocol/mastodon"
	"anancus/internal/social/viewer"
)

// maxTerms bounds the Markdown of one version of the terms, in characters.
const maxTerms = 200_000

const day = "2006-01-02"

// Terms is one version of the terms of service.
type Terms struct {
	EffectiveOn string // a day in UTC
	Text        string // Markdown
	Changelog   string // Markdown: what is new in it
	PublishedAt time.Time
}

// PublishTerms publishes a version that holds from a day on, today or later. Published versions are
// never changed: people agreed to them.
func (s *Service) PublishTerms(ctx context.Context, effectiveOn, words, changelog string) (Terms, error) {
	var made Terms
	on, err := time.Parse(day, effectiveOn)
	if err != nil {
		return made, fault.New(fault.Invalid, fmt.Sprintf("%q is no day: write it as 2026-12-31", effectiveOn))
	}
	if on.Before(s.clock.Now().UTC().Truncate(24 * time.Hour)) {
		return made, fault.New(fault.Invalid, "Terms of service can't take effect in the past")
	}
	words, changelog = strings.TrimSpace(words), strings.TrimSpace(changelog)
	if words == "" {
		return made, fault.New(fault.Invalid, "The text of the terms of service can't be blank")
	}
	if utf8.RuneCountInString(words) > maxTerms || utf8.RuneCountInString(changelog) > maxTerms {
		return made, fault.New(fault.Invalid, fmt.Sprintf("The terms of service must be at most %d characters", maxTerms))
	}
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		made = Terms{effectiveOn, words, changelog, tx.Now()}
		n, err := db.Exec(ctx, tx, `INSERT INTO terms (id, effective_on, text, changelog, published_at) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (effective_on) DO NOTHING`, tx.NextID(), effectiveOn, words, changelog, clock.Milli(tx.Now()))
		if err == nil && n == 0 {
			return fault.New(fault.Invalid, "There are terms of service for that day already: publish the new ones for another day")
		}
		return err
	})
	return made, err
}

// AllTerms lists every version, newest first. Keepers publish few.
func (s *Service) AllTerms(ctx context.Context) ([]Terms, error) {
	return db.All(ctx, s.db, func(r db.Row) (Terms, error) {
		var t Terms
		var at int64
		err := r.Scan(&t.EffectiveOn, &t.Text, &t.Changelog, &at)
		t.PublishedAt = time.UnixMilli(at).UTC()
		return t, err
	}, `SELECT effective_on, text, changelog, published_at FROM terms ORDER BY effective_on DESC LIMIT 1000`)
}

// CurrentTerms serves GET /api/v1/instance/terms_of_service: the version that holds now, or the first that will.
func (s *Service) CurrentTerms(c *viewer.Call) (any, error) {
	list, err := s.AllTerms(c.Context())
	if err != nil {
		return nil, err
	}
	at := currentTerms(list, s.clock.Now())
	if at < 0 {
		return nil, fault.RecordNotFound()
	}
	return s.showTerms(list, at)
}

// currentTerms is the place of the version in force among versions ordered newest first; where none is yet, of the next; -1 without any.
func currentTerms(list []Terms, now time.Time) int {
	today := now.UTC().Format(day)
	for i, one := range list {
		if one.EffectiveOn <= today {
			return i
		}
	}
	return len(list) - 1
}

// TermsOfDay serves GET /api/v1/instance/terms_of_service/{date}.
func (s *Service) TermsOfDay(c *viewer.Call) (any, error) {
	list, err := s.AllTerms(c.Context())
	if err != nil {
		return nil, err
	}
	for i, one := range list {
		if one.EffectiveOn == c.Path("date") {
			return s.showTerms(list, i)
		}
	}
	return nil, fault.RecordNotFound()
}

func (s *Service) showTerms(list []Terms, at int) (any, error) {
	shown := mastodon.TermsOfService{EffectiveDate: list[at].EffectiveOn, Content: markdown(list[at].Text),
		Effective: list[at].EffectiveOn <= s.clock.Now().UTC().Format(day)}
	if at > 0 {
		shown.SucceededBy = &list[at-1].EffectiveOn
	}
	return rest.Tagged{Body: shown, Cache: cacheInstance}, nil
}
