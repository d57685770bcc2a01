package statuses

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/social/accounts"
	"anancus/internal/social/id"
	"anancus/internal/social/relationships"
)

// quotesDeep is how many quotes of quotes are followed for one received status; the rest comes when somebody looks at them.
const quotesDeep = 2

// The events of quotes between servers.
type (
	// QuoteAsked tells that a member's status quotes one of another server, whose author is to be asked.
	QuoteAsked struct {
		Quote  id.Quote
		Status id.Status
	}
	// QuoteSeen tells that a remote status says that it quotes another.
	QuoteSeen struct {
		Status   id.Status
		Quoted   string // ids on the wire
		Approval string
		Legacy   bool // told in a word of before FEP-044f
		Deep     int  // how many quotes further may be followed
	}
	// QuoteGranted tells that a status may quote another now, by leave of the other's author, elsewhere.
	QuoteGranted struct {
		Quote    id.Quote
		Status   id.Status
		Original id.Status
	}
)

const quoteRequests = "/quote_requests/"

// AskQuote asks the author of a status elsewhere for leave to quote it.
func (s *Service) AskQuote(ctx context.Context, e QuoteAsked) error {
	status, err := one(ctx, s.db, e.Status)
	if err != nil || status.LocalOnly {
		return ignoreNotFound(err)
	}
	q, err := quoteIn(ctx, s.db, e.Status)
	if err != nil || q.ID != e.Quote || q.State != QuotePending {
		return ignoreNotFound(err)
	}
	quoted, err := one(ctx, s.db, q.Quoted)
	if err != nil {
		return ignoreNotFound(err)
	}
	member, err := s.accounts.ByID(ctx, status.Author)
	if err != nil {
		return err
	}
	note, err := s.NoteOf(ctx, status)
	if err != nil {
		return err
	}
	ask := activitypub.NewQuoteRequest(member.URI+quoteRequests+strconv.FormatInt(int64(q.ID), 10), member.URI, quoted.URI, *note)
	err = s.db.Tx(ctx, func(tx *db.Tx) error { return s.tellAuthor(ctx, tx, member, quoted.Author, ask.ID, ask) })
	if err != nil {
		return fmt.Errorf("ask for a quote: %w", err)
	}
	s.courier.Wake()
	return nil
}

// ReceiveQuoteRequest takes the question whether a status of another server may quote one of ours. The answer is what our author decided beforehand.
func (s *Service) ReceiveQuoteRequest(ctx context.Context, in accounts.Received) error {
	quoted, err := s.known(ctx, in.Activity.Link("object"))
	if err != nil || !quoted.Local || quoted.IsBoost() || quoted.LocalOnly {
		return ignoreNotFound(err)
	}
	author, err := s.accounts.ByID(ctx, quoted.Author)
	if err != nil {
		return err
	}
	granted, err := s.mayQuote(ctx, in.Actor.ID, quoted)
	if err != nil {
		return err
	}
	var quoting *Status
	if granted {
		if quoting, err = s.instrument(ctx, in); err != nil {
			return err
		}
	}
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		answer := activitypub.NewAnswerToQuote("Reject", author.URI, in.Activity)
		if quoting != nil {
			q, err := s.grant(ctx, tx, quoting, quoted, "")
			if err != nil {
				return err
			}
			if q.State == QuoteAccepted {
				answer = activitypub.NewAnswerToQuote("Accept", author.URI, in.Activity)
				answer.Result = s.authorizationURI(q)
			}
		}
		answer.ID = fmt.Sprintf("%s#%ss/quote_requests/%d", author.URI, strings.ToLower(answer.Type), tx.NextID())
		return s.tellAuthor(ctx, tx, author, in.Actor.ID, answer.ID, answer)
	})
	if err != nil {
		return fmt.Errorf("receive request to quote: %w", err)
	}
	s.courier.Wake()
	return nil
}

