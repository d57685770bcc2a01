package server_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"anancus/internal/kit/db"
	"anancus/internal/server/servertest"
)

type collection struct {
	ID, Name, Description string
	URI, URL              string
	AccountID             string `json:"account_id"`
	Count                 int    `json:"item_count"`
	Discoverable          bool
	Tag                   *struct{ Name string }
	Items                 []struct {
		ID, State string
		AccountID string `json:"account_id"`
	}
}

func makeCollection(t *testing.T, owner *servertest.Person, form url.Values) collection {
	t.Helper()
	var made struct{ Collection collection }
	owner.Post("/api/v1/collections", form, &made)
	return made.Collection
}

// found lets a member be recommended.
func found(p *servertest.Person) {
	p.Do("PATCH", "/api/v1/accounts/update_credentials", url.Values{"discoverable": {"true"}}, nil)
}

func TestACollectionIsMadeShownChangedAndDeleted(t *testing.T) {
	for _, api := range []string{"v1", "v1_alpha"} {
		t.Run(api, func(t *testing.T) {
			servertest.Each(t, func(t *testing.T, engine db.Engine) {
				s := servertest.New(t, engine)
				ada, bo, cleo, at := s.Join("ada"), s.Join("bo"), s.Join("cleo"), "/api/"+api
				found(bo)
				found(cleo)
				var made struct{ Collection collection }
				ada.Post(at+"/collections", url.Values{"name": {" Friends "}, "description": {"of <mine>"}, "language": {"en"}, "tag_name": {"#Cats"}, "account_ids[]": {bo.ID}}, &made)
				c := made.Collection
				if c.Name != "Friends" || c.AccountID != ada.ID || c.Count != 1 || c.Items[0].AccountID != bo.ID || c.Items[0].State != "accepted" ||
					c.Tag == nil || c.Tag.Name != "Cats" || c.Description != "<p>of &lt;mine&gt;</p>" {
					t.Fatalf("made is %+v", c)
				}
				var added struct {
					Item struct{ ID, State string } `json:"collection_item"`
				}
				ada.Post(at+"/collections/"+c.ID+"/items", url.Values{"account_id": {cleo.ID}}, &added)
				var whole struct {
					Collection collection
					Accounts   []servertest.Account
				}
				s.Nobody().Get(at+"/collections/"+c.ID, &whole)
				if whole.Collection.Count != 2 || len(whole.Accounts) != 3 || whole.Accounts[0].ID != ada.ID {
					t.Errorf("shown is %+v", whole)
				}
				var list struct{ Collections []collection }
				for _, change := range []struct{ method, name string }{{"PATCH", "People"}, {"PUT", "Cats"}} {
					if code := ada.Do(change.method, at+"/collections/"+c.ID, url.Values{"name": {change.name}, "discoverable": {"false"}}, &made).StatusCode; code != 200 || made.Collection.Name != change.name || made.Collection.Count != 2 {
						t.Errorf("%s answers %d %+v", change.method, code, made)
					}
				}
				bo.Get(at+"/accounts/"+ada.ID+"/collections", &list)
				if len(list.Collections) != 0 {
					t.Errorf("others are shown %+v, which is not to be found", list)
				}
				ada.Get(at+"/accounts/"+ada.ID+"/collections", &list)
				if len(list.Collections) != 1 {
					t.Errorf("the owner is shown %+v", list)
				}
				ada.Get(at+"/accounts/"+ada.ID+"/collections?offset=1", &list)
				if len(list.Collections) != 0 {
					t.Errorf("beyond the end there is %+v", list)
				}
				bo.Get(at+"/accounts/"+bo.ID+"/in_collections", &list)
				if len(list.Collections) != 1 || list.Collections[0].ID != c.ID {
					t.Errorf("bo is told to be in %+v", list)
				}
				refused := func(who *servertest.Person, method, path string, form url.Values, want int) {
					t.Helper()
					if code := who.Do(method, at+path, form, nil).StatusCode; code != want {
						t.Errorf("%s %s %v answers %d, want %d", method, path, form, code, want)
					}
				}
				for _, form := range []url.Values{{}, {"name": {strings.Repeat("x", 41)}}, {"name": {"x"}, "description": {strings.Repeat("x", 101)}}, {"name": {"x"}, "language": {"zz"}}, {"name": {"x"}, "tag_name": {"a b"}}} {
					refused(ada, "POST", "/collections", form, 422)
				}
				refused(bo, "PATCH", "/collections/"+c.ID, url.Values{"name": {"mine"}}, 403)
				refused(bo, "PUT", "/collections/1", url.Values{"name": {"mine"}}, 404)
				refused(bo, "DELETE", "/collections/"+c.ID, nil, 403)
				refused(bo, "POST", "/collections/"+c.ID+"/items", url.Values{"account_id": {bo.ID}}, 403)
				refused(ada, "POST", "/collections/"+c.ID+"/items", url.Values{"account_id": {bo.ID}}, 422)
				refused(ada, "POST", "/collections/"+c.ID+"/items", url.Values{"account_id": {"1"}}, 404)
				refused(ada, "DELETE", "/collections/"+c.ID+"/items/1", nil, 404)
				refused(cleo, "POST", "/collections/"+c.ID+"/items/"+c.Items[0].ID+"/revoke", url.Values{}, 403)
				refused(ada, "GET", "/accounts/"+bo.ID+"/in_collections", nil, 403)
				refused(ada, "GET", "/accounts/1/collections", nil, 404)
				refused(ada, "GET", "/collections/1", nil, 404)

				refused(bo, "POST", "/collections/"+c.ID+"/items/"+c.Items[0].ID+"/revoke", url.Values{}, 200)
				refused(ada, "POST", "/collections/"+c.ID+"/items", url.Values{"account_id": {bo.ID}}, 403) // left for good
				refused(ada, "DELETE", "/collections/"+c.ID+"/items/"+added.Item.ID, nil, 200)
				ada.Get(at+"/collections/"+c.ID, &whole)
				if whole.Collection.Count != 0 || len(whole.Collection.Items) != 0 {
					t.Errorf("after both left it is %+v", whole.Collection)
				}
				refused(ada, "DELETE", "/collections/"+c.ID, nil, 200)
				refused(ada, "GET", "/collections/"+c.ID, nil, 404)
			})
		})
	}
}

