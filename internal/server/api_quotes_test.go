package server_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"anancus/internal/kit/db"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/server/servertest"
)

// quoter is a status with what tells of quotes.
type quoter struct {
	ID, Visibility string
	Content, Text  *string
	QuotesCount    int `json:"quotes_count"`
	Quote          *struct {
		State  string
		Status *quoter `json:"quoted_status"`
		ID     *string `json:"quoted_status_id"`
	}
	Approval struct {
		Automatic, Manual []string
		Current           string `json:"current_user"`
	} `json:"quote_approval"`
	Reblog *quoter
}

func quoteForm(of, text string, pairs ...string) url.Values {
	form := url.Values{"status": {text}, "quoted_status_id": {of}}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return form
}

func quoted(p *servertest.Person, of, text string, pairs ...string) (made quoter) {
	p.On.T.Helper()
	p.Post("/api/v1/statuses", quoteForm(of, text, pairs...), &made)
	return made
}

func shownTo(p *servertest.Person, id string) (shown quoter) {
	p.On.T.Helper()
	p.Get("/api/v1/statuses/"+id, &shown)
	return shown
}

func TestAQuoteShowsWhatItQuotesOneLevelDeepAndItsAuthorIsTold(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada, bo, cy := s.Join("ada"), s.Join("bo"), s.Join("cy")
		first := ada.Publish("worth saying")
		made := quoted(bo, first.ID, "")
		if made.Quote == nil || made.Quote.State != "accepted" || made.Quote.Status == nil || made.Quote.Status.ID != first.ID {
			t.Fatalf("the quote is %+v", made.Quote)
		}
		second := quoted(cy, made.ID, "and this")
		inner := second.Quote.Status
		if inner == nil || inner.Quote == nil || inner.Quote.State != "accepted" || inner.Quote.ID == nil || *inner.Quote.ID != first.ID || inner.Quote.Status != nil {
			t.Errorf("inside of the second quote is %+v", inner)
		}
		if got := shownTo(ada, first.ID); got.QuotesCount != 1 || got.Quote != nil {
			t.Errorf("the first is quoted %d times", got.QuotesCount)
		}
		servertest.Settle(t, s)
		if told(ada, "quote", "bo") != 1 || told(bo, "quote", "cy") != 1 || told(ada, "quote", "cy") != 0 {
			t.Errorf("ada is told %v, bo %v", ada.Notifications(), bo.Notifications())
		}
		var boost quoter
		ada.Post("/api/v1/statuses/"+second.ID+"/reblog", nil, &boost)
		if boost.Quote != nil || boost.Reblog.Quote.Status.ID != made.ID || boost.Approval.Current != "automatic" {
			t.Errorf("a boost of a quote is %+v", boost)
		}
		if again := quoted(cy, boost.ID, "a boost is quoted as what it boosts"); again.Quote.Status.ID != second.ID {
			t.Errorf("quoted is %+v", again.Quote.Status)
		}
		own := quoted(ada, first.ID, "as I said")
		servertest.Settle(t, s)
		if shownTo(ada, own.ID).Quote.State != "accepted" || told(ada, "quote", "ada") != 0 {
			t.Error("ada quotes herself wrongly")
		}
		bo.Delete(made.ID)
		if got := shownTo(cy, second.ID); got.Quote.State != "deleted" || got.Quote.Status != nil {
			t.Errorf("what is gone is %+v", got.Quote)
		}
		if got := shownTo(ada, first.ID); got.QuotesCount != 1 {
			t.Errorf("after one quote went it is quoted %d times", got.QuotesCount)
		}
	})
}

