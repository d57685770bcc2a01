package server_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"anancus/internal/kit/config"
	"anancus/internal/kit/db"
	"anancus/internal/server/servertest"
)

// watcher is a member with a stream for each timeline they can read.
type watcher struct {
	*servertest.Person
	stream    *servertest.Stream
	timelines map[string]string // by the name of the stream, where it is read
}

// The streams are held against the timelines themselves: whatever members do to each other, a stream tells of a new status
// exactly when its timeline shows it.
// A boost may be told of once more than it is shown.
func TestStreamsTellOfAStatusExactlyWhenItsTimelineShowsIt(t *testing.T) {
	steps := 70
	if testing.Short() {
		steps = 15
	}
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		chance := rand.New(rand.NewPCG(6, 9))
		here, there := pair(t, engine)
		var locals []*servertest.Person
		for _, name := range []string{"ada", "bo", "cy", "dee", "eve"} {
			locals = append(locals, here.Join(name))
		}
		zoe := there.Join("zoe")
		yan := there.Join("yan")
		for _, p := range locals {
			p.Follow(zoe)
		}
		locals[0].Follow(yan)
		servertest.Settle(t, here, there)
		ids := map[string]string{} // of everybody, as here
		for _, p := range locals {
			ids[p.Name] = p.ID
		}
		for _, p := range []*servertest.Person{zoe, yan} {
			ids[p.Name] = locals[0].Find(p.Handle()).ID
		}
		var watchers []*watcher
		for _, p := range locals[:3] {
			for _, other := range locals {
				if other != p && chance.IntN(2) == 0 {
					p.Follow(other)
				}
			}
			w := &watcher{p, nil, map[string]string{"user": "home", "public": "public", "public:local": "public?local=true", "public:remote": "public?remote=true",
				"hashtag cats": "tag/cats", "hashtag:local dogs": "tag/dogs?local=true"}}
			for _, policy := range []string{"list", "followed", "none"} {
				list := makeList(t, p, url.Values{"title": {policy}, "replies_policy": {policy}, "exclusive": {fmt.Sprint(policy == "none")}})
				for name, id := range ids {
					if name != p.Name {
						p.Do(http.MethodPost, "/api/v1/lists/"+list.ID+"/accounts", url.Values{"account_ids[]": {id}}, nil) // those who are followed
					}
				}
				w.timelines["list "+list.ID] = "list/" + list.ID
				if policy == "none" { // on an exclusive list is one alone
					p.Do(http.MethodDelete, "/api/v1/lists/"+list.ID+"/accounts", url.Values{"account_ids[]": {ids["ada"], ids["bo"], ids["cy"], ids["dee"], ids["zoe"], ids["yan"]}}, nil)
				}
			}
			var names []string
			for name := range w.timelines {
				names = append(names, name)
			}
			w.stream = p.Listen(names...)
			watchers = append(watchers, w)
		}

		var written []servertest.Status // of anybody here, as here
		what := ""
		// compare holds what was told of a status against the timelines.
		told := 0
		compare := func(made servertest.Status) {
			t.Helper()
			servertest.Settle(t, here, there)
			for _, w := range watchers {
				heard := map[string]bool{}
				mark := w.Publish("mark") // which w hears of, whomever they do not want to hear
				for {
					one := w.stream.Next()
					if one.Event != "update" {
						continue
					}
					var shown servertest.Status
					wants(t, json.Unmarshal([]byte(*one.Payload), &shown))
					name := strings.Join(one.Stream, " ")
					if strings.Contains(shown.Content, "mark") && shown.Reblog == nil {
						if name == "public" && (shown.ID == mark.ID) {
							break
						}
						continue
					}
					if shown.ID == made.ID {
						heard[name] = true
					}
				}
				for name, path := range w.timelines {
					var page []servertest.Status
					at, err := strconv.ParseInt(made.ID, 10, 64)
					wants(t, err)
					w.Get(fmt.Sprintf("/api/v1/timelines/%s%smax_id=%d&limit=1", path, map[bool]string{true: "&", false: "?"}[strings.Contains(path, "?")], at+1), &page)
					shown := len(page) == 1 && page[0].ID == made.ID
					if shown {
						told++
					}
					if made.Reblog != nil && heard[name] { // what an unmute or a new follow brought back to a feed that nobody has open may keep a boost from it
						continue
					}
					if shown != heard[name] {
						t.Errorf("for %s the timeline %s shows it: %v, the stream told of it: %v, after %s", w.Name, name, shown, heard[name], what)
					}
				}
			}
		}
		for range steps {
			w, other := watchers[chance.IntN(len(watchers))], ""
			for name, id := range ids {
				if name != w.Name && name != "eve" && chance.IntN(3) == 0 { // eve's marks are heard by all
					other = id
				}
			}
			if other != "" && chance.IntN(2) == 0 {
				act := []string{"follow", "unfollow", "block", "unblock", "mute", "unmute"}[chance.IntN(6)]
				w.Do(http.MethodPost, "/api/v1/accounts/"+other+"/"+act, url.Values{"reblogs": {fmt.Sprint(chance.IntN(2) == 0)}, "languages[]": {[]string{"", "en", "de"}[chance.IntN(3)]}}, nil)
				what += "; " + w.Name + " " + act + "s " + other
				if chance.IntN(4) == 0 {
					act := []string{"follow", "unfollow"}[chance.IntN(2)]
					w.Do(http.MethodPost, "/api/v1/tags/cats/"+act, nil, nil)
					what += "; " + w.Name + " " + act + "s cats"
				}
				if chance.IntN(6) == 0 {
					method := []string{http.MethodPost, http.MethodDelete}[chance.IntN(2)]
					w.Do(method, "/api/v1/domain_blocks", url.Values{"domain": {there.Domain}}, nil)
					what += "; " + w.Name + " " + method + " domain block"
				}
				servertest.Settle(t, here, there)
			}
			people := append(append([]*servertest.Person{}, locals[:4]...), zoe, yan)
			author := people[chance.IntN(len(people))]
			words := []string{"hello", "#cats", "#dogs", "@ada", "@bo"}[chance.IntN(5)]
			pairs := []string{"visibility", []string{"public", "public", "unlisted", "private", "direct"}[chance.IntN(5)], "language", []string{"en", "de"}[chance.IntN(2)]}
			if author.On == there {
				words = strings.NewReplacer("@ada", locals[0].Handle(), "@bo", locals[1].Handle()).Replace(words)
			} else if len(written) > 0 && chance.IntN(3) == 0 {
				pairs = append(pairs, "in_reply_to_id", written[chance.IntN(len(written))].ID)
			}
			if author.On == here && chance.IntN(8) == 0 {
				pairs = append(pairs, "local_only", "true")
			}
			what += fmt.Sprintf("; %s writes %q %v", author.Name, words, pairs)
			if len(what) > 600 {
				what = "…" + what[len(what)-600:]
			}
			if author.On == here && len(written) > 0 && chance.IntN(4) == 0 {
				target := written[chance.IntN(len(written))]
				var boost servertest.Status
				if author.Do(http.MethodPost, "/api/v1/statuses/"+target.ID+"/reblog", nil, &boost).StatusCode == http.StatusOK {
					what += " (a boost of " + target.ID + ")"
					compare(boost)
				}
				continue
			}
			form := url.Values{"status": {words + fmt.Sprint(" ", chance.Uint32())}}
			for i := 0; i+1 < len(pairs); i += 2 {
				form.Set(pairs[i], pairs[i+1])
			}
			var made servertest.Status
			if author.Do(http.MethodPost, "/api/v1/statuses", form, &made).StatusCode != http.StatusOK {
				continue
			}
			if author.On == there {
				servertest.Settle(t, here, there)
				found := false
				for _, p := range locals {
					if one, ok := p.FindStatus(made.URI); ok {
						made, found = one, true
						break
					}
				}
				if !found {
					continue
				}
			} else {
				written = append(written, made)
			}
			compare(made)
		}
		if told < steps {
			t.Errorf("only %d times a timeline showed something", told)
		}
	})
}

