package notifications

import (
	"testing"
	"time"

	"anancus/internal/kit/clock"
)

func TestWhoConcernsNobodyIsDropped(t *testing.T) {
	fine := facts{here: true, available: true}
	with := func(change func(*facts)) facts { f := fine; change(&f); return f }
	mention, favourite, own := Notification{Account: 1, From: 2, Kind: Mention}, Notification{Account: 1, From: 2, Kind: Favourite}, Notification{Account: 1, From: 1, Kind: Poll}
	for name, c := range map[string]struct {
		facts facts
		n     Notification
		drops bool
	}{
		"a stranger's":                         {fine, mention, false},
		"one's own":                            {fine, Notification{Account: 1, From: 1, Kind: Mention}, true},
		"one's own poll":                       {fine, own, false},
		"one's own poll, of who is gone":       {with(func(f *facts) { f.here = false }), own, true},
		"to who is gone":                       {with(func(f *facts) { f.here = false }), mention, true},
		"of who is gone":                       {with(func(f *facts) { f.available = false }), mention, true},
		"across a block":                       {with(func(f *facts) { f.blocked = true }), mention, true},
		"of who is muted":                      {with(func(f *facts) { f.muted = true }), mention, true},
		"of a muted thread":                    {with(func(f *facts) { f.mutedThread = true }), mention, true},
		"of a blocked domain":                  {with(func(f *facts) { f.blockedDomain = true }), mention, true},
		"of a blocked domain, followed":        {with(func(f *facts) { f.blockedDomain, f.following = true, true }), mention, false},
		"a mention beside somebody blocked":    {with(func(f *facts) { f.othersBlocked = true }), mention, true},
		"a favourite beside somebody blocked":  {with(func(f *facts) { f.othersBlocked = true }), favourite, false},
		"a mention by blocked staff":           {with(func(f *facts) { f.blocked, f.otherRank = true, 1 }), mention, false},
		"a mention by staff of one's own rank": {with(func(f *facts) { f.blocked, f.rank, f.otherRank = true, 1, 1 }), mention, true},
		"a favourite by blocked staff":         {with(func(f *facts) { f.blocked, f.otherRank = true, 1 }), favourite, true},
	} {
		if got := c.facts.drops(c.n); got != c.drops {
			t.Errorf("%s: dropped is %v", name, got)
		}
	}
}

func TestAPolicyJudgesWhoIsNotKnownWell(t *testing.T) {
	now := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	ago := func(days int) int64 { return clock.Milli(now.AddDate(0, 0, -days)) }
	followed := func(days int) *int64 { at := ago(days); return &at }
	mention, poll := Notification{Account: 1, From: 2, Kind: Mention}, Notification{Account: 1, From: 2, Kind: Poll}
	strict := Policy{NotFollowing: Filter, NotFollowers: Drop, NewAccounts: Filter, PrivateMentions: Filter, LimitedAccounts: Drop, Bots: Drop}
	for name, c := range map[string]struct {
		facts facts
		n     Notification
		want  Verdict
	}{
		"by default":                     {facts{policy: defaultPolicy, created: ago(0)}, mention, Accept},
		"limited, by default":            {facts{policy: defaultPolicy, limited: true}, mention, Filter},
		"limited and followed":           {facts{policy: defaultPolicy, limited: true, following: true}, mention, Accept},
		"of a kind that is not filtered": {facts{policy: strict}, poll, Accept},
		"permitted":                      {facts{policy: strict, permitted: true}, mention, Accept},
		"a stranger":                     {facts{policy: Policy{NotFollowing: Filter}}, mention, Filter},
		"a follower of two days":         {facts{policy: Policy{NotFollowers: Filter}, followedSince: followed(2)}, mention, Filter},
		"a follower of four days":        {facts{policy: Policy{NotFollowers: Filter}, followedSince: followed(4)}, mention, Accept},
		"no follower, but followed":      {facts{policy: Policy{NotFollowers: Filter}, following: true}, mention, Filter},
		"an account of 29 days":          {facts{policy: Policy{NewAccounts: Filter}, created: ago(29)}, mention, Filter},
		"an account of 31 days":          {facts{policy: Policy{NewAccounts: Filter}, created: ago(31)}, mention, Accept},
		"a new account that is followed": {facts{policy: Policy{NewAccounts: Filter}, created: ago(1), following: true}, mention, Accept},
		"a bot":                          {facts{policy: Policy{Bots: Drop}, bot: true}, mention, Drop},
		"the stricter of two":            {facts{policy: Policy{NotFollowing: Filter, Bots: Drop}, bot: true}, mention, Drop},
		"a public mention":               {facts{policy: Policy{PrivateMentions: Drop}, visibility: "public"}, mention, Accept},
	} {
		got, err := c.facts.judge(t.Context(), nil, c.n, now)
		if err != nil || got != c.want {
			t.Errorf("%s: %q, %v; want %q", name, got, err, c.want)
		}
	}
}
