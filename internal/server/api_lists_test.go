package server_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"anancus/internal/kit/db"
	"anancus/internal/server/servertest"
)

type listEntity struct {
	ID        string
	Title     string
	Replies   string `json:"replies_policy"`
	Exclusive *bool
}

// saysNo sends a request that must be refused, with Mastodon's code and words.
func saysNo(t *testing.T, p *servertest.Person, method, path string, form url.Values, code int, text string) {
	t.Helper()
	var said struct{ Error string }
	if answer := p.Do(method, path, form, &said); answer.StatusCode != code || said.Error != text {
		t.Errorf("%s %s %v answered %d %q, want %d %q", method, path, form, answer.StatusCode, said.Error, code, text)
	}
}

// putForm changes something and wants 200.
func putForm(t *testing.T, p *servertest.Person, method, path string, form url.Values, out any) {
	t.Helper()
	if answer := p.Do(method, path, form, out); answer.StatusCode != http.StatusOK {
		t.Fatalf("%s %s answered %d", method, path, answer.StatusCode)
	}
}

func makeList(t *testing.T, p *servertest.Person, form url.Values) listEntity {
	t.Helper()
	var made listEntity
	p.Post("/api/v1/lists", form, &made)
	return made
}

func idsIn(list []servertest.Account) string {
	var ids []string
	for _, one := range list {
		ids = append(ids, one.ID)
	}
	return strings.Join(ids, " ")
}

func TestListsAreMadeChangedAndDeletedByTheirOwnerAlone(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada, eve := s.Join("ada"), s.Join("eve")
		var raw string
		ada.Get("/api/v1/lists", &raw)
		if strings.TrimSpace(raw) != "[]" {
			t.Errorf("before the first there are %s", raw)
		}
		ada.Post("/api/v1/lists", url.Values{"title": {" Friends "}}, &raw)
		if !strings.Contains(raw, `"title":"Friends","replies_policy":"list","exclusive":false`) {
			t.Errorf("a new list is %s", raw)
		}
		work := makeList(t, ada, url.Values{"title": {"Work"}, "replies_policy": {"followed"}, "exclusive": {"true"}})
		if work.Title != "Work" || work.Replies != "followed" || work.Exclusive == nil || !*work.Exclusive {
			t.Errorf("a list with all wishes is %+v", work)
		}
		path := "/api/v1/lists/" + work.ID
		var changed listEntity
		putForm(t, ada, http.MethodPut, path, url.Values{"exclusive": {"false"}}, &changed)
		if changed.Title != "Work" || changed.Replies != "followed" || *changed.Exclusive {
			t.Errorf("a change of one thing made it %+v", changed)
		}
		putForm(t, ada, http.MethodPut, path, url.Values{"title": {strings.Repeat("é", 256)}, "replies_policy": {"none"}}, nil)
		ada.Get(path, &changed)
		if changed.Title != strings.Repeat("é", 256) || changed.Replies != "none" {
			t.Errorf("it is %+v", changed)
		}
		for _, one := range []struct{ method, path string }{{http.MethodPost, "/api/v1/lists"}, {http.MethodPut, path}} {
			saysNo(t, ada, one.method, one.path, url.Values{"title": {" "}}, 422, "Validation failed: Title can't be blank")
			saysNo(t, ada, one.method, one.path, url.Values{"title": {strings.Repeat("é", 257)}}, 422, "Validation failed: Title is too long (maximum is 256 characters)")
			saysNo(t, ada, one.method, one.path, url.Values{"title": {"x"}, "replies_policy": {"all"}}, 422, "'all' is not a valid replies_policy")
		}
		saysNo(t, ada, http.MethodPost, "/api/v1/lists", url.Values{}, 422, "Validation failed: Title can't be blank")

		var mine []listEntity
		eve.Get("/api/v1/lists", &mine)
		if len(mine) != 0 {
			t.Errorf("another member is shown %v", mine)
		}
		for _, ask := range []struct{ method, path string }{{http.MethodGet, path}, {http.MethodPut, path}, {http.MethodDelete, path}, {http.MethodGet, path + "/accounts"},
			{http.MethodPost, path + "/accounts"}, {http.MethodDelete, path + "/accounts"}, {http.MethodGet, "/api/v1/lists/1"}, {http.MethodGet, "/api/v1/lists/x"}} {
			form := url.Values{"title": {"Mine"}, "account_ids[]": {eve.ID}}
			if ask.method == http.MethodGet {
				form = nil
			}
			saysNo(t, eve, ask.method, ask.path, form, 404, "Record not found")
		}
		ada.Get("/api/v1/lists", &mine)
		if len(mine) != 2 || mine[0].Title != "Friends" {
			t.Errorf("her lists are %v", mine)
		}
		if answer := ada.Do(http.MethodDelete, path, nil, &raw); answer.StatusCode != 200 || strings.TrimSpace(raw) != "{}" {
			t.Errorf("a deletion answered %d %s", answer.StatusCode, raw)
		}
		saysNo(t, ada, http.MethodGet, path, nil, 404, "Record not found")
		saysNo(t, ada, http.MethodDelete, path, nil, 404, "Record not found")

		for i := 1; i < 50; i++ {
			makeList(t, ada, url.Values{"title": {fmt.Sprint(i)}})
		}
		saysNo(t, ada, http.MethodPost, "/api/v1/lists", url.Values{"title": {"one more"}}, 422, "Validation failed: You have reached the maximum number of lists")
	})
}

