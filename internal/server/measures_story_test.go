package server_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/protocol/activitypub/aptest"
	"anancus/internal/server/keeper"
	"anancus/internal/server/servertest"
)

// take does something about an account as a keeper at the command line, and lets what follows happen.
func take(t *testing.T, s *servertest.Server, measure, handle string) keeper.Standing {
	t.Helper()
	now, err := s.Keeper().TakeMeasure(t.Context(), keeper.Measure{Handle: handle, Measure: measure, Reason: "because of " + measure})
	if err != nil {
		t.Fatalf("%s %s: %v", measure, handle, err)
	}
	servertest.Settle(t, s)
	return now
}

// profile is what a story about measures looks at in an account.
type profile struct {
	ID, Note           string
	DisplayName        string `json:"display_name"`
	Limited, Suspended bool
}

func profileOf(p *servertest.Person, account string) (one profile) {
	p.On.T.Helper()
	p.Get("/api/v1/accounts/"+account, &one)
	return one
}

// tiesOf tells what somebody is to an account, also to one that is suspended.
func tiesOf(p *servertest.Person, account string) servertest.Relationship {
	p.On.T.Helper()
	var list []servertest.Relationship
	p.Get("/api/v1/accounts/relationships?with_suspended=true&id[]="+account, &list)
	if len(list) != 1 {
		p.On.T.Fatalf("%s has %d relationships with account %s", p.Name, len(list), account)
	}
	return list[0]
}

// addressed tells whether a document is written to somebody.
func addressed(body, who string) bool {
	var note struct{ To, Cc []string }
	return json.Unmarshal([]byte(body), &note) == nil && slices.Contains(append(note.To, note.Cc...), who)
}

// onPublic tells whether a status is on the public timeline of somebody.
func onPublic(p *servertest.Person, uri string) bool {
	p.On.T.Helper()
	var list []servertest.Status
	p.Get("/api/v1/timelines/public", &list)
	return has(list, uri)
}

func TestALimitedMemberReachesFollowersAlone(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada, bo, cy := s.Join("ada"), s.Join("bo"), s.Join("cy")
		bo.Follow(ada)
		before := ada.Publish("before")
		servertest.Settle(t, s)
		if !onPublic(cy, before.URI) {
			t.Fatal("nobody sees it to begin with")
		}
		if now := take(t, s, "limit", "ada"); !now.Changed || !now.Limited || now.Suspended || fmt.Sprint(now.LimitedBy) != "[keepers]" {
			t.Errorf("ada stands so: %+v", now)
		}
		if again := take(t, s, "limit", "ada"); again.Changed {
			t.Error("what holds already is new")
		}
		if !profileOf(cy, ada.ID).Limited {
			t.Error("the profile does not say so")
		}
		if onPublic(cy, before.URI) || onPublic(s.Nobody(), before.URI) {
			t.Error("what was there is on the public timeline still")
		}
		after := ada.Publish("after")
		if after.Visibility != "unlisted" {
			t.Errorf("a new one is %s", after.Visibility)
		}
		mention := ada.Publish("@cy hello")
		ada.Publish("@bo hello")
		servertest.Settle(t, s)
		if !has(bo.Home(), after.URI) || !has(bo.Home(), before.URI) {
			t.Error("a follower does not get them")
		}
		if _, ok := cy.Show(mention.ID); !ok {
			t.Error("who is given the address cannot read it")
		}
		if told := notices(cy, "types[]=mention"); len(told) != 0 {
			t.Errorf("a stranger is told %+v", told)
		}
		if told := notices(bo, "types[]=mention"); len(told) != 1 {
			t.Errorf("a follower is told %+v", told)
		}
		host := aptest.NewServer(t)
		fan, sam := newOutsider(t, host, "fan", 0), newOutsider(t, host, "sam", 1)
		fan.post(s, activitypub.NewActivity("Follow", fan.actor.ID+"#follows/1", fan.actor.ID, s.URL+"/ap/users/"+ada.ID), http.StatusAccepted)
		if _, body := document(t, s, ada.Publish("@fan@"+host.Host+" and @sam@"+host.Host).URI); !addressed(body, fan.actor.ID) || addressed(body, sam.actor.ID) {
			t.Errorf("it is addressed to whoever is named: %s", body)
		}
		ada.Follow(cy)
		if ties := ada.Towards(cy.ID); ties.Following || !ties.Requested {
			t.Errorf("a follow holds without having been answered: %+v", ties)
		}

		// The member is told, once, and in the API's words.
		var list []map[string]any
		ada.Get("/api/v1/notifications?types[]=moderation_warning", &list)
		if len(list) != 1 {
			t.Fatalf("ada is told %v", list)
		}
		warning, _ := list[0]["moderation_warning"].(map[string]any)
		target, _ := warning["target_account"].(map[string]any)
		if warning["action"] != "silence" || warning["text"] != "because of limit" || warning["status_ids"] != nil || warning["appeal"] != nil || target["id"] != ada.ID || warning["created_at"] == nil {
			t.Errorf("the warning is %v", warning)
		}
		if from, _ := list[0]["account"].(map[string]any); from["id"] != ada.ID {
			t.Errorf("it comes from %v", from)
		}
		var grouped struct {
			Groups []map[string]any `json:"notification_groups"`
		}
		ada.Get("/api/v2/notifications?types[]=moderation_warning", &grouped)
		if len(grouped.Groups) != 1 || grouped.Groups[0]["moderation_warning"] == nil {
			t.Errorf("in groups ada is told %v", grouped.Groups)
		}
		if n := count(t, s, `SELECT COUNT(*) FROM audit_log WHERE action = 'account.limit' AND target_kind = 'account' AND target_name = 'ada' AND keeper_id IS NULL AND details LIKE '%because of limit%'`); n != 1 {
			t.Errorf("%d entries in the log of keepers", n)
		}

		if now := take(t, s, "unlimit", "ada"); !now.Changed || now.Limited {
			t.Errorf("ada stands so: %+v", now)
		}
		if !onPublic(cy, before.URI) || profileOf(cy, ada.ID).Limited || ada.Publish("again").Visibility != "public" {
			t.Error("it is not as it was")
		}
		if told := notices(ada, "types[]=moderation_warning"); len(told) != 1 {
			t.Errorf("of the end ada is told too: %+v", told)
		}
	})
}

