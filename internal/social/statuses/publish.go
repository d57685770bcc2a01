package statuses

import (
	"context"
	"fmt"
	"strings"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/kit/text"
	"anancus/internal/social/accounts"
	"anancus/internal/social/id"
	"anancus/internal/social/media"
	"anancus/internal/social/tags"
)

// Limits of publishing.
const (
	idempotencyWindow = time.Hour       // as long as Mastodon remembers a key
	maxIdempotencyKey = 255             // characters; the rest of a longer one is not told apart
	resolveWithin     = 2 * time.Second // for mentions of people we do not know yet; then they stay text
	maxMentions       = 100             // accounts; a status that mentions more tells the first
	maxTags           = 50
)

// Draft is a status before it is published. Of a scheduled status the database keeps it under these names.
type Draft struct {
	Text           string          `json:"text"`
	ContentWarning string          `json:"spoiler_text,omitempty"`
	Visibility     Visibility      `json:"visibility"` // "" is the author's default
	LocalOnly      bool            `json:"local_only,omitempty"`
	Sensitive      *bool           `json:"sensitive,omitempty"`
	Language       string          `json:"language,omitempty"`
	InReplyTo      id.Status       `json:"in_reply_to_id,omitempty"`
	Quote          id.Status       `json:"quoted_status_id,omitempty"`
	QuotePolicy    string          `json:"quote_approval_policy"` // "" is the author's default
	Poll           *PollDraft      `json:"poll,omitempty"`        // nil: none
	Media          []id.Attachment `json:"media_ids,omitempty"`
	App            id.App          `json:"-"`
	IdempotencyKey string          `json:"idempotency,omitempty"`
	// AllowedMentions, when set, are the only accounts that may turn out to be mentioned.
	AllowedMentions *[]id.Account `json:"allowed_mentions,omitempty"`
}

// check refuses what cannot be published. shown is what it shows beside its text.
func (d *Draft) check(maxCharacters int, shown []*media.Attachment) error {
	if d.Poll != nil && len(shown) > 0 {
		return fault.New(fault.Invalid, fmt.Sprintf("Validation failed: Cannot attach more than %d files, and none to a poll", media.MaxAttachments))
	}
	if strings.TrimSpace(d.Text) == "" && strings.TrimSpace(d.ContentWarning) != "" && d.Quote == 0 {
		d.Text = placeholder(shown) // Mastodon's, for a warning without a text
	}
	if strings.TrimSpace(d.Text) == "" && d.Quote == 0 && len(shown) == 0 {
		return fault.New(fault.Invalid, "Validation failed: Text can't be blank")
	}
	if text.Count(d.ContentWarning, d.Text) > maxCharacters {
		return fault.New(fault.Invalid, fmt.Sprintf("Validation failed: Text character limit of %d exceeded", maxCharacters))
	}
	switch d.Visibility {
	case "", Public, Unlisted, Private, Direct:
	default:
		return fault.New(fault.Invalid, "Validation failed: Visibility is not one of public, unlisted, private, direct")
	}
	if d.Language != "" {
		code, ok := text.Language(d.Language)
		if !ok { // Mastodon drops what is no language instead of refusing
			code = ""
		}
		d.Language = code
	}
	if d.Poll != nil {
		if err := d.Poll.check(false); err != nil {
			return err
		}
	}
	return nil
}

// prepared is a draft that may be published: what it says, whom it names and what it quotes.
type prepared struct {
	status *Status
	marked *marked
	quoted *Status // nil: nothing
	shown  []*media.Attachment
	fresh  fresh
}

// prepare checks a draft and finds what it names. was is the scheduled status that it is made of, for which its media are reserved; 0 for none. The network is asked here, before the transaction.
func (s *Service) prepare(ctx context.Context, author *accounts.Account, member *accounts.Member, d *Draft, was id.Scheduled) (*prepared, error) {
	shown, err := media.Choose(ctx, s.db, author.ID, d.Media, media.For{Scheduled: was})
	if err != nil {
		return nil, err
	}
	if err := d.check(s.settings.Now().MaxCharacters, shown); err != nil {
		return nil, err
	}
	status := &Status{
		Author: author.ID, Local: true, Text: d.Text, ContentWarning: d.ContentWarning, Visibility: d.Visibility, LocalOnly: d.LocalOnly,
		Language: d.Language, App: d.App, Sensitive: member.DefaultSensitive,
	}
	if status.Visibility == "" {
		status.Visibility = Visibility(member.DefaultVisibility)
	}
	if author.Limited() && status.Visibility == Public {
		status.Visibility = Unlisted
	}
	if d.Sensitive != nil {
		status.Sensitive = *d.Sensitive
	}
	status.Sensitive = status.Sensitive || d.ContentWarning != "" || len(shown) > 0 && !author.SensitiveAt.IsZero()
	if status.Language == "" {
		status.Language = member.DefaultLanguage
	}
	p := &prepared{status: status, shown: shown}
	if d.InReplyTo != 0 {
		if err := s.replyTo(ctx, status, d.InReplyTo); err != nil {
			return nil, err
		}
	}
	if d.Quote != 0 {
		if p.quoted, err = s.toQuote(ctx, status, d.Quote); err != nil {
			return nil, err
		}
	}
	word := d.QuotePolicy
	if word == "" {
		word = member.DefaultQuotePolicy
	}
	if status.QuotePolicy, err = quotePolicyOf(word, status.Visibility); err != nil {
		return nil, err
	}
	if p.marked, err = s.mark(ctx, d.Text, author.ID); err != nil {
		return nil, err
	}
	status.Content = p.marked.html
	if err := p.marked.onlyAllowed(ctx, s, d.AllowedMentions); err != nil {
		return nil, err
	}
	return p, p.marked.tellsQuoted(status, p.quoted)
}

