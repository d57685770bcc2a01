package server_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/config"
	"anancus/internal/kit/db"
	"anancus/internal/server/keeper"
	"anancus/internal/server/servertest"
)

func TestTheInstanceTellsItsRulesTermsAndPolicies(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada, ops := s.Join("ada"), s.Keeper()
		first, err := ops.AddRule(t.Context(), keeper.Rule{Text: "Be kind", Hint: "Really"})
		wants(t, err)
		second, err := ops.AddRule(t.Context(), keeper.Rule{Text: "No spam"})
		wants(t, err)
		_, err = ops.ChangeRule(t.Context(), keeper.Rule{ID: first.ID, Language: "de", Text: "Sei nett"})
		wants(t, err)
		_, err = ops.MoveRule(t.Context(), keeper.RulePlace{ID: second.ID, Place: 1})
		wants(t, err)

		var rules []struct {
			ID, Text, Hint string
			Translations   map[string]struct{ Text, Hint string }
		}
		ada.Get("/api/v1/instance/rules", &rules)
		if len(rules) != 2 || rules[0].ID != second.ID || rules[1].Hint != "Really" || rules[1].Translations["de"].Text != "Sei nett" {
			t.Errorf("the rules are %+v", rules)
		}
		var versions struct {
			Of map[string]int `json:"api_versions"`
		}
		if ada.Get("/api/v2/instance", &versions); versions.Of["mastodon"] != 11 || versions.Of["anancus"] != 1 { // clients ask for features by the first
			t.Errorf("the versions of the API are %v", versions.Of)
		}
		var instance struct{ Rules []struct{ Text string } }
		for _, path := range []string{"/api/v1/instance", "/api/v2/instance"} {
			ada.Get(path, &instance)
			if len(instance.Rules) != 2 || instance.Rules[0].Text != "No spam" {
				t.Errorf("%s tells the rules %+v", path, instance.Rules)
			}
		}
		_, err = ops.RemoveRule(t.Context(), keeper.RulePlace{ID: second.ID})
		wants(t, err)
		ada.Get("/api/v1/instance/rules", &rules)
		if len(rules) != 1 || rules[0].ID != first.ID {
			t.Errorf("after a removal the rules are %+v", rules)
		}
		for _, bad := range []keeper.Rule{{Text: " "}, {Text: strings.Repeat("x", 301)}, {Text: "x", Hint: strings.Repeat("x", 1001)}} {
			if _, err := ops.AddRule(t.Context(), bad); err == nil {
				t.Errorf("the rule %.20q was taken", bad.Text)
			}
		}

		if code := ada.Do("GET", "/api/v1/instance/terms_of_service", nil, nil).StatusCode; code != http.StatusNotFound {
			t.Errorf("terms that were never published answer %d", code)
		}
		today := time.Now().UTC().Format("2006-01-02")
		later := time.Now().UTC().AddDate(0, 1, 0).Format("2006-01-02")
		for _, one := range []keeper.Terms{{EffectiveOn: today, Text: "# Old <script>x</script>"}, {EffectiveOn: later, Text: "New", Changelog: "More words"}} {
			_, err := ops.PublishTerms(t.Context(), one)
			wants(t, err)
		}
		for _, bad := range []keeper.Terms{{EffectiveOn: today, Text: "again"}, {EffectiveOn: "2020-01-01", Text: "past"}, {EffectiveOn: "soon", Text: "x"}, {EffectiveOn: later, Text: " "}} {
			if _, err := ops.PublishTerms(t.Context(), bad); err == nil {
				t.Errorf("the terms %+v were published", bad)
			}
		}
		var terms struct {
			Date      string `json:"effective_date"`
			Effective bool
			Content   string
			Next      *string `json:"succeeded_by"`
		}
		ada.Get("/api/v1/instance/terms_of_service", &terms)
		if terms.Date != today || !terms.Effective || terms.Next == nil || *terms.Next != later || !strings.Contains(terms.Content, "<h1>Old") || strings.Contains(terms.Content, "script>") {
			t.Errorf("the terms are %+v", terms)
		}
		ada.Get("/api/v1/instance/terms_of_service/"+later, &terms)
		if terms.Effective || terms.Next != nil {
			t.Errorf("the coming terms are %+v", terms)
		}
		if code := ada.Do("GET", "/api/v1/instance/terms_of_service/1999-01-01", nil, nil).StatusCode; code != http.StatusNotFound {
			t.Errorf("unknown terms answer %d", code)
		}

		var policy struct {
			At      string `json:"updated_at"`
			Content string
		}
		ada.Get("/api/v1/instance/privacy_policy", &policy)
		if !strings.Contains(policy.Content, "<h2>What is kept</h2>") {
			t.Errorf("the privacy policy is %+v", policy)
		}
		var description struct {
			At      *string `json:"updated_at"`
			Content string
		}
		ada.Get("/api/v1/instance/extended_description", &description)
		if description.At != nil || description.Content != "" {
			t.Errorf("nothing was said, and the description is %+v", description)
		}
		for name, value := range map[string]string{"privacy-policy": "We keep **nothing**.", "extended-description": "A [home](javascript:alert(1))."} {
			_, err := ops.SetSetting(t.Context(), keeper.Setting{Name: name, Value: value})
			wants(t, err)
		}
		ada.Get("/api/v1/instance/privacy_policy", &policy)
		ada.Get("/api/v1/instance/extended_description", &description)
		if !strings.Contains(policy.Content, "<strong>nothing</strong>") || description.At == nil || strings.Contains(description.Content, "javascript") {
			t.Errorf("the keeper's words are shown as %+v, %+v", policy, description)
		}
		for path, want := range map[string]string{"/privacy-policy": "nothing", "/terms-of-service": "Old", "/terms-of-service/" + later: "More words", "/about": "Be kind"} {
			var page string
			if answer := s.Nobody().Do("GET", path, nil, &page); answer.StatusCode != 200 || !strings.Contains(page, want) {
				t.Errorf("%s answers %d without %q", path, answer.StatusCode, want)
			}
		}
		if code := s.Nobody().Do("GET", "/terms-of-service/1999-01-01", nil, nil).StatusCode; code != http.StatusNotFound {
			t.Errorf("the page of unknown terms answers %d", code)
		}
	})
}

