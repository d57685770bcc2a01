package server_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"anancus/internal/kit/db"
	"anancus/internal/server/servertest"
)

// Security list, item 78: what a member keeps is not there for another, whatever they try with its id. Every route that
// names something by an id is looked at; a new one must say what it names.
func TestWhatBelongsToAMemberIsNotThereForAnother(t *testing.T) {
	everybodys := []string{"/accounts/{id}", "/statuses/{id}", "/polls/{id}", "/announcements/{id}", "/suggestions/{id}", "/collections/", "/annual_reports/", "/media/{id}"}
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		m := newMany(t, engine, 1, nil)
		first := func(path, key string) string {
			t.Helper()
			var list []map[string]any
			if m.ada.Get(path, &list); len(list) == 0 {
				t.Fatalf("%s is empty", path)
			}
			id, _ := list[0][key].(string)
			return id
		}
		owned := map[string]string{
			"/api/v1/lists/{id}":                  m.list,
			"/api/v1/timelines/list/{id}":         m.list,
			"/api/v1/featured_tags/{id}":          first("/api/v1/featured_tags", "id"),
			"/api/v1/scheduled_statuses/{id}":     first("/api/v1/scheduled_statuses", "id"),
			"/api/v1/filters/{id}":                first("/api/v2/filters/"+m.filter+"/keywords", "id"),
			"/api/v2/filters/{id}":                m.filter,
			"/api/v2/filters/keywords/{id}":       first("/api/v2/filters/"+m.filter+"/keywords", "id"),
			"/api/v2/filters/statuses/{id}":       first("/api/v2/filters/"+m.filter+"/statuses", "id"),
			"/api/v1/notifications/{id}":          first("/api/v1/notifications", "id"),
			"/api/v1/notifications/requests/{id}": first("/api/v1/notifications/requests", "id"),
			"/api/v1/conversations/{id}":          first("/api/v1/conversations", "id"),
			"/api/v1/follow_requests/{id}":        m.strangers[0], // who asked eve
			"/api/v1_alpha/async_refreshes/{id}":  "1",
		}
		mallory := m.Join("mallory")
		before, asked := counts(t, m.Server), 0
		for _, r := range m.Table() {
			if r.Door != "member" || !strings.Contains(r.Path, "{id}") || containsAny(r.Path, everybodys) {
				continue
			}
			at := ""
			for path := range owned {
				if r.Path == path || strings.HasPrefix(r.Path, path+"/") {
					at = path
				}
			}
			if at == "" {
				t.Errorf("whose is what %s %s names?", r.Method, r.Path)
				continue
			}
			asked++
			body := url.Values{"title": {"mine"}, "context[]": {"home"}, "phrase": {"x"}, "keyword": {"x"}, "status_id": {m.statuses[0]}, "account_ids[]": {m.people[0]}, "scheduled_at": {"2099-01-01T00:00:00Z"}}
			if r.Method == http.MethodGet {
				body = nil
			}
			if answer := mallory.Do(r.Method, strings.ReplaceAll(r.Path, "{id}", owned[at]), body, nil); answer.StatusCode != http.StatusNotFound {
				t.Errorf("%s %s of another is answered %d", r.Method, r.Path, answer.StatusCode)
			}
		}
		if asked < 30 {
			t.Errorf("only %d routes were asked", asked)
		}
		unchanged(t, m.Server, before, "asking for what belongs to another")

		// Security list, item 91: however many entries are asked for, the database is asked for a page.
		const huge = int64(98765432)
		handler, err := m.Cold(t.Context())
		wants(t, err)
		for _, l := range everyList {
			path := l.path
			if !strings.HasPrefix(path, "/") {
				path = l.route + path
			}
			path, _, _ = strings.Cut(path, "limit=")
			if !strings.Contains(path, "?") {
				path += "?"
			}
			for _, query := range []string{"limit=98765432", "limit=98765432&offset=98765432"} {
				m.DB().Trace(func(sql string, args []any) {
					for _, arg := range args {
						if n, ok := arg.(int); ok && int64(n) == huge || arg == any(huge) {
							t.Errorf("%s hands a huge number to\n%s", l.route, sql)
						}
					}
				})
				r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, m.URL+m.fill(path)+"&"+query, nil)
				wants(t, err)
				r.RequestURI, r.RemoteAddr = r.URL.RequestURI(), "127.0.0.1:1"
				r.Header.Set("Authorization", "Bearer "+m.ada.Token)
				if code := serveTo(handler, r); code >= 500 {
					t.Errorf("%s?%s is answered %d", l.route, query, code)
				}
				m.DB().Trace(nil)
			}
		}
	})
}

func serveTo(handler http.Handler, r *http.Request) int {
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return w.Code
}

func containsAny(path string, parts []string) bool {
	for _, part := range parts {
		if strings.Contains(path, part) {
			return true
		}
	}
	return false
}

