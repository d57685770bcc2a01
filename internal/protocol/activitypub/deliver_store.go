package activitypub

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"anancus/internal/kit/bus"
	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
)

// insertSizes are the numbers of rows that one INSERT adds: few different
// statements, so that each is prepared once.
var insertSizes = []int{100, 10, 1}

// insertTexts holds the INSERT for each size.
var insertTexts = func() map[int]string {
	texts := map[int]string{}
	for _, size := range insertSizes {
		var b strings.Builder
		b.WriteString(`INSERT INTO deliveries (author_id, event_key, body, body_id, status_id, due_at, created_at, id, host, inbox_url) VALUES `)
		for i := range size {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString("($1, $2, $3, $4, $5, $6, $6")
			for column := range 3 {
				b.WriteString(", $" + strconv.Itoa(7+3*i+column))
			}
			b.WriteString(")")
		}
		b.WriteString(` ON CONFLICT (event_key, inbox_url) DO NOTHING`)
		texts[size] = b.String()
	}
	return texts
}()

// insertDeliveries stores the rows; bodyID is that of their body where it is stored for all, and 0 where each has it.
func insertDeliveries(ctx context.Context, tx *db.Tx, x Delivery, bodyID int64, to []destination) error {
	body, shared := string(x.Body), (*int64)(nil)
	if bodyID != 0 {
		body, shared = "", &bodyID
	}
	var status *int64
	if x.Status != 0 {
		status = &x.Status
	}
	lane := x.Author
	if x.Low {
		lane |= lowLane
	}
	now := clock.Milli(tx.Now())
	for _, size := range insertSizes {
		for len(to) >= size {
			args := make([]any, 0, 6+3*size)
			args = append(args, lane, x.EventKey, body, shared, status, now)
			for _, t := range to[:size] {
				args = append(args, tx.NextID(), t.host, t.inbox)
			}
			if _, err := db.Exec(ctx, tx, insertTexts[size], args...); err != nil {
				return fmt.Errorf("enqueue %s: %w", x.EventKey, err)
			}
			to = to[size:]
		}
	}
	return nil
}

// lanesSQL walks over the authors of a host by the index, one step for each
// lane and not for each row.
const lanesSQL = `
	WITH RECURSIVE lanes (author_id, n) AS (
		SELECT (SELECT MIN(author_id) FROM deliveries WHERE host = $1 AND author_id > $2), 1
		UNION ALL
		SELECT (SELECT MIN(d.author_id) FROM deliveries d WHERE d.host = $1 AND d.author_id > lanes.author_id), n + 1
		FROM lanes WHERE lanes.author_id IS NOT NULL AND n < $3)
	SELECT author_id,
		(SELECT d.due_at FROM deliveries d
			WHERE (d.host, d.author_id, d.id) > ($1, lanes.author_id, $4)
			ORDER BY d.host, d.author_id, d.id LIMIT 1)
	FROM lanes WHERE author_id IS NOT NULL ORDER BY n`

// lanesAfter lists the lanes of a host in the order of their authors.
func lanesAfter(ctx context.Context, q db.Q, host string, author int64, limit int) ([]lane, error) {
	lanes, err := db.All(ctx, q, func(row db.Row) (lane, error) {
		var l lane
		err := row.Scan(&l.author, &l.due)
		return l, err
	}, lanesSQL, host, author, limit, int64(math.MinInt64))
	if err != nil {
		return nil, fmt.Errorf("list lanes: %w", err)
	}
	return lanes, nil
}

// laneRange picks the rows of a lane after an id, in order. Written with
// equals, PostgreSQL may think it quicker to read the whole table by id.
const laneRange = `
	FROM deliveries WHERE (host, author_id, id) > ($1, $2, $3) AND (host, author_id) <= ($1, $2)
	ORDER BY host, author_id, id LIMIT $4`

const laneRowsSQL = `
	SELECT id, author_id, event_key, inbox_url, body, COALESCE(body_id, 0), COALESCE(status_id, 0), attempts, due_at, created_at` + laneRange

// laneRows lists the rows of a lane in the order they must go.
func laneRows(ctx context.Context, q db.Q, host string, author, after int64, limit int) ([]delivery, error) {
	rows, err := db.All(ctx, q, func(row db.Row) (delivery, error) {
		var d delivery
		err := row.Scan(&d.id, &d.author, &d.key, &d.inbox, &d.body, &d.bodyID, &d.status, &d.attempts, &d.due, &d.created)
		return d, err
	}, laneRowsSQL, host, author, after, limit)
	if err != nil {
		return nil, fmt.Errorf("read a lane: %w", err)
	}
	return rows, nil
}

func deleteDeliveries(ctx context.Context, d *db.DB, ids []int64) error {
	return d.Tx(ctx, func(tx *db.Tx) error { return deleteRows(ctx, tx, ids) })
}

