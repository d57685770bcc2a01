package moderation

import (
	"context"
	"fmt"

	"anancus/internal/kit/db"
	"anancus/internal/social/accounts"
	"anancus/internal/social/domains"
	"anancus/internal/social/id"
	"anancus/internal/social/media"
	"anancus/internal/social/relationships"
)

// BlockDomains decides about servers, all or none, and gives those about which anything changed. Where overwrite is not said, earlier decisions stay.
// What follows for their accounts is settled afterwards, see SettleDomains.
func (s *Service) BlockDomains(ctx context.Context, keeper id.Account, list []domains.Block, overwrite bool) ([]*domains.Block, error) {
	var changed []*domains.Block
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		wanted := list
		if !overwrite {
			known, err := domains.Known(ctx, tx)
			if err != nil {
				return err
			}
			wanted = nil
			for _, b := range list {
				if !known[b.Domain] {
					wanted = append(wanted, b)
				}
			}
		}
		var err error
		if changed, err = s.domains.Put(ctx, tx, wanted); err != nil {
			return err
		}
		for _, b := range changed {
			if err := s.logBlock(ctx, tx, keeper, "domain.block", b); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("block domains: %w", err)
	}
	return changed, s.domains.Load(ctx)
}

// UnblockDomain takes the decision about a server back. Its accounts are as they were; follows that were severed are not.
func (s *Service) UnblockDomain(ctx context.Context, keeper id.Account, domain string) (*domains.Block, error) {
	var gone *domains.Block
	err := s.db.Tx(ctx, func(tx *db.Tx) (err error) {
		if gone, err = s.domains.Remove(ctx, tx, domain); err != nil {
			return err
		}
		return s.logBlock(ctx, tx, keeper, "domain.unblock", gone)
	})
	if err != nil {
		return nil, fmt.Errorf("unblock domain: %w", err)
	}
	return gone, s.domains.Load(ctx)
}

func (s *Service) logBlock(ctx context.Context, tx *db.Tx, keeper id.Account, action string, b *domains.Block) error {
	return s.log(ctx, tx, entry{keeper: keeper, action: action, kind: targetDomainBlock, target: int64(b.ID), name: b.Domain, details: map[string]any{
		"severity": b.Severity, "reject_media": b.RejectMedia, "reject_reports": b.RejectReports, "private_comment": b.PrivateComment,
		"public_comment": b.PublicComment, "obfuscate": b.Obfuscate}})
}

