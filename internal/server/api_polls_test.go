package server_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"anancus/internal/kit/db"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/protocol/activitypub/aptest"
	"anancus/internal/server/servertest"
)

type poll struct {
	ID        string
	ExpiresAt *string `json:"expires_at"`
	Expired   bool
	Multiple  bool
	Votes     int  `json:"votes_count"`
	Voters    *int `json:"voters_count"`
	Options   []struct {
		Title string
		Votes *int `json:"votes_count"`
	}
	Emojis []any
	Voted  *bool
	Own    *[]int `json:"own_votes"`
}

// say shows a poll in short: titles with their votes, voters, whether and what the viewer voted.
func (p *poll) say() string {
	if p == nil {
		return "none"
	}
	var b strings.Builder
	for _, o := range p.Options {
		b.WriteString(o.Title + ":")
		if o.Votes == nil {
			b.WriteString("? ")
		} else {
			fmt.Fprintf(&b, "%d ", *o.Votes)
		}
	}
	fmt.Fprintf(&b, "votes:%d", p.Votes)
	if p.Voters != nil {
		fmt.Fprintf(&b, " voters:%d", *p.Voters)
	}
	if p.Expired {
		b.WriteString(" over")
	}
	if p.Voted != nil && p.Own != nil {
		fmt.Fprintf(&b, " voted:%v %v", *p.Voted, *p.Own)
	}
	return b.String()
}

// asks publishes a poll; pairs are further parameters.
func asks(p *servertest.Person, options []string, pairs ...string) edited {
	p.On.T.Helper()
	form := formOf(append([]string{"status", "which?", "poll[expires_in]", "300"}, pairs...)...)
	form["poll[options][]"] = options
	var made edited
	p.Post("/api/v1/statuses", form, &made)
	if made.Poll == nil {
		p.On.T.Fatal("the status has no poll")
	}
	return made
}

// votes tries to vote and gives what is said to it.
func votes(p *servertest.Person, status string, choices ...string) (now *poll, code int, refusal string) {
	p.On.T.Helper()
	var body json.RawMessage
	answer := p.Do(http.MethodPost, "/api/v1/polls/"+status+"/votes", url.Values{"choices[]": choices}, &body)
	var said struct{ Error string }
	now = &poll{}
	for _, into := range []any{now, &said} {
		if err := json.Unmarshal(body, into); err != nil {
			p.On.T.Fatal(err)
		}
	}
	return now, answer.StatusCode, said.Error
}

func wantPoll(t *testing.T, p *servertest.Person, status, want string) {
	t.Helper()
	var alone poll
	p.Get("/api/v1/polls/"+status, &alone)
	var with edited
	p.Get("/api/v1/statuses/"+status, &with)
	if alone.say() != want || with.Poll.say() != want {
		t.Errorf("to %q the poll is %q, in its status %q, want %q", p.Name, alone.say(), with.Poll.say(), want)
	}
}

func wantVote(t *testing.T, p *servertest.Person, status string, choices []string, want string) {
	t.Helper()
	now, code, refusal := votes(p, status, choices...)
	if code == http.StatusOK {
		refusal = now.say()
	}
	if got := fmt.Sprint(code, " ", refusal); got != want {
		t.Errorf("%s votes %v: %s, want %s", p.Name, choices, got, want)
	}
}

const notTwice = "422 Validation failed: You have already voted on this poll"

