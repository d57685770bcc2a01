package server_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"anancus/internal/kit/db"
	"anancus/internal/server/servertest"
)

func TestWhoLikedOrBoostedAStatusIsToldWithoutThoseWhomTheViewerDoesNotMeet(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada, author := s.Join("ada"), s.Join("author")
		friend, muted, blocked, blocker := s.Join("friend"), s.Join("muted"), s.Join("blocked"), s.Join("blocker")
		post := author.Publish("For everybody")
		for _, one := range []*servertest.Person{friend, muted, blocked, blocker} {
			for _, verb := range []string{"favourite", "reblog"} {
				one.Post("/api/v1/statuses/"+post.ID+"/"+verb, nil, nil)
			}
		}
		ada.Post("/api/v1/accounts/"+muted.ID+"/mute", nil, nil)
		ada.Post("/api/v1/accounts/"+blocked.ID+"/block", nil, nil)
		blocker.Post("/api/v1/accounts/"+ada.ID+"/block", nil, nil)
		for _, list := range []string{"favourited_by", "reblogged_by"} {
			var met, all []servertest.Account
			ada.Get("/api/v1/statuses/"+post.ID+"/"+list, &met)
			if len(met) != 1 || met[0].ID != friend.ID {
				t.Errorf("%s tells the viewer of %+v", list, met)
			}
			s.Nobody().Get("/api/v1/statuses/"+post.ID+"/"+list, &all)
			if len(all) != 4 {
				t.Errorf("%s tells nobody in particular of %d", list, len(all))
			}
		}
	})
}

func TestAProfileThatIsReadToItsEndOffersNoNextPage(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada := s.Join("ada")
		ada.Publish("one")
		ada.Publish("two")
		for query, next := range map[string]bool{"limit=1": true, "limit=2": true, "limit=3": false} {
			link := ada.Do(http.MethodGet, "/api/v1/accounts/"+ada.ID+"/statuses?"+query, nil, nil).Header.Get("Link")
			if strings.Contains(link, `rel="next"`) != next || !strings.Contains(link, "min_id=") {
				t.Errorf("%s links to %q", query, link)
			}
		}
	})
}

func TestAmongFollowedAccountsTheVeryHandleComesFirst(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada, bo, stranger := s.Join("ada"), s.Join("bo"), s.Join("cy")
		ada.Follow(bo)
		servertest.Settle(t, s)
		for query, want := range map[string]string{"q=@bo": bo.ID, "q=bo@" + strings.Split(s.URL, "://")[1]: bo.ID, "q=@cy": ""} {
			var found []servertest.Account
			ada.Get("/api/v1/accounts/search?following=true&"+query, &found)
			if want == "" && len(found) != 0 || want != "" && (len(found) != 1 || found[0].ID != want) {
				t.Errorf("%s finds %+v", query, found)
			}
		}
		var found []servertest.Account
		ada.Get("/api/v1/accounts/search?q=@cy", &found)
		if len(found) != 1 || found[0].ID != stranger.ID {
			t.Errorf("among all it finds %+v", found)
		}
	})
}

func TestTheAddressOfACollectionFindsIt(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada, bo, foe := s.Join("ada"), s.Join("bo"), s.Join("foe")
		var made struct {
			Collection struct{ ID, URI string }
		}
		ada.Post("/api/v1/collections", url.Values{"name": {"Friends"}}, &made)
		ada.Post("/api/v1/accounts/"+foe.ID+"/block", nil, nil)
		c := made.Collection
		page := c.URI[:strings.Index(c.URI, "/ap/")] + "/collections/" + c.ID
		type answer struct{ Collections []struct{ ID string } }
		for _, test := range []struct {
			who  *servertest.Person
			ask  string
			want int
		}{
			{bo, "q=" + c.URI, 1}, {bo, "resolve=true&q=" + page, 1}, {bo, "type=accounts&q=" + page, 0}, {foe, "q=" + c.URI, 0},
			{bo, "q=" + page + "0", 0}, {bo, "q=" + strings.Replace(c.URI, "/"+ada.ID+"/", "/"+bo.ID+"/", 1), 0},
		} {
			var found answer
			test.who.Get("/api/v2/search?"+test.ask, &found)
			if len(found.Collections) != test.want || test.want == 1 && found.Collections[0].ID != c.ID {
				t.Errorf("%s finds %+v", test.ask, found)
			}
		}
	})
}

func TestWhatAMemberWritesToFewIsInTheirOwnHomeFeedAlone(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada, bo := s.Join("ada"), s.Join("bo")
		bo.Follow(ada)
		servertest.Settle(t, s)
		home := func(who *servertest.Person) (ids []string) {
			var rows []servertest.Status
			who.Get("/api/v1/timelines/home", &rows)
			for _, row := range rows {
				ids = append(ids, row.ID)
			}
			return ids
		}
		var posts [2]servertest.Status
		for i := range posts { // the first is read from the database, the second comes into the open feed
			ada.Post("/api/v1/statuses", url.Values{"status": {"@bo hello"}, "visibility": {"direct"}}, &posts[i])
			servertest.Settle(t, s)
			if got := home(ada); len(got) != i+1 || !slices.Contains(got, posts[i].ID) {
				t.Errorf("their own is %v", got)
			}
			if got := home(bo); len(got) != 0 {
				t.Errorf("the other's is %v", got)
			}
		}
	})
}

func TestOnlyWhatNobodyInParticularAsksForMayBeKeptByAnybody(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada := s.Join("ada")
		post := ada.Publish("hello")
		for _, path := range []string{"/api/v1/statuses/" + post.ID, "/api/v1/accounts/" + ada.ID, "/api/v1/timelines/public", "/api/v1/trends/tags"} {
			open, own := s.Nobody().Do(http.MethodGet, path, nil, nil), ada.Do(http.MethodGet, path, nil, nil)
			if open.Header.Get("Cache-Control") != "max-age=15, public, stale-while-revalidate=30" || !strings.Contains(strings.Join(open.Header.Values("Vary"), ","), "Authorization") {
				t.Errorf("%s may be kept by %q, by %q", path, open.Header.Get("Cache-Control"), open.Header.Values("Vary"))
			}
			if own.Header.Get("Cache-Control") != "private, no-store" {
				t.Errorf("%s for a member may be kept by %q", path, own.Header.Get("Cache-Control"))
			}
		}
		if missing := s.Nobody().Do(http.MethodGet, "/api/v1/statuses/1", nil, nil); strings.Contains(missing.Header.Get("Cache-Control"), "public") {
			t.Errorf("an error may be kept by %q", missing.Header.Get("Cache-Control"))
		}
	})
}
