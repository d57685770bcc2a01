package relationships

import (
	"regexp"
	"strings"
	"testing"

	"anancus/internal/kit/db"
	"anancus/internal/kit/db/dbtest"
	"anancus/internal/social/id"
)

func TestEveryListIsServedByAnIndex(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ids := []id.Account{1, 2}
		for _, list := range [][3]string{{follows, "target_id", "account_id"}, {follows, "account_id", "target_id"}, {requests, "target_id", "account_id"},
			{"blocks", "account_id", "target_id"}, {"endorsements", "account_id", "target_id"}} {
			dbtest.NoScan(t, d, listSQL(list[0], list[1], list[2], false)+`DESC LIMIT $4`, 1, 100, 0, 40)
			dbtest.NoScan(t, d, listSQL(list[0], list[1], list[2], true)+`ASC LIMIT $4`, 1, 100, 0, 40, 2, 3)
		}
		dbtest.NoScan(t, d, mutesSQL+`DESC LIMIT $4`, 1, 100, 0, 40, 5)
		dbtest.NoScan(t, d, domainsSQL+`DESC LIMIT $4`, 1, 100, 0, 40)
		dbtest.NoScan(t, d, countFollowingSQL, 1, "there.example")
		dbtest.NoScan(t, d, countFollowersSQL, 1, "there.example")
		dbtest.NoScan(t, d, familiarSQL, 1, ids)
		dbtest.NoScan(t, d, waitingSQL, 1, 0, acceptAtOnce)
		dbtest.NoScan(t, d, betweenSQL, 1, ids, 5)
		dbtest.NoScan(t, d, followerInboxesSQL, 1)
		for _, way := range severWays {
			dbtest.NoScan(t, d, severSQL(way), 1, "there.example", 0, severAtOnce)
		}
	})
}

// TestNothingReadsAllThatLeadToABigAccount is for a member whom half the others follow, ask to follow and block, where hardly anybody else is followed.
func TestNothingReadsAllThatLeadToABigAccount(t *testing.T) {
	const all = 4000
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		count := `WITH RECURSIVE n (i) AS (SELECT CAST(2 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < $1) `
		err := d.Tx(ctx, func(tx *db.Tx) error {
			fill := []string{count + `INSERT INTO accounts (id, username, username_key, domain, uri, created_at, updated_at)
				SELECT i, CAST(i AS TEXT), CAST(i AS TEXT), 'a.example', CAST(i AS TEXT), 0, 0 FROM n UNION ALL SELECT 1, 'a', 'a', '', 'a', 0, 0`}
			for _, table := range []string{"follows", "follow_requests", "blocks"} {
				fill = append(fill, count+`INSERT INTO `+table+` (id, account_id, target_id, created_at) SELECT i, i, 1, 0 FROM n WHERE i % 2 = 0
					UNION ALL SELECT $1 + i, i, i / 2 + 1, 0 FROM n WHERE i > 2`)
			}
			for _, sql := range append(fill, dbtest.Analyze(d.Engine())) {
				args := []any{int64(all)}
				if !strings.Contains(sql, "$1") {
					args = nil
				}
				if _, err := db.Exec(ctx, tx, sql, args...); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		followed, followers, err := Among(ctx, d, 1, []id.Account{1000, 1001})
		if err != nil || len(followed) != 0 || len(followers) != 1 || !followers[1000] {
			t.Errorf("follows %v, is followed by %v, %v", followed, followers, err)
		}
		apart, err := Apart(ctx, d, 1, []id.Account{1000, 1001})
		if err != nil || len(apart) != 1 || !apart[1000] {
			t.Errorf("blocks and is blocked by %v, %v", apart, err)
		}
		for _, table := range []string{"follows", "follow_requests", "blocks"} {
			plan := dbtest.Usual(t, d, `SELECT a.id`+toward(table), id.Account(1), []id.Account{1000})
			by := regexp.MustCompile(`SEARCH x USING (?:COVERING )?INDEX \S* \((.*)\)|on ` + table + ` x\s+Index Cond: (.*)`).FindString(plan)
			if !strings.Contains(by, "account_id") {
				t.Errorf("%s are looked up by %q, without who they are of:\n%s", table, by, plan)
			}
		}
	})
}
