package emoji

import (
	"anancus/internal/kit/rest"
	"anancus/internal/social/viewer"
)

const cacheList = "max-age=300, public, stale-while-revalidate=30, stale-if-error=86400"

// CustomEmojis serves GET /api/v1/custom_emojis: those of ours that are offered.
func (s *Service) CustomEmojis(c *viewer.Call) (any, error) {
	here, err := s.here(c.Context())
	if err != nil {
		return nil, err
	}
	return rest.Tagged{Body: here.listed, Cache: cacheList}, nil
}
