package text

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// hostSchemes are followed by "://" and a domain.
var hostSchemes = []string{"https", "http", "dat", "dweb", "ipfs", "ipns", "ssb", "gopher", "gemini"}

// maxLinkRunes is the longest address that is still taken for one.
const maxLinkRunes = 4096

// linkAt reads an address with a scheme at byte i. An address that is too long is no link, but
// its end is still returned: looking for links inside it would cost the square of its length.
func linkAt(s string, i int) (Entity, bool) {
	if !strings.ContainsRune("hdisgxm", rune(s[i]|0x20)) || !mayPrecedeLink(s, i) {
		return Entity{}, false
	}
	end := i
	switch rest := s[i:]; {
	case hasPrefixFold(rest, "xmpp:"):
		end = spanXMPP(s, i)
	case hasPrefixFold(rest, "magnet:?"):
		end = spanQuery(s, i+len("magnet:"))
		if end == i+len("magnet:") {
			end = i
		}
	default:
		for _, scheme := range hostSchemes {
			if hasPrefixFold(rest, scheme) && strings.HasPrefix(rest[len(scheme):], "://") {
				end = spanHierarchical(s, i, i+len(scheme)+len("://"))
				break
			}
		}
	}
	linked := end > i && utf8.RuneCountInString(s[i:end]) <= maxLinkRunes
	return Entity{Kind: Link, URL: s[i:end], End: end}, linked
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// mayPrecedeLink refuses addresses glued to a Latin word or a sigil. Japanese and Chinese
// put no space before them, so other letters are fine.
func mayPrecedeLink(s string, i int) bool {
	r := runeBefore(s, i)
	return !isASCIIAlnum(r) && !strings.ContainsRune("@＠$#＃\uFFFE\uFEFF\uFFFF", r)
}

// spanHierarchical reads domain, port, path and query from byte at, and returns the end of
// the address, or start when it is none.
func spanHierarchical(s string, start, at int) int {
	end := spanDomain(s, at)
	if end == at {
		return start
	}
	end = spanPath(s, spanDigits(s, end))
	return spanQuery(s, end)
}

// spanDigits extends a domain that ends at byte i by a port.
func spanDigits(s string, i int) int {
	if i >= len(s) || s[i] != ':' {
		return i
	}
	end := i + 1
	for end < len(s) && isDigit(rune(s[end])) {
		end++
	}
	if end == i+1 {
		return i
	}
	return end
}

// spanXMPP reads xmpp:[//user@host/][user@]domain[/resource][?query].
func spanXMPP(s string, start int) int {
	at := start + len("xmpp:")
	if strings.HasPrefix(s[at:], "//") {
		if user := spanNode(s, at+2); user > at+2 {
			if host := spanDomain(s, user); host > user && strings.HasPrefix(s[host:], "/") {
				at = host + 1
			}
		}
	}
	at = spanNode(s, at)
	end := spanDomain(s, at)
	if end == at {
		return start
	}
	if strings.HasPrefix(s[end:], "/") {
		if resource := spanWhile(s, end+1, isResourceRune); resource > end+1 {
			end = resource
		}
	}
	return spanQuery(s, end)
}

// spanNode reads "user@" and returns the byte after the "@", or i when there is no user.
func spanNode(s string, i int) int {
	end := spanWhile(s, i, isNodeRune)
	if end == i || !strings.HasPrefix(s[end:], "@") {
		return i
	}
	return end + 1
}

func isNodeRune(r rune) bool {
	return isASCIIAlnum(r) || strings.ContainsRune("._~%!$()*+,;=", r) || unicode.In(r, unicode.Cyrillic, unicode.Pd)
}

func isResourceRune(r rune) bool { return isNodeRune(r) || r == '&' || r == '\'' }

func spanWhile(s string, i int, ok func(rune) bool) int {
	for i < len(s) {
		r, size := runeAt(s, i)
		if !ok(r) {
			break
		}
		i += size
	}
	return i
}

// spanDomain returns the end of the longest domain at byte i that ends in a known top-level
// domain, or i when there is none. "https://example.comです" ends after "com".
func spanDomain(s string, i int) int {
	best, name := i, ""
	for at := i; at-i <= maxDomainBytes; {
		end := spanWhile(s, at, isLabelRune)
		// An underscore may stand in a subdomain, not in the name that was registered.
		if name != "" && !strings.Contains(name, "_") {
			if tld := spanTopLevel(s, at, end); tld > at {
				best = tld
			}
		}
		name = s[at:end]
		if !validLabel(name) || end >= len(s) || s[end] != '.' {
			return best
		}
		at = end + 1
	}
	return i
}

// isLabelRune matches anything but ASCII punctuation, white space and what hides text.
func isLabelRune(r rune) bool {
	if r < utf8.RuneSelf {
		return isASCIIAlnum(r) || r == '-' || r == '_'
	}
	return r != utf8.RuneError && !isSpace(r) && !hidesText(r) && r != 0x180E
}

func validLabel(label string) bool {
	if label == "" || strings.ContainsRune("-_", rune(label[0])) || strings.ContainsRune("-_", rune(label[len(label)-1])) {
		return false
	}
	if isPlainASCII(label) {
		return len(label) <= maxLabel
	}
	if len(label) > 4*maxLabel {
		return false
	}
	ascii, err := idna.Punycode.ToASCII(label)
	return err == nil && len(ascii) <= maxLabel
}

const (
	maxLabel       = 63
	maxDomainBytes = 4 * 253
)

// longestTopLevel is longer than any top-level domain, in characters.
const longestTopLevel = 24

// spanTopLevel returns the end of the longest top-level domain at the start of s[at:end].
// It must not be followed by something that would continue an ASCII name or make it a
// user: "https://good.example@evil.example" is no link to either.
func spanTopLevel(s string, at, end int) int {
	stops := make([]int, 0, longestTopLevel)
	for stop := at; stop < end && len(stops) < longestTopLevel; {
		_, size := runeAt(s, stop)
		stop += size
		stops = append(stops, stop)
	}
	for n := len(stops) - 1; n >= 0; n-- {
		next, _ := runeAt(s, stops[n])
		if !isASCIIAlnum(next) && !strings.ContainsRune("@+-", next) && isTopLevel(s[at:stops[n]]) {
			return stops[n]
		}
	}
	return at
}

func isTopLevel(label string) bool {
	ascii := strings.ToLower(label)
	if !isPlainASCII(label) {
		var err error
		if ascii, err = idna.Punycode.ToASCII(ascii); err != nil {
			return false
		}
	}
	if rest, ok := strings.CutPrefix(ascii, "xn--"); ok && isPlainASCII(label) {
		return rest != "" && !strings.ContainsRune(rest, '_') && rest[len(rest)-1] != '-'
	}
	_, known := publicsuffix.PublicSuffix(ascii)
	return known
}

// spanPath returns the end of the path at byte i. Balanced parentheses belong to it, and
// punctuation at its end does not.
func spanPath(s string, i int) int {
	if i >= len(s) || s[i] != '/' {
		return i
	}
	end := i + 1
	for at := i + 1; at < len(s); {
		r, size := runeAt(s, at)
		if r == '(' {
			group := spanParentheses(s, at, 1)
			if group == at {
				break
			}
			at, end = group, group
			continue
		}
		if !isPathRune(r) {
			break
		}
		at += size
		if !strings.ContainsRune("!*\"'「」:;=,.$%[]~&|@", r) {
			end = at
		}
	}
	return end
}

// spanParentheses returns the end of the group that opens at byte i, which may hold groups
// nested to the given depth, or i when it never closes.
func spanParentheses(s string, i, depth int) int {
	at := i + 1
	for at < len(s) {
		r, size := runeAt(s, at)
		switch {
		case r == ')' && at > i+1:
			return at + 1
		case r == '(' && depth > 0:
			inner := spanParentheses(s, at, 0)
			if inner == at {
				return i
			}
			at, depth = inner, 0
			continue
		case !isPathRune(r):
			return i
		}
		at += size
	}
	return i
}

func isPathRune(r rune) bool {
	return r != utf8.RuneError && !isSpace(r) && !strings.ContainsRune("<>()?", r) && !hidesText(r)
}

// spanQuery returns the end of the query at byte i, without punctuation at its end.
func spanQuery(s string, i int) int {
	if i >= len(s) || s[i] != '?' {
		return i
	}
	end := i
	for at := i + 1; at < len(s); {
		r, size := runeAt(s, at)
		other := r >= 0xA0 && r != utf8.RuneError && !isSpace(r) && !hidesText(r)
		if !other && !isASCIIAlnum(r) && !strings.ContainsRune("!?*'();:&=+$/%#[]-_.,~|@^", r) {
			break
		}
		at += size
		if other || isASCIIAlnum(r) || strings.ContainsRune("_&=#/-", r) {
			end = at
		}
	}
	return end
}
