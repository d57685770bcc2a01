package server_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"anancus/internal/kit/db"
	"anancus/internal/server"
	"anancus/internal/server/servertest"
)

// crowd is a server with people who have something to lose.
type crowd struct {
	*servertest.Server
	ada, bo *servertest.Person
	status  servertest.Status
	cookie  *http.Cookie
}

func gather(t *testing.T, engine db.Engine) *crowd {
	t.Helper()
	s := servertest.New(t, engine)
	c := &crowd{Server: s, ada: owner(t, s, "ada"), bo: s.Join("bo")}
	c.status = c.bo.Publish("Hello #cats")
	c.ada.Publish("@bo I read you", "in_reply_to_id", c.status.ID)
	c.cookie = signIn(t, s, "ada")
	servertest.Settle(t, s)
	return c
}

// refused checks an answer to bad input: a client's mistake, told in Mastodon's shape.
func refused(t *testing.T, r server.Line, what string, got answer, codes ...int) {
	t.Helper()
	fine := len(codes) == 0 && got.code >= 400 && got.code < 500
	for _, code := range codes {
		fine = fine || got.code == code
	}
	if !fine {
		t.Errorf("%s %s, %s: answered %d %.200q, want %v", r.Method, r.Path, what, got.code, got.body, codes)
		return
	}
	if r.Door == "page" || got.code < 400 {
		return
	}
	if _, err := got.errorText(); err != nil {
		t.Errorf("%s %s, %s: answered %d without an error body: %v", r.Method, r.Path, what, got.code, err)
	}
}

// survived checks that nothing went wrong inside, whatever the answer is.
func survived(t *testing.T, r server.Line, what string, got answer) {
	t.Helper()
	if got.code >= 500 {
		t.Errorf("%s %s, %s: answered %d %.200q", r.Method, r.Path, what, got.code, got.body)
		return
	}
	if got.code >= 400 {
		refused(t, r, what, got)
	}
}

func writes(r server.Line) bool { return r.Method != http.MethodGet }

// reads tells which routes read what is sent to them: a broken body is refused there before anything else.
func readsForm(r server.Line) bool {
	switch r.Method + " " + r.Path {
	case "POST /api/v1/apps", "POST /oauth/token", "POST /oauth/revoke", "PATCH /api/v1/accounts/update_credentials", "POST /api/v1/statuses",
		"POST /api/v1/accounts/{id}/follow", "POST /api/v1/accounts/{id}/mute", "POST /auth/sign_in", "POST /auth/sign_up", "POST /auth/edit",
		"POST /oauth/authorize", "POST /api/v1/filters", "POST /api/v2/filters":
		return true
	}
	return strings.HasSuffix(r.Path, "/inbox")
}

// sensible leaves out what only ends the session of the test itself.
func sensible(r server.Line) bool {
	return r.Path != "/auth/sign_out" && !strings.HasSuffix(r.Path, "/notifications/clear")
}

func (c *crowd) send(t *testing.T, r server.Line, path, kind, body string) answer {
	t.Helper()
	in := request{method: r.Method, path: path, kind: kind, body: body}
	switch r.Door {
	case "page":
		in.cookie, in.header = c.cookie, map[string]string{"Origin": c.URL}
	case "peer":
	default:
		in.token = c.ada.Token
	}
	return ask(t, c.Server, in)
}

