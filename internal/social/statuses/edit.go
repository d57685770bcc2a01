package statuses

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/kit/text"
	"anancus/internal/social/id"
	"anancus/internal/social/media"
	"anancus/internal/social/tags"
)

// Change is what an author wants a status to be. Who may read it, what it answers and its thread never change.
type Change struct {
	Text           string
	ContentWarning string
	Sensitive      bool
	Language       string // "" leaves it
	Poll           *PollDraft
	Media          []id.Attachment
	MediaChanges   map[id.Attachment]media.Change
}

// Edited tells of a status that says something else now.
type Edited struct {
	Status id.Status
	Author id.Account
	// Mentioned are those whom it names now and did not before, Unmentioned those whom it names no more.
	Mentioned   []id.Account
	Unmentioned []id.Account
	// Tagged are the hashtags it carries now and did not before, Untagged those it carries no more.
	Tagged   []id.Tag
	Untagged []id.Tag
	// Translated tells that it is in another language.
	Translated bool
	// PollChanged tells that its poll came, went, or asks something else: earlier votes do not count.
	PollChanged bool
}

// revision is a form that a status had.
type revision struct {
	status         id.Status
	content        string
	contentWarning string
	sensitive      bool
	pollOptions    []string // nil when it had no poll
	media          []shownMedia
	createdAt      time.Time
}

func revisionOf(s *Status, p *Poll, shown []*media.Attachment, at time.Time) *revision {
	r := &revision{media: remembered(shown), status: s.ID, content: s.Content, contentWarning: s.ContentWarning, sensitive: s.Sensitive, createdAt: at}
	if p != nil {
		r.pollOptions = p.Options
	}
	return r
}

// check refuses what cannot be published either. quote is the status when it quotes another: then it needs no text.
func (ch *Change) check(maxCharacters int, quote id.Status, shown []*media.Attachment) error {
	d := Draft{Quote: quote, Text: ch.Text, ContentWarning: ch.ContentWarning, Language: ch.Language}
	if ch.Poll != nil && len(shown) > 0 {
		return fault.New(fault.Invalid, fmt.Sprintf("Validation failed: Cannot attach more than %d files, and none to a poll", media.MaxAttachments))
	}
	if err := d.check(maxCharacters, shown); err != nil {
		return err
	}
	ch.Text, ch.Language = d.Text, d.Language
	ch.Sensitive = ch.Sensitive || ch.ContentWarning != ""
	return nil
}

// Edit changes an author's own status and keeps what it said before. Where nothing changes nothing is written
// or told. NotFound for statuses of others, so that nobody learns of what they may not read.
func (s *Service) Edit(ctx context.Context, author id.Account, status id.Status, ch Change) (*Status, error) {
	found, err := one(ctx, s.db, status)
	if err != nil {
		return nil, err
	}
	switch {
	case found.Author != author:
		return nil, fault.RecordNotFound()
	case found.IsBoost():
		return nil, fault.New(fault.Invalid, "Validation failed: A boost cannot be edited")
	}
	quote := id.Status(0)
	numbers, err := countsOf(ctx, s.db, []id.Status{status})
	if err != nil {
		return nil, err
	}
	if len(numbers) > 0 && numbers[0].quote.state != "" {
		quote = status
	}
	shown, err := media.Choose(ctx, s.db, author, ch.Media, media.For{Status: status})
	if err != nil {
		return nil, err
	}
	if err := ch.check(s.settings.Now().MaxCharacters, quote, shown); err != nil {
		return nil, err
	}
	if len(shown) > 0 && !ch.Sensitive {
		by, err := s.accounts.ByID(ctx, author)
		if err != nil {
			return nil, err
		}
		ch.Sensitive = !by.SensitiveAt.IsZero()
	}
	// The network is asked before the transaction, never inside.
	marked, err := s.mark(ctx, ch.Text, author)
	if err != nil {
		return nil, err
	}
	var edited *Status
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		edited, err = s.edit(ctx, tx, status, ch, marked, copies(shown))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("edit status: %w", err)
	}
	return edited, nil
}

