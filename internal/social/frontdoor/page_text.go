package frontdoor

import (
	"html"
	"html/template"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"anancus/internal/kit/pages"
	"anancus/internal/kit/text"
	"anancus/internal/protocol/mastodon"
	"anancus/internal/social/viewer"
)

// number writes n in groups of three, as both our languages do.
func number(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// amount says how many there are of something, such as "1,024 boosts".
func (s *Service) amount(c *viewer.Call, key string, n int64) string {
	if n == 1 {
		return s.text(c, key+".one", number(n))
	}
	return s.text(c, key+".other", number(n))
}

// moment is a time as programs and as people read it.
type moment struct {
	Machine string
	Long    string // with the hour, in UTC
	Short   string // the day
}

func momentOf(c *viewer.Call, at time.Time) moment {
	at = at.UTC()
	m := moment{Machine: at.Format("2006-01-02T15:04:05Z07:00"), Long: at.Format("2 Jan 2006, 15:04") + " UTC", Short: at.Format("2 Jan 2006")}
	if pages.Lang(c.R) == "ja" {
		m.Long, m.Short = at.Format("2006年1月2日 15:04")+" UTC", at.Format("2006年1月2日")
	}
	return m
}

// momentIn reads a time of the API.
func momentIn(c *viewer.Call, stamp string) moment {
	at, err := time.Parse(time.RFC3339, stamp)
	if err != nil {
		return moment{}
	}
	return momentOf(c, at)
}

// emojified puts pictures for the shortcodes of a text, which is not HTML yet.
func emojified(plain string, emojis []mastodon.CustomEmoji) template.HTML {
	return emojifiedHTML(html.EscapeString(plain), emojis)
}

// emojifiedHTML puts pictures for the shortcodes in the text of safe HTML; tags are left as they are.
func emojifiedHTML(safe string, emojis []mastodon.CustomEmoji) template.HTML {
	pictures := map[string]string{}
	for _, e := range emojis {
		if isWeb(e.URL) {
			pictures[e.Shortcode] = emojiPicture(e)
		}
	}
	if len(pictures) == 0 {
		return template.HTML(safe) //nolint:gosec // sanitised when it was stored, or escaped just now
	}
	var b strings.Builder
	for safe != "" {
		words, tag := safe, ""
		if i := strings.IndexByte(safe, '<'); i >= 0 {
			words, tag = safe[:i], safe[i:]
			if j := strings.IndexByte(tag, '>'); j >= 0 {
				tag = tag[:j+1]
			}
		}
		safe = safe[len(words)+len(tag):]
		for _, code := range text.EmojiCodes(words) {
			if picture, ok := pictures[code]; ok {
				words = replaceAlone(words, ":"+code+":", picture)
			}
		}
		b.WriteString(words)
		b.WriteString(tag)
	}
	return template.HTML(b.String()) //nolint:gosec // safe HTML with pictures whose attributes are escaped
}

func isWeb(address string) bool {
	return strings.HasPrefix(address, "https://") || strings.HasPrefix(address, "http://")
}

// emojiPicture is what stands for a shortcode; for those who want nothing to move it is still.
func emojiPicture(e mastodon.CustomEmoji) string {
	name := ":" + html.EscapeString(e.Shortcode) + ":"
	picture := `<img class="emoji" src="` + html.EscapeString(e.URL) + `" alt="` + name + `" title="` + name + `" loading="lazy">`
	if isWeb(e.StaticURL) && e.StaticURL != e.URL {
		picture = `<picture><source media="(prefers-reduced-motion: reduce)" srcset="` + html.EscapeString(e.StaticURL) + `">` + picture + `</picture>`
	}
	return picture
}

// replaceAlone replaces what does not touch letters, digits or colons: text.EmojiCodes tells that it
// is there alone at least once.
func replaceAlone(in, what, by string) string {
	var b strings.Builder
	before := ' '
	for {
		i := strings.Index(in, what)
		if i < 0 {
			b.WriteString(in)
			return b.String()
		}
		if i > 0 {
			before, _ = utf8.DecodeLastRuneInString(in[:i])
		}
		b.WriteString(in[:i])
		in = in[i+len(what):]
		if after, _ := utf8.DecodeRuneInString(in); touches(before) || touches(after) {
			b.WriteString(what)
		} else {
			b.WriteString(by)
		}
		before = ':'
	}
}

func touches(r rune) bool { return r == ':' || unicode.IsLetter(r) || unicode.IsDigit(r) }
