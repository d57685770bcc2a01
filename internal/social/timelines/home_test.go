package timelines

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"anancus/internal/kit/db"
	"anancus/internal/kit/db/dbtest"
	"anancus/internal/kit/keyset"
	"anancus/internal/kit/rest"
	"anancus/internal/social/id"
	"anancus/internal/social/viewer"
)

// get asks a handler and gives the code, the ids of the answer and its Link header.
func (w *world) get(handler func(c *viewer.Call) (any, error), reader id.Account, query string, path ...string) (code int, ids []string, link string) {
	w.tb.Helper()
	r := httptest.NewRequest("GET", "/api/v1/timelines/x?"+query, nil)
	for i := 0; i+1 < len(path); i += 2 {
		r.SetPathValue(path[i], path[i+1])
	}
	answer := httptest.NewRecorder()
	value, err := handler(&viewer.Call{W: answer, R: r, Viewer: viewer.Viewer{Account: reader}, Base: "https://here.example"})
	if err != nil {
		w.tb.Fatal(err)
	}
	if a, ok := value.(rest.Answer); ok {
		a.Write(answer, r)
	} else {
		rest.WriteJSON(answer, 200, value)
	}
	var rows []struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal(answer.Body.Bytes(), &rows); err != nil {
		w.tb.Fatalf("%s: %v", answer.Body, err)
	}
	for _, row := range rows {
		ids = append(ids, row.ID)
	}
	return answer.Code, ids, answer.Header().Get("Link")
}

func (w *world) wantGet(handler func(c *viewer.Call) (any, error), reader id.Account, query, want string, path ...string) {
	w.tb.Helper()
	if _, ids, _ := w.get(handler, reader, query, path...); strings.Join(ids, " ") != want {
		w.tb.Errorf("%s %v = %v, want %s", query, path, ids, want)
	}
}

func TestHomeShowsWhatFollowedPeopleDo(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.people(5)
		w.publish(post{id: 10, author: 3}, post{id: 20, author: 4}, post{id: 30, author: 1})
		w.follow(1, 3, true)
		w.wantHome(1, 30, 10)

		w.follow(1, 2, true)
		w.publish(post{id: 40, author: 3}, post{id: 35, author: 2}, post{id: 50, author: 4})
		w.wantHome(1, 40, 35, 30, 10)

		w.boost(60, 2, 20, 4)
		w.boost(61, 3, 20, 4)
		w.wantHome(1, 60, 40, 35, 30, 10) // one boost stands for both
		w.unboost(60, 2, 20)
		w.wantHome(1, 61, 40, 35, 30, 10) // the oldest remaining takes its place
		w.boost(62, 2, 40, 3)
		w.wantHome(1, 61, 40, 35, 30, 10) // what was just shown is not shown again

		w.mute(1, 4)
		w.wantHome(1, 40, 35, 30, 10)
		w.unmute(1, 4) // also by the schedule, when a mute's time is over
		w.wantHome(1, 61, 40, 35, 30, 10)
		w.remove(20, 4)
		w.wantHome(1, 40, 35, 30, 10)

		w.follow(1, 4, true)
		w.wantHome(1, 50, 40, 35, 30, 10)
		w.block(4, 1)
		w.wantHome(1, 40, 35, 30, 10)
		w.unfollow(1, 3)
		w.wantHome(1, 62, 35, 30)
	})
}

func TestAWarmHomePageAsksTheDatabaseNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.people(3)
		w.follow(1, 3, true)
		for i := range 60 {
			w.publish(post{id: 100 + i, author: 3})
		}
		queries := func(do func(ctx context.Context)) int {
			ctx, count := db.CountQueries(context.Background())
			do(ctx)
			return count()
		}
		read := func(p keyset.Page) func(ctx context.Context) {
			return func(ctx context.Context) {
				if _, err := w.Service.own(ctx, homeOf(1), p); err != nil {
					t.Fatal(err)
				}
			}
		}
		if n := queries(read(keyset.First(20))); n != 2 {
			t.Errorf("a cold page costs %d queries, want one for the reader and one for the feed", n)
		}
		for name, p := range map[string]keyset.Page{"first": keyset.First(20), "second": {Before: 140, Limit: 20}, "newer": {Before: 1 << 60, After: 150, Upward: true, Limit: 20}} {
			if n := queries(read(p)); n != 0 {
				t.Errorf("a warm %s page costs %d queries", name, n)
			}
		}
		// Somebody nobody here reads costs nothing.
		if n := queries(func(ctx context.Context) { w.insert(ctx, 999, 2, nil) }); n != 0 {
			t.Errorf("a status that no open feed takes costs %d queries", n)
		}
		if n := queries(func(ctx context.Context) { w.insert(ctx, 159, 3, nil) }); n != 1 {
			t.Errorf("a status that open feeds take costs %d queries, want 1", n)
		}
		anyone := func(ctx context.Context) {
			if _, err := w.public(ctx, w.all, nil, keyset.First(20)); err != nil {
				t.Fatal(err)
			}
		}
		queries(anyone)
		if n := queries(anyone); n != 0 {
			t.Errorf("a warm public page costs %d queries", n)
		}
		shared := func(ctx context.Context) {
			r := httptest.NewRequestWithContext(ctx, "GET", "/api/v1/timelines/public", nil)
			if _, err := w.Public(&viewer.Call{W: httptest.NewRecorder(), R: r, Viewer: viewer.Viewer{Account: 2}}); err != nil {
				t.Fatal(err)
			}
		}
		queries(shared)
		if n := queries(shared); n != 0 {
			t.Errorf("a warm public page costs a reader whose home feed is not open %d queries", n)
		}
	})
}

