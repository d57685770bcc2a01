package server

import (
	"bytes"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"slices"
	"strings"

	"anancus/internal/kit/fault"
	"anancus/internal/kit/rest"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/social/streaming"
	"anancus/internal/social/viewer"

	"github.com/klauspost/compress/gzhttp"
)

// webApp is the browser app as it was built into the program.
type webApp struct {
	files fs.FS
	index []byte // nil when the app was not built
}

func newApp(files fs.FS) *webApp {
	index, err := fs.ReadFile(files, "index.html")
	if err != nil {
		index = nil // a program built without Node serves everything but the app, and says how to build it
	}
	return &webApp{files, index}
}

// appPolicy lets the app do what it does and nothing more: no inline script, pictures from other servers.
const appPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' https: data: blob:; media-src 'self' https: blob:; " +
	"connect-src 'self'; font-src 'self'; manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// appPaths are the app's own addresses; any other path that nobody serves is not found.
var appPaths = []string{"/home", "/public", "/public/local", "/bookmarks", "/favourites", "/notifications", "/follow_requests", "/search",
	"/menu", "/authorize_interaction", "/settings/notifications"}

func isAppPath(p string) bool {
	return slices.Contains(appPaths, strings.TrimSuffix(p, "/"))
}

// gzipLevel is a third of the work of the usual level, for pages that become a tenth longer; who takes zstd gets the shorter ones for as little.
const gzipLevel = 3

// newHandler joins the table of routes, the pages and the files behind one door.
func (s *Server) newHandler() http.Handler {
	mux := http.NewServeMux()
	s.mount(mux, s.routes())
	mux.HandleFunc("GET "+s.pages.CSSPath(), s.pages.CSS)
	mux.HandleFunc("GET "+s.frontdoor.StylePath(), s.frontdoor.Style)
	mux.HandleFunc("GET "+streaming.Base+"/", s.serve(route{method: "GET", path: streaming.Base + "/", door: stream, do: s.streaming.Stream})) // refuses by name what it does not know
	mux.HandleFunc("GET /assets/", s.asset)
	mux.HandleFunc("/", s.elsewhere)
	squeeze, err := gzhttp.NewWrapper(gzhttp.MinSize(1024), gzhttp.EnableZstd(true), gzhttp.PreferZstd(true), gzhttp.CompressionLevel(gzipLevel))
	if err != nil {
		panic(err) // the options are constants
	}
	front := &rest.Door{Log: s.log, Proxies: rest.Proxies(s.config.TrustedProxies)}
	return front.Wrap(unlessFlowing(squeeze, s.hosts(withoutSlash(mux))))
}

// hosts keeps the host of files apart: there are files and nothing else, for nobody in particular.
func (s *Server) hosts(main http.Handler) http.Handler {
	if s.site.MediaHost == "" {
		return main
	}
	files := http.NewServeMux()
	for _, r := range s.fileRoutes() {
		r.door = peer
		files.HandleFunc(r.method+" "+r.path, s.serve(r))
	}
	files.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		s.fail(w, r, peer, fault.New(fault.NotFound, "Not Found"))
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.site.AtMediaHost(r.Host) {
			files.ServeHTTP(w, r)
			return
		}
		main.ServeHTTP(w, r)
	})
}

// unlessFlowing puts a wrapper around everything but streams, whose events must not wait for more to be squeezed together, and files, which
// are compressed already and asked for in parts.
func unlessFlowing(wrap func(http.Handler) http.HandlerFunc, next http.Handler) http.Handler {
	wrapped := wrap(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p := r.URL.Path
		if p == streaming.Base || strings.HasPrefix(p, streaming.Base+"/") || strings.HasPrefix(p, "/files/") || strings.HasPrefix(p, "/media_proxy/") {
			next.ServeHTTP(w, r)
			return
		}
		wrapped(w, r)
	})
}

