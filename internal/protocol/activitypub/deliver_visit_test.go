package activitypub

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"anancus/internal/kit/db"
)

func TestTwoLanesOfAHostGoAtATime(t *testing.T) {
	eachPost(t, func(t *testing.T, p *post) {
		p.world.hold, p.world.arrived = make(chan bool), make(chan string, 100)
		for author := range int64(6) {
			p.enqueue(author, fmt.Sprint("one of ", author), "a.example")
			p.enqueue(author, fmt.Sprint("two of ", author), "a.example")
		}
		if err := p.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			<-p.world.arrived
		}
		close(p.world.hold) // from here they go as they like: a hand that has no lane left sends nothing after its last
		for range 10 {
			<-p.world.arrived
		}
		if err := p.Stop(context.Background()); err != nil {
			t.Error(err)
		}
		if p.world.most["a.example"] != 2 {
			t.Errorf("%d were in flight at a time, want 2", p.world.most["a.example"])
		}
		got := p.world.took()
		for author := range 6 {
			one := slices.Index(got, fmt.Sprint("a.example one of ", author))
			two := slices.Index(got, fmt.Sprint("a.example two of ", author))
			if one < 0 || two < one {
				t.Errorf("author %d arrived at %d and %d", author, one, two)
			}
		}
		p.waiting(0)
	})
}

func TestWorkersSendWhatWasEnqueued(t *testing.T) {
	eachPost(t, func(t *testing.T, p *post) {
		p.world.arrived = make(chan string, 1000)
		if err := p.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		want := map[string]bool{}
		for i := range 100 {
			host := fmt.Sprintf("h%d.example", i%7)
			p.enqueue(int64(i%3), fmt.Sprint("event ", i), host)
			want[fmt.Sprintf("%s event %d", host, i)] = true
		}
		for range 100 { // no Wake: the commit is found soon
			delete(want, <-p.world.arrived)
		}
		if err := p.Stop(context.Background()); err != nil {
			t.Error(err)
		}
		if len(want) > 0 {
			t.Errorf("did not arrive: %v", want)
		}
		p.waiting(0)
	})
}

func TestAKilledDelivererLosesNothing(t *testing.T) {
	eachPost(t, func(t *testing.T, p *post) {
		p.enqueue(1, "one", "a.example", "b.example")
		p.enqueue(1, "two", "a.example")
		hosts, err := claimHosts(t.Context(), p.db, p.clock.Now(), hostLease, 10)
		if err != nil || len(hosts) != 2 {
			t.Fatalf("claimHosts = %v, %v", hosts, err)
		}
		// One row was sent and not yet removed when the process was killed.
		if _, err := p.world.Post(t.Context(), "https://a.example/inbox", []byte("one"), "", nil); err != nil {
			t.Fatal(err)
		}
		p.enqueue(1, "three", "a.example") // makes the host due, but not free

		next := p.another()
		if p.db.Engine() == db.Postgres {
			if err := next.DeliverDue(t.Context()); err != nil || len(p.world.took()) != 1 {
				t.Errorf("delivered from a host that another process may hold: %v", err)
			}
			p.clock.Advance(hostLease)
		}
		p.world.arrived = make(chan string, 10)
		if err := next.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		var got []string
		for range 4 {
			got = append(got, <-p.world.arrived)
		}
		if err := next.Stop(context.Background()); err != nil {
			t.Error(err)
		}
		slices.Sort(got)
		if want := []string{"a.example one", "a.example three", "a.example two", "b.example one"}; !slices.Equal(got, want) {
			t.Errorf("arrived %q, want %q", got, want)
		}
		p.waiting(0)
	})
}

func TestStopEndsAHangingPostAndKeepsItsRow(t *testing.T) {
	eachPost(t, func(t *testing.T, p *post) {
		p.world.hold, p.world.arrived = make(chan bool), make(chan string, 10)
		p.enqueue(1, "one", "a.example")
		p.enqueue(1, "two", "a.example")
		if err := p.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		<-p.world.arrived
		ctx, cancel := context.WithCancel(context.Background())
		cancel() // no patience
		if err := p.Stop(ctx); err != nil {
			t.Error(err)
		}
		close(p.world.hold)
		p.waiting(2)
		if s := p.state("a.example"); s.Failures != 0 || s.NextAt.After(p.clock.Now()) {
			t.Errorf("the host is charged with our stop: %+v", s)
		}
		p.world.took()
		p.world.hold, p.world.arrived = nil, nil
		p.delivers("a.example one", "a.example two")
	})
}

func TestTroubleOfOurOwnIsNotTheHostsFault(t *testing.T) {
	eachPost(t, func(t *testing.T, p *post) {
		trouble := true
		p.Deliverer.gone = func(context.Context, int64) (bool, error) {
			if trouble {
				return false, errors.New("the database is away")
			}
			return false, nil
		}
		p.put(Delivery{Author: 1, EventKey: "create", Body: []byte("create"), Inboxes: inboxes([]string{"a.example"}), Status: 7})
		p.delivers()
		if s := p.state("a.example"); s.Failures != 0 || s.Waiting != 1 {
			t.Errorf("a.example: %+v", s)
		}
		trouble = false
		p.clock.Advance(notOurs)
		p.delivers("a.example create")
	})
}

func TestManyLanesOfAHostAllHaveTheirTurn(t *testing.T) {
	eachPost(t, func(t *testing.T, p *post) {
		for author := range int64(3*lanePage + 5) {
			p.enqueue(author-10, fmt.Sprint("of ", author), "a.example")
		}
		for i := range laneTurn + 15 {
			p.enqueue(1000, fmt.Sprint("many ", i), "a.example")
		}
		if err := p.DeliverDue(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got, want := len(p.world.took()), 3*lanePage+5+laneTurn+15; got != want {
			t.Errorf("%d arrived, want %d", got, want)
		}
		p.waiting(0)
	})
}
