package server_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"anancus/internal/kit/db"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/protocol/activitypub/aptest"
	"anancus/internal/server/servertest"
)

func TestAPollIsAnsweredOnAnotherServer(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		here, there := pair(t, engine)
		ada, cy, bo, dan := here.Join("ada"), here.Join("cy"), there.Join("bo"), there.Join("dan")
		bo.Follow(ada)
		servertest.Settle(t, here, there)
		asked := asks(ada, []string{"tea", "coffee"})
		servertest.Settle(t, here, there)
		copied, ok := known(bo, asked.URI)
		if !ok {
			t.Fatal("the poll did not arrive")
		}
		wantPoll(t, bo, copied.ID, "tea:0 coffee:0 votes:0 voters:0 voted:false []")
		wantVote(t, bo, copied.ID, []string{"0", "1"}, notTwice)
		wantVote(t, bo, copied.ID, []string{"1"}, "200 tea:0 coffee:1 votes:1 voters:1 voted:true [1]")
		wantVote(t, bo, copied.ID, []string{"0"}, notTwice)
		servertest.Settle(t, here, there)
		wantPoll(t, ada, asked.ID, "tea:0 coffee:1 votes:1 voters:1 voted:true []")
		wantPoll(t, dan, copied.ID, "tea:0 coffee:1 votes:1 voters:1 voted:false []")

		// Other servers are told how it stands, some minutes later and once for many votes.
		wantVote(t, cy, asked.ID, []string{"0"}, "200 tea:1 coffee:1 votes:2 voters:2 voted:true [0]")
		tellVotes(t, here)
		servertest.Settle(t, here, there)
		wantPoll(t, bo, copied.ID, "tea:0 coffee:1 votes:1 voters:1 voted:true [1]")
		write(t, here, `UPDATE polls SET tell_votes_at = 1 WHERE tell_votes_at IS NOT NULL`)
		tellVotes(t, here)
		if n := count(t, here, `SELECT COUNT(*) FROM polls WHERE tell_votes_at IS NOT NULL`); n != 0 {
			t.Errorf("%d polls are told again without a vote", n)
		}
		servertest.Settle(t, here, there)
		wantPoll(t, bo, copied.ID, "tea:1 coffee:1 votes:2 voters:2 voted:true [1]")

		// Who looks at it has it read again, when that was not done for a minute.
		write(t, here, `UPDATE poll_tallies SET votes = 7 WHERE position = 0`)
		bo.Get("/api/v1/polls/"+copied.ID, new(poll))
		servertest.Settle(t, here, there)
		wantPoll(t, bo, copied.ID, "tea:1 coffee:1 votes:2 voters:2 voted:true [1]")
		write(t, there, `UPDATE polls SET fetched_at = 1`)
		there.Nobody().Get("/api/v1/polls/"+copied.ID, new(poll))
		servertest.Settle(t, here, there)
		wantPoll(t, there.Nobody(), copied.ID, "tea:1 coffee:1 votes:2 voters:2")
		bo.Get("/api/v1/polls/"+copied.ID, new(poll))
		servertest.Settle(t, here, there)
		wantPoll(t, bo, copied.ID, "tea:7 coffee:1 votes:8 voters:2 voted:true [1]")

		// Its end is told to those who voted, and to nobody else.
		if err := here.EndPoll(t.Context(), asked.ID); err != nil {
			t.Fatal(err)
		}
		servertest.Settle(t, here, there)
		wantPoll(t, bo, copied.ID, "tea:7 coffee:1 votes:8 voters:2 over voted:true [1]")
		wantVote(t, dan, copied.ID, []string{"0"}, "422 Validation failed: The poll has already ended")
		wantTold(t, bo, "poll", abroad(ada), 0)
		if err := there.EndPoll(t.Context(), copied.ID); err != nil {
			t.Fatal(err)
		}
		servertest.Settle(t, here, there)
		wantTold(t, bo, "poll", abroad(ada), 1)
		wantTold(t, dan, "poll", abroad(ada), 0)
	})
}

func tellVotes(t *testing.T, s *servertest.Server) {
	t.Helper()
	if err := s.TellVotes(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestSeveralChoicesReachTheServerThatCounts(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		here, there := pair(t, engine)
		ada, bo := here.Join("ada"), there.Join("bo")
		bo.Follow(ada)
		servertest.Settle(t, here, there)
		asked := asks(ada, []string{"a", "b", "c"}, "poll[multiple]", "true", "poll[hide_totals]", "true")
		servertest.Settle(t, here, there)
		copied, _ := known(bo, asked.URI)
		wantVote(t, bo, copied.ID, []string{"2", "0"}, "200 a:1 b:0 c:1 votes:2 voters:1 voted:true [0 2]")
		wantVote(t, bo, copied.ID, []string{"1"}, "200 a:1 b:1 c:1 votes:3 voters:1 voted:true [0 1 2]")
		servertest.Settle(t, here, there)
		if err := here.EndPoll(t.Context(), asked.ID); err != nil {
			t.Fatal(err)
		}
		wantPoll(t, here.Nobody(), asked.ID, "a:1 b:1 c:1 votes:3 voters:1 over")
	})
}

