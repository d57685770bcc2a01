package statuses

import (
	"anancus/internal/kit/fault"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/social/accounts"
)

// QuotePolicy says who may quote a status: bits for those who need not ask, and the same 16 places
// higher for those who may ask. Nobody is 0; authors may always quote themselves.
type QuotePolicy int64

const (
	quoteUnsupported QuotePolicy = 1 << iota // whom another server names and we do not know
	quotePublic
	quoteFollowers
	quoteFollowing // whom the author follows

	quoteManual = 16
)

// quoteNames are the API's words for the bits, in its order.
var quoteNames = []struct {
	bit  QuotePolicy
	name string
}{{quoteUnsupported, "unsupported_policy"}, {quotePublic, "public"}, {quoteFollowers, "followers"}, {quoteFollowing, "following"}}

// What a policy says to one viewer.
const (
	quoteAutomatic = "automatic"
	quoteAsk       = "manual"
	quoteDenied    = "denied"
	quoteUnknown   = "unknown"
)

// quotePolicyOf reads a member's word. What is not for everybody is quoted by nobody else, whatever the word.
func quotePolicyOf(word string, v Visibility) (QuotePolicy, error) {
	var p QuotePolicy
	switch word {
	case "public":
		p = quotePublic
	case "followers":
		p = quoteFollowers
	case "nobody":
	default:
		return 0, fault.New(fault.Invalid, "Validation failed: Quote approval policy is not one of public, followers, nobody")
	}
	if !v.Distributable() {
		p = 0
	}
	return p, nil
}

// word is the member's word for a policy of ours.
func (p QuotePolicy) word() string {
	switch {
	case p&quotePublic != 0:
		return "public"
	case p&quoteFollowers != 0:
		return "followers"
	}
	return "nobody"
}

func (p QuotePolicy) names() []string {
	list := []string{}
	for _, one := range quoteNames {
		if p&one.bit != 0 {
			list = append(list, one.name)
		}
	}
	return list
}

// automatic and manual are the API's words for who need not ask, and who may.
func (p QuotePolicy) automatic() []string { return p.names() }
func (p QuotePolicy) manual() []string    { return (p >> quoteManual).names() }

// grants tells whether one of the two halves of a policy is for a viewer who is this to the author.
func (p QuotePolicy) grants(is flags) bool {
	return p&quotePublic != 0 || p&quoteFollowers != 0 && is&follows != 0 || p&quoteFollowing != 0 && is&followedBack != 0
}

// mindsFollows tells whether it matters to the policy who follows whom.
func (p QuotePolicy) mindsFollows() bool {
	return (p|p>>quoteManual)&(quoteFollowers|quoteFollowing) != 0
}

// to tells what the policy says to a viewer. Direct statuses are not even quoted by their authors: who reads the quote could never see them.
func (p QuotePolicy) to(member, author bool, v Visibility, is flags) string {
	switch {
	case !member || v == Direct || v == Limited:
		return quoteDenied
	case author:
		return quoteAutomatic
	case v == Private:
		return quoteDenied
	case p.grants(is):
		return quoteAutomatic
	case (p >> quoteManual).grants(is):
		return quoteAsk
	case (p|p>>quoteManual)&quoteUnsupported != 0:
		return quoteUnknown
	}
	return quoteDenied
}

// wire is the policy as other servers read it. The author alone stands for nobody: silence would mean the same to
// Mastodon, and everybody to others.
func (p QuotePolicy) wire(author *accounts.Account) *activitypub.InteractionPolicy {
	var who []string
	if p&quotePublic != 0 {
		who = append(who, activitypub.Public)
	}
	if p&quoteFollowers != 0 {
		who = append(who, author.FollowersURL)
	}
	if len(who) == 0 {
		who = []string{author.URI}
	}
	return &activitypub.InteractionPolicy{CanQuote: &activitypub.Approval{AutomaticApproval: who}}
}

// policyFromWire reads the policy of another server's status; none given is nobody.
func policyFromWire(author *accounts.Account, told activitypub.Policy) QuotePolicy {
	read := func(who []string) (p QuotePolicy) {
		for _, one := range who {
			switch {
			case activitypub.IsPublic(one):
				p |= quotePublic
			case one == author.URI:
			case one == author.FollowersURL && one != "":
				p |= quoteFollowers
			case one == author.FollowingURL && one != "":
				p |= quoteFollowing
			default:
				p |= quoteUnsupported
			}
		}
		return p
	}
	return read(told.Automatic) | read(told.Manual)<<quoteManual
}
