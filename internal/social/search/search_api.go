package search

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"anancus/internal/kit/fault"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/protocol/mastodon"
	"anancus/internal/social/id"
	"anancus/internal/social/viewer"
)

// Limits of a search.
const (
	limitDefault = 20
	limitMax     = 40
	maxQuery     = 2048 // bytes; the longest address that makes sense
)

// asked is what a client asks for.
type asked struct {
	text              string
	kind              string // accounts, statuses, hashtags, or "" for all
	resolve           bool
	following         bool
	excludeUnreviewed bool
	limit, offset     int
}

// wants tells whether one kind of result is asked for.
func (a asked) wants(kind string) bool { return a.kind == "" || a.kind == kind }

func readAsked(c *viewer.Call) (asked, error) {
	a := asked{text: strings.TrimSpace(c.Query("q")), kind: c.Query("type"), resolve: c.QueryFlag("resolve"), following: c.QueryFlag("following"),
		excludeUnreviewed: c.QueryFlag("exclude_unreviewed"), limit: c.Limit(limitDefault, limitMax)}
	if a.text == "" {
		return a, fault.New(fault.BadRequest, "The parameter q is missing")
	}
	if len(a.text) > maxQuery {
		return a, fault.New(fault.BadRequest, fmt.Sprintf("The parameter q is longer than %d bytes", maxQuery))
	}
	switch a.kind {
	case "", "accounts", "statuses", "hashtags":
	default:
		return a, fault.New(fault.BadRequest, "The parameter type must be accounts, statuses or hashtags")
	}
	if !c.Viewer.IsMember() && (a.resolve || c.Query("offset") != "") {
		return a, fault.New(fault.Unauthorized, "Search queries that resolve remote resources or page through results are not supported without authentication")
	}
	for _, name := range []string{"limit", "offset"} {
		if n, err := strconv.Atoi(c.Query(name)); err == nil && n < 0 {
			return a, fault.New(fault.BadRequest, "The parameter "+name+" must not be negative")
		}
	}
	if n, err := strconv.Atoi(c.Query("offset")); err == nil && a.kind != "" { // Mastodon passes over nothing without a type
		a.offset = n
	}
	return a, nil
}

// Search serves GET /api/v2/search: an address or a handle is looked up, elsewhere too with resolve; anything else finds
// accounts and hashtags by how their names begin, and for members statuses by what they say.
func (s *Service) Search(c *viewer.Call) (any, error) {
	a, err := readAsked(c)
	if err != nil {
		return nil, err
	}
	found := &mastodon.Search{Accounts: []json.RawMessage{}, Statuses: []json.RawMessage{}, Hashtags: []mastodon.Tag{}, Collections: []any{}}
	if strings.HasPrefix(a.text, "https://") || strings.HasPrefix(a.text, "http://") {
		if a.offset == 0 {
			err = s.byAddress(c, a.text, a.resolve, found)
		}
		if !a.wants("accounts") {
			found.Accounts = []json.RawMessage{}
		}
		if !a.wants("statuses") {
			found.Statuses = []json.RawMessage{}
		}
		if a.kind != "" {
			found.Collections = []any{}
		}
		return found, err
	}
	return found, s.byText(c, a, found)
}

// byText finds what is not an address.
func (s *Service) byText(c *viewer.Call, a asked, found *mastodon.Search) error {
	handle := strings.Contains(a.text, "@")
	if a.wants("accounts") && !strings.HasPrefix(a.text, "#") && !(handle && strings.Contains(a.text, " ")) {
		people, err := s.people(c, peopleQuestion{text: a.text, resolve: a.resolve, following: a.following, limit: a.limit, offset: a.offset})
		if err != nil {
			return err
		}
		if found.Accounts, err = s.accounts.Rows(c.Context(), people); err != nil {
			return err
		}
	}
	if a.wants("statuses") && c.Viewer.IsMember() {
		list, err := s.findStatuses(c, statusQuestion{text: a.text, author: numbered[id.Account](c, "account_id"),
			below: numbered[id.Status](c, "max_id"), above: numbered[id.Status](c, "min_id"), offset: a.offset, limit: a.limit})
		if err != nil {
			return err
		}
		if found.Statuses, err = s.statuses.Present(c.Context(), c.Viewer, list); err != nil {
			return err
		}
	}
	if a.wants("hashtags") && !handle {
		tags, err := s.tags(c, a)
		if err != nil {
			return err
		}
		found.Hashtags = tags
	}
	return nil
}

