package collections

import (
	"context"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/social/id"
)

// dueItem is an item of which something is to be done.
type dueItem struct {
	id       id.CollectionItem
	state    State
	asks     int
	byOthers bool // an account of another server in a member's collection: that server remembers what it decided
}

const dueItemsSQL = `SELECT i.id, i.state, i.asks, a.domain <> '' AND c.uri = '' FROM collection_items i
	JOIN collections c ON c.id = i.collection_id JOIN accounts a ON a.id = i.account_id
	WHERE i.again_at <= $1 ORDER BY i.again_at, i.id LIMIT $2`

func dueItems(ctx context.Context, tx *db.Tx) ([]dueItem, error) {
	return db.All(ctx, tx, func(r db.Row) (dueItem, error) {
		var i dueItem
		err := r.Scan(&i.id, &i.state, &i.asks, &i.byOthers)
		return i, err
	}, dueItemsSQL, clock.Milli(tx.Now()), upkeepAtOnce)
}

// putOff says of items that were looked at when they are again: those that were asked for later every time.
func putOff(ctx context.Context, tx *db.Tx, asked, gone, settled []id.CollectionItem) error {
	if len(asked) > 0 {
		_, err := db.Exec(ctx, tx, `UPDATE collection_items SET asks = asks + 1,
			again_at = CASE WHEN asks + 1 >= $1 THEN NULL ELSE CAST($2 AS BIGINT) + (asks + 2) * (asks + 2) * CAST($3 AS BIGINT) END WHERE id {in $4}`,
			maxAsks, clock.Milli(tx.Now()), askAgain.Milliseconds(), asked)
		if err != nil {
			return err
		}
	}
	if len(gone) > 0 {
		if _, err := db.Exec(ctx, tx, `DELETE FROM collection_items WHERE id {in $1}`, gone); err != nil {
			return err
		}
	}
	if len(settled) == 0 {
		return nil
	}
	_, err := db.Exec(ctx, tx, `UPDATE collection_items SET again_at = NULL WHERE id {in $1}`, settled)
	return err
}

// claimCollection notes that a collection's server is asked for it; false where it was within the time.
func claimCollection(ctx context.Context, tx *db.Tx, which id.Collection, before time.Time) (bool, error) {
	n, err := db.Exec(ctx, tx, `UPDATE collections SET read_at = $2 WHERE id = $1 AND uri <> '' AND read_at < $3`, which, clock.Milli(tx.Now()), clock.Milli(before))
	return n > 0, err
}

const claimStaleSQL = `UPDATE collections SET read_at = $1 WHERE id IN
	(SELECT c.id FROM collections c WHERE c.uri <> '' AND c.read_at < $2 ORDER BY c.read_at, c.id LIMIT $3) RETURNING id`

// claimStale notes the same of those that were not read for the longest time, and gives them.
func claimStale(ctx context.Context, tx *db.Tx, before time.Time) ([]id.Collection, error) {
	return db.All(ctx, tx, db.Value[id.Collection], claimStaleSQL, clock.Milli(tx.Now()), clock.Milli(before), upkeepAtOnce)
}
