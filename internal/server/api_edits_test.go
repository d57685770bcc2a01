package server_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"anancus/internal/kit/db"
	"anancus/internal/protocol/activitypub/aptest"
	"anancus/internal/server/servertest"
)

// edited is what the tests look at in a status that may have been edited.
type edited struct {
	servertest.Status
	EditedAt    *string `json:"edited_at"`
	SpoilerText string  `json:"spoiler_text"`
	Sensitive   bool
	Language    *string
	Pinned      bool
	Tags        []struct{ Name string }
	Mentions    []struct{ ID string }
	Poll        *poll
}

type revision struct {
	Content     string
	SpoilerText string `json:"spoiler_text"`
	Sensitive   bool
	CreatedAt   string `json:"created_at"`
	Account     servertest.Account
	Poll        *struct{ Options []struct{ Title string } }
	Media       []any `json:"media_attachments"`
	Emojis      []any
}

// edit asks for a change of a status; pairs are the form.
func edit(p *servertest.Person, id string, pairs ...string) (edited, *http.Response) {
	p.On.T.Helper()
	var body json.RawMessage
	answer := p.Do(http.MethodPut, "/api/v1/statuses/"+id, formOf(pairs...), &body)
	var now edited
	if answer.StatusCode == http.StatusOK {
		if err := json.Unmarshal(body, &now); err != nil {
			p.On.T.Fatal(err)
		}
	}
	return now, answer
}

func formOf(pairs ...string) url.Values {
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return form
}

func history(p *servertest.Person, id string) (list []revision) {
	p.On.T.Helper()
	p.Get("/api/v1/statuses/"+id+"/history", &list)
	return list
}

func TestAnEditChangesAStatusAndKeepsWhatItSaid(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada, bo := s.Join("ada"), s.Join("bo")
		parent := bo.Publish("the question")
		post := ada.Publish("first #cats", "in_reply_to_id", parent.ID, "visibility", "unlisted", "language", "de")
		ada.Act(post.ID, "pin")
		bo.Act(post.ID, "favourite")
		if list := history(s.Nobody(), post.ID); len(list) != 1 || list[0].Content != post.Content || list[0].Poll != nil || list[0].Account.ID != ada.ID || list[0].Media == nil || list[0].Emojis == nil {
			t.Errorf("the history of a status that was never edited is %+v", list)
		}
		now, answer := edit(ada, post.ID, "status", "second #dogs", "spoiler_text", "careful", "visibility", "public", "in_reply_to_id", "1")
		if answer.StatusCode != http.StatusOK || !strings.Contains(now.Content, "second") || now.SpoilerText != "careful" || !now.Sensitive || now.EditedAt == nil ||
			now.Language == nil || *now.Language != "de" || len(now.Tags) != 1 || now.Tags[0].Name != "dogs" {
			t.Fatalf("the edit is %+v (%d)", now, answer.StatusCode)
		}
		if now.Visibility != "unlisted" || now.InReplyTo != parent.ID || now.Favourites != 1 || !now.Pinned {
			t.Errorf("the edit changed what does not change: %+v", now)
		}
		if seen, _ := bo.Show(post.ID); seen.Content != now.Content {
			t.Errorf("another reads %s", seen.Content)
		}
		list := history(bo, post.ID)
		if len(list) != 2 || list[0].Content != post.Content || list[0].SpoilerText != "" || list[0].Sensitive ||
			list[1].Content != now.Content || list[1].SpoilerText != "careful" || !list[1].Sensitive || list[1].CreatedAt != *now.EditedAt {
			t.Errorf("the history is %+v", list)
		}
		var source map[string]string
		bo.Get("/api/v1/statuses/"+post.ID+"/source", &source)
		if len(source) != 3 || source["id"] != post.ID || source["text"] != "second #dogs" || source["spoiler_text"] != "careful" {
			t.Errorf("the source is %v", source)
		}
		// Nothing changes: nothing is kept or told.
		before := count(t, s, `SELECT COUNT(*) FROM outbox`)
		again, _ := edit(ada, post.ID, "status", "second #dogs", "spoiler_text", "careful")
		if again.EditedAt == nil || *again.EditedAt != *now.EditedAt || len(history(ada, post.ID)) != 2 || count(t, s, `SELECT COUNT(*) FROM outbox`) != before {
			t.Errorf("an edit that changes nothing made something: %+v", again)
		}
		// At once again: a later time, to the second, or other servers take it for the same.
		third, _ := edit(ada, post.ID, "status", "third", "language", "fr")
		if third.EditedAt == nil || (*third.EditedAt)[:19] <= (*now.EditedAt)[:19] || third.Sensitive || third.SpoilerText != "" || *third.Language != "fr" || len(third.Tags) != 0 {
			t.Errorf("the third form is %+v", third)
		}
	})
}

