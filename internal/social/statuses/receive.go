package statuses

import (
	"context"
	"fmt"
	"time"

	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/kit/text"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/social/accounts"
	"anancus/internal/social/id"
	"anancus/internal/social/media"
	"anancus/internal/social/relationships"
)

// further is how far one received status leads to others: up its thread, to what it quotes, and to how its author goes on; and whether it is news.
type further struct {
	climb  bool // what it answers is asked for, and so on up
	goOn   bool // the first answers by its own server's people are asked for
	quotes int
	quiet  bool
}

var everywhere = further{climb: true, goOn: true, quotes: quotesDeep}

// newsFor is how old a status may be that is fetched, and still be told of and shown in home feeds (federation.md §8).
const newsFor = 6 * time.Hour

// ReceiveNote takes Create: the status is kept when somebody here would see it.
func (s *Service) ReceiveNote(ctx context.Context, in accounts.Received) error {
	note, err := s.noteOf(ctx, in)
	if err != nil || note == nil {
		return err
	}
	note.AddressedBy(in.Activity)
	if done, err := s.receiveVote(ctx, in, note); done || err != nil {
		return err
	}
	relevant, err := s.relevant(ctx, in, note)
	if err != nil || !relevant {
		return err
	}
	_, err = s.keepNote(ctx, in.Actor, note, in.Inbox, everywhere)
	return err
}

// noteOf reads the status of a Create: embedded, or fetched when only its address is given.
// Whose id or author is not the actor's own is ignored.
func (s *Service) noteOf(ctx context.Context, in accounts.Received) (*activitypub.RemoteNote, error) {
	object := in.Activity.Object("object")
	if object == nil || len(object) <= 1 {
		uri := in.Activity.Link("object")
		if uri == "" || !activitypub.SameHost(uri, in.Actor.URI) {
			return nil, nil
		}
		note, err := s.remote.FetchNote(ctx, uri)
		if err != nil || note.AttributedTo != in.Actor.URI {
			return nil, permanent(err)
		}
		return note, nil
	}
	note, err := activitypub.ParseNote(object)
	if err != nil {
		return nil, permanent(err)
	}
	if note.AttributedTo != in.Actor.URI || !activitypub.SameHost(note.ID, in.Actor.URI) {
		return nil, nil
	}
	return note, nil
}

// permanent swallows the failures that a retry cannot mend: what the other server said is wrong.
func permanent(err error) error {
	switch fault.KindOf(err) {
	case fault.Internal, fault.Unavailable, fault.TooMany:
		return err
	}
	return nil
}

// relevant is Mastodon's test (federation.md §5): would anyone here see this?
func (s *Service) relevant(ctx context.Context, in accounts.Received, note *activitypub.RemoteNote) (bool, error) {
	if in.Inbox != 0 {
		return true, nil
	}
	visibility := note.Visibility(in.Actor.FollowersURL)
	if visibility != activitypub.VisibilityDirect {
		followed, err := s.followedHere(ctx, in.Actor.ID)
		if err != nil || followed {
			return followed, err
		}
	}
	for _, uri := range append(append([]string{}, note.To...), note.Cc...) {
		if _, here := s.site.Ours(uri); here {
			return true, nil
		}
	}
	if note.InReplyTo == "" || !(visibility == activitypub.VisibilityPublic || visibility == activitypub.VisibilityUnlisted) {
		return false, nil
	}
	parent, err := oneByURI(ctx, s.db, note.InReplyTo)
	if err != nil {
		return false, ignoreNotFound(err)
	}
	if parent.Local {
		return true, nil
	}
	return s.followedHere(ctx, parent.Author)
}

