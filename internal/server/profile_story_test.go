package server_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/protocol/activitypub/aptest"
	"anancus/internal/server/servertest"
)

// later lets what waits for its time happen at once.
func later(t *testing.T, servers ...*servertest.Server) {
	t.Helper()
	servertest.Settle(t, servers...)
	for _, s := range servers {
		write(t, s, `UPDATE outbox SET due_at = 1 WHERE failed_at IS NULL`)
	}
	servertest.Settle(t, servers...)
}

// verifiedFields asks which fields of a profile are verified, by the paths of their values.
func verifiedFields(p *servertest.Person, account string) map[string]bool {
	var shown struct {
		Fields []struct {
			Name       string
			VerifiedAt *string `json:"verified_at"`
		}
	}
	p.Get("/api/v1/accounts/"+account, &shown)
	found := map[string]bool{}
	for _, f := range shown.Fields {
		if f.VerifiedAt != nil {
			if _, err := time.Parse(time.RFC3339, *f.VerifiedAt); err != nil {
				p.On.T.Errorf("verified at %s", *f.VerifiedAt)
			}
			found[f.Name] = true
		}
	}
	return found
}

func setFields(p *servertest.Person, pairs ...string) {
	p.On.T.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Set(fmt.Sprintf("fields_attributes[%d][name]", i), pairs[i])
		form.Set(fmt.Sprintf("fields_attributes[%d][value]", i), pairs[i+1])
	}
	if code := p.Do(http.MethodPatch, "/api/v1/accounts/update_credentials", form, nil).StatusCode; code != http.StatusOK {
		p.On.T.Fatalf("the profile was not changed: %d", code)
	}
}

func TestALinkIsVerifiedWhenItsPageLeadsBack(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		here, there := pair(t, engine)
		ada, bo := here.Join("ada"), there.Join("bo")
		site, other := aptest.NewServer(t), aptest.NewServer(t)
		me, at := here.URL+"/@ada", strings.Replace(site.URL, "127.0.0.1", "pages.loopback.example.com", 1) // what is no name is no link
		html := func(path, body string) string {
			site.ServeAs(path, "text/html; charset=utf-8", body)
			return at + path
		}
		back := `<a rel="me" href="` + me + `">me</a>`
		other.ServeAs("/back", "text/html", back)
		site.Redirect("/leads-away", other.URL+"/back")
		site.Redirect("/leads-within", "/head")
		site.ServeAs("/json", "application/json", back)
		site.Redirect("/short", me)
		site.Redirect("/long", other.URL+"/short")
		other.Redirect("/short", me)

		copied := bo.Find(ada.Handle())
		for _, round := range [][4][3]string{
			{{"head", html("/head", `<html><head><link rel="me" href="`+me+`/"></head></html>`), "yes"}, {"anchor", html("/anchor", back), "yes"},
				{"hidden", html("/hidden", `<div style="display:none">`+back+`</div>`), ""}, {"not me", html("/not-me", `<a rel="not-me" href="`+me+`">me</a>`), ""}},
			{{"elsewhere", at + "/leads-away", ""}, {"within", at + "/leads-within", "yes"}, {"json", at + "/json", ""}, {"nowhere", at + "/nowhere", ""}},
			{{"short", html("/with-short", `<a rel="me" href="/short">me</a>`), "yes"}, {"second", html("/second-short", `<a rel="me" href="/x">x</a><a rel="me" href="/short">me</a>`), ""},
				{"further", html("/with-long", `<a rel="me" href="/long">me</a>`), ""}, {"another", html("/other", `<a rel="me" href="`+me+`2">me</a>`), ""}},
		} {
			var pairs []string
			for _, f := range round {
				pairs = append(pairs, f[0], f[1])
			}
			setFields(ada, pairs...)
			if got := verifiedFields(ada, ada.ID); len(got) != 0 {
				t.Errorf("verified before anybody looked: %v", got)
			}
			later(t, here)
			write(t, there, `UPDATE accounts SET fetched_at = 1, refresh_asked_at = NULL WHERE uri = $1`, copied.URI)
			bo.Get("/api/v1/accounts/"+copied.ID+"/statuses", nil)
			later(t, there)
			mine, theirs := verifiedFields(ada, ada.ID), verifiedFields(bo, copied.ID)
			for _, f := range round {
				if mine[f[0]] != (f[2] == "yes") || theirs[f[0]] != mine[f[0]] {
					t.Errorf("%s is verified here: %v, there: %v, want %q", f[0], mine[f[0]], theirs[f[0]], f[2])
				}
			}
		}

		// It stays while the link does, and is told to its member too.
		setFields(ada, "a new name", at+"/with-short", "gone", at+"/nowhere")
		if got := verifiedFields(ada, ada.ID); len(got) != 1 || !got["a new name"] {
			t.Errorf("after the name changed, verified is %v", got)
		}
		var own struct {
			Source struct {
				Fields []struct {
					VerifiedAt *string `json:"verified_at"`
				}
			}
		}
		ada.Get("/api/v1/accounts/verify_credentials", &own)
		if len(own.Source.Fields) != 2 || own.Source.Fields[0].VerifiedAt == nil || own.Source.Fields[1].VerifiedAt != nil {
			t.Errorf("its member is shown %+v", own)
		}
	})
}

