package server_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"anancus/internal/kit/db"
	"anancus/internal/server/keeper"
	"anancus/internal/server/servertest"
)

// discover lets people be found.
func discover(people ...*servertest.Person) {
	for _, p := range people {
		p.On.T.Helper()
		want200(p, http.MethodPatch, "/api/v1/accounts/update_credentials", url.Values{"discoverable": {"true"}})
	}
}

// names asks for a list of accounts and gives their handles.
func names(p *servertest.Person, path string) string {
	p.On.T.Helper()
	var list []servertest.Account
	p.Get(path, &list)
	out := make([]string, len(list))
	for i, a := range list {
		out[i] = a.Acct
	}
	return strings.Join(out, " ")
}

func TestTheDirectoryListsWhoWishesToBeFound(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada, bo, cy, dee, eve := s.Join("ada"), s.Join("bo"), s.Join("cy"), s.Join("dee"), s.Join("eve")
		discover(bo, cy, eve)
		for i, name := range []string{"rex", "sam"} {
			write(t, s, `INSERT INTO accounts (id, username, username_key, domain, uri, url, created_at, updated_at, discoverable)
				VALUES ($1,$2,$2,'there.example',$3,$3,0,0,TRUE)`, i+1, name, "https://there.example/"+name)
			write(t, s, `INSERT INTO account_counts (account_id, listed, last_status_at) VALUES ($1,1,$2)`, i+1, i+1)
		}
		cy.Publish("first")
		bo.Publish("second")
		dee.Publish("I am not to be found")
		servertest.Settle(t, s)
		nobody := s.Nobody()
		const path = "/api/v1/directory"
		wantNames := func(when string, p *servertest.Person, query, want string) {
			t.Helper()
			if have := names(p, path+query); have != want {
				t.Errorf("%s: %q, want %q", when, have, want)
			}
		}
		wantNames("the most active first", nobody, "", "bo cy sam@there.example rex@there.example eve")
		wantNames("the same, by name", ada, "?order=active", "bo cy sam@there.example rex@there.example eve")
		wantNames("the newest first", nobody, "?order=new", "eve cy bo sam@there.example rex@there.example")
		wantNames("only ours", nobody, "?local=true", "bo cy eve")
		wantNames("only ours, the newest first", nobody, "?local=true&order=new", "eve cy bo")
		wantNames("a page", nobody, "?order=new&limit=2&offset=1", "cy bo")
		wantNames("beyond the end", nobody, "?offset=50", "")
		wantNames("far beyond", nobody, "?offset=5000000000", "")
		wantNames("an offset that is none", nobody, "?offset=x&limit=1", "bo")

		ada.Post("/api/v1/accounts/"+bo.ID+"/block", nil, nil)
		wantNames("without who is blocked", ada, "", "cy sam@there.example rex@there.example eve")
		wantNames("without who blocks", bo, "", "bo cy sam@there.example rex@there.example eve")
		write(t, s, `DELETE FROM blocks`)
		bo.Post("/api/v1/accounts/"+ada.ID+"/block", nil, nil)
		wantNames("without who blocks the viewer", ada, "?local=1", "cy eve")
		ada.Post("/api/v1/accounts/"+cy.ID+"/mute", nil, nil)
		ada.Post("/api/v1/domain_blocks", url.Values{"domain": {"there.example"}}, nil)
		wantNames("without muted people and blocked servers", ada, "", "eve")

		write(t, s, `UPDATE accounts SET limited_at = 1 WHERE id = $1`, cy.ID)
		write(t, s, `UPDATE accounts SET moved_to_id = $2 WHERE id = $1`, 1, dee.ID)
		write(t, s, `UPDATE accounts SET deleted_at = 1 WHERE id = 2`)
		suspend(t, s, eve)
		wantNames("without limited, moved, deleted and suspended accounts", nobody, "", "bo")
		write(t, s, `UPDATE members SET approved_at = NULL WHERE account_id = $1`, bo.ID)
		wantNames("without who waits for approval", nobody, "", "")
		write(t, s, `UPDATE members SET approved_at = 1 WHERE account_id = $1`, bo.ID)
		want200(bo, http.MethodPatch, "/api/v1/accounts/update_credentials", url.Values{"discoverable": {"false"}})
		wantNames("without who does not wish it any more", nobody, "", "")

		_, err := s.Keeper().SetSetting(t.Context(), keeper.Setting{Name: "profile-directory", Value: "false"})
		wants(t, err)
		if answer := nobody.Do(http.MethodGet, path, nil, nil); answer.StatusCode != http.StatusNotFound {
			t.Errorf("a closed directory answers %d", answer.StatusCode)
		}
	})
}

