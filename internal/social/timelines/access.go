package timelines

import (
	"anancus/internal/kit/fault"
	"anancus/internal/social/access"
	"anancus/internal/social/settings"
	"anancus/internal/social/viewer"
)

// topics tells whether a viewer may read timelines of a topic, and whether what other servers wrote is left out. Which part is asked for is
// as the parameters local and remote say: who asks for everything needs the leave for both.
func (s *Service) topics(c *viewer.Call) (onlyLocal bool, err error) {
	v := s.settings.Now()
	ours, theirs := v.LocalTopicAccess != settings.PublicAccess, v.RemoteTopicAccess != settings.PublicAccess
	closed := ours || theirs
	switch {
	case c.QueryFlag("local"):
		closed = ours
	case c.QueryFlag("remote"):
		closed = theirs
	}
	if closed && !c.Viewer.IsMember() {
		return false, fault.New(fault.Invalid, "This method requires an authenticated user")
	}
	return v.RemoteTopicAccess == settings.DisabledAccess && access.PermissionsOf(c.Viewer.Role)&access.ViewFeeds == 0, nil
}
