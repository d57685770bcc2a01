package server_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"anancus/internal/kit/db"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/protocol/activitypub/aptest"
	"anancus/internal/server/keeper"
	"anancus/internal/server/servertest"
)

// What is remembered of statuses, accounts, cards, emoji and readers is dropped when something changes it. Here people do at random whatever may, and
// from time to time what each reader is shown is compared with what a server that remembers nothing shows.

// memory is a small town whose memory is watched.
type memory struct {
	t       *testing.T
	s       *servertest.Server
	dice    *rand.Rand
	people  []*servertest.Person // the readers, and last a guest whom keepers suspend at times
	sam     *outsider            // on another server
	eve     *outsider            // there too, until she is gone and another one comes
	known   []string             // accounts of sam and all the eves here, the last of them at the end
	fresh   http.Handler
	forget  func(readers ...string)
	press   *newspaper
	pool    []string // statuses that are there, the oldest first
	boosts  []boost  // the last of them, also when they were taken back
	uris    map[string]string
	notes   map[string]sent                  // of sam and eve, by their id here
	awaited []activitypub.Note               // what some of them answer and nobody sent yet
	heard   int                              // how much of what was sent to sam's server is read
	leaves  []activitypub.QuoteAuthorization // that sam gave and did not take back
	numbers int
	steps   int
	seed    uint64
	trail   []string // the last steps, for whoever has to find the fault
}

// sent is a note from another server.
type sent struct {
	activitypub.Note
	by *outsider
}

// boost is one that somebody made.
type boost struct {
	id, of string
	by     *servertest.Person
}

// readers is how many of the people look; they are never kept from it.
const readers = 3

// Bounds of what there is: a batch asks for 20.
const (
	townSize  = 16 // statuses
	maxBoosts = 4  // that are looked at
)

func newMemory(t *testing.T, engine db.Engine, seed uint64) *memory {
	t.Helper()
	s := servertest.New(t, engine)
	host := aptest.NewServer(t)
	m := &memory{t: t, s: s, dice: rand.New(rand.NewPCG(seed, 1)), seed: seed, uris: map[string]string{}, notes: map[string]sent{}}
	m.people = []*servertest.Person{s.Join("ada"), s.Join("bo"), s.Join("cy"), s.Join("gus")}
	m.opens()
	for _, path := range pictures {
		host.ServeAs(path, "image/png", picture(t, 24, 18, "png"))
	}
	m.sam = newOutsider(t, host, "sam", 0)
	m.sam.acceptFollow(m.people[0])
	m.known = append(m.known, m.people[0].Find("@sam@"+host.Host).ID)
	m.newcomer()
	hasEmoji(s, keeper.AddEmoji{Shortcode: "blob", Picture: movingPicture(t)})
	fresh, forget, err := s.ColdTwin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	m.fresh, m.forget = fresh, forget
	for range 6 {
		m.publish()
	}
	return m
}

func (m *memory) person() *servertest.Person { return m.people[m.dice.IntN(len(m.people))] }
func (m *memory) status() string             { return m.pool[m.dice.IntN(len(m.pool))] }
func (m *memory) number() string             { m.numbers++; return strconv.Itoa(m.numbers) }

// try asks for something that may be refused; only a failure of the server itself counts.
func (m *memory) try(p *servertest.Person, method, path string, form url.Values, out any) bool {
	m.t.Helper()
	var body string
	answer := p.Do(method, path, form, &body)
	m.did(p.Name+":", method, path, form, answer.StatusCode)
	if answer.StatusCode >= http.StatusInternalServerError {
		m.t.Fatalf("%s answered %d", path, answer.StatusCode)
	}
	if answer.StatusCode != http.StatusOK {
		return false
	}
	if out != nil {
		if err := json.Unmarshal([]byte(body), out); err != nil {
			m.t.Fatal(err)
		}
	}
	return true
}

func (m *memory) keep(status, uri string) {
	m.pool = append(m.pool, status)
	m.uris[status] = uri
	if len(m.pool) > townSize {
		m.remove(m.pool[0])
	}
}

