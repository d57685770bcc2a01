package relationships

import (
	"context"
	"fmt"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/keyset"
	"anancus/internal/kit/rest"
	"anancus/internal/protocol/mastodon"
	"anancus/internal/social/id"
	"anancus/internal/social/viewer"
)

type followForm struct {
	Reblogs   *bool     `form:"reblogs"`
	Notify    *bool     `form:"notify"`
	Languages *[]string `form:"languages"`
}

// FollowAccount serves POST /api/v1/accounts/{id}/follow.
func (s *Service) FollowAccount(c *viewer.Call) (any, error) {
	form, err := rest.Decode[followForm](c)
	if err != nil {
		return nil, err
	}
	answer, err := s.act(c, func(ctx context.Context, target id.Account) error {
		return s.Follow(ctx, c.Viewer.Account, target, Options{form.Reblogs, form.Notify, form.Languages})
	})
	if err != nil {
		return nil, err
	}
	return s.hopefully(c, answer.(mastodon.Relationship))
}

// hopefully says, as Mastodon does, that a remote account that is not locked is followed already: its
// server will accept in a moment, and apps show no detour. What the database knows stays a request until then.
func (s *Service) hopefully(c *viewer.Call, r mastodon.Relationship) (any, error) {
	if !r.Requested {
		return r, nil
	}
	target, err := id.Parse[id.Account](r.ID)
	if err != nil {
		return nil, err
	}
	a, err := s.accounts.ByID(c.Context(), target)
	if err != nil {
		return nil, err
	}
	if !a.Local() && !a.Locked {
		r.Following, r.Requested = true, false
	}
	return r, nil
}

// UnfollowAccount serves POST /api/v1/accounts/{id}/unfollow.
func (s *Service) UnfollowAccount(c *viewer.Call) (any, error) {
	return s.act(c, func(ctx context.Context, target id.Account) error { return s.Unfollow(ctx, c.Viewer.Account, target) })
}

// RemoveFromFollowers serves POST /api/v1/accounts/{id}/remove_from_followers.
func (s *Service) RemoveFromFollowers(c *viewer.Call) (any, error) {
	return s.act(c, func(ctx context.Context, target id.Account) error {
		return s.RemoveFollower(ctx, c.Viewer.Account, target)
	})
}

// BlockAccount serves POST /api/v1/accounts/{id}/block.
func (s *Service) BlockAccount(c *viewer.Call) (any, error) {
	return s.act(c, func(ctx context.Context, target id.Account) error { return s.Block(ctx, c.Viewer.Account, target) })
}

// UnblockAccount serves POST /api/v1/accounts/{id}/unblock.
func (s *Service) UnblockAccount(c *viewer.Call) (any, error) {
	return s.act(c, func(ctx context.Context, target id.Account) error { return s.Unblock(ctx, c.Viewer.Account, target) })
}

type muteForm struct {
	Notifications *bool `form:"notifications"`
	Duration      int64 `form:"duration"` // seconds, 0 for ever
}

// maxMute keeps a duration within what a time can hold; longer is as good as for ever.
const maxMute = 100 * 365 * 24 * time.Hour

// MuteAccount serves POST /api/v1/accounts/{id}/mute.
func (s *Service) MuteAccount(c *viewer.Call) (any, error) {
	form, err := rest.Decode[muteForm](c)
	if err != nil {
		return nil, err
	}
	lasting := time.Duration(0)
	if form.Duration > 0 && form.Duration < int64(maxMute/time.Second) {
		lasting = time.Duration(form.Duration) * time.Second
	}
	return s.act(c, func(ctx context.Context, target id.Account) error {
		return s.Mute(ctx, c.Viewer.Account, target, form.Notifications == nil || *form.Notifications, lasting)
	})
}

// UnmuteAccount serves POST /api/v1/accounts/{id}/unmute.
func (s *Service) UnmuteAccount(c *viewer.Call) (any, error) {
	return s.act(c, func(ctx context.Context, target id.Account) error { return s.Unmute(ctx, c.Viewer.Account, target) })
}

