package server_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"

	"anancus/internal/kit/db"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/protocol/activitypub/aptest"
	"anancus/internal/server/servertest"
)

// wantPinned asks what an account pinned, and wants the statuses with these addresses in this order.
func wantPinned(t *testing.T, p *servertest.Person, account string, want ...string) {
	t.Helper()
	var list []servertest.Status
	p.Get("/api/v1/accounts/"+account+"/statuses?pinned=true", &list)
	got := make([]string, len(list))
	for i, s := range list {
		got[i] = s.URI
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s sees pinned %q, want %q", p.Name, got, want)
	}
}

// wantFeatured asks which hashtags an account shows on its profile.
func wantFeatured(t *testing.T, p *servertest.Person, account string, want ...string) {
	t.Helper()
	var list []struct{ Name string }
	p.Get("/api/v1/accounts/"+account+"/featured_tags", &list)
	got := make([]string, len(list))
	for i, f := range list {
		got[i] = f.Name
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s sees the hashtags %q, want %q", p.Name, got, want)
	}
}

// feature shows a hashtag on a member's profile and gives the row's id.
func feature(p *servertest.Person, name string) string {
	var made struct{ ID string }
	p.Post("/api/v1/featured_tags", url.Values{"name": {name}}, &made)
	return made.ID
}

func TestWhatAMemberPinsIsShownElsewhere(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		here, there := pair(t, engine)
		ada, cy, bo := here.Join("ada"), here.Join("cy"), there.Join("bo")
		copied := bo.Follow(ada)
		servertest.Settle(t, here, there)
		first, second := ada.Publish("first"), ada.Publish("second", "visibility", "unlisted")
		ada.Act(first.ID, "pin")
		ada.Act(second.ID, "pin")
		servertest.Settle(t, here, there)
		wantPinned(t, bo, copied.ID, second.URI, first.URI)
		ada.Act(second.ID, "unpin")
		servertest.Settle(t, here, there)
		wantPinned(t, bo, copied.ID, first.URI)

		sent := count(t, here, `SELECT COUNT(*) FROM deliveries`)
		ada.Act(second.ID, "pin")
		ada.Act(second.ID, "unpin") // before anybody was told
		servertest.Settle(t, here, there)
		if n := count(t, here, `SELECT COUNT(*) FROM deliveries`); n != sent {
			t.Errorf("%d activities are left over from a pin that was taken back", n-sent)
		}
		wantPinned(t, bo, copied.ID, first.URI)

		// Hashtags of the profile go the same way.
		cats := feature(ada, "Cats")
		feature(ada, "dogs")
		servertest.Settle(t, here, there)
		wantFeatured(t, bo, copied.ID, "Cats", "dogs")
		if code := ada.Do(http.MethodDelete, "/api/v1/featured_tags/"+cats, nil, nil).StatusCode; code != http.StatusOK {
			t.Fatalf("taking the hashtag off answered %d", code)
		}
		servertest.Settle(t, here, there)
		wantFeatured(t, bo, copied.ID, "dogs")

		// Who is met later is shown with what was pinned before; what is only for some is not.
		old, secret := cy.Publish("hello #mice"), cy.Publish("for followers", "visibility", "private")
		cy.Act(old.ID, "pin")
		cy.Act(secret.ID, "pin")
		feature(cy, "mice")
		met := bo.Find(cy.Handle())
		servertest.Settle(t, here, there)
		wantPinned(t, bo, met.ID, old.URI)
		wantFeatured(t, bo, met.ID, "mice")
	})
}