// numbered reads an id from the query; what is none is ignored, as Mastodon does.
func numbered[T id.Any](c *viewer.Call, name string) T {
	n, err := id.Parse[T](c.Query(name))
	if err != nil {
		return 0
	}
	return n
}

// byAddress finds what an address leads to: ours by its path, others known, or read from their server with resolve.
func (s *Service) byAddress(c *viewer.Call, address string, resolve bool, found *mastodon.Search) error {
	if path, ours := s.site.Ours(address); ours {
		return s.ours(c, path, address, found)
	}
	if a, err := s.accounts.ByAddress(c.Context(), address); err == nil {
		return s.addAccount(c, a.ID, found)
	} else if !fault.Is(err, fault.NotFound) {
		return err
	}
	if status, err := s.statuses.ByAddress(c.Context(), address); err == nil {
		return s.addStatus(c, status.ID, found)
	} else if !fault.Is(err, fault.NotFound) {
		return err
	}
	if group, err := s.groups.ByAddress(c, address); err == nil {
		found.Collections = append(found.Collections, group)
		return nil
	} else if !fault.Is(err, fault.NotFound) {
		return err
	}
	if !resolve {
		return nil
	}
	object, err := s.remote.Fetch(c.Context(), address)
	if err != nil {
		return nothingThere(err)
	}
	if activitypub.IsActorType(object.Type()) {
		a, err := s.accounts.Fetch(c.Context(), object.ID())
		if err != nil {
			return nothingThere(err)
		}
		return s.addAccount(c, a.ID, found)
	}
	if object.Is("FeaturedCollection") {
		group, err := s.groups.Fetched(c, object)
		if err != nil {
			return nothingThere(err)
		}
		found.Collections = append(found.Collections, group)
		return nil
	}
	note, err := activitypub.ParseNote(object)
	if err != nil {
		return nothingThere(err)
	}
	status, err := s.statuses.KeepFetched(c.Context(), note)
	if err != nil {
		return nothingThere(err)
	}
	return s.addStatus(c, status.ID, found)
}

// nothingThere turns every answer of a strange server into an empty result: only our own troubles are errors.
func nothingThere(err error) error {
	if fault.KindOf(err) == fault.Internal {
		return err
	}
	return nil
}

func (s *Service) ours(c *viewer.Call, path, address string, found *mastodon.Search) error {
	status, err := s.statuses.ByAddress(c.Context(), address)
	if err == nil {
		return s.addStatus(c, status.ID, found)
	}
	if !fault.Is(err, fault.NotFound) {
		return err
	}
	a, err := s.accounts.ByPath(c.Context(), path)
	if err == nil {
		return s.addAccount(c, a.ID, found)
	}
	if !fault.Is(err, fault.NotFound) {
		return err
	}
	group, err := s.groups.AtPath(c, path)
	if err != nil {
		return nothingThere(err)
	}
	found.Collections = append(found.Collections, group)
	return nil
}

func (s *Service) addAccount(c *viewer.Call, account id.Account, found *mastodon.Search) (err error) {
	found.Accounts, err = s.accounts.Rows(c.Context(), []id.Account{account})
	return err
}

func (s *Service) addStatus(c *viewer.Call, status id.Status, found *mastodon.Search) error {
	visible, err := s.statuses.VisibleIDs(c, []id.Status{status})
	if err != nil {
		return err
	}
	found.Statuses, err = s.statuses.Present(c.Context(), c.Viewer, visible)
	return err
}
