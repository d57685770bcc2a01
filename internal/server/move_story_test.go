package server_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/protocol/activitypub/aptest"
	"anancus/internal/server/keeper"
	"anancus/internal/server/servertest"
)

// moveTo leads a member's followers to another account, which names the member's as its own first.
func moveTo(t *testing.T, from, to *servertest.Person) {
	t.Helper()
	if _, err := to.On.Keeper().ChangeAlias(t.Context(), keeper.ChangeAlias{Name: to.Name, Do: "add", Alias: from.Handle()}); err != nil {
		t.Fatal(err)
	}
	if _, err := from.On.Keeper().MoveAccount(t.Context(), keeper.MoveAccount{Name: from.Name, To: to.Handle()}); err != nil {
		t.Fatal(err)
	}
}

// movedTo asks where an account is shown to have moved to; "" for nowhere.
func movedTo(p *servertest.Person, account string) string {
	var shown struct {
		Moved *struct {
			URI   string
			Moved any
		}
	}
	p.Get("/api/v1/accounts/"+account, &shown)
	if shown.Moved == nil {
		return ""
	}
	if shown.Moved.Moved != nil {
		p.On.T.Errorf("%s is shown further than one account", account)
	}
	return shown.Moved.URI
}

func TestFollowersAreLedToWhereAnAccountMoves(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		here, there := pair(t, engine)
		ada, cy, dan, eve := here.Join("ada"), here.Join("cy"), here.Join("dan"), here.Join("eve")
		bo, bea, fay := there.Join("bo"), there.Join("bea"), there.Join("fay")
		old := ada.Follow(bo)
		ada.Post("/api/v1/accounts/"+old.ID+"/follow", url.Values{"reblogs": {"false"}, "notify": {"true"}}, nil)
		cy.Follow(bo)
		fay.Follow(bo)
		servertest.Settle(t, here, there)
		list := makeList(t, ada, url.Values{"title": {"Friends"}}).ID
		ada.Post("/api/v1/lists/"+list+"/accounts", url.Values{"account_ids[]": {old.ID}}, nil)
		ada.Post("/api/v1/accounts/"+old.ID+"/note", url.Values{"comment": {"met in Bremen"}}, nil)
		dan.Post("/api/v1/accounts/"+old.ID+"/block", nil, nil)
		eve.Post("/api/v1/accounts/"+old.ID+"/mute", url.Values{"notifications": {"false"}}, nil)
		servertest.Settle(t, here, there)

		if _, err := there.Keeper().MoveAccount(t.Context(), keeper.MoveAccount{Name: "bo", To: bea.Handle()}); err == nil || !strings.Contains(err.Error(), "alias") {
			t.Errorf("a move to an account that knows nothing of it: %v", err)
		}
		if _, err := there.Keeper().MoveAccount(t.Context(), keeper.MoveAccount{Name: "bo", To: bo.Handle()}); err == nil {
			t.Error("an account moved to itself")
		}
		moveTo(t, bo, bea)
		if _, err := there.Keeper().MoveAccount(t.Context(), keeper.MoveAccount{Name: "bo", To: bea.Handle()}); err == nil || !strings.Contains(err.Error(), "30 days") {
			t.Errorf("a second move at once: %v", err)
		}
		servertest.Settle(t, here, there)

		fresh := ada.Find(bea.Handle())
		for _, p := range []*servertest.Person{ada, cy} {
			if now, before := p.Towards(fresh.ID), p.Towards(old.ID); !now.Following || before.Following {
				t.Errorf("%s follows the new account: %v, the old one: %v", p.Name, now.Following, before.Following)
			}
		}
		if !fay.Towards(bea.ID).Following || fay.Towards(bo.ID).Following {
			t.Error("who follows on the same server was not led on")
		}
		if !dan.Towards(fresh.ID).Blocking || eve.Towards(fresh.ID).Blocking {
			t.Error("a block was not carried, or to somebody else")
		}
		var ties []struct {
			Note          string
			ShowReblogs   bool `json:"showing_reblogs"`
			Notifying     bool
			Muting        bool
			MutingNotices bool `json:"muting_notifications"`
		}
		ada.Get("/api/v1/accounts/relationships?id[]="+fresh.ID, &ties)
		if !strings.Contains(ties[0].Note, "met in Bremen") || !strings.Contains(ties[0].Note, abroad(bo)) || ties[0].ShowReblogs || !ties[0].Notifying {
			t.Errorf("ada is to the new account %+v", ties[0])
		}
		eve.Get("/api/v1/accounts/relationships?id[]="+fresh.ID, &ties)
		if !ties[0].Muting || ties[0].MutingNotices {
			t.Errorf("eve is to the new account %+v", ties[0])
		}
		var members []servertest.Account
		ada.Get("/api/v1/lists/"+list+"/accounts", &members)
		if len(members) != 1 || members[0].ID != fresh.ID {
			t.Errorf("the list holds %+v", members)
		}
		bea.Publish("from my new place")
		servertest.Settle(t, here, there)
		if home := ada.Home(); len(home) != 1 || home[0].Account.ID != fresh.ID {
			t.Errorf("the home timeline shows %+v", home)
		}

		for _, p := range []*servertest.Person{ada, eve} {
			if got := movedTo(p, old.ID); got != fresh.URI {
				t.Errorf("the old account is shown to have moved to %q", got)
			}
		}
		if got := movedTo(fay, bo.ID); got != fresh.URI {
			t.Errorf("where it comes from it is shown to have moved to %q", got)
		}
		var own struct{ Moved *servertest.Account }
		bo.Get("/api/v1/accounts/verify_credentials", &own)
		if own.Moved == nil || own.Moved.ID != bea.ID {
			t.Errorf("its own member is shown %+v", own)
		}
		for _, p := range []*servertest.Person{ada, fay} {
			account := p.Find(bo.Handle()).ID
			if code := p.Do(http.MethodPost, "/api/v1/accounts/"+account+"/follow", url.Values{}, nil).StatusCode; code != http.StatusForbidden {
				t.Errorf("following an account that moved was answered %d", code)
			}
		}
		_, body := document(t, there, there.URL+"/ap/users/"+bo.ID)
		if !strings.Contains(body, `"movedTo":"`+fresh.URI+`"`) {
			t.Errorf("the actor does not say where it moved to: %s", body)
		}
	})
}

