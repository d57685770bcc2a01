package server_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/protocol/activitypub/aptest"
	"anancus/internal/server/keeper"
	"anancus/internal/server/servertest"
)

// answer is a public post by the outsider that answers another ("": none), written some minutes ago.
func (x *outsider) answer(number, to string, minutes int) activitypub.Note {
	n := x.public(number, "status "+number)
	n.Context = activitypub.ContextNote
	n.Published = activitypub.Timestamp(time.Now().Add(-time.Duration(minutes) * time.Minute))
	if to != "" {
		n.InReplyTo = &to
	}
	return n
}

// puts lets posts be read where they are.
func (x *outsider) puts(notes ...activitypub.Note) {
	for _, n := range notes {
		x.host.Serve(strings.TrimPrefix(n.ID, x.host.URL), n)
	}
}

// thread is what a person sees of a thread.
type thread struct {
	Ancestors, Descendants []servertest.Status
}

// shown asks for the thread of a status, and tells what is to be asked for later.
func shown(p *servertest.Person, status string) (t thread, refresh string) {
	p.On.T.Helper()
	answer := p.Do(http.MethodGet, "/api/v1/statuses/"+status+"/context", nil, &t)
	if answer.StatusCode != http.StatusOK {
		p.On.T.Fatalf("the thread of %s is answered with %d", status, answer.StatusCode)
	}
	return t, answer.Header.Get("Mastodon-Async-Refresh")
}

// ends gives the last parts of the ids of statuses.
func ends(list []servertest.Status) string {
	var all []string
	for _, s := range list {
		all = append(all, s.URI[strings.LastIndex(s.URI, "/")+1:])
	}
	return strings.Join(all, " ")
}

func asked(host *aptest.Server, path string) (n int) {
	for _, r := range host.Asked() {
		if r.Request.URL.Path == path {
			n++
		}
	}
	return n
}

func TestAThreadIsTheSameInWhateverOrderItComes(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		here := servertest.New(t, engine)
		ada := here.Join("ada")
		sam := newOutsider(t, aptest.NewServer(t), "sam", 0)
		sam.acceptFollow(ada)
		// a has one answer, b; that has two, c and e; and c has one, d.
		parents := map[string]string{"a": "", "b": "a", "c": "b", "d": "c", "e": "b"}
		for round, order := range []string{"abcde", "edcba", "dcbae", "acebd", "dbeca", "cadbe", "ebadc"} {
			seen := map[string]servertest.Status{}
			for _, letter := range strings.Split(order, "") {
				to := ""
				if up := parents[letter]; up != "" {
					to = fmt.Sprintf("%s/statuses/%s%d", sam.actor.ID, up, round)
				}
				sam.post(here, sam.create(sam.answer(fmt.Sprint(letter, round), to, 100-strings.Index("abcde", letter))), http.StatusAccepted)
				s, ok := known(ada, fmt.Sprintf("%s/statuses/%s%d", sam.actor.ID, letter, round))
				if !ok {
					t.Fatalf("%s: %s was not kept at once", order, letter)
				}
				seen[letter] = s
			}
			number := fmt.Sprint(round)
			for letter, want := range map[string][3]string{"a": {"", "b c d e", "1"}, "b": {"a", "c d e", "2"}, "c": {"a b", "d", "1"}, "d": {"a b c", "", "0"}, "e": {"a b", "", "0"}} {
				got, _ := shown(ada, seen[letter].ID)
				status, _ := ada.Show(seen[letter].ID)
				found := [3]string{strings.ReplaceAll(ends(got.Ancestors), number, ""), strings.ReplaceAll(ends(got.Descendants), number, ""), fmt.Sprint(status.Replies)}
				if found != want {
					t.Errorf("%s: %s has %q, want %q", order, letter, found, want)
				}
				if status.InReplyTo != seen[parents[letter]].ID {
					t.Errorf("%s: %s answers %q", order, letter, status.InReplyTo)
				}
			}
			if n := count(t, here, `SELECT COUNT(DISTINCT thread_id) FROM statuses WHERE uri LIKE '%_`+number+`'`); n != 1 {
				t.Errorf("%s: they are in %d threads", order, n)
			}
			if n := count(t, here, `SELECT COUNT(*) FROM statuses WHERE uri LIKE '%_`+number+`' AND (in_reply_to_uri <> '' OR in_reply_to_id IS NOT NULL AND in_reply_to_account_id <> author_id)`); n != 0 {
				t.Errorf("%s: %d do not know whom they answer", order, n)
			}
		}

		// What is missing is asked for, one after the other, however far up, and once for all who answer it.
		const high = 30
		up := ""
		var chain []activitypub.Note
		for n := range high {
			chain = append(chain, sam.answer(fmt.Sprint("chain", n), up, 300-n))
			up = chain[n].ID
		}
		sam.puts(chain...)
		for _, leaf := range []string{"leaf1", "leaf2"} {
			sam.post(here, sam.create(sam.answer(leaf, up, 1)), http.StatusAccepted)
		}
		leaf, _ := known(ada, sam.actor.ID+"/statuses/leaf2")
		got, _ := shown(ada, leaf.ID)
		if len(got.Ancestors) != high || got.Ancestors[0].URI != chain[0].ID {
			t.Errorf("a thread of %d has %d above its end", high, len(got.Ancestors))
		}
		for n := range high {
			if asked := asked(sam.host, fmt.Sprintf("/users/sam/statuses/chain%d", n)); asked != 1 {
				t.Errorf("status %d was asked for %d times", n, asked)
			}
		}

		// Statuses that answer each other, or themselves, come to an end.
		id := func(number string) string { return sam.actor.ID + "/statuses/" + number }
		ring := []activitypub.Note{sam.answer("ring1", id("ring2"), 9), sam.answer("ring2", id("ring3"), 8), sam.answer("ring3", id("ring1"), 7), sam.answer("self", id("self"), 6)}
		sam.puts(ring...)
		sam.post(here, sam.create(ring[0]), http.StatusAccepted)
		sam.post(here, sam.create(ring[3]), http.StatusAccepted)
		for _, one := range ring {
			s, ok := known(ada, one.ID)
			if !ok {
				t.Fatalf("%s was not kept", one.ID)
			}
			got, _ := shown(ada, s.ID)
			if all := len(got.Ancestors) + len(got.Descendants); one.ID == id("self") && all != 0 || all > 2 {
				t.Errorf("%s has %s above and %s below it", one.ID, ends(got.Ancestors), ends(got.Descendants))
			}
		}
	})
}

