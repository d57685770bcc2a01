package notifications

// Verdict is what becomes of a notification, by a member's policy.
type Verdict string

// The verdicts, mildest first: it is shown, held back until asked for, or never stored.
const (
	Accept Verdict = "accept"
	Filter Verdict = "filter"
	Drop   Verdict = "drop"
)

// stricter gives the stricter of two verdicts.
func stricter(a, b Verdict) Verdict {
	if a == Drop || b == Drop {
		return Drop
	}
	if a == Filter || b == Filter {
		return Filter
	}
	return Accept
}

// Policy is what a member wants to become of notifications from whom they do not know well.
type Policy struct{ NotFollowing, NotFollowers, NewAccounts, PrivateMentions, LimitedAccounts, Bots Verdict }

// defaultPolicy is Mastodon's.
var defaultPolicy = Policy{NotFollowing: Accept, NotFollowers: Accept, NewAccounts: Accept, PrivateMentions: Filter, LimitedAccounts: Filter, Bots: Accept}
