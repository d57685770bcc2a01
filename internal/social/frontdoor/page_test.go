package frontdoor

import (
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/db/dbtest"
	"anancus/internal/kit/pages"
	"anancus/internal/kit/rest"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/protocol/mastodon"
	"anancus/internal/social/accounts"
	"anancus/internal/social/collections"
	"anancus/internal/social/filters"
	"anancus/internal/social/settings"
	"anancus/internal/social/statuses"
	"anancus/internal/social/viewer"
)

// house is the front door with the rooms behind it.
type house struct {
	*Service
	t        *testing.T
	db       *db.DB
	clock    *clock.Manual
	set      *settings.Service
	people   *accounts.Service
	statuses *statuses.Service
	pages    *pages.Pages

	collections *collections.Service
}

var oneKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

func openHouse(t *testing.T, engine db.Engine) *house {
	t.Helper()
	now := clock.NewManual(time.Date(2026, 11, 21, 9, 41, 0, 0, time.UTC))
	d := dbtest.Open(t, engine, func(c *db.Config) { c.Clock = now })
	wrapper, err := accounts.NewWrapper(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	site := settings.Site{Domain: "social.example", WebDomain: "social.example"}
	set := settings.New(d, site)
	people := accounts.New(accounts.Config{DB: d, Clock: now, Site: site, Wrapper: wrapper, Passwords: accounts.CheapPasswords(), MakeKey: oneKey})
	courier := activitypub.NewDeliverer(d, now, log, people, nil, nil, 1)
	list := statuses.New(statuses.Config{DB: d, Clock: now, Settings: set, Accounts: people, Filters: filters.New(d, now, nil), Courier: courier})
	h := &house{Service: New(d, now, set, people, "1.2.3"), t: t, db: d, clock: now, set: set, people: people, statuses: list, pages: pages.New("")}
	h.collections = collections.New(d, now, people, nil, courier)
	h.OpenPages(h.pages, list, h.collections)
	return h
}

// each runs a test in a fresh house on each engine.
func each(t *testing.T, test func(t *testing.T, h *house)) {
	t.Helper()
	dbtest.EachEngine(t, func(t *testing.T, engine db.Engine) { test(t, openHouse(t, engine)) })
}

func (h *house) join(name string, changes ...func(*accounts.SignUp)) *accounts.Account {
	h.t.Helper()
	form := accounts.SignUp{Username: name, Email: name + "@mail.example", Password: "correct horse battery", Confirmed: true, Approved: true}
	for _, change := range changes {
		change(&form)
	}
	a, err := h.people.Register(h.t.Context(), form)
	if err != nil {
		h.t.Fatal(err)
	}
	return a
}

func (h *house) exec(sql string, args ...any) {
	h.t.Helper()
	err := h.db.Tx(h.t.Context(), func(tx *db.Tx) error {
		_, err := db.Exec(h.t.Context(), tx, sql, args...)
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) publish(author *accounts.Account, d statuses.Draft) *statuses.Status {
	h.t.Helper()
	h.clock.Advance(time.Minute)
	member, err := h.people.Member(h.t.Context(), author.ID)
	if err != nil {
		h.t.Fatal(err)
	}
	status, err := h.statuses.Publish(h.t.Context(), author, member, d)
	if err != nil {
		h.t.Fatal(err)
	}
	h.statuses.Forget(d.InReplyTo)
	return status
}

func (h *house) boost(booster *accounts.Account, status *statuses.Status) {
	h.t.Helper()
	h.clock.Advance(time.Minute)
	if _, err := h.statuses.Boost(h.t.Context(), booster, status.ID, statuses.Public); err != nil {
		h.t.Fatal(err)
	}
	h.statuses.Forget(status.ID)
}

// stranger is an account of another server.
func (h *house) stranger(name, domain string) *accounts.Account {
	h.t.Helper()
	base := "https://" + domain + "/users/" + name
	a, err := h.people.Keep(h.t.Context(), &activitypub.RemoteActor{ID: base, Type: "Person", Username: name, Name: "Secret name",
		Summary: "<p>Secret words</p>", URL: "https://" + domain + "/@" + name, Inbox: base + "/inbox"}, activitypub.Handle{Username: name, Domain: domain})
	if err != nil {
		h.t.Fatal(err)
	}
	return a
}

// serve answers as the server does: errors are pages.
func (h *house) serve(w http.ResponseWriter, r *http.Request) {
	c := &viewer.Call{W: w, R: r, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Base: h.site.Base()}
	answer, err := h.route(c)
	if err != nil {
		h.pages.Error(r, c.Log, h.settings.Now().Title, err).Write(w, r)
		return
	}
	answer.(rest.Answer).Write(w, r)
}

func (h *house) route(c *viewer.Call) (any, error) {
	parts := strings.Split(strings.Trim(c.R.URL.Path, "/"), "/")
	switch {
	case c.R.URL.Path == "/":
		return h.WelcomePage(c)
	case parts[0] == "about":
		return h.AboutPage(c)
	case parts[0] == "collections":
		return h.CollectionPage(c, parts[1])
	case parts[0] == "tags":
		return h.TagPage(c, parts[1])
	case len(parts) == 1 || parts[1] == "with_replies":
		return h.ProfilePage(c, parts[0][1:], len(parts) == 2)
	}
	return h.StatusPage(c, parts[0][1:], parts[1])
}

func (h *house) get(path string, headers ...string) *httptest.ResponseRecorder {
	h.t.Helper()
	r, w := httptest.NewRequest("GET", path, nil), httptest.NewRecorder()
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	h.serve(w, r)
	return w
}

// shows fails unless a page with code 200 has every text; texts beginning with "!" must be absent.
func (h *house) shows(path string, texts ...string) string {
	h.t.Helper()
	w := h.get(path)
	if w.Code != http.StatusOK {
		h.t.Errorf("GET %s = %d", path, w.Code)
	}
	body := w.Body.String()
	for _, want := range texts {
		if not, ok := strings.CutPrefix(want, "!"); ok == strings.Contains(body, not) {
			h.t.Errorf("GET %s: %q", path, want)
		}
	}
	return body
}

func path(a *accounts.Account, s *statuses.Status) string {
	return "/@" + a.Username + "/" + s.ID.String()
}

// Whoever guesses the address of a hidden status must not learn that it exists (GHSA-gwhw).
func TestWhatVisitorsMayNotReadLooksLikeNothing(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ada, bo, cy := h.join("ada"), h.join("bo"), h.join("cy")
		seen := h.publish(ada, statuses.Draft{Text: "seen", Visibility: statuses.Public})
		addresses := map[string]string{
			"followers only": path(ada, h.publish(ada, statuses.Draft{Text: "hidden words", Visibility: statuses.Private})),
			"direct":         path(ada, h.publish(ada, statuses.Draft{Text: "hidden words @bo", Visibility: statuses.Direct})),
			"local only":     path(ada, h.publish(ada, statuses.Draft{Text: "hidden words", Visibility: statuses.Public, LocalOnly: true})),
			"other author":   path(bo, seen),
			"never written":  "/@ada/1",
			"no number":      "/@ada/hidden",
			"nobody":         "/@nobody/" + seen.ID.String(),
			"nobody's page":  "/@nobody",
			"suspended":      path(cy, h.publish(cy, statuses.Draft{Text: "hidden words", Visibility: statuses.Public})),
			"elsewhere":      "/@ada@other.example/" + seen.ID.String(),
			"not met":        "/@ada@other.example",
		}
		erased := h.publish(ada, statuses.Draft{Text: "hidden words", Visibility: statuses.Public})
		addresses["deleted"] = path(ada, erased)
		if _, err := h.statuses.Delete(t.Context(), ada.ID, erased.ID, false); err != nil {
			t.Fatal(err)
		}
		h.exec(`UPDATE accounts SET suspended_at = 1 WHERE id = $1`, cy.ID)
		h.join("dee", func(f *accounts.SignUp) { f.Approved = false })
		addresses["waits for approval"] = "/@dee"

		h.shows(path(ada, seen), "seen")
		nothing := h.get("/@ada/2")
		for name, address := range addresses {
			w := h.get(address)
			if w.Code != http.StatusNotFound || w.Body.String() != nothing.Body.String() || !maps.EqualFunc(w.Header(), nothing.Header(), slices.Equal) {
				t.Errorf("%s: %d %v\n%s", name, w.Code, w.Header(), w.Body)
			}
		}
		for _, list := range []string{"/@ada", "/@ada/with_replies"} {
			h.shows(list, "seen", "!hidden words")
		}
	})
}

func TestASuspendedAccountIsAPageWithoutIt(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		for name, c := range map[string]struct {
			column string
			code   int
		}{"cy": {"suspended_at", http.StatusForbidden}, "dee": {"deleted_at", http.StatusGone}} {
			a := h.join(name)
			h.publish(a, statuses.Draft{Text: "hidden words", Visibility: statuses.Public})
			h.exec(`UPDATE accounts SET `+c.column+` = 1, display_name = 'hidden words' WHERE id = $1`, a.ID)
			w := h.get("/@" + name)
			if w.Code != c.code || strings.Contains(w.Body.String(), "hidden words") || !strings.Contains(w.Body.String(), "noindex") ||
				w.Header().Get("Cache-Control") != "private, no-store" || w.Header().Get("Link") != "" {
				t.Errorf("%s: %d %v\n%s", name, w.Code, w.Header(), w.Body)
			}
		}
	})
}