func TestAnAncestorOfAServerThatIsAwayIsAskedForAgain(t *testing.T) {
	at := clock.NewManual(time.Now())
	here := servertest.NewAt(t, db.SQLite, at)
	ada := here.Join("ada")
	sam, away := newOutsider(t, aptest.NewServer(t), "sam", 0), newOutsider(t, aptest.NewServer(t), "away", 1)
	sam.acceptFollow(ada)
	down := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }
	first, second := away.answer("1", "", 90), away.answer("2", "", 80)
	away.host.Answer("/users/away/statuses/1", down)
	away.host.Answer("/users/away/statuses/2", down)
	sam.post(here, sam.create(sam.answer("1", first.ID, 1)), http.StatusAccepted)
	sam.post(here, sam.create(sam.answer("2", second.ID, 1)), http.StatusAccepted)
	if n := count(t, here, `SELECT COUNT(*) FROM outbox WHERE event = 'status.ancestor_missing'`); n != 2 {
		t.Errorf("%d jobs wait", n)
	}
	later := func(d time.Duration) {
		t.Helper()
		at.Advance(d)
		servertest.Settle(t, here)
	}
	later(time.Minute)
	if n := asked(away.host, "/users/away/statuses/1"); n != 2 {
		t.Errorf("after a minute it was asked for %d times", n)
	}
	away.puts(first)
	later(6 * time.Minute)
	answer, _ := known(ada, sam.actor.ID+"/statuses/1")
	if got, _ := shown(ada, answer.ID); ends(got.Ancestors) != "1" {
		t.Errorf("above the answer is %q", ends(got.Ancestors))
	}
	// The other stays away. It is given up, until somebody looks long after.
	later(time.Hour)
	later(4 * time.Hour)
	later(time.Hour)
	if n := asked(away.host, "/users/away/statuses/2"); n != 5 {
		t.Errorf("it was asked for %d times", n)
	}
	away.puts(second)
	answer, _ = known(ada, sam.actor.ID+"/statuses/2")
	shown(here.Nobody(), answer.ID)
	servertest.Settle(t, here)
	if n := asked(away.host, "/users/away/statuses/2"); n != 5 {
		t.Error("a visitor let it be asked for")
	}
	shown(ada, answer.ID)
	servertest.Settle(t, here)
	if got, _ := shown(ada, answer.ID); ends(got.Ancestors) != "2" {
		t.Errorf("after a look, above the answer is %q", ends(got.Ancestors))
	}
	later(25 * time.Hour)
	if err := here.ForgetMissing(t.Context()); err != nil || count(t, here, `SELECT COUNT(*) FROM missing_ancestors`) != 0 {
		t.Errorf("what was asked for is not forgotten: %v", err)
	}
}