func TestAMemberMovesToAnotherServer(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		here, there := pair(t, engine)
		ada, cy, eda, bo := here.Join("ada"), here.Join("cy"), there.Join("eda"), there.Join("bo")
		lock(eda)
		followed := bo.Follow(ada)
		cy.Follow(ada)
		servertest.Settle(t, here, there)
		moveTo(t, ada, eda)
		servertest.Settle(t, here, there)
		if now := bo.Towards(eda.ID); now.Following || !now.Requested || bo.Towards(followed.ID).Following {
			t.Errorf("who followed is to the new account, which is locked, %+v", now)
		}
		fresh := cy.Find(eda.Handle())
		if now := cy.Towards(fresh.ID); now.Following || !now.Requested || cy.Towards(ada.ID).Following {
			t.Errorf("who followed on the old server is to the new account %+v", now)
		}
		for _, asks := range []string{bo.ID, eda.Find(cy.Handle()).ID} {
			eda.Post("/api/v1/follow_requests/"+asks+"/authorize", nil, nil)
		}
		servertest.Settle(t, here, there)
		if !bo.Towards(eda.ID).Following || !cy.Towards(fresh.ID).Following {
			t.Error("they were not let in")
		}
		var account servertest.Account
		here.Nobody().Get("/api/v1/accounts/"+ada.ID, &account)
		if account.Followers != 0 {
			t.Errorf("the old account still counts %d followers", account.Followers)
		}
		for _, do := range []string{"remove", "remove"} {
			now, err := there.Keeper().ChangeAlias(t.Context(), keeper.ChangeAlias{Name: "eda", Do: do, Alias: ada.Handle()})
			if err == nil && len(now.Aliases) != 0 {
				t.Errorf("after the alias was removed there are %v", now.Aliases)
			}
		}
		if _, err := there.Keeper().ChangeAlias(t.Context(), keeper.ChangeAlias{Name: "eda", Do: "add", Alias: eda.Handle()}); err == nil {
			t.Error("an account became its own alias")
		}
	})
}

