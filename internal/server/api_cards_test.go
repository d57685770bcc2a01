package server_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/protocol/activitypub/aptest"
	"anancus/internal/server/keeper"
	"anancus/internal/server/servertest"
)

// newspaper is a site with pages, and a count of how often each was asked for.
type newspaper struct {
	URL   string
	mu    sync.Mutex
	pages map[string]string
	asked map[string]int
	photo []byte // what all its pictures show
}

func newNewspaper(t *testing.T) *newspaper {
	t.Helper()
	n := &newspaper{pages: map[string]string{}, asked: map[string]int{}, photo: picture(t, 1280, 720, "jpg")}
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n.mu.Lock()
		n.asked[r.URL.Path]++
		page, known := n.pages[r.URL.Path]
		n.mu.Unlock()
		switch {
		case strings.HasSuffix(r.URL.Path, ".jpg"):
			w.Header().Set("Content-Type", "image/jpeg")
			_, _ = w.Write(n.photo)
		case !known:
			http.NotFound(w, r)
		case strings.HasSuffix(r.URL.Path, ".json"):
			_, _ = io.WriteString(w, page)
		default:
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			_, _ = io.WriteString(w, page)
		}
	}))
	t.Cleanup(site.Close)
	n.URL = strings.Replace(site.URL, "127.0.0.1", "news.loopback.example.com", 1)
	return n
}

// prints sets a page with a title and further tags, and gives its address.
func (n *newspaper) prints(path, title string, more ...string) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.pages[path] = `<html lang="en"><head><title>` + title + `</title>` + strings.Join(more, "") + `</head>`
	return n.URL + path
}

func (n *newspaper) count(path string) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.asked[path]
}

// carded is a status with its card.
type carded struct {
	ID, URI, Content string
	Card             *struct {
		URL, Title, Description, Type, HTML string
		Language                            *string
		AuthorName                          string `json:"author_name"`
		AuthorURL                           string `json:"author_url"`
		ProviderName                        string `json:"provider_name"`
		EmbedURL                            string `json:"embed_url"`
		Image, Blurhash                     *string
		ImageDescription                    string  `json:"image_description"`
		PublishedAt                         *string `json:"published_at"`
		Width, Height                       int
		Missing                             *bool `json:"missing_attribution"`
		Authors                             []struct {
			Name, URL string
			Account   *servertest.Account
		}
	}
	Reblog *carded
}

func (c carded) title() string {
	if c.Card == nil {
		return ""
	}
	return c.Card.Title
}

func shows(p *servertest.Person, id string) (c carded) {
	p.On.T.Helper()
	p.Get("/api/v1/statuses/"+id, &c)
	return c
}

