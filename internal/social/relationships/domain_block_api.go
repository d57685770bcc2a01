package relationships

import (
	"fmt"

	"anancus/internal/kit/keyset"
	"anancus/internal/kit/rest"
	"anancus/internal/protocol/mastodon"
	"anancus/internal/social/viewer"
)

// Limits of lists of domains.
const (
	domainsLimit = 100
	domainsMax   = 200
)

// DomainBlocks serves GET /api/v1/domain_blocks.
func (s *Service) DomainBlocks(c *viewer.Call) (any, error) {
	p := keyset.Read(c, domainsLimit, domainsMax)
	rows, err := listDomains(c.Context(), s.db, c.Viewer.Account, p)
	if err != nil {
		return nil, fmt.Errorf("list domain blocks: %w", err)
	}
	domains := make([]string, len(rows))
	for i, row := range rows {
		domains[i] = row.domain
	}
	if len(rows) == 0 {
		return domains, nil
	}
	return keyset.Answer(c, p, domains, len(rows), rows[0].row, rows[len(rows)-1].row, keyset.BySinceID, true), nil
}

type domainForm struct {
	Domain string `form:"domain"`
}

// CreateDomainBlock serves POST /api/v1/domain_blocks.
func (s *Service) CreateDomainBlock(c *viewer.Call) (any, error) {
	form, err := rest.Decode[domainForm](c)
	if err != nil {
		return nil, err
	}
	if err := s.BlockDomain(c.Context(), c.Viewer.Account, form.Domain); err != nil {
		return nil, err
	}
	return rest.Empty{}, nil
}

// DeleteDomainBlock serves DELETE /api/v1/domain_blocks.
func (s *Service) DeleteDomainBlock(c *viewer.Call) (any, error) {
	form, err := rest.Decode[domainForm](c)
	if err != nil {
		return nil, err
	}
	if err := s.UnblockDomain(c.Context(), c.Viewer.Account, form.Domain); err != nil {
		return nil, err
	}
	return rest.Empty{}, nil
}

// PreviewDomainBlock serves GET /api/v1/domain_blocks/preview: what blocking a domain would end.
func (s *Service) PreviewDomainBlock(c *viewer.Call) (any, error) {
	domain, err := s.domainName(c.Query("domain"))
	if err != nil {
		return nil, err
	}
	following, followers, err := countBetween(c.Context(), s.db, c.Viewer.Account, domain)
	if err != nil {
		return nil, fmt.Errorf("preview domain block: %w", err)
	}
	return mastodon.DomainBlockPreview{FollowingCount: following, FollowersCount: followers}, nil
}
