package activitypub_test

import (
	"crypto"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"anancus/internal/kit/fault"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/protocol/activitypub/aptest"
)

// The example of FEP-8b32 (fep-8b32.feature), in both versions of its context.
const (
	proven1 = `{"@context":["https://www.w3.org/ns/activitystreams","https://w3id.org/security/data-integrity/v1"],"id":"https://server.example/activities/1","type":"Create","actor":"https://server.example/users/alice","object":{"id":"https://server.example/objects/1","type":"Note","attributedTo":"https://server.example/users/alice","content":"Hello world","location":{"type":"Place","longitude":-71.184902,"latitude":25.273962}},"proof":{"@context":["https://www.w3.org/ns/activitystreams","https://w3id.org/security/data-integrity/v1"],"type":"DataIntegrityProof","cryptosuite":"eddsa-jcs-2022","verificationMethod":"https://server.example/users/alice#ed25519-key","proofPurpose":"assertionMethod","proofValue":"zLaewdp4H9kqtwyrLatK4cjY5oRHwVcw4gibPSUDYDMhi4M49v8pcYk3ZB6D69dNpAPbUmY8ocuJ3m9KhKJEEg7z","created":"2023-02-24T23:36:38Z"}}`
	value1  = "zLaewdp4H9kqtwyrLatK4cjY5oRHwVcw4gibPSUDYDMhi4M49v8pcYk3ZB6D69dNpAPbUmY8ocuJ3m9KhKJEEg7z"
	value2  = "z42ffGu6AUKPCFcFPiabmUvnGLPJzC7e4DGWC52NUasSSH37UMa9c58tdgVszUcZfytxa4fQ5TYHaJENCxUDe9SdL"
)

var provenAt = time.Date(2023, 2, 24, 23, 40, 0, 0, time.UTC)

func verifyProof(t *testing.T, text string, public crypto.PublicKey, now time.Time) error {
	t.Helper()
	o, err := activitypub.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	p, err := activitypub.ParseProof(o, now)
	if err != nil {
		return err
	}
	return p.Verify(public)
}

func TestTheExamplesOfFEP8b32Verify(t *testing.T) {
	key, err := activitypub.ParseMultikey(exampleMultikey)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{proven1, strings.ReplaceAll(strings.Replace(proven1, value1, value2, 1), "data-integrity/v1", "data-integrity/v2")} {
		if err := verifyProof(t, text, key, provenAt); err != nil {
			t.Error(err)
		}
	}
	// Written otherwise, it is the same.
	if err := verifyProof(t, strings.Replace(strings.Replace(proven1, `"type":"Note",`, ` "type" : "\u004eote" ,`, 1), "-71.184902", "-7.1184902e1", 1), key, provenAt); err != nil {
		t.Error(err)
	}
}