func TestAnEditArrivesAndIsKeptInTheHistory(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		here, there := pair(t, engine)
		ada, bo, cy := here.Join("ada"), there.Join("bo"), there.Join("cy")
		bo.Follow(ada)
		servertest.Settle(t, here, there)
		shown := uploads(ada, picture(t, 64, 48, "png"), "description", "A meadow")
		form := formOf("status", "first #one "+bo.Handle(), "media_ids[]", shown.ID)
		var made edited
		ada.Post("/api/v1/statuses", form, &made)
		servertest.Settle(t, here, there)
		copied, ok := known(bo, made.URI)
		if !ok {
			t.Fatal("the status did not arrive")
		}
		cy.Act(copied.ID, "reblog")
		var before withMedia
		bo.Get("/api/v1/statuses/"+copied.ID, &before)

		edit(ada, made.ID, "status", "second #two "+cy.Handle(), "spoiler_text", "careful", "media_ids[]", shown.ID,
			"media_attributes[][id]", shown.ID, "media_attributes[][description]", "A wide meadow")
		servertest.Settle(t, here, there)
		var now struct {
			edited
			Media []attachment `json:"media_attachments"`
		}
		bo.Get("/api/v1/statuses/"+copied.ID, &now)
		if now.EditedAt == nil || !strings.Contains(now.Content, "second") || now.SpoilerText != "careful" || !now.Sensitive || len(now.Tags) != 1 || now.Tags[0].Name != "two" {
			t.Errorf("after the edit it is %+v", now.edited)
		}
		if len(now.Mentions) != 1 || now.Mentions[0].ID != cy.ID {
			t.Errorf("it mentions %v, want %s", now.Mentions, cy.ID)
		}
		if len(now.Media) != 1 || now.Media[0].ID != before.Media[0].ID || *now.Media[0].Description != "A wide meadow" {
			t.Errorf("it shows %+v, before %+v", now.Media, before.Media)
		}
		var said []string
		for _, r := range history(bo, copied.ID) {
			said = append(said, fmt.Sprint(strings.Contains(r.Content, "first"), r.SpoilerText, r.Media[0].(map[string]any)["description"], r.Poll))
		}
		if want := []string{"trueA meadow<nil>", "falsecarefulA wide meadow<nil>"}; !slices.Equal(said, want) {
			t.Errorf("the history says %q, want %q", said, want)
		}
		wantTold(t, cy, "update", abroad(ada), 1)
		wantTold(t, cy, "mention", abroad(ada), 1)
		wantTold(t, bo, "mention", abroad(ada), 1)
		for tag, want := range map[string]int{"one": 0, "two": 1} {
			var list []servertest.Status
			bo.Get("/api/v1/timelines/tag/"+tag, &list)
			if len(list) != want {
				t.Errorf("#%s lists %d statuses, want %d", tag, len(list), want)
			}
		}
		// Who is mentioned no more may still read it, also when it was for few.
		if answer := bo.Do(http.MethodGet, "/api/v1/statuses/"+copied.ID, nil, nil); answer.StatusCode != http.StatusOK {
			t.Errorf("it answers %d", answer.StatusCode)
		}

		// A poll that comes by an edit, with votes that it loses when it asks something else.
		edit(ada, made.ID, "status", "third", "poll[options][]", "a", "poll[options][]", "b", "poll[expires_in]", "300")
		servertest.Settle(t, here, there)
		wantVote(t, bo, copied.ID, []string{"0"}, "200 a:1 b:0 votes:1 voters:1 voted:true [0]")
		servertest.Settle(t, here, there)
		edit(ada, made.ID, "status", "third", "poll[options][]", "a", "poll[options][]", "c", "poll[expires_in]", "300")
		servertest.Settle(t, here, there)
		wantPoll(t, bo, copied.ID, "a:0 c:0 votes:0 voters:0 voted:false []")
		edit(ada, made.ID, "status", "fourth")
		servertest.Settle(t, here, there)
		var last edited
		bo.Get("/api/v1/statuses/"+copied.ID, &last)
		if last.Poll != nil || !strings.Contains(last.Content, "fourth") {
			t.Errorf("at last it is %+v", last)
		}
		if n := len(history(bo, copied.ID)); n != 5 {
			t.Errorf("the history has %d forms, want 5", n)
		}
	})
}

