package statuses

import (
	"context"
	"fmt"

	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/social/id"
	"anancus/internal/social/relationships"
	"anancus/internal/social/viewer"
)

// sight is what decides whether a viewer may read some statuses.
type sight struct {
	unavailable map[id.Account]bool // authors suspended or deleted
	blocking    map[id.Account]bool // authors that block the viewer, or the viewer's whole server
	following   map[id.Account]bool // authors whom the viewer follows
	mentioned   map[id.Status]bool
	hidden      map[id.Account]bool   // authors whom the viewer blocks or mutes, or whose server: readable, but not shown among others
	why         map[id.Account]string // the same authors, with the API's word for how
	limited     map[id.Account]bool   // authors limited by a moderator
}

// look gathers, in one query, what Visible needs to know.
func look(ctx context.Context, q db.Q, reader id.Account, list []*Status) (*sight, error) {
	s := &sight{map[id.Account]bool{}, map[id.Account]bool{}, map[id.Account]bool{}, map[id.Status]bool{}, map[id.Account]bool{}, map[id.Account]string{}, map[id.Account]bool{}}
	authors := make([]id.Account, 0, len(list))
	ids := make([]id.Status, 0, len(list))
	for _, one := range list {
		authors, ids = append(authors, one.Author), append(ids, one.ID)
	}
	type fact struct {
		kind string
		id   int64
	}
	facts, err := db.All(ctx, q, func(r db.Row) (fact, error) {
		var f fact
		err := r.Scan(&f.kind, &f.id)
		return f, err
	}, `SELECT 'unavailable', id FROM accounts WHERE id {in $2} AND (suspended_at IS NOT NULL OR deleted_at IS NOT NULL)
		UNION ALL SELECT 'blocking', account_id FROM blocks WHERE target_id = $1 AND account_id {in $2}
		UNION ALL SELECT 'following', target_id FROM follows WHERE account_id = $1 AND target_id {in $2}
		UNION ALL SELECT 'blocked_account', target_id FROM blocks WHERE account_id = $1 AND target_id {in $2}
		UNION ALL SELECT 'muted_account', target_id FROM mutes WHERE account_id = $1 AND target_id {in $2}
		UNION ALL SELECT 'blocking', b.account_id FROM accounts v JOIN account_domain_blocks b ON b.domain = v.domain WHERE v.id = $1 AND b.account_id {in $2}
		UNION ALL SELECT 'blocked_domain', a.id FROM accounts a JOIN account_domain_blocks b ON b.account_id = $1 AND b.domain = a.domain WHERE a.id {in $2}
		UNION ALL SELECT 'limited', id FROM accounts WHERE id {in $2} AND limited_at IS NOT NULL
		UNION ALL SELECT 'mentioned', status_id FROM mentions WHERE account_id = $1 AND status_id {in $3}`, reader, authors, ids)
	if err != nil {
		return nil, fmt.Errorf("who may see: %w", err)
	}
	for _, f := range facts {
		switch f.kind {
		case "unavailable":
			s.unavailable[id.Account(f.id)] = true
		case "blocking":
			s.blocking[id.Account(f.id)] = true
		case "following":
			s.following[id.Account(f.id)] = true
		case "blocked_domain", "blocked_account", "muted_account":
			s.hidden[id.Account(f.id)] = true
			if known := s.why[id.Account(f.id)]; known == "" || f.kind < known { // alphabetical, as it happens: a block counts before a mute
				s.why[id.Account(f.id)] = f.kind
			}
		case "limited":
			s.limited[id.Account(f.id)] = true
		case "mentioned":
			s.mentioned[id.Status(f.id)] = true
		}
	}
	return s, nil
}

// Leave is whether somebody may read a status.
type Leave int

// What a Reading comes to.
const (
	Denied  Leave = iota
	IfNamed       // only those whom the status mentions
	Granted
)

// Reading is a question: may this reader read a status of an available author?
type Reading struct {
	Reader     id.Account // 0: nobody in particular
	Here       bool       // the reader is a member of this server, for statuses that never leave it
	Author     id.Account
	Visibility Visibility
	LocalOnly  bool
	Blocked    bool // by the author, or with the reader's whole server
	Follows    bool // the reader follows the author
}

