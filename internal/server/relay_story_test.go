package server_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/protocol/activitypub/aptest"
	"anancus/internal/server/keeper"
	"anancus/internal/server/servertest"
)

// relayed is a relay that a server is subscribed to, or asked.
type relayed struct {
	*outsider
	on    *servertest.Server
	inbox keeper.RelayInbox
}

func newRelay(t *testing.T, on *servertest.Server, key int) *relayed {
	t.Helper()
	x := newOutsider(t, aptest.NewServer(t), "relay", key)
	return &relayed{x, on, keeper.RelayInbox{Inbox: x.host.URL + "/inbox"}}
}

// do does something about the relay as a keeper.
func (r *relayed) do(op func(*testing.T, keeper.Ops) (keeper.Relay, error)) keeper.Relay {
	r.t.Helper()
	now, err := op(r.t, r.on.Keeper())
	if err != nil {
		r.t.Fatal(err)
	}
	servertest.Settle(r.t, r.on)
	return now
}

func (r *relayed) add() keeper.Relay {
	return r.do(func(t *testing.T, ops keeper.Ops) (keeper.Relay, error) { return ops.AddRelay(t.Context(), r.inbox) })
}

func (r *relayed) enable() keeper.Relay {
	return r.do(func(t *testing.T, ops keeper.Ops) (keeper.Relay, error) { return ops.EnableRelay(t.Context(), r.inbox) })
}

func (r *relayed) disable() keeper.Relay {
	return r.do(func(t *testing.T, ops keeper.Ops) (keeper.Relay, error) {
		return ops.DisableRelay(t.Context(), r.inbox)
	})
}

func (r *relayed) remove() keeper.Relay {
	return r.do(func(t *testing.T, ops keeper.Ops) (keeper.Relay, error) { return ops.RemoveRelay(t.Context(), r.inbox) })
}

// wants compares how the relay stands for keepers.
func (r *relayed) wants(state, actor string) {
	r.t.Helper()
	all, err := r.on.Keeper().ListRelays(r.t.Context())
	if err != nil || len(all.Relays) != 1 || all.Relays[0].State != state || all.Relays[0].Actor != actor || all.Relays[0].Inbox != r.inbox.Inbox {
		r.t.Errorf("the relays are %+v (%v), want one %s", all, err, state)
	}
}

// asked gives the last Follow that came.
func (r *relayed) asked() activitypub.Object {
	r.t.Helper()
	all := r.got("Follow")
	if len(all) == 0 {
		r.t.Fatal("the relay was not asked")
	}
	o, err := activitypub.Parse(all[len(all)-1])
	if err != nil {
		r.t.Fatal(err)
	}
	return o
}

// announces tells of a status as relays do.
func (x *outsider) announces(to *servertest.Server, uri string) {
	x.t.Helper()
	x.post(to, activitypub.NewAnnounce(x.actor.ID+"/announces/"+url.QueryEscape(uri), x.actor.ID, activitypub.Timestamp(time.Now()), []string{x.actor.Followers}, nil, uri), http.StatusAccepted)
}

// serves lets a note be read at its address.
func (x *outsider) serves(n activitypub.Note) activitypub.Note {
	x.t.Helper()
	x.host.Serve(strings.TrimPrefix(n.ID, x.host.URL), altered(x.t, n, "@context", activitypub.Namespace))
	return n
}

