package timelines

import (
	"net/http/httptest"
	"testing"

	"anancus/internal/kit/fault"
	"anancus/internal/social/settings"
	"anancus/internal/social/viewer"
)

// TestWhoReadsSharedTimelines goes over every value of both settings, every viewer, and every way to ask.
func TestWhoReadsSharedTimelines(t *testing.T) {
	viewers := map[string]viewer.Viewer{
		"nobody": {}, "app": {Token: 1, App: 1}, "member": {Account: 1, Token: 1, Role: "member"}, "moderator": {Account: 1, Token: 1, Role: "moderator"},
		"admin": {Account: 1, Session: 1, Role: "admin"}, "owner": {Account: 1, Token: 1, Role: "owner"},
	}
	may := func(of settings.FeedAccess, name string) bool {
		switch of {
		case settings.FeedForAll:
			return true
		case settings.FeedForMembers:
			return name != "nobody" && name != "app"
		}
		return name == "admin" || name == "owner"
	}
	all := []settings.FeedAccess{settings.FeedForAll, settings.FeedForMembers, settings.FeedForKeepers}
	for _, ofLocal := range all {
		for _, ofRemote := range all {
			for name, who := range viewers {
				for query, asked := range map[string]Reach{"": {true, true}, "local=true": {Local: true}, "remote=1": {Remote: true}, "local=true&remote=true": {true, true}, "local=false": {true, true}} {
					c := &viewer.Call{R: httptest.NewRequest("GET", "/?"+query, nil), Viewer: who}
					want := Reach{Local: asked.Local && may(ofLocal, name), Remote: asked.Remote && may(ofRemote, name)}
					member := ofLocal != settings.FeedForAll || ofRemote != settings.FeedForAll // somebody must have signed in
					switch query {
					case "local=true", "local=true&remote=true":
						member = ofLocal != settings.FeedForAll
					case "remote=1":
						member = ofRemote != settings.FeedForAll
					}
					refusal := fault.Kind(-1)
					if member && name == "nobody" {
						refusal, want = fault.Unauthorized, Reach{}
					} else if member && name == "app" {
						refusal, want = fault.Invalid, Reach{}
					}
					for kind, got := range map[string]func() (Reach, error){
						"live": func() (Reach, error) {
							return LiveReach(settings.Values{LocalLiveFeed: ofLocal, RemoteLiveFeed: ofRemote}, c)
						},
						"topic": func() (Reach, error) {
							return TopicReach(settings.Values{LocalTopicFeed: ofLocal, RemoteTopicFeed: ofRemote}, c)
						},
					} {
						reach, err := got()
						if reach != want || (err == nil) != (refusal == -1) || err != nil && !fault.Is(err, refusal) {
							t.Errorf("%s: local %s, remote %s: %s asks for %q and reads %+v (%v), want %+v", kind, ofLocal, ofRemote, name, query, reach, err, want)
						}
					}
				}
			}
		}
	}
}
