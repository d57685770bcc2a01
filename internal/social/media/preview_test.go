package media

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"image"
	"image/png"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"anancus/internal/kit/blob"
	"anancus/internal/kit/db"
	"anancus/internal/kit/db/dbtest"
	"anancus/internal/kit/fault"
	"anancus/internal/kit/images"
	"anancus/internal/kit/safehttp"
	"anancus/internal/social/id"
)

// web is a site of the test's own: pages by path, and how often each was asked for.
type web struct {
	*httptest.Server
	mu    sync.Mutex
	pages map[string]any // a text of HTML, or a function
	asked map[string]int
}

func newWeb(t *testing.T) *web {
	w := &web{pages: map[string]any{}, asked: map[string]int{}}
	w.Server = httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, in *http.Request) {
		w.mu.Lock()
		w.asked[in.URL.Path]++
		found := w.pages[in.URL.Path]
		w.mu.Unlock()
		switch does := found.(type) {
		case nil:
			http.NotFound(out, in)
		case string:
			out.Header().Set("Content-Type", "text/html; charset=utf-8")
			_, _ = io.WriteString(out, does)
		case func(http.ResponseWriter, *http.Request):
			does(out, in)
		}
	}))
	t.Cleanup(w.Close)
	return w
}

func (w *web) set(path string, is any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pages[path] = is
}

func (w *web) count(path string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.asked[path]
}

func pictureOfWeb(out http.ResponseWriter, _ *http.Request) {
	m := image.NewRGBA(image.Rect(0, 0, 1280, 720))
	for i := range m.Pix {
		m.Pix[i] = uint8(i / 7)
	}
	var b bytes.Buffer
	_ = png.Encode(&b, m) // to memory
	out.Header().Set("Content-Type", "image/png")
	_, _ = out.Write(b.Bytes())
}

// status makes a status that links to an address, and reads its page.
func (r *room) links(address string) (id.Status, Linked) {
	r.t.Helper()
	status := id.Status(r.db.IDAt(r.now.Now()))
	e := r.relinks(status, address)
	if err := r.FetchPreview(r.t.Context(), e); err != nil {
		r.t.Fatal(err)
	}
	return status, e
}

func (r *room) relinks(status id.Status, address string) (e Linked) {
	r.t.Helper()
	r.do(func(tx *db.Tx) error {
		return SetLink(r.t.Context(), tx, status, Link{Address: address, Language: "en", At: r.now.Now()})
	})
	plain, _ := LinkAddress(address)
	e.Status = status
	if plain != "" {
		var err error
		if e.Link, err = db.One(r.t.Context(), r.db, db.Value[id.Link], `SELECT id FROM links WHERE url = $1`, plain); err != nil {
			r.t.Fatal(err)
		}
	}
	return e
}

func (r *room) do(change func(tx *db.Tx) error) {
	r.t.Helper()
	if err := r.db.Tx(r.t.Context(), change); err != nil {
		r.t.Fatal(err)
	}
}

// preview gives what a status is shown with; nil for nothing.
func (r *room) preview(status id.Status) *Preview {
	r.t.Helper()
	link, _, err := LinkOf(r.t.Context(), r.db, status)
	if err != nil {
		r.t.Fatal(err)
	}
	found, err := Previews(r.t.Context(), r.db, []id.Link{link})
	if err != nil {
		r.t.Fatal(err)
	}
	return found[link]
}

func (r *room) count(sql string, args ...any) int64 {
	r.t.Helper()
	n, err := db.One(r.t.Context(), r.db, db.Value[int64], sql, args...)
	if err != nil {
		r.t.Fatal(err)
	}
	return n
}

