package activitypub

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// signedAt and testKey are those of the golden body.
var signedAt = time.Date(2024, 2, 3, 4, 5, 6, 0, time.UTC)

func testKey(t *testing.T) *rsa.PrivateKey {
	t.Helper()
	text, err := os.ReadFile("testdata/test-key.pem") // a key for tests alone
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	key, err := x509.ParsePKCS1PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

const rdfType = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"

// What is signed, written down by hand as the algorithm says: the hash of what the signature says of itself, and the hash of the activity, each in
// hexadecimal digits, of their statements in order.
func TestALinkedSignatureIsWhatItsDescriptionSays(t *testing.T) {
	key := testKey(t)
	const author, status = "https://a.test/ap/users/1", "https://a.test/ap/users/1/statuses/2"
	const as = "<https://www.w3.org/ns/activitystreams#"
	for name, c := range map[string]struct {
		activity Activity
		quads    []string
	}{
		"a Delete": {NewDelete(status+"#delete", author, status), []string{
			`<` + status + `#delete> ` + rdfType + ` ` + as + `Delete> .`,
			`<` + status + `#delete> ` + as + `actor> <` + author + `> .`,
			`<` + status + `#delete> ` + as + `object> <` + status + `> .`,
			`<` + status + `#delete> ` + as + `to> ` + as + `Public> .`,
			`<` + status + `> <http://ostatus.org#atomUri> "` + status + `" .`,
			`<` + status + `> ` + rdfType + ` ` + as + `Tombstone> .`,
		}},
		"an Announce": {NewAnnounce(status+"/activity", author, Timestamp(signedAt), []string{Public}, []string{author + "/followers"}, "https://b.test/3"), []string{
			`<` + status + `/activity> ` + rdfType + ` ` + as + `Announce> .`,
			`<` + status + `/activity> ` + as + `actor> <` + author + `> .`,
			`<` + status + `/activity> ` + as + `cc> <` + author + `/followers> .`,
			`<` + status + `/activity> ` + as + `object> <https://b.test/3> .`,
			`<` + status + `/activity> ` + as + `published> "2024-02-03T04:05:06Z"^^<http://www.w3.org/2001/XMLSchema#dateTime> .`,
			`<` + status + `/activity> ` + as + `to> ` + as + `Public> .`,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			signed, err := c.activity.Sign(author+"#main-key", key, signedAt)
			if err != nil {
				t.Fatal(err)
			}
			s := signed.Signature
			if s.Type != "RsaSignature2017" || s.Creator != author+"#main-key" || s.Created != "2024-02-03T04:05:06Z" || s.Expires != "2024-02-05T04:05:06Z" {
				t.Errorf("the signature is %+v", s)
			}
			if !strings.HasSuffix(string(signed.Context), `,"https://w3id.org/security/v1"]`) {
				t.Errorf("the context is %s", signed.Context)
			}
			options := `_:c14n0 <http://purl.org/dc/terms/created> "2024-02-03T04:05:06Z"^^<http://www.w3.org/2001/XMLSchema#dateTime> .` + "\n" +
				`_:c14n0 <http://purl.org/dc/terms/creator> <` + author + `#main-key> .` + "\n" +
				`_:c14n0 <https://w3id.org/security#expiration> "2024-02-05T04:05:06Z"^^<http://www.w3.org/2001/XMLSchema#dateTime> .` + "\n"
			document := strings.Join(c.quads, "\n") + "\n"
			bare := signed
			bare.Signature = nil
			if got, err := normal(bare); err != nil || got != document {
				t.Errorf("the activity is %v\n%s, want\n%s", err, got, document)
			}
			one, two := sha256.Sum256([]byte(options)), sha256.Sum256([]byte(document))
			sum := sha256.Sum256([]byte(hex.EncodeToString(one[:]) + hex.EncodeToString(two[:])))
			value, err := base64.StdEncoding.DecodeString(s.Value)
			if err != nil {
				t.Fatal(err)
			}
			if err := rsa.VerifyPKCS1v15(&key.PublicKey, crypto.SHA256, sum[:], value); err != nil {
				t.Error(err)
			}
		})
	}
}

// The body, with its signature, was verified once by another implementation of JSON-LD (jsonld.js 9.0.0, with the contexts of W3C).
func TestTheSignedCreateIsTheGoldenOne(t *testing.T) {
	text, err := os.ReadFile("testdata/create.json")
	if err != nil {
		t.Fatal(err)
	}
	var whole struct {
		Context json.RawMessage `json:"@context"`
		Activity
	}
	if err := json.Unmarshal(text, &whole); err != nil {
		t.Fatal(err)
	}
	create := whole.Activity
	create.Context = Context(compacted(t, whole.Context))
	signed, err := create.Sign("https://a.test/ap/users/1#main-key", testKey(t), signedAt)
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.MarshalIndent(signed, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("testdata/create_signed.json")
	if err != nil || string(got)+"\n" != string(want) {
		t.Errorf("the signed body is not testdata/create_signed.json (%v):\n%s", err, got)
	}
}

func compacted(t *testing.T, raw json.RawMessage) []byte {
	t.Helper()
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// What a context does not name is not signed, and a server that compacts would lose it.
func TestEveryWordOfOurDocumentsIsNamedByTheirContexts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) < 10 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var document map[string]any
		if err := json.Unmarshal(text, &document); err != nil {
			t.Fatal(err)
		}
		context, given := document["@context"]
		if !given {
			continue
		}
		named := map[string]bool{}
		for _, part := range list(context) {
			if address, ok := part.(string); ok {
				loaded, err := offline{}.LoadDocument(address)
				if err != nil {
					t.Fatalf("%s: %v", file, err)
				}
				part = loaded.Document.(map[string]any)["@context"]
			}
			for term := range part.(map[string]any) {
				named[term] = true
			}
		}
		delete(document, "signature")
		delete(document, "@context")
		var walk func(v any)
		walk = func(v any) {
			switch v := v.(type) {
			case []any:
				for _, one := range v {
					walk(one)
				}
			case map[string]any:
				for key, one := range v {
					if key == "@context" {
						continue
					}
					if !named[key] {
						t.Errorf("%s: %q is not named by its context", file, key)
					}
					if !strings.HasSuffix(key, "Map") { // whose keys are languages
						walk(one)
					}
				}
			}
		}
		walk(document)
		if _, err := normal(document); err == nil {
			t.Errorf("%s: without its context it says something", file)
		}
	}
}

func TestContextsAreNeverFetched(t *testing.T) {
	for _, address := range []string{"https://example.com/context", "http://www.w3.org/ns/activitystreams", "file:///etc/passwd", ""} {
		if _, err := (offline{}).LoadDocument(address); err == nil {
			t.Errorf("%q was loaded", address)
		}
	}
	a := NewActivity("Like", "https://a.test/1", "https://a.test/ap/users/1", "https://b.test/1")
	a.Context = `["https://www.w3.org/ns/activitystreams","https://example.com/context"]`
	if _, err := a.Sign("https://a.test/ap/users/1#main-key", testKey(t), signedAt); err == nil {
		t.Error("an unknown context was passed over")
	}
}
