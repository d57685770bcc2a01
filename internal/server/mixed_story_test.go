package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"

	"anancus/internal/kit/db"
	"anancus/internal/server/keeper"
	"anancus/internal/server/servertest"
)

// Everything at once: members of two servers that federate do what they may, many at the same time, while the queues run. The race detector watches this, and in the end what is remembered must be what the database says.

// bustle is one of the servers, and what those who are busy on it share.
type bustle struct {
	*servertest.Server
	people []*servertest.Person
	ids    []string // of everybody, here and elsewhere, as this server calls them

	mu    sync.Mutex
	known []written // the latest
}

// written is a status, and its author where that is one of ours.
type written struct {
	id     string
	author *servertest.Person
}

func (b *bustle) learn(one written) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.known = append(b.known, one); len(b.known) > 40 {
		b.known = b.known[1:]
	}
}

// busy is one goroutine on a server.
type busy struct {
	*bustle
	dice *rand.Rand
	n    int
}

func (b *busy) person() *servertest.Person { return b.people[b.dice.IntN(len(b.people))] }

// some gives a status that was there a moment ago.
func (b *busy) some() (written, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.known) == 0 {
		return written{}, false
	}
	return b.known[b.dice.IntN(len(b.known))], true
}

// own gives one of a member of ours.
func (b *busy) own() (written, bool) {
	for range 10 {
		if one, ok := b.some(); ok && one.author != nil {
			return one, true
		}
	}
	return written{}, false
}

// try asks for something that may be refused, since others do the like at the same time; only a failure of the server itself counts.
func (b *busy) try(p *servertest.Person, method, path string, form url.Values, out any) bool {
	r := httptest.NewRequestWithContext(context.Background(), method, b.URL+path, strings.NewReader(form.Encode()))
	r.Header.Set("Authorization", "Bearer "+p.Token)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	w := b.Answer(r)
	if w.Code >= http.StatusInternalServerError {
		b.T.Errorf("%s %s %v answered %d: %s", method, path, form, w.Code, w.Body)
	}
	if w.Code != http.StatusOK {
		return false
	}
	if out == nil {
		return true
	}
	if err := json.Unmarshal(w.Body.Bytes(), out); err != nil {
		b.T.Errorf("%s %s: %v", method, path, err)
		return false
	}
	return true
}

// step does one thing.
func (b *busy) step() {
	b.n++
	p := b.person()
	switch n := b.dice.IntN(100); {
	case n < 20:
		b.publish(p)
	case n < 26:
		if one, ok := b.own(); ok {
			b.try(one.author, http.MethodPut, "/api/v1/statuses/"+one.id, url.Values{"status": {fmt.Sprint("said better ", b.dice.Uint32())}}, nil)
		}
	case n < 30:
		if one, ok := b.own(); ok {
			b.try(one.author, http.MethodDelete, "/api/v1/statuses/"+one.id, nil, nil)
		}
	case n < 50:
		what := []string{"favourite", "favourite", "unfavourite", "reblog", "reblog", "unreblog", "bookmark", "unbookmark", "pin", "unpin", "mute", "unmute"}
		if one, ok := b.some(); ok {
			b.try(p, http.MethodPost, "/api/v1/statuses/"+one.id+"/"+what[b.dice.IntN(len(what))], url.Values{}, nil)
		}
	case n < 58:
		what := []string{"follow", "follow", "follow", "unfollow", "block", "unblock", "unblock", "mute", "unmute", "unmute"}
		if other := b.ids[b.dice.IntN(len(b.ids))]; other != p.ID {
			b.try(p, http.MethodPost, "/api/v1/accounts/"+other+"/"+what[b.dice.IntN(len(what))], url.Values{}, nil)
		}
	case n < 84:
		b.read(p)
	case n < 88:
		b.listen(p)
	default:
		b.change(p)
	}
}

func (b *busy) publish(p *servertest.Person) {
	form := url.Values{"visibility": {[]string{"public", "public", "public", "unlisted", "private", "direct"}[b.dice.IntN(6)]}}
	text := fmt.Sprintf("words %d #tag%d", b.dice.Uint32(), b.dice.IntN(3))
	one, there := b.some()
	switch b.dice.IntN(6) {
	case 0:
		text += " @" + b.person().Name
	case 1:
		if there {
			form.Set("in_reply_to_id", one.id)
		}
	case 2:
		if there {
			form.Set("quoted_status_id", one.id)
		}
	case 3:
		form["poll[options][]"], form["poll[expires_in]"] = []string{"yes", "no"}, []string{"86400"}
	}
	form.Set("status", text)
	var made struct{ ID string }
	if b.try(p, http.MethodPost, "/api/v1/statuses", form, &made) {
		b.learn(written{made.ID, p})
	}
}

func (b *busy) read(p *servertest.Person) {
	switch b.dice.IntN(5) {
	case 0:
		b.try(p, http.MethodGet, "/api/v1/timelines/public", nil, nil)
	case 1:
		b.try(p, http.MethodGet, "/api/v1/notifications", nil, nil)
	case 2:
		if one, ok := b.some(); ok {
			b.try(p, http.MethodGet, "/api/v1/statuses/"+one.id+"/context", nil, nil)
		}
	default:
		var page []servertest.Status
		if b.try(p, http.MethodGet, "/api/v1/timelines/home", nil, &page) && len(page) > 0 && page[0].Reblog == nil {
			b.learn(written{id: page[0].ID}) // whoever wrote it
		}
	}
}

