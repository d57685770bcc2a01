package statuses

import (
	"context"
	"fmt"
	"strings"

	"anancus/internal/kit/text"
	"anancus/internal/protocol/mastodon"
	"anancus/internal/social/accounts"
	"anancus/internal/social/filters"
	"anancus/internal/social/id"
	"anancus/internal/social/media"
)

// segment is the part of a shown status that is the same for every viewer, encoded
// and open at its end: `{"id":…,"tags":[]`.
type segment struct {
	body       []byte
	text       filters.Text // what it says, for the viewer's filters
	author     id.Account
	boostOf    id.Status
	visibility Visibility
	localOnly  bool
	policy     QuotePolicy
	approval   []byte
	quote      quoting
	poll       *askedPoll // nil: none
	link       linked
	local      bool
	codes      shortcodes
	named      []id.Account // whom it mentions, where that decides who may read it
	// collections are those that it leads to: what of them is shown depends on the viewer, and changes.
	collections []id.Collection
}

// size is about how many bytes it takes.
func (seg *segment) size() uint32 {
	if seg == nil {
		return 0
	}
	return uint32(len(seg.body) + len(seg.link.written) + seg.text.Size() + seg.poll.size() + seg.codes.size() + 8*len(seg.named))
}

// segments gives the shared parts of statuses, from memory or encoded anew.
func (s *Service) segments(ctx context.Context, ids []id.Status) (map[id.Status]*segment, error) {
	found := make(map[id.Status]*segment, len(ids))
	return found, s.eachSegment(ctx, ids, func(self id.Status, seg *segment) { found[self] = seg })
}

// eachSegment does something with each of them that is there. That one is deleted is remembered too: what quotes it asks again and again.
func (s *Service) eachSegment(ctx context.Context, ids []id.Status, do func(id.Status, *segment)) error {
	return s.shown.Each(ids, func(missing []id.Status) (map[id.Status]*segment, error) {
		list, err := many(ctx, s.db, missing)
		if err != nil {
			return nil, fmt.Errorf("show statuses: %w", err)
		}
		entities, err := s.entities(ctx, list)
		if err != nil {
			return nil, fmt.Errorf("show statuses: %w", err)
		}
		out := make(map[id.Status]*segment, len(missing))
		for _, one := range missing {
			out[one] = nil
		}
		for i, one := range list {
			if out[one.ID], err = segmentOf(one, entities[i]); err != nil {
				return nil, fmt.Errorf("show status %d: %w", one.ID, err)
			}
		}
		return out, nil
	}, func(self id.Status, seg *segment) {
		if seg != nil {
			do(self, seg)
		}
	})
}

// segmentOf encodes the shared part of a status.
func segmentOf(one *Status, e shared) (*segment, error) {
	b, err := accounts.Encode(e)
	if err != nil {
		return nil, err
	}
	poll, err := encodePoll(e.poll)
	if err != nil {
		return nil, err
	}
	approval, err := approvalHead(one.QuotePolicy)
	if err != nil {
		return nil, err
	}
	link, err := encodeLink(e.link, e.written)
	if err != nil {
		return nil, err
	}
	return &segment{link: link, body: b[:len(b)-1], text: filters.NewText(e.said(one)), author: one.Author, boostOf: one.BoostOf, visibility: one.Visibility, localOnly: one.LocalOnly,
		policy: one.QuotePolicy, approval: approval, quote: e.quote, poll: poll, local: one.Local, codes: shortcodesIn(one, e.poll), named: e.named, collections: e.collections}, nil
}

// said is what filters look at: warning, text, options of a poll and descriptions of media.
func (e shared) said(one *Status) string {
	if one.IsBoost() {
		return ""
	}
	parts := []string{one.ContentWarning, one.Text}
	if !one.Local {
		parts[1] = text.PlainText(one.Content)
	}
	if e.poll != nil {
		parts = append(parts, e.poll.Options...)
	}
	for _, file := range e.MediaAttachments {
		if file.Description != nil {
			parts = append(parts, *file.Description)
		}
	}
	return strings.Join(parts, "\n\n")
}

// shared is a Status without the keys that join adds.
type shared struct {
	*mastodon.Status
	Account       *struct{} `json:"account,omitempty"` // these shadow the entity's keys: join writes them
	Reblog        *struct{} `json:"reblog,omitempty"`
	Quote         *struct{} `json:"quote,omitempty"`
	QuoteApproval *struct{} `json:"quote_approval,omitempty"`
	quote         quoting
	Poll          *struct{} `json:"poll,omitempty"`
	Emojis        *struct{} `json:"emojis,omitempty"`
	poll          *Poll
	Card          *struct{} `json:"card,omitempty"`
	link          id.Link
	written       string
	named         []id.Account
	Collections   *struct{} `json:"tagged_collections,omitempty"`
	collections   []id.Collection
}