// keepNote stores a remote status with what hangs on it; one that is known is given back. to says what
// else may be fetched for it. The network is asked before the transaction.
func (s *Service) keepNote(ctx context.Context, author *accounts.Account, note *activitypub.RemoteNote, inbox id.Account, to further) (*Status, error) {
	if !author.Available() {
		return nil, fault.RecordNotFound()
	}
	if len(note.Mentions) > 0 || note.InReplyTo != "" { // else nothing is looked up for it, and the transaction finds out whether it is known
		if known, err := oneByURI(ctx, s.db, note.ID); err == nil || !fault.Is(err, fault.NotFound) {
			return known, err
		}
	}
	parent, err := s.parentOf(ctx, s.db, note)
	if err != nil {
		return nil, err
	}
	mentions, local, err := s.remoteMentions(ctx, author, note, inbox)
	if err != nil {
		return nil, err
	}
	status := fromNote(author, note, s.clock.Now())
	status.Quiet, status.findable = to.quiet, author.Indexable
	if status.Visibility == Direct && local.unnamed && (note.DirectMessage == nil || !*note.DirectMessage) {
		status.Visibility = Limited
	}
	status.answers(parent, note.InReplyTo)
	if note.Context != "" {
		if _, ours := s.site.Ours(note.Context); !ours {
			status.Context = note.Context
		}
	}
	if author.Limited() && status.Visibility == Public {
		status.Visibility = Unlisted
	}
	named := namedBy(note)
	err = s.numbered(ctx, func(tx *db.Tx) error {
		met, err := meet(ctx, tx, author.URI, note.ID)
		if err != nil {
			return err
		}
		switch {
		case met.deleted:
			return fault.New(fault.Gone, "This status was deleted")
		case met.known:
			known, err := oneByURI(ctx, tx, note.ID)
			if known != nil {
				*status = *known
			}
			return err
		}
		status.ID = id.Status(s.db.IDAt(status.CreatedAt))
		if err := s.place(ctx, tx, status, note, to, met); err != nil {
			return err
		}
		if _, err := s.store(ctx, tx, status, mentions, named); err != nil {
			return err
		}
		if asks := fromRemotePoll(status.ID, note.Poll, tx.Now()); asks != nil {
			if err := insertRemotePoll(ctx, tx, asks); err != nil {
				return err
			}
		}
		if note.Quote != "" {
			if err := s.seeQuote(ctx, tx, status.ID, note, to.quotes); err != nil {
				return err
			}
		}
		if err := media.Receive(ctx, tx, author.ID, status.ID, note.Attachments); err != nil {
			return err
		}
		if err := s.emoji.Receive(ctx, tx, author.Domain, note.Emojis, status.emojified(choices(note))...); err != nil {
			return err
		}
		if err := s.lead(ctx, tx, status, note.Collections, false); err != nil {
			return err
		}
		if note.Quote == "" {
			if _, err := s.link(ctx, tx, status, note.Content, note.PreviewLink, status.CreatedAt); err != nil {
				return err
			}
		}
		if to.goOn && len(note.RepliesFirst) > 0 {
			if err := tx.Emit(AnswersSeen{status.ID, note.RepliesFirst}); err != nil {
				return err
			}
		}
		if !met.waiting {
			return nil
		}
		return s.adopt(ctx, tx, status, status.URI, status.InReplyTo == 0)
	})
	if fault.Is(err, fault.Gone) || fault.Is(err, fault.Conflict) {
		return nil, fault.RecordNotFound()
	}
	if err != nil {
		return nil, fmt.Errorf("keep status %s: %w", note.ID, err)
	}
	return status, nil
}

// numbered stores something under an id of the moment that its server tells, whose low bits are random: of hundreds of answers within one
// second two may meet, and then another id is taken.
func (s *Service) numbered(ctx context.Context, store func(tx *db.Tx) error) (err error) {
	for range 5 {
		if err = s.db.Tx(ctx, store); !fault.Is(err, fault.Conflict) {
			return err
		}
	}
	return err
}

// choices are the options of the poll of a note.
func choices(note *activitypub.RemoteNote) (names []string) {
	if note.Poll == nil {
		return nil
	}
	for _, option := range note.Poll.Options {
		names = append(names, option.Name)
	}
	return names
}

// parentOf gives what a note answers; nil when that is nothing, or is not known here.
func (s *Service) parentOf(ctx context.Context, q db.Q, note *activitypub.RemoteNote) (*Status, error) {
	if note.InReplyTo == "" {
		return nil, nil
	}
	parent, err := oneByURI(ctx, q, note.InReplyTo)
	if path, here := s.site.Ours(note.InReplyTo); here && fault.Is(err, fault.NotFound) {
		parent, err = s.byPath(ctx, path)
	}
	return parent, ignoreNotFound(err)
}

// answers notes what a status answers; uri is what that is called while it is not known here.
func (s *Status) answers(parent *Status, uri string) {
	if parent == nil {
		s.InReplyToURI = uri
		return
	}
	s.InReplyTo, s.InReplyToAccount, s.InReplyToURI, s.Thread = parent.ID, parent.Author, "", parent.Thread
}

// addressed tells how a note names people of this server.
type addressed struct{ unnamed bool }

