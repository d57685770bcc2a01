package server_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/server/keeper"
	"anancus/internal/server/servertest"
	"anancus/internal/server/servertest/contract"
	"anancus/internal/social/access"
)

func bearer(token string) http.Header { return http.Header{"Authorization": {"Bearer " + token}} }

func TestStreamsTellMembersOfWhatTheirTimelinesWillShow(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada, bo, cy := s.Join("ada"), s.Join("bo"), s.Join("cy")
		ada.Follow(bo)
		list := makeList(t, ada, url.Values{"title": {"Friends"}})
		ada.Post("/api/v1/lists/"+list.ID+"/accounts", url.Values{"account_ids[]": {bo.ID}}, nil)
		socket := ada.Listen("user", "public:local", "hashtag CATS", "list "+list.ID)
		sse := map[string]*servertest.Stream{}
		for _, path := range []string{"user", "public", "public/local", "public/remote", "hashtag?tag=cats", "hashtag/local?tag=cats", "list?list=" + list.ID, "public?only_media=true",
			"user/notification", "direct"} {
			sse[path] = ada.Events(path)
		}
		want := func(event string, streams ...string) {
			t.Helper()
			told := map[string]bool{}
			for range streams {
				one := socket.Next()
				if one.Text() != event {
					t.Errorf("on %v ada is told %q, want %q", one.Stream, one.Text(), event)
				}
				told[strings.Join(one.Stream, " ")] = true
			}
			for _, stream := range streams {
				if !told[stream] {
					t.Errorf("%q is not told on %s, but on %v", event, stream, told)
				}
			}
		}

		one := bo.Publish("I like #Cats")
		want("update I like <a href=\""+s.URL+"/tags/cats\" class=\"mention hashtag\" rel=\"tag\">#<span>Cats</span></a>", "user", "public:local", "hashtag CATS", "list "+list.ID)
		edit(bo, one.ID, "status", "I liked them")
		want("status.update I liked them", "user", "public:local", "list "+list.ID)
		bo.Delete(one.ID)
		want("delete "+one.ID, "user", "public:local", "list "+list.ID)

		stranger := cy.Publish("from cy")
		want("update from cy", "public:local")
		boost := bo.Act(stranger.ID, "reblog")
		want("update boost of from cy", "user", "list "+list.ID)
		bo.Act(stranger.ID, "unreblog")
		want("delete "+boost.ID, "user", "list "+list.ID)

		again := bo.Act(stranger.ID, "reblog")
		want("update boost of from cy", "user", "list "+list.ID)
		ada.Follow(cy)
		cy.Act(again.Reblog.ID, "reblog") // the same once more, which home does not show twice

		private := bo.Publish("for friends", "visibility", "private")
		want("update for friends", "user", "list "+list.ID)
		mine := ada.Publish("my own")
		want("update my own", "user", "public:local")
		bo.Act(mine.ID, "favourite")
		servertest.Settle(t, s)
		want("notification favourite", "user")
		bo.Publish("@ada psst", "visibility", "direct")
		servertest.Settle(t, s)
		want("notification mention", "user")
		ada.Post("/api/v2/filters", url.Values{"title": {"later"}, "context[]": {"home"}}, nil)
		want("filters_changed", "user")

		for path, texts := range map[string][]string{
			"user":                   {"update I like", "status.update I liked", "delete", "update boost", "delete", "update boost", "update for friends", "update my own", "notification favourite", "notification mention", "filters_changed"},
			"public":                 {"update I like", "status.update I liked", "delete", "update from cy", "update my own"},
			"public/local":           {"update I like", "status.update I liked", "delete", "update from cy", "update my own"},
			"hashtag?tag=cats":       {"update I like"},
			"hashtag/local?tag=cats": {"update I like"},
			"list?list=" + list.ID:   {"update I like", "status.update I liked", "delete", "update boost", "delete", "update boost", "update for friends"},
			"user/notification":      {"notification favourite", "notification mention"},
			"direct":                 {"conversation"},
			"public/remote":          {},
			"public?only_media=true": {},
		} {
			for _, text := range texts {
				if got := sse[path].Next().Text(); !strings.HasPrefix(got, text) {
					t.Errorf("%s told %q, want %q", path, got, text)
				}
			}
		}
		// What a stream tells of a status has the shape of one, and no flag of anybody's.
		bo.Publish("the shape")
		told := socket.Next()
		var shown map[string]json.RawMessage
		wants(t, json.Unmarshal([]byte(*told.Payload), &shown))
		for _, key := range []string{"favourited", "reblogged", "bookmarked", "muted"} {
			if _, there := shown[key]; there {
				t.Errorf("the status has %s", key)
			}
		}
		if string(shown["filtered"]) != "[]" || shown["account"] == nil || shown["quote_approval"] == nil {
			t.Errorf("the status is %v", shown)
		}
		if endpoint, known := contract.Find("GET", "/api/v1/statuses/1"); !known || contract.Check(endpoint, 200, []byte(*told.Payload)) != nil {
			t.Errorf("the status has another shape than Mastodon's: %v", contract.Check(endpoint, 200, []byte(*told.Payload)))
		}
		bo.Delete(private.ID)
	})
}