// entities shapes statuses for the API, with mentions, tags, counts, apps and polls in a query or two each.
func (s *Service) entities(ctx context.Context, list []*Status) ([]shared, error) {
	ids := make([]id.Status, 0, len(list))
	var apps []id.App
	var showing []id.Status
	for _, one := range list {
		ids = append(ids, one.ID)
		if one.WithMedia {
			showing = append(showing, one.ID)
		}
		if one.App != 0 {
			apps = append(apps, one.App)
		}
	}
	out := make([]shared, len(list))
	at := make(map[id.Status]*mastodon.Status, len(list))
	for i, one := range list {
		out[i].Status = s.entity(one)
		at[one.ID] = out[i].Status
	}
	named, err := s.addMentions(ctx, ids, at)
	if err != nil {
		return nil, err
	}
	shown, err := media.Of(ctx, s.db, showing)
	if err != nil {
		return nil, err
	}
	for status, list := range shown {
		at[status].MediaAttachments = s.media.PresentAll(list)
	}
	carried, err := carriedBy(ctx, s.db, ids)
	if err != nil {
		return nil, err
	}
	leads := map[id.Status][]id.Collection{}
	for _, t := range carried {
		if t.collection != 0 {
			leads[t.status] = append(leads[t.status], t.collection)
			continue
		}
		at[t.status].Tags = append(at[t.status].Tags, mastodon.StatusTag{Name: t.name, URL: s.site.TagURL(t.name)})
	}
	quotes := map[id.Status]quoting{}
	links := map[id.Status]counts{}
	numbers, err := countsOf(ctx, s.db, ids)
	if err != nil {
		return nil, err
	}
	var asking []id.Status
	for _, n := range numbers {
		if n.asks {
			asking = append(asking, n.status)
		}
		m := at[n.status]
		m.RepliesCount, m.ReblogsCount, m.FavouritesCount, m.QuotesCount = n.replies, n.boosts, n.favourites, n.quotes
		quotes[n.status], links[n.status] = n.quote, n
	}
	names, err := s.appsOf(ctx, apps)
	if err != nil {
		return nil, err
	}
	polls, err := pollsOf(ctx, s.db, asking)
	if err != nil {
		return nil, err
	}
	for i, one := range list {
		out[i].Application, out[i].quote, out[i].poll, out[i].collections = names[one.App].entity(), quotes[one.ID], polls[one.ID], leads[one.ID]
		if n := links[one.ID]; !one.WithMedia && n.quote.state == "" {
			out[i].link, out[i].written = n.link, n.written
		}
		if !one.Visibility.Distributable() {
			out[i].named = named[one.ID]
		}
	}
	return out, nil
}

// addMentions adds to each status whom it mentions, and gives all of them: those too whom it names only to let them read it.
func (s *Service) addMentions(ctx context.Context, ids []id.Status, at map[id.Status]*mastodon.Status) (map[id.Status][]id.Account, error) {
	mentions, err := mentionsOf(ctx, s.db, ids)
	if err != nil {
		return nil, err
	}
	var who []id.Account
	for _, m := range mentions {
		who = append(who, m.account)
	}
	people, err := s.accounts.ByIDs(ctx, who)
	if err != nil {
		return nil, err
	}
	byID := map[id.Account]*accounts.Account{}
	for _, a := range people {
		byID[a.ID] = a
	}
	named := map[id.Status][]id.Account{}
	for _, m := range mentions {
		named[m.status] = append(named[m.status], m.account)
		if a := byID[m.account]; a != nil && !m.silent {
			at[m.status].Mentions = append(at[m.status].Mentions, mentionOf(a))
		}
	}
	return named, nil
}

func mentionOf(a *accounts.Account) mastodon.Mention {
	acct := a.Acct()
	if !a.Local() {
		acct = a.Username + "@" + text.DisplayDomain(a.Domain)
	}
	return mastodon.Mention{ID: a.ID.String(), Username: a.Username, URL: a.URL, Acct: acct}
}

func (s *Service) entity(one *Status) *mastodon.Status {
	m := &mastodon.Status{
		ID: one.ID.String(), CreatedAt: mastodon.Time(one.CreatedAt), Sensitive: one.Sensitive, SpoilerText: one.ContentWarning,
		Visibility: string(one.Visibility), LocalOnly: one.LocalOnly, URI: one.URI, Content: &one.Content,
		MediaAttachments: []mastodon.MediaAttachment{}, Mentions: []mastodon.Mention{}, Tags: []mastodon.StatusTag{},
		TaggedCollections: []any{},
	}
	if one.Visibility == Limited {
		m.Visibility = string(Private)
	}
	if one.URL != "" {
		m.URL = &one.URL
	}
	if one.Language != "" {
		m.Language = &one.Language
	}
	if one.InReplyTo != 0 {
		parent, author := one.InReplyTo.String(), one.InReplyToAccount.String()
		m.InReplyToID, m.InReplyToAccountID = &parent, &author
	}
	if !one.EditedAt.IsZero() {
		at := mastodon.Time(one.EditedAt)
		m.EditedAt = &at
	}
	return m
}
