package text

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// Links says where mentions and hashtags lead. A nil function links nothing.
type Links struct {
	// Mention finds an account. Shown is the name after the "@": the bare username, or with
	// its domain where two of the same name meet. A mention of nobody we know stays text.
	Mention func(username, domain string) (url, shown string, ok bool)
	// Tag returns the address of a hashtag's page. A tag with an empty address stays text.
	Tag func(name string) string
}

// Render turns what someone wrote, in a post or a biography, into the HTML that other servers and
// clients expect: paragraphs, line breaks, and links in Mastodon's mark-up. Everything else is escaped.
func Render(source string, links Links) string {
	html := renderInline(source, links, relLink)
	if html == "" {
		return ""
	}
	var b strings.Builder
	for paragraph := range strings.SplitSeq(strings.Trim(html, "\n"), "\n\n") {
		// A run of three or more line breaks is still one gap between paragraphs.
		if paragraph = strings.Trim(paragraph, "\n"); paragraph != "" {
			b.WriteString("<p>" + strings.ReplaceAll(paragraph, "\n", "<br />") + "</p>")
		}
	}
	return b.String()
}

// RenderField renders the value of a profile field: one line, whose links claim to be
// another page of the same person.
func RenderField(value string, links Links) string {
	return renderInline(value, links, relMe)
}

// RenderQuote is the line that stands before a post that quotes another, for readers whose
// software does not know quotes.
func RenderQuote(address string) string {
	var b strings.Builder
	b.WriteString(`<p class="quote-inline">RE: `)
	writeLink(&b, StripControl(address), relLink)
	b.WriteString("</p>")
	return b.String()
}

// EscapeHTML escapes text for use between tags and in quoted attributes.
func EscapeHTML(s string) string { return htmlEscaper.Replace(s) }

var (
	htmlEscaper  = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&#39;")
	newlineFixer = strings.NewReplacer("\r\n", "\n", "\r", "\n")
)

const (
	relLink = "nofollow noopener"
	relMe   = "nofollow noopener me"

	shownRunes = 30 // of an address, before the rest is hidden
)

func renderInline(source string, links Links, rel string) string {
	source = newlineFixer.Replace(StripControl(source))
	if blank(source) {
		return ""
	}
	var b strings.Builder
	last := 0
	for _, e := range Scan(source) {
		htmlEscaper.WriteString(&b, source[last:e.Start])
		writeEntity(&b, e, links, rel)
		last = e.End
	}
	htmlEscaper.WriteString(&b, source[last:])
	return b.String()
}

func writeEntity(b *strings.Builder, e Entity, links Links, rel string) {
	switch {
	case e.Kind == Link:
		writeLink(b, e.URL, rel)
		return
	case e.Kind == Mention && links.Mention != nil:
		if to, shown, ok := links.Mention(e.Username, e.Domain); ok {
			b.WriteString(`<span class="h-card" translate="no"><a href="` + EscapeHTML(to) +
				`" class="u-url mention">@<span>` + EscapeHTML(shown) + `</span></a></span>`)
			return
		}
	case e.Kind == Hashtag && links.Tag != nil:
		if to := links.Tag(e.Tag); to != "" {
			b.WriteString(`<a href="` + EscapeHTML(to) + `" class="mention hashtag" rel="tag">#<span>` +
				EscapeHTML(e.Tag) + `</span></a>`)
			return
		}
	}
	htmlEscaper.WriteString(b, e.Text)
}

// writeLink shows the host and the start of the path, and hides scheme and rest by class,
// so that copying still gives the whole address.
func writeLink(b *strings.Builder, address, rel string) {
	if !linkable(address) {
		htmlEscaper.WriteString(b, address)
		return
	}
	prefix := hiddenPrefix(address)
	shown, rest := cutRunes(address[len(prefix):], shownRunes)
	class := ""
	switch {
	case utf8.RuneCountInString(rest) == 1: // an ellipsis would be as long
		shown, rest = shown+rest, ""
	case rest != "":
		class = "ellipsis"
	}
	b.WriteString(`<a href="` + EscapeHTML(address) + `" target="_blank" rel="` + rel + `" translate="no">` +
		`<span class="invisible">` + EscapeHTML(prefix) + `</span>` +
		`<span class="` + class + `">` + EscapeHTML(shown) + `</span>` +
		`<span class="invisible">` + EscapeHTML(rest) + `</span></a>`)
}

// linkable refuses what no browser could open, such as a port beyond 65535.
func linkable(address string) bool {
	if !allowedScheme(address) {
		return false
	}
	_, rest, found := strings.Cut(address, "://")
	if !found {
		return true
	}
	host := rest
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		host = rest[:end]
	}
	colon := strings.LastIndexByte(host, ':')
	if colon < 0 {
		return true
	}
	_, err := strconv.ParseUint(host[colon+1:], 10, 16)
	return err == nil
}

func hiddenPrefix(address string) string {
	for _, prefix := range []string{"https://www.", "http://www.", "https://", "http://", "xmpp:"} {
		if strings.HasPrefix(address, prefix) {
			return prefix
		}
	}
	return ""
}

func cutRunes(s string, n int) (head, tail string) {
	for i := range s {
		if n == 0 {
			return s[:i], s[i:]
		}
		n--
	}
	return s, ""
}
