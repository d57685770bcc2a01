package collections

import (
	"context"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/db/dbtest"
	"anancus/internal/kit/fault"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/protocol/activitypub/aptest"
	"anancus/internal/social/accounts"
	"anancus/internal/social/id"
	"anancus/internal/social/settings"
)

// house is the room with members ada and kim, and with accounts of other servers as rows.
type house struct {
	*Service
	t        *testing.T
	clock    *clock.Manual
	ada, kim id.Account
	told     []any
	sent     []struct{ ID, Type string }
}

// Enqueue, EnqueueAll and Wake make the house its own courier: it keeps what is sent.
func (h *house) Enqueue(_ context.Context, _ *db.Tx, d activitypub.Delivery) error {
	var sent struct{ ID, Type string }
	err := json.Unmarshal(d.Body, &sent)
	h.sent = append(h.sent, sent)
	return err
}
func (h *house) EnqueueAll(ctx context.Context, d activitypub.Delivery) error {
	return h.Enqueue(ctx, nil, d)
}
func (h *house) Wake() {}

func open(t *testing.T, engine db.Engine) *house {
	t.Helper()
	now := clock.NewManual(time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC))
	d := dbtest.Open(t, engine, func(c *db.Config) { c.Clock = now })
	h := &house{t: t, clock: now}
	wrapper, err := accounts.NewWrapper(make([]byte, 32))
	h.must(err)
	people := accounts.New(accounts.Config{DB: d, Clock: now, Site: settings.Site{Domain: "here.example", WebDomain: "here.example"}, Wrapper: wrapper,
		Passwords: accounts.CheapPasswords(), MakeKey: func() (*rsa.PrivateKey, error) { return aptest.Key(0), nil }})
	h.Service = New(d, now, people, aptest.NewClient(t), h)
	for name, into := range map[string]*id.Account{"ada": &h.ada, "kim": &h.kim} {
		a, err := people.Register(t.Context(), accounts.SignUp{Username: name, Email: name + "@mail.example", Password: "correct horse battery", Confirmed: true, Approved: true})
		h.must(err)
		*into = a.ID
		h.exec(`UPDATE accounts SET discoverable = TRUE WHERE id = $1`, a.ID)
		people.Forget(a.ID)
	}
	d.SetHooks(db.Hooks{InTx: func(_ context.Context, _ *db.Tx, event any) error { h.told = append(h.told, event); return nil }})
	return h
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) exec(sql string, args ...any) {
	h.t.Helper()
	h.must(h.db.Tx(h.t.Context(), func(tx *db.Tx) error { _, err := db.Exec(h.t.Context(), tx, sql, args...); return err }))
}

func (h *house) count(sql string, args ...any) int64 {
	h.t.Helper()
	n, err := db.One(h.t.Context(), h.db, db.Int64, sql, args...)
	h.must(err)
	return n
}

// elsewhere makes an account of another server that says who may feature it.
func (h *house) elsewhere(which id.Account, base, name, canFeature string) id.Account {
	h.t.Helper()
	h.exec(`INSERT INTO accounts (id, username, username_key, domain, uri, inbox_url, can_feature, created_at, updated_at) VALUES ($1,$2,$2,$3,$4,$5,$6,0,0)`,
		which, name, strings.TrimPrefix(strings.TrimPrefix(base, "https://"), "http://"), base+"/users/"+name, base+"/inbox", canFeature)
	return which
}

// events gives what was told of one kind since the last time.
func events[E any](h *house) []E {
	var list []E
	for _, event := range h.told {
		if e, ok := event.(E); ok {
			list = append(list, e)
		}
	}
	h.told = nil
	return list
}

func (h *house) make(people ...id.Account) *Collection {
	h.t.Helper()
	name := "Friends"
	c, err := h.Create(h.t.Context(), h.ada, Wishes{Name: &name}, people)
	h.must(err)
	return c
}