func TestNobodyIsLedAstray(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		here := servertest.New(t, engine)
		ada, cy := here.Join("ada"), here.Join("cy")
		host, other := aptest.NewServer(t), aptest.NewServer(t)
		sam, mallory := newOutsider(t, host, "sam", 0), newOutsider(t, host, "mallory", 1)
		tom, uma := newOutsider(t, other, "tom", 2), newOutsider(t, other, "uma", 3)
		for _, p := range []*servertest.Person{ada, cy} {
			sam.acceptFollow(p)
		}
		says := func(x *outsider, change func(a *activitypub.Actor)) {
			change(&x.actor)
			x.host.Serve("/users/"+x.actor.PreferredUsername, x.actor)
		}
		old := ada.Find("@sam@" + host.Host)
		move := func(by *outsider, object, target string) {
			t.Helper()
			activity := activitypub.NewMove(fmt.Sprintf("%s#moves/%d", by.actor.ID, clock.System{}.Now().UnixNano()), by.actor.ID, target)
			activity.Object = object
			by.post(here, activity, http.StatusAccepted)
		}
		stays := func(why string) {
			t.Helper()
			for _, p := range []*servertest.Person{ada, cy} {
				if !p.Towards(old.ID).Following {
					t.Fatalf("%s: %s was led away", why, p.Name)
				}
			}
			if got := movedTo(ada, old.ID); got != "" {
				t.Fatalf("%s: it is shown to have moved to %s", why, got)
			}
		}
		move(sam, sam.actor.ID, tom.actor.ID)
		stays("the new account does not know of it")
		says(tom, func(a *activitypub.Actor) { a.AlsoKnownAs = []string{mallory.actor.ID, sam.actor.ID + "/"} })
		move(sam, sam.actor.ID, tom.actor.ID)
		stays("the new account names others")
		says(tom, func(a *activitypub.Actor) { a.AlsoKnownAs = []string{sam.actor.ID} })
		move(mallory, sam.actor.ID, tom.actor.ID)
		stays("another member of its server moves it")
		move(sam, mallory.actor.ID, tom.actor.ID)
		stays("it moves another")
		move(sam, sam.actor.ID, other.URL+"/nobody")
		move(sam, sam.actor.ID, "")
		move(sam, sam.actor.ID, "javascript:alert(1)")
		stays("it moves nowhere")
		says(sam, func(a *activitypub.Actor) { a.AlsoKnownAs = []string{a.ID, tom.actor.ID} })
		move(sam, sam.actor.ID, sam.actor.ID)
		stays("it moves to itself")
		says(tom, func(a *activitypub.Actor) { a.MovedTo = uma.actor.ID })
		move(sam, sam.actor.ID, tom.actor.ID)
		stays("the new account has moved on")
		says(tom, func(a *activitypub.Actor) { a.MovedTo = "" })
		found := ada.Find("@tom@" + other.Host)
		write(t, here, `UPDATE accounts SET suspended_at = 1 WHERE id = CAST($1 AS BIGINT)`, found.ID)
		move(sam, sam.actor.ID, tom.actor.ID)
		stays("the new account is suspended here")
		write(t, here, `UPDATE accounts SET suspended_at = NULL WHERE id = CAST($1 AS BIGINT)`, found.ID)
		other.Redirect("/alias", "/users/tom")
		move(sam, sam.actor.ID, other.URL+"/alias")
		stays("the new account has another id")
		local := here.URL + "/ap/users/" + ada.ID
		move(sam, sam.actor.ID, local)
		stays("a member here never named it")

		// What blocks the new account stays where it is; the others go.
		cy.Post("/api/v1/accounts/"+found.ID+"/block", nil, nil)
		move(sam, sam.actor.ID, tom.actor.ID)
		if now := ada.Towards(found.ID); !now.Requested || ada.Towards(old.ID).Following {
			t.Fatalf("ada is to the new account %+v", now)
		}
		if now := cy.Towards(found.ID); now.Requested || !cy.Towards(old.ID).Following {
			t.Fatalf("cy, who blocks the new account, is to it %+v", now)
		}
		if got := movedTo(ada, old.ID); got != tom.actor.ID {
			t.Errorf("the old account is shown to have moved to %q", got)
		}

		// In a circle nobody is led, and not twice within a week.
		tom.acceptFollow(ada)
		says(sam, func(a *activitypub.Actor) { a.AlsoKnownAs = []string{tom.actor.ID} })
		move(tom, tom.actor.ID, sam.actor.ID)
		if !ada.Towards(found.ID).Following || ada.Towards(old.ID).Requested {
			t.Error("ada was led in a circle")
		}
		says(uma, func(a *activitypub.Actor) { a.AlsoKnownAs = []string{sam.actor.ID, tom.actor.ID} })
		move(sam, sam.actor.ID, uma.actor.ID)
		third := ada.Find("@uma@" + other.Host)
		if !cy.Towards(old.ID).Following || cy.Towards(third.ID).Requested {
			t.Error("cy was led away within a week of the last move")
		}
		write(t, here, `UPDATE accounts SET moved_at = moved_at - 605000000 WHERE moved_at IS NOT NULL`)
		move(sam, sam.actor.ID, uma.actor.ID)
		if cy.Towards(old.ID).Following || !cy.Towards(third.ID).Requested {
			t.Error("cy was not led on after a week")
		}

		// What an actor says of itself is shown when the other end says so too, and no longer than it is said.
		says(mallory, func(a *activitypub.Actor) { a.MovedTo = tom.actor.ID })
		known := ada.Find("@mallory@" + host.Host)
		mallory.post(here, activitypub.NewUpdateActor(mallory.actor.ID+"#updates/1", mallory.actor), http.StatusAccepted)
		if got := movedTo(ada, known.ID); got != "" {
			t.Errorf("mallory is shown to be %s", got)
		}
		says(mallory, func(a *activitypub.Actor) { a.MovedTo = uma.actor.ID })
		says(uma, func(a *activitypub.Actor) { a.AlsoKnownAs = []string{mallory.actor.ID} })
		write(t, here, `UPDATE accounts SET fetched_at = 1 WHERE id = CAST($1 AS BIGINT)`, third.ID)
		mallory.post(here, activitypub.NewUpdateActor(mallory.actor.ID+"#updates/2", mallory.actor), http.StatusAccepted)
		if got := movedTo(ada, known.ID); got != uma.actor.ID {
			t.Errorf("mallory is shown to have moved to %q", got)
		}
		says(mallory, func(a *activitypub.Actor) { a.MovedTo = "" })
		mallory.post(here, activitypub.NewUpdateActor(mallory.actor.ID+"#updates/3", mallory.actor), http.StatusAccepted)
		if got := movedTo(ada, known.ID); got != "" {
			t.Errorf("after it came back it is shown to have moved to %q", got)
		}
	})
}

