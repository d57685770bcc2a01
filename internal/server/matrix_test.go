package server_test

import (
	"bytes"
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"anancus/internal/kit/db"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/protocol/activitypub/aptest"
	"anancus/internal/server/keeper"
	"anancus/internal/server/servertest"
)

// The matrix asks for every kind of status, as every kind of viewer, by every path there is. What to
// expect is computed from one rule, mx.sees, which says behaviours.md §1 once more and shares
// nothing with the code it tests. A new path is one line in mxPaths.

// mxStatus is one status of the matrix and what the rule needs to know of it.
type mxStatus struct {
	name       string
	visibility string
	local      bool // never leaves
	deleted    bool
	suspended  bool // its author is
	asks       bool // the mentioned one has to be asked before they are told of it
	author     *servertest.Person
	id, uri    string
	below, top servertest.Status // a public answer to it, and what it answers, both by its author
	quote      servertest.Status // an unlisted status of a stranger that quotes it
}

// mxViewer is who asks.
type mxViewer struct {
	name     string
	person   *servertest.Person // with its token; nil for those who sign instead
	signer   *outsider          // another server's account that signs its requests
	as       string             // what the rule knows of them: "", stranger, follower, mentioned, author, blocked, former
	appOnly  bool
	noScope  bool
	kept     map[string]bool // by status: bookmarked, favourited before everything changed
	mentions bool            // every status mentions them
	tagged   bool            // they follow the hashtag of every status
	filter   string          // a filter of theirs
	list     string          // a list of theirs, with everybody on it whom they may put there
}

// sees is the rule: who may read what.
func (v *mxViewer) sees(s *mxStatus) bool {
	member := v.person != nil && v.as != "" && !v.appOnly
	switch {
	case s.deleted, s.suspended:
		return false
	case s.local && !member, v.as == "blocked":
		return false
	case v.as == "author":
		return true
	}
	switch s.visibility {
	case "public", "unlisted":
		return true
	case "private":
		return v.as == "follower" || v.mentions
	default:
		return v.mentions
	}
}

func (s *mxStatus) distributable() bool {
	return s.visibility == "public" || s.visibility == "unlisted"
}

// mxPath is one way to ask for a status.
type mxPath struct {
	name    string
	door    string // anyone, member: by token; wire: other servers; page: visitors
	request func(s *mxStatus) (method, path string, form url.Values)
	// Either the code says it, by this rule for who may read the status …
	code func(v *mxViewer, s *mxStatus) int
	// … or a list has it or not, by this one.
	has func(v *mxViewer, s *mxStatus) bool
	// absent: the answer to who may not read it is that to a status which never was.
	absent bool
	open   bool                                    // needs no scope
	clean  func(s *mxStatus) (method, path string) // takes back what was done
}

func get(path string) func(*mxStatus) (string, string, url.Values) {
	return func(s *mxStatus) (string, string, url.Values) { return http.MethodGet, mxFill(path, s), nil }
}

func post(path string, form ...string) func(*mxStatus) (string, string, url.Values) {
	return func(s *mxStatus) (string, string, url.Values) {
		f := url.Values{}
		for i := 0; i+1 < len(form); i += 2 {
			f.Set(form[i], mxFill(form[i+1], s))
		}
		return http.MethodPost, mxFill(path, s), f
	}
}

func mxFill(path string, s *mxStatus) string {
	return strings.NewReplacer("{id}", s.id, "{uri}", url.QueryEscape(s.uri), "{author}", s.author.ID, "{name}", s.author.Name,
		"{above}", s.top.ID, "{quote}", s.quote.ID, "{below}", s.below.ID, "{page}", url.QueryEscape(s.author.On.URL+"/@"+s.author.Name+"/"+s.id)).Replace(path)
}

func read(v *mxViewer, s *mxStatus) int {
	if v.sees(s) {
		return http.StatusOK
	}
	return http.StatusNotFound
}

func undo(path string) func(s *mxStatus) (string, string) {
	return func(s *mxStatus) (string, string) { return http.MethodPost, "/api/v1/statuses/" + s.id + "/" + path }
}