func TestAStatusShowsThePreviewOfItsFirstLink(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s, site := servertest.New(t, engine), newNewspaper(t)
		ada, bo := s.Join("ada"), s.Join("bo")
		page := site.prints("/a", "A title & more", `<meta name="description" content="What it says"><meta property="og:image" content="/i.jpg"><meta property="og:image:alt" content="A field">`,
			`<meta property="og:site_name" content="The News"><meta property="article:published_time" content="2026-11-20T10:00:00Z"><meta name="author" content="Cy">`)
		post := ada.Publish("look " + page + "?utm_source=x and " + site.prints("/b", "Another"))
		if got := shows(ada, post.ID); got.Card != nil {
			t.Errorf("before its page was read it has %+v", got.Card)
		}
		servertest.Settle(t, s)
		got := shows(bo, post.ID).Card
		if got == nil || got.URL != page || got.Title != "A title & more" || got.Description != "What it says" || got.Type != "link" || got.HTML != "" || got.Language == nil || *got.Language != "en" ||
			got.ProviderName != "The News" || got.AuthorName != "Cy" || got.EmbedURL != "" || got.ImageDescription != "A field" || got.PublishedAt == nil || *got.PublishedAt != "2026-11-20T10:00:00.000Z" ||
			got.Width != 640 || got.Height != 360 || got.Blurhash == nil || len(got.Authors) != 1 || got.Authors[0].Name != "Cy" || got.Authors[0].Account != nil || got.Missing == nil || *got.Missing {
			t.Fatalf("it is shown with %+v", got)
		}
		if answer, body := file(t, *got.Image); answer.StatusCode != http.StatusOK || len(body) == 0 || !strings.HasPrefix(*got.Image, s.URL+"/files/preview/") {
			t.Errorf("the picture at %s answers %d", *got.Image, answer.StatusCode)
		}
		var raw map[string]json.RawMessage
		s.Nobody().Get("/api/v1/statuses/"+post.ID, &raw)
		var card map[string]json.RawMessage
		wants(t, json.Unmarshal(raw["card"], &card))
		if _, told := card["missing_attribution"]; told || len(card) != 18 {
			t.Errorf("a visitor is shown %s", raw["card"])
		}
		if answer, body := file(t, s.URL+"/@ada/"+post.ID, "Accept", "text/html"); answer.StatusCode != http.StatusOK || !strings.Contains(string(body), `<a href="`+page+`" rel="nofollow noopener noreferrer"><img src="/files/preview/`) ||
			!strings.Contains(string(body), "A title &amp; more") || !strings.Contains(string(body), "What it says") || !strings.Contains(string(body), "By Cy") || !strings.Contains(string(body), "The News") {
			t.Errorf("visitors are shown %s", body)
		}
		// The second one has it at once.
		var second carded
		bo.Post("/api/v1/statuses", url.Values{"status": {"me too " + page}}, &second)
		if second.title() != "A title & more" || site.count("/a") != 1 || site.count("/i.jpg") != 1 {
			t.Errorf("the second has %+v, the page was asked %d times", second.Card, site.count("/a"))
		}
		var boost carded
		bo.Post("/api/v1/statuses/"+post.ID+"/reblog", nil, &boost)
		if boost.Card != nil || boost.Reblog.title() != "A title & more" {
			t.Errorf("boosted it is shown with %+v and %+v", boost.Card, boost.Reblog.Card)
		}
		for name, form := range map[string]url.Values{
			"a mention":      {"status": {"hi @bo"}},
			"a hashtag":      {"status": {"#cats"}},
			"our own":        {"status": {s.URL + "/@bo"}},
			"files":          {"status": {page}, "media_ids[]": {uploads(ada, picture(t, 20, 20, "png")).ID}},
			"a quote":        {"status": {page}, "quoted_status_id": {post.ID}},
			"nothing":        {"status": {"nothing"}},
			"no page":        {"status": {site.URL + "/none"}},
			"other schemes":  {"status": {"ftp://x.example/ mailto:a@x.example"}},
			"a secret in it": {"status": {"https://user:pass@x.example/"}},
		} {
			var one carded
			ada.Post("/api/v1/statuses", form, &one)
			servertest.Settle(t, s)
			if got := shows(ada, one.ID); got.Card != nil {
				t.Errorf("with %s it is shown with %+v", name, got.Card)
			}
		}
		direct := ada.Publish("psst "+site.prints("/c", "Secret"), "visibility", "direct")
		servertest.Settle(t, s)
		if shows(ada, direct.ID).title() != "Secret" {
			t.Error("a direct one is shown without")
		}
	})
}

func TestAnEditChangesTheCard(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s, site := servertest.New(t, engine), newNewspaper(t)
		ada := s.Join("ada")
		one, two := site.prints("/one", "One"), site.prints("/two", "Two")
		post := ada.Publish(one)
		servertest.Settle(t, s)
		for _, c := range []struct {
			text, want string
			media      bool
		}{{one + " still", "One", false}, {two, "Two", false}, {"none", "", false}, {one, "One", false}, {one, "", true}, {one, "One", false}} {
			form := url.Values{"status": {c.text}}
			if c.media {
				form.Set("media_ids[]", uploads(ada, picture(t, 20, 20, "png")).ID)
			}
			var answer carded
			putForm(t, ada, http.MethodPut, "/api/v1/statuses/"+post.ID, form, &answer)
			servertest.Settle(t, s)
			if got := shows(ada, post.ID).title(); got != c.want {
				t.Errorf("edited to %q it is shown with %q, want %q", c.text, got, c.want)
			}
		}
		if site.count("/one") != 1 {
			t.Errorf("the page is asked %d times", site.count("/one"))
		}
		ada.Do(http.MethodDelete, "/api/v1/statuses/"+post.ID, nil, nil)
		if err := s.PurgeLater(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := count(t, s, `SELECT (SELECT COUNT(*) FROM link_statuses) + (SELECT COUNT(*) FROM links WHERE loose_since IS NULL)`); n != 0 {
			t.Errorf("%d rows are left of a purged status", n)
		}
	})
}

