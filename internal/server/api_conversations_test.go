package server_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"anancus/internal/kit/db"
	"anancus/internal/server/servertest"
)

type talk struct {
	ID       string
	Unread   bool
	Accounts []servertest.Account
	Last     *servertest.Status `json:"last_status"`
}

func talks(p *servertest.Person, query string) (list []talk, link string) {
	p.On.T.Helper()
	answer := p.Do(http.MethodGet, "/api/v1/conversations"+query, nil, &list)
	return list, answer.Header.Get("Link")
}

func TestConversationsFollowWhatIsSentAndReceivedInPrivate(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		here, there := pair(t, engine)
		ada, bo, cy := here.Join("ada"), here.Join("bo"), there.Join("cy")
		settle := func() { servertest.Settle(t, here, there) }
		bo.Follow(ada)
		ada.Follow(cy)
		cy.Follow(ada)
		settle()
		direct := func(p *servertest.Person, text, answers string) servertest.Status {
			return p.Publish(text, "visibility", "direct", "in_reply_to_id", answers)
		}
		first := direct(ada, "@bo hello", "")
		ada.Publish("@bo in public")
		settle()
		mine, _ := talks(ada, "")
		his, _ := talks(bo, "")
		if len(mine) != 1 || mine[0].Unread || len(mine[0].Accounts) != 1 || mine[0].Accounts[0].ID != bo.ID || mine[0].Last == nil || mine[0].Last.ID != first.ID {
			t.Fatalf("ada has %+v", mine)
		}
		if len(his) != 1 || !his[0].Unread || his[0].Accounts[0].ID != ada.ID {
			t.Fatalf("bo has %+v", his)
		}
		second := direct(bo, "@ada hello back", first.ID)
		settle()
		if mine, _ = talks(ada, ""); len(mine) != 1 || !mine[0].Unread || mine[0].Last.ID != second.ID {
			t.Errorf("after an answer ada has %+v", mine)
		}
		at := "/api/v1/conversations/" + mine[0].ID
		var one talk
		if ada.Post(at+"/read", nil, &one); one.Unread || one.Last == nil {
			t.Errorf("read it is %+v", one)
		}
		if ada.Post(at+"/unread", nil, &one); !one.Unread {
			t.Errorf("unread it is %+v", one)
		}
		for _, r := range [][2]string{{"DELETE", at}, {"POST", at + "/read"}, {"POST", at + "/unread"}} {
			wantRefused(t, bo, r[0], r[1], url.Values{}, 404, notThere)
		}
		bo.Delete(second.ID)
		settle()
		if mine, _ = talks(ada, ""); len(mine) != 1 || mine[0].Last.ID != first.ID {
			t.Errorf("after a deletion ada has %+v", mine)
		}

		// Removed, it comes back with something new alone.
		var raw string
		if answer := ada.Do("DELETE", at, nil, &raw); answer.StatusCode != 200 || strings.TrimSpace(raw) != "{}" {
			t.Errorf("removing answers %d %s", answer.StatusCode, raw)
		}
		wantRefused(t, ada, "POST", at+"/read", url.Values{}, 404, notThere)
		if mine, _ = talks(ada, ""); len(mine) != 0 {
			t.Errorf("removed there is %+v", mine)
		}
		third := direct(bo, "@ada once more", first.ID)
		settle()
		if mine, _ = talks(ada, ""); len(mine) != 1 || mine[0].Last.ID != third.ID {
			t.Errorf("with something new there is %+v", mine)
		}
		bo.Delete(third.ID)
		settle()
		if mine, _ = talks(ada, ""); len(mine) != 0 {
			t.Errorf("without it there is %+v", mine)
		}

		// From elsewhere, to oneself, and from who is blocked.
		cy.Publish(ada.Handle()+" from afar", "visibility", "direct")
		direct(ada, "a note to myself", "")
		settle()
		mine, _ = talks(ada, "")
		if len(mine) != 2 || len(mine[0].Accounts) != 1 || len(mine[1].Accounts) != 1 {
			t.Fatalf("ada has %+v", mine)
		}
		newest, link := talks(ada, "?limit=1")
		if len(newest) != 1 || !strings.Contains(link, "max_id="+newest[0].Last.ID) || !strings.Contains(link, "min_id="+newest[0].Last.ID) {
			t.Errorf("the first page has the links %s", link)
		}
		if older, _ := talks(ada, "?limit=1&max_id="+newest[0].Last.ID); len(older) != 1 || older[0].ID == newest[0].ID {
			t.Errorf("the next page is %+v", older)
		} else if newer, _ := talks(ada, "?limit=1&min_id="+older[0].Last.ID); len(newer) != 1 || newer[0].ID != newest[0].ID {
			t.Errorf("the page before is %+v", newer)
		}
		ada.Post("/api/v1/accounts/"+bo.ID+"/block", nil, nil)
		direct(bo, "@ada are you there?", "")
		settle()
		if mine, _ = talks(ada, ""); len(mine) != 2 {
			t.Errorf("of who is blocked ada has %+v", mine)
		}
	})
}

