package text

import "strings"

// LinkLength is what a link counts, however long it is.
const LinkLength = 23

// Count is the length of a post as its limit sees it: graphemes of warning and text, a
// link as LinkLength, a mention without its domain.
func Count(warning, source string) int {
	var b strings.Builder
	b.WriteString(warning)
	last := 0
	for _, e := range scan(source, false) {
		b.WriteString(source[last:e.Start])
		if e.Kind == Link {
			b.WriteString(strings.Repeat("x", LinkLength))
		} else {
			b.WriteString("@" + e.Username)
		}
		last = e.End
	}
	b.WriteString(source[last:])
	return Graphemes(b.String())
}

// blank says whether nothing but white space was written.
func blank(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return !isSpace(r) }) < 0
}
