package frontdoor

import (
	"fmt"
	"testing"

	"anancus/internal/kit/db"
	"anancus/internal/kit/db/dbtest"
)

func TestTheDirectoryIsServedByAnIndexInEveryOrder(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		err := d.Tx(t.Context(), func(tx *db.Tx) error {
			for i := 1; i <= 3000; i++ {
				domain, listed := "there.example", i%2
				if i%10 == 0 {
					domain, listed = "", 2
				}
				if _, err := db.Exec(t.Context(), tx, `INSERT INTO accounts (id, username, username_key, domain, uri, created_at, updated_at, discoverable)
					VALUES ($1,$2,$2,$3,$2,0,0,$4)`, i, fmt.Sprint("p", i), domain, listed > 0); err != nil {
					return err
				}
				if _, err := db.Exec(t.Context(), tx, `INSERT INTO account_counts (account_id, last_status_at, listed) VALUES ($1,$2,$3)`, i, (i*7)%3001, listed); err != nil {
					return err
				}
			}
			_, err := db.Exec(t.Context(), tx, dbtest.Analyze(tx.Engine()))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, newest := range []bool{false, true} {
			for _, local := range []bool{false, true} {
				dbtest.NoScan(t, d, directorySQL(newest, local), 1, 5, 40, 80)
			}
		}
	})
}
