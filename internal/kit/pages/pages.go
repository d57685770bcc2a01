// Package pages renders HTML on the server: the shell around every page, its
// style sheet, its language and theme, and the headers that keep it safe. The
// pages work without script, so that apps can open them in bare web views.
package pages

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"net/http"
	"regexp"
	"strings"
)

//go:embed layout.html
var shell embed.FS

//go:embed error/*.html
var errorPages embed.FS

//go:embed pages.css
var ownCSS string

// Pages holds the shell and its style sheet.
type Pages struct {
	base    *template.Template
	css     []byte
	cssPath string
	errors  *Set
	media   string // an origin beside ours from which pictures, films and sounds come; "" for none
}

// New makes the shell; tokensCSS holds the colours and sizes that the app uses too.
func New(tokensCSS string) *Pages {
	css := []byte(tokensCSS + systemThemes(tokensCSS) + ownCSS)
	sum := sha256.Sum256(css)
	p := &Pages{
		base:    template.Must(template.New("layout.html").ParseFS(shell, "layout.html")),
		css:     css,
		cssPath: "/assets/pages-" + base64.RawURLEncoding.EncodeToString(sum[:9]) + ".css",
	}
	p.errors = p.MustSet(errorPages, ownWords, "error")
	return p
}

// ShowFrom lets pages show pictures, films and sounds from another origin too.
func (p *Pages) ShowFrom(origin string) { p.media = origin }

// CSSPath is where the style sheet is served; it changes with its content.
func (p *Pages) CSSPath() string { return p.cssPath }

// CSS serves the style sheet at CSSPath.
func (p *Pages) CSS(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(p.css) // the client went away: there is nobody to tell
}

var themeBlock = regexp.MustCompile(`(?s)\[data-theme=([a-z-]+)\]\{([^}]*)\}`)

// systemThemes repeats the themes for people who chose none: the pages follow
// what the system asks for, without a script to look it up.
func systemThemes(tokensCSS string) string {
	queries := map[string]string{
		"dark":     "(prefers-color-scheme:dark)",
		"hc-light": "(prefers-contrast:more)",
		"hc-dark":  "(prefers-contrast:more) and (prefers-color-scheme:dark)",
	}
	blocks := map[string]string{}
	for _, m := range themeBlock.FindAllStringSubmatch(tokensCSS, -1) {
		blocks[m[1]] += m[2]
	}
	var b strings.Builder
	for _, name := range []string{"dark", "hc-light", "hc-dark"} {
		if block := blocks[name]; block != "" {
			fmt.Fprintf(&b, "@media %s{:root:not([data-theme]){%s}}\n", queries[name], block)
		}
	}
	return b.String()
}

var themes = map[string]bool{"light": true, "dark": true, "hc-light": true, "hc-dark": true}

// ThemeCookie holds the theme that somebody chose.
const ThemeCookie = "anancus_theme"

// theme is what the reader chose, "" to follow the system.
func theme(r *http.Request) string {
	if c, err := r.Cookie(ThemeCookie); err == nil && themes[c.Value] {
		return c.Value
	}
	return ""
}
