package frontdoor

import (
	"anancus/internal/kit/fault"
	"anancus/internal/kit/rest"
	"anancus/internal/kit/text"
	"anancus/internal/protocol/mastodon"
	"anancus/internal/social/domains"
	"anancus/internal/social/settings"
	"anancus/internal/social/viewer"
)

// Peers serves GET /api/v1/instance/peers: the servers that somebody here has met.
func (s *Service) Peers(c *viewer.Call) (any, error) {
	if !s.settings.Now().PeersAPI {
		return nil, fault.RecordNotFound()
	}
	domains, err := s.accounts.Peers(c.Context())
	if err != nil {
		return nil, err
	}
	if domains == nil {
		domains = []string{}
	}
	return rest.Tagged{Body: domains, Cache: cacheInstance}, nil
}

// DomainBlocks serves GET /api/v1/instance/domain_blocks: which servers are limited or suspended here, and to whom it may be told why.
func (s *Service) DomainBlocks(c *viewer.Call) (any, error) {
	v := s.settings.Now()
	if !mayRead(v.ShowDomainBlocks, c.Viewer) {
		return nil, fault.RecordNotFound()
	}
	list, err := s.domains.Public(c.Context())
	if err != nil {
		return nil, err
	}
	rows := make([]mastodon.DomainBlock, len(list))
	for i, b := range list {
		rows[i] = mastodon.DomainBlock{Domain: b.Shown(), Digest: b.Digest(), Severity: string(b.Severity)}
		if mayRead(v.ShowDomainReasons, c.Viewer) {
			rows[i].Comment = &b.PublicComment
		}
	}
	return rows, nil
}

func mayRead(a settings.Audience, v viewer.Viewer) bool {
	return a == settings.Everyone || a == settings.Members && v.IsMember()
}

// ShowDomains tells the room which servers are limited or suspended; called once at assembly.
func (s *Service) ShowDomains(d *domains.Service) { s.domains = d }

// Languages serves GET /api/v1/instance/languages: those that posts can be in.
func (s *Service) Languages(*viewer.Call) (any, error) {
	known := text.Languages()
	rows := make([]map[string]string, len(known))
	for i, one := range known {
		rows[i] = map[string]string{"code": one.Code, "name": one.Name}
	}
	return rest.Tagged{Body: rows, Cache: cacheInstance}, nil
}

// DonationCampaigns serves GET /api/v1/donation_campaigns: this server asks nobody for money.
func (s *Service) DonationCampaigns(*viewer.Call) (any, error) { return rest.Bytes{Code: 204}, nil }
