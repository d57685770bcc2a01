package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"anancus/bench/town"
	"anancus/internal/kit/db"
)

// What a town of any size may cost beside the smallest.
const (
	maxSizeRatio = 1.5
	readers      = 250 // members whose pages are asked for: each once, so that all are cold
	few          = 4   // connections
	homePages    = 5
	sizeRounds   = 5
	searches     = 120
	posts        = 400

	// Pages that the smallest town fills too: longer ones cost more, in a large town as in a small one.
	toldPage   = 5 // notifications
	groupPage  = 2 // groups of them
	searchPage = 5
)

// inhabited is a town with those of its members who are measured: with a full page of notifications, and of groups of them.
type inhabited struct {
	*place
	statuses      int
	told, grouped []int
	rounds        [][]cost
}

// sizes measures the same requests in each town, the first of which the others are compared with. It goes round among them, since what a
// machine can do that it shares with others moves from minute to minute, and tells what each costs in the round in the middle.
func (b *bench) sizes(ctx context.Context, engine db.Engine) error {
	towns := make([]*inhabited, len(b.towns))
	for i, statuses := range b.towns {
		var err error
		if towns[i], err = b.inhabit(ctx, engine, statuses); err != nil {
			return err
		}
	}
	for range sizeRounds {
		for _, t := range towns {
			// The first run is not told of. The second finds what it needs in the memory of the machine, where whatever is asked for every day
			// lies, but not what nobody asked for while the other towns were measured.
			var all []cost
			for range 2 {
				s, err := t.serve(ctx)
				if err != nil {
					return err
				}
				all, err = s.costs(ctx, t.told, t.grouped)
				if err := errors.Join(err, s.stop()); err != nil {
					return err
				}
			}
			t.rounds = append(t.rounds, all)
		}
	}
	for _, t := range towns {
		for k, one := range t.usual() {
			measure := fmt.Sprintf("%s at %d statuses: CPU a request (ms)", one.what, t.statuses)
			if t == towns[0] {
				b.told(engine, measure, one.each)
			} else {
				b.compared(engine, measure, maxSizeRatio, one.each, towns[0].usual()[k].each)
			}
			b.told(engine, fmt.Sprintf("%s at %d statuses: p95 (ms)", one.what, t.statuses), millis(one.p95))
		}
	}
	return nil
}

// inhabit makes a town, or goes on with one, and lets a server read it for search.
func (b *bench) inhabit(ctx context.Context, engine db.Engine, statuses int) (*inhabited, error) {
	p, err := b.town(ctx, engine, statuses)
	if err != nil {
		return nil, err
	}
	if err := p.index(ctx); err != nil {
		return nil, err
	}
	t := &inhabited{place: p, statuses: statuses}
	if t.told, err = p.told(ctx, "notifications", toldPage); err != nil {
		return nil, err
	}
	t.grouped, err = p.told(ctx, "notification_groups", groupPage)
	return t, err
}

// usual is what each kind of request costs in the middle of the rounds.
func (t *inhabited) usual() []cost {
	all := make([]cost, len(t.rounds[0]))
	for k := range all {
		all[k].what = t.rounds[0][k].what
		var each []float64
		var p95 []time.Duration
		for _, round := range t.rounds {
			each, p95 = append(each, round[k].each), append(p95, round[k].p95)
		}
		all[k].each, all[k].p95 = middle(each), middle(p95)
	}
	return all
}

// index lets the server read everything for search, and waits for it.
func (p *place) index(ctx context.Context) error {
	s, err := p.serve(ctx)
	if err != nil {
		return err
	}
	begin := time.Now()
	_, err = s.command(ctx, "search", "reindex", "--continue")
	if took := time.Since(begin); took > time.Second {
		fmt.Printf("  read for search in %v\n", took.Round(time.Second))
	}
	return errors.Join(err, s.stop())
}

// cost is what a kind of request took of processors, and most of them of time.
type cost struct {
	what string
	each float64 // ms
	p95  time.Duration
}

