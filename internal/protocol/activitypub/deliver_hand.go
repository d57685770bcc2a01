package activitypub

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"anancus/internal/kit/db"
)

const (
	handRows  = 10              // rows of a host that are read with its claim, when it has no more
	handFresh = 5 * time.Second // how long a visit trusts them
	thereFor  = time.Second     // how long a status that was there counts as there
)

// hand is what lay there for a host when it was claimed, if that was little: all of it, in the order of lanes.
type hand struct {
	rows []delivery
	at   time.Time // real time of the reading; zero: there was more, or it was not read
}

func (h hand) fresh() bool { return !h.at.IsZero() && time.Since(h.at) < handFresh }

// deal reads what lies there for claimed hosts at once: most have a row or two, for which each visit would ask twice.
func (d *Deliverer) deal(ctx context.Context, hosts []deliveryHost) error {
	if len(hosts) == 0 {
		return nil
	}
	at := time.Now()
	rows, err := firstRows(ctx, d.db, hostNames(hosts))
	if err != nil {
		return err
	}
	for i := range hosts {
		if of := rows[hosts[i].name]; len(of) <= handRows {
			slices.SortFunc(of, func(a, b delivery) int { return cmp.Or(cmp.Compare(a.author, b.author), cmp.Compare(a.id, b.id)) })
			hosts[i].hand = hand{of, at}
		}
	}
	return nil
}

// lanes lists lanes after that of an author.
func (v *visit) lanes(ctx context.Context, after int64) ([]lane, error) {
	if !v.host.hand.fresh() {
		v.host.hand = hand{} // not to be trusted for the rest of the visit either
		return lanesAfter(ctx, v.db, v.host.name, after, lanePage)
	}
	var lanes []lane
	for _, row := range v.host.hand.rows {
		if row.author > after && (len(lanes) == 0 || lanes[len(lanes)-1].author != row.author) {
			lanes = append(lanes, lane{row.author, row.due})
		}
	}
	return lanes, nil
}

// rows lists rows of a lane after one of them.
func (v *visit) rows(ctx context.Context, author, after int64) ([]delivery, error) {
	if v.host.hand.at.IsZero() {
		return laneRows(ctx, v.db, v.host.name, author, after, laneBatch)
	}
	var rows []delivery
	for _, row := range v.host.hand.rows {
		if row.author == author && row.id > after {
			rows = append(rows, row)
		}
	}
	return rows, nil
}

const handColumns = `d.host, d.id, d.author_id, d.event_key, d.inbox_url, d.body, COALESCE(d.body_id, 0), COALESCE(d.status_id, 0), d.attempts, d.due_at, d.created_at`

// The two engines want other words for the first rows of each host.
const (
	firstRowsPostgres = `SELECT ` + handColumns + ` FROM unnest($1::text[]) AS h (host) CROSS JOIN LATERAL (
		SELECT * FROM deliveries WHERE deliveries.host = h.host ORDER BY deliveries.host, author_id, id LIMIT $2) AS d`
	firstRowsSQLite = `SELECT ` + handColumns + ` FROM json_each($1) AS h JOIN deliveries AS d ON d.id IN (
		SELECT e.id FROM deliveries AS e WHERE e.host = h.value ORDER BY e.host, e.author_id, e.id LIMIT $2)`
)

func firstRowsSQL(engine db.Engine) string {
	if engine == db.Postgres {
		return firstRowsPostgres
	}
	return firstRowsSQLite
}

// firstRows reads the first rows of each host's lanes, up to one more than a hand holds.
func firstRows(ctx context.Context, d *db.DB, hosts []string) (map[string][]delivery, error) {
	of := make(map[string][]delivery, len(hosts))
	_, err := db.All(ctx, d, func(row db.Row) (struct{}, error) {
		var host string
		var one delivery
		err := row.Scan(&host, &one.id, &one.author, &one.key, &one.inbox, &one.body, &one.bodyID, &one.status, &one.attempts, &one.due, &one.created)
		of[host] = append(of[host], one)
		return struct{}{}, err
	}, firstRowsSQL(d.Engine()), hosts, handRows+1)
	if err != nil {
		return nil, fmt.Errorf("read the first deliveries of hosts: %w", err)
	}
	return of, nil
}

// there remembers for a moment which statuses were not gone: one goes to many hosts at once. One that goes meanwhile is followed by its Delete.
type there struct {
	mu    sync.Mutex
	until time.Time
	known map[int64]struct{}

	flight singleflight.Group
}

// isGone asks whether a status was deleted.
func (d *Deliverer) isGone(ctx context.Context, status int64) (bool, error) {
	now := d.clock.Now()
	d.there.mu.Lock()
	if !now.Before(d.there.until) || d.there.known == nil {
		d.there.known, d.there.until = map[int64]struct{}{}, now.Add(thereFor)
	}
	_, known := d.there.known[status]
	d.there.mu.Unlock()
	if known {
		return false, nil
	}
	// When the moment is over many want to know at once.
	answer, err, _ := d.there.flight.Do(strconv.FormatInt(status, 10), func() (any, error) { return d.gone(ctx, status) })
	if gone, _ := answer.(bool); err != nil || gone {
		return gone, err
	}
	d.there.mu.Lock()
	defer d.there.mu.Unlock()
	d.there.known[status] = struct{}{}
	return false, nil
}
