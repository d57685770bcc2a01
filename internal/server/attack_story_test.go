package server_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"testing"
	"time"

	"anancus/internal/kit/db"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/protocol/activitypub/aptest"
	"anancus/internal/server/servertest"
)

// outsider is somebody on a server that does and says what the test wants.
type outsider struct {
	t     *testing.T
	host  *aptest.Server
	actor activitypub.Actor
	key   int
}

func newOutsider(t *testing.T, host *aptest.Server, name string, key int) *outsider {
	t.Helper()
	return &outsider{t, host, host.Person(name, key), key}
}

// post sends a signed activity to a server's shared inbox, lets it happen, and wants the answer.
func (x *outsider) post(to *servertest.Server, activity any, want int) {
	x.t.Helper()
	body, err := json.Marshal(activity)
	if err != nil {
		x.t.Fatal(err)
	}
	req := aptest.Post(x.t, to.URL+"/inbox", x.actor.PublicKey.ID, x.key, body, time.Now())
	var said string
	if answer := to.Nobody().Send(req, &said); answer.StatusCode != want {
		x.t.Fatalf("the inbox answered %d to %s: %s, want %d", answer.StatusCode, body, said, want)
	}
	servertest.Settle(x.t, to)
}

// note is a post by the outsider, addressed by to and cc.
func (x *outsider) note(number string, content string, to, cc []string) activitypub.Note {
	return activitypub.Note{ID: x.actor.ID + "/statuses/" + number, Type: "Note", Published: activitypub.Timestamp(time.Now().Add(-time.Minute)),
		URL: x.actor.ID + "/statuses/" + number, AttributedTo: x.actor.ID, To: to, Cc: cc, Content: "<p>" + content + "</p>"}
}

func (x *outsider) create(n activitypub.Note) activitypub.Activity {
	return activitypub.NewCreate(n.ID+"/activity", n)
}

func (x *outsider) public(number, content string) activitypub.Note {
	return x.note(number, content, []string{activitypub.Public}, []string{x.actor.Followers})
}

// acceptFollow answers a member's follow as the outsider would.
func (x *outsider) acceptFollow(p *servertest.Person) {
	x.t.Helper()
	account := p.Find("@" + x.actor.PreferredUsername + "@" + x.host.Host)
	p.Post("/api/v1/accounts/"+account.ID+"/follow", nil, nil)
	servertest.Settle(x.t, p.On)
	me := p.On.URL + "/ap/users/" + p.ID
	x.post(p.On, activitypub.NewAnswer("Accept", x.actor.ID+"#accept/"+p.ID, x.actor.ID, activitypub.NewActivity("Follow", "", me, x.actor.ID)), http.StatusAccepted)
	if !p.Towards(account.ID).Following {
		x.t.Fatal("the accepted follow does not hold")
	}
}

func TestADeletionThatComesFirstIsRemembered(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		here := servertest.New(t, engine)
		ada := here.Join("ada")
		host := aptest.NewServer(t)
		sam, mallory := newOutsider(t, host, "sam", 0), newOutsider(t, host, "mallory", 1)
		sam.acceptFollow(ada)

		gone := sam.public("1", "gone before it came")
		sam.post(here, activitypub.NewDelete(gone.ID+"#delete", sam.actor.ID, gone.ID), http.StatusAccepted)
		sam.post(here, sam.create(gone), http.StatusAccepted)
		if _, ok := known(ada, gone.ID); ok {
			t.Error("what was deleted first came back")
		}

		spared := sam.public("2", "mallory would rather it never came")
		mallory.post(here, activitypub.NewDelete(spared.ID+"#delete", mallory.actor.ID, spared.ID), http.StatusAccepted)
		sam.post(here, sam.create(spared), http.StatusAccepted)
		if _, ok := known(ada, spared.ID); !ok {
			t.Error("another member of the same server kept it away by deleting it first")
		}
		mallory.post(here, activitypub.NewDelete(spared.ID+"#delete", mallory.actor.ID, spared.ID), http.StatusAccepted)
		if _, ok := known(ada, spared.ID); !ok {
			t.Error("another member of the same server deleted it")
		}
		sam.post(here, activitypub.NewDelete(spared.ID+"#delete", sam.actor.ID, spared.ID), http.StatusAccepted)
		if _, ok := known(ada, spared.ID); ok {
			t.Error("its author could not delete it")
		}
		sam.post(here, sam.create(spared), http.StatusAccepted)
		if _, ok := known(ada, spared.ID); ok {
			t.Error("a late copy brought it back")
		}
	})
}

