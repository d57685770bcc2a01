package frontdoor

import (
	"context"
	"encoding/json"
	"fmt"
	"html/template"
	"slices"
	"strings"

	"anancus/internal/kit/text"
	"anancus/internal/protocol/mastodon"
	"anancus/internal/social/id"
	"anancus/internal/social/statuses"
	"anancus/internal/social/viewer"
)

// person is an account as a page shows it.
type person struct {
	ID     string
	Name   template.HTML
	Plain  string // the name without pictures
	Handle string // @name@domain
	Acct   string
	Path   string
	URL    string
	Avatar string
	Alt    string
	Bot    bool
}

func (s *Service) personOf(c *viewer.Call, a *mastodon.Account) person {
	name := a.DisplayName
	if strings.TrimSpace(name) == "" {
		name = a.Username
	}
	p := person{ID: a.ID, Name: emojified(name, a.Emojis), Plain: name, Handle: "@" + a.Acct, Acct: a.Acct, Path: s.here(c, "/@"+a.Acct),
		URL: a.URL, Avatar: s.inside(a.Avatar), Alt: a.AvatarDescription, Bot: a.Bot}
	if !strings.Contains(a.Acct, "@") {
		p.Handle += "@" + text.DisplayDomain(s.site.Domain)
	}
	return p
}

// inside shortens addresses of this site to their path.
func (s *Service) inside(address string) string {
	if path, ours := s.site.Ours(address); ours && strings.HasPrefix(path, "/") {
		return path
	}
	return address
}

// entry is a status as a page shows it.
type entry struct {
	ID         string
	Path       string // the page here
	URL        string // the page where it was written
	Author     person
	BoostedBy  *person
	Boosted    string // "… boosted", around the name of BoostedBy
	Reason     string // "Pinned", "In reply to …"
	IsPinned   bool
	Lang       string
	Warning    template.HTML
	HasWarning bool
	Content    template.HTML
	At         moment
	Edited     string
	Quiet      bool // unlisted
	Files      []shownFile
	Card       *shownCard
	Cover      string // what stands on the cover
	Covered    bool   // its files are sensitive, and no warning covers them with the text
	Replies    tally
	Boosts     tally
	Favourites tally
	Main       bool // the one that a page is about
	Below      bool // an answer to an answer
	Text       string
	PlainCW    string
	InReplyTo  string
}

// tally is a number as it is shown small and as it is read aloud.
type tally struct{ Number, Words string }

func (s *Service) tally(c *viewer.Call, key string, n int64) tally {
	return tally{number(n), s.amount(c, key, n)}
}

// entries shows statuses that anyone may read.
func (s *Service) entries(c *viewer.Call, list []*statuses.Status) ([]entry, error) {
	ids := make([]id.Status, len(list))
	for i, one := range list {
		ids[i] = one.ID
	}
	rows, err := s.visitors.statuses.Present(c.Context(), viewer.Viewer{}, ids)
	if err != nil {
		return nil, err
	}
	out := make([]entry, 0, len(rows))
	for _, row := range rows {
		one, err := s.entryOf(c, row)
		if err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	return out, nil
}

func (s *Service) entryOf(c *viewer.Call, row json.RawMessage) (entry, error) {
	var m mastodon.Status
	var a mastodon.Account
	if err := json.Unmarshal(row, &m); err != nil {
		return entry{}, fmt.Errorf("read a shown status: %w", err)
	}
	if err := json.Unmarshal(m.Account, &a); err != nil {
		return entry{}, fmt.Errorf("read a shown account: %w", err)
	}
	author := s.personOf(c, &a)
	if len(m.Reblog) > 0 && string(m.Reblog) != "null" {
		original, err := s.entryOf(c, m.Reblog)
		original.BoostedBy, original.Boosted = &author, s.text(c, "boosted")
		return original, err
	}
	e := entry{ID: m.ID, Path: s.here(c, "/@"+a.Acct+"/"+m.ID), Author: author, At: momentIn(c, m.CreatedAt), Quiet: m.Visibility == string(statuses.Unlisted),
		HasWarning: m.SpoilerText != "", Warning: emojified(m.SpoilerText, m.Emojis), PlainCW: m.SpoilerText,
		Replies: s.tally(c, "replies", m.RepliesCount), Boosts: s.tally(c, "boosts", m.ReblogsCount),
		Favourites: s.tally(c, "favourites", m.FavouritesCount)}
	e.Card = s.cardOf(c, m.Card)
	e.Files, e.Covered = s.filesOf(&m), m.Sensitive && m.SpoilerText == ""
	if e.Covered {
		e.Cover = s.text(c, "covered")
	}
	if m.Content != nil {
		e.Content, e.Text = emojifiedHTML(*m.Content, m.Emojis), text.PlainText(*m.Content)
	}
	if m.URL != nil {
		e.URL = *m.URL
	}
	if m.Language != nil {
		e.Lang = *m.Language
	}
	if m.EditedAt != nil {
		e.Edited = s.text(c, "edited", momentIn(c, *m.EditedAt).Long)
	}
	if m.InReplyToID != nil {
		e.InReplyTo = *m.InReplyToID
		e.Reason = s.answers(c, &m, a.ID)
	}
	return e, nil
}

// answers says whom a status answers, as far as the status itself tells it.
func (s *Service) answers(c *viewer.Call, m *mastodon.Status, author string) string {
	if m.InReplyToAccountID == nil {
		return s.text(c, "reply")
	}
	if *m.InReplyToAccountID == author {
		return s.text(c, "continued")
	}
	i := slices.IndexFunc(m.Mentions, func(one mastodon.Mention) bool { return one.ID == *m.InReplyToAccountID })
	if i < 0 {
		return s.text(c, "reply")
	}
	return s.text(c, "reply_to", "@"+m.Mentions[i].Acct)
}

// account gives an account as the API shows it to anyone.
func (s *Service) account(ctx context.Context, one id.Account) (*mastodon.Account, error) {
	rows, err := s.accounts.Rows(ctx, []id.Account{one})
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("account %d vanished while it was shown", one)
	}
	a := &mastodon.Account{}
	if err := json.Unmarshal(rows[0], a); err != nil {
		return nil, fmt.Errorf("read a shown account: %w", err)
	}
	return a, nil
}
