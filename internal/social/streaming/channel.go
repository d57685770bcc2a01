package streaming

import (
	"encoding/json"
	"strings"

	"anancus/internal/kit/fault"
	"anancus/internal/kit/text"
	"anancus/internal/social/id"
	"anancus/internal/social/viewer"
)

// channel is what a stream tells of.
type channel struct {
	spec
	name  string
	tag   string // normalised
	list  id.List
	title string // the name, and its parameter as the client wrote it, as JSON
}

// spec is what a kind of channel is.
type spec struct {
	scope  string
	public bool // a public timeline, of
	local  bool // our members only
	remote bool // others only
	media  bool // what shows any
	param  string
}

const (
	readStatuses      = "read:statuses"
	readNotifications = "read:notifications"
)

const (
	userChannel          = "user"
	notificationsChannel = "user:notification"
	directChannel        = "direct"
)

// channels are Mastodon's.
var channels = map[string]spec{
	userChannel:           {scope: readStatuses},
	notificationsChannel:  {scope: readNotifications},
	directChannel:         {scope: readStatuses},
	"public":              {scope: readStatuses, public: true},
	"public:media":        {scope: readStatuses, public: true, media: true},
	"public:local":        {scope: readStatuses, public: true, local: true},
	"public:local:media":  {scope: readStatuses, public: true, local: true, media: true},
	"public:remote":       {scope: readStatuses, public: true, remote: true},
	"public:remote:media": {scope: readStatuses, public: true, remote: true, media: true},
	"hashtag":             {scope: readStatuses, param: "tag"},
	"hashtag:local":       {scope: readStatuses, param: "tag", local: true},
	"list":                {scope: readStatuses, param: "list"},
}

// wish is a channel as a client names it.
type wish struct{ stream, tag, list string }

// Refusals, in the words of Mastodon's streaming server.
var (
	errMissingToken   = fault.New(fault.Unauthorized, "Missing access token")
	errInvalidToken   = fault.New(fault.Unauthorized, "Invalid access token")
	errScope          = fault.New(fault.Unauthorized, "Access token does not have the required scopes")
	errUnknownChannel = fault.New(fault.BadRequest, "Unknown channel requested")
	errUnknownStream  = fault.New(fault.BadRequest, "Unknown stream type")
	errNoTag          = fault.New(fault.BadRequest, "Missing tag name parameter")
	errNoList         = fault.New(fault.BadRequest, "Missing list name parameter")
	errNotOwnList     = fault.New(fault.Unauthorized, "Not authorized to stream this list")
	errTooManyStreams = fault.New(fault.TooMany, "Too many open streams")
	errTooMany        = fault.New(fault.TooMany, "Too many subscriptions")
	errUnreadable     = fault.New(fault.BadRequest, "Messages must be JSON objects")
	errUnknownType    = fault.New(fault.BadRequest, "Unknown message type")
	errBusy           = fault.New(fault.Unavailable, "The stream could not be opened, try again")
)

// Refuse puts the refusal of a token in the words of a streaming server.
func Refuse(v viewer.Viewer, err error) error {
	switch {
	case fault.Is(err, fault.Unauthorized):
		return errInvalidToken
	case err != nil:
		return err
	case v.IsMember():
		return nil
	case v.Token != 0: // an app's own
		return errInvalidToken
	}
	return errMissingToken
}

// channelOf finds the channel that a client wishes, and tells why it may not have it. Whose list it is, is not looked at.
func channelOf(v viewer.Viewer, w wish) (channel, error) {
	s, known := channels[w.stream]
	switch {
	case !known:
		return channel{}, errUnknownStream
	case !v.Allows(s.scope):
		return channel{}, errScope
	}
	c := channel{spec: s, name: w.stream}
	words := []string{w.stream}
	switch s.param {
	case "tag":
		if c.tag = text.TagKey(strings.TrimPrefix(w.tag, "#")); c.tag == "" {
			return channel{}, errNoTag
		}
		words = append(words, w.tag)
	case "list":
		if w.list == "" {
			return channel{}, errNoList
		}
		list, err := id.Parse[id.List](w.list)
		if err != nil || list == 0 {
			return channel{}, errNotOwnList
		}
		c.list = list
		words = append(words, w.list)
	}
	title, err := json.Marshal(words)
	c.title = string(title)
	return c, err
}

// same tells whether two channels are one.
func (c channel) same(other channel) bool {
	return c.name == other.name && c.tag == other.tag && c.list == other.list
}
