package accounts

import (
	"anancus/internal/protocol/activitypub"
	"anancus/internal/social/id"
)

// Received is an activity of another server whose signature was checked: Actor did it.
type Received struct {
	Actor    *Account
	Activity activitypub.Object
	Inbox    id.Account // whose personal inbox it came to, 0 for the shared one
}
