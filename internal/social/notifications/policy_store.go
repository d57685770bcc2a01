package notifications

import (
	"context"

	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/protocol/mastodon"
	"anancus/internal/social/id"
)

const policyColumns = `not_following, not_followers, new_accounts, private_mentions, limited_accounts, bots`

// policyOf gives a member's policy.
func policyOf(ctx context.Context, q db.Q, account id.Account) (Policy, error) {
	p, err := db.One(ctx, q, func(r db.Row) (Policy, error) {
		var p Policy
		err := r.Scan(&p.NotFollowing, &p.NotFollowers, &p.NewAccounts, &p.PrivateMentions, &p.LimitedAccounts, &p.Bots)
		return p, err
	}, `SELECT `+policyColumns+` FROM notification_policies WHERE account_id = $1`, account)
	if fault.Is(err, fault.NotFound) {
		return defaultPolicy, nil
	}
	return p, err
}

func putPolicy(ctx context.Context, tx *db.Tx, account id.Account, p Policy) error {
	_, err := db.Exec(ctx, tx, `INSERT INTO notification_policies (account_id, `+policyColumns+`) VALUES ($1,$2,$3,$4,$5,$6,$7)
		ON CONFLICT (account_id) DO UPDATE SET not_following = excluded.not_following, not_followers = excluded.not_followers,
		new_accounts = excluded.new_accounts, private_mentions = excluded.private_mentions, limited_accounts = excluded.limited_accounts, bots = excluded.bots`,
		account, string(p.NotFollowing), string(p.NotFollowers), string(p.NewAccounts), string(p.PrivateMentions), string(p.LimitedAccounts), string(p.Bots))
	return err
}

// countAtMost is how far Mastodon counts requests, and the notifications of each.
const countAtMost = 100

// heldCount counts, to a bound, what is held back of the sender of a request r; $1 is the member, $2 the kinds that ask.
const heldCount = `(SELECT COUNT(*) FROM (SELECT 1 FROM notifications n WHERE n.account_id = $1 AND n.from_id = r.from_id AND n.filtered AND n.kind {in $2} LIMIT 100) AS held)`

// summarySQL counts a member's requests and what they hold, to a bound.
const summarySQL = `SELECT COUNT(*), CAST(COALESCE(SUM(s.held_count), 0) AS BIGINT) FROM (SELECT ` + heldCount + ` AS held_count FROM notification_requests r
	WHERE r.account_id = $1 AND EXISTS (SELECT 1 FROM accounts a WHERE a.id = r.from_id AND a.suspended_at IS NULL AND a.deleted_at IS NULL)
	ORDER BY r.last_status_id DESC LIMIT $3) AS s`

func summaryOf(ctx context.Context, q db.Q, account id.Account) (mastodon.PolicySummary, error) {
	return db.One(ctx, q, func(r db.Row) (mastodon.PolicySummary, error) {
		var s mastodon.PolicySummary
		err := r.Scan(&s.Requests, &s.Notifications)
		return s, err
	}, summarySQL, account, asking, countAtMost)
}
