package text

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// maxTagRunes keeps names inside what a database index can hold.
const maxTagRunes = 500

// ValidTag says whether name, without its sigil, is a hashtag as a whole.
func ValidTag(name string) bool {
	return name != "" && utf8.ValidString(name) &&
		spanTag(name, 0) == len(name) && utf8.RuneCountInString(name) <= maxTagRunes
}

// TagKey is the form under which differently written hashtags are the same: full-width
// letters made narrow, lower case, Latin accents folded. It is empty when nothing of the name remains.
func TagKey(name string) string {
	folded := strings.ToLower(norm.NFKC.String(name))
	return strings.Map(func(r rune) rune {
		if plain, ok := asciiFolds[r]; ok {
			return plain
		}
		// Thai tone marks are not alphabetic, but words differ by them.
		if isAlnum(r) || isTagSeparator(r) || r >= 0x0E47 && r <= 0x0E4E {
			return r
		}
		return -1
	}, folded)
}

// asciiFolds maps the accented Latin letters that Mastodon folds, and no others: ß, æ and
// œ keep their own tags.
var asciiFolds = foldTable(map[rune]string{
	'a': "àáâãäåāăą", 'c': "çćĉċč", 'd': "ðďđ", 'e': "èéêëēĕėęě", 'g': "ĝğġģ", 'h': "ĥħ",
	'i': "ìíîïĩīĭįı", 'j': "ĵ", 'k': "ķĸ", 'l': "ĺļľŀł", 'n': "ñńņňŉŋ", 'o': "òóôõöøōŏő",
	'r': "ŕŗř", 's': "śŝşšſ", 't': "ţťŧ", 'u': "ùúûüũūŭůűų", 'w': "ŵ", 'y': "ýÿŷ", 'z': "źżž",
})

func foldTable(letters map[rune]string) map[rune]rune {
	folds := map[rune]rune{}
	for plain, accented := range letters {
		for _, r := range accented {
			folds[r] = plain
		}
	}
	return folds
}

// hashtagAt reads a hashtag at byte i, where "#" or "＃" stands. It must begin the text or
// follow white space, so fragments of addresses and "C#" are left alone.
func hashtagAt(s string, i int) (Entity, bool) {
	if i > 0 && !isSpace(runeBefore(s, i)) {
		return Entity{}, false
	}
	_, sigil := runeAt(s, i)
	start := i + sigil
	end := spanTag(s, start)
	if end == start {
		return Entity{}, false
	}
	if strings.HasPrefix(s[end:], "://") {
		end = withoutScheme(s, start, end)
	}
	return Entity{Kind: Hashtag, Tag: s[start:end], End: end}, true
}

// withoutScheme gives "https" back when an address was glued to a hashtag.
func withoutScheme(s string, start, end int) int {
	for _, scheme := range []string{"https", "http"} {
		if rest, ok := strings.CutSuffix(s[start:end], scheme); ok && rest != "" {
			return start + len(rest)
		}
	}
	return end
}

// spanTag returns where the hashtag name that starts at byte i ends, or i when there is none.
//
// A name is either word characters and separators, beginning and ending with a word
// character and with a letter or separator strictly between, or word characters of which one
// is a letter.
func spanTag(s string, i int) int {
	var (
		wordsEnd  = -1    // where the leading run of word characters ends
		hasLetter = false // in that run
		end       = i     // after the last word character
		inner     = false // a letter or separator stands after the first character and before end
		pending   = false // … after the first character, and maybe not before end
	)
	at := i
	for at < len(s) {
		r, size := runeAt(s, at)
		word := isWord(r)
		if !word && (!isTagSeparator(r) || at == i) {
			break
		}
		if word {
			inner = inner || pending
			end = at + size
			hasLetter = hasLetter || wordsEnd < 0 && isAlpha(r)
		} else if wordsEnd < 0 {
			wordsEnd = at
		}
		if at > i && (isAlpha(r) || isTagSeparator(r)) {
			pending = true
		}
		at += size
	}
	if wordsEnd < 0 {
		wordsEnd = at
	}
	switch {
	case inner:
		return end
	case hasLetter:
		return wordsEnd
	}
	return i
}

// isTagSeparator matches what may stand inside a hashtag: underscore, the middle dots of
// Catalan and Japanese, and the non-joiner of Persian.
func isTagSeparator(r rune) bool {
	return r == '_' || r == '·' || r == '・' || r == '\u200C'
}