// remoteMentions finds the people a note names (told) and those it is only sent to (silent: they may read it).
func (s *Service) remoteMentions(ctx context.Context, author *accounts.Account, note *activitypub.RemoteNote, inbox id.Account) ([]mention, addressed, error) {
	var list []mention
	seen := map[id.Account]bool{author.ID: true}
	for _, m := range note.Mentions {
		if len(list) >= maxMentions {
			break
		}
		person, err := s.accounts.ResolveURI(ctx, m.Href)
		if err != nil {
			if ctx.Err() != nil {
				return nil, addressed{}, ctx.Err()
			}
			continue
		}
		if !seen[person.ID] {
			seen[person.ID] = true
			list = append(list, mention{account: person.ID})
		}
	}
	var where addressed
	for _, uri := range append(append([]string{}, note.To...), note.Cc...) {
		if _, here := s.site.Ours(uri); !here {
			continue
		}
		person, err := s.accounts.ByURI(ctx, uri)
		if err != nil {
			if fault.Is(err, fault.NotFound) {
				continue
			}
			return nil, where, err
		}
		if !seen[person.ID] {
			seen[person.ID], where.unnamed = true, true
			list = append(list, mention{account: person.ID, silent: true})
		}
	}
	if inbox != 0 && !seen[inbox] {
		follows, err := relationships.Follows(ctx, s.db, inbox, author.ID)
		if err != nil {
			return nil, where, err
		}
		if !follows { // it came to this inbox for a reason: the member may read it, but is not told
			list = append(list, mention{account: inbox, silent: true})
		}
	}
	return list, where, nil
}

// fromNote makes a status of what another server said. Its HTML is sanitised here, once.
func fromNote(author *accounts.Account, note *activitypub.RemoteNote, now time.Time) *Status {
	status := &Status{
		URI: note.ID, URL: note.URL, Author: author.ID, Content: text.Sanitize(note.Content), ContentWarning: text.StripControl(note.Summary),
		Visibility: Visibility(note.Visibility(author.FollowersURL)), Sensitive: note.Sensitive || note.Summary != "" || len(note.Attachments) > 0 && !author.SensitiveAt.IsZero(),
		CreatedAt: note.Published, QuotePolicy: policyFromWire(author, note.CanQuote),
	}
	if code, ok := text.Language(note.Language); ok {
		status.Language = code
	}
	if status.CreatedAt.IsZero() || status.CreatedAt.After(now) {
		status.CreatedAt = now // never the future
	}
	if note.Updated.After(note.Published) { // some servers give one to what was never edited
		status.EditedAt = editedAt(note, now)
	}
	return status
}

// Fetch gives the status with an id of another server, read from there when it is not known yet.
func (s *Service) Fetch(ctx context.Context, uri string) (*Status, error) {
	return s.fetch(ctx, uri, everywhere)
}

func (s *Service) fetch(ctx context.Context, uri string, to further) (*Status, error) {
	if known, err := oneByURI(ctx, s.db, uri); err == nil || !fault.Is(err, fault.NotFound) {
		return known, err
	}
	note, err := s.remote.FetchNote(ctx, uri)
	if err != nil {
		return nil, err
	}
	return s.keepFetched(ctx, note, to)
}

// KeepFetched stores a status that was read from its own server.
func (s *Service) KeepFetched(ctx context.Context, note *activitypub.RemoteNote) (*Status, error) {
	return s.keepFetched(ctx, note, everywhere)
}

func (s *Service) keepFetched(ctx context.Context, note *activitypub.RemoteNote, to further) (*Status, error) {
	author, err := s.accounts.ResolveURI(ctx, note.AttributedTo)
	if err != nil {
		return nil, err
	}
	to.quiet = to.quiet || !note.Published.IsZero() && s.clock.Now().Sub(note.Published) > newsFor
	return s.keepNote(ctx, author, note, 0, to)
}

// followedHere tells whether any member of this server follows an account.
func (s *Service) followedHere(ctx context.Context, account id.Account) (bool, error) {
	n, err := db.One(ctx, s.db, db.Value[int64], `SELECT COUNT(*) FROM (SELECT 1 FROM follows f JOIN accounts a ON a.id = f.account_id
		WHERE f.target_id = $1 AND a.domain = '' LIMIT 1) AS mattering`, account)
	return n > 0, err
}

// known gives a status by its id on the wire, in any of the forms that our own have had.
func (s *Service) known(ctx context.Context, uri string) (*Status, error) {
	status, err := oneByURI(ctx, s.db, uri)
	if err == nil || !fault.Is(err, fault.NotFound) {
		return status, err
	}
	path, here := s.site.Ours(uri)
	if !here {
		return nil, err
	}
	return s.byPath(ctx, path)
}
