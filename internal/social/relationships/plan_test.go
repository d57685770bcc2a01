package relationships

import (
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