// Publish turns a draft into a status. The status and its Published event are
// committed together, so a crash loses both or neither. The same
// idempotency key within an hour gives the status of the first time.
func (s *Service) Publish(ctx context.Context, author *accounts.Account, member *accounts.Member, d Draft) (*Status, error) {
	p, err := s.prepare(ctx, author, member, &d, 0)
	if err != nil {
		return nil, err
	}
	err = s.db.Tx(ctx, func(tx *db.Tx) error { return s.publish(ctx, tx, author, d, p) })
	if err != nil {
		return nil, fmt.Errorf("publish status: %w", err)
	}
	return p.status, s.remember(ctx, p)
}

// publish writes what was prepared, or reads the status that the same idempotency key made.
func (s *Service) publish(ctx context.Context, tx *db.Tx, author *accounts.Account, d Draft, p *prepared) error {
	status := p.status
	p.fresh = fresh{}
	status.ID = id.Status(tx.NextID()) // in the writer's turn, so that commit order is id order
	if d.IdempotencyKey != "" {
		earlier, err := idempotent(ctx, tx, author.ID, d.IdempotencyKey, int64(status.ID))
		if err != nil {
			return err
		}
		if earlier != 0 {
			first, err := one(ctx, tx, id.Status(earlier))
			if err != nil {
				return err
			}
			*status = *first
			return nil
		}
	}
	status.URI, status.URL = s.site.StatusURI(author.ID, status.ID), s.site.StatusURL(author.Username, status.ID)
	status.CreatedAt = tx.Now()
	if status.InReplyTo == 0 {
		status.Thread = status.ID // also when the closure runs again
	}
	status.quotes = p.quoted != nil
	carried, err := s.store(ctx, tx, status, p.marked.mentions, p.marked.tags)
	if err != nil {
		return err
	}
	if len(p.shown) > 0 {
		if err := media.Attach(ctx, tx, status.ID, p.shown, !status.Visibility.Distributable() || status.LocalOnly); err != nil {
			return err
		}
	}
	if d.Poll != nil {
		if err := storePoll(ctx, tx, status.ID, d.Poll); err != nil {
			return err
		}
	}
	if p.quoted != nil {
		if err := s.storeQuote(ctx, tx, status, p.quoted); err != nil {
			return err
		}
	}
	addresses := p.marked.links
	if err := s.lead(ctx, tx, status, addresses, false); err != nil {
		return err
	}
	linked, err := s.link(ctx, tx, status, status.Content, "", status.CreatedAt)
	if err == nil && !linked && len(addresses) == 0 && len(p.shown) == 0 && d.Poll == nil && p.quoted == nil && len(carried) == len(p.marked.tags) {
		p.fresh.begin(s, status, carried)
	}
	return err
}

// store writes a new status with everything that hangs on it, and emits Published.
// Local and remote statuses join here. carried are its hashtags, in the order of their keys.
func (s *Service) store(ctx context.Context, tx *db.Tx, status *Status, mentions []mention, named []tags.Named) (carried []id.Tag, err error) {
	if status.InReplyTo != 0 { // the thread may have become a part of another since it was read
		threads, err := db.All(ctx, tx, db.Value[id.Status], `SELECT thread_id FROM statuses WHERE id = $1`, status.InReplyTo)
		if err != nil {
			return nil, err
		}
		if len(threads) == 1 {
			status.Thread = threads[0]
		}
	}
	if status.Thread == 0 {
		status.Thread = status.ID
	}
	inserted, err := insert(ctx, tx, status)
	if err != nil {
		return nil, err
	}
	if !inserted {
		return nil, fault.New(fault.Conflict, "This status is known already")
	}
	for _, m := range mentions {
		m.status = status.ID
		if err := insertMention(ctx, tx, m); err != nil {
			return nil, err
		}
	}
	carried, err = insertTags(ctx, tx, status, named)
	if err != nil {
		return nil, err
	}
	if status.InReplyTo != 0 {
		if err := count(ctx, tx, status.InReplyTo, "replies", +1); err != nil {
			return nil, err
		}
	}
	posts, err := accounts.CountStatus(ctx, tx, status.Author, +1, clock.Milli(status.CreatedAt))
	if err != nil {
		return nil, err
	}
	answers := (status.InReplyTo != 0 || status.InReplyToURI != "") && status.InReplyToAccount != status.Author
	answered := status.InReplyTo == 0 && status.Thread != status.ID // before it came
	alone := len(mentions) == 0 && !answers && !answered && !status.quotes
	return carried, tx.Emit(Published{status.ID, status.Author, status.InReplyTo, carried, status.Quiet, alone,
		Writing{status.Local, status.LocalOnly, status.Visibility, len(mentions) > 0, answers, status.findable, posts}})
}

