package text

import "strings"

// mentionAt reads "@user" or "@user@domain" at byte i.
//
// What stands before the "@" must not be part of a word, a path or a query, so addresses
// such as a@b.c and https://social.example/@a are left alone.
func mentionAt(s string, i int) (Entity, bool) {
	if before := runeBefore(s, i); i > 0 && (isWord(before) || before == '/' || before == '=') {
		return Entity{}, false
	}
	userEnd := spanDotted(s, i+1, isUsernameRune)
	if userEnd == i+1 {
		return Entity{}, false
	}
	e := Entity{Kind: Mention, Username: s[i+1 : userEnd], End: userEnd}
	if strings.HasPrefix(s[userEnd:], "@") {
		if end := spanDotted(s, userEnd+1, isWord); end > userEnd+1 {
			e.End = spanPort(s, end)
			e.Domain = s[userEnd+1 : e.End]
		}
	}
	if cannotEndMention(s[e.End:]) {
		return Entity{}, false
	}
	return e, true
}

func isUsernameRune(r rune) bool { return isASCIIAlnum(r) || r == '_' }

// spanDotted reads words joined by dots and hyphens from byte i, and returns the end of the
// last word: a full stop after a name belongs to the sentence.
func spanDotted(s string, i int, word func(rune) bool) int {
	end := i
	for at := i; at < len(s); {
		r, size := runeAt(s, at)
		switch {
		case word(r):
			end = at + size
		case (r == '.' || r == '-') && end > i:
		default:
			return end
		}
		at += size
	}
	return end
}

// spanPort extends a domain that ends at byte i by ":port", as test servers on one machine
// need it. A colon that introduces something else stays outside.
func spanPort(s string, i int) int {
	if i >= len(s) || s[i] != ':' {
		return i
	}
	end := i + 1
	for end < len(s) && isDigit(rune(s[end])) {
		end++
	}
	next, _ := runeAt(s, end)
	if end == i+1 || end > i+6 || isWord(next) {
		return i
	}
	return end
}

// cannotEndMention refuses names that go on in a way no username does.
func cannotEndMention(rest string) bool {
	r, _ := runeAt(rest, 0)
	return r == '@' || r == '＠' || isLatinAccent(r) || strings.HasPrefix(rest, "://")
}

// isLatinAccent matches the accented Latin letters that would make "@alic" out of "@alicé".
func isLatinAccent(r rune) bool {
	switch {
	case r >= 0xC0 && r <= 0x24F:
		return r != 0xD7 && r != 0xF7
	case r >= 0x300 && r <= 0x36F, r >= 0x1E00 && r <= 0x1EFF:
		return true
	}
	return strings.ContainsRune("ɓɔɖɗəɛɣɨɯɲʉʋʻ", r)
}
