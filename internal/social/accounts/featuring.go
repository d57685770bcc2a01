package accounts

import (
	"slices"
	"strings"

	"anancus/internal/protocol/activitypub"
	"anancus/internal/protocol/mastodon"
)

// featuredCollections is where, below its id, a member's actor lists its collections.
const featuredCollections = "/featured_collections"

// Who may put an account of another server into a collection is kept as words: featuringSaid, and who may without asking
// ("automatic:public") and who after asking ("manual:followers").
const (
	featuringSaid    = "said"
	featuringAtOnce  = "automatic:"
	featuringIfAsked = "manual:"
)

// Who may, in the API's words.
const (
	featuredByAll       = "public"
	featuredByFollowers = "followers"
	featuredByFollowed  = "following"
	featuredByWhom      = "unsupported_policy" // others, of whom we do not know whether a member is one
)

// CollectionsURI is where other servers find a member's collections.
func (a *Account) CollectionsURI() string { return a.URI + featuredCollections }

// LetsFeature tells whether an account of another server lets a member put it into a collection, at once or when it is asked. follows and followed
// are whether the member follows it and is followed by it. As with Mastodon, only who says that it may be done is asked, and who says so in
// words that we do not know is.
func (a *Account) LetsFeature(follows, followed bool) bool {
	for _, word := range strings.Fields(a.CanFeature) {
		_, who, _ := strings.Cut(word, ":")
		if who == featuredByAll || who == featuredByWhom || who == featuredByFollowers && follows || who == featuredByFollowed && followed {
			return true
		}
	}
	return false
}

// FeaturingDepends tells whether who may put an account of another server into a collection depends on who follows whom.
func (a *Account) FeaturingDepends() bool {
	return strings.Contains(a.CanFeature, ":"+featuredByFollowers) || strings.Contains(a.CanFeature, ":"+featuredByFollowed)
}

// featuringPolicy tells other servers who may put a member into a collection without a refusal (federation.md §9).
func featuringPolicy(a *Account) *activitypub.InteractionPolicy {
	who := activitypub.Public
	switch {
	case !a.WantsToBeFound():
		who = a.URI
	case a.Locked:
		who = a.FollowersURL
	}
	return &activitypub.InteractionPolicy{CanFeature: &activitypub.Approval{AutomaticApproval: []string{who}}}
}

// readFeaturing reads what an actor elsewhere says of who may put it into a collection.
func readFeaturing(actor *activitypub.RemoteActor) string {
	if !actor.CanFeature.Given {
		return ""
	}
	words := []string{featuringSaid}
	read := func(how string, list []string) {
		for _, who := range list {
			word := how + featuredByWhom
			switch {
			case who == actor.ID:
				continue
			case activitypub.IsPublic(who):
				word = how + featuredByAll
			case who == actor.Followers:
				word = how + featuredByFollowers
			case who == actor.Following:
				word = how + featuredByFollowed
			}
			if !slices.Contains(words, word) {
				words = append(words, word)
			}
		}
	}
	read(featuringAtOnce, actor.CanFeature.Automatic)
	read(featuringIfAsked, actor.CanFeature.Manual)
	return strings.Join(words, " ")
}

// featureApproval says who may put an account into a collection without asking. What this is to one viewer is left
// open where it depends on who follows: accounts are shown to all from one memory.
func featureApproval(a *Account) mastodon.FeatureApproval {
	f := mastodon.FeatureApproval{Automatic: []string{}, Manual: []string{}, CurrentUser: "missing"}
	if a.Local() {
		f.CurrentUser = "denied"
		if a.WantsToBeFound() {
			f.Automatic, f.CurrentUser = []string{featuredByAll}, "automatic"
		}
		return f
	}
	for _, word := range strings.Fields(a.CanFeature) {
		if who, ok := strings.CutPrefix(word, featuringAtOnce); ok {
			f.Automatic = append(f.Automatic, who)
		}
		if who, ok := strings.CutPrefix(word, featuringIfAsked); ok {
			f.Manual = append(f.Manual, who)
		}
	}
	switch {
	case a.CanFeature == "":
	case a.CanFeature == featuringSaid:
		f.CurrentUser = "denied"
	case slices.Contains(f.Automatic, featuredByAll):
		f.CurrentUser = "automatic"
	case slices.Contains(f.Manual, featuredByAll):
		f.CurrentUser = "manual"
	default:
		f.CurrentUser = "unknown"
	}
	return f
}