// mayQuote tells whether somebody elsewhere need not ask to quote a status of ours.
func (s *Service) mayQuote(ctx context.Context, who id.Account, quoted *Status) (bool, error) {
	seen, err := s.VisibleElsewhere(ctx, who, []*Status{quoted})
	if err != nil || len(seen) == 0 {
		return false, err
	}
	blocked, err := relationships.Refuses(ctx, s.db, who, quoted.Author)
	if err != nil || blocked {
		return false, err
	}
	is, err := flagsOf(ctx, s.db, who, []id.Status{quoted.ID})
	if err != nil {
		return false, err
	}
	return quoted.QuotePolicy.to(true, false, quoted.Visibility, is[quoted.ID]) == quoteAutomatic, nil
}

// instrument is the status that asks to quote: sent along, or fetched. nil when it is not the asking actor's own, or of no use.
func (s *Service) instrument(ctx context.Context, in accounts.Received) (*Status, error) {
	note, err := s.noteOf(ctx, accounts.Received{Actor: in.Actor, Activity: activitypub.Object{"object": in.Activity["instrument"]}})
	if err != nil || note == nil {
		return nil, err
	}
	if path, here := s.site.Ours(note.Quote); !here || path == "" || note.Quote != in.Activity.Link("object") {
		return nil, nil
	}
	status, err := s.keepNote(ctx, in.Actor, note, 0, everywhere)
	if err != nil {
		return nil, permanent(err)
	}
	if status.Author != in.Actor.ID || status.IsBoost() {
		return nil, nil
	}
	return status, nil
}

// grant writes that a status quotes another by leave of its author. One that was refused or taken back stays so: see its state.
func (s *Service) grant(ctx context.Context, tx *db.Tx, quoting, quoted *Status, approval string) (*Quote, error) {
	q, err := s.hold(ctx, tx, quoting, quoted, QuoteAccepted, approval)
	if err != nil || q.State != QuotePending {
		return q, err
	}
	if _, err := db.Exec(ctx, tx, `UPDATE quotes SET approval_uri = $2 WHERE id = $1`, q.ID, approval); err != nil {
		return nil, err
	}
	if _, err := moveQuote(ctx, tx, q.ID, QuoteAccepted, QuotePending); err != nil {
		return nil, err
	}
	q.State, q.Approval = QuoteAccepted, approval
	return q, s.quotedOnceMore(ctx, tx, q)
}

// hold makes sure that a remote status is known to quote another, in the given state where that is news. What it quoted before an edit is
// quoted no more.
func (s *Service) hold(ctx context.Context, tx *db.Tx, quoting, quoted *Status, state QuoteState, approval string) (*Quote, error) {
	q, err := quoteIn(ctx, tx, quoting.ID)
	if err == nil && q.Quoted == quoted.ID {
		return q, nil
	}
	if err == nil {
		err = s.dropQuote(ctx, tx, quoting.ID)
	}
	if err = ignoreNotFound(err); err != nil {
		return nil, err
	}
	q = &Quote{ID: id.Quote(tx.NextID()), Status: quoting.ID, Author: quoting.Author, Quoted: quoted.ID, QuotedAuthor: quoted.Author, State: state, Approval: approval}
	if err := insertQuote(ctx, tx, q); err != nil {
		return nil, err
	}
	if state == QuoteAccepted {
		return q, s.quotedOnceMore(ctx, tx, q)
	}
	return q, tx.Emit(Refreshed{quoting.ID})
}

// quotedOnceMore counts a quote that became accepted, and tells of it.
func (s *Service) quotedOnceMore(ctx context.Context, tx *db.Tx, q *Quote) error {
	if err := count(ctx, tx, q.Quoted, "quotes", +1); err != nil {
		return err
	}
	if err := tx.Emit(Refreshed{q.Status}); err != nil {
		return err
	}
	return tx.Emit(Quoted{q.ID, q.Status, q.Author, q.Quoted})
}