func TestAProfileShowsPinnedStatusesThenTheNewest(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ada, bo := h.join("ada"), h.join("bo")
		pinned := h.publish(ada, statuses.Draft{Text: "the pinned one", Visibility: statuses.Public})
		if err := h.statuses.Pin(t.Context(), ada.ID, pinned); err != nil {
			t.Fatal(err)
		}
		his := h.publish(bo, statuses.Draft{Text: "words of bo", Visibility: statuses.Public})
		hidden := h.publish(bo, statuses.Draft{Text: "hidden words", Visibility: statuses.Public})
		h.boost(ada, his)
		h.boost(ada, hidden)
		h.exec(`UPDATE statuses SET local_only = $2 WHERE id = $1`, hidden.ID, true)
		h.publish(ada, statuses.Draft{Text: "an answer", Visibility: statuses.Public, InReplyTo: his.ID})
		for i := range 20 {
			h.publish(ada, statuses.Draft{Text: fmt.Sprintf("number %d.", i), Visibility: statuses.Unlisted})
		}
		first := h.shows("/@ada", "the pinned one", "number 0.", "number 19.", "!words of bo", "!an answer", `rel="next"`)
		if strings.Index(first, "the pinned one") > strings.Index(first, "number 19.") || strings.Index(first, "number 19.") > strings.Index(first, "number 18.") {
			t.Error("the order is another")
		}
		next := regexp.MustCompile(`rel="next" href="([^"]+)"`).FindStringSubmatch(first)[1]
		second := h.shows(next, "words of bo", "boosted", "!hidden words", "!number 0.", "!rel=\"next\"", "!an answer")
		if strings.Count(second, "the pinned one") != 1 {
			t.Error("what was pinned is not in its place in time")
		}
		all := h.shows("/@ada/with_replies", "number 0.", "!Pinned")
		h.shows(regexp.MustCompile(`rel="next" href="([^"]+)"`).FindStringSubmatch(all)[1], "an answer", "A reply", "words of bo")
		h.shows("/@ada?max_id=1", "There is nothing older")
		h.shows("/@ADA?max_id=x", "number 19.")
	})
}

