package collections

import (
	"context"
	"errors"
	"fmt"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/kit/text"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/social/accounts"
	"anancus/internal/social/id"
	"anancus/internal/social/relationships"
	"anancus/internal/social/viewer"
)

// The bounds of reading collections of another server, the first as Mastodon has it.
const (
	maxPages   = 10
	readAgain  = 24 * time.Hour
	itemsOnce  = 10 // looked at in one job
	itemWithin = 20 * time.Second
)

// ReceiveListing takes Add and Remove of a collection of the actor's profile, and of an account in a collection of the actor.
func (s *Service) ReceiveListing(ctx context.Context, in accounts.Received) error {
	target, adds := in.Activity.Link("target"), in.Activity.Is("Add")
	uri, embedded := in.Activity.Link("object"), in.Activity.Object("object")
	if target == "" || uri == "" || !activitypub.SameHost(uri, in.Actor.URI) {
		return nil
	}
	if target == in.Actor.FeaturedCollectionsURL {
		if !adds {
			return s.forget(ctx, in.Actor.ID, uri)
		}
		return s.receiveWhole(ctx, in, uri, embedded)
	}
	c, err := byURI(ctx, s.db, target)
	if err != nil || c.Owner != in.Actor.ID {
		return ignoreNotFound(err)
	}
	if adds && (embedded == nil || !embedded.Has("featuredObject")) {
		if embedded, err = s.remote.Fetch(ctx, uri); err != nil {
			return permanent(err)
		}
	}
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		if adds {
			item, ok := activitypub.ParseFeaturedItem(embedded, c.URI)
			if !ok {
				return nil
			}
			return tx.Emit(ItemsSeen{c.ID, []SeenItem{seen(item)}})
		}
		items, err := itemsIn(ctx, tx, []id.Collection{c.ID})
		if err != nil {
			return err
		}
		for _, item := range items {
			if item.URI == uri && item.State != Revoked {
				return s.takeOut(ctx, tx, item)
			}
		}
		return nil
	})
}

// ReceiveUpdate takes Update of a collection by its owner.
func (s *Service) ReceiveUpdate(ctx context.Context, in accounts.Received) error {
	return s.receiveWhole(ctx, in, in.Activity.Link("object"), in.Activity.Object("object"))
}

func seen(item activitypub.RemoteFeaturedItem) SeenItem {
	return SeenItem{item.ID, item.Object, item.Authorization, clock.Milli(item.Published)}
}

// forget removes a collection that its owner took from the profile.
func (s *Service) forget(ctx context.Context, owner id.Account, uri string) error {
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		c, err := byURI(ctx, tx, uri)
		if err != nil || c.Owner != owner {
			return ignoreNotFound(err)
		}
		return s.delete(ctx, tx, c)
	})
}

// receiveWhole keeps a collection that its owner tells of, when it is known, when somebody here follows the owner, or when one of ours
// is in it.
func (s *Service) receiveWhole(ctx context.Context, in accounts.Received, uri string, embedded activitypub.Object) error {
	if !activitypub.SameHost(uri, in.Actor.URI) {
		return nil
	}
	_, err := byURI(ctx, s.db, uri)
	wanted := err == nil
	if err != nil && !fault.Is(err, fault.NotFound) {
		return err
	}
	if !wanted {
		if wanted, err = followedHere(ctx, s.db, in.Actor.ID); err != nil {
			return err
		}
	}
	said, parseErr := activitypub.ParseFeatured(embedded)
	if parseErr == nil && !wanted {
		for _, item := range said.Items {
			_, ours := s.site.Ours(item.Object)
			wanted = wanted || ours
		}
	}
	if !wanted {
		return nil
	}
	if parseErr != nil || !embedded.Has("name") || !said.Listed {
		if said, err = s.fetch(ctx, uri); err != nil {
			return permanent(err)
		}
	}
	_, err = s.keep(ctx, in.Actor, said)
	return err
}

// fetch reads a collection at its own server.
func (s *Service) fetch(ctx context.Context, uri string) (*activitypub.RemoteFeatured, error) {
	if err := activitypub.SpendStatus(ctx); err != nil {
		return nil, err
	}
	document, err := s.remote.Fetch(ctx, uri)
	if err != nil {
		return nil, err
	}
	return activitypub.ParseFeatured(document)
}