func TestACollectionHoldsOnlyWhoMayBeRecommended(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		one, two := servertest.New(t, engine), servertest.New(t, engine)
		ada, shy, foe, away := one.Join("ada"), one.Join("shy"), one.Join("foe"), two.Join("away")
		hidden := ada.Find(two.Join("hidden").Handle())
		if code := ada.Do("POST", "/api/v1/collections", url.Values{"name": {"x"}, "account_ids[]": {hidden.ID}}, nil).StatusCode; code != http.StatusForbidden {
			t.Errorf("adding who says elsewhere that nobody may is answered %d", code)
		}
		found(foe)
		found(away)
		foe.Post("/api/v1/accounts/"+ada.ID+"/block", nil, nil)
		remote := ada.Find(away.Handle())
		c := makeCollection(t, ada, url.Values{"name": {"All"}, "account_ids[]": {remote.ID, ada.ID}})
		if c.Count != 2 || c.Items[0].State != "pending" || c.Items[1].State != "accepted" {
			t.Errorf("made is %+v: what another server must agree to is pending", c)
		}
		for _, who := range []*servertest.Person{shy, foe} {
			if code := ada.Do("POST", "/api/v1/collections/"+c.ID+"/items", url.Values{"account_id": {who.ID}}, nil).StatusCode; code != http.StatusForbidden {
				t.Errorf("adding %s answers %d", who.Name, code)
			}
		}
		var whole struct{ Collection collection }
		one.Nobody().Get("/api/v1/collections/"+c.ID, &whole)
		if whole.Collection.Count != 1 {
			t.Errorf("visitors see who is pending: %+v", whole)
		}
		if code := foe.Do("GET", "/api/v1/collections/"+c.ID, nil, nil).StatusCode; code != 200 {
			t.Errorf("who blocks the owner is answered %d", code)
		}
		ada.Post("/api/v1/accounts/"+shy.ID+"/block", nil, nil)
		if code := shy.Do("GET", "/api/v1/collections/"+c.ID, nil, nil).StatusCode; code != http.StatusNotFound {
			t.Errorf("who is blocked by the owner is answered %d", code)
		}
		var list struct{ Collections []collection }
		shy.Get("/api/v1/accounts/"+ada.ID+"/collections", &list)
		if len(list.Collections) != 0 {
			t.Errorf("who is blocked by the owner sees %+v", list)
		}
		many := url.Values{"name": {"Too many"}}
		for i := range 26 {
			many.Add("account_ids[]", fmt.Sprint(i+1))
		}
		if code := ada.Do("POST", "/api/v1/collections", many, nil).StatusCode; code != 422 {
			t.Errorf("26 accounts are answered %d", code)
		}
		for range 9 {
			makeCollection(t, ada, url.Values{"name": {"more"}})
		}
		if code := ada.Do("POST", "/api/v1/collections", url.Values{"name": {"eleventh"}}, nil).StatusCode; code != 422 {
			t.Errorf("the eleventh collection is answered %d", code)
		}
	})
}