func TestAProfileOfAnotherServerIsReadWithWhatLiesBesideIt(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		here := servertest.New(t, engine)
		ada := here.Join("ada")
		sam := newOutsider(t, aptest.NewServer(t), "sam", 0)
		mel := newOutsider(t, sam.host, "mel", 1)
		sam.actor.Featured, sam.actor.FeaturedTags = sam.actor.ID+"/featured", sam.actor.ID+"/tags"
		sam.host.Serve("/users/sam", sam.actor)
		old := func(n string) activitypub.Note {
			note := sam.public(n, "old "+n+" #x")
			note.Published = activitypub.Timestamp(time.Now().Add(-240 * time.Hour))
			note.Tag = []activitypub.Tag{activitypub.NewMention(here.URL+"/ap/users/"+ada.ID, abroad(ada))}
			return note
		}
		pinned, linked, others := old("1"), old("2"), mel.public("3", "not sam's")
		private := sam.note("4", "for followers", []string{sam.actor.Followers}, nil)
		linked.Context, others.Context = activitypub.ContextNote, activitypub.ContextNote
		elsewhere := old("5")
		elsewhere.ID = "https://elsewhere.example/5"
		sam.host.Serve("/users/sam/statuses/2", linked)
		sam.host.Serve("/users/mel/statuses/3", others)
		items := []any{linked.ID, pinned, others.ID, others, private, elsewhere, "javascript:alert(1)", map[string]any{"type": "Note"}, linked.ID}
		total := int64(3)
		sam.host.Serve("/users/sam/featured", activitypub.Collection{Context: activitypub.ContextNote, ID: sam.actor.Featured, Ordered: true, TotalItems: &total, Items: items})
		hashtags := []any{"cats"}
		for i := range 14 {
			hashtags = append(hashtags, activitypub.NewHashtag(sam.host.URL+"/tags/x", fmt.Sprintf("tag%02d", i)))
		}
		hashtags[3] = activitypub.NewHashtag(sam.host.URL+"/tags/x", "not a hashtag")
		sam.host.Serve("/users/sam/tags", activitypub.Collection{Context: activitypub.ContextNote, ID: sam.actor.FeaturedTags, Items: hashtags})
		people, statuses := int64(1234), int64(56)
		sam.host.Serve("/users/sam/outbox", activitypub.Collection{Context: activitypub.ContextPlain, ID: sam.actor.Outbox, Ordered: true, TotalItems: &statuses, First: sam.actor.Outbox + "?page=1"})
		sam.host.Serve("/users/sam/followers", activitypub.Collection{Context: activitypub.ContextPlain, ID: sam.actor.Followers, Ordered: true, TotalItems: &people})

		found := ada.Find("@sam@" + sam.host.Host)
		servertest.Settle(t, here)
		wantPinned(t, ada, found.ID, linked.ID, pinned.ID)
		wantFeatured(t, ada, found.ID, "tag00", "tag01", "tag03", "tag04", "tag05", "tag06", "tag07", "tag08", "tag09", "tag10")
		var shown struct {
			Followers int  `json:"followers_count"`
			Statuses  int  `json:"statuses_count"`
			Hidden    bool `json:"hide_collections"`
		}
		ada.Get("/api/v1/accounts/"+found.ID, &shown)
		if shown.Followers != 1234 || shown.Statuses != 56 || !shown.Hidden {
			t.Errorf("the profile shows %+v", shown)
		}
		sam.acceptFollow(ada)
		for _, note := range []activitypub.Note{pinned, linked} {
			wantHome(t, ada, servertest.Status{URI: note.ID, Content: note.Content}, false)
		}
		wantTold(t, ada, "mention", "sam@"+sam.host.Host, 0)

		// An actor that changes all the time is not read around again and again.
		asked := len(sam.host.Asked())
		sam.post(here, activitypub.NewUpdateActor(sam.actor.ID+"#updates/1", sam.actor), http.StatusAccepted)
		sam.post(here, activitypub.NewUpdateActor(sam.actor.ID+"#updates/2", sam.actor), http.StatusAccepted)
		if n := len(sam.host.Asked()) - asked; n != 0 {
			t.Errorf("%d requests followed from two updates", n)
		}

		// Its collection may be paged, and is read anew with the actor after a day. What is not there any more is pinned no more.
		sam.host.Serve("/users/sam/featured", activitypub.Collection{Context: activitypub.ContextNote, ID: sam.actor.Featured, Ordered: true, First: sam.actor.Featured + "/1"})
		sam.host.Serve("/users/sam/featured/1", activitypub.Collection{Context: activitypub.ContextNote, ID: sam.actor.Featured + "/1", Ordered: true, Page: true,
			Next: sam.actor.Featured + "/2", Items: []any{pinned.ID}})
		reread := func() {
			t.Helper()
			write(t, here, `UPDATE accounts SET collections_read_at = 1 WHERE uri = $1`, sam.actor.ID)
			sam.post(here, activitypub.NewUpdateActor(sam.actor.ID+"#updates/3", sam.actor), http.StatusAccepted)
		}
		reread()
		wantPinned(t, ada, found.ID, pinned.ID)

		// One without an end, or with pages elsewhere, brings its first page or nothing.
		var many []any
		for i := range 50 {
			many = append(many, old(fmt.Sprint(100+i)))
		}
		sam.host.Serve("/users/sam/featured/1", activitypub.Collection{Context: activitypub.ContextNote, ID: sam.actor.Featured + "/1", Ordered: true, Page: true, Next: sam.actor.Featured + "/1", Items: many})
		reread()
		if n := count(t, here, `SELECT COUNT(*) FROM pins`); n != 20 {
			t.Errorf("%d statuses are pinned", n)
		}
		other := aptest.NewServer(t)
		sam.host.Serve("/users/sam/featured", activitypub.Collection{Context: activitypub.ContextNote, ID: sam.actor.Featured, Ordered: true, First: other.URL + "/1"})
		reread()
		if n := count(t, here, `SELECT COUNT(*) FROM pins`); n != 20 || len(other.Asked()) != 0 {
			t.Errorf("%d statuses are pinned, and the other server was asked %d times", n, len(other.Asked()))
		}
	})
}

