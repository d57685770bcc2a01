package activitypub_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"anancus/internal/kit/fault"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/protocol/activitypub/aptest"
)

const person = `{"@context":["https://www.w3.org/ns/activitystreams","https://w3id.org/security/v1"],
"id":"https://a.test/users/ada","type":"Person","preferredUsername":"Ada","name":"Ada L.","summary":"<p>hi</p>",
"inbox":"https://a.test/users/ada/inbox","outbox":"https://a.test/users/ada/outbox","followers":"https://a.test/users/ada/followers",
"following":"https://a.test/users/ada/following","featured":"https://a.test/users/ada/featured","featuredTags":"https://a.test/users/ada/tags",
"url":"https://a.test/@ada","manuallyApprovesFollowers":true,"discoverable":true,"indexable":false,"memorial":null,"suspended":null,
"published":"2024-01-01T00:00:00Z","showMedia":false,
"interactionPolicy":{"canFeature":{"automaticApproval":"https://www.w3.org/ns/activitystreams#Public","manualApproval":["https://a.test/x"]}},
"movedTo":"https://b.test/users/ada","alsoKnownAs":"https://c.test/users/ada","attributionDomains":["blog.test"],
"tag":[{"type":"Emoji","id":"https://a.test/emoji/1","name":":blob:","icon":{"type":"Image","url":"https://a.test/blob.png","mediaType":"image/png"}},{"type":"Hashtag","name":"#Maths","href":"https://a.test/tags/maths"}],
"attachment":[{"type":"PropertyValue","name":"Web","value":"<a href=\"https://ada.test\">x</a>"},{"type":"IdentityProof","name":"no"}],
"endpoints":{"sharedInbox":"https://a.test/inbox"},
"icon":{"type":"Image","mediaType":"image/png","url":[{"type":"Link","href":"https://a.test/icon.png"}],"summary":"me"},
"image":["https://a.test/header.png"]}`

const note = `{"@context":"https://www.w3.org/ns/activitystreams","id":"https://a.test/1","type":"Note","summary":"cw","content":"<p>hé</p>","contentMap":{"fr":"<p>hé</p>"},
"attributedTo":"https://a.test/users/ada","to":["as:Public"],"cc":["https://a.test/users/ada/followers"],"sensitive":true,
"published":"2024-02-03T04:05:06Z","updated":"2024-02-03T05:05:06Z","url":"https://a.test/@ada/1","inReplyTo":"https://b.test/2",
"conversation":"tag:a.test,2024:1","context":"https://a.test/contexts/1","directMessage":false,
"tag":[{"type":"Mention","href":"https://b.test/users/bo","name":"@bo@b.test"},{"type":"Mention","href":"https://b.test/users/bo","name":"@bo"},{"type":"Hashtag","name":"＃日本"},{"type":"Hashtag","name":"#a b"},{"type":"Emoji","name":":x\">:","icon":{"url":"https://a.test/x.png"}}],
"attachment":[{"type":"Document","mediaType":"image/png","url":"https://a.test/1.png","name":"alt","blurhash":"LEHV6nWB2yk8pyo0adR*.7kCMdnj","focalPoint":[0.5,-0.25],"width":640,"height":480,"icon":{"url":"https://a.test/t.png"}},
{"type":"Video","url":[{"type":"Link","href":"https://a.test/2.mp4","mediaType":"video/mp4"}],"summary":"film","blurhash":"bad","focalPoint":[9,9]},
{"type":"Document","url":"javascript:alert(1)"},{"type":"Link","href":"https://news.test/"}],
"replies":{"id":"https://a.test/1/replies","type":"Collection","first":{"type":"CollectionPage","items":["https://a.test/3","https://evil.test/4"]}},
"likes":{"id":"https://a.test/1/likes","totalItems":7},"shares":{"totalItems":-1},
"quote":"https://b.test/9","quoteAuthorization":"https://b.test/auth/9","interactionPolicy":{"canQuote":{"automaticApproval":["https://a.test/users/ada"]}}}`

const question = `{"id":"https://a.test/2","type":"Question","attributedTo":"https://a.test/users/ada","content":"?","anyOf":[{"type":"Note","name":"yes","replies":{"type":"Collection","totalItems":3}},{"type":"Note","name":"no"}],"endTime":"2024-03-01T00:00:00Z","votersCount":3}`

