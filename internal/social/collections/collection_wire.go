package collections

import (
	"context"
	"fmt"
	"slices"
	"strconv"

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

// Courier takes activities to other servers.
type Courier interface {
	Enqueue(ctx context.Context, tx *db.Tx, d activitypub.Delivery) error
	EnqueueAll(ctx context.Context, d activitypub.Delivery) error
	Wake()
}

// Reader finds out who signed a request of another server.
type Reader func(c *viewer.Call) (id.Account, error)

// ReadSigned tells the room how signed reads are checked; called once at assembly.
func (s *Service) ReadSigned(reader Reader) { s.reader = reader }

// How long others may keep our documents (federation.md §2), and how many collections are on a page.
const (
	cacheDocument = "max-age=180, public"
	cachePrivate  = "private, no-store"
	wirePage      = 5
)

// uriOf is the id of a collection on the wire.
func (s *Service) uriOf(c *Collection) string {
	if !c.Local() {
		return c.URI
	}
	return s.site.ActorURI(c.Owner) + "/collections/" + id.String(c.ID)
}

// pageOf is the page of a collection; "" where one elsewhere has none.
func (s *Service) pageOf(c *Collection) string {
	if !c.Local() {
		return c.URL
	}
	return s.site.CollectionURL(c.ID)
}

// itemURI is the id on the wire of an item of a member's collection.
func (s *Service) itemURI(c *Collection, item id.CollectionItem) string {
	return s.site.ActorURI(c.Owner) + "/collection_items/" + id.String(item)
}

// descriptionOf is the description of a collection as HTML.
func descriptionOf(c *Collection) string {
	if !c.Local() {
		return c.Description
	}
	return text.Render(c.Description, text.Links{})
}

// documentOf writes a member's collection with those who agreed to be in it.
func (s *Service) documentOf(ctx context.Context, c *Collection) (*activitypub.FeaturedCollection, error) {
	items, err := itemsIn(ctx, s.db, []id.Collection{c.ID})
	if err != nil {
		return nil, err
	}
	people := []id.Account{c.Owner}
	for _, item := range items {
		people = append(people, item.Account)
	}
	list, err := s.accounts.ByIDs(ctx, people)
	if err != nil {
		return nil, err
	}
	by := map[id.Account]*accounts.Account{}
	for _, a := range list {
		by[a.ID] = a
	}
	if by[c.Owner] == nil {
		return nil, fault.RecordNotFound()
	}
	document := &activitypub.FeaturedCollection{Context: activitypub.ContextFeatured, ID: s.uriOf(c), Type: "FeaturedCollection", Name: c.Name,
		Summary: descriptionOf(c), AttributedTo: by[c.Owner].URI, URL: s.pageOf(c), Sensitive: c.Sensitive, Discoverable: c.Discoverable,
		Published: activitypub.Timestamp(c.CreatedAt), Updated: activitypub.Timestamp(c.UpdatedAt), Items: []activitypub.FeaturedItem{}}
	if c.Language != "" {
		document.SummaryMap, document.Summary = map[string]string{c.Language: document.Summary}, ""
	}
	if c.Tag != "" {
		tag := activitypub.NewHashtag(s.site.TagURL(text.TagKey(c.Tag)), c.Tag)
		document.Topic = &tag
	}
	for _, item := range items {
		if a := by[item.Account]; item.State == Accepted && a != nil && a.Available() {
			document.Items = append(document.Items, s.itemDocument(c, item, a))
		}
	}
	document.TotalItems = len(document.Items)
	return document, nil
}

func (s *Service) itemDocument(c *Collection, item *Item, a *accounts.Account) activitypub.FeaturedItem {
	shown := activitypub.FeaturedItem{ID: s.itemURI(c, item.ID), Type: "FeaturedItem", Object: a.URI, Authorization: item.Approval, Published: activitypub.Timestamp(item.CreatedAt)}
	if a.Local() {
		shown.Authorization = s.authorizationURI(item)
	}
	return shown
}

// ownerOf gives the member whose collections a path names, and how long others may keep the answer. Whoever signed and is blocked is told
// that there is nothing.
func (s *Service) ownerOf(c *viewer.Call) (owner *accounts.Account, cache string, err error) {
	if owner, err = s.accounts.LocalOf(c); err != nil {
		return nil, "", err
	}
	if !owner.Available() {
		return nil, "", fault.New(fault.Forbidden, "This account is suspended")
	}
	if s.reader == nil || c.R.Header.Get("Signature") == "" {
		return owner, cacheDocument, nil
	}
	reader, err := s.reader(c)
	if fault.Is(err, fault.Forbidden) { // whom keepers want nothing of
		return nil, "", err
	}
	if err != nil || reader == 0 { // somebody whom we cannot name just now may read what anybody may
		return owner, cacheDocument, nil
	}
	refused, err := relationships.Refuses(c.Context(), s.db, owner.ID, reader)
	if err == nil && refused {
		err = fault.RecordNotFound()
	}
	return owner, cachePrivate, err
}

// ownDocument gives the collection of a path's owner.
func (s *Service) ownDocument(c *viewer.Call, owner *accounts.Account, which id.Collection) (*Collection, error) {
	found, err := one(c.Context(), s.db, which)
	if err == nil && found.Owner != owner.ID {
		err = fault.RecordNotFound()
	}
	return found, err
}

// CollectionDocument serves GET /ap/users/{account}/collections/{collection} to other servers.
func (s *Service) CollectionDocument(c *viewer.Call) (any, error) {
	owner, cache, err := s.ownerOf(c)
	if err != nil {
		return nil, err
	}
	which, err := parse(c, "collection")
	if err != nil {
		return nil, err
	}
	found, err := s.ownDocument(c, owner, which)
	if err != nil {
		return nil, err
	}
	document, err := s.documentOf(c.Context(), found)
	if err != nil {
		return nil, err
	}
	return accounts.Document(c, cache, document)
}

// PageDocument serves GET /collections/{collection} to other servers: the document behind the page.
func (s *Service) PageDocument(c *viewer.Call) (any, error) {
	which, err := parse(c, "collection")
	if err != nil {
		return nil, err
	}
	found, err := one(c.Context(), s.db, which)
	if err != nil {
		return nil, err
	}
	if !found.Local() {
		return nil, fault.RecordNotFound()
	}
	c.R.SetPathValue("account", found.Owner.String())
	return s.CollectionDocument(c)
}

// PageAt is where the page of the collection of a document's address is.
func (s *Service) PageAt(c *viewer.Call) (string, error) {
	owner, err := s.accounts.LocalOf(c)
	if err != nil {
		return "", err
	}
	which, err := parse(c, "collection")
	if err != nil {
		return "", err
	}
	found, err := s.ownDocument(c, owner, which)
	if err != nil {
		return "", err
	}
	return s.pageOf(found), nil
}

// ItemDocument serves GET /ap/users/{account}/collection_items/{item}.
func (s *Service) ItemDocument(c *viewer.Call) (any, error) {
	owner, cache, err := s.ownerOf(c)
	if err != nil {
		return nil, err
	}
	item, a, err := s.acceptedItem(c)
	if err != nil {
		return nil, err
	}
	in, err := s.ownDocument(c, owner, item.Collection)
	if err != nil {
		return nil, err
	}
	document := s.itemDocument(in, item, a)
	document.Context = activitypub.ContextFeatured
	return accounts.Document(c, cache, document)
}

// acceptedItem gives the item of a path with its account: it is there, and agreed.
func (s *Service) acceptedItem(c *viewer.Call) (*Item, *accounts.Account, error) {
	which, err := id.Parse[id.CollectionItem](c.Path("item"))
	if err != nil {
		return nil, nil, err
	}
	item, err := itemByID(c.Context(), s.db, which)
	if err != nil {
		return nil, nil, err
	}
	a, err := s.accounts.ByID(c.Context(), item.Account)
	if err == nil && (item.State != Accepted || !a.Available()) {
		err = fault.RecordNotFound()
	}
	return item, a, err
}

// CollectionsDocument serves GET /ap/users/{account}/featured_collections: what is shown on a member's profile.
func (s *Service) CollectionsDocument(c *viewer.Call) (any, error) {
	owner, cache, err := s.ownerOf(c)
	if err != nil {
		return nil, err
	}
	list, err := ofOwner(c.Context(), s.db, owner.ID, false)
	if err != nil {
		return nil, err
	}
	address, total := owner.CollectionsURI(), int64(len(list))
	if c.Query("page") == "" {
		return accounts.Document(c, cache, activitypub.Collection{Context: activitypub.ContextPlain, ID: address, TotalItems: &total, First: address + "?page=1"})
	}
	n, err := strconv.Atoi(c.Query("page"))
	if err != nil || n < 1 || n > maxElsewhere {
		return nil, fault.RecordNotFound()
	}
	page := activitypub.Collection{Context: activitypub.ContextFeatured, ID: address + "?page=" + strconv.Itoa(n), Page: true, PartOf: address, Items: []any{}}
	first, last := min((n-1)*wirePage, len(list)), min(n*wirePage, len(list))
	for _, one := range list[first:last] {
		document, err := s.documentOf(c.Context(), one)
		if err != nil {
			return nil, err
		}
		document.Context = ""
		page.Items = append(page.Items, *document)
	}
	if last < len(list) {
		page.Next = address + "?page=" + strconv.Itoa(n+1)
	}
	if n > 1 {
		page.Prev = address + "?page=" + strconv.Itoa(n-1)
	}
	return accounts.Document(c, cache, page)
}

// OfMember tells, inside the transaction of an event, whether a collection is a member's, so that other servers are told of it.
func OfMember[E any](which func(E) id.Collection) func(ctx context.Context, tx *db.Tx, e E) (bool, error) {
	return func(ctx context.Context, tx *db.Tx, e E) (bool, error) {
		n, err := db.One(ctx, tx, db.Int64, `SELECT COUNT(*) FROM collections WHERE id = $1 AND uri = ''`, which(e))
		return n > 0, err
	}
}

// tell sends an activity about a member's collections to the servers of their followers, and to those of some accounts more.
func (s *Service) tell(ctx context.Context, member *accounts.Account, key string, activity activitypub.Activity, more []id.Account) error {
	inboxes, err := relationships.FollowerInboxes(ctx, s.db, member.ID)
	if err != nil {
		return err
	}
	list, err := s.accounts.ByIDs(ctx, more)
	if err != nil {
		return err
	}
	for _, a := range list {
		if !a.Local() && a.Available() {
			inboxes = append(inboxes, a.DeliverTo())
		}
	}
	slices.Sort(inboxes)
	if inboxes = slices.Compact(inboxes); len(inboxes) == 0 {
		return nil
	}
	body, err := s.accounts.Seal(ctx, member.ID, activity, true)
	if err != nil {
		return err
	}
	return s.courier.EnqueueAll(ctx, activitypub.Delivery{Author: int64(member.ID), EventKey: key, Body: body, Inboxes: inboxes})
}

// whole gives a member's collection with its owner and with whoever is in it or is asked to be; nil where it is gone, or not a member's.
func (s *Service) whole(ctx context.Context, which id.Collection) (c *Collection, owner *accounts.Account, people []id.Account, err error) {
	c, err = one(ctx, s.db, which)
	if fault.Is(err, fault.NotFound) || err == nil && !c.Local() {
		return nil, nil, nil, nil
	}
	if err != nil {
		return nil, nil, nil, err
	}
	if owner, err = s.accounts.ByID(ctx, c.Owner); err != nil || !owner.Available() {
		return nil, nil, nil, err
	}
	items, err := itemsIn(ctx, s.db, []id.Collection{which})
	for _, item := range items {
		if item.State == Accepted || item.State == Pending {
			people = append(people, item.Account)
		}
	}
	return c, owner, people, err
}

// DeliverCreated tells other servers of a member's new collection.
func (s *Service) DeliverCreated(ctx context.Context, e Created) error {
	c, owner, people, err := s.whole(ctx, e.Collection)
	if err != nil || c == nil {
		return err
	}
	document, err := s.documentOf(ctx, c)
	if err != nil {
		return err
	}
	document.Context = ""
	key := s.uriOf(c) + "#add"
	return s.tell(ctx, owner, key, activitypub.NewFeaturedListing("Add", key, owner.URI, *document, owner.CollectionsURI()), people)
}

// DeliverChanged tells other servers of the new words of a collection.
func (s *Service) DeliverChanged(ctx context.Context, e Changed) error {
	c, owner, people, err := s.whole(ctx, e.Collection)
	if err != nil || c == nil {
		return err
	}
	document, err := s.documentOf(ctx, c)
	if err != nil {
		return err
	}
	key := fmt.Sprintf("%s#updates/%d", s.uriOf(c), clock.Milli(c.UpdatedAt))
	return s.tell(ctx, owner, key, activitypub.NewUpdateFeatured(key, *document), people)
}

// DeliverDeleted tells other servers that a collection is gone.
func (s *Service) DeliverDeleted(ctx context.Context, e Deleted) error {
	if e.Owner == 0 {
		return nil
	}
	owner, err := s.accounts.ByID(ctx, e.Owner)
	if err != nil || !owner.Local() {
		return err
	}
	uri := s.uriOf(&Collection{ID: e.Collection, Owner: e.Owner})
	key := uri + "#remove"
	return s.tell(ctx, owner, key, activitypub.NewFeaturedListing("Remove", key, owner.URI, uri, owner.CollectionsURI()), e.Accounts)
}

// DeliverAdded asks an account of another server whether it may be in a collection, and tells other servers of one that is.
func (s *Service) DeliverAdded(ctx context.Context, e Added) error {
	item, err := itemByID(ctx, s.db, e.Item)
	if err != nil {
		return ignoreNotFound(err)
	}
	switch {
	case item.State == Pending:
		return s.ask(ctx, item, 0)
	case item.State == Accepted && !e.First:
		return s.deliverItem(ctx, item)
	}
	return nil
}

// DeliverGranted tells other servers of an account that agreed to be in a collection.
func (s *Service) DeliverGranted(ctx context.Context, e Granted) error {
	item, err := itemByID(ctx, s.db, e.Item)
	if err != nil || item.State != Accepted {
		return ignoreNotFound(err)
	}
	return s.deliverItem(ctx, item)
}

func (s *Service) deliverItem(ctx context.Context, item *Item) error {
	c, owner, people, err := s.whole(ctx, item.Collection)
	if err != nil || c == nil {
		return err
	}
	a, err := s.accounts.ByID(ctx, item.Account)
	if err != nil {
		return err
	}
	document := s.itemDocument(c, item, a)
	key := document.ID + "#add"
	return s.tell(ctx, owner, key, activitypub.NewFeaturedListing("Add", key, owner.URI, document, s.uriOf(c)), people)
}

// DeliverLeft tells other servers that an account is in a collection no longer: by whoever owns it, and by the account where it left itself.
func (s *Service) DeliverLeft(ctx context.Context, e Left) error {
	c, err := one(ctx, s.db, e.Collection)
	if err != nil {
		return ignoreNotFound(err) // then its Remove says all
	}
	both, err := s.accounts.ByIDs(ctx, []id.Account{c.Owner, e.Account})
	if err != nil {
		return err
	}
	var owner, left *accounts.Account
	for _, a := range both {
		if a.ID == c.Owner {
			owner = a
		}
		if a.ID == e.Account {
			left = a
		}
	}
	if owner == nil || left == nil {
		return nil
	}
	_, _, people, err := s.whole(ctx, e.Collection)
	if err != nil {
		return err
	}
	people = append(people, e.Account, c.Owner)
	if owner.Local() {
		uri := s.itemURI(c, e.Item)
		remove := activitypub.NewFeaturedListing("Remove", uri+"#remove", owner.URI, uri, s.uriOf(c))
		if !e.Told { // but whoever was asked
			err = s.tellOne(ctx, owner, left, remove)
		} else {
			err = s.tell(ctx, owner, remove.ID, remove, people)
		}
		if err != nil {
			return err
		}
	}
	item, err := itemByID(ctx, s.db, e.Item)
	if err != nil || item.State != Revoked || !left.Local() {
		return ignoreNotFound(err)
	}
	end := activitypub.NewDeleteFeatureAuthorization(*activitypub.NewFeatureAuthorization(s.authorizationURI(item), left.URI, s.uriOf(c)))
	return s.tell(ctx, left, "delete/"+s.authorizationURI(item), end, people)
}

// tellOne sends an activity to one account of another server alone.
func (s *Service) tellOne(ctx context.Context, from, to *accounts.Account, activity activitypub.Activity) error {
	if to.Local() || !to.Available() {
		return nil
	}
	body, err := activitypub.Encode(activity)
	if err != nil {
		return err
	}
	return s.courier.EnqueueAll(ctx, activitypub.Delivery{Author: int64(from.ID), EventKey: activity.ID, Body: body, Inboxes: []string{to.InboxURL}})
}

func ignoreNotFound(err error) error {
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

// permanent swallows the failures that a retry cannot mend: what the other server said is wrong.
func permanent(err error) error {
	switch fault.KindOf(err) {
	case fault.Internal, fault.Unavailable, fault.TooMany:
		return err
	}
	return nil
}