func TestAnEventCostsTheSameForOneStreamAndForAThousand(t *testing.T) {
	if testing.Short() {
		t.Skip("a thousand sockets: the race detector has a story of its own")
	}
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		bo := s.Join("bo")
		var fans []*servertest.Person
		for i := range 10 {
			fan := s.Join(fmt.Sprintf("fan%d", i))
			fan.Follow(bo)
			fans = append(fans, fan)
		}
		servertest.Settle(t, s)
		streams := []*servertest.Stream{fans[0].Listen("user", "public")}
		once := func() (statements, encodings int64) {
			t.Helper()
			bo.Publish("to warm up")
			for _, one := range streams {
				one.Want("update to warm up", "update to warm up")
			}
			before := s.DB().Queries()
			_, encoded := s.Streamed()
			bo.Publish("to be counted")
			for _, one := range streams {
				one.Want("update to be counted", "update to be counted")
			}
			_, now := s.Streamed()
			return s.DB().Queries() - before, now - encoded
		}
		// Who reads the status first, the author's answer or the stream, finds less in memory than the other, and at once neither finds
		// anything: of some rounds the cheapest counts, and one cold status is nothing.
		const cold = 6
		cost := func() (statements, encodings int64) {
			t.Helper()
			statements = math.MaxInt64
			for range 6 {
				n, encoded := once()
				statements, encodings = min(statements, n), max(encodings, encoded)
			}
			return statements, encodings
		}
		one, encodedOnce := cost()
		for i := range 999 {
			streams = append(streams, fans[i%len(fans)].Listen("user", "public"))
		}
		if open, _ := s.Streamed(); open != 1000 {
			t.Fatalf("%d streams are open", open)
		}
		many, encoded := cost()
		t.Logf("a status costs %d statements for one stream, %d for a thousand", one, many)
		if many > one+cold || encodedOnce != 1 || encoded != 1 {
			t.Errorf("for a thousand streams a status costs %d statements and %d encodings, for one %d and %d", many, encoded, one, encodedOnce)
		}
		for _, open := range streams {
			open.Close()
		}
		for until := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
			if open, _ := s.Streamed(); open == 0 {
				break
			}
			if time.Now().After(until) {
				t.Fatal("streams that ended are open still")
			}
		}
		before := s.DB().Queries()
		bo.Publish("to nobody")
		if none := s.DB().Queries() - before; none >= one {
			t.Errorf("for nobody a status costs %d statements", none)
		}
	})
}