func TestAProfileTellsProgramsWhatItIs(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ada := h.join("ada")
		h.exec(`UPDATE accounts SET note = 'I dig. <b>', fields = $2, locked = $3, display_name = 'Ada Lind' WHERE id = $1`, ada.ID, `[{"name":"Site","value":"https://ada.org/"}]`, true)
		w := h.get("/@ada")
		for _, want := range []string{
			`<meta property="og:type" content="profile">`, `<meta property="og:title" content="Ada Lind (@ada@social.example)">`,
			`<meta property="og:description" content="I dig. &lt;b&gt;">`, `<meta property="og:url" content="https://social.example/@ada">`,
			`<meta property="og:site_name" content="social.example">`, `<meta property="og:image" content="https://social.example/avatars/missing.svg">`,
			`<link rel="canonical" href="https://social.example/@ada">`, `<link rel="alternate" type="application/activity+json" href="` + ada.URI + `">`,
			`I dig. &lt;b&gt;`, `href="https://ada.org/"`, "Approves who follows", "@ada@social.example", `<meta name="robots" content="noindex">`,
			`<a class="button plain small" href="/auth/sign_in?return_to=%2F%40ada">`, `href="/auth/sign_up"`,
		} {
			if !strings.Contains(w.Body.String(), want) {
				t.Errorf("the page lacks %s\n%s", want, w.Body)
			}
		}
		want := `<https://social.example/.well-known/webfinger?resource=acct%3Aada%40social.example>; rel="lrdd"; type="application/jrd+json", <` +
			ada.URI + `>; rel="alternate"; type="application/activity+json"`
		if got := w.Header().Get("Link"); got != want {
			t.Errorf("Link: %s", got)
		}
		h.exec(`UPDATE accounts SET indexable = $2 WHERE id = $1`, ada.ID, true)
		h.shows("/@ada", "!noindex")
		h.exec(`UPDATE accounts SET limited_at = 1 WHERE id = $1`, ada.ID)
		h.shows("/@ada", "noindex")
	})
}

