package statuses

import (
	"sync"
	"time"

	"anancus/internal/social/filters"
	"anancus/internal/social/id"
	"anancus/internal/social/viewer"
)

// showing is what a page has in common while it is written, and the memory that it is written on.
type showing struct {
	viewer   viewer.Viewer
	personal bool // it says what the viewer did
	stream   bool // it is for all members at once (see stream.go)
	now      time.Time

	segments map[id.Status]*segment // of the page, of what that boosts and of what these quote
	all      []*segment             // the same
	proper   []id.Status            // those of them that are no boosts
	people   []id.Account
	authors  map[id.Account]raw // nil: gone
	own      map[id.Status]flags

	quotes      quotes
	cards       map[id.Link]*card
	collections map[id.Collection]raw
	owners      []id.Account // of collections
	without     []id.Account // whose collections are not shown
	unwanted    *filters.Set
	emojis      emojis

	paper []byte // of PresentPage
	err   error  // the first that came
}

// Pages are written on the memory of earlier ones: most of what a warm page cost was asking for it and giving it back.
var showings = sync.Pool{New: func() any {
	return &showing{segments: map[id.Status]*segment{}, authors: map[id.Account]raw{}, own: map[id.Status]flags{}, paper: make([]byte, 0, 96<<10)}
}}

// Bounds of the memory that is kept for the next page: far more than one of 40 takes, far less than a thread of thousands.
const (
	keptRows  = 256
	keptPaper = 512 << 10
)

func newShowing(v viewer.Viewer) *showing {
	w := showings.Get().(*showing)
	w.viewer, w.personal = v, v.IsMember()
	return w
}

// done gives the memory to the next page; nothing of this one may be used any more.
func (w *showing) done() {
	if len(w.all) > keptRows || cap(w.paper) > keptPaper {
		return
	}
	w.wipe()
	showings.Put(w)
}

func (w *showing) wipe() {
	clear(w.segments)
	clear(w.authors)
	clear(w.own)
	clear(w.all)
	*w = showing{segments: w.segments, authors: w.authors, own: w.own, all: w.all[:0], proper: w.proper[:0], people: w.people[:0], paper: w.paper}
}

// add notes a status that is shown somewhere in the page.
func (w *showing) add(self id.Status, seg *segment) {
	if w.segments[self] != nil {
		return
	}
	w.segments[self] = seg
	if w.all = append(w.all, seg); seg.boostOf == 0 {
		w.proper = append(w.proper, self)
	}
}

// row appends one status of a page; nothing when it, its author or what it boosts is gone.
func (w *showing) row(b []byte, self id.Status) []byte {
	seg := w.segments[self]
	switch {
	case seg == nil || w.authors[seg.author] == nil:
		return b
	case seg.boostOf == 0:
		return w.join(b, self, seg, nil, w.filtered(seg, self), false)
	}
	original := w.segments[seg.boostOf]
	if original == nil || w.authors[original.author] == nil {
		return b
	}
	return w.join(b, self, seg, original, w.filtered(original, self, seg.boostOf), false)
}

// size is about how long a row becomes.
func (w *showing) size(self id.Status) (n int) {
	for seg := w.segments[self]; seg != nil; seg = w.segments[seg.boostOf] {
		n += len(seg.body) + len(w.authors[seg.author]) + 400
		if c := w.cards[seg.link.link]; c != nil {
			n += int(c.size())
		}
	}
	return n
}

// filtered gives what a member's filters find in a status, which they may name by any of its ids. Nobody is
// warned of their own words.
func (w *showing) filtered(seg *segment, ids ...id.Status) raw {
	if w.stream {
		return hole
	}
	unwanted := w.unwanted
	if seg.author == w.viewer.Account {
		unwanted = nil
	}
	marks, err := unwanted.Results(w.now, seg.text, ids...)
	if err != nil && w.err == nil {
		w.err = err
	}
	return marks
}

// join closes a segment with its author, what it boosts, what it quotes, its poll, what filters found and the viewer's flags, which are those of the proper
// status: of the original that it boosts, or itself. Inside of another status that quotes it, what it quotes is only named.
func (w *showing) join(b []byte, self id.Status, seg, original *segment, marks raw, inside bool) []byte {
	proper, of := self, seg
	if original != nil {
		proper, of = seg.boostOf, original
	}
	did := w.own[proper]
	b = append(b, seg.body...)
	b = appendLeads(b, seg.collections, w.collections)
	b = w.emojis.append(append(b, `,"emojis":`...), seg.author, seg.codes.all)
	b = append(append(b, `,"account":`...), w.authors[seg.author]...)
	if original == nil {
		b = append(b, `,"reblog":null,"quote":`...)
		b = w.appendQuote(b, seg.quote, inside)
	} else {
		b = append(b, `,"reblog":`...)
		b = append(w.join(b, proper, original, nil, marks, false), `,"quote":null`...)
	}
	b = append(b, `,"card":`...)
	shown := w.cards[seg.link.link]
	b = shown.appendTo(b, seg.link.shownAs(shown), w.viewer, w.authors)
	b = append(b, `,"poll":`...)
	b = seg.poll.join(b, w.now, w.personal, seg.author == w.viewer.Account, did, func(b []byte) []byte { return w.emojis.append(b, seg.author, seg.codes.poll) })
	b = of.appendApproval(b, w.viewer, did)
	if w.personal {
		b = append(b, deeds[did&(favourited|boosted|bookmarked|muted)]...)
		if seg.author == w.viewer.Account && seg.boostOf == 0 && seg.visibility != Direct && seg.visibility != Limited {
			b = appendFlag(b, "pinned", w.own[self]&pinned != 0)
		}
	}
	if w.personal || w.stream {
		b = append(append(b, `,"filtered":`...), marks...)
	}
	return append(b, '}')
}

// deeds are how what a viewer did with a status is written, by flags: every status has it.
var deeds = func() (all [2 * muted]string) {
	for did := range flags(len(all)) {
		b := appendFlag(nil, "favourited", did&favourited != 0)
		b = appendFlag(b, "reblogged", did&boosted != 0)
		b = appendFlag(b, "muted", did&muted != 0)
		all[did] = string(appendFlag(b, "bookmarked", did&bookmarked != 0))
	}
	return all
}()

func appendFlag(b []byte, name string, value bool) []byte {
	b = append(b, ',', '"')
	b = append(b, name...)
	if value {
		return append(b, `":true`...)
	}
	return append(b, `":false`...)
}
