package notifications

import (
	"context"
	"fmt"
	"slices"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/social/accounts"
	"anancus/internal/social/id"
	"anancus/internal/social/statuses"
)

// tell is the one door of this room: every kind of notification passes through the same rules.
// Nothing is told to whom it may not concern; what the member's policy filters is stored, and
// waits among the requests when it is a mention or a quote; telling twice changes nothing.
func (s *Service) tell(ctx context.Context, n Notification) error {
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		f, err := factsOf(ctx, tx, n)
		if err != nil || f.drops(n) {
			return err
		}
		n.CreatedAt = clock.Milli(tx.Now())
		if !f.bypasses(n) {
			verdict, err := f.judge(ctx, tx, n, tx.Now())
			if err != nil || verdict == Drop {
				return err
			}
			n.Filtered = verdict == Filter
		}
		n.ID = id.Notification(tx.NextExactID()) // groups tell it as a number
		group, err := groupFor(ctx, tx, n)
		if err != nil {
			return err
		}
		n.GroupKey = group.key
		inserted, err := insert(ctx, tx, n)
		if err != nil || !inserted {
			return err
		}
		if n.GroupKey != "" {
			if err := keepGroup(ctx, tx, n, group); err != nil {
				return err
			}
		}
		if n.Filtered && asks(n.Kind) {
			if err := keepRequest(ctx, tx, n); err != nil {
				return err
			}
		}
		return tx.Emit(Told{n.ID, n.Account, n.Filtered})
	})
	if err != nil {
		return fmt.Errorf("notify of %s: %w", n.Kind, err)
	}
	return nil
}

// ofOneself are the kinds that a member may be told of in their own name: a poll of theirs
// that ended, and what the server did.
var ofOneself = []Kind{Poll, SeveredRelationships, ModerationWarning, AnnualReport}

// facts are what the rules need to know of the member who is told and of the other.
type facts struct {
	here            bool // the member lives here and is available
	available       bool // the other is
	blocked         bool // either blocks the other
	muted           bool // with notifications
	othersBlocked   bool // the member hides somebody else who takes part in the status
	mutedThread     bool
	blockedDomain   bool
	following       bool
	followedSince   *int64
	permitted       bool // a request of theirs was accepted once
	rank, otherRank int64
	bot, limited    bool
	created         int64
	visibility      string
	policy          Policy
}

// drops tells what is never told, whatever the policy (behaviours of Mastodon, §7).
func (f *facts) drops(n Notification) bool {
	switch {
	case !f.here, !f.available, n.Account == n.From && !slices.Contains(ofOneself, n.Kind):
		return true
	case n.Account == n.From, f.bypasses(n):
		return false
	}
	return f.blocked || f.muted || f.mutedThread || f.blockedDomain && !f.following || n.Kind == Mention && f.othersBlocked
}

// bypasses tells of a mention by staff of this server whose role stands above the member's: it cannot be refused.
func (f *facts) bypasses(n Notification) bool { return n.Kind == Mention && f.otherRank > f.rank }

// Who is no longer new, as an account and as a follower.
const (
	newAccountFor  = 30 * 24 * time.Hour
	newFollowerFor = 3 * 24 * time.Hour
)

// filterable are the kinds that a policy may hold back.
var filterable = []Kind{Mention, Boost, Follow, FollowRequest, Favourite, Quote, AddedToCollection}

// judge applies the member's policy.
func (f *facts) judge(ctx context.Context, tx *db.Tx, n Notification, now time.Time) (Verdict, error) {
	if !slices.Contains(filterable, n.Kind) || f.permitted || n.Account == n.From {
		return Accept, nil
	}
	p, verdict := f.policy, Accept
	before := func(span time.Duration) int64 { return clock.Milli(now.Add(-span)) }
	if !f.following {
		verdict = stricter(verdict, p.NotFollowing)
		if f.created > before(newAccountFor) {
			verdict = stricter(verdict, p.NewAccounts)
		}
		if f.limited {
			verdict = stricter(verdict, p.LimitedAccounts)
		}
		if f.bot {
			verdict = stricter(verdict, p.Bots)
		}
	}
	if f.followedSince == nil || *f.followedSince > before(newFollowerFor) {
		verdict = stricter(verdict, p.NotFollowers)
	}
	if n.Kind == Mention && !f.following && statuses.Visibility(f.visibility) == statuses.Direct && stricter(verdict, p.PrivateMentions) != verdict {
		solicited, err := answersPrivate(ctx, tx, n)
		if err != nil {
			return "", err
		}
		if !solicited {
			verdict = stricter(verdict, p.PrivateMentions)
		}
	}
	return verdict, nil
}

// rank orders the roles of members: who stands higher cannot be silenced by who stands lower.
var ranks = map[string]int64{accounts.RoleModerator: 1, accounts.RoleAdmin: 2, accounts.RoleOwner: 3}

