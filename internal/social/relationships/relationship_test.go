package relationships

import (
	"context"
	"crypto/rsa"
	"testing"
	"time"

	"anancus/internal/kit/bus"
	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/db/dbtest"
	"anancus/internal/kit/fault"
	"anancus/internal/kit/log"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/protocol/activitypub/aptest"
	"anancus/internal/protocol/mastodon"
	"anancus/internal/social/accounts"
	"anancus/internal/social/id"
	"anancus/internal/social/settings"
)

// noPost is a courier without roads: all people of these tests live here.
type noPost struct{}

func (noPost) Enqueue(context.Context, *db.Tx, activitypub.Delivery) error { return nil }
func (noPost) EnqueueAll(context.Context, activitypub.Delivery) error      { return nil }
func (noPost) Wake()                                                       {}

type home struct {
	*Service
	t            *testing.T
	clock        *clock.Manual
	ada, bo, cy  id.Account
	told         map[string]int
	accountsRoom *accounts.Service
}

func open(t *testing.T, engine db.Engine) *home {
	t.Helper()
	now := clock.NewManual(time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC))
	d := dbtest.Open(t, engine, func(c *db.Config) { c.Clock = now })
	h := &home{t: t, clock: now, told: map[string]int{}}
	b := bus.New(d, now, log.Discard())
	bus.On[accounts.Joined](b, "account.joined")
	bus.On(b, "relationship.followed", bus.Live(func(context.Context, Followed) { h.told["followed"]++ }))
	bus.On(b, "relationship.follow_requested", bus.Live(func(context.Context, FollowRequested) { h.told["requested"]++ }))
	bus.On(b, "relationship.follow_changed", bus.Live(func(context.Context, FollowChanged) { h.told["changed"]++ }))
	bus.On(b, "relationship.unfollowed", bus.Live(func(context.Context, Unfollowed) { h.told["unfollowed"]++ }))
	bus.On(b, "relationship.blocked", bus.Live(func(context.Context, Blocked) { h.told["blocked"]++ }))
	bus.On(b, "relationship.unblocked", bus.Live(func(context.Context, Unblocked) { h.told["unblocked"]++ }))
	bus.On(b, "relationship.muted", bus.Live(func(context.Context, Muted) { h.told["muted"]++ }))
	bus.On(b, "relationship.unmuted", bus.Live(func(context.Context, Unmuted) { h.told["unmuted"]++ }))
	wrapper, err := accounts.NewWrapper(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	h.accountsRoom = accounts.New(accounts.Config{DB: d, Clock: now, Site: settings.Site{Domain: "social.example", WebDomain: "social.example"}, Wrapper: wrapper,
		Passwords: accounts.CheapPasswords(), MakeKey: func() (*rsa.PrivateKey, error) { return aptest.Key(0), nil }})
	h.Service = New(d, now, h.accountsRoom, noPost{})
	for name, into := range map[string]*id.Account{"ada": &h.ada, "bo": &h.bo, "cy": &h.cy} {
		a, err := h.accountsRoom.Register(t.Context(), accounts.SignUp{Username: name, Email: name + "@mail.example", Password: "correct horse battery", Confirmed: true, Approved: true})
		if err != nil {
			t.Fatal(err)
		}
		*into = a.ID
	}
	return h
}

func (h *home) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *home) between(a, b id.Account) mastodon.Relationship {
	h.t.Helper()
	list, err := h.Between(h.t.Context(), a, []id.Account{b})
	h.must(err)
	return list[0]
}

func (h *home) counts(a id.Account) [2]int64 {
	h.t.Helper()
	following, followers, err := followCounts(h.t.Context(), h.db, a)
	h.must(err)
	return [2]int64{following, followers}
}

func (h *home) exec(sql string, args ...any) {
	h.t.Helper()
	h.must(h.db.Tx(h.t.Context(), func(tx *db.Tx) error {
		_, err := db.Exec(h.t.Context(), tx, sql, args...)
		return err
	}))
}