func TestAPollCountsEveryVoterOnce(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada, bo, cy, eve := s.Join("ada"), s.Join("bo"), s.Join("cy"), s.Join("eve")
		asked := asks(ada, []string{" tea ", "", "coffee"}) // what is blank is left out, as in Mastodon
		if p := asked.Poll; p.ID == "" || p.ExpiresAt == nil || p.Multiple || p.Emojis == nil || p.say() != "tea:0 coffee:0 votes:0 voters:0 voted:true []" {
			t.Errorf("the poll is %+v", p)
		}
		one := asked.Poll.ID
		wantPoll(t, s.Nobody(), one, "tea:0 coffee:0 votes:0 voters:0")
		wantPoll(t, bo, one, "tea:0 coffee:0 votes:0 voters:0 voted:false []")
		wantVote(t, bo, one, []string{"1"}, "200 tea:0 coffee:1 votes:1 voters:1 voted:true [1]")
		wantPoll(t, bo, one, "tea:0 coffee:1 votes:1 voters:1 voted:true [1]")
		wantPoll(t, ada, one, "tea:0 coffee:1 votes:1 voters:1 voted:true []")
		wantPoll(t, cy, one, "tea:0 coffee:1 votes:1 voters:1 voted:false []")
		ada.Post("/api/v1/accounts/"+eve.ID+"/block", nil, nil)
		cy.Post("/api/v1/accounts/"+ada.ID+"/block", nil, nil)
		wantVote(t, bo, one, []string{"1"}, notTwice)
		wantVote(t, bo, one, []string{"0"}, notTwice)
		wantVote(t, bo, one, nil, "200 tea:0 coffee:1 votes:1 voters:1 voted:true [1]")
		wantVote(t, ada, one, []string{"0"}, "422 Validation failed: You cannot vote in your own polls")
		wantVote(t, eve, one, []string{"0"}, "404 Record not found")
		wantVote(t, cy, one, []string{"0"}, "403 This action is not allowed")
		cy.Post("/api/v1/accounts/"+ada.ID+"/unblock", nil, nil)
		for _, wrong := range []string{"2", "-1", "tea", "9999999999999999999999"} {
			wantVote(t, cy, one, []string{wrong}, "422 Validation failed: The chosen vote option does not exist")
		}
		wantVote(t, cy, one, []string{"0", "1"}, notTwice) // one may be chosen
		wantPoll(t, cy, one, "tea:0 coffee:1 votes:1 voters:1 voted:false []")
		plain := ada.Publish("no poll")
		if _, code, _ := votes(bo, plain.ID, "0"); code != http.StatusNotFound {
			t.Errorf("a vote where there is no poll is answered %d", code)
		}
		if answer := bo.Do(http.MethodGet, "/api/v1/polls/"+plain.ID, nil, nil); answer.StatusCode != http.StatusNotFound {
			t.Errorf("a poll that is none is answered %d", answer.StatusCode)
		}
		if err := s.EndPoll(t.Context(), one); err != nil {
			t.Fatal(err)
		}
		wantVote(t, cy, one, []string{"0"}, "422 Validation failed: The poll has already ended")
		wantPoll(t, cy, one, "tea:0 coffee:1 votes:1 voters:1 over voted:false []")
	})
}

func TestSeveralMayBeChosenWhereThePollSaysSo(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada, bo, cy := s.Join("ada"), s.Join("bo"), s.Join("cy")
		asked := asks(ada, []string{"a", "b", "c", "d"}, "poll[multiple]", "true", "poll[hide_totals]", "true").ID
		wantVote(t, bo, asked, []string{"2", "0"}, "200 a:? b:? c:? d:? votes:2 voters:1 voted:true [0 2]")
		wantVote(t, bo, asked, []string{"3"}, "200 a:? b:? c:? d:? votes:3 voters:1 voted:true [0 2 3]")
		wantVote(t, bo, asked, []string{"1", "3"}, notTwice)
		wantVote(t, bo, asked, []string{"1", "1"}, notTwice)
		wantVote(t, cy, asked, []string{"0"}, "200 a:? b:? c:? d:? votes:4 voters:2 voted:true [0]")
		_, body := document(t, s, s.URL+"/ap/users/"+ada.ID+"/statuses/"+asked)
		if !strings.Contains(body, `"type":"Question"`) || !strings.Contains(body, `"anyOf":[{"type":"Note","name":"a","replies":{"type":"Collection","totalItems":null}}`) ||
			!strings.Contains(body, `"endTime":"`) || !strings.Contains(body, `"votersCount":2`) || strings.Contains(body, `"closed"`) {
			t.Errorf("the document tells %s", body)
		}
		if err := s.EndPoll(t.Context(), asked); err != nil {
			t.Fatal(err)
		}
		wantPoll(t, s.Nobody(), asked, "a:2 b:0 c:1 d:1 votes:4 voters:2 over")
		_, body = document(t, s, s.URL+"/ap/users/"+ada.ID+"/statuses/"+asked)
		if !strings.Contains(body, `"name":"a","replies":{"type":"Collection","totalItems":2}`) || !strings.Contains(body, `"closed":"`) {
			t.Errorf("the document tells %s", body)
		}
	})
}

