package server_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"anancus/internal/kit/config"
	"anancus/internal/kit/db"
	"anancus/internal/server/servertest"
)

// befriended gives two members of two servers, the first of whom follows the second, and a member who follows nobody.
func befriended(t *testing.T, engine db.Engine) (ada, bo, eve *servertest.Person) {
	t.Helper()
	here, there := pair(t, engine)
	ada, eve, bo = here.Join("ada"), here.Join("eve"), there.Join("bo")
	ada.Follow(bo)
	servertest.Settle(t, here, there)
	return ada, bo, eve
}

func TestWhatIsForFollowersReachesFollowersAndNobodyElse(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		ada, bo, eve := befriended(t, engine)
		post := bo.Publish("for followers", "visibility", "private")
		servertest.Settle(t, ada.On, bo.On)
		wantHome(t, ada, post, true)
		here, _ := known(ada, post.URI)
		if here.Visibility != "private" {
			t.Errorf("the follower sees it as %s", here.Visibility)
		}
		for name, other := range map[string]*servertest.Person{"another member": eve, "a visitor": ada.On.Nobody()} {
			if _, ok := other.Show(here.ID); ok {
				t.Errorf("%s reads what is for followers", name)
			}
		}
		if code, _ := document(t, bo.On, post.URI); code != http.StatusNotFound {
			t.Errorf("a server that signs nothing gets %d", code)
		}
		if _, ok := eve.FindStatus(post.URI); ok {
			t.Error("a member finds by its address what is for followers")
		}
		bo.Delete(post.ID)
		servertest.Settle(t, ada.On, bo.On)
		wantHome(t, ada, post, false)
		if _, ok := ada.Show(here.ID); ok {
			t.Error("the deletion did not arrive")
		}
	})
}

func TestAReplyArrivesAndItsDeletionToo(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		ada, bo, _ := befriended(t, engine)
		post := bo.Publish("question")
		servertest.Settle(t, ada.On, bo.On)
		here, _ := known(ada, post.URI)
		reply := ada.Publish(bo.Handle()+" answer", "in_reply_to_id", here.ID)
		servertest.Settle(t, ada.On, bo.On)
		wantTold(t, bo, "mention", abroad(ada), 1)
		there, ok := known(bo, reply.URI)
		if !ok || there.InReplyTo != post.ID {
			t.Fatalf("the reply is %+v (%v), want an answer to %s", there, ok, post.ID)
		}
		if now, _ := bo.Show(post.ID); now.Replies != 1 {
			t.Errorf("the question has %d replies", now.Replies)
		}
		var thread struct{ Descendants []servertest.Status }
		bo.Get("/api/v1/statuses/"+post.ID+"/context", &thread)
		if !has(thread.Descendants, reply.URI) {
			t.Error("the reply is not in the thread")
		}
		ada.Delete(reply.ID)
		servertest.Settle(t, ada.On, bo.On)
		if _, ok := known(bo, reply.URI); ok {
			t.Error("the deletion did not arrive")
		}
		wantTold(t, bo, "mention", abroad(ada), 0)
		if now, _ := bo.Show(post.ID); now.Replies != 0 {
			t.Errorf("the question has %d replies after the deletion", now.Replies)
		}
	})
}