func TestAnActorIsReadAgainWhenItIsOld(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		at := clock.NewManual(time.Now())
		here := servertest.NewAt(t, engine, at)
		ada := here.Join("ada")
		host := aptest.NewServer(t)
		host.Person("sam", 0)
		found := ada.Find("@sam@" + host.Host)
		servertest.Settle(t, here)
		says := func(change func(a *activitypub.Actor)) {
			actor := host.Actor("sam", 0)
			change(&actor)
			host.Serve("/users/sam", actor)
		}
		shown := func() (name string, suspended, memorial bool) {
			var a struct {
				Name                string `json:"display_name"`
				Suspended, Memorial bool
			}
			ada.Get("/api/v1/accounts/"+found.ID, &a)
			return a.Name, a.Suspended, a.Memorial
		}
		look := func(by *servertest.Person) {
			t.Helper()
			by.Get("/api/v1/accounts/"+found.ID+"/statuses", nil)
			servertest.Settle(t, here)
		}
		says(func(a *activitypub.Actor) { a.Name, a.Memorial = "Sam the second", true })
		look(ada)
		if name, _, _ := shown(); name != "sam" {
			t.Errorf("a fresh profile was read again: %q", name)
		}
		at.Advance(25 * time.Hour)
		look(here.Nobody())
		if name, _, _ := shown(); name != "sam" {
			t.Errorf("a visitor had a profile read again: %q", name)
		}
		look(ada)
		if name, _, memorial := shown(); name != "Sam the second" || !memorial {
			t.Errorf("the profile is %q, memorial: %v", name, memorial)
		}

		// What its server says of a suspension is mirrored, and only it lifts that.
		says(func(a *activitypub.Actor) { a.Suspended = true })
		at.Advance(25 * time.Hour)
		look(ada)
		if _, suspended, _ := shown(); !suspended {
			t.Error("the suspension was not read")
		}
		says(func(*activitypub.Actor) {})
		write(t, here, `UPDATE accounts SET fetched_at = 1, refresh_asked_at = NULL WHERE uri = $1`, found.URI)
		look(ada)
		if _, suspended, _ := shown(); suspended {
			t.Error("the suspension was not lifted")
		}
		write(t, here, `UPDATE accounts SET suspended_at = 1, fetched_at = 1, refresh_asked_at = NULL WHERE uri = $1`, found.URI)
		look(ada)
		if n := count(t, here, `SELECT COUNT(*) FROM accounts WHERE uri = $1 AND suspended_at IS NOT NULL`, found.URI); n != 1 {
			t.Error("its server lifted what was decided here")
		}
		write(t, here, `UPDATE accounts SET suspended_at = NULL WHERE uri = $1`, found.URI)

		// A handle that is somebody else's now does not change who it is; a deleted actor is gone.
		asked := len(host.Asked())
		host.Answer("/.well-known/webfinger", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", activitypub.ContentTypeJRD)
			_, _ = fmt.Fprintf(w, `{"subject":"acct:sam@%s","links":[{"rel":"self","type":"application/activity+json","href":"%s/users/impostor"}]}`, host.Host, host.URL)
		})
		says(func(a *activitypub.Actor) { a.Name = "not confirmed" })
		at.Advance(25 * time.Hour)
		look(ada)
		if name, _, _ := shown(); name == "not confirmed" || len(host.Asked()) == asked {
			t.Errorf("the profile is %q although its domain does not confirm it", name)
		}
		once := len(host.Asked())
		look(ada)
		if n := len(host.Asked()) - once; n != 0 {
			t.Errorf("%d requests followed from another look at once", n)
		}
		host.Answer("/users/sam", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusGone) })
		at.Advance(2 * time.Hour)
		look(ada)
		if n := count(t, here, `SELECT COUNT(*) FROM accounts WHERE uri = $1 AND deleted_at IS NOT NULL`, found.URI); n != 1 {
			t.Error("who is gone is not")
		}
	})
}

func TestWhatAnOldActorDoesHasItReadAgain(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		here := servertest.New(t, engine)
		ada := here.Join("ada")
		sam := newOutsider(t, aptest.NewServer(t), "sam", 0)
		sam.acceptFollow(ada)
		found := ada.Find("@sam@" + sam.host.Host)
		sam.actor.Name = "Sam the second"
		sam.host.Serve("/users/sam", sam.actor)
		write(t, here, `UPDATE accounts SET fetched_at = fetched_at - 700000000 WHERE uri = $1`, found.URI)
		for n := range 3 {
			sam.post(here, sam.create(sam.public(fmt.Sprint(n), "hello")), http.StatusAccepted)
		}
		if n := count(t, here, `SELECT COUNT(*) FROM outbox WHERE event = 'account.refresh_due'`); n != 1 {
			t.Errorf("%d refreshes wait", n)
		}
		later(t, here)
		var shown struct {
			Name string `json:"display_name"`
		}
		ada.Get("/api/v1/accounts/"+found.ID, &shown)
		if shown.Name != "Sam the second" {
			t.Errorf("the profile is %q", shown.Name)
		}
	})
}
