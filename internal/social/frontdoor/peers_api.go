package frontdoor

import (
	"anancus/internal/kit/fault"
	"anancus/internal/kit/rest"
	"anancus/internal/kit/text"
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

// DomainBlocks serves GET /api/v1/instance/domain_blocks. Keepers cannot block servers yet, so there are none to tell of.
func (s *Service) DomainBlocks(c *viewer.Call) (any, error) {
	switch s.settings.Now().ShowDomainBlocks {
	case settings.Everyone:
	case settings.Members:
		if !c.Viewer.IsMember() {
			return nil, fault.RecordNotFound()
		}
	default:
		return nil, fault.RecordNotFound()
	}
	return []any{}, nil
}

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
