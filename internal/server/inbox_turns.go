package server

import (
	"context"
	"maps"
	"slices"
	"sync"

	"anancus/internal/kit/db"
)

// turns is how the workers of the inbox go round among hosts.
type turns struct {
	mu    sync.Mutex
	hand  map[string]int  // letters of each host that are in hand
	lanes map[string]bool // the actors that are in hand
	last  string          // the host that had its turn last, where not all could have one
}

func (t *turns) begin(l letter) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.hand == nil {
		t.hand, t.lanes = map[string]int{}, map[string]bool{}
	}
	t.hand[l.host]++
	t.lanes[l.actor] = true
}

func (t *turns) end(l letter) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.lanes, l.actor)
	if t.hand[l.host]--; t.hand[l.host] <= 0 {
		delete(t.hand, l.host)
	}
}

// holds tells whether an actor is in hand: whoever has them looks for more of them in the end.
func (t *turns) holds(actor string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.lanes[actor]
}

// held are the actors in hand, and how many letters of each host are.
func (t *turns) held() (lanes []string, hand map[string]int, last string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.AppendSeq(make([]string, 0, len(t.lanes)), maps.Keys(t.lanes)), maps.Clone(t.hand), t.last // not nil, which is no list for PostgreSQL
}

// head is the first letter of an actor.
type head struct {
	id          int64
	host, actor string
}

func scanHead(r db.Row) (h head, err error) {
	err = r.Scan(&h.id, &h.host, &h.actor)
	return h, err
}

// headsAtOnce is how many letters are looked at together in search of the first ones of their actors.
const headsAtOnce = 100

// heads are the first letters of actors that are not in hand, those that are due first; of one host, or of any where that is "". Of somebody
// who has sent much only the beginning is read.
func (q *inboxQueue) heads(ctx context.Context, now int64, most int, host string, lanes, busy []string) (found []head, err error) {
	lanes = slices.Clone(lanes)
	where, whose := `host {not in $3}`, any(busy)
	if host != "" {
		where, whose = `host = $3`, host
	}
	for len(found) < most {
		due, err := db.All(ctx, q.db, scanHead, `SELECT id, host, actor FROM inbox WHERE failed_at IS NULL AND due_at <= $1 AND (leased_until IS NULL OR leased_until < $1)
			AND actor {not in $2} AND `+where+` ORDER BY due_at, id LIMIT $4`, now, lanes, whose, headsAtOnce)
		if err != nil {
			return nil, err
		}
		var first []int64
		for _, one := range due {
			if !slices.Contains(lanes, one.actor) {
				first, lanes = append(first, one.id), append(lanes, one.actor)
			}
		}
		if len(first) == 0 {
			break
		}
		// What is due first of an actor need not be their first: that one may have been put off since.
		foremost, err := db.All(ctx, q.db, scanHead, `SELECT h.id, h.host, h.actor FROM inbox i JOIN inbox h
				ON h.id = (SELECT e.id FROM inbox e WHERE e.actor = i.actor AND e.failed_at IS NULL ORDER BY e.actor, e.id LIMIT 1)
			WHERE i.id {in $1} AND h.due_at <= $2 AND (h.leased_until IS NULL OR h.leased_until < $2) ORDER BY i.due_at, i.id`, first, now)
		if err != nil {
			return nil, err
		}
		found = append(found, foremost[:min(len(foremost), most-len(found))]...)
		if len(due) < headsAtOnce {
			break
		}
	}
	return found, nil
}

// pick chooses the letters to take next: those that are due first, and where there are more than hands, those of hosts in turn.
func (q *inboxQueue) pick(ctx context.Context, now int64, most int) (ids []int64, err error) {
	lanes, hand, last := q.turns.held()
	p := picked{most: most, hand: map[string]int{}}
	busy := []string{}
	for host, n := range hand {
		if p.hand[host] = n; n >= inboxOfHost {
			busy = append(busy, host)
		}
	}
	first, err := q.heads(ctx, now, most, "", lanes, busy)
	if err != nil {
		return nil, err
	}
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
			one, err := q.heads(ctx, now, 1, host, lanes, busy)
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
