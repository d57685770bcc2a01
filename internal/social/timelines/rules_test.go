package timelines

import (
	"testing"

	"anancus/internal/social/id"
	"anancus/internal/social/statuses"
)

func TestHomeTakesWhatItsReaderWants(t *testing.T) {
	const me, friend, quiet, muted, blocked, blocker, stranger id.Account = 1, 2, 3, 4, 5, 6, 7
	r := &facts{reader: me, follows: people{friend, quiet, muted}, quiet: people{quiet}, muting: people{muted}, blocking: people{blocked}, blockedBy: people{blocker}, domains: []string{"there.example"},
		languages: map[id.Account][]string{friend: {"de", "en"}}}
	boost := func(by, of id.Account) candidate {
		return candidate{author: by, visibility: statuses.Public, boostOf: 9, boostedAuthor: of}
	}
	reply := func(by, to id.Account) candidate {
		return candidate{author: by, visibility: statuses.Public, reply: true, replyTo: to}
	}
	seen := func(by id.Account, v statuses.Visibility) candidate { return candidate{author: by, visibility: v} }
	mentioning := func(by, whom id.Account) candidate {
		return candidate{author: by, visibility: statuses.Public, mentions: []id.Account{friend, whom}}
	}
	for name, test := range map[string]struct {
		candidate candidate
		want      bool
	}{
		"a public status of a friend":                        {seen(friend, statuses.Public), true},
		"one in a wanted language":                           {candidate{author: friend, visibility: statuses.Public, language: "en"}, true},
		"one in another language":                            {candidate{author: friend, visibility: statuses.Public, language: "fr"}, false},
		"one in any language, by one of whom all are wanted": {candidate{author: quiet, visibility: statuses.Public, language: "fr"}, true},
		"an unlisted one":                                    {seen(friend, statuses.Unlisted), true},
		"a private one":                                      {seen(friend, statuses.Private), true},
		"a direct one":                                       {seen(friend, statuses.Direct), false},
		"a limited one":                                      {seen(friend, statuses.Limited), false},
		"one for members only":                               {candidate{author: friend, visibility: statuses.Public, localOnly: true}, true},
		"one's own":                                          {seen(me, statuses.Public), true},
		"one's own private one":                              {seen(me, statuses.Private), true},
		"one's own direct one, left to conversations":        {seen(me, statuses.Direct), false},
		"a stranger's":                                       {seen(stranger, statuses.Public), false},
		"a deleted one":                                      {candidate{author: friend, visibility: statuses.Public, gone: true}, false},
		"one's own deleted one":                              {candidate{author: me, visibility: statuses.Public, gone: true}, false},
		"a muted friend's":                                   {seen(muted, statuses.Public), false},
		"a friend's answer to a friend":                      {reply(friend, quiet), true},
		"a friend's answer to a stranger":                    {reply(friend, stranger), false},
		"a friend's answer to the reader":                    {reply(friend, me), true},
		"a friend's answer to themselves":                    {reply(friend, friend), true},
		"a friend's answer to something unknown":             {reply(friend, 0), false},
		"one's own answer to a stranger":                     {reply(me, stranger), true},
		"one's own answer to something unknown":              {reply(me, 0), true},
		"one that mentions a stranger":                       {mentioning(friend, stranger), true},
		"one that mentions somebody muted":                   {mentioning(friend, muted), false},
		"one that mentions somebody blocked":                 {mentioning(friend, blocked), false},
		"one that mentions somebody who blocks":              {mentioning(friend, blocker), true},
		"one's own that mentions somebody muted":             {mentioning(me, muted), true},
		"a friend's boost of a stranger":                     {boost(friend, stranger), true},
		"a friend's boost of the reader":                     {boost(friend, me), true},
		"a boost by one whose boosts are hidden":             {boost(quiet, stranger), false},
		"a status by one whose boosts are hidden":            {seen(quiet, statuses.Public), true},
		"a boost of somebody muted":                          {boost(friend, muted), false},
		"a boost of somebody blocked":                        {boost(friend, blocked), false},
		"a boost of somebody who blocks":                     {boost(friend, blocker), false},
		"a boost of what mentions somebody muted":            {candidate{author: friend, visibility: statuses.Public, boostOf: 9, boostedAuthor: stranger, mentions: []id.Account{muted}}, false},
		"a boost of somebody of a blocked server":            {candidate{author: friend, visibility: statuses.Public, boostOf: 9, boostedAuthor: stranger, boostedDomain: "there.example"}, false},
		"one's own boost of such":                            {candidate{author: me, visibility: statuses.Public, boostOf: 9, boostedAuthor: stranger, boostedDomain: "there.example"}, true},
		"one's own boost of a stranger":                      {boost(me, stranger), true},
		"one's own boost of somebody who blocks":             {boost(me, blocker), false},
		"a status of one who blocks, though followed?":       {seen(blocker, statuses.Public), false},
	} {
		if got := wants(r, &test.candidate); got != test.want {
			t.Errorf("wants(%s) = %v", name, got)
		}
	}
}

func TestPublicTimelinesTakeWhatAnybodyMayMeet(t *testing.T) {
	plain := candidate{author: 2, visibility: statuses.Public}
	with := func(change func(c *candidate)) *candidate {
		c := plain
		change(&c)
		return &c
	}
	for name, test := range map[string]struct {
		candidate        *candidate
		public, taggable bool
	}{
		"a public status":         {&plain, true, true},
		"an answer":               {with(func(c *candidate) { c.reply, c.replyTo = true, 3 }), false, true},
		"an answer to themselves": {with(func(c *candidate) { c.reply, c.replyTo = true, 2 }), true, true},
		"an unlisted status":      {with(func(c *candidate) { c.visibility = statuses.Unlisted }), false, false},
		"a boost":                 {with(func(c *candidate) { c.boostOf = 9 }), false, false},
		"of a limited account":    {with(func(c *candidate) { c.limited = true }), false, false},
		"deleted":                 {with(func(c *candidate) { c.gone = true }), false, false},
	} {
		if got := isPublic(test.candidate); got != test.public {
			t.Errorf("isPublic(%s) = %v", name, got)
		}
		if got := isTaggable(test.candidate); got != test.taggable {
			t.Errorf("isTaggable(%s) = %v", name, got)
		}
	}

	r := &facts{reader: 1, muting: people{2}, blockedBy: people{3}}
	for author, want := range map[id.Account]bool{1: true, 2: false, 3: false, 4: true} {
		if got := mayMeet(r, &candidate{author: author, localOnly: true}); got != want {
			t.Errorf("mayMeet(author %d) = %v", author, got)
		}
	}
	r.domains = []string{"there.example"}
	if mayMeet(r, &candidate{author: 4, domain: "there.example"}) || !mayMeet(r, &candidate{author: 4, domain: "sub.there.example"}) {
		t.Error("a block of a server holds for exactly its name")
	}
	if mayMeet(nil, &candidate{author: 4, localOnly: true}) || !mayMeet(nil, &candidate{author: 4}) {
		t.Error("nobody in particular meets what is for members only, or does not meet what is for all")
	}
}
