package town

import (
	"context"
	"fmt"
	"time"

	"anancus/internal/kit/db"
)

// chunk is how many rows of a crowd are written at once.
const chunk = 10_000

// Followers gives an account n followers. The i-th lives on the server that host names, with a port where it has one; without a host, here.
func Followers(ctx context.Context, d *db.DB, of int64, n int, host func(i int) string) error {
	now := time.Now().UnixMilli()
	first := time.Now().AddDate(-years, 0, -7).UnixMilli() << 16 // older than everybody in a town
	for from := 0; from < n; from += chunk {
		var accounts, counts, names, follows rows
		for i := from; i < min(from+chunk, n); i++ {
			id, name := first+int64(i), fmt.Sprintf("follower%d", i)
			if host == nil {
				accounts.add(id, name, name, "", fmt.Sprintf("https://town.example/ap/users/%d", id), first>>16, first>>16, "", "", now)
			} else {
				base := "http://" + host(i)
				accounts.add(id, name, name, host(i), base+"/users/"+name, first>>16, first>>16, base+"/users/"+name+"/inbox", base+"/inbox", now)
			}
			counts.add(id, 1)
			names.add(name, id)
			follows.add(id, id, of, first>>16, host != nil)
		}
		if err := d.Tx(ctx, func(tx *db.Tx) error {
			if err := accounts.insert(ctx, tx, d.Engine(), `accounts (id i, username t, username_key t, domain t, uri t, created_at i, updated_at i, inbox_url t, shared_inbox_url t, fetched_at i)`); err != nil {
				return err
			}
			if err := counts.insert(ctx, tx, d.Engine(), `account_counts (account_id i, following i)`); err != nil {
				return err
			}
			if err := names.insert(ctx, tx, d.Engine(), `account_names (name t, account_id i)`); err != nil { // or the server would find them without
				return err
			}
			return follows.insert(ctx, tx, d.Engine(), `follows (id i, account_id i, target_id i, created_at i, remote b)`)
		}); err != nil {
			return err
		}
	}
	return d.Tx(ctx, func(tx *db.Tx) error {
		_, err := db.Exec(ctx, tx, `UPDATE account_counts SET followers = (SELECT COUNT(*) FROM follows WHERE target_id = $1) WHERE account_id = $1`, of)
		if err == nil {
			err = measure(ctx, tx)
		}
		return err
	})
}

// Deliveries puts n activities of an author in the queue, all due; host is that which the i-th goes to, with its port.
func Deliveries(ctx context.Context, d *db.DB, author int64, n int, host func(i int) string) error {
	now := time.Now().UnixMilli()
	seen := map[string]bool{}
	for from := 0; from < n; from += chunk {
		var deliveries, hosts rows
		for i := from; i < min(from+chunk, n); i++ {
			to := host(i)
			deliveries.add(now<<16+int64(i), to, author, "http://"+to+"/inbox", fmt.Sprintf("town/%d", i), fmt.Sprintf(`{"type":"Update","id":"http://town.example/%d"}`, i), now, now)
			if !seen[to] {
				seen[to] = true
				hosts.add(to, now)
			}
		}
		if err := d.Tx(ctx, func(tx *db.Tx) error {
			if err := deliveries.insert(ctx, tx, d.Engine(), `deliveries (id i, host t, author_id i, inbox_url t, event_key t, body t, due_at i, created_at i)`); err != nil {
				return err
			}
			return hosts.insert(ctx, tx, d.Engine(), `delivery_hosts (host t, due_at i)`)
		}); err != nil {
			return err
		}
	}
	return nil
}

// NoDeliveries forgets all that waits to be delivered.
func NoDeliveries(ctx context.Context, d *db.DB) error {
	return d.Tx(ctx, func(tx *db.Tx) error {
		for _, table := range []string{"deliveries", "delivery_hosts"} {
			if _, err := db.Exec(ctx, tx, "DELETE FROM "+table); err != nil {
				return err
			}
		}
		return nil
	})
}
