package server_test

import (
	"encoding/json"
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
	"anancus/internal/social/id"
)

func domainOf(name string) url.Values { return url.Values{"domain": {name}} }

func TestDomainBlocksAreListedByNameInOneSpelling(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada := s.Join("ada")
		for _, name := range []string{"one.example", "BÜCHER.example.", "three.example", "one.example"} {
			ada.Post("/api/v1/domain_blocks", domainOf(name), nil)
		}
		var domains []string
		ada.Get("/api/v1/domain_blocks", &domains)
		if want := []string{"three.example", "xn--bcher-kva.example", "one.example"}; !slices.Equal(domains, want) {
			t.Errorf("listed %v, want %v", domains, want)
		}
		answer := ada.Do(http.MethodGet, "/api/v1/domain_blocks?limit=2", nil, &domains)
		next, prev := links(t, answer)
		if len(domains) != 2 || next == "" || !strings.Contains(prev, "since_id=") {
			t.Errorf("the first page is %v, leading to %q and %q", domains, next, prev)
		}
		answer = ada.Do(http.MethodGet, next, nil, &domains)
		if end, _ := links(t, answer); !slices.Equal(domains, []string{"one.example"}) || end != "" {
			t.Errorf("the last page is %v, leading to %q", domains, end)
		}
		if ada.Get(prev, &domains); len(domains) != 0 {
			t.Errorf("newer than the newest: %v", domains)
		}
		for _, bad := range []string{"", "not a name", "https://one.example/", s.Domain} {
			for _, method := range []string{http.MethodPost, http.MethodGet} {
				path := "/api/v1/domain_blocks"
				if method == http.MethodGet {
					path += "/preview?domain=" + url.QueryEscape(bad)
				}
				var body struct{ Error string }
				form := domainOf(bad)
				if method == http.MethodGet {
					form = nil
				}
				if answer := ada.Do(method, path, form, &body); answer.StatusCode != http.StatusUnprocessableEntity || !strings.HasPrefix(body.Error, "Validation failed: Domain ") {
					t.Errorf("%s of %q answered %d %q", method, bad, answer.StatusCode, body.Error)
				}
			}
		}
		for range 2 {
			var empty map[string]any
			if answer := ada.Do(http.MethodDelete, "/api/v1/domain_blocks?domain=B%C3%BCcher.example", nil, &empty); answer.StatusCode != http.StatusOK || len(empty) != 0 {
				t.Errorf("unblocking answered %d %v", answer.StatusCode, empty)
			}
		}
		if ada.Get("/api/v1/domain_blocks", &domains); len(domains) != 2 {
			t.Errorf("after one was unblocked there are %v", domains)
		}
		if answer := ada.Do(http.MethodDelete, "/api/v1/domain_blocks", domainOf("no name"), nil); answer.StatusCode != http.StatusOK {
			t.Errorf("unblocking what cannot be blocked answered %d", answer.StatusCode)
		}
	})
}

// links reads next and prev of a Link header, as paths.
func links(t *testing.T, answer *http.Response) (next, prev string) {
	t.Helper()
	for _, one := range strings.Split(answer.Header.Get("Link"), ", ") {
		address, rel, _ := strings.Cut(one, "; ")
		u, err := url.Parse(strings.Trim(address, "<>"))
		if err != nil {
			t.Fatal(err)
		}
		switch rel {
		case `rel="next"`:
			next = u.RequestURI()
		case `rel="prev"`:
			prev = u.RequestURI()
		}
	}
	return next, prev
}

