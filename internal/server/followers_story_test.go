package server_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"anancus/internal/kit/db"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/protocol/activitypub/aptest"
	"anancus/internal/server/keeper"
	"anancus/internal/server/servertest"
)

// digestOf is the digest of some followers.
func digestOf(uris ...string) string {
	var d activitypub.Digest
	for _, uri := range uris {
		d.Add(uri)
	}
	return d.String()
}

func TestServersThatDisagreeAboutWhoFollowsMendIt(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		here, there := pair(t, engine)
		ada, cy, dan, eve := here.Join("ada"), here.Join("cy"), here.Join("dan"), here.Join("eve")
		bo := there.Join("bo")
		var them servertest.Account
		for _, p := range []*servertest.Person{ada, cy, dan, eve} {
			them = p.Follow(bo)
		}
		servertest.Settle(t, here, there)
		// Here a follow was lost, and an answer to another; there one was lost.
		write(t, here, `DELETE FROM follows WHERE account_id = $1`, ada.ID)
		write(t, here, `INSERT INTO follow_requests (id, account_id, target_id, uri, created_at) SELECT id, account_id, target_id, uri, created_at FROM follows WHERE account_id = $1`, dan.ID)
		write(t, here, `DELETE FROM follows WHERE account_id = $1`, dan.ID)
		write(t, there, `DELETE FROM follows WHERE uri = (SELECT uri FROM follows WHERE account_id = (SELECT id FROM accounts WHERE uri = $1))`, here.URL+"/ap/users/"+cy.ID)

		bo.Publish("for all")
		servertest.Settle(t, here, there)
		if !cy.Towards(them.ID).Following || ada.Towards(them.ID).Following || !dan.Towards(them.ID).Requested {
			t.Error("a public status changed something")
		}
		bo.Publish("for followers", "visibility", "private")
		servertest.Settle(t, here, there)
		for p, want := range map[*servertest.Person]bool{ada: false, cy: false, dan: true, eve: true} {
			if r := p.Towards(them.ID); r.Following != want || r.Requested {
				t.Errorf("%s follows: %+v, want %v", p.Name, r, want)
			}
		}
		left, err := db.All(t.Context(), there.DB(), db.Text, `SELECT a.username FROM follows f JOIN accounts a ON a.id = f.account_id ORDER BY a.username`)
		if err != nil || !slices.Equal(left, []string{"dan", "eve"}) {
			t.Errorf("there %v follow (%v)", left, err)
		}
		if n := count(t, here, `SELECT COUNT(*) FROM deliveries`) + count(t, there, `SELECT COUNT(*) FROM deliveries`) + count(t, here, `SELECT COUNT(*) FROM inbox`); n != 0 {
			t.Errorf("%d rows wait", n)
		}
	})
}

func TestEachServerIsToldWhoFollowsFromThere(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		here := servertest.New(t, engine)
		ada := here.Join("ada")
		me := here.URL + "/ap/users/" + ada.ID
		sam := newOutsider(t, aptest.NewServer(t), "sam", 0)
		tess, fan := newOutsider(t, sam.host, "tess", 1), newOutsider(t, aptest.NewServer(t), "fan", 2)
		for _, x := range []*outsider{sam, tess, fan} {
			x.follows(ada)
		}
		told := func(x *outsider) string {
			t.Helper()
			all := x.host.Received()
			last := all[len(all)-1].Request
			header := last.Header.Get("Collection-Synchronization")
			if signed := strings.Contains(last.Header.Get("Signature"), " collection-synchronization "); signed != (header != "") {
				t.Errorf("the header %q is signed: %v", header, signed)
			}
			return header
		}
		expect := func(uris ...string) string {
			return activitypub.Synchronization{Collection: me + "/followers", Digest: digestOf(uris...), URL: me + "/followers_synchronization"}.String()
		}
		for _, visibility := range []string{"public", "unlisted"} {
			ada.Publish("not for followers alone", "visibility", visibility)
			servertest.Settle(t, here)
			if got := told(sam); got != "" {
				t.Errorf("with a %s status comes %s", visibility, got)
			}
		}
		post := ada.Publish("for followers", "visibility", "private")
		servertest.Settle(t, here)
		if got, want := told(sam), expect(sam.actor.ID, tess.actor.ID); got != want {
			t.Errorf("the server of two followers is told %s, want %s", got, want)
		}
		if got, want := told(fan), expect(fan.actor.ID); got != want {
			t.Errorf("the server of one is told %s, want %s", got, want)
		}
		address := me + "/followers_synchronization"
		for x, want := range map[*outsider][]string{sam: {sam.actor.ID, tess.actor.ID}, tess: {sam.actor.ID, tess.actor.ID}, fan: {fan.actor.ID}} {
			code, body := x.reads(here, address)
			o, err := activitypub.Parse([]byte(body))
			if err != nil || code != http.StatusOK || o.ID() != address || !o.Is("OrderedCollection") || !slices.Equal(o.Strings("orderedItems"), want) {
				t.Errorf("%s reads %d %s", x.actor.Name, code, body)
			}
		}
		if code, _ := document(t, here, address); code != http.StatusUnauthorized {
			t.Errorf("who does not sign is answered %d", code)
		}
		block(t, here, keeper.DomainBlock{Domain: fan.host.Host, Severity: "suspend"})
		if code, _ := fan.reads(here, address); code != http.StatusForbidden {
			t.Errorf("a suspended server is answered %d", code)
		}
		// What is remembered follows.
		tess.post(here, activitypub.NewAnswer("Undo", tess.actor.ID+"#undo", tess.actor.ID, activitypub.NewActivity("Follow", tess.actor.ID+"#follows/"+ada.ID, tess.actor.ID, me)), http.StatusAccepted)
		ada.Delete(post.ID)
		servertest.Settle(t, here)
		if got, want := told(sam), expect(sam.actor.ID); got != want {
			t.Errorf("after one left the server is told %s, want %s", got, want)
		}
	})
}

