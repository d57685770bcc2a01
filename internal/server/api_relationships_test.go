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

	"anancus/internal/kit/config"
	"anancus/internal/kit/db"
	"anancus/internal/server/servertest"
	"anancus/internal/social/id"
)

// relation reads one relationship as it came.
func relation(p *servertest.Person, account string) map[string]any {
	p.On.T.Helper()
	var list []map[string]any
	p.Get("/api/v1/accounts/relationships?id[]="+account, &list)
	if len(list) != 1 {
		p.On.T.Fatalf("%d relationships", len(list))
	}
	return list[0]
}

func wantRelation(t *testing.T, when string, r map[string]any, want map[string]any) {
	t.Helper()
	for key, value := range want {
		if have := r[key]; fmt.Sprint(have) != fmt.Sprint(value) {
			t.Errorf("%s: %s is %v, want %v", when, key, have, value)
		}
	}
}

func TestARelationshipTellsEverything(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada, bo, cy := s.Join("ada"), s.Join("bo"), s.Join("cy")
		wantRelation(t, "between strangers", relation(ada, bo.ID), map[string]any{"id": bo.ID, "following": false, "showing_reblogs": false, "notifying": false, "languages": nil,
			"followed_by": false, "blocking": false, "blocked_by": false, "muting": false, "muting_notifications": false, "muting_expires_at": nil,
			"requested": false, "requested_by": false, "domain_blocking": false, "endorsed": false, "note": ""})
		if r := relation(ada, bo.ID); len(r) != 16 {
			t.Errorf("%d keys: %v", len(r), r)
		}
		lock(bo)
		var answer map[string]any
		ada.Post("/api/v1/accounts/"+bo.ID+"/follow", url.Values{"notify": {"true"}, "languages[]": {"en", "pt", "en", ""}}, &answer)
		wantRelation(t, "asked to follow", answer, map[string]any{"following": false, "requested": true, "showing_reblogs": true, "notifying": true, "languages": []any{"en", "pt"}})
		wantRelation(t, "seen from the other side", relation(bo, ada.ID), map[string]any{"requested_by": true, "followed_by": false})
		ada.Post("/api/v1/accounts/"+bo.ID+"/follow", url.Values{"reblogs": {"false"}}, &answer)
		wantRelation(t, "asked with other wishes", answer, map[string]any{"requested": true, "showing_reblogs": false, "notifying": true, "languages": []any{"en", "pt"}})
		bo.Post("/api/v1/follow_requests/"+ada.ID+"/authorize", nil, &answer)
		wantRelation(t, "granted", answer, map[string]any{"followed_by": true, "requested_by": false})
		wantRelation(t, "who was granted", relation(ada, bo.ID), map[string]any{"following": true, "requested": false, "showing_reblogs": false, "notifying": true})
		ada.Post("/api/v1/accounts/"+bo.ID+"/follow", url.Values{"languages[]": {""}, "notify": {"false"}}, &answer)
		wantRelation(t, "all languages again", answer, map[string]any{"languages": nil, "notifying": false, "following": true})

		ada.Post("/api/v1/accounts/"+bo.ID+"/endorse", nil, &answer)
		wantRelation(t, "endorsed", answer, map[string]any{"endorsed": true})
		for _, step := range []struct {
			verb string
			want bool
		}{{"unendorse", false}, {"pin", true}, {"unpin", false}, {"unendorse", false}, {"endorse", true}} { // by the old names too, and what is so already stays
			ada.Post("/api/v1/accounts/"+bo.ID+"/"+step.verb, nil, &answer)
			wantRelation(t, step.verb, answer, map[string]any{"endorsed": step.want})
			var list []servertest.Account
			if ada.Get("/api/v1/endorsements", &list); (len(list) == 1 && list[0].ID == bo.ID) != step.want || len(list) > 1 {
				t.Errorf("after %s the endorsements are %v", step.verb, list)
			}
		}
		ada.Post("/api/v1/accounts/"+bo.ID+"/note", url.Values{"comment": {" met at the fair "}}, &answer)
		wantRelation(t, "noted", answer, map[string]any{"note": " met at the fair "})
		wantRelation(t, "nobody else reads it", relation(cy, bo.ID), map[string]any{"note": "", "endorsed": false})
		ada.Post("/api/v1/accounts/"+bo.ID+"/mute", url.Values{"duration": {"3600"}, "notifications": {"false"}}, &answer)
		wantRelation(t, "muted for an hour", answer, map[string]any{"muting": true, "muting_notifications": false})
		if until, err := time.Parse(time.RFC3339, fmt.Sprint(answer["muting_expires_at"])); err != nil || time.Until(until) > time.Hour || time.Until(until) < 55*time.Minute {
			t.Errorf("the mute ends at %v", answer["muting_expires_at"])
		}
		ada.Post("/api/v1/accounts/"+bo.ID+"/unmute", nil, &answer)
		wantRelation(t, "heard again", answer, map[string]any{"muting": false, "muting_expires_at": nil})
		ada.Post("/api/v1/accounts/"+bo.ID+"/note", url.Values{"comment": {" \n"}}, &answer)
		wantRelation(t, "a blank note", answer, map[string]any{"note": ""})
		ada.Post("/api/v1/accounts/"+bo.ID+"/unfollow", nil, &answer)
		wantRelation(t, "unfollowed", answer, map[string]any{"following": false, "endorsed": false, "showing_reblogs": false})

		// Several at once, one twice, one unknown; suspended ones on request.
		suspend(t, s, cy)
		var list []map[string]any
		ask := "/api/v1/accounts/relationships?id[]=" + bo.ID + "&id[]=" + cy.ID + "&id[]=" + bo.ID + "&id[]=1&id[]=nonsense"
		if ada.Get(ask, &list); len(list) != 2 || list[0]["id"] != bo.ID || list[1]["id"] != bo.ID {
			t.Errorf("without the suspended: %v", list)
		}
		if ada.Get(ask+"&with_suspended=true", &list); len(list) != 3 || list[1]["id"] != cy.ID {
			t.Errorf("with the suspended: %v", list)
		}
		if ada.Get("/api/v1/accounts/relationships?id="+bo.ID, &list); len(list) != 1 {
			t.Errorf("by a plain id: %v", list)
		}
		if ada.Get("/api/v1/accounts/relationships", &list); len(list) != 0 {
			t.Errorf("of nobody: %v", list)
		}
	})
}

