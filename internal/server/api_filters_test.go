package server_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"anancus/internal/kit/db"
	"anancus/internal/server/servertest"
)

type filterGroup struct {
	ID        string
	Title     string
	Context   []string
	ExpiresAt *string `json:"expires_at"`
	Action    string  `json:"filter_action"`
	Keywords  []filterKeyword
	Statuses  []filterStatus
}

type filterKeyword struct {
	ID, Keyword string
	WholeWord   bool `json:"whole_word"`
}

type filterStatus struct {
	ID       string
	StatusID string `json:"status_id"`
}

// sendJSON sends a JSON body as the person.
func sendJSON(p *servertest.Person, method, path, body string, out any) *http.Response {
	p.On.T.Helper()
	req, err := http.NewRequestWithContext(p.On.T.Context(), method, p.On.URL+path, strings.NewReader(body))
	if err != nil {
		p.On.T.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+p.Token)
	return p.Send(req, out)
}

// refusal asks and gives the code and the error's text.
func refusal(p *servertest.Person, method, path string, form url.Values) (int, string) {
	p.On.T.Helper()
	var body struct{ Error string }
	answer := p.Do(method, path, form, &body)
	return answer.StatusCode, body.Error
}

func wantRefused(t *testing.T, p *servertest.Person, method, path string, form url.Values, code int, text string) {
	t.Helper()
	if got, said := refusal(p, method, path, form); got != code || said != text {
		t.Errorf("%s %s %v answered %d %q, want %d %q", method, path, form, got, said, code, text)
	}
}

const notThere = "Record not found"

