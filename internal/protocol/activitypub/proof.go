package activitypub

import (
	"crypto"
	"crypto/ed25519"
	"crypto/sha256"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/gowebpki/jcs"
)

// How long and how many proofs count. A document that somebody passes on is
// fresh: deliveries are tried for three days. Older ones would let everybody
// repeat what an actor has taken back since.
const (
	proofLife  = laneEndures
	maxProofs  = 4
	suiteEdDSA = "eddsa-jcs-2022"
)

// Proof is an integrity proof of a document (FEP-8b32) that was read but not
// yet believed.
type Proof struct {
	Method string // the id of the key; whoever checks must see whose it is
	value  []byte
	signed []byte
}

// HasProof tells whether a document has a proof of any kind.
func HasProof(o Object) bool { return len(o.Objects("proof")) > 0 }

// HasLinkedSignature tells whether a document has the form of one that its
// actor signed with a Linked Data signature. It does not tell that it is true.
func HasLinkedSignature(o Object) bool {
	s := o.Object("signature")
	return s.Is("RsaSignature2017") && s.String("signatureValue") != "" && SameHost(s.Link("creator"), o.Link("actor"))
}

// rearrangers are the words of JSON-LD by which one and the same signed graph
// can be written so that plain JSON says something else.
var rearrangers = []string{"@graph", "@included", "@reverse"}

// Rearranged tells whether a document uses, or aliases, such a word: then no
// signature inside of it counts.
func Rearranged(o Object) bool { return rearranged(map[string]any(o), false) }

func rearranged(v any, context bool) bool {
	switch v := v.(type) {
	case string:
		return context && slices.Contains(rearrangers, v)
	case []any:
		return slices.ContainsFunc(v, func(one any) bool { return rearranged(one, context) })
	case map[string]any:
		for key, one := range v {
			if slices.Contains(rearrangers, key) || rearranged(one, context || key == "@context") {
				return true
			}
		}
	}
	return false
}

// ParseProof reads the proof of a document and checks all that can be checked
// without the key.
func ParseProof(o Object, now time.Time) (*Proof, error) {
	for _, p := range bounded(o.Objects("proof"), maxProofs) {
		if p.Is("DataIntegrityProof") && p.String("cryptosuite") == suiteEdDSA {
			return readProof(o, p, now)
		}
	}
	return nil, unsigned("The document has no proof that is supported")
}

func readProof(o, p Object, now time.Time) (*Proof, error) {
	proof := &Proof{Method: p.String("verificationMethod")}
	if p.String("proofPurpose") != "assertionMethod" {
		return nil, unsigned("The proof has another purpose")
	}
	if CheckID(proof.Method) != nil || len(proof.Method) > maxKeyID {
		return nil, unsigned("The proof names no usable key")
	}
	created, ok := p.Time("created")
	if !ok || created.After(now.Add(clockSkew)) || now.After(created.Add(proofLife)) {
		return nil, unsigned("The proof is not of these days")
	}
	if expires, ok := p.Time("expires"); p.Has("expires") && (!ok || now.After(expires)) {
		return nil, unsigned("The proof has expired")
	}
	digits, ok := strings.CutPrefix(p.String("proofValue"), "z")
	if !ok || len(digits) > maxMultibase {
		return nil, unsigned("The proof has no value")
	}
	var err error
	if proof.value, err = fromBase58(digits); err != nil || len(proof.value) != ed25519.SignatureSize {
		return nil, unsigned("The value of the proof cannot be read")
	}
	document, config := maps.Clone(o), maps.Clone(p)
	delete(document, "proof")
	delete(config, "proofValue")
	if context, given := p["@context"]; given {
		said, meant := list(o["@context"]), list(context)
		if len(meant) > len(said) || !reflect.DeepEqual(said[:len(meant)], meant) {
			return nil, unsigned("The proof is for another context")
		}
		document["@context"] = context
	}
	for _, part := range []Object{config, document} {
		text, err := canonical(part)
		if err != nil {
			return nil, unsigned("The document cannot be written in one way")
		}
		sum := sha256.Sum256(text)
		proof.signed = append(proof.signed, sum[:]...)
	}
	return proof, nil
}

// canonical writes a document as RFC 8785 says.
func canonical(o Object) ([]byte, error) {
	text, err := Encode(o)
	if err != nil {
		return nil, err
	}
	return jcs.Transform(text)
}

// Verify tells whether the owner of the key made the proof. The key must be one
// that its actor lists for assertions.
func (p *Proof) Verify(public crypto.PublicKey) error {
	key, ok := public.(ed25519.PublicKey)
	if !ok || len(key) != ed25519.PublicKeySize {
		return unsigned("The key of %s cannot be used with this proof", p.Method)
	}
	if !ed25519.Verify(key, p.signed, p.value) {
		return unsigned("Verification failed for %s", p.Method)
	}
	return nil
}