func TestStatusesFromElsewhereHaveTheirPagesReadWithinAMinute(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		at, site := clock.NewManual(time.Now()), newNewspaper(t)
		here, there := servertest.NewAt(t, engine, at), servertest.NewAt(t, engine, at)
		ada, bob := here.Join("ada"), there.Join("bob")
		bob.Follow(ada)
		servertest.Settle(t, here, there)
		page := site.prints("/a", "A title")
		post := ada.Publish("look " + page)
		var note struct {
			Attachment []struct{ Type, Href string }
		}
		_, said := document(t, here, post.URI)
		wants(t, json.Unmarshal([]byte(said), &note))
		if len(note.Attachment) != 1 || note.Attachment[0].Type != "Link" || note.Attachment[0].Href != page {
			t.Errorf("others read of it %+v", note.Attachment)
		}
		servertest.Settle(t, here, there)
		home := func() (list []carded) {
			bob.Get("/api/v1/timelines/home", &list)
			return list
		}
		if got := home(); len(got) != 1 || site.count("/a") != 1 {
			t.Fatalf("it came %d times, and the page was asked %d times", len(got), site.count("/a"))
		}
		waits := count(t, there, `SELECT COUNT(*) FROM outbox WHERE event = 'link.used'`)
		at.Advance(time.Minute)
		servertest.Settle(t, there)
		if got := home(); waits != 1 || got[0].title() != "A title" || site.count("/a") != 2 {
			t.Errorf("after a minute it is shown with %+v; %d waited", got[0].Card, waits)
		}
	})
}

func TestTheLinkThatAnotherServerChoseGoesFirst(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		at, site, host := clock.NewManual(time.Now()), newNewspaper(t), aptest.NewServer(t)
		s := servertest.NewAt(t, engine, at)
		ada, sam := s.Join("ada"), newOutsider(t, host, "sam", 0)
		ada.Post("/api/v1/accounts/"+ada.Find("@sam@"+host.Host).ID+"/follow", nil, nil)
		servertest.Settle(t, s)
		send := func(n int, object map[string]any) {
			t.Helper()
			uri := fmt.Sprintf("%s/notes/%d", sam.actor.ID, n)
			note := map[string]any{"id": uri, "attributedTo": sam.actor.ID, "to": activitypub.Public, "cc": s.URL + "/ap/users/" + ada.ID, "published": activitypub.Timestamp(at.Now())}
			for key, value := range object {
				note[key] = value
			}
			sam.post(s, map[string]any{"@context": activitypub.ContextPlain, "id": uri + "/activity", "type": "Create", "actor": sam.actor.ID, "to": activitypub.Public, "object": note}, http.StatusAccepted)
			at.Advance(time.Minute)
			servertest.Settle(t, s)
		}
		titleOf := func(n int) string {
			t.Helper()
			found := count(t, s, `SELECT id FROM statuses WHERE uri = $1`, fmt.Sprintf("%s/notes/%d", sam.actor.ID, n))
			return shows(ada, fmt.Sprint(found)).title()
		}
		one, two := site.prints("/one", "One"), site.prints("/two", "Two")
		link := func(address string) string { return `<p><a href="` + address + `">x</a></p>` }
		send(1, map[string]any{"type": "Note", "content": link(one) + link(two)})
		send(2, map[string]any{"type": "Note", "content": link(one), "attachment": []any{map[string]any{"type": "Link", "href": two}}})
		send(3, map[string]any{"type": "Note", "content": link(one), "attachment": []any{map[string]any{"type": "Link", "href": s.URL + "/@ada"}}})
		send(4, map[string]any{"type": "Note", "content": link(one), "attachment": []any{map[string]any{"type": "Document", "mediaType": "image/png", "url": host.URL + "/x.png"}}})
		send(5, map[string]any{"type": "Note", "content": link(one), "quoteUrl": one})
		send(6, map[string]any{"type": "Article", "name": "An article", "url": one, "content": link(two)})
		send(7, map[string]any{"type": "Note", "content": `<p><a href="` + one + `" class="u-url mention">@x</a> <a rel="tag" href="` + one + `">#x</a></p>`})
		for n, want := range map[int]string{1: "One", 2: "Two", 3: "One", 4: "", 5: "", 6: "One", 7: ""} {
			if got := titleOf(n); got != want {
				t.Errorf("note %d is shown with %q, want %q", n, got, want)
			}
		}
		// An edit of its author changes it too.
		for i, c := range []struct {
			object map[string]any
			want   string
		}{{map[string]any{"content": link(two)}, "Two"}, {map[string]any{"content": "<p>none</p>"}, ""}, {map[string]any{"content": link(one)}, "One"},
			{map[string]any{"content": link(one) + "!", "quoteUrl": one}, ""}} {
			uri := sam.actor.ID + "/notes/1"
			note := map[string]any{"id": uri, "type": "Note", "attributedTo": sam.actor.ID, "to": activitypub.Public, "published": activitypub.Timestamp(at.Now().Add(-time.Hour)),
				"updated": activitypub.Timestamp(at.Now().Add(-time.Minute + time.Duration(i)*time.Second))}
			for key, value := range c.object {
				note[key] = value
			}
			sam.post(s, map[string]any{"@context": activitypub.ContextPlain, "id": fmt.Sprint(uri, "#updates/", i), "type": "Update", "actor": sam.actor.ID, "to": activitypub.Public, "object": note}, http.StatusAccepted)
			at.Advance(time.Minute)
			servertest.Settle(t, s)
			if got := titleOf(1); got != c.want {
				t.Errorf("after edit %d it is shown with %q, want %q", i, got, c.want)
			}
		}
	})
}