func TestOneSocketTakesChannelsAndLetsGoOfThem(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada, bo := s.Join("ada"), s.Join("bo")
		mine := makeList(t, bo, url.Values{"title": {"Of bo"}})
		socket := ada.Listen()
		for said, want := range map[string]servertest.Told{
			`{"type":"subscribe","stream":"nothing"}`:                       {Error: "Unknown stream type", Status: 400},
			`{"type":"subscribe"}`:                                          {Error: "Unknown stream type", Status: 400},
			`{"type":"subscribe","stream":"hashtag"}`:                       {Error: "Missing tag name parameter", Status: 400},
			`{"type":"subscribe","stream":"hashtag","tag":"#"}`:             {Error: "Missing tag name parameter", Status: 400},
			`{"type":"subscribe","stream":"list"}`:                          {Error: "Missing list name parameter", Status: 400},
			`{"type":"subscribe","stream":"list","list":"` + mine.ID + `"}`: {Error: "Not authorized to stream this list", Status: 401},
			`{"type":"subscribe","stream":"list","list":"abc"}`:             {Error: "Not authorized to stream this list", Status: 401},
			`{"type":"unsubscribe","stream":"nothing"}`:                     {Error: "Unknown stream type", Status: 400},
			`{"type":"dance"}`:                                              {Error: "Unknown message type", Status: 400},
			`{"type":"subscribe","stream":{"user":true}}`:                   {Error: "Messages must be JSON objects", Status: 400},
			`[]`:       {Error: "Messages must be JSON objects", Status: 400},
			`{"type":`: {Error: "Messages must be JSON objects", Status: 400},
			``:         {Error: "Messages must be JSON objects", Status: 400},
		} {
			socket.Say(said)
			if got := socket.Next(); got.Error != want.Error || got.Status != want.Status {
				t.Errorf("%s is answered %d %q, want %d %q", said, got.Status, got.Error, want.Status, want.Error)
			}
		}
		ready := func() {
			t.Helper()
			socket.Say(`{"type":"ready?"}`)
			socket.Want("Unknown message type")
		}
		socket.Say(`{"type":"subscribe","stream":["public"]}`)
		socket.Say(`{"type":"subscribe","stream":"public"}`) // twice is once
		socket.Say(`{"type":"subscribe","stream":"hashtag","tag":["dogs"]}`)
		ready()
		bo.Publish("one")
		socket.Want("update one")
		socket.Say(`{"type":"unsubscribe","stream":"public"}`)
		socket.Say(`{"type":"unsubscribe","stream":"public:local"}`)
		ready()
		bo.Publish("two")
		bo.Publish("three #dogs")
		if told := socket.Next(); !slices.Equal(told.Stream, []string{"hashtag", "dogs"}) {
			t.Errorf("after the end of public ada is told %q on %v", told.Text(), told.Stream)
		}
		for i := range 200 {
			socket.Subscribe("hashtag t" + strings.Repeat("x", i+1))
		}
		if told := socket.Next(); told.Status != 429 || told.Error != "Too many subscriptions" {
			t.Errorf("the channel too many is answered %q", told.Text())
		}
		socket.Binary([]byte{1, 2})
		socket.Ended(2 * time.Second)
		if socket.Code != 1003 {
			t.Errorf("a binary message is answered by the end %d", socket.Code)
		}
		large := ada.Listen("user")
		large.Say(`{"type":"` + strings.Repeat("x", 5000) + `"}`)
		large.Ended(2 * time.Second)
		if large.Code != 1009 {
			t.Errorf("a message that is too large is answered by the end %d", large.Code)
		}
		flood := ada.Listen()
		for range 600 { // with the one of Listen just too many, and not one more: what lies unread when a connection is closed may cost the client the reason
			flood.Say(`{"type":"unsubscribe","stream":"user"}`)
		}
		flood.Ended(2 * time.Second)
		if flood.Code != 1008 {
			t.Errorf("a flood is answered by the end %d", flood.Code)
		}
		first, _, err := ada.Dial(servertest.Query("stream", "hashtag", "tag", "early"), bearer(ada.Token))
		wants(t, err)
		first.Say(`{"type":"ready?"}`)
		first.Want("Unknown message type")
		bo.Publish("#early bird")
		if told := first.Next(); !slices.Equal(told.Stream, []string{"hashtag", "early"}) {
			t.Errorf("the first channel told %q on %v", told.Text(), told.Stream)
		}
	})
}

