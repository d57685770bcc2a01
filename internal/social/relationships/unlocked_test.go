package relationships

import (
	"testing"

	"anancus/internal/kit/db"
	"anancus/internal/kit/db/dbtest"
	"anancus/internal/social/accounts"
	"anancus/internal/social/id"
)

func TestWhoWaitedFollowsOnceAnAccountIsUnlocked(t *testing.T) {
	dbtest.EachEngine(t, func(t *testing.T, engine db.Engine) {
		h, ctx := open(t, engine), t.Context()
		h.exec(`UPDATE accounts SET locked = TRUE WHERE id = $1`, h.bo)
		h.must(h.Follow(ctx, h.ada, h.bo, Options{}))
		h.must(h.Follow(ctx, h.cy, h.bo, Options{}))
		h.exec(`UPDATE accounts SET limited_at = 1 WHERE id = $1`, h.cy)
		const many = 2*acceptAtOnce + 1 // more than are accepted at once
		h.must(h.db.Tx(ctx, func(tx *db.Tx) error {
			for range many {
				n := id.Account(tx.NextID())
				if _, err := db.Exec(ctx, tx, `INSERT INTO accounts (id, username, username_key, domain, uri, inbox_url, created_at, updated_at)
					VALUES ($1,$2,$2,'there.example',$3,'https://there.example/inbox',1,1)`, n, n.String(), "https://there.example/"+n.String()); err != nil {
					return err
				}
				if _, err := db.Exec(ctx, tx, `INSERT INTO account_counts (account_id) VALUES ($1)`, n); err != nil {
					return err
				}
				if err := insert(ctx, tx, requests, &follow{id: id.Follow(tx.NextID()), follower: n, target: h.bo, showBoosts: true, createdAt: tx.Now()}); err != nil {
					return err
				}
			}
			return nil
		}))
		waits := func(e accounts.ProfileChanged) (yes bool) {
			t.Helper()
			h.must(h.db.Tx(ctx, func(tx *db.Tx) (err error) { yes, err = Waiting(ctx, tx, e); return err }))
			return yes
		}
		unlocked := accounts.ProfileChanged{Account: h.bo, Unlocked: true}
		if waits(accounts.ProfileChanged{Account: h.bo}) || waits(accounts.ProfileChanged{Account: h.ada, Unlocked: true}) || !waits(unlocked) {
			t.Error("which change lets somebody in is told wrongly")
		}
		h.must(h.AcceptWaiting(ctx, unlocked)) // late: the account is locked again
		if h.counts(h.bo) != [2]int64{} {
			t.Errorf("a locked account was followed: %v", h.counts(h.bo))
		}
		h.exec(`UPDATE accounts SET locked = FALSE WHERE id = $1`, h.bo)
		for range 2 { // effects may run again
			h.must(h.AcceptWaiting(ctx, unlocked))
			if h.counts(h.bo) != [2]int64{0, many + 1} || !h.between(h.ada, h.bo).Following || h.told["followed"] != many+1 {
				t.Errorf("%v follow, told %v", h.counts(h.bo), h.told)
			}
			if r := h.between(h.cy, h.bo); r.Following || !r.Requested {
				t.Errorf("the limited account is %+v", r)
			}
		}
		if waits(unlocked) {
			t.Error("nobody is left to let in")
		}
	})
}