func TestASuspendedMemberIsGoneAndComesBack(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		here, there := servertest.New(t, engine), servertest.New(t, engine)
		ada, bo, cy := here.Join("ada"), here.Join("bo"), there.Join("cy")
		bo.Follow(ada)
		away := cy.Follow(ada)
		servertest.Settle(t, here, there)
		post := ada.Publish("hello")
		servertest.Settle(t, here, there)
		if !has(cy.Home(), post.URI) || !has(bo.Home(), post.URI) {
			t.Fatal("nobody reads it to begin with")
		}
		stream := ada.Listen("user")
		now, err := here.Keeper().TakeMeasure(t.Context(), keeper.Measure{Handle: "@ada@" + here.Domain, Measure: "suspend"})
		if err != nil || !now.Suspended {
			t.Fatalf("%+v (%v)", now, err)
		}
		stream.Ended(time.Minute)
		servertest.Settle(t, here, there)

		var said struct{ Error string }
		if answer := ada.Do(http.MethodGet, "/api/v1/accounts/verify_credentials", nil, &said); answer.StatusCode != http.StatusForbidden || said.Error != "Your login is currently disabled" {
			t.Errorf("ada is answered %d %q", answer.StatusCode, said.Error)
		}
		if page := signInAs(t, here, "ada"); page != http.StatusForbidden {
			t.Errorf("signing in answers %d", page)
		}
		if one := profileOf(bo, ada.ID); !one.Suspended || one.DisplayName != "" || one.Note != "" {
			t.Errorf("the profile is %+v", one)
		}
		var list []servertest.Status
		bo.Get("/api/v1/accounts/"+ada.ID+"/statuses", &list)
		if _, ok := bo.Show(post.ID); ok || len(list) != 0 || has(bo.Home(), post.URI) || onPublic(bo, post.URI) {
			t.Error("what ada wrote is shown")
		}
		actor := here.URL + "/ap/users/" + ada.ID
		if code, body := document(t, here, actor); code != http.StatusOK || !strings.Contains(body, `"suspended":true`) {
			t.Errorf("the actor is answered with %d %s", code, body)
		}
		for _, path := range []string{"/outbox", "/followers", "/following", "/collections/featured", "/collections/tags"} {
			if code, _ := document(t, here, actor+path); code != http.StatusForbidden {
				t.Errorf("%s is answered with %d", path, code)
			}
		}
		if code, _ := document(t, here, post.URI); code != http.StatusNotFound {
			t.Errorf("the status is answered with %d", code)
		}
		const month = int64(31 * 24 * time.Hour / time.Millisecond)
		write(t, here, `UPDATE accounts SET suspended_at = suspended_at - $2 WHERE id = $1`, number(t, ada.ID), month)
		for _, address := range []string{actor, actor + "/outbox", here.URL + "/.well-known/webfinger?resource=acct:" + abroad(ada)} {
			if code, _ := document(t, here, address); code != http.StatusGone {
				t.Errorf("after a month %s is answered with %d", address, code)
			}
		}
		write(t, here, `UPDATE accounts SET suspended_at = suspended_at + $2 WHERE id = $1`, number(t, ada.ID), month)
		if !profileOf(cy, away.ID).Suspended || has(cy.Home(), post.URI) {
			t.Error("the other server was not told")
		}
		if _, err := there.Keeper().TakeMeasure(t.Context(), keeper.Measure{Handle: abroad(ada), Measure: "unsuspend"}); !fault.Is(err, fault.Conflict) {
			t.Errorf("another server may lift it: %v", err)
		}

		if now := take(t, here, "unsuspend", "ada"); now.Suspended {
			t.Errorf("ada stands so: %+v", now)
		}
		servertest.Settle(t, here, there)
		if _, ok := bo.Show(post.ID); !ok || !has(bo.Home(), post.URI) || !onPublic(bo, post.URI) || profileOf(bo, ada.ID).Suspended {
			t.Error("what ada wrote is not back")
		}
		if profileOf(cy, away.ID).Suspended || !has(cy.Home(), post.URI) || !cy.Towards(away.ID).Following {
			t.Error("it is not back on the other server")
		}
		ada.Get("/api/v1/accounts/verify_credentials", nil)
	})
}

// signInAs gives the code of the page that answers the right password.
func signInAs(t *testing.T, s *servertest.Server, name string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/auth/sign_in", strings.NewReader(url.Values{"login": {name}, "password": {servertest.Password}}.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", s.URL)
	var page string
	return s.Nobody().Send(req, &page).StatusCode
}