func TestTheInstanceTellsItsPeersAndActivityUnlessAKeeperSaysNo(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		now := clock.NewManual(time.Now())
		one, two := servertest.NewAt(t, engine, now), servertest.New(t, engine)
		ada, bo := one.Join("ada"), two.Join("bo")
		ada.Publish("hello")
		ada.Find(bo.Handle())
		var peers []string
		ada.Get("/api/v1/instance/peers", &peers)
		if len(peers) != 1 || peers[0] != two.Domain {
			t.Errorf("the peers are %v", peers)
		}
		now.Advance(2 * time.Minute)
		wants(t, one.CountActivity(t.Context()))
		wants(t, one.CountActivity(t.Context())) // counts nothing twice
		var weeks []map[string]string
		ada.Get("/api/v1/instance/activity", &weeks)
		if len(weeks) != 12 || weeks[0]["statuses"] != "1" || weeks[0]["registrations"] != "1" || weeks[11]["statuses"] != "0" {
			t.Errorf("the activity is %v", weeks)
		}
		for _, name := range []string{"peers-api", "activity-api"} {
			_, err := one.Keeper().SetSetting(t.Context(), keeper.Setting{Name: name, Value: "false"})
			wants(t, err)
		}
		for _, path := range []string{"/api/v1/instance/peers", "/api/v1/instance/activity", "/api/v1/instance/domain_blocks"} {
			if code := one.Nobody().Do("GET", path, nil, nil).StatusCode; code != http.StatusNotFound {
				t.Errorf("%s answers %d although it is closed", path, code)
			}
		}
		_, err := one.Keeper().SetSetting(t.Context(), keeper.Setting{Name: "show-domain-blocks", Value: "users"})
		wants(t, err)
		if code := one.Nobody().Do("GET", "/api/v1/instance/domain_blocks", nil, nil).StatusCode; code != http.StatusNotFound {
			t.Errorf("visitors read what is for members: %d", code)
		}
		ada.Get("/api/v1/instance/domain_blocks", nil)
		var languages []struct{ Code, Name string }
		ada.Get("/api/v1/instance/languages", &languages)
		if len(languages) < 150 {
			t.Errorf("%d languages", len(languages))
		}
		ada.Get("/api/v1/custom_emojis", nil)
	})
}

func TestInstanceDocumentsAreNotSentTwice(t *testing.T) {
	s := servertest.New(t, db.SQLite)
	for _, path := range []string{"/api/v1/instance", "/api/v2/instance", "/api/v1/instance/rules", "/api/v1/custom_emojis", "/api/v1/instance/peers", "/api/v1/instance/privacy_policy"} {
		first := s.Nobody().Do("GET", path, nil, nil)
		if first.StatusCode != 200 || first.Header.Get("ETag") == "" || !strings.Contains(first.Header.Get("Cache-Control"), "max-age=300") {
			t.Errorf("%s answers %d with %v", path, first.StatusCode, first.Header)
		}
		req, err := http.NewRequestWithContext(t.Context(), "GET", s.URL+path, nil)
		wants(t, err)
		req.Header.Set("If-None-Match", first.Header.Get("ETag"))
		var body string
		if again := s.Nobody().Send(req, &body); again.StatusCode != http.StatusNotModified || body != "" {
			t.Errorf("%s answers %d %q to who has it", path, again.StatusCode, body)
		}
	}
}

