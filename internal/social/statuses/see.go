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
	ties  map[id.Account]tie // to their authors
	named map[id.Status]bool // those that mention the viewer
}

// look gathers, in one query, what Visible needs to know.
func look(ctx context.Context, q db.Q, reader id.Account, list []*Status) (*sight, error) {
	authors := make([]id.Account, 0, len(list))
	ids := make([]id.Status, 0, len(list))
	for _, one := range list {
		authors, ids = append(authors, one.Author), append(ids, one.ID)
	}
	answers, err := db.All(ctx, q, scanAnswer, standingSQL+` UNION ALL `+tiesSQL+` UNION ALL `+namesSQL, reader, authors, ids)
	if err != nil {
		return nil, fmt.Errorf("who may see: %w", err)
	}
	s := &sight{map[id.Account]tie{}, map[id.Status]bool{}}
	for _, a := range answers {
		if a.what == "named" {
			s.named[id.Status(a.of)] = true
		} else {
			s.ties[id.Account(a.of)] |= tieBits[a.what]
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
	return s.ties[status.Author].allows(reader, here, status, s.named[status.ID])
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
