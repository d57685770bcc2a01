package server

import (
	"context"
	"crypto"
	"time"

	"anancus/internal/kit/fault"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/social/accounts"
)

// hearsayLane begins the lanes of activities that another than their actor brought without proof.
const hearsayLane = "hearsay "

// hearsayGap is how soon one thing is looked at again because somebody says that it changed.
const hearsayGap = 10 * time.Second

// passedOn decides about an activity that another than its actor signed the request for: a relay, or a server that forwards the answers to what
// its members wrote. One with a proof of its actor counts like any of the actor. Of one with a Linked Data signature nothing is believed: it only
// tells where to look. It gives the lane to keep the activity in.
func (s *Server) passedOn(ctx context.Context, signer *accounts.Account, activity activitypub.Object, actor string) (string, error) {
	_, ours := s.site.Ours(actor)
	if ours || !signer.Available() || activitypub.Rearranged(activity) {
		return "", spokenForAnother()
	}
	linked, proven := activitypub.HasLinkedSignature(activity), false
	if activitypub.HasProof(activity) {
		err := s.checkProof(ctx, activity, actor)
		if err != nil && !linked {
			return "", err
		}
		proven = err == nil
	}
	if !proven && !linked {
		return "", spokenForAnother()
	}
	if activity.Is("Create") { // which of a relay matters even if nobody here has to do with its author
		relays, err := s.relays.Speaks(ctx, signer.ID)
		if err != nil || relays {
			return relayLane + signer.URI + " " + actor, err
		}
	}
	if proven {
		return actor, nil
	}
	return hearsayLane + actor, nil
}

func spokenForAnother() error {
	return fault.New(fault.Unauthorized, "The activity is signed by somebody else than its actor")
}

// checkProof tells whether an activity has a proof by a key that its actor lists for assertions. Of several one is enough.
func (s *Server) checkProof(ctx context.Context, activity activitypub.Object, actor string) error {
	proofs, err := activitypub.ParseProofs(activity, s.clock.Now())
	if err != nil {
		return err
	}
	for _, proof := range proofs {
		bad := s.believe(ctx, proof, actor)
		if bad == nil {
			return nil
		}
		if err == nil || fault.Is(bad, fault.Unavailable) { // then the activity may count if it is sent again
			err = bad
		}
	}
	return err
}

// believe checks one proof with the key that it names.
func (s *Server) believe(ctx context.Context, proof *activitypub.Proof, actor string) error {
	if !activitypub.SameHost(proof.Method, actor) {
		return spokenForAnother()
	}
	owner, err := s.withKey(ctx, proof.Method, func() {}, func(public crypto.PublicKey, asserts bool) error {
		if !asserts {
			return fault.New(fault.Unauthorized, "The key of the proof is not listed for assertions")
		}
		return proof.Verify(public)
	})
	if err != nil {
		return err
	}
	if owner.URI != actor {
		return spokenForAnother()
	}
	return nil
}

// hear looks at the origin whether what somebody says about an actor is so, and takes what the origin shows. Nothing of the activity itself
// is believed but where to look.
func (s *Server) hear(ctx context.Context, actor string, activity activitypub.Object) error {
	kind, object := activity.Type(), activity.Link("object")
	if _, ours := s.site.Ours(object); ours && kind != "Announce" {
		return nil
	}
	switch kind {
	case "Create":
		return s.hearCreate(ctx, actor, object, activity)
	case "Announce":
		return s.hearAnnounce(ctx, actor, activity)
	case "Update":
		return s.hearUpdate(ctx, actor, object)
	case "Delete", "Undo":
		return s.hearDelete(ctx, kind, actor, object)
	}
	return nil
}

// hearFromGroup keeps what a group announces that one of its people changed or deleted (FEP-1b12). A group's word is hearsay too, and waits
// apart from what the group says next.
func (s *Server) hearFromGroup(ctx context.Context, group *accounts.Account, activity activitypub.Object) error {
	actor := activity.Link("actor")
	if _, ours := s.site.Ours(actor); ours || actor == "" || s.refusesAddress(actor) {
		return nil
	}
	body, err := activitypub.Encode(activity)
	if err != nil {
		return err
	}
	return s.storeReceived(ctx, hearsayLane+actor, group.URI, body, 0)
}

