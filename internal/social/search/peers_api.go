package search

import (
	"fmt"
	"strings"

	"anancus/internal/kit/fault"
	"anancus/internal/kit/rest"
	"anancus/internal/kit/text"
	"anancus/internal/social/viewer"
)

// Bounds of a search for servers.
const (
	maxPeers      = 10
	maxPeerLength = 253 // bytes of a domain
	cachePeers    = "max-age=300, public, stale-while-revalidate=30, stale-if-error=86400"
)

// SearchPeers serves GET /api/v1/peers/search: servers that somebody here has met, by how their domain or a part of it begins.
func (s *Service) SearchPeers(c *viewer.Call) (any, error) {
	if !s.settings.Now().PeersAPI {
		return nil, fault.RecordNotFound()
	}
	q := strings.ToLower(strings.TrimSpace(c.Query("q")))
	if len(q) > maxQuery {
		return nil, fault.New(fault.BadRequest, fmt.Sprintf("The parameter q is longer than %d bytes", maxQuery))
	}
	if whole, err := text.NormalizeDomain(q); err == nil { // what is written in letters of the world is kept in those of domains
		q = whole
	}
	found := []string{}
	if q != "" && len(q) <= maxPeerLength {
		var err error
		if found, err = s.accounts.PeersNamed(c.Context(), q, maxPeers); err != nil {
			return nil, err
		}
	}
	return rest.Tagged{Body: found, Cache: cachePeers}, nil
}