// AuthorizeFollowRequest serves POST /api/v1/follow_requests/{id}/authorize.
func (s *Service) AuthorizeFollowRequest(c *viewer.Call) (any, error) {
	return s.act(c, func(ctx context.Context, from id.Account) error {
		return s.AuthorizeRequest(ctx, c.Viewer.Account, from)
	})
}

// RejectFollowRequest serves POST /api/v1/follow_requests/{id}/reject.
func (s *Service) RejectFollowRequest(c *viewer.Call) (any, error) {
	return s.act(c, func(ctx context.Context, from id.Account) error { return s.RejectRequest(ctx, c.Viewer.Account, from) })
}

// act does something to the account of the path and answers with the relationship that results.
func (s *Service) act(c *viewer.Call, do func(ctx context.Context, target id.Account) error) (any, error) {
	target, err := id.Parse[id.Account](c.Path("id"))
	if err != nil {
		return nil, err
	}
	if _, err := s.accounts.ByID(c.Context(), target); err != nil {
		return nil, err
	}
	if err := do(c.Context(), target); err != nil {
		return nil, err
	}
	list, err := s.Between(c.Context(), c.Viewer.Account, []id.Account{target})
	if err != nil {
		return nil, err
	}
	return list[0], nil
}

// maxRelationships bounds one request for relationships.
const maxRelationships = 200

// Relationships serves GET /api/v1/accounts/relationships.
func (s *Service) Relationships(c *viewer.Call) (any, error) {
	var wanted []id.Account
	for _, text := range c.QueryList("id") {
		if one, err := id.Parse[id.Account](text); err == nil && len(wanted) < maxRelationships {
			wanted = append(wanted, one)
		}
	}
	known, err := s.accounts.ByIDs(c.Context(), wanted)
	if err != nil {
		return nil, err
	}
	ids := []id.Account{}
	for _, a := range known {
		if a.Available() || c.QueryFlag("with_suspended") {
			ids = append(ids, a.ID)
		}
	}
	return s.Between(c.Context(), c.Viewer.Account, ids)
}

// betweenSQL tells what an account ($1) and others ($2) are to each other at a time ($3).
var betweenSQL = `SELECT 'following', target_id, show_boosts, notify, languages, CAST(NULL AS BIGINT) FROM follows WHERE account_id = $1 AND target_id {in $2}
	UNION ALL SELECT 'followed_by', a.id, FALSE, FALSE, '', NULL` + toward("follows") + `
	UNION ALL SELECT 'requested', target_id, show_boosts, notify, languages, NULL FROM follow_requests WHERE account_id = $1 AND target_id {in $2}
	UNION ALL SELECT 'requested_by', a.id, FALSE, FALSE, '', NULL` + toward("follow_requests") + `
	UNION ALL SELECT 'blocking', target_id, FALSE, FALSE, '', NULL FROM blocks WHERE account_id = $1 AND target_id {in $2}
	UNION ALL SELECT 'blocked_by', a.id, FALSE, FALSE, '', NULL` + toward("blocks") + `
	UNION ALL SELECT 'muting', target_id, FALSE, hide_notifications, '', expires_at FROM mutes
		WHERE account_id = $1 AND target_id {in $2} AND (expires_at IS NULL OR expires_at > $3)
	UNION ALL SELECT 'domain_blocking', a.id, FALSE, FALSE, '', NULL FROM accounts a JOIN account_domain_blocks b ON b.account_id = $1 AND b.domain = a.domain
		WHERE a.id {in $2}
	UNION ALL SELECT 'endorsed', target_id, FALSE, FALSE, '', NULL FROM endorsements WHERE account_id = $1 AND target_id {in $2}
	UNION ALL SELECT 'note', target_id, FALSE, FALSE, comment, NULL FROM account_notes WHERE account_id = $1 AND target_id {in $2}`