func TestAFrozenMemberCannotSignInAndTheRestStays(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada, bo := s.Join("ada"), s.Join("bo")
		post := ada.Publish("hello")
		if code := signInAs(t, s, "ada"); code != http.StatusOK && code != http.StatusSeeOther {
			t.Fatalf("signing in answers %d to begin with", code)
		}
		stream := ada.Listen("user")
		if now := take(t, s, "freeze", "ada"); !now.Frozen || now.Suspended {
			t.Errorf("ada stands so: %+v", now)
		}
		stream.Ended(time.Minute)
		if code := ada.Do(http.MethodGet, "/api/v1/accounts/verify_credentials", nil, nil).StatusCode; code != http.StatusUnauthorized {
			t.Errorf("the token answers %d: it has not ended", code)
		}
		if n := count(t, s, `SELECT (SELECT COUNT(*) FROM tokens WHERE account_id = $1) + (SELECT COUNT(*) FROM sessions WHERE account_id = $1)`, number(t, ada.ID)); n != 0 {
			t.Errorf("%d tokens and sessions are left", n)
		}
		if code := signInAs(t, s, "ada"); code != http.StatusForbidden {
			t.Errorf("signing in answers %d", code)
		}
		ada.Token = s.TokenFor("ada", "read write")
		var said struct{ Error string }
		if answer := ada.Do(http.MethodGet, "/api/v1/accounts/verify_credentials", nil, &said); answer.StatusCode != http.StatusForbidden || said.Error != "Your login is currently disabled" {
			t.Errorf("a new token answers %d %q", answer.StatusCode, said.Error)
		}
		if _, ok := bo.Show(post.ID); !ok || profileOf(bo, ada.ID).Suspended {
			t.Error("what ada wrote is gone")
		}
		if now := take(t, s, "thaw", "ada"); now.Frozen {
			t.Errorf("ada stands so: %+v", now)
		}
		ada.Get("/api/v1/accounts/verify_credentials", nil)
		if _, err := s.Keeper().TakeMeasure(t.Context(), keeper.Measure{Handle: "nobody", Measure: "freeze"}); !fault.Is(err, fault.NotFound) {
			t.Errorf("of nobody: %v", err)
		}
		if _, err := s.Keeper().TakeMeasure(t.Context(), keeper.Measure{Handle: "ada", Measure: "tickle"}); !fault.Is(err, fault.Invalid) {
			t.Errorf("no measure: %v", err)
		}
		if _, err := s.Keeper().TakeMeasure(t.Context(), keeper.Measure{Handle: "server.internal", Measure: "suspend"}); err == nil {
			t.Error("the server's own actor was suspended")
		}
	})
}

func TestWhatAMarkedAccountAttachesIsSensitive(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada := s.Join("ada")
		sam := newOutsider(t, aptest.NewServer(t), "sam", 0)
		sam.acceptFollow(ada)
		take(t, s, "mark-sensitive", "ada")
		take(t, s, "mark-sensitive", "sam@"+sam.host.Host)
		sensitive := func(uri string) bool {
			t.Helper()
			return count(t, s, `SELECT COUNT(*) FROM statuses WHERE uri = $1 AND sensitive`, uri) == 1
		}
		if sensitive(ada.Publish("words alone").URI) {
			t.Error("words are marked")
		}
		file := uploads(ada, picture(t, 8, 8, "png")).ID
		if !sensitive(ada.Publish("with a picture", "media_ids[]", file, "sensitive", "false").URI) {
			t.Error("a picture is not marked")
		}
		plain, shown := sam.public("1", "words alone"), sam.public("2", "with a picture")
		shown.Attachment = []activitypub.Document{{Type: "Document", MediaType: "image/png", URL: sam.host.URL + "/a.png"}}
		sam.post(s, sam.create(plain), http.StatusAccepted)
		sam.post(s, sam.create(shown), http.StatusAccepted)
		if sensitive(plain.ID) || !sensitive(shown.ID) {
			t.Error("of another server words are marked, or a picture is not")
		}
		take(t, s, "unmark-sensitive", "ada")
		if sensitive(ada.Publish("another picture", "media_ids[]", uploads(ada, picture(t, 8, 8, "png")).ID).URI) {
			t.Error("a picture is marked still")
		}
	})
}

// GHSA-5h2f: whom keepers suspended nobody brings back but they, whatever is sent here.
func TestASuspensionByKeepersIsNotLiftedFromOutside(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada := s.Join("ada")
		host := aptest.NewServer(t)
		sam := newOutsider(t, host, "sam", 0)
		sam.acceptFollow(ada)
		followMe := activitypub.NewActivity("Follow", sam.actor.ID+"#follows/1", sam.actor.ID, s.URL+"/ap/users/"+ada.ID)
		sam.post(s, followMe, http.StatusAccepted)
		account := ada.Find("@sam@" + host.Host)
		if !tiesOf(ada, account.ID).FollowedBy {
			t.Fatal("sam does not follow ada to begin with")
		}
		if now := take(t, s, "suspend", "sam@"+host.Host); !now.Suspended || fmt.Sprint(now.SuspendedBy) != "[keepers]" {
			t.Errorf("sam stands so: %+v", now)
		}
		if !slices.ContainsFunc(host.Received(), func(r aptest.Received) bool { return strings.Contains(string(r.Body), `"Reject"`) }) || tiesOf(ada, account.ID).FollowedBy {
			t.Error("sam was not told that the follow ended")
		}
		if told := notices(ada, "types[]=severed_relationships"); len(told) != 1 {
			t.Errorf("ada is told %+v", told)
		}
		gone := func(what string) {
			t.Helper()
			if n := count(t, s, `SELECT COUNT(*) FROM accounts WHERE username = 'sam' AND domain = $1 AND suspended_at IS NOT NULL`, host.Host); n != 1 {
				t.Errorf("%s: %d suspended accounts of that handle", what, n)
			}
			if n := count(t, s, `SELECT COUNT(*) FROM statuses WHERE NOT local`); n != 0 {
				t.Errorf("%s: %d statuses were kept", what, n)
			}
		}
		sam.post(s, sam.create(sam.public("1", "still here")), http.StatusAccepted)
		gone("a status")
		update := activitypub.NewUpdateActor(sam.actor.ID+"#updates/1", sam.actor)
		sam.post(s, update, http.StatusAccepted)
		gone("an update")
		raw := map[string]any{}
		body, _ := activitypub.Encode(update)
		_ = json.Unmarshal(body, &raw)
		raw["object"].(map[string]any)["suspended"] = false
		raw["id"] = sam.actor.ID + "#updates/2"
		sam.post(s, raw, http.StatusAccepted)
		gone("an update that says otherwise")
		sam.post(s, followMe, http.StatusAccepted)
		if tiesOf(ada, account.ID).FollowedBy {
			t.Error("sam follows again")
		}

		// The same handle under another id, with another key.
		again := sam.actor
		again.ID, again.Inbox, again.Outbox = host.URL+"/people/77", host.URL+"/people/77/inbox", host.URL+"/people/77/outbox"
		again.Followers, again.Following = again.ID+"/followers", again.ID+"/following"
		again.PublicKey = activitypub.PublicKey{ID: again.ID + "#main-key", Owner: again.ID, PublicKeyPEM: aptest.PEM(1)}
		host.Serve("/people/77", again)
		host.ServeAs("/.well-known/webfinger", activitypub.ContentTypeJRD, activitypub.WebFinger(activitypub.Handle{Username: "sam", Domain: host.Host}, host.URL, again.URL, again.ID, "", ""))
		heir := &outsider{t, host, again, 1}
		heir.post(s, heir.create(heir.public("9", "it is me again")), http.StatusAccepted)
		gone("another id")
		if n := count(t, s, `SELECT COUNT(*) FROM accounts WHERE uri = $1 AND suspended_by = 1`, again.ID); n != 1 {
			t.Error("who took the handle over is not suspended")
		}
	})
}