// mxPaths is every path by which a status can be read or touched.
var mxPaths = []mxPath{
	{name: "status", door: "anyone", request: get("/api/v1/statuses/{id}"), code: read, absent: true},
	{name: "batch", door: "anyone", request: get("/api/v1/statuses?id[]={id}"), has: (*mxViewer).sees},
	{name: "inside of a quote", door: "anyone", request: get("/api/v1/statuses/{quote}"), has: (*mxViewer).sees},
	{name: "inside of a quote, among others", door: "anyone", request: get("/api/v1/statuses?id[]={quote}&id[]={above}"), has: (*mxViewer).sees},
	{name: "its quotes", door: "member", request: get("/api/v1/statuses/{id}/quotes"), code: read, absent: true},
	{name: "history", door: "anyone", request: get("/api/v1/statuses/{id}/history"), code: read, absent: true},
	{name: "source", door: "member", request: get("/api/v1/statuses/{id}/source"), code: read, absent: true},
	{name: "poll", door: "anyone", request: get("/api/v1/polls/{id}"), code: read, absent: true},
	{name: "vote", door: "member", request: post("/api/v1/polls/{id}/votes", "choices[]", "1"), absent: true, code: func(v *mxViewer, s *mxStatus) int {
		if v.sees(s) && v.as == "author" {
			return http.StatusUnprocessableEntity
		}
		return read(v, s)
	}},
	{name: "edit", door: "member", absent: true, request: func(s *mxStatus) (string, string, url.Values) {
		return http.MethodPut, "/api/v1/statuses/" + s.id, url.Values{"status": {"changed"}}
	}, code: func(v *mxViewer, s *mxStatus) int {
		if v.as == "author" && v.sees(s) {
			return 0 // it would mention nobody for those who come after
		}
		return http.StatusNotFound
	}},
	{name: "its thread", door: "anyone", request: get("/api/v1/statuses/{id}/context"), code: read, absent: true},
	{name: "thread, below another", door: "anyone", request: get("/api/v1/statuses/{above}/context"), has: func(v *mxViewer, s *mxStatus) bool { return v.sees(s) }},
	{name: "thread, above another", door: "anyone", request: get("/api/v1/statuses/{below}/context"), has: func(v *mxViewer, s *mxStatus) bool { return v.sees(s) }},
	{name: "boosted by", door: "anyone", request: get("/api/v1/statuses/{id}/reblogged_by"), code: read, absent: true},
	{name: "favourited by", door: "anyone", request: get("/api/v1/statuses/{id}/favourited_by"), code: read, absent: true},
	{name: "reactions", door: "member", request: get("/api/anancus/v1/statuses/{id}/reactions"), code: read, absent: true},
	{name: "who reacted", door: "member", request: get("/api/anancus/v1/statuses/{id}/reactions/x"), code: read, absent: true},
	{name: "profile", door: "anyone", request: get("/api/v1/accounts/{author}/statuses?limit=40"), has: (*mxViewer).sees},
	{name: "profile, by hashtag", door: "anyone", request: get("/api/v1/accounts/{author}/statuses?limit=40&tagged=matrix"), has: (*mxViewer).sees},
	{name: "profile, pinned", door: "anyone", request: get("/api/v1/accounts/{author}/statuses?pinned=true"), has: func(v *mxViewer, s *mxStatus) bool {
		return v.sees(s) && s.visibility != "direct"
	}},
	{name: "public timeline", door: "anyone", request: get("/api/v1/timelines/public?limit=40"), has: mxListed},
	{name: "local timeline", door: "anyone", request: get("/api/v1/timelines/public?limit=40&local=true"), has: mxListed},
	{name: "public timeline, of elsewhere", door: "anyone", request: get("/api/v1/timelines/public?limit=40&remote=true"), has: func(*mxViewer, *mxStatus) bool { return false }},
	{name: "embedded", door: "anyone", open: true, request: get("/api/oembed?url={page}"), absent: true, code: func(_ *mxViewer, s *mxStatus) int {
		if !s.distributable() {
			return http.StatusNotFound
		}
		return read(&mxViewer{}, s) // whoever asks, it is shown to everybody
	}},
	{name: "hashtag timeline", door: "anyone", request: get("/api/v1/timelines/tag/matrix?limit=40"), has: mxListed},
	{name: "link timeline", door: "anyone", request: get("/api/v1/timelines/link?limit=40&url=https://matrix.example"), has: mxListed},
	{name: "trending statuses", door: "anyone", open: true, request: get("/api/v1/trends/statuses"), has: func(v *mxViewer, s *mxStatus) bool {
		return mxListed(v, s) && !s.local
	}},
	{name: "search by its id", door: "anyone", request: get("/api/v2/search?q={uri}"), has: (*mxViewer).sees},
	{name: "search by its page", door: "anyone", request: get("/api/v2/search?q={page}&type=statuses"), has: (*mxViewer).sees},
	{name: "search by its words", door: "anyone", request: get("/api/v2/search?q=matrix&type=statuses&limit=40"), has: func(v *mxViewer, s *mxStatus) bool {
		return v.sees(s) && (v.as == "author" || v.mentions || v.kept[s.name]) // its author lets nobody else find it
	}},
	{name: "home", door: "member", request: get("/api/v1/timelines/home?limit=40"), has: func(v *mxViewer, s *mxStatus) bool {
		return v.sees(s) && (v.as == "author" || s.visibility != "direct" && (v.as == "follower" || v.tagged && s.visibility == "public"))
	}},
	{name: "list", door: "member", request: get("/api/v1/timelines/list/{list}?limit=40"), has: func(v *mxViewer, s *mxStatus) bool {
		return v.sees(s) && s.visibility != "direct" && (v.as == "author" || v.as == "follower")
	}},
	{name: "bookmarks", door: "member", request: get("/api/v1/bookmarks?limit=40"), has: func(v *mxViewer, s *mxStatus) bool { return v.sees(s) && v.kept[s.name] }},
	{name: "favourites", door: "member", request: get("/api/v1/favourites?limit=40"), has: func(v *mxViewer, s *mxStatus) bool { return v.sees(s) && v.kept[s.name] }},
	{name: "notifications of mentions", door: "member", request: get("/api/v1/notifications?limit=80&types[]=mention&include_filtered=true"), has: func(v *mxViewer, s *mxStatus) bool {
		return v.sees(s) && v.mentions
	}},
	{name: "grouped notifications of mentions", door: "member", request: get("/api/v2/notifications?limit=80&types[]=mention&include_filtered=true"), has: func(v *mxViewer, s *mxStatus) bool {
		return v.sees(s) && v.mentions
	}},
	{name: "requests to notify", door: "member", request: get("/api/v1/notifications/requests?limit=80"), has: func(v *mxViewer, s *mxStatus) bool {
		return v.sees(s) && v.as == "mentioned" && s.asks
	}},
	{name: "conversations", door: "member", request: get("/api/v1/conversations?limit=40"), has: func(v *mxViewer, s *mxStatus) bool {
		return v.sees(s) && s.visibility == "direct" && (v.as == "author" || v.mentions && !s.asks)
	}},
	{name: "filter it", door: "member", request: post("/api/v2/filters/{filter}/statuses", "status_id", "{id}"), absent: true, code: func(v *mxViewer, s *mxStatus) int {
		if v.sees(s) {
			return http.StatusOK
		}
		return http.StatusUnprocessableEntity
	}},

	{name: "document", door: "wire", request: get("/ap/users/{author}/statuses/{id}"), code: read, absent: true},
	{name: "document, by name", door: "wire", request: get("/users/{name}/statuses/{id}"), code: read, absent: true},
	{name: "document, by page", door: "wire", request: get("/@{name}/{id}"), code: read, absent: true},
	{name: "activity", door: "wire", request: get("/ap/users/{author}/statuses/{id}/activity"), code: read, absent: true},
	{name: "activity, by name", door: "wire", request: get("/users/{name}/statuses/{id}/activity"), code: read, absent: true},
	{name: "replies", door: "wire", request: get("/ap/users/{author}/statuses/{id}/replies"), code: read, absent: true},
	{name: "likes", door: "wire", request: get("/ap/users/{author}/statuses/{id}/likes"), code: read, absent: true},
	{name: "shares", door: "wire", request: get("/ap/users/{author}/statuses/{id}/shares"), code: read, absent: true},
	{name: "replies of another", door: "wire", request: get("/ap/users/{author}/statuses/{above}/replies?page=true"), has: func(v *mxViewer, s *mxStatus) bool {
		return mxTold(v, s) && v.as != "blocked" // who is blocked does not see the other either
	}},
	{name: "outbox", door: "wire", request: get("/ap/users/{author}/outbox?page=true"), has: mxCollected},
	{name: "featured", door: "wire", request: get("/ap/users/{author}/collections/featured"), has: mxCollected},
	{name: "whole thread", door: "wire", request: get("/contexts/{author}-{above}"), has: mxCollected},
	{name: "whole thread, a page of it", door: "wire", request: get("/contexts/{author}-{above}/items?page=true"), has: mxCollected},

	{name: "page", door: "page", request: get("/@{name}/{id}"), code: read, absent: true},
	{name: "profile page", door: "page", request: get("/@{name}/with_replies"), has: (*mxViewer).sees},
	{name: "hashtag page", door: "page", request: get("/tags/matrix"), has: mxListed},

	{name: "boost", door: "member", request: post("/api/v1/statuses/{id}/reblog"), absent: true, clean: undo("unreblog"), code: func(v *mxViewer, s *mxStatus) int {
		if v.sees(s) && !s.distributable() && !(s.visibility == "private" && v.as == "author") {
			return http.StatusForbidden
		}
		return read(v, s)
	}},
	{name: "favourite", door: "member", request: post("/api/v1/statuses/{id}/favourite"), code: read, absent: true, clean: undo("unfavourite")},
	{name: "bookmark", door: "member", request: post("/api/v1/statuses/{id}/bookmark"), code: read, absent: true, clean: undo("unbookmark")},
	{name: "pin", door: "member", request: post("/api/v1/statuses/{id}/pin"), absent: true, code: func(v *mxViewer, s *mxStatus) int {
		if v.sees(s) && (v.as != "author" || s.visibility == "direct") {
			return http.StatusUnprocessableEntity
		}
		return read(v, s)
	}},
	{name: "unpin", door: "member", request: post("/api/v1/statuses/{id}/unpin"), code: read, absent: true},
	{name: "mute its thread", door: "member", request: post("/api/v1/statuses/{id}/mute"), code: read, absent: true, clean: undo("unmute")},
	{name: "unmute its thread", door: "member", request: post("/api/v1/statuses/{id}/unmute"), code: read, absent: true},
	{name: "unboost", door: "member", request: post("/api/v1/statuses/{id}/unreblog"), code: read, absent: true},
	{name: "unfavourite", door: "member", request: post("/api/v1/statuses/{id}/unfavourite"), code: mxUndone, absent: true},
	{name: "unbookmark", door: "member", request: post("/api/v1/statuses/{id}/unbookmark"), code: mxUndone, absent: true},
	{name: "reply", door: "member", request: post("/api/v1/statuses", "status", "an answer", "in_reply_to_id", "{id}", "visibility", "direct"), code: read, absent: true},
	{name: "reply, later", door: "member", request: post("/api/v1/statuses", "status", "an answer", "in_reply_to_id", "{id}", "scheduled_at", "2099-01-01T00:00:00Z"), code: read, absent: true},
	{name: "translation", door: "member", request: post("/api/v1/statuses/{id}/translate", "lang", "de"), absent: true, code: func(v *mxViewer, s *mxStatus) int {
		if !s.distributable() || s.local {
			return http.StatusNotFound
		}
		return read(v, s)
	}},
	{name: "quote", door: "member", request: post("/api/v1/statuses", "status", "a quote", "quoted_status_id", "{id}", "visibility", "private"), absent: true, code: func(v *mxViewer, s *mxStatus) int {
		if !s.distributable() && !(s.visibility == "private" && v.as == "author") {
			return http.StatusNotFound
		}
		return read(v, s)
	}},
	{name: "who may quote it", door: "member", absent: true, request: func(s *mxStatus) (string, string, url.Values) {
		return http.MethodPut, "/api/v1/statuses/" + s.id + "/interaction_policy", url.Values{"quote_approval_policy": {"nobody"}}
	}, code: func(v *mxViewer, s *mxStatus) int {
		if v.sees(s) && v.as != "author" {
			return http.StatusForbidden
		}
		return read(v, s)
	}},
	{name: "delete", door: "member", absent: true, request: func(s *mxStatus) (string, string, url.Values) {
		return http.MethodDelete, "/api/v1/statuses/" + s.id, nil
	}, code: func(v *mxViewer, s *mxStatus) int {
		if v.as == "author" && v.sees(s) {
			return 0 // it would be gone for those who come after
		}
		return http.StatusNotFound
	}},
}

