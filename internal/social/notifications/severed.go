package notifications

import (
	"context"

	"anancus/internal/kit/db"
	"anancus/internal/protocol/mastodon"
	"anancus/internal/social/id"
	"anancus/internal/social/relationships"
)

// SeveredRelationships tells that many follows ended at once.
const SeveredRelationships Kind = "severed_relationships"

// TellSevered tells a member which severance ended follows. It comes from nobody: like Mastodon, the member is named.
func (s *Service) TellSevered(ctx context.Context, e relationships.Severed) error {
	return s.tell(ctx, Notification{Account: e.Account, Kind: SeveredRelationships, From: e.Account, about: int64(e.Severance)})
}

// ForgetDomainBlocked takes back what was told of the people of a server that the member blocks now, a bounded number at a time.
func (s *Service) ForgetDomainBlocked(ctx context.Context, e relationships.DomainBlocked) error {
	for more := true; more; {
		err := s.db.Tx(ctx, func(tx *db.Tx) error {
			blocks, err := relationships.BlocksDomain(ctx, tx, e.Account, e.Domain)
			if err != nil || !blocks {
				more = false
				return err
			}
			n, err := remove(ctx, tx, ofDomain, e.Account, e.Domain)
			more = n == removeAtOnce
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

const ofDomain = `account_id = $1 AND from_id IN (SELECT a.id FROM accounts a WHERE a.domain = $2)`

// severances gives what the notifications of that kind tell of.
func (s *Service) severances(ctx context.Context, member id.Account, rows []*Notification) (map[id.Severance]*mastodon.RelationshipSeveranceEvent, error) {
	var wanted []id.Severance
	for _, n := range rows {
		if n.Kind == SeveredRelationships {
			wanted = append(wanted, id.Severance(n.about))
		}
	}
	return s.ties.Severances(ctx, member, wanted)
}
