package server_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"anancus/internal/kit/db"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/protocol/activitypub/aptest"
	"anancus/internal/server/servertest"
)

// shownCollections is what a person is shown of an account's collections.
func shownCollections(p *servertest.Person, path string) []collection {
	p.On.T.Helper()
	var list struct{ Collections []collection }
	p.Get(path, &list)
	return list.Collections
}

func collectionAt(t *testing.T, p *servertest.Person, uri string) *collection {
	t.Helper()
	var found struct{ Collections []collection }
	p.Get("/api/v2/search?q="+url.QueryEscape(uri), &found)
	if len(found.Collections) == 0 {
		return nil
	}
	return &found.Collections[0]
}

func TestACollectionFeaturesPeopleElsewhereByTheirLeave(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		here, there := pair(t, engine)
		ada, kim, bo, cy, shut := here.Join("ada"), here.Join("kim"), there.Join("bo"), there.Join("cy"), there.Join("shut")
		for _, p := range []*servertest.Person{kim, bo, shut} {
			found(p)
		}
		shut.Do("PATCH", "/api/v1/accounts/update_credentials", url.Values{"locked": {"true"}}, nil)
		abroadAda := cy.Follow(ada)
		servertest.Settle(t, here, there)
		var approval struct {
			Is struct {
				Current string `json:"current_user"`
			} `json:"feature_approval"`
		}
		remote, locked := ada.Find(bo.Handle()), ada.Find(shut.Handle())
		for who, want := range map[string]string{remote.ID: "automatic", locked.ID: "unknown"} {
			if ada.Get("/api/v1/accounts/"+who, &approval); approval.Is.Current != want {
				t.Errorf("that %s may be featured is %q, want %q", who, approval.Is.Current, want)
			}
		}
		c := makeCollection(t, ada, url.Values{"name": {"Friends"}, "description": {"of mine"}, "language": {"en"}, "tag_name": {"Cats"}, "account_ids[]": {remote.ID}})
		servertest.Settle(t, here, there)
		mine := func() collection { return shownCollections(ada, "/api/v1/accounts/"+ada.ID+"/collections")[0] }
		if got := mine(); got.Count != 1 || got.Items[0].State != "accepted" || got.Items[0].AccountID != remote.ID {
			t.Fatalf("after bo was asked it is %+v", got)
		}

		// Of the other only followers may, so that nobody else asks.
		items := "/api/v1/collections/" + c.ID + "/items"
		ada.Follow(shut)
		for range 2 { // as a request to follow waits, and before
			if code := ada.Do("POST", items, url.Values{"account_id": {locked.ID}}, nil).StatusCode; code != http.StatusForbidden {
				t.Errorf("whoever does not follow shut and features them is answered %d", code)
			}
			servertest.Settle(t, here, there)
		}
		shut.Post("/api/v1/follow_requests/"+shut.Find(ada.Handle()).ID+"/authorize", nil, nil)
		servertest.Settle(t, here, there)
		var followed struct {
			Item struct{ ID string } `json:"collection_item"`
		}
		ada.Post(items, url.Values{"account_id": {locked.ID}}, &followed)
		if code, _ := document(t, here, here.URL+"/ap/users/"+ada.ID+"/collection_items/"+followed.Item.ID); code != http.StatusNotFound {
			t.Errorf("before shut agrees the item answers %d", code)
		}
		servertest.Settle(t, here, there)
		if got := mine(); got.Count != 2 || got.Items[1].State != "accepted" || got.Items[1].AccountID != locked.ID {
			t.Errorf("after a follower asked shut it is %+v", got)
		}
		ada.Do("DELETE", items+"/"+followed.Item.ID, nil, nil)
		servertest.Settle(t, here, there)
		theirs := func() collection {
			t.Helper()
			list := shownCollections(cy, "/api/v1/accounts/"+abroadAda.ID+"/collections")
			if len(list) != 1 {
				t.Fatalf("elsewhere are shown %+v", list)
			}
			return list[0]
		}
		got := theirs()
		if got.Name != "Friends" || got.Description != "<p>of mine</p>" || got.Tag == nil || got.Tag.Name != "Cats" || got.Count != 1 || got.Items[0].AccountID != bo.ID {
			t.Fatalf("elsewhere it is %+v", got)
		}
		if list := shownCollections(bo, "/api/v1/accounts/"+bo.ID+"/in_collections"); len(list) != 1 || list[0].ID != got.ID {
			t.Errorf("bo is told to be in %+v", list)
		}
		wantTold(t, bo, "added_to_collection", abroad(ada), 1)

		// The documents.
		me := here.URL + "/ap/users/" + ada.ID
		reads := func(address, want string, code int) {
			t.Helper()
			if is, body := document(t, here, address); is != code || !strings.Contains(body, want) {
				t.Errorf("%s answers %d %s, want %d with %s", address, is, body, code, want)
			}
		}
		leave := there.URL + "/ap/users/" + bo.ID + "/feature_authorizations/"
		reads(me, `"featuredCollections":"`+me+`/featured_collections"`, 200)
		reads(me, `"canFeature":{"automaticApproval":["`+me+`"]}`, 200)
		reads(me+"/collections/"+c.ID, `"featureAuthorization":"`+leave, 200)
		reads(me+"/collection_items/"+mine().Items[0].ID, `"featureAuthorization":"`+leave, 200)
		reads(me+"/featured_collections", `"totalItems":1,"first":"`+me+`/featured_collections?page=1"`, 200)
		reads(me+"/featured_collections?page=1", `"items":[{"id":"`+me+"/collections/"+c.ID, 200)
		reads(me+"/featured_collections?page=0", "", 404)
		reads(here.URL+"/ap/users/"+kim.ID+"/collections/"+c.ID, "", 404)
		if code, body := document(t, there, leave+got.Items[0].ID); code != 200 || !strings.Contains(body, `"interactingObject":"`+me+"/collections/"+c.ID+`"`) {
			t.Errorf("bo's leave answers %d %s", code, body)
		}

		// Changes reach those who know of it.
		var added struct {
			Item struct{ ID string } `json:"collection_item"`
		}
		ada.Post("/api/v1/collections/"+c.ID+"/items", url.Values{"account_id": {kim.ID}}, &added)
		ada.Do("PATCH", "/api/v1/collections/"+c.ID, url.Values{"name": {"Good friends"}}, nil)
		servertest.Settle(t, here, there)
		if got := theirs(); got.Name != "Good friends" || got.Count != 2 {
			t.Errorf("after a change it is elsewhere %+v", got)
		}
		wantTold(t, bo, "collection_update", abroad(ada), 1)
		ada.Do("DELETE", "/api/v1/collections/"+c.ID+"/items/"+added.Item.ID, nil, nil)
		servertest.Settle(t, here, there)
		if got := theirs(); got.Count != 1 {
			t.Errorf("after kim was taken out it is elsewhere %+v", got)
		}

		// Bo leaves, for good.
		bo.Post("/api/v1/collections/"+got.ID+"/items/"+got.Items[0].ID+"/revoke", nil, nil)
		servertest.Settle(t, here, there)
		if one, other := mine(), theirs(); one.Count != 0 || other.Count != 0 {
			t.Errorf("after bo left it is %+v and %+v", one, other)
		}
		if code, body := document(t, there, leave+got.Items[0].ID); code != 404 {
			t.Errorf("bo's leave still answers %d %s", code, body)
		}
		if code := ada.Do("POST", "/api/v1/collections/"+c.ID+"/items", url.Values{"account_id": {remote.ID}}, nil).StatusCode; code != http.StatusForbidden {
			t.Errorf("putting bo in again is answered %d", code)
		}
		ada.Do("DELETE", "/api/v1/collections/"+c.ID, nil, nil)
		servertest.Settle(t, here, there)
		if list := shownCollections(cy, "/api/v1/accounts/"+abroadAda.ID+"/collections"); len(list) != 0 {
			t.Errorf("what was deleted is elsewhere %+v", list)
		}
	})
}

