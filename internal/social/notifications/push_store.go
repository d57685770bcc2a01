package notifications

import (
	"context"
	"encoding/json"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/social/id"
)

const subscriptionColumns = `id, token_id, account_id, endpoint, p256dh, auth, standard, policy, alerts`

func subscriptionOf(ctx context.Context, q db.Q, token id.Token) (*Subscription, error) {
	return db.One(ctx, q, func(r db.Row) (*Subscription, error) {
		p := &Subscription{}
		var alerts string
		if err := r.Scan(&p.ID, &p.Token, &p.Account, &p.Endpoint, &p.P256dh, &p.Auth, &p.Standard, &p.Policy, &alerts); err != nil {
			return nil, err
		}
		return p, json.Unmarshal([]byte(alerts), &p.Alerts)
	}, `SELECT `+subscriptionColumns+` FROM push_subscriptions WHERE token_id = $1`, token)
}

// putSubscription stores the one subscription of a token, in the place of the one before.
func putSubscription(ctx context.Context, tx *db.Tx, p *Subscription) error {
	alerts, err := json.Marshal(p.Alerts)
	if err != nil {
		return err
	}
	_, err = db.Exec(ctx, tx, `INSERT INTO push_subscriptions (`+subscriptionColumns+`, created_at, updated_at) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$10)
		ON CONFLICT (token_id) DO UPDATE SET id = excluded.id, endpoint = excluded.endpoint, p256dh = excluded.p256dh, auth = excluded.auth,
		standard = excluded.standard, policy = excluded.policy, alerts = excluded.alerts, updated_at = excluded.updated_at`,
		p.ID, p.Token, p.Account, p.Endpoint, p.P256dh, p.Auth, p.Standard, p.Policy, string(alerts), clock.Milli(tx.Now()))
	return err
}

func removeSubscription(ctx context.Context, tx *db.Tx, token id.Token) error {
	_, err := db.Exec(ctx, tx, `DELETE FROM push_subscriptions WHERE token_id = $1`, token)
	return err
}
