package accounts

import (
	"context"
	"time"

	"anancus/internal/kit/fault"
	"anancus/internal/social/id"
)

// Glance is what decides whether an account's statuses are shown at all, and whether its own server is asked anew. It costs no query for an
// account that was shown lately.
type Glance struct {
	Account   id.Account
	Available bool
	Limited   bool
	Unread    bool      // a profile of another server whose older statuses nobody asked for yet
	StaleAt   time.Time // when that is due; zero for our own
}

func (a *Account) glance() Glance {
	g := Glance{Account: a.ID, Available: a.Available(), Limited: a.Limited()}
	if !a.Local() {
		g.Unread, g.StaleAt = !a.Backfilled && a.OutboxURL != "", a.FetchedAt.Add(staleAfter)
	}
	return g
}

// Stale tells whether a remote account should be read again.
func (g Glance) Stale(now time.Time) bool { return !g.StaleAt.IsZero() && now.After(g.StaleAt) }

// Glance looks at an account. NotFound if there is none.
func (s *Service) Glance(ctx context.Context, account id.Account) (Glance, error) {
	all, err := s.remembered(ctx, []id.Account{account})
	if err != nil {
		return Glance{}, err
	}
	a, known := all[account]
	if !known {
		return Glance{}, fault.RecordNotFound()
	}
	return a.glance, nil
}

// Glances looks at several accounts; unknown ones are left out.
func (s *Service) Glances(ctx context.Context, which []id.Account) (map[id.Account]Glance, error) {
	all, err := s.remembered(ctx, which)
	glances := make(map[id.Account]Glance, len(all))
	for one, a := range all {
		glances[one] = a.glance
	}
	return glances, err
}

// LookedAt notes that a member looks at a profile; one that was not read for a day is read again at once, in the background.
func (s *Service) LookedAt(ctx context.Context, g Glance) error {
	if !g.Stale(s.clock.Now()) {
		return nil
	}
	return s.askRefresh(ctx, g.Account, 0, refreshAgain)
}