func TestOnlyWhomAPolicyNamesAsks(t *testing.T) {
	dbtest.EachEngine(t, func(t *testing.T, engine db.Engine) {
		h := open(t, engine)
		c := h.make()
		ask := func(what string, who id.Account, want bool) *Item {
			t.Helper()
			item, err := h.Add(t.Context(), h.ada, c.ID, who)
			if fault.Is(err, fault.Forbidden) == want || err == nil != want {
				t.Errorf("%s: %v", what, err)
			}
			return item
		}
		bo := h.elsewhere(901, "https://there.example", "bo", "said manual:followers")
		cy := h.elsewhere(902, "https://there.example", "cy", "said automatic:following")
		ask("ada does not follow bo", bo, false)
		ask("cy does not follow ada", cy, false)
		follow := func(follower, target id.Account) {
			h.t.Helper()
			h.exec(`INSERT INTO follows (id, account_id, target_id, created_at) VALUES ($1,$1,$2,0)`, follower, target)
		}
		follow(h.ada, cy)
		follow(bo, h.ada)
		ask("bo follows ada", bo, false)
		ask("ada follows cy", cy, false)
		h.exec(`DELETE FROM follows`)
		follow(h.ada, bo)
		follow(cy, h.ada)
		item := ask("ada follows bo", bo, true)
		ask("cy follows ada", cy, true)

		// Nor does anybody ask again who may not any more.
		asked := func() (n int) {
			t.Helper()
			h.sent = nil
			h.must(h.AskAgain(t.Context(), AskDue{item.ID, 1}))
			return len(h.sent)
		}
		if n := asked(); n != 1 {
			t.Errorf("bo is asked again %d times", n)
		}
		h.exec(`DELETE FROM follows`)
		if n := asked(); n != 0 {
			t.Errorf("bo is asked %d times by whom nobody follows", n)
		}
	})
}

func TestWhoDoesNotAnswerIsAskedAgainEverLaterAndWhoSaysNoIsForgotten(t *testing.T) {
	dbtest.EachEngine(t, func(t *testing.T, engine db.Engine) {
		h := open(t, engine)
		bo := h.elsewhere(901, "https://there.example", "bo", "said automatic:public")
		c := h.make(bo, h.kim)
		items, err := itemsIn(t.Context(), h.db, []id.Collection{c.ID})
		h.must(err)
		item := items[slices.IndexFunc(items, func(i *Item) bool { return i.Account == bo })]
		events[AskDue](h)
		var hours []int
		var last string
		for hour := 1; hour <= 8*24; hour++ {
			h.clock.Advance(time.Hour)
			h.must(h.KeepItems(t.Context()))
			for _, e := range events[AskDue](h) {
				hours = append(hours, hour)
				h.must(h.AskAgain(t.Context(), e))
			}
		}
		if want := []int{1, 5, 14, 30, 55, 91, 140}; !slices.Equal(hours, want) {
			t.Errorf("bo was asked again after %v hours, want %v", hours, want)
		}
		seen := map[string]bool{}
		for _, one := range h.sent {
			if one.Type == "FeatureRequest" {
				seen[one.ID], last = true, one.ID
			}
		}
		if len(seen) != maxAsks || !strings.HasSuffix(last, "/feature_requests/"+id.String(item.ID)+"/7") {
			t.Errorf("%d requests were sent, the last %s: each is to be one of its own", len(seen), last)
		}
		who, err := h.accounts.ByID(t.Context(), bo)
		h.must(err)
		answer := func(kind string) {
			t.Helper()
			h.must(h.ReceiveAnswer(t.Context(), accounts.Received{Actor: who, Activity: activitypub.Object{"id": who.URI + "#" + kind, "type": kind, "actor": who.URI, "object": last}}))
		}
		state := func(want State) {
			t.Helper()
			if is, err := itemByID(t.Context(), h.db, item.ID); err != nil || is.State != want {
				t.Errorf("bo is %+v (%v), want %s", is, err, want)
			}
		}
		state(Pending) // as long as nobody answers
		answer("Reject")
		state(Rejected)
		h.clock.Advance(23 * time.Hour)
		h.must(h.KeepItems(t.Context()))
		state(Rejected)
		h.clock.Advance(time.Hour)
		h.must(h.KeepItems(t.Context()))
		if _, err := itemByID(t.Context(), h.db, item.ID); !fault.Is(err, fault.NotFound) {
			t.Errorf("a day after the refusal it is there still: %v", err)
		}
		again, err := h.Add(t.Context(), h.ada, c.ID, bo)
		h.must(err)

		// What an account of another server takes back, that server remembers; one of ours stays out.
		h.exec(`UPDATE collection_items SET state = 'accepted', again_at = NULL WHERE id = $1`, again.ID)
		last = h.site.ActorURI(h.ada) + "/feature_requests/" + id.String(again.ID)
		answer("Reject")
		ours, err := itemFor(t.Context(), h.db, c.ID, h.kim)
		h.must(err)
		h.must(h.Revoke(t.Context(), h.kim, c.ID, ours.ID))
		h.clock.Advance(25 * time.Hour)
		h.must(h.KeepItems(t.Context()))
		_, err = h.Add(t.Context(), h.ada, c.ID, bo)
		h.must(err)
		if _, err := h.Add(t.Context(), h.ada, c.ID, h.kim); !fault.Is(err, fault.Forbidden) {
			t.Errorf("kim, who left, is put in again: %v", err)
		}
		if n := h.count(`SELECT COUNT(*) FROM collection_items WHERE again_at IS NOT NULL`); n != 1 {
			t.Errorf("%d items are looked at again, want bo's alone", n)
		}
	})
}