// remove deletes a status by its author, whoever that is.
func (m *memory) remove(status string) {
	m.pool = slices.DeleteFunc(m.pool, func(one string) bool { return one == status })
	if note, ok := m.notes[status]; ok {
		note.by.post(m.s, activitypub.NewDelete(note.ID+"#delete", note.by.actor.ID, note.ID), http.StatusAccepted)
		return
	}
	for _, p := range m.people {
		if m.try(p, http.MethodDelete, "/api/v1/statuses/"+status, nil, nil) {
			return
		}
	}
}

// publish makes a status of any kind.
func (m *memory) publish() {
	p, form := m.person(), url.Values{}
	text := "words :blob: " + m.number()
	if m.dice.IntN(3) == 0 {
		text += " @" + m.person().Name + " #tag" + strconv.Itoa(m.dice.IntN(3))
	}
	form.Set("visibility", []string{"public", "public", "public", "unlisted", "private"}[m.dice.IntN(5)])
	if m.dice.IntN(6) == 0 {
		form.Set("spoiler_text", "careful :blob:")
	}
	if len(m.pool) > 0 {
		switch m.dice.IntN(10) {
		case 0:
			form.Set("in_reply_to_id", m.status())
		case 1, 5, 6, 8:
			form.Set("quoted_status_id", m.status())
		case 2:
			form["poll[options][]"], form["poll[expires_in]"] = []string{"yes :blob:", "no"}, []string{"86400"}
		case 3:
			if m.dice.IntN(8) == 0 && p != m.guest() { // a picture costs more than all else
				form.Set("media_ids[]", uploads(p, picture(m.t, 16, 12, "png"), "description", "first").ID)
			}
		case 4, 7:
			text += " " + m.article()
		}
	}
	form.Set("status", text)
	m.posts(p, form)
}

func (m *memory) posts(p *servertest.Person, form url.Values) {
	var made struct{ ID, URI string }
	if m.try(p, http.MethodPost, "/api/v1/statuses", form, &made) {
		m.keep(made.ID, made.URI)
	}
}

func (m *memory) edit() {
	status := m.status()
	for _, p := range m.people {
		var source, now struct {
			Text  string
			Media []struct{ ID string } `json:"media_attachments"`
		}
		if !m.try(p, http.MethodGet, "/api/v1/statuses/"+status+"/source", nil, &source) || !m.try(p, http.MethodGet, "/api/v1/statuses/"+status, nil, &now) {
			continue
		}
		form := url.Values{"status": {"edited " + m.number() + " :blob:"}}
		switch m.dice.IntN(3) {
		case 0:
			form["poll[options][]"], form["poll[expires_in]"] = []string{"yes", "no", "other " + m.number()}, []string{"86400"}
		case 1:
			form.Set("spoiler_text", "warned "+m.number())
		}
		for _, file := range now.Media {
			form.Add("media_ids[]", file.ID)
			form.Add("media_attributes[][id]", file.ID)
			form.Add("media_attributes[][description]", "described "+m.number())
		}
		if m.try(p, http.MethodPut, "/api/v1/statuses/"+status, form, nil) {
			return
		}
	}
}

// act does what a reader does with a status, or takes it back.
func (m *memory) act() {
	what := []string{"favourite", "unfavourite", "reblog", "unreblog", "bookmark", "unbookmark", "pin", "unpin", "mute", "unmute"}
	p, status, verb := m.person(), m.status(), what[m.dice.IntN(len(what))]
	if verb == "unreblog" && len(m.boosts) > 0 {
		one := m.boosts[m.dice.IntN(len(m.boosts))]
		p, status = one.by, one.of
	}
	var shown struct{ ID string }
	if m.try(p, http.MethodPost, "/api/v1/statuses/"+status+"/"+verb, nil, &shown) && verb == "reblog" {
		m.boosts = append(m.boosts[max(0, len(m.boosts)-maxBoosts+1):], boost{shown.ID, status, p})
	}
}