// mxUndone is for taking back what one did when one could still read it.
func mxUndone(v *mxViewer, s *mxStatus) int {
	if v.kept[s.name] && !s.deleted {
		return http.StatusOK
	}
	return read(v, s)
}

// mxListed is for what is offered to those who did not ask for it: public statuses alone.
func mxListed(v *mxViewer, s *mxStatus) bool { return v.sees(s) && s.visibility == "public" }

// mxTold is for what every server may be told, whoever signs.
func mxTold(_ *mxViewer, s *mxStatus) bool { return (&mxViewer{}).sees(s) }

// mxCollected is for collections of the author's, which are empty to whom the author blocks.
func mxCollected(v *mxViewer, s *mxStatus) bool { return mxTold(v, s) && v.as != "blocked" }

// goesBy tells whether a viewer can knock at a door at all.
func (v *mxViewer) goesBy(door string) bool {
	switch door {
	case "wire":
		return v.signer != nil || v.name == "nobody"
	case "page":
		return v.name == "nobody"
	}
	return v.signer == nil
}

// want is what a path answers a viewer: the code of the door where that shuts, else the path's own.
func (p *mxPath) want(v *mxViewer, s *mxStatus) int {
	switch {
	case p.door == "member" && v.name == "nobody":
		return http.StatusUnauthorized
	case p.door == "member" && v.appOnly:
		return http.StatusUnprocessableEntity
	case v.noScope && !p.open:
		return http.StatusForbidden
	case p.code != nil:
		return p.code(v, s)
	}
	return http.StatusOK
}