func TestAPageIsReadOnceForAllWhoLinkToItAndAgainAfterTwoWeeks(t *testing.T) {
	dbtest.EachEngine(t, func(t *testing.T, engine db.Engine) {
		r, site := newRoom(t, engine, loopback), newWeb(t)
		site.set("/a", `<title>First</title>`)
		one, e := r.links(site.URL + "/a?utm_source=x#part")
		two, _ := r.links(site.URL + "/a")
		if p := r.preview(one); p == nil || p.Title != "First" || p.Kind != "link" || p.URL != site.URL+"/a" || p.Host != "127.0.0.1" || r.preview(two).Link != p.Link {
			t.Fatalf("it is shown with %+v", p)
		}
		wanted := func() (yes bool) {
			r.do(func(tx *db.Tx) (err error) { yes, err = r.WantsPreview(t.Context(), tx, e); return err })
			return yes
		}
		if wanted() || site.count("/a") != 1 {
			t.Errorf("it is asked %d times, and again: %v", site.count("/a"), wanted())
		}
		site.set("/a", `<title>Second</title>`)
		r.now.Advance(previewFresh - time.Second)
		r.links(site.URL + "/a")
		if r.preview(one).Title != "First" {
			t.Error("it is read before two weeks passed")
		}
		r.now.Advance(2 * time.Second)
		if !wanted() {
			t.Error("after two weeks it is not to be read again")
		}
		r.links(site.URL + "/a")
		if r.preview(one).Title != "Second" || site.count("/a") != 2 {
			t.Errorf("after two weeks it says %q", r.preview(one).Title)
		}
		// A page that went keeps what it was shown with.
		site.set("/a", nil)
		r.now.Advance(previewFresh + time.Second)
		r.links(site.URL + "/a")
		if r.preview(one) == nil || r.preview(one).Title != "Second" {
			t.Error("a page that went takes its preview along")
		}
	})
}

func TestAPageThatCannotBeHadIsLeftAloneTheLongerTheOftenerItFails(t *testing.T) {
	dbtest.EachEngine(t, func(t *testing.T, engine db.Engine) {
		r, site := newRoom(t, engine, loopback), newWeb(t)
		site.set("/a", func(out http.ResponseWriter, _ *http.Request) { out.WriteHeader(http.StatusServiceUnavailable) })
		status, _ := r.links(site.URL + "/a")
		for i, pause := range append(pauses, previewFresh) {
			r.now.Advance(pause - time.Second)
			r.links(site.URL + "/a")
			if n := site.count("/a"); n != i+1 {
				t.Fatalf("after %d failures it is asked before %s passed", i+1, pause)
			}
			r.now.Advance(2 * time.Second)
			if i == len(pauses) {
				site.set("/a", `<title>Back</title>`)
			}
			r.links(site.URL + "/a")
			if n := site.count("/a"); n != i+2 {
				t.Fatalf("after %d failures it is not asked again after %s", i+1, pause)
			}
		}
		if p := r.preview(status); p == nil || p.Title != "Back" || r.count(`SELECT failures FROM links`) != 0 {
			t.Errorf("a page that came back is shown with %+v", p)
		}
		// What is no page will be none tomorrow.
		site.set("/pdf", func(out http.ResponseWriter, _ *http.Request) {
			out.Header().Set("Content-Type", "application/pdf")
			_, _ = io.WriteString(out, "<title>no</title>")
		})
		for _, path := range []string{"/pdf", "/nowhere", "/untitled"} {
			site.set("/untitled", `<p>no title</p>`)
			status, _ := r.links(site.URL + path)
			r.now.Advance(13 * 24 * time.Hour)
			r.links(site.URL + path)
			if r.preview(status) != nil || site.count(path) != 1 {
				t.Errorf("%s is shown with %+v, and asked %d times", path, r.preview(status), site.count(path))
			}
		}
	})
}