// relate does what people do to each other, mostly readers.
func (m *memory) relate() {
	what := []string{"follow", "follow", "unfollow", "block", "block", "unblock", "unblock", "mute", "mute", "unmute", "unmute", "remove_from_followers"}
	p, other := m.people[m.dice.IntN(readers)], m.people[m.dice.IntN(readers)]
	if m.dice.IntN(8) == 0 {
		other = m.guest()
	}
	if p != other {
		m.try(p, http.MethodPost, "/api/v1/accounts/"+other.ID+"/"+what[m.dice.IntN(len(what))], nil, nil)
	}
}

// shun lets somebody who does not follow sam hide his whole server, or see it again.
func (m *memory) shun() {
	p, method := m.people[1+m.dice.IntN(readers-1)], []string{http.MethodPost, http.MethodDelete}[m.dice.IntN(2)]
	m.try(p, method, "/api/v1/domain_blocks", url.Values{"domain": {m.sam.host.Host}}, nil)
}

// limit lets keepers limit somebody, or end it.
func (m *memory) limit() {
	measure := keeper.Measure{Handle: m.person().Name, Measure: []string{"limit", "unlimit", "unlimit"}[m.dice.IntN(3)]}
	if _, err := m.s.Keeper().TakeMeasure(m.t.Context(), measure); err != nil {
		m.t.Fatal(err)
	}
	m.did("keepers", measure.Measure, measure.Handle)
}

func (m *memory) vote() {
	m.try(m.person(), http.MethodPost, "/api/v1/polls/"+m.status()+"/votes", url.Values{"choices[]": {strconv.Itoa(m.dice.IntN(2))}}, nil)
}

func (m *memory) profile() {
	form := url.Values{}
	switch m.dice.IntN(4) {
	case 0:
		form.Set("display_name", "named :blob: "+m.number())
	case 1:
		form.Set("note", "about "+m.number())
	case 2:
		form.Set("locked", strconv.FormatBool(m.dice.IntN(4) == 0))
	case 3:
		form.Set("attribution_domains[]", []string{newsDomain, "other.example.com"}[m.dice.IntN(2)])
	}
	m.try(m.person(), http.MethodPatch, "/api/v1/accounts/update_credentials", form, nil)
}

func (m *memory) policy() {
	policy := []string{"public", "followers", "nobody"}[m.dice.IntN(3)]
	for _, p := range m.people {
		m.try(p, http.MethodPut, "/api/v1/statuses/"+m.status()+"/interaction_policy", url.Values{"quote_approval_policy": {policy}}, nil)
	}
}

func (m *memory) revoke() {
	of := m.status()
	for _, p := range m.people {
		var quotes []struct{ ID string }
		if m.try(p, http.MethodGet, "/api/v1/statuses/"+of+"/quotes", nil, &quotes) && len(quotes) > 0 &&
			m.try(p, http.MethodPost, "/api/v1/statuses/"+of+"/quotes/"+quotes[0].ID+"/revoke", nil, nil) {
			return
		}
	}
}

// unwanted makes or takes away a filter.
func (m *memory) unwanted() {
	p := m.person()
	var list []struct{ ID string }
	if m.try(p, http.MethodGet, "/api/v2/filters", nil, &list) && len(list) > 1 {
		m.try(p, http.MethodDelete, "/api/v2/filters/"+list[0].ID, nil, nil)
		return
	}
	m.try(p, http.MethodPost, "/api/v2/filters", url.Values{"title": {"unwanted " + m.number()}, "context[]": {"home", "public"}, "filter_action": {"warn"},
		"keywords_attributes[][keyword]": {[]string{"edited", "words", "described", "careful"}[m.dice.IntN(4)]}}, nil)
}

// emoji shows an emoji, or hides it.
func (m *memory) emoji() {
	hidden := m.dice.IntN(2) == 0
	changesEmoji(m.s, keeper.ChangeEmoji{Name: "blob", Disabled: &hidden})
	m.did("keepers hide the emoji:", hidden)
}

