package tags

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/kit/text"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/social/accounts"
	"anancus/internal/social/id"
	"anancus/internal/social/relationships"
)

// OfMember tells, inside the transaction of an event, whether other servers are to be told of it.
func OfMember(ctx context.Context, tx *db.Tx, e FeaturedChanged) (bool, error) {
	n, err := db.One(ctx, tx, db.Int64, `SELECT COUNT(*) FROM accounts WHERE id = $1 AND domain = ''`, e.Account)
	return n > 0, err
}

// DeliverFeatured tells other servers that a member shows a hashtag on the profile, or no longer does; what was changed back meanwhile is
// not told.
func (s *Service) DeliverFeatured(ctx context.Context, e FeaturedChanged) error {
	list, err := FeaturedBy(ctx, s.db, e.Account)
	if err != nil || slices.ContainsFunc(list, func(f Featured) bool { return f.Tag.ID == e.Tag }) != e.Shown {
		return err
	}
	found, err := byIDs(ctx, s.db, []id.Tag{e.Tag})
	if err != nil || len(found) == 0 {
		return err
	}
	owner, err := s.accounts.ByID(ctx, e.Account)
	if err != nil {
		return err
	}
	inboxes, err := relationships.FollowerInboxes(ctx, s.db, owner.ID)
	if err != nil || len(inboxes) == 0 {
		return err
	}
	tag := activitypub.NewHashtag(PageOf(s.site, owner, found[0].Name), found[0].Shown)
	body, err := s.accounts.Seal(ctx, owner.ID, activitypub.NewTagListing(accounts.Listing(e.Shown), owner.URI, tag, owner.FeaturedURL), true)
	if err != nil {
		return err
	}
	return s.courier.EnqueueAll(ctx, activitypub.Delivery{Author: int64(owner.ID), EventKey: fmt.Sprintf("feature/%d/%d/%d", owner.ID, e.Tag, e.At), Body: body, Inboxes: inboxes})
}

// wireName reads the name of a hashtag as servers write it, with its sigil or without; "" where it is none.
func wireName(o activitypub.Object) string {
	name := strings.TrimPrefix(strings.TrimSpace(o.String("name")), "#")
	if !o.Is("Hashtag") || !text.ValidTag(name) || text.TagKey(name) == "" {
		return ""
	}
	return name
}

// ReceiveFeatured takes Add and Remove of a hashtag on the actor's own profile. Mastodon names the collection of pinned statuses as its
// target; that of hashtags is understood too.
func (s *Service) ReceiveFeatured(ctx context.Context, in accounts.Received) error {
	target := in.Activity.Link("target")
	if target == "" || target != in.Actor.FeaturedURL && target != in.Actor.FeaturedTagsURL {
		return nil
	}
	name := wireName(in.Activity.Object("object"))
	if name == "" {
		return nil
	}
	var err error
	if in.Activity.Is("Remove") {
		_, err = s.Unfeature(ctx, in.Actor.ID, name)
	} else {
		_, err = s.feature(ctx, in.Actor.ID, name, true)
	}
	if fault.Is(err, fault.Invalid) { // more than a profile shows: its server will say which, when it is asked
		return nil
	}
	return err
}

// ReadFeatured asks an account's server which hashtags it shows on the profile; of a longer list the first are kept.
func (s *Service) ReadFeatured(ctx context.Context, e accounts.Updated) error {
	owner, err := s.accounts.ByID(ctx, e.Account)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil || owner.Local() || !owner.Available() || owner.FeaturedTagsURL == "" {
		return err
	}
	collection, err := s.accounts.ReadCollection(ctx, owner.FeaturedTagsURL)
	if err != nil || collection == nil {
		return err
	}
	var names []string
	for _, item := range collection.Items {
		if name := wireName(item); name != "" && len(names) < MaxFeatured {
			names = append(names, name)
		}
	}
	if err := s.keepFeatured(ctx, owner.ID, names); err != nil {
		return fmt.Errorf("keep the hashtags of account %d: %w", owner.ID, err)
	}
	return nil
}

// keepFeatured makes the hashtags on a profile what its server showed.
func (s *Service) keepFeatured(ctx context.Context, account id.Account, names []string) error {
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		shown := []id.Tag{}
		for _, name := range names {
			tag, err := kept(ctx, tx, name)
			if err != nil {
				return err
			}
			shown = append(shown, tag.ID)
			n, err := db.Exec(ctx, tx, `INSERT INTO featured_tags (id, account_id, tag_id, created_at) VALUES ($1,$2,$3,$4)
				ON CONFLICT (account_id, tag_id) DO NOTHING`, tx.NextID(), account, tag.ID, clock.Milli(tx.Now()))
			if err == nil && n > 0 {
				_, err = db.Exec(ctx, tx, countPastSQL, account, tag.ID)
			}
			if err != nil {
				return err
			}
		}
		_, err := db.Exec(ctx, tx, `DELETE FROM featured_tags WHERE account_id = $1 AND tag_id {not in $2}`, account, shown)
		return err
	})
}
