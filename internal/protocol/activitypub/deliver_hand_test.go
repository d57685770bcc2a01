package activitypub

import (
	"context"
	"fmt"
	"testing"
	"time"
)

func TestWhatLiesThereIsReadWithTheClaim(t *testing.T) {
	eachPost(t, func(t *testing.T, p *post) {
		p.enqueue(2, "b one", "little.example")
		p.enqueue(1, "a one", "little.example", "much.example")
		p.enqueue(2, "b two", "little.example")
		for i := range handRows {
			p.enqueue(1, fmt.Sprint("more ", i), "much.example")
		}
		hosts, err := p.take(t.Context(), 10)
		if err != nil || len(hosts) != 2 {
			t.Fatalf("take = %v, %v", hosts, err)
		}
		for _, h := range hosts {
			var keys []string
			for _, row := range h.hand.rows {
				keys = append(keys, row.key)
			}
			want := "[a one b one b two]"
			if h.name == "much.example" {
				want = "[]"
			}
			if got := fmt.Sprint(keys); got != want || h.hand.fresh() != (h.name == "little.example") {
				t.Errorf("of %s was read %s, want %s", h.name, got, want)
			}
			p.enqueue(1, "later "+h.name, h.name) // after the claim
			p.visit(t.Context(), h, 1, nil)
		}
		if got := p.world.took(); len(got) != 3+handRows+2 {
			t.Errorf("arrived %q", got)
		}
		p.delivers("little.example later little.example")
		p.waiting(0)
	})
}

func TestAnOldHandIsNotPlayed(t *testing.T) {
	eachPost(t, func(t *testing.T, p *post) {
		p.enqueue(1, "one", "a.example")
		p.enqueue(1, "two", "a.example")
		hosts, err := p.take(t.Context(), 10)
		if err != nil || len(hosts) != 1 || len(hosts[0].hand.rows) != 2 {
			t.Fatalf("take = %v, %v", hosts, err)
		}
		if err := p.Drop(t.Context(), "a.example"); err != nil {
			t.Fatal(err)
		}
		hosts[0].hand.at = hosts[0].hand.at.Add(-handFresh - time.Second)
		p.visit(t.Context(), hosts[0], 1, nil)
		p.delivers()
	})
}

func TestAStatusIsLookedForOnceASecond(t *testing.T) {
	eachPost(t, func(t *testing.T, p *post) {
		asked := 0
		p.Deliverer.gone = func(_ context.Context, status int64) (bool, error) {
			asked++
			return p.deleted[status], nil
		}
		create := Delivery{Author: 1, EventKey: "create", Body: []byte("create"), Inboxes: inboxes([]string{"a.example", "b.example", "c.example"}), Status: 7}
		p.put(create)
		p.world.answer("c.example", 503)
		p.delivers("a.example create", "b.example create", "c.example create")
		if asked != 1 {
			t.Errorf("asked %d times for one status at one moment", asked)
		}
		p.deleted[7] = true
		p.clock.Advance(time.Hour)
		p.world.answer("c.example", 202)
		p.delivers() // gone since
		p.waiting(0)
	})
}
