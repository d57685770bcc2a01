package timelines

import (
	"cmp"
	"context"
	"fmt"
	"reflect"
	"slices"

	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/social/id"
	"anancus/internal/social/statuses"
)

// News is a status of which something just happened, with everything that decides whom open streams tell of it. It is
// read once, however many there are.
type News struct {
	c    candidate
	tags []string // hashtags, normalised
}

const tagsOfSQL = `SELECT t.id, t.name FROM status_tags s JOIN tags t ON t.id = s.tag_id WHERE s.status_id = $1`

// News reads a status for the streams, a deleted one as it was; NotFound when there is no row of it any more.
func (s *Service) News(ctx context.Context, status id.Status) (*News, error) {
	list, err := candidates(ctx, s.db, []id.Status{status})
	if err != nil {
		return nil, fmt.Errorf("news of status %d: %w", status, err)
	}
	if len(list) == 0 {
		return nil, fault.RecordNotFound()
	}
	if err := addMentions(ctx, s.db, list, nil); err != nil {
		return nil, fmt.Errorf("mentions of status %d: %w", status, err)
	}
	n := &News{c: list[0]}
	_, err = db.All(ctx, s.db, func(r db.Row) (tag id.Tag, err error) {
		var name string
		err = r.Scan(&tag, &name)
		n.c.tags, n.tags = append(n.c.tags, tag), append(n.tags, name)
		return tag, err
	}, tagsOfSQL, status)
	if err != nil {
		return nil, fmt.Errorf("hashtags of status %d: %w", status, err)
	}
	return n, nil
}

// Gone tells that the status is not to be shown: it, its author, or what it boosts, is gone.
func (n *News) Gone() bool { return n.c.gone }

// AsItWas is the status before it was deleted, so that those are told of its end who were told of it.
func (n *News) AsItWas() *News {
	was := *n
	was.c.gone = false
	return &was
}

// Status is which it is.
func (n *News) Status() id.Status { return n.c.status }

// Local tells whether a member wrote it.
func (n *News) Local() bool { return n.c.local }

// Media tells whether it shows any.
func (n *News) Media() bool { return n.c.media }

// OnPublic tells whether the public timelines show it.
func (n *News) OnPublic() bool { return isPublic(&n.c) }

// OnTags tells whether the timelines of its hashtags show it.
func (n *News) OnTags() bool { return isTaggable(&n.c) }

// Within tells whether it is from where somebody may read.
func (n *News) Within(r Reach) bool { return r.has(&n.c) }

// Tags are its hashtags, normalised.
func (n *News) Tags() []string { return n.tags }

// Ear decides what the streams of one feed of a reader, home or a list's, are told: what the feed would show. It is
// made anew when something changes that the feed depends on, and is not safe for concurrent use.
type Ear struct {
	facts *facts
	last  *tail
}

// Listen makes an ear for a feed; before is the one it takes the place of. NotFound for the list of somebody else.
func (s *Service) Listen(ctx context.Context, reader id.Account, list id.List, before *Ear) (*Ear, error) {
	k := key{reader, list}
	e := &Ear{}
	s.mu.Lock()
	f := s.feeds[k]
	if f != nil {
		e.facts, e.last = f.facts, f.latest() // a change may have brought in what the ear before never heard of
	}
	s.mu.Unlock()
	if e.facts == nil {
		var err error
		if e.facts, err = loadFacts(ctx, s.db, k); err != nil {
			return nil, err
		}
	}
	if e.last == nil {
		e.last = &tail{most: s.bounds.group}
		switch {
		case before == nil:
		case reflect.DeepEqual(before.facts, e.facts):
			e.last = before.last
		default: // its rules changed: some of what it had went, and some that it had not came between
			var err error
			if e.last.entries, err = s.lately(ctx, e.facts); err != nil {
				return nil, err
			}
		}
	}
	return e, nil
}