func TestFiltersAndQuotesOnStreamsAreTheReadersOwn(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada, bo, cy, dee := s.Join("ada"), s.Join("bo"), s.Join("cy"), s.Join("dee")
		for _, p := range []*servertest.Person{ada, dee} {
			p.Follow(bo)
		}
		servertest.Settle(t, s)
		ada.Post("/api/v2/filters", url.Values{"title": {"No cheese"}, "context[]": {"home"}, "filter_action": {"hide"}, "keywords_attributes[][keyword]": {"cheese"}}, nil)
		streams := map[string]*servertest.Stream{"ada": ada.Listen("user"), "bo": bo.Listen("user"), "dee": dee.Listen("user")}
		_, encoded := s.Streamed()
		shown := func(name string) (one struct {
			Filtered []struct {
				Filter  struct{ Title string }
				Matches []string `json:"keyword_matches"`
			}
			Quote *struct {
				State  string
				Quoted *servertest.Status `json:"quoted_status"`
			}
			Reblog json.RawMessage
		}) {
			t.Helper()
			wants(t, json.Unmarshal([]byte(*streams[name].Next().Payload), &one))
			return one
		}
		bo.Publish("I love Cheese")
		if got := shown("ada"); len(got.Filtered) != 1 || got.Filtered[0].Filter.Title != "No cheese" || len(got.Filtered[0].Matches) != 1 || got.Filtered[0].Matches[0] != "Cheese" {
			t.Errorf("to ada it is marked %+v", got.Filtered)
		}
		for _, name := range []string{"bo", "dee"} {
			if got := shown(name); len(got.Filtered) != 0 {
				t.Errorf("to %s it is marked %+v", name, got.Filtered)
			}
		}
		if _, now := s.Streamed(); now-encoded != 2 {
			t.Errorf("it was encoded %d times, want once for all and once for ada", now-encoded)
		}
		// A boost is marked outside and inside.
		cheese := cy.Publish("cheese again")
		bo.Act(cheese.ID, "reblog")
		if got := shown("ada"); len(got.Filtered) != 1 || !strings.Contains(string(got.Reblog), `"filtered":[{`) {
			t.Errorf("the boost is marked %+v, what it boosts %s", got.Filtered, got.Reblog)
		}
		shown("bo")
		shown("dee")
		// So is what a status quotes; who does not want to see the quoted author does not.
		dee.Post("/api/v1/accounts/"+cy.ID+"/block", nil, nil)
		bo.Publish("look", "quoted_status_id", cheese.ID)
		if got := shown("ada"); got.Quote == nil || got.Quote.State != "accepted" || got.Quote.Quoted == nil || len(got.Filtered) != 0 {
			t.Errorf("to ada the quote is %+v", got.Quote)
		}
		if got := shown("bo"); got.Quote == nil || got.Quote.State != "accepted" {
			t.Errorf("to its author the quote is %+v", got.Quote)
		}
		if got := shown("dee"); got.Quote == nil || got.Quote.State != "blocked_account" {
			t.Errorf("to dee the quote is %+v", got.Quote)
		}
		cy.Post("/api/v1/accounts/"+ada.ID+"/block", nil, nil)
		private := bo.Publish("among us", "visibility", "private")
		for _, name := range []string{"ada", "bo", "dee"} {
			shown(name)
		}
		bo.Publish("as I said", "quoted_status_id", private.ID)
		for name := range streams {
			if got := shown(name); got.Quote == nil || got.Quote.State != "accepted" || got.Quote.Quoted == nil || got.Quote.Quoted.ID != private.ID {
				t.Errorf("to %s the quote of a private status is %+v", name, got.Quote)
			}
		}
		bo.Publish("look again", "quoted_status_id", cheese.ID)
		if got := shown("ada"); got.Quote == nil || got.Quote.Quoted != nil {
			t.Errorf("ada, whom cy blocks, is shown the quote %+v", got.Quote)
		}
	})
}

