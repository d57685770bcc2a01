package server_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"anancus/internal/kit/config"
	"anancus/internal/kit/db"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/protocol/activitypub/aptest"
	"anancus/internal/server/servertest"
)

// leading is a status with the collections that it leads to.
type leading struct {
	ID, URI     string
	Collections []struct{ ID, URI, Name string } `json:"tagged_collections"`
}

// leads gives the names of the collections that a status leads to, as somebody sees it.
func leads(p *servertest.Person, status string) []string {
	p.On.T.Helper()
	var shown leading
	p.Get("/api/v1/statuses/"+status, &shown)
	names := []string{}
	for _, c := range shown.Collections {
		names = append(names, c.Name)
	}
	return names
}

func wantLeads(t *testing.T, p *servertest.Person, status string, want ...string) {
	t.Helper()
	if got := leads(p, status); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s sees the status lead to %q, want %q", p.Name, got, want)
	}
}

func TestAStatusShowsTheCollectionsThatItLeadsTo(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		here := servertest.New(t, engine, func(c *config.Config) { c.Domain = "here.example.org" }) // what is written at localhost is no link
		ada, kim := here.Join("ada"), here.Join("kim")
		found(kim)
		c := makeCollection(t, ada, url.Values{"name": {"Friends"}, "discoverable": {"false"}, "account_ids[]": {kim.ID}})
		page, uri := "https://here.example.org/collections/"+c.ID, "https://here.example.org/ap/users/"+ada.ID+"/collections/"+c.ID
		var made leading
		kim.Post("/api/v1/statuses", url.Values{"status": {"look: " + page + " or " + uri + " but not " + page + "1"}}, &made)
		if len(made.Collections) != 1 || made.Collections[0].ID != c.ID || made.Collections[0].URI != uri {
			t.Fatalf("what was published leads to %+v", made.Collections)
		}
		wantLeads(t, here.Nobody(), made.ID, "Friends")
		for _, address := range []string{"https://here.example.org/ap/users/" + kim.ID + "/collections/" + c.ID, "https://here.example.org/collections/12", "https://else.example.org/collections/" + c.ID} {
			wantLeads(t, kim, kim.Publish("no "+address).ID)
		}
		if code, body := document(t, here, here.URL+"/ap/users/"+kim.ID+"/statuses/"+made.ID); code != 200 || !strings.Contains(body, `{"id":"`+uri+`","type":"FeaturedCollection","name":"Friends"}`) {
			t.Errorf("for other servers it is %d %s", code, body)
		}
		boost := kim.Act(made.ID, "reblog")
		var shown struct{ Reblog leading }
		if kim.Get("/api/v1/statuses/"+boost.ID, &shown); len(shown.Reblog.Collections) != 1 {
			t.Errorf("boosted it leads to %+v", shown.Reblog.Collections)
		}

		// As many statements for many as for one.
		for range 4 {
			kim.Publish("again " + page)
		}
		cost := func(limit int) int64 {
			t.Helper()
			path := fmt.Sprintf("/api/v1/accounts/%s/statuses?exclude_reblogs=true&limit=%d", kim.ID, limit)
			var list []leading
			kim.Get(path, &list)
			before := here.DB().Queries()
			kim.Get(path, &list)
			if len(list) != limit || len(list[0].Collections) != 1 {
				t.Fatalf("the page is %+v", list)
			}
			return here.DB().Queries() - before
		}
		if one, four := cost(1), cost(4); one != four {
			t.Errorf("a page of one costs %d statements, of four %d", one, four)
		}

		// Who is blocked by its owner is not shown it; another who reads the same status is.
		ada.Post("/api/v1/accounts/"+kim.ID+"/block", nil, nil)
		wantLeads(t, kim, made.ID)
		wantLeads(t, ada, made.ID, "Friends")

		// An edit decides anew, and what is deleted is led to no more.
		edit := func(text string) {
			t.Helper()
			if code := kim.Do("PUT", "/api/v1/statuses/"+made.ID, url.Values{"status": {text}}, nil).StatusCode; code != 200 {
				t.Fatalf("the edit is answered %d", code)
			}
		}
		edit("no more")
		wantLeads(t, ada, made.ID)
		edit("look " + uri)
		wantLeads(t, ada, made.ID, "Friends")
		ada.Do("DELETE", "/api/v1/collections/"+c.ID, nil, nil)
		wantLeads(t, ada, made.ID)
		if n := count(t, here, `SELECT COUNT(*) FROM status_collections`); n != 0 {
			t.Errorf("%d statuses lead to a collection that is gone", n)
		}
	})
}