func TestPartsOfAThreadJoinWithTheirMutesAndConversations(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		here := servertest.New(t, engine)
		ada := here.Join("ada")
		sam := newOutsider(t, aptest.NewServer(t), "sam", 0)
		sam.acceptFollow(ada)
		me := here.URL + "/ap/users/" + ada.ID
		id := func(number string) string { return sam.actor.ID + "/statuses/" + number }
		direct := func(number, to string, minutes int) {
			n := sam.answer(number, to, minutes)
			n.To, n.Cc = []string{me}, nil
			n.Tag = []activitypub.Tag{activitypub.NewMention(me, "@ada@"+here.Domain)}
			sam.post(here, sam.create(n), http.StatusAccepted)
		}
		direct("1", "", 60)
		direct("3", id("2"), 40)
		three, _ := known(ada, id("3"))
		mine := ada.Publish("@sam@"+sam.host.Host+" what?", "in_reply_to_id", three.ID, "visibility", "direct")
		servertest.Settle(t, here)
		conversations := func() (last []string) {
			var list []struct {
				LastStatus servertest.Status `json:"last_status"`
			}
			ada.Get("/api/v1/conversations", &list)
			for _, one := range list {
				last = append(last, one.LastStatus.ID)
			}
			return last
		}
		if got := conversations(); len(got) != 2 {
			t.Fatalf("before they join there are %d conversations", len(got))
		}
		ada.Act(three.ID, "mute")
		direct("2", id("1"), 50)
		if got := conversations(); len(got) != 1 || got[0] != mine.ID {
			t.Errorf("after they joined the conversations end with %q", got)
		}
		if got, _ := shown(ada, mine.ID); ends(got.Ancestors) != "1 2 3" {
			t.Errorf("above the answer is %q", ends(got.Ancestors))
		}
		one, _ := known(ada, id("1"))
		var muted struct{ Muted bool }
		if ada.Get("/api/v1/statuses/"+one.ID, &muted); !muted.Muted {
			t.Error("the thread is not muted as a whole")
		}
		told := len(ada.Notifications())
		direct("4", mine.URI, 1)
		if n := len(ada.Notifications()); n != told {
			t.Error("who muted a part is told of the whole")
		}
		if got := conversations(); len(got) > 1 {
			t.Errorf("a further answer makes %d conversations", len(got))
		}
	})
}

// collects serves the answers to a status: a page inside it, and further pages behind.
func (x *outsider) collects(n *activitypub.Note, pages ...[]string) {
	uri := n.ID + "/replies"
	page := func(k int) *activitypub.Collection {
		p := &activitypub.Collection{ID: fmt.Sprintf("%s/%d", uri, k), Page: true, PartOf: uri, Items: []any{}}
		for _, link := range pages[k] {
			p.Items = append(p.Items, link)
		}
		if k+1 < len(pages) {
			p.Next = fmt.Sprintf("%s/%d", uri, k+1)
		}
		return p
	}
	n.Replies = &activitypub.Collection{ID: uri, First: page(0)}
	for k := 1; k < len(pages); k++ {
		p := page(k)
		p.Context = activitypub.ContextPlain
		x.host.Serve(fmt.Sprintf("%s/%d", strings.TrimPrefix(uri, x.host.URL), k), p)
	}
}

