package server_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"anancus/internal/kit/db"
	"anancus/internal/server/keeper"
	"anancus/internal/server/servertest"
)

func TestSearchAnswersWithEveryKindOfResult(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada, cat := s.Join("ada"), s.Join("catherine")
		post := ada.Publish("A cat #cats")
		servertest.Settle(t, s)
		type result struct {
			Accounts    []servertest.Account
			Statuses    []servertest.Status
			Hashtags    []struct{ ID, Name, URL string }
			Collections []any
		}
		var all result
		ada.Get("/api/v2/search?q=cat", &all)
		if len(all.Accounts) != 1 || all.Accounts[0].ID != cat.ID || len(all.Statuses) != 1 || all.Statuses[0].ID != post.ID || len(all.Hashtags) != 1 || all.Hashtags[0].Name != "cats" || all.Collections == nil {
			t.Errorf("everything: %+v", all)
		}
		for kind, want := range map[string][3]int{"accounts": {1, 0, 0}, "statuses": {0, 1, 0}, "hashtags": {0, 0, 1}} {
			var one result
			ada.Get("/api/v2/search?q=cat&type="+kind, &one)
			if got := [3]int{len(one.Accounts), len(one.Statuses), len(one.Hashtags)}; got != want {
				t.Errorf("%s: %v", kind, got)
			}
			one = result{}
			ada.Get("/api/v2/search?q=cat&offset=1&type="+kind, &one)
			if len(one.Accounts)+len(one.Statuses)+len(one.Hashtags) != 0 {
				t.Errorf("%s past the end: %+v", kind, one)
			}
		}
		var unreviewed result
		ada.Get("/api/v2/search?q=cat&type=hashtags&exclude_unreviewed=true", &unreviewed)
		if len(unreviewed.Hashtags) != 0 {
			t.Errorf("unreviewed: %v", unreviewed.Hashtags)
		}
		ada.Get("/api/v2/search?q=cats&type=hashtags&exclude_unreviewed=true", &unreviewed)
		if len(unreviewed.Hashtags) != 1 {
			t.Errorf("the very name: %v", unreviewed.Hashtags)
		}
		for query, want := range map[string]int{"": 400, "q=": 400, "q=a&type=nonsense": 400, "q=a&limit=-1": 400, "q=a&offset=-1": 400, "q=before:soon": 422, "q=a&type=accounts&offset=2": 200, "q=a&resolve=1": 200} {
			if got := ada.Do(http.MethodGet, "/api/v2/search?"+query, nil, nil); got.StatusCode != want {
				t.Errorf("%q is answered %d, want %d", query, got.StatusCode, want)
			}
		}
		for query, want := range map[string]int{"q=a&resolve=true": 401, "q=a&offset=1&type=accounts": 401, "q=cat": 200} {
			if got := s.Nobody().Do(http.MethodGet, "/api/v2/search?"+query, nil, nil); got.StatusCode != want {
				t.Errorf("a guest's %q is answered %d, want %d", query, got.StatusCode, want)
			}
		}
		push := &servertest.Person{On: s, Token: s.TokenFor("ada", "read:statuses")}
		if got := push.Do(http.MethodGet, "/api/v2/search?q=cat", nil, nil); got.StatusCode != http.StatusForbidden {
			t.Errorf("without the scope it is answered %d", got.StatusCode)
		}
	})
}

func TestAccountsAreSearchedByTheBeginningsOfTheirNames(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada, lovely, tanaka, far := s.Join("ada"), s.Join("lovely_one"), s.Join("tnk"), s.Join("lovelyfar")
		for p, name := range map[*servertest.Person]string{lovely: "Ada Brown", tanaka: "田中 太郎"} {
			p.Do(http.MethodPatch, "/api/v1/accounts/update_credentials", url.Values{"display_name": {name}}, nil)
		}
		ada.Follow(far)
		servertest.Settle(t, s)
		find := func(query string) []string {
			t.Helper()
			var list []servertest.Account
			ada.Get("/api/v1/accounts/search?"+query, &list)
			names := []string{}
			for _, a := range list {
				names = append(names, a.Acct)
			}
			return names
		}
		for query, want := range map[string][]string{
			"q=ada": {"ada", "lovely_one"}, "q=@ada": {"ada", "lovely_one"}, "q=ad": {}, "q=lov": {"lovelyfar", "lovely_one"}, "q=lovely_o": {"lovely_one"}, "q=BRO": {"lovely_one"}, "q=brown+ada": {"lovely_one"},
			"q=田中": {"tnk"}, "q=田": {}, "q=太郎": {"tnk"}, "q=田郎": {}, "q=nobody": {}, "q=": {}, "": {}, "q=lov&limit=1": {"lovelyfar"}, "q=lov&limit=1&offset=1": {"lovely_one"}, "q=lov&offset=500": {},
			"q=lov&following=true": {"lovelyfar"}, "q=ada&following=true": {}, "q=lov@elsewhere.example": {}, "q=ada@" + s.Domain: {"ada"}, "q=lov@" + s.Domain: {},
		} {
			if got := find(query); !slices.Equal(got, want) {
				t.Errorf("%q finds %q, want %q", query, got, want)
			}
		}
		if got := ada.Do(http.MethodGet, "/api/v1/accounts/search?q=ada&offset=-1", nil, nil); got.StatusCode != http.StatusBadRequest {
			t.Errorf("a negative offset is answered %d", got.StatusCode)
		}
		if got := s.Nobody().Do(http.MethodGet, "/api/v1/accounts/search?q=ada", nil, nil); got.StatusCode != http.StatusUnauthorized {
			t.Errorf("a guest is answered %d", got.StatusCode)
		}
	})
}