func TestNobodyPinsForAnother(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		here := servertest.New(t, engine)
		ada := here.Join("ada")
		sam := newOutsider(t, aptest.NewServer(t), "sam", 0)
		mallory := newOutsider(t, sam.host, "mallory", 1)
		for _, one := range []*outsider{sam, mallory} {
			one.actor.Featured = one.actor.ID + "/featured"
			one.host.Serve("/users/"+one.actor.PreferredUsername, one.actor)
			one.acceptFollow(ada)
		}
		post := sam.public("1", "hello")
		direct := sam.note("2", "between us", []string{here.URL + "/ap/users/" + ada.ID}, nil)
		mine := ada.Publish("mine")
		sam.post(here, sam.create(post), http.StatusAccepted)
		sam.post(here, sam.create(direct), http.StatusAccepted)
		found, other := ada.Find("@sam@"+sam.host.Host), ada.Find("@mallory@"+sam.host.Host)
		tag := activitypub.NewHashtag(sam.host.URL+"/tags/cats", "cats")
		for _, forged := range []activitypub.Activity{
			activitypub.NewListing("Add", mallory.actor.ID, post.ID, sam.actor.Featured),
			activitypub.NewListing("Add", mallory.actor.ID, post.ID, mallory.actor.Featured),
			activitypub.NewListing("Add", mallory.actor.ID, mine.URI, mallory.actor.Featured),
			activitypub.NewListing("Add", mallory.actor.ID, post.ID, ""),
			activitypub.NewTagListing("Add", mallory.actor.ID, tag, sam.actor.Featured),
			activitypub.NewTagListing("Add", mallory.actor.ID, tag, ""),
		} {
			mallory.post(here, forged, http.StatusAccepted)
		}
		sam.post(here, activitypub.NewListing("Add", sam.actor.ID, direct.ID, sam.actor.Featured), http.StatusAccepted)
		sam.post(here, activitypub.NewListing("Add", sam.actor.ID, sam.actor.ID+"/statuses/nowhere", sam.actor.Featured), http.StatusAccepted)
		if n := count(t, here, `SELECT (SELECT COUNT(*) FROM pins) + (SELECT COUNT(*) FROM featured_tags)`); n != 0 {
			t.Errorf("%d things are pinned that nobody may pin", n)
		}

		for range 2 {
			sam.post(here, activitypub.NewListing("Add", sam.actor.ID, post.ID, sam.actor.Featured), http.StatusAccepted)
			sam.post(here, activitypub.NewTagListing("Add", sam.actor.ID, tag, sam.actor.Featured), http.StatusAccepted)
		}
		mallory.post(here, activitypub.NewListing("Remove", mallory.actor.ID, post.ID, sam.actor.Featured), http.StatusAccepted)
		mallory.post(here, activitypub.NewListing("Remove", mallory.actor.ID, post.ID, mallory.actor.Featured), http.StatusAccepted)
		mallory.post(here, activitypub.NewTagListing("Remove", mallory.actor.ID, tag, mallory.actor.Featured), http.StatusAccepted)
		wantPinned(t, ada, found.ID, post.ID)
		wantFeatured(t, ada, found.ID, "cats")
		wantPinned(t, ada, other.ID)
		for i := range 12 {
			sam.post(here, activitypub.NewTagListing("Add", sam.actor.ID, activitypub.NewHashtag("", fmt.Sprint("tag", i)), sam.actor.Featured), http.StatusAccepted)
		}
		if n := count(t, here, `SELECT COUNT(*) FROM featured_tags`); n != 10 {
			t.Errorf("%d hashtags are on the profile", n)
		}
		sam.post(here, activitypub.NewListing("Remove", sam.actor.ID, post.ID, sam.actor.Featured), http.StatusAccepted)
		sam.post(here, activitypub.NewTagListing("Remove", sam.actor.ID, tag, sam.actor.Featured), http.StatusAccepted)
		wantPinned(t, ada, found.ID)
		if n := count(t, here, `SELECT COUNT(*) FROM featured_tags`); n != 9 {
			t.Errorf("%d hashtags are on the profile after one was taken off", n)
		}
	})
}