func TestWhatARelationshipRefuses(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada, bo, eve, gus := s.Join("ada"), s.Join("bo"), s.Join("eve"), s.Join("gus")
		eve.Post("/api/v1/accounts/"+ada.ID+"/block", nil, nil)
		suspend(t, s, gus)
		for _, one := range []struct {
			what, path string
			form       url.Values
			code       int
			text       string
		}{
			{"following oneself", ada.ID + "/follow", nil, 403, "This action is not allowed"},
			{"following who blocks", eve.ID + "/follow", nil, 403, "This action is not allowed"},
			{"following the suspended", gus.ID + "/follow", nil, 404, "Record not found"},
			{"following nobody", "1/follow", nil, 404, "Record not found"},
			{"a language that is none", bo.ID + "/follow", url.Values{"languages[]": {"en", "klingonese"}}, 422, "Validation failed: Languages is invalid"},
			{"endorsing a stranger", bo.ID + "/endorse", nil, 422, "Validation failed: You must be already following the person you want to endorse"},
			{"endorsing by the old name", bo.ID + "/pin", nil, 422, "Validation failed: You must be already following the person you want to endorse"},
			{"endorsing nobody", "1/endorse", nil, 404, "Record not found"},
			{"ending the endorsement of nobody", "1/unendorse", nil, 404, "Record not found"},
			{"the same by the old name", "1/unpin", nil, 404, "Record not found"},
			{"a note too long", bo.ID + "/note", url.Values{"comment": {strings.Repeat("é", 2001)}}, 422, "Validation failed: Comment is too long (maximum is 2000 characters)"},
			{"a note of nobody", "1/note", url.Values{"comment": {"x"}}, 404, "Record not found"},
			{"muting oneself", ada.ID + "/mute", nil, 403, "This action is not allowed"},
			{"blocking oneself", ada.ID + "/block", nil, 403, "This action is not allowed"},
		} {
			if one.form == nil {
				one.form = url.Values{}
			}
			var body struct{ Error string }
			if answer := ada.Do(http.MethodPost, "/api/v1/accounts/"+one.path, one.form, &body); answer.StatusCode != one.code || body.Error != one.text {
				t.Errorf("%s answered %d %q, want %d %q", one.what, answer.StatusCode, body.Error, one.code, one.text)
			}
		}
		ada.Post("/api/v1/accounts/"+bo.ID+"/note", url.Values{"comment": {strings.Repeat("é", 2000)}}, nil)
		for _, path := range []string{"/api/v1/accounts/1/endorsements", "/api/v1/accounts/1/identity_proofs", "/api/v1/accounts/x/followers", "/api/v1/accounts/1/following"} {
			if answer := ada.Do(http.MethodGet, path, nil, nil); answer.StatusCode != http.StatusNotFound {
				t.Errorf("%s answered %d", path, answer.StatusCode)
			}
		}
		for _, path := range []string{"/api/v1/mutes", "/api/v1/blocks", "/api/v1/domain_blocks", "/api/v1/endorsements", "/api/v1/accounts/familiar_followers", "/api/v1/accounts/relationships"} {
			if answer := s.Nobody().Do(http.MethodGet, path, nil, nil); answer.StatusCode != http.StatusUnauthorized {
				t.Errorf("%s answered %d to nobody", path, answer.StatusCode)
			}
		}
		var proofs []any
		if ada.Get("/api/v1/accounts/"+bo.ID+"/identity_proofs", &proofs); proofs == nil || len(proofs) != 0 {
			t.Errorf("identity proofs: %v", proofs)
		}
	})
}

