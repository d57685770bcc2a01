package statuses

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/db/dbtest"
	"anancus/internal/social/id"
	"anancus/internal/social/settings"
)

func TestASearchForAnswersEndsAtItsBounds(t *testing.T) {
	links := func(of string, n int) (all []string) {
		for i := range n {
			all = append(all, fmt.Sprintf("https://%s.example/%d", of, i))
		}
		return all
	}
	status := func(n int) item { return item{uri: fmt.Sprintf("https://a.example/%d", n)} }
	type told struct {
		from item
		list listing
	}
	var many, endless []told
	for n := range 3 {
		many = append(many, told{status(n), listing{by: status(n).uri, links: links(fmt.Sprint("of", n), 450)}})
	}
	for n := range 600 {
		endless = append(endless, told{status(n), listing{by: "x", next: fmt.Sprintf("https://a.example/%d/replies", n)}})
	}
	for name, c := range map[string]struct {
		lists           []told
		statuses, pages int
	}{
		"answers to one status": {[]told{{status(1), listing{links: links("b", 600), next: "https://a.example/pmore"}}}, crawlPerStatus, 0},
		"answers to one status, over its pages": {[]told{
			{status(1), listing{links: links("b", 300), next: "https://a.example/p1"}},
			{item{uri: "https://a.example/p1", page: true, taken: 300}, listing{links: links("c", 300), next: "https://a.example/p2"}}}, crawlPerStatus, 1},
		"answers in all":   {many, crawlStatuses, 0},
		"pages in all":     {endless, 0, crawlPages},
		"what comes twice": {[]told{{status(1), listing{links: append(links("b", 3), links("b", 3)...)}}, {status(2), listing{links: links("b", 3)}}}, 3, 0},
		"what cannot be asked for": {[]told{{status(1), listing{links: []string{"https://here.example/ap/users/1/statuses/2", "", "x", "https://user@b.example/1",
			"ftp://b.example/1", "https://b.example./1"}, next: "javascript:1"}}}, 0, 0},
		"pages that bring nothing new": {[]told{
			{status(1), listing{links: links("b", 2), next: "https://a.example/p1"}},
			{item{page: true, taken: 2}, listing{links: links("b", 2), next: "https://a.example/p2"}},
			{item{page: true, taken: 2, idle: 1}, listing{links: links("b", 2), next: "https://a.example/p3"}},
			{item{page: true, taken: 2, idle: 2}, listing{links: links("b", 2), next: "https://a.example/p4"}}}, 2, 3},
		"a page after itself": {[]told{{item{uri: "https://a.example/p1", page: true}, listing{next: "https://a.example/p1"}}}, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			d := dbtest.Open(t, db.SQLite)
			s := &Service{db: d, clock: clock.System{}, site: settings.Site{Domain: "here.example", WebDomain: "here.example"}}
			w := &crawl{status: 1, seen: map[string]bool{}}
			err := d.Tx(t.Context(), func(tx *db.Tx) error {
				for _, one := range c.lists {
					w.seen[one.from.uri] = true
					if err := s.take(t.Context(), tx, w, one.from, one.list); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			due, err := dueItems(t.Context(), d, 1, 10_000)
			if err != nil {
				t.Fatal(err)
			}
			statuses, pages := 0, 0
			for i, it := range due {
				if it.place != int64(i) {
					t.Fatalf("item %d has the place %d", i, it.place)
				}
				if it.page {
					pages++
				} else {
					statuses++
				}
			}
			if statuses != c.statuses || pages != c.pages {
				t.Errorf("%d statuses and %d pages are looked at, want %d and %d", statuses, pages, c.statuses, c.pages)
			}
		})
	}
}

func TestASearchIsDueWhileThereIsNews(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	day := 24 * time.Hour
	for name, c := range map[string]struct {
		began, news, newest time.Duration // ago
		finished, due       bool
	}{
		"just begun":                         {time.Minute, time.Minute, time.Hour, false, false},
		"under way for long":                 {time.Hour, time.Hour, time.Hour, false, false},
		"lost":                               {7 * time.Hour, 7 * time.Hour, 7 * time.Hour, false, true},
		"just ended":                         {14 * time.Minute, 14 * time.Minute, time.Hour, true, false},
		"rested":                             {15 * time.Minute, 15 * time.Minute, time.Hour, true, true},
		"without news for six days":          {time.Hour, 6 * day, 90 * day, true, true},
		"without news for eight days":        {time.Hour, 8 * day, 90 * day, true, false},
		"with an answer that came by itself": {time.Hour, 90 * day, day, true, true},
	} {
		w := &crawl{began: now.Add(-c.began), news: now.Add(-c.news), newest: id.Status(clock.Milli(now.Add(-c.newest)) << 16), finished: c.finished}
		if got := w.due(now); got != c.due {
			t.Errorf("%s: due is %v", name, got)
		}
	}
}

func TestManyStatusesMoveToAnotherThread(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		s := &Service{db: d, clock: clock.System{}}
		do := func(f func(tx *db.Tx) error) {
			t.Helper()
			if err := d.Tx(ctx, f); err != nil {
				t.Fatal(err)
			}
		}
		var told []any
		d.SetHooks(db.Hooks{InTx: func(_ context.Context, _ *db.Tx, event any) error { told = append(told, event); return nil }})
		insertOne := func(tx *db.Tx, n, parent, thread int64, uri string) error {
			_, err := db.Exec(ctx, tx, `INSERT INTO statuses (id, uri, author_id, local, visibility, thread_id, in_reply_to_id, in_reply_to_uri, created_at)
				VALUES ($1, $2, 1, FALSE, 'public', $3, $4, $5, 0)`, n, fmt.Sprint("s", n), thread, orNil(id.Status(parent)), uri)
			return err
		}
		// 1 is known; 700 answer 2, which comes late, and 600 hang below one of them.
		do(func(tx *db.Tx) error {
			if _, err := db.Exec(ctx, tx, `INSERT INTO accounts (id, username, username_key, domain, uri, created_at, updated_at) VALUES (1, 'a', 'a', 'x.example', 'a', 0, 0)`); err != nil {
				return err
			}
			if err := insertOne(tx, 1, 0, 1, ""); err != nil {
				return err
			}
			for n := int64(1000); n < 1700; n++ {
				if err := insertOne(tx, n, 0, n, "s2"); err != nil {
					return err
				}
			}
			for n := int64(2000); n < 2600; n++ {
				if err := insertOne(tx, n, 1000, 1000, ""); err != nil {
					return err
				}
			}
			if _, err := db.Exec(ctx, tx, `INSERT INTO thread_mutes (account_id, thread_id, created_at) VALUES (1, 1000, 0)`); err != nil {
				return err
			}
			if err := insertOne(tx, 2, 1, 1, ""); err != nil {
				return err
			}
			_, err := db.Exec(ctx, tx, `INSERT INTO status_counts (status_id) VALUES (2)`)
			return err
		})
		do(func(tx *db.Tx) error {
			return s.adopt(ctx, tx, &Status{ID: 2, URI: "s2", Author: 1, Thread: 1}, "s2", false)
		})
		for n := 0; n < 10; n++ {
			i := slices.IndexFunc(told, func(e any) bool { _, is := e.(Adopted); return is })
			if i < 0 {
				break
			}
			e := told[i].(Adopted)
			if len(e.Answers) > adoptAtOnce {
				t.Errorf("%d were tied in one transaction", len(e.Answers))
			}
			told = slices.Delete(told, i, i+1)
			if err := s.JoinThreads(ctx, e); err != nil {
				t.Fatal(err)
			}
		}
		for what, want := range map[string]int64{
			`SELECT COUNT(*) FROM statuses WHERE thread_id = 1`:                        1302,
			`SELECT COUNT(*) FROM statuses WHERE in_reply_to_id = 2`:                   700,
			`SELECT COUNT(*) FROM statuses WHERE in_reply_to_uri <> ''`:                0,
			`SELECT replies FROM status_counts WHERE status_id = 2`:                    700,
			`SELECT COUNT(*) FROM thread_mutes WHERE account_id = 1 AND thread_id = 1`: 1,
		} {
			if got, err := db.One(ctx, d, db.Int64, what); err != nil || got != want {
				t.Errorf("%s: %d, %v; want %d", what, got, err, want)
			}
		}
		if !slices.Contains(told, any(ThreadMuted{1, 1})) {
			t.Error("who muted a part is not told to mute the whole")
		}
	})
}

