package timelines

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"anancus/internal/kit/keyset"
	"anancus/internal/kit/rest"
	"anancus/internal/social/id"
	"anancus/internal/social/viewer"
)

// Lengths of a page.
const (
	pageLimit = 20
	pageMax   = 40
)

// Home serves GET /api/v1/timelines/home.
func (s *Service) Home(c *viewer.Call) (any, error) {
	p := keyset.Read(c, pageLimit, pageMax)
	page, err := s.own(c.Context(), homeOf(c.Viewer.Account), p)
	if errors.Is(err, errBusy) {
		// Mastodon's answer while a feed is being made: come again in five seconds.
		c.SetHeader("Mastodon-Async-Refresh", fmt.Sprintf(`id="home:%d", retry=5`, c.Viewer.Account))
		return rest.Coded{Code: http.StatusPartialContent, Body: []json.RawMessage{}}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("home timeline: %w", err)
	}
	return s.answer(c, p, page)
}

// answer shows a page with its links.
func (s *Service) answer(c *viewer.Call, p keyset.Page, page found) (any, error) {
	if page.first == 0 {
		return []json.RawMessage{}, nil
	}
	ids := make([]id.Status, len(page.rows))
	for i, e := range page.rows {
		ids[i] = e.status
	}
	rows, done, err := s.statuses.PresentPage(c.Context(), c.Viewer, ids)
	if err != nil {
		return nil, err
	}
	answer := keyset.Answer(c, p, rows, max(len(ids), 1), int64(page.first), int64(page.last), keyset.ByMinID, false)
	answer.Done = done
	return answer, nil
}