func TestAPollIsRefusedInMastodonsWords(t *testing.T) {
	s := servertest.New(t, db.SQLite)
	ada := s.Join("ada")
	long := strings.Repeat("é", 50)
	for _, one := range []struct {
		name    string
		options []string
		pairs   []string
		want    string
	}{
		{"one option", []string{"a"}, nil, "Choices must have more than one item"},
		{"blank ones", []string{" ", "\n"}, nil, "Choices can't be blank, Choices must have more than one item"},
		{"five options", []string{"a", "b", "c", "d", "e"}, nil, "Choices can't contain more than 4 items"},
		{"the same twice", []string{"a", " a"}, nil, "Choices contain duplicate items"},
		{"a long one", []string{"a", long + "e"}, nil, "Choices cannot be longer than 50 characters each"},
		{"no end", []string{"a", "b"}, []string{"poll[expires_in]", ""}, "Deadline can't be blank"},
		{"at once", []string{"a", "b"}, []string{"poll[expires_in]", "299"}, "Deadline is too soon"},
		{"in the past", []string{"a", "b"}, []string{"poll[expires_in]", "-300"}, "Deadline is too soon"},
		{"too late", []string{"a", "b"}, []string{"poll[expires_in]", "2629747"}, "Deadline is too far into the future"},
		{"for ever", []string{"a", "b"}, []string{"poll[expires_in]", "9223372036854775807"}, "Deadline is too far into the future"},
		{"no text", []string{"a", "b"}, []string{"status", ""}, "Text can't be blank"},
		{"the most", []string{long, strings.Repeat("👨‍👩‍👧", 50)}, []string{"poll[expires_in]", "2629746"}, ""},
	} {
		form := url.Values{"status": {"which?"}, "poll[expires_in]": {"300"}, "poll[options][]": one.options}
		for i := 0; i < len(one.pairs); i += 2 {
			form.Set(one.pairs[i], one.pairs[i+1])
		}
		var said struct{ Error string }
		answer := ada.Do(http.MethodPost, "/api/v1/statuses", form, &said)
		want, code := "", http.StatusOK
		if one.want != "" {
			want, code = "Validation failed: "+one.want, http.StatusUnprocessableEntity
		}
		if answer.StatusCode != code || said.Error != want {
			t.Errorf("%s: %d %q, want %d %q", one.name, answer.StatusCode, said.Error, code, want)
		}
	}
	var about struct {
		Configuration struct{ Polls map[string]int64 }
	}
	s.Nobody().Get("/api/v2/instance", &about)
	if got := about.Configuration.Polls; got["max_options"] != 4 || got["max_characters_per_option"] != 50 || got["min_expiration"] != 300 || got["max_expiration"] != 2629746 {
		t.Errorf("the instance tells of polls %v", got)
	}
}

func TestVotesAtOnceAreNeitherLostNorDoubled(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada := s.Join("ada")
		single := asks(ada, []string{"a", "b"}).ID
		multiple := asks(ada, []string{"a", "b", "c"}, "poll[multiple]", "true").ID
		const people = 6
		var all sync.WaitGroup
		var counted [2]atomic.Int64
		for i := range people {
			p := s.Join(fmt.Sprint("p", i))
			for n := range 4 { // each tries four times at once
				all.Go(func() {
					if _, code, _ := votes(p, single, fmt.Sprint(n%2)); code == http.StatusOK {
						counted[0].Add(1)
					}
				})
				all.Go(func() {
					if _, code, _ := votes(p, multiple, fmt.Sprint(n%3)); code == http.StatusOK {
						counted[1].Add(1)
					}
				})
			}
		}
		all.Wait()
		if counted[0].Load() != people || counted[1].Load() != 3*people {
			t.Errorf("%d and %d votes were taken", counted[0].Load(), counted[1].Load())
		}
		var p poll
		ada.Get("/api/v1/polls/"+single, &p)
		if p.Votes != people || *p.Voters != people || *p.Options[0].Votes+*p.Options[1].Votes != people {
			t.Errorf("of one choice: %s", p.say())
		}
		wantPoll(t, s.Nobody(), multiple, "a:6 b:6 c:6 votes:18 voters:6")
	})
}