// AllowDomains puts servers on the list of those that are spoken with while federation is limited, and gives the new ones.
func (s *Service) AllowDomains(ctx context.Context, keeper id.Account, names []string) ([]*domains.Allow, error) {
	var added []*domains.Allow
	err := s.db.Tx(ctx, func(tx *db.Tx) (err error) {
		if added, err = s.domains.AddAllows(ctx, tx, names); err != nil {
			return err
		}
		for _, a := range added {
			if err := s.log(ctx, tx, entry{keeper: keeper, action: "domain.allow", kind: targetDomainAllow, target: int64(a.ID), name: a.Domain}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("allow domains: %w", err)
	}
	return added, s.domains.Load(ctx)
}

// DisallowDomain takes a server off that list.
func (s *Service) DisallowDomain(ctx context.Context, keeper id.Account, domain string) (*domains.Allow, error) {
	var gone *domains.Allow
	err := s.db.Tx(ctx, func(tx *db.Tx) (err error) {
		if gone, err = s.domains.RemoveAllow(ctx, tx, domain); err != nil {
			return err
		}
		return s.log(ctx, tx, entry{keeper: keeper, action: "domain.disallow", kind: targetDomainAllow, target: int64(gone.ID), name: gone.Domain})
	})
	if err != nil {
		return nil, fmt.Errorf("disallow domain: %w", err)
	}
	return gone, s.domains.Load(ctx)
}

// settleAtOnce is how many accounts one transaction limits or suspends, or frees.
const settleAtOnce = 200

// SettleDomains brings the accounts of servers about which keepers decided to what holds for them now, in short transactions; what the decision of a
// keeper about single accounts is stays. Of suspended servers the follows are severed both ways, what waits to be sent is dropped, and so
// are the copies of media. Interrupted, it begins again and finds most of it done.
func (s *Service) SettleDomains(ctx context.Context, e domains.Changed) error {
	if err := s.domains.Load(ctx); err != nil {
		return err
	}
	hosts, err := s.accounts.PeersBelow(ctx, func(host string) bool {
		for _, name := range e.Domains {
			if domains.Covers(name, host) {
				return true
			}
		}
		return false
	})
	if err != nil {
		return fmt.Errorf("settle domains: %w", err)
	}
	for _, host := range hosts {
		if err := s.settleHost(ctx, host); err != nil {
			return fmt.Errorf("settle %s: %w", host, err)
		}
	}
	for _, name := range e.Domains {
		if err := s.ties.FinishSeverances(ctx, relationships.DomainBlock, name); err != nil {
			return err
		}
	}
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		for _, name := range e.Domains {
			if err := tx.Emit(media.ModeChanged{Domain: name}); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Service) settleHost(ctx context.Context, host string) error {
	for after := id.Account(0); ; {
		batch, err := s.accounts.AccountsOf(ctx, host, after, settleAtOnce)
		if err != nil {
			return err
		}
		if len(batch) == 0 {
			break
		}
		after = batch[len(batch)-1]
		if err = s.db.Tx(ctx, func(tx *db.Tx) error { return s.settle(ctx, tx, host, batch) }); err != nil {
			return err
		}
	}
	if !s.domains.Suspends(host) {
		return nil
	}
	if err := s.courier.Drop(ctx, host); err != nil {
		return err
	}
	return s.severHost(ctx, host)
}

// settle does for some accounts of a host what holds for it at this moment.
func (s *Service) settle(ctx context.Context, tx *db.Tx, host string, batch []id.Account) error {
	limit, suspend := accounts.Unlimit, accounts.Unsuspend
	if s.domains.Limits(host) {
		limit = accounts.Limit
	}
	if s.domains.Suspends(host) {
		suspend = accounts.Suspend
	}
	if _, err := limit(ctx, tx, accounts.ByDomain, batch...); err != nil {
		return err
	}
	_, err := suspend(ctx, tx, accounts.ByDomain, batch...)
	return err
}

// severHost ends all follows between members and a suspended host.
func (s *Service) severHost(ctx context.Context, host string) error {
	still := func(context.Context, *db.Tx) (bool, error) { return s.domains.Suspends(host), nil }
	for after := id.Account(0); ; {
		batch, err := s.accounts.AccountsOf(ctx, host, after, settleAtOnce)
		if err != nil || len(batch) == 0 {
			return err
		}
		after = batch[len(batch)-1]
		tied, err := s.ties.Tied(ctx, batch)
		if err != nil {
			return err
		}
		them, err := s.accounts.ByIDs(ctx, tied)
		if err != nil {
			return err
		}
		name := host
		if b := s.domains.Of(host); b != nil {
			name = b.Domain
		}
		for _, one := range them {
			if err := s.ties.SeverAccount(ctx, one, relationships.DomainBlock, name, true, still); err != nil {
				return err
			}
		}
	}
}

// DomainState is how far what follows from a decision about a server has come, and what there is of it.
type DomainState struct {
	Hosts      []string // known servers that it holds for
	Accounts   int64
	Settled    int64 // accounts for which it holds
	Follows    int64 // between members and them
	Deliveries int64 // that wait to be sent there
}

// StateOf tells it of one server and those below it.
func (s *Service) StateOf(ctx context.Context, domain string) (*DomainState, error) {
	name, err := domains.Name(s.accounts.Site(), domain)
	if err != nil {
		return nil, err
	}
	state := &DomainState{}
	if state.Hosts, err = s.accounts.PeersBelow(ctx, func(host string) bool { return domains.Covers(name, host) }); err != nil {
		return nil, err
	}
	for _, host := range state.Hosts {
		var limited, suspended, follows int64
		var all, waiting int64
		_, err := db.One(ctx, s.db, func(r db.Row) (struct{}, error) {
			return struct{}{}, r.Scan(&all, &limited, &suspended, &follows, &waiting)
		}, stateSQL, host)
		if err != nil {
			return nil, fmt.Errorf("state of %s: %w", host, err)
		}
		state.Accounts, state.Follows, state.Deliveries = state.Accounts+all, state.Follows+follows, state.Deliveries+waiting
		switch {
		case s.domains.Suspends(host):
			state.Settled += suspended
		case s.domains.Limits(host):
			state.Settled += limited
		default:
			state.Settled += all - max(limited, suspended)
		}
	}
	return state, nil
}

const stateSQL = `SELECT (SELECT COUNT(*) FROM accounts WHERE domain = $1),
	(SELECT COUNT(*) FROM accounts WHERE domain = $1 AND (limited_by & 4) <> 0),
	(SELECT COUNT(*) FROM accounts WHERE domain = $1 AND (suspended_by & 4) <> 0),
	(SELECT COUNT(*) FROM accounts a JOIN follows f ON f.account_id = a.id WHERE a.domain = $1) + (SELECT COUNT(*) FROM accounts a JOIN follows f ON f.target_id = a.id WHERE a.domain = $1),
	(SELECT COUNT(*) FROM deliveries WHERE host = $1)`