func TestStreamsAskForATokenWithTheRightScope(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada := owner(t, s, "ada")
		list := makeList(t, ada, url.Values{"title": {"Friends"}})
		app := appToken(t, s, "read write follow push")
		tokens := map[string]string{}
		for _, scope := range access.AllScopes {
			tokens[scope] = s.TokenFor("ada", scope)
		}
		for path, scope := range map[string]string{"user": "read:statuses", "user/notification": "read:notifications", "public": "read:statuses", "public/local": "read:statuses",
			"public/remote?only_media=1": "read:statuses", "hashtag?tag=cats": "read:statuses", "hashtag/local?tag=cats": "read:statuses", "list?list=" + list.ID: "read:statuses", "direct": "read:statuses"} {
			at := "/api/v1/streaming/" + path
			for name, want := range map[string]string{"": "Missing access token", "wrong": "Invalid access token", app: "Invalid access token"} {
				got := ask(t, s, request{method: "GET", path: at, token: name})
				if text, err := got.errorText(); got.code != 401 || text != want || err != nil {
					t.Errorf("%s with the token %q is answered %d %q", path, name, got.code, got.body)
				}
			}
			for has, token := range tokens {
				got := ask(t, s, request{method: "GET", path: at, token: token})
				if covers(has, scope) {
					if got.code != 200 || got.body != ":)\n" || got.header.Get("Cache-Control") != "private, no-store" || got.header.Get("Access-Control-Allow-Origin") != "*" {
						t.Errorf("%s with %s is answered %d %q %v", path, has, got.code, got.body, got.header)
					}
				} else if text, _ := got.errorText(); got.code != 401 || text != "Access token does not have the required scopes" {
					t.Errorf("%s with %s is answered %d %q", path, has, got.code, got.body)
				}
			}
		}
		for path, want := range map[string]string{"": "400 Unknown channel requested", "/nothing": "400 Unknown channel requested", "/hashtag": "400 Missing tag name parameter",
			"/list": "400 Missing list name parameter", "/list?list=77": "401 Not authorized to stream this list", "/health": "200 OK", "/user/": "200 :)\n"} {
			got := ask(t, s, request{method: "GET", path: "/api/v1/streaming" + path, token: ada.Token})
			text := got.body
			if got.code != 200 {
				text, _ = got.errorText()
			}
			if said := http.StatusText(got.code); strings.TrimSpace(want) != strings.TrimSpace(strings.Join([]string{want[:3], text}, " ")) || want[:3] != codeText(got.code) {
				t.Errorf("%q is answered %d (%s) %q, want %q", path, got.code, said, text, want)
			}
		}
		// Programs in browsers can send no header.
		if got := ask(t, s, request{method: "GET", path: "/api/v1/streaming/user?access_token=" + ada.Token}); got.code != 200 {
			t.Errorf("with the token in the address: %d", got.code)
		}
		// WebSockets: the token in three places, and the cookie of our own pages.
		cookie := signIn(t, s, "ada")
		for name, test := range map[string]struct {
			query  string
			header http.Header
			code   int
		}{
			"nothing":               {"", nil, 401},
			"a header":              {"", bearer(ada.Token), 101},
			"a bad header":          {"?access_token=" + ada.Token, bearer("wrong"), 401},
			"an address":            {"?access_token=" + ada.Token, nil, 101},
			"a bad address":         {"?access_token=wrong", nil, 401},
			"a protocol":            {"", http.Header{"Sec-Websocket-Protocol": {ada.Token}}, 101},
			"a bad protocol":        {"", http.Header{"Sec-Websocket-Protocol": {"wrong"}}, 401},
			"an app's token":        {"", bearer(app), 401},
			"our own page":          {"", http.Header{"Cookie": {cookie.Name + "=" + cookie.Value}, "Origin": {s.URL}}, 101},
			"a cookie from no page": {"", http.Header{"Cookie": {cookie.Name + "=" + cookie.Value}}, 101},
			"another site's page":   {"", http.Header{"Cookie": {cookie.Name + "=" + cookie.Value}, "Origin": {"https://evil.example"}}, 403},
			"a sibling's page":      {"", http.Header{"Cookie": {cookie.Name + "=" + cookie.Value}, "Sec-Fetch-Site": {"same-site"}}, 403},
			"a token from anywhere": {"", http.Header{"Authorization": {"Bearer " + ada.Token}, "Origin": {"https://app.example"}}, 101},
			"an old version":        {"", http.Header{"Authorization": {"Bearer " + ada.Token}, "Sec-Websocket-Version": {"8"}}, 400},
		} {
			code, protocol := shake(t, s, test.query, test.header)
			if code != test.code || code == 101 && protocol != test.header.Get("Sec-Websocket-Protocol") {
				t.Errorf("%s: a WebSocket is answered %d with the protocol %q", name, code, protocol)
			}
		}
		// A token for part of it gets that part.
		statuses := (&servertest.Person{On: s, Name: "ada", Token: tokens["read:statuses"]}).Listen("user")
		bo := s.Join("bo")
		mine := ada.Publish("mine")
		bo.Act(mine.ID, "favourite")
		servertest.Settle(t, s)
		ada.Publish("end")
		if told := statuses.Until("end"); !slices.Equal(told, []string{"update mine"}) {
			t.Errorf("with read:statuses one is told %q", told)
		}
		told := (&servertest.Person{On: s, Name: "ada", Token: tokens["read:notifications"]}).Listen("user:notification")
		told.Subscribe("user")
		told.Want("Access token does not have the required scopes")
	})
}

