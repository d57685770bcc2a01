package timelines

import (
	"slices"

	"anancus/internal/social/id"
	"anancus/internal/social/lists"
	"anancus/internal/social/statuses"
)

// candidate is a status, or a boost, with everything that decides where it is shown.
type candidate struct {
	status        id.Status
	author        id.Account
	visibility    statuses.Visibility
	local         bool
	localOnly     bool
	reply         bool
	replyTo       id.Account // whom a reply answers; 0 while its parent is unknown here
	boostOf       id.Status  // 0 unless it is a boost
	boostedAuthor id.Account
	domain        string // its author's
	boostedDomain string // the boosted author's
	gone          bool   // it, its author, or what it boosts, was deleted or suspended
	limited       bool   // its author is
	media         bool   // it shows any
	quiet         bool   // it was fetched when it was old: no news
	language      string
	mentions      []id.Account
	tags          []id.Tag // hashtags it carries, as far as they matter
}

// wants is the one rule of a reader's own feeds: the live insert, the build and the pages of
// the database all ask it (behaviours §2). Direct statuses of others are left to conversations.
func wants(r *facts, c *candidate) bool {
	switch {
	case c.gone:
		return false
	case c.visibility == statuses.Direct, c.visibility == statuses.Limited:
		return c.author == r.reader && r.list == nil
	case c.boostOf != 0 && r.blockedBy.has(c.boostedAuthor): // may not be read, not even in an own boost
		return false
	case r.list != nil:
		return r.list.takes(r.reader, c) && (c.author == r.reader || wantsFollowed(r, c))
	case c.author == r.reader:
		return true
	}
	return (wantsFollowed(r, c) && !r.exclusive.has(c.author)) || wantsTagged(r, c)
}

// wantsFollowed is the rule for what comes from those whom the reader follows. Drops are in Mastodon's order.
func wantsFollowed(r *facts, c *candidate) bool {
	switch {
	case !r.follows.has(c.author), c.quiet:
		return false
	case c.boostOf == 0 && !r.speaks(c.author, c.language):
		return false
	case c.reply && c.replyTo == 0: // its parent is unknown
		return false
	case r.hidesAnyOf(c), c.boostOf != 0 && r.hides(c.boostedAuthor):
		return false
	case r.blockedBy.has(c.author):
		return false
	case c.boostOf != 0 && r.hidesDomain(c.boostedDomain):
		return false
	case c.reply && c.replyTo != r.reader && c.replyTo != c.author && !r.follows.has(c.replyTo):
		return false
	case c.boostOf != 0 && r.quiet.has(c.author):
		return false
	}
	return true
}

// wantsTagged is the rule for what comes from anybody with a hashtag that the reader follows: public statuses, answers too, no boosts.
func wantsTagged(r *facts, c *candidate) bool {
	return c.visibility == statuses.Public && c.boostOf == 0 && !c.limited && !c.quiet && slices.ContainsFunc(c.tags, r.followsTag) &&
		!r.hidesAnyOf(c) && !r.blockedBy.has(c.author) && !r.hidesDomain(c.domain)
}

// hidesAnyOf tells whether the reader blocks or mutes the author of a status or anybody whom it mentions.
func (r *facts) hidesAnyOf(c *candidate) bool {
	return r.hides(c.author) || slices.ContainsFunc(c.mentions, r.hides)
}

// takes is what a list asks besides: a member as the author, and of answers to others that its policy allows them. Answers
// to the list's owner are allowed by all policies.
func (l *listing) takes(owner id.Account, c *candidate) bool {
	if !l.members.has(c.author) {
		return false
	}
	if !c.reply || c.replyTo == c.author || c.replyTo == owner {
		return true
	}
	return l.replies == lists.ToFollowed || (l.replies == lists.ToMembers && l.members.has(c.replyTo))
}

// isPublic is the rule of the public timelines that is the same for every reader (behaviours §3).
func isPublic(c *candidate) bool {
	return isTaggable(c) && (!c.reply || c.replyTo == c.author)
}

// isTaggable is the rule of hashtag timelines that is the same for every reader: replies are shown there.
func isTaggable(c *candidate) bool {
	return !c.gone && !c.limited && c.visibility == statuses.Public && c.boostOf == 0
}

// mayMeet tells whether a reader wants to see an author on a timeline that is
// not the reader's own. r is nil for nobody in particular, who sees no status that is for members only.
func mayMeet(r *facts, c *candidate) bool {
	if r == nil {
		return !c.localOnly
	}
	return c.author == r.reader || !(r.hides(c.author) || r.blockedBy.has(c.author) || r.hidesDomain(c.domain))
}

// wantsPublic tells whether a reader wants to see a status on a public timeline: there the languages count that the reader chose.
func wantsPublic(r *facts, c *candidate) bool {
	return mayMeet(r, c) && (r == nil || len(r.chosen) == 0 || slices.Contains(r.chosen, c.language))
}
