// Package viewer says who is asking: an account, an app, or nobody, and with
// which scopes. It is a leaf, so that every room can name the viewer in a signature.
package viewer

import (
	"strings"

	"anancus/internal/kit/fault"
	"anancus/internal/kit/rest"
	"anancus/internal/social/id"
)

// Viewer is who asks. The zero Viewer is nobody.
type Viewer struct {
	Account id.Account // 0 when no member asks
	App     id.App     // 0 for our own web app
	Token   id.Token   // 0 for nobody
	Session id.Session // set when the cookie of our own web app authenticated
	Scopes  []string
	Role    string // "", member, moderator, admin or owner
	Locale  string
}

// Call is one request of a client, with its viewer.
type Call = rest.Call[Viewer]

// IsMember tells whether a member of this server asks.
func (v Viewer) IsMember() bool { return v.Account != 0 }

// Refusals of what is for members.
const (
	NotSignedIn = "The access token is invalid"
	NoMember    = "This method requires an authenticated user"
)

// MustBeMember refuses everybody else: nobody in particular with 401, an app that asks for itself with 422.
func (v Viewer) MustBeMember() error {
	switch {
	case v.IsMember():
		return nil
	case v.Token == 0 && v.Session == 0:
		return fault.New(fault.Unauthorized, NotSignedIn)
	}
	return fault.New(fault.Invalid, NoMember)
}

// Allows tells whether the viewer's scopes cover one of the wanted scopes, with
// inheritance: read covers read:statuses, follow covers the relationship scopes it once stood for.
func (v Viewer) Allows(wanted ...string) bool {
	for _, want := range wanted {
		for _, have := range v.Scopes {
			if Covers(have, want) {
				return true
			}
		}
	}
	return false
}

// Covers tells whether holding the scope have grants want.
func Covers(have, want string) bool {
	if have == want {
		return true
	}
	if have == "follow" {
		switch want {
		case "read:blocks", "read:follows", "read:mutes", "write:blocks", "write:follows", "write:mutes":
			return true
		}
		return false
	}
	return strings.HasPrefix(want, have+":")
}