func TestAnEditIsRefusedInMastodonsWords(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada, bo := s.Join("ada"), s.Join("bo")
		post, secret := ada.Publish("mine"), ada.Publish("for followers", "visibility", "private")
		boost := ada.Act(post.ID, "reblog")
		for name, one := range map[string]struct {
			who   *servertest.Person
			id    string
			pairs []string
			code  int
		}{
			"no text":         {ada, post.ID, []string{"status", " "}, 422},
			"too long":        {ada, post.ID, []string{"status", strings.Repeat("x", 501)}, 422},
			"media":           {ada, post.ID, []string{"status", "with", "media_ids[]", "1"}, 422},
			"media changes":   {ada, post.ID, []string{"status", "with", "media_attributes[][id]", "x"}, 422},
			"no media":        {ada, post.ID, []string{"status", "mine", "media_ids", ""}, 200},
			"a boost":         {ada, boost.ID, []string{"status", "other"}, 422},
			"another's":       {bo, post.ID, []string{"status", "other"}, 404},
			"another's unmet": {bo, secret.ID, []string{"status", "other"}, 404},
			"none":            {ada, "1", []string{"status", "other"}, 404},
			"a poll alone":    {ada, post.ID, []string{"poll[options][]", "a", "poll[options][]", "b", "poll[expires_in]", "300"}, 422},
			"half a poll":     {ada, post.ID, []string{"status", "mine", "poll[options][]", "a", "poll[expires_in]", "300"}, 422},
			"an endless poll": {ada, post.ID, []string{"status", "mine", "poll[options][]", "a", "poll[options][]", "b"}, 422},
		} {
			if _, answer := edit(one.who, one.id, one.pairs...); answer.StatusCode != one.code {
				t.Errorf("%s: answered %d, want %d", name, answer.StatusCode, one.code)
			}
		}
		for _, what := range []string{"history", "source"} {
			if answer := bo.Do(http.MethodGet, "/api/v1/statuses/"+secret.ID+"/"+what, nil, nil); answer.StatusCode != http.StatusNotFound {
				t.Errorf("the %s of what bo may not read is answered %d", what, answer.StatusCode)
			}
		}
		if answer := s.Nobody().Do(http.MethodGet, "/api/v1/statuses/"+post.ID+"/source", nil, nil); answer.StatusCode != http.StatusUnauthorized {
			t.Errorf("the source is answered %d to nobody", answer.StatusCode)
		}
		if now, _ := ada.Show(post.ID); now.Content != post.Content || count(t, s, `SELECT COUNT(*) FROM status_edits`) != 0 {
			t.Errorf("a refused edit left something: %s", now.Content)
		}
	})
}

func TestAnEditTellsBoostersAndWhomItBeginsToMention(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada, bo, cy, dee := s.Join("ada"), s.Join("bo"), s.Join("cy"), s.Join("dee")
		post := ada.Publish("hello @bo", "visibility", "public")
		ada.Act(post.ID, "reblog")
		cy.Act(post.ID, "reblog")
		servertest.Settle(t, s)
		bo.Post("/api/v1/notifications/clear", nil, nil)
		now, _ := edit(ada, post.ID, "status", "hello @bo and @dee")
		servertest.Settle(t, s)
		wantTold(t, cy, "update", "ada", 1)
		wantTold(t, dee, "mention", "ada", 1)
		wantTold(t, bo, "mention", "ada", 0) // who was told before is not told again
		if len(told0(ada, "update")) != 0 {
			t.Error("the author was told of their own edit")
		}
		if len(now.Mentions) != 2 {
			t.Errorf("the status mentions %v", now.Mentions)
		}
		edit(ada, post.ID, "status", "hello, world")
		servertest.Settle(t, s)
		wantTold(t, cy, "update", "ada", 1) // of the latest alone
		updates := told0(cy, "update")
		if len(updates) != 1 || updates[0].Status == nil || !strings.Contains(updates[0].Status.Content, "world") {
			t.Errorf("cy is told %+v", updates)
		}
	})
}

