package accounts

import (
	"fmt"
	"sync"
	"testing"

	"anancus/internal/kit/db"
	"anancus/internal/kit/db/dbtest"
	"anancus/internal/social/id"
)

// The schedule and a keeper may go over all names at the same moment.
func TestNamesMayBeIndexedByTwoAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		var list []id.Account
		for n := range int64(20) {
			list = append(list, id.Account(n+1))
			if err := d.Tx(t.Context(), func(tx *db.Tx) error {
				_, err := db.Exec(t.Context(), tx, `INSERT INTO accounts (id, username, username_key, domain, uri, url, display_name, created_at, updated_at)
					VALUES ($1, $2, $2, '', $2, '', 'Some Body Else', 1, 1)`, n+1, fmt.Sprintf("p%d", n))
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		for range 10 {
			if err := d.Tx(t.Context(), func(tx *db.Tx) error {
				_, err := db.Exec(t.Context(), tx, `DELETE FROM account_names`)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			var all sync.WaitGroup
			for range 4 {
				all.Go(func() {
					if err := d.Tx(t.Context(), func(tx *db.Tx) error { return IndexNames(t.Context(), tx, list) }); err != nil {
						t.Error(err)
					}
				})
			}
			all.Wait()
			if n, err := db.One(t.Context(), d, db.Int64, `SELECT COUNT(*) FROM account_names`); err != nil || n != 4*20 {
				t.Fatalf("%d names, %v", n, err)
			}
		}
	})
}