func TestWhatPeopleWroteIsEscaped(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ada := h.join("ada")
		h.exec(`UPDATE accounts SET display_name = $2, note = $2, fields = $3 WHERE id = $1`, ada.ID, `<script>alert("1")</script>`,
			`[{"name":"<script>x</script>","value":"<script>x</script>"}]`)
		status := h.publish(ada, statuses.Draft{Text: `<script>alert("2")</script> <img src=x onerror=y>`, ContentWarning: `<b onclick="z">"` + "‮", Visibility: statuses.Public})
		for _, address := range []string{"/@ada", path(ada, status), "/@ada?lang=%22%3E%3Cscript%3E&max_id=%22%3E%3Cscript%3E"} {
			body := h.shows(address, "!<script", "!<b onclick", "!<img src=x")
			if address != "/@ada" && !strings.Contains(body, "&lt;script&gt;") && !strings.Contains(address, "max_id") {
				t.Errorf("%s lost what was written\n%s", address, body)
			}
		}
	})
}

func TestAContentWarningCoversTheTextInPreviewsToo(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ada := h.join("ada")
		status := h.publish(ada, statuses.Draft{Text: "the butler did it", ContentWarning: "spoiler", Visibility: statuses.Public})
		body := h.shows(path(ada, status), "<details>", `<meta property="og:description" content="spoiler">`, "“spoiler”")
		if strings.Count(body, "the butler did it") != 1 || !strings.Contains(body[strings.Index(body, "<details>"):strings.Index(body, "</details>")], "the butler did it") {
			t.Error("the text stands outside of its cover")
		}
	})
}

func TestAStatusShowsTheAnswersThatVisitorsMayRead(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ada, bo, cy := h.join("ada"), h.join("bo"), h.join("cy")
		root := h.publish(ada, statuses.Draft{Text: "the beginning", Visibility: statuses.Public})
		answer := h.publish(bo, statuses.Draft{Text: "@ada an answer", Visibility: statuses.Public, InReplyTo: root.ID})
		h.publish(bo, statuses.Draft{Text: "@ada hidden words", Visibility: statuses.Private, InReplyTo: root.ID})
		h.publish(bo, statuses.Draft{Text: "@ada hidden words", Visibility: statuses.Direct, InReplyTo: root.ID})
		h.publish(bo, statuses.Draft{Text: "@ada hidden words", Visibility: statuses.Public, LocalOnly: true, InReplyTo: root.ID})
		h.publish(cy, statuses.Draft{Text: "@ada hidden words", Visibility: statuses.Public, InReplyTo: root.ID})
		h.publish(ada, statuses.Draft{Text: "@bo thanks", Visibility: statuses.Public, InReplyTo: answer.ID})
		h.exec(`UPDATE accounts SET limited_at = 1 WHERE id = $1`, cy.ID)
		h.shows(path(ada, root), "an answer", "thanks", "2 replies", "!hidden words")
		h.shows(path(bo, answer), `href="`+path(ada, root)+`"`, "In reply to ada", "the beginning", "thanks")

		secret := h.publish(ada, statuses.Draft{Text: "hidden words", Visibility: statuses.Private})
		open := h.publish(ada, statuses.Draft{Text: "an open answer", Visibility: statuses.Public, InReplyTo: secret.ID})
		h.shows(path(ada, open), "an open answer", "!hidden words", "!"+path(ada, secret))
	})
}

var update = os.Getenv("UPDATE_GOLDEN") != ""