func told0(p *servertest.Person, kind string) (list []servertest.Notification) {
	for _, n := range p.Notifications() {
		if n.Type == kind {
			list = append(list, n)
		}
	}
	return list
}

func TestWhoIsMentionedNoMoreMayStillRead(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada, bo, cy := s.Join("ada"), s.Join("bo"), s.Join("cy")
		post := ada.Publish("psst @bo", "visibility", "direct")
		now, _ := edit(ada, post.ID, "status", "psst @cy", "visibility", "public")
		if len(now.Mentions) != 1 || now.Mentions[0].ID != cy.ID || now.Visibility != "direct" {
			t.Errorf("the edit is %+v", now)
		}
		for name, p := range map[string]*servertest.Person{"who was mentioned": bo, "who is": cy} {
			if seen, ok := p.Show(post.ID); !ok || seen.Content != now.Content {
				t.Errorf("%s reads %+v (%v)", name, seen, ok)
			}
		}
		if _, ok := s.Nobody().Show(post.ID); ok {
			t.Error("an edit made a direct status public")
		}
	})
}

func TestTimelinesFollowAnEdit(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada, bo, cy := s.Join("ada"), s.Join("bo"), s.Join("cy")
		bo.Follow(ada)
		bo.Post("/api/v1/accounts/"+cy.ID+"/mute", nil, nil)
		post := ada.Publish("about #cats")
		wantHome(t, bo, post, true)
		tagged := func(tag string) bool {
			var list []servertest.Status
			s.Nobody().Get("/api/v1/timelines/tag/"+tag, &list)
			return has(list, post.URI)
		}
		if !tagged("cats") || tagged("dogs") {
			t.Error("the hashtags are wrong before the edit")
		}
		edit(ada, post.ID, "status", "about #dogs, ask @cy")
		if tagged("cats") || !tagged("dogs") {
			t.Error("the hashtag timelines did not follow the edit")
		}
		wantHome(t, bo, post, false) // it mentions somebody whom bo mutes
		edit(ada, post.ID, "status", "about #dogs")
		wantHome(t, bo, post, true)
	})
}

func TestEditsAtOnceAreAllKeptInOrder(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada := s.Join("ada")
		post := ada.Publish("first")
		const many = 8
		var all sync.WaitGroup
		for i := range many {
			all.Go(func() { edit(ada, post.ID, "status", fmt.Sprint("form ", i)) })
		}
		all.Wait()
		list := history(ada, post.ID)
		if len(list) != many+1 || list[0].Content != post.Content {
			t.Fatalf("%d forms are kept: %+v", len(list), list)
		}
		for i := 1; i < len(list); i++ {
			if list[i].CreatedAt <= list[i-1].CreatedAt {
				t.Errorf("form %d is of %s, the one before of %s", i, list[i].CreatedAt, list[i-1].CreatedAt)
			}
		}
		if now, _ := ada.Show(post.ID); now.Content != list[many].Content {
			t.Errorf("the status says %s, its last form %s", now.Content, list[many].Content)
		}
	})
}