// walked reads a list of accounts page by page and gives the usernames, and those of the way back.
func walked(t *testing.T, p *servertest.Person, path string, limit int) (names []string) {
	t.Helper()
	last := ""
	for next := fmt.Sprintf("%s?limit=%d", path, limit); next != ""; {
		var page []servertest.Account
		answer := p.Do(http.MethodGet, next, nil, &page)
		if answer.StatusCode != http.StatusOK || len(page) > limit {
			t.Fatalf("%s answered %d with %d rows", next, answer.StatusCode, len(page))
		}
		for _, one := range page {
			names = append(names, one.Acct)
		}
		var prev string
		next, prev = links(t, answer)
		if len(page) > 0 && !strings.Contains(prev, "since_id=") {
			t.Errorf("%s leads back to %q", path, prev)
		}
		if len(page) < limit && next != "" {
			t.Errorf("%s goes on after its end: %q", path, next)
		}
		if last != "" { // what is newer than this page begins with the newest of all
			var newer []servertest.Account
			if p.Get(prev, &newer); len(newer) == 0 || newer[0].Acct != names[0] {
				t.Errorf("newer than a later page of %s: %v", path, newer)
			}
		}
		last = next
	}
	return names
}

func TestListsOfAccountsPageByHiddenRows(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada := s.Join("ada")
		var names []string
		var people []*servertest.Person
		for i := range 5 {
			p := s.Join(fmt.Sprintf("p%d", i))
			people, names = append(people, p), append([]string{p.Name}, names...)
		}
		for _, p := range people { // the newest first, whatever the order of the accounts
			ada.Post("/api/v1/accounts/"+p.ID+"/follow", nil, nil)
			p.Post("/api/v1/accounts/"+ada.ID+"/follow", nil, nil)
			ada.Post("/api/v1/accounts/"+p.ID+"/endorse", nil, nil)
		}
		for _, path := range []string{"/api/v1/accounts/" + ada.ID + "/followers", "/api/v1/accounts/" + ada.ID + "/following", "/api/v1/endorsements", "/api/v1/accounts/" + ada.ID + "/endorsements"} {
			if got := walked(t, ada, path, 2); !slices.Equal(got, names) {
				t.Errorf("%s lists %v", path, got)
			}
			var all []servertest.Account
			if strings.HasSuffix(path, "endorsements") {
				if answer := ada.Do(http.MethodGet, path+"?limit=0", nil, &all); len(all) != 5 || answer.Header.Get("Link") != "" {
					t.Errorf("%s, all of it: %v, %q", path, all, answer.Header.Get("Link"))
				}
			}
		}
		for i, p := range people {
			form := url.Values{}
			if i == 0 {
				form.Set("duration", "86400")
			}
			ada.Post("/api/v1/accounts/"+p.ID+"/mute", form, nil)
		}
		if got := walked(t, ada, "/api/v1/mutes", 2); !slices.Equal(got, names) {
			t.Errorf("mutes: %v", got)
		}
		var muted []map[string]any
		ada.Get("/api/v1/mutes", &muted)
		if end, known := muted[0]["mute_expires_at"]; !known || end != nil {
			t.Errorf("a mute for ever ends at %v", end)
		}
		if end, err := time.Parse("2006-01-02T15:04:05.000Z", fmt.Sprint(muted[4]["mute_expires_at"])); err != nil || time.Until(end) > 24*time.Hour {
			t.Errorf("a mute for a day ends at %v", muted[4]["mute_expires_at"])
		}
		if err := s.DB().Tx(t.Context(), func(tx *db.Tx) error { // a day later, before anybody tidied up
			_, err := db.Exec(t.Context(), tx, `UPDATE mutes SET expires_at = 1 WHERE expires_at IS NOT NULL`)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if ada.Get("/api/v1/mutes", &muted); len(muted) != 4 {
			t.Errorf("%d mutes after one is over", len(muted))
		}
		// Mutes do not shorten one's own lists, but those of others.
		bo := people[0]
		for _, p := range people[1:] {
			bo.Post("/api/v1/accounts/"+p.ID+"/follow", nil, nil)
		}
		if got := walked(t, ada, "/api/v1/accounts/"+bo.ID+"/following", 2); !slices.Equal(got, []string{"ada"}) {
			t.Errorf("whom bo follows, but for whom ada mutes: %v", got)
		}
		for _, p := range people {
			ada.Post("/api/v1/accounts/"+p.ID+"/block", nil, nil)
		}
		if got := walked(t, ada, "/api/v1/blocks", 2); !slices.Equal(got, names) {
			t.Errorf("blocks: %v", got)
		}
		if got := walked(t, ada, "/api/v1/endorsements", 2); len(got) != 0 {
			t.Errorf("a block left endorsements: %v", got)
		}
	})
}

