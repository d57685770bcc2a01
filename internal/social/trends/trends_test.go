package trends

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"anancus/internal/kit/bus"
	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/db/dbtest"
	"anancus/internal/kit/fault"
	"anancus/internal/protocol/mastodon"
	"anancus/internal/social/accounts"
	"anancus/internal/social/filters"
	"anancus/internal/social/id"
	"anancus/internal/social/media"
	"anancus/internal/social/settings"
	"anancus/internal/social/statuses"
	"anancus/internal/social/tags"
	"anancus/internal/social/viewer"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

type home struct {
	*Service
	t     *testing.T
	d     *db.DB
	clock *clock.Manual

	linkedNow *media.Linked // the last event
}

func open(t *testing.T, engine db.Engine) *home {
	t.Helper()
	now := clock.NewManual(noon)
	d := dbtest.Open(t, engine, func(c *db.Config) { c.Clock = now })
	b := bus.New(d, now, slog.New(slog.DiscardHandler))
	bus.On[settings.Changed](b, "settings.changed")
	h := &home{t: t, d: d, clock: now}
	bus.On(b, "link.used", bus.Live(func(_ context.Context, e media.Linked) { h.linkedNow = &e }))
	bus.On(b, "media.files_changed", bus.Live(func(context.Context, media.FilesChanged) {}))
	h.start()
	for i, name := range []string{"ada", "bo", "cy"} {
		h.exec(`INSERT INTO accounts (id, username, username_key, domain, uri, url, discoverable, created_at, updated_at) VALUES ($1,$2,$2,'',$2,$3,TRUE,0,0)`,
			i+1, name, "https://here.example/@"+name)
	}
	return h
}

// start makes the room anew on the same database, as a restart does.
func (h *home) start() {
	h.t.Helper()
	site := settings.Site{Domain: "here.example", WebDomain: "here.example"}
	set := settings.New(h.d, site)
	h.must(set.Load(h.t.Context()))
	people := accounts.New(accounts.Config{DB: h.d, Clock: h.clock, Site: site})
	posts := statuses.New(statuses.Config{DB: h.d, Clock: h.clock, Settings: set, Accounts: people, Filters: filters.New(h.d, h.clock, nil)})
	h.Service = New(h.d, h.clock, set, tags.New(h.d, h.clock, people), posts)
}

func (h *home) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *home) exec(sql string, args ...any) {
	h.t.Helper()
	h.must(h.d.Tx(h.t.Context(), func(tx *db.Tx) error { _, err := db.Exec(h.t.Context(), tx, sql, args...); return err }))
}

func (h *home) count(sql string, args ...any) int64 {
	h.t.Helper()
	n, err := db.One(h.t.Context(), h.d, db.Int64, sql, args...)
	h.must(err)
	return n
}

func (h *home) set(name, value string) {
	h.t.Helper()
	h.must(h.settings.Set(h.t.Context(), name, value))
}

// tag makes a hashtag.
func (h *home) tag(n int, name string) {
	h.exec(`INSERT INTO tags (id, name, shown, created_at) VALUES ($1,$2,$2,0)`, n, name)
}

// used says by how many accounts a subject was used on a day of November.
func (h *home) used(table, column string, subject, day, accounts int) {
	h.t.Helper()
	at := dayOf(time.Date(2026, 11, day, 0, 0, 0, 0, time.UTC))
	h.exec(`INSERT INTO `+table+` (`+column+`, day, uses, accounts) VALUES ($1,$2,$3,$3) ON CONFLICT (`+column+`, day) DO UPDATE SET uses = excluded.uses, accounts = excluded.accounts`,
		subject, at, accounts)
}

// at moves the clock to so long after noon, and computes.
func (h *home) at(after time.Duration) {
	h.t.Helper()
	h.clock.Advance(noon.Add(after).Sub(h.clock.Now()))
	h.must(h.Refresh(h.t.Context()))
}

