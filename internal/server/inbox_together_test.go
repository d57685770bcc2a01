package server

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/db/dbtest"
	"anancus/internal/kit/log"
)

func creates(n int, more string) string {
	return fmt.Sprintf(`{"type":"Create","object":{"type":"Note","id":"https://a.example/%d"%s}}`, n, more)
}

func TestOnlyNewPostsThatHaveNothingToDoWithEachOtherAreTakenAtOnce(t *testing.T) {
	answers := func(n int) string { return fmt.Sprintf(`,"inReplyTo":"https://a.example/%d"`, n) }
	about := func(kind string, n int) string {
		return fmt.Sprintf(`{"type":%q,"object":{"type":"Note","id":"https://a.example/%d"}}`, kind, n)
	}
	for name, one := range map[string]struct {
		bodies []string
		want   int
	}{
		"one":                       {[]string{creates(1, "")}, 1},
		"two posts":                 {[]string{creates(1, ""), creates(2, "")}, 2},
		"many posts":                {[]string{creates(1, ""), creates(2, ""), creates(3, ""), creates(4, ""), creates(5, "")}, inboxTogether},
		"the same twice":            {[]string{creates(1, ""), creates(1, "")}, 1},
		"an answer to one before":   {[]string{creates(1, ""), creates(2, ""), creates(3, answers(1))}, 2},
		"an answer to one after":    {[]string{creates(1, answers(2)), creates(2, "")}, 1},
		"answers to different ones": {[]string{creates(1, answers(8)), creates(2, answers(9))}, 2},
		"two votes":                 {[]string{creates(1, answers(9)+`,"name":"tea"`), creates(2, answers(9)+`,"name":"coffee"`)}, 1},
		"an edit behind":            {[]string{creates(1, ""), about("Update", 1)}, 1},
		"a deletion first":          {[]string{about("Delete", 1), creates(1, "")}, 1},
		"a boost between":           {[]string{creates(1, ""), creates(2, ""), about("Announce", 1), creates(3, "")}, 2},
		"posts of which only the addresses are told": {[]string{`{"type":"Create","object":"https://a.example/1"}`, `{"type":"Create","object":"https://a.example/2"}`}, 1},
		"rubbish behind": {[]string{creates(1, ""), "{"}, 1},
		"rubbish first":  {[]string{"{", creates(1, "")}, 1},
	} {
		var waiting []letter
		for _, body := range one.bodies {
			waiting = append(waiting, letter{actor: "https://a.example/users/eve", body: body})
		}
		if got := apart(waiting); got != one.want {
			t.Errorf("%s: %d at once, want %d", name, got, one.want)
		}
		for i := range waiting {
			waiting[i].actor = hearsayLane + waiting[i].actor
		}
		if got := apart(waiting); got != 1 {
			t.Errorf("%s, as somebody else tells it: %d at once", name, got)
		}
	}
}

func TestLettersThatAreTakenAtOnceAreSettledEachByItself(t *testing.T) {
	dbtest.EachEngine(t, func(t *testing.T, engine db.Engine) {
		now := clock.NewManual(time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC))
		d := dbtest.Open(t, engine, func(c *db.Config) { c.Clock = now })
		var mu sync.Mutex
		var taken []string
		var together sync.WaitGroup // the three behind the first: none is done before all of them have begun
		together.Add(3)
		fails := map[string]bool{creates(2, ""): true}
		q := newInboxQueue(d, now, log.Discard(), func(_ context.Context, l letter) error {
			mu.Lock()
			again := slices.Contains(taken, l.body)
			taken = append(taken, l.body)
			failed := fails[l.body]
			delete(fails, l.body)
			mu.Unlock()
			if l.body != creates(0, "") && !again {
				together.Done()
				together.Wait()
			}
			if failed {
				return errors.New("its server is away")
			}
			return nil
		})
		for n := range 4 {
			if err := q.store(t.Context(), "a.example", "https://a.example/users/eve", []byte(creates(n, "")), 0); err != nil {
				t.Fatal(err)
			}
		}
		left := func() (bodies []string) {
			bodies, err := db.All(t.Context(), d, db.Text, `SELECT body FROM inbox ORDER BY id`)
			if err != nil {
				t.Fatal(err)
			}
			return bodies
		}
		if err := q.drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := left(); !slices.Equal(got, []string{creates(2, "")}) {
			t.Fatalf("left: %v, want the one that failed", got)
		}
		now.Advance(time.Hour)
		if err := q.drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		if len(taken) != 5 || taken[4] != creates(2, "") || len(left()) != 0 {
			t.Errorf("taken: %v, left: %v", taken, left())
		}
	})
}
