package accounts

import (
	"context"
	"fmt"

	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/social/id"
)

// ActorOf writes a local account as other servers read it.
func (s *Service) ActorOf(ctx context.Context, a *Account) (*activitypub.Actor, error) {
	key, err := s.KeyOf(ctx, a.ID)
	if err != nil {
		return nil, fmt.Errorf("actor %s: %w", a.Username, err)
	}
	emojis, err := s.emoji.Tags(ctx, a.emojified()...)
	if err != nil {
		return nil, fmt.Errorf("actor %s: %w", a.Username, err)
	}
	actor := &activitypub.Actor{
		Tag:     emojis,
		Context: activitypub.ContextActor, ID: a.URI, Webfinger: a.Username + "@" + s.site.Domain, Type: a.Kind,
		Following: a.FollowingURL, Followers: a.FollowersURL, Inbox: a.InboxURL, Outbox: a.OutboxURL, Featured: a.FeaturedURL,
		FeaturedTags: a.URI + "/collections/tags", FeaturedCollections: a.URI + featuredCollections, InteractionPolicy: featuringPolicy(a), PreferredUsername: a.Username, Name: a.Name(), Summary: s.noteHTML(a), URL: a.URL,
		ManuallyApprovesFollowers: a.Locked, Discoverable: a.Discoverable != nil && *a.Discoverable, Indexable: a.Indexable,
		Published: a.CreatedAt.UTC().Format("2006-01-02") + "T00:00:00Z", Memorial: a.Memorial,
		ShowFeatured: a.ShowFeatured, ShowMedia: a.ShowMedia, ShowRepliesInMedia: a.ShowMediaReplies, AlsoKnownAs: a.AlsoKnownAs,
		AttributionDomains: a.AttributionDomains, Suspended: !a.SuspendedAt.IsZero(),
		PublicKey: activitypub.PublicKey{ID: key.URI, Owner: a.URI, PublicKeyPEM: key.PublicPEM},
		Endpoints: activitypub.Endpoints{SharedInbox: s.site.URL("/inbox")},
		Icon:      activitypub.NewImage(s.site.FileNow(a.AvatarURL), "", a.AvatarDescription), Image: activitypub.NewImage(s.site.FileNow(a.HeaderURL), "", a.HeaderDescription),
	}
	if a.MovedTo != 0 {
		target, err := s.ByID(ctx, a.MovedTo)
		if err != nil {
			return nil, fmt.Errorf("actor %s: %w", a.Username, err)
		}
		actor.MovedTo = target.URI
	}
	for _, f := range s.presentFields(a) {
		actor.Attachment = append(actor.Attachment, activitypub.NewPropertyValue(f.Name, f.Value))
	}
	return actor, nil
}

// instanceName is the username of the actor that speaks for the server itself. The dot keeps members from having it.
const instanceName = "server.internal"

// Instance gives the actor that speaks for the server itself, made with its key when there is none yet.
func (s *Service) Instance(ctx context.Context) (*Account, error) {
	uri := s.site.URL("/actor")
	a, err := byURI(ctx, s.db, uri)
	if err == nil || !fault.Is(err, fault.NotFound) {
		return a, err
	}
	pair, err := s.newKeyPair()
	if err != nil {
		return nil, err
	}
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		a = &Account{ID: id.Account(tx.NextID()), Username: instanceName, URI: uri, URL: s.site.URL("/about"), Kind: "Application",
			InboxURL: uri + "/inbox", SharedInboxURL: s.site.URL("/inbox"), OutboxURL: uri + "/outbox", Locked: true,
			CreatedAt: tx.Now(), UpdatedAt: tx.Now()}
		if _, err := insert(ctx, tx, a); err != nil {
			return err
		}
		return insertKey(ctx, tx, tx.NextID(), a.ID, s.keyURI(a), pair.public, &pair.private, tx.Now().UnixMilli())
	})
	if err != nil {
		return nil, fmt.Errorf("make the server's own actor: %w", err)
	}
	return a, nil
}

// DeliverProfile tells other servers that a member's profile changed.
func (s *Service) DeliverProfile(ctx context.Context, e ProfileChanged) error {
	a, err := s.ByID(ctx, e.Account)
	if err != nil {
		return err
	}
	inboxes, err := s.neighbours.Audience(ctx, a.ID)
	if err != nil || len(inboxes) == 0 {
		return err
	}
	actor, err := s.ActorOf(ctx, a)
	if err != nil {
		return err
	}
	update := activitypub.NewUpdateActor(fmt.Sprintf("%s#updates/%d", a.URI, e.At), *actor)
	body, err := s.Seal(ctx, a.ID, update, true)
	if err != nil {
		return err
	}
	return s.neighbours.Enqueue(ctx, activitypub.Delivery{Author: int64(a.ID), EventKey: update.ID, Body: body, Inboxes: inboxes})
}

// ReceiveUpdate takes Update of an actor by itself: its server is asked what it looks like now.
func (s *Service) ReceiveUpdate(ctx context.Context, in Received) error {
	if in.Activity.Link("object") != in.Actor.URI {
		return nil
	}
	if object := in.Activity.Object("object"); len(object) > 2 {
		actor, err := activitypub.ParseActor(object)
		if err == nil && actor.ID == in.Actor.URI && len(actor.Keys) > 0 && len(actor.KeyLinks) == 0 {
			_, err = s.keepActor(ctx, actor, true)
			return err
		}
	}
	_, err := s.Fetch(ctx, in.Actor.URI)
	if fault.KindOf(err) != fault.Internal && fault.KindOf(err) != fault.Unavailable {
		return nil
	}
	return err
}

// ReceiveDeleteActor takes Delete of an actor by itself.
func (s *Service) ReceiveDeleteActor(ctx context.Context, in Received) error {
	if in.Activity.Link("object") != in.Actor.URI {
		return nil
	}
	return s.MarkGone(ctx, in.Actor.ID)
}

// Listing is what an actor does to its collections: Add, or Remove.
func Listing(there bool) string {
	if there {
		return "Add"
	}
	return "Remove"
}