// Leave is the one place that says who may read a status (behaviours of Mastodon, §1).
func (r Reading) Leave() Leave {
	switch {
	case r.Reader != 0 && r.Reader == r.Author:
		return Granted
	case r.LocalOnly && !r.Here, r.Reader != 0 && r.Blocked:
		return Denied
	}
	switch r.Visibility {
	case Public, Unlisted:
		return Granted
	case Private:
		if r.Reader != 0 && r.Follows {
			return Granted
		}
	case Direct, Limited:
	default:
		return Denied
	}
	if r.Reader == 0 {
		return Denied
	}
	return IfNamed
}

// allows tells whether the reader may read a status.
func (s *sight) allows(reader id.Account, here bool, status *Status) bool {
	if s.unavailable[status.Author] {
		return false
	}
	leave := Reading{reader, here, status.Author, status.Visibility, status.LocalOnly, s.blocking[status.Author], s.following[status.Author]}.Leave()
	return leave == Granted || leave == IfNamed && s.mentioned[status.ID]
}

// Visible leaves of a list what the reader (0: nobody in particular) may read, in its
// order. A boost is readable when both it and what it passes on are.
func (s *Service) Visible(ctx context.Context, reader id.Account, list []*Status) ([]*Status, error) {
	return s.visible(ctx, reader, reader != 0, list)
}

// VisibleElsewhere is Visible for a reader of another server, whom local-only statuses never reach.
func (s *Service) VisibleElsewhere(ctx context.Context, reader id.Account, list []*Status) ([]*Status, error) {
	return s.visible(ctx, reader, false, list)
}

func (s *Service) visible(ctx context.Context, reader id.Account, here bool, list []*Status) ([]*Status, error) {
	if len(list) == 0 {
		return list, nil
	}
	var boosted []id.Status
	for _, one := range list {
		if one.IsBoost() {
			boosted = append(boosted, one.BoostOf)
		}
	}
	all := list
	originals := map[id.Status]*Status{}
	if len(boosted) > 0 {
		found, err := many(ctx, s.db, boosted)
		if err != nil {
			return nil, err
		}
		for _, one := range found {
			originals[one.ID] = one
		}
		all = append(append([]*Status{}, list...), found...)
	}
	sight, err := look(ctx, s.db, reader, all)
	if err != nil {
		return nil, err
	}
	kept := make([]*Status, 0, len(list))
	for _, one := range list {
		if !sight.allows(reader, here, one) {
			continue
		}
		if one.IsBoost() {
			if original := originals[one.BoostOf]; original == nil || !sight.allows(reader, here, original) {
				continue
			}
		}
		kept = append(kept, one)
	}
	return kept, nil
}

// See gives a status that the reader may read. What is absent and what is hidden look alike: NotFound.
func (s *Service) See(ctx context.Context, reader id.Account, status id.Status) (*Status, error) {
	found, err := one(ctx, s.db, status)
	if err != nil {
		return nil, err
	}
	kept, err := s.Visible(ctx, reader, []*Status{found})
	if err != nil {
		return nil, err
	}
	if len(kept) == 0 {
		return nil, fault.RecordNotFound()
	}
	return found, nil
}

// Sees tells whether the reader may read a status.
func (s *Service) Sees(ctx context.Context, reader id.Account, status id.Status) (bool, error) {
	_, err := s.See(ctx, reader, status)
	if fault.Is(err, fault.NotFound) {
		return false, nil
	}
	return err == nil, err
}

// seeOriginal is See, and leads from a boost to what it passes on.
func (s *Service) seeOriginal(ctx context.Context, reader id.Account, status id.Status) (*Status, error) {
	found, err := s.See(ctx, reader, status)
	if err != nil || !found.IsBoost() {
		return found, err
	}
	return s.See(ctx, reader, found.BoostOf)
}

// mayMark refuses what a member may not do with statuses of whom they block, though they may read them.
func (s *Service) mayMark(ctx context.Context, member, author id.Account) error {
	blocks, err := relationships.Blocks(ctx, s.db, member, author)
	if err == nil && blocks {
		err = notAllowed()
	}
	return err
}

// fromPath reads the status id of a call's path.
func fromPath(c *viewer.Call) (id.Status, error) { return id.Parse[id.Status](c.Path("id")) }