func TestAuthorsAreNamedWhereTheySayThatTheSiteMay(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s, site := servertest.New(t, engine), newNewspaper(t)
		ada, bo := s.Join("ada"), s.Join("bo")
		page := site.prints("/a", "A title", `<meta name="author" content="Ada L."><meta name="fediverse:creator" content="`+ada.Handle()+`">`)
		post := bo.Publish(page)
		servertest.Settle(t, s)
		missing := func(p *servertest.Person) bool { return *shows(p, post.ID).Card.Missing }
		if got := shows(bo, post.ID).Card; len(got.Authors) != 1 || got.Authors[0].Account != nil || got.Authors[0].Name != "Ada L." || missing(bo) || !missing(ada) {
			t.Errorf("before she says so it is shown with %+v, to her as missing: %v", got, missing(ada))
		}
		putForm(t, ada, http.MethodPatch, "/api/v1/accounts/update_credentials", url.Values{"attribution_domains[]": {"news.loopback.example.com"}, "display_name": {"Ada!"}}, nil)
		if _, body := file(t, s.URL+"/@bo/"+post.ID, "Accept", "text/html"); !strings.Contains(string(body), `<p><a href="/@ada">More from <bdi>Ada!</bdi></a></p>`) {
			t.Errorf("visitors are shown %s", body)
		}
		named := func(when string) {
			t.Helper()
			if got := shows(bo, post.ID).Card; len(got.Authors) != 1 || got.Authors[0].Account == nil || got.Authors[0].Account.ID != ada.ID || got.Authors[0].Name != "Ada L." || missing(ada) {
				t.Errorf("%s it is shown with %+v", when, got)
			}
		}
		named("after she said so")
		measures := func(what string) {
			t.Helper()
			if _, err := s.Keeper().TakeMeasure(t.Context(), keeper.Measure{Handle: "ada", Measure: what}); err != nil {
				t.Fatal(err)
			}
		}
		measures("suspend")
		if got := shows(bo, post.ID).Card; len(got.Authors) != 1 || got.Authors[0].Account != nil {
			t.Errorf("while she is suspended it is shown with %+v", got)
		}
		measures("unsuspend")
		named("after her return")
		var own struct {
			Source struct {
				Domains []string `json:"attribution_domains"`
			}
		}
		if ada.Get("/api/v1/accounts/verify_credentials", &own); len(own.Source.Domains) != 1 {
			t.Errorf("her domains are %v", own.Source.Domains)
		}
		putForm(t, ada, http.MethodPatch, "/api/v1/accounts/update_credentials", url.Values{"attribution_domains[]": {"other.example"}}, nil)
		if got := shows(bo, post.ID).Card; got.Authors[0].Account != nil {
			t.Errorf("after she took it back it is shown with %+v", got)
		}
	})
}

