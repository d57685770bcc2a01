package server_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/protocol/activitypub/aptest"
	"anancus/internal/server/servertest"
)

// refresh is how far something is that goes on in the background.
type refresh struct {
	ID, Status string
	Count      *int `json:"result_count"`
}

func refreshOf(p *servertest.Person, name string) (refresh, int) {
	p.On.T.Helper()
	var told struct {
		Refresh refresh `json:"async_refresh"`
	}
	answer := p.Do(http.MethodGet, "/api/v1_alpha/async_refreshes/"+name, nil, &told)
	return told.Refresh, answer.StatusCode
}

func TestAMemberLearnsThatTheirHomeFeedIsReady(t *testing.T) {
	s := servertest.New(t, db.SQLite)
	ada, bo := s.Join("ada"), s.Join("bo")
	ada.Home()
	if told, _ := refreshOf(ada, "home:"+ada.ID); told.ID != "home:"+ada.ID || told.Status != "finished" || told.Count != nil {
		t.Errorf("the refresh is %+v", told)
	}
	for _, other := range []string{"home:" + bo.ID, "home:x", "thread:1", "1", "context:1", "context:x", "context:"} {
		if _, code := refreshOf(ada, other); code != 404 {
			t.Errorf("the refresh %s answers %d", other, code)
		}
	}
}

func TestAMemberLearnsThatAnswersAreLookedFor(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		at := clock.NewManual(time.Now())
		here := servertest.NewAt(t, engine, at)
		ada, bo := here.Join("ada"), here.Join("bo")
		sam, eve := newOutsider(t, aptest.NewServer(t), "sam", 0), newOutsider(t, aptest.NewServer(t), "eve", 1)
		root := sam.answer("root", "", 60)
		var answers []string
		serve := func(n int) {
			one := eve.answer(fmt.Sprint(n), root.ID, 50-n)
			eve.puts(one)
			answers = append(answers, one.ID)
			sam.collects(&root, answers)
			sam.puts(root)
		}
		serve(1)
		young := sam.answer("young", "", 4)
		sam.puts(young)
		found, _ := ada.FindStatus(root.ID)
		fresh, _ := ada.FindStatus(young.ID)
		mine := ada.Publish("mine")
		servertest.Settle(t, here)
		wantNone := func(p *servertest.Person, status, why string) {
			t.Helper()
			if _, told := shown(p, status); told != "" {
				t.Errorf("%s: answers are looked for: %s", why, told)
			}
		}
		name := "context:" + found.ID
		look := func(below string, count int) {
			t.Helper()
			if _, told := shown(ada, found.ID); told != fmt.Sprintf(`id="%s", retry=3, result_count=0`, name) {
				t.Errorf("the search is told of as %q", told)
			}
			if told, _ := refreshOf(bo, name); told.ID != name || told.Status != "running" || told.Count == nil || *told.Count != 0 {
				t.Errorf("the search that began is %+v", told)
			}
			if _, told := shown(bo, found.ID); told == "" {
				t.Error("another member is not told that it is under way")
			}
			wantNone(here.Nobody(), found.ID, "a visitor looks while it is under way")
			servertest.Settle(t, here)
			if told, _ := refreshOf(ada, name); told.Status != "finished" || told.Count == nil || *told.Count != count {
				t.Errorf("the search that ended is %+v", told)
			}
			if got, _ := shown(ada, found.ID); ends(got.Descendants) != below {
				t.Errorf("below the status is %q, want %q", ends(got.Descendants), below)
			}
		}
		wantNone(here.Nobody(), found.ID, "a visitor looks")
		if _, code := refreshOf(ada, name); code != 404 {
			t.Errorf("a search that never was is answered with %d", code)
		}
		wantNone(ada, fresh.ID, "it is young")
		wantNone(ada, mine.ID, "it is from here")
		look("1", 1)
		serve(2)
		at.Advance(14 * time.Minute)
		wantNone(ada, found.ID, "14 minutes after")
		at.Advance(2 * time.Minute)
		look("1 2", 1)
		at.Advance(6 * 24 * time.Hour)
		look("1 2", 0)
		at.Advance(2 * 24 * time.Hour)
		serve(3)
		wantNone(ada, found.ID, "a week after the last news")
		servertest.Settle(t, here)

		// An answer that comes by itself is news.
		late := activitypub.Note(sam.answer("4", root.ID, 0))
		late.Published = activitypub.Timestamp(at.Now().Add(-time.Minute))
		req := aptest.Post(t, here.URL+"/ap/users/"+ada.ID+"/inbox", sam.actor.PublicKey.ID, sam.key, encode(t, sam.create(late)), at.Now())
		if code := here.Nobody().Send(req, nil).StatusCode; code != http.StatusAccepted {
			t.Fatalf("the answer was answered with %d", code)
		}
		servertest.Settle(t, here)
		look("4 1 2 3", 1) // its author goes on first

		// Who may not read a status is not told of the search.
		account := bo.Find("@sam@" + sam.host.Host)
		write(t, here, `UPDATE accounts SET suspended_at = 1 WHERE id = `+account.ID)
		if _, code := refreshOf(ada, name); code != 404 {
			t.Errorf("the search for answers to what is hidden is answered with %d", code)
		}
	})
}