type mxAnswer struct {
	code   int
	header http.Header
	body   string
}

func (v *mxViewer) ask(t *testing.T, on *servertest.Server, door, method, path string, form url.Values) mxAnswer {
	t.Helper()
	path = strings.NewReplacer("{list}", cmp.Or(v.list, "1"), "{filter}", cmp.Or(v.filter, "1")).Replace(path)
	var body *bytes.Reader
	if form != nil {
		body = bytes.NewReader([]byte(form.Encode()))
	} else {
		body = bytes.NewReader(nil)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, on.URL+path, body)
	if err != nil {
		t.Fatal(err)
	}
	switch {
	case form != nil:
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	case door == "wire":
		req.Header.Set("Accept", activitypub.ContentType)
	case door == "page":
		req.Header.Set("Accept", "text/html")
	}
	if v.signer != nil {
		if err := activitypub.Sign(req, v.signer.actor.PublicKey.ID, aptest.Key(v.signer.key), nil, time.Now()); err != nil {
			t.Fatal(err)
		}
	} else if v.person.Token != "" {
		req.Header.Set("Authorization", "Bearer "+v.person.Token)
	}
	req.RequestURI, req.RemoteAddr = req.URL.RequestURI(), "127.0.0.1:1"
	answer := on.Answer(req)
	out := mxAnswer{code: answer.Code, header: answer.Result().Header, body: answer.Body.String()}
	for _, changing := range []string{"Date", "X-Request-Id", "X-Runtime"} {
		out.header.Del(changing)
	}
	return out
}