// What another server says of its own people is mirrored, and only that server takes it back.
func TestASuspensionByTheOriginIsTakenBackThereAlone(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada := s.Join("ada")
		host := aptest.NewServer(t)
		sam := newOutsider(t, host, "sam", 0)
		sam.acceptFollow(ada)
		note := sam.public("1", "hello")
		sam.post(s, sam.create(note), http.StatusAccepted)
		say := func(suspended bool, number int) {
			t.Helper()
			sam.actor.Suspended = suspended
			sam.post(s, activitypub.NewUpdateActor(fmt.Sprintf("%s#updates/%d", sam.actor.ID, number), sam.actor), http.StatusAccepted)
		}
		account := ada.Find("@sam@" + host.Host)
		say(true, 1)
		if !profileOf(ada, account.ID).Suspended || has(ada.Home(), note.ID) || !tiesOf(ada, account.ID).Following {
			t.Error("it is not mirrored, or a follow ended by it")
		}
		if _, err := s.Keeper().TakeMeasure(t.Context(), keeper.Measure{Handle: "sam@" + host.Host, Measure: "unsuspend"}); !fault.Is(err, fault.Conflict) {
			t.Errorf("keepers lift it: %v", err)
		}
		take(t, s, "suspend", "sam@"+host.Host)
		say(false, 2)
		if !profileOf(ada, account.ID).Suspended {
			t.Error("the origin lifted what keepers did")
		}
		if now := take(t, s, "unsuspend", "sam@"+host.Host); now.Suspended {
			t.Errorf("sam stands so: %+v", now)
		}
		if !has(ada.Home(), note.ID) {
			t.Error("what sam wrote is not back")
		}
	})
}