func TestAStepOfASearchThatIsTakenTwiceCountsOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := &Service{db: d, clock: clock.System{}, site: settings.Site{Domain: "here.example", WebDomain: "here.example"}}
		next := 0
		d.SetHooks(db.Hooks{InTx: func(_ context.Context, _ *db.Tx, event any) error {
			if _, ok := event.(CrawlDue); ok {
				next++
			}
			return nil
		}})
		write := func(do func(tx *db.Tx) error) {
			t.Helper()
			if err := d.Tx(t.Context(), do); err != nil {
				t.Fatal(err)
			}
		}
		const root = id.Status(1)
		write(func(tx *db.Tx) error {
			for _, sql := range []string{
				`INSERT INTO accounts (id, username, username_key, domain, uri, created_at, updated_at) VALUES (7, 'ada', 'ada', 'a.example', 'u', 1, 1)`,
				`INSERT INTO statuses (id, uri, url, author_id, local, text, content, visibility, thread_id, created_at) VALUES (1, 'https://a.example/1', '', 7, FALSE, '', '', 'public', 1, 1)`,
				`INSERT INTO crawls (status_id, began_at, news_at, accounts) VALUES (1, 5, 5, 100)`,
			} {
				if _, err := db.Exec(t.Context(), tx, sql); err != nil {
					return err
				}
			}
			return insertItem(t.Context(), tx, root, item{uri: "https://a.example/1"})
		})
		var links []string
		for n := range crawlPerStatus + 10 {
			links = append(links, fmt.Sprintf("https://b.example/%d", n))
		}
		visits := []visit{{item: item{uri: "https://a.example/1"}, begun: true, lists: []listing{{by: "https://a.example/1", links: links}}}}
		for range 2 {
			write(func(tx *db.Tx) error {
				w, err := crawlOf(t.Context(), tx, &Status{ID: root})
				if err != nil {
					return err
				}
				return s.noteStep(t.Context(), tx, w, visits, CrawlDue{root, 5})
			})
		}
		due, err := dueItems(t.Context(), d, root, 10_000)
		if err != nil || len(due) != crawlPerStatus {
			t.Errorf("%d are to be looked at, want %d (%v)", len(due), crawlPerStatus, err)
		}
		if next != 1 {
			t.Errorf("%d steps follow, want one", next)
		}
	})
}