func (s *Service) replyTo(ctx context.Context, status *Status, parentID id.Status) error {
	parent, err := s.seeOriginal(ctx, status.Author, parentID)
	if fault.Is(err, fault.NotFound) {
		return fault.New(fault.NotFound, "The post you are trying to reply to does not appear to exist.")
	}
	if err != nil {
		return err
	}
	status.answers(parent, "")
	status.Context = parent.Context
	// A reply to what must not leave would carry it out.
	status.LocalOnly = status.LocalOnly || parent.LocalOnly
	return nil
}

// marked is a text with what was found in it.
type marked struct {
	html     string
	mentions []mention
	tags     []tags.Named
	people   []*accounts.Account
	links    []string // addresses, once each
}

// mark finds mentions, hashtags and links and writes the text as HTML. Unknown people are
// looked up, all within two seconds; who is not found stays plain text, and so does whom the author blocks, alone or with their server.
func (s *Service) mark(ctx context.Context, source string, author id.Account) (*marked, error) {
	entities := text.Scan(source)
	m := &marked{links: linksAmong(entities)}
	found := map[string]*accounts.Account{}
	within, cancel := context.WithTimeout(ctx, resolveWithin)
	defer cancel()
	seenTag := map[string]bool{}
	for _, e := range entities {
		switch e.Kind {
		case text.Mention:
			key := handleKey(e.Username, e.Domain)
			if _, known := found[key]; known || len(found) >= maxMentions {
				continue
			}
			person, err := s.resolver.ResolveHandle(within, e.Username, e.Domain)
			if err != nil {
				if ctx.Err() != nil {
					return nil, ctx.Err()
				}
				found[key] = nil // nobody there, or too slow: it stays text
				continue
			}
			found[key] = person
		case text.Hashtag:
			key := text.TagKey(e.Tag)
			if key != "" && !seenTag[key] && len(m.tags) < maxTags {
				seenTag[key] = true
				m.tags = append(m.tags, tags.Named{Key: key, Shown: e.Tag})
			}
		}
	}
	if err := s.dropBlocked(ctx, author, found); err != nil {
		return nil, err
	}
	seen := map[id.Account]bool{}
	for _, e := range entities {
		if e.Kind != text.Mention {
			continue
		}
		if person := found[handleKey(e.Username, e.Domain)]; person != nil && !seen[person.ID] {
			seen[person.ID] = true
			m.mentions = append(m.mentions, mention{account: person.ID})
			m.people = append(m.people, person)
		}
	}
	m.html = text.Render(source, text.Links{
		Mention: func(username, domain string) (string, string, bool) {
			person := found[handleKey(username, domain)]
			if person == nil {
				return "", "", false
			}
			return person.URL, person.Username, true
		},
		Tag: func(name string) string { return s.site.TagURL(text.TagKey(name)) },
	})
	return m, nil
}

func handleKey(username, domain string) string {
	return text.UsernameKey(username) + "@" + strings.ToLower(domain)
}

func (s *Service) dropBlocked(ctx context.Context, author id.Account, found map[string]*accounts.Account) error {
	var ids []id.Account
	for _, person := range found {
		if person != nil {
			ids = append(ids, person.ID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	blocked, err := db.All(ctx, s.db, db.Value[id.Account], `SELECT target_id FROM blocks WHERE account_id = $1 AND target_id {in $2}
		UNION ALL SELECT a.id FROM accounts a JOIN account_domain_blocks b ON b.account_id = $1 AND b.domain = a.domain WHERE a.id {in $2}`, author, ids)
	if err != nil {
		return fmt.Errorf("blocks of author: %w", err)
	}
	hidden := map[id.Account]bool{}
	for _, b := range blocked {
		hidden[b] = true
	}
	for key, person := range found {
		if person != nil && (hidden[person.ID] || !person.Available()) {
			found[key] = nil
		}
	}
	return nil
}

// onlyAllowed refuses a draft that would tell people its author did not expect.
func (m *marked) onlyAllowed(ctx context.Context, s *Service, allowed *[]id.Account) error {
	if allowed == nil {
		return nil
	}
	expected := map[id.Account]bool{}
	for _, one := range *allowed {
		expected[one] = true
	}
	var unexpected []id.Account
	for _, person := range m.people {
		if !expected[person.ID] {
			unexpected = append(unexpected, person.ID)
		}
	}
	if len(unexpected) == 0 {
		return nil
	}
	rows, err := s.accounts.Rows(ctx, unexpected)
	if err != nil {
		return err
	}
	f := fault.New(fault.Invalid, "Post would be sent to unexpected accounts")
	f.Details = map[string]any{"unexpected_accounts": rows}
	return f
}
