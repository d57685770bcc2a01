package server

import (
	"context"
	"slices"
	"sync"

	"anancus/internal/kit/db"
)

// turns is how the workers of the inbox go round among hosts.
type turns struct {
	mu   sync.Mutex
	hand map[string]int // letters of each host that are in hand
	last string         // the host that had its turn last, where not all could have one
}

func (t *turns) begin(host string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.hand == nil {
		t.hand = map[string]int{}
	}
	t.hand[host]++
}

func (t *turns) end(host string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.hand[host]--; t.hand[host] <= 0 {
		delete(t.hand, host)
	}
}

// busy are the hosts that have all they may have in hand.
func (t *turns) busy() []string {
	hosts := []string{} // not nil, which is no list for PostgreSQL
	t.mu.Lock()
	defer t.mu.Unlock()
	for host, n := range t.hand {
		if n >= inboxOfHost {
			hosts = append(hosts, host)
		}
	}
	return hosts
}

// head is the first letter of an actor.
type head struct {
	id   int64
	host string
}

func scanHead(r db.Row) (h head, err error) {
	err = r.Scan(&h.id, &h.host)
	return h, err
}

const headsDue = `SELECT i.id, i.host FROM inbox i WHERE i.failed_at IS NULL AND i.due_at <= $1 AND (i.leased_until IS NULL OR i.leased_until < $1)
	AND NOT EXISTS (SELECT 1 FROM inbox e WHERE e.actor = i.actor AND e.id < i.id AND e.failed_at IS NULL)`

// pick chooses the letters to take next: those that are due first, and where there are more than hands, those of hosts in turn.
func (q *inboxQueue) pick(ctx context.Context, now int64, most int) (ids []int64, err error) {
	busy := q.turns.busy()
	first, err := db.All(ctx, q.db, scanHead, headsDue+` AND NOT i.host {in $3} ORDER BY i.due_at LIMIT $2`, now, most, busy)
	if err != nil {
		return nil, err
	}
	p := picked{most: most, hand: map[string]int{}}
	q.turns.mu.Lock()
	last := q.turns.last
	for host, n := range q.turns.hand {
		p.hand[host] = n
	}
	q.turns.mu.Unlock()
	if len(first) == most { // more than that may wait
		hosts, err := q.hostsAfter(ctx, last, most, busy)
		if err == nil && len(hosts) < most && last != "" {
			var again []string
			again, err = q.hostsAfter(ctx, "", most-len(hosts), busy)
			hosts = append(hosts, again...)
		}
		if err != nil {
			return nil, err
		}
		for _, host := range hosts {
			one, err := db.All(ctx, q.db, scanHead, headsDue+` AND i.host = $2 ORDER BY i.due_at LIMIT 1`, now, host)
			if err != nil {
				return nil, err
			}
			if len(one) > 0 && p.add(one[0]) {
				last = host
			}
		}
		q.turns.mu.Lock()
		q.turns.last = last
		q.turns.mu.Unlock()
	}
	for _, one := range first {
		p.add(one)
	}
	return p.ids, nil
}

// hostsAfter are the next hosts by name of which something waits.
func (q *inboxQueue) hostsAfter(ctx context.Context, last string, most int, busy []string) ([]string, error) {
	return db.All(ctx, q.db, db.Text, `WITH RECURSIVE waiting(host, n) AS (
			SELECT (SELECT MIN(host) FROM inbox WHERE failed_at IS NULL AND host > $1 AND NOT host {in $3}), 1
			UNION ALL SELECT (SELECT MIN(i.host) FROM inbox i WHERE i.failed_at IS NULL AND i.host > w.host AND NOT i.host {in $3}), w.n + 1
				FROM waiting w WHERE w.host IS NOT NULL AND w.n < $2)
		SELECT host FROM waiting WHERE host IS NOT NULL`, last, most, busy)
}

// picked is what is chosen so far.
type picked struct {
	most int
	hand map[string]int
	ids  []int64
}

func (p *picked) add(one head) bool {
	if len(p.ids) >= p.most || p.hand[one.host] >= inboxOfHost || slices.Contains(p.ids, one.id) {
		return false
	}
	p.hand[one.host]++
	p.ids = append(p.ids, one.id)
	return true
}