func TestWhatComesTwiceHasOneEffect(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		here := servertest.New(t, engine)
		ada := here.Join("ada")
		sam := newOutsider(t, aptest.NewServer(t), "sam", 0)
		sam.acceptFollow(ada)
		post := ada.Publish("mine")
		me := here.URL + "/ap/users/" + ada.ID

		note := sam.note("1", "hello", []string{activitypub.Public}, []string{me})
		note.Tag = []activitypub.Tag{activitypub.NewMention(me, abroad(ada))}
		note.InReplyTo = &post.URI
		like := activitypub.NewActivity("Like", sam.actor.ID+"#likes/1", sam.actor.ID, post.URI)
		announce := activitypub.NewAnnounce(sam.actor.ID+"#announces/1", sam.actor.ID, activitypub.Timestamp(time.Now()), []string{activitypub.Public}, []string{sam.actor.Followers}, post.URI)
		follow := activitypub.NewActivity("Follow", sam.actor.ID+"#follows/1", sam.actor.ID, me)
		for range 2 {
			sam.post(here, sam.create(note), http.StatusAccepted)
			sam.post(here, like, http.StatusAccepted)
			sam.post(here, announce, http.StatusAccepted)
			sam.post(here, follow, http.StatusAccepted)
		}
		like.ID, announce.ID, follow.ID = like.ID+"0", announce.ID+"0", follow.ID+"0" // the same under another id is still the same
		for _, again := range []activitypub.Activity{like, announce, follow} {
			sam.post(here, again, http.StatusAccepted)
		}
		who := "sam@" + sam.host.Host
		for _, kind := range []string{"mention", "favourite", "reblog", "follow"} {
			wantTold(t, ada, kind, who, 1)
		}
		now, _ := ada.Show(post.ID)
		if now.Favourites != 1 || now.Boosts != 1 || now.Replies != 1 {
			t.Errorf("the post counts %d favourites, %d boosts, %d replies", now.Favourites, now.Boosts, now.Replies)
		}
		var account servertest.Account
		if ada.Get("/api/v1/accounts/"+ada.ID, &account); account.Followers != 1 {
			t.Errorf("the account counts %d followers", account.Followers)
		}

		// What is undone before it comes, late, does not happen.
		late := activitypub.NewActivity("Like", sam.actor.ID+"#likes/2", sam.actor.ID, ada.Publish("another").URI)
		sam.post(here, activitypub.NewAnswer("Undo", late.ID+"/undo", sam.actor.ID, late), http.StatusAccepted)
		sam.post(here, late, http.StatusAccepted)
		wantTold(t, ada, "favourite", who, 1)
		for range 2 {
			sam.post(here, activitypub.NewAnswer("Undo", like.ID+"/undo", sam.actor.ID, like), http.StatusAccepted)
			sam.post(here, activitypub.NewDelete(note.ID+"#delete", sam.actor.ID, note.ID), http.StatusAccepted)
			announce.ID = sam.actor.ID + "#announces/1"
			sam.post(here, activitypub.NewAnswer("Undo", announce.ID+"/undo", sam.actor.ID, announce), http.StatusAccepted)
		}
		sam.post(here, announce, http.StatusAccepted) // a copy that was long on its way
		if now, _ = ada.Show(post.ID); now.Favourites != 0 || now.Replies != 0 || now.Boosts != 0 {
			t.Errorf("after undoing twice the post counts %d favourites, %d boosts, %d replies", now.Favourites, now.Boosts, now.Replies)
		}
		if n := count(t, here, `SELECT COUNT(*) FROM inbox`); n != 0 {
			t.Errorf("%d activities wait to be tried again", n)
		}
	})
}

