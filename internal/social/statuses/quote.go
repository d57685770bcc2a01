package statuses

import (
	"context"
	"fmt"

	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/social/accounts"
	"anancus/internal/social/id"
	"anancus/internal/social/relationships"
)

// QuoteState is how far a quote is allowed, in the API's words.
type QuoteState string

// The states that a quote is kept in. Others are what a viewer is to it: see quoteStateFor.
const (
	QuotePending  QuoteState = "pending" // the quoted author's server was not asked, or has not answered
	QuoteAccepted QuoteState = "accepted"
	QuoteRejected QuoteState = "rejected"
	QuoteRevoked  QuoteState = "revoked"
)

// Quote ties a status to the one it quotes.
type Quote struct {
	ID           id.Quote
	Status       id.Status // that quotes
	Author       id.Account
	Quoted       id.Status // 0 once its row is purged
	QuotedAuthor id.Account
	State        QuoteState
	Approval     string // the document by which an author elsewhere lets it; "" for ours
}

// The events of quotes.
type (
	// Quoted tells that a status quotes another, with its author's leave.
	Quoted struct {
		Quote    id.Quote
		Status   id.Status
		Author   id.Account
		Original id.Status
	}
	// QuoteEnded tells that a quote is not accepted any more: revoked, or the status that quoted is gone.
	QuoteEnded struct {
		Quote    id.Quote
		Status   id.Status
		Original id.Status
	}
	// QuotePolicyChanged tells that others may quote a status now, or may not any more.
	QuotePolicyChanged struct {
		Status id.Status
		At     int64
	}
)

func quoteNotFound() error {
	return fault.New(fault.NotFound, "The post you are trying to quote does not appear to exist.")
}

// toQuote gives the status that a draft quotes, and lets what is quoted narrow who may read the draft.
// What may not be quoted looks like what is not there.
func (s *Service) toQuote(ctx context.Context, status *Status, wanted id.Status) (*Status, error) {
	quoted, err := s.seeOriginal(ctx, status.Author, wanted)
	if fault.Is(err, fault.NotFound) {
		return nil, quoteNotFound()
	}
	if err != nil {
		return nil, err
	}
	blocked, err := relationships.Refuses(ctx, s.db, status.Author, quoted.Author)
	if err != nil {
		return nil, err
	}
	is, err := flagsOf(ctx, s.db, status.Author, []id.Status{quoted.ID})
	if err != nil {
		return nil, err
	}
	if blocked || quoted.QuotePolicy.to(true, quoted.Author == status.Author, quoted.Visibility, is[quoted.ID]) == quoteDenied {
		return nil, quoteNotFound()
	}
	if quoted.Visibility == Private && status.Visibility.Distributable() {
		status.Visibility = Private
	}
	status.LocalOnly = status.LocalOnly || quoted.LocalOnly // it would carry out what must not leave
	return quoted, nil
}

// tellsQuoted refuses a direct status that quotes somebody behind their back.
func (m *marked) tellsQuoted(status, quoted *Status) error {
	if quoted == nil || status.Visibility != Direct || quoted.Author == status.Author {
		return nil
	}
	for _, one := range m.mentions {
		if one.account == quoted.Author {
			return nil
		}
	}
	return fault.New(fault.Invalid, "Validation failed: Cannot quote a non-mentioned user in a Private Mention post.")
}

// storeQuote writes that a new status quotes another. Our own authors have said beforehand whom they let; the servers of others are to be asked.
func (s *Service) storeQuote(ctx context.Context, tx *db.Tx, status, quoted *Status) error {
	q := &Quote{ID: id.Quote(tx.NextID()), Status: status.ID, Author: status.Author, Quoted: quoted.ID, QuotedAuthor: quoted.Author, State: QuotePending}
	if quoted.Local {
		q.State = QuoteAccepted
	}
	if err := insertQuote(ctx, tx, q); err != nil {
		return err
	}
	if q.State != QuoteAccepted {
		return tx.Emit(QuoteAsked{q.ID, status.ID})
	}
	if err := count(ctx, tx, quoted.ID, "quotes", +1); err != nil {
		return err
	}
	return tx.Emit(Quoted{q.ID, status.ID, status.Author, quoted.ID})
}

// endQuote is for a status that goes: what it quoted is quoted once less.
func (s *Service) endQuote(ctx context.Context, tx *db.Tx, status id.Status) error {
	q, err := quoteIn(ctx, tx, status)
	if err != nil || q.State != QuoteAccepted {
		return ignoreNotFound(err)
	}
	if err := count(ctx, tx, q.Quoted, "quotes", -1); err != nil {
		return err
	}
	return tx.Emit(QuoteEnded{q.ID, q.Status, q.Quoted})
}

// RevokeQuote takes back the leave to quote a status; one that waits for it is refused. Doing it twice changes nothing.
func (s *Service) RevokeQuote(ctx context.Context, author id.Account, quoted, quoting id.Status) error {
	q, err := quoteIn(ctx, s.db, quoting)
	if err != nil {
		return err
	}
	if q.Quoted != quoted {
		return fault.RecordNotFound()
	}
	if q.QuotedAuthor != author {
		return notAllowed()
	}
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		revoked, err := moveQuote(ctx, tx, q.ID, QuoteRevoked, QuoteAccepted)
		if err != nil {
			return err
		}
		if !revoked {
			if _, err := moveQuote(ctx, tx, q.ID, QuoteRejected, QuotePending); err != nil {
				return err
			}
		} else if err := count(ctx, tx, q.Quoted, "quotes", -1); err != nil {
			return err
		}
		return tx.Emit(QuoteEnded{q.ID, q.Status, q.Quoted})
	})
	if err != nil {
		return fmt.Errorf("revoke quote: %w", err)
	}
	return nil
}

// SetQuotePolicy says who may quote a member's own status from now on. Quotes that were accepted stay.
func (s *Service) SetQuotePolicy(ctx context.Context, member *accounts.Account, status *Status, word string) error {
	if status.Author != member.ID || status.IsBoost() {
		return notAllowed()
	}
	policy, err := quotePolicyOf(word, status.Visibility)
	if err != nil {
		return err
	}
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		n, err := db.Exec(ctx, tx, `UPDATE statuses SET quote_policy = $2 WHERE id = $1 AND quote_policy <> $2`, status.ID, int64(policy))
		if err != nil || n == 0 {
			return err
		}
		return tx.Emit(QuotePolicyChanged{status.ID, tx.Now().UnixMilli()})
	})
	if err != nil {
		return fmt.Errorf("set quote policy: %w", err)
	}
	return nil
}

// AcceptedQuote gives a quote while it is accepted; NotFound otherwise.
func (s *Service) AcceptedQuote(ctx context.Context, quoting id.Status) (*Quote, error) {
	q, err := quoteIn(ctx, s.db, quoting)
	if err == nil && q.State != QuoteAccepted {
		return nil, fault.RecordNotFound()
	}
	return q, err
}

// AcceptedQuotes lists some of a status's accepted quotes by accounts of this server, oldest first, from one id on.
func (s *Service) AcceptedQuotes(ctx context.Context, status id.Status, after id.Quote, limit int) ([]*Quote, error) {
	return db.All(ctx, s.db, scanQuote, `SELECT q.id, q.status_id, q.account_id, q.quoted_id, q.quoted_account_id, q.state, q.approval_uri FROM quotes q JOIN members m ON m.account_id = q.account_id
		WHERE q.quoted_id = $1 AND q.id > $2 AND q.state = 'accepted' ORDER BY q.id LIMIT $3`, status, after, limit)
}