func with(t *testing.T, text string, changes map[string]any) activitypub.Object {
	t.Helper()
	o := parse(t, text)
	for key, value := range changes {
		raw, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		o[key] = parse(t, `{"v":`+string(raw)+`}`)["v"]
	}
	return o
}

func TestAnActorIsRead(t *testing.T) {
	a, err := activitypub.ParseActor(parse(t, person))
	if err != nil {
		t.Fatal(err)
	}
	no := false
	want := &activitypub.RemoteActor{
		ID: "https://a.test/users/ada", Type: "Person", Username: "Ada", Name: "Ada L.", Summary: "<p>hi</p>", URL: "https://a.test/@ada",
		Inbox: "https://a.test/users/ada/inbox", SharedInbox: "https://a.test/inbox",
		Outbox: "https://a.test/users/ada/outbox", Followers: "https://a.test/users/ada/followers", Following: "https://a.test/users/ada/following",
		Featured: "https://a.test/users/ada/featured", FeaturedTags: "https://a.test/users/ada/tags",
		Icon:   activitypub.RemoteImage{URL: "https://a.test/icon.png", MediaType: "image/png", Alt: "me"},
		Image:  activitypub.RemoteImage{URL: "https://a.test/header.png"},
		Fields: []activitypub.PropertyValue{{Type: "PropertyValue", Name: "Web", Value: `<a href="https://ada.test">x</a>`}},
		Emojis: []activitypub.RemoteEmoji{{ID: "https://a.test/emoji/1", Shortcode: "blob",
			Image: activitypub.RemoteImage{URL: "https://a.test/blob.png", MediaType: "image/png"}}},
		Hashtags: []string{"Maths"}, Locked: true, Discoverable: true, ShowMedia: &no,
		CanFeature: activitypub.Policy{Given: true, Automatic: []string{activitypub.Public}, Manual: []string{"https://a.test/x"}},
		Published:  a.Published, MovedTo: "https://b.test/users/ada", AlsoKnownAs: []string{"https://c.test/users/ada"}, AttributionDomains: []string{"blog.test"},
	}
	if !reflect.DeepEqual(a, want) {
		t.Errorf("the actor is\n%+v, want\n%+v", a, want)
	}
	if a.Published.Year() != 2024 {
		t.Errorf("published %v", a.Published)
	}
}