func codeText(code int) string {
	return string([]byte{byte('0' + code/100), byte('0' + code/10%10), byte('0' + code%10)})
}

// shake tries a handshake and tells how it is answered.
func shake(t *testing.T, s *servertest.Server, query string, header http.Header) (code int, protocol string) {
	t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, s.URL+"/api/v1/streaming"+query, nil)
	wants(t, err)
	for name, value := range map[string]string{"Connection": "Upgrade", "Upgrade": "websocket", "Sec-Websocket-Version": "13", "Sec-Websocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="} {
		r.Header.Set(name, value)
	}
	for name, values := range header {
		r.Header[name] = values
	}
	answer, err := http.DefaultTransport.RoundTrip(r)
	wants(t, err)
	defer func() { _ = answer.Body.Close() }()
	return answer.StatusCode, answer.Header.Get("Sec-Websocket-Protocol")
}

func TestAStreamEndsWithWhatOpenedIt(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		owner(t, s, "ada")
		bo, cy, eve := s.Join("bo"), s.Join("cy"), s.Join("eve")
		const within = 2 * time.Second
		both := func(p *servertest.Person) []*servertest.Stream {
			return []*servertest.Stream{p.Listen("user", "public"), p.Events("public")}
		}
		ended := func(what string, streams []*servertest.Stream, code uint16) {
			t.Helper()
			for _, one := range streams {
				one.Ended(within)
			}
			if streams[0].Code != code {
				t.Errorf("%s: the end is %d", what, streams[0].Code)
			}
		}
		stays := both(eve)

		// A token that is revoked, and another of the same member that is not.
		other := &servertest.Person{On: s, Name: "bo", ID: bo.ID, Token: s.TokenFor("bo", "read")}
		kept := other.Listen("public")
		streams := both(bo)
		wants(t, s.RevokeToken(t.Context(), bo.Token))
		ended("a revoked token", streams, 1008)
		if code, _ := shake(t, s, "", bearer(bo.Token)); code != 401 {
			t.Errorf("a revoked token opens a stream: %d", code)
		}
		eve.Publish("after")
		kept.Want("update after")

		// A web session that ends.
		cookie := signIn(t, s, "cy")
		page, _, err := cy.Dial("", http.Header{"Cookie": {cookie.Name + "=" + cookie.Value}, "Origin": {s.URL}})
		wants(t, err)
		if got := ask(t, s, request{method: "POST", path: "/auth/sign_out", cookie: cookie, header: map[string]string{"Origin": s.URL}, kind: form}); got.code >= 400 {
			t.Fatalf("signing out: %d", got.code)
		}
		page.Ended(within)

		// A new password.
		streams = both(cy)
		_, err = s.Keeper().ResetPassword(t.Context(), keeper.ResetPassword{Name: "cy"})
		wants(t, err)
		ended("a new password", streams, 1008)

		// A suspension.
		streams = both(other)
		suspend(t, s, bo)
		ended("a suspension", streams, 1008)
		if code, _ := shake(t, s, "", bearer(other.Token)); code < 400 {
			t.Errorf("who is suspended opens a stream: %d", code)
		}
		eve.Publish("still here")
		for _, one := range stays {
			if told := one.Until("still here"); slices.Contains(told, "ended") {
				t.Error("a bystander's stream ended")
			}
		}
		// The server's own end.
		open := both(eve)
		s.CloseStreams()
		ended("the end of the server", open, 1001)
		if code, _ := shake(t, s, "", bearer(eve.Token)); code != 503 {
			t.Errorf("while the server ends a stream is answered %d", code)
		}
	})
}