func deleteRows(ctx context.Context, tx *db.Tx, ids []int64) error {
	if len(ids) == 0 {
		return nil
	}
	if _, err := db.Exec(ctx, tx, `DELETE FROM deliveries WHERE id {in $1}`, ids); err != nil {
		return fmt.Errorf("remove answered deliveries: %w", err)
	}
	return nil
}

// failDelivery makes a lane wait and stores how its host fares.
func failDelivery(ctx context.Context, d *db.DB, h deliveryHost, row delivery, text string) error {
	err := d.Tx(ctx, func(tx *db.Tx) error {
		if err := updateHost(ctx, tx, h); err != nil {
			return err
		}
		_, err := db.Exec(ctx, tx, `
			UPDATE deliveries SET attempts = $2, due_at = $3, last_error = $4 WHERE id = $1`,
			row.id, row.attempts, row.due, text)
		return err
	})
	if err != nil {
		return fmt.Errorf("postpone a delivery: %w", err)
	}
	return nil
}

// giveUpDelivery drops the first row of a lane and what waited behind it for
// too long, and tells when the next one is due.
func giveUpDelivery(ctx context.Context, d *db.DB, h deliveryHost, row delivery, now time.Time) (due int64, err error) {
	err = d.Tx(ctx, func(tx *db.Tx) error {
		if err := updateHost(ctx, tx, h); err != nil {
			return err
		}
		if err := deleteRows(ctx, tx, []int64{row.id}); err != nil {
			return err
		}
		_, err := db.Exec(ctx, tx, `
			DELETE FROM deliveries WHERE id IN (SELECT id`+laneRange+`) AND created_at < $5`,
			h.name, row.author, row.id, dropAtOnce, clock.Milli(now.Add(-laneEndures)))
		if err != nil {
			return err
		}
		due, err = inherit(ctx, tx, h.name, row.author, now)
		return err
	})
	if err != nil {
		return clock.Milli(now.Add(notOurs)), fmt.Errorf("give up a delivery: %w", err)
	}
	return due, nil
}

// inherit makes the new first row of a lane wait as long as it would, had it
// been tried from the beginning, and tells until when.
func inherit(ctx context.Context, tx *db.Tx, host string, author int64, now time.Time) (int64, error) {
	rows, err := laneRows(ctx, tx, host, author, math.MinInt64, 1)
	if err != nil || len(rows) == 0 {
		return never, err
	}
	first := rows[0]
	first.attempts = max(first.attempts, attemptsBy(now.Sub(clock.FromMilli(first.created))))
	if first.attempts == 0 {
		return first.due, nil
	}
	first.due = clock.Milli(now.Add(bus.Backoff(first.attempts)))
	_, err = db.Exec(ctx, tx, `UPDATE deliveries SET attempts = $2, due_at = $3 WHERE id = $1`,
		first.id, first.attempts, first.due)
	return first.due, err
}

// dropLane removes all rows of an author for a host, some at a time.
func dropLane(ctx context.Context, d *db.DB, host string, author int64) error {
	for {
		var n int64
		err := d.Tx(ctx, func(tx *db.Tx) (err error) {
			n, err = db.Exec(ctx, tx, `
				DELETE FROM deliveries WHERE id IN (SELECT id`+laneRange+`)`,
				host, author, int64(math.MinInt64), dropAtOnce)
			return err
		})
		if err != nil {
			return fmt.Errorf("drop the deliveries of an author: %w", err)
		}
		if n < dropAtOnce {
			return nil
		}
	}
}

// Drop forgets what waits to be sent to a host, some at a time, but for farewells.
func (d *Deliverer) Drop(ctx context.Context, host string) error {
	for author, begun := int64(0), false; ; begun = true {
		first := int64(math.MinInt64)
		if begun {
			first = author
		}
		lanes, err := lanesAfter(ctx, d.db, host, first, lanesDropped)
		if err != nil {
			return err
		}
		for _, l := range lanes {
			if err := dropButFarewells(ctx, d.db, host, l.author); err != nil {
				return err
			}
			author = l.author
		}
		if len(lanes) < lanesDropped {
			return nil
		}
	}
}

// lanesDropped is how many lanes Drop looks up at a time.
const lanesDropped = 100

func dropButFarewells(ctx context.Context, d *db.DB, host string, author int64) error {
	for after := int64(math.MinInt64); ; {
		rows, err := laneRows(ctx, d, host, author, after, dropAtOnce)
		if err != nil || len(rows) == 0 {
			return err
		}
		ids := make([]int64, len(rows))
		for i, row := range rows {
			ids[i] = row.id
		}
		after = ids[len(ids)-1]
		err = d.Tx(ctx, func(tx *db.Tx) error {
			_, err := db.Exec(ctx, tx, `DELETE FROM deliveries WHERE id {in $1} AND event_key NOT LIKE $2`, ids, Farewell+"%")
			return err
		})
		if err != nil {
			return fmt.Errorf("drop the deliveries for a host: %w", err)
		}
	}
}
