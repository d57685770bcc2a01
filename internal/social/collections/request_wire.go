package collections

import (
	"context"
	"fmt"
	"strings"

	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/social/accounts"
	"anancus/internal/social/id"
	"anancus/internal/social/relationships"
	"anancus/internal/social/viewer"
)

const featureRequests = "/feature_requests/"

// ask asks an account of another server whether a member's collection may feature it. Each time is a request of its own: what came twice is
// passed over by servers that remember.
func (s *Service) ask(ctx context.Context, item *Item, again int) error {
	c, owner, _, err := s.whole(ctx, item.Collection)
	if err != nil || c == nil {
		return err
	}
	a, err := s.accounts.ByID(ctx, item.Account)
	if err != nil {
		return err
	}
	request := owner.URI + featureRequests + id.String(item.ID)
	if again > 0 {
		request += fmt.Sprintf("/%d", again)
	}
	return s.tellOne(ctx, owner, a, activitypub.NewFeatureRequest(request, owner.URI, a.URI, s.uriOf(c)))
}

// authorizationURI is the address of the document by which others check that one of ours agreed to be in a collection.
func (s *Service) authorizationURI(item *Item) string {
	return s.site.ActorURI(item.Account) + "/feature_authorizations/" + id.String(item.ID)
}

// AuthorizationDocument serves GET /ap/users/{account}/feature_authorizations/{item}: that the account lets a collection feature it. It is
// gone once the account left.
func (s *Service) AuthorizationDocument(c *viewer.Call) (any, error) {
	member, cache, err := s.ownerOf(c)
	if err != nil {
		return nil, err
	}
	item, a, err := s.acceptedItem(c)
	if err == nil && a.ID != member.ID {
		err = fault.RecordNotFound()
	}
	if err != nil {
		return nil, err
	}
	in, err := one(c.Context(), s.db, item.Collection)
	if err != nil {
		return nil, err
	}
	return accounts.Document(c, cache, activitypub.NewFeatureAuthorization(s.authorizationURI(item), member.URI, s.uriOf(in)))
}

// mayFeature tells whether an account of another server may put a member into a collection: what the member's actor says to all.
func (s *Service) mayFeature(ctx context.Context, who, member *accounts.Account) (bool, error) {
	if !member.Available() || !member.WantsToBeFound() {
		return false, nil
	}
	refused, err := relationships.Refuses(ctx, s.db, member.ID, who.ID)
	if err != nil || refused {
		return false, err
	}
	if blocked, err := relationships.Refuses(ctx, s.db, who.ID, member.ID); err != nil || blocked {
		return false, err
	}
	if !member.Locked {
		return true, nil
	}
	return relationships.Follows(ctx, s.db, who.ID, member.ID)
}

// ReceiveRequest takes the question whether a collection of another server may feature one of ours. The answer is what our member decided
// beforehand.
func (s *Service) ReceiveRequest(ctx context.Context, in accounts.Received) error {
	request, uri := in.Activity.ID(), in.Activity.Link("instrument")
	if activitypub.CheckID(request) != nil || !activitypub.SameHost(request, in.Actor.URI) || !activitypub.SameHost(uri, in.Actor.URI) {
		return nil
	}
	path, here := s.site.Ours(in.Activity.Link("object"))
	if !here {
		return nil
	}
	member, err := s.accounts.ByPath(ctx, path)
	if err != nil || !member.Local() || member.Kind == "Application" {
		return ignoreNotFound(err)
	}
	granted, err := s.mayFeature(ctx, in.Actor, member)
	if err != nil {
		return err
	}
	var c *Collection
	if granted {
		if c, err = s.known(ctx, in.Actor, uri); err != nil {
			return err
		}
	}
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		answer := activitypub.NewAnswerToFeature("Reject", member.URI, in.Activity)
		if c != nil {
			item, err := s.grant(ctx, tx, c, member.ID)
			if err != nil {
				return err
			}
			if item != nil {
				answer = activitypub.NewAnswerToFeature("Accept", member.URI, in.Activity)
				answer.Result = s.authorizationURI(item)
			}
		}
		answer.ID = fmt.Sprintf("%s#%ss/feature_requests/%d", member.URI, strings.ToLower(answer.Type), tx.NextID())
		body, err := activitypub.Encode(answer)
		if err != nil {
			return err
		}
		return s.courier.Enqueue(ctx, tx, activitypub.Delivery{Author: int64(member.ID), EventKey: answer.ID, Body: body, Inboxes: []string{in.Actor.InboxURL}})
	})
	if err != nil {
		return fmt.Errorf("receive request to feature: %w", err)
	}
	s.courier.Wake()
	return nil
}