// known gives a collection of an account of another server, read there when it is not known; nil when it is not theirs.
func (s *Service) known(ctx context.Context, owner *accounts.Account, uri string) (*Collection, error) {
	c, err := byURI(ctx, s.db, uri)
	if fault.Is(err, fault.NotFound) {
		said, fetchErr := s.fetch(ctx, uri)
		if fetchErr != nil {
			return nil, permanent(fetchErr)
		}
		c, err = s.keep(ctx, owner, said)
	}
	if err != nil || c == nil || c.Owner != owner.ID {
		return nil, err
	}
	return c, nil
}

// laid lays what another server says over a collection; it tells whether the words changed.
func laid(c *Collection, said *activitypub.RemoteFeatured, now time.Time) bool {
	before := *c
	c.Name, c.Description, c.URL = text.StripControl(said.Name), text.Sanitize(said.Summary), said.URL
	c.Sensitive, c.Discoverable, c.Language, c.Tag = said.Sensitive, said.Discoverable, "", ""
	if code, ok := text.Language(said.Language); ok {
		c.Language = code
	}
	if text.ValidTag(said.Topic) && text.TagKey(said.Topic) != "" {
		c.Tag = said.Topic
	}
	changed := *c != before
	switch at := said.Updated; {
	case !at.IsZero() && at.Before(now):
		c.UpdatedAt = at
	case changed:
		c.UpdatedAt = now
	}
	return changed
}

// keep stores a collection as its own server shows it; nil where it is not the owner's, or one too many. Who is in it is looked at
// afterwards.
func (s *Service) keep(ctx context.Context, owner *accounts.Account, said *activitypub.RemoteFeatured) (*Collection, error) {
	if said.AttributedTo != owner.URI || owner.Local() || !owner.Available() {
		return nil, nil
	}
	if _, ours := s.site.Ours(said.ID); ours {
		return nil, nil
	}
	var kept *Collection
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		kept = nil
		c, err := byURI(ctx, tx, said.ID)
		switch {
		case fault.Is(err, fault.NotFound):
			n, err := countOf(ctx, tx, owner.ID)
			if err != nil || n >= maxElsewhere {
				return err
			}
			c = &Collection{ID: id.Collection(tx.NextID()), Owner: owner.ID, URI: said.ID, CreatedAt: tx.Now(), UpdatedAt: tx.Now()}
			if !said.Published.IsZero() && said.Published.Before(tx.Now()) {
				c.CreatedAt = said.Published
			}
			laid(c, said, tx.Now())
			if err := insert(ctx, tx, c); err != nil {
				return err
			}
		case err != nil:
			return err
		case c.Owner != owner.ID:
			return nil
		case !said.Updated.IsZero() && clock.Milli(said.Updated) < clock.Milli(c.UpdatedAt):
			kept = c // an older form
			return nil
		default:
			changed := laid(c, said, tx.Now())
			if err := update(ctx, tx, c); err != nil {
				return err
			}
			if changed {
				if err := tx.Emit(Changed{c.ID}); err != nil {
					return err
				}
			}
		}
		kept = c
		if !said.Listed {
			return nil
		}
		return s.compare(ctx, tx, c, said.Items)
	})
	if err != nil {
		return nil, fmt.Errorf("keep collection %s: %w", said.ID, err)
	}
	return kept, nil
}

// compare takes out of a collection who is in it no longer, and has looked at who is news. One of ours that was asked for and not told
// of yet stays.
func (s *Service) compare(ctx context.Context, tx *db.Tx, c *Collection, said []activitypub.RemoteFeaturedItem) error {
	items, err := itemsIn(ctx, tx, []id.Collection{c.ID})
	if err != nil {
		return err
	}
	told := map[string]bool{}
	var news []SeenItem
	for _, one := range said {
		told[one.ID] = true
	}
	held := map[string]*Item{}
	for _, item := range items {
		if item.URI == "" {
			continue
		}
		held[item.URI] = item
		if !told[item.URI] && item.State != Revoked {
			if err := s.takeOut(ctx, tx, item); err != nil {
				return err
			}
		}
	}
	for _, one := range said {
		if item := held[one.ID]; item != nil && (item.Approval == one.Authorization || item.Approval == "" && item.State == Accepted) {
			continue
		}
		news = append(news, seen(one))
	}
	for len(news) > 0 {
		n := min(itemsOnce, len(news))
		if err := tx.Emit(ItemsSeen{c.ID, news[:n]}); err != nil {
			return err
		}
		news = news[n:]
	}
	return nil
}

