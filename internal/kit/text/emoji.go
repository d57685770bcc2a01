package text

// EmojiCodes lists the shortcodes of custom emoji in s, each once, in order of appearance.
// A shortcode stands alone: "a:b:" and "::b::" hold none, so clock times are safe.
func EmojiCodes(s string) []string {
	var codes []string
	seen := map[string]bool{}
	for i := 0; i < len(s); {
		if s[i] != ':' {
			i++
			continue
		}
		end := spanWhile(s, i+1, isUsernameRune)
		if end-i > 2 && end < len(s) && s[end] == ':' && standsAlone(s, i, end+1) {
			if code := s[i+1 : end]; !seen[code] {
				seen[code] = true
				codes = append(codes, code)
			}
			end++
		}
		i = end
	}
	return codes
}

func standsAlone(s string, start, end int) bool {
	before := runeBefore(s, start)
	after, _ := runeAt(s, end)
	return !isAlnum(before) && before != ':' && !isAlnum(after) && after != ':'
}