func TestFiltersAreMadeChangedAndRemoved(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada, bo := s.Join("ada"), s.Join("bo")
		var raw json.RawMessage
		var f filterGroup
		ada.Get("/api/v2/filters", &raw)
		if string(raw) != "[]" {
			t.Errorf("without filters there are %s", raw)
		}
		ada.Post("/api/v2/filters", url.Values{"title": {"Pets"}, "context[]": {"home", "public"}, "expires_in": {"3600"},
			"keywords_attributes[][keyword]": {"cat", "dog"}}, &raw)
		if err := json.Unmarshal(raw, &f); err != nil {
			t.Fatal(err)
		}
		if f.Title != "Pets" || !reflect.DeepEqual(f.Context, []string{"home", "public"}) || f.Action != "warn" || len(f.Keywords) != 2 ||
			f.Keywords[1].Keyword != "dog" || !f.Keywords[1].WholeWord || f.Statuses == nil || f.ExpiresAt == nil {
			t.Fatalf("made is %s", raw)
		}
		if at, err := time.Parse(time.RFC3339, *f.ExpiresAt); err != nil || time.Until(at) < 50*time.Minute || time.Until(at) > time.Hour {
			t.Errorf("it expires at %s (%v)", *f.ExpiresAt, err)
		}
		at := "/api/v2/filters/" + f.ID
		var shown json.RawMessage
		ada.Get(at, &shown)
		if string(shown) != string(raw) {
			t.Errorf("made is %s, shown %s", raw, shown)
		}

		// The three spellings of keywords, and what is cleared by nothing.
		cat, dog := f.Keywords[0].ID, f.Keywords[1].ID
		f = filterGroup{}
		ada.Do("PUT", at, url.Values{"keywords_attributes[0][id]": {cat}, "keywords_attributes[0][keyword]": {"Cat"}, "keywords_attributes[0][whole_word]": {"false"},
			"keywords_attributes[1][id]": {dog}, "keywords_attributes[1][_destroy]": {"true"}, "keywords_attributes[2][keyword]": {"emu"}, "filter_action": {"hide"}}, &f)
		if f.Title != "Pets" || f.Action != "hide" || f.ExpiresAt == nil || len(f.Keywords) != 2 || f.Keywords[0] != (filterKeyword{cat, "Cat", false}) || f.Keywords[1].Keyword != "emu" {
			t.Errorf("by numbers it became %+v", f)
		}
		emu := f.Keywords[1].ID
		f = filterGroup{}
		req := "keywords_attributes[][id]=" + cat + "&keywords_attributes[][id]=" + emu + "&keywords_attributes[][_destroy]=1&expires_in="
		answer, err := http.NewRequestWithContext(t.Context(), "PUT", s.URL+at, strings.NewReader(req))
		if err != nil {
			t.Fatal(err)
		}
		answer.Header.Set("Authorization", "Bearer "+ada.Token)
		answer.Header.Set("Content-Type", form)
		ada.Send(answer, &f)
		if len(f.Keywords) != 1 || f.Keywords[0].ID != cat || f.ExpiresAt != nil {
			t.Errorf("by turns it became %+v", f)
		}
		f = filterGroup{}
		sendJSON(ada, "PUT", at, `{"title":"Beasts","context":["thread"],"filter_action":"blur","expires_in":60,"keywords_attributes":[{"id":`+cat+`,"whole_word":true},{"keyword":"ox"},{}]}`, &f)
		if f.Title != "Beasts" || f.Action != "blur" || f.ExpiresAt == nil || len(f.Keywords) != 2 || f.Keywords[0] != (filterKeyword{cat, "Cat", true}) {
			t.Errorf("by JSON it became %+v", f)
		}
		f = filterGroup{}
		if sendJSON(ada, "PUT", at, `{"expires_in":null}`, &f); f.ExpiresAt != nil || len(f.Keywords) != 2 {
			t.Errorf("null left %+v", f)
		}

		// Keywords on their own.
		var k filterKeyword
		ada.Post(at+"/keywords", url.Values{"keyword": {"yak"}, "whole_word": {"false"}}, &k)
		one := "/api/v2/filters/keywords/" + k.ID
		ada.Do("PUT", one, url.Values{"keyword": {"Yak"}}, nil)
		var again filterKeyword
		if ada.Get(one, &again); again != (filterKeyword{k.ID, "Yak", false}) {
			t.Errorf("the keyword is %+v", again)
		}
		var list []filterKeyword
		if ada.Get(at+"/keywords", &list); len(list) != 3 || list[2] != again {
			t.Errorf("the keywords are %+v", list)
		}
		if answer := ada.Do("DELETE", one, nil, &raw); answer.StatusCode != 200 || string(raw) != "{}" {
			t.Errorf("removing a keyword answers %d %s", answer.StatusCode, raw)
		}
		wantRefused(t, ada, "GET", one, nil, 404, notThere)

		// Statuses: those that the member may read.
		open, hidden := bo.Publish("Hello"), bo.Publish("Secret", "visibility", "private")
		var named filterStatus
		ada.Post(at+"/statuses", url.Values{"status_id": {open.ID}}, &named)
		if named.StatusID != open.ID {
			t.Errorf("named is %+v", named)
		}
		for id, text := range map[string]string{open.ID: "Status has already been taken", hidden.ID: "Status is invalid", "99": "Status is invalid", "abc": "Status is invalid", "": "Status is invalid"} {
			wantRefused(t, ada, "POST", at+"/statuses", url.Values{"status_id": {id}}, 422, "Validation failed: "+text)
		}
		var statuses []filterStatus
		if ada.Get(at+"/statuses", &statuses); len(statuses) != 1 || statuses[0] != named {
			t.Errorf("the statuses are %+v", statuses)
		}
		one = "/api/v2/filters/statuses/" + named.ID
		var same filterStatus
		if ada.Get(one, &same); same != named {
			t.Errorf("the status is %+v", same)
		}
		var all []filterGroup
		if ada.Get("/api/v2/filters", &all); len(all) != 1 || len(all[0].Keywords) != 2 || len(all[0].Statuses) != 1 {
			t.Errorf("all are %+v", all)
		}

		// What is another's is not there.
		for _, path := range []string{at, at + "/keywords", at + "/statuses", "/api/v2/filters/keywords/" + cat, one, "/api/v1/filters/" + cat} {
			wantRefused(t, bo, "GET", path, nil, 404, notThere)
		}
		wantRefused(t, ada, "GET", at+"/nothing", nil, 404, "Not Found")
		some := url.Values{"title": {"x"}, "keyword": {"x"}, "phrase": {"x"}, "status_id": {open.ID}}
		for _, r := range [][2]string{{"PUT", at}, {"DELETE", at}, {"POST", at + "/keywords"}, {"POST", at + "/statuses"}, {"PUT", "/api/v2/filters/keywords/" + cat},
			{"DELETE", "/api/v2/filters/keywords/" + cat}, {"DELETE", one}, {"PUT", "/api/v1/filters/" + cat}, {"DELETE", "/api/v1/filters/" + cat}} {
			wantRefused(t, bo, r[0], r[1], some, 404, notThere)
		}
		if answer := ada.Do("DELETE", one, nil, nil); answer.StatusCode != 200 {
			t.Errorf("removing a status answers %d", answer.StatusCode)
		}
		wantRefused(t, ada, "GET", one, nil, 404, notThere)
		if answer := ada.Do("DELETE", at, nil, &raw); answer.StatusCode != 200 || string(raw) != "{}" {
			t.Errorf("removing a filter answers %d %s", answer.StatusCode, raw)
		}
		wantRefused(t, ada, "GET", "/api/v2/filters/keywords/"+cat, nil, 404, notThere)
	})
}

