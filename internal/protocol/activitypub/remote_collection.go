package activitypub

import (
	"context"

	"anancus/internal/kit/fault"
	"anancus/internal/kit/safehttp"
)

var collectionTypes = []string{"OrderedCollection", "Collection", "OrderedCollectionPage", "CollectionPage"}

// RemoteCollection is a collection or a page of one.
type RemoteCollection struct {
	ID         string
	TotalItems int64  // -1: not said
	First      string // address of the first page
	FirstPage  Object // or the page itself
	Next       string
	PartOf     string
	Links      []string // the members, by id, embedded ones too
	Items      []Object // the members that are embedded
}

// ParseCollection reads a collection, ordered or not; of nil it is an empty one.
// Whoever follows Next must count: pages may have no end.
func ParseCollection(o Object) RemoteCollection {
	c := RemoteCollection{
		ID:         o.ID(),
		TotalItems: -1,
		First:      webURL(o.Link("first")),
		FirstPage:  o.Object("first"),
		Next:       webURL(o.Link("next")),
		PartOf:     webURL(o.Link("partOf")),
	}
	if n, ok := o.Int("totalItems"); ok && n >= 0 {
		c.TotalItems = min(n, maxCount)
	}
	for _, key := range []string{"orderedItems", "items"} {
		c.Links = append(c.Links, o.Strings(key)...)
		c.Items = append(c.Items, o.Objects(key)...)
	}
	return c
}

// Embedded gives the members that came as whole documents, by their ids.
func (c RemoteCollection) Embedded() map[string]Object {
	all := make(map[string]Object, len(c.Items))
	for _, item := range c.Items {
		if id := item.ID(); id != "" && len(item) > 2 { // an id with a type says no more than a link
			all[id] = item
		}
	}
	return all
}

// Listed tells whether the members of the collection are to be seen: Mastodon leaves the pages out where they are not.
func (c RemoteCollection) Listed() bool {
	return c.First != "" || c.FirstPage != nil || len(c.Links) > 0
}

// HTTP gives the guarded client that requests go through, for what is no document: pages that actors lead to.
func (c *Client) HTTP() *safehttp.Client { return c.http }

// FetchCollection reads a collection with the members of its first page, which may be a document of its own. Both are believed from
// the collection's host alone.
func (c *Client) FetchCollection(ctx context.Context, uri string) (RemoteCollection, error) {
	o, err := c.Fetch(ctx, uri)
	if err != nil {
		return RemoteCollection{}, err
	}
	if !o.Is(collectionTypes...) {
		return RemoteCollection{}, fault.New(fault.Invalid, "The document is no collection")
	}
	all := ParseCollection(o)
	if len(all.Links) > 0 {
		return all, nil
	}
	page := ParseCollection(all.FirstPage)
	if len(page.Links) == 0 && page.Next == "" && all.First != "" {
		if !SameHost(all.First, uri) {
			return RemoteCollection{}, fault.New(fault.Invalid, "The pages of the collection are on another server")
		}
		if o, err = c.Fetch(ctx, all.First); err != nil {
			return RemoteCollection{}, err
		}
		page = ParseCollection(o)
	}
	all.Links, all.Items, all.Next = page.Links, page.Items, page.Next
	return all, nil
}

// FetchPage reads a collection, or a page of one. It is believed from its own host alone, but need not know its address: many servers give
// pages ids that differ from it, and nothing but where to look is read from them.
func (c *Client) FetchPage(ctx context.Context, uri string) (Object, error) {
	o, from, err := c.get(ctx, uri)
	if err != nil {
		return nil, err
	}
	if !SameHost(from.String(), uri) {
		return nil, fault.New(fault.Invalid, "The pages of the collection are on another server")
	}
	if !o.Is(collectionTypes...) {
		return nil, fault.New(fault.Invalid, "The document is no collection")
	}
	return o, nil
}

// Listing gives the members that a collection, or a page of one, tells of by itself, with those of a first page inside it; and where it goes
// on, "" at the end. Whoever goes on must count.
func Listing(o Object) (links []string, next string) {
	c := ParseCollection(o)
	links, next = c.Links, c.Next
	switch {
	case c.FirstPage != nil && len(c.FirstPage) > 1:
		page := ParseCollection(c.FirstPage)
		links, next = append(links, page.Links...), page.Next
		if len(page.Links) == 0 && next == "" {
			next = page.ID // named, with its type, and not told
		}
	case len(links) == 0 && next == "":
		next = c.First
	}
	return links, next
}
