package activitypub

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/piprate/json-gold/ld"
)

// linkedLife is how long a Linked Data signature says that it lasts, as Mastodon's.
const linkedLife = 48 * time.Hour

const (
	contextSecurity = "https://w3id.org/security/v1"
	contextIdentity = "https://w3id.org/identity/v1"
)

// contextFiles hold the contexts that our documents name, so that signing asks
// nobody: those of ActivityStreams and of security v1 whole, of identity v1
// the terms that a signature has.
//
//go:embed contexts/*.jsonld
var contextFiles embed.FS

var contextFile = map[string]string{
	Namespace:       "activitystreams",
	contextSecurity: "security-v1",
	contextIdentity: "identity-v1",
	"https://purl.archive.org/socialweb/webfinger": "webfinger",
}

// LinkedSignature is a Linked Data signature (RsaSignature2017): old, and
// believed here from nobody, but what other servers want before they pass an
// activity on.
type LinkedSignature struct {
	Type    string `json:"type"`
	Creator string `json:"creator"`
	Created string `json:"created"`
	Expires string `json:"expires"`
	Value   string `json:"signatureValue,omitempty"`
}

// Sign adds a Linked Data signature to an activity of ours. It belongs to the
// words as they are: it is made once and last.
func (a Activity) Sign(keyID string, key crypto.Signer, now time.Time) (Activity, error) {
	if _, ok := key.Public().(*rsa.PublicKey); !ok {
		return a, errors.New("sign activity: the key is not RSA")
	}
	a.Context, a.Signature = a.Context.withSecurity(), nil
	s := LinkedSignature{Type: "RsaSignature2017", Creator: keyID, Created: Timestamp(now), Expires: Timestamp(now.Add(linkedLife))}
	options, err := normalHash(map[string]string{"@context": contextIdentity, "creator": s.Creator, "created": s.Created, "expires": s.Expires})
	if err != nil {
		return a, fmt.Errorf("sign activity: %w", err)
	}
	document, err := normalHash(a)
	if err != nil {
		return a, fmt.Errorf("sign activity: %w", err)
	}
	sum := sha256.Sum256([]byte(options + document))
	value, err := key.Sign(rand.Reader, sum[:], crypto.SHA256)
	if err != nil {
		return a, fmt.Errorf("sign activity: %w", err)
	}
	s.Value = base64.StdEncoding.EncodeToString(value)
	a.Signature = &s
	return a, nil
}

// withSecurity adds the context that says what a signature is.
func (c Context) withSecurity() Context {
	const security = `"` + contextSecurity + `"`
	switch {
	case strings.Contains(string(c), security):
		return c
	case strings.HasSuffix(string(c), "]"):
		return c[:len(c)-1] + "," + security + "]"
	case c == "":
		c = ContextPlain
	}
	return "[" + c + "," + security + "]"
}

// normalHash is the hash, in hexadecimal digits, of the graph that a document
// is (URDNA2015).
func normalHash(v any) (string, error) {
	graph, err := normal(v)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(graph))
	return hex.EncodeToString(sum[:]), nil
}

func normal(v any) (string, error) {
	text, err := Encode(v)
	if err != nil {
		return "", err
	}
	var document any
	if err := json.Unmarshal(text, &document); err != nil {
		return "", err
	}
	options := ld.NewJsonLdOptions("")
	options.Format, options.Algorithm, options.DocumentLoader = "application/n-quads", ld.AlgorithmURDNA2015, offline{}
	graph, err := ld.NewJsonLdProcessor().Normalize(document, options)
	if err != nil {
		return "", err
	}
	quads, ok := graph.(string)
	if !ok || quads == "" {
		return "", errors.New("the document says nothing")
	}
	return quads, nil
}

// offline gives the contexts that come with us, and no others.
type offline struct{}

// LoadDocument gives a context by its address.
func (offline) LoadDocument(address string) (*ld.RemoteDocument, error) {
	name, known := contextFile[address]
	if !known {
		return nil, ld.NewJsonLdError(ld.LoadingDocumentFailed, "no such context: "+address)
	}
	text, err := contextFiles.ReadFile("contexts/" + name + ".jsonld")
	if err != nil {
		return nil, ld.NewJsonLdError(ld.LoadingDocumentFailed, err)
	}
	document, err := ld.DocumentFromReader(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	return &ld.RemoteDocument{DocumentURL: address, Document: document}, nil
}