func TestActorsWithoutTheNecessaryAreRefused(t *testing.T) {
	for name, changes := range map[string]map[string]any{
		"no type":               {"type": nil},
		"a note":                {"type": "Note"},
		"no id":                 {"id": nil},
		"an id with a fragment": {"id": "https://a.test/users/ada#x"},
		"an id with a user":     {"id": "https://x@a.test/users/ada"},
		"an id of another kind": {"id": "ftp://a.test/users/ada"},
		"an id with a dot":      {"id": "https://a.test./users/ada"},
		"an id with a port":     {"id": "https://a.test:443/users/ada"},
		"an id in Unicode":      {"id": "https://а.test/users/ada"},
		"an id with a newline":  {"id": "https://a.test/users/ada\n"},
		"an id with a NUL":      {"id": "https://a%00.test/users/ada"},
		"no inbox":              {"inbox": nil},
		"a foreign inbox":       {"inbox": "https://b.test/inbox"},
		"an inbox on a port":    {"inbox": "https://a.test:8443/inbox"},
		"an inbox with a user":  {"inbox": "https://x@a.test/inbox"},
		"no name":               {"preferredUsername": nil},
		"a name with a slash":   {"preferredUsername": "a/b"},
		"a name with HTML":      {"preferredUsername": "<b>"},
		"a name with a newline": {"preferredUsername": "ada\n"},
		"a name too long":       {"preferredUsername": strings.Repeat("a", 2049)},
	} {
		if _, err := activitypub.ParseActor(with(t, person, changes)); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWhatIsWrongInAnActorIsLeftOut(t *testing.T) {
	a, err := activitypub.ParseActor(with(t, person, map[string]any{
		"type": []string{"Cat", "Service"}, "url": "javascript:alert(1)", "followers": "https://b.test/followers", "outbox": []any{5},
		"icon": map[string]any{"url": "data:image/png,x"}, "movedTo": "javascript:x", "alsoKnownAs": []any{"data:x", 4, "https://c.test/"},
		"endpoints": map[string]any{"sharedInbox": "https://b.test/inbox"}, "sharedInbox": "https://a.test/shared",
		"published": "long ago", "discoverable": "yes", "name": 5, "attachment": "x", "tag": map[string]any{}, "webfinger": "nonsense",
		"featured": map[string]any{"id": "https://a.test/f", "type": "OrderedCollection"}, "interactionPolicy": []any{3},
	}))
	if err != nil {
		t.Fatal(err)
	}
	if a.Type != "Service" || a.URL != "" || a.Followers != "" || a.Outbox != "" || a.Icon.URL != "" || a.MovedTo != "" ||
		len(a.AlsoKnownAs) != 1 || a.SharedInbox != "https://a.test/shared" || !a.Published.IsZero() || a.Discoverable || a.Name != "" ||
		a.Fields != nil || a.Webfinger != "" || a.Featured != "https://a.test/f" || a.CanFeature.Given {
		t.Errorf("the actor is %+v", a)
	}
}

func TestAnActorMayBeKnownByItsWebfingerKey(t *testing.T) {
	a, err := activitypub.ParseActor(with(t, person, map[string]any{"preferredUsername": nil, "webfinger": "ada@Example.com"}))
	if err != nil || a.Username != "ada" || a.Webfinger != "ada@example.com" {
		t.Errorf("the actor is %+v, %v", a, err)
	}
}

func TestWhatIsTooMuchInAnActorIsCut(t *testing.T) {
	fields := make([]any, 70)
	for i := range fields {
		fields[i] = map[string]any{"type": "PropertyValue", "name": strings.Repeat("n", 3000), "value": strings.Repeat("é", 3000)}
	}
	aliases := make([]any, 1000)
	for i := range aliases {
		aliases[i] = fmt.Sprintf("https://a.test/%d", i)
	}
	a, err := activitypub.ParseActor(with(t, person, map[string]any{
		"name": strings.Repeat("é", 5000), "summary": strings.Repeat("x", 30_000), "attachment": fields, "alsoKnownAs": aliases,
		"icon": map[string]any{"url": "https://a.test/i", "name": strings.Repeat("a", 20_000)},
	}))
	if err != nil {
		t.Fatal(err)
	}
	if len([]rune(a.Name)) != 2048 || len(a.Summary) != 20_000 || len(a.Fields) != 50 || len(a.Fields[0].Name) != 2047 ||
		len([]rune(a.Fields[0].Value)) != 2047 || len(a.AlsoKnownAs) != 256 || len(a.Icon.Alt) != 10_000 {
		t.Error("something was not cut to size")
	}
}

func TestKeysInTheirManyShapes(t *testing.T) {
	good := map[string]any{"id": "https://a.test/users/ada#main-key", "owner": "https://a.test/users/ada", "publicKeyPem": aptest.PEM(1)}
	change := func(key string, value any) map[string]any {
		c := map[string]any{}
		for k, v := range good {
			c[k] = v
		}
		c[key] = value
		return c
	}
	for name, c := range map[string]struct {
		key         any
		keys, links int
	}{
		"none":                      {nil, 0, 0},
		"one":                       {good, 1, 0},
		"two":                       {[]any{good, change("id", "https://a.test/users/ada#second")}, 2, 0},
		"no owner said":             {change("owner", nil), 1, 0},
		"an address":                {"https://a.test/keys/1", 0, 1},
		"an object with an id":      {map[string]any{"id": "https://a.test/keys/1"}, 0, 1},
		"a foreign address":         {"https://b.test/keys/1", 0, 0},
		"another owner":             {change("owner", "https://a.test/users/bo"), 0, 0},
		"another controller":        {map[string]any{"id": good["id"], "controller": "https://b.test/x", "publicKeyPem": good["publicKeyPem"]}, 0, 0},
		"a foreign id":              {change("id", "https://b.test/users/ada#main-key"), 0, 0},
		"no id":                     {change("id", nil), 0, 0},
		"no PEM":                    {change("publicKeyPem", ""), 0, 0},
		"a PEM of something":        {change("publicKeyPem", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"), 0, 0},
		"a PEM that is a number":    {change("publicKeyPem", 5), 0, 0},
		"nonsense":                  {[]any{5, nil, []any{}, map[string]any{}}, 0, 0},
		"the same a thousand times": {repeated(good, 1000), 1, 0},
		"eleven":                    {numbered(change, 11), 10, 0},
	} {
		a, err := activitypub.ParseActor(with(t, person, map[string]any{"publicKey": c.key}))
		if err != nil || len(a.Keys) != c.keys || len(a.KeyLinks) != c.links {
			t.Errorf("%s: %d keys, %d links, %v", name, len(a.Keys), len(a.KeyLinks), err)
		}
	}
}

// numbered are keys with ids of their own.
func numbered(change func(key string, value any) map[string]any, n int) []any {
	all := make([]any, n)
	for i := range all {
		all[i] = change("id", fmt.Sprintf("https://a.test/users/ada#%d", i))
	}
	return all
}

func repeated(v any, n int) []any {
	all := make([]any, n)
	for i := range all {
		all[i] = v
	}
	return all
}

func TestANoteIsRead(t *testing.T) {
	n, err := activitypub.ParseNote(parse(t, note))
	if err != nil {
		t.Fatal(err)
	}
	no, likes := false, int64(7)
	want := &activitypub.RemoteNote{
		ID: "https://a.test/1", Type: "Note", URL: "https://a.test/@ada/1", AttributedTo: "https://a.test/users/ada",
		Content: "<p>hé</p>", Language: "fr", Summary: "cw", Sensitive: true, Published: n.Published, Updated: n.Updated,
		To: []string{"as:Public"}, Cc: []string{"https://a.test/users/ada/followers"}, DirectMessage: &no,
		InReplyTo: "https://b.test/2", Conversation: "tag:a.test,2024:1", Context: "https://a.test/contexts/1",
		Mentions: []activitypub.RemoteMention{{Href: "https://b.test/users/bo", Name: "@bo@b.test"}}, Hashtags: []string{"日本"},
		Attachments: []activitypub.RemoteAttachment{
			{Type: "Document", MediaType: "image/png", URL: "https://a.test/1.png", Alt: "alt", Blurhash: "LEHV6nWB2yk8pyo0adR*.7kCMdnj",
				FocalPoint: []float64{0.5, -0.25}, Width: 640, Height: 480, Thumbnail: "https://a.test/t.png"},
			{Type: "Video", MediaType: "video/mp4", URL: "https://a.test/2.mp4", Alt: "film"},
		},
		PreviewLink: "https://news.test/", Quote: "https://b.test/9", QuoteAuthorization: "https://b.test/auth/9",
		CanQuote: activitypub.Policy{Given: true, Automatic: []string{"https://a.test/users/ada"}},
		Likes:    &likes, Replies: "https://a.test/1/replies", RepliesFirst: []string{"https://a.test/3"},
	}
	if !reflect.DeepEqual(n, want) {
		t.Errorf("the note is\n%+v, want\n%+v", n, want)
	}
	if n.Published.Hour() != 4 || n.Updated.Hour() != 5 || n.Visibility("") != activitypub.VisibilityPublic || n.IsVote() {
		t.Errorf("the note is %+v", n)
	}
}

func TestNotesOfForeignOriginAreRefused(t *testing.T) {
	for name, changes := range map[string]map[string]any{
		"an actor":             {"type": "Person"},
		"an unknown type":      {"type": "Dislike"},
		"no id":                {"id": nil},
		"an id of a bearcap":   {"id": "bear:?t=x&u=https://a.test/1"},
		"no author":            {"attributedTo": nil},
		"a foreign author":     {"attributedTo": "https://b.test/users/bo"},
		"a foreign first of 2": {"attributedTo": []any{"https://b.test/users/bo", "https://a.test/users/ada"}},
		"a port":               {"attributedTo": "https://a.test:8443/users/ada"},
		"a dot":                {"attributedTo": "https://a.test./users/ada"},
	} {
		if _, err := activitypub.ParseNote(with(t, note, changes)); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestVisibilities(t *testing.T) {
	const followers, bo = "https://a.test/users/ada/followers", "https://b.test/users/bo"
	for name, c := range map[string]struct {
		to, cc []string
		want   activitypub.Visibility
	}{
		"public":                 {[]string{activitypub.Public}, []string{followers}, activitypub.VisibilityPublic},
		"public by prefix":       {[]string{bo, "as:Public"}, nil, activitypub.VisibilityPublic},
		"public by name":         {[]string{"Public"}, nil, activitypub.VisibilityPublic},
		"unlisted":               {[]string{followers}, []string{activitypub.Public}, activitypub.VisibilityUnlisted},
		"private":                {[]string{followers}, []string{bo}, activitypub.VisibilityPrivate},
		"followers in cc":        {[]string{bo}, []string{followers}, activitypub.VisibilityDirect},
		"others' followers":      {[]string{bo + "/followers"}, nil, activitypub.VisibilityDirect},
		"the followers' page":    {[]string{followers + "?page=1"}, nil, activitypub.VisibilityDirect},
		"direct":                 {[]string{bo}, nil, activitypub.VisibilityDirect},
		"nobody":                 {nil, nil, activitypub.VisibilityDirect},
		"something like Public":  {[]string{"https://www.w3.org/ns/activitystreams#public"}, nil, activitypub.VisibilityDirect},
		"an http Public is none": {[]string{"http://www.w3.org/ns/activitystreams#Public"}, nil, activitypub.VisibilityDirect},
	} {
		if got := activitypub.VisibilityOf(c.to, c.cc, followers); got != c.want {
			t.Errorf("%s is %s, want %s", name, got, c.want)
		}
	}
	if activitypub.VisibilityOf([]string{""}, nil, "") != activitypub.VisibilityDirect {
		t.Error("an author without followers makes empty addresses private")
	}
	n, err := activitypub.ParseNote(with(t, note, map[string]any{"to": nil, "cc": nil, "bto": activitypub.Public, "audience": activitypub.Public}))
	if err != nil || n.Visibility(followers) != activitypub.VisibilityDirect {
		t.Errorf("blind addresses count: %v %v", n, err)
	}
	n.AddressedBy(activitypub.Object{"to": followers})
	if n.Visibility(followers) != activitypub.VisibilityPrivate {
		t.Error("the addresses of the activity do not count")
	}
}

func TestAPollIsRead(t *testing.T) {
	n, err := activitypub.ParseNote(parse(t, question))
	if err != nil || n.Poll == nil {
		t.Fatal(n, err)
	}
	if p := n.Poll; !p.Multiple || len(p.Options) != 2 || p.Options[0] != (activitypub.RemoteOption{Name: "yes", Votes: 3}) ||
		p.Voters != 3 || p.EndTime.Month() != 3 || p.Closed {
		t.Errorf("the poll is %+v", p)
	}
	n, _ = activitypub.ParseNote(with(t, question, map[string]any{"closed": true, "votersCount": -5, "anyOf": nil, "oneOf": repeated(map[string]any{"name": "x"}, 900)}))
	if p := n.Poll; p == nil || !p.Closed || p.Voters != -1 || p.Multiple || len(p.Options) != 500 {
		t.Errorf("the poll is %+v", p)
	}
	n, _ = activitypub.ParseNote(with(t, question, map[string]any{"closed": "2024-02-01T00:00:00Z", "anyOf": []any{"x", 5}}))
	if n.Poll != nil {
		t.Errorf("a poll without choices is %+v", n.Poll)
	}
}

func TestVotesAreToldFromNotes(t *testing.T) {
	vote := activitypub.NewVote("https://a.test/v", "yes", "https://a.test/users/ada", "https://b.test/2", "https://b.test/users/bo")
	text, _ := activitypub.Encode(vote)
	n, err := activitypub.ParseNote(parse(t, string(text)))
	if err != nil || !n.IsVote() || n.Name != "yes" || n.To[0] != "https://b.test/users/bo" {
		t.Errorf("the vote is %+v, %v", n, err)
	}
	if n, err = activitypub.ParseNote(with(t, string(text), map[string]any{"content": "<br>"})); err != nil || !n.IsVote() { // snac2 2.94
		t.Errorf("a vote with an empty line is %+v, %v", n, err)
	}
}

func TestTextsThatAreNoHTMLKeepTheirLines(t *testing.T) {
	for text, want := range map[string]string{
		`{"content":"one\ntwo\r\n\r\n1 < 2","mediaType":"text/markdown"}`: "<p>one<br>two</p><p>1 &lt; 2</p>",
		`{"content":"<p>one</p>","mediaType":"text/markdown"}`:            "<p>one</p>",
		`{"content":"one\ntwo","mediaType":"text/html"}`:                  "one\ntwo",
		`{"content":"","mediaType":"text/plain"}`:                         "",
	} {
		n, err := activitypub.ParseNote(with(t, note, map[string]any{"contentMap": nil, "content": parse(t, text)["content"], "mediaType": parse(t, text)["mediaType"]}))
		if err != nil || n.Content != want {
			t.Errorf("%s is %q, %v", text, n.Content, err)
		}
	}
}

func TestOtherTypesBecomeLinks(t *testing.T) {
	n, err := activitypub.ParseNote(with(t, note, map[string]any{"type": "Article", "name": "A <b>title", "summary": "<p>about</p>"}))
	if err != nil {
		t.Fatal(err)
	}
	want := `<h2>A &lt;b&gt;title</h2><p>about</p><p><a href="https://a.test/@ada/1">https://a.test/@ada/1</a></p>`
	if !n.Converted() || n.Content != want || n.Summary != "" {
		t.Errorf("the article is %q with warning %q", n.Content, n.Summary)
	}
}

func TestOlderQuotesAreMarked(t *testing.T) {
	for text, want := range map[string][2]any{
		`{"quoteUri":"https://b.test/1"}`:                                                 {"https://b.test/1", true},
		`{"_misskey_quote":"https://b.test/1","quoteUrl":"https://b.test/2"}`:             {"https://b.test/1", true},
		`{"quote":{"type":"Tombstone"},"quoteUri":"https://b.test/1"}`:                    {"", false},
		`{"quote":null,"quoteUri":"https://b.test/1"}`:                                    {"", false},
		`{"quote":{"type":"Note","id":"https://b.test/3"},"quoteUri":"https://b.test/1"}`: {"https://b.test/3", false},
	} {
		o := parse(t, note)
		delete(o, "quote")
		for k, v := range parse(t, text) {
			o[k] = v
		}
		n, err := activitypub.ParseNote(o)
		if err != nil || n.Quote != want[0] || n.QuoteLegacy != want[1] {
			t.Errorf("%s: %q, %v, %v", text, n.Quote, n.QuoteLegacy, err)
		}
	}
}

func TestFloodsAreClipped(t *testing.T) {
	var mentions, hashtags, files []any
	for i := range 2000 {
		mentions = append(mentions, map[string]any{"type": "Mention", "href": fmt.Sprintf("https://b.test/%d", i)})
		hashtags = append(hashtags, map[string]any{"type": "Hashtag", "name": fmt.Sprintf("#t%d", i)})
		files = append(files, map[string]any{"type": "Document", "url": "https://a.test/x", "name": strings.Repeat("x", 20)})
	}
	n, err := activitypub.ParseNote(with(t, note, map[string]any{"tag": mentions, "attachment": files, "likes": map[string]any{"totalItems": 1e15}}))
	if err != nil || len(n.Mentions) != 200 || len(n.Attachments) != 4 || *n.Likes != 100_000_000 {
		t.Errorf("the flood is %d mentions, %d files, %v", len(n.Mentions), len(n.Attachments), err)
	}
	n, _ = activitypub.ParseNote(with(t, note, map[string]any{"tag": hashtags}))
	if len(n.Hashtags) != 200 {
		t.Errorf("%d hashtags", len(n.Hashtags))
	}
}

func TestBlurhashesAreWellFormed(t *testing.T) {
	for hash, want := range map[string]bool{
		"LEHV6nWB2yk8pyo0adR*.7kCMdnj": true, "00OZZy": true, "": false, "L": false, "LEHV6nWB2yk8pyo0adR*.7kCMdnjX": false,
		"LEHV6nWB2yk8pyo0adR*.7kCMd<j": false, "~" + strings.Repeat("0", 165): false,
	} {
		n, err := activitypub.ParseNote(with(t, note, map[string]any{"attachment": map[string]any{"url": "https://a.test/x", "blurhash": hash}}))
		if err != nil || (n.Attachments[0].Blurhash != "") != want {
			t.Errorf("the blurhash %q is kept: %v, want %v", hash, !want, want)
		}
	}
}

func TestCollectionsAreRead(t *testing.T) {
	c := activitypub.ParseCollection(parse(t, `{"id":"https://a.test/c","type":"OrderedCollectionPage","totalItems":2,"first":"https://a.test/c?1","next":"https://a.test/c?2","orderedItems":["https://a.test/1",{"id":"https://a.test/2","type":"Note"},5]}`))
	if c.TotalItems != 2 || c.First != "https://a.test/c?1" || c.Next != "https://a.test/c?2" || len(c.Links) != 2 || len(c.Items) != 1 {
		t.Errorf("the collection is %+v", c)
	}
	if empty := activitypub.ParseCollection(nil); empty.TotalItems != -1 || empty.Links != nil {
		t.Errorf("no collection is %+v", empty)
	}
}