func TestWhoMayQuoteIsTheAuthorsWord(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada, flo, bo, foe := s.Join("ada"), s.Join("flo"), s.Join("bo"), s.Join("foe")
		flo.Follow(ada)
		ada.Post("/api/v1/accounts/"+foe.ID+"/block", nil, nil)
		post := func(visibility, policy string) string {
			return ada.Publish(visibility+" "+policy, "visibility", visibility, "quote_approval_policy", policy).ID
		}
		hers := bo.Publish("of another")
		for _, one := range []struct {
			name, of  string
			automatic string
			may       map[*servertest.Person]bool
		}{
			{"everybody", post("public", "public"), "public", map[*servertest.Person]bool{ada: true, flo: true, bo: true}},
			{"everybody, unlisted", post("unlisted", "public"), "public", map[*servertest.Person]bool{ada: true, flo: true, bo: true}},
			{"followers", post("public", "followers"), "followers", map[*servertest.Person]bool{ada: true, flo: true}},
			{"nobody", post("public", "nobody"), "", map[*servertest.Person]bool{ada: true}},
			{"a private one", post("private", "public"), "", map[*servertest.Person]bool{ada: true}},
			{"a direct one", post("direct", "public"), "", map[*servertest.Person]bool{}},
			{"what is not there", "1", "", map[*servertest.Person]bool{}},
		} {
			for _, p := range []*servertest.Person{ada, flo, bo, foe} {
				var shown quoter
				want := "denied"
				if one.may[p] {
					want = "automatic"
				}
				if answer := p.Do(http.MethodGet, "/api/v1/statuses/"+one.of, nil, &shown); answer.StatusCode == http.StatusOK {
					if shown.Approval.Current != want || strings.Join(shown.Approval.Automatic, " ") != one.automatic || len(shown.Approval.Manual) != 0 {
						t.Errorf("%s, to %s: %+v, want %s", one.name, p.Name, shown.Approval, want)
					}
				}
				var refusal struct{ Error string }
				answer := p.Do(http.MethodPost, "/api/v1/statuses", quoteForm(one.of, "q", "visibility", "unlisted"), &refusal)
				if code := map[bool]int{true: 200, false: 404}[one.may[p]]; answer.StatusCode != code {
					t.Errorf("%s quoted by %s: %d %q, want %d", one.name, p.Name, answer.StatusCode, refusal.Error, code)
				} else if code == 404 && refusal.Error != "The post you are trying to quote does not appear to exist." {
					t.Errorf("the refusal says %q", refusal.Error)
				}
			}
		}
		if made := quoted(ada, post("private", ""), "more", "visibility", "public"); made.Visibility != "private" || len(made.Approval.Automatic) != 0 {
			t.Errorf("a quote of what is private is %s, %+v", made.Visibility, made.Approval)
		}
		for text, want := range map[string]int{"psst": 422, "@bo psst": 200} {
			if answer := ada.Do(http.MethodPost, "/api/v1/statuses", quoteForm(hers.ID, text, "visibility", "direct"), nil); answer.StatusCode != want {
				t.Errorf("a direct quote %q: %d, want %d", text, answer.StatusCode, want)
			}
		}
		bo.Post("/api/v1/accounts/"+flo.ID+"/block", nil, nil)
		if answer := bo.Do(http.MethodPost, "/api/v1/statuses", quoteForm(flo.Publish("x").ID, "q"), nil); answer.StatusCode != 404 {
			t.Errorf("whom one blocks one quotes: %d", answer.StatusCode)
		}
		for _, form := range []url.Values{{"status": {"x"}, "quote_approval_policy": {"friends"}}, {"status": {" "}}, {"status": {"x"}, "quoted_status_id": {"none"}}} {
			if answer := ada.Do(http.MethodPost, "/api/v1/statuses", form, nil); answer.StatusCode != 422 && answer.StatusCode != 404 {
				t.Errorf("%v is answered %d", form, answer.StatusCode)
			}
		}

		// The word can be changed later, by the author alone; the default is the member's own.
		id := post("public", "public")
		flo.Follow(ada)
		var shown quoter
		put := func(p *servertest.Person, id, policy string, want int) {
			t.Helper()
			if answer := p.Do(http.MethodPut, "/api/v1/statuses/"+id+"/interaction_policy", url.Values{"quote_approval_policy": {policy}}, &shown); answer.StatusCode != want {
				t.Errorf("%s by %s is answered %d, want %d", policy, p.Name, answer.StatusCode, want)
			}
		}
		put(ada, id, "nobody", 200)
		if shown.Approval.Current != "automatic" || len(shown.Approval.Automatic) != 0 || shownTo(bo, id).Approval.Current != "denied" {
			t.Errorf("after nobody it is %+v", shown.Approval)
		}
		put(ada, id, "followers", 200)
		if shownTo(flo, id).Approval.Current != "automatic" || shownTo(bo, id).Approval.Current != "denied" || shownTo(s.Nobody(), id).Approval.Current != "denied" {
			t.Error("followers are not told apart")
		}
		bo.Follow(ada)
		flo.Post("/api/v1/accounts/"+ada.ID+"/unfollow", nil, nil)
		if shownTo(flo, id).Approval.Current != "denied" || shownTo(bo, id).Approval.Current != "automatic" {
			t.Error("whoever followed meanwhile is not told apart")
		}
		put(ada, id, "friends", 422)
		put(bo, id, "public", 403)
		put(bo, post("direct", ""), "public", 404)
		secret := post("private", "")
		put(ada, secret, "public", 200)
		if len(shown.Approval.Automatic) != 0 {
			t.Errorf("a private status is for %v", shown.Approval.Automatic)
		}
		var me struct {
			Source struct {
				Policy string `json:"quote_policy"`
			}
		}
		if ada.Get("/api/v1/accounts/verify_credentials", &me); me.Source.Policy != "public" {
			t.Errorf("the first default is %q", me.Source.Policy)
		}
		ada.Do(http.MethodPatch, "/api/v1/accounts/update_credentials", url.Values{"source[quote_policy]": {"followers"}}, &me)
		var preferences map[string]any
		ada.Get("/api/v1/preferences", &preferences)
		if got := shownTo(ada, post("public", "")).Approval.Automatic; me.Source.Policy != "followers" || preferences["posting:default:quote_policy"] != "followers" || !slices.Equal(got, []string{"followers"}) {
			t.Errorf("the default is %q, %q, and a new status is for %v", me.Source.Policy, preferences["posting:default:quote_policy"], got)
		}
		if answer := ada.Do(http.MethodPatch, "/api/v1/accounts/update_credentials", url.Values{"source[quote_policy]": {"friends"}}, nil); answer.StatusCode != 422 {
			t.Errorf("a default of friends is answered %d", answer.StatusCode)
		}
	})
}

