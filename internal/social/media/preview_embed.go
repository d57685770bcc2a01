package media

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"html"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	xhtml "golang.org/x/net/html"
	"golang.org/x/net/html/charset"

	"anancus/internal/kit/safehttp"
)

// maxSide bounds what pages say of the size of their players, in pixels.
const maxSide = 4096

// provider is a site whose pages are long, or hidden from programs, and whose oEmbed is known.
type provider struct {
	hosts    []string
	endpoint string
}

var providers = []provider{
	{[]string{"youtube.com", "www.youtube.com", "m.youtube.com", "music.youtube.com", "youtu.be"}, "https://www.youtube.com/oembed"},
	{[]string{"vimeo.com", "www.vimeo.com"}, "https://vimeo.com/api/oembed.json"},
	{[]string{"www.dailymotion.com", "dailymotion.com", "dai.ly"}, "https://www.dailymotion.com/services/oembed"},
}

func providerOf(at *url.URL) *provider {
	for i := range providers {
		if slices.Contains(providers[i].hosts, at.Hostname()) {
			return &providers[i]
		}
	}
	return nil
}

// oembed is what a provider says of one of its pages.
type oembed struct {
	kind, title, html, url, thumbnail                string
	authorName, authorURL, providerName, providerURL string
	width, height                                    int
}

// addEmbedded adds what the oEmbed of a page says, which goes before what the page says itself. What cannot be had changes nothing.
func (s *Service) addEmbedded(ctx context.Context, v *Preview, from *page, of *provider, base *url.URL) error {
	asked := []string{webAddress(base, from.oembed[0]), webAddress(base, from.oembed[1])}
	if of != nil && asked[0] == "" && asked[1] == "" {
		asked[0] = of.endpoint + "?" + url.Values{"url": {base.String()}, "format": {"json"}}.Encode()
	}
	for i, address := range asked {
		if address == "" {
			continue
		}
		e, err := s.askEmbedded(ctx, address, i == 1)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err == nil && e != nil {
			e.addTo(v, base)
			return nil
		}
	}
	return nil
}

// askEmbedded asks an endpoint of oEmbed. nil for an answer that tells nothing.
func (s *Service) askEmbedded(ctx context.Context, address string, isXML bool) (*oembed, error) {
	at, err := s.reachable(ctx, address)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, at.String(), nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "application/json, text/xml;q=0.9")
	answer, err := s.remote.Do(ctx, request, safehttp.Limits{MaxBody: maxPage, Timeout: oembedWithin})
	if err != nil {
		return nil, err
	}
	if err := refusedBy(answer.Status); err != nil {
		return nil, err
	}
	if isXML {
		return parseEmbeddedXML(answer.Body), nil
	}
	return parseEmbedded(answer.Body), nil
}

// parseEmbedded reads oEmbed in JSON, where numbers may be texts.
func parseEmbedded(body []byte) *oembed {
	var all map[string]any
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if d.Decode(&all) != nil {
		return nil
	}
	return embeddedOf(func(name string) string {
		switch v := all[name].(type) {
		case string:
			return v
		case json.Number:
			return v.String()
		}
		return ""
	})
}

// parseEmbeddedXML reads oEmbed in XML: one element of texts.
func parseEmbeddedXML(body []byte) *oembed {
	var all struct {
		Fields []struct {
			XMLName xml.Name
			Text    string `xml:",chardata"`
		} `xml:",any"`
	}
	d := xml.NewDecoder(bytes.NewReader(body))
	d.CharsetReader = func(label string, from io.Reader) (io.Reader, error) { return charset.NewReaderLabel(label, from) }
	if d.Decode(&all) != nil {
		return nil
	}
	return embeddedOf(func(name string) string {
		for _, field := range all.Fields {
			if field.XMLName.Local == name {
				return field.Text
			}
		}
		return ""
	})
}

// embeddedOf gathers the fields of oEmbed; nil for a version or a kind that there is none of. What is rich brings scripts, and is left.
func embeddedOf(get func(name string) string) *oembed {
	e := &oembed{kind: get("type"), title: get("title"), html: get("html"), url: get("url"), thumbnail: get("thumbnail_url"), authorName: get("author_name"),
		authorURL: get("author_url"), providerName: get("provider_name"), providerURL: get("provider_url"), width: pixels(get("width")), height: pixels(get("height"))}
	if version, _, _ := strings.Cut(get("version"), "."); version != "1" || !slices.Contains([]string{kindLink, kindPhoto, kindVideo}, e.kind) {
		return nil
	}
	return e
}

func (e *oembed) addTo(v *Preview, base *url.URL) {
	set := func(field *string, value string) {
		if value != "" {
			*field = value
		}
	}
	set(&v.Title, words(maxPreviewTitle, e.title))
	set(&v.AuthorName, words(maxPreviewName, e.authorName))
	set(&v.AuthorURL, webAddress(base, e.authorURL))
	set(&v.ProviderName, words(maxPreviewName, e.providerName))
	set(&v.ProviderURL, webAddress(base, e.providerURL))
	set(&v.ImageURL, webAddress(base, e.thumbnail))
	switch e.kind {
	case kindPhoto:
		if at := webAddress(base, e.url); at != "" {
			v.Kind, v.ImageURL, v.EmbedURL = kindPhoto, at, ""
		}
	case kindVideo:
		if at := webAddress(base, frameIn(e.html)); at != "" {
			v.Kind, v.EmbedURL, v.EmbedWidth, v.EmbedHeight = kindVideo, at, e.width, e.height
		}
	}
}

// frameIn gives the address of the first frame in some HTML. All else of it is never used.
func frameIn(source string) string {
	z := xhtml.NewTokenizer(strings.NewReader(source))
	for {
		switch z.Next() {
		case xhtml.ErrorToken:
			return ""
		case xhtml.StartTagToken, xhtml.SelfClosingTagToken:
			if name, _ := z.TagName(); string(name) == "iframe" {
				if src := attributes(z, "src")["src"]; src != "" {
					return src
				}
			}
		}
	}
}

// pixels reads a length.
func pixels(source string) int {
	n, err := strconv.ParseFloat(strings.TrimSpace(source), 64)
	if err != nil || n < 1 || n > maxSide {
		return 0
	}
	return int(n)
}

// player is the frame in which a video is shown; "" where keepers do not let its site be shown in frames. Of what the page brought only
// the address is used.
func (s *Service) player(p *Preview) string {
	if !s.mayFrame(p.EmbedURL) {
		return ""
	}
	width, height := p.EmbedWidth, p.EmbedHeight
	if width == 0 || height == 0 {
		width, height = 640, 360
	}
	return `<iframe src="` + html.EscapeString(p.EmbedURL) + `" width="` + strconv.Itoa(width) + `" height="` + strconv.Itoa(height) +
		`" allowfullscreen="allowfullscreen" referrerpolicy="strict-origin" sandbox="allow-scripts allow-same-origin allow-popups allow-popups-to-escape-sandbox"></iframe>`
}

// mayFrame tells whether a page may be shown in a frame: over https, from a host that keepers named, and never from here.
func (s *Service) mayFrame(address string) bool {
	u, err := safehttp.ParseURL(address)
	if err != nil || u.Scheme != "https" || u.Port() != "" {
		return false
	}
	for _, own := range []string{s.site.Domain, s.site.WebDomain, s.site.MediaHost} {
		if host, _, err := net.SplitHostPort(own); err == nil {
			own = host
		}
		if strings.EqualFold(u.Hostname(), own) {
			return false
		}
	}
	return slices.Contains(s.settings.Now().FrameHosts(), u.Hostname())
}