func TestStreamsAreLimitedForMembersAndGuessing(t *testing.T) {
	s := servertest.New(t, db.SQLite, func(c *config.Config) { c.RateLimits = true })
	ada := s.Join("ada")
	for range 100 {
		ada.Listen()
	}
	if code, _ := shake(t, s, "", bearer(ada.Token)); code != http.StatusTooManyRequests {
		t.Errorf("the hundred and first stream is answered %d", code)
	}
	last := 0
	for range 301 { // every guess counts
		last = ask(t, s, request{method: "GET", path: "/api/v1/streaming/user", token: "guess"}).code
	}
	if last != http.StatusTooManyRequests {
		t.Errorf("the last guess is answered %d", last)
	}
}

// This one is for the race detector above all: everything at once, and nothing left at the end.
func TestStreamsUnderAMixedLoad(t *testing.T) {
	s := servertest.New(t, db.SQLite)
	var people []*servertest.Person
	for i := range 5 {
		people = append(people, s.Join(fmt.Sprintf("p%d", i)))
	}
	steady := people[0].Listen("public")
	var all sync.WaitGroup
	for i, p := range people {
		other := people[(i+1)%len(people)]
		all.Go(func() {
			for n := range 12 {
				made := p.Publish(fmt.Sprintf("%d of %s #tag", n, p.Name))
				edit(p, made.ID, "status", "changed")
				p.Act(made.ID, "reblog")
				p.Delete(made.ID)
			}
		})
		all.Go(func() {
			for range 12 {
				p.Post("/api/v1/accounts/"+other.ID+"/follow", nil, nil)
				if i != 0 {
					p.Post("/api/v1/accounts/"+other.ID+"/mute", nil, nil)
					p.Post("/api/v1/accounts/"+other.ID+"/unmute", nil, nil)
				}
				p.Post("/api/v1/accounts/"+other.ID+"/unfollow", nil, nil)
			}
		})
		all.Go(func() {
			for range 8 {
				one, sse := p.Listen("user", "public", "hashtag tag"), p.Events("user")
				one.Say(`{"type":"unsubscribe","stream":"public"}`)
				one.Subscribe("direct")
				one.Close()
				sse.Close()
			}
		})
	}
	all.Wait()
	people[1].Publish("the end")
	steady.Until("the end")
	s.CloseStreams()
	steady.Ended(2 * time.Second)
	if open, _ := s.Streamed(); open != 0 {
		t.Errorf("%d streams are open", open)
	}
}