// dropQuote is for a status that quotes nothing any more, after an edit elsewhere.
func (s *Service) dropQuote(ctx context.Context, tx *db.Tx, quoting id.Status) error {
	if err := s.endQuote(ctx, tx, quoting); err != nil {
		return err
	}
	_, err := db.Exec(ctx, tx, `DELETE FROM quotes WHERE status_id = $1`, quoting)
	return err
}

// seeQuote notes what a remote status quotes now.
func (s *Service) seeQuote(ctx context.Context, tx *db.Tx, status id.Status, note *activitypub.RemoteNote, deep int) error {
	if note.Quote != "" {
		return tx.Emit(QuoteSeen{status, note.Quote, note.QuoteAuthorization, note.QuoteLegacy, deep})
	}
	if _, err := quoteIn(ctx, tx, status); err != nil {
		return ignoreNotFound(err)
	}
	if err := s.dropQuote(ctx, tx, status); err != nil {
		return err
	}
	return tx.Emit(Refreshed{status})
}

// ResolveQuote finds what a remote status quotes and whether it may (FEP-044f): its own author's it may; another's by a document that the
// quoted author's server answers with. One of ours may be quoted by whoever asked for it and was let.
func (s *Service) ResolveQuote(ctx context.Context, e QuoteSeen) error {
	quoting, err := one(ctx, s.db, e.Status)
	if err != nil || quoting.Local {
		return ignoreNotFound(err)
	}
	quoted, err := s.known(ctx, e.Quoted)
	if fault.Is(err, fault.NotFound) && e.Deep > 0 {
		if _, here := s.site.Ours(e.Quoted); here {
			return nil
		}
		quoted, err = s.fetch(ctx, e.Quoted, further{quotes: e.Deep - 1})
	}
	if err != nil {
		return permanent(ignoreNotFound(err))
	}
	if quoted.IsBoost() || quoted.LocalOnly || quoted.ID == quoting.ID || quoted.Visibility == Direct || quoted.Visibility == Limited {
		return nil
	}
	approval := ""
	let := quoted.Author == quoting.Author
	if !let && quoted.Visibility == Private {
		return nil // only by its author
	}
	if !let && !quoted.Local && e.Approval != "" {
		if let, err = s.approved(ctx, e.Approval, quoting, quoted); err != nil {
			return err
		}
		approval = e.Approval
	}
	if !let && e.Legacy && !quoted.Local {
		return nil // those words ask nobody: its text has the link
	}
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		if let {
			_, err := s.grant(ctx, tx, quoting, quoted, approval)
			return err
		}
		_, err := s.hold(ctx, tx, quoting, quoted, QuotePending, "")
		return err
	})
	if err != nil {
		return fmt.Errorf("resolve quote: %w", err)
	}
	return nil
}

// approved asks the quoted author's server whether a quote is let.
func (s *Service) approved(ctx context.Context, address string, quoting, quoted *Status) (bool, error) {
	author, err := s.accounts.ByID(ctx, quoted.Author)
	if err != nil {
		return false, err
	}
	if !activitypub.SameHost(address, author.URI) {
		return false, nil
	}
	if err := activitypub.SpendStatus(ctx); err != nil {
		return false, err
	}
	document, err := s.remote.Fetch(ctx, address)
	if err != nil {
		return false, permanent(err)
	}
	return lets(document, author.URI, quoting.URI, quoted.URI), nil
}

// askedQuote finds the quote of a member that an answer is about. Only the author who was asked can answer.
func (s *Service) askedQuote(ctx context.Context, tx *db.Tx, in accounts.Received) (*Quote, error) {
	path, here := s.site.Ours(in.Activity.Link("object"))
	_, number, found := strings.Cut(path, quoteRequests)
	if !here || !found {
		return nil, fault.RecordNotFound()
	}
	which, err := id.Parse[id.Quote](number)
	if err != nil {
		return nil, err
	}
	q, err := db.One(ctx, tx, scanQuote, `SELECT `+quoteColumns+` FROM quotes WHERE id = $1`, which)
	if err == nil && q.QuotedAuthor != in.Actor.ID {
		return nil, fault.RecordNotFound()
	}
	return q, err
}