func TestWhatEverybodyMayReadGoesToRelays(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		here := servertest.New(t, engine)
		ada := here.Join("ada")
		r := newRelay(t, here, 1)
		mallory := newOutsider(t, aptest.NewServer(t), "mallory", 2)

		r.add()
		follow := r.asked()
		request := r.host.Received()[0].Request
		if follow.Link("object") != activitypub.Public || follow.Link("actor") != here.URL+"/actor" || request.URL.Path != "/inbox" ||
			!strings.Contains(request.Header.Get("Signature"), `keyId="`+here.URL+`/actor#main-key"`) {
			t.Errorf("the relay is asked by %v, signed %s", follow, request.Header.Get("Signature"))
		}
		ada.Publish("before it answers")
		servertest.Settle(t, here)
		mallory.post(here, activitypub.NewActivity("Accept", mallory.actor.ID+"#accepts/1", mallory.actor.ID, follow.ID()), http.StatusAccepted)
		r.wants("pending", "")
		if n := len(r.got("Create")); n != 0 {
			t.Errorf("%d statuses went to a relay that had not accepted", n)
		}
		accept := activitypub.NewAnswer("Accept", r.actor.ID+"#accepts/1", r.actor.ID, activitypub.NewActivity("Follow", follow.ID(), here.URL+"/actor", activitypub.Public))
		r.post(here, accept, http.StatusAccepted)
		r.wants("accepted", r.actor.ID)

		open := ada.Publish("for all")
		for _, visibility := range []string{"unlisted", "private", "direct"} {
			ada.Publish("not for all", "visibility", visibility)
		}
		ada.Publish("for members", "local_only", "true")
		servertest.Settle(t, here)
		ada.Act(open.ID, "reblog")
		ada.Do(http.MethodPut, "/api/v1/statuses/"+open.ID, url.Values{"status": {"for all, edited"}}, nil)
		ada.Do(http.MethodPatch, "/api/v1/accounts/update_credentials", url.Values{"display_name": {"Ada of the relays"}}, nil)
		servertest.Settle(t, here)
		ada.Delete(open.ID)
		servertest.Settle(t, here)
		for kind, wanted := range map[string][]string{"Create": {open.URI}, "Update": {open.URI, here.URL + "/ap/users/" + ada.ID}, "Delete": {open.URI}, "Announce": nil, "Undo": nil} {
			left := map[string]bool{}
			for _, one := range wanted {
				left[one] = true
			}
			for _, body := range r.got(kind) {
				o, err := activitypub.Parse(body)
				if err != nil || !left[o.Link("object")] || !activitypub.HasLinkedSignature(o) {
					t.Errorf("the relay got %s", body)
				}
				delete(left, o.Link("object"))
			}
			if len(left) != 0 {
				t.Errorf("the relay got no %s of %v", kind, left)
			}
		}

		// Not any more, and not by an answer that comes late.
		r.disable()
		undo := r.got("Undo")
		if o, err := activitypub.Parse(undo[len(undo)-1]); len(undo) != 1 || err != nil || o.Link("object") != follow.ID() || o.Object("object").Link("object") != activitypub.Public {
			t.Errorf("the relay is told %s", undo)
		}
		r.wants("idle", "")
		r.post(here, accept, http.StatusAccepted)
		r.wants("idle", "")
		ada.Publish("after it")
		servertest.Settle(t, here)
		if n := len(r.got("Create")); n != 1 {
			t.Errorf("%d statuses went to the relay in all", n)
		}
		r.enable()
		again := r.asked()
		if again.ID() == follow.ID() {
			t.Error("the relay is asked under the name of an earlier question")
		}
		r.wants("pending", "")
		r.post(here, activitypub.NewActivity("Reject", r.actor.ID+"#rejects/1", r.actor.ID, again.ID()), http.StatusAccepted)
		r.wants("rejected", "")
		r.post(here, activitypub.NewActivity("Accept", r.actor.ID+"#accepts/2", r.actor.ID, again.ID()), http.StatusAccepted)
		r.wants("rejected", "")
		r.remove()
		if all, err := here.Keeper().ListRelays(t.Context()); err != nil || len(all.Relays) != 0 {
			t.Errorf("the relays are %+v (%v)", all, err)
		}
		if n := len(r.got("Undo")); n != 1 {
			t.Errorf("a relay that had refused was told %d times of an end", n)
		}
		if n := count(t, here, `SELECT COUNT(*) FROM audit_log WHERE target_kind = 'relay'`); n != 4 {
			t.Errorf("%d entries in the log of keepers", n)
		}
	})
}

