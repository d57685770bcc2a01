package server_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"anancus/internal/kit/db"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/protocol/activitypub/aptest"
	"anancus/internal/server/servertest"
)

func wantQuote(t *testing.T, p *servertest.Person, uri, state, of string) {
	t.Helper()
	here, ok := known(p, uri)
	if !ok {
		t.Errorf("%s does not see %s", p.Name, uri)
		return
	}
	got, shows := shownTo(p, here.ID), ""
	is := "none"
	if got.Quote != nil {
		is = got.Quote.State
		if got.Quote.Status != nil && got.Quote.Status.Content != nil {
			shows = *got.Quote.Status.Content
		}
	}
	if is != state || shows != of {
		t.Errorf("to %s the quote of %s is %s and shows %q, want %s and %q", p.Name, uri, is, shows, state, of)
	}
}

func TestAStatusElsewhereIsQuotedByLeaveOfItsAuthor(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		here, there := pair(t, engine)
		ada, cy, bo := here.Join("ada"), here.Join("cy"), there.Join("bo")
		bo.Follow(ada)
		cy.Follow(bo)
		servertest.Settle(t, here, there)
		post := ada.Publish("worth saying")
		servertest.Settle(t, here, there)
		copied, _ := known(bo, post.URI)
		quote := bo.Publish("look at this", "quoted_status_id", copied.ID)
		wantQuote(t, bo, quote.URI, "pending", "")
		servertest.Settle(t, here, there)
		for _, p := range []*servertest.Person{bo, cy, ada} {
			wantQuote(t, p, quote.URI, "accepted", "<p>worth saying</p>")
		}
		wantTold(t, ada, "quote", abroad(bo), 1)
		if got := shownTo(ada, post.ID).QuotesCount; got != 1 {
			t.Errorf("it is quoted %d times", got)
		}

		// An edit of what quotes leaves the quote as it is.
		edit(bo, quote.ID, "status", "look at that")
		servertest.Settle(t, here, there)
		wantQuote(t, cy, quote.URI, "accepted", "<p>worth saying</p>")

		// Taken back: nobody is shown it any more, here or there.
		arrived, _ := known(ada, quote.URI)
		ada.Post("/api/v1/statuses/"+post.ID+"/quotes/"+arrived.ID+"/revoke", nil, nil)
		servertest.Settle(t, here, there)
		for _, p := range []*servertest.Person{bo, cy, ada} {
			if seen, _ := known(p, quote.URI); shownTo(p, seen.ID).Quote != nil && shownTo(p, seen.ID).Quote.State == "accepted" {
				t.Errorf("%s is shown the quote that was taken back", p.Name)
			}
		}
		wantQuote(t, bo, quote.URI, "revoked", "")
		if got := shownTo(ada, post.ID).QuotesCount; got != 0 {
			t.Errorf("it is quoted %d times", got)
		}

		// The author changed their mind before the other server heard of it.
		second := ada.Publish("say nothing")
		servertest.Settle(t, here, there)
		copied, _ = known(bo, second.URI)
		ada.Do(http.MethodPut, "/api/v1/statuses/"+second.ID+"/interaction_policy", formOf("quote_approval_policy", "nobody"), nil)
		refused := bo.Publish("he said", "quoted_status_id", copied.ID)
		servertest.Settle(t, here, there)
		wantQuote(t, bo, refused.URI, "rejected", "")
		wantTold(t, ada, "quote", abroad(bo), 1)
		if _, ok := known(cy, refused.URI); !ok {
			t.Error("what quotes without leave is lost")
		}
	})
}

func TestLeaveToQuoteIsLookedAtAgain(t *testing.T) {
	here, there := pair(t, db.SQLite)
	ada, bo := here.Join("ada"), there.Join("bo")
	bo.Follow(ada)
	servertest.Settle(t, here, there)
	post := ada.Publish("worth saying")
	servertest.Settle(t, here, there)
	copied, _ := known(bo, post.URI)
	quote := bo.Publish("look at this", "quoted_status_id", copied.ID)
	servertest.Settle(t, here, there)
	check := func(want string) {
		t.Helper()
		if err := there.Chore(t.Context(), "check leave to quote"); err != nil {
			t.Fatal(err)
		}
		servertest.Settle(t, here, there)
		says := ""
		if want == "accepted" {
			says = "<p>worth saying</p>"
		}
		wantQuote(t, bo, quote.URI, want, says)
	}
	check("accepted")
	write(t, here, `UPDATE quotes SET state = 'revoked'`) // and the word of it was lost
	check("accepted")                                     // it was looked at just now
	write(t, there, `DELETE FROM settings WHERE name = 'fact.quote_approvals'`)
	check("revoked")
}