func TestOneProcessAtATimeReadsAPage(t *testing.T) {
	dbtest.EachEngine(t, func(t *testing.T, engine db.Engine) {
		r, site := newRoom(t, engine, loopback), newWeb(t)
		begun, go_on := make(chan struct{}), make(chan struct{})
		var once sync.Once
		site.set("/a", func(out http.ResponseWriter, _ *http.Request) {
			once.Do(func() { close(begun) })
			<-go_on
			out.Header().Set("Content-Type", "text/html")
			_, _ = io.WriteString(out, `<title>Slow</title>`)
		})
		status := id.Status(r.db.IDAt(r.now.Now()))
		e := r.relinks(status, site.URL+"/a")
		other, err := New(Config{DB: r.db, Clock: r.now, Site: r.site, Settings: r.settings, Store: r.store, Workshop: images.New(images.DefaultMemory), Spool: t.TempDir(),
			Remote: safehttp.New(safehttp.Options{AllowAddresses: nil, Clock: r.now})})
		if err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		for range 5 { // of this process: they share one answer
			all.Go(func() {
				if err := r.FetchPreview(context.WithoutCancel(t.Context()), e); err != nil {
					t.Error(err)
				}
			})
		}
		<-begun
		if err := other.FetchPreview(t.Context(), e); fault.KindOf(err) != fault.Unavailable {
			t.Errorf("another process reads it at the same moment: %v", err)
		}
		close(go_on)
		all.Wait()
		if err := other.FetchPreview(t.Context(), e); err != nil {
			t.Errorf("a page that was read is read again: %v", err)
		}
		if site.count("/a") != 1 || r.preview(status) == nil {
			t.Errorf("it is asked %d times", site.count("/a"))
		}
		// One that died while it read does not keep others from it.
		late := r.relinks(id.Status(r.db.IDAt(r.now.Now())), site.URL+"/b")
		site.set("/b", `<title>Later</title>`)
		if _, err := r.leasePage(t.Context(), late.Link); err != nil {
			t.Fatal(err)
		}
		r.now.Advance(previewLease + time.Second)
		if err := r.FetchPreview(t.Context(), late); err != nil || r.preview(late.Status) == nil {
			t.Errorf("a page whose reader died is not read: %v", err)
		}
	})
}

func TestThereIsOnePreviewOfAPageWhicheverWayLeadsToIt(t *testing.T) {
	dbtest.EachEngine(t, func(t *testing.T, engine db.Engine) {
		r, site, short := newRoom(t, engine, loopback), newWeb(t), newWeb(t)
		site.set("/page", `<title>Page</title><link rel="canonical" href="/page">`)
		site.set("/amp", `<title>Fast</title><link rel="canonical" href="/page">`)
		short.set("/x", func(out http.ResponseWriter, in *http.Request) {
			http.Redirect(out, in, site.URL+"/amp", http.StatusFound)
		})
		one, _ := r.links(short.URL + "/x")
		two, _ := r.links(site.URL + "/amp")
		three, _ := r.links(site.URL + "/page")
		p := r.preview(one)
		if p == nil || p.Title != "Page" || p.URL != site.URL+"/page" || r.preview(two).Link != p.Link || r.preview(three).Link != p.Link {
			t.Fatalf("they are shown with %+v, %+v and %+v", p, r.preview(two), r.preview(three))
		}
		if site.count("/page") != 1 || r.count(`SELECT COUNT(*) FROM links WHERE kind <> ''`) != 1 {
			t.Errorf("the page is asked %d times", site.count("/page"))
		}
		for status, want := range map[id.Status]string{one: short.URL + "/x", two: site.URL + "/amp", three: site.URL + "/page"} {
			if _, written, err := LinkOf(t.Context(), r.db, status); err != nil || written != want {
				t.Errorf("the status has %q (%v), want %q", written, err, want)
			}
		}
		again, _ := r.links(short.URL + "/x")
		if r.preview(again).Link != p.Link || short.count("/x") != 1 {
			t.Error("a way that is known is gone again")
		}
		// Once the page itself is purged, the way to it is gone anew.
		r.do(func(tx *db.Tx) error {
			_, err := db.Exec(t.Context(), tx, `DELETE FROM links WHERE id = $1`, p.Link)
			return err
		})
		if late, _ := r.links(short.URL + "/x"); r.preview(late) == nil || r.preview(late).Title != "Page" {
			t.Error("a way to a page that was purged leads nowhere")
		}
	})
}