// ReceiveQuoteAnswer takes Accept and Reject of a member's question whether a status may be quoted.
func (s *Service) ReceiveQuoteAnswer(ctx context.Context, in accounts.Received) error {
	approval := in.Activity.Link("result")
	accepted := in.Activity.Type() == "Accept"
	if accepted && (activitypub.CheckID(approval) != nil || !activitypub.SameHost(approval, in.Actor.URI)) {
		return nil
	}
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		q, err := s.askedQuote(ctx, tx, in)
		if err != nil {
			return err
		}
		if !accepted {
			return s.withdraw(ctx, tx, q)
		}
		moved, err := moveQuote(ctx, tx, q.ID, QuoteAccepted, QuotePending)
		if err != nil || !moved {
			return err
		}
		if _, err := db.Exec(ctx, tx, `UPDATE quotes SET approval_uri = $2 WHERE id = $1`, q.ID, approval); err != nil {
			return err
		}
		if err := count(ctx, tx, q.Quoted, "quotes", +1); err != nil {
			return err
		}
		return tx.Emit(QuoteGranted{q.ID, q.Status, q.Quoted})
	})
	if err = ignoreNotFound(err); err != nil {
		return fmt.Errorf("receive answer about a quote: %w", err)
	}
	return nil
}

// withdraw ends a quote because the quoted author, elsewhere, does not let it be.
func (s *Service) withdraw(ctx context.Context, tx *db.Tx, q *Quote) error {
	revoked, err := moveQuote(ctx, tx, q.ID, QuoteRevoked, QuoteAccepted)
	if err != nil {
		return err
	}
	if revoked {
		if err := count(ctx, tx, q.Quoted, "quotes", -1); err != nil {
			return err
		}
	} else if refused, err := moveQuote(ctx, tx, q.ID, QuoteRejected, QuotePending); err != nil || !refused {
		return err
	}
	return tx.Emit(QuoteEnded{q.ID, q.Status, q.Quoted})
}

// receiveRevocation takes Delete of the document that lets statuses be quoted. done tells that it was one.
func (s *Service) receiveRevocation(ctx context.Context, in accounts.Received, uri string) (done bool, err error) {
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		list, err := db.All(ctx, tx, scanQuote, `SELECT `+quoteColumns+` FROM quotes WHERE approval_uri = $1 AND approval_uri <> '' AND quoted_account_id = $2`, uri, in.Actor.ID)
		done = len(list) > 0
		for _, q := range list {
			if err == nil {
				err = s.withdraw(ctx, tx, q)
			}
		}
		return err
	})
	if err != nil {
		return false, fmt.Errorf("receive end of a quote: %w", err)
	}
	return done || in.Activity.Object("object").Is("QuoteAuthorization"), nil
}

// DeliverQuoteGranted tells those who got a member's status that it may quote what it quotes.
func (s *Service) DeliverQuoteGranted(ctx context.Context, e QuoteGranted) error {
	return s.deliverQuote(ctx, e.Status, "granted-"+strconv.FormatInt(int64(e.Quote), 10))
}

// deliverQuote tells other servers how the quote in a member's status stands.
func (s *Service) deliverQuote(ctx context.Context, which id.Status, version string) error {
	status, err := one(ctx, s.db, which)
	if err != nil || !status.Local || status.LocalOnly {
		return ignoreNotFound(err)
	}
	return s.deliverUpdate(ctx, status, version)
}

// QuoteLeavesHere tells, inside the transaction of an event, whether other servers are to be told of the end of a quote.
func QuoteLeavesHere(ctx context.Context, tx *db.Tx, e QuoteEnded) (bool, error) {
	n, err := db.One(ctx, tx, db.Value[int64], `SELECT COUNT(*) FROM statuses WHERE id = $1 AND NOT local_only`, e.Status)
	return n > 0, err
}
