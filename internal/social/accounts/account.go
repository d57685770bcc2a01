// Package accounts knows the people: those who are members here and those we
// have met elsewhere, with their profiles, their keys and their handles.
package accounts

import (
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/social/id"
)

// Account is a person, bot or group, here (Domain "") or elsewhere.
type Account struct {
	ID                     id.Account
	Username               string
	Domain                 string
	URI                    string // the actor's id
	URL                    string // the profile page
	Kind                   string // Person, Service, Application, Group or Organization
	InboxURL               string
	SharedInboxURL         string
	OutboxURL              string
	FollowersURL           string
	FollowingURL           string
	FeaturedURL            string
	FeaturedTagsURL        string
	FeaturedCollectionsURL string
	CanFeature             string // who may put an account of another server into a collection: words of featurePolicy; "" when it does not say
	DisplayName            string
	Note                   string // as typed when local, safe HTML when remote
	Fields                 []Field
	AvatarURL              string
	AvatarDescription      string
	HeaderURL              string
	HeaderDescription      string
	AvatarKey              string // of our copy of a remote account's picture; "" for none
	HeaderKey              string
	Locked                 bool
	Bot                    bool
	Discoverable           *bool
	Indexable              bool
	HideCollections        bool
	ShowMedia              bool // on the profile, as tabs
	ShowMediaReplies       bool
	ShowFeatured           bool
	Memorial               bool
	MovedTo                id.Account // 0: it did not, or the other end does not say so
	Surveyed               bool       // what its server shows beside the actor was read
	Backfilled             bool       // what was written before it was first seen was asked for
	MovedToURI             string     // where an account of another server says that it moved to
	AlsoKnownAs            []string

	// AttributionDomains are sites that may name the account as the author of their pages.
	AttributionDomains []string

	CreatedAt       time.Time
	UpdatedAt       time.Time
	FetchedAt       time.Time // zero for local accounts
	LimitedAt       time.Time
	LimitedBy       Cause
	SuspendedAt     time.Time
	SuspendedBy     Cause
	SensitiveAt     time.Time // since when what it attaches is shown as sensitive
	DeletedAt       time.Time
	RemoteStatuses  *int64
	RemoteFollowers *int64
	RemoteFollowing *int64
}

// Field is one line of a profile.
type Field struct {
	Name       string `json:"name"`
	Value      string `json:"value"`
	VerifiedAt int64  `json:"verified_at,omitempty"` // when the page that it leads to named the profile as the same person's; 0: it does not
}

// Local tells whether the account is a member of this server.
func (a *Account) Local() bool { return a.Domain == "" }

// listed is how the directory knows the account: 0 when it does not wish to be found, 1 elsewhere, 2 here.
func (a *Account) listed() int64 {
	switch {
	case a.Discoverable == nil || !*a.Discoverable:
		return 0
	case a.Local():
		return 2
	default:
		return 1
	}
}

// Available tells whether the account may be shown and followed.
func (a *Account) Available() bool { return a.SuspendedAt.IsZero() && a.DeletedAt.IsZero() }

// Limited tells whether keepers limited the account's reach.
func (a *Account) Limited() bool { return !a.LimitedAt.IsZero() }

// Acct is the handle as seen from here: without a domain for our own.
func (a *Account) Acct() string {
	if a.Local() {
		return a.Username
	}
	return a.Username + "@" + a.Domain
}

// Name is what to call the account: its display name, or its username.
func (a *Account) Name() string {
	if a.DisplayName != "" {
		return a.DisplayName
	}
	return a.Username
}

// DeliverTo is the inbox that reaches the account's server once for everybody there.
func (a *Account) DeliverTo() string {
	if a.SharedInboxURL != "" {
		return a.SharedInboxURL
	}
	return a.InboxURL
}

// staleAfter is how long a remote profile is trusted before a look refreshes it.
const staleAfter = 24 * time.Hour

// Stale tells whether a remote account should be read again.
func (a *Account) Stale(now time.Time) bool { return a.glance().Stale(now) }

func milliOrZero(ms *int64) time.Time {
	if ms == nil {
		return time.Time{}
	}
	return clock.FromMilli(*ms)
}

func milliOrNil(t time.Time) *int64 {
	if t.IsZero() {
		return nil
	}
	ms := clock.Milli(t)
	return &ms
}

// Counts are the numbers of a profile that we keep.
type Counts struct {
	Account      id.Account
	Statuses     int64
	Followers    int64
	Following    int64
	LastStatusAt time.Time
	Role         string // of a member, "" of everybody else
}

// WantsToBeFound tells whether the account agreed to be recommended to others.
func (a *Account) WantsToBeFound() bool { return a.Discoverable != nil && *a.Discoverable }
