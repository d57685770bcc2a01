package server_test

import (
	"bytes"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"anancus/internal/kit/db"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/protocol/activitypub/aptest"
	"anancus/internal/server/servertest"
)

// got lists the activities of a kind that were delivered to a host.
func (x *outsider) got(kind string) (bodies [][]byte) {
	x.t.Helper()
	for _, one := range x.host.Received() {
		if a, err := activitypub.Parse(one.Body); err == nil && a.Is(kind) {
			bodies = append(bodies, one.Body)
		}
	}
	return bodies
}

// follows makes the outsider a follower of a member.
func (x *outsider) follows(p *servertest.Person) {
	x.t.Helper()
	x.post(p.On, activitypub.NewActivity("Follow", x.actor.ID+"#follows/"+p.ID, x.actor.ID, p.On.URL+"/ap/users/"+p.ID), http.StatusAccepted)
	if len(x.got("Accept")) == 0 {
		x.t.Fatal("the follow was not accepted")
	}
}

func TestWhatEverybodyMayReadIsSignedInsideOnce(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		here := servertest.New(t, engine)
		ada := here.Join("ada")
		sam, tess := newOutsider(t, aptest.NewServer(t), "sam", 0), newOutsider(t, aptest.NewServer(t), "tess", 1)
		sam.follows(ada)
		tess.follows(ada)
		me := here.URL + "/ap/users/" + ada.ID
		open, quiet := ada.Publish("for all"), ada.Publish("quietly", "visibility", "unlisted")
		private := ada.Publish("for followers", "visibility", "private")
		servertest.Settle(t, here)
		ada.Act(open.ID, "reblog")
		ada.Act(private.ID, "reblog")
		servertest.Settle(t, here)
		ada.Act(open.ID, "unreblog")
		ada.Delete(open.ID)
		ada.Delete(private.ID)
		servertest.Settle(t, here)
		signed := func(body []byte) bool {
			o, err := activitypub.Parse(body)
			if err != nil {
				t.Fatal(err)
			}
			s := o.Object("signature")
			if s != nil && (!activitypub.HasLinkedSignature(o) || !strings.HasPrefix(s.String("creator"), me+"#") || !bytes.Contains(body, []byte(`"https://w3id.org/security/v1"`))) {
				t.Errorf("the signature is %v in %s", s, body)
			}
			return s != nil
		}
		for kind, want := range map[string][]bool{"Create": {true, true, false}, "Announce": {true, false}, "Undo": {true}, "Delete": {true, false}} {
			all := sam.got(kind)
			if len(all) < len(want) {
				t.Errorf("%d of %s arrived", len(all), kind)
				continue
			}
			open := 0
			for i, body := range all {
				o, _ := activitypub.Parse(body)
				to, cc := activitypub.Addresses(o)
				public := strings.Contains(strings.Join(append(to, cc...), " "), activitypub.Public)
				if kind == "Delete" { // which says Public whatever it takes back
					public = o.Link("object") != private.URI
				}
				if signed(body) != public {
					t.Errorf("signed inside: %v, for everybody: %v: %s", signed(body), public, body)
				}
				if public {
					open++
				}
				if other := tess.got(kind); i >= len(other) || !bytes.Equal(other[i], body) {
					t.Errorf("%s went out in two forms", kind)
				}
			}
			if open == 0 {
				t.Errorf("no %s was for everybody", kind)
			}
		}
		// What is put on a profile is for everybody too.
		ada.Act(quiet.ID, "pin")
		ada.Post("/api/v1/featured_tags", url.Values{"name": {"relays"}}, nil)
		servertest.Settle(t, here)
		added := sam.got("Add")
		if len(added) != 2 {
			t.Fatalf("%d things were put on the profile", len(added))
		}
		for _, body := range added {
			if !signed(body) {
				t.Errorf("not signed inside: %s", body)
			}
		}
	})
}