func TestOnlyWhoSaysThatSomebodyMayIsAskedToBeInACollection(t *testing.T) {
	h := open(t, db.SQLite)
	for n, one := range []struct {
		says  string
		asked bool
	}{{"", false}, {"said", false}, {"said automatic:followers", false}, {"said manual:public", true}, {"said automatic:unsupported_policy", true}} {
		who := h.elsewhere(id.Account(910+n), fmt.Sprintf("https://s%d.example", n), "bo", one.says)
		name := "Friends"
		_, err := h.Create(t.Context(), h.ada, Wishes{Name: &name}, []id.Account{who})
		if one.asked && err != nil || !one.asked && !fault.Is(err, fault.Forbidden) {
			t.Errorf("one that says %q: %v", one.says, err)
		}
	}
}

func TestCollectionsOfOtherServersAreReadAgain(t *testing.T) {
	dbtest.EachEngine(t, func(t *testing.T, engine db.Engine) {
		h := open(t, engine)
		host := aptest.NewServer(t)
		sam := h.elsewhere(920, host.URL, "sam", "")
		owner, err := h.accounts.ByID(t.Context(), sam)
		h.must(err)
		document := activitypub.FeaturedCollection{Context: activitypub.ContextFeatured, ID: owner.URI + "/collections/1", Type: "FeaturedCollection", Name: "First",
			AttributedTo: owner.URI, Published: "2026-02-03T04:05:06Z", Items: []activitypub.FeaturedItem{}}
		serve := func(name string) {
			document.Name = name
			host.Serve("/users/sam/collections/1", document)
		}
		serve("First")
		c, err := h.known(t.Context(), owner, document.ID)
		h.must(err)
		is := func() *Collection {
			t.Helper()
			found, err := one(t.Context(), h.db, c.ID)
			h.must(err)
			return found
		}
		stale := func(want int) {
			t.Helper()
			list := events[Stale](h)
			if len(list) != want {
				t.Fatalf("%d collections are to be read, want %d", len(list), want)
			}
			for _, e := range list {
				h.must(h.Reread(t.Context(), e))
			}
		}
		serve("Second")
		h.must(h.RereadStale(t.Context()))
		h.must(h.lookAt(t.Context(), is()))
		stale(0)
		h.clock.Advance(25 * time.Hour)
		h.must(h.RereadStale(t.Context()))
		stale(0) // nobody looked
		h.must(h.lookAt(t.Context(), is()))
		h.must(h.lookAt(t.Context(), is()))
		stale(1)
		if got := is(); got.Name != "Second" {
			t.Errorf("after a member looked it is %q", got.Name)
		}
		serve("Third")
		h.clock.Advance(staleAfter + time.Hour)
		h.must(h.RereadStale(t.Context()))
		h.must(h.RereadStale(t.Context()))
		stale(1)
		if got := is(); got.Name != "Third" {
			t.Errorf("after a week it is %q", got.Name)
		}
		host.Close()
		h.must(h.Reread(t.Context(), Stale{c.ID})) // does not answer
		is()

		// One that is gone is forgotten, with what leads to it.
		other := aptest.NewServer(t)
		pat := h.elsewhere(921, other.URL, "pat", "")
		h.exec(`INSERT INTO collections (id, account_id, name, uri, created_at, updated_at) VALUES (77,$1,'Gone',$2,0,0)`, pat, other.URL+"/users/pat/collections/1")
		h.exec(`INSERT INTO statuses (id, uri, author_id, local, visibility, thread_id, created_at) VALUES (5,'x',$1,FALSE,'public',5,0)`, pat)
		h.exec(`INSERT INTO status_collections (status_id, collection_id) VALUES (5,77)`)
		h.must(h.Reread(t.Context(), Stale{77}))
		if n := h.count(`SELECT (SELECT COUNT(*) FROM collections WHERE id = 77) + (SELECT COUNT(*) FROM status_collections)`); n != 0 {
			t.Errorf("what its server no longer has leaves %d rows", n)
		}

		// A bounded number at a time, the oldest first.
		for n := range 130 {
			h.exec(`INSERT INTO collections (id, account_id, name, uri, created_at, updated_at, read_at) VALUES ($1,$2,'Many',$3,0,0,$4)`, 1000+n, pat, fmt.Sprint("u", n), n)
		}
		h.told = nil
		for _, want := range []int{upkeepAtOnce, 30, 0} {
			h.must(h.RereadStale(t.Context()))
			if list := events[Stale](h); len(list) != want {
				t.Errorf("one run takes %d collections, want %d", len(list), want)
			}
		}
		h.exec(dbtest.Analyze(h.db.Engine()))
		dbtest.NoScan(t, h.db, dueItemsSQL, 1, 10)
		dbtest.NoScan(t, h.db, claimStaleSQL, 1, 1, 10)
	})
}
