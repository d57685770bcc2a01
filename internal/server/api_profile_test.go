package server_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"anancus/internal/kit/db"
	"anancus/internal/server/keeper"
	"anancus/internal/server/servertest"
)

// badForm is a form that must not be taken, and what is said of it.
type badForm struct {
	what  string
	form  url.Values
	text  string
	field string // of the details
	code  string
}

func wantDetails(t *testing.T, p *servertest.Person, method, path string, list []badForm) {
	t.Helper()
	for _, one := range list {
		var body struct {
			Error   string
			Details map[string][]struct{ Error, Description string }
		}
		answer := p.Do(method, path, one.form, &body)
		if answer.StatusCode != http.StatusUnprocessableEntity || body.Error != "Validation failed: "+one.text {
			t.Errorf("%s answered %d %q, want %q", one.what, answer.StatusCode, body.Error, one.text)
		}
		if d := body.Details[one.field]; len(d) == 0 || d[0].Error != one.code || !strings.HasSuffix(body.Error, d[0].Description) {
			t.Errorf("%s: the details are %+v, want %s of %s", one.what, body.Details, one.code, one.field)
		}
	}
}

func TestAProfileIsEditedWhole(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada, bo := s.Join("ada"), s.Join("bo")
		const path = "/api/v1/accounts/update_credentials"
		var own map[string]any
		answer := ada.Do(http.MethodPatch, path, url.Values{"display_name": {"  Ada L. "}, "note": {"I like #cats"}, "locked": {"true"}, "bot": {"1"}, "discoverable": {"true"},
			"hide_collections": {"true"}, "indexable": {"true"}, "avatar_description": {"A face"}, "header_description": {"A hill"},
			"attribution_domains[]":      {"https://blog.example", "*.News.example", "blog.example", ""},
			"fields_attributes[0][name]": {"Web"}, "fields_attributes[0][value]": {"https://ada.example.com"}, "fields_attributes[1][name]": {""}, "fields_attributes[1][value]": {""},
			"source[privacy]": {"unlisted"}, "source[sensitive]": {"true"}, "source[language]": {"de"}, "source[quote_policy]": {"followers"}}, &own)
		if answer.StatusCode != http.StatusOK {
			t.Fatalf("the change answered %d %v", answer.StatusCode, own)
		}
		source := own["source"].(map[string]any)
		for key, want := range map[string]any{"display_name": "Ada L.", "locked": true, "bot": true, "discoverable": true, "indexable": true, "hide_collections": true,
			"avatar_description": "A face", "header_description": "A hill", "noindex": false, "show_media": true, "show_media_replies": true, "show_featured": true} {
			if own[key] != want {
				t.Errorf("%s is %v, want %v", key, own[key], want)
			}
		}
		for key, want := range map[string]any{"note": "I like #cats", "privacy": "unlisted", "sensitive": true, "language": "de", "quote_policy": "followers", "discoverable": true,
			"indexable": true, "hide_collections": true, "follow_requests_count": 0.0, "attribution_domains": []any{"blog.example", "news.example"}} {
			if !reflect.DeepEqual(source[key], want) {
				t.Errorf("source.%s is %v, want %v", key, source[key], want)
			}
		}
		if fields := source["fields"].([]any); len(fields) != 1 || fields[0].(map[string]any)["value"] != "https://ada.example.com" {
			t.Errorf("the fields are %v", fields)
		}
		if note := own["note"].(string); !strings.Contains(note, `class="mention hashtag"`) {
			t.Errorf("the shown note is %q", note)
		}
		var preferences map[string]any
		ada.Get("/api/v1/preferences", &preferences)
		if want := map[string]any{"posting:default:visibility": "unlisted", "posting:default:sensitive": true, "posting:default:language": "de", "posting:default:quote_policy": "followers",
			"reading:expand:media": "default", "reading:expand:spoilers": false, "reading:autoplay:gifs": false}; !reflect.DeepEqual(preferences, want) {
			t.Errorf("the preferences are %v", preferences)
		}
		// How one wants to read is set in a place of our own, by any form.
		const reading = "/api/anancus/v1/preferences"
		ada.Do(http.MethodPatch, reading, url.Values{"reading:expand:media": {"show_all"}, "reading:expand:spoilers": {"true"}, "reading:autoplay:gifs": {"1"}}, &preferences)
		if preferences["reading:expand:media"] != "show_all" || preferences["reading:expand:spoilers"] != true || preferences["reading:autoplay:gifs"] != true || preferences["posting:default:language"] != "de" {
			t.Errorf("the preferences were answered as %v", preferences)
		}
		asJSON, err := http.NewRequestWithContext(t.Context(), http.MethodPatch, s.URL+reading, strings.NewReader(`{"reading:expand:media":"hide_all","reading:autoplay:gifs":false}`))
		wants(t, err)
		asJSON.Header.Set("Content-Type", "application/json")
		asJSON.Header.Set("Authorization", "Bearer "+ada.Token)
		ada.Send(asJSON, nil)
		ada.Get("/api/v1/preferences", &preferences)
		if preferences["reading:expand:media"] != "hide_all" || preferences["reading:expand:spoilers"] != true || preferences["reading:autoplay:gifs"] != false {
			t.Errorf("the stored preferences are shown as %v", preferences)
		}
		wantDetails(t, ada, http.MethodPatch, reading, []badForm{{"another way to show media", url.Values{"reading:expand:media": {"some"}},
			"Reading:expand:media is not one of default, show_all, hide_all", "reading:expand:media", "ERR_INCLUSION"}})
		saysNo(t, s.Nobody(), http.MethodPatch, reading, nil, 401, "The access token is invalid")
		saysNo(t, &servertest.Person{On: s, Token: s.TokenFor("ada", "read")}, http.MethodPatch, reading, nil, 403, "This action is outside the authorized scopes")

		// What is not sent stays; what is emptied goes. JSON and lists without numbers are read as well.
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPatch, s.URL+path,
			strings.NewReader(`{"fields_attributes":[{"name":"a","value":"1"},{"name":"b","value":"2"}],"attribution_domains":[],"bot":false,"discoverable":false}`))
		wants(t, err)
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("Authorization", "Bearer "+ada.Token)
		ada.Send(request, &own)
		source = own["source"].(map[string]any)
		if own["bot"] != false || own["discoverable"] != false || own["locked"] != true || len(own["fields"].([]any)) != 2 || len(source["attribution_domains"].([]any)) != 0 || source["privacy"] != "unlisted" {
			t.Errorf("after a change by JSON: %v", own)
		}
		ada.Do(http.MethodPatch, path, url.Values{"fields_attributes[0][name]": {""}, "display_name": {""}, "note": {""}, "source[language]": {""}}, &own)
		if own["display_name"] != "" || own["note"] != "" || len(own["fields"].([]any)) != 0 || own["source"].(map[string]any)["language"] != nil {
			t.Errorf("after emptying: %v", own)
		}
		if answer := ada.Do(http.MethodPatch, path, url.Values{"display_name": {strings.Repeat("é", 30)}, "note": {strings.Repeat("é", 500)}, "avatar_description": {strings.Repeat("é", 150)},
			"fields_attributes[0][name]": {strings.Repeat("é", 255)}, "fields_attributes[0][value]": {strings.Repeat("é", 255)}}, &own); answer.StatusCode != http.StatusOK {
			t.Errorf("what just fits answered %d", answer.StatusCode)
		}

		many := url.Values{}
		for i := range 101 {
			many.Add("attribution_domains[]", fmt.Sprintf("d%d.example", i))
		}
		five := url.Values{}
		for i := range 5 {
			five.Set(fmt.Sprintf("fields_attributes[%d][name]", i), "x")
		}
		long := func(key string, n int) url.Values { return url.Values{key: {strings.Repeat("é", n)}} }
		refusals := []badForm{
			{"a long name", long("display_name", 31), "Display name is too long (maximum is 30 characters)", "display_name", "ERR_TOO_LONG"},
			{"a long note", long("note", 501), "Note is too long (maximum is 500 characters)", "note", "ERR_TOO_LONG"},
			{"a long description of the picture", long("avatar_description", 151), "Avatar description is too long (maximum is 150 characters)", "avatar_description", "ERR_TOO_LONG"},
			{"a long description of the header", long("header_description", 151), "Header description is too long (maximum is 150 characters)", "header_description", "ERR_TOO_LONG"},
			{"five fields", five, "Fields are too many (maximum is 4)", "fields", "ERR_TOO_LONG"},
			{"a long field", long("fields_attributes[0][name]", 256), "Fields have a name or a value that is too long (maximum is 255 characters)", "fields", "ERR_TOO_LONG"},
			{"a field without a name", url.Values{"fields_attributes[0][value]": {"x"}}, "Fields have a value without a name", "fields", "ERR_BLANK"},
			{"101 sites", many, "Attribution domains are too many (maximum is 100)", "attribution_domains", "ERR_TOO_LONG"},
			{"a site that is none", url.Values{"attribution_domains[]": {"not a domain"}}, "Attribution domains contain not a domain, which is not a valid domain name", "attribution_domains", "ERR_INVALID"},
			{"a picture as data", url.Values{"avatar": {"data:image/png;base64,AAAA"}}, "Avatar must be sent as a file", "avatar", "ERR_INVALID"},
		}
		wantDetails(t, ada, http.MethodPatch, path, append(refusals, []badForm{
			{"an unknown visibility", url.Values{"source[privacy]": {"secret"}}, "Default visibility is not one of public, unlisted, private", "default_visibility", "ERR_INCLUSION"},
			{"an unknown policy of quotes", url.Values{"source[quote_policy]": {"me"}}, "Default quote policy is not one of public, followers, nobody", "default_quote_policy", "ERR_INCLUSION"},
			{"an unknown language", url.Values{"source[language]": {"klingonese"}}, "Default language is not a known language", "default_language", "ERR_INCLUSION"},
		}...))
		wantDetails(t, ada, http.MethodPatch, "/api/v1/profile", refusals)

		var profile map[string]any
		if answer := ada.Do(http.MethodPatch, "/api/v1/profile", url.Values{"note": {"<b>bold</b>"}, "show_media": {"false"}, "show_media_replies": {"false"}, "show_featured": {"false"},
			"fields_attributes[0][name]": {"Web"}, "fields_attributes[0][value]": {"https://ada.example.com"}, "attribution_domains[]": {"blog.example"}, "source[privacy]": {"private"}}, &profile); answer.StatusCode != http.StatusOK {
			t.Fatalf("the profile answered %d %v", answer.StatusCode, profile)
		}
		ada.Post("/api/v1/tags/cats/feature", nil, nil)
		ada.Get("/api/v1/profile", &profile)
		for key, want := range map[string]any{"id": ada.ID, "note": "<b>bold</b>", "formatted_note": "<p>&lt;b&gt;bold&lt;/b&gt;</p>", "avatar": nil, "avatar_static": nil, "header": nil, "header_static": nil,
			"show_media": false, "show_media_replies": false, "show_featured": false, "attribution_domains": []any{"blog.example"}, "locked": true, "hide_collections": true} {
			if have, there := profile[key]; !there || !reflect.DeepEqual(have, want) {
				t.Errorf("%s of the profile is %v, want %v", key, have, want)
			}
		}
		raw, formatted := profile["fields"].([]any)[0].(map[string]any), profile["formatted_fields"].([]any)[0].(map[string]any)
		if raw["value"] != "https://ada.example.com" || !strings.Contains(formatted["value"].(string), `rel="`) {
			t.Errorf("the fields are %v and %v", raw, formatted)
		}
		if tags := profile["featured_tags"].([]any); len(tags) != 1 || tags[0].(map[string]any)["name"] != "cats" {
			t.Errorf("the featured hashtags are %v", tags)
		}
		ada.Get("/api/v1/accounts/verify_credentials", &own)
		if own["source"].(map[string]any)["privacy"] != "unlisted" || own["show_media"] != false {
			t.Errorf("/api/v1/profile took what it does not take: %v", own)
		}
		var seen map[string]any
		bo.Get("/api/v1/accounts/"+ada.ID, &seen)
		if seen["show_media"] != false || seen["show_media_replies"] != false || seen["show_featured"] != false || seen["source"] != nil {
			t.Errorf("others see %v", seen)
		}
		ada.Do(http.MethodPut, "/api/v1/profile", url.Values{"show_media": {"true"}}, &profile)
		if profile["show_media"] != true || profile["show_featured"] != false {
			t.Errorf("after a PUT: %v", profile)
		}

		wants(t, s.DB().Tx(t.Context(), func(tx *db.Tx) error {
			_, err := db.Exec(context.Background(), tx, `UPDATE accounts SET avatar_url = 'https://x.example/a.png', header_url = 'https://x.example/h.png', avatar_description = 'A face', header_description = 'A hill' WHERE id = $1`, ada.ID)
			return err
		}))
		ada.Get("/api/v1/profile", &profile)
		if profile["avatar"] != "https://x.example/a.png" || profile["header_static"] != "https://x.example/h.png" {
			t.Errorf("pictures are shown as %v", profile)
		}
		ada.Do(http.MethodDelete, "/api/v1/profile/avatar", nil, &own)
		if own["avatar_description"] != "" || !strings.HasSuffix(own["avatar"].(string), "/avatars/missing.svg") || own["header"] != "https://x.example/h.png" || own["source"] == nil {
			t.Errorf("without an avatar: %v", own)
		}
		ada.Do(http.MethodDelete, "/api/v1/profile/header", nil, &own)
		if own["header_description"] != "" || !strings.HasSuffix(own["header"].(string), "/headers/missing.svg") {
			t.Errorf("without a header: %v", own)
		}
		for _, one := range [][2]string{{"GET", "/api/v1/profile"}, {"PATCH", "/api/v1/profile"}, {"PUT", "/api/v1/profile"}, {"DELETE", "/api/v1/profile/avatar"},
			{"DELETE", "/api/v1/profile/header"}, {"GET", "/api/v1/preferences"}} {
			if answer := s.Nobody().Do(one[0], one[1], nil, nil); answer.StatusCode != http.StatusUnauthorized {
				t.Errorf("%s %s answered %d to nobody", one[0], one[1], answer.StatusCode)
			}
		}
	})
}

func TestAKeeperIsKnownByTheirRole(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		bo := s.Join("bo")
		made, err := s.Keeper().CreateAccount(t.Context(), keeper.CreateAccount{Name: "mo", Email: "mo@mail.example", Password: servertest.Password, Role: "moderator", Confirmed: true, Approved: true})
		wants(t, err)
		var seen struct {
			Roles []map[string]string
			Role  struct {
				ID, Name, Permissions string
				Highlighted           bool
			}
		}
		bo.Get("/api/v1/accounts/"+made.ID, &seen)
		if len(seen.Roles) != 1 || !reflect.DeepEqual(seen.Roles[0], map[string]string{"id": "1", "name": "Moderator", "color": ""}) {
			t.Errorf("the moderator's roles are %v", seen.Roles)
		}
		bo.Get("/api/v1/accounts/verify_credentials", &seen)
		if seen.Roles == nil || len(seen.Roles) != 0 || seen.Role.ID != "-99" || seen.Role.Permissions != "65536" {
			t.Errorf("a plain member's roles are %+v", seen)
		}
	})
}
