package tags

import (
	"testing"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/db/dbtest"
	"anancus/internal/social/accounts"
	"anancus/internal/social/id"
	"anancus/internal/social/settings"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

type home struct {
	*Service
	t     *testing.T
	d     *db.DB
	clock *clock.Manual
	next  id.Status
}

// open makes a room with two accounts; statuses are rows that carry hashtags and nothing else.
func open(t *testing.T, engine db.Engine) *home {
	t.Helper()
	now := clock.NewManual(noon)
	d := dbtest.Open(t, engine, func(c *db.Config) { c.Clock = now })
	people := accounts.New(accounts.Config{DB: d, Clock: now, Site: settings.Site{Domain: "here.example", WebDomain: "here.example"}})
	h := &home{Service: New(d, now, people), t: t, d: d, clock: now, next: 1000}
	for name, account := range map[string]id.Account{"ada": ada, "bo": bo} {
		h.exec(`INSERT INTO accounts (id, username, username_key, domain, uri, created_at, updated_at) VALUES ($1,$2,$2,'',$2,0,0)`, account, name)
	}
	return h
}

const ada, bo id.Account = 1, 2

func (h *home) exec(sql string, args ...any) {
	h.t.Helper()
	h.must(h.d.Tx(h.t.Context(), func(tx *db.Tx) error { _, err := db.Exec(h.t.Context(), tx, sql, args...); return err }))
}

func (h *home) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// use writes a status with hashtags and gives its id.
func (h *home) use(u Use, keys ...string) id.Status {
	h.t.Helper()
	h.next++
	u.Status = h.next
	if u.At.IsZero() {
		u.At = h.clock.Now()
	}
	h.exec(`INSERT INTO statuses (id, uri, author_id, local, visibility, thread_id, created_at) VALUES ($1,$2,$3,TRUE,'public',$1,0)`, u.Status, u.Status.String(), u.Author)
	h.again(u, keys...)
	return u.Status
}

func (h *home) again(u Use, keys ...string) {
	h.t.Helper()
	var list []Named
	for _, key := range keys {
		list = append(list, Named{key, key})
	}
	h.must(h.d.Tx(h.t.Context(), func(tx *db.Tx) error { _, err := Attach(h.t.Context(), tx, u, list); return err }))
}

// history gives the numbers of a hashtag, today first.
func (h *home) history(key string, days int) [][2]int64 {
	h.t.Helper()
	tag, err := byName(h.t.Context(), h.d, key)
	h.must(err)
	all, err := h.History(h.t.Context(), []id.Tag{tag.ID}, days)
	h.must(err)
	var out [][2]int64
	for _, day := range all[tag.ID] {
		out = append(out, [2]int64{day.Uses, day.Accounts})
	}
	return out
}

func TestAHistoryCountsUsesAndPeopleOfEachDay(t *testing.T) {
	dbtest.EachEngine(t, func(t *testing.T, engine db.Engine) {
		h := open(t, engine)
		public := func(author id.Account, at time.Time) Use { return Use{Author: author, At: at, Public: true} }
		h.use(public(ada, noon), "cats", "dogs")
		once := h.use(public(ada, noon.Add(time.Hour)), "cats")
		h.use(public(bo, noon.Add(-13*time.Hour)), "cats") // yesterday, arrived today
		h.use(public(bo, noon), "cats")
		h.use(Use{Author: bo}, "cats") // not public
		h.again(Use{Status: once, Author: ada, At: noon, Public: true}, "cats")
		want := func(key string, days ...[2]int64) {
			t.Helper()
			for i, got := range h.history(key, len(days)) {
				if got != days[i] {
					t.Errorf("%s %d days ago: %v, want %v", key, i, got, days[i])
				}
			}
		}
		want("cats", [2]int64{3, 2}, [2]int64{1, 1}, [2]int64{})
		want("dogs", [2]int64{1, 1}, [2]int64{})
		h.use(public(bo, noon.AddDate(0, 0, -14)), "cats") // too long ago to count
		if n := h.count(`SELECT COUNT(*) FROM tag_days`); n != 3 {
			t.Errorf("%d days are kept, want 3", n)
		}
		h.clock.Advance(24 * time.Hour)
		want("cats", [2]int64{}, [2]int64{3, 2}, [2]int64{1, 1})

		h.clock.Advance(12 * 24 * time.Hour) // the 14th day after yesterday's
		h.must(h.PurgeHistory(t.Context()))
		if days, people := h.count(`SELECT COUNT(*) FROM tag_days`), h.count(`SELECT COUNT(*) FROM tag_day_accounts`); days != 2 || people != 3 {
			t.Errorf("after the purge of a day %d days and %d uses are kept, want 2 and 3", days, people)
		}
		h.clock.Advance(24 * time.Hour)
		h.must(h.PurgeHistory(t.Context()))
		if days, people := h.count(`SELECT COUNT(*) FROM tag_days`), h.count(`SELECT COUNT(*) FROM tag_day_accounts`); days != 0 || people != 0 {
			t.Errorf("after the purge of all %d days and %d uses are kept", days, people)
		}
	})
}

func (h *home) count(sql string) int64 {
	h.t.Helper()
	n, err := db.One(h.t.Context(), h.d, db.Int64, sql)
	h.must(err)
	return n
}

func TestWhatAMemberUsedIsCountedInAnIndexAlone(t *testing.T) {
	dbtest.EachEngine(t, func(t *testing.T, engine db.Engine) {
		h := open(t, engine)
		for i := range 30 {
			h.use(Use{Author: []id.Account{ada, bo}[i%2], Own: true, Public: true}, "cats", []string{"one", "two", "three"}[i%3])
		}
		gone := h.use(Use{Author: ada, Own: true}, "cats")
		h.must(h.d.Tx(t.Context(), func(tx *db.Tx) error { return Detach(t.Context(), tx, gone) }))
		tag, err := byName(t.Context(), h.d, "cats")
		h.must(err)
		h.exec(`INSERT INTO featured_tags (id, account_id, tag_id, created_at) VALUES (1,$1,$2,0)`, ada, tag.ID)
		list, err := FeaturedBy(t.Context(), h.d, ada)
		h.must(err)
		if len(list) != 1 || list[0].Statuses != 15 {
			t.Errorf("it is %+v, want 15 statuses", list)
		}
		h.exec(dbtest.Analyze(h.d.Engine()))
		for name, plan := range map[string]func(){
			"featured":    func() { dbtest.NoScan(t, h.d, featuredSQL, ada, 10) },
			"suggestions": func() { dbtest.NoScan(t, h.d, suggestionsSQL, ada, 0, 10) },
			"history":     func() { dbtest.NoScan(t, h.d, historySQL, []id.Tag{1}, 0, 10) },
			"followed":    func() { dbtest.NoScan(t, h.d, followedSQL+` ORDER BY id DESC LIMIT $4`, ada, 100, 0, 10) },
			"ties":        func() { dbtest.NoScan(t, h.d, tiesSQL, ada, []id.Tag{1}) },
			"old people":  func() { dbtest.NoScan(t, h.d, purgeAccountsSQL, 1, 10) },
			"old days":    func() { dbtest.NoScan(t, h.d, purgeDaysSQL, 1, 10) },
		} {
			t.Run(name, func(*testing.T) { plan() })
		}
	})
}

func TestTheHashtagsOfAnAccountElsewhereAreCountedAsFarAsItsStatusesAreKnown(t *testing.T) {
	dbtest.EachEngine(t, func(t *testing.T, engine db.Engine) {
		h := open(t, engine)
		const cy id.Account = 3
		h.exec(`INSERT INTO accounts (id, username, username_key, domain, uri, created_at, updated_at) VALUES ($1,'cy','cy','there.example','cy',0,0)`, cy)
		theirs := Use{Author: cy, Profile: true}
		h.next = id.Status(h.d.IDAt(noon.Add(-48 * time.Hour)))
		h.use(theirs, "cats")
		h.use(theirs, "cats", "dogs")
		hidden := h.use(Use{Author: cy}, "cats")
		h.exec(`UPDATE statuses SET visibility = 'private' WHERE id = $1`, hidden)
		h.use(Use{Author: bo, Profile: true}, "cats") // somebody else's
		want := func(tag string, statuses int64, last time.Time) {
			t.Helper()
			list, err := FeaturedBy(t.Context(), h.d, cy)
			h.must(err)
			for _, f := range list {
				if f.Tag.Name == tag {
					if f.Statuses != statuses || f.Last.Format(time.DateOnly) != last.Format(time.DateOnly) {
						t.Errorf("%s has %d statuses, the last of %s, want %d of %s", tag, f.Statuses, f.Last, statuses, last)
					}
					return
				}
			}
			t.Errorf("%s is not among %+v", tag, list)
		}
		h.must(h.keepFeatured(t.Context(), cy, []string{"Cats"}))
		want("cats", 2, noon.Add(-48*time.Hour))
		h.next = id.Status(h.d.IDAt(noon))
		gone := h.use(theirs, "cats", "dogs")
		h.use(Use{Author: cy}, "cats") // for followers
		want("cats", 3, noon)
		h.must(h.keepFeatured(t.Context(), cy, []string{"Cats"})) // once more changes nothing
		want("cats", 3, noon)
		_, err := h.feature(t.Context(), cy, "dogs", true)
		h.must(err)
		want("dogs", 2, noon)
		h.must(h.d.Tx(t.Context(), func(tx *db.Tx) error { return Detach(t.Context(), tx, gone) }))
		want("cats", 2, noon.Add(-48*time.Hour))
		want("dogs", 1, noon.Add(-48*time.Hour))
		if n := h.count(`SELECT COUNT(*) FROM status_tags WHERE member_id = 2`); n != 0 {
			t.Errorf("%d uses by somebody who shows no hashtag are counted", n)
		}
		h.exec(dbtest.Analyze(h.d.Engine()))
		dbtest.NoScan(t, h.d, countPastSQL, cy, 1)
	})
}
