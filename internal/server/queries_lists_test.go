package server_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"anancus/internal/kit/db"
	"anancus/internal/kit/db/dbtest"
	"anancus/internal/server/servertest"
	"anancus/internal/server/servertest/contract"
)

// listed is one way to ask for a list. In path stand the names that many.fill knows.
type listed struct {
	route string // as in the table of endpoints, without GET
	path  string
	in    string // where in the answer the list is; "": the answer is the list
	by    string // who asks: ada, unless it is another
}

// everyList is every list that a client can ask for. What is missing here is told by name.
var everyList = []listed{
	{route: "/api/v1/timelines/home", path: "?limit=40"},
	{route: "/api/v1/timelines/public", path: "?limit=40"},
	{route: "/api/v1/timelines/public", path: "?limit=40", by: "nobody"},
	{route: "/api/v1/timelines/public", path: "?limit=40&local=true"},
	{route: "/api/v1/timelines/public", path: "?limit=40&remote=true"},
	{route: "/api/v1/timelines/tag/{}", path: "/api/v1/timelines/tag/common?limit=40"},
	{route: "/api/v1/timelines/tag/{}", path: "/api/v1/timelines/tag/common?limit=40&any[]=number0&all[]=common&none[]=nothing"},
	{route: "/api/v1/timelines/list/{}", path: "/api/v1/timelines/list/{list}?limit=40"},
	{route: "/api/v1/timelines/link", path: "?limit=40&url=https://many.example/1"},
	{route: "/api/v1/accounts", path: "?{people}"},
	{route: "/api/v1/accounts/{}/statuses", path: "/api/v1/accounts/{ada}/statuses?limit=40"},
	{route: "/api/v1/accounts/{}/statuses", path: "/api/v1/accounts/{ada}/statuses?limit=40", by: "nobody"},
	{route: "/api/v1/accounts/{}/statuses", path: "/api/v1/accounts/{ada}/statuses?pinned=true"},
	{route: "/api/v1/accounts/{}/followers", path: "/api/v1/accounts/{ada}/followers?limit=80"},
	{route: "/api/v1/accounts/{}/followers", path: "/api/v1/accounts/{ada}/followers?limit=80", by: "nobody"},
	{route: "/api/v1/accounts/{}/following", path: "/api/v1/accounts/{ada}/following?limit=80"},
	{route: "/api/v1/accounts/{}/lists", path: "/api/v1/accounts/{first}/lists"},
	{route: "/api/v1/accounts/{}/featured_tags", path: "/api/v1/accounts/{ada}/featured_tags"},
	{route: "/api/v1/accounts/{}/endorsements", path: "/api/v1/accounts/{ada}/endorsements?limit=80"},
	{route: "/api/v1/accounts/{}/collections", path: "/api/v1/accounts/{ada}/collections?limit=40", in: "collections"},
	{route: "/api/v1_alpha/accounts/{}/collections", path: "/api/v1_alpha/accounts/{ada}/collections?limit=40", in: "collections"},
	{route: "/api/v1/accounts/{}/in_collections", path: "/api/v1/accounts/{first}/in_collections?limit=40", in: "collections", by: "first"},
	{route: "/api/v1_alpha/accounts/{}/in_collections", path: "/api/v1_alpha/accounts/{first}/in_collections?limit=40", in: "collections", by: "first"},
	{route: "/api/v1/collections/{}", path: "/api/v1/collections/{collection}", in: "accounts"},
	{route: "/api/v1_alpha/collections/{}", path: "/api/v1_alpha/collections/{collection}", in: "accounts"},
	{route: "/api/v1/accounts/familiar_followers", path: "?{strangers}"},
	{route: "/api/v1/accounts/relationships", path: "?{people}"},
	{route: "/api/v1/accounts/search", path: "?q=bob&limit=40"},
	{route: "/api/v1/endorsements", path: "?limit=80"},
	{route: "/api/v1/blocks", path: "?limit=80"},
	{route: "/api/v1/mutes", path: "?limit=80"},
	{route: "/api/v1/domain_blocks", path: "?limit=200"},
	{route: "/api/v1/follow_requests", path: "?limit=80", by: "eve"},
	{route: "/api/v1/statuses", path: "?{statuses}"},
	{route: "/api/v1/statuses", path: "?{statuses}", by: "nobody"},
	{route: "/api/v1/statuses/{}/context", path: "/api/v1/statuses/{chat}/context", in: "descendants"},
	{route: "/api/v1/statuses/{}/context", path: "/api/v1/statuses/{deepest}/context", in: "ancestors"},
	{route: "/api/v1/statuses/{}/context", path: "/api/v1/statuses/{deepest}/context", in: "ancestors", by: "nobody"},
	{route: "/api/v1/statuses/{}/favourited_by", path: "/api/v1/statuses/{post}/favourited_by?limit=80"},
	{route: "/api/v1/statuses/{}/reblogged_by", path: "/api/v1/statuses/{post}/reblogged_by?limit=80"},
	{route: "/api/anancus/v1/statuses/{}/reactions", path: "/api/anancus/v1/statuses/{post}/reactions"},
	{route: "/api/anancus/v1/statuses/{}/reactions/{}", path: "/api/anancus/v1/statuses/{post}/reactions/%F0%9F%91%8D?limit=80"},
	{route: "/api/v1/statuses/{}/quotes", path: "/api/v1/statuses/{post}/quotes?limit=40"},
	{route: "/api/v1/statuses/{}/history", path: "/api/v1/statuses/{post}/history"},
	{route: "/api/v1/bookmarks", path: "?limit=40"},
	{route: "/api/v1/favourites", path: "?limit=40"},
	{route: "/api/v1/scheduled_statuses", path: "?limit=40"},
	{route: "/api/v1/lists"},
	{route: "/api/v1/lists/{}/accounts", path: "/api/v1/lists/{list}/accounts?limit=80"},
	{route: "/api/v1/lists/{}/accounts", path: "/api/v1/lists/{list}/accounts?limit=0"},
	{route: "/api/v1/filters"},
	{route: "/api/v2/filters"},
	{route: "/api/v2/filters/{}", path: "/api/v2/filters/{filter}", in: "keywords"},
	{route: "/api/v2/filters/{}/keywords", path: "/api/v2/filters/{filter}/keywords"},
	{route: "/api/v2/filters/{}/statuses", path: "/api/v2/filters/{filter}/statuses"},
	{route: "/api/v1/conversations", path: "?limit=40"},
	{route: "/api/v1/notifications", path: "?limit=80"},
	{route: "/api/v1/notifications", path: "?limit=80&include_filtered=true"},
	{route: "/api/v2/notifications", path: "?limit=80", in: "notification_groups"},
	{route: "/api/v2/notifications", path: "?limit=80&expand_accounts=partial_avatars&grouped_types[]=favourite", in: "notification_groups"},
	{route: "/api/v2/notifications/{}", path: "/api/v2/notifications/{group}", in: "accounts"},
	{route: "/api/v2/notifications/{}/accounts", path: "/api/v2/notifications/{group}/accounts"},
	{route: "/api/v1/notifications/requests", path: "?limit=80"},
	{route: "/api/v1/followed_tags", path: "?limit=200"},
	{route: "/api/v1/featured_tags"},
	{route: "/api/v1/featured_tags/suggestions"},
	{route: "/api/v1/suggestions", path: "?limit=80"},
	{route: "/api/v2/suggestions", path: "?limit=80"},
	{route: "/api/v1/directory", path: "?limit=80"},
	{route: "/api/v1/directory", path: "?limit=80&order=new&local=true"},
	{route: "/api/v1/trends", path: "?limit=20"},
	{route: "/api/v1/trends/tags", path: "?limit=20"},
	{route: "/api/v1/trends/statuses", path: "?limit=40"},
	{route: "/api/v1/trends/links", path: "?limit=20"},
	{route: "/api/v1/announcements"},
	{route: "/api/v2/search", path: "?q=bob&type=accounts&limit=40", in: "accounts"},
	{route: "/api/v2/search", path: "?q=bob&type=accounts&following=true&limit=40", in: "accounts"},
	{route: "/api/v2/search", path: "?q=word&type=statuses&limit=40", in: "statuses"},
	{route: "/api/v2/search", path: "?q=number&type=hashtags&limit=40", in: "hashtags"},
	{route: "/api/v1/peers/search", path: "?q=127"},
	{route: "/api/v1/instance/peers"},
	{route: "/api/v1/instance/rules"},
	{route: "/api/v1/custom_emojis"},
}