func TestWhoSeesListsOfFollows(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada, bo, eve, cy := s.Join("ada"), s.Join("bo"), s.Join("eve"), s.Join("cy")
		for _, p := range []*servertest.Person{bo, cy} {
			p.Post("/api/v1/accounts/"+ada.ID+"/follow", nil, nil)
			ada.Post("/api/v1/accounts/"+p.ID+"/follow", nil, nil)
			ada.Post("/api/v1/accounts/"+p.ID+"/endorse", nil, nil)
		}
		ada.Post("/api/v1/accounts/"+eve.ID+"/block", nil, nil)
		cy.Post("/api/v1/accounts/"+bo.ID+"/block", nil, nil)
		list := func(p *servertest.Person, what string) []string {
			return walked(t, p, "/api/v1/accounts/"+ada.ID+"/"+what, 40)
		}
		for _, what := range []string{"followers", "following", "endorsements"} {
			for name, test := range map[string]struct {
				p    *servertest.Person
				want []string
			}{
				"the account itself":            {ada, []string{"cy", "bo"}},
				"nobody in particular":          {s.Nobody(), []string{"cy", "bo"}},
				"who is blocked by one of them": {bo, []string{"bo"}},
				"who blocks one of them":        {cy, []string{"cy"}},
				"who is blocked by the account": {eve, nil},
			} {
				if got := list(test.p, what); !slices.Equal(got, test.want) {
					t.Errorf("%s sees the %s %v, want %v", name, what, got, test.want)
				}
			}
		}
		hide(ada)
		for _, what := range []string{"followers", "following"} {
			if got := list(cy, what); len(got) != 0 {
				t.Errorf("hidden %s are shown: %v", what, got)
			}
			if got := list(ada, what); len(got) != 2 {
				t.Errorf("hidden %s are hidden from oneself: %v", what, got)
			}
		}
	})
}