// edit writes a change. The status' row is taken first, so that edits of one status come one after another.
func (s *Service) edit(ctx context.Context, tx *db.Tx, status id.Status, ch Change, m *marked, shows []*media.Attachment) (*Status, error) {
	now, err := takeStatus(ctx, tx, status)
	if err != nil {
		return nil, err
	}
	before := *now
	asked, err := takePoll(ctx, tx, status)
	if fault.Is(err, fault.NotFound) {
		asked, err = nil, nil
	}
	if err != nil {
		return nil, err
	}
	if ch.Poll != nil {
		if err := ch.Poll.check(asked != nil); err != nil {
			return nil, err
		}
	}
	pollChanged, err := editPoll(ctx, tx, status, asked, ch.Poll)
	if err != nil {
		return nil, err
	}
	showed, mediaChanged, err := editMedia(ctx, tx, now, shows, ch.MediaChanges)
	if err != nil {
		return nil, err
	}
	now.Text, now.ContentWarning, now.Sensitive = ch.Text, ch.ContentWarning, ch.Sensitive
	if ch.Language != "" {
		now.Language = ch.Language
	}
	if !pollChanged && !mediaChanged && now.Text == before.Text && now.ContentWarning == before.ContentWarning && now.Sensitive == before.Sensitive && now.Language == before.Language {
		return now, nil
	}
	if now.Text != before.Text { // or whom it names might change without a word of it changing
		now.Content = m.html
	} else {
		m = nil
	}
	now.EditedAt = after(tx.Now(), before.EditedAt)
	e := Edited{Status: status, Author: now.Author, Translated: now.Language != before.Language, PollChanged: pollChanged && (asked == nil || ch.Poll == nil || !asked.same(ch.Poll))}
	if err := keepRevisions(ctx, tx, &before, now, asked, ch.Poll, showed, shows); err != nil {
		return nil, err
	}
	if err := updateText(ctx, tx, now); err != nil {
		return nil, err
	}
	if m != nil {
		if e.Mentioned, e.Unmentioned, err = renameMentions(ctx, tx, status, m.mentions); err != nil {
			return nil, err
		}
		if e.Tagged, e.Untagged, err = retag(ctx, tx, now, m.tags); err != nil {
			return nil, err
		}
		if err := s.lead(ctx, tx, now, linkedIn(now.Text), true); err != nil {
			return nil, err
		}
	}
	if _, err := s.link(ctx, tx, now, now.Content, "", now.EditedAt); err != nil {
		return nil, err
	}
	return now, tx.Emit(e)
}

// after is the time of an edit: later, to the second, than the edit before, because that is how
// other servers tell a newer form from an older one.
func after(now, earlier time.Time) time.Time {
	if next := earlier.Truncate(time.Second).Add(time.Second); !earlier.IsZero() && now.Before(next) {
		return next
	}
	return now
}

// keepRevisions remembers what a status says from now on, and at its first edit what it said at first.
func keepRevisions(ctx context.Context, tx *db.Tx, before, now *Status, asked *Poll, asks *PollDraft, showed []shownMedia, shows []*media.Attachment) error {
	if before.EditedAt.IsZero() {
		first := revisionOf(before, asked, nil, before.CreatedAt)
		first.media = showed
		if err := insertRevision(ctx, tx, first); err != nil {
			return err
		}
	}
	next := revisionOf(now, nil, shows, now.EditedAt)
	if asks != nil {
		next.pollOptions = asks.Options
	}
	return insertRevision(ctx, tx, next)
}

