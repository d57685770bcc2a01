package server_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"anancus/internal/kit/db"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/protocol/activitypub/aptest"
	"anancus/internal/server/servertest"
)

func TestWhatAGroupSaysOfOthersIsLookedAtWhereItIs(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		here := servertest.New(t, engine)
		ada := here.Join("ada")
		home := aptest.NewServer(t)
		group, sam := newOutsider(t, aptest.NewServer(t), "group", 0), newOutsider(t, home, "sam", 1)
		group.acceptFollow(ada)
		path := func(n activitypub.Note) string { return strings.TrimPrefix(n.ID, home.URL) }
		passes := func(number string, activity any) {
			t.Helper()
			announce := activitypub.NewAnnounce(group.actor.ID+"/announces/"+number, group.actor.ID, activitypub.Timestamp(time.Now()), []string{activitypub.Public}, []string{group.actor.Followers}, "")
			group.post(here, map[string]any{"@context": announce.Context, "id": announce.ID, "type": "Announce", "actor": announce.Actor, "to": announce.To, "cc": announce.Cc, "object": activity}, http.StatusAccepted)
		}
		forged := sam.public("1", "never said")
		forged.Context = activitypub.ContextNote
		passes("1", sam.create(forged))
		if _, ok := known(ada, forged.ID); ok {
			t.Error("a group made somebody say something")
		}
		said := sam.public("2", "said")
		said.Context = activitypub.ContextNote
		home.Serve(path(said), said)
		lie := said
		lie.Content = "<p>twisted</p>"
		passes("2", sam.create(lie))
		post, ok := known(ada, said.ID)
		if !ok || post.Content != said.Content || post.Boosts != 1 {
			t.Fatalf("the boosted post is %+v, %v", post, ok)
		}
		passes("3", activitypub.NewDelete(said.ID+"#delete", sam.actor.ID, said.ID))
		if now, ok := ada.Show(post.ID); !ok || now.Content != said.Content {
			t.Errorf("after a false deletion the post is %+v, %v", now, ok)
		}
		mine := ada.Publish("mine")
		passes("4", map[string]any{"type": "Delete", "id": here.URL + "/x", "actor": here.URL + "/ap/users/" + ada.ID, "object": mine.URI})
		if _, ok := ada.Show(mine.ID); !ok {
			t.Error("a group deleted a member's post")
		}
		said.Content, said.Updated = "<p>said better</p>", activitypub.Timestamp(time.Now())
		home.Serve(path(said), said)
		lie.Updated = said.Updated
		passes("5", activitypub.NewUpdate(said.ID+"#update", lie))
		if now, _ := ada.Show(post.ID); now.Content != said.Content {
			t.Errorf("the edited post is %q", now.Content)
		}
	})
}

func TestBlocksAndFavouritesAreTakenBackByTheirAddressToo(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		here := servertest.New(t, engine)
		ada := here.Join("ada")
		host := aptest.NewServer(t)
		sam, eve := newOutsider(t, host, "sam", 0), newOutsider(t, host, "eve", 1)
		sam.acceptFollow(ada)
		post, me := ada.Publish("mine"), here.URL+"/ap/users/"+ada.ID
		for _, x := range []*outsider{sam, eve} {
			x.post(here, activitypub.NewActivity("Like", x.actor.ID+"/likes/1", x.actor.ID, post.URI), http.StatusAccepted)
		}
		undo := func(x *outsider, number, what string) {
			t.Helper()
			x.post(here, activitypub.NewActivity("Undo", x.actor.ID+"/undo/"+number, x.actor.ID, what), http.StatusAccepted)
		}
		undo(eve, "1", sam.actor.ID+"/likes/1") // not hers
		if now, _ := ada.Show(post.ID); now.Favourites != 2 {
			t.Errorf("%d favourites, want both", now.Favourites)
		}
		undo(sam, "1", sam.actor.ID+"/likes/1")
		if now, _ := ada.Show(post.ID); now.Favourites != 1 {
			t.Errorf("%d favourites after one was taken back", now.Favourites)
		}
		blocks := func() int64 { return count(t, here, `SELECT COUNT(*) FROM blocks`) }
		sam.post(here, activitypub.NewActivity("Block", sam.actor.ID+"/blocks/1", sam.actor.ID, me), http.StatusAccepted)
		undo(eve, "2", sam.actor.ID+"/blocks/1")
		if blocks() != 1 {
			t.Error("somebody else took the block back")
		}
		undo(sam, "2", sam.actor.ID+"/blocks/1")
		if blocks() != 0 {
			t.Error("the block stands")
		}
	})
}