// Between tells what the member and each of the others are to each other, in one query.
func (s *Service) Between(ctx context.Context, member id.Account, others []id.Account) ([]mastodon.Relationship, error) {
	list := make([]mastodon.Relationship, len(others))
	at := make(map[id.Account]*mastodon.Relationship, len(others))
	for _, other := range others {
		at[other] = &mastodon.Relationship{ID: other.String()}
	}
	if len(others) == 0 {
		return list, nil
	}
	type fact struct {
		kind   string
		other  id.Account
		boosts bool
		notify bool
		text   string // languages, or a note
		until  *int64
	}
	facts, err := db.All(ctx, s.db, func(r db.Row) (fact, error) {
		var f fact
		err := r.Scan(&f.kind, &f.other, &f.boosts, &f.notify, &f.text, &f.until)
		return f, err
	}, betweenSQL,
		member, others, clock.Milli(s.clock.Now()))
	if err != nil {
		return nil, fmt.Errorf("relationships: %w", err)
	}
	for _, f := range facts {
		r := at[f.other]
		switch f.kind {
		case "following", "requested":
			r.Following, r.Requested = f.kind == "following", f.kind == "requested"
			r.ShowingReblogs, r.Notifying, r.Languages = f.boosts, f.notify, splitLanguages(f.text)
		case "followed_by":
			r.FollowedBy = true
		case "requested_by":
			r.RequestedBy = true
		case "blocking":
			r.Blocking = true
		case "blocked_by":
			r.BlockedBy = true
		case "domain_blocking":
			r.DomainBlocking = true
		case "endorsed":
			r.Endorsed = true
		case "note":
			r.Note = f.text
		case "muting":
			r.Muting, r.MutingNotifications = true, f.notify
			if f.until != nil {
				until := mastodon.Time(clock.FromMilli(*f.until))
				r.MutingExpiresAt = &until
			}
		}
	}
	for i, other := range others { // one may have been asked for twice
		list[i] = *at[other]
	}
	return list, nil
}

// Limits of lists of accounts.
const (
	listLimit = 40
	listMax   = 80
)

// Followers serves GET /api/v1/accounts/{id}/followers.
func (s *Service) Followers(c *viewer.Call) (any, error) {
	return s.connections(c, "target_id", "account_id")
}

// Following serves GET /api/v1/accounts/{id}/following.
func (s *Service) Following(c *viewer.Call) (any, error) {
	return s.connections(c, "account_id", "target_id")
}

// connections answers with an empty list when the account hides its collections
// from others, is unavailable, or blocks the viewer.
func (s *Service) connections(c *viewer.Call, own, other string) (any, error) {
	account, err := id.Parse[id.Account](c.Path("id"))
	if err != nil {
		return nil, err
	}
	a, err := s.accounts.ByID(c.Context(), account)
	if err != nil {
		return nil, err
	}
	hidden := !a.Available() || (a.HideCollections && c.Viewer.Account != account)
	if !hidden && c.Viewer.IsMember() {
		if hidden, err = Blocks(c.Context(), s.db, account, c.Viewer.Account); err != nil {
			return nil, err
		}
	}
	if hidden {
		return []any{}, nil
	}
	return s.page(c, follows, own, other, account, stranger(c, account))
}

// stranger is the viewer of somebody else's list, and 0 of the own, which is shown whole.
func stranger(c *viewer.Call, account id.Account) id.Account {
	if c.Viewer.Account == account {
		return 0
	}
	return c.Viewer.Account
}

// FollowRequests serves GET /api/v1/follow_requests.
func (s *Service) FollowRequests(c *viewer.Call) (any, error) {
	return s.page(c, requests, "target_id", "account_id", c.Viewer.Account, 0)
}

// BlockedAccounts serves GET /api/v1/blocks.
func (s *Service) BlockedAccounts(c *viewer.Call) (any, error) {
	return s.page(c, "blocks", "account_id", "target_id", c.Viewer.Account, 0)
}

// page answers with the accounts at one end of a table's rows; without those that the viewer except (0: none) does not meet.
func (s *Service) page(c *viewer.Call, table, own, other string, account, except id.Account) (any, error) {
	p := keyset.Read(c, listLimit, listMax)
	rows, err := listAccounts(c.Context(), s.db, table, own, other, account, except, clock.Milli(s.clock.Now()), p)
	if err != nil {
		return nil, fmt.Errorf("list accounts: %w", err)
	}
	shown, err := s.accounts.Rows(c.Context(), accountsOf(rows))
	if err != nil || len(rows) == 0 {
		return shown, err
	}
	return keyset.Answer(c, p, shown, len(rows), rows[0].row, rows[len(rows)-1].row, keyset.BySinceID, true), nil
}