// block decides about a server as a keeper, and lets what follows happen.
func block(t *testing.T, s *servertest.Server, b keeper.DomainBlock) {
	t.Helper()
	if _, err := s.Keeper().BlockDomain(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	servertest.Settle(t, s)
}

func TestASuspendedServerIsNeitherHeardNorAsked(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada, bo := s.Join("ada"), s.Join("bo")
		host := aptest.NewServer(t)
		sam, eve := newOutsider(t, host, "sam", 0), newOutsider(t, host, "eve", 1)
		sam.acceptFollow(ada)
		sam.post(s, activitypub.NewActivity("Follow", sam.actor.ID+"#follows/1", sam.actor.ID, s.URL+"/ap/users/"+ada.ID), http.StatusAccepted)
		note := sam.public("1", "hello")
		sam.post(s, sam.create(note), http.StatusAccepted)
		account := ada.Find("@sam@" + host.Host)
		if !has(ada.Home(), note.ID) {
			t.Fatal("ada does not read it to begin with")
		}

		block(t, s, keeper.DomainBlock{Domain: host.Host, Severity: "suspend", PrivateComment: "a lot of spam"})
		if !profileOf(ada, account.ID).Suspended || has(ada.Home(), note.ID) {
			t.Error("what is from there is shown")
		}
		if _, ok := known(ada, note.ID); ok {
			t.Error("what is from there is found")
		}
		ties := tiesOf(ada, account.ID)
		var told []map[string]any
		ada.Get("/api/v1/notifications?types[]=severed_relationships", &told)
		if ties.Following || ties.FollowedBy || len(told) != 1 {
			t.Fatalf("the ties are %+v, ada is told %v", ties, told)
		}
		if e, _ := told[0]["event"].(map[string]any); e["type"] != "domain_block" || e["target_name"] != host.Host || e["followers_count"] != 1.0 || e["following_count"] != 1.0 {
			t.Errorf("the event is %v", e)
		}
		var goodbyes string
		for _, r := range host.Received() {
			goodbyes += string(r.Body)
		}
		if !strings.Contains(goodbyes, `"Reject"`) || !strings.Contains(goodbyes, `"Undo"`) {
			t.Error("the other server was not told that the follows ended")
		}

		// From here on there is nothing between the two.
		asked, received := len(host.Asked()), len(host.Received())
		sam.post(s, sam.create(sam.public("2", "again")), http.StatusForbidden)
		eve.post(s, eve.create(eve.public("1", "unknown to you")), http.StatusForbidden)
		gone := activitypub.NewDeleteActor(sam.actor.ID)
		sam.post(s, gone, http.StatusForbidden)
		if code := sam.signedGet(s, ada.Publish("for everybody but them").URI).StatusCode; code != http.StatusForbidden {
			t.Errorf("it reads a public status, with %d", code)
		}
		var found struct{ Accounts []servertest.Account }
		ada.Get("/api/v2/search?resolve=true&type=accounts&q="+url.QueryEscape("@eve@"+host.Host), &found)
		if _, ok := ada.FindStatus(host.URL + "/users/eve/statuses/1"); ok || len(found.Accounts) != 0 {
			t.Error("somebody there was resolved")
		}
		ada.Publish("@sam@" + host.Host + " and @eve@" + host.Host + " are you there? " + host.URL + "/page")
		if code := ada.Do(http.MethodPost, "/api/v1/accounts/"+account.ID+"/follow", nil, nil).StatusCode; code != http.StatusNotFound {
			t.Errorf("following answers %d", code)
		}
		servertest.Settle(t, s)
		if n := len(host.Asked()); n != asked {
			t.Errorf("it was asked %d times: %v", n-asked, host.Asked()[asked].Request.URL)
		}
		if n := len(host.Received()); n != received {
			t.Errorf("it was sent %s", host.Received()[received].Body)
		}
		var peers []string
		if bo.Get("/api/v1/instance/peers", &peers); slices.Contains(peers, host.Host) {
			t.Error("it is on the list of known servers")
		}
		state, err := s.Keeper().ShowDomain(t.Context(), keeper.DomainName{Domain: host.Host})
		if err != nil || state.Block == nil || state.Block.PrivateComment != "a lot of spam" || state.Spoken || state.Accounts != 1 || state.Settled != 1 || state.Follows != 0 || state.Deliveries != 0 {
			t.Errorf("keepers are shown %+v (%v)", state, err)
		}
		if _, err := s.Keeper().TakeMeasure(t.Context(), keeper.Measure{Handle: "sam@" + host.Host, Measure: "unsuspend"}); !fault.Is(err, fault.Conflict) {
			t.Errorf("one of many is let in: %v", err)
		}

		if _, err := s.Keeper().UnblockDomain(t.Context(), keeper.DomainName{Domain: strings.ToUpper(host.Host)}); err != nil {
			t.Fatal(err)
		}
		servertest.Settle(t, s)
		if profileOf(ada, account.ID).Suspended {
			t.Error("it is suspended still")
		}
		if _, ok := known(ada, note.ID); !ok {
			t.Error("what is from there is not back")
		}
		sam.post(s, sam.create(sam.public("3", "thank you")), http.StatusAccepted)
		if n := count(t, s, `SELECT COUNT(*) FROM audit_log WHERE target_kind = 'domain_block' AND target_name = $1`, host.Host); n != 2 {
			t.Errorf("%d entries in the log of keepers", n)
		}
		if _, err := s.Keeper().UnblockDomain(t.Context(), keeper.DomainName{Domain: host.Host}); !fault.Is(err, fault.NotFound) {
			t.Errorf("taken back twice: %v", err)
		}
	})
}

func TestALimitedServerLimitsWhoeverIsThere(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada := s.Join("ada")
		host := aptest.NewServer(t)
		sam, eve := newOutsider(t, host, "sam", 0), newOutsider(t, host, "eve", 1)
		ada.Find("@sam@" + host.Host)
		block(t, s, keeper.DomainBlock{Domain: host.Host, Severity: "silence", RejectMedia: true})
		for _, one := range []*outsider{sam, eve} { // known before, and met afterwards
			if account := ada.Find("@" + one.actor.PreferredUsername + "@" + host.Host); !profileOf(ada, account.ID).Limited {
				t.Errorf("%s is not limited", one.actor.PreferredUsername)
			}
			one.post(s, activitypub.NewActivity("Follow", one.actor.ID+"#follows/1", one.actor.ID, s.URL+"/ap/users/"+ada.ID), http.StatusAccepted)
		}
		var asking []servertest.Account
		if ada.Get("/api/v1/follow_requests", &asking); len(asking) != 2 {
			t.Errorf("%d ask to follow", len(asking))
		}
		take(t, s, "limit", "eve@"+host.Host)
		if _, err := s.Keeper().UnblockDomain(t.Context(), keeper.DomainName{Domain: host.Host}); err != nil {
			t.Fatal(err)
		}
		servertest.Settle(t, s)
		if profileOf(ada, ada.Find("@sam@"+host.Host).ID).Limited {
			t.Error("sam is limited still")
		}
		if !profileOf(ada, ada.Find("@eve@"+host.Host).ID).Limited {
			t.Error("what keepers did about eve alone is gone")
		}
	})
}

