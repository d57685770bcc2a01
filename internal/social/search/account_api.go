package search

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"anancus/internal/kit/fault"
	"anancus/internal/kit/text"
	"anancus/internal/social/accounts"
	"anancus/internal/social/id"
	"anancus/internal/social/relationships"
	"anancus/internal/social/viewer"
)

// Limits of GET /api/v1/accounts/search.
const (
	accountsDefault = 40
	accountsMax     = 80
	minName         = 3 // characters before names are searched by their beginnings, as Mastodon
)

// SearchAccounts serves GET /api/v1/accounts/search, which apps complete mentions with.
func (s *Service) SearchAccounts(c *viewer.Call) (any, error) {
	q := strings.TrimSpace(c.Query("q"))
	if len(q) > maxQuery {
		return nil, fault.New(fault.BadRequest, fmt.Sprintf("The parameter q is longer than %d bytes", maxQuery))
	}
	ask := peopleQuestion{text: q, resolve: c.QueryFlag("resolve"), following: c.QueryFlag("following"), limit: c.Limit(accountsDefault, accountsMax)}
	if n, err := strconv.Atoi(c.Query("offset")); err == nil {
		if n < 0 {
			return nil, fault.New(fault.BadRequest, "The parameter offset must not be negative")
		}
		ask.offset = n
	}
	people, err := s.people(c, ask)
	if err != nil {
		return nil, err
	}
	return s.accounts.Rows(c.Context(), people)
}

// peopleQuestion is a search for accounts.
type peopleQuestion struct {
	text               string
	resolve, following bool
	limit, offset      int
}

// people finds an exact handle first, asking its server with resolve, then names by their beginnings.
func (s *Service) people(c *viewer.Call, ask peopleQuestion) ([]id.Account, error) {
	name := strings.TrimPrefix(ask.text, "@")
	username, domain, err := accounts.SplitHandle(ask.text)
	handle := err == nil
	var exact id.Account
	if handle {
		name = username
		if exact, err = s.exactly(c, username, domain, ask.resolve && !ask.following); err != nil { // who is followed is known here
			return nil, err
		}
		if exact != 0 && ask.following {
			followed, err := relationships.Follows(c.Context(), s.db, c.Viewer.Account, exact)
			if err != nil {
				return nil, fmt.Errorf("is the account of a handle followed: %w", err)
			}
			if !followed {
				exact = 0
			}
		}
	}
	prefix := strings.ToLower(strings.TrimSpace(domain))
	if prefix != "" && s.site.IsLocal(prefix) || !longEnough(name) {
		prefix, name = "", "" // a handle of ours is exact or nobody's
	}
	found, err := s.accounts.ByName(c.Context(), accounts.NameQuestion{Text: name, Domain: prefix, Viewer: c.Viewer.Account,
		Following: ask.following, Limit: ask.limit, Offset: ask.offset})
	if err != nil || exact == 0 {
		return found, err
	}
	list := make([]id.Account, 0, ask.limit)
	if ask.offset == 0 {
		list = append(list, exact)
	}
	for _, one := range found {
		if one != exact && len(list) < ask.limit {
			list = append(list, one)
		}
	}
	return list, nil
}

// exactly gives the account with a handle, 0 if there is none.
func (s *Service) exactly(c *viewer.Call, username, domain string, resolve bool) (id.Account, error) {
	var a *accounts.Account
	var err error
	if resolve && domain != "" && c.Viewer.IsMember() {
		a, err = s.accounts.ResolveHandle(c.Context(), username, domain)
	} else {
		a, err = s.accounts.ByHandle(c.Context(), username, domain)
	}
	switch {
	case err == nil && a.Available() && a.Kind != "Application":
		return a.ID, nil
	case err != nil && fault.KindOf(err) == fault.Internal && c.Context().Err() != nil:
		return 0, err
	}
	return 0, nil
}

// longEnough tells whether a text is enough to search names by their beginnings: three characters, or two
// of a script in which two make a word.
func longEnough(name string) bool {
	letters := 0
	for _, w := range text.Words(name) {
		letters += utf8.RuneCountInString(w.Text)
		if w.Joined {
			return true
		}
	}
	return letters >= minName
}
