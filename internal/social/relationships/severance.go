package relationships

import (
	"context"
	"fmt"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/protocol/mastodon"
	"anancus/internal/social/accounts"
	"anancus/internal/social/id"
)

// What severs many follows at once, in the API's words.
const (
	UserDomainBlock   = "user_domain_block"
	DomainBlock       = "domain_block"
	AccountSuspension = "account_suspension"
)

// Severed tells that a severance, which ended at least one follow of Account, is complete.
type Severed struct {
	Severance id.Severance
	Account   id.Account
}

// severAtOnce is how many follows one transaction ends: each costs about seven rows with its counts and delivery.
const severAtOnce = 50

// SeverDomain ends the follows between a member and the server that the member blocks, in short
// transactions: theirs are rejected and ours undone, as Mastodon does, and so are requests. Interrupted, it goes on
// with what is left. When the block ended meanwhile, the rest is spared.
func (s *Service) SeverDomain(ctx context.Context, e DomainBlocked) error {
	us, err := s.accounts.ByID(ctx, e.Account)
	if err != nil {
		return fmt.Errorf("sever from %s: %w", e.Domain, err)
	}
	for _, way := range severWays {
		if err := s.severWay(ctx, us, e, way); err != nil {
			return fmt.Errorf("sever from %s: %w", e.Domain, err)
		}
	}
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		ended, err := finishSeverance(ctx, tx, e.Severance, clock.Milli(tx.Now()))
		if err != nil || ended == 0 {
			return err
		}
		return tx.Emit(Severed{e.Severance, e.Account})
	})
	if err != nil {
		return fmt.Errorf("sever from %s: %w", e.Domain, err)
	}
	return nil
}

// severWay is one of the four kinds of rows between a member and a server. Requests come first: one
// that is granted meanwhile is found among the follows.
type severWay struct {
	table    string
	outgoing bool
}

var severWays = []severWay{{requests, true}, {requests, false}, {follows, true}, {follows, false}}

func (s *Service) severWay(ctx context.Context, us *accounts.Account, e DomainBlocked, way severWay) error {
	for after := id.Follow(0); ; {
		rows, err := db.All(ctx, s.db, scanFollow, severSQL(way), e.Account, e.Domain, after, severAtOnce)
		if err != nil || len(rows) == 0 {
			return err
		}
		after = rows[len(rows)-1].id
		people := make([]id.Account, len(rows))
		for i, row := range rows {
			people[i] = row.far(way.outgoing)
		}
		known, err := s.accounts.ByIDs(ctx, people)
		if err != nil {
			return err
		}
		them := make(map[id.Account]*accounts.Account, len(known))
		for _, a := range known {
			them[a.ID] = a
		}
		spared := false
		err = s.db.Tx(ctx, func(tx *db.Tx) error {
			blocks, err := BlocksDomain(ctx, tx, e.Account, e.Domain)
			if err != nil || !blocks {
				spared = !blocks
				return err
			}
			for _, row := range rows {
				if err := s.sever(ctx, tx, us, them[row.far(way.outgoing)], e.Severance, way, row); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil || spared {
			return err
		}
		s.courier.Wake()
	}
}

// far is the end of a follow that is not the member's.
func (f *follow) far(outgoing bool) id.Account {
	if outgoing {
		return f.target
	}
	return f.follower
}

// sever ends one follow or request, unless it ended meanwhile, and tells the other server.
func (s *Service) sever(ctx context.Context, tx *db.Tx, us, them *accounts.Account, severance id.Severance, way severWay, row *follow) error {
	if _, err := find(ctx, tx, way.table, row.follower, row.target); err != nil {
		return ignoreNotFound(err)
	}
	ended, err := s.end(ctx, tx, row.follower, row.target)
	if err != nil || ended == nil {
		return err
	}
	if way.table == follows {
		if err := insertSevered(ctx, tx, severance, way.outgoing, ended); err != nil {
			return err
		}
	}
	if way.outgoing {
		return s.sendUndoFollow(ctx, tx, us, them, ended)
	}
	return s.sendReject(ctx, tx, us, them, ended)
}

func ignoreNotFound(err error) error {
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

// Severances gives a member's severances as clients see them, by id. Those that are not complete are left out.
func (s *Service) Severances(ctx context.Context, member id.Account, ids []id.Severance) (map[id.Severance]*mastodon.RelationshipSeveranceEvent, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	rows, err := severancesOf(ctx, s.db, member, ids)
	if err != nil {
		return nil, fmt.Errorf("severances: %w", err)
	}
	shown := make(map[id.Severance]*mastodon.RelationshipSeveranceEvent, len(rows))
	for _, r := range rows {
		shown[r.id] = &mastodon.RelationshipSeveranceEvent{ID: r.id.String(), Type: r.kind, Purged: r.purged, TargetName: r.target,
			FollowersCount: r.followers, FollowingCount: r.following, CreatedAt: mastodon.Time(clock.FromMilli(r.createdAt))}
	}
	return shown, nil
}
