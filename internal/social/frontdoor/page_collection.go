package frontdoor

import (
	"encoding/json"
	"fmt"
	"html/template"

	"anancus/internal/kit/text"
	"anancus/internal/protocol/mastodon"
	"anancus/internal/social/viewer"
)

type collectionView struct {
	shell
	Name      string
	Lang      string
	Note      template.HTML
	Owner     person
	Count     string
	Tag       string // the hashtag it is about
	TagPath   string
	Sensitive bool
	People    []listed
}

// listed is somebody in a collection.
type listed struct {
	person
	About string
}

// aboutLength is how much of what somebody says about themselves a list shows.
const aboutLength = 140

// CollectionPage serves GET /collections/{collection} to people.
func (s *Service) CollectionPage(c *viewer.Call, number string) (any, error) {
	found, m, rows, err := s.visitors.collections.ForPage(c, number)
	if err != nil {
		return nil, err
	}
	owner, err := s.accounts.ByID(c.Context(), found.Owner)
	if err != nil {
		return nil, err
	}
	if !found.Local() {
		return s.leaving(c, owner.Domain, "elsewhere.collection", found.URL, found.URI)
	}
	by := make(map[string]*mastodon.Account, len(rows))
	for _, row := range rows {
		a := &mastodon.Account{}
		if err := json.Unmarshal(row, a); err != nil {
			return nil, fmt.Errorf("read a shown account: %w", err)
		}
		by[a.ID] = a
	}
	maker := by[m.AccountID]
	if maker == nil {
		return nil, fmt.Errorf("account %d vanished while its collection was shown", found.Owner)
	}
	v := &collectionView{Name: m.Name, Note: template.HTML(m.Description), Owner: s.personOf(c, maker), Sensitive: m.Sensitive} //nolint:gosec // rendered by us from plain text
	for _, item := range m.Items {
		if a := by[*item.AccountID]; a != nil {
			v.People = append(v.People, listed{s.personOf(c, a), excerpt(text.PlainText(a.Note), aboutLength)})
		}
	}
	v.Count = s.amount(c, "collection.count", int64(len(v.People)))
	if m.Language != nil {
		v.Lang = *m.Language
	}
	if m.Tag != nil {
		v.Tag, v.TagPath = "#"+m.Tag.Name, s.here(c, s.inside(m.Tag.URL))
	}
	described := excerpt(text.PlainText(m.Description), 200)
	if described == "" {
		described = s.text(c, "collection.by", v.Owner.Plain) + " · " + v.Count
	}
	v.shell = s.shell(c, head{Description: described, Canonical: *m.URL, Kind: "website", Image: maker.Avatar, Author: owner.URL, Alternate: m.URI,
		Hidden: !m.Discoverable || m.Sensitive || !owner.Indexable || owner.Limited()})
	page := s.page("collection.html", m.Name, v)
	page.links = []string{alternate(m.URI)}
	return page, nil
}
