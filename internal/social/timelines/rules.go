package timelines

import (
	"slices"

	"anancus/internal/social/id"
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
	language      string
	mentions      []id.Account
}

// wants is the one rule of home feeds: the live insert, the build and the pages of
// the database all ask it. Drops are in Mastodon's order (behaviours §2). Direct
// statuses are left to conversations, one's own too.
func wants(r *facts, c *candidate) bool {
	switch {
	case c.gone, c.visibility == statuses.Direct, c.visibility == statuses.Limited:
		return false
	case c.boostOf != 0 && r.blockedBy.has(c.boostedAuthor): // may not be read, not even in an own boost
		return false
	case c.author == r.reader:
		return true
	case !r.follows.has(c.author):
		return false
	case c.boostOf == 0 && !r.speaks(c.author, c.language):
		return false
	case c.reply && c.replyTo == 0: // its parent is unknown
		return false
	case r.hides(c.author), c.boostOf != 0 && r.hides(c.boostedAuthor), slices.ContainsFunc(c.mentions, r.hides):
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
