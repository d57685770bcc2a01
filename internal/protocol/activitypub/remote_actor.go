package activitypub

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"anancus/internal/kit/fault"
)

// The limits on what an actor may say about itself, as in Mastodon. What is
// longer is cut, except for names that identify.
const (
	maxUsername           = 2048
	maxDisplayName        = 2048
	maxSummary            = 20_000
	maxFields             = 50
	maxFieldText          = 2047
	maxAliases            = 256
	maxAttributionDomains = 256
	maxAltText            = 10_000
	maxKeys               = 10 // of publicKey, and of assertionMethod
	maxKeyLinks           = 4  // fetched one by one, so fewer
)

var actorTypes = []string{"Person", "Service", "Application", "Group", "Organization"}

var usernames = regexp.MustCompile(`(?i)^[a-z0-9_]+([.-]+[a-z0-9_]+)*$`)

// IsActorType tells whether a type is one of people, bots and groups.
func IsActorType(t string) bool { return Object{"type": t}.Is(actorTypes...) }

// RemoteActor is what another server says about one of its actors, checked and
// cut to size. All ids and addresses that we would write to lie on the host of
// the actor's id. Name and field names are plain text; Summary and field values
// are HTML that was not sanitised yet.
type RemoteActor struct {
	ID        string
	Type      string
	Webfinger string // user@domain the actor wants to be known by (FEP-2c59), unverified; usually ""
	Username  string // preferredUsername
	Name      string
	Summary   string
	URL       string // its page; "" if that is elsewhere

	Inbox, SharedInbox           string
	Outbox, Followers, Following string
	Featured, FeaturedTags       string
	FeaturedCollections          string

	Icon, Image RemoteImage
	Fields      []PropertyValue
	Emojis      []RemoteEmoji
	Hashtags    []string // without #

	Locked, Discoverable, Indexable bool
	Memorial, Suspended             bool
	ShowFeatured, ShowMedia         *bool // nil: not said
	ShowRepliesInMedia              *bool
	CanFeature                      Policy
	Published                       time.Time // zero: not said

	MovedTo            string
	AlsoKnownAs        []string
	AttributionDomains []string

	Keys     []Key
	KeyLinks []KeyLink // keys given by address only; FetchActor follows them
}

// RemoteImage is an avatar, header, thumbnail or emoji picture elsewhere.
type RemoteImage struct {
	URL       string
	MediaType string
	Alt       string
}

// Policy is a part of an interactionPolicy: who may, who may after asking.
type Policy struct {
	Given     bool
	Automatic []string
	Manual    []string
}

// ParseActor reads an actor document. Without a usable id, type, inbox or name
// it is an Invalid fault; other things that are wrong are left out.
func ParseActor(o Object) (*RemoteActor, error) {
	a := &RemoteActor{ID: o.ID(), Username: o.String("preferredUsername"), Webfinger: webfingerName(o)}
	for _, t := range o.Types() {
		if IsActorType(t) && a.Type == "" {
			a.Type = t
		}
	}
	switch {
	case a.Type == "":
		return nil, invalidActor("is not an actor")
	case CheckID(a.ID) != nil || strings.Contains(a.ID, "#"):
		return nil, invalidActor("has no usable id")
	case a.Username == "" && a.Webfinger != "":
		a.Username, _, _ = strings.Cut(a.Webfinger, "@")
	case !isUsername(a.Username):
		return nil, invalidActor("has no usable name")
	}
	if a.Inbox = a.own(o.Link("inbox")); a.Inbox == "" {
		return nil, invalidActor("has no inbox on its own server")
	}
	a.readAddresses(o)
	a.readProfile(o)
	a.readFlags(o)
	a.readKeys(o)
	return a, nil
}

func invalidActor(why string) error {
	return fault.New(fault.Invalid, "The actor document "+why)
}

func isUsername(name string) bool { return len(name) <= maxUsername && usernames.MatchString(name) }