func TestAuthorsElsewhereAreNamedWhereTheirServerSaysSo(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		here, there := pair(t, engine)
		site := newNewspaper(t)
		ada, bob := here.Join("ada"), there.Join("bob")
		putForm(t, ada, http.MethodPatch, "/api/v1/accounts/update_credentials", url.Values{"attribution_domains[]": {"news.loopback.example.com"}}, nil)
		page := site.prints("/a", "A title", `<meta name="fediverse:creator" content="`+strings.TrimPrefix(ada.Handle(), "@")+`">`)
		post := bob.Publish(page)
		servertest.Settle(t, here, there)
		got := shows(bob, post.ID).Card
		if got == nil || len(got.Authors) != 1 || got.Authors[0].Account == nil || got.Authors[0].Account.Acct != "ada@"+here.Domain || got.Authors[0].Name != "" {
			t.Fatalf("it is shown with %+v", got)
		}
	})
}

func TestPicturesOfPreviewsArePrunedAndFetchedAgain(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s, site := servertest.New(t, engine), newNewspaper(t)
		ada, ops := s.Join("ada"), s.Keeper()
		post := ada.Publish(site.prints("/a", "A title", `<meta property="og:image" content="/i.jpg">`))
		servertest.Settle(t, s)
		image := func() string { return *shows(ada, post.ID).Card.Image }
		usage, err := ops.MediaUsage(t.Context())
		if kept := image(); err != nil || len(usage) != 1 || usage[0].Noun != "preview" || !strings.HasPrefix(kept, s.URL+"/files/preview/") {
			t.Fatalf("usage is %+v, %v", usage, err)
		}
		at, err := ops.PruneMedia(t.Context(), keeper.PruneMedia{Budget: 1})
		if err != nil || at.Files != 1 || at.Left != 0 {
			t.Fatalf("pruning tells %+v, %v", at, err)
		}
		again := image()
		if !strings.HasPrefix(again, s.URL+"/media_proxy/links/") {
			t.Fatalf("what was pruned is at %s", again)
		}
		bare, _, _ := strings.Cut(again, "?")
		for _, wrong := range []string{bare, bare + "?key=00000000000000000000000000000000", strings.Replace(again, "/links/", "/links/1", 1), s.URL + "/media_proxy/links/x?key=1"} {
			if answer := stays(t, wrong); answer.StatusCode != http.StatusNotFound {
				t.Errorf("%s answers %d", wrong, answer.StatusCode)
			}
		}
		if answer, body := file(t, again); answer.StatusCode != http.StatusOK || len(body) == 0 {
			t.Errorf("asked for again it answers %d", answer.StatusCode)
		}
		if now := image(); !strings.HasPrefix(now, s.URL+"/files/preview/") {
			t.Errorf("afterwards it is at %s", now)
		}
		set(t, s, "remote-media", "proxy")
		servertest.Settle(t, s)
		answer, body := file(t, image())
		if usage, _ := ops.MediaUsage(t.Context()); answer.StatusCode != http.StatusOK || len(body) == 0 || answer.Header.Get("X-Content-Type-Options") != "nosniff" || len(usage) != 0 {
			t.Errorf("passed on it answers %d, kept is %+v", answer.StatusCode, usage)
		}
		passed := image()
		set(t, s, "remote-media", "reject")
		if got := shows(ada, post.ID).Card; got.Image != nil || got.Title != "A title" {
			t.Errorf("rejected it is shown with %+v", got)
		}
		if answer := stays(t, passed); answer.StatusCode != http.StatusNotFound {
			t.Errorf("rejected it answers %d", answer.StatusCode)
		}
	})
}

