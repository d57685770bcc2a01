package activitypub

import "encoding/json"

// Context is an @context as JSON text. The terms are Mastodon's, so that
// servers which do read contexts find what they expect. An embedded document
// has none: "" is left out.
type Context string

// MarshalJSON writes the text as it is.
func (c Context) MarshalJSON() ([]byte, error) {
	if c == "" {
		return []byte("null"), nil
	}
	return []byte(c), nil
}

var _ json.Marshaler = Context("")

// The contexts of what we send and serve.
const (
	ContextPlain Context = `"https://www.w3.org/ns/activitystreams"`

	ContextActor Context = `["https://www.w3.org/ns/activitystreams","https://w3id.org/security/v1","https://purl.archive.org/socialweb/webfinger",{` +
		`"manuallyApprovesFollowers":"as:manuallyApprovesFollowers",` +
		`"toot":"http://joinmastodon.org/ns#",` +
		`"featured":{"@id":"toot:featured","@type":"@id"},` +
		`"featuredTags":{"@id":"toot:featuredTags","@type":"@id"},` +
		`"featuredCollections":{"@id":"https://w3id.org/fep/7aa9#featuredCollections","@type":"@id"},` +
		`"alsoKnownAs":{"@id":"as:alsoKnownAs","@type":"@id"},` +
		`"movedTo":{"@id":"as:movedTo","@type":"@id"},` +
		`"schema":"http://schema.org#","PropertyValue":"schema:PropertyValue","value":"schema:value",` +
		`"discoverable":"toot:discoverable","suspended":"toot:suspended","memorial":"toot:memorial","indexable":"toot:indexable",` +
		`"attributionDomains":{"@id":"toot:attributionDomains","@container":"@set"},` +
		`"showFeatured":"toot:showFeatured","showMedia":"toot:showMedia","showRepliesInMedia":"toot:showRepliesInMedia",` +
		termsPolicy + `,` + termsTag + `}]`

	ContextNote Context = `["https://www.w3.org/ns/activitystreams",{` + termsNote + `}]`

	// ContextNoteFeatured is for a note that leads to a collection of recommended accounts.
	ContextNoteFeatured Context = `["https://www.w3.org/ns/activitystreams",{"FeaturedCollection":"https://w3id.org/fep/7aa9#FeaturedCollection",` + termsNote + `}]`

	// ContextQuoteRequest is for the question whether a note may quote another, and for its answer; the question has the note in it.
	ContextQuoteRequest Context = `["https://www.w3.org/ns/activitystreams",{"QuoteRequest":"https://w3id.org/fep/044f#QuoteRequest",` + termsNote + `}]`

	termsNote = `"ostatus":"http://ostatus.org#","atomUri":"ostatus:atomUri",` +
		`"inReplyToAtomUri":"ostatus:inReplyToAtomUri","conversation":"ostatus:conversation",` +
		`"sensitive":"as:sensitive","toot":"http://joinmastodon.org/ns#","votersCount":"toot:votersCount",` +
		`"litepub":"http://litepub.social/ns#","directMessage":"litepub:directMessage",` +
		termsQuote + `,` + termsPolicy + `,"blurhash":"toot:blurhash",` + termsTag

	// ContextTombstone is for the Delete of a status.
	ContextTombstone Context = `["https://www.w3.org/ns/activitystreams",{"ostatus":"http://ostatus.org#","atomUri":"ostatus:atomUri"}]`

	ContextQuoteAuthorization Context = `["https://www.w3.org/ns/activitystreams",{"gts":"https://gotosocial.org/ns#",` +
		`"QuoteAuthorization":"https://w3id.org/fep/044f#QuoteAuthorization",` +
		`"interactingObject":{"@id":"gts:interactingObject","@type":"@id"},` +
		`"interactionTarget":{"@id":"gts:interactionTarget","@type":"@id"}}]`

	// ContextFeatured is for collections of recommended accounts, and for leave to be in one.
	ContextFeatured Context = `["https://www.w3.org/ns/activitystreams",{"gts":"https://gotosocial.org/ns#","toot":"http://joinmastodon.org/ns#",` +
		`"Hashtag":"as:Hashtag","sensitive":"as:sensitive","discoverable":"toot:discoverable",` +
		`"FeaturedCollection":"https://w3id.org/fep/7aa9#FeaturedCollection","FeaturedItem":"https://w3id.org/fep/7aa9#FeaturedItem",` +
		`"FeatureRequest":"https://w3id.org/fep/7aa9#FeatureRequest","FeatureAuthorization":"https://w3id.org/fep/7aa9#FeatureAuthorization",` +
		`"topic":{"@id":"https://w3id.org/fep/7aa9#topic","@type":"@id"},` +
		`"featuredObject":{"@id":"https://w3id.org/fep/7aa9#featuredObject","@type":"@id"},` +
		`"featureAuthorization":{"@id":"https://w3id.org/fep/7aa9#featureAuthorization","@type":"@id"},` +
		`"interactingObject":{"@id":"gts:interactingObject","@type":"@id"},` +
		`"interactionTarget":{"@id":"gts:interactionTarget","@type":"@id"}}]`

	// ContextHashtag is for a hashtag by itself.
	ContextHashtag Context = `["https://www.w3.org/ns/activitystreams",{"Hashtag":"as:Hashtag"}]`

	ContextEmoji Context = `["https://www.w3.org/ns/activitystreams",{"toot":"http://joinmastodon.org/ns#","Emoji":"toot:Emoji"}]`

	termsTag = `"Emoji":"toot:Emoji","Hashtag":"as:Hashtag","focalPoint":{"@container":"@list","@id":"toot:focalPoint"}`

	termsQuote = `"quote":{"@id":"https://w3id.org/fep/044f#quote","@type":"@id"},` +
		`"quoteUri":"http://fedibird.com/ns#quoteUri","_misskey_quote":"https://misskey-hub.net/ns#_misskey_quote",` +
		`"quoteAuthorization":{"@id":"https://w3id.org/fep/044f#quoteAuthorization","@type":"@id"}`

	termsPolicy = `"gts":"https://gotosocial.org/ns#",` +
		`"interactionPolicy":{"@id":"gts:interactionPolicy","@type":"@id"},` +
		`"canFeature":{"@id":"https://w3id.org/fep/7aa9#canFeature","@type":"@id"},` +
		`"canQuote":{"@id":"gts:canQuote","@type":"@id"},` +
		`"automaticApproval":{"@id":"gts:automaticApproval","@type":"@id"},` +
		`"manualApproval":{"@id":"gts:manualApproval","@type":"@id"}`
)