// renameMentions makes the named of a status those of its new text. Who is named no more may still read it, silently.
func renameMentions(ctx context.Context, tx *db.Tx, status id.Status, named []mention) (came, went []id.Account, err error) {
	earlier, err := mentionsOf(ctx, tx, []id.Status{status})
	if err != nil {
		return nil, nil, err
	}
	silent := map[id.Account]bool{} // of those who are known to the status
	for _, m := range earlier {
		silent[m.account] = m.silent
		if !m.silent && !slices.ContainsFunc(named, func(n mention) bool { return n.account == m.account }) {
			went = append(went, m.account)
		}
	}
	for _, m := range named {
		was, known := silent[m.account]
		if known && !was {
			continue
		}
		came = append(came, m.account)
		if !known {
			m.status = status
			if err := insertMention(ctx, tx, m); err != nil {
				return nil, nil, err
			}
		}
	}
	if err := muffle(ctx, tx, status, went, true); err != nil {
		return nil, nil, err
	}
	return came, went, muffle(ctx, tx, status, came, false)
}

// retag hangs on a status the hashtags of its new text, and no others.
func retag(ctx context.Context, tx *db.Tx, status *Status, named []tags.Named) (came, went []id.Tag, err error) {
	earlier, err := tagsOf(ctx, tx, []id.Status{status.ID})
	if err != nil {
		return nil, nil, err
	}
	for _, t := range earlier {
		if !slices.ContainsFunc(named, func(n tags.Named) bool { return n.Key == t.name }) {
			gone, err := deleteTag(ctx, tx, status.ID, t.name)
			if err != nil {
				return nil, nil, err
			}
			went = append(went, gone...)
		}
	}
	came, err = insertTags(ctx, tx, status, named)
	return came, went, err
}

// LatestRevision gives the row of the form that an edited status has now; 0 for one that was never edited.
func (s *Service) LatestRevision(ctx context.Context, status id.Status) (int64, error) {
	return latestRevision(ctx, s.db, status)
}

// BoostersHere gives the members, its author apart, who boost a status, in pages by the boost: after 0 is the first.
func (s *Service) BoostersHere(ctx context.Context, status *Status, after id.Status, limit int) (boosters []id.Account, last id.Status, err error) {
	return boostersHere(ctx, s.db, status, after, limit)
}

// PassedOnHere tells, inside the transaction of an edit, whether a member who did not write the status boosts it, or any quotes it.
func PassedOnHere(ctx context.Context, tx *db.Tx, e Edited) (bool, error) {
	boosters, _, err := boostersHere(ctx, tx, &Status{ID: e.Status, Author: e.Author}, 0, 1)
	if err != nil || len(boosters) > 0 {
		return err == nil, err
	}
	quotes, err := db.All(ctx, tx, db.Value[int64], `SELECT q.id FROM quotes q JOIN members m ON m.account_id = q.account_id WHERE q.quoted_id = $1 LIMIT 1`, e.Status)
	return len(quotes) > 0, err
}

// ForgetEdited drops what is remembered of an edited status; the live effect of an edit.
func (s *Service) ForgetEdited(_ context.Context, e Edited) {
	s.Forget(e.Status)
	if e.PollChanged {
		s.untouched.forget(e.Status)
		s.flags.everybody(e.Status)
	}
}

// Searchable is what filters and search read of a status, as plain text.
type Searchable struct {
	ContentWarning string
	Text           string
	PollOptions    []string
}

// SearchableOf gives the text of statuses that are not deleted, in one query; boosts have none of their own.
func (s *Service) SearchableOf(ctx context.Context, q db.Q, ids []id.Status) (map[id.Status]Searchable, error) {
	return searchableOf(ctx, q, ids)
}

// String is all of it, a line each.
func (t Searchable) String() string {
	lines := make([]string, 0, 2+len(t.PollOptions))
	for _, line := range append([]string{t.ContentWarning, t.Text}, t.PollOptions...) {
		if line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

// plainOf is what a status says without mark-up: as its author typed it, or read out of its HTML.
func plainOf(s *Status) string {
	if s.Local {
		return s.Text
	}
	return text.PlainText(s.Content)
}

// editedBy is when a status began to say what it says.
func editedBy(s *Status) time.Time {
	if s.EditedAt.IsZero() {
		return s.CreatedAt
	}
	return s.EditedAt
}
