package server_test

import (
	"net/http"
	"net/url"
	"testing"

	"anancus/internal/kit/db"
	"anancus/internal/server/servertest"
)

func TestPeopleAreFoundByHandleAndByAddress(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		here, there := pair(t, engine)
		ada, bo := here.Join("ada"), there.Join("Bo_Ek") // a handle keeps its capitals and is found without them
		want := ada.Find(bo.Handle())
		if want.Acct != "Bo_Ek@"+there.Domain {
			t.Errorf("the handle is shown as %s", want.Acct)
		}
		for _, q := range []string{"@bo_ek@" + there.Domain, "BO_EK@" + there.Domain, there.URL + "/@Bo_Ek", there.URL + "/@bo_ek", there.URL + "/users/Bo_Ek",
			there.URL + "/ap/users/" + bo.ID} {
			if got := ada.Find(q); got.ID != want.ID || got.Acct != want.Acct {
				t.Errorf("%s leads to %v, want the same account %v", q, got, want)
			}
		}
		if n := count(t, here, `SELECT COUNT(*) FROM accounts WHERE username = 'Bo_Ek'`); n != 1 {
			t.Errorf("the server keeps %d accounts for one person", n)
		}
		post := bo.Publish("Morning from @ada@" + here.Domain + "'s neighbour")
		for _, q := range []string{post.URI, there.URL + "/@Bo_Ek/" + post.ID, there.URL + "/@bo_ek/" + post.ID, there.URL + "/users/Bo_Ek/statuses/" + post.ID} {
			if got, ok := ada.FindStatus(q); !ok || got.URI != post.URI || got.Account.ID != want.ID {
				t.Errorf("%s leads to %v (%v), want %s", q, got, ok, post.URI)
			}
		}
	})
}

func TestAFollowBringsWhatFollowsAndAnUnfollowEndsIt(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		here, there := pair(t, engine)
		ada, bo := here.Join("ada"), there.Join("bo")
		account := ada.Follow(bo)
		if r := ada.Towards(account.ID); r.Following || !r.Requested {
			t.Errorf("before the answer the follow is %+v, want only asked for", r)
		}
		servertest.Settle(t, here, there)
		if r := ada.Towards(account.ID); !r.Following || r.Requested {
			t.Errorf("after the answer the follow is %+v", r)
		}
		wantTold(t, bo, "follow", abroad(ada), 1)
		first := bo.Publish("first")
		servertest.Settle(t, here, there)
		wantHome(t, ada, first, true)

		ada.Post("/api/v1/accounts/"+account.ID+"/unfollow", nil, nil)
		servertest.Settle(t, here, there)
		wantTold(t, bo, "follow", abroad(ada), 0)
		if r := bo.Towards(bo.Find(ada.Handle()).ID); r.FollowedBy {
			t.Error("the unfollow did not arrive")
		}
		second := bo.Publish("second")
		servertest.Settle(t, here, there)
		wantHome(t, ada, first, false)
		wantHome(t, ada, second, false)
		if _, ok := known(ada, second.URI); ok {
			t.Error("a status was sent to a server where nobody follows its author")
		}
	})
}

func TestALockedAccountDecidesWhoFollows(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		here, there := pair(t, engine)
		ada, eve, bo := here.Join("ada"), here.Join("eve"), there.Join("bo")
		lock(bo)
		account := ada.Follow(bo)
		eve.Follow(bo)
		servertest.Settle(t, here, there)
		wantTold(t, bo, "follow_request", abroad(ada), 1)
		wantTold(t, bo, "follow_request", abroad(eve), 1)
		secret := bo.Publish("to followers", "visibility", "private")
		servertest.Settle(t, here, there)
		if _, ok := known(ada, secret.URI); ok {
			t.Error("a request is treated as a follow")
		}

		var requests []servertest.Account
		bo.Get("/api/v1/follow_requests", &requests)
		if len(requests) != 2 {
			t.Fatalf("%d requests are shown, want 2", len(requests))
		}
		for _, one := range requests {
			answer := "reject"
			if one.Acct == abroad(ada) {
				answer = "authorize"
			}
			bo.Post("/api/v1/follow_requests/"+one.ID+"/"+answer, nil, nil)
		}
		servertest.Settle(t, here, there)
		if r := ada.Towards(account.ID); !r.Following {
			t.Errorf("who was let in is %+v", r)
		}
		if r := eve.Towards(account.ID); r.Following || r.Requested {
			t.Errorf("who was turned away is %+v", r)
		}
		now := bo.Publish("to followers now", "visibility", "private")
		servertest.Settle(t, here, there)
		wantHome(t, ada, now, true)
		wantHome(t, eve, now, false)
		if _, ok := known(eve, now.URI); ok {
			t.Error("who was turned away reads what is for followers")
		}
		if _, ok := known(here.Nobody(), now.URI); ok {
			t.Error("visitors read what is for followers")
		}
	})
}