func TestCollectionsOfWhomNobodyFollowsAreReadWhenSomebodyLooks(t *testing.T) {
	here, there := pair(t, db.SQLite)
	ada, kim, bo := here.Join("ada"), here.Join("kim"), there.Join("bo")
	found(kim)
	for range 7 {
		makeCollection(t, ada, url.Values{"name": {"Friends"}, "account_ids[]": {kim.ID}})
	}
	servertest.Settle(t, here, there)
	away := bo.Find(ada.Handle())
	servertest.Settle(t, here, there)
	path := "/api/v1/accounts/" + away.ID + "/collections"
	if list := shownCollections(bo, path); len(list) != 0 {
		t.Fatalf("before anybody looked there are %+v", list)
	}
	servertest.Settle(t, here, there)
	list := shownCollections(bo, path)
	if len(list) != 7 || list[0].Count != 1 {
		t.Errorf("two pages of collections are shown as %+v", list)
	}
}

// featuring is a collection of the outsider, served at its server.
func (x *outsider) featuring(number string, items ...activitypub.FeaturedItem) activitypub.FeaturedCollection {
	c := activitypub.FeaturedCollection{Context: activitypub.ContextFeatured, ID: x.actor.ID + "/collections/" + number, Type: "FeaturedCollection", Name: "Of " + number,
		AttributedTo: x.actor.ID, Discoverable: true, TotalItems: len(items), Published: "2026-02-03T04:05:06Z", Updated: "2026-02-03T04:05:06Z", Items: items}
	x.host.Serve(strings.TrimPrefix(c.ID, x.host.URL), c)
	return c
}

