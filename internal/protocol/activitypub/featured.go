package activitypub

import (
	"strings"
	"time"

	"anancus/internal/kit/fault"
)

// The limits on what another server may say about a collection, as in Mastodon. Text that is longer is cut.
const (
	MaxFeatured        = 150 // accounts in one
	maxFeaturedName    = 256
	maxFeaturedSummary = 2048
)

// FeaturedCollection is a collection of recommended accounts (FEP-7aa9).
type FeaturedCollection struct {
	Context      Context           `json:"@context,omitempty"`
	ID           string            `json:"id"`
	Type         string            `json:"type"`
	Name         string            `json:"name"`
	Summary      string            `json:"summary,omitempty"`
	SummaryMap   map[string]string `json:"summaryMap,omitempty"` // in place of Summary where the language is known
	AttributedTo string            `json:"attributedTo"`
	URL          string            `json:"url,omitempty"`
	TotalItems   int               `json:"totalItems"`
	Sensitive    bool              `json:"sensitive"`
	Discoverable bool              `json:"discoverable"`
	Published    string            `json:"published"`
	Updated      string            `json:"updated"`
	Topic        *Tag              `json:"topic,omitempty"`
	Items        []FeaturedItem    `json:"orderedItems"`
}

// FeaturedItem is one account of such a collection.
type FeaturedItem struct {
	Context       Context `json:"@context,omitempty"`
	ID            string  `json:"id"`
	Type          string  `json:"type"`
	Object        string  `json:"featuredObject"`
	Authorization string  `json:"featureAuthorization,omitempty"`
	Published     string  `json:"published"`
}

// FeatureAuthorization is the document by which an account lets a collection feature it.
type FeatureAuthorization struct {
	Context           Context `json:"@context,omitempty"`
	ID                string  `json:"id"`
	Type              string  `json:"type"`
	AttributedTo      string  `json:"attributedTo"`
	InteractingObject string  `json:"interactingObject"` // the collection
	InteractionTarget string  `json:"interactionTarget"` // the account
}

// NewFeatureAuthorization lets a collection feature an account.
func NewFeatureAuthorization(id, account, collection string) *FeatureAuthorization {
	return &FeatureAuthorization{ContextFeatured, id, "FeatureAuthorization", account, collection, account}
}

// NewFeatureRequest asks an account whether a collection may feature it.
func NewFeatureRequest(id, actor, account, collection string) Activity {
	return Activity{Context: ContextFeatured, ID: id, Type: "FeatureRequest", Actor: actor, To: []string{account}, Object: account, Instrument: collection}
}

// NewAnswerToFeature answers a FeatureRequest with Accept or Reject.
func NewAnswerToFeature(kind, actor string, request Object) Activity {
	asked := Activity{ID: request.ID(), Type: "FeatureRequest", Actor: request.Link("actor"), Object: request.Link("object"), Instrument: request.Link("instrument")}
	return Activity{Context: ContextFeatured, Type: kind, Actor: actor, To: []string{asked.Actor}, Object: asked}
}

// NewDeleteFeatureAuthorization takes the leave back.
func NewDeleteFeatureAuthorization(a FeatureAuthorization) Activity {
	a.Context = ""
	return Activity{Context: ContextFeatured, ID: a.ID + "#delete", Type: "Delete", Actor: a.AttributedTo, To: []string{Public}, Object: a}
}

// NewFeaturedListing puts a collection on a profile, or an account into a collection, or takes it away. Object is an id or a document.
func NewFeaturedListing(kind, id, actor string, object any, target string) Activity {
	return Activity{Context: ContextFeatured, ID: id, Type: kind, Actor: actor, To: []string{Public}, Object: object, Target: target}
}

// NewUpdateFeatured tells everybody about changed words of a collection.
func NewUpdateFeatured(id string, c FeaturedCollection) Activity {
	c.Context = ""
	return Activity{Context: ContextFeatured, ID: id, Type: "Update", Actor: c.AttributedTo, To: []string{Public}, Object: c}
}

// RemoteFeatured is what another server says about a collection of recommended accounts, checked and cut to size. Summary is HTML that was
// not sanitised yet.
type RemoteFeatured struct {
	ID, AttributedTo, URL   string
	Name, Summary, Language string
	Topic                   string // without #
	Sensitive, Discoverable bool
	Published, Updated      time.Time
	Listed                  bool // it tells which accounts are in it
	Items                   []RemoteFeaturedItem
}

// RemoteFeaturedItem is one account of a collection elsewhere.
type RemoteFeaturedItem struct {
	ID, Object, Authorization string
	Published                 time.Time
}

// ParseFeatured reads a collection of recommended accounts. Without a usable id, owner or name it is an Invalid fault.
func ParseFeatured(o Object) (*RemoteFeatured, error) {
	c := &RemoteFeatured{ID: o.ID(), AttributedTo: o.Link("attributedTo"), URL: o.URL("url")}
	name, inName := o.Text("name")
	summary, language := o.Text("summary")
	c.Name, c.Summary, c.Language = cut(name, maxFeaturedName), cut(summary, maxFeaturedSummary), language
	if language == "" {
		c.Language = inName
	}
	if !o.Is("FeaturedCollection") || CheckID(c.ID) != nil || !SameHost(c.ID, c.AttributedTo) || c.Name == "" {
		return nil, fault.New(fault.Invalid, "The document is no collection of accounts")
	}
	if !SameHost(c.URL, c.ID) {
		c.URL = ""
	}
	if topic := o.Object("topic"); topic.Is("Hashtag") {
		c.Topic = cut(strings.TrimPrefix(strings.TrimSpace(topic.String("name")), "#"), maxHashtag)
	}
	c.Sensitive, _ = o.Bool("sensitive")
	c.Discoverable, _ = o.Bool("discoverable")
	c.Published, _ = o.Time("published")
	c.Updated, _ = o.Time("updated")
	for _, key := range []string{"orderedItems", "items"} {
		c.Listed = c.Listed || o.Has(key)
		for _, one := range o.Objects(key) {
			if item, ok := ParseFeaturedItem(one, c.ID); ok && len(c.Items) < MaxFeatured {
				c.Items = append(c.Items, item)
			}
		}
	}
	return c, nil
}

// ParseFeaturedItem reads one account of a collection with this id.
func ParseFeaturedItem(o Object, collection string) (RemoteFeaturedItem, bool) {
	item := RemoteFeaturedItem{ID: o.ID(), Object: o.Link("featuredObject"), Authorization: o.Link("featureAuthorization")}
	item.Published, _ = o.Time("published")
	if CheckID(item.Authorization) != nil {
		item.Authorization = ""
	}
	return item, o.Is("FeaturedItem") && CheckID(item.ID) == nil && SameHost(item.ID, collection) && CheckID(item.Object) == nil
}
