package server_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"anancus/internal/kit/db"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/server/servertest"
)

type tagEntity struct {
	ID, Name, URL string
	History       []struct{ Day, Uses, Accounts string }
	Following     *bool
	Featuring     *bool
}

func tagNamesIn(list []tagEntity) string {
	var all []string
	for _, one := range list {
		all = append(all, one.Name)
	}
	return strings.Join(all, " ")
}

func TestAHashtagShowsItsHistoryAndWhatTheViewerDoesWithIt(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada, bo := s.Join("ada"), s.Join("bo")
		ada.Publish("#CatsOfMastodon one")
		ada.Publish("#catsofmastodon two, #catsOfMastodon")
		bo.Publish("#catsofmastodon three")
		bo.Publish("#catsofmastodon is not for all", "visibility", "unlisted")
		var raw string
		s.Nobody().Get("/api/v1/tags/CATSofmastodon", &raw)
		if strings.Contains(raw, "following") || strings.Contains(raw, "featuring") {
			t.Errorf("nobody in particular is told %s", raw)
		}
		var tag tagEntity
		ada.Get("/api/v1/tags/CATSofmastodon", &tag)
		if tag.Name != "CatsOfMastodon" || tag.URL != s.URL+"/tags/catsofmastodon" || tag.ID == "" || tag.Following == nil || *tag.Following || tag.Featuring == nil || *tag.Featuring {
			t.Errorf("it is shown as %+v", tag)
		}
		midnight := time.Now().UTC().Truncate(24 * time.Hour).Unix()
		if len(tag.History) != 7 || tag.History[0].Uses != "3" || tag.History[0].Accounts != "2" || tag.History[0].Day != strconv.FormatInt(midnight, 10) ||
			tag.History[6].Day != strconv.FormatInt(midnight-6*24*60*60, 10) || tag.History[6].Uses != "0" || tag.History[6].Accounts != "0" {
			t.Errorf("its history is %+v", tag.History)
		}
		ada.Get("/api/v1/tags/NobodyWroteThis", &raw)
		if !strings.Contains(raw, `"id":"","name":"NobodyWroteThis"`) || !strings.Contains(raw, `"following":false,"featuring":false`) {
			t.Errorf("an unknown one is shown as %s", raw)
		}
		if n := count(t, s, `SELECT COUNT(*) FROM tags WHERE name = 'nobodywrotethis'`); n != 0 {
			t.Error("asking for a hashtag made it")
		}
		for _, what := range []string{"", "/follow", "/unfollow", "/feature", "/unfeature"} {
			method := http.MethodPost
			if what == "" {
				method = http.MethodGet
			}
			for _, bad := range []string{"123", "a%20b", "%23cats", "cats!"} {
				saysNo(t, ada, method, "/api/v1/tags/"+bad+what, url.Values{}, 404, "Record not found")
			}
		}
	})
}

func TestHashtagsAreFollowedAndListed(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada, bo := s.Join("ada"), s.Join("bo")
		for i := range 5 {
			var tag tagEntity
			for range 2 { // again changes nothing
				ada.Post(fmt.Sprintf("/api/v1/tags/Topic%c/follow", 'A'+i), nil, &tag)
			}
			if tag.ID == "" || tag.Following == nil || !*tag.Following || tag.Name != fmt.Sprintf("Topic%c", 'A'+i) {
				t.Errorf("a followed hashtag is %+v", tag)
			}
		}
		var page []tagEntity
		answer := ada.Do(http.MethodGet, "/api/v1/followed_tags?limit=2", nil, &page)
		if tagNamesIn(page) != "TopicE TopicD" || page[0].Following == nil || !*page[0].Following || len(page[0].History) != 7 {
			t.Errorf("the first page is %+v", page)
		}
		next, prev := linkPair(answer.Header.Get("Link"))
		if strings.Contains(next, page[1].ID) || !strings.Contains(prev, "since_id=") {
			t.Errorf("its links are %s and %s, by the rows' own hidden ids", next, prev)
		}
		ada.Get(strings.TrimPrefix(next, s.URL), &page)
		if tagNamesIn(page) != "TopicC TopicB" {
			t.Errorf("the second page is %s", tagNamesIn(page))
		}
		ada.Post("/api/v1/tags/TopicF/follow", nil, nil)
		ada.Get(strings.TrimPrefix(prev, s.URL), &page)
		if tagNamesIn(page) != "TopicF" {
			t.Errorf("newer than the first page is %s", tagNamesIn(page))
		}
		answer = ada.Do(http.MethodGet, "/api/v1/followed_tags", nil, &page)
		if next, _ := linkPair(answer.Header.Get("Link")); len(page) != 6 || next != "" {
			t.Errorf("all of them are %s, and lead on to %q", tagNamesIn(page), next)
		}
		bo.Get("/api/v1/followed_tags", &page)
		if len(page) != 0 {
			t.Errorf("another member follows %s", tagNamesIn(page))
		}
		var tag tagEntity
		for range 2 {
			ada.Post("/api/v1/tags/topicc/unfollow", nil, &tag)
		}
		ada.Post("/api/v1/tags/neverfollowed/unfollow", nil, nil)
		if tag.Name != "TopicC" || *tag.Following {
			t.Errorf("an unfollowed hashtag is %+v", tag)
		}
		ada.Get("/api/v1/followed_tags", &page)
		if len(page) != 5 {
			t.Errorf("left are %s", tagNamesIn(page))
		}
		saysNo(t, s.Nobody(), http.MethodGet, "/api/v1/followed_tags", nil, 401, "The access token is invalid")
	})
}