func TestBrokenBodiesAreRefusedEverywhere(t *testing.T) {
	if testing.Short() {
		t.Skip("the short run is for the race detector: this walk is long and has one goroutine")
	}
	deep := strings.Repeat(`{"a":`, 5000) + "1" + strings.Repeat("}", 5000)
	wide := `{"a":[` + strings.Repeat("{},", 100_000) + `{}]}`
	bodies := []struct {
		name, kind, body string
		must             bool // be refused where it is read
	}{
		{"malformed JSON", "application/json", `{"status":`, true},
		{"JSON with a tail", "application/json", `{"status":"hello"} {"more":1}`, true},
		{"a JSON list", "application/json", `["status"]`, true},
		{"JSON null", "application/json", `null`, true},
		{"a JSON number", "application/json", `123456789`, true},
		{"deep JSON", "application/json", deep, true},
		{"deep JSON lists", "application/json", strings.Repeat("[", 100_000), true},
		{"wide JSON", "application/json", wide, false},
		{"JSON that is not UTF-8", "application/json", "{\"x\":\"\xff\xfe\"}", false},
		{"a form that is not encoded", form, "status=%zz&%", true},
		{"a form with a thousand nests", form, "a" + strings.Repeat("[b]", 1000) + "=1", true},
		{"a form with too many fields", form, manyFields(1500), true},
		{"a form with too many values", form, strings.Repeat("id[]=1&", 20_000), true},
		{"broken multipart", "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"a", false},
		{"multipart without a boundary", "multipart/form-data", "--x", true},
		{"XML", "application/xml", `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>`, false},
		{"nothing as JSON", "application/json", "", false},
		{"a type that is none", "///", "a=b", false},
	}
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		c := gather(t, engine)
		before := counts(t, c.Server)
		for _, r := range c.Table() {
			if !writes(r) || !sensible(r) {
				continue
			}
			for _, b := range bodies {
				got := c.send(t, r, unknownIn(r.Path), b.kind, b.body)
				survived(t, r, b.name, got)
				if b.must && readsForm(r) {
					refused(t, r, b.name, got)
				}
			}
		}
		servertest.Settle(t, c.Server)
		unchanged(t, c.Server, before, "broken bodies")
	})
}

func manyFields(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "f%d=1&", i)
	}
	return b.String()
}

func TestABodyThatIsTooLargeIsAnsweredSo(t *testing.T) {
	c := gather(t, db.SQLite)
	before := counts(t, c.Server)
	text := strings.Repeat("x", 2<<20)
	bodies := map[string]string{form: "status=" + text, "application/json": `{"status":"` + text + `"}`,
		"multipart/form-data; boundary=x": "--x\r\nContent-Disposition: form-data; name=\"status\"\r\n\r\n" + text + "\r\n--x--\r\n"}
	for _, r := range c.Table() {
		if !writes(r) || !readsForm(r) {
			continue
		}
		for kind, body := range bodies {
			if strings.HasSuffix(r.Path, "/inbox") {
				kind = "application/activity+json"
			}
			refused(t, r, "2 MB of "+kind, c.send(t, r, fill(r.Path, c.bo.ID), kind, body), http.StatusRequestEntityTooLarge)
		}
	}
	unchanged(t, c.Server, before, "bodies of 2 MB")
}

// strangeIDs are no ids, or ids of nothing.
var strangeIDs = []string{"0", "-1", "abc", "1e5", "1.5", "112233445566778899", "9223372036854775807", "9223372036854775808",
	"999999999999999999999999999999999999", "%00", "1%00", "%FF%FE", "%20", "..%2F..", "%2F", "'%20OR%201=1--", "%EF%BC%91", "null", "{id}", "1;2",
	strings.Repeat("9", 2000)}

func TestWhatIsNotThereIsNotFound(t *testing.T) {
	if testing.Short() {
		t.Skip("the short run is for the race detector: this walk is long and has one goroutine")
	}
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		c := gather(t, engine)
		before := counts(t, c.Server)
		for _, r := range c.Table() {
			if !strings.Contains(r.Path, "{") {
				continue
			}
			for _, id := range strangeIDs {
				got := c.send(t, r, fill(r.Path, id), bodyKind(r.Method), "")
				what := "the id " + id
				switch {
				case r.Door == "page", strings.Contains(r.Path, "{context}"), strings.Contains(r.Path, "{hashtag}"),
					strings.Contains(r.Path, "{group_key}/"): // a group of nothing is empty, and nothing of it is dismissed
					survived(t, r, what, got)
				case strings.HasSuffix(r.Path, "/followers_synchronization"): // who does not sign is told nothing, not even who is here
					refused(t, r, what, got, http.StatusUnauthorized, http.StatusNotFound)
				case strings.HasSuffix(r.Path, "/inbox"): // without a body it is refused before anybody is looked for
					refused(t, r, what, got)
				default:
					refused(t, r, what, got, http.StatusNotFound)
				}
			}
		}
		unchanged(t, c.Server, before, "ids of nothing")
	})
}

