package statuses

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"

	"anancus/internal/protocol/mastodon"
	"anancus/internal/social/accounts"
	"anancus/internal/social/id"
	"anancus/internal/social/viewer"
)

// What a viewer is to an accepted quote, where that is not simply accepted.
const (
	quoteDeleted      = "deleted"
	quoteUnauthorized = "unauthorized"
)

// quoting is what a segment knows of the quote that it is.
type quoting struct {
	of    id.Status // 0: quotes nothing, or what was purged
	state QuoteState
}

// quoted adds to the segments of a page those that it quotes and those that these quote in turn, from memory or in a fixed number of
// statements.
func (s *Service) quoted(ctx context.Context, v viewer.Viewer, page []*segment, redraft bool) (quotes, error) {
	q := quotes{viewer: v, redraft: redraft}
	for range 2 {
		var wanted []id.Status
		for _, seg := range page {
			if seg.quote.of != 0 && (redraft || seg.quote.state == QuoteAccepted) {
				wanted = append(wanted, seg.quote.of)
			}
		}
		if len(wanted) == 0 {
			break
		}
		next, err := s.segments(ctx, wanted)
		if err != nil {
			return q, err
		}
		if q.first == nil {
			q.first, q.segments = next, map[id.Status]*segment{}
		}
		page = nil
		for one, seg := range next {
			q.segments[one], page = seg, append(page, seg)
		}
	}
	return q, nil
}

// regard looks at who may read what is quoted: what the viewer and its authors are to each other, and how these stand. Both are remembered.
func (s *Service) regard(ctx context.Context, q *quotes, personal bool) error {
	if len(q.segments) == 0 {
		return nil
	}
	authors := make([]id.Account, 0, len(q.segments))
	for _, seg := range q.segments {
		if !slices.Contains(authors, seg.author) {
			authors = append(authors, seg.author)
		}
	}
	q.ties = make(map[id.Account]tie, len(authors))
	if personal { // nobody in particular has any
		if err := s.ties.of(ctx, s.db, q.viewer.Account, authors, q.ties); err != nil {
			return err
		}
	}
	stand, err := s.accounts.Glances(ctx, authors)
	for who, g := range stand {
		if !g.Available {
			q.ties[who] |= authorGone
		}
		if g.Limited {
			q.ties[who] |= authorLimited
		}
	}
	return err
}

// quotes is what a page needs to show what its statuses quote.
type quotes struct {
	viewer   viewer.Viewer
	segments map[id.Status]*segment // quoted, and quoted by those
	first    map[id.Status]*segment // quoted by the page itself
	ties     map[id.Account]tie     // of the viewer to the authors of these
	redraft  bool                   // the author deletes it to write it anew, and sees what it quoted in any state
}

// facts is as much of a status as decides who may read it.
func (seg *segment) facts(self id.Status) *Status {
	return &Status{ID: self, Author: seg.author, Visibility: seg.visibility, LocalOnly: seg.localOnly}
}

// stateFor tells how a quote stands for the viewer, and whether they may see what is quoted.
func (q *quotes) stateFor(quote quoting) (state string, shown bool) {
	if quote.state != QuoteAccepted && !q.redraft {
		return string(quote.state), false
	}
	seg := q.segments[quote.of]
	switch {
	case seg == nil && quote.state != QuoteAccepted:
		return string(quote.state), false
	case seg == nil:
		return quoteDeleted, false
	}
	towards, own := q.ties[seg.author], seg.author == q.viewer.Account && q.viewer.IsMember()
	switch {
	case !towards.allows(q.viewer.Account, q.viewer.IsMember(), seg.facts(quote.of), slices.Contains(seg.named, q.viewer.Account)):
		return quoteUnauthorized, false
	case quote.state != QuoteAccepted:
		return string(quote.state), true
	case own:
		return string(QuoteAccepted), true
	case towards&hidesAuthor != 0:
		return towards.why(), true
	case towards.unchosen():
		return quoteUnauthorized, false
	}
	return string(QuoteAccepted), true
}

// appendQuote writes a quote with the status that it quotes; inside of what is quoted itself, with an id instead.
func (w *showing) appendQuote(b []byte, quote quoting, inside bool) []byte {
	if quote.state == "" {
		return append(b, "null"...)
	}
	state, shown := w.quotes.stateFor(quote)
	seg, key := w.quotes.segments[quote.of], `","quoted_status":`
	switch {
	case inside:
		key = `","quoted_status_id":`
	case shown && (w.authors[seg.author] == nil || seg.boostOf != 0):
		state, shown = quoteDeleted, false // went while it was shown
	}
	b = append(append(append(b, `{"state":"`...), state...), key...)
	switch {
	case !shown:
		b = append(b, "null"...)
	case inside:
		b = append(append(append(b, '"'), quote.of.String()...), '"')
	default:
		marks := w.filtered(seg, quote.of)
		if w.stream {
			marks = quotedHole
		}
		b = w.join(b, quote.of, seg, nil, marks, true)
	}
	return append(b, '}')
}

// approvalHead encodes who may quote a status, open where whether the viewer may follows.
func approvalHead(p QuotePolicy) ([]byte, error) {
	b, err := json.Marshal(mastodon.QuoteApproval{Automatic: p.automatic(), Manual: p.manual()})
	return bytes.TrimSuffix(b, []byte(`"}`)), err
}

// appendApproval closes it for the viewer.
func (seg *segment) appendApproval(b []byte, v viewer.Viewer, is flags) []byte {
	b = append(append(b, `,"quote_approval":`...), seg.approval...)
	return append(append(b, seg.policy.to(v.IsMember(), seg.author == v.Account, seg.visibility, is)...), `"}`...)
}

// presentRedraft shows a status to its author once more before it is deleted: with its text instead of its content.
func (s *Service) presentRedraft(ctx context.Context, v viewer.Viewer, status *Status) (raw, error) {
	rows, err := s.present(ctx, v, []id.Status{status.ID}, true)
	if err != nil {
		return nil, err
	}
	shown := map[string]json.RawMessage{}
	if len(rows) == 1 {
		if err := json.Unmarshal(rows[0], &shown); err != nil {
			return nil, err
		}
	}
	delete(shown, "content")
	if shown["text"], err = accounts.Encode(status.Text); err != nil {
		return nil, err
	}
	return accounts.Encode(shown)
}
