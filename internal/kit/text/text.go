// Package text knows what people write and what other servers send: plain text with
// mentions, hashtags and links in it, and the HTML that carries it between servers.
//
// It follows Mastodon's rules where they can be seen from outside (what becomes a link,
// how a post is counted, which HTML survives), because a mention that we find and our
// neighbours do not is a notification that never arrives. It touches no database and no
// network, and every function here is linear in the length of what strangers send.
package text

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// Graphemes counts what a reader would call characters: a family emoji is one.
func Graphemes(s string) int {
	if isPlainASCII(s) {
		return len(s)
	}
	return uniseg.GraphemeClusterCount(s)
}

// Truncate keeps the first n graphemes of s. It never cuts through an emoji or an accent.
func Truncate(s string, n int) string {
	if n <= 0 {
		return ""
	}
	if len(s) <= n {
		return s
	}
	rest, state, kept := s, -1, 0
	for ; n > 0 && rest != ""; n-- {
		var cluster string
		cluster, rest, _, state = uniseg.FirstGraphemeClusterInString(rest, state)
		kept += len(cluster)
	}
	return s[:kept]
}

// StripControl removes what is neither text nor line break: C0 and C1 controls, and the
// noncharacters that databases and XML parsers refuse. Broken UTF-8 becomes U+FFFD. Joiners stay, because
// emoji families and Persian need them.
func StripControl(s string) string {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	return strings.Map(func(r rune) rune {
		if isControl(r) {
			return -1
		}
		return r
	}, s)
}

func isControl(r rune) bool {
	switch {
	case r == '\n' || r == '\t' || r == '\r' || r == 0x85:
		return false
	case r < 0x20 || r >= 0x7F && r <= 0x9F:
		return true
	case r >= 0xFDD0 && r <= 0xFDEF || r&0xFFFE == 0xFFFE:
		return true
	}
	return false
}

// isPlainASCII says whether bytes and graphemes are the same thing. A carriage return
// may join with a line feed, so it does not count as plain.
func isPlainASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf || s[i] == '\r' {
			return false
		}
	}
	return true
}

// IsWord tells whether a character is part of a word: between one that is and one that is not, words begin and end.
func IsWord(r rune) bool { return isWord(r) }

// isWord is [[:word:]] of the regular expressions that Mastodon uses.
func isWord(r rune) bool {
	if r < utf8.RuneSelf {
		return isASCIIAlnum(r) || r == '_'
	}
	return unicode.In(r, unicode.L, unicode.M, unicode.Nd, unicode.Pc)
}

// isAlpha is [[:alpha:]]: letters, letter numbers, and marks that stand for vowels.
func isAlpha(r rune) bool {
	if r < utf8.RuneSelf {
		return isASCIIAlpha(r)
	}
	return unicode.In(r, unicode.L, unicode.Nl, unicode.Other_Alphabetic)
}

func isAlnum(r rune) bool { return isAlpha(r) || unicode.Is(unicode.Nd, r) }

func isASCIIAlpha(r rune) bool { return 'a' <= r|0x20 && r|0x20 <= 'z' && r < utf8.RuneSelf }

func isDigit(r rune) bool { return '0' <= r && r <= '9' }

func isASCIIAlnum(r rune) bool { return isASCIIAlpha(r) || isDigit(r) }

func isSpace(r rune) bool { return unicode.IsSpace(r) }

// isDirectional matches the invisible marks that can turn a line of text around.
func isDirectional(r rune) bool {
	return r == 0x061C || r == 0x200E || r == 0x200F || r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069
}

// hidesText matches characters that have no business in an address, because they make
// it look like another one.
func hidesText(r rune) bool {
	return isDirectional(r) || isControl(r) || r == 0x200B || r == 0x2060 || r == 0xFEFF
}

// runeBefore is the character that ends at byte i, or 0 at the start.
func runeBefore(s string, i int) rune {
	if i <= 0 {
		return 0
	}
	r, _ := utf8.DecodeLastRuneInString(s[:i])
	return r
}

// runeAt is the character that starts at byte i and its size, or 0, 0 at the end.
func runeAt(s string, i int) (rune, int) {
	if i >= len(s) {
		return 0, 0
	}
	return utf8.DecodeRuneInString(s[i:])
}