func TestAThreadOfSixHundredAnswersIsFoundOnItsHosts(t *testing.T) {
	if testing.Short() {
		t.Skip("the short run is for the race detector: shorter stories of this have the same goroutines")
	}
	here := servertest.New(t, db.SQLite)
	ada := here.Join("ada")
	var people []*outsider
	for n := range 5 {
		people = append(people, newOutsider(t, aptest.NewServer(t), fmt.Sprintf("p%d", n), n%4))
	}
	root := people[0].answer("root", "", 600)
	want, dead := []string{root.ID}, people[4]
	// 300 answer the root, listed on three pages; thirty of them have ten answers each, on three pages too.
	var first []activitypub.Note
	by := map[string]*outsider{}
	for k := range 300 {
		x := people[k%5]
		n := x.answer(fmt.Sprint("a", k), root.ID, 500)
		by[n.ID], first = x, append(first, n)
	}
	for k := range first {
		x, n := by[first[k].ID], &first[k]
		if x != dead {
			want = append(want, n.ID)
		}
		if k >= 30 {
			x.puts(*n)
			continue
		}
		var links []string
		for j := range 10 {
			y := people[(k+j)%5]
			second := y.answer(fmt.Sprintf("b%d-%d", k, j), n.ID, 400)
			y.puts(second)
			links = append(links, second.ID)
			if x != dead && y != dead {
				want = append(want, second.ID)
			}
		}
		switch k {
		case 1: // one that goes round
			x.collects(n, links[:4], links[4:8], links[8:])
			uri := n.ID + "/replies"
			x.host.Serve(strings.TrimPrefix(uri, x.host.URL)+"/2", &activitypub.Collection{Context: activitypub.ContextPlain, ID: uri + "/2", Page: true, PartOf: uri,
				Items: []any{links[8], links[9]}, Next: uri + "/1"})
		case 2: // one that has another page always
			n.Replies = &activitypub.Collection{ID: n.ID + "/replies", First: &activitypub.Collection{Page: true, Items: []any{}, Next: n.ID + "/replies?page=0"}}
			x.host.Answer(strings.TrimPrefix(n.ID, x.host.URL)+"/replies", func(w http.ResponseWriter, r *http.Request) {
				page := activitypub.Collection{Context: activitypub.ContextPlain, ID: "page", Page: true, Next: n.ID + "/replies?page=" + r.URL.Query().Get("page") + "0", Items: []any{}}
				for _, link := range links {
					page.Items = append(page.Items, link)
				}
				w.Header().Set("Content-Type", activitypub.ContentType)
				_, _ = w.Write(encode(t, page))
			})
		default:
			x.collects(n, links[:4], links[4:8], links[8:])
		}
		x.puts(*n)
	}
	var pages [3][]string
	for k, n := range first {
		pages[k/100] = append(pages[k/100], n.ID)
	}
	people[0].collects(&root, pages[:]...)
	people[0].puts(root)
	dead.host.Close()
	found, ok := ada.FindStatus(root.ID)
	if !ok {
		t.Fatal("the root was not found")
	}
	servertest.Settle(t, here)
	shown(ada, found.ID)
	servertest.Settle(t, here)

	got, err := db.All(t.Context(), here.DB(), db.Text, `SELECT uri FROM statuses`)
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("%d statuses are kept, want %d, without %q", len(got), len(want), slices.DeleteFunc(slices.Clone(want), func(uri string) bool { return slices.Contains(got, uri) }))
	}
	if n := count(t, here, `SELECT COUNT(DISTINCT thread_id) FROM statuses`); n != 1 {
		t.Errorf("they are in %d threads", n)
	}
	if now, _ := shown(ada, found.ID); len(now.Descendants) != len(want)-1 {
		t.Errorf("%d are shown below the root, want %d", len(now.Descendants), len(want)-1)
	}
	const before = 5 // of the root's own server came with it
	if n := count(t, here, `SELECT found FROM crawls WHERE finished_at IS NOT NULL AND pages < 200`); n != int64(len(want)-1-before) {
		t.Errorf("the search says that it found %d", n)
	}
	if n := count(t, here, `SELECT COUNT(*) FROM crawl_items`); n != 0 {
		t.Errorf("the search left %d rows", n)
	}
	times := map[string]int{}
	for _, x := range people[:4] {
		for _, r := range x.host.Asked() {
			if address := x.host.URL + r.Request.URL.RequestURI(); strings.Contains(address, "/statuses/") && address != root.ID {
				times[address]++
			}
		}
	}
	twice := 0
	for address, n := range times {
		if n > 2 {
			t.Errorf("%s was asked for %d times", address, n)
		}
		twice += n - 1
	}
	if twice != before { // they were known, but not what they have below them
		t.Errorf("%d were asked for again", twice)
	}
}