func TestFiltersThatBreakARuleAreRefusedInMastodonsWords(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		ada := servertest.New(t, engine).Join("ada")
		long := func(n int) string { return strings.Repeat("é", n) }
		good := func(more ...string) url.Values {
			f := url.Values{"title": {"Title"}, "context[]": {"home"}}
			for i := 0; i+1 < len(more); i += 2 {
				f[more[i]] = []string{more[i+1]}
			}
			return f
		}
		for _, c := range []struct {
			form url.Values
			code int
			text string
		}{
			{url.Values{}, 422, "Validation failed: Title can't be blank, Context can't be blank, Context None or invalid context supplied"},
			{good("title", " "), 422, "Validation failed: Title can't be blank"},
			{good("title", long(257)), 422, "Validation failed: Title is too long (maximum is 256 characters)"},
			{good("context[]", "moon"), 422, "Validation failed: Context None or invalid context supplied"},
			{good("context[]", " "), 422, "Validation failed: Context can't be blank, Context None or invalid context supplied"},
			{good("filter_action", "burn"), 422, "Validation failed: Action is not included in the list"},
			{good("keywords_attributes[0][keyword]", " "), 422, "Validation failed: Keywords keyword can't be blank"},
			{good("keywords_attributes[0][keyword]", long(513)), 422, "Validation failed: Keywords keyword is too long (maximum is 512 characters)"},
			{good("keywords_attributes[0][id]", "5", "keywords_attributes[0][keyword]", "x"), 404, notThere},
			{good("keywords_attributes[0][id]", "x", "keywords_attributes[0][keyword]", "x"), 404, notThere},
			{good("expires_in", "soon"), 400, "The parameter expires_in must be a whole number"},
			{good("expires_in", "9223372036854775807"), 422, "Validation failed: Expires in is too far ahead"},
		} {
			wantRefused(t, ada, "POST", "/api/v2/filters", c.form, c.code, c.text)
		}
		var f filterGroup
		ada.Post("/api/v2/filters", good("title", long(256), "keywords_attributes[0][keyword]", long(512), "expires_in", "-5"), &f)
		at := "/api/v2/filters/" + f.ID
		wantRefused(t, ada, "POST", at+"/keywords", url.Values{}, 422, "Validation failed: Keyword can't be blank")
		wantRefused(t, ada, "PUT", "/api/v2/filters/keywords/"+f.Keywords[0].ID, url.Values{"keyword": {long(513)}}, 422, "Validation failed: Keyword is too long (maximum is 512 characters)")
		wantRefused(t, ada, "PUT", at, url.Values{"keywords_attributes[0][id]": {"1"}, "keywords_attributes[0][_destroy]": {"1"}, "title": {"kept?"}}, 404, notThere)
		wantRefused(t, ada, "POST", "/api/v1/filters", url.Values{"phrase": {" "}, "context[]": {"home"}}, 422, "Validation failed: Title can't be blank")
		var all []filterGroup
		if ada.Get("/api/v2/filters", &all); len(all) != 1 || all[0].Title != long(256) {
			t.Errorf("what was refused left %+v", all)
		}

		// The bounds of a member.
		var b strings.Builder
		for i := range 999 {
			fmt.Fprintf(&b, `{"keyword":"word %d"},`, i)
		}
		if answer := sendJSON(ada, "PUT", at, `{"keywords_attributes":[`+strings.TrimSuffix(b.String(), ",")+`]}`, nil); answer.StatusCode != 200 {
			t.Fatalf("1000 keywords answered %d", answer.StatusCode)
		}
		wantRefused(t, ada, "POST", at+"/keywords", url.Values{"keyword": {"one more"}}, 422, "Validation failed: You cannot have more than 1000 keywords")
		wantRefused(t, ada, "POST", "/api/v2/filters", good("keywords_attributes[0][keyword]", "x"), 422, "Validation failed: You cannot have more than 1000 keywords")
		for range 249 {
			ada.Post("/api/v2/filters", good(), nil)
		}
		wantRefused(t, ada, "POST", "/api/v2/filters", good(), 422, "Validation failed: You cannot have more than 250 filters")
	})
}