func TestAQuoteIsShownAsItsViewerStandsToItsAuthor(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		here, there := pair(t, engine)
		ada, bo, cy, far := here.Join("ada"), here.Join("bo"), here.Join("cy"), there.Join("far")
		post := ada.Publish("of ada")
		quote := quoted(bo, post.ID, "by bo", "visibility", "unlisted")
		state := func(want string, shown bool) {
			t.Helper()
			if got := shownTo(cy, quote.ID).Quote; got.State != want || (got.Status != nil) != shown {
				t.Errorf("it is %s with %+v, want %s", got.State, got.Status, want)
			}
		}
		state("accepted", true)
		cy.Post("/api/v1/accounts/"+ada.ID+"/mute", nil, nil)
		state("muted_account", true)
		cy.Post("/api/v1/accounts/"+ada.ID+"/block", nil, nil)
		state("blocked_account", true)
		cy.Post("/api/v1/accounts/"+ada.ID+"/unblock", nil, nil)
		cy.Post("/api/v1/accounts/"+ada.ID+"/unmute", nil, nil)
		ada.Post("/api/v1/accounts/"+cy.ID+"/block", nil, nil)
		state("unauthorized", false)
		if list := count(t, here, `SELECT COUNT(*) FROM quotes WHERE state = 'accepted'`); list != 1 {
			t.Errorf("%d are accepted", list)
		}
		ada.Post("/api/v1/accounts/"+cy.ID+"/unblock", nil, nil)
		write(t, here, `UPDATE accounts SET limited_at = 1 WHERE id = $1`, number(t, ada.ID))
		state("unauthorized", false)
		cy.Follow(ada)
		state("accepted", true)

		// A member quotes what another server's member wrote: that server is not asked yet.
		bo.Follow(far)
		servertest.Settle(t, here, there)
		farPost := far.Publish("from far")
		servertest.Settle(t, here, there)
		known, ok := bo.FindStatus(farPost.URI)
		if !ok {
			t.Fatal("it did not come")
		}
		if got := shownTo(bo, known.ID).Approval; got.Current != "automatic" || !slices.Equal(got.Automatic, []string{"public"}) {
			t.Errorf("the policy of far is %+v", got)
		}
		pending := quoted(bo, known.ID, "look there")
		if pending.Quote.State != "pending" || pending.Quote.Status != nil || shownTo(bo, known.ID).QuotesCount != 0 {
			t.Errorf("a quote that nobody allowed yet is %+v", pending.Quote)
		}
		quoteAnything(t, here, cy.Publish("by cy"), cy, &mxStatus{id: known.ID, author: &servertest.Person{ID: bo.Find("@far@" + there.Domain).ID}})
		var list []quoter
		bo.Get("/api/v1/accounts/"+cy.ID+"/statuses?limit=1", &list)
		if list[0].Quote.State != "accepted" || list[0].Quote.Status == nil {
			t.Errorf("the quote is %+v", list[0].Quote)
		}
		bo.Post("/api/v1/domain_blocks", url.Values{"domain": {there.Domain}}, nil)
		if got := shownTo(bo, list[0].ID).Quote; got.State != "blocked_domain" || got.Status == nil {
			t.Errorf("the quote of a blocked server is %+v", got)
		}
		far.Do(http.MethodPut, "/api/v1/statuses/"+farPost.ID+"/interaction_policy", url.Values{"quote_approval_policy": {"nobody"}}, nil)
		if n := count(t, there, `SELECT COUNT(*) FROM outbox WHERE event = 'status.quote_policy_changed'`); n != 1 {
			t.Errorf("%d effects wait", n)
		}
	})
}