func TestStreamsBeatByTheClock(t *testing.T) {
	at := clock.NewManual(time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC))
	s := servertest.NewAt(t, db.SQLite, at)
	ada := s.Join("ada")
	socket, sse := ada.Listen("user"), ada.Events("user")
	at.Advance(15 * time.Second)
	sse.Want(":thump")
	at.Advance(15 * time.Second)
	sse.Want(":thump")
	socket.Want("ping")
	at.Advance(30 * time.Second)
	socket.Want("ping") // it answered the one before
}

func TestKeepersNewsReachesEverybody(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada, bo := s.Join("ada"), s.Join("bo")
		streams := []*servertest.Stream{ada.Listen("user"), bo.Events("user")}
		quiet := bo.Listen("public", "user:notification")
		want := func(text string) {
			t.Helper()
			for _, one := range streams {
				one.Want(text)
			}
		}
		made, err := s.Keeper().Announce(t.Context(), keeper.Announcement{Text: "We move"})
		wants(t, err)
		want("announcement We move")
		reaction := "/api/v1/announcements/" + made.ID + "/reactions/" + url.PathEscape("🎉")
		for _, step := range []struct {
			who    *servertest.Person
			method string
			count  string
		}{{ada, http.MethodPut, "1"}, {bo, http.MethodPut, "2"}, {bo, http.MethodDelete, "1"}, {ada, http.MethodDelete, "0"}} {
			putForm(t, step.who, step.method, reaction, nil, nil)
			want(`announcement.reaction {"name":"🎉","count":` + step.count + `,"announcement_id":"` + made.ID + `"}`)
		}
		_, err = s.Keeper().ChangeAnnouncement(t.Context(), keeper.AnnouncementChange{ID: made.ID, Do: "unpublish"})
		wants(t, err)
		want("announcement.delete " + made.ID)
		ada.Publish("mark")
		quiet.Want("update mark")
	})
}