// want compares what trends with scores, written as "name score, …", the highest first.
func (h *home) want(kind, want string) {
	h.t.Helper()
	list, err := h.Entries(h.t.Context(), kind)
	h.must(err)
	var got []string
	for _, one := range list {
		got = append(got, fmt.Sprintf("%s %.6f", one.Name, one.Score))
	}
	if strings.Join(got, ", ") != want {
		h.t.Errorf("%s after noon the trends of %s are\n%s, want\n%s", h.clock.Now().Sub(noon), kind, strings.Join(got, ", "), want)
	}
}

// The scores were computed by hand from behaviours §12: ((o-e)²)/e, halved every 4 or 8 hours since the peak.
func TestScoresAreThoseOfTheTableThroughDecayAndARestart(t *testing.T) {
	dbtest.EachEngine(t, func(t *testing.T, engine db.Engine) {
		h := open(t, engine)
		for i, name := range []string{"nothing", "high", "new", "few", "less", "same", "banned"} {
			h.tag(i, name)
		}
		h.exec(`UPDATE tags SET usable = FALSE WHERE name = 'banned'`)
		use := func(subject, day, accounts int) { h.used("tag_days", "tag_id", subject, day, accounts) }
		use(1, 20, 2)
		use(1, 21, 11) // 9²/2
		use(2, 21, 5)  // nobody yesterday counts as one: 4²/1
		use(3, 21, 4)  // below the threshold
		use(4, 20, 7)
		use(4, 21, 6) // less than yesterday
		use(5, 20, 6)
		use(5, 21, 7) // 1²/6 is less than one
		use(6, 21, 50)
		h.exec(`INSERT INTO links (id, url, last_day, created_at) VALUES (1,'https://news.example/',0,0)`)
		h.used("link_days", "link_id", 1, 20, 2)
		h.used("link_days", "link_id", 1, 21, 11)

		h.at(0)
		h.want("tags", "high 40.500000, new 16.000000")
		h.want("links", "https://news.example/ 40.500000")
		h.at(5 * time.Minute)
		h.want("tags", "high 39.919360, new 15.770611") // 0.5^(1/48)
		h.at(4 * time.Hour)
		h.want("tags", "high 20.250000, new 8.000000")
		h.want("links", "https://news.example/ 28.637825") // 0.5^(1/2)

		h.start() // a restart goes on from there
		h.want("tags", "high 20.250000, new 8.000000")
		use(1, 21, 12) // 10²/2 is a new peak
		h.at(8 * time.Hour)
		h.want("tags", "high 50.000000, new 4.000000")
		h.want("links", "https://news.example/ 20.250000")
		h.at(16 * time.Hour) // the next day
		h.want("tags", "high 12.500000, new 1.000000")
		h.at(16*time.Hour + 5*time.Minute)
		h.want("tags", "high 12.320790")

		use(2, 22, 9) // 4²/5 = 3.2, lower than the peak of yesterday
		h.at(20 * time.Hour)
		h.want("tags", "high 6.250000")
		use(2, 22, 5)
		use(2, 23, 9)
		h.at(48 * time.Hour)
		h.want("tags", "")
		h.want("links", "")
		h.start()
		h.at(48*time.Hour + 5*time.Minute) // the peak is two days old, and forgotten
		h.want("tags", "new 3.200000")
		h.at(56*time.Hour + 5*time.Minute)
		if n := h.count(`SELECT COUNT(*) FROM trends WHERE subject_id <> 2`); n != 0 {
			t.Errorf("%d peaks older than two days are remembered", n)
		}
	})
}

func (h *home) status(n int, created time.Time, boosts, favourites int) id.Status {
	h.t.Helper()
	status := id.Status(idAt(created) + int64(n))
	h.exec(`INSERT INTO statuses (id, uri, author_id, local, visibility, language, thread_id, created_at) VALUES ($1,$2,1,TRUE,'public','en',$1,$3)`,
		status, fmt.Sprint("s", n), clock.Milli(created))
	h.exec(`INSERT INTO status_counts (status_id, boosts, favourites) VALUES ($1,$2,$3)`, status, boosts, favourites)
	return status
}

