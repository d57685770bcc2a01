package text

import (
	"strings"

	"golang.org/x/net/html"
)

const (
	shieldOpen  = `<span translate="no">`
	shieldClose = `</span>`
)

// ShieldEmoji marks the shortcodes in HTML as not to be translated; Unshield takes the marks away again.
func ShieldEmoji(source string) string {
	if !strings.Contains(source, ":") {
		return source
	}
	var out strings.Builder
	z := html.NewTokenizer(strings.NewReader(source))
	for kind := z.Next(); kind != html.ErrorToken; kind = z.Next() {
		shown := string(z.Raw())
		if kind == html.TextToken {
			for _, code := range EmojiCodes(shown) {
				shown = strings.ReplaceAll(shown, ":"+code+":", shieldOpen+":"+code+":"+shieldClose)
			}
		}
		out.WriteString(shown)
	}
	return out.String()
}

// Unshield takes away the marks around these shortcodes.
func Unshield(source string, codes []string) string {
	for _, code := range codes {
		source = strings.ReplaceAll(source, shieldOpen+":"+code+":"+shieldClose, ":"+code+":")
	}
	return source
}
