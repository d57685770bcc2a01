package activitypub

// Actor is an account of ours as other servers read it, in Mastodon's order.
// Ids are opaque to others; times are Timestamp texts.
type Actor struct {
	Context                   Context            `json:"@context,omitempty"`
	ID                        string             `json:"id"`
	Webfinger                 string             `json:"webfinger,omitempty"`
	Type                      string             `json:"type"` // Person, Service for bots, Application for the server itself, Group
	Following                 string             `json:"following,omitempty"`
	Followers                 string             `json:"followers,omitempty"`
	Inbox                     string             `json:"inbox"`
	Outbox                    string             `json:"outbox,omitempty"`
	Featured                  string             `json:"featured,omitempty"`
	FeaturedTags              string             `json:"featuredTags,omitempty"`
	PreferredUsername         string             `json:"preferredUsername"`
	Name                      string             `json:"name"`
	Summary                   string             `json:"summary"`
	URL                       string             `json:"url"`
	ManuallyApprovesFollowers bool               `json:"manuallyApprovesFollowers"`
	Discoverable              bool               `json:"discoverable"`
	Indexable                 bool               `json:"indexable"`
	Published                 string             `json:"published,omitempty"` // midnight of the day
	Memorial                  bool               `json:"memorial"`
	ShowFeatured              bool               `json:"showFeatured"`
	ShowMedia                 bool               `json:"showMedia"`
	ShowRepliesInMedia        bool               `json:"showRepliesInMedia"`
	InteractionPolicy         *InteractionPolicy `json:"interactionPolicy,omitempty"`
	FeaturedCollections       string             `json:"featuredCollections,omitempty"`
	MovedTo                   string             `json:"movedTo,omitempty"`
	AlsoKnownAs               []string           `json:"alsoKnownAs,omitempty"`
	Suspended                 bool               `json:"suspended,omitempty"`
	AttributionDomains        []string           `json:"attributionDomains,omitempty"`
	PublicKey                 PublicKey          `json:"publicKey"`
	Tag                       []Tag              `json:"tag"`
	Attachment                []PropertyValue    `json:"attachment"`
	Endpoints                 Endpoints          `json:"endpoints"`
	Icon                      *Image             `json:"icon,omitempty"`
	Image                     *Image             `json:"image,omitempty"`
}

// MarshalJSON gives empty lists where Mastodon has them.
func (a Actor) MarshalJSON() ([]byte, error) {
	type plain Actor
	a.Tag, a.Attachment = orEmpty(a.Tag), orEmpty(a.Attachment)
	return Encode(plain(a))
}

// PublicKey is the key an actor signs with.
type PublicKey struct {
	ID           string `json:"id"`
	Owner        string `json:"owner"`
	PublicKeyPEM string `json:"publicKeyPem"`
}

// Endpoints are addresses all accounts share.
type Endpoints struct {
	SharedInbox string `json:"sharedInbox"`
}

// PropertyValue is a row of the profile. Of ours the value is HTML.
type PropertyValue struct {
	Type  string `json:"type"`
	Name  string `json:"name"`
	Value string `json:"value"`
}

// NewPropertyValue makes a row of the profile.
func NewPropertyValue(name, value string) PropertyValue {
	return PropertyValue{"PropertyValue", name, value}
}

// Image is an avatar, a header, a thumbnail or the picture of an emoji.
type Image struct {
	Type      string `json:"type"`
	MediaType string `json:"mediaType,omitempty"`
	URL       string `json:"url"`
	Summary   string `json:"summary,omitempty"` // the description
}

// NewImage makes a picture; nil without an address.
func NewImage(url, mediaType, description string) *Image {
	if url == "" {
		return nil
	}
	return &Image{"Image", mediaType, url, description}
}

// Tag is what a text refers to: a Mention, a Hashtag, an Emoji or a FeaturedCollection.
type Tag struct {
	Context Context `json:"@context,omitempty"` // of an emoji by itself
	ID      string  `json:"id,omitempty"`
	Type    string  `json:"type"`
	Href    string  `json:"href,omitempty"`
	Name    string  `json:"name"`
	Updated string  `json:"updated,omitempty"`
	Icon    *Image  `json:"icon,omitempty"`
}

// NewMention names a person; name is user for ours, user@domain for others.
func NewMention(actor, name string) Tag { return Tag{Type: "Mention", Href: actor, Name: "@" + name} }

// NewHashtag names a hashtag, given without #.
func NewHashtag(page, name string) Tag { return Tag{Type: "Hashtag", Href: page, Name: "#" + name} }

// NewEmoji names a custom emoji, given without colons.
func NewEmoji(id, shortcode, updated string, icon *Image) Tag {
	return Tag{ID: id, Type: "Emoji", Name: ":" + shortcode + ":", Updated: updated, Icon: icon}
}

// NewFeaturedTag names a collection of recommended accounts that a text leads to.
func NewFeaturedTag(id, name string) Tag { return Tag{ID: id, Type: "FeaturedCollection", Name: name} }

// ContextFor explains the words of a note with these tags.
func ContextFor(tags []Tag) Context {
	for _, tag := range tags {
		if tag.Type == "FeaturedCollection" {
			return ContextNoteFeatured
		}
	}
	return ContextNote
}

// InteractionPolicy says who may do what without asking.
type InteractionPolicy struct {
	CanFeature *Approval `json:"canFeature,omitempty"`
	CanQuote   *Approval `json:"canQuote,omitempty"`
}

// Approval lists actors and collections; Mastodon emits automatic ones only.
type Approval struct {
	AutomaticApproval []string `json:"automaticApproval"`
}

func orEmpty[T any](all []T) []T {
	if all == nil {
		return []T{}
	}
	return all
}
