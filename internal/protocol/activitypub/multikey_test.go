package activitypub_test

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"

	"anancus/internal/kit/fault"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/protocol/activitypub/aptest"

	"filippo.io/mldsa"
)

// The key of FEP-521a's and FEP-8b32's examples.
const exampleMultikey = "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"

func TestMultikeysAreRead(t *testing.T) {
	key, err := activitypub.ParseMultikey(exampleMultikey)
	if err != nil {
		t.Fatal(err)
	}
	want, _ := hex.DecodeString("b00d8d938e7f773d51565aad36a623f5344f7f5d1960f9cf3e8e12620ea2810f")
	if public, ok := key.(ed25519.PublicKey); !ok || !bytes.Equal(public, want) {
		t.Errorf("the key of the example is %x", key)
	}
	der := append([]byte{0x85, 0x24}, x509.MarshalPKCS1PublicKey(aptest.PublicKey(1))...)
	for name, text := range map[string]string{"base 58": aptest.Base58(der), "base64url": "u" + base64.RawURLEncoding.EncodeToString(der)} {
		key, err := activitypub.ParseMultikey(text)
		if public, ok := key.(*rsa.PublicKey); err != nil || !ok || !public.Equal(aptest.PublicKey(1)) {
			t.Errorf("an RSA key in %s: %v", name, err)
		}
	}
	raw := append([]byte{0x90, 0x24}, aptest.MLKey(1).PublicKey().Bytes()...)
	for name, text := range map[string]string{"base 58": aptest.Base58(raw), "base64url": "u" + base64.RawURLEncoding.EncodeToString(raw)} {
		key, err := activitypub.ParseMultikey(text)
		if public, ok := key.(*mldsa.PublicKey); err != nil || !ok || !public.Equal(aptest.MLKey(1).PublicKey()) {
			t.Errorf("an ML-DSA-44 key in %s: %v", name, err)
		}
	}
	for name, text := range map[string]string{
		"a byte less of ML-DSA": aptest.Base58(raw[:len(raw)-1]), "a byte more of ML-DSA": aptest.Base58(append(raw[:len(raw):len(raw)], 0)),
		"an ML-DSA-65 key": aptest.Base58(append([]byte{0x91, 0x24}, strongerKey(t).PublicKey().Bytes()...)),
		"as ML-DSA-44":     aptest.Base58(append([]byte{0x90, 0x24}, strongerKey(t).PublicKey().Bytes()...)),
		"nothing":          "", "no base": "6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2", "the base alone": "z", "zeros": "z" + strings.Repeat("1", 2000),
		"another alphabet": "z0OIl", "too short": exampleMultikey[:20], "too long": "z" + strings.Repeat("2", 1<<20),
		"another kind": aptest.Base58(append([]byte{0x80, 0x24}, make([]byte, 33)...)), "no DER": aptest.Base58([]byte{0x85, 0x24, 1, 2, 3}),
		"an X25519 key": aptest.Base58(append([]byte{0xec, 0x01}, make([]byte, 32)...)), "half of it": aptest.Base58([]byte{0xed, 0x01, 5}),
	} {
		if _, err := activitypub.ParseMultikey(text); !fault.Is(err, fault.Unauthorized) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Keys are kept as PEM; what was read is what was kept.
func TestEveryKindOfKeyIsReadBackFromPEM(t *testing.T) {
	for _, key := range []interface{ Equal(crypto.PublicKey) bool }{aptest.PublicKey(1), aptest.EdKey(1).Public().(ed25519.PublicKey), aptest.MLKey(1).PublicKey()} {
		text, err := activitypub.PublicKeyPEM(key)
		if err != nil {
			t.Fatal(err)
		}
		read, err := activitypub.ParsePublicKey(text)
		if err != nil || !key.Equal(read) {
			t.Errorf("%T is read back as %T: %v", key, read, err)
		}
	}
	text, err := activitypub.PublicKeyPEM(strongerKey(t).PublicKey())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := activitypub.ParsePublicKey(text); !fault.Is(err, fault.Unauthorized) {
		t.Errorf("an ML-DSA-65 key: %v", err)
	}
}

// Keys of this size are what makes a document of an actor large.
func TestAnActorMayListTenKeysOfMLDSA44(t *testing.T) {
	id := "https://a.test/users/ada"
	var asserts []any
	for i := range 10 {
		asserts = append(asserts, map[string]any{"id": id + "#" + strings.Repeat("x", i+1), "type": "Multikey", "controller": id, "publicKeyMultibase": aptest.MLMultikey(i)})
	}
	text, err := activitypub.Encode(with(t, person, map[string]any{"assertionMethod": asserts}))
	if err != nil {
		t.Fatal(err)
	}
	o, err := activitypub.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	a, err := activitypub.ParseActor(o)
	if err != nil {
		t.Fatal(err)
	}
	read := 0
	for _, key := range a.Keys {
		if public, ok := key.Public.(*mldsa.PublicKey); ok && key.Asserts && public.Equal(aptest.MLKey(read).PublicKey()) {
			read++
		}
	}
	if read != 10 {
		t.Errorf("%d of 10 keys are read", read)
	}
}

func TestKeysThatAssert(t *testing.T) {
	id := "https://a.test/users/ada"
	multikey := func(pairs ...any) map[string]any {
		m := map[string]any{"id": id + "#ed", "type": "Multikey", "controller": id, "publicKeyMultibase": aptest.Multikey(1)}
		for i := 0; i < len(pairs); i += 2 {
			m[pairs[i].(string)] = pairs[i+1]
		}
		return m
	}
	main := map[string]any{"id": id + "#main-key", "owner": id, "publicKeyPem": aptest.PEM(1)}
	var eleven []any
	for i := range 11 {
		eleven = append(eleven, multikey("id", id+"#"+strings.Repeat("x", i+1)))
	}
	for name, c := range map[string]struct {
		public, asserts   any
		keys, able, links int
	}{
		"one":                    {main, multikey(), 2, 1, 0},
		"a list":                 {main, []any{multikey(), multikey("id", id+"#two")}, 3, 2, 0},
		"eleven":                 {main, eleven, 11, 10, 0},
		"alone":                  {nil, multikey(), 1, 1, 0},
		"of another":             {main, multikey("controller", "https://a.test/users/bo"), 1, 0, 0},
		"on another host":        {main, multikey("id", "https://b.test/users/ada#ed"), 1, 0, 0},
		"of another kind":        {main, multikey("publicKeyMultibase", "zzzz"), 1, 0, 0},
		"by its id":              {main, id + "#main-key", 1, 1, 0},
		"twice":                  {main, main, 1, 1, 0},
		"by an address":          {main, "https://a.test/keys/1", 1, 0, 1},
		"by a part that is not":  {main, id + "#nothing", 1, 0, 0},
		"elsewhere":              {main, "https://b.test/keys/1", 1, 0, 0},
		"the id of another":      {main, multikey("id", id+"#main-key"), 1, 0, 0},
		"nonsense":               {main, []any{5, nil, []any{}, "x"}, 1, 0, 0},
		"an end nobody can read": {main, multikey("expires", "soon"), 1, 0, 0},
	} {
		a, err := activitypub.ParseActor(with(t, person, map[string]any{"publicKey": c.public, "assertionMethod": c.asserts}))
		if err != nil {
			t.Fatal(err)
		}
		able := 0
		for _, key := range a.Keys {
			if key.Asserts {
				able++
			}
		}
		if len(a.Keys) != c.keys || able != c.able || len(a.KeyLinks) != c.links {
			t.Errorf("%s: %d keys, %d of them assert, %d links", name, len(a.Keys), able, len(a.KeyLinks))
		}
	}
	a, _ := activitypub.ParseActor(with(t, person, map[string]any{"assertionMethod": multikey("expires", "2024-02-05T00:00:00Z", "revoked", "2024-02-04T00:00:00Z")}))
	if until := a.Keys[0].Until; until.Format("2006-01-02") != "2024-02-04" || activitypub.CheckUntil(until, now) != nil ||
		!fault.Is(activitypub.CheckUntil(until, until), fault.Unauthorized) {
		t.Errorf("the key ends at %v", until)
	}
}

func FuzzParseMultikey(f *testing.F) {
	f.Add(exampleMultikey)
	f.Add("uhSQ")
	f.Add(aptest.MLMultikey(1))
	f.Add(aptest.Base58(append([]byte{0x90, 0x24}, aptest.MLKey(1).PublicKey().Bytes()...)))
	f.Add("ukCQ")
	f.Fuzz(func(t *testing.T, text string) {
		key, err := activitypub.ParseMultikey(text)
		if (key == nil) == (err == nil) {
			t.Errorf("ParseMultikey(%q) = %v, %v", text, key, err)
		}
		if err != nil {
			return
		}
		kept, err := activitypub.PublicKeyPEM(key)
		if err == nil {
			_, err = activitypub.ParsePublicKey(kept)
		}
		if err != nil {
			t.Errorf("the key %q cannot be kept: %v", text, err)
		}
	})
}
