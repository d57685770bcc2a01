package media

import (
	"fmt"
	"net/http"
	"regexp"
	"strconv"
)

// part is what a reader asks of a file, in bytes from 0.
type part struct {
	first int64 // -1: the last bytes of the file, as many as last says
	last  int64 // -1: up to the end
}

// String writes it as a Range header has it.
func (p part) String() string {
	switch {
	case p.first < 0:
		return "bytes=-" + strconv.FormatInt(p.last, 10)
	case p.last < 0:
		return "bytes=" + strconv.FormatInt(p.first, 10) + "-"
	}
	return fmt.Sprintf("bytes=%d-%d", p.first, p.last)
}

var aRange = regexp.MustCompile(`^bytes=(\d{1,15})?-(\d{1,15})?$`)

// wantedPart reads which part a request asks for; nil for all. Several parts at once, and whatever cannot be read, ask for all, and so does
// a condition: we gave nobody anything it could rest on.
func wantedPart(r *http.Request) *part {
	m := aRange.FindStringSubmatch(r.Header.Get("Range"))
	if m == nil || len(r.Header.Values("Range")) != 1 || r.Header.Get("If-Range") != "" {
		return nil
	}
	p := part{first: number(m[1]), last: number(m[2])}
	if p.last >= 0 && p.last < p.first || p.first < 0 && p.last <= 0 {
		return nil
	}
	return &p
}

// number reads one of at most 15 digits; -1 for none.
func number(digits string) int64 {
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return -1
	}
	return n
}

var aContentRange = regexp.MustCompile(`^bytes (\d{1,15})-(\d{1,15})/(\d{1,15}|\*)$`)

// given reads which part another server gives, and how long the file is (-1: it does not say); false when it is not a part that was asked for.
func (p part) given(contentRange string) (got part, length int64, ok bool) {
	m := aContentRange.FindStringSubmatch(contentRange)
	if m == nil {
		return part{}, 0, false
	}
	got, length = part{number(m[1]), number(m[2])}, number(m[3])
	switch {
	case got.last < got.first, length >= 0 && got.last >= length:
		return part{}, 0, false
	case p.first < 0:
		ok = length >= 0 && got.last == length-1 && got.last-got.first < p.last
	default:
		ok = got.first == p.first && (p.last < 0 || got.last <= p.last)
	}
	return got, length, ok
}

var unsatisfiedRange = regexp.MustCompile(`^bytes \*/\d{1,15}$`)

// unsatisfied is what a reader is told who asked for a part beyond the end of a file; "" when the other server does not tell the end.
func unsatisfied(contentRange string) string { return unsatisfiedRange.FindString(contentRange) }