// webfingerName is the webfinger key where it is a usable user@domain.
func webfingerName(o Object) string {
	h, err := ParseHandle(o.String("webfinger"))
	if err != nil {
		return ""
	}
	return h.String()
}

// own keeps an address on the actor's own server; nothing else is written to
// or believed on the actor's word.
func (a *RemoteActor) own(address string) string {
	if webURL(address) == "" || !SameHost(a.ID, address) {
		return ""
	}
	return address
}

func (a *RemoteActor) readAddresses(o Object) {
	a.URL = a.own(o.URL("url"))
	a.SharedInbox = a.own(o.Object("endpoints").Link("sharedInbox"))
	if a.SharedInbox == "" {
		a.SharedInbox = a.own(o.Link("sharedInbox"))
	}
	a.Outbox = a.own(o.Link("outbox"))
	a.Followers = a.own(o.Link("followers"))
	a.Following = a.own(o.Link("following"))
	a.Featured = a.own(o.Link("featured"))
	a.FeaturedTags = a.own(o.Link("featuredTags"))
	a.FeaturedCollections = a.own(o.Link("featuredCollections"))
	a.MovedTo = webURL(o.Link("movedTo"))
	for _, alias := range o.Strings("alsoKnownAs") {
		if len(a.AlsoKnownAs) < maxAliases && webURL(alias) != "" {
			a.AlsoKnownAs = append(a.AlsoKnownAs, alias)
		}
	}
	for _, domain := range o.Strings("attributionDomains") {
		if len(a.AttributionDomains) < maxAttributionDomains && len(domain) <= 256 {
			a.AttributionDomains = append(a.AttributionDomains, domain)
		}
	}
}

func (a *RemoteActor) readProfile(o Object) {
	name, _ := o.Text("name")
	summary, _ := o.Text("summary")
	a.Name = cut(name, maxDisplayName)
	a.Summary = cut(summary, maxSummary)
	a.Icon = o.image("icon")
	a.Image = o.image("image")
	for _, field := range o.Objects("attachment") {
		name, value := field.String("name"), field.String("value")
		if field.Is("PropertyValue") && name != "" && len(a.Fields) < maxFields {
			a.Fields = append(a.Fields, NewPropertyValue(cut(name, maxFieldText), cut(value, maxFieldText)))
		}
	}
	tags := readTags(o)
	a.Emojis, a.Hashtags = tags.emojis, tags.hashtags
	a.Published, _ = o.Time("published")
}

func (a *RemoteActor) readFlags(o Object) {
	a.Locked, _ = o.Bool("manuallyApprovesFollowers")
	a.Discoverable, _ = o.Bool("discoverable")
	a.Indexable, _ = o.Bool("indexable")
	a.Memorial, _ = o.Bool("memorial")
	a.Suspended, _ = o.Bool("suspended")
	a.ShowFeatured = o.flag("showFeatured")
	a.ShowMedia = o.flag("showMedia")
	a.ShowRepliesInMedia = o.flag("showRepliesInMedia")
	a.CanFeature = o.policy("canFeature")
}

// readKeys keeps the keys that are the actor's own: id on its server, and no
// other owner named. Those of publicKey sign requests, those of assertionMethod
// documents too.
func (a *RemoteActor) readKeys(o Object) {
	for _, v := range bounded(list(o["publicKey"]), maxKeys) {
		a.readKey(v, false)
	}
	for _, v := range bounded(list(o["assertionMethod"]), maxKeys) {
		a.readKey(v, true)
	}
}