func TestTheFirstFiltersAPIShowsAFilterForEachKeyword(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		ada := servertest.New(t, engine).Join("ada")
		var raw json.RawMessage
		var one, two map[string]any
		ada.Post("/api/v1/filters", url.Values{"phrase": {"rain"}, "context[]": {"home", "thread"}, "irreversible": {"true"}, "expires_in": {"60"}}, &raw)
		if err := json.Unmarshal(raw, &one); err != nil || one["phrase"] != "rain" || one["irreversible"] != true || one["whole_word"] != true || one["expires_at"] == nil || len(one) != 6 {
			t.Errorf("made is %s (%v)", raw, err)
		}
		at := "/api/v1/filters/" + one["id"].(string)
		ada.Do("PUT", at, url.Values{"phrase": {"snow"}, "whole_word": {"false"}, "irreversible": {"false"}, "expires_in": {""}, "context[]": {"public"}}, nil)
		ada.Get(at, &two)
		if two["phrase"] != "snow" || two["whole_word"] != false || two["irreversible"] != false || two["expires_at"] != nil || !reflect.DeepEqual(two["context"], []any{"public"}) {
			t.Errorf("changed it is %v", two)
		}
		var groups []filterGroup
		if ada.Get("/api/v2/filters", &groups); len(groups) != 1 || groups[0].Title != "snow" || groups[0].Action != "warn" {
			t.Fatalf("the group is %+v", groups)
		}
		var more filterKeyword
		ada.Post("/api/v2/filters/"+groups[0].ID+"/keywords", url.Values{"keyword": {"hail"}}, &more)
		const shared = "These parameters cannot be changed from this application because they apply to more than one filter keyword. Use a more recent application or the web interface."
		for _, change := range []url.Values{{"irreversible": {"true"}}, {"context[]": {"home"}}, {"expires_in": {"60"}}} {
			wantRefused(t, ada, "PUT", at, change, 422, shared)
		}
		ada.Do("PUT", at, url.Values{"phrase": {"sleet"}, "context[]": {"public"}, "irreversible": {"false"}, "expires_in": {""}}, &two)
		if two["phrase"] != "sleet" {
			t.Errorf("what is its own became %v", two)
		}
		var list []map[string]any
		if ada.Get("/api/v1/filters", &list); len(list) != 2 || list[0]["phrase"] != "sleet" || list[1]["phrase"] != "hail" || list[1]["id"] != more.ID {
			t.Errorf("the list is %v", list)
		}
		ada.Do("DELETE", at, nil, nil)
		wantRefused(t, ada, "GET", at, nil, 404, notThere)
		if ada.Get("/api/v2/filters", &groups); len(groups) != 1 || groups[0].Title != "snow" || len(groups[0].Keywords) != 1 {
			t.Errorf("the group is %+v", groups)
		}
	})
}

// marks collects, from any answer of the API, the filters found in each status by its id.
func marks(raw json.RawMessage) map[string]string {
	found := map[string]string{}
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, one := range v {
				walk(one)
			}
		case map[string]any:
			if list, is := v["filtered"].([]any); is {
				said := []string{}
				for _, one := range list {
					r := one.(map[string]any)
					said = append(said, fmt.Sprintf("%v%v%v", r["filter"].(map[string]any)["title"], r["keyword_matches"], r["status_matches"]))
				}
				found[v["id"].(string)] = strings.Join(said, ", ")
			}
			for _, one := range v {
				walk(one)
			}
		}
	}
	var v any
	if err := json.Unmarshal(raw, &v); err == nil {
		walk(v)
	}
	return found
}

