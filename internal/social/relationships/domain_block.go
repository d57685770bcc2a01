package relationships

import (
	"context"
	"fmt"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/kit/text"
	"anancus/internal/social/id"
)

// The events of domain blocks.
type (
	// DomainBlocked tells that Account blocks Domain; the follows between the two are still to be ended.
	DomainBlocked struct {
		Account   id.Account
		Domain    string
		Severance id.Severance
	}
	// DomainUnblocked tells that a domain block ended. What was severed stays so.
	DomainUnblocked struct {
		Account id.Account
		Domain  string
	}
)

// domainName gives the one spelling of a server's name, and refuses what is none, or ours.
func (s *Service) domainName(domain string) (string, error) {
	if domain == "" {
		return "", fault.New(fault.Invalid, "Validation failed: Domain can't be blank")
	}
	name, err := text.NormalizeDomain(domain)
	if err != nil {
		return "", fault.New(fault.Invalid, "Validation failed: Domain is not a valid domain name")
	}
	if s.site.IsLocal(name) { // it would be stored and hide nobody
		return "", fault.New(fault.Invalid, "Validation failed: Domain is this server itself")
	}
	return name, nil
}

// BlockDomain hides everybody of a server from the member and the member from them. Follows
// both ways end soon after (see SeverDomain). Repeating it changes nothing.
func (s *Service) BlockDomain(ctx context.Context, member id.Account, domain string) error {
	name, err := s.domainName(domain)
	if err != nil {
		return err
	}
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		began, err := insertDomainBlock(ctx, tx, member, name)
		if err != nil || !began {
			return err
		}
		severance := id.Severance(tx.NextID())
		if err := insertSeverance(ctx, tx, severance, member, UserDomainBlock, name, clock.Milli(tx.Now())); err != nil {
			return err
		}
		return tx.Emit(DomainBlocked{member, name, severance})
	})
	if err != nil {
		return fmt.Errorf("block domain: %w", err)
	}
	return nil
}

// UnblockDomain ends a domain block. None to end is no error.
func (s *Service) UnblockDomain(ctx context.Context, member id.Account, domain string) error {
	name, err := text.NormalizeDomain(domain)
	if err != nil {
		return nil // nobody can have blocked what is no name
	}
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		ended, err := deleteDomainBlock(ctx, tx, member, name)
		if err != nil || !ended {
			return err
		}
		return tx.Emit(DomainUnblocked{member, name})
	})
	if err != nil {
		return fmt.Errorf("unblock domain: %w", err)
	}
	return nil
}
