package media

import (
	"bytes"
	stdhtml "html"
	"io"
	"mime"
	"net/url"
	"strings"
	"time"

	"golang.org/x/net/html"
	"golang.org/x/net/html/charset"

	"anancus/internal/kit/safehttp"
	"anancus/internal/kit/text"
)

// How much of what pages say is kept, in characters.
const (
	maxPreviewTitle = 500
	maxPreviewText  = 2000
	maxPreviewName  = 255
	maxMetaValue    = 8 << 10 // bytes
	maxScripts      = 20      // with JSON-LD
)

// page is what matters of an HTML page.
type page struct {
	title     string
	language  string
	meta      map[string]string // the first of each that is wanted
	canonical string
	oembed    [2]string // addresses, in JSON and in XML
	scripts   []string  // JSON-LD
}

// wanted are the properties of pages that are read; whatever else there is costs no memory.
var wanted = map[string]bool{
	"og:title": true, "og:description": true, "og:url": true, "og:site_name": true, "og:locale": true, "og:image": true, "og:image:url": true,
	"og:image:secure_url": true, "og:image:alt": true, "og:author": true, "og:author:username": true, "article:published_time": true, "article:author": true,
	"og:video:url": true, "og:video:secure_url": true, "og:video:type": true, "og:video:width": true, "og:video:height": true,
	"twitter:title": true, "twitter:description": true, "twitter:image": true, "twitter:image:alt": true, "twitter:player": true, "twitter:player:width": true,
	"twitter:player:height": true, "description": true, "author": true, "fediverse:creator": true,
}

// isPage tells whether a content type is one of HTML.
func isPage(kind string) bool {
	media, _, err := mime.ParseMediaType(kind)
	if err != nil { // a broken parameter, as they are found
		media, _, _ = strings.Cut(strings.ToLower(kind), ";")
		media = strings.TrimSpace(media)
	}
	return media == "text/html" || media == "application/xhtml+xml"
}