func TestPagesAreWrittenApart(t *testing.T) {
	w := newWorld(t, dbtest.Open(t, db.SQLite))
	w.people(3)
	w.publish(post{id: 100, author: 1}, post{id: 101, author: 2}, post{id: 102, author: 3})
	w.boost(103, 1, 102, 3)
	reader := viewer.Viewer{Account: 1}
	rows, err := w.statuses.Present(t.Context(), reader, []id.Status{100, 101, 102, 103, 999})
	if err != nil || len(rows) != 4 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	want := make([]string, len(rows))
	for i, row := range rows {
		want[i] = "[" + string(row) + "]"
	}
	var pages []json.RawMessage
	var sent []func()
	for range 2 { // the second round is written on the memory of the first
		for i := range rows {
			page, done, err := w.statuses.PresentPage(t.Context(), reader, []id.Status{999, id.Status(100 + i), 998})
			if err != nil {
				t.Fatal(err)
			}
			pages, sent = append(pages, page), append(sent, done)
		}
		for i := range rows {
			if string(pages[i]) != want[i] || "["+string(rows[i])+"]" != want[i] || !json.Valid(pages[i]) {
				t.Errorf("page %d is %s, and the row %s, want %s", i, pages[i], rows[i], want[i])
			}
			sent[i]()
		}
		pages, sent = nil, nil
	}
	all, _, err := w.statuses.PresentPage(t.Context(), reader, []id.Status{100, 999, 101, 102, 103})
	if whole := "[" + string(rows[0]) + "," + string(rows[1]) + "," + string(rows[2]) + "," + string(rows[3]) + "]"; err != nil || string(all) != whole {
		t.Errorf("together they are %s, want %s: %v", all, whole, err)
	}
}

func TestHomePagesByIDs(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.bounds = bounds{feed: 20, merge: 10, group: 4, turn: 1}
		w.people(3)
		w.follow(1, 3, true)
		for i := range 60 {
			w.publish(post{id: 100 + i, author: 3})
		}
		for query, want := range map[string]string{
			"limit=3":                         "159 158 157",
			"limit=3&max_id=150":              "149 148 147",
			"limit=3&max_id=144":              "143 142 141", // across the end of memory
			"limit=3&max_id=120":              "119 118 117",
			"limit=3&max_id=102":              "101 100",
			"limit=3&max_id=100":              "",
			"limit=3&since_id=157":            "159 158",
			"limit=3&since_id=100":            "159 158 157",
			"limit=3&min_id=150":              "153 152 151",
			"limit=3&min_id=110":              "113 112 111",
			"limit=3&min_id=158":              "159",
			"limit=3&min_id=159":              "",
			"limit=3&min_id=150&max_id=152":   "151",
			"limit=3&min_id=110&max_id=113":   "112 111",
			"limit=3&since_id=141&max_id=144": "143 142",
		} {
			w.wantGet(w.Home, 1, query, want)
		}
		if _, ids, _ := w.get(w.Home, 1, "limit=99"); len(ids) != pageMax {
			t.Errorf("a page of 99 has %d rows, want %d", len(ids), pageMax)
		}
		if _, ids, _ := w.get(w.Home, 1, ""); len(ids) != pageLimit {
			t.Errorf("a page has %d rows, want %d", len(ids), pageLimit)
		}
		want := `<https://here.example/api/v1/timelines/x?limit=3&max_id=157>; rel="next", <https://here.example/api/v1/timelines/x?limit=3&min_id=159>; rel="prev"`
		if _, _, link := w.get(w.Home, 1, "limit=3"); link != want {
			t.Errorf("Link = %s, want %s", link, want)
		}
		if _, _, link := w.get(w.Home, 1, "limit=3&max_id=100"); link != "" {
			t.Errorf("an empty page links to %s", link)
		}
	})
}