func TestAnAuthorRevokesAQuoteAndReadsWhoQuotes(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada, bo, cy := s.Join("ada"), s.Join("bo"), s.Join("cy")
		post := ada.Publish("of ada")
		var quotes []quoter
		for n := range 5 {
			quotes = append(quotes, quoted(bo, post.ID, fmt.Sprint("number ", n)))
		}
		hidden := quoted(bo, post.ID, "for followers", "visibility", "private")
		path := "/api/v1/statuses/" + post.ID + "/quotes"
		var page []quoter
		read := func(p *servertest.Person, link string) (next, prev string) {
			t.Helper()
			page = nil
			answer := p.Do(http.MethodGet, link, nil, &page)
			for _, part := range strings.Split(answer.Header.Get("Link"), ", ") {
				if address, rel, ok := strings.Cut(part, ">; rel="); ok {
					at := strings.TrimPrefix(strings.TrimPrefix(address, "<"), s.URL)
					if rel == `"next"` {
						next = at
					} else {
						prev = at
					}
				}
			}
			return next, prev
		}
		var seen []string
		next, prev := read(ada, path+"?limit=2")
		first := prev
		for len(page) > 0 && len(seen) < 10 {
			for _, one := range page {
				seen = append(seen, one.ID)
			}
			if next == "" {
				break
			}
			next, _ = read(ada, next)
		}
		want := []string{}
		for n := range quotes {
			want = append(want, quotes[len(quotes)-1-n].ID)
		}
		if !slices.Equal(seen, want) || !strings.Contains(prev, "since_id=") {
			t.Errorf("ada reads %v, want %v; prev is %s", seen, want, prev)
		}
		late := quoted(cy, post.ID, "late")
		if read(ada, first); len(page) != 1 || page[0].ID != late.ID {
			t.Errorf("newer are %v", page)
		}
		if read(bo, path); len(page) != 7 || page[1].ID != hidden.ID {
			t.Errorf("bo reads %d", len(page))
		}
		bo.Post("/api/v1/accounts/"+cy.ID+"/mute", nil, nil)
		if read(bo, path); len(page) != 6 {
			t.Errorf("bo reads %d without whom they mute", len(page))
		}
		if got := shownTo(ada, post.ID).QuotesCount; got != 7 {
			t.Errorf("it is quoted %d times", got)
		}
		revoke := func(p *servertest.Person, of, by string, want int) (got quoter) {
			t.Helper()
			if answer := p.Do(http.MethodPost, "/api/v1/statuses/"+of+"/quotes/"+by+"/revoke", url.Values{}, &got); answer.StatusCode != want {
				t.Errorf("%s is answered %d, want %d", p.Name, answer.StatusCode, want)
			}
			return got
		}
		other := ada.Publish("another")
		revoke(cy, post.ID, quotes[0].ID, 403)
		revoke(bo, post.ID, quotes[0].ID, 403)
		revoke(cy, post.ID, hidden.ID, 404)
		revoke(ada, other.ID, quotes[0].ID, 404)
		revoke(ada, post.ID, other.ID, 404)
		for range 2 {
			if got := revoke(ada, post.ID, quotes[0].ID, 200); got.ID != quotes[0].ID || got.Quote.State != "revoked" || got.Quote.Status != nil {
				t.Errorf("the revoked quote is %+v", got)
			}
		}
		if got := revoke(ada, post.ID, hidden.ID, 404); got.ID != "" || shownTo(bo, hidden.ID).Quote.State != "revoked" {
			t.Errorf("what ada may not read is shown to her: %+v", got)
		}
		if read(bo, path); len(page) != 4 || shownTo(ada, post.ID).QuotesCount != 5 {
			t.Errorf("after that bo reads %d, and it is quoted %d times", len(page), shownTo(ada, post.ID).QuotesCount)
		}
		if answer := s.Nobody().Do(http.MethodGet, path, nil, nil); answer.StatusCode != 401 {
			t.Errorf("nobody is answered %d", answer.StatusCode)
		}
		bo.Delete(quotes[0].ID) // revoked: it does not count twice
		if got := shownTo(ada, post.ID).QuotesCount; got != 5 {
			t.Errorf("it is quoted %d times", got)
		}
	})
}

