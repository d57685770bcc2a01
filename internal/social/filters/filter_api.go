package filters

import (
	"strconv"
	"strings"
	"time"

	"anancus/internal/kit/fault"
	"anancus/internal/kit/rest"
	"anancus/internal/protocol/mastodon"
	"anancus/internal/social/id"
	"anancus/internal/social/viewer"
)

type filterForm struct {
	Title     *string       `form:"title"`
	Context   *[]string     `form:"context"`
	Action    *string       `form:"filter_action"`
	ExpiresIn string        `form:"expires_in"`
	Keywords  []keywordForm `form:"keywords_attributes"`
}

type keywordForm struct {
	ID        string  `form:"id"`
	Keyword   *string `form:"keyword"`
	WholeWord *bool   `form:"whole_word"`
	Destroy   bool    `form:"_destroy"`
}

// readChange reads a filter as apps send it.
func readChange(c *viewer.Call) (change Change, err error) {
	form, err := rest.Decode[filterForm](c)
	if err != nil {
		return change, err
	}
	change = Change{Title: form.Title, Contexts: form.Context, Action: form.Action}
	if change.Expires, err = readExpiry(c, form.ExpiresIn); err != nil {
		return change, err
	}
	for _, k := range form.Keywords {
		one := KeywordChange{Text: k.Keyword, WholeWord: k.WholeWord, Remove: k.Destroy}
		if k.ID != "" {
			if one.ID, err = id.Parse[id.Keyword](k.ID); err != nil || one.ID == 0 {
				return change, fault.RecordNotFound()
			}
		} else if k.Keyword == nil && k.WholeWord == nil { // an empty row of somebody's form
			continue
		}
		change.Keywords = append(change.Keywords, one)
	}
	return change, nil
}

// readExpiry reads expires_in: absent it changes nothing; empty or null, the filter does not expire any more.
func readExpiry(c *viewer.Call, value string) (*time.Duration, error) {
	form, err := c.Form()
	if err != nil || !form.Has("expires_in") {
		return nil, err
	}
	expiry := Never
	if value = strings.TrimSpace(value); value != "" {
		seconds, err := strconv.ParseInt(value, 10, 64)
		if err != nil {
			return nil, fault.New(fault.BadRequest, "The parameter expires_in must be a whole number")
		}
		const bound = int64(maxAhead/time.Second) + 1
		expiry = time.Duration(min(max(seconds, 0), bound)) * time.Second
	}
	return &expiry, nil
}

// shape is a filter as it is shown within a result.
func shape(f *Filter) mastodon.Filter {
	m := mastodon.Filter{ID: f.ID.String(), Title: f.Title, Context: f.Contexts, FilterAction: f.Action}
	if !f.ExpiresAt.IsZero() {
		at := mastodon.Time(f.ExpiresAt)
		m.ExpiresAt = &at
	}
	return m
}

// shapeWhole is a filter with its keywords and statuses.
func shapeWhole(f *Filter) mastodon.Filter {
	m := shape(f)
	keywords, statuses := shapeKeywords(f.Keywords), shapeStatuses(f.Statuses)
	m.Keywords, m.Statuses = &keywords, &statuses
	return m
}

func shapeKeyword(k *Keyword) mastodon.FilterKeyword {
	return mastodon.FilterKeyword{ID: k.ID.String(), Keyword: k.Text, WholeWord: k.WholeWord}
}

func shapeKeywords(list []Keyword) []mastodon.FilterKeyword {
	rows := make([]mastodon.FilterKeyword, len(list))
	for i := range list {
		rows[i] = shapeKeyword(&list[i])
	}
	return rows
}

func shapeStatus(s *Status) mastodon.FilterStatus {
	return mastodon.FilterStatus{ID: id.String(s.ID), StatusID: s.Status.String()}
}

func shapeStatuses(list []Status) []mastodon.FilterStatus {
	rows := make([]mastodon.FilterStatus, len(list))
	for i := range list {
		rows[i] = shapeStatus(&list[i])
	}
	return rows
}

// mine reads what the viewer has.
func (s *Service) mine(c *viewer.Call) (*all, error) {
	return read(c.Context(), s.db, c.Viewer.Account)
}

// fromPath reads the viewer's filter that the path names.
func (s *Service) fromPath(c *viewer.Call) (*Filter, error) {
	wanted, err := id.Parse[id.Filter](c.Path("id"))
	if err != nil {
		return nil, err
	}
	mine, err := s.mine(c)
	if err != nil {
		return nil, err
	}
	return mine.filter(wanted)
}

// ListFilters serves GET /api/v2/filters.
func (s *Service) ListFilters(c *viewer.Call) (any, error) {
	mine, err := s.mine(c)
	if err != nil {
		return nil, err
	}
	rows := make([]mastodon.Filter, len(mine.filters))
	for i, f := range mine.filters {
		rows[i] = shapeWhole(f)
	}
	return rows, nil
}

// CreateFilter serves POST /api/v2/filters.
func (s *Service) CreateFilter(c *viewer.Call) (any, error) {
	change, err := readChange(c)
	if err != nil {
		return nil, err
	}
	f, err := s.Create(c.Context(), c.Viewer.Account, change)
	if err != nil {
		return nil, err
	}
	return shapeWhole(f), nil
}

// ShowFilter serves GET /api/v2/filters/{id}.
func (s *Service) ShowFilter(c *viewer.Call) (any, error) {
	f, err := s.fromPath(c)
	if err != nil {
		return nil, err
	}
	return shapeWhole(f), nil
}