func TestHomeAsksToComeAgainWhenTooManyFeedsAreBuilt(t *testing.T) {
	w := newWorld(t, dbtest.Open(t, db.SQLite))
	w.people(1)
	w.maxBuilds = 1
	w.building[homeOf(99)] = &build{done: make(chan struct{})}
	r := httptest.NewRequest("GET", "/api/v1/timelines/home", nil)
	answer := httptest.NewRecorder()
	value, err := w.Home(&viewer.Call{W: answer, R: r, Viewer: viewer.Viewer{Account: 1}})
	if err != nil {
		t.Fatal(err)
	}
	value.(rest.Answer).Write(answer, r)
	if answer.Code != 206 || strings.TrimSpace(answer.Body.String()) != "[]" || answer.Header().Get("Mastodon-Async-Refresh") != `id="home:1", retry=5` {
		t.Errorf("answer %d %s %v", answer.Code, answer.Body, answer.Header())
	}
	r.SetPathValue("id", "home:1")
	value, err = w.Refresh(&viewer.Call{W: answer, R: r, Viewer: viewer.Viewer{Account: 1}})
	if err != nil || fmt.Sprint(value) != "map[async_refresh:{home:1 running <nil>}]" {
		t.Errorf("the refresh is %v, %v", value, err)
	}
}

func TestFeedsNobodyReadsGo(t *testing.T) {
	w := newWorld(t, dbtest.Open(t, db.SQLite))
	w.people(4)
	for _, reader := range []id.Account{1, 2, 1, 3} {
		w.page(w.Service, reader, keyset.First(20))
		w.clock.Advance(time.Minute)
		if reader == 2 {
			w.memory = w.held + w.pool.size()
		}
	}
	if w.Open() != 2 || w.feeds[homeOf(2)] != nil {
		t.Errorf("%d feeds are open, with that of 2, who read longest ago: %v", w.Open(), w.feeds[homeOf(2)] != nil)
	}
	w.clock.Advance(idleFeed - 90*time.Second)
	if err := w.Sweep(context.Background()); err != nil || w.Open() != 1 || w.feeds[homeOf(3)] == nil {
		t.Errorf("after half an hour %d feeds are open: %v", w.Open(), err)
	}
	w.clock.Advance(idleFeed)
	if err := w.Sweep(context.Background()); err != nil || w.Open() != 0 || len(w.byAuthor) != 0 {
		t.Errorf("at the end %d feeds are open: %v", w.Open(), err)
	}
}

func TestABuildThatIsOvertakenIsThrownAway(t *testing.T) {
	w := newWorld(t, dbtest.Open(t, db.SQLite))
	w.people(4)
	w.follow(1, 3, true)
	w.publish(post{id: 10, author: 3})
	b := &build{done: make(chan struct{})}
	w.building[homeOf(1)] = b
	w.publish(post{id: 20, author: 3}, post{id: 30, author: 4})
	w.remove(10, 3)
	if err := w.build(context.Background(), homeOf(1), b); err != nil {
		t.Fatal(err)
	}
	w.want("feed", idsOf(slices.Collect(w.feeds[homeOf(1)].all())), []int{20})
	w.Forget()

	w.building[homeOf(1)] = b
	w.unfollow(1, 3)
	if err := w.build(context.Background(), homeOf(1), b); err != errOvertaken || w.Open() != 0 {
		t.Errorf("build = %v with %d feeds open", err, w.Open())
	}
}

func TestFeedsMissNothingThatHappensWhileTheyAreBuilt(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.people(4)
		w.bounds.turn = 1
		w.follow(1, 3, true)
		w.follow(3, 1, true)
		w.follow(1, 2, true)
		var writers, readers sync.WaitGroup
		for author := 1; author <= 3; author++ {
			writers.Go(func() {
				for i := range 60 {
					n := 1000*author + i
					w.publish(post{id: n, author: id.Account(author)})
					switch i % 6 {
					case 3:
						w.remove(n, id.Account(author))
					case 5:
						w.boost(10000+n, id.Account(author), n-1, id.Account(author))
					}
				}
			})
		}
		stop := make(chan struct{})
		for _, reader := range []id.Account{1, 1, 3} {
			readers.Go(func() {
				for i := 0; ; i++ {
					select {
					case <-stop:
						return
					default:
						if _, err := w.Service.own(context.Background(), homeOf(reader), keyset.First(20)); err != nil {
							t.Error(err)
							return
						}
						if _, err := w.public(context.Background(), w.all, nil, keyset.First(20)); err != nil {
							t.Error(err)
							return
						}
						if i%5 == 0 && reader == 1 {
							w.Forget()
						}
					}
				}
			})
		}
		writers.Go(func() {
			for range 20 {
				w.unfollow(1, 2)
				w.follow(1, 2, true)
				w.mute(1, 2)
				w.unmute(1, 2)
			}
		})
		writers.Wait()
		close(stop)
		readers.Wait()
		w.check(homeOf(1))
		w.check(homeOf(3))
		fresh := w.fresh()
		all := func(s *Service) []int {
			return w.whole(func(p keyset.Page) (found, error) { return s.public(context.Background(), s.all, nil, p) }, 40)
		}
		w.want("public timeline", all(w.Service), all(fresh))
	})
}
