package notifications

import (
	"fmt"

	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/kit/rest"
	"anancus/internal/protocol/mastodon"
	"anancus/internal/social/viewer"
)

// ShowPolicy serves GET /api/v2/notifications/policy.
func (s *Service) ShowPolicy(c *viewer.Call) (any, error) {
	p, summary, err := s.policy(c)
	if err != nil {
		return nil, err
	}
	return mastodon.NotificationPolicy{NotFollowing: string(p.NotFollowing), NotFollowers: string(p.NotFollowers), NewAccounts: string(p.NewAccounts),
		PrivateMentions: string(p.PrivateMentions), LimitedAccounts: string(p.LimitedAccounts), Bots: string(p.Bots), Summary: summary}, nil
}

// ShowPolicy1 serves GET /api/v1/notifications/policy, which only knows whether something is filtered.
func (s *Service) ShowPolicy1(c *viewer.Call) (any, error) {
	p, summary, err := s.policy(c)
	if err != nil {
		return nil, err
	}
	return mastodon.NotificationPolicy1{NotFollowing: p.NotFollowing != Accept, NotFollowers: p.NotFollowers != Accept, NewAccounts: p.NewAccounts != Accept,
		PrivateMentions: p.PrivateMentions != Accept, Bots: p.Bots != Accept, Summary: summary}, nil
}

func (s *Service) policy(c *viewer.Call) (Policy, mastodon.PolicySummary, error) {
	p, err := policyOf(c.Context(), s.db, c.Viewer.Account)
	if err != nil {
		return p, mastodon.PolicySummary{}, fmt.Errorf("show notification policy: %w", err)
	}
	summary, err := summaryOf(c.Context(), s.db, c.Viewer.Account)
	return p, summary, err
}

type policyForm struct {
	NotFollowing    *string `form:"for_not_following"`
	NotFollowers    *string `form:"for_not_followers"`
	NewAccounts     *string `form:"for_new_accounts"`
	PrivateMentions *string `form:"for_private_mentions"`
	LimitedAccounts *string `form:"for_limited_accounts"`
	Bots            *string `form:"for_bots"`
}

// ChangePolicy serves PATCH and PUT /api/v2/notifications/policy.
func (s *Service) ChangePolicy(c *viewer.Call) (any, error) {
	form, err := rest.Decode[policyForm](c)
	if err != nil {
		return nil, err
	}
	err = s.setPolicy(c, func(p *Policy) error {
		for _, f := range []struct {
			name  string
			given *string
			to    *Verdict
		}{{"not following", form.NotFollowing, &p.NotFollowing}, {"not followers", form.NotFollowers, &p.NotFollowers}, {"new accounts", form.NewAccounts, &p.NewAccounts},
			{"private mentions", form.PrivateMentions, &p.PrivateMentions}, {"limited accounts", form.LimitedAccounts, &p.LimitedAccounts}, {"bots", form.Bots, &p.Bots}} {
			if f.given == nil {
				continue
			}
			switch verdict := Verdict(*f.given); verdict {
			case Accept, Filter, Drop:
				*f.to = verdict
			default:
				return fault.New(fault.Invalid, "Validation failed: For "+f.name+" is not included in the list")
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return s.ShowPolicy(c)
}

type policyForm1 struct {
	NotFollowing    *bool `form:"filter_not_following"`
	NotFollowers    *bool `form:"filter_not_followers"`
	NewAccounts     *bool `form:"filter_new_accounts"`
	PrivateMentions *bool `form:"filter_private_mentions"`
	Bots            *bool `form:"filter_bots"`
}

// ChangePolicy1 serves PUT and PATCH /api/v1/notifications/policy.
func (s *Service) ChangePolicy1(c *viewer.Call) (any, error) {
	form, err := rest.Decode[policyForm1](c)
	if err != nil {
		return nil, err
	}
	err = s.setPolicy(c, func(p *Policy) error {
		for _, f := range []struct {
			given *bool
			to    *Verdict
		}{{form.NotFollowing, &p.NotFollowing}, {form.NotFollowers, &p.NotFollowers}, {form.NewAccounts, &p.NewAccounts},
			{form.PrivateMentions, &p.PrivateMentions}, {form.Bots, &p.Bots}} {
			switch {
			case f.given == nil:
			case *f.given:
				*f.to = Filter
			default:
				*f.to = Accept
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return s.ShowPolicy1(c)
}

func (s *Service) setPolicy(c *viewer.Call, change func(p *Policy) error) error {
	err := s.db.Tx(c.Context(), func(tx *db.Tx) error {
		p, err := policyOf(c.Context(), tx, c.Viewer.Account)
		if err != nil {
			return err
		}
		if err := change(&p); err != nil {
			return err
		}
		return putPolicy(c.Context(), tx, c.Viewer.Account, p)
	})
	if err != nil {
		return fmt.Errorf("change notification policy: %w", err)
	}
	return nil
}