// withoutSlash reads a client's address that ends in a slash as the one without: to Mastodon the two are the same, and some
// clients (toot) write the longer one.
func withoutSlash(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sent := r.URL.EscapedPath() // where a slash within an id is none
		if strings.HasSuffix(sent, "/") && !strings.HasSuffix(sent, "//") && (strings.HasPrefix(sent, "/api/") || strings.HasPrefix(sent, "/oauth/")) {
			shorter := *r.URL
			shorter.Path, shorter.RawPath = strings.TrimSuffix(r.URL.Path, "/"), strings.TrimSuffix(r.URL.RawPath, "/")
			r = r.WithContext(r.Context())
			r.URL = &shorter
		}
		next.ServeHTTP(w, r)
	})
}

// elsewhere serves what is no route: pages about people, the app, files at the root, or nothing.
func (s *Server) elsewhere(w http.ResponseWriter, r *http.Request) {
	p := r.URL.Path
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		if p == "/" || strings.HasPrefix(p, "/@") || isAppPath(p) {
			wrongMethod(w, "GET")
			return
		}
		s.unknown(w, r)
		return
	}
	switch {
	case strings.HasPrefix(p, "/@"):
		s.person(w, r)
	case strings.HasPrefix(p, "/collections/"):
		s.collection(w, r)
	case strings.HasPrefix(p, "/tags/"):
		s.visit(w, r, func(c *viewer.Call) (any, error) { return s.frontdoor.TagPage(c, strings.TrimPrefix(p, "/tags/")) })
	case p == "/about":
		s.show(w, r, s.frontdoor.AboutPage)
	case p == "/privacy-policy":
		s.show(w, r, s.frontdoor.PrivacyPage)
	case p == "/terms-of-service" || strings.HasPrefix(p, "/terms-of-service/"):
		of := strings.Trim(strings.TrimPrefix(p, "/terms-of-service"), "/")
		s.show(w, r, func(c *viewer.Call) (any, error) { return s.frontdoor.TermsPage(c, of) })
	case p == "/":
		s.home(w, r)
	case isAppPath(p):
		s.serveApp(w, r)
	case p == "/avatars/missing.svg" || p == "/headers/missing.svg":
		s.missingPicture(w, r)
	case p == "/"+workerName:
		s.worker(w, r)
	case strings.Count(p, "/") == 1 && s.file(w, r, p[1:]):
	default:
		s.unknown(w, r)
	}
}

// home is the app for everybody; before the first owner exists, it leads to the set-up page.
func (s *Server) home(w http.ResponseWriter, r *http.Request) {
	needed, err := s.access.NeedsSetup(r.Context())
	if err != nil {
		s.fail(w, r, page, err)
		return
	}
	switch {
	case needed:
		http.Redirect(w, r, "/auth/setup", http.StatusFound)
	case s.app.index == nil:
		s.show(w, r, s.frontdoor.WelcomePage)
	default:
		s.serveApp(w, r)
	}
}

// person serves /@name, /@name/…, by what is asked for: a document for servers, the app for members, a page for visitors.
func (s *Server) person(w http.ResponseWriter, r *http.Request) {
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	name := strings.TrimPrefix(parts[0], "@")
	r.SetPathValue("username", name)
	if len(parts) == 2 {
		r.SetPathValue("status", parts[1])
	}
	if len(parts) <= 2 && !strings.Contains(name, "@") && activitypub.WantsActivity(r.Header.Get("Accept")) {
		do := s.accounts.ActorDocument
		if len(parts) == 2 {
			do = s.statuses.StatusDocument
		}
		s.serve(route{door: document, do: do})(w, r)
		return
	}
	if len(parts) == 3 && parts[2] == "embed" && !strings.Contains(name, "@") {
		if s.closedPage(w, r, viewer.Viewer{}) {
			return
		}
		s.show(w, r, func(c *viewer.Call) (any, error) { return s.frontdoor.EmbedPage(c, name, parts[1]) })
		return
	}
	s.visit(w, r, func(c *viewer.Call) (any, error) {
		switch {
		case len(parts) == 1:
			return s.frontdoor.ProfilePage(c, name, false)
		case len(parts) == 2 && parts[1] == "with_replies":
			return s.frontdoor.ProfilePage(c, name, true)
		case len(parts) == 2 && (parts[1] == "followers" || parts[1] == "following" || parts[1] == "media"):
			return rest.Redirect{To: "/@" + name}, nil
		case len(parts) == 2:
			return s.frontdoor.StatusPage(c, name, parts[1])
		}
		return nil, fault.RecordNotFound()
	})
}

