package server

import (
	"context"
	"strings"

	"anancus/internal/kit/fault"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/social/accounts"
)

// relayLane begins the lanes of statuses that a relay told of: who speaks for it, and of whom or whose server. So each server is asked in order,
// and one that is away does not hold up what the relay tells of others.
const relayLane = "relay "

// announced gives the lane for a boost: a relay's is none, but word of a status.
func (s *Server) announced(ctx context.Context, actor *accounts.Account, activity activitypub.Object) (string, error) {
	relays, err := s.relays.Speaks(ctx, actor.ID)
	if err != nil || !relays {
		return actor.URI, err
	}
	host, err := activitypub.HostOf(activity.Link("object"))
	if err != nil {
		return "", fault.New(fault.BadRequest, "The activity tells of nothing that has an address")
	}
	return relayLane + actor.URI + " " + host, nil
}

// hearRelay takes word of a status that a relay brought, unless keepers ended that meanwhile. The status is read at its own server: a relay is
// believed in nothing else. What it says of statuses that we know already comes as anybody's word does.
func (s *Server) hearRelay(ctx context.Context, told string, activity activitypub.Object) error {
	speaker, _, _ := strings.Cut(told, " ")
	relay, err := s.accounts.ByURI(ctx, speaker)
	if err != nil {
		return err
	}
	relays, err := s.relays.Speaks(ctx, relay.ID)
	if err != nil || !relays || !relay.Available() || s.refuses(relay) {
		return err
	}
	if err := s.accounts.Heard(ctx, relay); err != nil {
		return err
	}
	object := activity.Link("object")
	if activity.Is("Create") && !activitypub.SameHost(object, activity.Link("actor")) {
		return fault.New(fault.Invalid, "What is told of lies on another server than its actor")
	}
	return s.statuses.KeepRelayed(ctx, object)
}