func TestTheStatusPageIsTheGoldenOne(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ada, bo := h.join("ada"), h.join("bo")
		h.exec(`UPDATE accounts SET display_name = 'Mira Lindqvist', indexable = $2 WHERE id = $1`, ada.ID, true)
		root := h.publish(ada, statuses.Draft{Text: "Fieldwork, day four: the second tusk. #Palaeontology https://museum.org/tusks", Visibility: statuses.Public, Language: "en"})
		answer := h.publish(bo, statuses.Draft{Text: "@ada 牙は まっすぐ?", ContentWarning: "牙", Visibility: statuses.Unlisted, Language: "ja", InReplyTo: root.ID})
		h.boost(bo, root)
		w := h.get(path(ada, root))
		got := w.Body.String()
		for from, to := range map[string]string{root.ID.String(): "ROOT", answer.ID.String(): "ANSWER", ada.ID.String(): "ADA", stylePath: "/assets/visit.css", h.pages.CSSPath(): "/assets/pages.css"} {
			got = strings.ReplaceAll(got, from, to)
		}
		const golden = "testdata/status_page.html"
		if update {
			if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil || got != string(want) {
			t.Errorf("the page is another (UPDATE_GOLDEN=1 keeps it): %v\n%s", err, got)
		}
		if link := w.Header().Get("Link"); link != `<`+root.URI+`>; rel="alternate"; type="application/activity+json"` {
			t.Errorf("Link: %s", link)
		}
	})
}

func TestAHashtagShowsWhatIsPublic(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ada, cy := h.join("ada"), h.join("cy")
		h.publish(ada, statuses.Draft{Text: "open #Tusk", Visibility: statuses.Public})
		for _, v := range []statuses.Visibility{statuses.Unlisted, statuses.Private, statuses.Direct} {
			h.publish(ada, statuses.Draft{Text: "hidden words #tusk", Visibility: v})
		}
		h.publish(ada, statuses.Draft{Text: "hidden words #tusk", Visibility: statuses.Public, LocalOnly: true})
		h.publish(cy, statuses.Draft{Text: "hidden words #tusk", Visibility: statuses.Public})
		h.exec(`UPDATE accounts SET limited_at = 1 WHERE id = $1`, cy.ID)
		h.shows("/tags/tusk", "open", "!hidden words", "#tusk")
		h.shows("/tags/TUSK", "open")
		h.shows("/tags/trunk", "Nobody wrote anything public", "noindex")
		if w := h.get("/tags/%3Cscript%3E"); w.Code != http.StatusNotFound {
			t.Errorf("no hashtag is %d", w.Code)
		}
		for i := range 21 {
			h.publish(ada, statuses.Draft{Text: fmt.Sprintf("number %d. #tusk", i), Visibility: statuses.Public})
		}
		first := h.shows("/tags/tusk", "number 20.", "!number 0.")
		next := regexp.MustCompile(`rel="next" href="([^"]+)"`).FindStringSubmatch(first)[1]
		h.shows(next, "number 0.", "open", "!rel=\"next\"")
	})
}

func TestPeopleElsewhereAreOnlyPointedTo(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.stranger("zed", "other.example")
		h.shows("/@zed@other.example", `href="https://other.example/@zed"`, "noindex", "!Secret")
		h.join("ada")
		if w := h.get("/@ada@social.example"); w.Code != http.StatusFound || w.Header().Get("Location") != "/@ada" {
			t.Errorf("our own handle: %d %v", w.Code, w.Header())
		}
		h.exec(`UPDATE accounts SET url = 'javascript:alert(1)', uri = 'http://other.example/zed' WHERE username = 'zed'`)
		if w := h.get("/@zed@other.example"); w.Code != http.StatusNotFound {
			t.Errorf("an address that is no https leads on: %d\n%s", w.Code, w.Body)
		}
	})
}

func TestPagesAreKeptForAMomentAndAskedForAgain(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ada := h.join("ada")
		first := h.get("/@ada")
		hd := first.Header()
		if hd.Get("Cache-Control") != cachePage || strings.Join(hd.Values("Vary"), ", ") != "Accept-Language, Cookie, Accept" || hd.Get("ETag") == "" {
			t.Errorf("%v", hd)
		}
		if policy := hd.Get("Content-Security-Policy"); !strings.Contains(policy, "img-src 'self' https: data:;") || strings.Contains(policy, "script") {
			t.Errorf("the policy is %s", policy)
		}
		again := h.get("/@ada", "If-None-Match", `"x", `+strings.TrimPrefix(hd.Get("ETag"), "W/"))
		if again.Code != http.StatusNotModified || again.Body.Len() != 0 || again.Header().Get("Cache-Control") != cachePage {
			t.Errorf("%d %v", again.Code, again.Header())
		}
		h.publish(ada, statuses.Draft{Text: "news", Visibility: statuses.Public})
		if w := h.get("/@ada", "If-None-Match", hd.Get("ETag")); w.Code != http.StatusOK {
			t.Errorf("after news: %d", w.Code)
		}
	})
}