// factsSQL is read once per notification.
const factsSQL = `SELECT
	(SELECT COUNT(*) FROM members m JOIN accounts a ON a.id = m.account_id WHERE m.account_id = $1 AND a.suspended_at IS NULL AND a.deleted_at IS NULL),
	CASE WHEN o.suspended_at IS NULL AND o.deleted_at IS NULL THEN 1 ELSE 0 END,
	(SELECT COUNT(*) FROM blocks WHERE account_id = $1 AND target_id = $2) + (SELECT COUNT(*) FROM blocks WHERE account_id = $2 AND target_id = $1),
	(SELECT COUNT(*) FROM mutes WHERE account_id = $1 AND target_id = $2 AND hide_notifications AND (expires_at IS NULL OR expires_at > $3)),
	(SELECT COUNT(*) FROM thread_mutes WHERE account_id = $1 AND thread_id = (SELECT thread_id FROM statuses WHERE id = $4)),
	(SELECT COUNT(*) FROM account_domain_blocks WHERE account_id = $1 AND domain = o.domain),
	(SELECT COUNT(*) FROM follows WHERE account_id = $1 AND target_id = $2),
	(SELECT created_at FROM follows WHERE account_id = $2 AND target_id = $1),
	(SELECT COUNT(*) FROM notification_permissions WHERE account_id = $1 AND from_id = $2),
	COALESCE((SELECT role FROM members WHERE account_id = $1), ''), COALESCE((SELECT role FROM members WHERE account_id = $2), ''),
	CASE WHEN o.bot OR o.kind IN ('Service', 'Application') THEN 1 ELSE 0 END, CASE WHEN o.limited_at IS NULL THEN 0 ELSE 1 END, o.created_at,
	COALESCE((SELECT visibility FROM statuses WHERE id = $4), ''),
	(SELECT COUNT(*) FROM (SELECT account_id FROM mentions WHERE status_id = $4 AND NOT silent
			UNION ALL SELECT in_reply_to_account_id FROM statuses WHERE id = $4) AS p WHERE p.account_id <> $1 AND (
		EXISTS (SELECT 1 FROM blocks WHERE account_id = $1 AND target_id = p.account_id)
		OR EXISTS (SELECT 1 FROM mutes WHERE account_id = $1 AND target_id = p.account_id AND hide_notifications AND (expires_at IS NULL OR expires_at > $3)))),
	COALESCE(p.not_following, ''), COALESCE(p.not_followers, ''), COALESCE(p.new_accounts, ''), COALESCE(p.private_mentions, ''),
	COALESCE(p.limited_accounts, ''), COALESCE(p.bots, '')
	FROM accounts o LEFT JOIN notification_policies p ON p.account_id = $1 WHERE o.id = $2`

// factsOf reads what the rules need, in the transaction that tells.
func factsOf(ctx context.Context, tx *db.Tx, n Notification) (*facts, error) {
	return db.One(ctx, tx, func(r db.Row) (*facts, error) {
		f := &facts{}
		var here, available, blocked, muted, mutedThread, domain, following, permitted, bot, limited, others int64
		var role, otherRole string
		p := &f.policy
		err := r.Scan(&here, &available, &blocked, &muted, &mutedThread, &domain, &following, &f.followedSince, &permitted, &role, &otherRole, &bot, &limited, &f.created,
			&f.visibility, &others, &p.NotFollowing, &p.NotFollowers, &p.NewAccounts, &p.PrivateMentions, &p.LimitedAccounts, &p.Bots)
		f.here, f.available, f.blocked, f.muted, f.following, f.permitted = here > 0, available > 0, blocked > 0, muted > 0, following > 0, permitted > 0
		f.mutedThread, f.blockedDomain, f.bot, f.limited, f.othersBlocked = mutedThread > 0, domain > 0, bot > 0, limited > 0, others > 0
		f.rank, f.otherRank = ranks[role], ranks[otherRole]
		if p.NotFollowing == "" {
			f.policy = defaultPolicy
		}
		return f, err
	}, factsSQL, n.Account, n.From, clock.Milli(tx.Now()), n.Status)
}

// chainDepth bounds how far up a conversation is looked for what a private mention answers.
const chainDepth = 100

// answersPrivate tells whether a private mention is part of a conversation in which the member wrote to its author.
func answersPrivate(ctx context.Context, q db.Q, n Notification) (bool, error) {
	found, err := db.One(ctx, q, db.Value[int64], answersPrivateSQL, n.Status, chainDepth, n.Account, n.From)
	return found > 0, err
}

const answersPrivateSQL = `WITH RECURSIVE chain (id, parent, author, visibility, depth) AS (
		SELECT id, in_reply_to_id, author_id, visibility, 0 FROM statuses WHERE id = $1
		UNION ALL SELECT s.id, s.in_reply_to_id, s.author_id, s.visibility, c.depth + 1 FROM chain c JOIN statuses s ON s.id = c.parent WHERE c.depth < $2)
	SELECT COUNT(*) FROM chain c WHERE c.author = $3 AND c.visibility = 'direct' AND EXISTS (SELECT 1 FROM mentions m WHERE m.status_id = c.id AND m.account_id = $4)`
