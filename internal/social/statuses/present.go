package statuses

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"anancus/internal/kit/text"
	"anancus/internal/protocol/mastodon"
	"anancus/internal/social/accounts"
	"anancus/internal/social/filters"
	"anancus/internal/social/id"
	"anancus/internal/social/media"
	"anancus/internal/social/viewer"
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
	// collections are those that it leads to: what of them is shown depends on the viewer, and changes.
	collections []id.Collection
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
	return s.present(ctx, v, ids, false)
}

// PresentPage is Present for a page that is sent and then forgotten, as one list: done gives its memory to the next page.
func (s *Service) PresentPage(ctx context.Context, v viewer.Viewer, ids []id.Status) (list raw, done func(), err error) {
	w := newShowing(v)
	if err := s.gather(ctx, w, ids, false); err != nil {
		return nil, nil, err
	}
	b := append(w.paper[:0], '[')
	for _, one := range ids {
		end := len(b)
		if end > 1 {
			b = append(b, ',')
		}
		begin := len(b)
		if b = w.row(b, one); len(b) == begin {
			b = b[:end]
		}
	}
	w.paper = append(b, ']')
	return w.paper, w.done, w.err
}

func (s *Service) present(ctx context.Context, v viewer.Viewer, ids []id.Status, redraft bool) ([]raw, error) {
	w := newShowing(v)
	defer w.done()
	if err := s.gather(ctx, w, ids, redraft); err != nil {
		return nil, err
	}
	rows := make([]raw, 0, len(ids))
	for _, one := range ids {
		if row := w.row(make([]byte, 0, w.size(one)), one); len(row) > 0 {
			rows = append(rows, row)
		}
	}
	return rows, w.err
}

// gather reads what a page shows: warm statuses from memory, cold ones in a fixed number of queries.
func (s *Service) gather(ctx context.Context, w *showing, ids []id.Status, redraft bool) error {
	v := w.viewer
	if err := s.eachSegment(ctx, ids, w.add); err != nil {
		return err
	}
	var originals []id.Status
	for _, one := range w.all {
		if one.boostOf != 0 {
			originals = append(originals, one.boostOf)
		}
	}
	err := s.eachSegment(ctx, originals, w.add)
	if err != nil {
		return err
	}
	w.now = s.clock.Now()
	if w.quotes, err = s.quoted(ctx, v, w.all, redraft); err != nil {
		return err
	}
	for one, seg := range w.quotes.first {
		w.add(one, seg)
	}
	if w.collections, w.owners, err = s.leadsOf(ctx, w); err != nil {
		return err
	}
	var links []id.Link
	for _, seg := range w.all {
		if seg.link.link != 0 {
			links = append(links, seg.link.link)
		}
	}
	if w.cards, err = s.cardsOf(ctx, links); err != nil {
		return err
	}
	for _, c := range w.cards {
		if who := c.namedBy(); who != 0 {
			w.people = append(w.people, who)
		}
	}
	var said map[id.Account][]string // shortcodes
	for _, seg := range w.all {
		if _, twice := w.authors[seg.author]; !twice {
			w.authors[seg.author] = nil // until they are read
			w.people = append(w.people, seg.author)
		}
		if len(seg.codes.all) > 0 {
			if said == nil {
				said = map[id.Account][]string{}
			}
			said[seg.author] = append(said[seg.author], seg.codes.all...)
		}
	}
	if err := s.accounts.ShownAlso(ctx, w.authors, w.people, func(author id.Account) []string { return said[author] }); err != nil {
		return err
	}
	if w.emojis, err = s.emojisOf(ctx, w.all); err != nil {
		return err
	}
	if w.personal {
		if err := s.readers.of(ctx, s.db, v.Account, w.proper, w.own); err != nil {
			return err
		}
		w.unwanted, err = s.filters.Of(ctx, v.Account)
	}
	return err
}