func TestNoPageChangesThePreviewOfAnother(t *testing.T) {
	dbtest.EachEngine(t, func(t *testing.T, engine db.Engine) {
		r, site := newRoom(t, engine, loopback), newWeb(t)
		site.set("/victim", `<title>Honest</title>`)
		site.set("/evil", `<title>Lies</title><link rel="canonical" href="/victim">`)
		site.set("/loop", `<title>Loop</title><link rel="canonical" href="/pool">`)
		site.set("/pool", `<title>Pool</title><link rel="canonical" href="/loop">`)
		site.set("/dead", `<title>Alive</title><link rel="canonical" href="/gone">`)
		evil, _ := r.links(site.URL + "/evil")
		victim, _ := r.links(site.URL + "/victim")
		if r.preview(victim).Title != "Honest" || r.preview(evil).Title != "Honest" {
			t.Errorf("they are shown as %q and %q", r.preview(victim).Title, r.preview(evil).Title)
		}
		loop, _ := r.links(site.URL + "/loop")
		if p := r.preview(loop); p == nil || site.count("/loop")+site.count("/pool") > 3 {
			t.Errorf("pages that lead to each other are asked %d times, and shown with %+v", site.count("/loop")+site.count("/pool"), p)
		}
		if dead, _ := r.links(site.URL + "/dead"); r.preview(dead) == nil || r.preview(dead).Title != "Alive" {
			t.Error("a page that leads nowhere is not shown by itself")
		}
	})
}

func TestPlayersAreShownInFramesOfTheListAlone(t *testing.T) {
	dbtest.EachEngine(t, func(t *testing.T, engine db.Engine) {
		r, site := newRoom(t, engine, loopback), newWeb(t)
		frame := `https://player.vimeo.com/video/1?a="><script>alert(1)</script>`
		site.set("/film", `<title>Page</title><meta name="description" content="About"><link rel="alternate" type="application/json+oembed" href="/oembed.json"><link rel="alternate" type="text/xml+oembed" href="/oembed.xml">`)
		site.set("/oembed.xml", func(out http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(out, `<oembed><type>video</type><version>1.0</version><title>Film</title><author_name>Ada</author_name><html>&lt;script&gt;alert(1)&lt;/script&gt;&lt;iframe src='`+
				strings.NewReplacer("<", "&amp;lt;", ">", "&amp;gt;").Replace(frame)+`' onload='alert(2)'&gt;&lt;/iframe&gt;</html><width>800</width><height>450</height></oembed>`)
		})
		status, _ := r.links(site.URL + "/film") // the one in JSON is not there: the one in XML is asked
		p := r.preview(status)
		if p.Title != "Film" || p.Description != "About" || p.AuthorName != "Ada" || p.Kind != "video" {
			t.Fatalf("it is shown with %+v", p)
		}
		m := r.PresentPreview(p)
		const rest = ` width="800" height="450" allowfullscreen="allowfullscreen" referrerpolicy="strict-origin" sandbox="allow-scripts allow-same-origin allow-popups allow-popups-to-escape-sandbox"></iframe>`
		if src, ok := strings.CutSuffix(m.HTML, rest); !ok || !strings.HasPrefix(src, `<iframe src="https://player.vimeo.com/video/1?a=`) || strings.Count(src, `"`) != 2 || strings.Count(src, "<") != 1 ||
			m.Type != "video" || m.Width != 800 || m.Height != 450 {
			t.Errorf("it is shown as %+v", m)
		}
		if err := r.settings.Set(t.Context(), "embed-hosts", "www.youtube.com"); err != nil {
			t.Fatal(err)
		}
		if m := r.PresentPreview(p); m.Type != "link" || m.HTML != "" || m.EmbedURL != "" {
			t.Errorf("where keepers do not let it in, it is shown as %+v", m)
		}
		for _, bad := range []string{"*.example.com", "https://a.example", "a.example:8080", "localhost", "127.0.0.1", "'unsafe-inline'", "a.example;", strings.Repeat("a.example ", 51)} {
			if err := r.settings.Set(t.Context(), "embed-hosts", bad); !fault.Is(err, fault.Invalid) {
				t.Errorf("%.30q is let into frames: %v", bad, err)
			}
		}
		if err := r.settings.Set(t.Context(), "embed-hosts", "here.example, a.example"); err != nil {
			t.Fatal(err)
		}
		for address, want := range map[string]bool{"https://a.example/x": true, "http://a.example/x": false, "https://a.example:8443/": false, "https://b.example/": false, "https://here.example/": false,
			"https://a.example@b.example/": false, "javascript:alert(1)": false, "https://sub.a.example/": false, "": false} {
			if r.mayFrame(address) != want {
				t.Errorf("%q may be framed: %v", address, !want)
			}
		}
		if err := r.settings.Set(t.Context(), "embed-hosts", ""); err != nil || r.mayFrame("https://www.youtube.com/embed/1") {
			t.Errorf("an empty list lets somebody in: %v", err)
		}
	})
}

