package timelines

import (
	"slices"
	"testing"

	"anancus/internal/social/id"
	"anancus/internal/social/lists"
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
		"one's own direct one":                               {seen(me, statuses.Direct), true},
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

func TestHomeTakesLanguagesHashtagsAndListsIntoAccount(t *testing.T) {
	const me, friend, apart, german, muted, stranger, blocker id.Account = 1, 2, 3, 4, 5, 6, 7
	const followed, other id.Tag = 8, 9
	r := &facts{reader: me, follows: people{friend, apart, german, muted}, muting: people{muted}, exclusive: people{apart}, blockedBy: people{blocker}, tags: []id.Tag{followed},
		languages: map[id.Account][]string{german: {"de", "nds"}}, domains: []string{"there.example"}}
	in := func(by id.Account, language string) candidate {
		return candidate{author: by, visibility: statuses.Public, language: language}
	}
	tagged := func(by id.Account, change func(c *candidate)) candidate {
		c := candidate{author: by, visibility: statuses.Public, tags: []id.Tag{followed}}
		change(&c)
		return c
	}
	plain := func(*candidate) {}
	for name, test := range map[string]struct {
		candidate candidate
		want      bool
	}{
		"one of somebody on an exclusive list":                 {in(apart, ""), false},
		"one in a wanted language":                             {in(german, "nds"), true},
		"one in no language":                                   {in(german, ""), true},
		"one in another language":                              {in(german, "en"), false},
		"a boost by them, which has no language":               {candidate{author: german, visibility: statuses.Public, boostOf: 9, boostedAuthor: stranger}, true},
		"one in any language of others":                        {in(friend, "en"), true},
		"a stranger's with a followed hashtag":                 {tagged(stranger, plain), true},
		"with another one":                                     {tagged(stranger, func(c *candidate) { c.tags = []id.Tag{other} }), false},
		"by hashtag, of somebody on an exclusive list":         {tagged(apart, plain), true},
		"by hashtag, in another language":                      {tagged(german, func(c *candidate) { c.language = "en" }), true},
		"by hashtag, an unlisted one":                          {tagged(stranger, func(c *candidate) { c.visibility = statuses.Unlisted }), false},
		"by hashtag, an answer to somebody else":               {tagged(stranger, func(c *candidate) { c.reply, c.replyTo = true, 99 }), true},
		"by hashtag, an answer to something unknown":           {tagged(stranger, func(c *candidate) { c.reply = true }), true},
		"by hashtag, of somebody muted":                        {tagged(muted, plain), false},
		"by hashtag, mentioning somebody muted":                {tagged(stranger, func(c *candidate) { c.mentions = []id.Account{muted} }), false},
		"by hashtag, of somebody who blocks":                   {tagged(blocker, plain), false},
		"by hashtag, of a blocked server":                      {tagged(stranger, func(c *candidate) { c.domain = "there.example" }), false},
		"by hashtag, of somebody with limits":                  {tagged(stranger, func(c *candidate) { c.limited = true }), false},
		"by hashtag, a boost, which carries those of its text": {tagged(stranger, func(c *candidate) { c.boostOf = 9 }), false},
	} {
		if got := wants(r, &test.candidate); got != test.want {
			t.Errorf("wants(%s) = %v", name, got)
		}
	}
}

func TestAListTakesWhatItsPolicyAllows(t *testing.T) {
	const me, one, two, friend, stranger id.Account = 1, 2, 3, 4, 5
	reply := func(by, to id.Account) candidate {
		return candidate{author: by, visibility: statuses.Private, reply: true, replyTo: to}
	}
	type by map[lists.Policy]bool
	all, no := by{lists.ToFollowed: true, lists.ToMembers: true, lists.ToNobody: true}, by{}
	for name, test := range map[string]struct {
		candidate candidate
		want      by
	}{
		"a member's":                     {candidate{author: one, visibility: statuses.Private}, all},
		"a friend's who is on no list":   {candidate{author: friend, visibility: statuses.Public}, no},
		"one's own, not being on it":     {candidate{author: me, visibility: statuses.Public}, no},
		"one with a followed hashtag":    {candidate{author: stranger, visibility: statuses.Public, tags: []id.Tag{7}}, no},
		"a member's direct one":          {candidate{author: one, visibility: statuses.Direct}, no},
		"a member's boost of a stranger": {candidate{author: one, visibility: statuses.Public, boostOf: 9, boostedAuthor: stranger}, all},
		"an answer to oneself":           {reply(one, one), all},
		"an answer to the owner":         {reply(one, me), all},
		"an answer to a member":          {reply(one, two), by{lists.ToFollowed: true, lists.ToMembers: true}},
		"an answer to a friend":          {reply(one, friend), by{lists.ToFollowed: true}},
		"an answer to a stranger":        {reply(one, stranger), no},
		"an answer to something unknown": {reply(one, 0), no},
	} {
		for _, policy := range []lists.Policy{lists.ToFollowed, lists.ToMembers, lists.ToNobody} {
			r := &facts{reader: me, follows: people{one, two, friend}, exclusive: people{one}, tags: []id.Tag{7}, list: &listing{50, policy, people{one, two}}}
			if got := wants(r, &test.candidate); got != test.want[policy] {
				t.Errorf("with %s, wants(%s) = %v", policy, name, got)
			}
		}
	}
	own := &facts{reader: me, follows: people{one}, list: &listing{50, lists.ToNobody, people{me, one}}}
	if c := reply(me, one); wants(own, &c) || !wants(own, &candidate{author: me, visibility: statuses.Private}) {
		t.Error("the owner who is on the list is treated as nobody else is")
	}
}

func TestPublicTimelinesTakeTheLanguagesThatAReaderChose(t *testing.T) {
	r := &facts{reader: 1, chosen: []string{"de", "nds"}}
	for language, want := range map[string]bool{"de": true, "nds": true, "en": false, "": false} {
		if c := (candidate{author: 2, language: language}); wantsPublic(r, &c) != want || !wantsPublic(nil, &c) || !wantsPublic(&facts{reader: 1}, &c) {
			t.Errorf("a status in %q is wanted by who chose others: %v", language, !want)
		}
	}
}

func TestTwoLinesAreReadAsOneThatMissesNothing(t *testing.T) {
	line := func(ids ...id.Status) []candidate {
		var list []candidate
		for _, one := range ids {
			list = append(list, candidate{status: one})
		}
		return list
	}
	for name, test := range map[string]struct {
		one, other []candidate
		upward     bool
		want       []candidate
		over       bool
	}{
		"both at their ends":         {line(9, 5), line(7, 5), false, line(9, 7, 5), true},
		"both at their ends, upward": {line(5, 9), line(5, 7), true, line(5, 7, 9), true},
		"more than is asked for":     {line(9, 5), line(8, 7), false, line(9, 8, 7), false},
		"one reaches further":        {line(9, 8, 7), line(6), false, line(9, 8, 7), false},
		"repeats in a full line":     {line(9, 3), line(8, 8, 7), false, line(9, 8, 7), false},
		"only repeats":               {line(2), line(8, 8, 8), false, line(8), false},
		"nothing":                    {nil, nil, false, nil, true},
	} {
		got, over := zip(test.one, test.other, test.upward, 3)
		if !slices.EqualFunc(got, test.want, func(a, b candidate) bool { return a.status == b.status }) || over != test.over {
			t.Errorf("%s: %v, over %v", name, got, over)
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