// measure sends n requests and says what each cost.
func (s *server) measure(ctx context.Context, what string, n int, each func(n int) request) (cost, error) {
	before, err := s.cpu()
	if err != nil {
		return cost{}, err
	}
	_, took, err := load(ctx, s.address, few, n, each)
	if err != nil {
		return cost{}, fmt.Errorf("%s: %w", what, err)
	}
	after, err := s.cpu()
	return cost{what, millis(after-before) / float64(n), percentile(took, 0.95)}, err
}

// told gives members, of those who are measured, with a full page of notifications or groups of them.
func (p *place) told(ctx context.Context, table string, page int) ([]int, error) {
	d, err := p.open(ctx)
	if err != nil {
		return nil, err
	}
	members, err := db.All(ctx, d, func(r db.Row) (n int, err error) {
		name, err := db.Text(r)
		if err == nil {
			_, err = fmt.Sscanf(name, "m%d", &n)
		}
		return n, err
	}, `SELECT a.username FROM accounts a JOIN members m ON m.account_id = a.id
		WHERE (SELECT COUNT(*) FROM (SELECT 1 FROM `+table+` t WHERE t.account_id = a.id LIMIT $1) x) = $1 ORDER BY a.id LIMIT $2`, page, readers)
	if err == nil && len(members) == 0 {
		err = fmt.Errorf("nobody in the town has %d rows of %s", page, table)
	}
	return members, errors.Join(err, d.Close())
}

// costs measures every kind of request; told and grouped are members with a full page of notifications and of groups of them.
func (s *server) costs(ctx context.Context, told, grouped []int) ([]cost, error) {
	words := town.Words(searches)
	// What a server does once after its start is not what is measured.
	if _, err := s.measure(ctx, "first requests", 20, func(n int) request {
		return request{path: "/api/v1/timelines/public?max_id=" + fmt.Sprint(time.Now().UnixMilli()<<16-int64(n)), token: town.Token(town.Members - 1 - n%4)}
	}); err != nil {
		return nil, err
	}
	next := make([]string, readers) // where the next page of each reader begins
	var all []cost
	one, err := s.measure(ctx, "cold home", readers, func(n int) request { return request{path: "/api/v1/timelines/home", token: town.Token(n)} })
	if err != nil {
		return nil, err
	}
	all = append(all, one)
	for page := 1; page < homePages; page++ {
		for n := range readers {
			body, err := ask(ctx, http.MethodGet, s.address, "/api/v1/timelines/home"+next[n], town.Token(n), "")
			if err != nil {
				return nil, err
			}
			var list []struct{ ID string }
			if err := json.Unmarshal(body, &list); err != nil {
				return nil, err
			}
			if len(list) == 0 {
				return nil, fmt.Errorf("page %d of the home of member %d is empty", page, n)
			}
			next[n] = "?max_id=" + list[len(list)-1].ID
		}
	}
	for _, kind := range []struct {
		what string
		n    int
		each func(n int) request
	}{
		{"page 5 of home", readers, func(n int) request { return request{path: "/api/v1/timelines/home" + next[n], token: town.Token(n)} }},
		{"notifications", len(told), func(n int) request {
			return request{path: fmt.Sprintf("/api/v1/notifications?limit=%d", toldPage), token: town.Token(told[n])}
		}},
		{"grouped notifications", len(grouped), func(n int) request {
			return request{path: fmt.Sprintf("/api/v2/notifications?limit=%d", groupPage), token: town.Token(grouped[n])}
		}},
		{"search", searches, func(n int) request {
			return request{path: fmt.Sprintf("/api/v2/search?type=statuses&limit=%d&q=%s", searchPage, url.QueryEscape(words[n])), token: town.Token(n)}
		}},
		{"posting", posts, func(n int) request {
			return request{method: http.MethodPost, path: "/api/v1/statuses", token: town.Token(n % readers), form: "status=" + url.QueryEscape(fmt.Sprintf("Post %d, long enough to be like what people write on a morning with coffee. #morning%d", n, n%7))}
		}},
	} {
		if one, err = s.measure(ctx, kind.what, kind.n, kind.each); err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}