func TestABoostArrivesAndIsTakenBack(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		ada, bo, eve := befriended(t, engine)
		post := eve.Publish("worth passing on") // eve is on ada's server, and nobody on bo's follows her
		servertest.Settle(t, ada.On, bo.On)
		there, ok := bo.FindStatus(post.URI)
		if !ok {
			t.Fatal("bo does not find the post")
		}
		boost := bo.Act(there.ID, "reblog")
		if again := bo.Act(there.ID, "reblog"); again.ID != boost.ID {
			t.Error("a second boost is another one")
		}
		servertest.Settle(t, ada.On, bo.On)
		wantHome(t, ada, post, true)
		wantTold(t, eve, "reblog", abroad(bo), 1)
		if now, _ := eve.Show(post.ID); now.Boosts != 1 {
			t.Errorf("the post has %d boosts", now.Boosts)
		}
		bo.Act(there.ID, "unreblog")
		servertest.Settle(t, ada.On, bo.On)
		wantHome(t, ada, post, false)
		wantTold(t, eve, "reblog", abroad(bo), 0)
		if now, _ := eve.Show(post.ID); now.Boosts != 0 {
			t.Errorf("the post has %d boosts after they were taken back", now.Boosts)
		}
		// A second time: what was taken back may be done again.
		bo.Act(there.ID, "reblog")
		servertest.Settle(t, ada.On, bo.On)
		wantHome(t, ada, post, true)
		eve.Delete(post.ID)
		servertest.Settle(t, ada.On, bo.On)
		wantHome(t, ada, post, false)
		if _, ok := known(bo, post.URI); ok {
			t.Error("the deletion did not reach the server that boosted it")
		}
	})
}

func TestAFavouriteArrivesAndIsTakenBackAndABookmarkStays(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		ada, bo, _ := befriended(t, engine)
		post := bo.Publish("nice")
		servertest.Settle(t, ada.On, bo.On)
		here, _ := known(ada, post.URI)
		for range 2 {
			ada.Act(here.ID, "favourite")
			servertest.Settle(t, ada.On, bo.On)
			wantTold(t, bo, "favourite", abroad(ada), 1)
			if now, _ := bo.Show(post.ID); now.Favourites != 1 {
				t.Errorf("the post has %d favourites", now.Favourites)
			}
			ada.Act(here.ID, "unfavourite")
			servertest.Settle(t, ada.On, bo.On)
			wantTold(t, bo, "favourite", abroad(ada), 0)
			if now, _ := bo.Show(post.ID); now.Favourites != 0 {
				t.Errorf("the post has %d favourites after they were taken back", now.Favourites)
			}
		}
		ada.Act(here.ID, "bookmark")
		if n := count(t, ada.On, `SELECT (SELECT COUNT(*) FROM deliveries) + (SELECT COUNT(*) FROM outbox WHERE class <> 'index')`); n != 0 {
			t.Errorf("%d things are to be done after a bookmark, which concerns nobody", n)
		}
		var list []servertest.Status
		if ada.Get("/api/v1/bookmarks", &list); !has(list, post.URI) {
			t.Error("the bookmark is not in the list")
		}
		ada.Act(here.ID, "unbookmark")
		if ada.Get("/api/v1/bookmarks", &list); has(list, post.URI) {
			t.Error("the bookmark is still in the list")
		}
	})
}

func TestAStrangerIsToldOfAMention(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		here, there := pair(t, engine)
		ada, bo, cy := here.Join("ada"), there.Join("bo"), there.Join("cy")
		post := ada.Publish("hello " + bo.Handle() + ", we never met")
		servertest.Settle(t, here, there)
		wantTold(t, bo, "mention", abroad(ada), 1)
		wantTold(t, cy, "mention", abroad(ada), 0)
		if got, ok := known(bo, post.URI); !ok || !strings.Contains(got.Content, there.URL+"/@bo") {
			t.Errorf("the mention arrived as %q (%v)", got.Content, ok)
		}
	})
}

func TestADirectMessageReachesWhomItMentions(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		here, there := pair(t, engine)
		ada, eve, bo, cy := here.Join("ada"), here.Join("eve"), there.Join("bo"), there.Join("cy")
		cy.Follow(ada)
		bo.Follow(ada) // a stranger's would wait among the requests
		servertest.Settle(t, here, there)
		post := ada.Publish("between us, "+bo.Handle(), "visibility", "direct")
		servertest.Settle(t, here, there)
		wantTold(t, bo, "mention", abroad(ada), 1)
		got, ok := known(bo, post.URI)
		if !ok || got.Visibility != "direct" {
			t.Fatalf("the message arrived as %+v (%v)", got, ok)
		}
		for name, other := range map[string]*servertest.Person{"a follower on the same server": cy, "a visitor": there.Nobody()} {
			if _, ok := other.Show(got.ID); ok {
				t.Errorf("%s reads it", name)
			}
		}
		wantHome(t, cy, post, false)
		if _, ok := eve.Show(post.ID); ok {
			t.Error("a member of the author's server reads it")
		}
		if answer := bo.Do(http.MethodPost, "/api/v1/statuses/"+got.ID+"/reblog", url.Values{}, nil); answer.StatusCode != http.StatusForbidden {
			t.Errorf("a direct message is boosted: %d", answer.StatusCode)
		}
	})
}

