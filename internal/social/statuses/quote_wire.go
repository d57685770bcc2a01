package statuses

import (
	"context"
	"fmt"
	"strconv"

	"anancus/internal/kit/fault"
	"anancus/internal/kit/text"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/social/accounts"
	"anancus/internal/social/id"
	"anancus/internal/social/relationships"
	"anancus/internal/social/viewer"
)

// quoteOnWire adds to a note what it quotes (federation.md §8): readers who know no quotes are given a link in the text. One that
// was refused is not told any more.
func (s *Service) quoteOnWire(ctx context.Context, note *activitypub.Note, status *Status) error {
	q, err := quoteIn(ctx, s.db, status.ID)
	if err != nil {
		return ignoreNotFound(err)
	}
	if q.State != QuotePending && q.State != QuoteAccepted {
		return nil
	}
	quoted, err := one(ctx, s.db, q.Quoted)
	if err != nil {
		return ignoreNotFound(err)
	}
	note.Quote, note.MisskeyQuote, note.QuoteURI = quoted.URI, quoted.URI, quoted.URI
	switch {
	case q.State != QuoteAccepted || q.QuotedAuthor == q.Author:
	case q.Approval != "":
		note.QuoteAuthorization = q.Approval
	default:
		note.QuoteAuthorization = s.authorizationURI(q)
	}
	address := quoted.URL
	if address == "" {
		address = quoted.URI
	}
	note.Content = text.RenderQuote(address) + note.Content
	for language := range note.ContentMap {
		note.ContentMap[language] = note.Content
	}
	return nil
}

// authorizationURI is the address of the document by which others check that a quote of one of our statuses is allowed.
func (s *Service) authorizationURI(q *Quote) string {
	return s.site.ActorURI(q.QuotedAuthor) + "/quote_authorizations/" + q.Status.String()
}

// authorizationOf writes that document.
func (s *Service) authorizationOf(ctx context.Context, q *Quote, author *accounts.Account) (*activitypub.QuoteAuthorization, error) {
	quoting, err := evenDeleted(ctx, s.db, q.Status)
	if err != nil {
		return nil, err
	}
	quoted, err := evenDeleted(ctx, s.db, q.Quoted)
	if err != nil {
		return nil, err
	}
	return activitypub.NewQuoteAuthorization(s.authorizationURI(q), author.URI, quoting.URI, quoted.URI), nil
}

// QuoteAuthorizationDocument serves GET /ap/users/{account}/quote_authorizations/{status}: that the account lets the status quote
// one of its own. It is gone once the leave is taken back.
func (s *Service) QuoteAuthorizationDocument(c *viewer.Call) (any, error) {
	author, err := s.accounts.LocalOf(c)
	if err != nil {
		return nil, err
	}
	quoting, err := id.Parse[id.Status](c.Path("status"))
	if err != nil {
		return nil, err
	}
	q, err := s.AcceptedQuote(c.Context(), quoting)
	if err != nil {
		return nil, err
	}
	both, err := many(c.Context(), s.db, []id.Status{q.Status, q.Quoted})
	if err != nil {
		return nil, err
	}
	reader, err := s.readerOf(c)
	if err != nil {
		return nil, err
	}
	seen, err := s.VisibleElsewhere(c.Context(), reader, both)
	if err != nil {
		return nil, err
	}
	if q.QuotedAuthor != author.ID || len(seen) != 2 || seen[0].LocalOnly || seen[1].LocalOnly {
		return nil, fault.RecordNotFound()
	}
	document, err := s.authorizationOf(c.Context(), q, author)
	if err != nil {
		return nil, err
	}
	cache := cacheStatus
	for _, one := range seen {
		if !one.Visibility.Distributable() {
			cache = cachePrivate
		}
	}
	return accounts.Document(c, cache, document)
}

// DeliverQuoteEnded tells whoever was shown a quote that its leave was taken back. Where the status that quoted is gone, its own Delete says all.
func (s *Service) DeliverQuoteEnded(ctx context.Context, e QuoteEnded) error {
	q, err := quoteIn(ctx, s.db, e.Status)
	if err != nil || (q.State != QuoteRevoked && q.State != QuoteRejected) {
		return ignoreNotFound(err)
	}
	quoting, err := one(ctx, s.db, q.Status)
	if err != nil {
		return ignoreNotFound(err)
	}
	author, err := s.accounts.ByID(ctx, q.QuotedAuthor)
	if err != nil {
		return err
	}
	if quoting.LocalOnly || q.Author == q.QuotedAuthor {
		return nil
	}
	if !author.Local() {
		return s.deliverQuote(ctx, q.Status, "ended-"+strconv.FormatInt(int64(q.ID), 10))
	}
	if q.State != QuoteRevoked {
		return nil
	}
	document, err := s.authorizationOf(ctx, q, author)
	if err != nil {
		return ignoreNotFound(err)
	}
	inboxes, err := s.audience(ctx, quoting, false)
	if err != nil {
		return fmt.Errorf("audience of status %d: %w", quoting.ID, err)
	}
	if !quoting.Local { // whose readers we do not know: its author, who tells them, and those who may have seen it here
		more, err := s.readersOf(ctx, author, quoting.Author)
		if err != nil {
			return err
		}
		inboxes = append(inboxes, more...)
	}
	if len(inboxes) == 0 {
		return nil
	}
	body, err := s.accounts.Seal(ctx, author.ID, activitypub.NewDeleteQuoteAuthorization(*document), true)
	if err != nil {
		return err
	}
	return s.courier.EnqueueAll(ctx, activitypub.Delivery{Author: int64(author.ID), EventKey: "delete/" + document.ID, Body: body, Inboxes: inboxes})
}

// DeliverQuotePolicy tells other servers who may quote a status now: an Update without a new time of edit.
func (s *Service) DeliverQuotePolicy(ctx context.Context, e QuotePolicyChanged) error {
	status, err := one(ctx, s.db, e.Status)
	if err != nil {
		return ignoreNotFound(err)
	}
	if status.LocalOnly || !status.Local {
		return nil
	}
	note, err := s.NoteOf(ctx, status)
	if err != nil {
		return err
	}
	key := fmt.Sprintf("%s#updates/%d", status.URI, e.At)
	return s.broadcast(ctx, status, news{key: key, dropWith: status.ID}, is(activitypub.NewUpdate(key, *note)))
}

// readersOf are the inboxes of an account's followers and of one account more.
func (s *Service) readersOf(ctx context.Context, author *accounts.Account, other id.Account) ([]string, error) {
	inboxes, err := relationships.FollowerInboxes(ctx, s.db, author.ID)
	if err != nil {
		return nil, err
	}
	account, err := s.accounts.ByID(ctx, other)
	if err != nil {
		return nil, err
	}
	return append(inboxes, account.DeliverTo()), nil
}
