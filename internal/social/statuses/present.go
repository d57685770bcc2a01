package statuses

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"anancus/internal/kit/text"
	"anancus/internal/protocol/mastodon"
	"anancus/internal/social/accounts"
	"anancus/internal/social/filters"
	"anancus/internal/social/id"
	"anancus/internal/social/viewer"
)

// segment is the part of a shown status that is the same for every viewer, encoded
// and open at its end: `{"id":…,"tagged_collections":[]`.
type segment struct {
	body       []byte
	text       filters.Text // what it says, for the viewer's filters
	author     id.Account
	boostOf    id.Status
	visibility Visibility
}

// PresentOne shows one status to a viewer who may read it.
func (s *Service) PresentOne(ctx context.Context, v viewer.Viewer, status id.Status) (raw, error) {
	rows, err := s.Present(ctx, v, []id.Status{status})
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("status %d vanished while it was shown", status)
	}
	return rows[0], nil
}

// Present shows statuses, which the viewer may read, in their order; deleted ones
// are left out. Warm ones cost no query, cold ones a fixed number, whatever the length of the page.
func (s *Service) Present(ctx context.Context, v viewer.Viewer, ids []id.Status) ([]raw, error) {
	segments, err := s.segments(ctx, ids)
	if err != nil {
		return nil, err
	}
	var originals []id.Status
	for _, one := range segments {
		if one.boostOf != 0 {
			originals = append(originals, one.boostOf)
		}
	}
	boosted, err := s.segments(ctx, originals)
	if err != nil {
		return nil, err
	}
	people := make([]id.Account, 0, len(segments)+len(boosted))
	proper := make([]id.Status, 0, len(segments)+len(boosted))
	for _, group := range []map[id.Status]*segment{segments, boosted} {
		for one, seg := range group {
			people = append(people, seg.author)
			if seg.boostOf == 0 {
				proper = append(proper, one)
			}
		}
	}
	authors, err := s.accounts.Shown(ctx, people)
	if err != nil {
		return nil, err
	}
	var own map[id.Status]flags
	var unwanted *filters.Set
	if v.IsMember() {
		if own, err = s.readers.of(ctx, s.db, v.Account, proper); err != nil {
			return nil, err
		}
		if unwanted, err = s.filters.Of(ctx, v.Account); err != nil {
			return nil, err
		}
	}
	now := s.clock.Now()
	rows := make([]raw, 0, len(ids))
	for _, one := range ids {
		seg := segments[one]
		if seg == nil || authors[seg.author] == nil {
			continue
		}
		if seg.boostOf == 0 {
			marks, err := seg.filtered(unwanted, v, now, one)
			if err != nil {
				return nil, err
			}
			rows = append(rows, seg.join(one, authors, nil, v, own, one, marks))
			continue
		}
		original := boosted[seg.boostOf]
		if original == nil || authors[original.author] == nil {
			continue
		}
		marks, err := original.filtered(unwanted, v, now, one, seg.boostOf)
		if err != nil {
			return nil, err
		}
		inner := original.join(seg.boostOf, authors, nil, v, own, seg.boostOf, marks)
		rows = append(rows, seg.join(one, authors, inner, v, own, seg.boostOf, marks))
	}
	return rows, nil
}

// filtered gives what a member's filters find in a status, which they may name by any of its ids. Nobody is
// warned of their own words.
func (seg *segment) filtered(unwanted *filters.Set, v viewer.Viewer, now time.Time, ids ...id.Status) (raw, error) {
	if seg.author == v.Account {
		unwanted = nil
	}
	return unwanted.Results(now, seg.text, ids...)
}

// join closes a segment with its author, what it boosts, the viewer's flags and what their filters found.
func (seg *segment) join(self id.Status, authors map[id.Account]raw, inner raw, v viewer.Viewer, own map[id.Status]flags, proper id.Status, filtered raw) raw {
	account := authors[seg.author]
	b := make([]byte, 0, len(seg.body)+len(account)+len(inner)+len(filtered)+160)
	b = append(b, seg.body...)
	b = append(b, `,"account":`...)
	b = append(b, account...)
	b = append(b, `,"reblog":`...)
	if inner == nil {
		b = append(b, "null"...)
	} else {
		b = append(b, inner...)
	}
	if own != nil {
		did := own[proper]
		b = appendFlag(b, "favourited", did&favourited != 0)
		b = appendFlag(b, "reblogged", did&boosted != 0)
		b = appendFlag(b, "muted", did&muted != 0)
		b = appendFlag(b, "bookmarked", did&bookmarked != 0)
		if seg.author == v.Account && seg.boostOf == 0 && seg.visibility != Direct && seg.visibility != Limited {
			b = appendFlag(b, "pinned", own[self]&pinned != 0)
		}
		b = append(b, `,"filtered":`...)
		b = append(b, filtered...)
	}
	return append(b, '}')
}

func appendFlag(b []byte, name string, value bool) []byte {
	b = append(b, ',', '"')
	b = append(b, name...)
	if value {
		return append(b, `":true`...)
	}
	return append(b, `":false`...)
}