func TestUnlockingAnAccountLetsInWhoWaits(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		here, there := pair(t, engine)
		ada, cy, bo := here.Join("ada"), there.Join("cy"), there.Join("bo")
		lock(bo)
		account := ada.Follow(bo)
		cy.Follow(bo)
		servertest.Settle(t, here, there)
		wantTold(t, bo, "follow_request", abroad(ada), 1)
		wantTold(t, bo, "follow_request", "cy", 1)
		if answer := bo.Do(http.MethodPatch, "/api/v1/accounts/update_credentials", url.Values{"note": {"still locked"}}, nil); answer.StatusCode != http.StatusOK {
			t.Fatalf("answered %d", answer.StatusCode)
		}
		servertest.Settle(t, here, there)
		if r := ada.Towards(account.ID); r.Following {
			t.Error("a change of something else let somebody in")
		}
		bo.Do(http.MethodPatch, "/api/v1/profile", url.Values{"locked": {"false"}}, nil)
		servertest.Settle(t, here, there)
		if r := ada.Towards(account.ID); !r.Following || r.Requested {
			t.Errorf("who waited elsewhere is %+v", r)
		}
		if r := cy.Towards(bo.ID); !r.Following || r.Requested {
			t.Errorf("who waited here is %+v", r)
		}
		// As Mastodon: what asked for an answer is gone, and nobody is told of each.
		for _, kind := range []string{"follow_request", "follow"} {
			wantTold(t, bo, kind, abroad(ada), 0)
			wantTold(t, bo, kind, "cy", 0)
		}
		now := bo.Publish("to followers now", "visibility", "private")
		servertest.Settle(t, here, there)
		wantHome(t, ada, now, true)
		wantHome(t, cy, now, true)
	})
}

func lock(p *servertest.Person) {
	p.On.T.Helper()
	answer := p.Do(http.MethodPatch, "/api/v1/accounts/update_credentials", url.Values{"locked": {"true"}}, nil)
	if answer.StatusCode != http.StatusOK {
		p.On.T.Fatalf("the account could not be locked: %d", answer.StatusCode)
	}
}

func TestARemovedFollowerNoLongerFollows(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		here, there := pair(t, engine)
		ada, bo := here.Join("ada"), there.Join("bo")
		account := ada.Follow(bo)
		servertest.Settle(t, here, there)
		bo.Post("/api/v1/accounts/"+bo.Find(ada.Handle()).ID+"/remove_from_followers", nil, nil)
		servertest.Settle(t, here, there)
		if r := ada.Towards(account.ID); r.Following || r.Requested {
			t.Errorf("the removed follower is %+v", r)
		}
		after := bo.Publish("for followers", "visibility", "private")
		servertest.Settle(t, here, there)
		if _, ok := known(ada, after.URI); ok {
			t.Error("a removed follower still gets what is for followers")
		}
	})
}

func TestABlockEndsFollowsBothWaysAndHides(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		here, there := pair(t, engine)
		ada, bo := here.Join("ada"), there.Join("bo")
		boHere, adaThere := ada.Follow(bo), bo.Follow(ada)
		servertest.Settle(t, here, there)
		before := bo.Publish("before")
		servertest.Settle(t, here, there)
		wantHome(t, ada, before, true)

		bo.Post("/api/v1/accounts/"+adaThere.ID+"/block", nil, nil)
		servertest.Settle(t, here, there)
		if r := ada.Towards(boHere.ID); r.Following || r.FollowedBy || !r.BlockedBy {
			t.Errorf("the blocked is %+v towards the blocker", r)
		}
		if r := bo.Towards(adaThere.ID); r.Following || r.FollowedBy || !r.Blocking {
			t.Errorf("the blocker is %+v towards the blocked", r)
		}
		wantHome(t, ada, before, false)
		if _, ok := known(ada, before.URI); ok {
			t.Error("the blocked still reads the blocker")
		}
		var list []servertest.Status
		ada.Get("/api/v1/accounts/"+boHere.ID+"/statuses", &list)
		if len(list) > 0 {
			t.Error("the blocked still reads the blocker's profile")
		}
		if answer := ada.Do(http.MethodPost, "/api/v1/accounts/"+boHere.ID+"/follow", url.Values{}, nil); answer.StatusCode != http.StatusForbidden {
			t.Errorf("the blocked may ask to follow: %d", answer.StatusCode)
		}
		ada.Publish("hello " + bo.Handle())
		servertest.Settle(t, here, there)
		wantTold(t, bo, "mention", abroad(ada), 0)

		bo.Post("/api/v1/accounts/"+adaThere.ID+"/unblock", nil, nil)
		servertest.Settle(t, here, there)
		if r := ada.Towards(boHere.ID); r.BlockedBy {
			t.Error("the end of the block did not arrive")
		}
		if _, ok := known(ada, before.URI); !ok {
			t.Error("the end of the block brought nothing back")
		}
	})
}