// hearCreate fetches a status that is new to us, when somebody here would see it if it were as it is told.
func (s *Server) hearCreate(ctx context.Context, actor, object string, activity activitypub.Object) error {
	if _, err := s.statuses.KnownByURI(ctx, object); !fault.Is(err, fault.NotFound) {
		return err
	}
	matters, err := s.statuses.MightMatter(ctx, actor, activity)
	if err != nil || !matters {
		return err
	}
	return s.hearStatus(ctx, "Create", actor, object)
}

// hearStatus fetches a status and takes it as if its author had sent it.
func (s *Server) hearStatus(ctx context.Context, kind, actor, object string) error {
	document, err := s.lookAt(ctx, actor, object)
	if err != nil {
		return err
	}
	author, err := s.accounts.ResolveURI(ctx, actor)
	if err != nil {
		return err
	}
	return s.receive(ctx, accounts.Received{Actor: author, Activity: activitypub.Object{"type": kind, "actor": actor, "object": map[string]any(document)}})
}

// lookAt reads something of an actor from its server.
func (s *Server) lookAt(ctx context.Context, actor, address string) (activitypub.Object, error) {
	if !activitypub.SameHost(address, actor) {
		return nil, fault.New(fault.Invalid, "What is told of lies on another server than its actor")
	}
	if err := activitypub.SpendStatus(ctx); err != nil {
		return nil, err
	}
	document, err := s.remote.Fetch(ctx, address)
	if err != nil {
		return nil, err
	}
	if document.ID() != address {
		return nil, fault.New(fault.Invalid, "What is told of is known by another id")
	}
	return document, nil
}

// hearAnnounce fetches a boost by somebody we know, or of something we know.
func (s *Server) hearAnnounce(ctx context.Context, actor string, activity activitypub.Object) error {
	id := activity.ID()
	if _, err := s.statuses.KnownByURI(ctx, id); !fault.Is(err, fault.NotFound) {
		return err
	}
	booster, err := s.accounts.ByURI(ctx, actor)
	if fault.Is(err, fault.NotFound) {
		if _, err = s.statuses.KnownByURI(ctx, activity.Link("object")); err != nil {
			return err
		}
		booster, err = s.accounts.ResolveURI(ctx, actor)
	}
	if err != nil {
		return err
	}
	document, err := s.lookAt(ctx, actor, id)
	if err != nil {
		return err
	}
	if !document.Is("Announce") || document.Link("actor") != actor {
		return nil
	}
	return s.receive(ctx, accounts.Received{Actor: booster, Activity: document})
}

// hearUpdate fetches a status or an actor that we know.
func (s *Server) hearUpdate(ctx context.Context, actor, object string) error {
	if err := s.notTooSoon("Update", object); err != nil {
		return err
	}
	if object == actor {
		if _, err := s.accounts.ByURI(ctx, actor); err != nil {
			return err
		}
		_, err := s.accounts.Fetch(ctx, actor)
		return err
	}
	if _, err := s.statuses.KnownByURI(ctx, object); err != nil {
		return err
	}
	return s.hearStatus(ctx, "Update", actor, object)
}

// hearDelete asks whether something that we know is really gone. What not everybody may read looks gone to us anyway, so only what
// everybody may is asked for.
func (s *Server) hearDelete(ctx context.Context, kind, actor, object string) error {
	known, err := s.accounts.ByURI(ctx, actor)
	if err != nil {
		return err
	}
	if object != actor || kind != "Delete" {
		status, err := s.statuses.KnownByURI(ctx, object)
		if err != nil {
			return err
		}
		if status.Author != known.ID || !status.Visibility.Distributable() || status.IsBoost() != (kind == "Undo") {
			return nil
		}
	}
	if err := s.notTooSoon(kind, object); err != nil {
		return err
	}
	document, err := s.lookAt(ctx, actor, object)
	if gone := fault.Is(err, fault.NotFound) || fault.Is(err, fault.Gone) || err == nil && document.Is("Tombstone"); !gone {
		return err
	}
	return s.receive(ctx, accounts.Received{Actor: known, Activity: activitypub.Object{"type": kind, "actor": actor, "object": object}})
}

// notTooSoon lets one thing be looked at again only after a while; the queue comes back.
func (s *Server) notTooSoon(kind, object string) error {
	if !s.hearings.allow(kind+" "+object, s.clock.Now(), hearsayGap) {
		return fault.New(fault.TooMany, "This was looked at just now")
	}
	return nil
}