func TestOnlyANewerWordOfTheAuthorChangesAStatus(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		here := servertest.New(t, engine)
		ada := here.Join("ada")
		host, elsewhere := aptest.NewServer(t), aptest.NewServer(t)
		sam, mallory, eve := newOutsider(t, host, "sam", 0), newOutsider(t, host, "mallory", 1), newOutsider(t, elsewhere, "eve", 2)
		sam.acceptFollow(ada)
		said := sam.public("1", "one")
		said.Type, said.OneOf = "Question", []activitypub.Option{activitypub.NewOption("yes", 1), activitypub.NewOption("no", 2)}
		sam.post(here, sam.create(said), http.StatusAccepted)
		at := time.Now().Add(-30 * time.Second)
		number := 0
		update := func(by *outsider, note activitypub.Note) {
			t.Helper()
			number++
			update := activitypub.NewUpdate(fmt.Sprintf("%s#updates/%d", by.actor.ID, number), note)
			update.Actor = by.actor.ID
			by.post(here, update, http.StatusAccepted)
		}
		want := func(why, content string, votes string) {
			t.Helper()
			got, ok := known(ada, said.ID)
			if !ok {
				t.Fatalf("%s: it is gone", why)
			}
			if got.Content != "<p>"+content+"</p>" {
				t.Errorf("%s: it says %s, want %s", why, got.Content, content)
			}
			wantPoll(t, ada, got.ID, votes)
		}
		const untouched = "yes:1 no:2 votes:3 voted:false []"
		want("at first", "one", untouched)
		change := func(content string, updated time.Time, change func(*activitypub.Note)) activitypub.Note {
			n := said
			n.Content, n.OneOf = "<p>"+content+"</p>", slices.Clone(said.OneOf)
			if !updated.IsZero() {
				n.Updated = activitypub.Timestamp(updated)
			}
			if change != nil {
				change(&n)
			}
			return n
		}
		foreign := func(n *activitypub.Note) { n.OneOf = []activitypub.Option{activitypub.NewOption("maybe", 9)} }

		update(mallory, change("by a neighbour", at, nil))
		update(eve, change("by a stranger", at, nil))
		update(mallory, change("in my name", at, func(n *activitypub.Note) { n.AttributedTo = mallory.actor.ID }))
		want("by others", "one", untouched)
		update(sam, change("without a time", time.Time{}, func(n *activitypub.Note) { n.OneOf[0] = activitypub.NewOption("yes", 5) }))
		want("without a time only the numbers count", "one", "yes:5 no:2 votes:7 voted:false []")
		update(sam, change("without a time", time.Time{}, foreign))
		want("another question needs a time", "one", "yes:5 no:2 votes:7 voted:false []")
		update(sam, change("two", at, nil))
		want("newer", "two", untouched)
		update(sam, change("of the same second", at, func(n *activitypub.Note) { n.OneOf[1] = activitypub.NewOption("no", 8) }))
		want("at the same time only the numbers count", "two", "yes:1 no:8 votes:9 voted:false []")
		update(sam, change("older", at.Add(-time.Second), foreign))
		want("older", "two", "yes:1 no:8 votes:9 voted:false []")
		update(sam, change("from the future", time.Now().Add(24*time.Hour), nil))
		update(sam, change("after that", time.Now().Add(48*time.Hour), nil))
		want("a time to come is now", "after that", untouched)
		update(sam, change("three<script>alert(1)</script>", time.Now().Add(72*time.Hour), func(n *activitypub.Note) {
			n.To, n.Cc, n.InReplyTo = nil, nil, &n.ID
			n.OneOf = nil
			for i := range 300 {
				n.AnyOf = append(n.AnyOf, activitypub.NewOption(fmt.Sprint(i), 1))
			}
		}))
		got, ok := known(ada, said.ID)
		if !ok || got.Content != "<p>three</p>" || got.Visibility != "public" {
			t.Errorf("whom it is for does not change, and what it says is made safe: %+v", got)
		}
		var p poll
		ada.Get("/api/v1/polls/"+got.ID, &p)
		if len(p.Options) != 48 || !p.Multiple {
			t.Errorf("a poll of too many options has %d", len(p.Options))
		}

		// What was never heard of is taken when it is of today and concerns somebody here.
		fresh, stale, foreignOne := sam.public("2", "fresh"), sam.public("3", "stale"), eve.public("4", "foreign")
		stale.Published = activitypub.Timestamp(time.Now().Add(-25 * time.Hour))
		for _, n := range []activitypub.Note{fresh, stale} {
			n.Updated = activitypub.Timestamp(time.Now())
			update(sam, n)
		}
		update(eve, foreignOne)
		for uri, want := range map[string]bool{fresh.ID: true, stale.ID: false, foreignOne.ID: false} {
			if n := count(t, here, `SELECT COUNT(*) FROM statuses WHERE uri = $1`, uri); (n == 1) != want {
				t.Errorf("%s is there: %v, want %v", uri, n == 1, want)
			}
		}
		// Nobody elsewhere edits what was written here.
		mine := ada.Publish("mine")
		n := sam.public("1", "not yours")
		n.ID, n.Updated = mine.URI, activitypub.Timestamp(time.Now())
		update(sam, n)
		var still servertest.Status
		ada.Get("/api/v1/statuses/"+url.PathEscape(mine.ID), &still)
		if still.Content != mine.Content {
			t.Errorf("it says %s", still.Content)
		}
	})
}