func TestAProfileThatChangesArrives(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		here, there := pair(t, engine)
		ada, bo := here.Join("ada"), there.Join("bo")
		account := ada.Follow(bo)
		servertest.Settle(t, here, there)
		bo.Do(http.MethodPatch, "/api/v1/accounts/update_credentials", url.Values{"display_name": {"Bo the Baker"}, "note": {"Bread, <b>mostly</b>"}}, nil)
		servertest.Settle(t, here, there)
		var shown struct {
			DisplayName string `json:"display_name"`
			Note        string
		}
		ada.Get("/api/v1/accounts/"+account.ID, &shown)
		if shown.DisplayName != "Bo the Baker" || shown.Note != "<p>Bread, &lt;b&gt;mostly&lt;/b&gt;</p>" {
			t.Errorf("the profile elsewhere is %+v", shown)
		}
	})
}

func TestWhoIsBlockedIsShutOutOnTheirOwnServerToo(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		here := servertest.New(t, engine)
		ada, bo, cy := here.Join("ada"), here.Join("bo"), here.Join("cy")
		bo.Follow(ada)
		cy.Follow(ada)
		ada.Follow(cy)
		servertest.Settle(t, here)
		post := ada.Publish("hello")
		hushed := cy.Publish("for my followers", "visibility", "private")
		boost := cy.Act(hushed.ID, "reblog")
		servertest.Settle(t, here)
		wantHome(t, bo, post, true)
		ada.Post("/api/v1/accounts/"+bo.ID+"/block", nil, nil)
		servertest.Settle(t, here)

		again := &servertest.Person{On: here, Name: "bo", ID: bo.ID, Token: here.TokenFor("bo", "read write")} // another app of theirs
		for _, blocked := range []*servertest.Person{bo, again} {
			wantHome(t, blocked, post, false)
			for _, list := range []string{"followers", "following", "statuses"} {
				var shown []servertest.Account
				if blocked.Get("/api/v1/accounts/"+ada.ID+"/"+list, &shown); len(shown) > 0 {
					t.Errorf("the blocked is shown %s: %+v", list, shown)
				}
			}
			if r := blocked.Towards(ada.ID); r.Following || !r.BlockedBy {
				t.Errorf("the blocked is %+v", r)
			}
			for _, what := range []string{"/api/v1/accounts/" + ada.ID + "/follow", "/api/v1/statuses/" + post.ID + "/favourite", "/api/v1/statuses/" + post.ID + "/reblog"} {
				if answer := blocked.Do(http.MethodPost, what, url.Values{}, nil); answer.StatusCode != http.StatusForbidden && answer.StatusCode != http.StatusNotFound {
					t.Errorf("the blocked may %s: %d", what, answer.StatusCode)
				}
			}
		}
		if answer := bo.Do(http.MethodPost, "/api/v1/statuses", url.Values{"status": {"@ada hear me"}, "in_reply_to_id": {post.ID}}, nil); answer.StatusCode != http.StatusNotFound {
			t.Errorf("the blocked may answer: %d", answer.StatusCode)
		}
		bo.Publish("@ada hear me anyway")
		servertest.Settle(t, here)
		wantTold(t, ada, "mention", "bo", 0)
		wantTold(t, ada, "follow", "bo", 0)

		// Nor does anybody learn of a boost that is not for them by taking it back.
		if answer := bo.Do(http.MethodPost, "/api/v1/statuses/"+boost.ID+"/unreblog", url.Values{}, nil); answer.StatusCode != http.StatusNotFound {
			t.Errorf("a boost to followers is told of to others: %d", answer.StatusCode)
		}
	})
}