func TestWhatIsLocalNeverLeaves(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		here, there := pair(t, engine)
		ada, eve, bo := here.Join("ada"), here.Join("eve"), there.Join("bo")
		ada.Follow(eve)
		bo.Follow(ada)
		bo.Find(eve.Handle())
		servertest.Settle(t, here, there)
		post := ada.Publish("only here, "+bo.Handle(), "local_only", "true")
		reply := ada.Publish("goes on, "+bo.Handle(), "in_reply_to_id", post.ID)
		nothing := func(after string) {
			t.Helper()
			step := func(waiting string) {
				if n := count(t, here, `SELECT COUNT(*) FROM deliveries`); n != 0 {
					t.Errorf("after %s %d deliveries %s", after, n, waiting)
				}
			}
			step("wait at once")
			if err := here.DB().Tx(t.Context(), func(*db.Tx) error { return nil }); err != nil {
				t.Fatal(err)
			}
			servertest.Settle(t, here)
			step("wait in the end")
		}
		nothing("publishing")
		eve.Act(post.ID, "favourite")
		boost := eve.Act(post.ID, "reblog")
		eve.Publish("me too, @ada and "+bo.Handle(), "in_reply_to_id", reply.ID)
		nothing("a favourite, a boost and an answer here")
		wantHome(t, ada, post, true)
		for _, uri := range []string{post.URI, post.URI + "/activity", post.URI + "/replies", post.URI + "/likes", post.URI + "/shares", reply.URI, boost.URI,
			here.URL + "/users/ada/statuses/" + post.ID, here.URL + "/@ada/" + post.ID} {
			if code, body := document(t, here, uri); code != http.StatusNotFound {
				t.Errorf("%s answers %d: %.100s", uri, code, body)
			}
		}
		for _, person := range []*servertest.Person{ada, eve} {
			if _, body := document(t, here, here.URL+"/ap/users/"+person.ID+"/outbox?page=true"); strings.Contains(body, "/statuses/") {
				t.Errorf("the outbox of %s tells of it: %s", person.Name, body)
			}
		}
		if _, ok := bo.FindStatus(post.URI); ok {
			t.Error("a member of another server finds it")
		}
		ada.Delete(post.ID)
		eve.Act(reply.ID, "reblog")
		eve.Act(reply.ID, "unreblog")
		nothing("deletion")
		servertest.Settle(t, here, there)
		if n := count(t, there, `SELECT COUNT(*) FROM statuses`) + count(t, there, `SELECT COUNT(*) FROM tombstones`); n != 0 {
			t.Errorf("the other server knows of %d statuses", n)
		}
		wantTold(t, bo, "mention", abroad(ada), 0)
	})
}