func TestAnswersArePassedOnToThoseWhoFollowWhoIsAnswered(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		here := servertest.New(t, engine)
		ada, bea := here.Join("ada"), here.Join("bea")
		sam := newOutsider(t, aptest.NewServer(t), "sam", 0)
		friend := newOutsider(t, sam.host, "friend", 3) // of sam's own server
		fan, other := newOutsider(t, aptest.NewServer(t), "fan", 1), newOutsider(t, aptest.NewServer(t), "other", 2)
		fan.follows(ada)
		friend.follows(ada)
		sam.follows(ada)
		other.follows(bea)
		post := ada.Publish("what do you think?")
		servertest.Settle(t, here)
		answer := func(number string, to, cc []string) activitypub.Note {
			n := sam.note(number, "answer "+number, to, cc)
			n.InReplyTo = &post.URI
			return n
		}
		public := []string{activitypub.Public}
		me := here.URL + "/ap/users/" + ada.ID

		first := answer("1", public, []string{me})
		body := linked(t, sam.create(first))
		for range 2 {
			sam.brings(here, body, http.StatusAccepted)
		}
		if got := fan.got("Create"); len(got) != 2 || !bytes.Equal(got[1], body) {
			t.Errorf("the follower's server got %d: %s", len(got), bytes.Join(got, []byte("\n")))
		}
		last := fan.host.Received()[len(fan.host.Received())-1]
		if !strings.Contains(last.Request.Header.Get("Signature"), `keyId="`+me+`#`) {
			t.Errorf("it is signed by another than who is answered: %s", last.Request.Header.Get("Signature"))
		}
		quiet := linked(t, sam.create(answer("2", []string{sam.actor.Followers}, []string{activitypub.Public, me})))
		sam.brings(here, quiet, http.StatusAccepted)
		if got := fan.got("Create"); len(got) != 3 || !bytes.Equal(got[2], quiet) {
			t.Error("a quiet answer was not passed on")
		}

		// What nobody could check, what is not for everybody, what answers nobody here, and what is too large.
		sam.post(here, sam.create(answer("3", public, []string{me})), http.StatusAccepted)
		sam.brings(here, linked(t, sam.create(answer("4", []string{me}, nil))), http.StatusAccepted)
		sam.brings(here, linked(t, sam.create(answer("5", []string{sam.actor.Followers}, []string{me}))), http.StatusAccepted)
		sam.brings(here, linked(t, sam.create(sam.note("6", "no answer", public, []string{me}))), http.StatusAccepted)
		sam.brings(here, linked(t, sam.create(answer("7", public, []string{me})), "padding", strings.Repeat("x", 100_000)), http.StatusAccepted)
		// What another only told of: its own words are nobody's.
		eighth := answer("8", public, []string{me})
		sam.host.Serve("/users/sam/statuses/8", altered(t, eighth, "@context", activitypub.Namespace))
		other.brings(here, linked(t, sam.create(eighth)), http.StatusAccepted)
		if _, ok := known(ada, eighth.ID); !ok {
			t.Error("an answer that another told of was not taken")
		}
		if got := fan.got("Create"); len(got) != 3 {
			t.Errorf("%d were passed on: %s", len(got), bytes.Join(got, []byte("\n")))
		}
		// A proof is as good as a signature.
		proven := aptest.Prove(t, sam.create(answer("9", public, []string{me})), sam.actor.ID+"#ed25519", 1, time.Now())
		sam.brings(here, proven, http.StatusAccepted)
		if got := fan.got("Create"); len(got) != 4 || !bytes.Equal(got[3], proven) {
			t.Error("a proven answer was not passed on")
		}

		// Edits and deletions go the same way, also to those who follow a member that boosted it.
		bea.Act(statusOf(t, bea, first.ID).ID, "reblog")
		servertest.Settle(t, here)
		edited := first
		edited.Content, edited.Updated = "<p>on second thoughts</p>", activitypub.Timestamp(time.Now())
		update := linked(t, activitypub.NewUpdate(first.ID+"#updates/1", edited))
		gone := linked(t, activitypub.NewDelete(first.ID+"#delete", sam.actor.ID, first.ID))
		for range 2 {
			sam.brings(here, update, http.StatusAccepted)
		}
		for range 2 {
			sam.brings(here, gone, http.StatusAccepted)
		}
		for _, who := range []*outsider{fan, other} {
			for kind, want := range map[string][]byte{"Update": update, "Delete": gone} {
				if got := who.got(kind); len(got) != 1 || !bytes.Equal(got[0], want) {
					t.Errorf("%s got %d of %s", who.actor.Name, len(got), kind)
				}
			}
		}
		for _, kind := range []string{"Update", "Delete"} {
			if n := len(friend.got(kind)); n != 0 {
				t.Errorf("%d of %s went back to where they came from", n, kind)
			}
		}
		for _, body := range friend.got("Create") {
			if bytes.Contains(body, []byte(sam.actor.ID+"/statuses/")) {
				t.Errorf("it went back to where it came from: %s", body)
			}
		}
		if n := count(t, here, `SELECT COUNT(*) FROM inbox`) + count(t, here, `SELECT COUNT(*) FROM deliveries`); n != 0 {
			t.Errorf("%d rows wait", n)
		}
	})
}

// statusOf gives a status that is known.
func statusOf(t *testing.T, p *servertest.Person, uri string) servertest.Status {
	t.Helper()
	got, ok := known(p, uri)
	if !ok {
		t.Fatalf("%s does not know %s", p.Name, uri)
	}
	return got
}

func TestThreeServersShareAConversation(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		here, there, third := servertest.New(t, engine), servertest.New(t, engine), servertest.New(t, engine)
		ada, bob, carol := here.Join("ada"), there.Join("bob"), third.Join("carol")
		settle := func() { servertest.Settle(t, here, there, third) }
		bob.Follow(ada)
		carol.Follow(ada)
		settle()
		post := ada.Publish("who is there?")
		settle()
		asked := statusOf(t, carol, post.URI)
		reply := carol.Publish("@"+abroad(ada)+" it is me", "in_reply_to_id", asked.ID)
		silent := carol.Publish("@"+abroad(ada)+" for you alone", "in_reply_to_id", asked.ID, "visibility", "direct")
		settle()
		// bob's server never heard of carol, and has what she answered: by ada's server, read at carol's.
		got, ok := known(bob, reply.URI)
		if !ok || !strings.Contains(got.Content, "it is me") || got.Account.Acct != abroad(carol) {
			t.Fatalf("bob sees %+v", got)
		}
		var thread struct{ Descendants []servertest.Status }
		bob.Get("/api/v1/statuses/"+statusOf(t, bob, post.URI).ID+"/context", &thread)
		if !has(thread.Descendants, reply.URI) || has(thread.Descendants, silent.URI) {
			t.Errorf("the conversation is %+v", thread.Descendants)
		}
		if n := count(t, there, `SELECT COUNT(*) FROM statuses WHERE uri = $1`, silent.URI); n != 0 {
			t.Error("what was for ada alone was passed on")
		}
		carol.Delete(reply.ID)
		settle()
		if _, ok := known(bob, reply.URI); ok {
			t.Error("what carol deleted is still there")
		}
		for _, s := range []*servertest.Server{here, there, third} {
			if n := count(t, s, `SELECT COUNT(*) FROM inbox`); n != 0 {
				t.Errorf("%d activities wait", n)
			}
		}
	})
}