func TestAnEditOfAPollKeepsVotesOnlyWhileTheyMeanTheSame(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada, bo := s.Join("ada"), s.Join("bo")
		asked := asks(ada, []string{"a", "b"})
		one := asked.ID
		wantVote(t, bo, one, []string{"0"}, "200 a:1 b:0 votes:1 voters:1 voted:true [0]")
		same := []string{"status", "which?", "poll[options][]", "a", "poll[options][]", "b"}
		if now, _ := edit(ada, one, same...); now.EditedAt != nil || *now.Poll.ExpiresAt != *asked.Poll.ExpiresAt {
			t.Errorf("an edit that leaves the poll as it is made %+v", now)
		}
		if now, _ := edit(ada, one, append(same, "poll[expires_in]", "3600")...); now.EditedAt == nil || *now.Poll.ExpiresAt <= *asked.Poll.ExpiresAt || now.Poll.ID != asked.Poll.ID {
			t.Errorf("more time made %+v", now)
		}
		wantPoll(t, bo, one, "a:1 b:0 votes:1 voters:1 voted:true [0]")
		edit(ada, one, "status", "which?", "poll[options][]", "a", "poll[options][]", "c")
		wantPoll(t, bo, one, "a:0 c:0 votes:0 voters:0 voted:false []")
		wantVote(t, bo, one, []string{"1"}, "200 a:0 c:1 votes:1 voters:1 voted:true [1]")
		edit(ada, one, "status", "which?", "poll[options][]", "a", "poll[options][]", "c", "poll[multiple]", "true")
		wantPoll(t, bo, one, "a:0 c:0 votes:0 voters:0 voted:false []")
		wantVote(t, bo, one, []string{"0", "1"}, "200 a:1 c:1 votes:2 voters:1 voted:true [0 1]")
		if now, _ := edit(ada, one, "status", "no question"); now.Poll != nil {
			t.Errorf("the poll that was taken out is %s", now.Poll.say())
		}
		if answer := bo.Do(http.MethodGet, "/api/v1/polls/"+one, nil, nil); answer.StatusCode != http.StatusNotFound {
			t.Errorf("the poll that was taken out is answered %d", answer.StatusCode)
		}
		edit(ada, one, "status", "again?", "poll[options][]", "x", "poll[options][]", "y", "poll[expires_in]", "300")
		wantPoll(t, bo, one, "x:0 y:0 votes:0 voters:0 voted:false []")
		var asked2 [][]string
		for _, r := range history(bo, one) {
			titles := []string{}
			if r.Poll != nil {
				for _, o := range r.Poll.Options {
					titles = append(titles, o.Title)
				}
			}
			asked2 = append(asked2, titles)
		}
		want := [][]string{{"a", "b"}, {"a", "b"}, {"a", "c"}, {"a", "c"}, {}, {"x", "y"}}
		if !slices.EqualFunc(asked2, want, slices.Equal) {
			t.Errorf("the history asks %v, want %v", asked2, want)
		}
		servertest.Settle(t, s)
		if n := count(t, s, `SELECT COUNT(*) FROM poll_votes`); n != 0 {
			t.Errorf("%d votes that do not count are kept", n)
		}
		// Delete and redraft: the answer has the poll.
		var gone edited
		ada.Do(http.MethodDelete, "/api/v1/statuses/"+one, nil, &gone)
		if gone.Poll.say() != "x:0 y:0 votes:0 voters:0 voted:true []" {
			t.Errorf("the deleted status has %s", gone.Poll.say())
		}
	})
}