func TestStatusesDecayFromTheirBeginningAndOnlyEligibleOnesTrend(t *testing.T) {
	dbtest.EachEngine(t, func(t *testing.T, engine db.Engine) {
		h := open(t, engine)
		old := h.status(0, noon.Add(-2*time.Hour), 3, 6) // 8² = 64, two hours ago
		young := h.status(1, noon, 5, 0)                 // 4² = 16
		h.status(2, noon, 2, 2)                          // below the threshold
		h.status(3, noon.Add(-4*24*time.Hour), 1000000, 0)
		h.exec(`INSERT INTO accounts (id, username, username_key, domain, uri, created_at, updated_at) VALUES (9,'shy','shy','','shy',0,0)`)
		bad := 10
		ineligible := func(change string) id.Status {
			bad++
			one := h.status(bad, noon, 9, 9)
			h.exec(`UPDATE statuses SET `+change+` WHERE id = $1`, one)
			return one
		}
		for _, change := range []string{`visibility = 'unlisted'`, `author_id = 9`, `content_warning = 'beware'`, `sensitive = TRUE`, `in_reply_to_id = 1`, `in_reply_to_uri = 'x'`,
			`language = ''`, `local_only = TRUE`, `deleted_at = 1`} {
			ineligible(change)
		}
		quote := func(n int, of id.Status, state string) id.Status {
			one := h.status(n, noon.Add(-time.Hour), 4, 4) // 49 / 2
			h.exec(`INSERT INTO quotes (id, status_id, account_id, quoted_id, quoted_account_id, state, created_at) VALUES ($1,$1,1,$2,1,$3,0)`, one, of, state)
			return one
		}
		good := quote(50, young, "accepted")
		quote(51, young, "pending")
		quote(52, ineligible(`sensitive = TRUE`), "accepted")

		h.at(0)
		h.want("statuses", fmt.Sprintf("%d 24.500000, %d 16.000000, %d 16.000000", good, young, old))
		h.start()
		h.at(time.Hour)
		h.want("statuses", fmt.Sprintf("%d 12.250000, %d 8.000000, %d 8.000000", good, young, old))
		h.exec(`UPDATE status_counts SET boosts = 7 WHERE status_id = $1`, young) // 6² / 2
		h.exec(`UPDATE accounts SET limited_at = 1 WHERE id = 9`)
		h.exec(`UPDATE statuses SET sensitive = TRUE WHERE id = $1`, good)
		h.at(time.Hour)
		h.want("statuses", fmt.Sprintf("%d 18.000000, %d 8.000000", young, old))
		h.must(h.Review(t.Context(), "statuses", fmt.Sprint(young), false))
		h.at(6*time.Hour + 54*time.Minute) // 36 · 0.5^6.9
		h.want("statuses", fmt.Sprintf("%d 0.301436", young))
		h.at(7 * time.Hour) // 0.28
		h.want("statuses", "")
		if n := h.count(`SELECT COUNT(*) FROM trending_statuses WHERE NOT trendable`); n != 1 {
			t.Error("what a keeper decided was forgotten")
		}
		h.exec(`UPDATE status_counts SET boosts = 101 WHERE status_id = $1`, young)
		h.at(10 * time.Hour)
		h.want("statuses", fmt.Sprintf("%d 9.765625", young))
		if n := h.count(`SELECT COUNT(*) FROM trending_statuses WHERE NOT trendable`); n != 1 {
			t.Error("what a keeper decided does not hold any more")
		}
		h.at(80 * time.Hour)
		if n := h.count(`SELECT COUNT(*) FROM trending_statuses`); n != 0 {
			t.Errorf("%d old statuses are kept", n)
		}
	})
}