// segments gives the shared parts of statuses, from memory or encoded anew.
func (s *Service) segments(ctx context.Context, ids []id.Status) (map[id.Status]*segment, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	return s.shown.All(ids, func(missing []id.Status) (map[id.Status]*segment, error) {
		list, err := many(ctx, s.db, missing)
		if err != nil {
			return nil, fmt.Errorf("show statuses: %w", err)
		}
		entities, err := s.entities(ctx, list)
		if err != nil {
			return nil, fmt.Errorf("show statuses: %w", err)
		}
		out := make(map[id.Status]*segment, len(list))
		for i, one := range list {
			b, err := accounts.Encode(entities[i])
			if err != nil {
				return nil, fmt.Errorf("show status %d: %w", one.ID, err)
			}
			said, err := said(one, b)
			if err != nil {
				return nil, fmt.Errorf("show status %d: %w", one.ID, err)
			}
			out[one.ID] = &segment{body: b[:len(b)-1], text: filters.NewText(said), author: one.Author, boostOf: one.BoostOf, visibility: one.Visibility}
		}
		return out, nil
	})
}

// said is what filters look at: warning, text, options of a poll and descriptions of media, the last two
// as the encoded entity has them.
func said(one *Status, entity []byte) (string, error) {
	if one.IsBoost() {
		return "", nil
	}
	parts := []string{one.ContentWarning, one.Text}
	if !one.Local {
		parts[1] = text.PlainText(one.Content)
	}
	var more struct {
		Poll *struct {
			Options []struct{ Title string }
		}
		Media []struct{ Description string } `json:"media_attachments"`
	}
	if err := json.Unmarshal(entity, &more); err != nil {
		return "", err
	}
	if more.Poll != nil {
		for _, option := range more.Poll.Options {
			parts = append(parts, option.Title)
		}
	}
	for _, file := range more.Media {
		parts = append(parts, file.Description)
	}
	return strings.Join(parts, "\n\n"), nil
}

// shared is a Status without the keys that join adds.
type shared struct {
	*mastodon.Status
	Account *struct{} `json:"account,omitempty"` // these two shadow the entity's keys: join writes them
	Reblog  *struct{} `json:"reblog,omitempty"`
}

// entities shapes statuses for the API, with mentions, tags, counts and apps in a query each.
func (s *Service) entities(ctx context.Context, list []*Status) ([]shared, error) {
	ids := make([]id.Status, 0, len(list))
	var apps []id.App
	for _, one := range list {
		ids = append(ids, one.ID)
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
	if err := s.addMentions(ctx, ids, at); err != nil {
		return nil, err
	}
	tags, err := tagsOf(ctx, s.db, ids)
	if err != nil {
		return nil, err
	}
	for _, t := range tags {
		at[t.status].Tags = append(at[t.status].Tags, mastodon.StatusTag{Name: t.name, URL: s.site.TagURL(t.name)})
	}
	numbers, err := countsOf(ctx, s.db, ids)
	if err != nil {
		return nil, err
	}
	for _, n := range numbers {
		m := at[n.status]
		m.RepliesCount, m.ReblogsCount, m.FavouritesCount = n.replies, n.boosts, n.favourites
	}
	names, err := appsOf(ctx, s.db, apps)
	if err != nil {
		return nil, err
	}
	byApp := map[id.App]*mastodon.Application{}
	for _, a := range names {
		byApp[a.id] = &mastodon.Application{Name: a.name}
		if a.website != "" {
			byApp[a.id].Website = &a.website
		}
	}
	for i, one := range list {
		out[i].Application = byApp[one.App]
	}
	return out, nil
}

func (s *Service) addMentions(ctx context.Context, ids []id.Status, at map[id.Status]*mastodon.Status) error {
	mentions, err := mentionsOf(ctx, s.db, ids)
	if err != nil {
		return err
	}
	var who []id.Account
	for _, m := range mentions {
		who = append(who, m.account)
	}
	people, err := s.accounts.ByIDs(ctx, who)
	if err != nil {
		return err
	}
	byID := map[id.Account]*accounts.Account{}
	for _, a := range people {
		byID[a.ID] = a
	}
	for _, m := range mentions {
		if a := byID[m.account]; a != nil && !m.silent {
			acct := a.Acct()
			if !a.Local() {
				acct = a.Username + "@" + text.DisplayDomain(a.Domain)
			}
			at[m.status].Mentions = append(at[m.status].Mentions, mastodon.Mention{ID: a.ID.String(), Username: a.Username, URL: a.URL, Acct: acct})
		}
	}
	return nil
}

func (s *Service) entity(one *Status) *mastodon.Status {
	m := &mastodon.Status{
		ID: one.ID.String(), CreatedAt: mastodon.Time(one.CreatedAt), Sensitive: one.Sensitive, SpoilerText: one.ContentWarning,
		Visibility: string(one.Visibility), LocalOnly: one.LocalOnly, URI: one.URI, Content: &one.Content,
		MediaAttachments: []any{}, Mentions: []mastodon.Mention{}, Tags: []mastodon.StatusTag{}, Emojis: accounts.PresentEmojis(one.Emojis),
		QuoteApproval:     mastodon.QuoteApproval{Automatic: []string{}, Manual: []string{}, CurrentUser: "denied"},
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