func TestBlockingADomainSeversFollowsBothWaysAndHidesEverybodyThere(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		here, there := pair(t, engine)
		ada, eve, bo, cy, di := here.Join("ada"), here.Join("eve"), there.Join("bo"), there.Join("cy"), there.Join("di")
		ada.Follow(bo)
		ada.Follow(cy)
		eve.Follow(bo)
		bo.Follow(ada)
		servertest.Settle(t, here, there)
		post := bo.Publish("hello #cats @ada@" + here.Domain)
		mine := ada.Publish("for everybody")
		ada.Follow(eve)
		servertest.Settle(t, here, there)
		local, _ := known(eve, post.URI)
		eve.Act(local.ID, "reblog")
		servertest.Settle(t, here, there)
		wantHome(t, ada, post, true)
		wantHome(t, bo, mine, true)
		wantTold(t, ada, "mention", abroad(bo), 1)

		var preview map[string]int
		if ada.Get("/api/v1/domain_blocks/preview?domain="+there.Domain, &preview); len(preview) != 2 || preview["following_count"] != 2 || preview["followers_count"] != 1 {
			t.Errorf("the preview tells %v", preview)
		}
		lock(ada)
		di.Follow(ada)
		servertest.Settle(t, here, there)
		ada.Post("/api/v1/domain_blocks", domainOf(strings.ToUpper(there.Domain)), nil)
		servertest.Settle(t, here, there)

		account := ada.Find(bo.Handle())
		var relation []struct {
			Following      bool
			FollowedBy     bool `json:"followed_by"`
			DomainBlocking bool `json:"domain_blocking"`
		}
		ada.Get("/api/v1/accounts/relationships?id[]="+account.ID, &relation)
		if r := relation[0]; r.Following || r.FollowedBy || !r.DomainBlocking {
			t.Errorf("after the block: %+v", r)
		}
		for _, p := range []*servertest.Person{bo, cy, di} { // their server was told
			if r := p.Towards(p.Find(ada.Handle()).ID); r.Following || r.FollowedBy || r.Requested {
				t.Errorf("%s still believes in %+v", p.Name, r)
			}
		}
		wantHome(t, ada, post, false) // nor eve's boost of it
		wantTold(t, ada, "mention", abroad(bo), 0)
		wantTold(t, ada, "follow", abroad(bo), 0)
		for path, p := range map[string]*servertest.Person{"/api/v1/timelines/public": ada, "/api/v1/timelines/public?remote=true": ada, "/api/v1/timelines/tag/cats": ada} {
			var list []servertest.Status
			if p.Get(path, &list); has(list, post.URI) {
				t.Errorf("%s shows somebody of a blocked server", path)
			}
			if eve.Get(path, &list); !has(list, post.URI) {
				t.Errorf("%s hides them from others", path)
			}
		}

		// What the member is told.
		var list []map[string]json.RawMessage
		ada.Get("/api/v1/notifications?types[]=severed_relationships", &list)
		if len(list) != 1 {
			t.Fatalf("told %d times of the severance: %v", len(list), list)
		}
		var event map[string]any
		if err := json.Unmarshal(list[0]["event"], &event); err != nil {
			t.Fatal(err)
		}
		if event["type"] != "user_domain_block" || event["purged"] != false || event["target_name"] != there.Domain || event["following_count"] != 2.0 ||
			event["followers_count"] != 1.0 || event["created_at"] == nil || len(event) != 7 {
			t.Errorf("the event is %v", event)
		}
		if id, ok := event["id"].(string); !ok || id == "" {
			t.Errorf("the event's id is %v", event["id"])
		}
		var from servertest.Account
		if err := json.Unmarshal(list[0]["account"], &from); err != nil || from.ID != ada.ID || list[0]["status"] != nil {
			t.Errorf("the notification is %v (%v)", list[0], err)
		}
		// An app that does not know of such a thing is told what to say instead; one that does not say what it knows is not.
		for query, want := range map[string]bool{"": false, "&supported_types[]=severed_relationships": false, "&supported_types[]=mention": true} {
			query = "types[]=severed_relationships" + query
			for path, shown := range map[string]map[string]any{"v1": notices(ada, query)[0].Fallback, "v2": groups(ada, query).Groups[0].Fallback} {
				if (shown != nil) != want || want && (shown["title"] != "Some of your follows and followers were lost" || shown["summary"] == "" || len(shown) != 3) {
					t.Errorf("%s of ?%s tells an app to say %v", path, query, shown)
				}
			}
		}
		if n := count(t, here, `SELECT COUNT(*) FROM severed_follows WHERE outgoing`); n != 2 {
			t.Errorf("%d follows are kept for the list, want 2", n)
		}

		// From now on.
		if answer := ada.Do(http.MethodPost, "/api/v1/accounts/"+account.ID+"/follow", url.Values{}, nil); answer.StatusCode != http.StatusForbidden {
			t.Errorf("following somebody there answered %d", answer.StatusCode)
		}
		bo.Post("/api/v1/accounts/"+bo.Find(ada.Handle()).ID+"/follow", nil, nil)
		named := ada.Publish("I name @bo@" + there.Domain)
		if strings.Contains(named.Content, account.URL) {
			t.Errorf("a mention across the block is a link: %s", named.Content)
		}
		bo.Publish("again @ada@" + here.Domain)
		servertest.Settle(t, here, there)
		if r := ada.Towards(account.ID); r.FollowedBy {
			t.Error("a follow across the block was accepted")
		}
		if r := bo.Towards(bo.Find(ada.Handle()).ID); r.Following || r.Requested {
			t.Errorf("a follow across the block was not refused: %+v", r)
		}
		wantTold(t, ada, "mention", abroad(bo), 0)

		ada.Do(http.MethodDelete, "/api/v1/domain_blocks", domainOf(there.Domain), nil)
		var public []servertest.Status
		if ada.Get("/api/v1/timelines/public", &public); !has(public, post.URI) {
			t.Error("after the end of the block nothing came back")
		}
		wantHome(t, ada, post, true) // eve's boost
		if r := ada.Towards(account.ID); r.Following || r.FollowedBy {
			t.Error("what was severed came back by itself")
		}
	})
}

