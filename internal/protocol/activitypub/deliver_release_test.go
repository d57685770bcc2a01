package activitypub

import (
	"fmt"
	"testing"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
)

func TestHostsThatAreGivenBackTogether(t *testing.T) {
	eachPost(t, func(t *testing.T, p *post) {
		var hosts []string
		for i := range 10 {
			hosts = append(hosts, fmt.Sprintf("h%d.example", i))
		}
		p.enqueue(1, "one", hosts...)
		held, err := p.take(t.Context(), len(hosts))
		if err != nil || len(held) != len(hosts) {
			t.Fatalf("took %d hosts: %v", len(held), err)
		}
		p.enqueue(1, "two", hosts[7]) // it is due sooner than its visit says
		now := clock.Milli(p.clock.Now())
		var some []*release
		for i, h := range hosts {
			ids, err := db.All(t.Context(), p.db, db.Value[int64], `SELECT id FROM deliveries WHERE event_key = 'one' AND host = $1`, h)
			if err != nil {
				t.Fatal(err)
			}
			one := &release{host: h, done: ids, next: never}
			if i == 5 {
				one.next = now + 90_000
			}
			some = append(some, one)
		}
		ctx, statements := db.CountQueries(t.Context())
		if err := p.giveBack(ctx, some); err != nil {
			t.Fatal(err)
		}
		if got := statements(); got > 5 {
			t.Errorf("%d statements for %d hosts", got, len(hosts))
		}
		for i, one := range some {
			want := int64(never)
			switch i {
			case 5:
				want = now + 90_000
			case 7:
				want = now
			}
			if one.due != want {
				t.Errorf("%s is due at %d, want %d", one.host, one.due, want)
			}
		}
		p.waiting(1)
		p.delivers("h7.example two")
	})
}