// GHSA-94h4: the list is for those whom keepers chose, and for members only once they are.
func TestTheListOfBlockedServersIsShownToWhomKeepersChose(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada, ops := s.Join("ada"), s.Keeper()
		const file = "#domain,#severity,#reject_media,#reject_reports,#public_comment,#obfuscate\n" +
			"evil.example,suspend,false,false,spam,false\nloud.example,silence,true,false,\"too, loud\",true\nnoop.example,noop,true,true,,false\n"
		dry, err := ops.ImportDomains(t.Context(), keeper.ImportDomains{Text: file, Dry: true})
		if err != nil || len(dry.Changed) != 3 || count(t, s, `SELECT COUNT(*) FROM domain_blocks`) != 0 {
			t.Errorf("a dry run: %+v (%v)", dry, err)
		}
		if _, err := ops.ImportDomains(t.Context(), keeper.ImportDomains{Text: file + "no name,suspend\n"}); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "line 5") {
			t.Errorf("a bad line: %v", err)
		}
		if n := count(t, s, `SELECT COUNT(*) FROM domain_blocks`); n != 0 {
			t.Errorf("of a file with a bad line %d are kept", n)
		}
		if done, err := ops.ImportDomains(t.Context(), keeper.ImportDomains{Text: file}); err != nil || len(done.Changed) != 3 || done.Lines != 3 {
			t.Errorf("imported: %+v (%v)", done, err)
		}
		if again, err := ops.ImportDomains(t.Context(), keeper.ImportDomains{Text: "#domain,#severity\nloud.example,suspend\n"}); err != nil || len(again.Changed) != 0 {
			t.Errorf("what was decided is replaced: %+v (%v)", again, err)
		}
		if out, err := ops.ExportDomains(t.Context(), keeper.ExportDomains{}); err != nil || out.Text != file {
			t.Errorf("exported:\n%s (%v)", out.Text, err)
		}
		servertest.Settle(t, s)

		const path = "/api/v1/instance/domain_blocks"
		read := func(p *servertest.Person) (int, []map[string]any) {
			t.Helper()
			var body string
			code := p.Do(http.MethodGet, path, nil, &body).StatusCode
			var list []map[string]any
			if code == http.StatusOK {
				if err := json.Unmarshal([]byte(body), &list); err != nil {
					t.Fatal(err)
				}
			}
			return code, list
		}
		waits := &servertest.Person{On: s, Name: "waits"}
		if _, err := ops.CreateAccount(t.Context(), keeper.CreateAccount{Name: "waits", Email: "w@mail.example", Password: servertest.Password}); err != nil {
			t.Fatal(err)
		}
		waits.Token = s.TokenFor("waits", "read")
		for setting, codes := range map[string][3]int{"disabled": {404, 404, 403}, "users": {404, 200, 403}, "all": {200, 200, 403}} {
			set(t, s, "show-domain-blocks", setting)
			for i, p := range []*servertest.Person{s.Nobody(), ada, waits} {
				if code, _ := read(p); code != codes[i] {
					t.Errorf("%s: reader %d is answered %d, want %d", setting, i, code, codes[i])
				}
			}
		}
		set(t, s, "show-domain-blocks", "all")
		set(t, s, "show-domain-blocks-rationale", "users")
		_, list := read(ada)
		if len(list) != 2 || list[0]["domain"] != "loud.****ple" || list[0]["severity"] != "silence" || list[0]["comment"] != "too, loud" || len(fmt.Sprint(list[0]["digest"])) != 64 ||
			list[1]["domain"] != "evil.example" || list[1]["severity"] != "suspend" || list[1]["comment"] != "spam" {
			t.Errorf("ada is shown %v", list)
		}
		if _, list := read(s.Nobody()); len(list) != 2 || list[0]["comment"] != nil {
			t.Errorf("visitors are shown %v", list)
		}
	})
}

// signedGet asks for a document as an actor of another server does.
func (x *outsider) signedGet(s *servertest.Server, address string) *http.Response {
	x.t.Helper()
	req, err := http.NewRequestWithContext(x.t.Context(), http.MethodGet, address, nil)
	if err != nil {
		x.t.Fatal(err)
	}
	req.Header.Set("Accept", activitypub.ContentType)
	if err := activitypub.Sign(req, x.actor.PublicKey.ID, aptest.Key(x.key), nil, time.Now()); err != nil {
		x.t.Fatal(err)
	}
	var body string
	return s.Nobody().Send(req, &body)
}

func TestWhatAnybodyMayReadIsReadByWhomWeCannotNameJustNow(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada := s.Join("ada")
		host := aptest.NewServer(t)
		sam := newOutsider(t, host, "sam", 0)
		host.Answer("/users/sam", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
		if code := sam.signedGet(s, ada.Publish("for everybody").URI).StatusCode; code != http.StatusOK {
			t.Errorf("a public status is answered with %d", code)
		}
		if code := sam.signedGet(s, ada.Publish("for few", "visibility", "private").URI).StatusCode; code != http.StatusServiceUnavailable {
			t.Errorf("a private one is answered with %d; it should be asked for again", code)
		}
	})
}