func TestHandlesMayHaveAnotherDomainThanTheServer(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		here := servertest.New(t, engine)
		there := servertest.New(t, engine, func(c *config.Config) { // one server, two names that lead to it
			c.WebDomain = c.Domain
			c.Domain = strings.Replace(c.Domain, "localhost", "127.0.0.1", 1)
		})
		ada, bo := here.Join("ada"), there.Join("bo")
		handle := "bo@" + strings.Replace(there.Domain, "localhost", "127.0.0.1", 1)
		for _, q := range []string{"@" + handle, "@" + bo.Name + "@" + there.Domain, there.URL + "/@bo", there.URL + "/ap/users/" + bo.ID} {
			if got := ada.Find(q); got.Acct != handle || got.URI != there.URL+"/ap/users/"+bo.ID {
				t.Errorf("%s leads to %+v, want %s", q, got, handle)
			}
		}
		account := ada.Find("@" + handle)
		ada.Post("/api/v1/accounts/"+account.ID+"/follow", nil, nil)
		servertest.Settle(t, here, there)
		post := bo.Publish("from a split domain to @ada@" + here.Domain)
		servertest.Settle(t, here, there)
		wantHome(t, ada, post, true)
		wantTold(t, ada, "mention", handle, 1)
		reply := ada.Publish("@"+handle+" and back", "in_reply_to_id", ada.Home()[0].ID)
		servertest.Settle(t, here, there)
		if got, ok := known(bo, reply.URI); !ok || got.InReplyTo != post.ID {
			t.Errorf("the answer arrived as %+v (%v)", got, ok)
		}
		wantTold(t, bo, "mention", abroad(ada), 1)
	})
}

func TestAReplyToWhatIsUnknownFetchesIt(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		here, there := pair(t, engine)
		third := servertest.New(t, engine)
		ada, bo, cy := here.Join("ada"), there.Join("bo"), third.Join("cy")
		ada.Follow(bo)
		servertest.Settle(t, here, there)
		root := cy.Publish("the beginning")
		middle := cy.Publish("more of it", "in_reply_to_id", root.ID)
		thereMiddle, _ := bo.FindStatus(middle.URI)
		reply := bo.Publish("I agree", "in_reply_to_id", thereMiddle.ID)
		servertest.Settle(t, here, there, third)
		got, ok := known(ada, reply.URI)
		if !ok {
			t.Fatal("the reply did not arrive")
		}
		var thread struct{ Ancestors []servertest.Status }
		ada.Get("/api/v1/statuses/"+got.ID+"/context", &thread)
		if len(thread.Ancestors) != 2 || thread.Ancestors[0].URI != root.URI || thread.Ancestors[1].URI != middle.URI {
			t.Errorf("the thread above is %+v, want the two posts it answers", thread.Ancestors)
		}
	})
}

// Most posts of most members of a small place stay among neighbours: nothing is queued for other servers then.
func TestWhatNobodyElsewhereListensToIsNotQueuedForOtherServers(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		here, there := pair(t, engine)
		ada, bo := here.Join("ada"), there.Join("bo")
		here.Join("cy").Follow(ada)
		servertest.Settle(t, here, there)
		queued := func(want int64, says, text string, more ...string) {
			t.Helper()
			ada.Publish(text, more...)
			if n := count(t, here, `SELECT COUNT(*) FROM outbox WHERE todo LIKE '%statuses.deliver%'`); n != want {
				t.Errorf("%s: %d posts are queued, want %d", says, n, want)
			}
			servertest.Settle(t, here, there)
		}
		queued(0, "followed by a neighbour", "hello neighbours")
		queued(1, "naming somebody elsewhere", "hello @"+abroad(bo))
		queued(0, "afterwards", "hello neighbours, again")
		write(t, here, `INSERT INTO relays (id, inbox_url, state, created_at, updated_at) VALUES (1, 'http://relay.example/inbox', 'accepted', 0, 0)`)
		queued(1, "with a relay", "hello everybody")
		write(t, here, `DELETE FROM relays`)
		bo.Follow(ada)
		servertest.Settle(t, here, there)
		queued(1, "followed from elsewhere", "hello bo")
		if page := bo.Home(); !slices.ContainsFunc(page, func(one servertest.Status) bool { return strings.Contains(one.Content, "hello bo") }) {
			t.Errorf("bo reads %+v", page)
		}
		bo.Do(http.MethodPost, "/api/v1/accounts/"+bo.Find(abroad(ada)).ID+"/unfollow", nil, nil)
		servertest.Settle(t, here, there)
		queued(0, "not followed any more", "hello neighbours, once more")
	})
}
