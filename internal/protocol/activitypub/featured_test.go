package activitypub_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"anancus/internal/protocol/activitypub"
)

func TestTheCollectionsThatANoteLeadsToAreReadOnceAndNotTooMany(t *testing.T) {
	tags := `{"type":"FeaturedCollection","id":"javascript:x"},{"type":"Hashtag","name":"#x"},{"type":["FeaturedCollection"],"id":"https://c.test/1","name":"x","orderedItems":[]},
		{"type":"FeaturedCollection","id":"https://c.test/1"},{"type":"FeaturedCollection"},{"type":"Note","id":"https://c.test/2"}`
	read := func(tags string) []string {
		n, err := activitypub.ParseNote(parse(t, `{"type":"Note","id":"https://b.test/1","attributedTo":"https://b.test/2","content":"x","tag":[`+tags+`]}`))
		if err != nil {
			t.Fatal(err)
		}
		return n.Collections
	}
	if got := read(tags); !slices.Equal(got, []string{"https://c.test/1"}) {
		t.Errorf("it leads to %q", got)
	}
	for n := range 30 {
		tags += `,{"type":"FeaturedCollection","id":"https://c.test/` + strings.Repeat("1", n+2) + `"}`
	}
	if got := read(tags); len(got) != 10 {
		t.Errorf("it leads to %d", len(got))
	}
}

func FuzzParseFeatured(f *testing.F) {
	for _, document := range []any{ourFeatured(), ourFeaturedItem(),
		activitypub.NewFeatureRequest("https://b.test/r", "https://b.test/users/bo", base+"/ap/users/1", "https://b.test/collections/1"),
		activitypub.NewFeaturedListing("Add", "https://b.test/a", "https://b.test/users/bo", ourFeatured(), "https://b.test/users/bo/collections")} {
		body, err := activitypub.Encode(document)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	for _, seed := range []string{
		`{"type":"FeaturedCollection","id":"https://b.test/1","attributedTo":["https://b.test/2"],"nameMap":{"de":"x"},"orderedItems":{"type":"FeaturedItem","id":"https://b.test/i","featuredObject":{"id":"https://c.test/p"}}}`,
		`{"type":["FeaturedCollection",7],"id":"https://b.test/1","attributedTo":"https://b.test/2","name":"\u0000é","topic":[{"type":"Hashtag","name":"##"}],"items":[[null]],"updated":"x"}`,
		`{"type":"FeatureRequest","id":5,"actor":{},"object":[{}],"instrument":{"id":null}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		o, err := activitypub.Parse(body)
		if err != nil {
			return
		}
		if c, err := activitypub.ParseFeatured(o); err == nil {
			if activitypub.CheckID(c.ID) != nil || !activitypub.SameHost(c.ID, c.AttributedTo) || c.URL != "" && !activitypub.SameHost(c.URL, c.ID) ||
				c.Name == "" || utf8.RuneCountInString(c.Name) > 256 || utf8.RuneCountInString(c.Summary) > 2048 || len(c.Items) > activitypub.MaxFeatured {
				t.Errorf("the collection is %+v", c)
			}
			for _, item := range c.Items {
				checkFeatured(t, item, c.ID)
			}
		}
		if item, ok := activitypub.ParseFeaturedItem(o, "https://b.test/1"); ok {
			checkFeatured(t, item, "https://b.test/1")
		}
		// What is answered names the request by its own words, whatever these are.
		answer, err := activitypub.Encode(activitypub.NewAnswerToFeature("Reject", base+"/ap/users/1", o))
		if err != nil || !json.Valid(answer) {
			t.Errorf("the answer is %s, %v", answer, err)
		}
	})
}

func checkFeatured(t *testing.T, item activitypub.RemoteFeaturedItem, collection string) {
	t.Helper()
	if !activitypub.SameHost(item.ID, collection) || activitypub.CheckID(item.Object) != nil || item.Authorization != "" && activitypub.CheckID(item.Authorization) != nil {
		t.Errorf("the item is %+v", item)
	}
}