func TestAQuoteIsToldToOtherServersWithTheLeaveForIt(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		here, there := pair(t, engine)
		ada, bo, far := here.Join("ada"), here.Join("bo"), there.Join("far")
		far.Follow(bo)
		servertest.Settle(t, here, there)
		post := ada.Publish("of ada", "quote_approval_policy", "followers")
		bo.Follow(ada)
		quote := bo.Publish("by bo", "quoted_status_id", post.ID)
		servertest.Settle(t, here, there)
		read := func(address string) map[string]any {
			t.Helper()
			code, body := document(t, here, address)
			out := map[string]any{}
			if code != http.StatusOK {
				return nil
			}
			if err := json.Unmarshal([]byte(body), &out); err != nil {
				t.Fatal(err)
			}
			return out
		}
		note := read(quote.URI)
		leave := here.URL + "/ap/users/" + ada.ID + "/quote_authorizations/" + quote.ID
		for key, want := range map[string]any{"quote": post.URI, "_misskey_quote": post.URI, "quoteUri": post.URI, "quoteAuthorization": leave} {
			if note[key] != want {
				t.Errorf("%s is %v, want %v", key, note[key], want)
			}
		}
		if content, _ := note["content"].(string); !strings.HasPrefix(content, `<p class="quote-inline">RE: <a href="`) || !strings.HasSuffix(content, "<p>by bo</p>") {
			t.Errorf("the content is %s", content)
		}
		if shown, _ := bo.Show(quote.ID); shown.Content != "<p>by bo</p>" {
			t.Errorf("here the content is %s", shown.Content)
		}
		policy := func(uri string) string {
			b, err := json.Marshal(read(uri)["interactionPolicy"])
			if err != nil {
				t.Fatal(err)
			}
			return string(b)
		}
		if got := policy(post.URI); got != `{"canQuote":{"automaticApproval":["`+here.URL+"/ap/users/"+ada.ID+`/followers"]}}` {
			t.Errorf("the policy of followers is %s", got)
		}
		if got := policy(quote.URI); got != `{"canQuote":{"automaticApproval":["`+activitypub.Public+`"]}}` {
			t.Errorf("the policy of everybody is %s", got)
		}
		if got := policy(ada.Publish("x", "quote_approval_policy", "nobody").URI); got != `{"canQuote":{"automaticApproval":["`+here.URL+"/ap/users/"+ada.ID+`"]}}` {
			t.Errorf("the policy of nobody is %s", got)
		}
		got := read(leave)
		for key, want := range map[string]any{"id": leave, "type": "QuoteAuthorization", "attributedTo": here.URL + "/ap/users/" + ada.ID, "interactingObject": quote.URI, "interactionTarget": post.URI} {
			if got[key] != want {
				t.Errorf("%s of the leave is %v, want %v", key, got[key], want)
			}
		}
		if read(here.URL+"/ap/users/"+bo.ID+"/quote_authorizations/"+quote.ID) != nil || read(here.URL+"/ap/users/"+ada.ID+"/quote_authorizations/"+post.ID) != nil {
			t.Error("leave is told that nobody gave")
		}
		secret := ada.Publish("for some", "visibility", "private")
		own := ada.Publish("me", "quoted_status_id", secret.ID)
		if read(here.URL+"/ap/users/"+ada.ID+"/quote_authorizations/"+own.ID) != nil {
			t.Error("what is private is told of")
		}
		ada.Post("/api/v1/statuses/"+post.ID+"/quotes/"+quote.ID+"/revoke", nil, nil)
		if err := here.DrainEffects(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := count(t, here, `SELECT COUNT(*) FROM deliveries WHERE event_key = $1 AND body LIKE '%"type":"Delete"%' AND body LIKE '%QuoteAuthorization%'`, "delete/"+leave); n != 1 {
			t.Errorf("%d deliveries tell of it", n)
		}
		if read(leave) != nil {
			t.Error("the leave is there still")
		}
		if note := read(quote.URI); note["quote"] != nil || note["content"] != "<p>by bo</p>" {
			t.Errorf("after it the note is %v", note)
		}
	})
}

