package timelines

import (
	"fmt"

	"anancus/internal/kit/fault"
	"anancus/internal/kit/keyset"
	"anancus/internal/social/id"
	"anancus/internal/social/viewer"
)

// List serves GET /api/v1/timelines/list/{id}. The feed of a list is kept as the home feed is.
func (s *Service) List(c *viewer.Call) (any, error) {
	list, err := id.Parse[id.List](c.Path("id"))
	if err != nil {
		return nil, err
	}
	if list == 0 {
		return nil, fault.RecordNotFound()
	}
	p := keyset.Read(c, pageLimit, pageMax)
	page, err := s.own(c.Context(), key{c.Viewer.Account, list}, p)
	if err != nil {
		return nil, fmt.Errorf("list timeline: %w", err)
	}
	return s.answer(c, p, page)
}
