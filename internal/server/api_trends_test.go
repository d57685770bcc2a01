package server_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/server/keeper"
	"anancus/internal/server/servertest"
)

func computeTrends(t *testing.T, s *servertest.Server) {
	t.Helper()
	servertest.Settle(t, s)
	n, err := s.Keeper().RefreshTrends(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for kind, want := range map[string]int{"tags": n.Tags, "links": n.Links, "statuses": n.Statuses} {
		if list, err := s.Keeper().ListTrends(t.Context(), keeper.TrendKind{Kind: kind}); err != nil || len(list) != want {
			t.Errorf("of %s %d are said to trend, %d are listed (%v)", kind, want, len(list), err)
		}
	}
}

func decide(t *testing.T, s *servertest.Server, trendable bool, kind string, names ...string) {
	t.Helper()
	if _, err := s.Keeper().ReviewTrends(t.Context(), keeper.TrendReview{Kind: kind, Names: names, Trendable: trendable}); err != nil {
		t.Fatal(err)
	}
}

// village is a server on whose clock it is noon, where three people make a trend.
func village(t *testing.T, engine db.Engine) (*servertest.Server, *clock.Manual, []*servertest.Person) {
	t.Helper()
	at := clock.NewManual(time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC))
	s := servertest.NewAt(t, engine, at)
	set(t, s, "trends-threshold", "3")
	var people []*servertest.Person
	for _, name := range []string{"ada", "bo", "cy", "dee"} {
		people = append(people, s.Join(name))
	}
	return s, at, people
}

func TestHashtagsTrendOnceAKeeperApprovedThem(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s, at, people := village(t, engine)
		for i, p := range people {
			p.Publish("look #CatsOfMastodon")
			if i > 0 {
				p.Publish("and #dogs")
			}
		}
		people[0].Publish("just me #lonely")
		people[0].Publish("still just me #lonely")
		computeTrends(t, s)
		trending := func(p *servertest.Person, query string) string {
			t.Helper()
			var list, old []tagEntity
			p.Get("/api/v1/trends/tags"+query, &list)
			p.Get("/api/v1/trends"+query, &old)
			if tagNamesIn(list) != tagNamesIn(old) {
				t.Errorf("the old address shows %q, the new one %q", tagNamesIn(old), tagNamesIn(list))
			}
			return tagNamesIn(list)
		}
		if got := trending(s.Nobody(), ""); got != "" {
			t.Errorf("before a keeper looked %q trends", got)
		}
		list, err := s.Keeper().ListTrends(t.Context(), keeper.TrendKind{Kind: "tags"})
		if err != nil || len(list) != 2 || list[0] != (keeper.Trend{Name: "CatsOfMastodon", Score: 9, RequiresReview: true}) || list[1].Name != "dogs" || list[1].Score != 4 {
			t.Errorf("a keeper sees %+v (%v)", list, err)
		}
		decide(t, s, true, "tags", "CatsOfMastodon", "#dogs")
		if got := trending(s.Nobody(), ""); got != "CatsOfMastodon dogs" {
			t.Errorf("approved, %q trends", got)
		}
		var shown []tagEntity
		people[0].Post("/api/v1/tags/dogs/follow", nil, nil)
		people[0].Get("/api/v1/trends/tags", &shown)
		if first := shown[0]; first.History[0].Accounts != "4" || first.History[0].Uses != "4" || len(first.History) != 7 || first.URL != s.URL+"/tags/catsofmastodon" ||
			*first.Following || !*shown[1].Following {
			t.Errorf("it is shown as %+v", shown)
		}
		var page []tagEntity
		answer := s.Nobody().Do(http.MethodGet, "/api/v1/trends/tags?limit=1", nil, &page)
		next, prev := linkPair(answer.Header.Get("Link"))
		if tagNamesIn(page) != "CatsOfMastodon" || !strings.Contains(next, "offset=1") || prev != "" {
			t.Errorf("the first part is %s, and links to %q and %q", tagNamesIn(page), next, prev)
		}
		answer = s.Nobody().Do(http.MethodGet, strings.TrimPrefix(next, s.URL), nil, &page)
		next, prev = linkPair(answer.Header.Get("Link"))
		if tagNamesIn(page) != "dogs" || next != "" || !strings.Contains(prev, "offset=0") {
			t.Errorf("the second part is %s, and links to %q and %q", tagNamesIn(page), next, prev)
		}
		for query, want := range map[string]string{"?offset=-1": "dogs", "?offset=2": "", "?offset=999999999999": "", "?offset=x&limit=1": "CatsOfMastodon", "?limit=999": "CatsOfMastodon dogs"} {
			if got := trending(s.Nobody(), query); got != want {
				t.Errorf("%s gives %q, want %q", query, got, want)
			}
		}
		at.Advance(4 * time.Hour) // one half life
		computeTrends(t, s)
		if list, _ := s.Keeper().ListTrends(t.Context(), keeper.TrendKind{Kind: "tags"}); len(list) != 2 || list[0].Score != 4.5 || !list[0].Trendable || list[0].RequiresReview {
			t.Errorf("after four hours a keeper sees %+v", list)
		}
		decide(t, s, false, "tags", "catsofmastodon")
		set(t, s, "trendable-by-default", "true")
		if got := trending(s.Nobody(), ""); got != "dogs" {
			t.Errorf("after one was rejected %q trends", got)
		}
		set(t, s, "trends", "false")
		for _, path := range []string{"", "/tags", "/links", "/statuses"} {
			var raw string
			if s.Nobody().Get("/api/v1/trends"+path, &raw); strings.TrimSpace(raw) != "[]" {
				t.Errorf("without trends %s is answered %s", path, raw)
			}
			saysNo(t, &servertest.Person{On: s, Token: "wrong"}, http.MethodGet, "/api/v1/trends"+path, nil, 401, "The access token is invalid")
		}
		for _, bad := range []keeper.TrendReview{{Kind: "tags", Names: []string{"nobodywrotethis"}}, {Kind: "links", Names: []string{"https://none.example/"}}, {Kind: "statuses", Names: []string{"1"}},
			{Kind: "statuses", Names: []string{"https://none.example/1"}}, {Kind: "people", Names: []string{"x"}}, {Kind: "tags", Names: []string{"dogs"}, Author: true}} {
			if _, err := s.Keeper().ReviewTrends(t.Context(), bad); err == nil {
				t.Errorf("%+v was decided", bad)
			}
		}
		if _, err := s.Keeper().ListTrends(t.Context(), keeper.TrendKind{Kind: "people"}); err == nil {
			t.Error("people trend")
		}
	})
}

