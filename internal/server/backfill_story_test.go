package server_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"anancus/internal/kit/db"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/protocol/activitypub/aptest"
	"anancus/internal/server/servertest"
)

func TestAProfileThatIsFirstSeenHasItsNewestStatuses(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		here, there := pair(t, engine)
		ada, bo, cy := here.Join("ada"), there.Join("bo"), there.Join("cy")
		var posts []servertest.Status
		for i := range 23 {
			posts = append(posts, ada.Publish(fmt.Sprintf("post %d #old", i)))
		}
		ada.Publish("for followers", "visibility", "private")
		ada.Publish("for members", "local_only", "true")
		ada.Act(here.Join("eve").Publish("of another").ID, "reblog")
		copied := bo.Find(ada.Handle())
		servertest.Settle(t, here, there)
		list := func(p *servertest.Person) (uris []string) {
			t.Helper()
			var all []servertest.Status
			p.Get("/api/v1/accounts/"+copied.ID+"/statuses?limit=40", &all)
			for _, s := range all {
				uris = append(uris, s.URI)
			}
			return uris
		}
		for _, p := range []*servertest.Person{there.Nobody(), bo} { // what a visitor looks at is not fetched, and a member's look fetches it
			if got := list(p); len(got) != 0 {
				t.Errorf("before a member looked there are %d", len(got))
			}
			servertest.Settle(t, here, there)
		}
		got := list(bo)
		if len(got) != 20 || !slices.Contains(got, posts[22].URI) || !slices.Contains(got, posts[3].URI) || slices.Contains(got, posts[2].URI) {
			t.Errorf("after a look there are %d: %q", len(got), got)
		}
		var shown servertest.Account
		bo.Get("/api/v1/accounts/"+copied.ID, &shown)
		if shown.Statuses < 23 {
			t.Errorf("the profile counts %d statuses", shown.Statuses)
		}

		// No home feed shows them, warm or cold, and a second look fetches nothing.
		bo.Home()
		bo.Follow(ada)
		cy.Follow(ada)
		servertest.Settle(t, here, there)
		for _, p := range []*servertest.Person{bo, cy} {
			if home := p.Home(); len(home) != 0 {
				t.Errorf("the home timeline of %s shows %d of them", p.Name, len(home))
			}
		}
		ada.Publish("news")
		servertest.Settle(t, here, there)
		if home := cy.Home(); len(home) != 1 {
			t.Errorf("the home timeline shows %d", len(home))
		}
		if n := count(t, there, `SELECT COUNT(*) FROM notifications WHERE kind <> 'follow'`); n != 0 {
			t.Errorf("%d things were told", n)
		}
		if n := count(t, there, `SELECT COUNT(*) FROM tag_days`); n != 0 {
			t.Error("what is old counts as used today")
		}
	})
}

func TestAnOutboxCannotLieOrGoOnForEver(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		here := servertest.New(t, engine)
		ada := here.Join("ada")
		sam := newOutsider(t, aptest.NewServer(t), "sam", 0)
		mel := newOutsider(t, sam.host, "mel", 1)
		away := aptest.NewServer(t)
		me := here.URL + "/ap/users/" + ada.ID
		note := func(n int) activitypub.Note {
			return sam.note(fmt.Sprint(n), "old", []string{activitypub.Public}, []string{sam.actor.Followers, me})
		}
		tagged := note(1)
		tagged.Tag = []activitypub.Tag{activitypub.NewMention(me, abroad(ada))}
		others, private := mel.public("9", "not sam's"), sam.note("8", "for followers", []string{sam.actor.Followers}, nil)
		elsewhere := note(7)
		elsewhere.ID = away.URL + "/7"
		items := []any{sam.create(tagged), activitypub.NewAnnounce(sam.actor.ID+"/a", sam.actor.ID, "", nil, nil, others.ID), sam.create(others), mel.create(note(6)),
			sam.create(private), sam.create(elsewhere), activitypub.NewActivity("Create", sam.actor.ID+"/c", sam.actor.ID, note(2).ID), note(3), "https://x.example/", map[string]any{"type": "Create"}}
		linked := note(2)
		linked.Context = activitypub.ContextNote
		sam.host.Serve("/users/sam/statuses/2", linked)
		found := ada.Find("@sam@" + sam.host.Host)
		sam.host.Answer("/users/sam/outbox", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", activitypub.ContentType)
			body := encode(t, activitypub.Collection{Context: activitypub.ContextPlain, ID: sam.actor.Outbox, Ordered: true, First: sam.actor.Outbox + "?page=1"})
			switch n := r.URL.Query().Get("page"); {
			case n == "1":
				body = encode(t, activitypub.Collection{Context: activitypub.ContextNote, ID: sam.actor.Outbox + "?page=1", Ordered: true, Page: true, Next: sam.actor.Outbox + "?page=2", Items: items})
			case n != "":
				body = encode(t, activitypub.Collection{Context: activitypub.ContextNote, ID: sam.actor.Outbox + "?page=" + n, Ordered: true, Page: true, Next: sam.actor.Outbox + "?page=" + n + "0", Items: items[1:2]})
			}
			_, _ = w.Write(body)
		})
		ada.Get("/api/v1/accounts/"+found.ID+"/statuses", nil)
		servertest.Settle(t, here)
		var list []servertest.Status
		ada.Get("/api/v1/accounts/"+found.ID+"/statuses?limit=40", &list)
		if len(list) != 4 {
			t.Errorf("there are %d statuses: %+v", len(list), list)
		}
		if n := count(t, here, `SELECT COUNT(*) FROM statuses`); n != int64(len(list)) {
			t.Errorf("%d statuses were kept", n)
		}
		asked := 0
		for _, r := range sam.host.Asked() {
			if r.Request.URL.Path == "/users/sam/outbox" {
				asked++
			}
		}
		if asked > 4 { // its number, itself, two pages
			t.Errorf("the outbox was read %d times", asked)
		}
		if len(away.Asked()) != 0 {
			t.Error("another server was asked")
		}
		wantTold(t, ada, "mention", "sam@"+sam.host.Host, 0)

		// While a server is away nothing is lost: the next who looks asks again.
		dead := newOutsider(t, away, "dead", 2)
		gone := ada.Find("@dead@" + away.Host)
		servertest.Settle(t, here)
		ada.Get("/api/v1/accounts/"+gone.ID+"/statuses", nil)
		servertest.Settle(t, here)
		old := dead.public("1", "hello")
		old.Published = activitypub.Timestamp(time.Now().Add(-time.Hour))
		away.Serve("/users/dead/outbox", activitypub.Collection{Context: activitypub.ContextNote, ID: dead.actor.Outbox, Ordered: true, Items: []any{dead.create(old)}})
		ada.Get("/api/v1/accounts/"+gone.ID+"/statuses", nil)
		servertest.Settle(t, here)
		ada.Get("/api/v1/accounts/"+gone.ID+"/statuses", &list)
		if len(list) != 1 || list[0].URI != old.ID {
			t.Errorf("after its server came back there are %+v", list)
		}
	})
}
