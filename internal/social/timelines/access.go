package timelines

import (
	"anancus/internal/kit/rest"
	"anancus/internal/social/access"
	"anancus/internal/social/settings"
	"anancus/internal/social/viewer"
)

// Reach is which statuses of a timeline that everybody shares a viewer reads, by where they are from.
type Reach struct{ Local, Remote bool }

// Nothing tells that the timeline is empty for the viewer, whatever is in it.
func (r Reach) Nothing() bool { return !r.Local && !r.Remote }

// only is whose statuses are read: of our members, of others, or nil for all.
func (r Reach) only() *bool {
	if r.Local == r.Remote {
		return nil
	}
	return &r.Local
}

// has tells whether a status is from where the viewer may read.
func (r Reach) has(c *candidate) bool { return c.local && r.Local || !c.local && r.Remote }

// wishedReach is what a client asked for. Both local and remote is all of it, as in Mastodon.
func wishedReach(c *viewer.Call) (local, remote bool) {
	return c.QueryFlag("local"), c.QueryFlag("remote")
}

// LiveReach decides what of the public timelines a caller reads, and refuses who must sign in first.
func LiveReach(v settings.Values, c *viewer.Call) (Reach, error) {
	local, remote := wishedReach(c)
	return admit(c.Viewer, v.LocalLiveFeed, v.RemoteLiveFeed, local, remote)
}

// TopicReach does so for the timelines of hashtags and links.
func TopicReach(v settings.Values, c *viewer.Call) (Reach, error) {
	local, remote := wishedReach(c)
	return admit(c.Viewer, v.LocalTopicFeed, v.RemoteTopicFeed, local, remote)
}

// VisitorsReach is what visitors read of hashtags: a page shows what it may and asks nobody to sign in.
func VisitorsReach(v settings.Values) Reach {
	return reachOf(viewer.Viewer{}, v.LocalTopicFeed, v.RemoteTopicFeed, false, false)
}

// admit lets only members ask for a timeline a part of which is not for all, the part they left out aside.
func admit(who viewer.Viewer, ofLocal, ofRemote settings.FeedAccess, local, remote bool) (Reach, error) {
	open := ofLocal == settings.FeedForAll
	if !local {
		open = ofRemote == settings.FeedForAll && (remote || open)
	}
	if !open {
		if err := who.MustBeMember(); err != nil {
			return Reach{}, err
		}
	}
	return reachOf(who, ofLocal, ofRemote, local, remote), nil
}

// ReachOf is what of a shared timeline's statuses, of any origin, a member is told as they come.
func ReachOf(who viewer.Viewer, ofLocal, ofRemote settings.FeedAccess) Reach {
	return reachOf(who, ofLocal, ofRemote, false, false)
}

func reachOf(who viewer.Viewer, ofLocal, ofRemote settings.FeedAccess, local, remote bool) Reach {
	return Reach{Local: (local || !remote) && mayRead(who, ofLocal), Remote: (remote || !local) && mayRead(who, ofRemote)}
}

// mayRead tells whether a setting lets a viewer read.
func mayRead(who viewer.Viewer, of settings.FeedAccess) bool {
	switch of {
	case settings.FeedForAll:
		return true
	case settings.FeedForMembers:
		return who.IsMember()
	}
	return who.IsMember() && access.PermissionsOf(who.Role)&(access.ViewFeeds|access.Administrator) != 0
}

// cachePublic is how long anybody may keep what nobody in particular reads: Mastodon's.
const cachePublic = "max-age=15, public, stale-while-revalidate=30"

// kept lets a page that nobody in particular asked for be kept, and asked for again by its tag. What a token or a cookie shows is never shared.
func kept(c *viewer.Call, answer any) any {
	c.SetHeader("Vary", "Authorization, Cookie") // compression adds its own
	if c.Viewer.Token != 0 || c.Viewer.Session != 0 {
		return answer
	}
	return rest.Tagged{Body: answer, Cache: cachePublic}
}