func TestKeepersLowerTheThresholdAndTurnTrendsOff(t *testing.T) {
	dbtest.EachEngine(t, func(t *testing.T, engine db.Engine) {
		h := open(t, engine)
		h.tag(1, "village")
		h.used("tag_days", "tag_id", 1, 21, 3)
		h.status(0, noon, 1, 2)
		h.at(0)
		h.want("tags", "")
		h.want("statuses", "")
		h.set("trends", "false")
		h.set("trends-threshold", "3")
		h.at(0)
		h.want("tags", "")
		h.set("trends", "true")
		h.at(0)
		h.want("tags", "village 4.000000")
		h.want("statuses", fmt.Sprintf("%d 4.000000", idAt(noon)))
		for name, value := range map[string]string{"trends-threshold": "1", "trends": "maybe", "trendable-by-default": "", "local-topic-feed-access": "disabled", "remote-topic-feed-access": "all"} {
			if err := h.settings.Set(t.Context(), name, value); !fault.Is(err, fault.Invalid) {
				t.Errorf("%s = %q: %v", name, value, err)
			}
		}
	})
}

func (h *home) linked(n int, author int, created time.Time, content string, changes ...string) id.Status {
	h.t.Helper()
	status := h.status(n, created, 0, 0)
	h.exec(`UPDATE statuses SET author_id = $2, content = $3 WHERE id = $1`, status, author, content)
	for _, change := range changes {
		h.exec(`UPDATE statuses SET `+change+` WHERE id = $1`, status)
	}
	h.uses(status, created)
	return status
}

// uses gives a status the link that it has, as rooms below do, and counts it.
func (h *home) uses(status id.Status, since time.Time) (counts bool) {
	h.t.Helper()
	one, err := h.statuses.Get(h.t.Context(), status)
	if fault.Is(err, fault.NotFound) {
		one, err = &statuses.Status{}, nil
	}
	h.must(err)
	address, _, _ := strings.Cut(strings.TrimPrefix(one.Content, `<p><a href="`), `"`)
	h.linkedNow = nil
	h.must(h.d.Tx(h.t.Context(), func(tx *db.Tx) error {
		return media.SetLink(h.t.Context(), tx, status, media.Link{Address: address, Language: "en", At: since})
	}))
	e := media.Linked{Status: status, At: since}
	if h.linkedNow != nil {
		e = *h.linkedNow
	}
	h.must(h.d.Tx(h.t.Context(), func(tx *db.Tx) (err error) { counts, err = h.Counts(h.t.Context(), tx, e); return err }))
	for range 2 { // effects may run again
		if counts || strings.Contains(one.Content, "even so") {
			h.must(h.KeepLink(h.t.Context(), e))
		}
	}
	return counts
}

func a(address string) string { return `<p><a href="` + address + `">x</a></p>` }