func TestWhoseRequestIsAcceptedHasConversations(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		here, there := pair(t, engine)
		ada, bo, eve := here.Join("ada"), here.Join("bo"), there.Join("eve")
		settle := func() { servertest.Settle(t, here, there) }
		bo.Publish("@ada in public")
		one := bo.Publish("@ada a word", "visibility", "direct")
		two := bo.Publish("@ada another", "visibility", "direct", "in_reply_to_id", one.ID)
		eve.Publish(ada.Handle()+" from afar", "visibility", "direct")
		settle()
		if mine, _ := talks(ada, ""); len(mine) != 0 {
			t.Fatalf("what is held back makes the conversations %+v", mine)
		}
		var requests []struct {
			ID      string
			Account servertest.Account
		}
		ada.Get("/api/v1/notifications/requests", &requests)
		if len(requests) != 2 {
			t.Fatalf("the requests are %+v", requests)
		}
		for _, one := range requests {
			if one.Account.ID == bo.ID {
				ada.Post("/api/v1/notifications/requests/"+one.ID+"/accept", nil, nil)
			}
		}
		settle()
		mine, _ := talks(ada, "")
		if len(mine) != 1 || !mine[0].Unread || mine[0].Last.ID != two.ID || len(mine[0].Accounts) != 1 || mine[0].Accounts[0].ID != bo.ID {
			t.Errorf("after the acceptance ada has %+v", mine)
		}
		if n := told(ada, "mention", "bo"); n != 3 {
			t.Errorf("ada is told of %d mentions", n)
		}
		bo.Publish("@ada a third", "visibility", "direct", "in_reply_to_id", two.ID)
		settle()
		if mine, _ = talks(ada, ""); len(mine) != 1 || mine[0].Last.ID == two.ID {
			t.Errorf("after one more word ada has %+v", mine)
		}
	})
}

func TestConversationsShowWhatAnEditSaysNow(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		here, there := pair(t, engine)
		ada, bo, cy, far := here.Join("ada"), here.Join("bo"), here.Join("cy"), there.Join("far")
		settle := func() { servertest.Settle(t, here, there) }
		for _, p := range []*servertest.Person{bo, cy, far} {
			p.Follow(ada)
		}
		settle()
		said := ada.Publish("@bo "+far.Handle()+" helo", "visibility", "direct")
		settle()
		his, _ := talks(bo, "")
		if len(his) != 1 {
			t.Fatalf("bo has %+v", his)
		}
		bo.Post("/api/v1/conversations/"+his[0].ID+"/read", nil, nil)
		edit(ada, said.ID, "status", "@bo @cy "+far.Handle()+" hello")
		settle()
		// As Mastodon: an edit is no news to who has the conversation, and begins one for whom it begins to mention.
		for _, one := range []struct {
			who    *servertest.Person
			unread bool
		}{{ada, false}, {bo, false}, {cy, true}} {
			list, _ := talks(one.who, "")
			if len(list) != 1 || list[0].Unread != one.unread || list[0].Last == nil || !strings.Contains(list[0].Last.Content, "hello") {
				t.Errorf("%s has %+v", one.who.Name, list)
			}
		}
	})
}