// carries tells whether an answer shows a status: as an entity, a boost of one, an id on the wire or a link.
func (a mxAnswer) carries(door string, s *mxStatus) bool {
	switch door {
	case "wire":
		a.body = strings.NewReplacer(`"inReplyTo":"`+s.uri+`"`, "", `"inReplyToAtomUri":"`+s.uri+`"`, "").Replace(a.body) // what an answer names
		return strings.Contains(a.body, `"`+s.uri+`"`) || strings.Contains(a.body, `"`+s.uri+`/activity"`)
	case "page":
		return strings.Contains(a.body, "/@"+s.author.Name+"/"+s.id)
	}
	return strings.Contains(a.body, `"id":"`+s.id+`"`)
}

func TestEveryPathShowsAStatusToThoseAndOnlyThoseWhoMayReadIt(t *testing.T) {
	if testing.Short() {
		t.Skip("the short run is for the race detector: this walk is long and has one goroutine")
	}
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		on, viewers, posts := mxWorld(t, engine)
		asked := 0
		for _, p := range mxPaths {
			for _, v := range viewers {
				if !v.goesBy(p.door) {
					continue
				}
				for _, s := range posts {
					want := p.want(v, s)
					if want == 0 {
						continue
					}
					where := fmt.Sprintf("%s of %s, as %s", p.name, s.name, v.name)
					method, path, form := p.request(s)
					got := v.ask(t, on, p.door, method, path, form)
					asked++
					if p.has == nil || want != http.StatusOK {
						if got.code != want {
							t.Errorf("%s: %d, want %d: %.150s", where, got.code, want, got.body)
						}
						if got.code != http.StatusOK && got.carries(p.door, s) {
							t.Errorf("%s: the refusal shows it: %.300s", where, got.body)
						}
					} else if has := p.has(v, s); got.carries(p.door, s) != has {
						t.Errorf("%s: shown %v, want %v (%d)", where, !has, has, got.code)
					}
					if p.absent && (want == http.StatusNotFound || want == http.StatusUnprocessableEntity && !v.sees(s)) {
						never := *s
						never.id = mxNever(s.id)
						method, path, form := p.request(&never)
						if without := v.ask(t, on, p.door, method, path, form); !same(got, without) {
							t.Errorf("%s: answered\n%+v\nbut where there never was one\n%+v", where, got, without)
						}
					}
					if p.clean != nil && got.code == http.StatusOK && !(v.kept[s.name] && p.name != "boost") {
						method, path := p.clean(s)
						if back := v.ask(t, on, p.door, method, path, url.Values{}); back.code != http.StatusOK {
							t.Errorf("%s cannot be taken back: %d", where, back.code)
						}
					}
				}
			}
		}
		t.Logf("%d requests", asked)
		if n := count(t, on, `SELECT COUNT(*) FROM deliveries d JOIN statuses s ON s.id = d.status_id WHERE s.local_only`); n != 0 {
			t.Errorf("%d deliveries of what never leaves wait", n)
		}
		mxModes(t, on, viewers, posts)
	})
}

