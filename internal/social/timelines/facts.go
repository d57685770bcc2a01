package timelines

import (
	"maps"
	"slices"

	"anancus/internal/social/id"
	"anancus/internal/social/lists"
)

// people is a sorted set of accounts; a change makes another, so that one may be read without a lock.
type people []id.Account

func (p people) has(a id.Account) bool {
	_, ok := slices.BinarySearch(p, a)
	return ok
}

func (p people) with(a id.Account) people {
	at, ok := slices.BinarySearch(p, a)
	if ok {
		return p
	}
	more := make(people, 0, len(p)+1)
	return append(append(append(more, p[:at]...), a), p[at:]...)
}

func (p people) without(a id.Account) people {
	at, ok := slices.BinarySearch(p, a)
	if !ok {
		return p
	}
	fewer := make(people, 0, len(p)-1)
	return append(append(fewer, p[:at]...), p[at+1:]...)
}

// facts are what a reader's feed depends on. They are never changed: an edit makes others.
type facts struct {
	reader    id.Account
	follows   people
	quiet     people // followed, but their boosts are not wanted
	blocking  people
	blockedBy people
	muting    people
	domains   []string                // blocked servers, sorted
	languages map[id.Account][]string // of followed accounts whose statuses are wanted in some languages only
	exclusive people                  // followed, but on a list that keeps them out of the home feed
	tags      []id.Tag                // followed hashtags, sorted
	chosen    []string                // languages wanted on public timelines; none for all
	list      *listing                // nil: these are the facts of the home feed
}

// listing is what the feed of a list depends on besides.
type listing struct {
	id      id.List
	replies lists.Policy
	members people // those who are followed, and perhaps the reader
}

// size is about how many bytes the facts take.
func (r *facts) size() uint32 {
	n := len(r.follows) + len(r.quiet) + len(r.blocking) + len(r.blockedBy) + len(r.muting) + len(r.exclusive) + len(r.tags)
	return uint32(256 + 8*n + 64*(len(r.domains)+len(r.languages)))
}

// places is about how many authors and hashtags the feed listens to.
func (r *facts) places() int {
	if r.list != nil {
		return len(r.list.members)
	}
	return len(r.follows) + 1 + len(r.tags)
}

// key tells which feed these facts are of.
func (r *facts) key() key {
	if r.list != nil {
		return key{r.reader, r.list.id}
	}
	return homeOf(r.reader)
}

// key names a feed: the home feed of a reader, or that of one of the reader's lists.
type key struct {
	reader id.Account
	list   id.List // 0: home
}

func homeOf(reader id.Account) key { return key{reader: reader} }

// hides tells whether the reader blocks or mutes somebody.
func (r *facts) hides(a id.Account) bool { return r.blocking.has(a) || r.muting.has(a) }

// hidesDomain tells whether the reader blocks a whole server. Ours ("") nobody can.
func (r *facts) hidesDomain(domain string) bool {
	_, ok := slices.BinarySearch(r.domains, domain)
	return ok
}

// speaks tells whether the reader wants an author's statuses in a language; one that names none passes.
func (r *facts) speaks(author id.Account, language string) bool {
	wanted := r.languages[author]
	return len(wanted) == 0 || language == "" || slices.Contains(wanted, language)
}

// hidesAnybody tells whether mentions matter to this reader at all.
func (r *facts) hidesAnybody() bool { return len(r.blocking)+len(r.muting) > 0 }

// hidden lists whom the reader blocks or mutes.
func (r *facts) hidden() []id.Account { return slices.Concat(r.blocking, r.muting) }

// sources are the accounts whose statuses the feed is made of.
func (r *facts) sources() []id.Account {
	if r.list != nil {
		return r.list.members
	}
	return r.follows.with(r.reader)
}

// hears tells whether a status of an author, with some hashtags, may belong into the feed.
func (r *facts) hears(author id.Account, tags []id.Tag) bool {
	if r.list != nil {
		return r.list.members.has(author)
	}
	return author == r.reader || r.follows.has(author) || slices.ContainsFunc(tags, r.followsTag)
}

// heardTags are the hashtags that bring statuses into the feed: none into that of a list.
func (r *facts) heardTags() []id.Tag {
	if r.list != nil {
		return nil
	}
	return r.tags
}

func (r *facts) followsTag(tag id.Tag) bool {
	_, ok := slices.BinarySearch(r.tags, tag)
	return ok
}

// wish is how a reader follows somebody.
type wish struct {
	boosts    bool
	languages []string // nil: all
	exclusive bool     // the reader has them on a list that keeps them out of the home feed
}

// following gives the facts after the reader began to follow somebody.
func (r *facts) following(target id.Account, w wish) *facts {
	next := r.notFollowing(target)
	next.follows = r.follows.with(target)
	if !w.boosts {
		next.quiet = r.quiet.with(target)
	}
	if w.exclusive {
		next.exclusive = r.exclusive.with(target)
	}
	if len(w.languages) > 0 {
		next.languages = maps.Clone(next.languages)
		if next.languages == nil {
			next.languages = map[id.Account][]string{}
		}
		next.languages[target] = w.languages
	}
	return next
}

// notFollowing gives the facts after the reader ceased to follow somebody.
func (r *facts) notFollowing(target id.Account) *facts {
	next := *r
	next.follows, next.quiet, next.exclusive = r.follows.without(target), r.quiet.without(target), r.exclusive.without(target)
	if r.languages[target] != nil {
		next.languages = maps.Clone(r.languages)
		delete(next.languages, target)
	}
	return &next
}