func TestAListHoldsWhomItsOwnerFollowsOrAskedToFollow(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		here, there := pair(t, engine)
		ada, bo, cy, far := here.Join("ada"), here.Join("bo"), here.Join("cy"), there.Join("far")
		list := makeList(t, ada, url.Values{"title": {"Friends"}})
		path := "/api/v1/lists/" + list.ID + "/accounts"
		saysNo(t, ada, http.MethodPost, path, url.Values{"account_ids[]": {bo.ID}}, 404, "Record not found")
		saysNo(t, ada, http.MethodPost, path, url.Values{"account_ids[]": {"112233445566778899"}}, 404, "Record not found")
		ada.Follow(bo)
		lock(cy)
		lock(far)
		ada.Follow(cy)
		farHere := ada.Follow(far)
		servertest.Settle(t, here, there)
		saysNo(t, ada, http.MethodPost, path, url.Values{"account_ids[]": {bo.ID, "112233445566778899"}}, 404, "Record not found")
		var raw string
		ada.Get(path, &raw)
		if strings.TrimSpace(raw) != "[]" {
			t.Errorf("after refusals the list holds %s", raw)
		}
		ada.Post(path, url.Values{"account_ids[]": {bo.ID, cy.ID, farHere.ID, ada.ID, bo.ID}}, &raw)
		if strings.TrimSpace(raw) != "{}" {
			t.Errorf("adding answered %s", raw)
		}
		saysNo(t, ada, http.MethodPost, path, url.Values{"account_ids[]": {bo.ID}}, 422, "Validation failed: Account has already been taken")

		want := []string{ada.ID, bo.ID, cy.ID, farHere.ID}
		slices.Sort(want)
		slices.Reverse(want)
		var page []servertest.Account
		answer := ada.Do(http.MethodGet, path+"?limit=0", nil, &page)
		if idsIn(page) != strings.Join(want, " ") || answer.Header.Get("Link") != "" {
			t.Errorf("the whole list is %s with links %q, want %s", idsIn(page), answer.Header.Get("Link"), want)
		}
		answer = ada.Do(http.MethodGet, path+"?limit=3", nil, &page)
		if idsIn(page) != strings.Join(want[:3], " ") {
			t.Errorf("the first page is %s", idsIn(page))
		}
		next, prev := linkPair(answer.Header.Get("Link"))
		if !strings.Contains(prev, "since_id="+want[0]) {
			t.Errorf("the previous page is %s", prev)
		}
		answer = ada.Do(http.MethodGet, strings.TrimPrefix(next, here.URL), nil, &page)
		if after, _ := linkPair(answer.Header.Get("Link")); idsIn(page) != want[3] || after != "" {
			t.Errorf("the last page is %s, and leads to %s", idsIn(page), after)
		}
		ada.Get(strings.TrimPrefix(prev, here.URL), &page)
		if len(page) != 0 {
			t.Errorf("before the first page is %s", idsIn(page))
		}

		lists := func(account string) int {
			t.Helper()
			var found []listEntity
			ada.Get("/api/v1/accounts/"+account+"/lists", &found)
			return len(found)
		}
		saysNo(t, ada, http.MethodGet, "/api/v1/accounts/112233445566778899/lists", nil, 404, "Record not found")
		if lists(bo.ID) != 1 || lists(farHere.ID) != 1 {
			t.Error("an account does not know its lists")
		}
		var others []listEntity
		bo.Get("/api/v1/accounts/"+bo.ID+"/lists", &others)
		if len(others) != 0 {
			t.Errorf("who is on a list is told of it: %v", others)
		}

		// An unfollow, and the refusal of a request, end the membership; following again does not bring it back.
		cy.Post("/api/v1/follow_requests/"+ada.ID+"/reject", nil, nil)
		ada.Post("/api/v1/accounts/"+bo.ID+"/unfollow", nil, nil)
		ada.Post("/api/v1/accounts/"+bo.ID+"/follow", nil, nil)
		if lists(bo.ID) != 0 || lists(cy.ID) != 0 {
			t.Error("who is no longer followed is on the list")
		}
		ada.Post(path, url.Values{"account_ids[]": {bo.ID}}, nil)
		servertest.Settle(t, here, there)
		far.Post("/api/v1/follow_requests/"+far.Find(ada.Handle()).ID+"/authorize", nil, nil)
		servertest.Settle(t, here, there)
		if lists(bo.ID) != 1 || lists(farHere.ID) != 1 {
			t.Error("who was put on the list again, or accepted the follow, is not on it")
		}
		if n := count(t, here, `SELECT COUNT(*) FROM list_members`); n != 3 {
			t.Errorf("%d memberships are kept, want 3", n)
		}

		// JSON, as apps send it.
		req, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, here.URL+path, strings.NewReader(`{"account_ids":["`+bo.ID+`","`+cy.ID+`","x"]}`))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+ada.Token)
		req.Header.Set("Content-Type", "application/json")
		if answer := ada.Send(req, &raw); answer.StatusCode != 200 || strings.TrimSpace(raw) != "{}" {
			t.Errorf("removing answered %d %s", answer.StatusCode, raw)
		}
		ada.Get(path, &page)
		if len(page) != 2 {
			t.Errorf("what is left is %s", idsIn(page))
		}
		here.Nobody().Do(http.MethodGet, path, nil, &raw)
		if !strings.Contains(raw, "The access token is invalid") {
			t.Errorf("nobody in particular is told %s", raw)
		}
	})
}

// linkPair reads the two addresses of a Link header.
func linkPair(header string) (next, prev string) {
	for _, part := range strings.Split(header, ", ") {
		address, rel, _ := strings.Cut(part, ">; rel=")
		switch rel {
		case `"next"`:
			next = strings.TrimPrefix(address, "<")
		case `"prev"`:
			prev = strings.TrimPrefix(address, "<")
		}
	}
	return next, prev
}