func TestWhoIsRecommendedIsToldAndABlockEndsIt(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada, bo := s.Join("ada"), s.Join("bo")
		found(bo)
		c := makeCollection(t, ada, url.Values{"name": {"Friends"}, "account_ids[]": {bo.ID}})
		ada.Do("PATCH", "/api/v1/collections/"+c.ID, url.Values{"name": {"Better friends"}}, nil)
		servertest.Settle(t, s)
		told := func() (list []struct {
			Type       string
			Collection *collection
		}) {
			bo.Get("/api/v1/notifications?include_filtered=true", &list)
			return list
		}
		list := told()
		if len(list) != 2 || list[0].Type != "collection_update" || list[1].Type != "added_to_collection" || list[1].Collection == nil || list[1].Collection.Name != "Better friends" {
			t.Errorf("bo is told %+v", list)
		}
		bo.Post("/api/v1/accounts/"+ada.ID+"/block", nil, nil)
		servertest.Settle(t, s)
		var whole struct{ Collection collection }
		ada.Get("/api/v1/collections/"+c.ID, &whole)
		if whole.Collection.Count != 0 {
			t.Errorf("after the block the collection is %+v", whole)
		}
		if list := told(); len(list) != 0 {
			t.Errorf("after the block bo is still told %+v", list)
		}
	})
}

func TestCollectionsAreShownInAFixedNumberOfQueries(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada := s.Join("ada")
		people := url.Values{"name": {"x"}}
		for i := range 12 {
			p := s.Join(fmt.Sprint("p", i))
			found(p)
			people.Add("account_ids[]", p.ID)
		}
		makeCollection(t, ada, url.Values{"name": {"small"}, "account_ids[]": {people["account_ids[]"][0]}})
		asked := func() int64 {
			before := s.DB().Queries()
			ada.Get("/api/v1/accounts/"+ada.ID+"/collections", nil)
			return s.DB().Queries() - before
		}
		asked() // what is remembered is remembered from here on
		few := asked()
		for range 5 {
			makeCollection(t, ada, people)
		}
		if many := asked(); many > few {
			t.Errorf("one collection costs %d queries, six cost %d", few, many)
		}
	})
}

// The id of a collection and its page are two addresses; each gives servers the document and people the page.
func TestACollectionHasAPage(t *testing.T) {
	t.Parallel()
	s := servertest.New(t, db.SQLite)
	ada, bo := s.Join("ada"), s.Join("bo")
	found(bo)
	c := makeCollection(t, ada, url.Values{"name": {"Friends"}, "account_ids[]": {bo.ID}})
	page, uri := s.URL+"/collections/"+c.ID, s.URL+"/ap/users/"+ada.ID+"/collections/"+c.ID
	if c.URL != page || c.URI != uri {
		t.Fatalf("its page is %q, its id %q", c.URL, c.URI)
	}
	for _, address := range []string{page, uri} {
		code, body := document(t, s, address)
		if code != 200 || !strings.Contains(body, `"id":"`+uri+`"`) || !strings.Contains(body, `"url":"`+page+`"`) {
			t.Errorf("to servers %s is %d %s", address, code, body)
		}
	}
	ask := func(path string) (*http.Response, string) {
		t.Helper()
		answer, body := file(t, path, "Accept", "text/html,application/xhtml+xml")
		return answer, string(body)
	}
	answer, body := ask(page)
	if answer.StatusCode != 200 || !strings.Contains(body, "Friends") || !strings.Contains(body, `href="/@bo"`) || answer.Header.Get("Link") != `<`+uri+`>; rel="alternate"; type="application/activity+json"` ||
		!strings.Contains(answer.Header.Get("Cache-Control"), "max-age=15") || !strings.Contains(strings.Join(answer.Header.Values("Vary"), ", "), "Accept") {
		t.Errorf("to people it is %d %v %s", answer.StatusCode, answer.Header, body)
	}
	if answer, body := ask(uri); answer.Request.URL.Path != "/collections/"+c.ID && answer.Header.Get("Location") != page {
		t.Errorf("people are led from its id to %s: %d %v %s", answer.Request.URL, answer.StatusCode, answer.Header, body)
	}
	for _, nothing := range []string{"/collections/1", "/collections/x", "/collections/", "/ap/users/" + bo.ID + "/collections/" + c.ID} {
		if answer, body := ask(s.URL + nothing); answer.StatusCode != http.StatusNotFound || strings.Contains(body, "Friends") {
			t.Errorf("%s answers people %d", nothing, answer.StatusCode)
		}
		if code, _ := document(t, s, s.URL+nothing); code != http.StatusNotFound {
			t.Errorf("%s answers servers %d", nothing, code)
		}
	}
	// Where federation is limited nothing is public, and who reads a document must say who they are.
	set(t, s, "limited-federation", "true")
	if answer, body := ask(page); answer.StatusCode == http.StatusOK && strings.Contains(body, "Friends") {
		t.Errorf("with federation limited the page is %d", answer.StatusCode)
	}
	for _, address := range []string{page, uri} {
		if code, body := document(t, s, address); code != http.StatusUnauthorized {
			t.Errorf("with federation limited %s answers servers %d %s", address, code, body)
		}
	}
}
