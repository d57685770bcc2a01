package relationships

import (
	"context"
	"fmt"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/keyset"
	"anancus/internal/social/id"
	"anancus/internal/social/viewer"
)

// EndorseAccount serves POST /api/v1/accounts/{id}/endorse and its older name, pin.
func (s *Service) EndorseAccount(c *viewer.Call) (any, error) {
	return s.act(c, func(ctx context.Context, target id.Account) error { return s.Endorse(ctx, c.Viewer.Account, target) })
}

// UnendorseAccount serves POST /api/v1/accounts/{id}/unendorse and its older name, unpin.
func (s *Service) UnendorseAccount(c *viewer.Call) (any, error) {
	return s.act(c, func(ctx context.Context, target id.Account) error { return s.Unendorse(ctx, c.Viewer.Account, target) })
}

// Endorsements serves GET /api/v1/endorsements: the member's own, all of them with limit=0.
func (s *Service) Endorsements(c *viewer.Call) (any, error) {
	return s.endorsed(c, c.Viewer.Account, 0)
}

// EndorsementsOf serves GET /api/v1/accounts/{id}/endorsements: without those between whom and the viewer a block is.
func (s *Service) EndorsementsOf(c *viewer.Call) (any, error) {
	account, err := id.Parse[id.Account](c.Path("id"))
	if err != nil {
		return nil, err
	}
	a, err := s.accounts.ByID(c.Context(), account)
	if err != nil {
		return nil, err
	}
	hidden := !a.Available()
	if !hidden && c.Viewer.IsMember() {
		if hidden, err = Blocks(c.Context(), s.db, account, c.Viewer.Account); err != nil {
			return nil, err
		}
	}
	if hidden {
		return []any{}, nil
	}
	return s.endorsed(c, account, stranger(c, account))
}

func (s *Service) endorsed(c *viewer.Call, account, except id.Account) (any, error) {
	if c.Query("limit") != "0" {
		return s.page(c, "endorsements", "account_id", "target_id", account, except)
	}
	rows, err := listAccounts(c.Context(), s.db, "endorsements", "account_id", "target_id", account, except, clock.Milli(s.clock.Now()), keyset.First(allEndorsements))
	if err != nil {
		return nil, fmt.Errorf("list endorsements: %w", err)
	}
	return s.accounts.Rows(c.Context(), accountsOf(rows))
}

// allEndorsements is more than most can follow, and so endorse: the answer to limit=0 is bounded like everything.
const allEndorsements = followLimit

func accountsOf(rows []listed) []id.Account {
	ids := make([]id.Account, len(rows))
	for i, row := range rows {
		ids[i] = row.account
	}
	return ids
}
