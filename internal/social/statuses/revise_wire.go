package statuses

import (
	"context"
	"fmt"
	"slices"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/kit/text"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/social/accounts"
	"anancus/internal/social/id"
	"anancus/internal/social/media"
	"anancus/internal/social/tags"
)

// lateCreate is how old a status may be that is first heard of by an Update (federation.md §5).
const lateCreate = 24 * time.Hour

// ReceiveUpdate takes Update of a status by its author. One that is not known is taken as new when it is of today.
func (s *Service) ReceiveUpdate(ctx context.Context, in accounts.Received) error {
	note, err := s.noteOf(ctx, in)
	if err != nil || note == nil {
		return err
	}
	note.AddressedBy(in.Activity)
	known, err := oneByURI(ctx, s.db, note.ID)
	if fault.Is(err, fault.NotFound) {
		if note.Published.IsZero() || s.clock.Now().Sub(note.Published) > lateCreate {
			return nil
		}
		relevant, err := s.relevant(ctx, in, note)
		if err != nil || !relevant {
			return err
		}
		_, err = s.keepNote(ctx, in.Actor, note, in.Inbox, everywhere)
		return ignoreNotFound(err)
	}
	if err != nil || known.Local || known.IsBoost() || known.Author != in.Actor.ID {
		return err
	}
	return s.revise(ctx, in.Actor, known.ID, note)
}

// revise makes a remote status what its server says now. Who may read it and what it answers never change. The network is asked before
// the transaction.
func (s *Service) revise(ctx context.Context, author *accounts.Account, status id.Status, note *activitypub.RemoteNote) error {
	mentions, _, err := s.remoteMentions(ctx, author, note, 0)
	if err != nil {
		return err
	}
	said := fromNote(author, note, s.clock.Now())
	said.EditedAt = editedAt(note, s.clock.Now())
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		if err := s.reviseIn(ctx, tx, status, said, note, mentions); err != nil {
			return err
		}
		return s.emoji.Receive(ctx, tx, author.Domain, note.Emojis, said.emojified(choices(note))...)
	})
	if err = ignoreNotFound(err); err != nil {
		return fmt.Errorf("revise status %s: %w", note.ID, err)
	}
	return nil
}

// reviseIn is revise, inside its transaction. The time of the edit decides (federation.md §8): an older form is ignored; a newer one
// replaces the words; one of the same time, or of none, tells only how the poll stands and who may quote.
func (s *Service) reviseIn(ctx context.Context, tx *db.Tx, status id.Status, said *Status, note *activitypub.RemoteNote, mentions []mention) error {
	now, err := takeStatus(ctx, tx, status)
	if err != nil {
		return err
	}
	before := *now
	if !said.EditedAt.IsZero() && said.EditedAt.Before(before.EditedAt) {
		return nil
	}
	words := said.EditedAt.After(before.EditedAt)
	asked, err := takePoll(ctx, tx, status)
	if fault.Is(err, fault.NotFound) {
		asked, err = nil, nil
	}
	if err != nil {
		return err
	}
	asks := fromRemotePoll(status, note.Poll, tx.Now())
	pollChanged, counts, err := revisePoll(ctx, tx, asked, asks, words)
	if err != nil {
		return err
	}
	if err := s.seeQuote(ctx, tx, status, note, quotesDeep); err != nil {
		return err
	}
	now.QuotePolicy = said.QuotePolicy
	refreshed := counts || now.QuotePolicy != before.QuotePolicy
	if !words {
		if !refreshed {
			return nil
		}
		if err := updateRevised(ctx, tx, now); err != nil {
			return err
		}
		return tx.Emit(Refreshed{status})
	}
	showed, shows, mediaChanged, err := media.Revise(ctx, tx, now.Author, status, !now.Visibility.Distributable(), note.Attachments)
	if err != nil {
		return err
	}
	now.URL, now.Content, now.ContentWarning, now.Sensitive = said.URL, said.Content, said.ContentWarning, said.Sensitive
	if said.Language != "" {
		now.Language = said.Language
	}
	changed := pollChanged || mediaChanged || now.Content != before.Content || now.ContentWarning != before.ContentWarning
	if changed {
		now.EditedAt = said.EditedAt
		var asksNow *PollDraft
		if asks != nil {
			asksNow = &PollDraft{Options: asks.Options}
		}
		if err := keepRevisions(ctx, tx, &before, now, asked, asksNow, remembered(showed), shows); err != nil {
			return err
		}
	}
	if err := updateRevised(ctx, tx, now); err != nil {
		return err
	}
	e := Edited{Status: status, Author: now.Author, Translated: now.Language != before.Language, PollChanged: pollChanged}
	if e.Mentioned, e.Unmentioned, err = renameMentions(ctx, tx, status, slices.DeleteFunc(slices.Clone(mentions), func(m mention) bool { return m.silent })); err != nil {
		return err
	}
	for _, m := range mentions {
		if m.status = status; m.silent {
			if err := insertMention(ctx, tx, m); err != nil {
				return err
			}
		}
	}
	if e.Tagged, e.Untagged, err = retag(ctx, tx, now, namedBy(note)); err != nil {
		return err
	}
	if err := s.lead(ctx, tx, now, note.Collections, true); err != nil {
		return err
	}
	content, preview := note.Content, note.PreviewLink
	if note.Quote != "" {
		content, preview = "", ""
	}
	if _, err := s.link(ctx, tx, now, content, preview, said.EditedAt); err != nil {
		return err
	}
	if !changed {
		return tx.Emit(Refreshed{status})
	}
	return tx.Emit(e)
}

// editedAt is when a note was edited: never in the future, or no later edit would count; zero when it was not.
func editedAt(note *activitypub.RemoteNote, now time.Time) time.Time {
	at := note.Updated
	if at.IsZero() {
		return at
	}
	if at.After(now) {
		at = now
	}
	return clock.FromMilli(clock.Milli(at))
}

// namedBy are the hashtags of a note.
func namedBy(note *activitypub.RemoteNote) []tags.Named {
	var named []tags.Named
	for _, name := range note.Hashtags {
		if key := text.TagKey(name); key != "" && len(named) < maxTags {
			named = append(named, tags.Named{Key: key, Shown: name})
		}
	}
	return named
}

// updateRevised writes what another server may change of a status.
func updateRevised(ctx context.Context, tx *db.Tx, s *Status) error {
	if err := updateText(ctx, tx, s); err != nil {
		return err
	}
	_, err := db.Exec(ctx, tx, `UPDATE statuses SET url = $2, quote_policy = $3 WHERE id = $1`, s.ID, s.URL, int64(s.QuotePolicy))
	return err
}
