package server

import (
	"time"

	"anancus/internal/protocol/activitypub"
	"anancus/internal/social/accounts"
	"anancus/internal/social/domains"
	"anancus/internal/social/viewer"
)

// toldAgain is how soon the same word of who follows somebody is looked into again.
const toldAgain = 10 * time.Minute

// followersThere serves GET /ap/users/{account}/followers_synchronization to servers that say who they are: each is told of its own people.
func (s *Server) followersThere(c *viewer.Call) (any, error) {
	signer, err := s.signerOf(c)
	switch {
	case err != nil:
		return nil, err
	case !signer.Available() || s.refuses(signer):
		return nil, domains.Refusal()
	}
	return s.relationships.FollowersThere(c, signer.URI)
}

// hearFollowers takes what an author's server tells of who follows the author from here, beside an activity. It is told of no other collection, and
// asked nowhere else.
func (s *Server) hearFollowers(c *viewer.Call, author *accounts.Account) error {
	told, ok := activitypub.ParseSynchronization(c.R.Header.Get(activitypub.SynchronizationHeader))
	if !ok || told.Collection != author.FollowersURL || !activitypub.SameHost(told.URL, author.URI) || !author.Available() ||
		!s.tellings.allow(author.URI+" "+told.Digest, s.clock.Now(), toldAgain) {
		return nil
	}
	return s.relationships.HearFollowers(c.Context(), author, told)
}
