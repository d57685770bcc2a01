package server

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/db/dbtest"
	"anancus/internal/kit/log"
)

func TestWhoComesTooOftenWaitsAndOthersDoNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAnteroom()
		enter := func(name string) (leave func(), ok bool, waited time.Duration) {
			begin := time.Now()
			leave, ok = a.enter(t.Context(), name)
			return leave, ok, time.Since(begin)
		}
		var inside []func()
		for n := range letterSlots {
			leave, ok, waited := enter("busy")
			if !ok || waited != 0 {
				t.Fatalf("number %d: let in %v, after %v", n+1, ok, waited)
			}
			inside = append(inside, leave)
		}
		if _, ok, waited := enter("busy"); ok || waited != letterPatience {
			t.Fatalf("one too many was let in: %v, after %v", ok, waited)
		}
		if leave, ok, waited := enter("quiet"); !ok || waited != 0 {
			t.Fatalf("another host was let in: %v, after %v", ok, waited)
		} else {
			leave()
		}
		// Those who wait have their turns in the order they came; there is room for so many.
		turns := make(chan int, letterWaiters)
		for n := range letterWaiters {
			go func() {
				if leave, ok := a.enter(t.Context(), "busy"); ok {
					turns <- n
					leave()
				}
			}()
			synctest.Wait()
		}
		if _, ok, waited := enter("busy"); ok || waited != 0 {
			t.Fatalf("where too many wait one more was let in: %v, after %v", ok, waited)
		}
		time.Sleep(letterPatience) // they are given up
		synctest.Wait()
		if len(turns) != 0 {
			t.Fatalf("%d had a turn while all places were taken", len(turns))
		}
		for n := range 10 {
			go func() {
				if leave, ok := a.enter(t.Context(), "busy"); ok {
					turns <- n
					leave()
				}
			}()
			synctest.Wait()
		}
		inside[0]() // one place, which they take after each other
		inside[0]() // who leaves twice leaves once
		for n := range 10 {
			if got := <-turns; got != n {
				t.Fatalf("turn %d was that of %d", n, got)
			}
		}
		for _, leave := range inside[1:] {
			leave()
		}
		synctest.Wait()
		if len(a.lines) != 0 || a.waiting != 0 {
			t.Errorf("left over: %v, %d", a.lines, a.waiting)
		}
	})
}

func TestInCompanyAHostHasItsShare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAnteroom()
		taken := func(name string, every, within time.Duration) (n int, longest time.Duration) {
			for begin := time.Now(); time.Since(begin) < within; time.Sleep(every) {
				one := time.Now()
				leave, ok := a.enter(t.Context(), name)
				if ok {
					n++
					leave()
				}
				longest = max(longest, time.Since(one))
			}
			return n, longest
		}
		const within = 20 * time.Second
		if n, longest := taken("busy", time.Millisecond, within); n < 19_000 || longest != 0 {
			t.Errorf("alone %d of 20,000 were taken, the slowest after %v", n, longest)
		}
		quiet := make(chan bool)
		go func() {
			defer close(quiet)
			if n, longest := taken("quiet", 50*time.Millisecond, within); n != 400 || longest != 0 {
				t.Errorf("of another host %d of 400 were taken, the slowest after %v", n, longest)
			}
		}()
		synctest.Wait()
		most := letterBurst + int(within/letterEvery) + 1
		if n, _ := taken("busy", time.Millisecond, within); n > most || n < most*9/10 {
			t.Errorf("in company %d were taken, its share are %d", n, most)
		}
		<-quiet
		time.Sleep(company)
		if n, longest := taken("busy", time.Millisecond, time.Second); n < 950 || longest != 0 {
			t.Errorf("alone again %d of 1,000 were taken, the slowest after %v", n, longest)
		}
	})
}

