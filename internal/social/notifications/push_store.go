package notifications

import (
	"context"
	"encoding/json"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/social/id"
)

const subscriptionColumns = `id, token_id, account_id, endpoint, p256dh, auth, standard, policy, alerts`

func scanSubscription(r db.Row) (*Subscription, error) {
	p := &Subscription{}
	var alerts string
	if err := r.Scan(&p.ID, &p.Token, &p.Account, &p.Endpoint, &p.P256dh, &p.Auth, &p.Standard, &p.Policy, &alerts); err != nil {
		return nil, err
	}
	return p, json.Unmarshal([]byte(alerts), &p.Alerts)
}

func subscriptionOf(ctx context.Context, q db.Q, token id.Token) (*Subscription, error) {
	return db.One(ctx, q, scanSubscription, `SELECT `+subscriptionColumns+` FROM push_subscriptions WHERE token_id = $1`, token)
}

// subscriptionsOf lists a member's subscriptions, the latest first.
func subscriptionsOf(ctx context.Context, q db.Q, member id.Account, most int) ([]*Subscription, error) {
	return db.All(ctx, q, scanSubscription, `SELECT `+subscriptionColumns+` FROM push_subscriptions WHERE account_id = $1 ORDER BY id DESC LIMIT $2`, member, most)
}

// putSubscription stores the one subscription of a token, in the place of the one before.
func putSubscription(ctx context.Context, tx *db.Tx, p *Subscription) error {
	alerts, err := json.Marshal(p.Alerts)
	if err != nil {
		return err
	}
	_, err = db.Exec(ctx, tx, `INSERT INTO push_subscriptions (`+subscriptionColumns+`, created_at, updated_at, host) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$10,$11)
		ON CONFLICT (token_id) DO UPDATE SET id = excluded.id, endpoint = excluded.endpoint, p256dh = excluded.p256dh, auth = excluded.auth,
		standard = excluded.standard, policy = excluded.policy, alerts = excluded.alerts, updated_at = excluded.updated_at, host = excluded.host`,
		p.ID, p.Token, p.Account, p.Endpoint, p.P256dh, p.Auth, p.Standard, p.Policy, string(alerts), clock.Milli(tx.Now()), p.host())
	return err
}

// removeSubscriptions ends the subscriptions of which a condition holds; nothing that waits for them is sent any more.
func removeSubscriptions(ctx context.Context, tx *db.Tx, where string, arg any) error {
	ended, err := db.All(ctx, tx, db.Value[id.PushSubscription], `DELETE FROM push_subscriptions WHERE `+where+` RETURNING id`, arg)
	if err != nil || len(ended) == 0 {
		return err
	}
	_, err = db.Exec(ctx, tx, `DELETE FROM push_deliveries WHERE subscription_id {in $1}`, ended)
	return err
}
