package notifications

import (
	"fmt"

	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/kit/rest"
	"anancus/internal/protocol/mastodon"
	"anancus/internal/social/id"
	"anancus/internal/social/viewer"
)

type subscriptionForm struct {
	Subscription *struct {
		Endpoint string `form:"endpoint"`
		Standard bool   `form:"standard"`
		Keys     struct {
			P256dh string `form:"p256dh"`
			Auth   string `form:"auth"`
		} `form:"keys"`
	} `form:"subscription"`
}

// subscriptionWishes is what an app may change later.
type subscriptionWishes struct {
	Data *struct {
		Policy *string           `form:"policy"`
		Alerts map[string]string `form:"alerts"`
	} `form:"data"`
	Policy *string `form:"policy"` // where some apps, by the documentation, put it
}

// apply gives a subscription the wishes that were told. Alerts of types that there are none of are passed over.
func (w subscriptionWishes) apply(p *Subscription) {
	policy := w.Policy
	if w.Data != nil {
		if w.Data.Policy != nil {
			policy = w.Data.Policy
		}
		if w.Data.Alerts != nil {
			p.Alerts = map[string]bool{}
			for _, kind := range kinds {
				if wish, told := w.Data.Alerts[string(kind)]; told {
					p.Alerts[string(kind)] = rest.Truth(wish)
				}
			}
		}
	}
	if policy != nil && *policy != "" {
		p.Policy = *policy
	}
}

// Subscribe serves POST /api/v1/push/subscription; it takes the place of the token's subscription before.
func (s *Service) Subscribe(c *viewer.Call) (any, error) {
	form, err := rest.Decode[subscriptionForm](c)
	if err != nil {
		return nil, err
	}
	if form.Subscription == nil {
		return nil, fault.New(fault.BadRequest, "param is missing or the value is empty: subscription")
	}
	wishes, err := rest.Decode[subscriptionWishes](c)
	if err != nil {
		return nil, err
	}
	p := &Subscription{Token: c.Viewer.Token, Account: c.Viewer.Account, Endpoint: form.Subscription.Endpoint, Standard: form.Subscription.Standard,
		P256dh: form.Subscription.Keys.P256dh, Auth: form.Subscription.Keys.Auth, Policy: pushPolicies[0], Alerts: map[string]bool{}}
	wishes.apply(p)
	if err := p.check(c.Context(), s.reach); err != nil {
		return nil, err
	}
	err = s.db.Tx(c.Context(), func(tx *db.Tx) error {
		p.ID = id.PushSubscription(tx.NextID())
		return putSubscription(c.Context(), tx, p)
	})
	if err != nil {
		return nil, fmt.Errorf("subscribe to push: %w", err)
	}
	return s.presentSubscription(p), nil
}

// ShowSubscription serves GET /api/v1/push/subscription.
func (s *Service) ShowSubscription(c *viewer.Call) (any, error) {
	p, err := subscriptionOf(c.Context(), s.db, c.Viewer.Token)
	if err != nil {
		return nil, err
	}
	return s.presentSubscription(p), nil
}

// ChangeSubscription serves PUT /api/v1/push/subscription: what is told changes, where it is told does not.
func (s *Service) ChangeSubscription(c *viewer.Call) (any, error) {
	wishes, err := rest.Decode[subscriptionWishes](c)
	if err != nil {
		return nil, err
	}
	var p *Subscription
	err = s.db.Tx(c.Context(), func(tx *db.Tx) error {
		if p, err = subscriptionOf(c.Context(), tx, c.Viewer.Token); err != nil {
			return err
		}
		wishes.apply(p)
		if err := p.checkPolicy(); err != nil {
			return err
		}
		return putSubscription(c.Context(), tx, p)
	})
	if err != nil {
		return nil, err
	}
	return s.presentSubscription(p), nil
}

// Unsubscribe serves DELETE /api/v1/push/subscription; none to end is no error.
func (s *Service) Unsubscribe(c *viewer.Call) (any, error) {
	return rest.Empty{}, s.unsubscribe(c.Context(), c.Viewer.Token)
}

// presentSubscription shapes a subscription. Its id is a number there, and keeps to what every client can count exactly (2⁵³).
// Every type has its alert there, set or not.
func (s *Service) presentSubscription(p *Subscription) mastodon.WebPushSubscription {
	alerts := make(map[string]bool, len(kinds))
	for _, kind := range kinds {
		alerts[string(kind)] = p.Alerts[string(kind)]
	}
	return mastodon.WebPushSubscription{ID: int64(p.ID) >> 4, Endpoint: p.Endpoint, Standard: p.Standard, Alerts: alerts, Policy: p.Policy, ServerKey: s.pushKey}
}
