package server_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"anancus/internal/protocol/activitypub"
	"anancus/internal/server/keeper"
	"anancus/internal/server/servertest"
)

// What lies around the people of the town whose memory is watched: those of another server, a newspaper, and the keepers.

// pictures are served by the other server: faces, emoji and whatever is shown in a note.
var pictures = []string{"/picture1.png", "/picture2.png", "/picture3.png"}

// newsDomain is where the newspaper is.
const newsDomain = "news.loopback.example.com"

// opens lets the newspaper begin. It has a film too, and its pictures cost little.
func (m *memory) opens() {
	m.press = newNewspaper(m.t)
	m.press.photo = picture(m.t, 24, 18, "jpg")
	m.press.pages["/oembed.json"] = `{"type":"video","version":"1.0","title":"A film","html":"<iframe src=\"https://www.youtube.com/embed/x\"></iframe>","width":560,"height":315}`
}

func (m *memory) guest() *servertest.Person { return m.people[readers] }

func (m *memory) picture() string { return m.sam.host.URL + pictures[m.dice.IntN(len(pictures))] }

// did notes what happened, for the trail.
func (m *memory) did(words ...any) {
	m.trail = append(m.trail, strings.TrimSuffix(fmt.Sprintln(words...), "\n"))
	m.trail = m.trail[max(0, len(m.trail)-40):]
}

// article prints a page and gives its address, or another that leads to it.
func (m *memory) article() string {
	path := "/" + m.number()
	more := []string{`<meta property="og:description" content="of today">`}
	if m.dice.IntN(3) > 0 {
		names := []string{m.sam.handle(), m.eve.handle(), m.guest().Handle(), m.guest().Handle(), m.person().Handle()}
		more = append(more, namesAuthor(names[m.dice.IntN(len(names))]))
	}
	if m.dice.IntN(3) == 0 {
		more = append(more, `<meta property="og:image" content="/i.jpg">`)
	}
	if m.dice.IntN(3) == 0 {
		more = append(more, `<link rel="alternate" type="application/json+oembed" href="/oembed.json">`)
	}
	if m.dice.IntN(4) == 0 {
		more = append(more, `<link rel="canonical" href="`+path+`">`)
		m.press.prints(path, "News", more...)
		path = "/amp" + path
	}
	return m.press.prints(path, "News", more...)
}

func namesAuthor(handle string) string {
	return `<meta name="fediverse:creator" content="` + handle + `">`
}

// handle is how others name the outsider.
func (x *outsider) handle() string { return "@" + x.actor.PreferredUsername + "@" + x.host.Host }

// newcomer lets another eve come.
func (m *memory) newcomer() {
	m.eve = newOutsider(m.t, m.sam.host, "eve"+m.number(), 1)
	m.eve.actor.AttributionDomains = []string{newsDomain}
	m.sam.host.Serve("/users/"+m.eve.actor.PreferredUsername, m.eve.actor)
	m.eve.acceptFollow(m.people[0])
	m.known = append(m.known, m.people[0].Find(m.eve.handle()).ID)
	m.did("another eve comes")
}

// gone lets eve's server say that she is gone, and all she wrote.
func (m *memory) gone() {
	m.compare() // nothing of her is to be left of what is remembered here
	m.eve.post(m.s, activitypub.NewDeleteActor(m.eve.actor.ID), http.StatusAccepted)
	m.did("eve is gone")
	m.compare()
	for status, note := range m.notes {
		if note.by == m.eve {
			m.pool = slices.DeleteFunc(m.pool, func(one string) bool { return one == status })
			delete(m.notes, status)
		}
	}
	m.newcomer()
}

// elsewhere lets sam or eve do something that comes over the wire.
func (m *memory) elsewhere() {
	by := []*outsider{m.sam, m.sam, m.eve}[m.dice.IntN(3)]
	m.did(by.actor.PreferredUsername, "does something on another server")
	status := m.status()
	switch kind := m.dice.IntN(10); {
	case kind < 2:
		m.writes(by)
	case kind == 2:
		m.revises()
	case kind == 3:
		by.post(m.s, activitypub.NewActivity("Like", by.actor.ID+"#likes/"+status, by.actor.ID, m.uris[status]), http.StatusAccepted)
	case kind == 4:
		like := activitypub.NewActivity("Like", by.actor.ID+"#likes/"+status, by.actor.ID, m.uris[status])
		by.post(m.s, activitypub.NewAnswer("Undo", by.actor.ID+"#undo/"+m.number(), by.actor.ID, like), http.StatusAccepted)
	case kind == 5:
		by.post(m.s, activitypub.NewAnnounce(by.actor.ID+"#announce/"+m.number(), by.actor.ID, activitypub.Timestamp(time.Now()),
			[]string{activitypub.Public}, nil, m.uris[status]), http.StatusAccepted)
	case kind == 6:
		m.changes(by)
	case kind == 7:
		m.arrives()
	case kind == 8:
		m.answers()
	default:
		m.settle() // what durable effects bring: pictures, cards
	}
}

