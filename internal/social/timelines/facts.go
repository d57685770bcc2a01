package timelines

import (
	"maps"
	"slices"

	"anancus/internal/social/id"
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
}

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

// sources are the accounts whose statuses the home feed is made of.
func (r *facts) sources() []id.Account { return r.follows.with(r.reader) }

// following gives the facts after the reader began to follow somebody.
func (r *facts) following(target id.Account, showBoosts bool, languages []string) *facts {
	next := *r
	next.follows = r.follows.with(target)
	next.quiet = r.quiet.without(target)
	if !showBoosts {
		next.quiet = r.quiet.with(target)
	}
	if len(languages) > 0 || r.languages[target] != nil {
		next.languages = maps.Clone(r.languages)
		if next.languages == nil {
			next.languages = map[id.Account][]string{}
		}
		delete(next.languages, target)
		if len(languages) > 0 {
			next.languages[target] = languages
		}
	}
	return &next
}

// notFollowing gives the facts after the reader ceased to follow somebody.
func (r *facts) notFollowing(target id.Account) *facts {
	next := *r
	next.follows, next.quiet = r.follows.without(target), r.quiet.without(target)
	return &next
}