func TestInSecureModeDocumentsAreForWhoSigns(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada := s.Join("ada")
		host, banned := aptest.NewServer(t), aptest.NewServer(t)
		sam, eve, mean := newOutsider(t, host, "sam", 0), newOutsider(t, host, "eve", 1), newOutsider(t, banned, "mean", 2)
		post := ada.Publish("hello")
		ada.Act(post.ID, "pin")
		parent := ada.Publish("a thread")
		ada.Publish("answer", "in_reply_to_id", parent.ID)
		actor := s.URL + "/ap/users/" + ada.ID
		contexts := s.URL + "/contexts/" + ada.ID + "-" + post.ID
		documents := []string{actor, actor + "/outbox", actor + "/outbox?page=true", actor + "/followers", actor + "/following", actor + "/collections/featured", actor + "/collections/tags",
			post.URI, post.URI + "/activity", post.URI + "/replies", post.URI + "/likes", post.URI + "/shares", contexts, contexts + "/items?page=true", s.URL + "/users/ada", s.URL + "/users/ada/outbox",
			s.URL + "/users/ada/followers", s.URL + "/users/ada/following", s.URL + "/users/ada/collections/featured", s.URL + "/users/ada/collections/tags",
			s.URL + "/users/ada/statuses/" + post.ID, s.URL + "/users/ada/statuses/" + post.ID + "/activity", s.URL + "/@ada", s.URL + "/@ada/" + post.ID, s.URL + "/actor/outbox"}
		for _, address := range documents {
			if code, _ := document(t, s, address); code != http.StatusOK {
				t.Errorf("%s is answered with %d to begin with", address, code)
			}
		}
		set(t, s, "authorized-fetch", "true")
		for _, address := range documents {
			if code, body := document(t, s, address); code != http.StatusUnauthorized || strings.Contains(body, "hello") {
				t.Errorf("%s is answered with %d to who does not sign", address, code)
			}
			answer := sam.signedGet(s, address)
			if answer.StatusCode != http.StatusOK || !strings.Contains(answer.Header.Get("Vary"), "Signature") || strings.Contains(answer.Header.Get("Cache-Control"), "public") {
				t.Errorf("%s is answered with %d to who does, to be kept by %s, varying by %s", address, answer.StatusCode, answer.Header.Get("Cache-Control"), answer.Header.Get("Vary"))
			}
		}
		for _, open := range []string{s.URL + "/actor", s.URL + "/.well-known/webfinger?resource=acct:ada@" + s.Domain, s.URL + "/.well-known/nodeinfo", s.URL + "/nodeinfo/2.0", s.URL + "/.well-known/host-meta"} {
			if code, _ := document(t, s, open); code != http.StatusOK {
				t.Errorf("%s is answered with %d", open, code)
			}
		}
		if code := ada.Do(http.MethodGet, "/api/v2/instance", nil, nil).StatusCode; code != http.StatusOK {
			t.Errorf("the API answers %d", code)
		}
		forged := *eve
		forged.key = 3
		if code := forged.signedGet(s, post.URI).StatusCode; code != http.StatusUnauthorized {
			t.Errorf("a forged signature is answered with %d", code)
		}
		block(t, s, keeper.DomainBlock{Domain: banned.Host, Severity: "suspend"})
		asked := len(banned.Asked())
		if code := mean.signedGet(s, post.URI).StatusCode; code != http.StatusForbidden || len(banned.Asked()) != asked {
			t.Errorf("a suspended server is answered with %d, and was asked %d times", code, len(banned.Asked())-asked)
		}
		take(t, s, "suspend", "sam@"+host.Host)
		if code := sam.signedGet(s, actor).StatusCode; code != http.StatusForbidden {
			t.Errorf("a suspended account is answered with %d", code)
		}
		// GHSA-ccpr: whom the author blocks reads as much as is shown to nobody.
		account := ada.Find("@eve@" + host.Host)
		ada.Post("/api/v1/accounts/"+account.ID+"/block", nil, nil)
		for _, address := range []string{post.URI, post.URI + "/activity", post.URI + "/replies"} {
			if code := eve.signedGet(s, address).StatusCode; code != http.StatusNotFound {
				t.Errorf("%s is answered with %d to who is blocked", address, code)
			}
		}
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, actor+"/collections/featured", nil)
		req.Header.Set("Accept", activitypub.ContentType)
		if err := activitypub.Sign(req, eve.actor.PublicKey.ID, aptest.Key(eve.key), nil, time.Now()); err != nil {
			t.Fatal(err)
		}
		var featured string
		if s.Nobody().Send(req, &featured); strings.Contains(featured, "hello") {
			t.Errorf("who is blocked is shown %s", featured)
		}
	})
}

func TestWhereFederationIsLimitedOnlyAllowedServersAreSpokenWith(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada := s.Join("ada")
		friend, other := aptest.NewServer(t), aptest.NewServer(t)
		fay, sam := newOutsider(t, friend, "fay", 0), newOutsider(t, other, "sam", 1)
		post := ada.Publish("hello")
		set(t, s, "limited-federation", "true")
		if _, err := s.Keeper().AllowDomain(t.Context(), keeper.DomainName{Domain: friend.Host}); err != nil {
			t.Fatal(err)
		}
		fay.acceptFollow(ada)
		note := fay.public("1", "hello ada")
		fay.post(s, fay.create(note), http.StatusAccepted)
		if !has(ada.Home(), note.ID) {
			t.Error("an allowed server is not heard")
		}
		sam.post(s, sam.create(sam.public("1", "me too")), http.StatusForbidden)
		var found struct{ Accounts []servertest.Account }
		ada.Get("/api/v2/search?resolve=true&type=accounts&q="+url.QueryEscape("@sam@"+other.Host), &found)
		if code := sam.signedGet(s, post.URI).StatusCode; code != http.StatusForbidden || len(found.Accounts) != 0 || len(other.Asked()) != 0 || len(other.Received()) != 0 {
			t.Errorf("another one is answered %d; it was asked %d times and sent %d activities", code, len(other.Asked()), len(other.Received()))
		}
		if code := fay.signedGet(s, post.URI).StatusCode; code != http.StatusOK {
			t.Errorf("an allowed one is answered %d", code)
		}
		if code, _ := document(t, s, post.URI); code != http.StatusUnauthorized {
			t.Errorf("who does not sign is answered %d", code)
		}

		nobody := s.Nobody()
		for path, want := range map[string]int{"/api/v1/timelines/public": 401, "/api/v1/accounts/" + ada.ID: 401, "/api/v1/statuses/" + post.ID: 401, "/api/v1/instance": 401, "/api/v1/instance/peers": 401,
			"/api/v1/instance/activity": 401, "/api/v1/custom_emojis": 401, "/api/v1/directory": 401, "/api/v1/trends/tags": 401, "/api/v2/instance": 200, "/@ada": 302, "/@ada/" + post.ID: 302, "/tags/hello": 302, "/about": 200} {
			var said string
			answer := nobody.Do(http.MethodGet, path, nil, &said)
			if answer.StatusCode != want || strings.Contains(said, "hello</") {
				t.Errorf("%s answers visitors with %d, want %d: %.200s", path, answer.StatusCode, want, said)
			}
			if want == 401 {
				if code := ada.Do(http.MethodGet, path, nil, nil).StatusCode; code != http.StatusOK {
					t.Errorf("%s answers members with %d", path, code)
				}
				app := &servertest.Person{On: s, Token: s.AppToken("read")}
				if code := app.Do(http.MethodGet, path, nil, nil).StatusCode; code != http.StatusUnauthorized {
					t.Errorf("%s answers an app with %d", path, code)
				}
			}
		}
		if _, err := s.Keeper().DisallowDomain(t.Context(), keeper.DomainName{Domain: friend.Host}); err != nil {
			t.Fatal(err)
		}
		fay.post(s, fay.create(fay.public("2", "still here?")), http.StatusForbidden)
		list, err := s.Keeper().ListDomains(t.Context())
		if err != nil || !list.Limited || len(list.Allowed) != 0 {
			t.Errorf("keepers are shown %+v (%v)", list, err)
		}
	})
}

