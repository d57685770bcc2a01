package statuses

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"anancus/internal/social/filters"
	"anancus/internal/social/id"
	"anancus/internal/social/viewer"
)

// Streamed is a status as open streams tell members of it, encoded once for all. It says nothing of what a member did with
// it; what a member's filters find has a place of its own in it.
type Streamed struct {
	// Quoted is whose status it quotes, 0 for nobody's. Members who shun that account, and all of them when Apart, are to
	// be shown the status by itself (Present): it looks different to each.
	Quoted       id.Account
	QuotedDomain string
	Apart        bool
	// Led are the owners of the collections that it leads to. Members whom one of them shuts out are to be shown it without theirs
	// (StreamWithout), an owner by itself.
	Led []id.Account

	parts  [][]byte // between the holes
	quoted []bool   // the hole after a part is of what the status quotes
	plain  json.RawMessage
	self   *segment // the status, or what it boosts
	ids    []id.Status
	inner  *segment // what it quotes
	of     id.Status
}

// Holes stand where what filters find is written; no JSON has these bytes.
var (
	hole       = raw{0}
	quotedHole = raw{1}
)

// somebody is a member like any other: nobody whom one follows, blocks or is.
const somebody = id.Account(-1)

// Stream encodes a status for the streams; nil when it, its author, or what it boosts, is gone.
func (s *Service) Stream(ctx context.Context, status id.Status) (*Streamed, error) {
	return s.StreamWithout(ctx, status, nil)
}

// StreamWithout is Stream for members whom some owners of collections shut out.
func (s *Service) StreamWithout(ctx context.Context, status id.Status, owners []id.Account) (*Streamed, error) {
	w := newShowing(viewer.Viewer{Account: somebody})
	defer w.done()
	w.personal, w.stream, w.without = false, true, owners
	if err := s.gather(ctx, w, []id.Status{status}, false); err != nil {
		return nil, fmt.Errorf("status %d for streams: %w", status, err)
	}
	row := w.row(nil, status)
	if len(row) == 0 || w.err != nil {
		return nil, w.err
	}
	t := &Streamed{self: w.segments[status], ids: []id.Status{status}, Led: w.owners}
	if boosted := t.self.boostOf; boosted != 0 {
		t.self, t.ids = w.segments[boosted], append(t.ids, boosted)
	}
	t.cut(row)
	return t, s.streamQuote(ctx, t, w)
}

// cut takes an encoded status apart at its holes.
func (t *Streamed) cut(row raw) {
	for {
		at := bytes.IndexAny(row, "\x00\x01")
		if at < 0 {
			t.parts = append(t.parts, row)
			break
		}
		t.parts, t.quoted = append(t.parts, row[:at]), append(t.quoted, row[at] == quotedHole[0])
		row = row[at+1:]
	}
	t.plain = t.fill(noMarks, noMarks)
}

var noMarks = raw("[]")

func (t *Streamed) fill(own, quoted raw) json.RawMessage {
	size := len(t.quoted) * max(len(own), len(quoted))
	for _, part := range t.parts {
		size += len(part)
	}
	b := make([]byte, 0, size)
	for i, part := range t.parts {
		b = append(b, part...)
		switch {
		case i == len(t.quoted):
		case t.quoted[i]:
			b = append(b, quoted...)
		default:
			b = append(b, own...)
		}
	}
	return b
}

// streamQuote tells to whom the quote of a status looks different than to others.
func (s *Service) streamQuote(ctx context.Context, t *Streamed, w *showing) error {
	q := t.self.quote
	if q.state != QuoteAccepted {
		return nil
	}
	inner := w.quotes.segments[q.of]
	if inner == nil {
		return nil // deleted, for everybody
	}
	state, _ := w.quotes.stateFor(q)
	t.inner, t.of, t.Quoted, t.Apart = inner, q.of, inner.author, state != string(QuoteAccepted)
	people, err := s.accounts.ByIDs(ctx, []id.Account{inner.author})
	if err == nil && len(people) == 1 {
		t.QuotedDomain = people[0].Domain
	}
	return err
}

// Plain is the status for members whose filters find nothing in it.
func (t *Streamed) Plain() json.RawMessage { return t.plain }

// For is the status for a member with some filters; nil when they find nothing in it.
func (t *Streamed) For(member id.Account, set *filters.Set, now time.Time) (json.RawMessage, error) {
	own, quoted := noMarks, noMarks
	var err error
	if t.self.author != member {
		if own, err = set.Results(now, t.self.text, t.ids...); err != nil {
			return nil, err
		}
	}
	if t.inner != nil && t.inner.author != member {
		if quoted, err = set.Results(now, t.inner.text, t.of); err != nil {
			return nil, err
		}
	}
	if len(own) == len(noMarks) && len(quoted) == len(noMarks) {
		return nil, nil
	}
	return t.fill(own, quoted), nil
}
