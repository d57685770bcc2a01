package notifications

import (
	"fmt"
	"strconv"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/fault"
	"anancus/internal/kit/keyset"
	"anancus/internal/kit/rest"
	"anancus/internal/protocol/mastodon"
	"anancus/internal/social/id"
	"anancus/internal/social/viewer"
)

// Requests serves GET /api/v1/notifications/requests. The rows are paged by their newest status, in Link only.
func (s *Service) Requests(c *viewer.Call) (any, error) {
	p := keyset.Read(c, listLimit, listMax)
	rows, err := requests(c.Context(), s.db, c.Viewer.Account, p)
	if err != nil {
		return nil, fmt.Errorf("list notification requests: %w", err)
	}
	if len(rows) == 0 {
		return []any{}, nil
	}
	shown, err := s.presentRequests(c, rows)
	if err != nil {
		return nil, err
	}
	return keyset.Answer(c, p, shown, len(rows), int64(rows[0].LastStatus), int64(rows[len(rows)-1].LastStatus), keyset.ByMinID, true), nil
}

// ShowRequest serves GET /api/v1/notifications/requests/{id}.
func (s *Service) ShowRequest(c *viewer.Call) (any, error) {
	wanted, err := id.Parse[id.NotificationRequest](c.Path("id"))
	if err != nil {
		return nil, err
	}
	row, err := request(c.Context(), s.db, c.Viewer.Account, wanted)
	if err != nil {
		return nil, err
	}
	shown, err := s.presentRequests(c, []*Request{row})
	if err != nil {
		return nil, err
	}
	if len(shown) == 0 {
		return nil, fault.RecordNotFound()
	}
	return shown[0], nil
}

func (s *Service) presentRequests(c *viewer.Call, rows []*Request) ([]mastodon.NotificationRequest, error) {
	about := make([]*Notification, len(rows))
	for i, r := range rows {
		about[i] = &Notification{From: r.From, Status: r.LastStatus}
	}
	t, err := s.gather(c, about)
	if err != nil {
		return nil, err
	}
	shown := make([]mastodon.NotificationRequest, 0, len(rows))
	for _, r := range rows {
		if t.accounts[r.From] != nil {
			shown = append(shown, mastodon.NotificationRequest{ID: id.String(r.ID), CreatedAt: mastodon.Time(clock.FromMilli(r.CreatedAt)),
				UpdatedAt: mastodon.Time(clock.FromMilli(r.UpdatedAt)), Count: strconv.FormatInt(r.Count, 10),
				Account: t.accounts[r.From], LastStatus: t.statuses[r.LastStatus]})
		}
	}
	return shown, nil
}

// AcceptRequest serves POST /api/v1/notifications/requests/{id}/accept.
func (s *Service) AcceptRequest(c *viewer.Call) (any, error) {
	return s.answerOne(c, func(wanted []id.NotificationRequest) (int, error) {
		return s.AcceptRequests(c.Context(), c.Viewer.Account, wanted)
	})
}

// DismissRequest serves POST /api/v1/notifications/requests/{id}/dismiss.
func (s *Service) DismissRequest(c *viewer.Call) (any, error) {
	return s.answerOne(c, func(wanted []id.NotificationRequest) (int, error) {
		return s.DismissRequests(c.Context(), c.Viewer.Account, wanted)
	})
}

func (s *Service) answerOne(c *viewer.Call, do func([]id.NotificationRequest) (int, error)) (any, error) {
	wanted, err := id.Parse[id.NotificationRequest](c.Path("id"))
	if err != nil {
		return nil, err
	}
	n, err := do([]id.NotificationRequest{wanted})
	if err == nil && n == 0 {
		err = fault.RecordNotFound()
	}
	return rest.Empty{}, err
}

type requestsForm struct {
	IDs []string `form:"id"`
}

// AcceptManyRequests serves POST /api/v1/notifications/requests/accept; unknown ids are passed over.
func (s *Service) AcceptManyRequests(c *viewer.Call) (any, error) {
	wanted, err := wantedRequests(c)
	if err != nil {
		return nil, err
	}
	_, err = s.AcceptRequests(c.Context(), c.Viewer.Account, wanted)
	return rest.Empty{}, err
}

// DismissManyRequests serves POST /api/v1/notifications/requests/dismiss; unknown ids are passed over.
func (s *Service) DismissManyRequests(c *viewer.Call) (any, error) {
	wanted, err := wantedRequests(c)
	if err != nil {
		return nil, err
	}
	_, err = s.DismissRequests(c.Context(), c.Viewer.Account, wanted)
	return rest.Empty{}, err
}

func wantedRequests(c *viewer.Call) ([]id.NotificationRequest, error) {
	form, err := rest.Decode[requestsForm](c)
	if err != nil {
		return nil, err
	}
	var wanted []id.NotificationRequest
	for _, text := range form.IDs {
		if one, err := id.Parse[id.NotificationRequest](text); err == nil {
			wanted = append(wanted, one)
		}
	}
	return wanted, nil
}

// RequestsMerged serves GET /api/v1/notifications/requests/merged: whether all that was accepted is shown.
func (s *Service) RequestsMerged(c *viewer.Call) (any, error) {
	done, err := merged(c.Context(), s.db, c.Viewer.Account)
	if err != nil {
		return nil, fmt.Errorf("merged notification requests: %w", err)
	}
	return map[string]bool{"merged": done}, nil
}
