// Package search finds accounts, hashtags and statuses by name, by address and by what they say. The index of
// statuses only proposes: what a viewer is shown is decided anew, by the rules of today.
package search

import (
	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/social/accounts"
	"anancus/internal/social/collections"
	"anancus/internal/social/id"
	"anancus/internal/social/settings"
	"anancus/internal/social/statuses"
	"anancus/internal/social/tags"
)

// Service is the room of search.
type Service struct {
	db       *db.DB
	clock    clock.Clock
	site     settings.Site
	settings *settings.Service
	accounts *accounts.Service
	statuses *statuses.Service
	hashtags *tags.Service
	groups   *collections.Service
	remote   *activitypub.Client
	index    index
	opened   id.Status // older statuses were stored before
}

// New opens the room.
func New(d *db.DB, c clock.Clock, set *settings.Service, people *accounts.Service, posts *statuses.Service, hashtags *tags.Service,
	groups *collections.Service, remote *activitypub.Client) *Service {
	s := &Service{db: d, clock: c, site: people.Site(), settings: set, accounts: people, statuses: posts, hashtags: hashtags, groups: groups, remote: remote, index: &liteIndex{},
		opened: id.Status(clock.Milli(c.Now()) << 16)}
	if d.Engine() == db.Postgres {
		s.index = postgresIndex{}
	}
	return s
}