func TestNobodyAnswersOrUndoesForAnother(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		here := servertest.New(t, engine)
		ada := here.Join("ada")
		host := aptest.NewServer(t)
		sam, mallory := newOutsider(t, host, "sam", 0), newOutsider(t, host, "mallory", 1)
		me := here.URL + "/ap/users/" + ada.ID
		account := ada.Find("@sam@" + host.Host)

		// An answer to a follow that nobody asked for.
		unasked := activitypub.NewActivity("Follow", me+"#follows/1", me, sam.actor.ID)
		sam.post(here, activitypub.NewAnswer("Accept", sam.actor.ID+"#accept/1", sam.actor.ID, unasked), http.StatusAccepted)
		if r := ada.Towards(account.ID); r.Following || r.Requested {
			t.Errorf("an answer that nobody asked for made a follow: %+v", r)
		}
		// An answer by another than who was asked.
		ada.Post("/api/v1/accounts/"+account.ID+"/follow", nil, nil)
		servertest.Settle(t, here)
		asked := unasked
		for _, got := range host.Received() {
			var a activitypub.Activity
			if json.Unmarshal(got.Body, &a) == nil && a.Type == "Follow" {
				asked.ID = a.ID
			}
		}
		if asked.ID == unasked.ID {
			t.Fatal("the follow did not arrive")
		}
		byID := activitypub.NewActivity("Accept", mallory.actor.ID+"#accept/2", mallory.actor.ID, asked.ID)
		mallory.post(here, byID, http.StatusAccepted)
		mallory.post(here, activitypub.NewAnswer("Accept", mallory.actor.ID+"#accept/3", mallory.actor.ID, asked), http.StatusAccepted)
		if r := ada.Towards(account.ID); r.Following || !r.Requested {
			t.Errorf("another answered for the one who was asked: %+v", r)
		}
		byID.ID, byID.Actor = sam.actor.ID+"#accept/4", sam.actor.ID
		sam.post(here, byID, http.StatusAccepted)
		if r := ada.Towards(account.ID); !r.Following {
			t.Errorf("the one who was asked could not answer by the id alone: %+v", r)
		}
		mallory.post(here, activitypub.NewAnswer("Reject", mallory.actor.ID+"#reject/1", mallory.actor.ID, asked), http.StatusAccepted)
		if r := ada.Towards(account.ID); !r.Following {
			t.Error("another ended the follow")
		}

		// Undoing what another of the same server did.
		post := ada.Publish("mine")
		like := activitypub.NewActivity("Like", sam.actor.ID+"#likes/1", sam.actor.ID, post.URI)
		announce := activitypub.NewAnnounce(sam.actor.ID+"#announces/1", sam.actor.ID, "", []string{activitypub.Public}, []string{sam.actor.Followers}, post.URI)
		follow := activitypub.NewActivity("Follow", sam.actor.ID+"#follows/1", sam.actor.ID, me)
		block := activitypub.NewActivity("Block", sam.actor.ID+"#blocks/1", sam.actor.ID, here.URL+"/ap/users/"+here.Join("bea").ID)
		for _, one := range []activitypub.Activity{like, announce, follow, block} {
			sam.post(here, one, http.StatusAccepted)
		}
		for _, one := range []activitypub.Activity{like, announce, follow, block} {
			mallory.post(here, activitypub.NewAnswer("Undo", mallory.actor.ID+"#undo", mallory.actor.ID, one), http.StatusAccepted)
			mallory.post(here, activitypub.NewActivity("Undo", mallory.actor.ID+"#undo", mallory.actor.ID, one.ID), http.StatusAccepted)
			forged := one
			forged.Actor = mallory.actor.ID
			mallory.post(here, activitypub.NewAnswer("Undo", mallory.actor.ID+"#undo", mallory.actor.ID, forged), http.StatusAccepted)
		}
		for _, kind := range []string{"favourite", "reblog", "follow"} {
			wantTold(t, ada, kind, "sam@"+host.Host, 1)
		}
		if n := count(t, here, `SELECT COUNT(*) FROM blocks`); n != 1 {
			t.Errorf("%d blocks are left of one", n)
		}
		// Speaking as another.
		claimed := like
		claimed.ID, claimed.Actor = mallory.actor.ID+"#likes/9", sam.actor.ID
		mallory.post(here, claimed, http.StatusUnauthorized)
		// Writing as another of the same server.
		written := sam.public("7", "by mallory")
		create := activitypub.NewCreate(mallory.actor.ID+"/statuses/7/activity", written)
		create.Actor = mallory.actor.ID
		mallory.post(here, create, http.StatusAccepted)
		if _, ok := known(ada, written.ID); ok {
			t.Error("one wrote as another")
		}
		// The one who did it may undo it.
		for _, one := range []activitypub.Activity{like, announce, follow, block} {
			sam.post(here, activitypub.NewAnswer("Undo", one.ID+"/undo", sam.actor.ID, one), http.StatusAccepted)
		}
		for _, kind := range []string{"favourite", "reblog", "follow"} {
			wantTold(t, ada, kind, "sam@"+host.Host, 0)
		}
		if n := count(t, here, `SELECT COUNT(*) FROM blocks`); n != 0 {
			t.Errorf("%d blocks are left of none", n)
		}
	})
}

