// Package id holds the typed ids of every noun, so that an account's id can
// never be passed where a status's is meant. It is a leaf: every room may name them.
package id

import (
	"strconv"

	"anancus/internal/kit/fault"
)

// Ids are Mastodon's snowflakes: milliseconds since 1970 << 16 | low bits. In JSON they are strings.
type (
	Account             int64
	Announcement        int64
	App                 int64
	Attachment          int64
	Bookmark            int64
	Collection          int64
	CollectionItem      int64
	DomainAllow         int64
	DomainBlock         int64
	Emoji               int64
	Favourite           int64
	File                int64
	FeaturedTag         int64
	Follow              int64
	Grant               int64
	Link                int64
	List                int64
	Notification        int64
	NotificationRequest int64
	PushSubscription    int64
	Quote               int64
	Reaction            int64
	Relay               int64
	Report              int64
	Scheduled           int64
	Session             int64
	Severance           int64
	Status              int64
	Strike              int64
	Tag                 int64
	Token               int64
)

// Of filters, and of conversations.
type (
	Conversation   int64
	Filter         int64
	FilteredStatus int64 // a status named in a filter
	Keyword        int64 // of a filter
)

func (v Conversation) String() string { return String(v) }
func (v Filter) String() string       { return String(v) }
func (v Keyword) String() string      { return String(v) }

// Any is any of the typed ids.
type Any interface{ ~int64 }

// String writes an id as the API shows it.
func String[T Any](v T) string { return strconv.FormatInt(int64(v), 10) }

// Parse reads an id as a client sent it. Anything that cannot be one is
// answered as if it were an unknown record, as Mastodon does.
func Parse[T Any](s string) (T, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 {
		return 0, fault.RecordNotFound()
	}
	return T(n), nil
}

func (v Account) String() string      { return String(v) }
func (v App) String() string          { return String(v) }
func (v Attachment) String() string   { return String(v) }
func (v Emoji) String() string        { return String(v) }
func (v File) String() string         { return String(v) }
func (v Status) String() string       { return String(v) }
func (v Notification) String() string { return String(v) }
func (v Report) String() string       { return String(v) }
func (v Scheduled) String() string    { return String(v) }
func (v Severance) String() string    { return String(v) }
func (v Strike) String() string       { return String(v) }
func (v Token) String() string        { return String(v) }
func (v Tag) String() string          { return String(v) }
func (v List) String() string         { return String(v) }
func (v FeaturedTag) String() string  { return String(v) }