func TestSuggestionsComeFromFriendsManyMembersAndKeepers(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ops := s.Keeper()
		ada, bo, cy, dee, fay, gus, pop := s.Join("ada"), s.Join("bo"), s.Join("cy"), s.Join("dee"), s.Join("fay"), s.Join("gus"), s.Join("pop")
		discover(bo, cy, fay, gus, pop)
		post := gus.Publish("worth liking")
		for i := range 5 {
			one := s.Join(fmt.Sprintf("m%d", i))
			one.Follow(pop)
			one.Act(post.ID, []string{"favourite", "reblog"}[i%2])
		}
		ada.Follow(bo)
		bo.Follow(cy)
		bo.Follow(dee)
		bo.Follow(ada)
		servertest.Settle(t, s)
		wants(t, s.CountPopular(t.Context()))
		added, err := ops.AddSuggestion(t.Context(), keeper.Suggestion{Handle: "@fay@" + s.Domain})
		if wants(t, err); added.Handle != "fay" || !added.Shown {
			t.Errorf("the picked account is %+v", added)
		}
		hidden, err := ops.AddSuggestion(t.Context(), keeper.Suggestion{Handle: "dee"})
		if wants(t, err); hidden.Shown {
			t.Errorf("who does not wish to be found is %+v", hidden)
		}
		if _, err := ops.AddSuggestion(t.Context(), keeper.Suggestion{Handle: "nobody"}); err == nil {
			t.Error("nobody was suggested")
		}
		if _, err := ops.RemoveSuggestion(t.Context(), keeper.Suggestion{Handle: "cy"}); err == nil {
			t.Error("what was not on the list was removed")
		}

		type suggestion struct {
			Source  string
			Sources []string
			Account servertest.Account
		}
		told := func(p *servertest.Person, query string) string {
			t.Helper()
			var list []suggestion
			p.Get("/api/v2/suggestions"+query, &list)
			lines := make([]string, len(list))
			for i, one := range list {
				lines[i] = one.Account.Acct + " " + one.Source + " " + strings.Join(one.Sources, ",")
			}
			slices.Sort(lines)
			return strings.Join(lines, "; ")
		}
		const all = "cy past_interactions friends_of_friends; fay staff featured; gus global most_interactions; pop global most_followed"
		if have := told(ada, ""); have != all {
			t.Errorf("ada is suggested %q", have)
		}
		if have := told(dee, ""); have != "fay staff featured; gus global most_interactions; pop global most_followed" {
			t.Errorf("who follows nobody is suggested %q", have)
		}

		// The same ones in the same order for a while, so that pages fit together.
		whole := strings.Fields(names(ada, "/api/v1/suggestions"))
		if first, rest := names(ada, "/api/v1/suggestions?limit=1"), names(ada, "/api/v1/suggestions?offset=1&limit=80"); len(whole) != 4 || first != whole[0] || rest != strings.Join(whole[1:], " ") {
			t.Errorf("the pages are %q and %q of %q", first, rest, whole)
		}
		if have := names(ada, "/api/v1/suggestions?offset=9"); have != "" {
			t.Errorf("beyond the end: %q", have)
		}
		before := s.DB().Queries()
		names(ada, "/api/v1/suggestions?limit=1")
		one := s.DB().Queries() - before
		names(ada, "/api/v1/suggestions?limit=80")
		if more := s.DB().Queries() - before - one; more > one {
			t.Errorf("a page of one costs %d statements, a page of four %d", one, more)
		}

		// What was dismissed never comes back; what is hidden or followed is gone at once.
		for range 2 {
			want200(ada, http.MethodDelete, "/api/v1/suggestions/"+cy.ID, nil)
		}
		ada.Post("/api/v1/accounts/"+gus.ID+"/mute", nil, nil)
		ada.Follow(pop)
		if have := told(ada, ""); have != "fay staff featured" {
			t.Errorf("after dismissing, muting and following: %q", have)
		}
		_, err = ops.RemoveSuggestion(t.Context(), keeper.Suggestion{Handle: "fay"})
		wants(t, err)
		if have := told(ada, ""); have != "" {
			t.Errorf("after the keepers changed their mind: %q", have)
		}
		list, err := ops.ListSuggestions(t.Context())
		if wants(t, err); len(list) != 1 || list[0].Handle != "dee" {
			t.Errorf("the keepers' list is %+v", list)
		}
		ada.Post("/api/v1/accounts/"+gus.ID+"/unmute", nil, nil)
		want200(bo, http.MethodPatch, "/api/v1/accounts/update_credentials", url.Values{"hide_collections": {"true"}})
		write(t, s, `DELETE FROM suggestion_dismissals`)
		_, err = ops.AddSuggestion(t.Context(), keeper.Suggestion{Handle: "cy"})
		wants(t, err)
		if have := told(ada, ""); have != "cy staff featured; gus global most_interactions" {
			t.Errorf("whom a friend hides is suggested: %q", have)
		}

		if answer := ada.Do(http.MethodDelete, "/api/v1/suggestions/1", nil, nil); answer.StatusCode != http.StatusNotFound {
			t.Errorf("dismissing nobody answers %d", answer.StatusCode)
		}
		for _, one := range [][2]string{{"GET", "/api/v1/suggestions"}, {"GET", "/api/v2/suggestions"}, {"DELETE", "/api/v1/suggestions/" + cy.ID}} {
			if answer := s.Nobody().Do(one[0], one[1], nil, nil); answer.StatusCode != http.StatusUnauthorized {
				t.Errorf("%s %s answers %d to nobody", one[0], one[1], answer.StatusCode)
			}
		}
	})
}

func want200(p *servertest.Person, method, path string, form url.Values) {
	p.On.T.Helper()
	if answer := p.Do(method, path, form, nil); answer.StatusCode != http.StatusOK {
		p.On.T.Fatalf("%s %s answered %d", method, path, answer.StatusCode)
	}
}
