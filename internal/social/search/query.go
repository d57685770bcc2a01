package search

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"

	"anancus/internal/kit/fault"
	"anancus/internal/kit/text"
	"anancus/internal/social/id"
)

// part is one piece of what somebody asked for.
type part struct {
	not    bool
	prefix string // an operator, "" for text
	value  string
	phrase bool
}

// operators are the prefixes that mean something; any other is text.
var operators = map[string]bool{"has": true, "is": true, "language": true, "from": true, "before": true, "after": true, "during": true, "in": true}

// maxParts bounds what one question asks for; its length is bounded before.
const maxParts = 64

// parse cuts a question into its parts.
func parse(q string) []part {
	var parts []part
	for len(parts) < maxParts {
		q = strings.TrimLeftFunc(q, unicode.IsSpace)
		if q == "" {
			break
		}
		var p part
		p, q = nextPart(q)
		if p.value != "" {
			parts = append(parts, p)
		}
	}
	return parts
}

func nextPart(q string) (part, string) {
	p := part{}
	if (q[0] == '-' || q[0] == '+') && len(q) > 1 && q[1] != ' ' {
		p.not, q = q[0] == '-', q[1:]
	}
	if i := strings.IndexByte(q, ':'); i > 0 && operators[strings.ToLower(q[:i])] && i+1 < len(q) && !startsWithSpace(q[i+1:]) {
		p.prefix, q = strings.ToLower(q[:i]), q[i+1:]
	}
	if opening := quoteAt(q); opening != 0 {
		if end := strings.IndexAny(q[opening:], `"”“`); end >= 0 {
			p.phrase = true
			p.value, q = q[opening:opening+end], q[opening+end:]
			return p, q[quoteAt(q):]
		}
	}
	end := strings.IndexFunc(q, unicode.IsSpace)
	if end < 0 {
		end = len(q)
	}
	p.value = strings.Trim(q[:end], `"“”`)
	return p, q[end:]
}

func startsWithSpace(s string) bool { return strings.IndexFunc(s, unicode.IsSpace) == 0 }

// quoteAt tells how long the quotation mark is that a text begins with.
func quoteAt(s string) int {
	for _, mark := range []string{`"`, "“", "”"} {
		if strings.HasPrefix(s, mark) {
			return len(mark)
		}
	}
	return 0
}

// question is what somebody asked for, in the words of the index, and what is to be looked for in the texts themselves.
type question struct {
	wish
	below, above    id.Status // ids, both excluded
	outside         [][2]id.Status
	phrases         [][]text.Word // each must be there
	absent          [][]text.Word // none may be there
	library, public bool          // where to look
	nothing         bool          // it fits no status at all
}

// asker is who asks, for the operators that mean them or their day.
type asker struct {
	account id.Account
	zone    *time.Location
	// find gives the account behind a handle, 0 if it is not known.
	find func(handle string) (id.Account, error)
}

// understand turns the parts of a question into what is looked for.
func understand(parts []part, who asker) (*question, error) {
	q := &question{below: math.MaxInt64, library: true, public: true}
	for _, p := range parts {
		if err := q.take(p, who); err != nil {
			return nil, err
		}
	}
	if q.public {
		q.one = append(q.one, publicTerm)
	}
	if q.library {
		q.one = append(q.one, accountTerm(readerTerm, who.account))
	}
	return q, nil
}

func (q *question) take(p part, who asker) error {
	switch p.prefix {
	case "has":
		q.needs(p.not, term(hasTerm, p.value))
	case "is":
		q.needs(p.not, term(isTerm, p.value))
	case "language":
		q.needs(p.not, term(languageTerm, p.value))
	case "from":
		return q.from(p, who)
	case "before", "after", "during":
		return q.during(p, who.zone)
	case "in":
		switch strings.ToLower(p.value) {
		case "library":
			q.public = q.public && p.not
			q.library = q.library && !p.not
		case "public":
			q.library = q.library && p.not
			q.public = q.public && !p.not
		}
		q.nothing = q.nothing || !q.public && !q.library
	default:
		q.text(p)
	}
	return nil
}