func TestVotersAndTheAuthorAreToldOfTheEndOnce(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada, bo, cy := s.Join("ada"), s.Join("bo"), s.Join("cy")
		asked, other := asks(ada, []string{"a", "b"}).ID, asks(ada, []string{"a", "b"}).ID
		votes(bo, asked, "0")
		votes(cy, other, "0")
		for range 2 {
			if err := s.EndPoll(t.Context(), asked); err != nil {
				t.Fatal(err)
			}
			servertest.Settle(t, s)
		}
		for p, want := range map[*servertest.Person]int{ada: 1, bo: 1, cy: 0} {
			list := told0(p, "poll")
			if len(list) != want || (want == 1 && (list[0].Status == nil || list[0].Status.ID != asked || list[0].Account.ID != ada.ID)) {
				t.Errorf("%s is told %+v", p.Name, list)
			}
		}
		// The poll of a deleted status ends without a word.
		ada.Delete(other)
		if err := s.EndPoll(t.Context(), other); err != nil {
			t.Fatal(err)
		}
		servertest.Settle(t, s)
		wantTold(t, cy, "poll", "ada", 0)
	})
}

func TestPeopleElsewhereVoteInOurPolls(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		here := servertest.New(t, engine)
		ada := here.Join("ada")
		host := aptest.NewServer(t)
		sam, eve := newOutsider(t, host, "sam", 0), newOutsider(t, host, "eve", 1)
		sam.acceptFollow(ada)
		far := ada.Find("@eve@" + host.Host)
		ada.Post("/api/v1/accounts/"+far.ID+"/block", nil, nil)
		open, secret := asks(ada, []string{"a", "b"}), asks(ada, []string{"a", "b"}, "visibility", "private")
		me := here.URL + "/ap/users/" + ada.ID
		vote := func(x *outsider, n int, uri, option string) {
			t.Helper()
			id := fmt.Sprintf("%s#votes/%d", x.actor.ID, n)
			x.post(here, map[string]any{"@context": activitypub.ContextPlain, "id": id + "/activity", "type": "Create", "actor": x.actor.ID, "to": me,
				"object": activitypub.NewVote(id, option, x.actor.ID, uri, me)}, http.StatusAccepted)
		}
		vote(sam, 1, open.URI, "b")
		vote(sam, 2, open.URI, "a") // one may be chosen
		vote(sam, 3, secret.URI, "a")
		vote(eve, 1, open.URI, "a")
		wantPoll(t, ada, open.ID, "a:0 b:1 votes:1 voters:1 voted:true []")
		wantPoll(t, ada, secret.ID, "a:0 b:0 votes:0 voters:0 voted:true []")
		if n := count(t, here, `SELECT COUNT(*) FROM statuses WHERE NOT local`); n != 0 {
			t.Errorf("%d votes became statuses", n)
		}
		before := len(host.Received())
		if err := here.EndPoll(t.Context(), open.ID); err != nil {
			t.Fatal(err)
		}
		servertest.Settle(t, here)
		sent := host.Received()[before:]
		if len(sent) != 1 || !strings.Contains(string(sent[0].Body), `"type":"Update"`) || !strings.Contains(string(sent[0].Body), `"closed":"`) || !strings.Contains(string(sent[0].Body), `"name":"b","replies":{"type":"Collection","totalItems":1}`) {
			t.Errorf("of the result %d were told: %+v", len(sent), sent)
		}
		vote(sam, 4, open.URI, "a")
		wantPoll(t, ada, open.ID, "a:0 b:1 votes:1 voters:1 over voted:true []")
	})
}

func TestAPageOfPollsCostsNothingMoreAndWarmNothing(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada, bo := s.Join("ada"), s.Join("bo")
		bo.Follow(ada)
		for i := range 10 {
			asked := asks(ada, []string{"a", "b"}, "poll[multiple]", fmt.Sprint(i%2 == 0))
			votes(bo, asked.ID, "1")
		}
		read := func(limit int) int64 {
			var page []edited
			before := s.DB().Queries()
			bo.Get(fmt.Sprintf("/api/v1/timelines/home?limit=%d", limit), &page)
			if len(page) != limit || page[0].Poll == nil || page[0].Poll.Own == nil || len(*page[0].Poll.Own) != 1 {
				t.Fatalf("the page has %d, %s", len(page), page[0].Poll.say())
			}
			return s.DB().Queries() - before
		}
		if cold := read(10); cold > coldHome+2 { // the polls and their tallies
			t.Errorf("a cold page costs %d statements", cold)
		}
		if warm := read(10); warm != 0 {
			t.Errorf("a warm page costs %d statements", warm)
		}
	})
}