func (x *outsider) item(collection, number, who, leave string) activitypub.FeaturedItem {
	return activitypub.FeaturedItem{ID: x.actor.ID + "/items/" + collection + "-" + number, Type: "FeaturedItem", Object: who, Authorization: leave, Published: "2026-02-03T04:05:06Z"}
}

func TestNobodyIsFeaturedWithoutLeave(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		here := servertest.New(t, engine)
		ada, shy := here.Join("ada"), here.Join("shy")
		found(ada)
		host, elsewhere := aptest.NewServer(t), aptest.NewServer(t)
		sam, mallory, eve := newOutsider(t, host, "sam", 0), newOutsider(t, host, "mallory", 1), newOutsider(t, elsewhere, "eve", 2)
		sam.actor.FeaturedCollections = sam.actor.ID + "/featured_collections"
		host.Serve(strings.TrimPrefix(sam.actor.ID, host.URL), sam.actor)
		eve.actor.InteractionPolicy = &activitypub.InteractionPolicy{CanFeature: &activitypub.Approval{AutomaticApproval: []string{activitypub.Public}}}
		elsewhere.Serve(strings.TrimPrefix(eve.actor.ID, elsewhere.URL), eve.actor)
		me, hers := here.URL+"/ap/users/"+ada.ID, here.URL+"/ap/users/"+shy.ID

		// Asked, a member's policy answers.
		first := sam.featuring("1")
		answers := func(by *outsider, number, of, instrument, want string) {
			t.Helper()
			before := len(host.Received())
			by.post(here, activitypub.NewFeatureRequest(by.actor.ID+"/feature_requests/"+number, by.actor.ID, of, instrument), http.StatusAccepted)
			got := ""
			for _, one := range host.Received()[before:] {
				got += string(one.Body)
			}
			if want == "" && got != "" || !strings.Contains(got, want) {
				t.Errorf("request %s is answered %s, want %s", number, got, want)
			}
		}
		answers(mallory, "1", me, first.ID, `"type":"Reject"`) // sam's
		answers(sam, "2", hers, first.ID, `"type":"Reject"`)   // who does not want to be found
		answers(sam, "3", me, eve.actor.ID+"/collections/1", "")
		if n := count(t, here, `SELECT COUNT(*) FROM collection_items`); n != 0 {
			t.Fatalf("without leave %d are featured", n)
		}
		answers(sam, "4", me, first.ID, `"type":"Accept"`)
		answers(sam, "4", me, first.ID, `"result":"`+me+"/feature_authorizations/")
		wantTold(t, ada, "added_to_collection", "sam@"+host.Host, 1)
		list := shownCollections(ada, "/api/v1/accounts/"+ada.ID+"/in_collections")
		if len(list) != 1 || list[0].Count != 1 {
			t.Fatalf("ada is in %+v", list)
		}
		leave := me + "/feature_authorizations/" + list[0].Items[0].ID
		if code, _ := document(t, here, leave); code != 200 {
			t.Errorf("ada's leave answers %d", code)
		}
		if code, _ := document(t, here, hers+"/feature_authorizations/"+list[0].Items[0].ID); code != 404 {
			t.Errorf("ada's leave as another's answers %d", code)
		}

		// Told of without having been asked for, nobody is featured: ada by a leave for another collection or from elsewhere, eve by one of
		// another server, or for another collection.
		sam.acceptFollow(ada)
		leaves := eve.actor.ID + "/leave/"
		serve := func(on *aptest.Server, address, collection string) string {
			on.Serve(strings.TrimPrefix(address, on.URL), activitypub.NewFeatureAuthorization(address, eve.actor.ID, collection))
			return address
		}
		second := sam.actor.ID + "/collections/2"
		c := sam.featuring("2", sam.item("2", "1", me, leave), sam.item("2", "2", hers, host.URL+"/leave"),
			sam.item("2", "3", eve.actor.ID, serve(host, host.URL+"/leave", second)), sam.item("2", "4", eve.actor.ID, serve(elsewhere, leaves+"1", first.ID)),
			sam.item("2", "5", eve.actor.ID, ""))
		c.Context = ""
		add := func(by *outsider, kind string, object any, target string) activitypub.Activity {
			return activitypub.NewFeaturedListing(kind, by.actor.ID+"#"+kind+target, by.actor.ID, object, target)
		}
		mallory.post(here, add(mallory, "Add", c, sam.actor.FeaturedCollections), http.StatusAccepted)
		if collectionAt(t, ada, second) != nil {
			t.Error("another put a collection on sam's profile")
		}
		sam.post(here, add(sam, "Add", c, sam.actor.FeaturedCollections), http.StatusAccepted)
		wantCount := func(want int) {
			t.Helper()
			if got := collectionAt(t, ada, second); got == nil || got.Count != want || got.Name != "Of 2" {
				t.Errorf("the collection is %+v, want %d in it", got, want)
			}
		}
		wantCount(0)
		good := sam.item("2", "6", eve.actor.ID, serve(elsewhere, leaves+"2", second))
		mallory.post(here, add(mallory, "Add", good, second), http.StatusAccepted)
		wantCount(0)
		sam.post(here, add(sam, "Add", good, second), http.StatusAccepted)
		wantCount(1)

		// Nobody else changes it, takes out who is in it, or deletes it.
		forged := c
		forged.Name, forged.AttributedTo, forged.Updated = "Mallory's", mallory.actor.ID, "2026-03-03T04:05:06Z"
		mallory.post(here, activitypub.NewUpdateFeatured(mallory.actor.ID+"#updates/1", forged), http.StatusAccepted)
		mallory.post(here, add(mallory, "Remove", good.ID, second), http.StatusAccepted)
		mallory.post(here, add(mallory, "Remove", second, sam.actor.FeaturedCollections), http.StatusAccepted)
		mallory.post(here, activitypub.NewDelete(second+"#delete", mallory.actor.ID, second), http.StatusAccepted)
		end := activitypub.NewDeleteFeatureAuthorization(*activitypub.NewFeatureAuthorization(good.Authorization, eve.actor.ID, second))
		forgedEnd := end
		forgedEnd.ID, forgedEnd.Actor = mallory.actor.ID+"#delete", mallory.actor.ID
		mallory.post(here, forgedEnd, http.StatusAccepted)
		wantCount(1)
		eve.post(here, end, http.StatusAccepted)
		wantCount(0)
		sam.post(here, add(sam, "Add", good, second), http.StatusAccepted) // by the leave that was taken back
		wantCount(0)
		sam.post(here, activitypub.NewDelete(second+"#delete", sam.actor.ID, second), http.StatusAccepted)
		if got := shownCollections(ada, "/api/v1/accounts/"+ada.Find("@sam@"+host.Host).ID+"/collections"); len(got) != 1 {
			t.Errorf("after sam deleted one there are %+v", got)
		}

		// What a member asked is answered by whom it was asked, and the document is looked at.
		mine := makeCollection(t, ada, url.Values{"name": {"Mine"}, "account_ids[]": {ada.Find("@eve@" + elsewhere.Host).ID}})
		servertest.Settle(t, here)
		uri, request := me+"/collections/"+mine.ID, me+"/feature_requests/"+mine.Items[0].ID
		asked := 0
		for _, one := range elsewhere.Received() {
			if strings.Contains(string(one.Body), `"type":"FeatureRequest"`) && strings.Contains(string(one.Body), request) {
				asked++
			}
		}
		if asked != 1 {
			t.Errorf("eve was asked %d times", asked)
		}
		answer := func(by *outsider, kind, result string) {
			t.Helper()
			by.post(here, activitypub.Activity{Context: activitypub.ContextPlain, ID: by.actor.ID + "#" + kind + result, Type: kind, Actor: by.actor.ID, Object: request, Result: result}, http.StatusAccepted)
		}
		state := func(want string) {
			t.Helper()
			if n := count(t, here, `SELECT COUNT(*) FROM collection_items WHERE id = $1 AND state = $2`, number(t, mine.Items[0].ID), want); n != 1 {
				t.Errorf("eve is not %s", want)
			}
		}
		answer(mallory, "Accept", serve(host, host.URL+"/leave9", uri))
		answer(mallory, "Reject", "")
		answer(eve, "Accept", host.URL+"/leave9")                    // not hers to write
		answer(eve, "Accept", elsewhere.URL+"/nothing")              // not there
		answer(eve, "Accept", serve(elsewhere, leaves+"8", uri+"0")) // for another
		state("pending")
		answer(eve, "Accept", serve(elsewhere, leaves+"9", uri))
		state("accepted")
		answer(eve, "Reject", "")
		state("revoked")

		// A report of a collection names it to its server.
		ada.Post("/api/v1/reports", url.Values{"account_id": {ada.Find("@sam@" + host.Host).ID}, "collection_ids[]": {list[0].ID}, "forward": {"true"}}, nil)
		servertest.Settle(t, here)
		flagged := false
		for _, one := range host.Received() {
			flagged = flagged || strings.Contains(string(one.Body), `"type":"Flag"`) && strings.Contains(string(one.Body), `["`+sam.actor.ID+`","`+first.ID+`"]`)
		}
		if !flagged {
			t.Error("sam's server is not told which collection was reported")
		}
		sam.post(here, activitypub.NewFlag(host.URL+"/flags/1", sam.actor.ID, "odd", []string{uri, hers + "/collections/" + mine.ID}), http.StatusAccepted)
		if n := count(t, here, `SELECT COUNT(*) FROM reports WHERE target_id = $1 AND collection_ids = $2`, number(t, ada.ID), "["+mine.ID+"]"); n != 1 {
			t.Error("a report of ada's collection does not name it")
		}

		// A block ends what was let, of a whole server too.
		found(shy)
		answers(sam, "8", hers, first.ID, `"type":"Accept"`)
		let := hers + "/feature_authorizations/" + shownCollections(shy, "/api/v1/accounts/"+shy.ID+"/in_collections")[0].Items[1].ID
		if code, _ := document(t, here, let); code != 200 {
			t.Errorf("shy's leave answers %d", code)
		}
		shy.Post("/api/v1/domain_blocks", url.Values{"domain": {host.Host}}, nil)
		servertest.Settle(t, here)
		if code, _ := document(t, here, let); code != 404 {
			t.Errorf("after the block of a server shy's leave answers %d", code)
		}
		ada.Post("/api/v1/accounts/"+ada.Find("@sam@"+host.Host).ID+"/block", nil, nil)
		servertest.Settle(t, here)
		if code, _ := document(t, here, leave); code != 404 {
			t.Errorf("after the block ada's leave answers %d", code)
		}
		answers(sam, "9", me, first.ID, `"type":"Reject"`)
	})
}