// needs asks for a term, or for its absence.
func (q *question) needs(not bool, t string) {
	if not {
		q.none = append(q.none, t)
	} else {
		q.all = append(q.all, t)
	}
}

func (q *question) from(p part, who asker) error {
	account := who.account
	if !strings.EqualFold(p.value, "me") {
		var err error
		if account, err = who.find(p.value); err != nil {
			return err
		}
	}
	if account == 0 {
		q.nothing = q.nothing || !p.not
		return nil
	}
	q.needs(p.not, accountTerm(authorTerm, account))
	return nil
}

// text asks for a hashtag, a word or a phrase.
func (q *question) text(p part) {
	if name, ok := strings.CutPrefix(strings.Replace(p.value, "＃", "#", 1), "#"); ok && !p.phrase && text.ValidTag(name) {
		if key := text.TagKey(name); key != "" && len(key) <= maxTag {
			q.needs(p.not, tagTerm+key)
			return
		}
	}
	words := text.Words(p.value)
	if len(words) == 0 {
		return
	}
	wanted := text.Wanted(words, maxWishTerms)
	if p.not {
		if len(wanted) == 1 {
			q.none = append(q.none, wanted[0])
		} else {
			q.absent = append(q.absent, words)
		}
		return
	}
	if room := maxWishTerms - len(q.all); room > 0 {
		q.all = append(q.all, wanted[:min(room, len(wanted))]...)
	}
	if len(wanted) > 1 && (p.phrase || ofGrams(words)) || len(q.all) >= maxWishTerms {
		q.phrases = append(q.phrases, words)
	} else if len(wanted) > 1 {
		q.phrases = append(q.phrases, runs(words)...)
	}
}

// ofGrams tells whether words are of scripts without spaces alone, so that together they are what somebody wrote in one.
func ofGrams(words []text.Word) bool {
	for _, w := range words {
		if !w.Gram {
			return false
		}
	}
	return true
}

// runs gives the runs of three and more grams among words: pairs may stand apart, a run may not.
func runs(words []text.Word) [][]text.Word {
	var found [][]text.Word
	begin := 0
	for i := 1; i <= len(words); i++ {
		if i < len(words) && words[i].Joined {
			continue
		}
		if i-begin > 2 {
			found = append(found, words[begin:i])
		}
		begin = i
	}
	return found
}

var (
	isoDay = regexp.MustCompile(`\A\d{4}-\d{2}-\d{2}\z`)
	millis = regexp.MustCompile(`\A\d{1,19}\z`)
)

// during bounds when a status was written: by a day of the asker's, or a number of milliseconds.
func (q *question) during(p part, zone *time.Location) error {
	bad := fault.New(fault.Invalid, fmt.Sprintf("Invalid date %.40s", p.value))
	var first, end int64 // milliseconds: the first of the day, and the first of the next
	switch {
	case isoDay.MatchString(p.value):
		day, err := time.ParseInLocation(time.DateOnly, p.value, zone)
		if err != nil {
			return bad
		}
		first, end = day.UnixMilli(), time.Date(day.Year(), day.Month(), day.Day()+1, 0, 0, 0, 0, zone).UnixMilli()
	case millis.MatchString(p.value):
		n, err := strconv.ParseInt(p.value, 10, 64)
		if err != nil {
			return bad
		}
		first, end = n, n+1
	default:
		return bad
	}
	from, to := idOf(first), idOf(end)
	switch {
	case p.prefix == "during" && p.not:
		q.outside = append(q.outside, [2]id.Status{from, to})
	case p.prefix == "during":
		q.below, q.above = min(q.below, to), max(q.above, from-1)
	case p.prefix == "before" && !p.not:
		q.below = min(q.below, from)
	case p.prefix == "before":
		q.above = max(q.above, from-1)
	case !p.not: // after the whole day
		q.above = max(q.above, to-1)
	default:
		q.below = min(q.below, to)
	}
	return nil
}

// idOf is the lowest id of a millisecond.
func idOf(ms int64) id.Status {
	const highest = math.MaxInt64 >> idBits
	return id.Status(min(max(ms, 0), highest) << idBits)
}
