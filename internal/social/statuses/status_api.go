package statuses

import (
	"anancus/internal/kit/fault"
	"anancus/internal/kit/keyset"
	"anancus/internal/social/id"
	"anancus/internal/social/viewer"
)

// ShowStatus serves GET /api/v1/statuses/{id}.
func (s *Service) ShowStatus(c *viewer.Call) (any, error) {
	wanted, err := fromPath(c)
	if err != nil {
		return nil, err
	}
	status, err := s.See(c.Context(), c.Viewer.Account, wanted)
	if err != nil {
		return nil, err
	}
	return s.PresentOne(c.Context(), c.Viewer, status.ID)
}

// maxBatch is how many statuses may be asked for at once.
const maxBatch = 20

// ShowStatuses serves GET /api/v1/statuses?id[]=….
func (s *Service) ShowStatuses(c *viewer.Call) (any, error) {
	texts := c.QueryList("id")
	if len(texts) > maxBatch {
		return nil, fault.New(fault.Invalid, "Validation failed: Too many ids, 20 is the limit")
	}
	var wanted []id.Status
	for _, text := range texts {
		if one, err := id.Parse[id.Status](text); err == nil {
			wanted = append(wanted, one)
		}
	}
	return s.presentVisible(c, wanted)
}

// presentVisible shows of these statuses those that the viewer may read, in their order.
func (s *Service) presentVisible(c *viewer.Call, wanted []id.Status) ([]raw, error) {
	ids, err := s.VisibleIDs(c, wanted)
	if err != nil {
		return nil, err
	}
	return s.Present(c.Context(), c.Viewer, ids)
}

// VisibleIDs leaves of ids those that the viewer may read, in their order.
func (s *Service) VisibleIDs(c *viewer.Call, wanted []id.Status) ([]id.Status, error) {
	if len(wanted) == 0 {
		return nil, nil
	}
	list, err := many(c.Context(), s.db, wanted)
	if err != nil {
		return nil, err
	}
	if list, err = s.Visible(c.Context(), c.Viewer.Account, list); err != nil {
		return nil, err
	}
	there := map[id.Status]bool{}
	for _, one := range list {
		there[one.ID] = true
	}
	ids := make([]id.Status, 0, len(wanted))
	for _, one := range wanted {
		if there[one] {
			ids = append(ids, one)
		}
	}
	return ids, nil
}

// Limits of lists of statuses.
const (
	ListLimit = 20
	ListMax   = 40
)

// Bookmarks serves GET /api/v1/bookmarks.
func (s *Service) Bookmarks(c *viewer.Call) (any, error) { return s.saved(c, "bookmarks") }

// Favourites serves GET /api/v1/favourites.
func (s *Service) Favourites(c *viewer.Call) (any, error) { return s.saved(c, "favourites") }

func (s *Service) saved(c *viewer.Call, table string) (any, error) {
	p := keyset.Read(c, ListLimit, ListMax)
	rows, err := listStatuses(c.Context(), s.db, table, c.Viewer.Account, p)
	if err != nil {
		return nil, err
	}
	ids := make([]id.Status, len(rows))
	for i, row := range rows {
		ids[i] = row.status
	}
	shown, err := s.presentVisible(c, ids)
	if err != nil || len(rows) == 0 {
		return []raw{}, err
	}
	return keyset.Answer(c, p, shown, len(rows), rows[0].row, rows[len(rows)-1].row, keyset.ByMinID, true), nil
}