func TestAFollowIsOneHoweverOftenItIsAsked(t *testing.T) {
	dbtest.EachEngine(t, func(t *testing.T, engine db.Engine) {
		h, ctx := open(t, engine), t.Context()
		no, yes, languages := false, true, []string{"en", "de"}
		h.must(h.Follow(ctx, h.ada, h.bo, Options{}))
		h.must(h.Follow(ctx, h.ada, h.bo, Options{ShowBoosts: &no, Notify: &yes, Languages: &languages}))
		h.must(h.Follow(ctx, h.ada, h.bo, Options{}))
		r := h.between(h.ada, h.bo)
		if !r.Following || r.ShowingReblogs || !r.Notifying || len(r.Languages) != 2 || r.Requested || r.FollowedBy {
			t.Errorf("%+v", r)
		}
		if back := h.between(h.bo, h.ada); !back.FollowedBy || back.Following {
			t.Errorf("seen from the other side %+v", back)
		}
		if h.counts(h.ada) != [2]int64{1, 0} || h.counts(h.bo) != [2]int64{0, 1} || h.told["followed"] != 1 || h.told["changed"] != 2 {
			t.Errorf("ada %v, bo %v, told %v", h.counts(h.ada), h.counts(h.bo), h.told)
		}
		h.must(h.Unfollow(ctx, h.ada, h.bo))
		h.must(h.Unfollow(ctx, h.ada, h.bo))
		if h.counts(h.ada) != [2]int64{} || h.counts(h.bo) != [2]int64{} || h.told["unfollowed"] != 1 {
			t.Errorf("after the end: ada %v, bo %v, told %v", h.counts(h.ada), h.counts(h.bo), h.told)
		}
	})
}

func TestWhoMayNotBeFollowed(t *testing.T) {
	h, ctx := open(t, db.SQLite), t.Context()
	if err := h.Follow(ctx, h.ada, h.ada, Options{}); !fault.Is(err, fault.Forbidden) {
		t.Errorf("oneself: %v", err)
	}
	if err := h.Follow(ctx, h.ada, 99, Options{}); !fault.Is(err, fault.NotFound) {
		t.Errorf("nobody: %v", err)
	}
	h.must(h.Block(ctx, h.bo, h.ada))
	if err := h.Follow(ctx, h.ada, h.bo, Options{}); !fault.Is(err, fault.Forbidden) {
		t.Errorf("who blocks: %v", err)
	}
	if err := h.Follow(ctx, h.bo, h.ada, Options{}); !fault.Is(err, fault.Forbidden) {
		t.Errorf("whom one blocks: %v", err)
	}
	h.exec(`UPDATE accounts SET suspended_at = 1 WHERE id = $1`, h.cy)
	if err := h.Follow(ctx, h.ada, h.cy, Options{}); !fault.Is(err, fault.NotFound) {
		t.Errorf("who is suspended: %v", err)
	}
}

func TestTheNumberOfFollowsIsBounded(t *testing.T) {
	h, ctx := open(t, db.SQLite), t.Context()
	h.exec(`UPDATE account_counts SET following = 7500 WHERE account_id = $1`, h.ada)
	if err := h.Follow(ctx, h.ada, h.bo, Options{}); !fault.Is(err, fault.Invalid) {
		t.Errorf("the 7,501st: %v", err)
	}
	h.exec(`UPDATE account_counts SET followers = 10000 WHERE account_id = $1`, h.ada)
	h.must(h.Follow(ctx, h.ada, h.bo, Options{}))
}

func TestALockedAccountIsAsked(t *testing.T) {
	dbtest.EachEngine(t, func(t *testing.T, engine db.Engine) {
		h, ctx := open(t, engine), t.Context()
		h.exec(`UPDATE accounts SET locked = TRUE WHERE id = $1`, h.bo)
		for _, who := range []id.Account{h.ada, h.cy} {
			h.must(h.Follow(ctx, who, h.bo, Options{}))
			h.must(h.Follow(ctx, who, h.bo, Options{}))
		}
		if r := h.between(h.ada, h.bo); r.Following || !r.Requested || !h.between(h.bo, h.ada).RequestedBy {
			t.Errorf("%+v", r)
		}
		if n, err := h.CountRequests(ctx, h.bo); err != nil || n != 2 || h.told["requested"] != 2 {
			t.Errorf("%d requests (%v), told %v", n, err, h.told)
		}
		h.must(h.AuthorizeRequest(ctx, h.bo, h.ada))
		h.must(h.RejectRequest(ctx, h.bo, h.cy))
		if !h.between(h.ada, h.bo).Following || h.between(h.cy, h.bo).Requested || h.counts(h.bo) != [2]int64{0, 1} {
			t.Errorf("the answers did not count: %v", h.counts(h.bo))
		}
		for _, err := range []error{h.AuthorizeRequest(ctx, h.bo, h.ada), h.AuthorizeRequest(ctx, h.bo, h.cy), h.RejectRequest(ctx, h.bo, h.cy)} {
			if !fault.Is(err, fault.NotFound) {
				t.Errorf("an answer to no request: %v", err)
			}
		}
		h.must(h.RemoveFollower(ctx, h.bo, h.ada))
		h.must(h.RemoveFollower(ctx, h.bo, h.ada))
		if h.between(h.ada, h.bo).Following || h.counts(h.bo) != [2]int64{} {
			t.Error("a follower could not be removed")
		}
	})
}