func TestAPageOfQuotesCostsNoMoreThanOneQuote(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada, bo := s.Join("ada"), s.Join("bo")
		bo.Follow(ada)
		last := ada.Publish("the first")
		for n := range 40 { // each quotes the one before, which is another's
			by := []*servertest.Person{ada, bo}[n%2]
			last = by.Publish(fmt.Sprint("number ", n), "quoted_status_id", last.ID)
		}
		cost := func(limit int) int64 {
			t.Helper()
			for _, id := range []string{last.ID} {
				s.ForgetStatus(number(t, id))
			}
			var page []quoter
			ada.Get(fmt.Sprintf("/api/v1/accounts/%s/statuses?limit=%d", bo.ID, limit), &page)
			before := s.DB().Queries()
			ada.Get(fmt.Sprintf("/api/v1/accounts/%s/statuses?limit=%d", bo.ID, limit), &page)
			if len(page) != limit || page[0].Quote == nil || page[0].Quote.Status == nil {
				t.Fatalf("a page of %d has %d", limit, len(page))
			}
			return s.DB().Queries() - before
		}
		if one, many := cost(1), cost(20); many > one {
			t.Errorf("a page of 20 quotes costs %d statements, one of 1 %d", many, one)
		}
	})
}

func TestADeletedStatusIsGivenBackWholeToBeWrittenAnew(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		here, there := pair(t, engine)
		ada, far := here.Join("ada"), there.Join("far")
		ada.Follow(far)
		servertest.Settle(t, here, there)
		far.Publish("from far")
		servertest.Settle(t, here, there)
		known := ada.Home()[0]
		for _, pairs := range [][]string{{}, {"spoiler_text", "mind", "language", "de"}, {"quoted_status_id", known.ID}} {
			text := "Look <here> & *there* @far@" + there.Domain
			made := ada.Publish(text, pairs...)
			var back map[string]any
			if answer := ada.Do(http.MethodDelete, "/api/v1/statuses/"+made.ID+"?delete_media=true", nil, &back); answer.StatusCode != http.StatusOK {
				t.Fatalf("answered %d", answer.StatusCode)
			}
			if _, has := back["content"]; has || back["text"] != text || back["id"] != made.ID || back["account"] == nil {
				t.Errorf("given back is %v", back)
			}
			if len(pairs) == 4 && (back["spoiler_text"] != "mind" || back["language"] != "de" || back["sensitive"] != true) {
				t.Errorf("given back is %v", back)
			}
			if len(pairs) == 2 {
				quote, _ := back["quote"].(map[string]any)
				inner, _ := quote["quoted_status"].(map[string]any)
				if quote["state"] != "pending" || inner["id"] != known.ID {
					t.Errorf("the quote given back is %v", quote)
				}
			}
			if answer := far.Do(http.MethodDelete, "/api/v1/statuses/"+made.ID, nil, nil); answer.StatusCode != http.StatusNotFound {
				t.Errorf("another is answered %d", answer.StatusCode)
			}
		}
	})
}