func discoverable(p *servertest.Person, value string) {
	p.On.T.Helper()
	if got := p.Do(http.MethodPatch, "/api/v1/accounts/update_credentials", url.Values{"discoverable": {value}}, nil); got.StatusCode != http.StatusOK {
		p.On.T.Fatalf("update_credentials is answered %d", got.StatusCode)
	}
}

func TestLinksTrendAndHaveATimeline(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s, at, people := village(t, engine)
		ada, bo, cy, dee := people[0], people[1], people[2], people[3]
		const page = "https://news.example.com/a/page"
		timeline := "/api/v1/timelines/link?url=" + url.QueryEscape(page)
		for i, p := range []*servertest.Person{ada, bo, cy} {
			discoverable(p, "true")
			p.Publish(fmt.Sprintf("%d %s?utm_source=app#top", i+1, page))
			at.Advance(time.Second)
		}
		dee.Publish("not to be found " + page)
		ada.Publish("quietly "+page, "visibility", "unlisted")
		dee.Publish("just me https://lonely.example.com/")
		computeTrends(t, s)
		saysNo(t, s.Nobody(), http.MethodGet, timeline, nil, 404, "Record not found")
		decide(t, s, true, "links", page)
		var list []struct {
			URL, Title, Description, Type, HTML string
			Provider                            string `json:"provider_name"`
			Image                               *string
			Authors                             []any
			History                             []struct{ Day, Uses, Accounts string }
		}
		s.Nobody().Get("/api/v1/trends/links", &list)
		if len(list) != 1 || list[0].URL != page || list[0].Title != "news.example.com/a/page" || list[0].Provider != "news.example.com" || list[0].Type != "link" || list[0].Description != "" ||
			list[0].Image != nil || list[0].Authors == nil || len(list[0].History) != 7 || list[0].History[0].Uses != "4" || list[0].History[0].Accounts != "4" || list[0].History[1].Uses != "0" ||
			list[0].History[6].Day != strconv.FormatInt(time.Date(2026, 11, 15, 0, 0, 0, 0, time.UTC).Unix(), 10) {
			t.Errorf("links are %+v", list)
		}
		numbers := func(list []servertest.Status) string {
			var all []string
			for _, one := range list {
				all = append(all, strings.TrimPrefix(one.Content, "<p>")[:1])
			}
			return strings.Join(all, "")
		}
		want := func(p *servertest.Person, path, want string) (next, prev string) {
			t.Helper()
			var page []servertest.Status
			answer := p.Do(http.MethodGet, path, nil, &page)
			if answer.StatusCode != http.StatusOK || numbers(page) != want {
				t.Errorf("%s is %d %q, want %q", path, answer.StatusCode, numbers(page), want)
			}
			return linkPair(answer.Header.Get("Link"))
		}
		want(s.Nobody(), timeline, "321")
		want(s.Nobody(), timeline+"%23bottom", "321")
		next, prev := want(s.Nobody(), timeline+"&limit=2", "32")
		want(s.Nobody(), strings.TrimPrefix(next, s.URL), "1")
		cy.Publish("4 " + page)
		computeTrends(t, s)
		want(s.Nobody(), strings.TrimPrefix(prev, s.URL), "4")
		dee.Post("/api/v1/accounts/"+bo.ID+"/mute", nil, nil)
		cy.Post("/api/v1/accounts/"+dee.ID+"/block", nil, nil)
		want(dee, timeline, "1")
		want(dee, timeline+"&remote=true", "")
		discoverable(bo, "false")
		want(s.Nobody(), timeline, "431")
		saysNo(t, s.Nobody(), http.MethodGet, "/api/v1/timelines/link?url=https://lonely.example.com/", nil, 404, "Record not found")
		saysNo(t, s.Nobody(), http.MethodGet, "/api/v1/timelines/link", nil, 404, "Record not found")
		saysNo(t, &servertest.Person{On: s, Token: s.TokenFor("ada", "push")}, http.MethodGet, timeline, nil, 403, "This action is outside the authorized scopes")

		// Who may read timelines of topics.
		access := func() string {
			var instance struct {
				Configuration struct {
					Access map[string]struct{ Local, Remote string } `json:"timelines_access"`
				}
			}
			s.Nobody().Get("/api/v2/instance", &instance)
			if instance.Configuration.Access["hashtag_feeds"] != instance.Configuration.Access["trending_link_feeds"] {
				t.Errorf("the access is %+v", instance)
			}
			return fmt.Sprint(instance.Configuration.Access["trending_link_feeds"])
		}
		if got := access(); got != "{public public}" {
			t.Errorf("the access is %s", got)
		}
		ada.Publish("a #topic")
		write(t, s, `UPDATE statuses SET local = FALSE WHERE author_id = $1`, number(t, cy.ID)) // as if they came from elsewhere
		tag, guest := "/api/v1/timelines/tag/topic", "The access token is invalid"
		set(t, s, "remote-topic-feed-access", "authenticated")
		for _, path := range []string{timeline, tag + "?x=1"} {
			saysNo(t, s.Nobody(), http.MethodGet, path, nil, 401, guest)
			saysNo(t, s.Nobody(), http.MethodGet, path+"&remote=true", nil, 401, guest)
		}
		want(s.Nobody(), timeline+"&local=true", "1")
		want(ada, timeline, "431")
		set(t, s, "remote-topic-feed-access", "disabled")
		if got := access(); got != "{public disabled}" {
			t.Errorf("the access is %s", got)
		}
		want(ada, timeline, "1")
		want(ada, timeline+"&remote=true", "")
		want(ada, tag, "a")
		want(ada, tag+"?remote=true", "")
		write(t, s, `UPDATE members SET role = 'owner' WHERE account_id = $1`, number(t, bo.ID))
		owner := &servertest.Person{On: s, Name: "bo", ID: bo.ID, Token: s.TokenFor("bo", "read")}
		want(owner, timeline, "431")
		set(t, s, "local-topic-feed-access", "authenticated")
		saysNo(t, s.Nobody(), http.MethodGet, timeline+"&local=true", nil, 401, guest)
		decide(t, s, false, "links", page)
		saysNo(t, ada, http.MethodGet, timeline, nil, 404, "Record not found")
		if s.Nobody().Get("/api/v1/trends/links", &list); len(list) != 0 {
			t.Errorf("a rejected link is shown: %+v", list)
		}
		at.Advance(15 * 24 * time.Hour)
		if err := s.PurgeLinks(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := count(t, s, `SELECT COUNT(*) FROM link_days`); n != 0 {
			t.Errorf("of %d days it is kept who used a link", n)
		}
		if n := count(t, s, `SELECT COUNT(*) FROM links`); n != 2 {
			t.Errorf("%d links are kept, want those that statuses have", n)
		}
	})
}

