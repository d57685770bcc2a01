package frontdoor

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"

	"anancus/internal/kit/pages"
	"anancus/internal/kit/rest"
	"anancus/internal/kit/text"
	"anancus/internal/social/collections"
	"anancus/internal/social/settings"
	"anancus/internal/social/statuses"
	"anancus/internal/social/viewer"
)

//go:embed pages/*.html
var templates embed.FS

//go:embed words/*.json
var wordFiles embed.FS

//go:embed pages/visit.css
var style []byte

var stylePath = func() string {
	sum := sha256.Sum256(style)
	return "/assets/visit-" + base64.RawURLEncoding.EncodeToString(sum[:9]) + ".css"
}()

// visitors is what the pages for people without an account here are made of.
type visitors struct {
	set      *pages.Set
	statuses *statuses.Service

	collections *collections.Service
}

// OpenPages lets the room show pages to visitors; called once at assembly.
func (s *Service) OpenPages(p *pages.Pages, list *statuses.Service, recommended *collections.Service) {
	s.visitors = visitors{set: p.MustSet(templates, pages.MustWords(wordFiles, "words"), "pages"), statuses: list, collections: recommended}
}

// StylePath is where the pages' own style sheet is served; it changes with its content.
func (s *Service) StylePath() string { return stylePath }

// Style serves the style sheet at StylePath.
func (s *Service) Style(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(style) // the client went away: there is nobody to tell
}

// shell is what every page for visitors says around its content.
type shell struct {
	Style  string
	SignIn string
	SignUp string // "" while nobody may join
	Head   head
	// Embedded leaves out what stands around the content: it is shown inside another site's page.
	Embedded bool
}

// head is what a page tells programs that do not show it.
type head struct {
	Description string
	Canonical   string
	Kind        string // og:type
	Image       string
	Large       *shownFile // the picture of Image, when it is more than a face
	Published   string
	Author      string // their profile
	Alternate   string // the document behind the page
	Hidden      bool   // search engines are asked to leave it out
}

func (s *Service) shell(c *viewer.Call, h head) shell {
	lang := ""
	if asked := c.Query("lang"); asked != "" {
		lang = pages.Lang(c.R)
	}
	in := url.Values{"return_to": {c.R.URL.Path}}
	up := ""
	if lang != "" {
		in.Set("lang", lang)
		up = "?lang=" + lang
	}
	one := shell{Style: stylePath, SignIn: "/auth/sign_in?" + in.Encode(), Head: h}
	if s.settings.Now().Registrations != settings.Closed {
		one.SignUp = "/auth/sign_up" + up
	}
	return one
}

// here leads to a path of this site, in the language that was asked for.
func (s *Service) here(c *viewer.Call, path string, query ...string) string {
	q := url.Values{}
	for i := 0; i+1 < len(query); i += 2 {
		q.Set(query[i], query[i+1])
	}
	if c.Query("lang") != "" {
		q.Set("lang", pages.Lang(c.R))
	}
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

// text gives one of our texts in the visitor's language.
func (s *Service) text(c *viewer.Call, key string, args ...any) string {
	return s.visitors.set.Words().Text(pages.Lang(c.R), key, args...)
}

// page makes one of our pages.
func (s *Service) page(file, title string, data any) *page {
	one := s.visitors.set.Page(file, s.settings.Now().Title, title, data)
	one.Public = true
	return &page{shown: one}
}

// page is an answer that anyone may keep for a moment, and ask again whether it changed.
type page struct {
	shown *pages.Page
	links []string // of the Link header
	frame bool     // other sites may show it inside theirs
}

// cachePage is how long a page may be kept: short, so that what was deleted is soon gone everywhere.
const cachePage = "public, max-age=15, stale-while-revalidate=30"

// Write sends the page. Pictures, films and sounds may come from other servers; nothing else may.
func (p *page) Write(w http.ResponseWriter, r *http.Request) {
	kept := &keptPage{header: w.Header(), code: http.StatusOK}
	p.shown.Write(kept, r)
	h := w.Header()
	h.Set("Content-Security-Policy", pages.ShowingFrom(h.Get("Content-Security-Policy"), "https:"))
	if p.frame {
		h.Set("Content-Security-Policy", strings.Replace(h.Get("Content-Security-Policy"), "frame-ancestors 'none'", "frame-ancestors *", 1))
		h.Del("X-Frame-Options")
	}
	if len(p.links) > 0 {
		h.Set("Link", strings.Join(p.links, ", "))
	}
	if p.shown.Public && kept.code == http.StatusOK {
		h.Add("Vary", "Accept") // pages add Accept-Language and Cookie, compression Accept-Encoding
		h.Set("Cache-Control", cachePage)
		sum := sha256.Sum256(kept.body.Bytes())
		tag := `W/"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
		h.Set("ETag", tag)
		if rest.SameTag(r.Header.Get("If-None-Match"), tag) {
			h.Del("Content-Length")
			h.Del("Content-Type")
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	w.WriteHeader(kept.code)
	_, _ = w.Write(kept.body.Bytes()) // the client went away: there is nobody to tell
}

// keptPage holds a rendered page back until its headers are known.
type keptPage struct {
	header http.Header
	code   int
	body   bytes.Buffer
}

func (k *keptPage) Header() http.Header         { return k.header }
func (k *keptPage) WriteHeader(code int)        { k.code = code }
func (k *keptPage) Write(b []byte) (int, error) { return k.body.Write(b) }

// excerpt is the beginning of a text, on one line.
func excerpt(source string, most int) string {
	line := strings.Join(strings.Fields(source), " ")
	if short := text.Truncate(line, most); short != line {
		return strings.TrimRight(short, " ") + "…"
	}
	return line
}
