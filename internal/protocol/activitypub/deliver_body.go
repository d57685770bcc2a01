package activitypub

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"golang.org/x/sync/singleflight"

	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/kit/memo"
)

const (
	sharedFrom  = 4         // inboxes from which on a body is stored once for all of them: for fewer a row of its own saves little
	bodiesHeld  = 4 << 20   // bytes of bodies in memory: of what goes to many at this moment
	bodyUnused  = time.Hour // how long a body is kept that nothing waits with: its other deliveries may be stored just now
	bodiesSwept = 500       // looked at together
	idBits      = 16        // of an id below its millisecond
)

// bodies remembers what goes to many servers.
type bodies struct {
	known  *memo.Memo[int64, []byte]
	flight singleflight.Group
}

func newBodies() *bodies {
	return &bodies{known: memo.New[int64](bodiesHeld, func(b []byte) uint32 { return uint32(len(b)) })} //nolint:gosec // documents are bounded by far
}

// storeBody keeps what several deliveries of an activity carry, and gives its id.
func storeBody(ctx context.Context, tx *db.Tx, x Delivery) (int64, error) {
	body := tx.NextID()
	_, err := db.Exec(ctx, tx, `INSERT INTO delivery_bodies (id, event_key, body) VALUES ($1, $2, $3)`, body, x.EventKey, string(x.Body))
	if err != nil {
		return 0, fmt.Errorf("store the body of %s: %w", x.EventKey, err)
	}
	return body, nil
}

// bodyOf gives what a delivery carries. It must not be changed.
func (d *Deliverer) bodyOf(ctx context.Context, row delivery) ([]byte, error) {
	if row.bodyID == 0 {
		return []byte(row.body), nil
	}
	if body, ok := d.bodies.known.Peek(row.bodyID); ok {
		return body, nil
	}
	got, err, _ := d.bodies.flight.Do(strconv.FormatInt(row.bodyID, 10), func() (any, error) {
		epoch := d.bodies.known.Epoch(row.bodyID)
		text, err := db.One(ctx, d.db, db.Text, `SELECT body FROM delivery_bodies WHERE id = $1`, row.bodyID)
		if err != nil {
			return nil, err
		}
		body := []byte(text)
		d.bodies.known.Offer(row.bodyID, body, epoch)
		return body, nil
	})
	if fault.Is(err, fault.NotFound) {
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("read the body of a delivery: %w", err)
	}
	return got.([]byte), nil
}

// SweepBodies forgets the bodies that no delivery carries any more; the schedule calls it.
func (d *Deliverer) SweepBodies(ctx context.Context) error {
	before := d.clock.Now().Add(-bodyUnused).UnixMilli() << idBits
	for after := int64(0); ; {
		var unused []int64
		looked, err := db.All(ctx, d.db, func(row db.Row) (int64, error) {
			var body int64
			var carried bool
			err := row.Scan(&body, &carried)
			if !carried {
				unused = append(unused, body)
			}
			return body, err
		}, bodiesSQL, after, before, bodiesSwept)
		if err != nil {
			return fmt.Errorf("look for bodies that nothing carries: %w", err)
		}
		if len(unused) > 0 {
			if err := d.db.Tx(ctx, func(tx *db.Tx) error {
				_, err := db.Exec(ctx, tx, `DELETE FROM delivery_bodies WHERE id {in $1}`, unused)
				return err
			}); err != nil {
				return fmt.Errorf("forget bodies that nothing carries: %w", err)
			}
		}
		if len(looked) < bodiesSwept {
			return nil
		}
		after = looked[len(looked)-1]
	}
}

// The limit keeps PostgreSQL from reading all deliveries to look into them for a few bodies.
const bodiesSQL = `
	SELECT b.id, EXISTS (SELECT 1 FROM deliveries d WHERE d.event_key = b.event_key LIMIT 1 OFFSET 0)
	FROM delivery_bodies b WHERE b.id > $1 AND b.id < $2 ORDER BY b.id LIMIT $3`
