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

// CollectionsURI is where other servers find a member's collections.
func (a *Account) CollectionsURI() string { return a.URI + featuredCollections }

// FeaturingDenied tells whether nobody here may put an account of another server into a collection: it says so, or it says nothing of it. As with
// Mastodon, only who says that it may be done is asked.
func (a *Account) FeaturingDenied() bool {
	return !a.Local() && (a.CanFeature == "" || a.CanFeature == featuringSaid)
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
			word := how + "unsupported_policy"
			switch {
			case who == actor.ID:
				continue
			case activitypub.IsPublic(who):
				word = how + "public"
			case who == actor.Followers:
				word = how + "followers"
			case who == actor.Following:
				word = how + "following"
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
			f.Automatic, f.CurrentUser = []string{"public"}, "automatic"
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
	case a.FeaturingDenied():
		f.CurrentUser = "denied"
	case slices.Contains(f.Automatic, "public"):
		f.CurrentUser = "automatic"
	case slices.Contains(f.Manual, "public"):
		f.CurrentUser = "manual"
	default:
		f.CurrentUser = "unknown"
	}
	return f
}