func TestAReportIsForwardedInTheNameOfThisServer(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada := s.Join("ada")
		host, third := aptest.NewServer(t), aptest.NewServer(t)
		sam, joe := newOutsider(t, host, "sam", 0), newOutsider(t, third, "joe", 1)
		sam.acceptFollow(ada)
		joe.acceptFollow(ada)
		asked := joe.public("1", "a question")
		joe.post(s, joe.create(asked), http.StatusAccepted)
		rude := sam.public("1", "a rude answer")
		rude.InReplyTo = &asked.ID
		sam.post(s, sam.create(rude), http.StatusAccepted)
		status, _ := known(ada, rude.ID)
		account := ada.Find("@sam@" + host.Host)
		flags := func(at *aptest.Server) (list []map[string]any) {
			for _, r := range at.Received() {
				one := map[string]any{}
				if err := json.Unmarshal(r.Body, &one); err == nil && one["type"] == "Flag" {
					list = append(list, one)
				}
			}
			return list
		}
		var report struct{ Forwarded bool }
		ada.Post("/api/v1/reports", url.Values{"account_id": {account.ID}, "status_ids[]": {status.ID}, "comment": {"he is rude"}}, &report)
		servertest.Settle(t, s)
		if report.Forwarded || len(flags(host)) != 0 {
			t.Error("it is forwarded although nobody wished it")
		}
		ada.Post("/api/v1/reports", url.Values{"account_id": {account.ID}, "status_ids[]": {status.ID}, "comment": {"he is rude"}, "forward": {"true"},
			"forward_to_domains[]": {host.Host, third.Host, "elsewhere.example"}}, &report)
		servertest.Settle(t, s)
		if !report.Forwarded {
			t.Error("the answer does not say so")
		}
		for _, at := range []*aptest.Server{host, third} {
			list := flags(at)
			if len(list) != 1 {
				t.Fatalf("%d reports came to %s", len(list), at.Host)
			}
			if list[0]["actor"] != s.URL+"/actor" || list[0]["content"] != "he is rude" || fmt.Sprint(list[0]["object"]) != fmt.Sprint([]any{sam.actor.ID, rude.ID}) || strings.Contains(fmt.Sprint(list[0]), ada.ID) {
				t.Errorf("the report is %v", list[0])
			}
		}
	})
}

func TestAReportOfAnotherServerReachesKeepers(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada, bo, mo := s.Join("ada"), s.Join("bo"), staff(t, s, "mo", "moderator")
		host := aptest.NewServer(t)
		sam := newOutsider(t, host, "sam", 0)
		ada.Find("@sam@" + host.Host)
		seen, private, others := ada.Publish("rude"), ada.Publish("for followers", "visibility", "private"), bo.Publish("mine")
		me := s.URL + "/ap/users/" + ada.ID
		flag := func(id string, content string, objects ...string) activitypub.Activity {
			return activitypub.NewFlag(id, sam.actor.ID, content, objects)
		}
		sam.post(s, flag(host.URL+"/flags/1", strings.Repeat("é", 6000), me, seen.URI, private.URI, "https://else.example/1"), http.StatusAccepted)
		sam.post(s, flag(host.URL+"/flags/1", "the same once more", me), http.StatusAccepted)
		list, err := s.Keeper().ListReports(t.Context(), keeper.ReportList{})
		if err != nil || len(list) != 1 {
			t.Fatalf("keepers are shown %+v (%v)", list, err)
		}
		if r := list[0]; r.Target != ada.Handle() || r.Reporter != "@sam@"+host.Host || r.Category != "other" || len([]rune(r.Comment)) != 5000 || len(r.Statuses) != 1 || r.Statuses[0].ID != seen.ID {
			t.Errorf("the report names %s by %s, %d characters, %+v", r.Target, r.Reporter, len(r.Comment), r.Statuses)
		}
		if told := notices(mo, "types[]=admin.report"); len(told) != 1 {
			t.Errorf("moderators are told %+v", told)
		}
		if n := count(t, s, `SELECT COUNT(*) FROM reports WHERE uri = $1`, host.URL+"/flags/1"); n != 1 {
			t.Errorf("%d reports are known by their address", n)
		}
		sam.post(s, flag("", "by what he wrote", others.URI), http.StatusAccepted)
		sam.post(s, flag(host.URL+"/flags/2", "nobody here", "https://else.example/users/x"), http.StatusAccepted)
		if list, err = s.Keeper().ListReports(t.Context(), keeper.ReportList{}); err != nil || len(list) != 2 || list[0].Target != bo.Handle() {
			t.Errorf("keepers are shown %+v (%v)", list, err)
		}
		take(t, s, "suspend", "bo")
		sam.post(s, flag(host.URL+"/flags/3", "of the suspended", s.URL+"/ap/users/"+bo.ID), http.StatusAccepted)
		block(t, s, keeper.DomainBlock{Domain: host.Host, Severity: "noop", RejectReports: true})
		sam.post(s, flag(host.URL+"/flags/4", "unwanted", me), http.StatusAccepted)
		if list, err = s.Keeper().ListReports(t.Context(), keeper.ReportList{All: true}); err != nil || len(list) != 2 {
			t.Errorf("%d reports were kept (%v)", len(list), err)
		}
	})
}
