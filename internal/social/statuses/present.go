package statuses

import (
	"context"

	"anancus/internal/kit/fault"
	"anancus/internal/social/id"
	"anancus/internal/social/viewer"
)

// PresentOne shows one status to a viewer who may read it. It is not found when its author deleted it a moment ago.
func (s *Service) PresentOne(ctx context.Context, v viewer.Viewer, status id.Status) (raw, error) {
	rows, err := s.Present(ctx, v, []id.Status{status})
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, fault.RecordNotFound()
	}
	return rows[0], nil
}

// Present shows statuses, which the viewer may read, in their order; deleted ones
// are left out. Warm ones cost no query, cold ones a fixed number, whatever the length of the page.
func (s *Service) Present(ctx context.Context, v viewer.Viewer, ids []id.Status) ([]raw, error) {
	return s.present(ctx, v, ids, false)
}

// PresentPage is Present for a page that is sent and then forgotten, as one list: done gives its memory to the next page.
func (s *Service) PresentPage(ctx context.Context, v viewer.Viewer, ids []id.Status) (list raw, done func(), err error) {
	w := newShowing(v)
	if err := s.gather(ctx, w, ids, false); err != nil {
		return nil, nil, err
	}
	b := append(w.paper[:0], '[')
	for _, one := range ids {
		end := len(b)
		if end > 1 {
			b = append(b, ',')
		}
		begin := len(b)
		if b = w.row(b, one); len(b) == begin {
			b = b[:end]
		}
	}
	w.paper = append(b, ']')
	return w.paper, w.done, w.err
}

func (s *Service) present(ctx context.Context, v viewer.Viewer, ids []id.Status, redraft bool) ([]raw, error) {
	w := newShowing(v)
	defer w.done()
	if err := s.gather(ctx, w, ids, redraft); err != nil {
		return nil, err
	}
	rows := make([]raw, 0, len(ids))
	for _, one := range ids {
		if row := w.row(make([]byte, 0, w.size(one)), one); len(row) > 0 {
			rows = append(rows, row)
		}
	}
	return rows, w.err
}

// gather reads what a page shows: warm statuses from memory, cold ones in a fixed number of queries.
func (s *Service) gather(ctx context.Context, w *showing, ids []id.Status, redraft bool) error {
	v := w.viewer
	if err := s.eachSegment(ctx, ids, w.add); err != nil {
		return err
	}
	var originals []id.Status
	for _, one := range w.all {
		if one.boostOf != 0 {
			originals = append(originals, one.boostOf)
		}
	}
	err := s.eachSegment(ctx, originals, w.add)
	if err != nil {
		return err
	}
	w.now = s.clock.Now()
	if w.quotes, err = s.quoted(ctx, v, w.all, redraft); err != nil {
		return err
	}
	for one, seg := range w.quotes.first {
		w.add(one, seg)
	}
	if w.collections, w.owners, err = s.leadsOf(ctx, w); err != nil {
		return err
	}
	var links []id.Link
	for _, seg := range w.all {
		if seg.link.link != 0 {
			links = append(links, seg.link.link)
		}
	}
	if w.cards, err = s.cardsOf(ctx, links); err != nil {
		return err
	}
	for _, c := range w.cards {
		if who := c.namedBy(); who != 0 {
			w.people = append(w.people, who)
		}
	}
	var said map[id.Account][]string // shortcodes
	for _, seg := range w.all {
		if _, twice := w.authors[seg.author]; !twice {
			w.authors[seg.author] = nil // until they are read
			w.people = append(w.people, seg.author)
		}
		if len(seg.codes.all) > 0 {
			if said == nil {
				said = map[id.Account][]string{}
			}
			said[seg.author] = append(said[seg.author], seg.codes.all...)
		}
	}
	if err := s.accounts.ShownAlso(ctx, w.authors, w.people, func(author id.Account) []string { return said[author] }); err != nil {
		return err
	}
	if err := s.regard(ctx, &w.quotes, w.personal); err != nil {
		return err
	}
	if w.emojis, err = s.emojisOf(ctx, w.all); err != nil {
		return err
	}
	if w.personal {
		asked := s.untouched.rest(v.Account, w.proper, func(one id.Status) bool { return w.segments[one].policy.mindsFollows() })
		if err := s.flags.of(ctx, s.db, v.Account, asked, w.own); err != nil {
			return err
		}
		w.unwanted, err = s.filters.Of(ctx, v.Account)
	}
	return err
}