// lately reads the newest entries of a feed that is not open, as many as a boost is compared with.
func (s *Service) lately(ctx context.Context, r *facts) ([]entry, error) {
	w := s.ownWalk(r)
	var kept []entry
	for n, at, over := 0, newest, false; n < walkSteps && !over && len(kept) < s.bounds.group; n++ {
		var more []entry
		var err error
		if more, at, over, err = w.step(ctx, at, false, 2*s.bounds.group); err != nil {
			return nil, err
		}
		kept = append(kept, more...)
	}
	kept = kept[:min(len(kept), s.bounds.group)]
	slices.Reverse(kept)
	return kept, nil
}

// tail is the latest entries of a feed, oldest first, with which a next boost is compared.
type tail struct {
	most    int
	entries []entry
}

func (f *feed) latest() *tail {
	t := &tail{most: f.bounds.group}
	for _, r := range f.entries[max(0, len(f.entries)-t.most):] {
		t.entries = append(t.entries, f.read(r))
	}
	return t
}

func (t *tail) search(status id.Status) (at int, found bool) {
	return slices.BinarySearchFunc(t.entries, status, func(e entry, want id.Status) int { return cmp.Compare(e.status, want) })
}

// put inserts an entry at its place, unless it is there, and lets go of the oldest.
func (t *tail) put(e entry) {
	at, found := t.search(e.status)
	if found {
		return
	}
	if t.entries = slices.Insert(t.entries, at, e); len(t.entries) > t.most {
		t.entries = slices.Delete(t.entries, 0, len(t.entries)-t.most)
	}
}

func (t *tail) drop(status id.Status) {
	if at, found := t.search(status); found {
		t.entries = slices.Delete(t.entries, at, at+1)
	}
}

// Takes tells whether the feed shows a new status, and remembers that it does.
func (e *Ear) Takes(n *News) bool {
	if !e.Wants(n) {
		return false
	}
	one := entryOf(&n.c)
	e.last.put(one)
	at, found := e.last.search(one.status)
	return !found || !grouped(e.last.entries, at, e.last.most, itself)
}

// Hears tells whether statuses of an author, with some hashtags, concern the feed at all. Tags that are not known are nil.
func (e *Ear) Hears(author id.Account, tags []id.Tag) bool {
	return e.facts.hears(author, tags) || tags == nil && len(e.facts.heardTags()) > 0
}

// Wants tells whether the feed's rule lets a status in.
func (e *Ear) Wants(n *News) bool {
	return e.facts.hears(n.c.author, n.c.tags) && wants(e.facts, &n.c)
}

// Drop takes note that a status or boost is gone.
func (e *Ear) Drop(n *News) { e.last.drop(n.c.status) }

// Meets tells whether the reader wants to see the status on timelines that are not their own.
func (e *Ear) Meets(n *News) bool { return mayMeet(e.facts, &n.c) }

// MeetsPublic is Meets for the public timelines, where the languages count that the reader chose.
func (e *Ear) MeetsPublic(n *News) bool { return wantsPublic(e.facts, &n.c) }

// Sees tells whether the reader may read a status in which they are named, or of which they are the author: of an edit
// they are told though their feed does not show it.
func (e *Ear) Sees(n *News) bool {
	r := e.facts
	return !n.c.gone && slices.Contains(n.c.mentions, r.reader) && !r.hides(n.c.author) && !r.blockedBy.has(n.c.author) && !r.hidesDomain(n.c.domain) &&
		n.c.visibility != statuses.Limited
}

// Shuns tells whether the reader does not want to see, or may not see, an account's statuses where others show them.
func (e *Ear) Shuns(account id.Account, domain string) bool {
	return e.facts.hides(account) || e.facts.blockedBy.has(account) || e.facts.hidesDomain(domain)
}

// ShutOutBy tells whether an account blocks the reader.
func (e *Ear) ShutOutBy(account id.Account) bool { return e.facts.blockedBy.has(account) }