func TestPicturesOfPreviewsAreCopiesLikeOthers(t *testing.T) {
	dbtest.EachEngine(t, func(t *testing.T, engine db.Engine) {
		r, site := newRoom(t, engine, loopback), newWeb(t)
		site.set("/i.png", pictureOfWeb)
		site.set("/a", `<title>A</title><meta property="og:image" content="/i.png">`)
		status, _ := r.links(site.URL + "/a")
		p := r.preview(status)
		if !r.there(p.ImageKey) || p.ImageWidth != 640 || p.ImageHeight != 360 || p.Blurhash == "" || !strings.HasPrefix(p.ImageKey, "preview/") {
			t.Fatalf("the picture is %+v", p)
		}
		m := r.PresentPreview(p)
		if *m.Image != "https://here.example/files/"+p.ImageKey || m.Width != 640 || m.Height != 360 || *m.Blurhash != p.Blurhash {
			t.Errorf("it is shown as %+v", m)
		}
		usage, err := r.Usage(t.Context())
		if err != nil || len(usage) != 1 || usage[0].Noun != "preview" || !usage[0].Remote || usage[0].Files != 1 || usage[0].Bytes < 1000 {
			t.Errorf("usage is %+v, %v", usage, err)
		}
		r.now.Advance(48 * time.Hour)
		if at := r.prune(Bound{Days: 1}); at.Files != 1 || at.Left != 0 || r.there(p.ImageKey) {
			t.Fatalf("pruning tells %+v", at)
		}
		pruned := r.preview(status)
		if m := r.PresentPreview(pruned); pruned.ImageKey != "" || m.Image == nil || !strings.HasPrefix(*m.Image, "https://here.example/media_proxy/links/") || m.Width != 640 || m.Blurhash == nil {
			t.Errorf("once it went it is shown as %+v", m)
		}
		var all sync.WaitGroup
		for range 5 {
			all.Go(func() {
				if key, err := r.refetchImage(t.Context(), pruned); err != nil || !r.there(key) {
					t.Errorf("asked for again it is at %q: %v", key, err)
				}
			})
		}
		all.Wait()
		if n := site.count("/i.png"); n != 2 {
			t.Errorf("five readers ask for it %d times", n-1)
		}
		v, err := r.Verify(t.Context(), "", true)
		if err != nil || len(v.Found) != 0 {
			t.Errorf("verify tells %+v, %v", v, err)
		}
		// Another picture takes its place, and the old one goes.
		old := r.preview(status).ImageKey
		site.set("/j.png", pictureOfWeb)
		site.set("/a", `<title>A</title><meta property="og:image" content="/j.png">`)
		r.now.Advance(previewFresh + time.Hour)
		r.links(site.URL + "/a")
		if err := r.SweepFiles(t.Context()); err != nil {
			t.Fatal(err)
		}
		if now := r.preview(status).ImageKey; now == old || !r.there(now) || r.there(old) {
			t.Errorf("the picture is %q after %q", now, old)
		}
		// Keepers who do not want its server's media do not get it.
		if err := r.settings.Set(t.Context(), "remote-media", "reject"); err != nil {
			t.Fatal(err)
		}
		if err := r.DropUnwanted(t.Context()); err != nil {
			t.Fatal(err)
		}
		if now := r.preview(status); now.ImageKey != "" || r.PresentPreview(now).Image != nil {
			t.Errorf("rejected it is shown as %+v", now)
		}
		// What no status has goes whole.
		if err := r.settings.Set(t.Context(), "remote-media", "store"); err != nil {
			t.Fatal(err)
		}
		key, err := r.refetchImage(t.Context(), r.preview(status))
		if err != nil {
			t.Fatal(err)
		}
		for _, other := range r.statusesOf(r.preview(status).Link) {
			r.do(func(tx *db.Tx) error { return Unlink(t.Context(), tx, other) })
		}
		r.now.Advance(2 * time.Hour)
		if err := r.PurgeLinks(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := r.SweepFiles(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := r.count(`SELECT COUNT(*) FROM links`); n != 0 || r.there(key) {
			t.Errorf("%d links are left, and the picture: %v", n, r.there(key))
		}
	})
}

func (r *room) statusesOf(link id.Link) []id.Status {
	r.t.Helper()
	list, err := db.All(r.t.Context(), r.db, db.Value[id.Status], `SELECT status_id FROM link_statuses WHERE link_id = $1`, link)
	if err != nil {
		r.t.Fatal(err)
	}
	return list
}

func TestLinksThatAreUsedStay(t *testing.T) {
	dbtest.EachEngine(t, func(t *testing.T, engine db.Engine) {
		r := newRoom(t, engine)
		kept, _ := r.links("https://none.invalid/1")
		first := id.Status(r.db.IDAt(r.now.Now()))
		r.relinks(first, "https://none.invalid/1")
		r.relinks(first, "https://none.invalid/2") // the first is loose, and has another status
		r.relinks(first, "")
		r.do(func(tx *db.Tx) error {
			for i, sql := range []string{`INSERT INTO links (id, url, loose_since, last_day, trendable, created_at) VALUES ($1,'https://none.invalid/3',0,0,FALSE,0)`,
				`INSERT INTO links (id, url, loose_since, last_day, created_at) VALUES ($1,'https://none.invalid/4',0,0,0)`} {
				if _, err := db.Exec(t.Context(), tx, sql, i+1); err != nil {
					return err
				}
			}
			_, err := db.Exec(t.Context(), tx, `INSERT INTO link_days (link_id, day, uses, accounts) VALUES (2,1,1,1)`)
			return err
		})
		r.now.Advance(2 * time.Hour)
		if err := r.PurgeLinks(t.Context()); err != nil {
			t.Fatal(err)
		}
		left, err := db.All(t.Context(), r.db, db.Text, `SELECT url FROM links ORDER BY url`)
		if err != nil || fmt.Sprint(left) != "[https://none.invalid/1 https://none.invalid/3 https://none.invalid/4]" {
			t.Errorf("%v are left, %v", left, err)
		}
		if n := r.count(`SELECT COUNT(*) FROM links WHERE url = 'https://none.invalid/1' AND loose_since IS NULL`); n != 1 {
			t.Error("a link that is used is still loose")
		}
		if link, _, err := LinkOf(t.Context(), r.db, kept); err != nil || link == 0 {
			t.Errorf("a status lost its link: %v", err)
		}
	})
}

func TestHostilePagesDoNoHarm(t *testing.T) {
	dbtest.EachEngine(t, func(t *testing.T, engine db.Engine) {
		var log bytes.Buffer
		r, site := newRoom(t, engine, loopback), newWeb(t)
		r.log = slog.New(slog.NewTextHandler(&log, nil))
		var inside atomic.Int64
		html := func(out http.ResponseWriter) { out.Header().Set("Content-Type", "text/html") }
		site.set("/huge", func(out http.ResponseWriter, in *http.Request) {
			html(out)
			_, _ = io.WriteString(out, `<title>Huge</title>`)
			for one := bytes.Repeat([]byte("<p>"), 1<<14); in.Context().Err() == nil; {
				if _, err := out.Write(one); err != nil {
					return
				}
			}
		})
		site.set("/long", func(out http.ResponseWriter, _ *http.Request) {
			html(out)
			out.Header().Set("Content-Length", "99999999999")
			_, _ = io.WriteString(out, `<title>Long</title>`+strings.Repeat(" ", 2<<20))
		})
		site.set("/bomb", func(out http.ResponseWriter, _ *http.Request) {
			html(out)
			out.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(out)
			_, _ = io.WriteString(z, `<title>Bomb</title>`)
			for one := make([]byte, 1<<20); ; {
				if _, err := z.Write(one); err != nil {
					return
				}
			}
		})
		loops := 0
		site.set("/loop", func(out http.ResponseWriter, in *http.Request) {
			loops++
			http.Redirect(out, in, fmt.Sprint("/loop?", loops), http.StatusFound)
		})
		site.set("/inside", func(out http.ResponseWriter, in *http.Request) {
			http.Redirect(out, in, "http://169.254.169.254/latest/meta-data/", http.StatusFound)
		})
		site.set("/file", func(out http.ResponseWriter, in *http.Request) {
			http.Redirect(out, in, "file:///etc/passwd", http.StatusFound)
		})
		site.set("/broken", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
		site.set("/metas", `<title>Metas</title>`+strings.Repeat(`<meta property="og:image" content="/none">`, 100_000))
		site.set("/picture", `<title>Picture</title><meta property="og:image" content="http://10.0.0.1/secret.png"><meta name="twitter:image" content="file:///etc/passwd">`)
		site.set("/script", `<title>Script</title><meta property="og:url" content="javascript:alert(1)"><link rel="canonical" href="javascript:alert(1)"><meta property="og:image" content="javascript:alert(1)">
			<link rel="alternate" type="application/json+oembed" href="javascript:alert(1)">`)
		site.set("/svg.svg", func(out http.ResponseWriter, _ *http.Request) {
			out.Header().Set("Content-Type", "image/png")
			_, _ = io.WriteString(out, `<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`)
		})
		site.set("/svg", `<title>SVG</title><meta property="og:image" content="/svg.svg">`)
		site.set("/flood.png", func(out http.ResponseWriter, in *http.Request) {
			for one := make([]byte, 1<<16); in.Context().Err() == nil; {
				if _, err := out.Write(one); err != nil {
					return
				}
			}
		})
		site.set("/flood", `<title>Flood</title><meta property="og:image" content="/flood.png">`)
		site.set("/oembed", func(out http.ResponseWriter, in *http.Request) {
			inside.Add(1)
			http.Redirect(out, in, "http://[::ffff:10.0.0.1]/", http.StatusFound)
		})
		site.set("/endpoint", `<title>Endpoint</title><link rel="alternate" type="application/json+oembed" href="/oembed"><link rel="alternate" type="text/xml+oembed" href="http://192.168.0.1/x">`)
		for path, title := range map[string]string{"/huge": "Huge", "/long": "Long", "/bomb": "Bomb", "/loop": "", "/inside": "", "/file": "", "/broken": "", "/metas": "Metas", "/picture": "Picture",
			"/script": "Script", "/svg": "SVG", "/flood": "Flood", "/endpoint": "Endpoint"} {
			begin := time.Now()
			status, _ := r.links(site.URL + path)
			switch p := r.preview(status); {
			case title == "" && p != nil:
				t.Errorf("%s is shown with %+v", path, p)
			case title == "":
			case p == nil || p.Title != title || p.ImageURL != "" || p.ImageKey != "" || p.Kind != "link" || p.EmbedURL != "" || p.URL != site.URL+path:
				t.Errorf("%s is shown with %+v", path, p)
			}
			if took := time.Since(begin); took > 20*time.Second {
				t.Errorf("%s took %s", path, took)
			}
		}
		if loops > 5 || inside.Load() != 1 {
			t.Errorf("%d redirects are followed", loops)
		}
		for _, address := range []string{"https://10.0.0.1/", "https://[::1]:1/", "https://169.254.169.254/", "https://2130706433/", "https://0x7f.1/", "https://user:pass@news.example/", "gopher://news.example/", "https://news.example\\@evil.example/"} {
			if status := id.Status(r.db.IDAt(r.now.Now())); true {
				e := Linked{Status: status}
				if _, ok := LinkAddress(address); ok {
					e = r.relinks(status, address)
				}
				if err := r.FetchPreview(t.Context(), e); err != nil || r.preview(status) != nil {
					t.Errorf("%s: %v", address, err)
				}
			}
		}
		if said := log.String(); strings.Contains(said, "/loop") || strings.Contains(said, "pass") || strings.Contains(said, "secret") {
			t.Errorf("addresses stand in the log: %s", said)
		}
		for one, err := range r.store.List(t.Context(), "", "") {
			t.Errorf("%s is kept, %v", one.Key, err)
		}
	})
}

func TestAFailingStoreCostsThePictureAlone(t *testing.T) {
	r, site := newRoom(t, db.SQLite, loopback), newWeb(t)
	r.log = slog.New(slog.DiscardHandler)
	site.set("/i.png", pictureOfWeb)
	site.set("/a", `<title>A</title><meta property="og:image" content="/i.png">`)
	r.store = brokenStore{r.store}
	status, _ := r.links(site.URL + "/a")
	p := r.preview(status)
	if p == nil || p.Title != "A" || p.ImageKey != "" || p.ImageURL == "" {
		t.Errorf("it is shown with %+v", p)
	}
}

func TestTheAuthorOfAPageIsWhoSaysThatTheSiteMayNameThem(t *testing.T) {
	dbtest.EachEngine(t, func(t *testing.T, engine db.Engine) {
		r, site := newRoom(t, engine, loopback), newWeb(t)
		bo := r.meets("bo", "", "")
		var asked []string
		r.person = func(_ context.Context, handle string) (id.Account, error) {
			if asked = append(asked, handle); handle != "@bo@there.example" {
				return 0, fault.RecordNotFound()
			}
			return bo.ID, nil
		}
		site.set("/bo", `<title>A</title><meta name="author" content="Bo B."><meta name="fediverse:creator" content="@bo@there.example">`)
		site.set("/nobody", `<title>A</title><meta name="fediverse:creator" content="@nobody@there.example">`)
		status, _ := r.links(site.URL + "/bo")
		if p := r.preview(status); p.Creator != bo.ID || p.Attributed || p.AuthorName != "Bo B." {
			t.Errorf("before they say so it is shown with %+v", p)
		}
		r.do(func(tx *db.Tx) error {
			_, err := db.Exec(t.Context(), tx, `UPDATE accounts SET attribution_domains = '["127.0.0.1"]' WHERE id = $1`, bo.ID)
			return err
		})
		if p := r.preview(status); !p.Attributed {
			t.Errorf("after they said so it is shown with %+v", p)
		}
		r.do(func(tx *db.Tx) error {
			_, err := db.Exec(t.Context(), tx, `UPDATE accounts SET suspended_at = 1 WHERE id = $1`, bo.ID)
			return err
		})
		if p := r.preview(status); p.Creator != 0 || p.Attributed {
			t.Errorf("suspended they are named all the same: %+v", p)
		}
		if other, _ := r.links(site.URL + "/nobody"); r.preview(other) == nil || r.preview(other).Creator != 0 {
			t.Error("who is not there is named")
		}
	})
}

func TestEveryListOfLinksIsServedByAnIndex(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		// Of an empty table PostgreSQL reads everything when it likes.
		many := `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) `
		err := d.Tx(t.Context(), func(tx *db.Tx) error {
			for _, fill := range []string{
				`INSERT INTO links (id, url, last_day, loose_since, created_at) ` + many + `SELECT i, 'https://there.example/' || i, 1, CASE WHEN i % 50 = 0 THEN 1 END, 1 FROM n`,
				`INSERT INTO link_statuses (status_id, link_id) ` + many + `SELECT i, i FROM n`,
				`INSERT INTO accounts (id, username, username_key, domain, uri, created_at, updated_at) ` + many + `SELECT i, 'p' || i, 'p' || i, 'there.example', 'p' || i, 0, 0 FROM n`,
				`INSERT INTO link_days (link_id, day, uses, accounts) ` + many + `SELECT i, 1, 1, 1 FROM n`,
				dbtest.Analyze(tx.Engine()),
			} {
				if _, err := db.Exec(t.Context(), tx, fill); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		dbtest.NoScan(t, d, previewsSQL+`{in $1}`, []id.Link{1, 2})
		dbtest.NoScan(t, d, looseLinksSQL, 1, 2, 3, 4)
		dbtest.NoScan(t, d, usedLinksSQL, []id.Link{1, 2})
		dbtest.NoScan(t, d, dropLinksSQL, []id.Link{1, 2})
	})
}

// brokenStore takes nothing.
type brokenStore struct{ blob.Store }

// Put fails.
func (brokenStore) Put(context.Context, string, io.Reader, int64, string) error {
	return fmt.Errorf("the disk is full")
}