// showing is what a page has in common while it is written, and the memory that it is written on.
type showing struct {
	viewer   viewer.Viewer
	personal bool // it says what the viewer did
	stream   bool // it is for all members at once (see stream.go)
	now      time.Time

	segments map[id.Status]*segment // of the page, of what that boosts and of what these quote
	all      []*segment             // the same
	proper   []id.Status            // those of them that are no boosts
	people   []id.Account
	authors  map[id.Account]raw // nil: gone
	own      map[id.Status]flags

	quotes      quotes
	cards       map[id.Link]*card
	collections map[id.Collection]raw
	owners      []id.Account // of collections
	without     []id.Account // whose collections are not shown
	unwanted    *filters.Set
	emojis      emojis

	paper []byte // of PresentPage
	err   error  // the first that came
}

// Pages are written on the memory of earlier ones: most of what a warm page cost was asking for it and giving it back.
var showings = sync.Pool{New: func() any {
	return &showing{segments: map[id.Status]*segment{}, authors: map[id.Account]raw{}, own: map[id.Status]flags{}, paper: make([]byte, 0, 96<<10)}
}}

// Bounds of the memory that is kept for the next page: far more than one of 40 takes, far less than a thread of thousands.
const (
	keptRows  = 256
	keptPaper = 512 << 10
)

func newShowing(v viewer.Viewer) *showing {
	w := showings.Get().(*showing)
	w.viewer, w.personal = v, v.IsMember()
	return w
}

// done gives the memory to the next page; nothing of this one may be used any more.
func (w *showing) done() {
	if len(w.all) > keptRows || cap(w.paper) > keptPaper {
		return
	}
	w.wipe()
	showings.Put(w)
}

func (w *showing) wipe() {
	clear(w.segments)
	clear(w.authors)
	clear(w.own)
	clear(w.all)
	*w = showing{segments: w.segments, authors: w.authors, own: w.own, all: w.all[:0], proper: w.proper[:0], people: w.people[:0], paper: w.paper}
}

// add notes a status that is shown somewhere in the page.
func (w *showing) add(self id.Status, seg *segment) {
	if w.segments[self] != nil {
		return
	}
	w.segments[self] = seg
	if w.all = append(w.all, seg); seg.boostOf == 0 {
		w.proper = append(w.proper, self)
	}
}

// row appends one status of a page; nothing when it, its author or what it boosts is gone.
func (w *showing) row(b []byte, self id.Status) []byte {
	seg := w.segments[self]
	switch {
	case seg == nil || w.authors[seg.author] == nil:
		return b
	case seg.boostOf == 0:
		return w.join(b, self, seg, nil, w.filtered(seg, self), false)
	}
	original := w.segments[seg.boostOf]
	if original == nil || w.authors[original.author] == nil {
		return b
	}
	return w.join(b, self, seg, original, w.filtered(original, self, seg.boostOf), false)
}

// size is about how long a row becomes.
func (w *showing) size(self id.Status) (n int) {
	for seg := w.segments[self]; seg != nil; seg = w.segments[seg.boostOf] {
		n += len(seg.body) + len(w.authors[seg.author]) + 400
		if c := w.cards[seg.link.link]; c != nil {
			n += int(c.size())
		}
	}
	return n
}

// filtered gives what a member's filters find in a status, which they may name by any of its ids. Nobody is
// warned of their own words.
func (w *showing) filtered(seg *segment, ids ...id.Status) raw {
	if w.stream {
		return hole
	}
	unwanted := w.unwanted
	if seg.author == w.viewer.Account {
		unwanted = nil
	}
	marks, err := unwanted.Results(w.now, seg.text, ids...)
	if err != nil && w.err == nil {
		w.err = err
	}
	return marks
}