type featuredEntity struct {
	ID, Name, URL string
	Statuses      string  `json:"statuses_count"`
	Last          *string `json:"last_status_at"`
}

func TestHashtagsAreShownOnAProfile(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		here, there := pair(t, engine)
		ada, bo, far := here.Join("ada"), here.Join("bo"), there.Join("far")
		first := ada.Publish("#Trains and #cats")
		ada.Publish("#trains", "visibility", "unlisted")
		ada.Publish("#trains in private", "visibility", "private")
		ada.Publish("#planes only once")
		ada.Publish("#cats")
		var suggested []tagEntity
		ada.Get("/api/v1/featured_tags/suggestions", &suggested)
		if tagNamesIn(suggested) != "cats Trains" && tagNamesIn(suggested) != "Trains cats" {
			t.Errorf("suggested are %s", tagNamesIn(suggested))
		}
		var one featuredEntity
		ada.Post("/api/v1/featured_tags", url.Values{"name": {"trains"}}, &one)
		today := time.Now().UTC().Format(time.DateOnly)
		if one.ID == "" || one.Name != "Trains" || one.URL != here.URL+"/@ada/tagged/trains" || one.Statuses != "2" || one.Last == nil || *one.Last != today {
			t.Errorf("a featured hashtag is %+v", one)
		}
		var again featuredEntity
		ada.Post("/api/v1/featured_tags", url.Values{"name": {"#TRAINS"}}, &again)
		if again.ID != one.ID {
			t.Errorf("featured again it is %+v", again)
		}
		for _, name := range []string{"", "123", "a b"} {
			saysNo(t, ada, http.MethodPost, "/api/v1/featured_tags", url.Values{"name": {name}}, 422, "Validation failed: Tag is invalid")
		}
		var tag tagEntity
		ada.Post("/api/v1/tags/NeverWritten/feature", nil, &tag)
		if tag.Featuring == nil || !*tag.Featuring {
			t.Errorf("a featured hashtag is %+v", tag)
		}
		ada.Get("/api/v1/featured_tags/suggestions", &suggested)
		if tagNamesIn(suggested) != "cats" {
			t.Errorf("suggested are then %s", tagNamesIn(suggested))
		}
		var raw string
		here.Nobody().Get("/api/v1/accounts/"+ada.ID+"/featured_tags", &raw)
		if !strings.Contains(raw, `"name":"Trains"`) || !strings.Contains(raw, `"statuses_count":"0","last_status_at":null`) {
			t.Errorf("visitors are shown %s", raw)
		}
		saysNo(t, here.Nobody(), http.MethodGet, "/api/v1/accounts/112233445566778899/featured_tags", nil, 404, "Record not found")
		ada.Delete(first.ID)
		var list []featuredEntity
		ada.Get("/api/v1/featured_tags", &list)
		if len(list) != 2 || list[0].Name != "Trains" || list[0].Statuses != "1" || list[1].Statuses != "0" {
			t.Errorf("after a deletion there are %+v", list)
		}

		// As other servers read it.
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, here.URL+"/users/ada/collections/tags", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Accept", activitypub.ContentType)
		var document struct {
			Total int `json:"totalItems"`
			Items []struct{ Type, Href, Name string }
		}
		here.Nobody().Send(req, &document)
		if document.Total != 2 || len(document.Items) != 2 || document.Items[0].Type != "Hashtag" || document.Items[0].Name != "#Trains" || document.Items[0].Href != one.URL {
			t.Errorf("other servers are told %+v", document)
		}
		farHere := ada.Find(far.Handle())
		ada.Get("/api/v1/accounts/"+farHere.ID+"/featured_tags", &raw)
		if strings.TrimSpace(raw) != "[]" {
			t.Errorf("of somebody elsewhere is shown %s", raw)
		}

		saysNo(t, bo, http.MethodDelete, "/api/v1/featured_tags/"+one.ID, nil, 404, "Record not found")
		putForm(t, ada, http.MethodDelete, "/api/v1/featured_tags/"+one.ID, nil, nil)
		saysNo(t, ada, http.MethodDelete, "/api/v1/featured_tags/"+one.ID, nil, 404, "Record not found")
		for range 2 {
			ada.Post("/api/v1/tags/neverwritten/unfeature", nil, &tag)
		}
		if *tag.Featuring {
			t.Errorf("an unfeatured hashtag is %+v", tag)
		}
		for i := range 10 {
			ada.Post("/api/v1/featured_tags", url.Values{"name": {fmt.Sprintf("topic%d", i)}}, nil)
		}
		const full = "Validation failed: You have already featured the maximum number of hashtags"
		saysNo(t, ada, http.MethodPost, "/api/v1/featured_tags", url.Values{"name": {"another"}}, 422, full)
		saysNo(t, ada, http.MethodPost, "/api/v1/tags/another/feature", url.Values{}, 422, full)
		suspend(t, here, ada)
		bo.Get("/api/v1/accounts/"+ada.ID+"/featured_tags", &raw)
		if strings.TrimSpace(raw) != "[]" {
			t.Errorf("of somebody suspended is shown %s", raw)
		}
	})
}
