package server_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"anancus/internal/kit/db"
	"anancus/internal/server/servertest"
)

// textsIn tells what a page of statuses says, newest first.
func textsIn(list []servertest.Status) string {
	var all []string
	for _, one := range list {
		text := one.Content
		if one.Reblog != nil {
			text = "boost of " + one.Reblog.Content
		}
		for _, tag := range []string{"<p>", "</p>"} {
			text = strings.ReplaceAll(text, tag, "")
		}
		all = append(all, text)
	}
	return strings.Join(all, ", ")
}

func wantFeed(t *testing.T, p *servertest.Person, path, want string) {
	t.Helper()
	for range 2 { // built, and from memory
		var list []servertest.Status
		p.Get(path, &list)
		if got := textsIn(list); got != want {
			t.Errorf("%s is for %s %q, want %q", path, p.Name, got, want)
		}
	}
}

func TestAListTimelineShowsItsMembersAndFollowsEveryChange(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada, bo, cy, eve := s.Join("ada"), s.Join("bo"), s.Join("cy"), s.Join("eve")
		ada.Follow(bo)
		ada.Follow(cy)
		list := makeList(t, ada, url.Values{"title": {"Friends"}})
		feed, members := "/api/v1/timelines/list/"+list.ID, "/api/v1/lists/"+list.ID+"/accounts"
		const home = "/api/v1/timelines/home"
		first := bo.Publish("one")
		cy.Publish("two")
		wantFeed(t, ada, feed, "")
		ada.Post(members, url.Values{"account_ids[]": {bo.ID}}, nil)
		wantFeed(t, ada, feed, "one")
		bo.Publish("three")
		wantFeed(t, ada, feed, "three, one")
		wantFeed(t, ada, feed+"?limit=1", "three")
		wantFeed(t, ada, feed+"?max_id="+first.ID, "")
		wantFeed(t, ada, feed+"?min_id="+first.ID, "three")
		wantFeed(t, ada, home, "three, two, one")
		var page []servertest.Status
		answer := ada.Do(http.MethodGet, feed+"?limit=1", nil, &page)
		if next, prev := linkPair(answer.Header.Get("Link")); !strings.Contains(next, "max_id="+page[0].ID) || !strings.Contains(prev, "min_id="+page[0].ID) {
			t.Errorf("the links are %s and %s", next, prev)
		}

		putForm(t, ada, http.MethodPut, "/api/v1/lists/"+list.ID, url.Values{"exclusive": {"true"}}, nil)
		wantFeed(t, ada, home, "two")
		wantFeed(t, ada, feed, "three, one")
		bo.Publish("four")
		wantFeed(t, ada, home, "two")
		wantFeed(t, ada, feed, "four, three, one")
		putForm(t, ada, http.MethodPut, "/api/v1/lists/"+list.ID, url.Values{"exclusive": {"false"}}, nil)
		wantFeed(t, ada, home, "four, three, two, one")

		ada.Post("/api/v1/accounts/"+bo.ID+"/mute", nil, nil)
		wantFeed(t, ada, feed, "")
		ada.Post("/api/v1/accounts/"+bo.ID+"/unmute", nil, nil)
		wantFeed(t, ada, feed, "four, three, one")
		bo.Delete(first.ID)
		wantFeed(t, ada, feed, "four, three")
		ada.Post("/api/v1/accounts/"+bo.ID+"/unfollow", nil, nil)
		wantFeed(t, ada, feed, "")
		servertest.Settle(t, s)

		// A pending follow shows nothing until it is accepted.
		lock(eve)
		eve.Publish("for followers", "visibility", "private")
		eve.Publish("for all")
		ada.Follow(eve)
		ada.Post(members, url.Values{"account_ids[]": {eve.ID}}, nil)
		wantFeed(t, ada, feed, "")
		eve.Post("/api/v1/follow_requests/"+ada.ID+"/authorize", nil, nil)
		wantFeed(t, ada, feed, "for all, for followers")

		for _, path := range []string{feed, "/api/v1/timelines/list/112233445566778899", "/api/v1/timelines/list/0", "/api/v1/timelines/list/x"} {
			saysNo(t, bo, http.MethodGet, path, nil, 404, "Record not found")
		}
		putForm(t, ada, http.MethodDelete, "/api/v1/lists/"+list.ID, nil, nil)
		saysNo(t, ada, http.MethodGet, feed, nil, 404, "Record not found")
		saysNo(t, s.Nobody(), http.MethodGet, feed, nil, 401, "The access token is invalid")
	})
}

func TestAHomeFeedTakesFollowedHashtagsAndWantedLanguages(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		here, there := pair(t, engine)
		ada, bo, cy, far := here.Join("ada"), here.Join("bo"), here.Join("cy"), there.Join("far")
		const home = "/api/v1/timelines/home"
		show := func(want ...string) {
			t.Helper()
			for range 2 {
				var list []servertest.Status
				ada.Get(home, &list)
				var got []string
				for _, one := range list {
					got = append(got, strings.SplitN(strings.TrimPrefix(one.Content, "<p>"), " ", 2)[0])
				}
				if strings.Join(got, " ") != strings.Join(want, " ") {
					t.Errorf("home is %v, want %v", got, want)
				}
			}
		}
		cy.Follow(far)
		servertest.Settle(t, here, there)
		far.Publish("far #cats")
		servertest.Settle(t, here, there)
		first := bo.Publish("first #cats")
		bo.Publish("hidden #cats", "visibility", "unlisted")
		show()
		ada.Post("/api/v1/tags/Cats/follow", nil, nil)
		show("first", "far")
		cy.Publish("second #CATS", "in_reply_to_id", first.ID)
		show("second", "first", "far")
		bo.Act(first.ID, "reblog")
		show("second", "first", "far")
		bo.Delete(first.ID)
		show("second", "far")
		ada.Post("/api/v1/accounts/"+cy.ID+"/mute", nil, nil)
		show("far")
		ada.Post("/api/v1/accounts/"+cy.ID+"/unmute", nil, nil)
		show("second", "far")
		ada.Post("/api/v1/domain_blocks", url.Values{"domain": {there.Domain}}, nil)
		show("second")
		ada.Post("/api/v1/tags/cats/unfollow", nil, nil)
		show()

		ada.Post("/api/v1/accounts/"+bo.ID+"/follow", url.Values{"languages[]": {"de"}}, nil)
		bo.Publish("deutsch ist das", "language", "de")
		bo.Publish("english it is", "language", "en")
		show("deutsch", "hidden")
		ada.Post("/api/v1/accounts/"+bo.ID+"/follow", url.Values{"languages[]": {"de", "en"}}, nil)
		show("english", "deutsch", "hidden")
	})
}
