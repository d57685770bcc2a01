package timelines

import (
	"encoding/json"
	"fmt"

	"anancus/internal/kit/keyset"
	"anancus/internal/social/viewer"
)

// Public serves GET /api/v1/timelines/public.
func (s *Service) Public(c *viewer.Call) (any, error) {
	local, remote := c.QueryFlag("local"), c.QueryFlag("remote")
	if c.QueryFlag("only_media") || (local && remote) { // no status here carries media yet
		return []json.RawMessage{}, nil
	}
	r, err := s.factsFor(c.Context(), c.Viewer.Account)
	if err != nil {
		return nil, fmt.Errorf("public timeline: %w", err)
	}
	p := keyset.Read(c, pageLimit, pageMax)
	var page found
	switch {
	case local:
		page, err = s.public(c.Context(), s.local, r, p)
	case remote:
		page, err = s.publicWalk(new(bool), r).read(c.Context(), p)
	default:
		page, err = s.public(c.Context(), s.all, r, p)
	}
	if err != nil {
		return nil, fmt.Errorf("public timeline: %w", err)
	}
	return s.answer(c, p, page)
}
