package lists

import (
	"fmt"
	"math"

	"anancus/internal/kit/keyset"
	"anancus/internal/kit/rest"
	"anancus/internal/protocol/mastodon"
	"anancus/internal/social/id"
	"anancus/internal/social/viewer"
)

func present(l *List) mastodon.List {
	return mastodon.List{ID: l.ID.String(), Title: l.Title, RepliesPolicy: string(l.Replies), Exclusive: l.Exclusive}
}

func presentAll(found []*List) []mastodon.List {
	shown := make([]mastodon.List, len(found))
	for i, l := range found {
		shown[i] = present(l)
	}
	return shown
}

type listForm struct {
	Title     *string `form:"title"`
	Replies   *string `form:"replies_policy"`
	Exclusive *bool   `form:"exclusive"`
}

// ShowLists serves GET /api/v1/lists.
func (s *Service) ShowLists(c *viewer.Call) (any, error) {
	found, err := ofOwner(c.Context(), s.db, c.Viewer.Account)
	if err != nil {
		return nil, fmt.Errorf("lists: %w", err)
	}
	return presentAll(found), nil
}

// ShowList serves GET /api/v1/lists/{id}.
func (s *Service) ShowList(c *viewer.Call) (any, error) {
	list, err := s.own(c)
	if err != nil {
		return nil, err
	}
	return present(list), nil
}

// own gives the viewer's list that the path names.
func (s *Service) own(c *viewer.Call) (*List, error) {
	wanted, err := id.Parse[id.List](c.Path("id"))
	if err != nil {
		return nil, err
	}
	return one(c.Context(), s.db, c.Viewer.Account, wanted)
}

// CreateList serves POST /api/v1/lists.
func (s *Service) CreateList(c *viewer.Call) (any, error) {
	form, err := rest.Decode[listForm](c)
	if err != nil {
		return nil, err
	}
	list, err := s.Create(c.Context(), c.Viewer.Account, Wishes(form))
	if err != nil {
		return nil, err
	}
	return present(list), nil
}

// ChangeList serves PUT /api/v1/lists/{id}.
func (s *Service) ChangeList(c *viewer.Call) (any, error) {
	list, err := s.own(c)
	if err != nil {
		return nil, err
	}
	form, err := rest.Decode[listForm](c)
	if err != nil {
		return nil, err
	}
	changed, err := s.Change(c.Context(), c.Viewer.Account, list.ID, Wishes(form))
	if err != nil {
		return nil, err
	}
	return present(changed), nil
}

// DeleteList serves DELETE /api/v1/lists/{id}.
func (s *Service) DeleteList(c *viewer.Call) (any, error) {
	wanted, err := id.Parse[id.List](c.Path("id"))
	if err != nil {
		return nil, err
	}
	return rest.Empty{}, s.Delete(c.Context(), c.Viewer.Account, wanted)
}

// Lengths of a page of members.
const (
	membersLimit = 40
	membersMax   = 80
)

// ListMembers serves GET /api/v1/lists/{id}/accounts; limit=0 asks for all.
func (s *Service) ListMembers(c *viewer.Call) (any, error) {
	list, err := s.own(c)
	if err != nil {
		return nil, err
	}
	p := keyset.Read(c, membersLimit, membersMax)
	all := c.Query("limit") == "0"
	if all {
		p = keyset.First(math.MaxInt32)
	}
	found, err := members(c.Context(), s.db, list.ID, p)
	if err != nil {
		return nil, fmt.Errorf("members of list: %w", err)
	}
	shown, err := s.accounts.Rows(c.Context(), found)
	if err != nil || len(found) == 0 || all {
		return shown, err
	}
	return keyset.Answer(c, p, shown, len(found), int64(found[0]), int64(found[len(found)-1]), keyset.BySinceID, true), nil
}

type membersForm struct {
	Accounts []string `form:"account_ids"`
}

// AddToList serves POST /api/v1/lists/{id}/accounts.
func (s *Service) AddToList(c *viewer.Call) (any, error) {
	list, people, err := s.named(c, true)
	if err != nil {
		return nil, err
	}
	return rest.Empty{}, s.Add(c.Context(), c.Viewer.Account, list.ID, people)
}

// RemoveFromList serves DELETE /api/v1/lists/{id}/accounts.
func (s *Service) RemoveFromList(c *viewer.Call) (any, error) {
	list, people, err := s.named(c, false)
	if err != nil {
		return nil, err
	}
	return rest.Empty{}, s.Remove(c.Context(), c.Viewer.Account, list.ID, people)
}

// named gives the viewer's list and the accounts of the form, each once. What is no id is nobody: an error where all must be there.
func (s *Service) named(c *viewer.Call, all bool) (*List, []id.Account, error) {
	list, err := s.own(c)
	if err != nil {
		return nil, nil, err
	}
	form, err := rest.Decode[membersForm](c)
	if err != nil {
		return nil, nil, err
	}
	people, seen := []id.Account{}, map[id.Account]bool{}
	for _, text := range form.Accounts {
		account, err := id.Parse[id.Account](text)
		switch {
		case err != nil && all:
			return nil, nil, err
		case err == nil && !seen[account]:
			seen[account] = true
			people = append(people, account)
		}
	}
	return list, people, nil
}

// AccountLists serves GET /api/v1/accounts/{id}/lists: the viewer's lists that an account is on.
func (s *Service) AccountLists(c *viewer.Call) (any, error) {
	wanted, err := id.Parse[id.Account](c.Path("id"))
	if err != nil {
		return nil, err
	}
	account, err := s.accounts.ByID(c.Context(), wanted)
	if err != nil {
		return nil, err
	}
	if !account.Available() {
		return []mastodon.List{}, nil
	}
	found, err := containing(c.Context(), s.db, c.Viewer.Account, wanted)
	if err != nil {
		return nil, fmt.Errorf("lists of account: %w", err)
	}
	return presentAll(found), nil
}
