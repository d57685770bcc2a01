package suggestions

import (
	"encoding/json"
	"strconv"

	"anancus/internal/kit/rest"
	"anancus/internal/protocol/mastodon"
	"anancus/internal/social/id"
	"anancus/internal/social/viewer"
)

// Limits of a page.
const (
	page    = 40
	maxPage = 80
)

// legacy are the words of the older key, by source.
var legacy = map[string]string{featured: "staff", mostFollowed: "global", mostInteractions: "global", friendsOfFriends: "past_interactions"}

// ShowSuggestions serves GET /api/v2/suggestions.
func (s *Service) ShowSuggestions(c *viewer.Call) (any, error) {
	shown := []mastodon.Suggestion{}
	err := s.each(c, func(one candidate, row json.RawMessage) {
		source := legacy[one.sources[0]]
		shown = append(shown, mastodon.Suggestion{Source: &source, Sources: one.sources, Account: row})
	})
	return shown, err
}

// ShowSuggestedAccounts serves GET /api/v1/suggestions, the older shape.
func (s *Service) ShowSuggestedAccounts(c *viewer.Call) (any, error) {
	shown := []json.RawMessage{}
	err := s.each(c, func(_ candidate, row json.RawMessage) { shown = append(shown, row) })
	return shown, err
}

// each shows the suggestions of the page that was asked for.
func (s *Service) each(c *viewer.Call, show func(candidate, json.RawMessage)) error {
	list, err := s.For(c.Context(), c.Viewer.Account)
	if err != nil {
		return err
	}
	limit := c.Limit(page, maxPage)
	if offset, err := strconv.Atoi(c.Query("offset")); err == nil {
		list = list[min(max(offset, -offset), len(list)):]
	}
	list = list[:min(limit, len(list))]
	ids := make([]id.Account, len(list))
	for i, one := range list {
		ids[i] = one.account
	}
	rows, err := s.accounts.Shown(c.Context(), ids)
	if err != nil {
		return err
	}
	for _, one := range list {
		if row, there := rows[one.account]; there {
			show(one, row)
		}
	}
	return nil
}

// DismissSuggestion serves DELETE /api/v1/suggestions/{id}.
func (s *Service) DismissSuggestion(c *viewer.Call) (any, error) {
	target, err := id.Parse[id.Account](c.Path("id"))
	if err != nil {
		return nil, err
	}
	return rest.Empty{}, s.Dismiss(c.Context(), c.Viewer.Account, target)
}