func (a *RemoteActor) readKey(v any, asserts bool) {
	if k, ok := v.(map[string]any); ok && (Object(k).Has("publicKeyPem") || Object(k).Has("publicKeyMultibase")) {
		if key, err := parseKey(k, a.ID, asserts); err == nil {
			a.addKey(key)
		}
		return
	}
	link := KeyLink{a.own(reference(v)), asserts}
	for i := range a.Keys { // named by its id, and embedded before
		if a.Keys[i].ID == link.ID {
			a.Keys[i].Asserts = a.Keys[i].Asserts || asserts
			return
		}
	}
	page, _, _ := strings.Cut(link.ID, "#")
	if link.ID != "" && page != a.ID && !slices.Contains(a.KeyLinks, link) {
		a.KeyLinks = append(a.KeyLinks, link)
	}
}

// addKey keeps a key; one that is listed twice is one key that may do both.
func (a *RemoteActor) addKey(key Key) {
	for i := range a.Keys {
		if a.Keys[i].ID == key.ID {
			if a.Keys[i].PEM == key.PEM {
				a.Keys[i].Asserts = a.Keys[i].Asserts || key.Asserts
			}
			return
		}
	}
	a.Keys = append(a.Keys, key)
}

// parseKey reads a key that is to speak for owner.
func parseKey(o Object, owner string, asserts bool) (Key, error) {
	key := Key{ID: o.ID(), Owner: owner, PEM: o.String("publicKeyPem"), Asserts: asserts}
	for _, name := range []string{"owner", "controller"} {
		if said := o.Link(name); said != "" && said != owner {
			return Key{}, fault.New(fault.Unauthorized, "The key belongs to another actor")
		}
	}
	if CheckID(key.ID) != nil || len(key.ID) > maxKeyID || !SameHost(key.ID, owner) {
		return Key{}, fault.New(fault.Unauthorized, "The key is on another server")
	}
	for _, name := range []string{"expires", "revoked"} {
		if o[name] == nil {
			continue
		}
		at, ok := o.Time(name)
		if !ok {
			return Key{}, fault.New(fault.Unauthorized, "Nobody can tell when the key ends")
		}
		if key.Until.IsZero() || at.Before(key.Until) {
			key.Until = at
		}
	}
	var err error
	if key.PEM == "" && o.Has("publicKeyMultibase") {
		if key.Public, err = ParseMultikey(o.String("publicKeyMultibase")); err == nil {
			key.PEM, err = PublicKeyPEM(key.Public)
		}
		return key, err
	}
	key.Public, err = ParsePublicKey(key.PEM)
	return key, err
}

// flag is a boolean that may be unsaid.
func (o Object) flag(key string) *bool {
	if v, ok := o.Bool(key); ok {
		return &v
	}
	return nil
}

// image is the picture under the key: an address, an Image whose url is an
// address or Links, or an array of these, of which the first counts.
func (o Object) image(key string) RemoteImage {
	for _, v := range list(o[key]) {
		if s, ok := v.(string); ok {
			return RemoteImage{URL: webURL(s)}
		}
		image, ok := v.(map[string]any)
		if !ok {
			continue
		}
		i := Object(image)
		r := RemoteImage{URL: i.URL("url"), MediaType: i.String("mediaType"), Alt: i.String("summary")}
		if r.URL == "" {
			r.URL = webURL(i.String("href"))
		}
		if r.Alt == "" {
			r.Alt = i.String("name")
		}
		r.Alt = cut(r.Alt, maxAltText)
		if r.URL != "" {
			return r
		}
	}
	return RemoteImage{}
}

// policy reads one permission of the interactionPolicy.
func (o Object) policy(permission string) Policy {
	p := o.Object("interactionPolicy").Object(permission)
	if p == nil {
		return Policy{}
	}
	return Policy{Given: true, Automatic: bounded(p.Strings("automaticApproval"), 64), Manual: bounded(p.Strings("manualApproval"), 64)}
}

func bounded[T any](all []T, limit int) []T { return all[:min(len(all), limit)] }

// cut shortens a text to so many characters.
func cut(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	n := 0
	for i := range text {
		if n == limit {
			return text[:i]
		}
		n++
	}
	return text
}