func TestAnnouncementsAreToldReadAndReactedTo(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine, func(c *config.Config) { c.Domain = "social.example.com" }) // an address with a port is no link
		ada, bo, ops := s.Join("ada"), s.Join("bo"), s.Keeper()
		status := ada.Publish("look")
		told, err := ops.Announce(t.Context(), keeper.Announcement{Text: "Hi @ada, see https://social.example.com/@ada/" + status.ID + " #news"})
		wants(t, err)
		draft, err := ops.Announce(t.Context(), keeper.Announcement{Text: "not yet", Draft: true})
		wants(t, err)
		type announcement struct {
			ID, Content string
			Read        bool
			Mentions    []struct{ ID string }
			Statuses    []struct{ ID string }
			Tags        []struct{ Name string }
			Reactions   []struct {
				Name  string
				Count int
				Me    bool
			}
		}
		list := func() (list []announcement) { bo.Get("/api/v1/announcements", &list); return list }
		shown := list()
		if len(shown) != 1 || shown[0].ID != told.ID || shown[0].Read || len(shown[0].Mentions) != 1 || shown[0].Mentions[0].ID != ada.ID ||
			len(shown[0].Statuses) != 1 || len(shown[0].Tags) != 1 || !strings.Contains(shown[0].Content, `class="u-url mention"`) {
			t.Fatalf("announced is %+v", shown)
		}
		react := func(who *servertest.Person, method, id, name string) int {
			return who.Do(method, "/api/v1/announcements/"+id+"/reactions/"+url.PathEscape(name), url.Values{}, nil).StatusCode
		}
		for _, name := range []string{"🎉", "👍🏽", "🇯🇵", "❤️", "1️⃣", "👩‍👩‍👧", "☺️", "🦊"} {
			if code := react(ada, "PUT", told.ID, name); code != 200 {
				t.Errorf("the reaction %s is answered %d", name, code)
			}
		}
		if code := react(bo, "PUT", told.ID, "🎉"); code != 200 {
			t.Errorf("a reaction that is there is answered %d", code)
		}
		for _, bad := range []string{"🐙", "hello", "🎉🎉"} {
			if code := react(bo, "PUT", told.ID, bad); code != http.StatusUnprocessableEntity {
				t.Errorf("the reaction %s is answered %d", bad, code)
			}
		}
		if code := react(bo, "PUT", draft.ID, "🎉"); code != http.StatusNotFound {
			t.Errorf("a reaction to what nobody sees is answered %d", code)
		}
		shown = list()
		if r := shown[0].Reactions; len(r) != 8 || r[0].Name != "🎉" || r[0].Count != 2 || !r[0].Me || r[1].Me {
			t.Errorf("the reactions are %+v", r)
		}
		for _, name := range []string{"🎉", "🦄"} { // the second was never there
			if code := react(bo, "DELETE", told.ID, name); code != 200 {
				t.Errorf("taking back %s is answered %d", name, code)
			}
		}
		if code := react(bo, "DELETE", draft.ID, "🎉"); code != http.StatusNotFound {
			t.Errorf("taking back from what nobody sees is answered %d", code)
		}
		bo.Post("/api/v1/announcements/"+told.ID+"/dismiss", nil, nil)
		if code := bo.Do("POST", "/api/v1/announcements/1/dismiss", url.Values{}, nil).StatusCode; code != http.StatusNotFound {
			t.Errorf("dismissing nothing is answered %d", code)
		}
		shown = list()
		if !shown[0].Read || shown[0].Reactions[0].Me || shown[0].Reactions[0].Count != 1 {
			t.Errorf("after reading it is %+v", shown[0])
		}
		for _, change := range []keeper.AnnouncementChange{{ID: told.ID, Do: "edit", Text: "edited"}, {ID: draft.ID, Do: "publish"}, {ID: draft.ID, Do: "unpublish"}} {
			_, err := ops.ChangeAnnouncement(t.Context(), change)
			wants(t, err)
		}
		if shown = list(); len(shown) != 1 || shown[0].Content != "<p>edited</p>" || len(shown[0].Mentions) != 0 {
			t.Errorf("after edits it is %+v", shown)
		}
		_, err = ops.ChangeAnnouncement(t.Context(), keeper.AnnouncementChange{ID: told.ID, Do: "remove"})
		wants(t, err)
		if shown = list(); len(shown) != 0 {
			t.Errorf("after the removal there is %+v", shown)
		}
		for _, bad := range []keeper.Announcement{{Text: ""}, {Text: "x", StartsAt: "2026-01-01T00:00:00Z"}, {Text: "x", StartsAt: "soon"},
			{Text: "x", StartsAt: "2026-01-02T00:00:00Z", EndsAt: "2026-01-01T00:00:00Z"}} {
			if _, err := ops.Announce(t.Context(), bad); err == nil {
				t.Errorf("the announcement %+v was taken", bad)
			}
		}
	})
}