func TestAnswersAreBelievedOnlyFromWhereTheyAre(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		here := servertest.New(t, engine)
		ada := here.Join("ada")
		sam, eve, bad := newOutsider(t, aptest.NewServer(t), "sam", 0), newOutsider(t, aptest.NewServer(t), "eve", 1), newOutsider(t, aptest.NewServer(t), "bad", 2)
		mine := ada.Publish("mine")
		root := sam.answer("root", "", 60)
		lied := eve.answer("1", root.ID, 50)
		lied.Content = "<p>what eve never said</p>"
		deeper := eve.answer("8", eve.actor.ID+"/statuses/1", 41)
		private := eve.answer("4", root.ID, 40)
		private.To, private.Cc = []string{eve.actor.Followers}, nil
		true1 := eve.answer("1", root.ID, 50)
		true1.Replies = &activitypub.Collection{ID: true1.ID + "/replies", First: &activitypub.Collection{Page: true, Items: []any{deeper.ID}, Next: sam.host.URL + "/elsewhere"}}
		banned := bad.answer("5", root.ID, 30)
		whole := sam.host.URL + "/contexts/1" // of a thread, at the server of its root
		root.ConversationPage = whole
		of := func(n activitypub.Note) activitypub.Note { n.ConversationPage = whole; return n }
		hidden := of(eve.answer("6", eve.actor.ID+"/statuses/7", 20)) // only the context lists it
		above := of(eve.answer("7", root.ID, 25))                     // and what it answers nobody does
		stranger := eve.answer("2", "", 45)                           // of no thread
		other := eve.answer("3", eve.actor.ID+"/statuses/9", 44)      // of another
		sam.host.Serve("/contexts/1", activitypub.Collection{Context: activitypub.ContextPlain, ID: whole, First: activitypub.Collection{Page: true, ID: whole + "?page=true",
			Items: []any{root.ID, hidden.ID, stranger.ID, other.ID}}})
		root.Replies = &activitypub.Collection{ID: root.ID + "/replies", First: &activitypub.Collection{Page: true, Next: eve.host.URL + "/pages",
			Items: []any{lied, mine.URI, stranger.ID, other.ID, private.ID, banned.ID, "https://localhost:1/", "mailto:x"}}}
		sam.puts(root)
		eve.puts(true1, deeper, private, hidden, above, stranger, other)
		bad.puts(banned)
		block(t, here, keeper.DomainBlock{Domain: bad.host.Host, Severity: "suspend"})
		found, _ := ada.FindStatus(root.ID)
		servertest.Settle(t, here)
		shown(ada, found.ID)
		servertest.Settle(t, here)
		got, _ := shown(ada, found.ID)
		if ends(got.Descendants) != "1 8 7 6" {
			t.Errorf("below the root is %q", ends(got.Descendants))
		}
		if len(got.Descendants) > 0 && strings.Contains(got.Descendants[0].Content, "never") {
			t.Errorf("what somebody else said of an answer is shown: %s", got.Descendants[0].Content)
		}
		if n := count(t, here, `SELECT COUNT(*) FROM statuses WHERE NOT local`); n != 5 {
			t.Errorf("%d statuses are kept", n)
		}
		if asked(sam.host, "/elsewhere") != 0 || asked(eve.host, "/pages") != 0 {
			t.Error("pages on another server than their collection were read")
		}
		if asked(bad.host, "/users/bad/statuses/5") != 0 {
			t.Error("a suspended server was asked")
		}

		// A member's answer belongs to the thread as others know it.
		_, body := document(t, here, ada.Publish("an answer", "in_reply_to_id", found.ID).URI)
		if !strings.Contains(body, `"context":"`+whole+`"`) || !strings.Contains(body, `"conversation":"`+whole+`"`) {
			t.Errorf("the answer says %s", body)
		}
		var refused url.Values
		for _, path := range []string{"/contexts/1-" + found.ID, "/contexts/" + ada.ID + "-" + found.ID, "/contexts/" + ada.ID + "-" + found.ID + "/items?page=true"} {
			if code := here.Nobody().Do(http.MethodGet, path, refused, nil).StatusCode; code != http.StatusNotFound {
				t.Errorf("%s is answered with %d", path, code)
			}
		}
	})
}