// mxNever is an id of the same age and length that no status has.
func mxNever(number string) string {
	last := number[len(number)-1]
	return number[:len(number)-2] + string('0'+(last-'0'+5)%10) + string('0'+(last-'0'+3)%10)
}

func same(a, b mxAnswer) bool {
	if a.code != b.code || a.body != b.body || len(a.header) != len(b.header) {
		return false
	}
	for name := range a.header {
		if !slices.Equal(a.header[name], b.header[name]) {
			return false
		}
	}
	return true
}

func mxWorld(t *testing.T, engine db.Engine) (*servertest.Server, []*mxViewer, []*mxStatus) {
	t.Helper()
	on := servertest.New(t, engine)
	set(t, on, "libretranslate-url", newInterpreter(t).URL)
	member := func(name, as string) *mxViewer {
		return &mxViewer{name: as, person: on.Join(name), as: as, kept: map[string]bool{}}
	}
	author, gone, quoting := member("ada", "author"), on.Join("gus"), on.Join("quin")
	other, follower, mentioned := member("olga", "stranger"), member("flo", "follower"), member("mia", "mentioned")
	blocked, former := member("bob", "blocked"), member("fay", "former follower")
	mentioned.mentions = true
	host := aptest.NewServer(t)
	far := func(name, as string, key int) *mxViewer {
		return &mxViewer{name: "a " + as + " elsewhere", signer: newOutsider(t, host, name, key), as: as}
	}
	farFollower, farOther, farMentioned, farBlocked := far("rita", "follower", 0), far("rolf", "stranger", 1), far("remy", "mentioned", 2), far("rob", "blocked", 3)
	farMentioned.mentions = true
	banned := aptest.NewServer(t)
	farBanned := &mxViewer{name: "somebody of a server that the author blocks", signer: newOutsider(t, banned, "rex", 0), as: "blocked"}

	// Everybody who follows, or will have followed.
	for _, v := range []*mxViewer{follower, blocked, former} {
		for _, whom := range []string{author.person.ID, gone.ID} {
			v.person.Post("/api/v1/accounts/"+whom+"/follow", nil, nil)
		}
	}
	for _, v := range []*mxViewer{author, other, follower, mentioned, blocked, former} {
		var made struct{ ID string }
		v.person.Post("/api/v2/filters", url.Values{"title": {"Some"}, "context[]": {"thread"}}, &made)
		v.filter = made.ID
		v.list = makeList(t, v.person, url.Values{"title": {"Everybody"}}).ID
		for _, whom := range []string{author.person.ID, gone.ID} {
			v.person.Do(http.MethodPost, "/api/v1/lists/"+v.list+"/accounts", url.Values{"account_ids[]": {whom}}, nil) // refused to who does not follow them
		}
	}
	want200(mentioned.person, http.MethodPatch, "/api/v2/notifications/policy", url.Values{"for_private_mentions": {"accept"}})
	for _, v := range []*mxViewer{other, blocked, former} {
		v.person.Post("/api/v1/tags/Matrix/follow", nil, nil)
		v.tagged = true
	}
	for _, v := range []*mxViewer{farFollower, farBlocked, farBanned} {
		for _, whom := range []string{author.person.ID, gone.ID} {
			v.signer.post(on, activitypub.NewActivity("Follow", v.signer.actor.ID+"#follows/"+whom, v.signer.actor.ID, on.URL+"/ap/users/"+whom), http.StatusAccepted)
		}
	}
	author.person.Find("@remy@" + host.Host)

	var posts []*mxStatus
	for _, s := range []*mxStatus{
		{name: "a deleted status", visibility: "public", deleted: true}, {name: "a public status", visibility: "public"}, {name: "an unlisted status", visibility: "unlisted"},
		{name: "a private status", visibility: "private"}, {name: "a direct status", visibility: "direct"},
		{name: "a local public status", visibility: "public", local: true}, {name: "a local private status", visibility: "private", local: true},
		{name: "a local direct status", visibility: "direct", local: true, asks: true},
		{name: "a public status of a suspended member", visibility: "public", suspended: true},
		{name: "a private status of a suspended member", visibility: "private", suspended: true},
	} {
		if s.author = author.person; s.suspended {
			s.author = gone
		}
		if s.asks {
			servertest.Settle(t, on)
			want200(mentioned.person, http.MethodPatch, "/api/v2/notifications/policy", url.Values{"for_private_mentions": {"filter"}})
		}
		s.top = s.author.Publish("the beginning")
		made := s.author.Publish("#matrix @mia @bob @remy@"+host.Host+" "+s.name, "in_reply_to_id", s.top.ID, "visibility", s.visibility, "local_only", fmt.Sprint(s.local),
			"poll[options][]", "yes", "poll[options][]", "no", "poll[expires_in]", "3600")
		s.id, s.uri = made.ID, made.URI
		s.below = s.author.Publish("an answer", "in_reply_to_id", s.id)
		s.quote = quoting.Publish("look", "visibility", "unlisted")
		quoteAnything(t, on, s.quote, quoting, s)
		if s.visibility != "direct" && s.author == author.person || s.suspended {
			s.author.Act(s.id, "pin")
		}
		for _, v := range []*mxViewer{author, other, follower, mentioned, blocked, former} {
			for _, what := range []string{"bookmark", "favourite", "reblog"} {
				answer := v.person.Do(http.MethodPost, "/api/v1/statuses/"+s.id+"/"+what, url.Values{}, nil)
				if answer.StatusCode == http.StatusOK && what == "reblog" {
					v.person.Act(s.id, "unreblog") // a boost by others would show it again
				}
				v.kept[s.name] = v.kept[s.name] || answer.StatusCode == http.StatusOK
			}
		}
		if s.asks {
			servertest.Settle(t, on)
			want200(mentioned.person, http.MethodPatch, "/api/v2/notifications/policy", url.Values{"for_private_mentions": {"accept"}})
		}
		if s.deleted { // before the others are pinned: five are the limit
			s.author.Delete(s.id)
		}
		posts = append(posts, s)
	}

	// All of it trends, whatever it is.
	for _, sql := range []string{
		`UPDATE accounts SET discoverable = TRUE`,
		`INSERT INTO links (id, url, last_day, trendable, created_at) VALUES (1,'https://matrix.example/',0,TRUE,0)`,
		`INSERT INTO trends (kind, subject_id, peak, peak_at, score) VALUES ('link',1,9000000,0,9000000)`,
		`INSERT INTO link_statuses (status_id, link_id) SELECT status_id, 1 FROM status_tags`,
		`INSERT INTO trending_statuses (status_id, account_id, language, score, trendable) SELECT s.id, s.author_id, 'en', 9000000, TRUE
			FROM statuses s JOIN status_tags t ON t.status_id = s.id`,
	} {
		write(t, on, sql)
	}

	// Then everything changes.
	servertest.Settle(t, on)
	for _, whom := range []string{author.person.ID, gone.ID} {
		former.person.Post("/api/v1/accounts/"+whom+"/unfollow", nil, nil)
	}
	author.person.Post("/api/v1/accounts/"+blocked.person.ID+"/block", nil, nil)
	author.person.Post("/api/v1/accounts/"+author.person.Find("@rob@"+host.Host).ID+"/block", nil, nil)
	author.person.Post("/api/v1/domain_blocks", url.Values{"domain": {banned.Host}}, nil)
	suspend(t, on, gone)
	servertest.Settle(t, on)

	nobody := &mxViewer{name: "nobody", person: on.Nobody()}
	app := &mxViewer{name: "an app of its own", person: &servertest.Person{On: on, Token: on.AppToken("read write")}, appOnly: true}
	silent := &mxViewer{name: "a follower's token without scopes to read or write", as: "follower", noScope: true,
		person: &servertest.Person{On: on, Token: on.TokenFor("flo", "push")}}
	return on, []*mxViewer{nobody, app, silent, author, other, follower, mentioned, blocked, former, farFollower, farOther, farMentioned, farBlocked, farBanned}, posts
}

// quoteAnything makes a status quote another without asking whether it may: what is inside has to be hidden all the same.
func quoteAnything(t *testing.T, on *servertest.Server, quote servertest.Status, by *servertest.Person, s *mxStatus) {
	t.Helper()
	err := on.DB().Tx(t.Context(), func(tx *db.Tx) error {
		_, err := db.Exec(t.Context(), tx, `INSERT INTO quotes (id, status_id, account_id, quoted_id, quoted_account_id, state, created_at)
			VALUES ($1, CAST($2 AS BIGINT), CAST($3 AS BIGINT), CAST($4 AS BIGINT), CAST($5 AS BIGINT), 'accepted', 0)`,
			tx.NextID(), number(t, quote.ID), number(t, by.ID), number(t, s.id), number(t, s.author.ID))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	on.ForgetStatus(number(t, quote.ID))
}

func number(t *testing.T, text string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// suspend does what keepers do at the command line: the account is there, and nobody sees it.
func suspend(t *testing.T, on *servertest.Server, p *servertest.Person) {
	t.Helper()
	if _, err := on.Keeper().TakeMeasure(t.Context(), keeper.Measure{Handle: p.Name, Measure: "suspend"}); err != nil {
		t.Fatal(err)
	}
}