func TestABlockEndsWhatWasBetweenTwo(t *testing.T) {
	dbtest.EachEngine(t, func(t *testing.T, engine db.Engine) {
		h, ctx := open(t, engine), t.Context()
		h.must(h.Follow(ctx, h.ada, h.bo, Options{}))
		h.must(h.Follow(ctx, h.bo, h.ada, Options{}))
		h.must(h.Block(ctx, h.ada, h.bo))
		h.must(h.Block(ctx, h.ada, h.bo))
		r, back := h.between(h.ada, h.bo), h.between(h.bo, h.ada)
		if !r.Blocking || r.Following || r.FollowedBy || !back.BlockedBy || back.Blocking || h.counts(h.ada) != [2]int64{} || h.counts(h.bo) != [2]int64{} {
			t.Errorf("%+v and %+v, %v", r, back, h.counts(h.ada))
		}
		h.must(h.Unblock(ctx, h.ada, h.bo))
		h.must(h.Unblock(ctx, h.ada, h.bo))
		if h.between(h.ada, h.bo).Blocking || h.told["blocked"] != 1 || h.told["unblocked"] != 1 {
			t.Errorf("told %v", h.told)
		}
	})
}

func TestAMuteEndsWhenItsTimeIsOver(t *testing.T) {
	dbtest.EachEngine(t, func(t *testing.T, engine db.Engine) {
		h, ctx := open(t, engine), t.Context()
		h.must(h.Mute(ctx, h.ada, h.bo, true, time.Hour))
		h.must(h.Mute(ctx, h.ada, h.cy, false, 0))
		r := h.between(h.ada, h.bo)
		if !r.Muting || !r.MutingNotifications || r.MutingExpiresAt == nil || *r.MutingExpiresAt != mastodon.Time(h.clock.Now().Add(time.Hour)) {
			t.Errorf("%+v", r)
		}
		if r := h.between(h.ada, h.cy); !r.Muting || r.MutingNotifications || r.MutingExpiresAt != nil {
			t.Errorf("for ever: %+v", r)
		}
		h.clock.Advance(time.Hour - time.Second)
		h.must(h.EndExpiredMutes(ctx))
		if !h.between(h.ada, h.bo).Muting {
			t.Error("it ended a second early")
		}
		h.clock.Advance(2 * time.Second)
		if h.between(h.ada, h.bo).Muting {
			t.Error("its time is over, and it is shown until somebody tidies up")
		}
		h.must(h.EndExpiredMutes(ctx))
		h.must(h.EndExpiredMutes(ctx))
		if h.told["unmuted"] != 1 || !h.between(h.ada, h.cy).Muting {
			t.Errorf("told %v", h.told)
		}
		if err := h.Mute(ctx, h.ada, h.ada, true, 0); !fault.Is(err, fault.Forbidden) {
			t.Errorf("oneself: %v", err)
		}
	})
}

func TestOnlyFollowersElsewhereAreLookedAtForTheirInboxes(t *testing.T) {
	dbtest.EachEngine(t, func(t *testing.T, engine db.Engine) {
		h := open(t, engine)
		const sam = id.Account(77)
		h.exec(`INSERT INTO accounts (id, username, username_key, domain, uri, inbox_url, shared_inbox_url, created_at, updated_at)
			VALUES ($1,'sam','sam','there.example','https://there.example/sam','https://there.example/sam/inbox','https://there.example/inbox',0,0)`, sam)
		for _, follower := range []id.Account{h.bo, sam} {
			h.must(h.db.Tx(t.Context(), func(tx *db.Tx) error {
				return insert(t.Context(), tx, follows, &follow{id: id.Follow(tx.NextID()), follower: follower, target: h.ada, createdAt: tx.Now()})
			}))
		}
		remote, err := db.All(t.Context(), h.db, db.Value[id.Account], `SELECT account_id FROM follows WHERE target_id = $1 AND remote`, h.ada)
		if err != nil || len(remote) != 1 || remote[0] != sam {
			t.Errorf("followers elsewhere are %v: %v", remote, err)
		}
		inboxes, err := FollowerInboxes(t.Context(), h.db, h.ada)
		if err != nil || len(inboxes) != 1 || inboxes[0] != "https://there.example/inbox" {
			t.Errorf("inboxes are %v: %v", inboxes, err)
		}
	})
}
