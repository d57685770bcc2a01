package statuses

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/social/id"
	"anancus/internal/social/settings"
)

// Leave to quote is looked at again each week (federation.md §8): word of its end may have been lost. It is done a little at a time.
const (
	checkedAgain  = 7 * 24 * time.Hour
	checkAtOnce   = 20
	checkWithin   = 30 * time.Second // other chores wait meanwhile
	checkOneIn    = 5 * time.Second
	checkProgress = "quote_approvals"
)

// checking is how far a walk over all leaves has come.
type checking struct {
	Began int64  `json:"began"`
	After string `json:"after"` // the address of the last one looked at
	Done  bool   `json:"done"`
}

const approvalsSQL = `SELECT ` + quoteColumns + ` FROM quotes WHERE approval_uri <> '' AND approval_uri > $1 AND state = 'accepted' ORDER BY approval_uri LIMIT $2`

// CheckApprovals asks some of the servers whose authors let statuses of other authors quote theirs whether they still do.
func (s *Service) CheckApprovals(ctx context.Context) error {
	text, err := settings.Fact(ctx, s.db, checkProgress)
	if err != nil {
		return fmt.Errorf("check leave to quote: %w", err)
	}
	var walk checking
	_ = json.Unmarshal([]byte(text), &walk) // none yet: from the beginning
	if now := s.clock.Now(); walk.Done || walk.Began == 0 {
		if walk.Done && now.Sub(clock.FromMilli(walk.Began)) < checkedAgain {
			return nil
		}
		walk = checking{Began: clock.Milli(now)}
	}
	list, err := db.All(ctx, s.db, scanQuote, approvalsSQL, walk.After, checkAtOnce)
	if err != nil {
		return fmt.Errorf("check leave to quote: %w", err)
	}
	walk.Done = len(list) < checkAtOnce
	within, cancel := context.WithTimeout(ctx, checkWithin)
	defer cancel()
	for _, q := range list {
		if within.Err() != nil {
			walk.Done = false
			break
		}
		if err := s.checkApproval(within, q); err != nil && within.Err() == nil {
			return fmt.Errorf("check leave to quote: %w", err)
		}
		walk.After = q.Approval
	}
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		now, err := json.Marshal(walk)
		if err != nil {
			return err
		}
		return settings.PutFact(ctx, tx, checkProgress, string(now))
	})
}

// checkApproval ends a quote whose leave is gone, or is another's. While the server that gave it is away, the quote stays.
func (s *Service) checkApproval(ctx context.Context, q *Quote) error {
	both, err := many(ctx, s.db, []id.Status{q.Status, q.Quoted})
	if err != nil || len(both) != 2 {
		return err
	}
	quoting, quoted := both[0], both[1]
	if quoting.ID != q.Status {
		quoting, quoted = quoted, quoting
	}
	author, err := s.accounts.ByID(ctx, q.QuotedAuthor)
	if err != nil {
		return err
	}
	one, cancel := context.WithTimeout(ctx, checkOneIn)
	defer cancel()
	document, err := s.remote.Fetch(one, q.Approval)
	switch {
	case fault.Is(err, fault.NotFound) || fault.Is(err, fault.Gone):
	case err != nil || lets(document, author.URI, quoting.URI, quoted.URI):
		return nil
	}
	return s.db.Tx(ctx, func(tx *db.Tx) error { return s.withdraw(ctx, tx, q) })
}

// lets tells whether a document is an author's leave for a status to quote another.
func lets(document activitypub.Object, author, quoting, quoted string) bool {
	return document.Is("QuoteAuthorization") && document.Link("attributedTo") == author &&
		document.Link("interactingObject") == quoting && document.Link("interactionTarget") == quoted
}