// collection serves /collections/NUMBER likewise.
func (s *Server) collection(w http.ResponseWriter, r *http.Request) {
	number := strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, "/collections/"), "/")
	if activitypub.WantsActivity(r.Header.Get("Accept")) {
		r.SetPathValue("collection", number)
		s.serve(route{door: document, do: s.collections.PageDocument})(w, r)
		return
	}
	s.visit(w, r, func(c *viewer.Call) (any, error) { return s.frontdoor.CollectionPage(c, number) })
}

// actorOrPage serves an actor's own address: the document to servers, the way to the page to people.
func (s *Server) actorOrPage(c *viewer.Call) (any, error) {
	if activitypub.WantsActivity(c.R.Header.Get("Accept")) || !acceptsHTML(c.R) {
		if err := s.admitReader(c); err != nil {
			return nil, err
		}
		return s.accounts.ActorDocument(c)
	}
	a, err := s.accounts.LocalOf(c)
	if err != nil {
		return nil, err
	}
	return rest.Redirect{To: a.URL}, nil
}

// statusOrPage serves a status's own address likewise.
func (s *Server) statusOrPage(c *viewer.Call) (any, error) {
	if activitypub.WantsActivity(c.R.Header.Get("Accept")) || !acceptsHTML(c.R) {
		if err := s.admitReader(c); err != nil {
			return nil, err
		}
		return s.statuses.StatusDocument(c)
	}
	a, err := s.accounts.LocalOf(c)
	if err != nil {
		return nil, err
	}
	return rest.Redirect{To: a.URL + "/" + path.Base(c.Path("status"))}, nil
}

// collectionOrPage serves a collection's own address likewise.
func (s *Server) collectionOrPage(c *viewer.Call) (any, error) {
	if activitypub.WantsActivity(c.R.Header.Get("Accept")) || !acceptsHTML(c.R) {
		if err := s.admitReader(c); err != nil {
			return nil, err
		}
		return s.collections.CollectionDocument(c)
	}
	page, err := s.collections.PageAt(c)
	if err != nil {
		return nil, err
	}
	return rest.Redirect{To: page}, nil
}

func acceptsHTML(r *http.Request) bool { return strings.Contains(r.Header.Get("Accept"), "text/html") }

// visit gives members the app and visitors the page.
func (s *Server) visit(w http.ResponseWriter, r *http.Request, do rest.Handler[viewer.Viewer]) {
	v, err := s.access.PageViewer(r.Context(), r)
	if err != nil {
		s.fail(w, r, page, err)
		return
	}
	if s.closedPage(w, r, v) {
		return
	}
	if v.IsMember() && s.app.index != nil {
		s.serveApp(w, r)
		return
	}
	s.show(w, r, do)
}

// show serves a page to anybody, as somebody who is not signed in sees it.
func (s *Server) show(w http.ResponseWriter, r *http.Request, do rest.Handler[viewer.Viewer]) {
	c := &viewer.Call{W: w, R: r, Log: s.log, Base: s.site.Base()}
	answer, err := do(c)
	if err != nil {
		s.fail(w, r, page, err)
		return
	}
	answer.(rest.Answer).Write(w, r)
}

var themes = map[string]bool{"auto": true, "light": true, "dark": true, "hc-light": true, "hc-dark": true}