// grant notes that a member lets a collection of another server feature them; nil where they left it before, or where it is full.
func (s *Service) grant(ctx context.Context, tx *db.Tx, c *Collection, member id.Account) (*Item, error) {
	if _, err := one(ctx, tx, c.ID); err != nil { // deleted meanwhile
		return nil, ignoreNotFound(err)
	}
	items, err := itemsIn(ctx, tx, []id.Collection{c.ID})
	if err != nil {
		return nil, err
	}
	for _, item := range items {
		if item.Account != member {
			continue
		}
		if item.State != Accepted {
			return nil, nil
		}
		return item, nil // asked once more
	}
	if len(items) >= activitypub.MaxFeatured {
		return nil, nil
	}
	item := &Item{ID: id.CollectionItem(tx.NextID()), Collection: c.ID, Account: member, State: Accepted, CreatedAt: tx.Now()}
	if err := insertItem(ctx, tx, item); err != nil {
		return nil, err
	}
	return item, tx.Emit(Added{Item: item.ID, Collection: c.ID, Owner: c.Owner, Account: member})
}

// asked finds the item that an answer is about. Only the account that was asked can answer.
func (s *Service) asked(ctx context.Context, q db.Q, in accounts.Received) (*Item, *Collection, error) {
	path, here := s.site.Ours(in.Activity.Link("object"))
	_, number, found := strings.Cut(path, featureRequests)
	if !here || !found {
		return nil, nil, fault.RecordNotFound()
	}
	number, _, _ = strings.Cut(number, "/") // which time it was does not matter
	which, err := id.Parse[id.CollectionItem](number)
	if err != nil {
		return nil, nil, err
	}
	item, err := itemByID(ctx, q, which)
	if err == nil && item.Account != in.Actor.ID {
		err = fault.RecordNotFound()
	}
	if err != nil {
		return nil, nil, err
	}
	c, err := one(ctx, q, item.Collection)
	if err == nil && !c.Local() {
		err = fault.RecordNotFound()
	}
	return item, c, err
}

// ReceiveAnswer takes Accept and Reject of a member's question whether a collection may feature an account. What is accepted is believed
// once the account's own server shows the document for it.
func (s *Service) ReceiveAnswer(ctx context.Context, in accounts.Received) error {
	item, c, err := s.asked(ctx, s.db, in)
	if err != nil {
		return ignoreNotFound(err)
	}
	approval, accepted := in.Activity.Link("result"), in.Activity.Is("Accept")
	if accepted {
		if item.State != Pending {
			return nil
		}
		lets, err := s.lets(ctx, approval, in.Actor, c)
		if err != nil || !lets {
			return err
		}
	}
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		item, _, err := s.asked(ctx, tx, in)
		switch {
		case err != nil:
			return ignoreNotFound(err)
		case !accepted && item.State == Accepted:
			return s.revoke(ctx, tx, item)
		case item.State != Pending:
			return nil
		case !accepted:
			return setState(ctx, tx, item.ID, Rejected)
		}
		item.State, item.Approval = Accepted, approval
		if err := settle(ctx, tx, item); err != nil {
			return err
		}
		return tx.Emit(Granted{item.ID, item.Collection})
	})
	if err != nil {
		return fmt.Errorf("receive answer about a collection: %w", err)
	}
	return nil
}

// lets asks an account's own server whether it lets a collection feature it.
func (s *Service) lets(ctx context.Context, address string, who *accounts.Account, c *Collection) (bool, error) {
	if activitypub.CheckID(address) != nil || !activitypub.SameHost(address, who.URI) {
		return false, nil
	}
	if err := activitypub.SpendStatus(ctx); err != nil {
		return false, err
	}
	document, err := s.remote.Fetch(ctx, address)
	if err != nil {
		return false, permanent(err)
	}
	by := document.Link("attributedTo")
	return document.ID() == address && document.Is("FeatureAuthorization") && (by == "" || by == who.URI) &&
		document.Link("interactingObject") == s.uriOf(c) && document.Link("interactionTarget") == who.URI, nil
}

// ReceiveDelete takes Delete of the document that lets a collection feature an account, and of a collection. done tells that it was one.
func (s *Service) ReceiveDelete(ctx context.Context, in accounts.Received) (done bool, err error) {
	uri := in.Activity.Link("object")
	if uri == "" || !activitypub.SameHost(uri, in.Actor.URI) {
		return false, nil
	}
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		items, err := approvedBy(ctx, tx, in.Actor.ID, uri)
		if err != nil {
			return err
		}
		done = len(items) > 0
		for _, item := range items {
			if err := s.revoke(ctx, tx, item); err != nil {
				return err
			}
		}
		c, err := byURI(ctx, tx, uri)
		if err != nil || c.Owner != in.Actor.ID {
			return ignoreNotFound(err)
		}
		done = true
		return s.delete(ctx, tx, c)
	})
	if err != nil {
		return false, fmt.Errorf("receive delete of a collection: %w", err)
	}
	return done || in.Activity.Object("object").Is("FeatureAuthorization", "FeaturedCollection"), nil
}

// PartDomain ends the featuring of an account and those of a server of each other after the account blocked that server.
func (s *Service) PartDomain(ctx context.Context, e relationships.DomainBlocked) error {
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		if still, err := relationships.BlocksDomain(ctx, tx, e.Account, e.Domain); err != nil || !still {
			return err
		}
		between, err := itemsToward(ctx, tx, e.Account, e.Domain)
		if err != nil {
			return err
		}
		for _, item := range between {
			if err := s.revoke(ctx, tx, item); err != nil {
				return err
			}
		}
		return nil
	})
}