func TestStrangeParametersHurtNobody(t *testing.T) {
	if testing.Short() {
		t.Skip("the short run is for the race detector: this walk is long and has one goroutine")
	}
	queries := []string{"limit=-1", "limit=0", "limit=abc", "limit=99999999999999999999999", "limit=-9223372036854775808", "limit[]=3", "limit=%00",
		"max_id=-1", "max_id=abc", "max_id=9223372036854775807", "max_id=99999999999999999999", "max_id=%00", "max_id=%FF", "max_id[]=1",
		"since_id=-1", "min_id=-5", "min_id=9223372036854775807", "min_id=5&max_id=5", "min_id=9&max_id=3&since_id=12",
		"offset=-1", "offset=99999999999999999999", "offset=abc", "id[]=abc&id[]=-1&id[]=99999999999999999999999", "id=%00", "id[][x]=1", "id[a]=1",
		"types[]=nothing", "exclude_types[]=%00", "account_id=abc", "account_id=99999999999999999999", "q=%00", "q=%FF%FE", "q=%25", "q='", "q=*%22%20OR",
		"q=" + strings.Repeat("a", 4000), "q=%40%40%40", "q=%23", "q=https%3A%2F%2F%5B%3A%3A", "q=http%3A%2F%2F%00&resolve=true", "q=acct%3A&resolve=true&type=accounts",
		"acct=%00", "acct=" + strings.Repeat("a", 3000) + "%40b.example", "acct=%40%40", "resource=%00", "resource=acct%3A%00%40x", "resource=" + strings.Repeat("x", 5000),
		"local=%FF", "only_media=abc", "any[]=%00", "all[]=" + strings.Repeat("a", 2000), "none[]=%FF", "%zz=1", "%00=%00", "a[b=1", "[]=1", "=", "&&&", ";;;",
		"uri=https%3A%2F%2Fevil.example", "lang=%00", "lang=" + strings.Repeat("x", 3000), "return_to=%00", "pinned=true&tagged=%00", "tagged=%FF",
		manyFields(1500)}
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		c := gather(t, engine)
		before := counts(t, c.Server)
		for _, r := range c.Table() {
			if writes(r) {
				continue
			}
			for _, q := range queries {
				survived(t, r, "?"+clip(q), c.send(t, r, fill(r.Path, c.bo.ID)+"?"+q, "", ""))
			}
		}
		for _, path := range []string{"/@ada", "/@ada/" + c.status.ID, "/tags/cats", "/about", "/", "/search", "/authorize_interaction", "/tags/%00", "/@%00", "/@ada/%FF",
			"/tags/" + strings.Repeat("a", 3000), "/@" + strings.Repeat("a", 3000), "/tags/%FF", "/@@@", "/@ada@", "/@/", "/@ada/-1", "/@ada/abc"} {
			for _, q := range append([]string{""}, queries...) {
				got := ask(t, c.Server, request{method: "GET", path: path + "?" + q})
				if got.code >= 500 {
					t.Errorf("GET %s?%s answered %d", clip(path), clip(q), got.code)
				}
			}
		}
		unchanged(t, c.Server, before, "strange parameters")
	})
}

func clip(s string) string {
	if len(s) > 60 {
		return s[:60] + "…"
	}
	return s
}