// writes lets somebody of the other server publish a note of any kind.
func (m *memory) writes(by *outsider) {
	note := by.public(m.number(), "from elsewhere :pip:")
	if quoted, ok := m.notes[m.status()]; ok && quoted.by == by && m.dice.IntN(2) == 0 { // one's own need no leave
		note.Quote = quoted.ID
	}
	note.Tag = []activitypub.Tag{activitypub.NewEmoji(by.host.URL+"/emojis/pip", "pip", activitypub.Timestamp(time.Now()), activitypub.NewImage(m.picture(), "image/png", ""))}
	note.InteractionPolicy = quotable
	switch m.dice.IntN(4) {
	case 0:
		note.Attachment = []activitypub.Document{{Type: "Document", MediaType: "image/png", URL: m.picture()}}
	case 1:
		note.Type, note.EndTime = "Question", activitypub.Timestamp(time.Now().Add(24*time.Hour))
		note.OneOf = []activitypub.Option{activitypub.NewOption("a", 1), activitypub.NewOption("b", 2)}
	case 2:
		before := by.public(m.number(), "what came later")
		note.InReplyTo = &before.ID
		m.awaited = append(m.awaited, before)
	}
	m.receives(by, note)
}

// revises lets a note be edited, or only say how its poll stands and who may quote it.
func (m *memory) revises() {
	theirs := slices.DeleteFunc(slices.Clone(m.pool), func(one string) bool { return m.notes[one].by == nil })
	if len(theirs) == 0 {
		return
	}
	status := theirs[m.dice.IntN(len(theirs))]
	note := m.notes[status]
	if m.dice.IntN(2) == 0 {
		note.Content, note.Updated = "<p>edited elsewhere :pip: "+m.number()+"</p>", activitypub.Timestamp(time.Now())
	}
	if len(note.OneOf) > 0 {
		note.OneOf = []activitypub.Option{activitypub.NewOption("a", int64(m.numbers)), activitypub.NewOption("b", 2)}
	}
	if note.InteractionPolicy = nil; m.dice.IntN(2) == 0 {
		note.InteractionPolicy = quotable
	}
	m.notes[status] = note
	note.by.post(m.s, activitypub.NewUpdate(note.ID+"#updates/"+m.number(), note.Note), http.StatusAccepted)
}

// quotable lets everybody quote a note.
var quotable = &activitypub.InteractionPolicy{CanQuote: &activitypub.Approval{AutomaticApproval: []string{activitypub.Public}}}

// receives lets a note come.
func (m *memory) receives(by *outsider, note activitypub.Note) {
	by.post(m.s, by.create(note), http.StatusAccepted)
	var found struct{ Statuses []struct{ ID string } }
	m.people[0].Get("/api/v2/search?type=statuses&q="+url.QueryEscape(note.ID), &found)
	if len(found.Statuses) == 1 {
		m.notes[found.Statuses[0].ID] = sent{note, by}
		m.keep(found.Statuses[0].ID, note.ID)
	}
}

// arrives lets come what others answered before it was here.
func (m *memory) arrives() {
	if len(m.awaited) == 0 {
		return
	}
	note := m.awaited[len(m.awaited)-1]
	m.awaited = m.awaited[:len(m.awaited)-1]
	by := m.sam
	if note.AttributedTo != by.actor.ID {
		by = m.eve
	}
	if note.AttributedTo == by.actor.ID { // else she is gone
		m.receives(by, note)
	}
}

// changes lets somebody of the other server look otherwise, and be the author of articles or not.
func (m *memory) changes(by *outsider) {
	by.actor.Name = by.actor.PreferredUsername + []string{" :pip: ", " "}[m.dice.IntN(2)] + m.number()
	by.actor.Tag = []activitypub.Tag{activitypub.NewEmoji(by.host.URL+"/emojis/pip", "pip", activitypub.Timestamp(time.Now()), activitypub.NewImage(m.picture(), "image/png", ""))}
	by.actor.Icon = activitypub.NewImage(m.picture(), "image/png", "")
	if by.actor.AttributionDomains = nil; m.dice.IntN(2) == 0 {
		by.actor.AttributionDomains = []string{newsDomain}
	}
	by.host.Serve("/users/"+by.actor.PreferredUsername, by.actor)
	by.post(m.s, activitypub.NewUpdateActor(by.actor.ID+"#updates/"+m.number(), by.actor), http.StatusAccepted)
}