func TestLinksAreCountedOncePerStatusAndAccountAndPurged(t *testing.T) {
	dbtest.EachEngine(t, func(t *testing.T, engine db.Engine) {
		h := open(t, engine)
		const page = "https://news.example/page"
		h.linked(1, 1, noon, a(page+"#top"))
		h.linked(2, 1, noon, a(page+"?utm_source=x"))
		h.linked(3, 2, noon, a("HTTPS://news.example:443/page"))
		h.linked(4, 3, noon.Add(-24*time.Hour), a(page))
		h.linked(5, 3, noon.Add(-14*24*time.Hour), a(page)) // too old to count
		for i, change := range []string{`visibility = 'unlisted'`, `sensitive = TRUE`, `content_warning = 'x'`, `local_only = TRUE`, `deleted_at = 1`} {
			h.linked(10+i, 3, noon, a(page)+"even so", change)
		}
		h.exec(`INSERT INTO accounts (id, username, username_key, domain, uri, url, limited_at, created_at, updated_at) VALUES (8,'far','far','far.example','https://far.example/8','https://far.example/@far',1,0,0)`)
		h.linked(21, 8, noon, a(page)+"even so")

		if n := h.count(`SELECT COUNT(*) FROM links`); n != 1 {
			t.Fatalf("%d links are kept, want 1", n)
		}
		var link id.Link
		link, err := db.One(t.Context(), h.d, db.Value[id.Link], `SELECT id FROM links WHERE url = $1`, page)
		h.must(err)
		shown, err := h.showLinks(t.Context(), viewer.Viewer{}, []id.Link{link})
		h.must(err)
		rows := make([]mastodon.TrendsLink, len(shown))
		for i := range shown {
			h.must(json.Unmarshal(shown[i], &rows[i]))
		}
		if history := rows[0].History; len(history) != 7 || history[0].Uses != "3" || history[0].Accounts != "2" || history[1].Uses != "1" || history[6].Uses != "0" ||
			history[0].Day != fmt.Sprint(time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC).Unix()) {
			t.Errorf("the history is %+v", history)
		}
		if rows[0].Title != "news.example/page" || rows[0].ProviderName != "news.example" || rows[0].Type != "link" || rows[0].Language == nil || *rows[0].Language != "en" {
			t.Errorf("it is shown as %+v", rows[0])
		}

		h.exec(`INSERT INTO links (id, url, last_day, trendable, created_at) VALUES (1,'https://spam.example/',0,FALSE,0)`)
		left := func() string {
			return fmt.Sprint(h.count(`SELECT COUNT(*) FROM links`), h.count(`SELECT COUNT(*) FROM link_statuses`), h.count(`SELECT COUNT(*) FROM link_days`), h.count(`SELECT COUNT(*) FROM link_day_accounts`))
		}
		h.must(h.PurgeLinks(t.Context()))
		if got := left(); got != "2 10 2 3" {
			t.Errorf("before their time there are %s", got)
		}
		h.clock.Advance(13 * 24 * time.Hour)
		h.must(h.PurgeLinks(t.Context()))
		if got := left(); got != "2 10 1 2" {
			t.Errorf("after the first day's time there are %s", got)
		}
		h.clock.Advance(24 * time.Hour)
		h.must(h.PurgeLinks(t.Context()))
		if got := left(); got != "2 10 0 0" { // statuses keep theirs
			t.Errorf("in the end there are %s", got)
		}
	})
}

func TestALinkThatTurnsOutToBeAnotherBringsItsHistory(t *testing.T) {
	dbtest.EachEngine(t, func(t *testing.T, engine db.Engine) {
		h := open(t, engine)
		const short, page = "https://short.example/x", "https://news.example/page"
		h.linked(1, 1, noon, a(short))
		h.linked(2, 2, noon, a(short))
		h.linked(3, 2, noon, a(page))
		h.linked(4, 3, noon.Add(-24*time.Hour), a(short))
		ids := map[string]id.Link{}
		for _, address := range []string{short, page} {
			link, err := db.One(t.Context(), h.d, db.Value[id.Link], `SELECT id FROM links WHERE url = $1`, address)
			h.must(err)
			ids[address] = link
		}
		e := media.PreviewChanged{Link: ids[page], Was: ids[short]}
		if folds, err := Folds(t.Context(), nil, e); err != nil || !folds {
			t.Errorf("it is not folded: %v", err)
		}
		if folds, _ := Folds(t.Context(), nil, media.PreviewChanged{Link: ids[page]}); folds {
			t.Error("a link that is none but itself is folded")
		}
		for range 2 {
			h.must(h.FoldLink(t.Context(), e))
		}
		for day, want := range map[int64]string{dayOf(noon): "3 2", dayOf(noon) - 1: "1 1"} {
			got := fmt.Sprint(h.count(`SELECT uses FROM link_days WHERE link_id = $1 AND day = $2`, ids[page], day), h.count(`SELECT accounts FROM link_days WHERE link_id = $1 AND day = $2`, ids[page], day))
			if got != want {
				t.Errorf("on day %d there are %s uses and accounts, want %s", day, got, want)
			}
		}
		if n := h.count(`SELECT (SELECT COUNT(*) FROM link_days WHERE link_id = $1) + (SELECT COUNT(*) FROM link_day_accounts WHERE link_id = $1)`, ids[short]); n != 0 {
			t.Errorf("%d rows of the other link are left", n)
		}
	})
}