func TestTrendingLinksAreShownWithTheirPreviews(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s, _, people := village(t, engine)
		site := newNewspaper(t)
		page := site.prints("/story", "The story", `<meta name="description" content="All of it"><meta property="og:image" content="/i.jpg"><meta name="author" content="Cy">`, `<link rel="canonical" href="/story">`)
		short := site.prints("/amp/story", "The story, fast", `<link rel="canonical" href="/story">`)
		for i, p := range people[:3] {
			discoverable(p, "true")
			p.Publish("read " + []string{page, short, page + "?utm_medium=x"}[i])
		}
		computeTrends(t, s)
		computeTrends(t, s) // what was read under another address is counted with it by now
		decide(t, s, true, "links", page)
		var links []struct {
			URL, Title, Description string
			Image, Blurhash         *string
			Authors                 []struct{ Name string }
			History                 []struct{ Accounts, Uses string }
		}
		people[0].Get("/api/v1/trends/links", &links)
		if len(links) != 1 || links[0].URL != page || links[0].Title != "The story" || links[0].Description != "All of it" || links[0].Image == nil || links[0].Blurhash == nil ||
			len(links[0].Authors) != 1 || links[0].Authors[0].Name != "Cy" || len(links[0].History) != 7 || links[0].History[0].Accounts != "3" || links[0].History[0].Uses != "3" {
			t.Errorf("links are %+v", links)
		}
		var line []carded
		s.Nobody().Get("/api/v1/timelines/link?url="+url.QueryEscape(page), &line)
		if len(line) != 3 {
			t.Fatalf("%d statuses have it", len(line))
		}
		for _, one := range line {
			if one.title() != "The story" || !strings.Contains(one.Content, one.Card.URL) {
				t.Errorf("%s is shown with %+v", one.Content, one.Card)
			}
		}
	})
}

func TestVideosAreShownInFramesThatKeepersAllow(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s, site := servertest.New(t, engine), newNewspaper(t)
		ada := s.Join("ada")
		site.pages["/oembed.json"] = `{"type":"video","version":"1.0","title":"A film","html":"<script>alert(1)</script><iframe src=\"https://www.youtube.com/embed/x\"></iframe>","width":560,"height":315}`
		post := ada.Publish(site.prints("/film", "x", `<link rel="alternate" type="application/json+oembed" href="/oembed.json">`))
		servertest.Settle(t, s)
		got := shows(ada, post.ID).Card
		if got == nil || got.Type != "video" || !strings.HasPrefix(got.HTML, `<iframe src="https://www.youtube.com/embed/x" `) || strings.Contains(got.HTML, "script>") || got.Width != 560 || got.Height != 315 {
			t.Fatalf("it is shown with %+v", got)
		}
		policy := func() string {
			answer, _ := file(t, s.URL+"/home", "Accept", "text/html")
			return answer.Header.Get("Content-Security-Policy")
		}
		if p := policy(); strings.Contains(p, "connect-src") && !strings.Contains(p, "; frame-src https://bandcamp.com ") { // the app is built
			t.Errorf("the policy of the app is %s", p)
		}
		set(t, s, "embed-hosts", "player.vimeo.com")
		if p := policy(); strings.Contains(p, "connect-src") && !strings.HasSuffix(p, "; frame-src https://player.vimeo.com") {
			t.Errorf("the policy of the app is %s", p)
		}
		if got := shows(ada, post.ID).Card; got.Type != "link" || got.HTML != "" || got.Title != "A film" {
			t.Errorf("where keepers do not let it in it is shown with %+v", got)
		}
	})
}

func TestPreviewsThatAreNotRememberedCostAPageOneStatement(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s, site := servertest.New(t, engine), newNewspaper(t)
		ada := s.Join("ada")
		for i := range 5 {
			ada.Publish(site.prints(fmt.Sprintf("/%d", i), "A title", `<meta name="fediverse:creator" content="`+ada.Handle()+`">`))
		}
		servertest.Settle(t, s)
		read := func(limit int) int64 {
			t.Helper()
			var line []carded
			before := s.DB().Queries()
			ada.Get(fmt.Sprintf("/api/v1/timelines/public?limit=%d", limit), &line)
			for _, one := range line {
				if one.title() != "A title" {
					t.Errorf("it is shown with %+v", one.Card)
				}
			}
			if len(line) != limit {
				t.Errorf("there are %d", len(line))
			}
			return s.DB().Queries() - before
		}
		for n, limit := range []int{1, 5} {
			read(limit)
			warm := read(limit)
			set(t, s, "embed-hosts", fmt.Sprintf("player%d.example.com", n)) // all previews are forgotten
			if cold := read(limit); cold != warm+1 {
				t.Errorf("a page of %d costs %d statements, and %d where its previews are remembered", limit, cold, warm)
			}
		}
	})
}