// answers lets sam say whether what he wrote may be quoted by whoever asked, or take back that it may.
func (m *memory) answers() {
	if len(m.leaves) > 0 && m.dice.IntN(3) == 0 {
		m.did("sam takes leave back")
		m.sam.post(m.s, activitypub.NewDeleteQuoteAuthorization(m.leaves[0]), http.StatusAccepted)
		m.leaves = m.leaves[1:]
		return
	}
	m.settle() // they ask
	for all := m.sam.host.Received(); m.heard < len(all); m.heard++ {
		asked, err := activitypub.Parse(all[m.heard].Body)
		if err != nil || !asked.Is("QuoteRequest") || !strings.HasPrefix(asked.Link("object"), m.sam.actor.ID+"/") {
			continue
		}
		m.compare()
		leave := *activitypub.NewQuoteAuthorization(m.sam.host.URL+"/leaves/"+m.number(), m.sam.actor.ID, asked.Link("instrument"), asked.Link("object"))
		m.did("sam gives leave to quote", leave.InteractionTarget)
		m.leaves = append(m.leaves, leave)
		m.sam.post(m.s, activitypub.Activity{Context: activitypub.ContextPlain, ID: m.sam.actor.ID + "#accepts/" + m.number(), Type: "Accept", Actor: m.sam.actor.ID,
			Object: asked.ID(), Result: leave.ID}, http.StatusAccepted)
	}
}

var fetched = regexp.MustCompile(`/media_proxy/[^"\\]+`)

// looks lets somebody look at one of the pictures that are not here yet, after which it is.
func (m *memory) looks() {
	var all []string
	for _, page := range m.pages()[:2] {
		all = append(all, fetched.FindAllString(string(m.ask(m.s.Handler(), m.people[0], page)), -1)...)
	}
	if len(all) == 0 {
		return
	}
	at := all[m.dice.IntN(len(all))]
	answer := m.s.Nobody().Do(http.MethodGet, at, nil, new(string))
	m.did("somebody looks at", at, answer.StatusCode)
	if m.dice.IntN(2) == 0 {
		m.compare()
	}
}

// keepers lets them decide otherwise about files, servers and people.
func (m *memory) keepers() {
	k, ctx := m.s.Keeper(), m.t.Context()
	done := func(_ any, err error) {
		m.t.Helper()
		if err != nil {
			m.t.Fatal(err)
		}
	}
	host := []string{m.sam.host.Host, newsDomain}[m.dice.IntN(2)]
	pick := func(of ...string) string { return of[m.dice.IntN(len(of))] }
	switch m.dice.IntN(9) {
	case 0:
		mode := pick("", "", "store", "proxy", "reject")
		done(k.SetMediaMode(ctx, keeper.MediaMode{Domain: host, Mode: mode}))
		m.did("keepers treat files of", host, "as", mode)
	case 1:
		mode := pick("store", "store", "proxy", "reject")
		set(m.t, m.s, "remote-media", mode)
		m.did("keepers treat files as", mode)
	case 2:
		when := pick("seen", "followed")
		set(m.t, m.s, "media-fetch", when)
		m.did("files are fetched when", when)
	case 3:
		hosts := pick("www.youtube.com", "player.vimeo.com")
		set(m.t, m.s, "embed-hosts", hosts)
		m.did("films may be of", hosts)
	case 4:
		done(k.BlockDomain(ctx, keeper.DomainBlock{Domain: host, Severity: pick("noop", "silence"), RejectMedia: m.dice.IntN(2) == 0}))
		m.did("keepers decide about", host)
	case 5, 6:
		m.try(m.guest(), http.MethodPatch, "/api/v1/accounts/update_credentials", url.Values{"attribution_domains[]": {newsDomain}}, nil)
		m.posts(m.guest(), url.Values{"status": {"mine: " + m.press.prints("/"+m.number(), "Mine", namesAuthor(m.guest().Handle()))}})
		m.settle()
		m.compare()
		measure := keeper.Measure{Handle: m.guest().Name, Measure: pick("suspend", "unsuspend", "unsuspend")}
		done(k.TakeMeasure(ctx, measure))
		m.did("keepers", measure.Measure, "the guest")
		m.compare()
	case 7:
		m.gone()
	case 8:
		list, err := k.ListDomains(ctx)
		done(list, err)
		for _, one := range list.Blocks {
			done(k.UnblockDomain(ctx, keeper.DomainName{Domain: one.Domain}))
		}
		m.did("keepers take back what they decided about servers")
		if m.dice.IntN(2) == 0 {
			m.compare()
		}
		for _, one := range []string{m.sam.host.Host, newsDomain} {
			done(k.SetMediaMode(ctx, keeper.MediaMode{Domain: one}))
		}
		set(m.t, m.s, "remote-media", "store")
		m.did("and about files")
		for range 4 {
			m.looks()
		}
		m.compare()
		done(k.PruneMedia(ctx, keeper.PruneMedia{Budget: 1}))
		m.did("copies are pruned")
		m.compare()
	}
	if m.dice.IntN(2) == 0 {
		m.compare()
		m.settle()
	}
}