// UpdateFilter serves PUT /api/v2/filters/{id}.
func (s *Service) UpdateFilter(c *viewer.Call) (any, error) {
	wanted, err := id.Parse[id.Filter](c.Path("id"))
	if err != nil {
		return nil, err
	}
	change, err := readChange(c)
	if err != nil {
		return nil, err
	}
	f, err := s.Update(c.Context(), c.Viewer.Account, wanted, change)
	if err != nil {
		return nil, err
	}
	return shapeWhole(f), nil
}

// DeleteFilter serves DELETE /api/v2/filters/{id}.
func (s *Service) DeleteFilter(c *viewer.Call) (any, error) {
	wanted, err := id.Parse[id.Filter](c.Path("id"))
	if err != nil {
		return nil, err
	}
	return rest.Empty{}, s.Delete(c.Context(), c.Viewer.Account, wanted)
}

// ListKeywords serves GET /api/v2/filters/{id}/keywords.
func (s *Service) ListKeywords(c *viewer.Call) (any, error) {
	f, err := s.fromPath(c)
	if err != nil {
		return nil, err
	}
	return shapeKeywords(f.Keywords), nil
}

// ListStatuses serves GET /api/v2/filters/{id}/statuses.
func (s *Service) ListStatuses(c *viewer.Call) (any, error) {
	f, err := s.fromPath(c)
	if err != nil {
		return nil, err
	}
	return shapeStatuses(f.Statuses), nil
}

// CreateKeyword serves POST /api/v2/filters/{id}/keywords.
func (s *Service) CreateKeyword(c *viewer.Call) (any, error) {
	filter, err := id.Parse[id.Filter](c.Path("id"))
	if err != nil {
		return nil, err
	}
	return s.keyword(c, filter, 0)
}

// UpdateKeyword serves PUT /api/v2/filters/keywords/{id}.
func (s *Service) UpdateKeyword(c *viewer.Call) (any, error) {
	wanted, err := keywordFromPath(c)
	if err != nil {
		return nil, err
	}
	return s.keyword(c, 0, wanted)
}

func (s *Service) keyword(c *viewer.Call, filter id.Filter, keyword id.Keyword) (any, error) {
	form, err := rest.Decode[keywordForm](c)
	if err != nil {
		return nil, err
	}
	k, err := s.ChangeKeyword(c.Context(), c.Viewer.Account, filter, KeywordChange{ID: keyword, Text: form.Keyword, WholeWord: form.WholeWord})
	if err != nil {
		return nil, err
	}
	return shapeKeyword(k), nil
}

func keywordFromPath(c *viewer.Call) (id.Keyword, error) {
	wanted, err := id.Parse[id.Keyword](c.Path("id"))
	if err == nil && wanted == 0 {
		err = fault.RecordNotFound()
	}
	return wanted, err
}

// ShowKeyword serves GET /api/v2/filters/keywords/{id}.
func (s *Service) ShowKeyword(c *viewer.Call) (any, error) {
	wanted, err := keywordFromPath(c)
	if err != nil {
		return nil, err
	}
	mine, err := s.mine(c)
	if err != nil {
		return nil, err
	}
	k, err := mine.keyword(wanted)
	if err != nil {
		return nil, err
	}
	return shapeKeyword(k), nil
}

// DeleteKeyword serves DELETE /api/v2/filters/keywords/{id} and DELETE /api/v1/filters/{id}.
func (s *Service) DeleteKeyword(c *viewer.Call) (any, error) {
	wanted, err := keywordFromPath(c)
	if err != nil {
		return nil, err
	}
	_, err = s.ChangeKeyword(c.Context(), c.Viewer.Account, 0, KeywordChange{ID: wanted, Remove: true})
	return rest.Empty{}, err
}

type statusForm struct {
	StatusID string `form:"status_id"`
}

// CreateStatus serves POST /api/v2/filters/{id}/statuses.
func (s *Service) CreateStatus(c *viewer.Call) (any, error) {
	filter, err := id.Parse[id.Filter](c.Path("id"))
	if err != nil {
		return nil, err
	}
	form, err := rest.Decode[statusForm](c)
	if err != nil {
		return nil, err
	}
	status, err := id.Parse[id.Status](form.StatusID)
	if err != nil {
		status = 0 // no status has it
	}
	added, err := s.AddStatus(c.Context(), c.Viewer.Account, filter, status)
	if err != nil {
		return nil, err
	}
	return shapeStatus(added), nil
}

// ShowStatus serves GET /api/v2/filters/statuses/{id}.
func (s *Service) ShowStatus(c *viewer.Call) (any, error) {
	wanted, err := id.Parse[id.FilteredStatus](c.Path("id"))
	if err != nil {
		return nil, err
	}
	mine, err := s.mine(c)
	if err != nil {
		return nil, err
	}
	found, err := mine.status(wanted)
	if err != nil {
		return nil, err
	}
	return shapeStatus(found), nil
}

// DeleteStatus serves DELETE /api/v2/filters/statuses/{id}.
func (s *Service) DeleteStatus(c *viewer.Call) (any, error) {
	wanted, err := id.Parse[id.FilteredStatus](c.Path("id"))
	if err != nil {
		return nil, err
	}
	return rest.Empty{}, s.RemoveStatus(c.Context(), c.Viewer.Account, wanted)
}