// reads asks for a document with the outsider's signature.
func (x *outsider) reads(s *servertest.Server, address string) (int, string) {
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
	answer := s.Nobody().Send(req, &body)
	return answer.StatusCode, body
}

func TestAHostileListOfFollowersDoesNothing(t *testing.T) {
	here := servertest.New(t, db.SQLite)
	ada, bea := here.Join("ada"), here.Join("bea")
	me, her := here.URL+"/ap/users/"+ada.ID, here.URL+"/ap/users/"+bea.ID
	sam, mallory := newOutsider(t, aptest.NewServer(t), "sam", 0), newOutsider(t, aptest.NewServer(t), "mallory", 1)
	sam.acceptFollow(ada)
	account := ada.Find("@sam@" + sam.host.Host)
	address := sam.actor.ID + "/followers_synchronization"
	lists := func(host *aptest.Server, uris ...string) {
		items := make([]any, len(uris))
		for i, uri := range uris {
			items[i] = uri
		}
		host.Serve("/users/sam/followers_synchronization", activitypub.Collection{Context: activitypub.ContextPlain, ID: host.URL + "/users/sam/followers_synchronization", Ordered: true, Items: items})
	}
	number := 0
	tells := func(x *outsider, s activitypub.Synchronization) (asked int) {
		t.Helper()
		number++
		before := len(sam.host.Asked()) + len(mallory.host.Asked())
		note := x.note(string(rune('a'+number)), "for followers", []string{x.actor.Followers}, nil)
		r := aptest.Post(t, here.URL+"/inbox", x.actor.PublicKey.ID, x.key, encode(t, x.create(note)), time.Now())
		r.Header.Set("Collection-Synchronization", s.String())
		x.sends(here, r, http.StatusAccepted)
		return len(sam.host.Asked()) + len(mallory.host.Asked()) - before
	}
	mallory.post(here, mallory.create(mallory.public("1", "known now")), http.StatusAccepted)
	lists(sam.host, me)
	lists(mallory.host)

	for name, s := range map[string]activitypub.Synchronization{
		"of those who follow":       {Collection: sam.actor.Followers, Digest: digestOf(me), URL: address},
		"of another collection":     {Collection: sam.actor.Following, Digest: digestOf(), URL: address},
		"at another server":         {Collection: sam.actor.Followers, Digest: digestOf(), URL: mallory.host.URL + "/users/sam/followers_synchronization"},
		"with no digest":            {Collection: sam.actor.Followers, Digest: "0", URL: address},
		"with an address of no use": {Collection: sam.actor.Followers, Digest: digestOf(), URL: "javascript:alert(1)"},
	} {
		if n := tells(sam, s); n != 0 {
			t.Errorf("a header %s made us ask %d times", name, n)
		}
	}
	if n := tells(mallory, activitypub.Synchronization{Collection: sam.actor.Followers, Digest: digestOf(), URL: address}); n != 0 {
		t.Errorf("a header of somebody else's collection made us ask %d times", n)
	}
	// A list that is not what was told of ends nothing, and is asked for once.
	lists(sam.host)
	for i, want := range []int{1, 0} {
		if n := tells(sam, activitypub.Synchronization{Collection: sam.actor.Followers, Digest: digestOf(her), URL: address}); n != want {
			t.Errorf("the %d. time we asked %d times", i+1, n)
		}
	}
	if !ada.Towards(account.ID).Following {
		t.Error("a list that was not told of ended a follow")
	}
	// Pages without an end, and pages elsewhere.
	loop := activitypub.Collection{Context: activitypub.ContextPlain, ID: address, Ordered: true, Page: true, Next: address, Items: []any{mallory.actor.ID}}
	sam.host.Serve("/users/sam/followers_synchronization", loop)
	if n := tells(sam, activitypub.Synchronization{Collection: sam.actor.Followers, Digest: digestOf(mallory.actor.ID), URL: address}); n != 1 || !ada.Towards(account.ID).Following {
		t.Errorf("pages that lead back: asked %d times", n)
	}
	// The whole list counts; who is on it and never asked takes it back.
	lists(sam.host, her, mallory.actor.ID, "not an address")
	if n := tells(sam, activitypub.Synchronization{Collection: sam.actor.Followers, Digest: digestOf(her, mallory.actor.ID, "not an address"), URL: address}); n != 1 {
		t.Errorf("we asked %d times", n)
	}
	if ada.Towards(account.ID).Following || bea.Towards(account.ID).Following {
		t.Error("the whole list did not count")
	}
	undo := sam.got("Undo")
	if len(undo) != 1 {
		t.Fatalf("%d were taken back", len(undo))
	}
	if o, err := activitypub.Parse(undo[0]); err != nil || o.Link("actor") != her || o.Object("object").Link("object") != sam.actor.ID || !o.Object("object").Is("Follow") {
		t.Errorf("what was taken back is %s", undo[0])
	}
}