// noList are the answers that are lists by their shape and cannot grow, each with why.
var noList = map[string]string{
	"/api/v1/accounts/{}/identity_proofs": "always empty",
	"/api/v1/instance/activity":           "twelve weeks",
	"/api/v1/instance/domain_blocks":      "one answer without pages, in one statement",
}

// Two servers, one with more of everything: whatever list is asked for, the longer one may not cost more statements. And no
// statement of all these, nor of those that made the lists, may read a whole table that grows.
func TestNoListCostsMoreStatementsForBeingLonger(t *testing.T) {
	if testing.Short() {
		t.Skip("the short run is for the race detector: this walk is long and has one goroutine")
	}
	named := map[string]bool{}
	for _, l := range everyList {
		named[l.route] = true
	}
	for _, e := range contract.Endpoints {
		if path := contract.Plain(e.Path); e.When == contract.In && e.Method == http.MethodGet && contract.IsList(e) && !named[path] && noList[path] == "" {
			t.Errorf("%s answers a list, and nobody counts what it costs", path)
		}
	}
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		statements := map[string][]any{}
		short, long := newMany(t, engine, 1, nil), newMany(t, engine, 3, statements)
		for _, l := range everyList {
			few, costOfFew := short.cost(l, nil)
			more, costOfMore := long.cost(l, statements)
			name := l.by + " " + l.route + " " + l.path
			switch {
			case more <= few || few < 1:
				t.Errorf("%s has %d and then %d entries: that tells nothing", name, few, more)
			case costOfMore > costOfFew:
				t.Errorf("%s: %d entries cost %d statements, %d cost %d", name, few, costOfFew, more, costOfMore)
			}
		}
		t.Logf("%d different statements", len(statements))
		found := dbtest.Unindexed(t, long.DB(), statements)
		for _, sql := range slices.Sorted(maps.Keys(found)) {
			if mayScan(sql) == "" {
				t.Errorf("reads everything:\n%s\n%s", sql, found[sql])
			}
		}
	})
}

