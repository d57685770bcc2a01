package activitypub_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"anancus/internal/protocol/activitypub"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares a document, laid out for reading, with the file of its name.
func golden(t *testing.T, name string, document any) {
	t.Helper()
	body, err := activitypub.Encode(document)
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	if err := json.Indent(&got, body, "", "  "); err != nil { // keeps the order of keys
		t.Fatal(err)
	}
	got.WriteByte('\n')
	file := filepath.Join("testdata", name+".json")
	if *update {
		if err := os.WriteFile(file, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Errorf("%s is now\n%s", file, got.Bytes())
	}
}

const base = "https://a.test"

func ourActor() activitypub.Actor {
	id := base + "/ap/users/1"
	return activitypub.Actor{
		Context: activitypub.ContextActor, ID: id, Webfinger: "ada@a.test", Type: "Person",
		Following: id + "/following", Followers: id + "/followers", Inbox: id + "/inbox", Outbox: id + "/outbox",
		Featured: id + "/collections/featured", FeaturedTags: id + "/collections/tags", FeaturedCollections: id + "/featured_collections",
		PreferredUsername: "ada", Name: "Ada & Bo", Summary: "<p>hi</p>", URL: base + "/@ada",
		Discoverable: true, Published: "2024-01-01T00:00:00Z", ShowFeatured: true, ShowMedia: true,
		InteractionPolicy: &activitypub.InteractionPolicy{CanFeature: &activitypub.Approval{AutomaticApproval: []string{activitypub.Public}}},
		MovedTo:           "https://b.test/users/ada", AlsoKnownAs: []string{"https://c.test/users/ada"}, AttributionDomains: []string{"blog.test"},
		PublicKey:  activitypub.PublicKey{ID: id + "#main-key", Owner: id, PublicKeyPEM: "PEM"},
		Tag:        []activitypub.Tag{activitypub.NewEmoji(base+"/emojis/1", "blob", "2024-01-01T00:00:00Z", activitypub.NewImage(base+"/blob.png", "image/png", ""))},
		Attachment: []activitypub.PropertyValue{activitypub.NewPropertyValue("Web", `<a href="https://ada.test" rel="me">ada.test</a>`)},
		Endpoints:  activitypub.Endpoints{SharedInbox: base + "/inbox"},
		Icon:       activitypub.NewImage(base+"/icon.png", "image/png", "me"),
	}
}

func ourNote() activitypub.Note {
	actor, id := base+"/ap/users/1", base+"/ap/users/1/statuses/2"
	return activitypub.Note{
		Context: activitypub.ContextNote, ID: id, Type: "Note", Summary: activitypub.OrNull("cw"), InReplyTo: activitypub.OrNull("https://b.test/3"),
		Published: "2024-02-03T04:05:06Z", URL: base + "/@ada/2", AttributedTo: actor,
		To: []string{activitypub.Public}, Cc: []string{actor + "/followers", "https://b.test/users/bo"}, Sensitive: true,
		AtomURI: id, InReplyToAtomURI: activitypub.OrNull("https://b.test/3"), Conversation: base + "/contexts/1-2", ConversationPage: base + "/contexts/1-2",
		Content: "<p>1 < 2 & é</p>", ContentMap: map[string]string{"en": "<p>1 < 2 & é</p>"}, Updated: "2024-02-03T05:05:06Z",
		Attachment: []activitypub.Document{
			{MediaType: "image/png", URL: base + "/1.png", Blurhash: "00OZZy", FocalPoint: []float64{0, 0.5}, Width: 2, Height: 1},
			{MediaType: "video/mp4", URL: base + "/2.mp4", Name: "film", Duration: "PT2.5S", Icon: activitypub.NewImage(base+"/t.png", "image/png", "")},
			{Href: "https://news.test/"},
		},
		Tag: []activitypub.Tag{activitypub.NewMention("https://b.test/users/bo", "bo@b.test"), activitypub.NewHashtag(base+"/tags/maths", "maths")},
		Replies: &activitypub.Collection{ID: id + "/replies", First: activitypub.Collection{
			Page: true, PartOf: id + "/replies", Next: id + "/replies?only_other_accounts=true&page=true", Items: []any{}}},
		Likes: activitypub.NewCount(id+"/likes", 0), Shares: activitypub.NewCount(id+"/shares", 2),
		Quote: "https://b.test/9", MisskeyQuote: "https://b.test/9", QuoteURI: "https://b.test/9", QuoteAuthorization: "https://b.test/auth/9",
		InteractionPolicy: &activitypub.InteractionPolicy{CanQuote: &activitypub.Approval{AutomaticApproval: []string{activitypub.Public}}},
	}
}

func ourFeatured() activitypub.FeaturedCollection {
	actor := base + "/ap/users/1"
	topic := activitypub.NewHashtag(base+"/tags/cats", "Cats")
	return activitypub.FeaturedCollection{Context: activitypub.ContextFeatured, ID: actor + "/collections/5", Type: "FeaturedCollection", Name: "Friends",
		SummaryMap: map[string]string{"en": "<p>of mine</p>"}, AttributedTo: actor, TotalItems: 1, Discoverable: true,
		Published: "2026-02-03T04:05:06Z", Updated: "2026-02-03T05:05:06Z", Topic: &topic, Items: []activitypub.FeaturedItem{ourFeaturedItem()}}
}

func ourFeaturedItem() activitypub.FeaturedItem {
	return activitypub.FeaturedItem{ID: base + "/ap/users/1/collection_items/6", Type: "FeaturedItem", Object: "https://b.test/users/bo",
		Authorization: "https://b.test/auth/6", Published: "2026-02-03T04:05:06Z"}
}

func TestWhatWeWriteOfCollectionsWeCanRead(t *testing.T) {
	body, err := activitypub.Encode(ourFeatured())
	if err != nil {
		t.Fatal(err)
	}
	c, err := activitypub.ParseFeatured(parse(t, string(body)))
	if err != nil || c.Name != "Friends" || c.Summary != "<p>of mine</p>" || c.Language != "en" || c.Topic != "Cats" || !c.Discoverable || !c.Listed ||
		len(c.Items) != 1 || c.Items[0].Authorization != "https://b.test/auth/6" || c.Items[0].Object != "https://b.test/users/bo" {
		t.Errorf("the collection comes back as %+v, %v", c, err)
	}
}

func TestACollectionElsewhereIsCutToSizeOrRefused(t *testing.T) {
	read := func(body string) (*activitypub.RemoteFeatured, error) {
		return activitypub.ParseFeatured(parse(t, body))
	}
	for _, bad := range []string{
		`{"type":"FeaturedCollection","id":"https://b.test/1","attributedTo":"https://c.test/2","name":"x"}`,
		`{"type":"FeaturedCollection","id":"https://b.test/1","name":"x"}`,
		`{"type":"FeaturedCollection","id":"https://b.test/1","attributedTo":"https://b.test/2"}`,
		`{"type":"Note","id":"https://b.test/1","attributedTo":"https://b.test/2","name":"x"}`,
		`{"type":"FeaturedCollection","id":"javascript:x","attributedTo":"https://b.test/2","name":"x"}`,
	} {
		if c, err := read(bad); err == nil {
			t.Errorf("%s is read as %+v", bad, c)
		}
	}
	items := strings.Repeat(`{"type":"FeaturedItem","id":"https://b.test/i","featuredObject":"https://c.test/p"},`, 151)
	c, err := read(`{"type":"FeaturedCollection","id":"https://b.test/1","attributedTo":"https://b.test/2","name":"` + strings.Repeat("n", 300) + `","summary":"` +
		strings.Repeat("s", 3000) + `","url":"https://c.test/","orderedItems":[{"type":"FeaturedItem","id":"https://c.test/i","featuredObject":"https://c.test/p"},` +
		items[:len(items)-1] + `]}`)
	if err != nil || len(c.Name) != 256 || len(c.Summary) != 2048 || len(c.Items) != 150 || c.URL != "" {
		t.Errorf("it is read as %+v, %v", c, err)
	}
}

func TestDocumentsAreWrittenAsMastodonWritesThem(t *testing.T) {
	actor, me := ourActor(), ourActor().ID
	poll := ourNote()
	poll.Type, poll.Attachment, poll.Tag, poll.Cc = "Question", nil, nil, nil
	poll.OneOf = []activitypub.Option{activitypub.NewOption("yes", 3), activitypub.NewOption("no", 0)}
	poll.EndTime, poll.Closed = "2024-03-01T00:00:00Z", "2024-03-01T00:00:00Z"
	voters, direct, total := int64(3), true, int64(1)
	poll.VotersCount, poll.DirectMessage = &voters, &direct
	inner := ourFeatured()
	inner.Context = ""
	leading := ourNote()
	leading.Tag, leading.Attachment = append(leading.Tag, activitypub.NewFeaturedTag(inner.ID, inner.Name)), nil
	follow := activitypub.NewActivity("Follow", base+"/uuid", me, "https://b.test/users/bo")
	announce := activitypub.NewAnnounce(me+"/statuses/4/activity", me, "2024-02-03T04:05:06Z", []string{activitypub.Public}, []string{"https://b.test/users/bo", me + "/followers"}, "https://b.test/3")
	for name, document := range map[string]any{
		"actor":                 actor,
		"instance_actor":        activitypub.Actor{Context: activitypub.ContextActor, ID: base + "/actor", Type: "Application", Inbox: base + "/actor/inbox", Outbox: base + "/actor/outbox", PreferredUsername: "a.test", Name: "a.test", URL: base + "/about/more?instance_actor=true", ManuallyApprovesFollowers: true, PublicKey: activitypub.PublicKey{ID: base + "/actor#main-key", Owner: base + "/actor", PublicKeyPEM: "PEM"}, Endpoints: activitypub.Endpoints{SharedInbox: base + "/inbox"}},
		"note":                  ourNote(),
		"question":              poll,
		"create":                activitypub.NewCreate(ourNote().ID+"/activity", ourNote()),
		"create_leading":        activitypub.NewCreate(leading.ID+"/activity", leading),
		"update_note":           activitypub.NewUpdate(ourNote().ID+"#updates/1", ourNote()),
		"update_actor":          activitypub.NewUpdateActor(me+"#updates/1", actor),
		"delete":                activitypub.NewDelete(ourNote().ID+"#delete", me, ourNote().ID),
		"delete_actor":          activitypub.NewDeleteActor(me),
		"announce":              announce,
		"undo_announce":         activitypub.NewAnswer("Undo", me+"#announces/4/undo", me, announce),
		"follow":                follow,
		"accept_follow":         activitypub.NewAnswer("Accept", "https://b.test/users/bo#accepts/follows/1", "https://b.test/users/bo", follow),
		"undo_follow":           activitypub.NewAnswer("Undo", me+"#follows/1/undo", me, follow),
		"like":                  activitypub.NewActivity("Like", me+"#likes/1", me, "https://b.test/3"),
		"block":                 activitypub.NewActivity("Block", base+"/uuid", me, "https://b.test/users/bo"),
		"add":                   activitypub.NewListing("Add", me, ourNote().ID, actor.Featured),
		"add_tag":               activitypub.NewTagListing("Add", me, activitypub.NewHashtag(base+"/@ada/tagged/cats", "cats"), actor.Featured),
		"move":                  activitypub.NewMove(me+"#moves/1", me, "https://b.test/users/ada"),
		"quote_request":         activitypub.NewQuoteRequest(me+"/quote_requests/7", me, "https://b.test/2", activitypub.Note{Context: activitypub.ContextNote, ID: me + "/statuses/3", Type: "Note", AttributedTo: me, Content: "<p>hm</p>", Quote: "https://b.test/2"}),
		"accept_quote":          activitypub.NewAnswerToQuote("Accept", me, activitypub.Object{"id": "https://b.test/q", "actor": "https://b.test/users/bo", "object": me + "/statuses/3", "instrument": map[string]any{"id": "https://b.test/9"}}),
		"featured_collection":   ourFeatured(),
		"featured_item":         ourFeaturedItem(),
		"feature_authorization": activitypub.NewFeatureAuthorization(me+"/feature_authorizations/9", me, "https://b.test/collections/1"),
		"feature_request":       activitypub.NewFeatureRequest(me+"/feature_requests/8", me, "https://b.test/users/bo", ourFeatured().ID),
		"accept_feature":        activitypub.NewAnswerToFeature("Accept", me, activitypub.Object{"id": "https://b.test/f", "actor": "https://b.test/users/bo", "object": me, "instrument": "https://b.test/collections/1"}),
		"add_collection":        activitypub.NewFeaturedListing("Add", ourFeatured().ID+"#add", me, inner, me+"/featured_collections"),
		"remove_item":           activitypub.NewFeaturedListing("Remove", ourFeaturedItem().ID+"#remove", me, ourFeaturedItem().ID, ourFeatured().ID),
		"update_collection":     activitypub.NewUpdateFeatured(ourFeatured().ID+"#updates/1", ourFeatured()),
		"delete_feature":        activitypub.NewDeleteFeatureAuthorization(*activitypub.NewFeatureAuthorization(me+"/feature_authorizations/9", me, "https://b.test/collections/1")),
		"create_vote":           activitypub.NewCreateVote(me+"#votes/1/activity", activitypub.NewVote(me+"#votes/1", "yes", me, "https://b.test/2", "https://b.test/users/bo")),
		"vote":                  activitypub.NewVote(me+"#votes/1", "yes", me, "https://b.test/2", "https://b.test/users/bo"),
		"outbox":                activitypub.Collection{Context: activitypub.ContextPlain, ID: actor.Outbox, Ordered: true, TotalItems: &total, First: actor.Outbox + "?page=true", Last: actor.Outbox + "?min_id=0&page=true"},
		"outbox_page":           activitypub.Collection{Context: activitypub.ContextNote, ID: actor.Outbox + "?page=true", Ordered: true, Page: true, Next: actor.Outbox + "?max_id=1&page=true", Prev: actor.Outbox + "?min_id=1&page=true", PartOf: actor.Outbox, Items: []any{announce}},
		"webfinger":             activitypub.WebFinger(activitypub.Handle{Username: "ada", Domain: "a.test"}, base, base+"/@ada", me, base+"/icon.png", "image/png"),
		"host_meta":             activitypub.HostMeta(base),
		"nodeinfo_links":        activitypub.NodeInfoLinks(base),
		"nodeinfo":              activitypub.NewNodeInfo(activitypub.NodeInfoSoftware{Name: "anancus", Version: "1.0"}, activitypub.NodeInfoUsage{Users: activitypub.NodeInfoUsers{Total: 2, ActiveMonth: 1, ActiveHalfyear: 2}, LocalPosts: 3}, true, activitypub.NodeInfoMetadata{NodeName: "A", NodeDescription: "B"}),
	} {
		t.Run(name, func(t *testing.T) { golden(t, name, document) })
	}
}

func TestWhatWeWriteWeCanRead(t *testing.T) {
	body, err := activitypub.Encode(ourNote())
	if err != nil {
		t.Fatal(err)
	}
	n, err := activitypub.ParseNote(parse(t, string(body)))
	if err != nil || n.Content != ourNote().Content || n.Language != "en" || len(n.Attachments) != 2 || n.PreviewLink != "https://news.test/" ||
		n.Visibility("") != activitypub.VisibilityPublic || *n.Shares != 2 || n.Quote != "https://b.test/9" {
		t.Errorf("the note comes back as %+v, %v", n, err)
	}
	body, _ = activitypub.Encode(ourActor())
	if o := parse(t, string(body)); !o.HasContext() || o.Object("icon").URL("url") != base+"/icon.png" {
		t.Errorf("the actor comes back as %v", o)
	}
}

func TestEveryContextIsJSONAndNamesActivityStreams(t *testing.T) {
	for _, c := range []activitypub.Context{activitypub.ContextPlain, activitypub.ContextActor, activitypub.ContextNote,
		activitypub.ContextTombstone, activitypub.ContextQuoteRequest, activitypub.ContextQuoteAuthorization, activitypub.ContextFeatured} {
		if !parse(t, `{"@context":`+string(c)+`}`).HasContext() {
			t.Errorf("%s has no ActivityStreams", c)
		}
	}
}

func TestHTMLIsNotEscapedInDocuments(t *testing.T) {
	body, err := activitypub.Encode(activitypub.NewCreate("x", ourNote()))
	if err != nil || !strings.Contains(string(body), "<p>1 < 2 & é</p>") || bytes.HasSuffix(body, []byte("\n")) {
		t.Errorf("the note is %s, %v", body, err)
	}
}

func TestHostMetaIsXML(t *testing.T) {
	body, err := activitypub.HostMetaXML(base)
	want := `<?xml version="1.0" encoding="UTF-8"?>
<XRD xmlns="http://docs.oasis-open.org/ns/xri/xrd-1.0">
  <Link rel="lrdd" template="https://a.test/.well-known/webfinger?resource={uri}"></Link>
</XRD>
`
	if err != nil || string(body) != want {
		t.Errorf("host-meta is %s, %v", body, err)
	}
}

func TestTimestampsAreWholeSecondsInUTC(t *testing.T) {
	if got := activitypub.Timestamp(time.Date(2024, 2, 3, 4, 5, 6, 789, time.FixedZone("", 3600))); got != "2024-02-03T03:05:06Z" {
		t.Error(got)
	}
	if activitypub.Timestamp(time.Time{}) != "" {
		t.Error("no time is a time")
	}
}

func TestWhoWantsADocument(t *testing.T) {
	const profile = `application/ld+json; profile="https://www.w3.org/ns/activitystreams"`
	for accept, want := range map[string]bool{
		"application/activity+json": true,
		profile:                     true,
		"application/activity+json, application/ld+json":    true,
		"application/ld+json":                               true,
		`application/ld+json; profile="https://other.test"`: false,
		"text/html":        false,
		"":                 false,
		"*/*":              false,
		"application/json": false,
		"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8": false,
		"text/html, application/activity+json":                            false,
		"application/activity+json, text/html":                            true,
		"application/activity+json, text/html;q=0.9":                      true,
		"text/html;q=0.5, application/activity+json;q=0.9":                true,
		"text/html, application/activity+json;q=0.9":                      false,
		"application/activity+json;q=0":                                   false,
		"application/activity+json;q=x":                                   false,
		"APPLICATION/Activity+JSON; charset=utf-8":                        true,
		profile + ", */*;q=0.1":                                           true,
		", ,;;,application/activity+json":                                 true,
	} {
		if got := activitypub.WantsActivity(accept); got != want {
			t.Errorf("WantsActivity(%q) = %v", accept, got)
		}
	}
}

func FuzzWantsActivity(f *testing.F) {
	f.Add(`text/html;q=0.5, application/ld+json; profile="x,y"`)
	f.Fuzz(func(_ *testing.T, accept string) { activitypub.WantsActivity(accept) })
}
