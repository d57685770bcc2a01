// Package search finds accounts, hashtags and statuses by name or address.
package search

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/kit/text"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/protocol/mastodon"
	"anancus/internal/social/accounts"
	"anancus/internal/social/id"
	"anancus/internal/social/settings"
	"anancus/internal/social/statuses"
	"anancus/internal/social/viewer"
)

// Service is the room of search.
type Service struct {
	db       *db.DB
	site     settings.Site
	accounts *accounts.Service
	statuses *statuses.Service
	remote   *activitypub.Client
}

// New opens the room.
func New(d *db.DB, people *accounts.Service, posts *statuses.Service, remote *activitypub.Client) *Service {
	return &Service{db: d, site: people.Site(), accounts: people, statuses: posts, remote: remote}
}

// Limits of a search.
const (
	limitDefault = 20
	limitMax     = 40
	maxQuery     = 2048 // bytes; the longest address that makes sense
	minPrefix    = 3    // characters before names are searched by their beginnings, as Mastodon
	tagLength    = 100
)

// Search serves GET /api/v2/search: an address or a handle is looked up, elsewhere too with resolve;
// anything else finds accounts and hashtags by how their names begin.
func (s *Service) Search(c *viewer.Call) (any, error) {
	q := strings.TrimSpace(c.Query("q"))
	if q == "" {
		return nil, fault.New(fault.BadRequest, "The parameter q is missing")
	}
	if len(q) > maxQuery {
		return nil, fault.New(fault.BadRequest, fmt.Sprintf("The parameter q is longer than %d bytes", maxQuery))
	}
	kind := c.Query("type")
	switch kind {
	case "", "accounts", "statuses", "hashtags":
	default:
		return nil, fault.New(fault.BadRequest, "The parameter type must be accounts, statuses or hashtags")
	}
	resolve := c.QueryFlag("resolve")
	if !c.Viewer.IsMember() && (resolve || c.Query("offset") != "") {
		return nil, fault.New(fault.Unauthorized, "Search queries that resolve remote resources or page through results are not supported without authentication")
	}
	for _, name := range []string{"limit", "offset"} {
		if n, err := strconv.Atoi(c.Query(name)); err == nil && n < 0 {
			return nil, fault.New(fault.BadRequest, "The parameter "+name+" must not be negative")
		}
	}
	found := &mastodon.Search{Accounts: []json.RawMessage{}, Statuses: []json.RawMessage{}, Hashtags: []mastodon.Tag{}, Collections: []any{}}
	var err error
	switch {
	case strings.HasPrefix(q, "https://") || strings.HasPrefix(q, "http://"):
		err = s.byAddress(c, q, resolve, found)
	default:
		err = s.byName(c, q, resolve, kind, found)
	}
	if err != nil {
		return nil, err
	}
	if kind != "" && kind != "accounts" {
		found.Accounts = []json.RawMessage{}
	}
	if kind != "" && kind != "statuses" {
		found.Statuses = []json.RawMessage{}
	}
	return found, nil
}

// byName finds an exact handle first, then beginnings of names.
func (s *Service) byName(c *viewer.Call, q string, resolve bool, kind string, found *mastodon.Search) error {
	if offset, err := strconv.Atoi(c.Query("offset")); err == nil && offset > 0 {
		return nil // everything there is came with the first page
	}
	limit := c.Limit(limitDefault, limitMax)
	if kind == "" || kind == "accounts" {
		if !strings.HasPrefix(q, "#") {
			if err := s.people(c, q, resolve, limit, found); err != nil {
				return err
			}
		}
	}
	if (kind == "" || kind == "hashtags") && !strings.HasPrefix(q, "@") {
		tags, err := s.tags(c, strings.TrimPrefix(q, "#"), limit)
		if err != nil {
			return err
		}
		found.Hashtags = tags
	}
	return nil
}

func (s *Service) people(c *viewer.Call, q string, resolve bool, limit int, found *mastodon.Search) error {
	var ids []id.Account
	username, domain, err := accounts.SplitHandle(q)
	if err == nil {
		var exact *accounts.Account
		if resolve && domain != "" {
			exact, err = s.accounts.ResolveHandle(c.Context(), username, domain)
		} else {
			exact, err = s.accounts.ByHandle(c.Context(), username, domain)
		}
		switch {
		case err == nil && exact.Available():
			ids = append(ids, exact.ID)
		case err != nil && fault.KindOf(err) == fault.Internal && c.Context().Err() != nil:
			return err
		}
		if text.Graphemes(username) >= minPrefix && domain == "" {
			more, err := s.accounts.ByPrefix(c.Context(), username, limit)
			if err != nil {
				return err
			}
			for _, a := range more {
				if len(ids) == 0 || ids[0] != a.ID {
					ids = append(ids, a.ID)
				}
			}
		}
	}
	if len(ids) > limit {
		ids = ids[:limit]
	}
	found.Accounts, err = s.accounts.Rows(c.Context(), ids)
	return err
}

// tags finds hashtags by how they begin.
func (s *Service) tags(c *viewer.Call, q string, limit int) ([]mastodon.Tag, error) {
	key := text.TagKey(q)
	if key == "" || text.Graphemes(key) > tagLength {
		return []mastodon.Tag{}, nil
	}
	rows, err := db.All(c.Context(), s.db, func(r db.Row) (mastodon.Tag, error) {
		var t mastodon.Tag
		var n id.Tag
		err := r.Scan(&n, &t.Name)
		t.ID, t.URL, t.History = n.String(), s.site.TagURL(t.Name), []mastodon.TagHistory{}
		return t, err
	}, `SELECT id, name FROM tags WHERE name >= $1 AND name < $2 ORDER BY name LIMIT $3`, key, key+"\U0010FFFF", limit)
	if err != nil {
		return nil, fmt.Errorf("search tags: %w", err)
	}
	if rows == nil {
		rows = []mastodon.Tag{}
	}
	return rows, nil
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
	note, err := activitypub.ParseNote(object)
	if err != nil {
		return nothingThere(err)
	}
	status, err := s.statuses.KeepFetched(c.Context(), note, 5)
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
	return nothingThere(err)
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