func hide(p *servertest.Person) {
	p.On.T.Helper()
	if answer := p.Do(http.MethodPatch, "/api/v1/accounts/update_credentials", url.Values{"hide_collections": {"true"}}, nil); answer.StatusCode != http.StatusOK {
		p.On.T.Fatalf("hiding collections answered %d", answer.StatusCode)
	}
}

func TestFamiliarFollowersAreThoseWhomOneFollows(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada, star, shy := s.Join("ada"), s.Join("star"), s.Join("shy")
		var friends []*servertest.Person
		for _, name := range []string{"bo", "cy", "secret", "stranger"} {
			p := s.Join(name)
			p.Post("/api/v1/accounts/"+star.ID+"/follow", nil, nil)
			p.Post("/api/v1/accounts/"+shy.ID+"/follow", nil, nil)
			if name != "stranger" {
				ada.Post("/api/v1/accounts/"+p.ID+"/follow", nil, nil)
			}
			friends = append(friends, p)
		}
		hide(shy)
		hide(friends[2])
		read := func(ids ...string) (list []struct {
			ID       string
			Accounts []servertest.Account
		}) {
			ada.Get("/api/v1/accounts/familiar_followers?"+url.Values{"id[]": ids}.Encode(), &list)
			return list
		}
		list := read(star.ID, shy.ID, "1", friends[0].ID)
		if len(list) != 3 || list[0].ID != star.ID || len(list[0].Accounts) != 2 || list[0].Accounts[0].Acct != "cy" || list[0].Accounts[1].Acct != "bo" {
			t.Fatalf("familiar: %+v", list)
		}
		if list[1].ID != shy.ID || list[1].Accounts == nil || len(list[1].Accounts) != 0 || len(list[2].Accounts) != 0 {
			t.Errorf("of who hides followers, and of who has none: %+v", list[1:])
		}
		if none := read(); len(none) != 0 {
			t.Errorf("of nobody: %v", none)
		}
		statements := func(ids ...string) int64 {
			read(ids...)
			before := s.DB().Queries()
			read(ids...)
			return s.DB().Queries() - before
		}
		if one, many := statements(star.ID), statements(star.ID, friends[0].ID, friends[1].ID, ada.ID); one != many {
			t.Errorf("one costs %d statements, four cost %d", one, many)
		}
	})
}