// Security list, item 80.
func TestABlockedPersonGetsNothingByAnyOfTheirTokens(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada, bob, flo := s.Join("ada"), s.Join("bob"), s.Join("flo")
		for _, pair := range [][2]*servertest.Person{{bob, ada}, {flo, ada}, {ada, flo}, {ada, bob}} {
			pair[0].Post("/api/v1/accounts/"+pair[1].ID+"/follow", nil, nil)
		}
		post := ada.Publish("for those whom I like")
		bob.Act(post.ID, "bookmark")
		ada.Act(post.ID, "pin")
		ada.Post("/api/v1/accounts/"+bob.ID+"/block", nil, nil)
		servertest.Settle(t, s)
		told := len(ada.Notifications())
		for name, token := range map[string]string{"the old token": bob.Token, "a new one": s.TokenFor("bob", "read write follow")} {
			who := &servertest.Person{On: s, Name: "bob", ID: bob.ID, Token: token}
			for _, path := range []string{"/accounts/" + ada.ID + "/followers", "/accounts/" + ada.ID + "/following", "/accounts/" + ada.ID + "/statuses",
				"/accounts/" + ada.ID + "/statuses?pinned=true", "/timelines/home", "/timelines/public", "/bookmarks"} {
				var raw string
				if who.Get("/api/v1"+path, &raw); strings.Contains(raw, `"`+post.ID+`"`) || strings.HasPrefix(path, "/accounts/") && strings.TrimSpace(raw) != "[]" {
					t.Errorf("%s: %s shows %.200s", name, path, raw)
				}
			}
			for path, want := range map[string]int{"/accounts/" + ada.ID + "/follow": 403, "/statuses/" + post.ID + "/favourite": 404, "/statuses/" + post.ID + "/reblog": 404} {
				if answer := who.Do(http.MethodPost, "/api/v1"+path, url.Values{}, nil); answer.StatusCode != want {
					t.Errorf("%s: %s is answered %d, want %d", name, path, answer.StatusCode, want)
				}
			}
			if answer := who.Do(http.MethodPost, "/api/v1/statuses", url.Values{"status": {"@ada no"}, "in_reply_to_id": {post.ID}}, nil); answer.StatusCode != http.StatusNotFound {
				t.Errorf("%s: an answer to ada is answered %d", name, answer.StatusCode)
			}
			who.Publish("@ada listen", "visibility", "direct")
			who.Publish("@ada listen")
			servertest.Settle(t, s)
			if now := len(ada.Notifications()); now != told {
				t.Errorf("%s: ada was told %d times, and is now %d times", name, told, now)
			}
			var talks []map[string]any
			if ada.Get("/api/v1/conversations", &talks); len(talks) != 0 {
				t.Errorf("%s: ada has %d conversations", name, len(talks))
			}
		}
	})
}

// Security list, item 81: whom keepers limit is read by followers, and offered to nobody else.
func TestALimitedMemberIsOfferedToNobodyWhoDidNotAsk(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		lim, flo, olga := s.Join("limited"), s.Join("flo"), s.Join("olga")
		want200(lim, http.MethodPatch, "/api/v1/accounts/update_credentials", url.Values{"discoverable": {"true"}, "indexable": {"true"}})
		flo.Post("/api/v1/accounts/"+lim.ID+"/follow", nil, nil)
		olga.Post("/api/v1/accounts/"+flo.ID+"/follow", nil, nil)
		write(t, s, `UPDATE accounts SET limited_at = 1 WHERE id = $1`, number(t, lim.ID))
		write(t, s, `INSERT INTO suggestion_picks (account_id, created_at) VALUES ($1,0)`, number(t, lim.ID))
		post := lim.Publish("a word #common")
		write(t, s, `INSERT INTO trending_statuses (status_id, account_id, language, score, trendable) VALUES ($1,$2,'en',9000000,TRUE)`, number(t, post.ID), number(t, lim.ID))
		servertest.Settle(t, s)
		for _, path := range []string{"/v1/timelines/public?", "/v1/timelines/public?local=true", "/v1/timelines/tag/common?", "/v1/trends/statuses?", "/v1/directory?local=true&",
			"/v2/search?q=limit&type=accounts", "/v2/search?q=word&type=statuses", "/v2/suggestions?", "/v1/suggestions?", "/v1/timelines/home?"} {
			var raw string
			olga.Get("/api"+path, &raw)
			if strings.Contains(raw, `"`+lim.ID+`"`) || strings.Contains(raw, `"`+post.ID+`"`) {
				t.Errorf("a stranger is offered by %s: %.200s", path, raw)
			}
		}
		if !has(flo.Home(), post.URI) {
			t.Error("a follower does not read it")
		}
		if _, ok := olga.Show(post.ID); !ok {
			t.Error("who asks for it by its id is not answered")
		}
	})
}
