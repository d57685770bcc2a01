package conversations

import (
	"encoding/json"
	"fmt"

	"anancus/internal/kit/fault"
	"anancus/internal/kit/keyset"
	"anancus/internal/kit/rest"
	"anancus/internal/protocol/mastodon"
	"anancus/internal/social/id"
	"anancus/internal/social/viewer"
)

// Limits of the list.
const (
	listLimit = 20
	listMax   = 40
)

// List serves GET /api/v1/conversations; its pages are told by the ids of the last statuses.
func (s *Service) List(c *viewer.Call) (any, error) {
	p := keyset.Read(c, listLimit, listMax)
	rows, err := page(c.Context(), s.db, c.Viewer.Account, p)
	if err != nil {
		return nil, fmt.Errorf("list conversations: %w", err)
	}
	shown, err := s.present(c, rows)
	if err != nil || len(rows) == 0 {
		return shown, err
	}
	return keyset.Answer(c, p, shown, len(rows), int64(rows[0].Last), int64(rows[len(rows)-1].Last), keyset.ByMinID, true), nil
}

// present shapes conversations, with their people and statuses in a fixed number of queries.
func (s *Service) present(c *viewer.Call, rows []*Conversation) ([]mastodon.Conversation, error) {
	people := []id.Account{c.Viewer.Account}
	last := make([]id.Status, len(rows))
	for i, one := range rows {
		people, last[i] = append(people, one.Others...), one.Last
	}
	accounts, err := s.accounts.Shown(c.Context(), people)
	if err != nil {
		return nil, err
	}
	visible, err := s.statuses.VisibleIDs(c, last)
	if err != nil {
		return nil, err
	}
	posts, err := s.statuses.Present(c.Context(), c.Viewer, visible)
	if err != nil {
		return nil, err
	}
	byStatus := map[id.Status]json.RawMessage{}
	if len(posts) == len(visible) {
		for i, one := range visible {
			byStatus[one] = posts[i]
		}
	}
	shown := make([]mastodon.Conversation, len(rows))
	for i, one := range rows {
		m := mastodon.Conversation{ID: one.ID.String(), Unread: one.Unread, LastStatus: byStatus[one.Last]}
		for _, other := range one.Others {
			if account := accounts[other]; account != nil {
				m.Accounts = append(m.Accounts, account)
			}
		}
		if len(m.Accounts) == 0 { // apps count on somebody
			m.Accounts = []json.RawMessage{accounts[c.Viewer.Account]}
		}
		shown[i] = m
	}
	return shown, nil
}

// RemoveConversation serves DELETE /api/v1/conversations/{id}.
func (s *Service) RemoveConversation(c *viewer.Call) (any, error) {
	wanted, err := id.Parse[id.Conversation](c.Path("id"))
	if err != nil {
		return nil, err
	}
	return rest.Empty{}, s.Remove(c.Context(), c.Viewer.Account, wanted)
}

// Read serves POST /api/v1/conversations/{id}/read.
func (s *Service) Read(c *viewer.Call) (any, error) { return s.mark(c, false) }

// Unread serves POST /api/v1/conversations/{id}/unread.
func (s *Service) Unread(c *viewer.Call) (any, error) { return s.mark(c, true) }

func (s *Service) mark(c *viewer.Call, unread bool) (any, error) {
	wanted, err := id.Parse[id.Conversation](c.Path("id"))
	if err != nil {
		return nil, err
	}
	found, err := s.Mark(c.Context(), c.Viewer.Account, wanted, unread)
	if err != nil {
		return nil, err
	}
	shown, err := s.present(c, []*Conversation{found})
	if err != nil {
		return nil, err
	}
	if len(shown) == 0 {
		return nil, fault.RecordNotFound()
	}
	return shown[0], nil
}