func TestAnEditReachesOtherServers(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		here := servertest.New(t, engine)
		ada := here.Join("ada")
		host, away := aptest.NewServer(t), aptest.NewServer(t)
		newOutsider(t, host, "sam", 0)
		remy := newOutsider(t, away, "remy", 1)
		ada.Find("@sam@" + host.Host)
		ada.Find("@remy@" + away.Host)
		post := ada.Publish("psst @sam@"+host.Host, "visibility", "direct")
		servertest.Settle(t, here)
		before := len(host.Received())
		now, _ := edit(ada, post.ID, "status", "psst @remy@"+away.Host)
		servertest.Settle(t, here)
		// To whom it mentions now and to whom it mentioned.
		sent := append(host.Received()[before:], away.Received()...)
		if len(sent) != 2 || string(sent[0].Body) != string(sent[1].Body) {
			t.Fatalf("%d activities were sent", len(sent))
		}
		var update struct {
			ID, Type  string
			Published string
			To        []string
			Object    struct {
				ID, Type, Content, Updated string
				Tag                        []struct{ Href string }
			}
		}
		if err := json.Unmarshal(sent[0].Body, &update); err != nil {
			t.Fatal(err)
		}
		if update.Type != "Update" || update.Object.ID != post.URI || update.Object.Content != now.Content || update.Object.Updated == "" || update.Published != update.Object.Updated ||
			len(update.To) != 1 || update.To[0] != remy.actor.ID || len(update.Object.Tag) != 1 {
			t.Errorf("the Update is %+v", update)
		}
		// What other servers fetch is the new form.
		open := ada.Publish("first")
		edit(ada, open.ID, "status", "second")
		if code, body := document(t, here, open.URI); code != http.StatusOK || !strings.Contains(body, "second") || !strings.Contains(body, `"updated":"`+time.Now().UTC().Format("2006")) {
			t.Errorf("the document is %d %s", code, body)
		}
		local := ada.Publish("stays", "local_only", "true")
		servertest.Settle(t, here)
		before = len(host.Received())
		edit(ada, local.ID, "status", "stays, @sam@"+host.Host)
		servertest.Settle(t, here)
		if len(host.Received()) != before {
			t.Error("the edit of what never leaves was told")
		}
	})
}

func TestEditsAreGoneWhenTheirStatusIsPurged(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada, bo := s.Join("ada"), s.Join("bo")
		asked := ada.Publish("which?", "poll[options][]", "a", "poll[options][]", "b", "poll[expires_in]", "300")
		bo.Post("/api/v1/polls/"+asked.ID+"/votes", url.Values{"choices[]": {"0"}}, nil)
		edit(ada, asked.ID, "status", "which now?", "poll[options][]", "a", "poll[options][]", "b", "poll[expires_in]", "300")
		ada.Delete(asked.ID)
		if err := s.PurgeLater(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, table := range []string{"status_edits", "polls", "poll_tallies", "poll_votes"} {
			if n := count(t, s, `SELECT COUNT(*) FROM `+table); n != 0 {
				t.Errorf("%d rows of %s are left", n, table)
			}
		}
	})
}

func TestNumbersOfHashtagsFollowAnEdit(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada, bo := s.Join("ada"), s.Join("bo")
		for _, name := range []string{"cats", "dogs"} {
			ada.Post("/api/v1/tags/"+name+"/feature", nil, nil)
		}
		bo.Post("/api/v1/tags/dogs/follow", nil, nil)
		said := ada.Publish("about #cats")
		want := func(when string, numbers map[string][2]string) {
			t.Helper()
			servertest.Settle(t, s)
			var featured []struct {
				Name  string
				Count string  `json:"statuses_count"`
				Last  *string `json:"last_status_at"`
			}
			ada.Get("/api/v1/featured_tags", &featured)
			if len(featured) != len(numbers) {
				t.Errorf("%s %+v is featured", when, featured)
			}
			for _, one := range featured {
				if one.Count != numbers[one.Name][0] || (one.Last == nil) != (one.Count == "0") {
					t.Errorf("%s #%s counts %s, last %v, want %s", when, one.Name, one.Count, one.Last, numbers[one.Name][0])
				}
			}
			for name, wanted := range numbers {
				var tag tagEntity
				bo.Get("/api/v1/tags/"+name, &tag)
				if tag.History[0].Uses != wanted[1] || tag.History[0].Accounts != wanted[1] {
					t.Errorf("%s the history of #%s is %+v, want %s", when, name, tag.History[0], wanted[1])
				}
			}
		}
		want("at first", map[string][2]string{"cats": {"1", "1"}, "dogs": {"0", "0"}})
		edit(ada, said.ID, "status", "about #dogs")
		want("edited", map[string][2]string{"cats": {"0", "1"}, "dogs": {"1", "1"}}) // the day's history tells what was written
		if home := bo.Home(); len(home) != 1 || home[0].ID != said.ID {
			t.Errorf("who follows the hashtag has %+v", home)
		}
		edit(ada, said.ID, "status", "about nothing")
		want("without hashtags", map[string][2]string{"cats": {"0", "1"}, "dogs": {"0", "1"}})
		if home := bo.Home(); len(home) != 0 {
			t.Errorf("without the hashtag who follows it has %+v", home)
		}
	})
}