func TestAnnouncementsPublishAndEndThemselves(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		now := clock.NewManual(time.Now())
		s := servertest.NewAt(t, engine, now)
		ada := s.Join("ada")
		at := func(d time.Duration) string { return time.Now().Add(d).UTC().Format(time.RFC3339) }
		_, err := s.Keeper().Announce(t.Context(), keeper.Announcement{Text: "later", PublishAt: at(time.Hour)})
		wants(t, err)
		_, err = s.Keeper().Announce(t.Context(), keeper.Announcement{Text: "party", StartsAt: at(-2 * time.Hour), EndsAt: at(30 * time.Minute)})
		wants(t, err)
		texts := func() string {
			var list []struct{ Content string }
			ada.Get("/api/v1/announcements", &list)
			all := ""
			for _, one := range list {
				all += one.Content
			}
			return all
		}
		if got := texts(); got != "<p>party</p>" {
			t.Errorf("now members are told %s", got)
		}
		now.Advance(2 * time.Hour)
		wants(t, s.KeepAnnouncements(t.Context()))
		if got := texts(); got != "<p>later</p>" {
			t.Errorf("in two hours members are told %s", got)
		}
	})
}

func TestOtherSitesShowAPublicStatus(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada, nobody := s.Join("ada"), s.Nobody()
		status := ada.Publish("for everybody")
		ask := func(query string) (code int, e struct {
			HTML          string
			Width, Height *int
		}) {
			answer := nobody.Do("GET", "/api/oembed?"+query, nil, &e)
			return answer.StatusCode, e
		}
		page := url.QueryEscape(s.URL + "/@ada/" + status.ID)
		code, e := ask("url=" + page + "&maxwidth=300&maxheight=200")
		if code != 200 || e.Width == nil || *e.Width != 300 || e.Height == nil || *e.Height != 200 || !strings.Contains(e.HTML, "/@ada/"+status.ID+`/embed"`) {
			t.Errorf("oEmbed answers %d %+v", code, e)
		}
		private := ada.Publish("not for you", "visibility", "private")
		for _, query := range []string{"url=" + url.QueryEscape(s.URL+"/@ada/"+private.ID), "url=https://elsewhere.example/1", "url=", ""} {
			if code, _ := ask(query); code != http.StatusNotFound {
				t.Errorf("oEmbed of %q answers %d", query, code)
			}
		}
		if code, _ := ask("url=" + page + "&maxwidth=-1"); code != http.StatusBadRequest {
			t.Errorf("oEmbed with a negative width answers %d", code)
		}
		var body string
		answer := nobody.Do("GET", "/@ada/"+status.ID+"/embed", nil, &body)
		if answer.StatusCode != 200 || !strings.Contains(body, "for everybody") || strings.Contains(body, "<header class=\"mast\">") ||
			!strings.Contains(answer.Header.Get("Content-Security-Policy"), "frame-ancestors *") || answer.Header.Get("X-Frame-Options") != "" {
			t.Errorf("the embedded page answers %d %v", answer.StatusCode, answer.Header)
		}
		if code := nobody.Do("GET", "/@ada/"+private.ID+"/embed", nil, nil).StatusCode; code != http.StatusNotFound {
			t.Errorf("a private status can be embedded: %d", code)
		}
	})
}

func TestAnnualReportsAndDonationsAreToldToBeAbsent(t *testing.T) {
	s := servertest.New(t, db.SQLite)
	ada := s.Join("ada")
	var reports struct{ Accounts, Statuses []any }
	ada.Get("/api/v1/annual_reports", &reports)
	var state struct{ State string }
	ada.Get("/api/v1/annual_reports/2026/state", &state)
	if state.State != "ineligible" || reports.Accounts == nil {
		t.Errorf("reports are %+v, the state %q", reports, state.State)
	}
	for method, paths := range map[string][]string{"GET": {"/2026", "/x/state"}, "POST": {"/2026/generate", "/2026/read"}} {
		for _, path := range paths {
			if code := ada.Do(method, "/api/v1/annual_reports"+path, nil, nil).StatusCode; code != http.StatusNotFound {
				t.Errorf("%s answers %d", path, code)
			}
		}
	}
	if code := ada.Do("GET", "/api/v1/donation_campaigns", nil, nil).StatusCode; code != http.StatusNoContent {
		t.Errorf("donations answer %d", code)
	}
}

// wants fails the test at once where something had to work.
func wants(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