func TestWhatMembersSayInAThreadIsListedInPages(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		here := servertest.New(t, engine)
		ada, bo := here.Join("ada"), here.Join("bo")
		root := ada.Publish("root")
		var own, all []string
		all = append(all, root.URI)
		for n := range 62 {
			s := ada.Publish(fmt.Sprint("and ", n), "in_reply_to_id", root.ID)
			own, all = append(own, s.URI), append(all, s.URI)
		}
		others := []string{bo.Publish("oh", "in_reply_to_id", root.ID).URI}
		all = append(all, others...)
		for _, v := range []string{"private", "direct"} {
			bo.Publish("not for all", "in_reply_to_id", root.ID, "visibility", v)
		}
		bo.Publish("for members", "in_reply_to_id", root.ID, "local_only", "true")
		read := func(address string) activitypub.RemoteCollection {
			t.Helper()
			code, body := document(t, here, address)
			o, err := activitypub.Parse([]byte(body))
			if code != http.StatusOK || err != nil {
				t.Fatalf("%s is answered with %d: %v", address, code, err)
			}
			return activitypub.ParseCollection(o)
		}
		_, body := document(t, here, root.URI)
		o, err := activitypub.Parse([]byte(body))
		if err != nil {
			t.Fatal(err)
		}
		inside := activitypub.ParseCollection(activitypub.ParseCollection(o.Object("replies")).FirstPage)
		if !slices.Equal(inside.Links, own[:5]) {
			t.Errorf("inside the status are %d answers", len(inside.Links))
		}
		if first := activitypub.ParseCollection(read(root.URI + "/replies").FirstPage); !slices.Equal(first.Links, inside.Links) || first.Next != inside.Next {
			t.Errorf("the collection begins with %d and goes on at %s, the one inside at %s", len(first.Links), first.Next, inside.Next)
		}
		follow := func(next string, want []string, most int) {
			t.Helper()
			var got []string
			for pages := 0; next != ""; pages++ {
				page := read(next)
				if page.ID != next || len(page.Links) > 60 || pages > most {
					t.Fatalf("page %d at %s is %s, with %d", pages, next, page.ID, len(page.Links))
				}
				got, next = append(got, page.Links...), page.Next
			}
			if !slices.Equal(got, want) {
				t.Errorf("%d are listed, want %d", len(got), len(want))
			}
		}
		follow(root.URI+"/replies?page=true", append(slices.Clone(own), others...), 3)
		follow(inside.Next, append(slices.Clone(own[5:]), others...), 3)
		follow(root.URI+"/replies?only_other_accounts=true&page=true", others, 1)
		whole := here.URL + "/contexts/" + ada.ID + "-" + root.ID
		c := read(whole)
		first := activitypub.ParseCollection(c.FirstPage)
		if c.ID != whole || !slices.Equal(first.Links, all[:60]) || o.Link("context") != whole {
			t.Errorf("the context of %s begins with %d", o.Link("context"), len(first.Links))
		}
		follow(first.ID, all, 2)
		for _, past := range []string{root.URI + "/replies?page=true&min_id=9223372036854775807", whole + "/items?page=true&min_id=9223372036854775807", whole + "/items?min_id=x"} {
			if page := read(past); len(page.Links) > 0 && !strings.HasSuffix(past, "x") {
				t.Errorf("past the end are %d", len(page.Links))
			}
		}
		secret := ada.Publish("for few", "visibility", "private")
		for _, path := range []string{"", "/items?page=true", "/items?page=true&min_id=1"} {
			if code, _ := document(t, here, here.URL+"/contexts/"+ada.ID+"-"+secret.ID+path); code != http.StatusNotFound {
				t.Errorf("the context of a private thread is answered with %d", code)
			}
		}
	})
}