// serveApp sends the app's page, with the theme of the visitor's choice set before the first paint.
func (s *Server) serveApp(w http.ResponseWriter, r *http.Request) {
	if s.app.index == nil {
		s.show(w, r, s.frontdoor.WelcomePage)
		return
	}
	index := s.app.index
	if cookie, err := r.Cookie("anancus_theme"); err == nil && themes[cookie.Value] {
		index = bytes.Replace(index, []byte(`data-theme="auto"`), []byte(`data-theme="`+cookie.Value+`"`), 1)
	}
	h := w.Header()
	policy := s.appPolicy
	if hosts := s.settings.Now().FrameHosts(); len(hosts) > 0 { // players that previews of links bring
		policy += "; frame-src https://" + strings.Join(hosts, " https://")
	}
	h.Set("Content-Security-Policy", policy)
	h.Set("Cache-Control", "no-cache")
	h.Set("Vary", "Accept, Cookie")
	rest.Bytes{Type: "text/html; charset=utf-8", Body: index}.Write(w, r)
}

// asset serves the app's hashed files, which never change, compressed as they were built.
func (s *Server) asset(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(path.Clean(r.URL.Path), "/")
	if strings.HasSuffix(name, ".gz") || strings.HasSuffix(name, ".br") {
		s.unknown(w, r)
		return
	}
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	if !s.file(w, r, name) {
		w.Header().Del("Cache-Control")
		s.unknown(w, r)
	}
}

// workerName is the app's service worker, which keeps its name: browsers know it by that.
const workerName = "sw.js"

// worker sends the service worker. It is looked at again whenever the browser starts it, so that none outlives its app; it may
// cover the whole site, and do nothing but ask this server.
func (s *Server) worker(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-cache")
	h.Set("Service-Worker-Allowed", "/")
	h.Set("Content-Security-Policy", "default-src 'none'; connect-src 'self'")
	if !s.file(w, r, workerName) {
		for _, name := range []string{"Cache-Control", "Service-Worker-Allowed", "Content-Security-Policy"} {
			h.Del(name)
		}
		s.unknown(w, r)
	}
}

// file sends a file of the app; false when there is none.
func (s *Server) file(w http.ResponseWriter, r *http.Request, name string) bool {
	if name == "" || name == "index.html" || strings.HasPrefix(name, ".") || !fs.ValidPath(name) {
		return false
	}
	kind := mime.TypeByExtension(path.Ext(name))
	if kind == "" {
		kind = "application/octet-stream"
	}
	accepts := r.Header.Get("Accept-Encoding")
	for _, form := range []struct{ suffix, encoding string }{{".br", "br"}, {".gz", "gzip"}, {"", ""}} {
		if form.encoding != "" && !strings.Contains(accepts, form.encoding) {
			continue
		}
		body, err := fs.ReadFile(s.app.files, name+form.suffix)
		if err != nil {
			continue
		}
		if form.encoding != "" {
			w.Header().Set("Content-Encoding", form.encoding)
		}
		w.Header().Add("Vary", "Accept-Encoding")
		if w.Header().Get("Cache-Control") == "" {
			w.Header().Set("Cache-Control", "public, max-age=3600")
		}
		rest.Bytes{Type: kind, Body: body}.Write(w, r)
		return true
	}
	return false
}

// missingAvatar is what everybody starts with: a plain silhouette in the house's colours.
const missingAvatar = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 80 80"><rect width="80" height="80" fill="#d8ece5"/>` +
	`<circle cx="40" cy="31" r="14" fill="#0b6857"/><path d="M12 80c2-20 13-30 28-30s26 10 28 30z" fill="#0b6857"/></svg>`

const missingHeader = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1500 500"><rect width="1500" height="500" fill="#d8ece5"/>` +
	`<path d="M0 380h1500v120H0z" fill="#bcdcd1"/></svg>`

func (s *Server) missingPicture(w http.ResponseWriter, r *http.Request) {
	body := missingAvatar
	if strings.HasPrefix(r.URL.Path, "/headers/") {
		body = missingHeader
	}
	w.Header().Set("Cache-Control", "public, max-age=86400")
	rest.Bytes{Type: "image/svg+xml", Body: []byte(body)}.Write(w, r)
}