func TestAnEditMovesTheLinkOfAStatus(t *testing.T) {
	dbtest.EachEngine(t, func(t *testing.T, engine db.Engine) {
		h := open(t, engine)
		const one, two = "https://news.example/one", "https://news.example/two"
		status := h.linked(1, 1, noon.Add(-24*time.Hour), a(one))
		edited := func(wanted bool, set string, args ...any) {
			t.Helper()
			h.exec(`UPDATE statuses SET edited_at = $2, `+set+` WHERE id = $1`, append([]any{status, clock.Milli(noon)}, args...)...)
			if kept := h.uses(status, noon); kept != wanted {
				t.Errorf("with %s %v another link counts: %v", set, args, kept)
			}
		}
		want := func(shown string, uses ...int64) {
			t.Helper()
			for i, address := range []string{one, two} {
				if n := h.count(`SELECT COALESCE(SUM(d.uses), 0) FROM link_days d JOIN links l ON l.id = d.link_id WHERE l.url = $1`, address); n != uses[i] {
					t.Errorf("%s was used %d times, want %d", address, n, uses[i])
				}
				n := h.count(`SELECT COUNT(*) FROM link_statuses s JOIN links l ON l.id = s.link_id WHERE l.url = $1`, address)
				if (n == 1) != (address == shown) {
					t.Errorf("%s has %d statuses", address, n)
				}
			}
		}
		want(one, 1, 0)
		edited(false, `text = 'x'`)
		want(one, 1, 0)
		edited(true, `content = $3`, a(two))
		want(two, 1, 1)
		if n := h.count(`SELECT COUNT(*) FROM link_days WHERE day = $1`, dayOf(noon)); n != 1 {
			t.Errorf("%d links were used on the day of the edit", n)
		}
		edited(false, `content = $3`, "<p>no link</p>")
		want("", 1, 1)
		edited(false, `text = 'y'`)
		edited(true, `content = $3`, a(two))
		want(two, 1, 2)
		edited(false, `content_warning = 'x', content = $3`, a(one)) // such a status does not count
		want(one, 1, 2)
		h.set("trends", "false")
		edited(false, `content_warning = '', content = $3`, a(two))
		want(two, 1, 2)
	})
}

func TestEveryListIsServedByAnIndex(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		dbtest.NoScan(t, d, tagsUsedSQL, 20000, 19999, 5)
		dbtest.NoScan(t, d, linksUsedSQL, 20000, 19999, 5)
		dbtest.NoScan(t, d, statesSQL, "tag")
		dbtest.NoScan(t, d, likedSQL, 1, 5, 500)
		if plan := dbtest.Plan(t, d, likedSQL, 1, 5, 500); !strings.Contains(plan, "status_counts_liked") {
			t.Errorf("statuses that nobody liked are read too:\n%s", plan)
		}
		for _, sql := range []string{topTagsSQL, topLinksSQL} {
			dbtest.NoScan(t, d, sql, true, 200)
		}
		dbtest.NoScan(t, d, topStatusesSQL, true, 200, 1, 0)
		for _, sql := range reviews {
			dbtest.NoScan(t, d, sql, 200)
		}
		dbtest.NoScan(t, d, trendingSQL, "https://a.example/", true)
		dbtest.NoScan(t, d, linksSQL, []id.Link{1, 2})
		dbtest.NoScan(t, d, linkDaysSQL, []id.Link{1, 2}, 1, 8)
		dbtest.NoScan(t, d, countedSQL, 1)
		dbtest.NoScan(t, d, foldAccountsSQL, 1, 2, 3)
		dbtest.NoScan(t, d, foldDaySQL, 1, 2, 3, 4)
		dbtest.NoScan(t, d, chosenSQL, 1)
		for _, sql := range []string{purgeLinkAccountsSQL, purgeLinkDaysSQL} {
			dbtest.NoScan(t, d, sql, 1, 2)
		}
	})
}
