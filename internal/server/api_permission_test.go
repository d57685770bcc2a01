package server_test

import (
	"net/http"
	"net/url"
	"testing"

	"anancus/internal/kit/db"
	"anancus/internal/server/servertest"
)

func TestWhoBlocksAnAuthorDoesNothingWithTheirStatuses(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada, bo := s.Join("ada"), s.Join("bo")
		post, earlier := bo.Publish("hello"), bo.Publish("earlier")
		for _, what := range []string{"favourite", "reblog", "bookmark"} {
			ada.Act(earlier.ID, what)
		}
		ada.Post("/api/v1/accounts/"+bo.ID+"/block", nil, nil)
		for _, what := range []string{"favourite", "reblog", "bookmark"} {
			saysNo(t, ada, http.MethodPost, "/api/v1/statuses/"+post.ID+"/"+what, url.Values{}, 403, "This action is not allowed")
			ada.Act(earlier.ID, "un"+what) // what was done before is taken back all the same
		}
		if now, ok := ada.Show(post.ID); !ok || now.Favourites+now.Boosts != 0 {
			t.Errorf("the status is %+v (%v)", now, ok)
		}
		ada.Post("/api/v1/accounts/"+bo.ID+"/unblock", nil, nil)
		ada.Act(post.ID, "favourite")
	})
}

func TestABoostIsForWhomItsAuthorWritesByDefault(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada, bo := s.Join("ada"), s.Join("bo")
		for _, test := range []struct{ byDefault, original, wish, want string }{
			{"public", "public", "", "public"}, {"unlisted", "public", "", "unlisted"}, {"private", "public", "", "private"}, {"private", "unlisted", "public", "public"},
			{"public", "unlisted", "", "public"},
		} {
			ada.Do(http.MethodPatch, "/api/v1/accounts/update_credentials", url.Values{"source[privacy]": {test.byDefault}}, nil)
			post := bo.Publish("hello", "visibility", test.original)
			form := url.Values{}
			if test.wish != "" {
				form.Set("visibility", test.wish)
			}
			var boost servertest.Status
			if ada.Post("/api/v1/statuses/"+post.ID+"/reblog", form, &boost); boost.Visibility != test.want || boost.Reblog == nil || boost.Reblog.ID != post.ID {
				t.Errorf("%+v: the boost is %+v", test, boost)
			}
		}
		mine := ada.Publish("for followers", "visibility", "private")
		ada.Do(http.MethodPatch, "/api/v1/accounts/update_credentials", url.Values{"source[privacy]": {"public"}}, nil)
		if boost := ada.Act(mine.ID, "reblog"); boost.Visibility != "private" {
			t.Errorf("the boost of a private status is %s", boost.Visibility)
		}
	})
}

func TestThreadsShowLimitedPeopleToTheirFollowersAlone(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada, bo, cy, eve := s.Join("ada"), s.Join("bo"), s.Join("cy"), s.Join("eve")
		cy.Post("/api/v1/accounts/"+eve.ID+"/follow", nil, nil)
		root := bo.Publish("hello")
		loud := eve.Publish("@bo well", "in_reply_to_id", root.ID)
		end := ada.Publish("@eve indeed", "in_reply_to_id", loud.ID)
		write(t, s, `UPDATE accounts SET limited_at = 1 WHERE id = $1`, number(t, eve.ID))
		for name, test := range map[string]struct {
			who  *servertest.Person
			sees bool
		}{"a visitor": {s.Nobody(), false}, "who does not follow": {bo, false}, "who follows": {cy, true}, "herself": {eve, true}} {
			var above, below struct{ Ancestors, Descendants []servertest.Status }
			test.who.Get("/api/v1/statuses/"+end.ID+"/context", &above)
			test.who.Get("/api/v1/statuses/"+root.ID+"/context", &below)
			if has(above.Ancestors, loud.URI) != test.sees || has(below.Descendants, loud.URI) != test.sees || !has(above.Ancestors, root.URI) || !has(below.Descendants, end.URI) {
				t.Errorf("%s is shown %+v and %+v", name, above.Ancestors, below.Descendants)
			}
		}
	})
}