func TestNegativeLimitsOfASearchAreRefusedAndElsewhereTakenAsPositive(t *testing.T) {
	c := gather(t, db.SQLite)
	search := server.Line{Method: "GET", Path: "/api/v2/search"}
	for _, q := range []string{"", "q=", "q=a&limit=-1", "q=a&offset=-1", "q=a&type=people"} {
		refused(t, search, q, c.send(t, search, "/api/v2/search?"+q, "", ""), http.StatusBadRequest)
	}
	var list []json.RawMessage
	c.bo.Publish("Once more")
	c.ada.Get("/api/v1/accounts/"+c.bo.ID+"/statuses?limit=-1", &list)
	if len(list) != 1 {
		t.Errorf("limit=-1 gives %d statuses, want 1", len(list))
	}
}

func TestWrongTypesAndTooLongTextAreRefusedAndNothingIsWritten(t *testing.T) {
	if testing.Short() {
		t.Skip("the short run is for the race detector: this walk is long and has one goroutine")
	}
	long := func(n int) string { return strings.Repeat("é", n) }
	s := gather(t, db.SQLite)
	for name, c := range map[string]struct {
		method, path, body string
		codes              []int
	}{
		"a status that is an object":      {"POST", "/api/v1/statuses", `{"status":{"text":"hello"}}`, []int{400, 422}},
		"a status that is a list":         {"POST", "/api/v1/statuses", `{"status":["hello"]}`, []int{400, 422}},
		"a visibility that is a list":     {"POST", "/api/v1/statuses", `{"status":"hello","visibility":["public"]}`, []int{400, 422}},
		"a visibility nobody knows":       {"POST", "/api/v1/statuses", `{"status":"hello","visibility":"secret"}`, []int{422}},
		"a reply to an object":            {"POST", "/api/v1/statuses", `{"status":"hello","in_reply_to_id":{"id":1}}`, []int{400, 404, 422}},
		"a reply to nothing":              {"POST", "/api/v1/statuses", `{"status":"hello","in_reply_to_id":"99"}`, []int{404}},
		"a reply to no id":                {"POST", "/api/v1/statuses", `{"status":"hello","in_reply_to_id":"abc"}`, []int{404}},
		"media that is not there":         {"POST", "/api/v1/statuses", `{"status":"hello","media_ids":["7"]}`, []int{422}},
		"media that is an object":         {"POST", "/api/v1/statuses", `{"status":"hello","media_ids":{"a":{"b":1}}}`, []int{400, 422}},
		"a poll that is a number":         {"POST", "/api/v1/statuses", `{"status":"hello","poll":5}`, []int{400, 422}},
		"a status of nothing":             {"POST", "/api/v1/statuses", `{}`, []int{422}},
		"a status of blanks":              {"POST", "/api/v1/statuses", `{"status":" \n\t "}`, []int{422}},
		"a status of NULs":                {"POST", "/api/v1/statuses", `{"status":"\u0000\u0000"}`, []int{400, 422}},
		"a status of what cannot be seen": {"POST", "/api/v1/statuses", `{"status":"\u200b\u200b"}`, []int{422, 200}},
		"501 characters":                  {"POST", "/api/v1/statuses", `{"status":"` + long(501) + `"}`, []int{422}},
		"501 with the warning":            {"POST", "/api/v1/statuses", `{"status":"` + long(400) + `","spoiler_text":"` + long(101) + `"}`, []int{422}},
		"a long name":                     {"PATCH", "/api/v1/accounts/update_credentials", `{"display_name":"` + long(31) + `"}`, []int{422}},
		"a name that is an object":        {"PATCH", "/api/v1/accounts/update_credentials", `{"display_name":{"a":1}}`, []int{400, 422}},
		"a long bio":                      {"PATCH", "/api/v1/accounts/update_credentials", `{"note":"` + long(501) + `"}`, []int{422}},
		"five fields":                     {"PATCH", "/api/v1/accounts/update_credentials", `{"fields_attributes":[{"name":"a"},{"name":"b"},{"name":"c"},{"name":"d"},{"name":"e"}]}`, []int{422}},
		"a long field":                    {"PATCH", "/api/v1/accounts/update_credentials", `{"fields_attributes":[{"name":"a","value":"` + long(256) + `"}]}`, []int{422}},
		"fields that are text":            {"PATCH", "/api/v1/accounts/update_credentials", `{"fields_attributes":"a"}`, []int{400, 422}},
		"fields by strange numbers":       {"PATCH", "/api/v1/accounts/update_credentials", `{"fields_attributes":{"999999999999999999999":5}}`, []int{400, 422}},
		"a default nobody knows":          {"PATCH", "/api/v1/accounts/update_credentials", `{"source":{"privacy":"secret"}}`, []int{422}},
		"a source that is text":           {"PATCH", "/api/v1/accounts/update_credentials", `{"source":"public"}`, []int{400, 422}},
		"a language nobody knows":         {"PATCH", "/api/v1/accounts/update_credentials", `{"source":{"language":"klingonese-long"}}`, []int{422}},
		"a mute for a word":               {"POST", "/api/v1/accounts/BO/mute", `{"duration":"soon"}`, []int{400, 422}},
		"a mute for a list":               {"POST", "/api/v1/accounts/BO/mute", `{"duration":[1]}`, []int{400, 422}},
		"following with objects":          {"POST", "/api/v1/accounts/BO/follow", `{"languages":[{"a":1}]}`, []int{400, 422}},
		"a follow of oneself":             {"POST", "/api/v1/accounts/ADA/follow", `{}`, []int{403}},
		"a block of oneself":              {"POST", "/api/v1/accounts/ADA/block", `{}`, []int{403, 422}},
		"a mute of oneself":               {"POST", "/api/v1/accounts/ADA/mute", `{}`, []int{403, 422}},
		"an app without a name":           {"POST", "/api/v1/apps", `{"redirect_uris":"https://a.example/"}`, []int{422}},
		"an app named by an object":       {"POST", "/api/v1/apps", `{"client_name":{"a":1},"redirect_uris":"https://a.example/"}`, []int{400, 422}},
		"an app with scopes nobody knows": {"POST", "/api/v1/apps", `{"client_name":"a","redirect_uris":"https://a.example/","scopes":"everything"}`, []int{422}},
		"an app with a script":            {"POST", "/api/v1/apps", `{"client_name":"a","redirect_uris":"javascript:alert(1)"}`, []int{422}},
		"a grant that is a list":          {"POST", "/oauth/token", `{"grant_type":["client_credentials"]}`, []int{400}},
		"the deletion of another's":       {"DELETE", "/api/v1/statuses/STATUS", ``, []int{404, 403}},
		"the pinning of another's":        {"POST", "/api/v1/statuses/STATUS/pin", `{}`, []int{422}},
		"an answer to no request":         {"POST", "/api/v1/follow_requests/BO/authorize", `{}`, []int{404}},
		"a refusal of no request":         {"POST", "/api/v1/follow_requests/BO/reject", `{}`, []int{404}},
	} {
		t.Run(name, func(t *testing.T) {
			path := strings.NewReplacer("BO", s.bo.ID, "ADA", s.ada.ID, "STATUS", s.status.ID).Replace(c.path)
			before := counts(t, s.Server)
			got := ask(t, s.Server, request{method: c.method, path: path, token: s.ada.Token, kind: "application/json", body: c.body})
			refused(t, server.Line{Method: c.method, Path: c.path}, name, got, c.codes...)
			if got.code >= 400 {
				unchanged(t, s.Server, before, name)
			}
		})
	}
}

func TestNULsAreTakenOutAndBrokenUTF8IsRefused(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		c := gather(t, engine)
		for name, body := range map[string]string{"a NUL": "status=" + url.QueryEscape("one\x00two"), "broken UTF-8": "status=one%FFtwo"} {
			got := ask(t, c.Server, request{method: "POST", path: "/api/v1/statuses", token: c.ada.Token, kind: form, body: body})
			switch {
			case name == "a NUL" && got.code == http.StatusOK && strings.Contains(got.body, "onetwo"):
			case name == "broken UTF-8" && got.code == http.StatusBadRequest:
			default:
				t.Errorf("%s: answered %d %.300s", name, got.code, got.body)
			}
		}
	})
}