// mayBeRead is what may be read whole, each with why.
var mayBeRead = map[string]string{
	"FROM rules":               "keepers write them",
	"FROM announcements":       "keepers write them",
	"FROM relays ":             "keepers write them, at most fifty",
	"FROM suggestion_picks":    "keepers name them, and the popular are counted once a day",
	"FROM outbox WHERE failed": "only tests ask whether anything waits",
}

func mayScan(sql string) string {
	for part, why := range mayBeRead {
		if strings.Contains(sql, part) {
			return why
		}
	}
	return ""
}

// cost asks a server that remembers nothing for a list, and gives its length and how many statements it took. They are noted.
func (m *many) cost(l listed, note map[string][]any) (length, statements int) {
	m.t.Helper()
	handler, err := m.Cold(m.t.Context())
	if err != nil {
		m.t.Fatal(err)
	}
	path := l.path
	if !strings.HasPrefix(path, "/") {
		path = l.route + path
	}
	r := httptest.NewRequestWithContext(m.t.Context(), http.MethodGet, m.fill(path), nil)
	who := map[string]*servertest.Person{"": m.ada, "eve": m.eve, "first": m.first}[l.by]
	if who != nil {
		r.Header.Set("Authorization", "Bearer "+who.Token)
	}
	var lock sync.Mutex
	m.DB().Trace(func(sql string, args []any) {
		lock.Lock()
		defer lock.Unlock()
		statements++
		if note != nil {
			note[sql] = args
		}
	})
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	m.DB().Trace(nil)
	if w.Code != http.StatusOK {
		m.t.Errorf("%s answered %d: %.200s", r.URL, w.Code, w.Body)
		return 0, statements
	}
	return entries(m.t, w.Body.Bytes(), l.in), statements
}

func entries(t *testing.T, body []byte, in string) int {
	t.Helper()
	if in != "" {
		var whole map[string]json.RawMessage
		if err := json.Unmarshal(body, &whole); err != nil {
			t.Fatalf("%v: %.200s", err, body)
		}
		body = whole[in]
	}
	var list []json.RawMessage
	if err := json.Unmarshal(body, &list); err != nil {
		t.Fatalf("%v: %.200s", err, body)
	}
	return len(list)
}