func TestNobodyIsShownQuotingWithoutLeave(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		here := servertest.New(t, engine)
		ada := here.Join("ada")
		host, elsewhere := aptest.NewServer(t), aptest.NewServer(t)
		sam, mallory, eve := newOutsider(t, host, "sam", 0), newOutsider(t, host, "mallory", 1), newOutsider(t, elsewhere, "eve", 2)
		sam.acceptFollow(ada)
		post := ada.Publish("mine")
		me := here.URL + "/ap/users/" + ada.ID

		// Of one of ours: not by saying so, nor by a leave that the quoting server wrote itself.
		quote := sam.public("1", "he said")
		quote.Quote = post.URI
		sam.post(here, sam.create(quote), http.StatusAccepted)
		wantQuote(t, ada, quote.ID, "pending", "")
		forged := sam.public("2", "he said again")
		forged.Quote, forged.QuoteAuthorization = post.URI, host.URL+"/leave"
		host.Serve("/leave", activitypub.NewQuoteAuthorization(host.URL+"/leave", me, forged.ID, post.URI))
		sam.post(here, sam.create(forged), http.StatusAccepted)
		wantQuote(t, ada, forged.ID, "pending", "")

		// A request is for the asking actor's own status, and for the status that it names.
		ask := func(by *outsider, number string, note activitypub.Note, of string) {
			t.Helper()
			by.post(here, activitypub.NewQuoteRequest(by.actor.ID+"/quote_requests/"+number, by.actor.ID, of, note), http.StatusAccepted)
		}
		other := ada.Publish("mine too")
		ask(mallory, "1", quote, post.URI)
		ask(eve, "2", quote, post.URI)
		ask(sam, "3", quote, other.URI)
		wantQuote(t, ada, quote.ID, "pending", "")
		wantTold(t, ada, "quote", "sam@"+host.Host, 0)
		private := ada.Publish("for some", "visibility", "private")
		secret := sam.public("3", "psst")
		secret.Quote = private.URI
		ask(sam, "4", secret, private.URI)
		if got := shownTo(ada, private.ID).QuotesCount; got != 0 {
			t.Errorf("what is private is quoted %d times", got)
		}
		ask(sam, "5", quote, post.URI)
		ask(sam, "5", quote, post.URI)
		wantQuote(t, ada, quote.ID, "accepted", "<p>mine</p>")
		wantTold(t, ada, "quote", "sam@"+host.Host, 1)
		if got := shownTo(ada, post.ID).QuotesCount; got != 1 {
			t.Errorf("it is quoted %d times", got)
		}

		// Of others elsewhere: by the document of the quoted author's server alone.
		said := eve.public("1", "of eve")
		said.Context = activitypub.ContextNote
		elsewhere.Serve("/users/eve/statuses/1", said)
		quoting := func(number, approval string, change func(*activitypub.Note)) activitypub.Note {
			n := sam.public(number, "of eve, I think")
			n.Quote, n.QuoteAuthorization = said.ID, approval
			if change != nil {
				change(&n)
			}
			sam.post(here, sam.create(n), http.StatusAccepted)
			return n
		}
		wantQuote(t, ada, quoting("10", "", nil).ID, "pending", "")
		host.Serve("/leave2", activitypub.NewQuoteAuthorization(host.URL+"/leave2", eve.actor.ID, sam.actor.ID+"/statuses/11", said.ID))
		wantQuote(t, ada, quoting("11", host.URL+"/leave2", nil).ID, "pending", "")
		elsewhere.Serve("/leave3", activitypub.NewQuoteAuthorization(elsewhere.URL+"/leave3", eve.actor.ID, sam.actor.ID+"/statuses/99", said.ID))
		wantQuote(t, ada, quoting("12", elsewhere.URL+"/leave3", nil).ID, "pending", "")
		elsewhere.Serve("/leave4", activitypub.NewQuoteAuthorization(elsewhere.URL+"/leave4", eve.actor.ID, sam.actor.ID+"/statuses/13", said.ID))
		let := quoting("13", elsewhere.URL+"/leave4", nil)
		wantQuote(t, ada, let.ID, "accepted", "<p>of eve</p>")
		wantQuote(t, ada, quoting("14", "", func(n *activitypub.Note) { n.Quote, n.MisskeyQuote = "", said.ID }).ID, "none", "")
		wantQuote(t, ada, quoting("15", "", func(n *activitypub.Note) { n.Quote = let.ID }).ID, "accepted", "<p>of eve, I think</p>") // one's own

		// Only eve takes her leave back.
		gone := activitypub.NewDeleteQuoteAuthorization(*activitypub.NewQuoteAuthorization(elsewhere.URL+"/leave4", eve.actor.ID, let.ID, said.ID))
		forgedEnd := gone
		forgedEnd.ID, forgedEnd.Actor = mallory.actor.ID+"#delete", mallory.actor.ID
		mallory.post(here, forgedEnd, http.StatusAccepted)
		wantQuote(t, ada, let.ID, "accepted", "<p>of eve</p>")
		eve.post(here, gone, http.StatusAccepted)
		wantQuote(t, ada, let.ID, "revoked", "")

		// What a member asked is answered by whom it was asked.
		copied, _ := known(ada, said.ID)
		write(t, here, `UPDATE statuses SET quote_policy = 2 WHERE id = $1`, number(t, copied.ID))
		here.Forget()
		mine := ada.Publish("as eve says", "quoted_status_id", copied.ID)
		servertest.Settle(t, here)
		request := me + "/quote_requests/" + strconv.FormatInt(count(t, here, `SELECT id FROM quotes WHERE status_id = $1`, number(t, mine.ID)), 10)
		accept := func(by *outsider, result string) {
			t.Helper()
			by.post(here, activitypub.Activity{Context: activitypub.ContextPlain, ID: by.actor.ID + "#accepts/" + result, Type: "Accept", Actor: by.actor.ID, Object: request, Result: result}, http.StatusAccepted)
		}
		accept(mallory, host.URL+"/leave9")
		accept(eve, host.URL+"/leave9") // not hers to write
		wantQuote(t, ada, mine.URI, "pending", "")
		accept(eve, elsewhere.URL+"/leave9")
		wantQuote(t, ada, mine.URI, "accepted", "<p>of eve</p>")
		_, body := document(t, here, mine.URI)
		if want := `"quoteAuthorization":"` + elsewhere.URL + `/leave9"`; !strings.Contains(body, want) {
			t.Errorf("the note lacks %s: %s", want, body)
		}
		asked := 0
		for _, one := range elsewhere.Received() {
			if strings.Contains(string(one.Body), `"type":"QuoteRequest"`) && strings.Contains(string(one.Body), `"object":"`+said.ID+`"`) {
				asked++
			}
		}
		if asked != 1 {
			t.Errorf("eve was asked %d times", asked)
		}
	})
}
