package activitypub

import (
	"crypto"
	"crypto/ed25519"
	"crypto/sha256"
	"maps"
	"reflect"
	"slices"
	"time"

	"filippo.io/mldsa"
	"github.com/gowebpki/jcs"
)

// How long and how many proofs count. A document that somebody passes on is
// fresh: deliveries are tried for three days. Older ones would let everybody
// repeat what an actor has taken back since.
const (
	proofLife    = laneEndures
	maxProofs    = 4
	suiteEdDSA   = "eddsa-jcs-2022"
	suiteMLDSA44 = "mldsa44-jcs-2024"
)

// suites are the ways to prove that are understood, and how long the signature of each is.
var suites = map[string]int{suiteEdDSA: ed25519.SignatureSize, suiteMLDSA44: mldsa.MLDSA44SignatureSize}

// Proof is an integrity proof of a document (FEP-8b32) that was read but not
// yet believed.
type Proof struct {
	Method string // the id of the key; whoever checks must see whose it is
	suite  string
	value  []byte
	signed [][]byte // what may have been signed: one of them must fit
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

// ParseProofs reads the proofs of a document, the first of each kind that is
// supported, and checks all that can be checked without the keys. One that
// holds is enough: a document may carry one for those who do not know another.
func ParseProofs(o Object, now time.Time) ([]*Proof, error) {
	var proofs []*Proof
	var first error
	seen := map[string]bool{}
	for _, p := range bounded(o.Objects("proof"), maxProofs) {
		suite := p.String("cryptosuite")
		if suites[suite] == 0 || seen[suite] || !p.Is("DataIntegrityProof") {
			continue
		}
		seen[suite] = true
		proof, err := readProof(o, p, suite, now)
		if err == nil {
			proofs = append(proofs, proof)
		} else if first == nil {
			first = err
		}
	}
	switch {
	case len(proofs) > 0:
		return proofs, nil
	case first != nil:
		return nil, first
	}
	return nil, unsigned("The document has no proof that is supported")
}

func readProof(o, p Object, suite string, now time.Time) (*Proof, error) {
	proof := &Proof{Method: p.String("verificationMethod"), suite: suite}
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
	var err error
	if proof.value, err = fromMultibase(p.String("proofValue"), suites[suite]); err != nil || len(proof.value) != suites[suite] {
		return nil, unsigned("The value of the proof cannot be read")
	}
	document, config := maps.Clone(o), maps.Clone(p)
	delete(document, "proof")
	delete(config, "proofValue")
	configs := []Object{config}
	if context, given := p["@context"]; given {
		said, meant := list(o["@context"]), list(context)
		if len(meant) > len(said) || !reflect.DeepEqual(said[:len(meant)], meant) {
			return nil, unsigned("The proof is for another context")
		}
		document["@context"] = context
	} else if suite == suiteMLDSA44 && document.Has("@context") {
		// The draft of this suite signs the proof as if it said the document's context, other makers what it says.
		whole := maps.Clone(config)
		whole["@context"] = document["@context"]
		configs = append(configs, whole)
	}
	body, err := hashed(document)
	if err != nil {
		return nil, err
	}
	for _, config := range configs {
		head, err := hashed(config)
		if err != nil {
			return nil, err
		}
		proof.signed = append(proof.signed, append(head, body...))
	}
	return proof, nil
}

// hashed is the hash of a part of what a proof signs.
func hashed(part Object) ([]byte, error) {
	text, err := canonical(part)
	if err != nil {
		return nil, unsigned("The document cannot be written in one way")
	}
	sum := sha256.Sum256(text)
	return sum[:], nil
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
// that its actor lists for assertions. The kind of proof decides the kind of key.
func (p *Proof) Verify(public crypto.PublicKey) error {
	var fits func(signed []byte) bool
	switch key := public.(type) {
	case ed25519.PublicKey:
		if p.suite == suiteEdDSA && len(key) == ed25519.PublicKeySize {
			fits = func(signed []byte) bool { return ed25519.Verify(key, signed, p.value) }
		}
	case *mldsa.PublicKey:
		if p.suite == suiteMLDSA44 && key != nil && key.Parameters() == mldsa.MLDSA44() {
			fits = func(signed []byte) bool { return mldsa.Verify(key, signed, p.value, nil) == nil }
		}
	}
	if fits == nil {
		return unsigned("The key of %s cannot be used with this proof", p.Method)
	}
	if !slices.ContainsFunc(p.signed, fits) {
		return unsigned("Verification failed for %s", p.Method)
	}
	return nil
}