func (m *memory) settle() { servertest.Settle(m.t, m.s) }

// step lets one thing happen.
func (m *memory) step() {
	switch n := m.dice.IntN(100); {
	case n < 12:
		m.publish()
	case n < 20:
		m.edit()
	case n < 41:
		m.act()
	case n < 44:
		m.looks()
	case n < 58:
		m.relate()
	case n < 65:
		m.vote()
	case n < 71:
		m.profile()
	case n < 75:
		m.policy()
	case n < 78:
		m.revoke()
	case n < 83:
		m.unwanted()
	case n < 86:
		m.emoji()
	case n < 89:
		m.keepers()
	case n < 91:
		if m.dice.IntN(3) == 0 {
			m.limit()
		} else {
			m.shun()
		}
	case n < 93:
		m.remove(m.status())
	default:
		m.elsewhere()
	}
	for len(m.pool) < 4 {
		m.publish()
	}
}

// pages is what readers look at.
func (m *memory) pages() []string {
	several := url.Values{"id[]": slices.Clone(m.pool)}
	for _, one := range m.boosts {
		several.Add("id[]", one.id)
	}
	who := url.Values{"id[]": m.known[max(0, len(m.known)-4):]}
	for _, p := range m.people {
		who.Add("id[]", p.ID)
	}
	return []string{"/api/v1/statuses?" + several.Encode(), "/api/v1/accounts?" + who.Encode(), "/api/v1/custom_emojis"}
}

// compare compares what everybody is shown with what the database says.
func (m *memory) compare() {
	m.t.Helper()
	look := append([]*servertest.Person{{On: m.s}}, m.people[:readers]...)
	m.forget(look[1].ID, look[2].ID, look[3].ID)
	for _, reader := range look {
		for _, page := range m.pages() {
			got, want := m.ask(m.s.Handler(), reader, page), m.ask(m.fresh, reader, page)
			if !bytes.Equal(got, want) {
				m.t.Fatalf("after step %d of seed %d:\n%q is shown at %s\n%s\nand the database says\n%s\nThe last steps:\n%s", m.steps, m.seed, reader.Name, page,
					around(got, want), around(want, got), strings.Join(m.trail, "\n"))
			}
		}
	}
}

// ask is what somebody is answered by the server, or by the one that remembers nothing.
func (m *memory) ask(h http.Handler, reader *servertest.Person, page string) []byte {
	m.t.Helper()
	r := httptest.NewRequestWithContext(m.t.Context(), http.MethodGet, m.s.URL+page, nil)
	if reader.Token != "" {
		r.Header.Set("Authorization", "Bearer "+reader.Token)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		m.t.Fatalf("%s answered %d: %s", page, w.Code, w.Body)
	}
	return w.Body.Bytes()
}

// around is the part of a where it begins to differ from b.
func around(a, b []byte) []byte {
	at := 0
	for at < len(a) && at < len(b) && a[at] == b[at] {
		at++
	}
	return a[max(0, at-300):min(len(a), at+200)]
}

// TestWhatIsRememberedIsWhatTheDatabaseSays fails too when any one line that drops what is remembered is taken out of effects.go: `make mutate` does that.
func TestWhatIsRememberedIsWhatTheDatabaseSays(t *testing.T) {
	t.Parallel() // takes long and waits much
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		steps, seed := 10_000, uint64(7)
		switch {
		case testing.Short():
			steps = 400
		case engine == db.Postgres:
			steps = 500 // what is remembered does not depend on the engine; the answers of both are compared elsewhere
		}
		if text := os.Getenv("ANANCUS_TEST_SEED"); text != "" {
			if _, err := fmt.Sscan(text, &seed); err != nil {
				t.Fatal(err)
			}
		}
		m := newMemory(t, engine, seed)
		for ; m.steps < steps; m.steps++ {
			m.step()
			if m.steps%4 == 0 {
				m.compare()
			}
		}
	})
}
