package filters

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"anancus/internal/kit/text"
	"anancus/internal/protocol/mastodon"
	"anancus/internal/social/accounts"
	"anancus/internal/social/id"

	"github.com/armon/go-radix"
)

// maxText is how many bytes of a status keywords are looked for in: what some servers send has no end.
const maxText = 64 << 10

// Text is what a status says, ready to be searched in.
type Text struct {
	plain  string
	folded string // without the difference of upper and lower case, rune for rune
}

// NewText prepares a text.
func NewText(plain string) Text {
	if len(plain) > maxText {
		plain = strings.ToValidUTF8(plain[:maxText], "")
	}
	return Text{plain, fold(plain)}
}

// Size is how many bytes a text takes.
func (t Text) Size() int {
	if t.plain == t.folded {
		return len(t.plain)
	}
	return len(t.plain) + len(t.folded)
}

// fold gives characters that differ in case alone the same form.
func fold(s string) string {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return strings.Map(foldRune, s)
		}
	}
	return strings.ToLower(s)
}

func foldRune(r rune) rune {
	least := r
	for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
		least = min(least, next)
	}
	if 'A' <= least && least <= 'Z' {
		least += 'a' - 'A'
	}
	return least
}

// Set is a member's filters, ready to be applied.
type Set struct {
	active   []active // oldest filter first
	words    tree     // keywords that match where a word begins
	anywhere tree     // the others
	statuses map[id.Status][]int
	weight   uint32
}

// active is a filter of a set, as it is shown within a result.
type active struct {
	entity  json.RawMessage
	expires time.Time
}

// tree finds keywords by what they begin with, so that a text is read once whatever their number.
type tree struct {
	radix *radix.Tree // of []use
	first [256]bool   // the bytes that any keyword begins with
}

// use is one keyword of a filter.
type use struct {
	filter, order int
	endsWord      bool // it matches only where a word ends
}

// Of gives a member's filters, from memory or read anew.
func (s *Service) Of(ctx context.Context, member id.Account) (*Set, error) {
	found, err := s.ready.All([]id.Account{member}, func([]id.Account) (map[id.Account]*Set, error) {
		mine, err := read(ctx, s.db, member)
		if err != nil {
			return nil, fmt.Errorf("filters of member: %w", err)
		}
		set, err := prepare(mine.filters)
		return map[id.Account]*Set{member: set}, err
	})
	return found[member], err
}

// Forget drops what is remembered of a member's filters; the live effect of every change.
func (s *Service) Forget(member id.Account) { s.ready.Forget(member) }

func prepare(list []*Filter) (*Set, error) {
	s := &Set{words: tree{radix: radix.New()}, anywhere: tree{radix: radix.New()}, statuses: map[id.Status][]int{}}
	for at, f := range list {
		entity, err := accounts.Encode(shape(f))
		if err != nil {
			return nil, err
		}
		s.active = append(s.active, active{entity, f.ExpiresAt})
		s.weight += uint32(len(entity)) + 64
		for order, k := range f.Keywords {
			s.weight += uint32(len(k.Text)) + 256
			s.add(k, use{filter: at, order: order})
		}
		for _, one := range f.Statuses {
			s.weight += 64
			s.statuses[one.Status] = append(s.statuses[one.Status], at)
		}
	}
	return s, nil
}

// add takes a keyword in. A whole word ends where words do only at an edge that is a letter of one: "C++" is found in "C++11".
func (s *Set) add(k Keyword, u use) {
	folded := fold(k.Text)
	first, _ := utf8.DecodeRuneInString(folded)
	last, _ := utf8.DecodeLastRuneInString(folded)
	u.endsWord = k.WholeWord && text.IsWord(last)
	into := &s.anywhere
	if k.WholeWord && text.IsWord(first) {
		into = &s.words
	}
	uses, _ := into.radix.Get(folded)
	list, _ := uses.([]use)
	into.radix.Insert(folded, append(list, u))
	into.first[folded[0]] = true
}

// span is where in a folded text a filter matched, and by which of its keywords.
type span struct{ from, to, order int }

// find gives for each filter the first place where one of its keywords matches; of several there the oldest.
func (s *Set) find(t string) map[int]span {
	var found map[int]span
	from := 0
	visit := func(key string, value any) bool {
		to := from + len(key)
		for _, u := range value.([]use) {
			known, before := found[u.filter]
			if before && (known.from < from || known.order < u.order) || u.endsWord && wordAt(t, to) {
				continue
			}
			if found == nil {
				found = map[int]span{}
			}
			found[u.filter] = span{from, to, u.order}
		}
		return false
	}
	for ; from < len(t) && len(found) < len(s.active); from++ {
		if s.anywhere.first[t[from]] {
			s.anywhere.radix.WalkPath(t[from:], visit)
		}
		if s.words.first[t[from]] && !wordBefore(t, from) {
			s.words.radix.WalkPath(t[from:], visit)
		}
	}
	return found
}

func wordAt(s string, at int) bool {
	r, size := utf8.DecodeRuneInString(s[at:])
	return size > 0 && text.IsWord(r)
}

func wordBefore(s string, at int) bool {
	r, size := utf8.DecodeLastRuneInString(s[:at])
	return size > 0 && text.IsWord(r)
}

// original gives the characters of a text as they were written.
func (t Text) original(s span) string {
	skip, keep := utf8.RuneCountInString(t.folded[:s.from]), utf8.RuneCountInString(t.folded[s.from:s.to])
	from, n := len(t.plain), 0
	for i := range t.plain {
		if n == skip {
			from = i
		}
		if n == skip+keep {
			return t.plain[from:i]
		}
		n++
	}
	return t.plain[from:]
}

var none = json.RawMessage("[]")

// Results gives the FilterResults of a status that says t, encoded; a filter may name it by any of its ids (a boost's, the original's).
func (s *Set) Results(now time.Time, t Text, ids ...id.Status) (json.RawMessage, error) {
	if s == nil || len(s.active) == 0 {
		return none, nil
	}
	words := s.find(t.folded)
	named := map[int][]string{}
	for _, one := range ids {
		for _, at := range s.statuses[one] {
			named[at] = append(named[at], one.String())
		}
	}
	if len(words) == 0 && len(named) == 0 {
		return none, nil
	}
	results := []mastodon.FilterResult{}
	for at, f := range s.active {
		match, said := words[at]
		if !said && named[at] == nil || !f.expires.IsZero() && !f.expires.After(now) {
			continue
		}
		r := mastodon.FilterResult{Filter: f.entity, StatusMatches: named[at]}
		if said {
			r.KeywordMatches = []string{t.original(match)}
		}
		results = append(results, r)
	}
	return accounts.Encode(results)
}
