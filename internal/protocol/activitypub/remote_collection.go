package activitypub

// RemoteCollection is a collection or a page of one.
type RemoteCollection struct {
	ID         string
	TotalItems int64  // -1: not said
	First      string // address of the first page
	FirstPage  Object // or the page itself
	Next       string
	PartOf     string
	Links      []string // the members, by id
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