// parsePage reads a page, whatever its encoding, in one pass that builds no tree.
func parsePage(body []byte, kind string) *page {
	p := &page{meta: map[string]string{}}
	var source io.Reader = bytes.NewReader(body)
	if decoded, err := charset.NewReader(source, kind); err == nil {
		source = decoded
	}
	z := html.NewTokenizer(source)
	drawings := 0 // how deep within SVG, where titles are of shapes
	for {
		switch z.Next() {
		case html.ErrorToken:
			return p
		case html.EndTagToken:
			if name, _ := z.TagName(); string(name) == "svg" && drawings > 0 {
				drawings--
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			name, _ := z.TagName()
			switch string(name) {
			case "html":
				if p.language == "" {
					p.language = attributes(z, "lang")["lang"]
				}
			case "svg":
				drawings++
			case "title":
				if p.title == "" && drawings == 0 && z.Next() == html.TextToken {
					p.title = string(z.Text())
				}
			case "meta":
				p.readMeta(attributes(z, "property", "name", "itemprop", "content"))
			case "link":
				p.readLink(attributes(z, "rel", "href", "type"))
			case "script":
				kind := attributes(z, "type")["type"]
				if strings.EqualFold(strings.TrimSpace(kind), "application/ld+json") && len(p.scripts) < maxScripts && z.Next() == html.TextToken {
					p.scripts = append(p.scripts, string(z.Raw()))
				}
			}
		}
	}
}

// attributes gives some attributes of the tag that is read.
func attributes(z *html.Tokenizer, names ...string) map[string]string {
	found := map[string]string{}
	for more := true; more; {
		var key, value []byte
		key, value, more = z.TagAttr()
		for _, name := range names {
			if _, twice := found[name]; !twice && string(key) == name {
				found[name] = string(value[:min(len(value), maxMetaValue)])
			}
		}
	}
	return found
}

func (p *page) readMeta(a map[string]string) {
	for _, key := range []string{a["property"], a["name"], a["itemprop"]} {
		key = strings.ToLower(strings.TrimSpace(key))
		value := strings.TrimSpace(a["content"])
		if wanted[key] && value != "" && p.meta[key] == "" {
			p.meta[key] = value
		}
	}
}

func (p *page) readLink(a map[string]string) {
	href := strings.TrimSpace(a["href"])
	for _, rel := range strings.Fields(strings.ToLower(a["rel"])) {
		switch kind := strings.ToLower(a["type"]); {
		case rel == "canonical" && p.canonical == "":
			p.canonical = href
		case rel != "alternate":
		case strings.HasPrefix(kind, "application/json+oembed") && p.oembed[0] == "":
			p.oembed[0] = href
		case strings.HasPrefix(kind, "text/xml+oembed") && p.oembed[1] == "":
			p.oembed[1] = href
		}
	}
}

// first gives the first property that the page has.
func (p *page) first(names ...string) string {
	for _, name := range names {
		if value := p.meta[name]; value != "" {
			return value
		}
	}
	return ""
}

// leadsTo gives the address that the page calls its own, where that is of the same site.
func (p *page) leadsTo(base *url.URL) (string, bool) {
	for _, address := range []string{p.canonical, p.meta["og:url"]} {
		at, err := safehttp.ParseURL(webAddress(base, address))
		if err == nil && at.Host == base.Host && (at.Scheme == "https" || base.Scheme == "http") {
			return LinkAddress(at.String())
		}
	}
	return "", false
}

// preview gathers what a page at an address says: JSON-LD before OpenGraph before the rest.
func (p *page) preview(base *url.URL) Preview {
	ld := p.linkedData()
	v := Preview{Kind: kindLink,
		Title:            words(maxPreviewTitle, ld.headline, p.first("og:title", "twitter:title"), p.title),
		Description:      words(maxPreviewText, ld.description, p.first("og:description", "twitter:description", "description")),
		AuthorName:       words(maxPreviewName, ld.authorName, p.first("og:author", "og:author:username", "author")),
		AuthorURL:        webAddress(base, ld.authorURL, p.meta["article:author"]),
		ProviderName:     words(maxPreviewName, ld.publisher, p.meta["og:site_name"]),
		ImageURL:         webAddress(base, p.first("og:image:secure_url", "og:image", "og:image:url"), ld.image, p.meta["twitter:image"]),
		ImageDescription: words(maxPreviewText, p.first("og:image:alt", "twitter:image:alt")),
	}
	for _, code := range []string{ld.language, p.language, p.meta["og:locale"]} {
		if known, ok := text.Language(strings.TrimSpace(code)); ok && v.Language == "" {
			v.Language = known
		}
	}
	for _, at := range []string{ld.published, p.meta["article:published_time"]} {
		if when, ok := moment(at); ok && v.Published.IsZero() {
			v.Published = when
		}
	}
	player, width, height := webAddress(base, p.meta["twitter:player"]), p.meta["twitter:player:width"], p.meta["twitter:player:height"]
	if player == "" && strings.HasPrefix(p.meta["og:video:type"], "text/html") {
		player, width, height = webAddress(base, p.first("og:video:secure_url", "og:video:url")), p.meta["og:video:width"], p.meta["og:video:height"]
	}
	if player != "" {
		v.Kind, v.EmbedURL, v.EmbedWidth, v.EmbedHeight = kindVideo, player, pixels(width), pixels(height)
	}
	return v
}

// words gives the first text that says anything, on one line, as people read it.
func words(most int, sources ...string) string {
	for _, source := range sources {
		plain := strings.Map(func(r rune) rune {
			if r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069' || r == '\u200e' || r == '\u200f' { // what turns the direction of what follows
				return -1
			}
			return r
		}, text.StripControl(stdhtml.UnescapeString(source)))
		if line := strings.Join(strings.Fields(plain), " "); line != "" {
			return text.Truncate(line, most)
		}
	}
	return ""
}

// webAddress gives the first web address, which may be relative to that of a page; "" for none.
func webAddress(base *url.URL, sources ...string) string {
	for _, source := range sources {
		source = strings.TrimSpace(source)
		at, err := base.Parse(source)
		if source == "" || err != nil {
			continue
		}
		if at, err = safehttp.ParseURL(at.String()); err == nil {
			return at.String()
		}
	}
	return ""
}

// moment reads a time as pages write it.
func moment(source string) (time.Time, bool) {
	source = strings.TrimSpace(source)
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05-0700", "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05", "2006-01-02 15:04:05", time.DateOnly} {
		if at, err := time.Parse(layout, source); err == nil && at.Year() > 0 && at.Year() < 10_000 {
			return at.UTC(), true
		}
	}
	return time.Time{}, false
}
