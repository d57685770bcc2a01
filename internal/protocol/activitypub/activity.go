package activitypub

// Activity is something one of our accounts does, in Mastodon's order. Object
// is an id, a document, or an activity that is undone or answered.
type Activity struct {
	Context    Context  `json:"@context,omitempty"`
	ID         string   `json:"id,omitempty"`
	Type       string   `json:"type"`
	Actor      string   `json:"actor"`
	Published  string   `json:"published,omitempty"`
	To         []string `json:"to,omitempty"`
	Cc         []string `json:"cc,omitempty"`
	Content    string   `json:"content,omitempty"` // of Flag
	Object     any      `json:"object,omitempty"`
	Instrument any      `json:"instrument,omitempty"` // of QuoteRequest
	Target     string   `json:"target,omitempty"`     // of Add, Remove, Move
	Result     string   `json:"result,omitempty"`     // of Accept QuoteRequest

	Signature *LinkedSignature `json:"signature,omitempty"`
}

// NewCreate publishes a note; its addresses are the note's.
func NewCreate(id string, note Note) Activity {
	a := ofNote("Create", id, note)
	a.Published = note.Published
	return a
}

// NewUpdate publishes a changed note.
func NewUpdate(id string, note Note) Activity {
	a := ofNote("Update", id, note)
	a.Published = note.Updated
	return a
}

// ofNote moves the context of an embedded note to the activity.
func ofNote(kind, id string, note Note) Activity {
	note.Context = ""
	return Activity{Context: ContextFor(note.Tag), ID: id, Type: kind, Actor: note.AttributedTo, To: note.To, Cc: note.Cc, Object: note}
}

// NewUpdateActor tells everybody about a changed profile.
func NewUpdateActor(id string, actor Actor) Activity {
	actor.Context = ""
	return Activity{Context: ContextActor, ID: id, Type: "Update", Actor: actor.ID, To: []string{Public}, Object: actor}
}

// NewDelete takes a status back.
func NewDelete(id, actor, status string) Activity {
	return Activity{Context: ContextTombstone, ID: id, Type: "Delete", Actor: actor, To: []string{Public}, Object: NewTombstone(status)}
}

// NewDeleteActor takes a whole account back.
func NewDeleteActor(actor string) Activity {
	return Activity{Context: ContextPlain, ID: actor + "#delete", Type: "Delete", Actor: actor, To: []string{Public}, Object: actor}
}

// NewFlag reports accounts and statuses to their server.
func NewFlag(id, actor, content string, objects []string) Activity {
	return Activity{Context: ContextPlain, ID: id, Type: "Flag", Actor: actor, Content: content, Object: objects}
}

// NewAnnounce boosts a status.
func NewAnnounce(id, actor, published string, to, cc []string, status string) Activity {
	return Activity{Context: ContextPlain, ID: id, Type: "Announce", Actor: actor, Published: published, To: to, Cc: cc, Object: status}
}

// NewActivity does something to an id: Follow, Like, Block.
func NewActivity(kind, id, actor, object string) Activity {
	return Activity{Context: ContextPlain, ID: id, Type: kind, Actor: actor, Object: object}
}

// NewAnswer does something to an activity: Accept, Reject, Undo. The addresses
// of what is undone, if any, stay with it.
func NewAnswer(kind, id, actor string, about Activity) Activity {
	a := Activity{Context: about.Context, ID: id, Type: kind, Actor: actor}
	if a.Context == "" {
		a.Context = ContextPlain
	}
	if kind == "Undo" && len(about.To) > 0 {
		a.To = about.To
	}
	about.Context = ""
	a.Object = about
	return a
}

// NewListing pins or unpins: Add, Remove. Target is the actor's collection.
func NewListing(kind, actor, object, target string) Activity {
	return Activity{Context: ContextPlain, Type: kind, Actor: actor, Object: object, Target: target}
}

// NewTagListing puts a hashtag on a profile or takes it off. Target is the actor's collection.
func NewTagListing(kind, actor string, tag Tag, target string) Activity {
	return Activity{Context: ContextHashtag, Type: kind, Actor: actor, Object: tag, Target: target}
}

// NewMove leads followers from an account of ours to another one, here or elsewhere.
func NewMove(id, actor, target string) Activity {
	return Activity{Context: ContextPlain, ID: id, Type: "Move", Actor: actor, Object: actor, Target: target}
}

// Collection is a list of things, ordered or not, or a page of one.
type Collection struct {
	Context      Context
	ID           string
	Ordered      bool
	Page         bool
	TotalItems   *int64
	AttributedTo string
	First        any // an address, or the page itself
	Last         string
	PartOf       string
	Next, Prev   string
	Items        []any // ids or documents; nil for a collection that has pages
}

// MarshalJSON writes the type that fits and the keys of Mastodon.
func (c Collection) MarshalJSON() ([]byte, error) {
	kind := "Collection"
	if c.Ordered {
		kind = "OrderedCollection"
	}
	if c.Page {
		kind += "Page"
	}
	out := struct {
		Context      Context `json:"@context,omitempty"`
		ID           string  `json:"id,omitempty"`
		Type         string  `json:"type"`
		TotalItems   *int64  `json:"totalItems,omitempty"`
		AttributedTo string  `json:"attributedTo,omitempty"`
		Next         string  `json:"next,omitempty"`
		Prev         string  `json:"prev,omitempty"`
		PartOf       string  `json:"partOf,omitempty"`
		First        any     `json:"first,omitempty"`
		Last         string  `json:"last,omitempty"`
		Items        *[]any  `json:"items,omitempty"`
		OrderedItems *[]any  `json:"orderedItems,omitempty"`
	}{Context: c.Context, ID: c.ID, Type: kind, TotalItems: c.TotalItems, AttributedTo: c.AttributedTo,
		Next: c.Next, Prev: c.Prev, PartOf: c.PartOf, First: c.First, Last: c.Last}
	if c.Items != nil {
		items := c.Items
		if c.Ordered {
			out.OrderedItems = &items
		} else {
			out.Items = &items
		}
	}
	return Encode(out)
}

// NewCount is a collection of which only the size is told: likes, shares.
func NewCount(id string, total int64) *Collection {
	return &Collection{ID: id, TotalItems: &total}
}