func TestEveryPathMarksWhatTheMembersFiltersFind(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		here, there := pair(t, engine)
		ada, bo := here.Join("ada"), here.Join("bo")
		cy := there.Join("cy")
		ada.Follow(bo)
		ada.Follow(cy)
		servertest.Settle(t, here, there)
		top := bo.Publish("About spiders")
		status := bo.Publish("@ada a SPIDER! #zoo", "in_reply_to_id", top.ID)
		warned := bo.Publish("@ada nothing to see", "spoiler_text", "my spider")
		below := bo.Publish("no more", "in_reply_to_id", status.ID)
		far := cy.Publish("the <b>spider</b> of cy")
		own := ada.Publish("my spider #zoo", "in_reply_to_id", status.ID)
		for _, what := range []string{"bookmark", "favourite"} {
			ada.Act(status.ID, what)
		}
		bo.Act(status.ID, "pin")
		boost := bo.Act(status.ID, "reblog")
		servertest.Settle(t, here, there)
		farHere, ok := ada.FindStatus(far.URI)
		if !ok {
			t.Fatal("what cy wrote did not come")
		}

		read := func(path string) map[string]string {
			t.Helper()
			var raw json.RawMessage
			ada.Get(path, &raw)
			return marks(raw)
		}
		home := "/api/v1/timelines/home"
		if read(home)[status.ID] != "" || len(read(home)) < 6 {
			t.Errorf("without filters home is %v", read(home))
		}
		var f filterGroup
		ada.Post("/api/v2/filters", url.Values{"title": {"F"}, "context[]": {"home"}, "filter_action": {"hide"}, "keywords_attributes[][keyword]": {"spider"}}, &f)
		ada.Post("/api/v2/filters/"+f.ID+"/statuses", url.Values{"status_id": {below.ID}}, nil)
		const word = "F[SPIDER]<nil>"
		for name, path := range map[string]string{
			"status": "/api/v1/statuses/" + status.ID, "batch": "/api/v1/statuses?id[]=" + status.ID, "home": home, "public": "/api/v1/timelines/public",
			"local": "/api/v1/timelines/public?local=true", "tag": "/api/v1/timelines/tag/zoo", "profile": "/api/v1/accounts/" + bo.ID + "/statuses",
			"pinned": "/api/v1/accounts/" + bo.ID + "/statuses?pinned=true", "thread below": "/api/v1/statuses/" + top.ID + "/context", "thread above": "/api/v1/statuses/" + below.ID + "/context",
			"bookmarks": "/api/v1/bookmarks", "favourites": "/api/v1/favourites", "notifications": "/api/v1/notifications", "search": "/api/v2/search?q=" + url.QueryEscape(status.URI),
		} {
			if got := read(path)[status.ID]; got != word {
				t.Errorf("%s marks it %q, want %q", name, got, word)
			}
		}
		got := read(home)
		for what, c := range map[string][2]string{
			"a warning": {warned.ID, "F[spider]<nil>"}, "a named status": {below.ID, "F<nil>[" + below.ID + "]"}, "one from elsewhere": {farHere.ID, "F[spider]<nil>"},
			"a word that goes on": {top.ID, ""}, "one's own": {own.ID, ""},
		} {
			if mark, shown := got[c[0]]; !shown || mark != c[1] {
				t.Errorf("home marks %s %q (shown %v), want %q", what, mark, shown, c[1])
			}
		}
		if got := read("/api/v1/accounts/" + bo.ID + "/statuses")[boost.ID]; got != word {
			t.Errorf("the profile marks a boost %q, want %q", got, word)
		}
		var acted json.RawMessage
		if ada.Post("/api/v1/statuses/"+status.ID+"/reblog", url.Values{}, &acted); marks(acted)[status.ID] != word {
			t.Errorf("boosting it answers %s", acted)
		}
		var anonymous json.RawMessage
		if here.Nobody().Get("/api/v1/statuses/"+status.ID, &anonymous); len(marks(anonymous)) != 0 {
			t.Errorf("nobody is shown %s", anonymous)
		}

		// Changes show at once, and a warm page costs no statement.
		read(home)
		before := here.DB().Queries()
		read(home)
		if n := here.DB().Queries() - before; n != 0 {
			t.Errorf("a warm page with filters costs %d statements", n)
		}
		ada.Do("PUT", "/api/v2/filters/keywords/"+f.Keywords[0].ID, url.Values{"keyword": {"spiders"}}, nil)
		if got := read(home); got[status.ID] != "" || got[top.ID] != "F[spiders]<nil>" {
			t.Errorf("after a change home is %v", got)
		}
		ada.Do("PUT", "/api/v2/filters/"+f.ID, url.Values{"expires_in": {"0"}}, nil)
		if got := read(home); got[top.ID] != "" || got[below.ID] != "" {
			t.Errorf("after its time home is %v", got)
		}
	})
}