func TestADayIsTheMembersOwn(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada := s.Join("ada")
		ada.Publish("word")
		servertest.Settle(t, s)
		east := time.FixedZone("", 14*60*60)
		there, here := time.Now().In(east).Format(time.DateOnly), time.Now().UTC().Format(time.DateOnly)
		if there == here { // in the first ten hours of a day both have the same: ask for the other side of the world
			east = time.FixedZone("", -11*60*60)
			there = time.Now().In(east).Format(time.DateOnly)
		}
		zone := map[bool]string{true: "Pacific/Kiritimati", false: "Pacific/Pago_Pago"}[there > here]
		err := s.DB().Tx(t.Context(), func(tx *db.Tx) error {
			_, err := db.Exec(t.Context(), tx, `UPDATE members SET time_zone = $1`, zone)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		search := func(q string) (found struct{ Statuses []servertest.Status }) {
			ada.Get("/api/v2/search?type=statuses&q="+q, &found)
			return found
		}
		if got := search("during:" + there); len(got.Statuses) != 1 {
			t.Errorf("in %s nothing is found on %s", zone, there)
		}
		if got := search("during:" + here); there != here && len(got.Statuses) != 0 {
			t.Errorf("in %s it is found on %s", zone, here)
		}
	})
}

func TestServersAreSearchedByTheirNames(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		one, two := pair(t, engine)
		one.Join("ada").Find(two.Join("bo").Handle())
		for q, want := range map[string][]string{"loc": {two.Domain}, " LOCALHOST:": {two.Domain}, two.Domain: {two.Domain}, "": {}, "nowhere": {}, "%": {}, strings.Repeat("l", 300): {}} {
			var got []string
			one.Nobody().Get("/api/v1/peers/search?q="+url.QueryEscape(q), &got)
			if got == nil || !slices.Equal(got, want) {
				t.Errorf("%.20q finds %v, want %v", q, got, want)
			}
		}
		if got := one.Nobody().Do(http.MethodGet, "/api/v1/peers/search?q="+strings.Repeat("l", 3000), nil, nil); got.StatusCode != http.StatusBadRequest {
			t.Errorf("a question without end is answered %d", got.StatusCode)
		}
		if _, err := one.Keeper().SetSetting(t.Context(), keeper.Setting{Name: "peers-api", Value: "false"}); err != nil {
			t.Fatal(err)
		}
		saysNo(t, one.Nobody(), http.MethodGet, "/api/v1/peers/search?q=loc", nil, http.StatusNotFound, "Record not found")
	})
}

func TestPollsQuotesAndEditsAreFound(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada, bo, cy := s.Join("ada"), s.Join("bo"), s.Join("cy")
		found := func(p *servertest.Person, q string, want ...string) {
			t.Helper()
			servertest.Settle(t, s)
			var got []string
			var all struct{ Statuses []servertest.Status }
			p.Get("/api/v2/search?type=statuses&q="+url.QueryEscape(q), &all)
			for _, one := range all.Statuses {
				got = append(got, one.ID)
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s finds %v by %q, want %v", p.Name, got, q, want)
			}
		}
		var poll struct {
			ID   string
			Poll struct{ ID string }
		}
		ada.Post("/api/v1/statuses", url.Values{"status": {"What to drink?"}, "poll[options][]": {"緑茶がいい", "black coffee"}, "poll[expires_in]": {"600"}}, &poll)
		plain := ada.Publish("A drink").ID
		quote := bo.Publish("see this drink", "quoted_status_id", poll.ID).ID
		found(ada, "drink has:poll", poll.ID)
		found(ada, "drink -has:poll", plain)
		found(ada, "緑茶", poll.ID)
		found(ada, `"black coffee"`, poll.ID)
		found(ada, `"coffee black"`)
		found(ada, `drink -"black coffee"`, plain)
		found(bo, "drink is:quote", quote)
		found(bo, "drink -is:quote")
		found(ada, "drink is:quote")

		found(cy, "coffee")
		cy.Post("/api/v1/polls/"+poll.Poll.ID+"/votes", url.Values{"choices[]": {"1"}}, nil)
		found(cy, "coffee", poll.ID)
		found(cy, "coffee in:public")
		found(cy, "has:poll in:library", poll.ID)

		// An edit is found by what it says now, and one that asks something else takes the votes away.
		putForm(t, ada, http.MethodPut, "/api/v1/statuses/"+poll.ID, url.Values{"status": {"What to eat?"}, "poll[options][]": {"蕎麦", "rice"}, "poll[expires_in]": {"600"}}, nil)
		found(ada, "drink", plain)
		found(ada, "coffee")
		found(ada, "eat has:poll 蕎麦", poll.ID)
		found(cy, "rice")
		putForm(t, ada, http.MethodPut, "/api/v1/statuses/"+poll.ID, url.Values{"status": {"What to eat!"}}, nil)
		found(ada, "eat has:poll")
		found(ada, "rice")
		found(ada, "eat", poll.ID)
	})
}

// What was published since the program runs was read for search with its event; the walk over a new database has nothing to read.
func TestSearchDoesNotReadTwiceWhatWasPublishedMeanwhile(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada := s.Join("ada")
		ada.Publish("a rare aardvark")
		servertest.Settle(t, s)
		if err := s.FillSearch(t.Context()); err != nil {
			t.Fatal(err)
		}
		done, err := db.One(t.Context(), s.DB(), db.Int64, `SELECT done FROM search_walks WHERE account_id = 0 AND finished_at IS NOT NULL`)
		if err != nil || done != 0 {
			t.Errorf("the walk ended after %d statuses: %v", done, err)
		}
		var found struct{ Statuses []servertest.Status }
		ada.Get("/api/v2/search?q=aardvark", &found)
		if len(found.Statuses) != 1 {
			t.Errorf("found %+v", found)
		}
	})
}