// Keys of one host are fetched a few at a time, and so many in a while, whoever else writes: those who come with more wait a little.
func TestKeysOfAHostAreFetchedInTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newKeyroom()
		begin := time.Now()
		entered, refused := make(chan time.Duration, 100), make(chan time.Duration, 100)
		for range keySlots + keyWaiters + 5 {
			go func() {
				leave, ok := a.enter(t.Context(), "busy")
				if !ok {
					refused <- time.Since(begin)
					return
				}
				entered <- time.Since(begin)
				time.Sleep(50 * time.Millisecond) // the other server answers
				leave()
			}()
			synctest.Wait()
		}
		if len(refused) != 5 {
			t.Errorf("%d were refused at once", len(refused))
		}
		if _, ok := a.enter(t.Context(), "quiet"); !ok {
			t.Error("another host was refused")
		}
		time.Sleep(keyPatience + time.Second)
		synctest.Wait()
		most := keyBurst + int(keyPatience/keyEvery)
		if n := len(entered); n < most-2 || n > most+1 || n+len(refused) != keySlots+keyWaiters+5 {
			t.Errorf("%d keys were fetched and %d refused, %d may be fetched", n, len(refused), most)
		}
		for n := range keyBurst {
			if at := <-entered; at > time.Duration(n/keySlots)*50*time.Millisecond {
				t.Errorf("number %d was fetched after %v", n+1, at)
			}
		}
	})
}

func TestHostsTakeTurns(t *testing.T) {
	dbtest.EachEngine(t, func(t *testing.T, engine db.Engine) {
		now := clock.NewManual(time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC))
		d := dbtest.Open(t, engine, func(c *db.Config) { c.Clock = now })
		q := newInboxQueue(d, now, log.Discard(), nil)
		store := func(host string, n int) {
			for i := range n {
				if err := q.store(t.Context(), host, fmt.Sprintf("https://%s/users/%d", host, i), []byte("{}"), 0); err != nil {
					t.Fatal(err)
				}
			}
			now.Advance(time.Second)
		}
		claim := func(most int) (hosts []string, work []letter) {
			work, _, err := q.claim(t.Context(), most)
			if err != nil {
				t.Fatal(err)
			}
			for _, l := range work {
				hosts = append(hosts, strings.TrimSuffix(l.host, ".example"))
			}
			slices.Sort(hosts)
			return hosts, work
		}
		finish := func(work []letter) {
			if err := q.remove(t.Context(), numbers(work)); err != nil {
				t.Fatal(err)
			}
			for _, l := range work {
				q.turns.end(l)
			}
		}
		for _, busy := range []string{"a.example", "b.example", "c.example", "d.example", "e.example"} {
			store(busy, 20)
		}
		store("quiet.example", inboxOfHost+1)

		// A host has no more in hand than it may, and its others wait for them.
		var all []string
		var first []letter
		for {
			hosts, work := claim(20)
			if len(work) == 0 {
				break
			}
			all, first = append(all, hosts...), append(first, work...)
		}
		slices.Sort(all)
		want := slices.Repeat([]string{"a", "b", "c", "d", "e", "quiet"}, inboxOfHost)
		slices.Sort(want)
		if !slices.Equal(all, want) {
			t.Fatalf("claimed: %v, want %v", all, want)
		}
		finish(first)

		// Where there are fewer hands than hosts, who came last has a turn all the same, and in each round everybody.
		had := map[string]int{}
		for range 3 {
			hosts, work := claim(4)
			if len(hosts) != 4 {
				t.Fatalf("claimed: %v", hosts)
			}
			for _, host := range hosts {
				had[host]++
			}
			finish(work)
		}
		if had["quiet"] != 1 {
			t.Errorf("the host that came last was not taken in two rounds: %v", had)
		}
		for _, host := range []string{"a", "b", "c", "d", "e"} {
			if had[host] < 2 || had[host] > 3 {
				t.Errorf("the turns were %v", had)
			}
		}
		for {
			_, work := claim(4)
			if len(work) == 0 {
				break
			}
			finish(work)
		}
		if n, err := db.One(t.Context(), d, db.Int64, `SELECT COUNT(*) FROM inbox`); err != nil || n != 0 || len(q.turns.hand) != 0 {
			t.Errorf("%d are left (%v), in hand %v", n, err, q.turns.hand)
		}
	})
}

func TestWhatFailedForGoodTakesNoRoom(t *testing.T) {
	d := dbtest.Open(t, db.SQLite)
	q := newInboxQueue(d, clock.System{}, log.Discard(), nil)
	if err := d.Tx(t.Context(), func(tx *db.Tx) error {
		for range maxHostRows {
			if _, err := db.Exec(t.Context(), tx, `INSERT INTO inbox (id, host, actor, body, due_at, failed_at, created_at) VALUES ($1,'broken.example','somebody','{}',1,1,1)`, tx.NextID()); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if err := q.store(t.Context(), "broken.example", "somebody", []byte("{}"), 0); err != nil {
		t.Error("a host is shut out by what failed long ago:", err)
	}
}
