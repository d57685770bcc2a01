package timelines

import (
	"strconv"
	"strings"

	"anancus/internal/kit/fault"
	"anancus/internal/protocol/mastodon"
	"anancus/internal/social/id"
	"anancus/internal/social/statuses"
	"anancus/internal/social/viewer"
)

// Refresh serves GET /api/v1_alpha/async_refreshes/{id}: whether the home feed, which an answer 206 said to be on its
// way, can be read now, only to its owner; and how far the search for answers to a status is, to who may read that.
func (s *Service) Refresh(c *viewer.Call) (any, error) {
	if status, ok := strings.CutPrefix(c.Path("id"), statuses.CrawlPrefix); ok {
		told, err := s.statuses.CrawlRefresh(c, status)
		if err != nil {
			return nil, err
		}
		return map[string]any{"async_refresh": told}, nil
	}
	number, home := strings.CutPrefix(c.Path("id"), "home:")
	whose, err := strconv.ParseInt(number, 10, 64)
	if !home || err != nil || id.Account(whose) != c.Viewer.Account {
		return nil, fault.RecordNotFound()
	}
	status := "finished"
	s.mu.Lock()
	open := s.feeds[homeOf(c.Viewer.Account)] != nil
	full := len(s.building) >= s.maxBuilds
	_, mine := s.building[homeOf(c.Viewer.Account)]
	s.mu.Unlock()
	if !open && (full || mine) {
		status = "running"
	}
	return map[string]any{"async_refresh": mastodon.AsyncRefresh{ID: c.Path("id"), Status: status}}, nil
}
