package activitypub

import (
	"fmt"
	"testing"
	"time"

	"anancus/internal/kit/db"
)

// bodies tells how many are stored for all, and how many deliveries have one of their own.
func (p *post) bodies() (shared, own int64) {
	p.t.Helper()
	shared, err := db.One(p.t.Context(), p.db, db.Int64, `SELECT COUNT(*) FROM delivery_bodies`)
	if err == nil {
		own, err = db.One(p.t.Context(), p.db, db.Int64, `SELECT COUNT(*) FROM deliveries WHERE body <> ''`)
	}
	if err != nil {
		p.t.Fatal(err)
	}
	return shared, own
}

func (p *post) keeps(shared, own int64) {
	p.t.Helper()
	if a, b := p.bodies(); a != shared || b != own {
		p.t.Errorf("%d bodies are stored for many and %d for one, want %d and %d", a, b, shared, own)
	}
}

func TestABodyForManyIsStoredOnceAndUntilAllHaveIt(t *testing.T) {
	eachPost(t, func(t *testing.T, p *post) {
		p.enqueue(1, "to few", "a.example", "b.example", "c.example")
		p.keeps(0, 3)
		p.enqueue(1, "to many", "a.example", "b.example", "c.example", "d.example")
		p.keeps(1, 3)
		p.world.answer("d.example", 503)
		p.delivers("a.example to few", "a.example to many", "b.example to few", "b.example to many", "c.example to few", "c.example to many", "d.example to many")
		p.clock.Advance(24 * time.Hour)
		if err := p.SweepBodies(t.Context()); err != nil {
			t.Fatal(err)
		}
		p.keeps(1, 0) // one still waits for it

		p.Deliverer = p.another() // which remembers nothing
		p.world.answer("d.example", 202)
		p.delivers("d.example to many")
		if err := p.SweepBodies(t.Context()); err != nil {
			t.Fatal(err)
		}
		p.keeps(0, 0)
	})
}

func TestABodyThatWasJustStoredIsKept(t *testing.T) {
	eachPost(t, func(t *testing.T, p *post) {
		p.enqueue(1, "to many", "a.example", "b.example", "c.example", "d.example")
		p.deliverDue()
		p.clock.Advance(bodyUnused - time.Minute)
		if err := p.SweepBodies(t.Context()); err != nil {
			t.Fatal(err)
		}
		p.keeps(1, 0) // the rest of its deliveries may come
		p.clock.Advance(2 * time.Minute)
		if err := p.SweepBodies(t.Context()); err != nil {
			t.Fatal(err)
		}
		p.keeps(0, 0)
	})
}

func TestALargeFanOutHasOneBody(t *testing.T) {
	eachPost(t, func(t *testing.T, p *post) {
		var hosts []string
		for i := range 2*enqueueAtOnce + 1 {
			hosts = append(hosts, fmt.Sprintf("h%04d.example", i))
		}
		x := Delivery{Author: 1, EventKey: "create", Body: []byte("create"), Inboxes: inboxes(hosts)}
		if err := p.EnqueueAll(t.Context(), x); err != nil {
			t.Fatal(err)
		}
		p.keeps(1, 0)
		p.deliverDue()
		if got := p.world.took(); len(got) != len(hosts) || got[0] != "h0000.example create" || got[len(got)-1] != hosts[len(hosts)-1]+" create" {
			t.Errorf("%d of %d arrived", len(got), len(hosts))
		}
		p.waiting(0)
	})
}

func TestManyBodiesAreLookedThroughInParts(t *testing.T) {
	eachPost(t, func(t *testing.T, p *post) {
		err := p.db.Tx(t.Context(), func(tx *db.Tx) error {
			_, err := db.Exec(t.Context(), tx, `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
				INSERT INTO delivery_bodies (id, event_key, body) SELECT i, 'event ' || CAST(i AS TEXT), 'x' FROM n`, 2*bodiesSwept+1)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		p.enqueue(1, "event 700", "a.example")
		if err := p.SweepBodies(t.Context()); err != nil {
			t.Fatal(err)
		}
		p.keeps(1, 1)
	})
}

func TestADeliveryWithoutItsBodyHoldsUpNothing(t *testing.T) {
	eachPost(t, func(t *testing.T, p *post) {
		p.enqueue(1, "lost", "a.example", "b.example", "c.example", "d.example")
		p.enqueue(1, "next", "a.example")
		if err := p.db.Tx(t.Context(), func(tx *db.Tx) error {
			_, err := db.Exec(t.Context(), tx, `DELETE FROM delivery_bodies`)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		p.delivers("a.example next")
		p.waiting(0)
	})
}