func TestProofsThatDoNotCount(t *testing.T) {
	key, err := activitypub.ParseMultikey(exampleMultikey)
	if err != nil {
		t.Fatal(err)
	}
	change := func(old, new string) string {
		if !strings.Contains(proven1, old) {
			t.Errorf("the example has no %s", old)
		}
		return strings.Replace(proven1, old, new, 1)
	}
	for name, text := range map[string]string{
		"another word":               change("Hello world", "Hello, world"),
		"a word more":                change(`"type":"Create"`, `"type":"Create","to":["as:Public"]`),
		"a word less":                change(`"content":"Hello world",`, ``),
		"another number":             change("25.273962", "25.273963"),
		"another actor":              change(`"actor":"https://server.example/users/alice"`, `"actor":"https://server.example/users/bob"`),
		"another time":               change("23:36:38", "23:36:39"),
		"another key":                change("alice#ed25519-key", "bob#ed25519-key"),
		"another value":              change(value1, value2),
		"a value in another base":    change(value1, "u"+value1[1:]),
		"a short value":              change(value1, "z2"),
		"no value":                   change(value1, ""),
		"a long value":               change(value1, "z"+strings.Repeat("2", 100_000)),
		"another kind":               change("DataIntegrityProof", "Ed25519Signature2020"),
		"another suite":              change("eddsa-jcs-2022", "eddsa-rdfc-2022"),
		"another purpose":            change(`"proofPurpose":"assertionMethod"`, `"proofPurpose":"authentication"`),
		"no purpose":                 change(`"proofPurpose":"assertionMethod",`, ``),
		"a key without a host":       change("https://server.example/users/alice#ed25519-key", "did:key:z6Mk"),
		"no time":                    change(`,"created":"2023-02-24T23:36:38Z"`, ``),
		"a time that is none":        change("2023-02-24T23:36:38Z", "yesterday"),
		"expired":                    change(`"proofPurpose"`, `"expires":"2023-02-24T23:39:00Z","proofPurpose"`),
		"an end that is none":        change(`"proofPurpose"`, `"expires":5,"proofPurpose"`),
		"the context of another":     change(`"proof":{"@context":["https://www.w3.org/ns/activitystreams"`, `"proof":{"@context":["https://example.com/"`),
		"a context more than it has": change(`data-integrity/v1"],"type":"DataIntegrityProof"`, `data-integrity/v1","x"],"type":"DataIntegrityProof"`),
		"a number that is none":      change("25.273962", "1e999"),
		"many others":                change(`"proof":{`, `"proof":[{},{},{},{},{`),
		"none":                       `{"@context":"https://www.w3.org/ns/activitystreams","proof":{}}`,
	} {
		if strings.Contains(text, `"proof":[`) {
			text = strings.TrimSuffix(text, "}") + "]}"
		}
		if err := verifyProof(t, text, key, provenAt); !fault.Is(err, fault.Unauthorized) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, now := range map[string]time.Time{"of next week": provenAt.Add(-7 * 24 * time.Hour), "of last week": provenAt.Add(7 * 24 * time.Hour)} {
		if err := verifyProof(t, proven1, key, now); !fault.Is(err, fault.Unauthorized) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, key := range []crypto.PublicKey{nil, aptest.PublicKey(1), aptest.EdKey(1).Public()} {
		if err := verifyProof(t, proven1, key, provenAt); !fault.Is(err, fault.Unauthorized) {
			t.Errorf("with %T: %v", key, err)
		}
	}
}

func TestWhatWeProveInTestsVerifies(t *testing.T) {
	note := aptest.CreateNote(activitypub.Actor{ID: "https://a.test/users/ada", Followers: "https://a.test/users/ada/followers"}, 1, "<p>é < \u2028 &</p>")
	text := string(aptest.Prove(t, note, "https://a.test/users/ada#ed", 1, now))
	if err := verifyProof(t, text, aptest.EdKey(1).Public(), now); err != nil {
		t.Error(err)
	}
}

func TestRearrangedDocumentsAreKnown(t *testing.T) {
	for text, want := range map[string]bool{
		`{}`:                                  false,
		`{"content":"@graph"}`:                false,
		`{"@graph":[]}`:                       true,
		`{"object":{"@reverse":{}}}`:          true,
		`{"object":[1,[{"@included":null}]]}`: true,
		`{"@context":["https://www.w3.org/ns/activitystreams",{"a":"@graph"}]}`:   true,
		`{"@context":{"a":{"@reverse":"as:object"}}}`:                             true,
		`{"@context":{"a":{"@id":"@included"}}}`:                                  true,
		`{"object":{"@context":[{"b":"@reverse"}]}}`:                              true,
		`{"@context":["https://www.w3.org/ns/activitystreams",{"a":"as:graph"}]}`: false,
	} {
		o, err := activitypub.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if got := activitypub.Rearranged(o); got != want {
			t.Errorf("Rearranged(%s) = %v", text, got)
		}
	}
}

func TestLinkedSignaturesAreKnownByTheirForm(t *testing.T) {
	good := map[string]any{"type": "RsaSignature2017", "creator": "https://a.test/users/ada#main-key", "created": "2024-01-01T00:00:00Z", "signatureValue": "eA=="}
	for name, c := range map[string]struct {
		key   string
		value any
		want  bool
	}{
		"usual": {"x", nil, true}, "another kind": {"type", "RsaSignature2018", false}, "of another host": {"creator", "https://b.test/x#main-key", false},
		"without a value": {"signatureValue", nil, false}, "without a creator": {"creator", nil, false},
	} {
		signature := map[string]any{}
		for k, v := range good {
			signature[k] = v
		}
		signature[c.key] = c.value
		if got := activitypub.HasLinkedSignature(activitypub.Object{"actor": "https://a.test/users/ada", "signature": signature}); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	if activitypub.HasLinkedSignature(activitypub.Object{"actor": "https://a.test/users/ada"}) {
		t.Error("what has none has one")
	}
}

func FuzzParseProof(f *testing.F) {
	f.Add([]byte(proven1))
	f.Add([]byte(`{"proof":[{"type":["DataIntegrityProof"],"cryptosuite":"eddsa-jcs-2022"}],"@context":{}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		o, err := activitypub.Parse(text)
		if err != nil {
			return
		}
		_ = activitypub.Rearranged(o)
		p, err := activitypub.ParseProof(o, provenAt)
		if err != nil {
			if !fault.Is(err, fault.Unauthorized) {
				t.Errorf("ParseProof(%s) = %v", text, err)
			}
			return
		}
		if p.Verify(aptest.EdKey(1).Public()) == nil {
			t.Errorf("%s verifies", text)
		}
		if _, err := json.Marshal(o); err != nil {
			t.Error(err)
		}
	})
}