// ResolveItems asks those whom another server's collection is said to feature, each at their own server, whether they let it.
func (s *Service) ResolveItems(ctx context.Context, e ItemsSeen) error {
	c, err := one(ctx, s.db, e.Collection)
	if err != nil || c.Local() {
		return ignoreNotFound(err)
	}
	ctx = activitypub.WithBudget(ctx, 2*itemsOnce, 2*itemsOnce)
	var failed error
	for _, item := range e.Items {
		within, cancel := context.WithTimeout(ctx, itemWithin)
		err := s.resolve(within, c, item)
		cancel()
		if ctx.Err() != nil {
			return ctx.Err()
		}
		failed = errors.Join(failed, permanent(err))
	}
	return failed
}

func (s *Service) resolve(ctx context.Context, c *Collection, seen SeenItem) error {
	if path, ours := s.site.Ours(seen.Account); ours {
		member, err := s.accounts.ByPath(ctx, path)
		if err != nil {
			return ignoreNotFound(err)
		}
		return s.db.Tx(ctx, func(tx *db.Tx) error { // by the leave that they gave when they were asked
			item, err := itemFor(ctx, tx, c.ID, member.ID)
			if err != nil || item.State != Accepted || seen.Approval != s.authorizationURI(item) {
				return ignoreNotFound(err)
			}
			item.URI = seen.URI
			return settle(ctx, tx, item)
		})
	}
	a, err := s.accounts.ResolveURI(ctx, seen.Account)
	if err != nil || !a.Available() {
		return err
	}
	if a.ID != c.Owner || seen.Approval != "" {
		lets, err := s.lets(ctx, seen.Approval, a, c)
		if err != nil || !lets {
			return err
		}
	}
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		if _, err := one(ctx, tx, c.ID); err != nil { // deleted meanwhile
			return ignoreNotFound(err)
		}
		items, err := itemsIn(ctx, tx, []id.Collection{c.ID})
		if err != nil {
			return err
		}
		for _, item := range items {
			if item.Account != a.ID {
				continue
			}
			if item.State == Revoked && item.Approval == seen.Approval {
				return nil
			}
			item.State, item.URI, item.Approval = Accepted, seen.URI, seen.Approval
			return settle(ctx, tx, item)
		}
		if len(items) >= activitypub.MaxFeatured {
			return nil
		}
		item := &Item{ID: id.CollectionItem(tx.NextID()), Collection: c.ID, Account: a.ID, State: Accepted, CreatedAt: tx.Now(), URI: seen.URI, Approval: seen.Approval}
		if at := clock.FromMilli(seen.At); seen.At > 0 && at.Before(item.CreatedAt) {
			item.CreatedAt = at
		}
		return insertItem(ctx, tx, item)
	})
}

// lookAgain has an account's server asked for its collections when a member looks at them, at most once a day.
func (s *Service) lookAgain(ctx context.Context, account id.Account) error {
	before := s.clock.Now().Add(-readAgain)
	n, err := db.One(ctx, s.db, db.Int64, `SELECT COUNT(*) FROM accounts WHERE id = $1 AND domain <> ''
		AND (featured_collections_read_at IS NULL OR featured_collections_read_at < $2)`, account, clock.Milli(before))
	if err != nil || n == 0 {
		return err
	}
	return s.db.Tx(ctx, func(tx *db.Tx) error { return claim(ctx, tx, account, before) })
}

func claim(ctx context.Context, tx *db.Tx, account id.Account, before time.Time) error {
	claimed, err := claimReading(ctx, tx, account, before)
	if err != nil || !claimed {
		return err
	}
	return tx.Emit(Due{account})
}