func TestListsOfAccountsCostAFixedNumberOfStatements(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada, bo := s.Join("ada"), s.Join("bo")
		for i := range 6 {
			p := s.Join(fmt.Sprintf("p%d", i))
			bo.Post("/api/v1/accounts/"+p.ID+"/follow", nil, nil)
			ada.Post("/api/v1/accounts/"+p.ID+"/follow", nil, nil)
			ada.Post("/api/v1/accounts/"+p.ID+"/endorse", nil, nil)
			ada.Post("/api/v1/domain_blocks", domainOf(p.Name+".example"), nil)
			ada.Post("/api/v1/accounts/"+p.ID+"/mute", nil, nil)
		}
		for i := range 6 {
			p := s.Join(fmt.Sprintf("q%d", i))
			ada.Post("/api/v1/accounts/"+p.ID+"/block", nil, nil)
		}
		for _, path := range []string{"/api/v1/mutes", "/api/v1/blocks", "/api/v1/domain_blocks", "/api/v1/endorsements", "/api/v1/accounts/" + bo.ID + "/following", "/api/v1/accounts/" + ada.ID + "/endorsements"} {
			cost := func(limit int) (int64, int) {
				var list []json.RawMessage
				before := s.DB().Queries()
				ada.Get(fmt.Sprintf("%s?limit=%d", path, limit), &list)
				return s.DB().Queries() - before, len(list)
			}
			cost(6) // the accounts are warm now
			one, _ := cost(1)
			many, length := cost(6)
			if one != many || (length != 6 && !strings.Contains(path, "following")) {
				t.Errorf("%s costs %d statements for one, %d for %d", path, one, many, length)
			}
		}
	})
}

func TestFollowsAreLimited(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine, func(c *config.Config) { c.RateLimits = true })
		ada, bo := s.Join("ada"), s.Join("bo")
		me, err := id.Parse[id.Account](ada.ID)
		if err != nil {
			t.Fatal(err)
		}
		set := func(following, followers int64) {
			if err := s.DB().Tx(t.Context(), func(tx *db.Tx) error {
				_, err := db.Exec(t.Context(), tx, `UPDATE account_counts SET following = $2, followers = $3 WHERE account_id = $1`, me, following, followers)
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		set(7500, 10)
		var body struct{ Error string }
		if answer := ada.Do(http.MethodPost, "/api/v1/accounts/"+bo.ID+"/follow", url.Values{}, &body); answer.StatusCode != 422 || body.Error != "Validation failed: You cannot follow more than 7500 people" {
			t.Errorf("the 7,501st answered %d %q", answer.StatusCode, body.Error)
		}
		set(7500, 10000)
		answer := ada.Do(http.MethodPost, "/api/v1/accounts/"+bo.ID+"/follow", url.Values{}, nil)
		if answer.StatusCode != http.StatusOK || answer.Header.Get("X-RateLimit-Limit") == "" || answer.Header.Get("X-RateLimit-Remaining") == "" || answer.Header.Get("X-RateLimit-Reset") == "" {
			t.Errorf("with many followers: %d %v", answer.StatusCode, answer.Header)
		}
	})
}

func TestAMuteTakesBackWhatWasTold(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada, bo := s.Join("ada"), s.Join("bo")
		bo.Publish("@ada hello")
		servertest.Settle(t, s)
		wantTold(t, ada, "mention", "bo", 1)
		ada.Post("/api/v1/accounts/"+bo.ID+"/mute", url.Values{"notifications": {"false"}}, nil)
		servertest.Settle(t, s)
		wantTold(t, ada, "mention", "bo", 1)
		ada.Post("/api/v1/accounts/"+bo.ID+"/mute", url.Values{"notifications": {"true"}}, nil)
		servertest.Settle(t, s)
		wantTold(t, ada, "mention", "bo", 0)
	})
}

func TestAFollowInSomeLanguagesShowsThoseAlone(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada, bo := s.Join("ada"), s.Join("bo")
		ada.Home() // it is open when the follow comes
		ada.Post("/api/v1/accounts/"+bo.ID+"/follow", url.Values{"languages[]": {"de"}}, nil)
		wanted, other, none := bo.Publish("auf Deutsch", "language", "de"), bo.Publish("en français", "language", "fr"), bo.Publish("42")
		for range 2 {
			wantHome(t, ada, wanted, true)
			wantHome(t, ada, other, false)
			wantHome(t, ada, none, true)
			s.Forget()
		}
		ada.Post("/api/v1/accounts/"+bo.ID+"/follow", url.Values{"languages[]": {""}}, nil)
		wantHome(t, ada, other, true)
	})
}
