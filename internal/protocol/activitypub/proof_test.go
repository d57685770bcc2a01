package activitypub_test

import (
	"crypto"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"anancus/internal/kit/fault"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/protocol/activitypub/aptest"

	"filippo.io/mldsa"
	"github.com/gowebpki/jcs"
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
	proofs, err := activitypub.ParseProofs(o, now)
	for _, p := range proofs {
		if err = p.Verify(public); err == nil {
			return nil
		}
	}
	return err
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
		"a value in no base":         change(value1, value1[1:]),
		"a short value":              change(value1, "z2"),
		"no value":                   change(value1, ""),
		"a long value":               change(value1, "z"+strings.Repeat("2", 100_000)),
		"another kind":               change("DataIntegrityProof", "Ed25519Signature2020"),
		"another suite":              change("eddsa-jcs-2022", "eddsa-rdfc-2022"),
		"the suite of other keys":    change("eddsa-jcs-2022", "mldsa44-jcs-2024"),
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

const mlMethod = "https://a.test/users/ada#ml"

func provenML(t *testing.T) string {
	t.Helper()
	note := aptest.CreateNote(activitypub.Actor{ID: "https://a.test/users/ada", Followers: "https://a.test/users/ada/followers"}, 1, "<p>Hello world</p>")
	return string(aptest.ProveML(t, note, mlMethod, 1, now))
}

// reproven is a document with its proof otherwise.
func reproven(t *testing.T, text string, change func(proof map[string]any)) string {
	t.Helper()
	var o map[string]any
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		t.Fatal(err)
	}
	change(o["proof"].(map[string]any))
	out, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// valueOf is the signature in a proof that was written in base64url.
func valueOf(t *testing.T, proof map[string]any) []byte {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(proof["proofValue"].(string)[1:])
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestProofsByMLDSA44Verify(t *testing.T) {
	text, key := provenML(t), aptest.MLKey(1).PublicKey()
	read, err := activitypub.ParseMultikey(aptest.MLMultikey(1))
	if err != nil {
		t.Fatal(err)
	}
	inBase58 := reproven(t, text, func(p map[string]any) { p["proofValue"] = aptest.Base58(valueOf(t, p)) })
	for name, text := range map[string]string{"in base64url": text, "in base 58": inBase58} {
		if err := verifyProof(t, text, read, now); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, c := range map[string]struct {
		text   string
		public crypto.PublicKey
	}{
		"another word":   {strings.Replace(text, "Hello world", "Hello, world", 1), key},
		"another key":    {text, aptest.MLKey(2).PublicKey()},
		"an Ed25519 key": {text, aptest.EdKey(1).Public()},
		"an RSA key":     {text, aptest.PublicKey(1)},
		"no key":         {text, (*mldsa.PublicKey)(nil)},
		"a stronger key": {text, strongerKey(t).PublicKey()},
		"one bit": {reproven(t, text, func(p map[string]any) {
			value := valueOf(t, p)
			value[1000] ^= 1
			p["proofValue"] = "u" + base64.RawURLEncoding.EncodeToString(value)
		}), key},
		"a byte more": {reproven(t, text, func(p map[string]any) {
			p["proofValue"] = "u" + base64.RawURLEncoding.EncodeToString(append(valueOf(t, p), 0))
		}), key},
		"a byte less": {reproven(t, text, func(p map[string]any) {
			p["proofValue"] = "u" + base64.RawURLEncoding.EncodeToString(valueOf(t, p)[1:])
		}), key},
		"far too long":            {reproven(t, text, func(p map[string]any) { p["proofValue"] = "z" + strings.Repeat("2", 900_000) }), key},
		"in standard base64":      {reproven(t, text, func(p map[string]any) { p["proofValue"] = "m" + base64.StdEncoding.EncodeToString(valueOf(t, p)) }), key},
		"another purpose":         {reproven(t, text, func(p map[string]any) { p["proofPurpose"] = "authentication" }), key},
		"the suite of other keys": {reproven(t, text, func(p map[string]any) { p["cryptosuite"] = "eddsa-jcs-2022" }), key},
	} {
		if err := verifyProof(t, c.text, c.public, now); !fault.Is(err, fault.Unauthorized) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := verifyProof(t, proven1, key, provenAt); !fault.Is(err, fault.Unauthorized) {
		t.Errorf("a proof by Ed25519 with an ML-DSA-44 key: %v", err)
	}
}

func strongerKey(t *testing.T) *mldsa.PrivateKey {
	t.Helper()
	key, err := mldsa.NewPrivateKey(mldsa.MLDSA65(), make([]byte, mldsa.PrivateKeySize))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// The draft of the suite signs the document's @context in the proof even where the proof does not say it; others sign what the proof says.
func TestAProofByMLDSA44WithoutContextIsReadInBothWays(t *testing.T) {
	text := reproven(t, provenML(t), func(p map[string]any) { delete(p, "@context") })
	if err := verifyProof(t, text, aptest.MLKey(1).PublicKey(), now); err != nil {
		t.Errorf("signed with the document's context: %v", err)
	}
	bare := reproven(t, text, func(p map[string]any) {
		var o map[string]any
		if err := json.Unmarshal([]byte(text), &o); err != nil {
			t.Fatal(err)
		}
		delete(o, "proof")
		delete(p, "proofValue")
		var signed []byte
		for _, part := range []any{p, o} {
			text, err := json.Marshal(part)
			if err == nil {
				text, err = jcs.Transform(text)
			}
			if err != nil {
				t.Fatal(err)
			}
			sum := sha256.Sum256(text)
			signed = append(signed, sum[:]...)
		}
		value, err := aptest.MLKey(1).Sign(nil, signed, nil)
		if err != nil {
			t.Fatal(err)
		}
		p["proofValue"] = "u" + base64.RawURLEncoding.EncodeToString(value)
	})
	if err := verifyProof(t, bare, aptest.MLKey(1).PublicKey(), now); err != nil {
		t.Errorf("signed as the proof is: %v", err)
	}
	if err := verifyProof(t, strings.Replace(bare, "Hello world", "Hello, world", 1), aptest.MLKey(1).PublicKey(), now); !fault.Is(err, fault.Unauthorized) {
		t.Errorf("altered: %v", err)
	}
}

func TestOfTwoProofsOneIsEnough(t *testing.T) {
	ada := activitypub.Actor{ID: "https://a.test/users/ada", Followers: "https://a.test/users/ada/followers"}
	first := aptest.Prove(t, aptest.CreateNote(ada, 1, "<p>Hello world</p>"), "https://a.test/users/ada#ed", 1, now)
	text := string(aptest.ProveML(t, json.RawMessage(first), mlMethod, 1, now))
	for _, key := range []crypto.PublicKey{aptest.EdKey(1).Public(), aptest.MLKey(1).PublicKey()} {
		if err := verifyProof(t, text, key, now); err != nil {
			t.Errorf("with %T: %v", key, err)
		}
		if err := verifyProof(t, strings.Replace(text, "Hello world", "Hello, world", 1), key, now); !fault.Is(err, fault.Unauthorized) {
			t.Errorf("altered, with %T: %v", key, err)
		}
	}
	// Of each kind the first counts: nobody makes us try many.
	o, err := activitypub.Parse([]byte(strings.Replace(text, `"proof":[`, `"proof":[{"type":"DataIntegrityProof","cryptosuite":"mldsa44-jcs-2024"},`, 1)))
	if err != nil {
		t.Fatal(err)
	}
	if proofs, err := activitypub.ParseProofs(o, now); err != nil || len(proofs) != 1 || proofs[0].Method != "https://a.test/users/ada#ed" {
		t.Errorf("%d proofs, %v", len(proofs), err)
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
	f.Add(aptest.ProveML(f, aptest.CreateNote(activitypub.Actor{ID: "https://a.test/users/ada"}, 1, "x"), mlMethod, 1, provenAt))
	stranger := aptest.MLKey(2).PublicKey()
	f.Fuzz(func(t *testing.T, text []byte) {
		o, err := activitypub.Parse(text)
		if err != nil {
			return
		}
		_ = activitypub.Rearranged(o)
		proofs, err := activitypub.ParseProofs(o, provenAt)
		if (err == nil) == (len(proofs) == 0) || err != nil && !fault.Is(err, fault.Unauthorized) {
			t.Errorf("ParseProofs(%s) = %v, %v", text, proofs, err)
		}
		for _, p := range proofs {
			if p.Verify(aptest.EdKey(1).Public()) == nil || p.Verify(stranger) == nil {
				t.Errorf("%s verifies", text)
			}
		}
		if _, err := json.Marshal(o); err != nil {
			t.Error(err)
		}
	})
}