// join closes a segment with its author, what it boosts, what it quotes, its poll, what filters found and the viewer's flags, which are those of the proper
// status: of the original that it boosts, or itself. Inside of another status that quotes it, what it quotes is only named.
func (w *showing) join(b []byte, self id.Status, seg, original *segment, marks raw, inside bool) []byte {
	proper, of := self, seg
	if original != nil {
		proper, of = seg.boostOf, original
	}
	did := w.own[proper]
	b = append(b, seg.body...)
	b = appendLeads(b, seg.collections, w.collections)
	b = w.emojis.append(append(b, `,"emojis":`...), seg.author, seg.codes.all)
	b = append(append(b, `,"account":`...), w.authors[seg.author]...)
	if original == nil {
		b = append(b, `,"reblog":null,"quote":`...)
		b = w.appendQuote(b, seg.quote, inside)
	} else {
		b = append(b, `,"reblog":`...)
		b = append(w.join(b, proper, original, nil, marks, false), `,"quote":null`...)
	}
	b = append(b, `,"card":`...)
	shown := w.cards[seg.link.link]
	b = shown.appendTo(b, seg.link.shownAs(shown), w.viewer, w.authors)
	b = append(b, `,"poll":`...)
	b = seg.poll.join(b, w.now, w.personal, seg.author == w.viewer.Account, did, func(b []byte) []byte { return w.emojis.append(b, seg.author, seg.codes.poll) })
	b = of.appendApproval(b, w.viewer, did)
	if w.personal {
		b = append(b, deeds[did&(favourited|boosted|bookmarked|muted)]...)
		if seg.author == w.viewer.Account && seg.boostOf == 0 && seg.visibility != Direct && seg.visibility != Limited {
			b = appendFlag(b, "pinned", w.own[self]&pinned != 0)
		}
	}
	if w.personal || w.stream {
		b = append(append(b, `,"filtered":`...), marks...)
	}
	return append(b, '}')
}

func appendRaw(b []byte, name string, value raw) []byte {
	b = append(b, ',', '"')
	b = append(b, name...)
	b = append(b, '"', ':')
	if value == nil {
		return append(b, "null"...)
	}
	return append(b, value...)
}

// deeds are how what a viewer did with a status is written, by flags: every status has it.
var deeds = func() (all [2 * muted]string) {
	for did := range flags(len(all)) {
		b := appendFlag(nil, "favourited", did&favourited != 0)
		b = appendFlag(b, "reblogged", did&boosted != 0)
		b = appendFlag(b, "muted", did&muted != 0)
		all[did] = string(appendFlag(b, "bookmarked", did&bookmarked != 0))
	}
	return all
}()

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
	found := make(map[id.Status]*segment, len(ids))
	return found, s.eachSegment(ctx, ids, func(self id.Status, seg *segment) { found[self] = seg })
}

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
		out := make(map[id.Status]*segment, len(list))
		for i, one := range list {
			if out[one.ID], err = segmentOf(one, entities[i]); err != nil {
				return nil, fmt.Errorf("show status %d: %w", one.ID, err)
			}
		}
		return out, nil
	}, do)
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
	said, err := said(one, e.poll, b)
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
	return &segment{link: link, body: b[:len(b)-1], text: filters.NewText(said), author: one.Author, boostOf: one.BoostOf, visibility: one.Visibility, localOnly: one.LocalOnly,
		policy: one.QuotePolicy, approval: approval, quote: e.quote, poll: poll, local: one.Local, codes: shortcodesIn(one, e.poll), collections: e.collections}, nil
}

// said is what filters look at: warning, text, options of a poll and descriptions of media, the last
// as the encoded entity has them.
func said(one *Status, asked *Poll, entity []byte) (string, error) {
	if one.IsBoost() {
		return "", nil
	}
	parts := []string{one.ContentWarning, one.Text}
	if !one.Local {
		parts[1] = text.PlainText(one.Content)
	}
	var more struct {
		Media []struct{ Description string } `json:"media_attachments"`
	}
	if err := json.Unmarshal(entity, &more); err != nil {
		return "", err
	}
	if asked != nil {
		parts = append(parts, asked.Options...)
	}
	for _, file := range more.Media {
		parts = append(parts, file.Description)
	}
	return strings.Join(parts, "\n\n"), nil
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
	if err := s.addMentions(ctx, ids, at); err != nil {
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
			at[m.status].Mentions = append(at[m.status].Mentions, mentionOf(a))
		}
	}
	return nil
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