// Elsewhere tells, inside the transaction of a follow, whether the account that is followed has collections on another server.
func Elsewhere(ctx context.Context, tx *db.Tx, e relationships.Followed) (bool, error) {
	n, err := db.One(ctx, tx, db.Int64, `SELECT COUNT(*) FROM accounts WHERE id = $1 AND domain <> '' AND featured_collections_url <> ''`, e.Target)
	return n > 0, err
}

// Follow has the collections of an account that somebody here follows read again when its profile is. Those of others are read when somebody
// looks: else each account in a collection would bring its own.
func (s *Service) Follow(ctx context.Context, e accounts.Updated) error {
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		followed, err := followedHere(ctx, tx, e.Account)
		if err != nil || !followed {
			return err
		}
		return claim(ctx, tx, e.Account, tx.Now().Add(-readAgain))
	})
}

// Read asks an account's server for the collections on its profile. What it no longer lists is forgotten, once all of its pages were read.
func (s *Service) Read(ctx context.Context, e Due) error {
	owner, err := s.accounts.ByID(ctx, e.Account)
	if err != nil || owner.Local() || !owner.Available() || owner.FeaturedCollectionsURL == "" {
		return ignoreNotFound(err)
	}
	ctx = activitypub.WithBudget(ctx, activitypub.DefaultAccounts, activitypub.DefaultStatuses)
	listed, complete := map[string]bool{}, false
	at := owner.FeaturedCollectionsURL
	for range maxPages + 1 { // with the collection itself
		within, cancel := context.WithTimeout(ctx, itemWithin)
		page, err := s.remote.FetchPage(within, at)
		cancel()
		if err != nil {
			return ctx.Err() // asked again when somebody looks another day
		}
		if first := page.Object("first"); first != nil && len(first) > 2 {
			page = first
		}
		this := activitypub.ParseCollection(page)
		embedded := this.Embedded()
		for _, uri := range this.Links {
			if len(listed) >= maxElsewhere || listed[uri] || !activitypub.SameHost(uri, owner.URI) {
				continue
			}
			listed[uri] = true
			said, err := activitypub.ParseFeatured(embedded[uri])
			if err != nil {
				within, cancel := context.WithTimeout(ctx, itemWithin)
				said, err = s.fetch(within, uri)
				cancel()
			}
			if err == nil {
				_, err = s.keep(ctx, owner, said)
			}
			if err != nil && fault.KindOf(err) == fault.Internal {
				return err
			}
		}
		if at = this.Next; at == "" && len(this.Links) == 0 {
			at = this.First
		}
		if at == "" {
			complete = true
			break
		}
		if !activitypub.SameHost(at, owner.URI) {
			break
		}
	}
	if !complete || len(listed) >= maxElsewhere {
		return nil
	}
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		kept, err := ofOwner(ctx, tx, owner.ID, false)
		if err != nil {
			return err
		}
		for _, c := range kept {
			if !c.Local() && !listed[c.URI] {
				if err := s.delete(ctx, tx, c); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// ByAddress gives the collection of another server with an address, as the viewer sees it.
func (s *Service) ByAddress(c *viewer.Call, address string) (any, error) {
	found, err := db.One(c.Context(), s.db, scan, `SELECT `+columns+` FROM collections c WHERE c.uri = $1 AND c.uri <> ''`, address)
	if err != nil {
		return nil, err
	}
	_, shown, err := s.see(c, found.ID)
	return shown, err
}

// Fetched keeps a collection that was read from its own server for a viewer, and shows it.
func (s *Service) Fetched(c *viewer.Call, document activitypub.Object) (any, error) {
	said, err := activitypub.ParseFeatured(document)
	if err != nil {
		return nil, err
	}
	owner, err := s.accounts.ResolveURI(c.Context(), said.AttributedTo)
	if err != nil {
		return nil, err
	}
	kept, err := s.keep(c.Context(), owner, said)
	if err == nil && kept == nil {
		err = fault.RecordNotFound()
	}
	if err != nil {
		return nil, err
	}
	_, shown, err := s.see(c, kept.ID)
	return shown, err
}
