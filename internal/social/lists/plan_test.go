package lists

import (
	"fmt"
	"testing"

	"anancus/internal/kit/db"
	"anancus/internal/kit/db/dbtest"
	"anancus/internal/social/id"
)

func TestEveryQuestionAboutListsIsServedByAnIndex(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		err := d.Tx(t.Context(), func(tx *db.Tx) error {
			for i := 1; i <= 100; i++ {
				for _, sql := range []string{
					`INSERT INTO accounts (id, username, username_key, domain, uri, created_at, updated_at) VALUES ($1,$2,$2,'',$2,0,0)`,
					`INSERT INTO lists (id, account_id, title, created_at) VALUES ($1,$1,$2,0)`,
				} {
					if _, err := db.Exec(t.Context(), tx, sql, i, fmt.Sprint("p", i)); err != nil {
						return err
					}
				}
			}
			for i := 1; i <= 600; i++ {
				who, whom := i%100+1, (i*7)%99+1
				for _, sql := range []string{
					`INSERT INTO follows (id, account_id, target_id, created_at) VALUES ($1,$2,$3,0) ON CONFLICT DO NOTHING`,
					`INSERT INTO list_members (list_id, account_id, follow_id, created_at) VALUES ($2,$3,$1,0) ON CONFLICT DO NOTHING`,
				} {
					if _, err := db.Exec(t.Context(), tx, sql, i, who, whom); err != nil {
						return err
					}
				}
			}
			_, err := db.Exec(t.Context(), tx, dbtest.Analyze(tx.Engine()))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		dbtest.NoScan(t, d, ofOwnerSQL, 7)
		dbtest.NoScan(t, d, containingSQL, 7, 8)
		dbtest.NoScan(t, d, membersSQL+` ORDER BY m.account_id DESC LIMIT $4`, 7, 1000, 0, 40)
		dbtest.NoScan(t, d, activeSQL, 7)
		if members, err := activeMembers(t.Context(), d, id.List(7)); err != nil || len(members) == 0 {
			t.Errorf("the list has %d members (%v)", len(members), err)
		}
	})
}
