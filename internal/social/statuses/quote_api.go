package statuses

import (
	"fmt"

	"anancus/internal/kit/keyset"
	"anancus/internal/kit/rest"
	"anancus/internal/social/accounts"
	"anancus/internal/social/id"
	"anancus/internal/social/viewer"
)

// Quotes serves GET /api/v1/statuses/{id}/quotes: who quotes it, as far as the viewer may read them.
func (s *Service) Quotes(c *viewer.Call) (any, error) {
	wanted, err := fromPath(c)
	if err != nil {
		return nil, err
	}
	status, err := s.seeOriginal(c.Context(), c.Viewer.Account, wanted)
	if err != nil {
		return nil, err
	}
	p := keyset.Read(c, ListLimit, ListMax)
	rows, err := quotesFrom(c.Context(), s.db, status.ID, p)
	if err != nil {
		return nil, fmt.Errorf("list quotes: %w", err)
	}
	if len(rows) == 0 {
		return []raw{}, nil
	}
	ids := make([]id.Status, len(rows))
	for i, row := range rows {
		ids[i] = row.status
	}
	shown, err := s.presentThread(c, ids)
	if err != nil {
		return nil, err
	}
	return keyset.Answer(c, p, shown, len(rows), rows[0].row, rows[len(rows)-1].row, keyset.BySinceID, true), nil
}

// RevokeQuoteStatus serves POST /api/v1/statuses/{id}/quotes/{status}/revoke and shows the status that quoted. Its author may have
// hidden it from whom they quote, by a block for example: it is revoked all the same, and NotFound since there is nothing to show.
func (s *Service) RevokeQuoteStatus(c *viewer.Call) (any, error) {
	wanted, err := fromPath(c)
	if err != nil {
		return nil, err
	}
	quoting, err := id.Parse[id.Status](c.Path("status"))
	if err != nil {
		return nil, err
	}
	quoted, err := s.See(c.Context(), c.Viewer.Account, wanted)
	if err != nil {
		return nil, err
	}
	if quoted.Author != c.Viewer.Account { // what others quote is not told by the answer
		if _, err := s.See(c.Context(), c.Viewer.Account, quoting); err != nil {
			return nil, err
		}
	}
	if err := s.RevokeQuote(c.Context(), c.Viewer.Account, quoted.ID, quoting); err != nil {
		return nil, err
	}
	if _, err := s.See(c.Context(), c.Viewer.Account, quoting); err != nil {
		return nil, err
	}
	return s.PresentOne(c.Context(), c.Viewer, quoting)
}

type policyForm struct {
	QuoteApprovalPolicy string `form:"quote_approval_policy"`
}

// SetInteractionPolicy serves PUT /api/v1/statuses/{id}/interaction_policy.
func (s *Service) SetInteractionPolicy(c *viewer.Call) (any, error) {
	form, err := rest.Decode[policyForm](c)
	if err != nil {
		return nil, err
	}
	wanted, err := fromPath(c)
	if err != nil {
		return nil, err
	}
	status, err := s.See(c.Context(), c.Viewer.Account, wanted)
	if err != nil {
		return nil, err
	}
	word := form.QuoteApprovalPolicy
	if word == "" {
		member, err := s.accounts.Member(c.Context(), c.Viewer.Account)
		if err != nil {
			return nil, err
		}
		word = member.DefaultQuotePolicy
	}
	return s.actOn(c, status, func(member *accounts.Account, status *Status) error {
		return s.SetQuotePolicy(c.Context(), member, status, word)
	})
}
