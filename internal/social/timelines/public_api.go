package timelines

import (
	"encoding/json"
	"fmt"

	"anancus/internal/kit/keyset"
	"anancus/internal/social/viewer"
)

// Public serves GET /api/v1/timelines/public.
func (s *Service) Public(c *viewer.Call) (any, error) {
	reach, err := LiveReach(s.settings.Now(), c)
	if err != nil {
		return nil, err
	}
	if reach.Nothing() {
		return kept(c, []json.RawMessage{}), nil
	}
	r, err := s.factsFor(c.Context(), c.Viewer.Account)
	if err != nil {
		return nil, fmt.Errorf("public timeline: %w", err)
	}
	p := keyset.Read(c, pageLimit, pageMax)
	var page found
	switch {
	case c.QueryFlag("only_media"):
		page, err = s.publicWalk(reach.only(), true, r).read(c.Context(), p)
	case !reach.Remote:
		page, err = s.public(c.Context(), s.local, r, p)
	case !reach.Local:
		page, err = s.publicWalk(reach.only(), false, r).read(c.Context(), p)
	default:
		page, err = s.public(c.Context(), s.all, r, p)
	}
	if err != nil {
		return nil, fmt.Errorf("public timeline: %w", err)
	}
	answer, err := s.answer(c, p, page)
	if err != nil {
		return nil, err
	}
	return kept(c, answer), nil
}
