package pages

import (
	"bytes"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"path"
	"strconv"
	"strings"
)

// Set is the pages of one room. Each file defines "main", and may define
// "head" and "foot"; the shell is put around them.
type Set struct {
	pages *Pages
	words Words
	files map[string]*template.Template
}

// partPrefix begins the names of files whose templates every page of a set may use.
const partPrefix = "part_"

// MustSet reads the pages of a room from a folder compiled into the program.
func (p *Pages) MustSet(files fs.FS, words Words, folder string) *Set {
	names, err := fs.Glob(files, path.Join(folder, "*.html"))
	if err != nil || len(names) == 0 {
		panic(fmt.Sprintf("no pages in %s: %v", folder, err))
	}
	base := template.Must(p.base.Clone())
	for _, name := range names {
		if strings.HasPrefix(path.Base(name), partPrefix) {
			template.Must(base.ParseFS(files, name))
		}
	}
	s := &Set{pages: p, words: words, files: map[string]*template.Template{}}
	for _, name := range names {
		if !strings.HasPrefix(path.Base(name), partPrefix) {
			page := template.Must(base.Clone())
			s.files[path.Base(name)] = template.Must(page.ParseFS(files, name))
		}
	}
	return s
}

// Words gives the texts of the room.
func (s *Set) Words() Words { return s.words }

// Page is one page to show. It is an answer of rest.
type Page struct {
	set        *Set
	file       string
	Code       int      // 0 means 200
	Title      string   // of the window
	Site       string   // the name of this server
	FormAction []string // where forms may lead beside ourselves
	Public     bool     // may be kept by caches; everything else is not
	Wide       bool     // room for more than a form
	Data       any
}

// Page makes a page from one of the set's files.
func (s *Set) Page(file, site, title string, data any) *Page {
	return &Page{set: s, file: file, Site: site, Title: title, Data: data}
}

// view is what templates see.
type view struct {
	Lang, Theme, Title, Site, CSS string
	Query                         string // "?lang=ja" when the language was asked for, to keep it
	Wide                          bool
	Data                          any
	words                         Words
}

// T gives a text in the reader's language.
func (v view) T(key string, args ...any) string { return v.words.Text(v.Lang, key, args...) }

// Has tells whether there is a text for key.
func (v view) Has(key string) bool { return v.words.Has(key) }

// Write renders the page; it is rendered whole before the first byte is sent.
func (p *Page) Write(w http.ResponseWriter, r *http.Request) {
	v := view{Lang: Lang(r), Theme: theme(r), Title: p.Title, Site: p.Site, CSS: p.set.pages.cssPath,
		Wide: p.Wide, Data: p.Data, words: p.set.words}
	if r.URL.Query().Get("lang") != "" {
		v.Query = "?lang=" + v.Lang
	}
	Secure(w.Header(), p.FormAction...)
	if p.set.pages.media != "" {
		w.Header().Set("Content-Security-Policy", ShowingFrom(CSP(p.FormAction...), p.set.pages.media))
	}
	var b bytes.Buffer
	if err := p.set.files[p.file].ExecuteTemplate(&b, "layout.html", v); err != nil {
		slog.ErrorContext(r.Context(), "page could not be rendered", "page", p.file, "error", err)
		http.Error(w, "This page could not be shown. The error was logged.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(b.Len()))
	w.Header().Add("Vary", "Accept-Language, Cookie")
	if !p.Public {
		w.Header().Set("Cache-Control", "private, no-store")
	}
	if p.Code != 0 {
		w.WriteHeader(p.Code)
	}
	_, _ = w.Write(b.Bytes()) // the client went away: there is nobody to tell
}