func TestABoostOfWhatIsNotPublicShowsNothing(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		here := servertest.New(t, engine)
		ada, eve := here.Join("ada"), here.Join("eve")
		host, elsewhere := aptest.NewServer(t), aptest.NewServer(t)
		sam, tess := newOutsider(t, host, "sam", 0), newOutsider(t, elsewhere, "tess", 1)
		sam.acceptFollow(ada)
		tess.acceptFollow(eve)
		boost := func(by *outsider, number, uri string) activitypub.Activity {
			return activitypub.NewAnnounce(by.actor.ID+"#announces/"+number, by.actor.ID, "", []string{activitypub.Public}, []string{by.actor.Followers}, uri)
		}

		// Of a foreign private post, that its server gives to anybody who asks.
		private := tess.note("1", "for followers of tess", []string{tess.actor.Followers}, nil)
		elsewhere.Serve("/users/tess/statuses/1", private)
		sam.post(here, boost(sam, "1", private.ID), http.StatusAccepted)
		tess.post(here, tess.create(private), http.StatusAccepted)
		sam.post(here, boost(sam, "2", private.ID), http.StatusAccepted)
		// Of ours.
		for i, one := range []servertest.Status{eve.Publish("for followers", "visibility", "private"), eve.Publish("to nobody", "visibility", "direct"), eve.Publish("local", "local_only", "true")} {
			sam.post(here, boost(sam, string(rune('3'+i)), one.URI), http.StatusAccepted)
			if now, _ := eve.Show(one.ID); now.Boosts != 0 {
				t.Errorf("%q is boosted from elsewhere", one.Content)
			}
		}
		if list := ada.Home(); len(list) != 0 {
			t.Errorf("the follower of who boosted sees %+v", list)
		}
		if n := count(t, here, `SELECT COUNT(*) FROM statuses WHERE boost_of_id IS NOT NULL`); n != 0 {
			t.Errorf("%d boosts are kept", n)
		}
		if _, ok := known(ada, private.ID); ok {
			t.Error("who does not follow the author reads what is for followers")
		}
		if _, ok := known(eve, private.ID); !ok {
			t.Error("who follows the author does not read it")
		}
		// A favourite of what cannot be read changes nothing either, and tells nobody.
		hidden := eve.Publish("for followers too", "visibility", "private")
		sam.post(here, activitypub.NewActivity("Like", sam.actor.ID+"#likes/1", sam.actor.ID, hidden.URI), http.StatusAccepted)
		if now, _ := eve.Show(hidden.ID); now.Favourites != 0 {
			t.Error("who cannot read it favoured it")
		}
		// Its author may boost it to the followers that there are.
		tess.post(here, activitypub.NewAnnounce(tess.actor.ID+"#announces/9", tess.actor.ID, "", []string{tess.actor.Followers}, nil, private.ID), http.StatusAccepted)
		wantHome(t, eve, servertest.Status{URI: private.ID, Content: private.Content}, true)
	})
}

func TestABlockedPersonElsewhereIsNotHeard(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		here := servertest.New(t, engine)
		ada, eve := here.Join("ada"), here.Join("eve")
		sam := newOutsider(t, aptest.NewServer(t), "sam", 0)
		me := here.URL + "/ap/users/" + ada.ID
		who := "sam@" + sam.host.Host
		account := ada.Find(who)
		ada.Post("/api/v1/accounts/"+account.ID+"/block", url.Values{}, nil)
		servertest.Settle(t, here)
		post := ada.Publish("mine")

		sam.post(here, activitypub.NewActivity("Follow", sam.actor.ID+"#follows/1", sam.actor.ID, me), http.StatusAccepted)
		sam.post(here, activitypub.NewActivity("Like", sam.actor.ID+"#likes/1", sam.actor.ID, post.URI), http.StatusAccepted)
		sam.post(here, activitypub.NewAnnounce(sam.actor.ID+"#announces/1", sam.actor.ID, "", []string{activitypub.Public}, []string{me}, post.URI), http.StatusAccepted)
		note := sam.note("1", "you there", []string{activitypub.Public}, []string{me})
		note.Tag = []activitypub.Tag{activitypub.NewMention(me, abroad(ada))}
		note.InReplyTo = &post.URI
		sam.post(here, sam.create(note), http.StatusAccepted)
		if list := ada.Notifications(); len(list) != 0 {
			t.Errorf("the blocker was told %+v", list)
		}
		if now, _ := eve.Show(post.ID); now.Favourites != 0 || now.Boosts != 0 {
			t.Errorf("the blocked changed the post: %+v", now)
		}
		if r := ada.Towards(account.ID); r.FollowedBy || !r.Blocking {
			t.Errorf("the blocked is %+v", r)
		}
		rejected := false
		for _, got := range sam.host.Received() {
			var a activitypub.Activity
			rejected = rejected || (json.Unmarshal(got.Body, &a) == nil && a.Type == "Reject")
		}
		if !rejected {
			t.Error("the follow was not refused")
		}
		var thread struct{ Descendants []servertest.Status }
		ada.Get("/api/v1/statuses/"+post.ID+"/context", &thread)
		if has(thread.Descendants, note.ID) {
			t.Error("the blocker reads the blocked's answer in the thread")
		}
	})
}