func TestTheFrontDoorSaysWhatTheServerIs(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.join("keeper", func(f *accounts.SignUp) { f.Role = accounts.RoleOwner })
		h.shows("/about", "1 member", "Anybody may join", "@keeper@social.example", "Anancus 1.2.3", sourceURL)
		if err := h.set.Set(t.Context(), "registrations", "closed"); err != nil {
			t.Fatal(err)
		}
		h.shows("/about", "not taken", "!/auth/sign_up")
		h.shows("/", "make build", `href="/about"`)
		h.shows("/?lang=ja", `<html lang="ja">`, "サーバーは動いています", `href="/about?lang=ja"`)
	})
}

func TestEveryTextIsThereInEveryLanguage(t *testing.T) {
	words := pages.MustWords(wordFiles, "words")
	english := slices.Sorted(maps.Keys(words["en"]))
	for _, lang := range pages.Languages {
		if got := slices.Sorted(maps.Keys(words[lang])); !slices.Equal(got, english) {
			t.Errorf("%s has other texts than English", lang)
		}
		for key, text := range words[lang] {
			if strings.Count(text, "%") != strings.Count(words["en"][key], "%") {
				t.Errorf("%s: %s takes other arguments than in English", lang, key)
			}
		}
	}
	used := regexp.MustCompile(`(?:\.T|text\(c,|amount\(c,|tally\(c,) "([a-z_.]+)"`)
	files, err := os.ReadDir("pages")
	if err != nil {
		t.Fatal(err)
	}
	names := []string{"page.go", "page_about.go", "page_entry.go", "page_profile.go", "page_status.go", "page_tag.go"}
	for _, f := range files {
		names = append(names, "pages/"+f.Name())
	}
	for _, name := range names {
		body, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range used.FindAllStringSubmatch(string(body), -1) {
			if !words.Has(m[1]) && !words.Has(m[1]+".one") && !words.Has(m[1]+"open") {
				t.Errorf("%s: there is no text %s", name, m[1])
			}
		}
	}
}

func TestShortcodesBecomePicturesOnlyInText(t *testing.T) {
	emojis := []mastodon.CustomEmoji{{Shortcode: "tusk", URL: `https://e.example/t.png"x`}, {Shortcode: "bad", URL: "javascript:x"}}
	const picture = `<img class="emoji" src="https://e.example/t.png&#34;x" alt=":tusk:" title=":tusk:" loading="lazy">`
	for source, want := range map[string]string{
		`<p>a :tusk: b :bad: c:tusk:d</p>`:        `<p>a ` + picture + ` b :bad: c:tusk:d</p>`,
		`<a href="https://x/:tusk:">:tusk:</a>`:   `<a href="https://x/:tusk:">` + picture + `</a>`,
		`plain`:                                   `plain`,
		`<p>never closed :tusk: <a title=":tusk:`: `<p>never closed ` + picture + ` <a title=":tusk:`,
	} {
		if got := string(emojifiedHTML(source, emojis)); got != want {
			t.Errorf("%s became %s", source, got)
		}
	}
	moves := []mastodon.CustomEmoji{{Shortcode: "tusk", URL: "https://e.example/t.gif", StaticURL: "https://e.example/t.png"}}
	if got := string(emojified(":tusk:", moves)); !strings.HasPrefix(got, `<picture><source media="(prefers-reduced-motion: reduce)" srcset="https://e.example/t.png"><img class="emoji" src="https://e.example/t.gif"`) || !strings.HasSuffix(got, "</picture>") {
		t.Errorf("one that moves is %s", got)
	}
	if got := string(emojified(`<b>:tusk:`, emojis)); got != `&lt;b&gt;`+picture {
		t.Errorf("a name became %s", got)
	}
}
