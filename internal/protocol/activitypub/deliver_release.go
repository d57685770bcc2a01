package activitypub

import (
	"context"
	"fmt"

	"anancus/internal/kit/db"
)

// release is a host that a visit gives back: the rows it has answered, and when what is left is due.
type release struct {
	host string
	done []int64
	next int64

	due int64 // the answer: when the host is due now, sooner than next if something was enqueued meanwhile
}

const releasedAtOnce = 64 // few enough that a transaction stays short

// giveBack removes the answered rows of visits that ended and gives their hosts back. The hosts are locked in their order, as Enqueue locks them.
func (d *Deliverer) giveBack(ctx context.Context, some []*release) error {
	var done []int64
	byNext := map[int64][]string{} // most have nothing left
	of := make(map[string]*release, len(some))
	names := make([]string, len(some))
	for i, one := range some {
		done = append(done, one.done...)
		byNext[one.next] = append(byNext[one.next], one.host)
		of[one.host], names[i] = one, one.host
	}
	err := d.db.Tx(ctx, func(tx *db.Tx) error {
		if err := deleteRows(ctx, tx, done); err != nil {
			return err
		}
		if len(names) > 1 {
			if _, err := db.All(ctx, tx, db.Value[string], lockHostsSQL, names); err != nil {
				return err
			}
		}
		for next, hosts := range byNext {
			_, err := db.All(ctx, tx, func(row db.Row) (struct{}, error) {
				var host string
				var due int64
				err := row.Scan(&host, &due)
				if err == nil {
					of[host].due = due
				}
				return struct{}{}, err
			}, giveBackSQL, hosts, next)
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("give hosts back: %w", err)
	}
	return nil
}

const lockHostsSQL = `SELECT host FROM delivery_hosts WHERE host {in $1} ORDER BY host {for update}`

const giveBackSQL = `
	UPDATE delivery_hosts
	SET due_at = CASE WHEN due_at = leased_until OR due_at > $2 THEN $2 ELSE due_at END, leased_until = NULL
	WHERE host {in $1} RETURNING host, due_at`