func TestADomainBlockHoldsAgainstSignedReaders(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s, host := servertest.New(t, engine), aptest.NewServer(t)
		ada, rex := s.Join("ada"), newOutsider(t, host, "rex", 0)
		post := ada.Publish("for all but some")
		v := &mxViewer{name: "rex", signer: rex}
		if got := v.ask(t, s, "wire", http.MethodGet, strings.TrimPrefix(post.URI, s.URL), nil); got.code != http.StatusOK {
			t.Errorf("before the block %d", got.code)
		}
		ada.Post("/api/v1/domain_blocks", domainOf(host.Host), nil)
		if got := v.ask(t, s, "wire", http.MethodGet, strings.TrimPrefix(post.URI, s.URL), nil); got.code != http.StatusNotFound {
			t.Errorf("after the block %d", got.code)
		}
		rex.post(s, activitypub.NewActivity("Like", rex.actor.ID+"#likes/1", rex.actor.ID, post.URI), http.StatusAccepted)
		rex.post(s, activitypub.NewAnnounce(rex.actor.ID+"#boosts/1", rex.actor.ID, activitypub.Timestamp(time.Now()), []string{activitypub.Public}, nil, post.URI), http.StatusAccepted)
		if seen, _ := ada.Show(post.ID); seen.Favourites != 0 || seen.Boosts != 0 {
			t.Errorf("who may not read it acted on it: %+v", seen)
		}
	})
}

func TestSeveringGoesOnInShortSteps(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s, host := servertest.New(t, engine), aptest.NewServer(t)
		ada := s.Join("ada")
		const people = 120
		me, err := id.Parse[id.Account](ada.ID)
		if err != nil {
			t.Fatal(err)
		}
		err = s.DB().Tx(t.Context(), func(tx *db.Tx) error {
			for i := range people {
				who, name := tx.NextID(), fmt.Sprintf("far%d", i)
				if _, err := db.Exec(t.Context(), tx, `INSERT INTO accounts (id, username, username_key, domain, uri, inbox_url, created_at, updated_at) VALUES ($1,$2,$2,$3,$4,$5,0,0)`,
					who, name, host.Host, "https://"+host.Host+"/"+name, "https://"+host.Host+"/inbox"); err != nil {
					return err
				}
				if _, err := db.Exec(t.Context(), tx, `INSERT INTO account_counts (account_id) VALUES ($1)`, who); err != nil {
					return err
				}
				own, other := "account_id", "target_id"
				if i%2 == 0 {
					own, other = other, own
				}
				if _, err := db.Exec(t.Context(), tx, `INSERT INTO follows (id, `+own+`, `+other+`, uri, created_at) VALUES ($1,$2,$3,$4,0)`, tx.NextID(), me, who, name); err != nil {
					return err
				}
			}
			_, err := db.Exec(t.Context(), tx, `UPDATE account_counts SET followers = $2, following = $2 WHERE account_id = $1`, me, people/2)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		ada.Post("/api/v1/domain_blocks", domainOf(host.Host), nil)
		if err := s.Effects(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := count(t, s, `SELECT COUNT(*) FROM follows`); n != 0 {
			t.Errorf("%d follows are left", n)
		}
		if n := count(t, s, `SELECT COUNT(*) FROM severances WHERE followers = 60 AND following = 60 AND finished_at IS NOT NULL`); n != 1 {
			t.Error("the severance does not tell of 60 and 60")
		}
		if n := count(t, s, `SELECT followers + following FROM account_counts WHERE account_id = $1`, me); n != 0 {
			t.Errorf("the counts say %d", n)
		}
		for kind, want := range map[string]int64{"Undo": 60, "Reject": 60} {
			if n := count(t, s, `SELECT COUNT(*) FROM deliveries WHERE body LIKE $1`, `%"type":"`+kind+`"%`); n != want {
				t.Errorf("%d deliveries of %s, want %d", n, kind, want)
			}
		}
	})
}
