package server

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/db/dbtest"
	"anancus/internal/kit/fault"
	"anancus/internal/kit/log"
)

func TestLettersOfAnActorAreTakenInARowUntilOneFails(t *testing.T) {
	dbtest.EachEngine(t, func(t *testing.T, engine db.Engine) {
		now := clock.NewManual(time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC))
		d := dbtest.Open(t, engine, func(c *db.Config) { c.Clock = now })
		var taken []string
		fails := map[string]bool{"a3": true}
		q := newInboxQueue(d, now, log.Discard(), func(_ context.Context, l letter) error {
			if fails[l.body] {
				delete(fails, l.body)
				return errors.New("its server is away")
			}
			taken = append(taken, l.body)
			return nil
		})
		store := func(actor string, n int) {
			for i := range n {
				if err := q.store(t.Context(), actor+".example", actor, fmt.Appendf(nil, "%s%d", actor, i+1), 0); err != nil {
					t.Fatal(err)
				}
			}
		}
		left := func() int64 {
			n, err := db.One(t.Context(), d, db.Int64, `SELECT COUNT(*) FROM inbox`)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		store("a", 5)
		store("b", 1)
		if err := q.drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		if want := []string{"a1", "a2", "b1"}; !slices.Equal(taken, want) || left() != 3 {
			t.Fatalf("taken: %v, left: %d; what comes after a failure waits for it", taken, left())
		}
		now.Advance(time.Hour)
		if err := q.drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		if want := []string{"a1", "a2", "b1", "a3", "a4", "a5"}; !slices.Equal(taken, want) || left() != 0 {
			t.Fatalf("taken: %v, left: %d", taken, left())
		}

		// Who sends much does not keep others waiting.
		taken = nil
		store("a", 2*inboxRun+7)
		store("b", 2)
		if err := q.drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		if at := slices.Index(taken, "b1"); at != inboxRun || taken[at+1] != "b2" || len(taken) != 2*inboxRun+9 || left() != 0 {
			t.Errorf("b1 is number %d of %d, left: %d", at, len(taken), left())
		}
		if mine := slices.DeleteFunc(slices.Clone(taken), func(one string) bool { return one[0] != 'a' }); mine[0] != "a1" || mine[inboxRun] != fmt.Sprintf("a%d", inboxRun+1) {
			t.Error("out of order:", mine)
		}
	})
}

func TestWhoWritesWhileTheirFirstLetterIsPutOffIsHeardAfterwards(t *testing.T) {
	dbtest.EachEngine(t, func(t *testing.T, engine db.Engine) {
		now := clock.NewManual(time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC))
		d := dbtest.Open(t, engine, func(c *db.Config) { c.Clock = now })
		var taken []string
		away := true
		q := newInboxQueue(d, now, log.Discard(), func(_ context.Context, l letter) error {
			if away && l.body == "first" {
				return errors.New("its server is away")
			}
			taken = append(taken, l.body)
			return nil
		})
		for _, body := range []string{"first", "second", "third"} {
			if err := q.store(t.Context(), "a.example", "somebody", []byte(body), 0); err != nil {
				t.Fatal(err)
			}
			if err := q.drain(t.Context()); err != nil {
				t.Fatal(err)
			}
			now.Advance(time.Second)
		}
		if len(taken) != 0 {
			t.Fatalf("taken before the first: %v", taken)
		}
		away = false
		now.Advance(time.Hour)
		if err := q.drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		if want := []string{"first", "second", "third"}; !slices.Equal(taken, want) {
			t.Errorf("taken: %v, want %v", taken, want)
		}
	})
}

func TestAHostFillsItsRoomAndNoMore(t *testing.T) {
	d := dbtest.Open(t, db.SQLite)
	q := newInboxQueue(d, clock.System{}, log.Discard(), nil)
	refused := 0
	for i := range maxHostRows + 20 {
		switch err := q.store(t.Context(), "busy.example", "somebody", []byte("{}"), 0); {
		case fault.Is(err, fault.Unavailable):
			refused++
		case err != nil:
			t.Fatal(err)
		case i >= maxHostRows:
			t.Fatalf("number %d was taken", i+1)
		}
	}
	if refused != 20 {
		t.Errorf("%d were refused", refused)
	}
	if err := q.store(t.Context(), "quiet.example", "somebody else", []byte("{}"), 0); err != nil {
		t.Error("another host suffers:", err)
	}
}