// listen opens a stream, takes channels and lets go of some, and leaves.
func (b *busy) listen(p *servertest.Person) {
	s, _, err := p.Dial("?stream=user", http.Header{"Authorization": {"Bearer " + p.Token}})
	if err != nil {
		b.T.Error(err)
		return
	}
	defer s.Close()
	s.Subscribe("public")
	s.Subscribe("hashtag tag1")
	b.read(p)
	b.publish(p)
	s.Say(`{"type":"unsubscribe","stream":"public"}`)
	b.publish(b.person())
}

// change alters what somebody, or everybody, sees.
func (b *busy) change(p *servertest.Person) {
	number := strconv.Itoa(int(b.dice.Uint32()))
	switch b.dice.IntN(6) {
	case 0:
		b.try(p, http.MethodPatch, "/api/v1/accounts/update_credentials", url.Values{"display_name": {"named " + number}}, nil)
	case 1:
		b.try(p, http.MethodPatch, "/api/v1/accounts/update_credentials", url.Values{"locked": {strconv.FormatBool(b.dice.IntN(4) == 0)}}, nil)
	case 2:
		var list []struct{ ID string }
		if b.try(p, http.MethodGet, "/api/v2/filters", nil, &list) && len(list) > 0 {
			b.try(p, http.MethodDelete, "/api/v2/filters/"+list[0].ID, nil, nil)
			return
		}
		b.try(p, http.MethodPost, "/api/v2/filters", url.Values{"title": {number}, "context[]": {"home", "public"}, "keywords_attributes[][keyword]": {"better"}}, nil)
	case 3:
		b.try(p, http.MethodPost, "/api/v1/tags/tag"+strconv.Itoa(b.dice.IntN(3))+"/"+[]string{"follow", "unfollow"}[b.dice.IntN(2)], url.Values{}, nil)
	case 4:
		if one, ok := b.some(); ok {
			b.try(p, http.MethodPost, "/api/v1/polls/"+one.id+"/votes", url.Values{"choices[]": {"0"}}, nil)
		}
	default:
		if _, err := b.Keeper().SetSetting(context.Background(), keeper.Setting{Name: "title", Value: "Site " + number}); err != nil {
			b.T.Error(err)
		}
	}
}

// pages is what a reader is shown in the end.
func (b *bustle) pages() []string {
	batch, who := url.Values{}, url.Values{}
	for _, one := range b.known[max(0, len(b.known)-20):] {
		batch.Add("id[]", one.id)
	}
	for _, one := range b.ids {
		who.Add("id[]", one)
	}
	list := []string{"/api/v1/timelines/home?limit=40", "/api/v1/timelines/public?limit=40", "/api/v1/timelines/public?local=true&limit=40", "/api/v1/timelines/tag/tag1?limit=40",
		"/api/v1/notifications?limit=40", "/api/v1/favourites?limit=40", "/api/v1/bookmarks?limit=40", "/api/v2/filters",
		"/api/v1/statuses?" + batch.Encode(), "/api/v1/accounts?" + who.Encode(), "/api/v1/accounts/relationships?" + who.Encode()}
	for _, one := range b.ids {
		list = append(list, "/api/v1/accounts/"+one+"/statuses?limit=40")
	}
	return list
}

func TestEverythingAtOnceLeavesWhatTheDatabaseSays(t *testing.T) {
	t.Parallel()
	workers, steps := 5, 150 // on each of the servers
	if testing.Short() {
		workers, steps = 4, 60
	}
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		here, there := pair(t, engine)
		places := []*bustle{{Server: here}, {Server: there}}
		for i, names := range [][]string{{"ada", "bo", "cy"}, {"zoe", "yan"}} {
			for _, name := range names {
				places[i].people = append(places[i].people, places[i].Join(name))
			}
		}
		for i, place := range places {
			for _, p := range place.people {
				place.ids = append(place.ids, p.ID)
				for _, other := range places[1-i].people {
					account := p.Follow(other)
					if p == place.people[0] {
						place.ids = append(place.ids, account.ID)
					}
				}
			}
		}
		servertest.Settle(t, here, there)
		var all sync.WaitGroup
		for i, place := range places {
			for worker := range workers {
				one := &busy{bustle: place, dice: rand.New(rand.NewPCG(uint64(i), uint64(worker)))}
				all.Go(func() {
					for n := range steps {
						one.step()
						if n%4 != 0 {
							continue
						}
						if _, err := one.Step(t.Context()); err != nil { // several at once, as the queues' workers
							t.Error(err)
						}
					}
				})
			}
		}
		all.Wait()
		servertest.Settle(t, here, there)
		for _, place := range places {
			place.holds(t)
		}
	})
}

// holds compares what everybody is shown with what a server that remembers nothing shows.
func (b *bustle) holds(t *testing.T) {
	t.Helper()
	fresh, err := b.Cold(t.Context())
	wants(t, err)
	shown := 0
	for _, reader := range b.people {
		for _, page := range b.pages() {
			ask := func(h http.Handler) []byte {
				r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, b.URL+page, nil)
				r.Header.Set("Authorization", "Bearer "+reader.Token)
				w := httptest.NewRecorder()
				h.ServeHTTP(w, r)
				if w.Code != http.StatusOK {
					t.Fatalf("%s answered %d: %s", page, w.Code, w.Body)
				}
				return w.Body.Bytes()
			}
			got, want := ask(b.Handler()), ask(fresh)
			if shown += len(got); !bytes.Equal(got, want) {
				t.Errorf("%s is shown at %s\n%s\nand the database says\n%s", reader.Name, page, around(got, want), around(want, got))
			}
		}
	}
	if shown < 10_000*len(b.people) {
		t.Errorf("little happened on %s: %d bytes are shown", b.Domain, shown)
	}
}
