package aptest

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"strings"
	"testing"
	"time"

	"anancus/internal/protocol/activitypub"

	"filippo.io/mldsa"
	"github.com/gowebpki/jcs"
)

// EdKey is the n-th Ed25519 key, always the same.
func EdKey(n int) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{byte(n + 1)}, ed25519.SeedSize))
}

// MLKey is the n-th ML-DSA-44 key, always the same.
func MLKey(n int) *mldsa.PrivateKey {
	key, err := mldsa.NewPrivateKey(mldsa.MLDSA44(), bytes.Repeat([]byte{byte(n + 1)}, mldsa.PrivateKeySize))
	if err != nil {
		panic(err) // the seed has the size that it must have
	}
	return key
}

// ContentDigest is the Content-Digest header of a body.
func ContentDigest(body []byte) string {
	sum := sha256.Sum256(body)
	return "sha-256=:" + base64.StdEncoding.EncodeToString(sum[:]) + ":"
}

// SignMessage signs a request by RFC 9421 over the given components with any
// key and any parameters, written apart from the code under test.
func SignMessage(t testing.TB, r *http.Request, key crypto.Signer, components, params string) {
	t.Helper()
	var lines, quoted []string
	for _, name := range strings.Fields(components) {
		value := strings.Join(r.Header.Values(name), ", ")
		switch name {
		case "@method":
			value = r.Method
		case "@target-uri":
			value = r.URL.String()
		case "@authority":
			value = r.URL.Host
		case "@path":
			value = r.URL.EscapedPath()
		}
		lines = append(lines, fmt.Sprintf("%q: %s", name, value))
		quoted = append(quoted, fmt.Sprintf("%q", name))
	}
	input := "(" + strings.Join(quoted, " ") + ")" + params
	base := []byte(strings.Join(append(lines, `"@signature-params": `+input), "\n"))
	var value []byte
	var err error
	switch k := key.(type) {
	case *rsa.PrivateKey:
		sum := sha256.Sum256(base)
		value, err = rsa.SignPKCS1v15(rand.Reader, k, crypto.SHA256, sum[:])
	case ed25519.PrivateKey:
		value = ed25519.Sign(k, base)
	}
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Signature-Input", "sig="+input)
	r.Header.Set("Signature", "sig=:"+base64.StdEncoding.EncodeToString(value)+":")
}

// PostMessage is Post with a signature by RFC 9421 and any key.
func PostMessage(t testing.TB, inbox, keyID string, key crypto.Signer, body []byte, now time.Time) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, inbox, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", activitypub.ContentTypePost)
	r.Header.Set("Content-Digest", ContentDigest(body))
	SignMessage(t, r, key, "@method @target-uri content-digest", fmt.Sprintf(`;created=%d;keyid="%s"`, now.Unix(), keyID))
	return r
}

// Base58 writes bytes as a Multikey or a proof has them.
func Base58(raw []byte) string {
	const digits = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
	n, text := new(big.Int).SetBytes(raw), ""
	for n.Sign() > 0 {
		digit := new(big.Int)
		n.DivMod(n, big.NewInt(58), digit)
		text = string(digits[digit.Int64()]) + text
	}
	for _, b := range raw {
		if b != 0 {
			break
		}
		text = "1" + text
	}
	return "z" + text
}

// Multikey is the public half of the n-th Ed25519 key as actors list it.
func Multikey(n int) string {
	return Base58(append([]byte{0xed, 0x01}, EdKey(n).Public().(ed25519.PublicKey)...))
}

// MLMultikey is the public half of the n-th ML-DSA-44 key as actors list it.
func MLMultikey(n int) string {
	return "u" + base64.RawURLEncoding.EncodeToString(append([]byte{0x90, 0x24}, MLKey(n).PublicKey().Bytes()...))
}

// Prove writes a document with an integrity proof (FEP-8b32) by the n-th Ed25519 key.
func Prove(t testing.TB, document any, keyID string, n int, now time.Time) []byte {
	t.Helper()
	return prove(t, document, "eddsa-jcs-2022", keyID, now, func(signed []byte) string { return Base58(ed25519.Sign(EdKey(n), signed)) })
}

// ProveML is Prove by the n-th ML-DSA-44 key.
func ProveML(t testing.TB, document any, keyID string, n int, now time.Time) []byte {
	t.Helper()
	return prove(t, document, "mldsa44-jcs-2024", keyID, now, func(signed []byte) string {
		value, err := MLKey(n).Sign(nil, signed, nil)
		if err != nil {
			t.Fatal(err)
		}
		return "u" + base64.RawURLEncoding.EncodeToString(value)
	})
}

// prove adds a proof to those that a document has.
func prove(t testing.TB, document any, suite, keyID string, now time.Time, sign func(signed []byte) string) []byte {
	t.Helper()
	text, err := activitypub.Encode(document)
	if err != nil {
		t.Fatal(err)
	}
	var o map[string]any
	if err := json.Unmarshal(text, &o); err != nil {
		t.Fatal(err)
	}
	others, _ := o["proof"].([]any)
	if one, ok := o["proof"].(map[string]any); ok {
		others = []any{one}
	}
	delete(o, "proof")
	proof := map[string]any{"@context": o["@context"], "type": "DataIntegrityProof", "cryptosuite": suite, "verificationMethod": keyID,
		"proofPurpose": "assertionMethod", "created": now.UTC().Format(time.RFC3339)}
	var signed []byte
	for _, part := range []any{proof, o} {
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
	proof["proofValue"] = sign(signed)
	o["proof"] = proof
	if len(others) > 0 {
		o["proof"] = append(others, proof)
	}
	if text, err = activitypub.Encode(o); err != nil {
		t.Fatal(err)
	}
	return text
}
