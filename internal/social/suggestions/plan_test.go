package suggestions

import (
	"testing"

	"anancus/internal/kit/db"
	"anancus/internal/kit/db/dbtest"
	"anancus/internal/social/id"
)

func TestEveryQuestionOfARequestIsServedByAnIndex(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		dbtest.NoScan(t, d, pairSQL, 1, maxPairs)
		dbtest.NoScan(t, d, fittingSQL, 1, 5, []id.Account{1, 2})
	})
}

func TestTheBestFortyOfEverySourceAreKept(t *testing.T) {
	var list []candidate
	for i := range 100 {
		one := candidate{account: id.Account(i + 1), sources: []string{mostFollowed}}
		if i >= 50 {
			one.sources = []string{mostFollowed, friendsOfFriends}
		}
		list = append(list, one)
	}
	kept := bounded(list)
	if len(kept) != 80 {
		t.Fatalf("%d were kept", len(kept))
	}
	for i, one := range kept {
		want := mostFollowed
		if i >= 40 {
			want = friendsOfFriends
		}
		if len(one.sources) != 1 || one.sources[0] != want {
			t.Errorf("the %d. is kept for %v", i, one.sources)
		}
	}
}