func TestManyFollowersAreLedInSteps(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		here := servertest.New(t, engine)
		host := aptest.NewServer(t)
		sam, tom := newOutsider(t, host, "sam", 0), newOutsider(t, host, "tom", 1)
		tom.actor.AlsoKnownAs = []string{sam.actor.ID}
		host.Serve("/users/tom", tom.actor)
		ada := here.Join("ada")
		sam.acceptFollow(ada)
		tom.acceptFollow(ada) // whom ada follows already
		const many = 120      // more than one run of the effect carries
		for i := range many {
			one := here.Join(fmt.Sprintf("follower%d", i))
			write(t, here, `INSERT INTO follows (id, account_id, target_id, uri, created_at)
				SELECT CAST($1 AS BIGINT), CAST($1 AS BIGINT), id, $2, 1 FROM accounts WHERE uri = $3`, one.ID, "x#"+one.ID, sam.actor.ID)
		}
		sam.post(here, activitypub.NewMove(sam.actor.ID+"#moves/1", sam.actor.ID, tom.actor.ID), http.StatusAccepted)
		if n := count(t, here, `SELECT COUNT(*) FROM follows f JOIN accounts a ON a.id = f.target_id WHERE a.uri = $1`, sam.actor.ID); n != 0 {
			t.Errorf("%d still follow the old account", n)
		}
		if n := count(t, here, `SELECT COUNT(*) FROM follow_requests f JOIN accounts a ON a.id = f.target_id WHERE a.uri = $1`, tom.actor.ID); n != many {
			t.Errorf("%d asked to follow the new account, want %d", n, many)
		}
		follows, undone := 0, 0
		for _, r := range host.Received() {
			switch activity, err := activitypub.Parse(r.Body); {
			case err != nil:
				t.Error(err)
			case activity.Is("Follow") && activity.Link("object") == tom.actor.ID:
				follows++
			case activity.Is("Undo"):
				undone++
			}
		}
		if follows != many+1 || undone != many+1 {
			t.Errorf("the other server got %d follows and %d undone ones, want %d of each", follows, undone, many+1)
		}
	})
}
