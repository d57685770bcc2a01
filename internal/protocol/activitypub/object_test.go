package activitypub_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"anancus/internal/kit/fault"
	"anancus/internal/protocol/activitypub"
)

func parse(t *testing.T, text string) activitypub.Object {
	t.Helper()
	o, err := activitypub.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestDocumentsAreBounded(t *testing.T) {
	deep := func(n int) string { return strings.Repeat(`{"a":`, n) + "1" + strings.Repeat("}", n) }
	for name, c := range map[string]struct {
		text string
		want fault.Kind
	}{
		"too large":          {`{"a":"` + strings.Repeat("x", activitypub.MaxDocument) + `"}`, fault.TooLarge},
		"too deep":           {deep(65), fault.BadRequest},
		"far too deep":       {deep(10_000), fault.BadRequest},
		"lists too deep":     {`{"a":` + strings.Repeat("[", 100_000), fault.BadRequest},
		"too many keys":      {`{` + strings.Repeat(`"a":1,`, 100_000) + `"b":1}`, fault.BadRequest},
		"too many items":     {`{"a":[` + strings.Repeat(`1,`, 100_000) + `1]}`, fault.BadRequest},
		"an array":           {`[{}]`, fault.BadRequest},
		"null":               {`null`, fault.BadRequest},
		"nothing":            {``, fault.BadRequest},
		"two documents":      {`{}{}`, fault.BadRequest},
		"more after the end": {`{} x`, fault.BadRequest},
		"not JSON":           {`<html>`, fault.BadRequest},
		"half a document":    {`{"a":`, fault.BadRequest},
		"a string not ended": {`{"a":"\`, fault.BadRequest},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := activitypub.Parse([]byte(c.text)); !fault.Is(err, c.want) {
				t.Errorf("Parse = %v, want kind %d", err, c.want)
			}
		})
	}
	for name, text := range map[string]string{
		"deep enough": deep(64), "brackets in text": `{"a":"` + strings.Repeat("[{,", 100_000) + `\""}`,
	} {
		if _, err := activitypub.Parse([]byte(text)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOddDocumentsAreRead(t *testing.T) {
	o := parse(t, `{"id":"first","id":"last","n":1e400,"big":`+strings.Repeat("9", 1000)+`,"bad":"\ud800 \u0000 `+"\xff"+`","f":12.9,"i":-3}`)
	if o.ID() != "last" {
		t.Errorf("of a key twice we take %q", o.ID())
	}
	if _, ok := o.Int("n"); ok {
		t.Error("1e400 is an Int")
	}
	if _, ok := o.Int("big"); ok {
		t.Error("a thousand digits are an Int")
	}
	if f, ok := o.Int("f"); !ok || f != 12 {
		t.Errorf("12.9 is %d, %v", f, ok)
	}
	if i, ok := o.Int("i"); !ok || i != -3 {
		t.Errorf("-3 is %d, %v", i, ok)
	}
	if !strings.HasPrefix(o.String("bad"), "\ufffd ") || !strings.HasSuffix(o.String("bad"), "\ufffd") {
		t.Errorf("bad text is %q", o.String("bad"))
	}
}

func TestOneManyOrEmbedded(t *testing.T) {
	o := parse(t, `{"one":"a","many":["a",{"id":"b"},{"href":"c"},3,null,{}],"embedded":{"id":"d","type":["X","Y"]},"null":null,"number":5}`)
	for key, want := range map[string][]string{"one": {"a"}, "many": {"a", "b", "c"}, "embedded": {"d"}, "null": nil, "number": nil, "absent": nil} {
		if got := o.Strings(key); !reflect.DeepEqual(got, want) {
			t.Errorf("Strings(%s) = %q, want %q", key, got, want)
		}
	}
	for key, want := range map[string]string{"one": "a", "many": "a", "embedded": "d", "null": "", "number": "", "absent": ""} {
		if got := o.Link(key); got != want {
			t.Errorf("Link(%s) = %q, want %q", key, got, want)
		}
	}
	if e := o.Object("embedded"); e.Type() != "X" || !e.Is("Y") || e.Is("Z") || len(e.Types()) != 2 {
		t.Errorf("the embedded object is %v", e)
	}
	if o.Object("one") != nil || o.Object("absent").ID() != "" || len(o.Objects("many")) != 3 || o.Type() != "" {
		t.Error("objects appear where there are none")
	}
}

func TestTheContextMustBeActivityStreams(t *testing.T) {
	for text, want := range map[string]bool{
		`{"@context":"https://www.w3.org/ns/activitystreams"}`:                                  true,
		`{"@context":["https://w3id.org/x",{"a":"b"},"https://www.w3.org/ns/activitystreams"]}`: true,
		`{"@context":"http://www.w3.org/ns/activitystreams"}`:                                   false,
		`{"@context":{"@vocab":"https://www.w3.org/ns/activitystreams"}}`:                       false,
		`{}`: false, `{"@context":null}`: false,
	} {
		if got := parse(t, text).HasContext(); got != want {
			t.Errorf("HasContext of %s = %v", text, got)
		}
	}
}

func TestPagesArePickedFromAddresses(t *testing.T) {
	for text, want := range map[string]string{
		`"https://a.test/1"`: "https://a.test/1",
		`["https://a.test/1",{"type":"Link","mediaType":"text/html","href":"https://a.test/2"}]`:                        "https://a.test/2",
		`[{"type":"Link","mediaType":"video/mp4","href":"https://a.test/v"},{"type":"Link","href":"https://a.test/2"}]`: "https://a.test/v",
		`{"href":"https://a.test/3"}`:                              "https://a.test/3",
		`"javascript:alert(1)"`:                                    "",
		`["data:text/html,x","https://a.test/4"]`:                  "https://a.test/4",
		`[{"mediaType":"text/html","href":"JavaScript:alert(1)"}]`: "",
		`"https://user@a.test/"`:                                   "",
		`"/relative"`:                                              "",
		`5`:                                                        "",
		`[[["https://a.test/1"]]]`:                                 "",
	} {
		if got := parse(t, `{"url":`+text+`}`).URL("url"); got != want {
			t.Errorf("URL of %s = %q, want %q", text, got, want)
		}
	}
}

func TestTimesAreReadInTheirManySpellings(t *testing.T) {
	want := time.Date(2024, 2, 3, 4, 5, 6, 0, time.UTC)
	for _, text := range []string{"2024-02-03T04:05:06Z", "2024-02-03T05:05:06+01:00", "2024-02-03T04:05:06.000Z", "2024-02-03T04:05:06",
		"2024-02-03T04:05:06+0000", " 2024-02-03T04:05:06Z ", "Sat, 03 Feb 2024 04:05:06 GMT"} {
		if got, ok := (activitypub.Object{"t": text}).Time("t"); !ok || !got.Equal(want) {
			t.Errorf("%q is %v, %v", text, got, ok)
		}
	}
	for _, v := range []any{"", "yesterday", "0001-01-01T00:00:00Z", "2024-13-01T00:00:00Z", 5, nil, strings.Repeat("2", 1000)} {
		if got, ok := (activitypub.Object{"t": v}).Time("t"); ok {
			t.Errorf("%v is %v", v, got)
		}
	}
}

func TestTextsKnowTheirLanguage(t *testing.T) {
	for text, want := range map[string][2]string{
		`{"content":"x"}`:                                             {"x", ""},
		`{"content":"x","contentMap":{"de":"x"}}`:                     {"x", "de"},
		`{"contentMap":{"en":"y"}}`:                                   {"y", "en"},
		`{"content":"z","contentMap":{"de":"x","fr":"z"}}`:            {"z", "fr"},
		`{"content":"z ","contentMap":{"de":"z"}}`:                    {"z ", "de"},
		`{"content":"x","contentMap":{"<b>":"x"}}`:                    {"x", ""},
		`{"content":"x","contentMap":{"und":"x"}}`:                    {"x", ""},
		`{"content":5,"contentMap":[]}`:                               {"", ""},
		`{"content":"x","contentMap":{"de":{"nested":"x"},"en":"x"}}`: {"x", "en"},
	} {
		got, language := parse(t, text).Text("content")
		if got != want[0] || language != want[1] {
			t.Errorf("the text of %s is %q in %q", text, got, language)
		}
	}
	if got := parse(t, `{"m":{"de":"x","en":5,"":"z"}}`).Languages("m"); !reflect.DeepEqual(got, map[string]string{"de": "x"}) {
		t.Errorf("Languages = %v", got)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{person, note, question, `{"a":[[1,{"b":null}]],"url":[{"href":5}]}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		o, err := activitypub.Parse(body)
		if err != nil {
			return
		}
		if a, err := activitypub.ParseActor(o); err == nil {
			if !activitypub.SameHost(a.ID, a.Inbox) {
				t.Errorf("the inbox %q is not at home at %q", a.Inbox, a.ID)
			}
			for _, k := range a.Keys {
				if k.Owner != a.ID || !activitypub.SameHost(k.ID, a.ID) {
					t.Errorf("the key %+v is not of %q", k, a.ID)
				}
			}
		}
		if n, err := activitypub.ParseNote(o); err == nil {
			if !activitypub.SameHost(n.ID, n.AttributedTo) || len(n.Attachments) > activitypub.MaxAttachments {
				t.Errorf("the note is %+v", n)
			}
			n.Visibility("https://a.test/followers")
		}
		activitypub.ParseCollection(o)
		if _, err := activitypub.Encode(o); err != nil {
			t.Error(err)
		}
	})
}