func TestWhatRelaysTellOfIsReadAtItsOwnServer(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		here := servertest.New(t, engine)
		ada := here.Join("ada")
		r := newRelay(t, here, 1)
		sam := newOutsider(t, aptest.NewServer(t), "sam", 0)
		mallory := newOutsider(t, aptest.NewServer(t), "mallory", 2)

		first := sam.serves(sam.public("1", "by a relay"))
		r.announces(here, first.ID)
		r.add()
		r.announces(here, first.ID)
		if n := len(sam.host.Asked()); n != 0 {
			t.Errorf("what a relay said that had not accepted made us ask %d times", n)
		}
		r.post(here, activitypub.NewActivity("Accept", r.actor.ID+"#accepts/1", r.actor.ID, r.asked().ID()), http.StatusAccepted)
		for range 2 {
			r.announces(here, first.ID)
		}
		got, ok := known(ada, first.ID)
		if !ok || !strings.Contains(got.Content, "by a relay") || got.Boosts != 0 {
			t.Fatalf("what a relay announced is %+v", got)
		}
		var all []servertest.Status
		ada.Get("/api/v1/timelines/public?remote=true", &all)
		if !has(all, first.ID) || has(ada.Home(), first.ID) {
			t.Errorf("it is in the public timeline: %v, on the home timeline of who follows nobody: %v", has(all, first.ID), has(ada.Home(), first.ID))
		}
		if n := count(t, here, `SELECT COUNT(*) FROM statuses WHERE boost_of_id IS NOT NULL`); n != 0 {
			t.Errorf("%d boosts by the relay are kept", n)
		}

		// Forwarded with the author's signature inside, which nobody here checks, or with a proof; both lead to the author's server.
		second, third := sam.serves(sam.public("2", "the truth")), sam.serves(sam.public("3", "the proven truth"))
		lie := second
		lie.Content = "<p>a lie</p>"
		r.brings(here, linked(t, sam.create(lie)), http.StatusAccepted)
		r.brings(here, aptest.Prove(t, sam.create(third), sam.asserts(1), 1, time.Now()), http.StatusAccepted)
		for uri, says := range map[string]string{second.ID: "the truth", third.ID: "the proven truth"} {
			if got, ok := known(ada, uri); !ok || !strings.Contains(got.Content, says) {
				t.Errorf("what a relay forwarded says %q, want %q", got.Content, says)
			}
		}
		edited := second
		edited.Content, edited.Updated = "<p>the newer truth</p>", activitypub.Timestamp(time.Now())
		sam.serves(edited)
		r.brings(here, linked(t, activitypub.NewUpdate(second.ID+"#updates/1", lie)), http.StatusAccepted)
		if got, _ := known(ada, second.ID); !strings.Contains(got.Content, "the newer truth") {
			t.Errorf("after an edit that a relay forwarded it says %q", got.Content)
		}
		sam.host.Answer("/users/sam/statuses/2", http.NotFound)
		r.brings(here, linked(t, activitypub.NewDelete(second.ID+"#delete", sam.actor.ID, second.ID)), http.StatusAccepted)
		if _, ok := known(ada, second.ID); ok {
			t.Error("what was deleted, as a relay told, is still there")
		}

		// What not everybody may read, what is not there, what is ours, and what another says.
		for i, to := range [][]string{{sam.actor.Followers}, {here.URL + "/ap/users/" + ada.ID}} {
			hidden := sam.serves(sam.note(string(rune('4'+i)), "not for all", to, nil))
			r.announces(here, hidden.ID)
			if _, ok := known(ada, hidden.ID); ok {
				t.Errorf("what is for %v was taken from a relay", to)
			}
		}
		r.announces(here, sam.actor.ID+"/statuses/none")
		r.announces(here, ada.Publish("mine").URI)
		foreign := sam.create(first)
		foreign.Object = mallory.serves(mallory.public("1", "of another")).ID
		r.brings(here, linked(t, foreign), http.StatusAccepted)
		fifth := sam.serves(sam.public("6", "not by a relay"))
		mallory.announces(here, fifth.ID)
		mallory.brings(here, linked(t, sam.create(fifth)), http.StatusAccepted)
		for _, uri := range []string{mallory.actor.ID + "/statuses/1", fifth.ID} {
			if _, ok := known(ada, uri); ok {
				t.Errorf("%s was taken", uri)
			}
		}

		// Measures hold.
		block(t, here, keeper.DomainBlock{Domain: sam.host.Host, Severity: "suspend"})
		asked := len(sam.host.Asked())
		r.announces(here, fifth.ID)
		r.brings(here, linked(t, sam.create(fifth)), http.StatusForbidden)
		if n := len(sam.host.Asked()); n != asked {
			t.Errorf("a suspended server was asked %d times", n-asked)
		}
		tess := newOutsider(t, aptest.NewServer(t), "tess", 3)
		last := tess.serves(tess.public("1", "too late"))
		take(t, here, "suspend", "relay@"+r.host.Host)
		r.announces(here, last.ID)
		take(t, here, "unsuspend", "relay@"+r.host.Host)
		r.disable()
		r.announces(here, last.ID)
		if n := len(tess.host.Asked()); n != 0 {
			t.Errorf("what a relay says that is not listened to made us ask %d times", n)
		}
		if n := count(t, here, `SELECT COUNT(*) FROM inbox`) + count(t, here, `SELECT COUNT(*) FROM deliveries`); n != 0 {
			t.Errorf("%d rows wait", n)
		}
	})
}

func TestWhichRelaysCanBeAdded(t *testing.T) {
	here := servertest.New(t, db.SQLite)
	block(t, here, keeper.DomainBlock{Domain: "evil.example", Severity: "suspend"})
	r := newRelay(t, here, 1)
	r.add()
	for inbox, kind := range map[string]fault.Kind{
		r.inbox.Inbox:                           fault.Conflict,
		here.URL + "/inbox":                     fault.Invalid,
		"https://evil.example/inbox":            fault.Invalid,
		"https://user:word@relay.example/inbox": fault.Invalid,
		"relay.example":                         fault.Invalid,
		"":                                      fault.Invalid,
		"ftp://relay.example/inbox":             fault.Invalid,
		"https://relay.example/inbox#here":      fault.Invalid,
		"https://relay.example/" + strings.Repeat("x", 3000): fault.Invalid,
	} {
		if _, err := here.Keeper().AddRelay(t.Context(), keeper.RelayInbox{Inbox: inbox}); !fault.Is(err, kind) {
			t.Errorf("adding %.60q: %v", inbox, err)
		}
	}
	unknown := keeper.RelayInbox{Inbox: "https://unknown.example/inbox"}
	if _, err := here.Keeper().EnableRelay(t.Context(), unknown); !fault.Is(err, fault.NotFound) {
		t.Errorf("enabling an unknown relay: %v", err)
	}
	if _, err := here.Keeper().DisableRelay(t.Context(), unknown); !fault.Is(err, fault.NotFound) {
		t.Errorf("disabling an unknown relay: %v", err)
	}
	if _, err := here.Keeper().RemoveRelay(t.Context(), unknown); !fault.Is(err, fault.NotFound) {
		t.Errorf("removing an unknown relay: %v", err)
	}
	r.wants("pending", "")
}