func TestTheCollectionsThatAStatusElsewhereLeadsToAreRead(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		here := servertest.New(t, engine)
		ada := here.Join("ada")
		found(ada)
		host := aptest.NewServer(t)
		sam := newOutsider(t, host, "sam", 0)
		sam.acceptFollow(ada)
		mine := makeCollection(t, ada, url.Values{"name": {"Mine"}})
		first := sam.featuring("1")
		forged := sam.featuring("2")
		forged.AttributedTo = "https://else.example/users/eve"
		host.Serve("/users/sam/collections/2", forged)
		note := sam.public("1", "look")
		note.Tag = []activitypub.Tag{activitypub.NewFeaturedTag(first.ID, "x"), activitypub.NewFeaturedTag(here.URL+"/ap/users/"+ada.ID+"/collections/"+mine.ID, "y"),
			activitypub.NewFeaturedTag(forged.ID, "z"), activitypub.NewFeaturedTag(here.URL+"/collections/12", ""), activitypub.NewFeaturedTag(sam.actor.ID+"/collections/nothing", "")}
		sam.post(here, sam.create(note), http.StatusAccepted)
		got, ok := ada.FindStatus(note.ID)
		if !ok {
			t.Fatal("the status did not arrive")
		}
		all := leads(ada, got.ID)
		slices.Sort(all)
		if fmt.Sprint(all) != "[Mine Of 1]" {
			t.Errorf("it leads to %q", all)
		}
		asked := func() (n int) {
			for _, one := range host.Asked() {
				if one.Request.URL.Path == "/users/sam/collections/1" {
					n++
				}
			}
			return n
		}
		before := asked()
		note.Updated, note.Content, note.Tag = activitypub.Timestamp(time.Now()), "<p>look again</p>", note.Tag[:1]
		sam.post(here, activitypub.NewUpdate(note.ID+"#updates/1", note), http.StatusAccepted)
		wantLeads(t, ada, got.ID, "Of 1")
		if n := asked(); n != before {
			t.Errorf("what is known was asked for %d times more", n-before)
		}
		note.Updated, note.Content, note.Tag = activitypub.Timestamp(time.Now().Add(2*time.Second)), "<p>no more</p>", nil
		sam.post(here, activitypub.NewUpdate(note.ID+"#updates/2", note), http.StatusAccepted)
		wantLeads(t, ada, got.ID)
	})
}

// What streams tell is encoded once for all; an owner who shuts somebody out is heeded all the same, at the cost of once more.
func TestStreamsLeadNobodyToCollectionsOfWhoShutsThemOut(t *testing.T) {
	t.Parallel()
	here := servertest.New(t, db.SQLite, func(c *config.Config) { c.Domain = "here.example.org" })
	ada, kim, bo, dee, fay := here.Join("ada"), here.Join("kim"), here.Join("bo"), here.Join("dee"), here.Join("fay")
	for _, p := range []*servertest.Person{ada, bo, dee, fay} {
		p.Post("/api/v1/accounts/"+kim.ID+"/follow", nil, nil)
	}
	c := makeCollection(t, ada, url.Values{"name": {"Friends"}})
	own := makeCollection(t, kim, url.Values{"name": {"Mine"}})
	ada.Post("/api/v1/accounts/"+dee.ID+"/block", nil, nil)
	servertest.Settle(t, here)
	streams := map[*servertest.Person]*servertest.Stream{}
	for _, p := range []*servertest.Person{ada, bo, dee, fay} {
		streams[p] = p.Listen("user")
	}
	page, kims := "https://here.example.org/collections/"+c.ID, "https://here.example.org/collections/"+own.ID
	wantTold := func(what string, want map[*servertest.Person]string) {
		t.Helper()
		for p, names := range want {
			var told struct {
				leading
				Reblog *leading
			}
			if err := json.Unmarshal([]byte(*streams[p].Next().Payload), &told); err != nil {
				t.Fatal(err)
			}
			list := told.Collections
			if told.Reblog != nil {
				list = told.Reblog.Collections
			}
			got := []string{}
			for _, one := range list {
				got = append(got, one.Name)
			}
			slices.Sort(got)
			if strings.Join(got, " ") != names {
				t.Errorf("%s: %s is told of %q, want %q", what, p.Name, got, names)
			}
		}
	}
	_, before := here.Streamed()
	kim.Publish("look: " + page + " and " + kims)
	wantTold("new", map[*servertest.Person]string{ada: "Friends Mine", bo: "Friends Mine", dee: "Mine", fay: "Friends Mine"})
	if _, now := here.Streamed(); now-before != 3 {
		t.Errorf("it was encoded %d times, want once for all, once for whom ada blocks, once for ada", now-before)
	}
	// Somebody more, while the stream is open; then nobody.
	ada.Post("/api/v1/accounts/"+fay.ID+"/block", nil, nil)
	_, before = here.Streamed()
	second := kim.Publish("look again: " + page)
	wantTold("after a block", map[*servertest.Person]string{ada: "Friends", bo: "Friends", dee: "", fay: ""})
	if _, now := here.Streamed(); now-before != 3 {
		t.Errorf("it was encoded %d times, want once for both whom ada blocks", now-before)
	}
	edit(kim, second.ID, "status", "look again, please: "+page)
	wantTold("edited", map[*servertest.Person]string{ada: "Friends", bo: "Friends", dee: "", fay: ""})
	other := here.Join("other")
	kim.Act(other.Publish("see "+page).ID, "reblog")
	wantTold("boosted", map[*servertest.Person]string{ada: "Friends", bo: "Friends", dee: "", fay: ""})
	ada.Post("/api/v1/accounts/"+dee.ID+"/unblock", nil, nil)
	ada.Post("/api/v1/accounts/"+fay.ID+"/unblock", nil, nil)
	kim.Publish("and again: " + page)
	wantTold("after the blocks", map[*servertest.Person]string{ada: "Friends", bo: "Friends", dee: "Friends", fay: "Friends"})
	// A status that leads nowhere costs one encoding.
	_, before = here.Streamed()
	kim.Publish("nothing to see")
	wantTold("plain", map[*servertest.Person]string{ada: "", bo: "", dee: "", fay: ""})
	if _, now := here.Streamed(); now-before != 1 {
		t.Errorf("it was encoded %d times, want once", now-before)
	}
}