func TestStatusesTrendForThoseWhoWantToMeetThem(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s, _, people := village(t, engine)
		ada, bo, cy, dee := people[0], people[1], people[2], people[3]
		discoverable(ada, "true")
		discoverable(bo, "true")
		english, german := ada.Publish("hello", "language", "en"), bo.Publish("hallo", "language", "de")
		shy, secret := cy.Publish("hush", "language", "en"), ada.Publish("psst", "language", "en", "visibility", "unlisted")
		warned := ada.Publish("look", "language", "en", "spoiler_text", "beware")
		for _, one := range []servertest.Status{english, german, shy, secret, warned} {
			for _, p := range people[1:] {
				p.Act(one.ID, "favourite")
			}
		}
		ada.Act(english.ID, "favourite")
		dee.Act(german.ID, "reblog")
		cy.Act(german.ID, "reblog")
		computeTrends(t, s)
		want := func(p *servertest.Person, query string, wanted ...servertest.Status) (answer *http.Response) {
			t.Helper()
			var list []servertest.Status
			answer = p.Do(http.MethodGet, "/api/v1/trends/statuses"+query, nil, &list)
			var got, ids []string
			for _, one := range list {
				got = append(got, one.ID)
			}
			for _, one := range wanted {
				ids = append(ids, one.ID)
			}
			if strings.Join(got, " ") != strings.Join(ids, " ") {
				t.Errorf("for %s trend %v, want %v", p.Name, got, ids)
			}
			return answer
		}
		want(s.Nobody(), "")
		decide(t, s, true, "statuses", english.ID)
		want(s.Nobody(), "", english)
		if _, err := s.Keeper().ReviewTrends(t.Context(), keeper.TrendReview{Kind: "statuses", Names: []string{german.URI}, Trendable: true, Author: true}); err != nil {
			t.Fatal(err)
		}
		list, err := s.Keeper().ListTrends(t.Context(), keeper.TrendKind{Kind: "statuses"})
		if err != nil || len(list) != 2 || list[0].Author != "bo" || list[0].Name != german.ID || list[0].Score != 16 || !list[0].Trendable || list[1].Score != 9 {
			t.Errorf("a keeper sees %+v (%v)", list, err)
		}
		want(s.Nobody(), "", german, english)
		answer := want(s.Nobody(), "?limit=1&offset=1", english)
		if next, prev := linkPair(answer.Header.Get("Link")); next != "" || !strings.Contains(prev, "offset=0") {
			t.Errorf("it links to %q and %q", next, prev)
		}
		want(cy, "", english, german) // whose pages are in English
		write(t, s, `UPDATE members SET chosen_languages = 'de,fr' WHERE account_id = $1`, number(t, cy.ID))
		want(cy, "", german, english)

		dee.Post("/api/v1/accounts/"+ada.ID+"/mute", nil, nil)
		want(dee, "", german)
		bo.Post("/api/v1/accounts/"+dee.ID+"/block", nil, nil)
		want(dee, "")
		cy.Post("/api/v1/accounts/"+bo.ID+"/block", nil, nil)
		want(cy, "", english)
		statements := func(limit int) int64 {
			t.Helper()
			before := s.DB().Queries()
			if answer := ada.Do(http.MethodGet, fmt.Sprintf("/api/v1/trends/statuses?limit=%d", limit), nil, nil); answer.StatusCode != http.StatusOK {
				t.Errorf("answered %d", answer.StatusCode)
			}
			return s.DB().Queries() - before
		}
		statements(2)
		if one, two := statements(1), statements(2); one != two {
			t.Errorf("one status costs %d statements, two %d", one, two)
		}
		ada.Delete(english.ID)
		discoverable(bo, "false")
		want(s.Nobody(), "")
		decide(t, s, false, "statuses", german.ID)
		computeTrends(t, s)
		want(s.Nobody(), "")
	})
}
