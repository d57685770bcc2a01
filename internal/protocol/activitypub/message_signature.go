package activitypub

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"slices"
	"strings"
	"time"

	"anancus/internal/kit/fault"

	"github.com/dunglas/httpsfv"
)

// What signatures by RFC 9421 are made of, as far as servers of the fediverse use them.
const (
	algorithmRSA15   = "rsa-v1_5-sha256"
	algorithmEd25519 = "ed25519"
	componentMethod  = "@method"
	componentTarget  = "@target-uri"
	contentDigest    = "content-digest"
	maxLabels        = 8 // signatures of one request that are looked at; one is usual, a proxy may add one
	maxSigBytes      = 1024
)

// derived are the components of a request that are no headers.
var derived = []string{componentMethod, componentTarget, "@authority", "@scheme", "@request-target", "@path", "@query"}

// parseMessage reads the signature of a request by RFC 9421. Of several the
// first that can be checked here counts: others may be a proxy's.
func parseMessage(r *http.Request) (*Signature, error) {
	inputs, err := dictionary(r, "Signature-Input")
	if err != nil {
		return nil, unsigned("Error parsing the Signature-Input header")
	}
	values, err := dictionary(r, "Signature")
	if err != nil {
		return nil, unsigned("Error parsing the Signature header")
	}
	first := unsigned("Request not signed")
	for i, label := range inputs.Names() {
		if i >= maxLabels {
			break
		}
		input, _ := inputs.Get(label)
		value, _ := values.Get(label)
		s, err := readMessage(input, value)
		if err == nil {
			err = s.checkComponents(r)
		}
		if err == nil {
			return s, nil
		}
		if i == 0 {
			first = err
		}
	}
	return nil, first
}

func dictionary(r *http.Request, name string) (*httpsfv.Dictionary, error) {
	values := r.Header.Values(name)
	size := 0
	for _, value := range values {
		size += len(value)
	}
	if size > maxSigHeader {
		return nil, unsigned("The %s header is too long", name)
	}
	return httpsfv.UnmarshalDictionary(values)
}

// readMessage reads one member of Signature-Input and the value that Signature
// has by the same name.
func readMessage(input, value httpsfv.Member) (*Signature, error) {
	list, ok := input.(httpsfv.InnerList)
	item, signed := value.(httpsfv.Item)
	bytes, isBytes := item.Value.([]byte)
	if !ok || !signed || !isBytes || list.Params == nil || len(bytes) == 0 || len(bytes) > maxSigBytes {
		return nil, unsigned("Error parsing signature parameters")
	}
	s := &Signature{message: true, value: bytes}
	for _, part := range list.Items {
		name, text := part.Value.(string)
		if !text || len(s.headers) >= maxSigned {
			return nil, unsigned("The signature covers too many components")
		}
		if part.Params != nil && len(part.Params.Names()) > 0 {
			return nil, unsigned("The signature covers %q in a way that is not supported", name)
		}
		s.headers = append(s.headers, name)
	}
	if err := s.readParams(list.Params); err != nil {
		return nil, err
	}
	var err error
	if s.params, err = httpsfv.Marshal(list); err != nil {
		return nil, unsigned("Error parsing signature parameters")
	}
	return s, nil
}

// readParams reads what a signature says about itself; all of it is signed.
func (s *Signature) readParams(params *httpsfv.Params) error {
	keyID, _ := params.Get("keyid")
	s.KeyID, _ = keyID.(string)
	created, _ := params.Get("created")
	seconds, timed := created.(int64)
	if s.KeyID == "" || len(s.KeyID) > maxKeyID || !timed {
		return unsigned("Incompatible request signature. keyid and created are required")
	}
	if seconds < 0 || seconds > 1<<40 {
		return unsigned("Invalid created parameter")
	}
	s.createdAt = time.Unix(seconds, 0)
	if expires, given := params.Get("expires"); given {
		seconds, ok := expires.(int64)
		if !ok || seconds < 0 || seconds > 1<<40 {
			return unsigned("Invalid expires parameter")
		}
		s.expiresAt = time.Unix(seconds, 0)
	}
	if algorithm, given := params.Get("alg"); given {
		s.algorithm, _ = algorithm.(string)
		if s.algorithm != algorithmRSA15 && s.algorithm != algorithmEd25519 {
			return unsigned("Unsupported signature algorithm (only rsa-v1_5-sha256 and ed25519 are supported)")
		}
	}
	return nil
}

// checkComponents demands that what matters is signed.
func (s *Signature) checkComponents(r *http.Request) error {
	for i, name := range s.headers {
		switch {
		case slices.Contains(s.headers[:i], name):
			return unsigned("The signature names the component %q twice", name)
		case strings.HasPrefix(name, "@") && !slices.Contains(derived, name):
			return unsigned("The signature covers %q, which is not supported", name)
		case name != strings.ToLower(name):
			return unsigned("The signature names a component in upper case")
		}
	}
	reading := r.Method == http.MethodGet || r.Method == http.MethodHead
	switch {
	case !slices.Contains(s.headers, componentMethod) || !slices.Contains(s.headers, componentTarget):
		return unsigned("The signature must cover @method and @target-uri")
	case !reading && !slices.Contains(s.headers, contentDigest):
		return unsigned("The signature must cover content-digest when doing a POST request")
	}
	return nil
}

// verifyMessage is Verify for RFC 9421.
func (s *Signature) verifyMessage(r *http.Request, body []byte, public crypto.PublicKey, now time.Time) error {
	if err := inTime(s.createdAt, s.expiresAt, now); err != nil {
		return err
	}
	if slices.Contains(s.headers, contentDigest) {
		if err := checkContentDigest(r, body); err != nil {
			return err
		}
	}
	// Behind a proxy we do not see how the client spoke. Either scheme is this server.
	schemes := []string{"https", "http"}
	if r.TLS != nil {
		schemes = schemes[:1]
	}
	for _, scheme := range schemes {
		base, err := s.base(r, scheme)
		if err != nil {
			return err
		}
		fits, err := s.fits([]byte(base), public)
		if err != nil || fits {
			return err
		}
	}
	return unsigned("Verification failed for %s", s.KeyID)
}

// fits tells whether the value is the key's signature of a text. The kind of
// the key decides; an algorithm that is named must be of that kind.
func (s *Signature) fits(base []byte, public crypto.PublicKey) (bool, error) {
	switch key := public.(type) {
	case *rsa.PublicKey:
		if key != nil && key.N != nil && (s.algorithm == "" || s.algorithm == algorithmRSA15) {
			sum := sha256.Sum256(base)
			return rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], s.value) == nil, nil
		}
	case ed25519.PublicKey:
		if len(key) == ed25519.PublicKeySize && (s.algorithm == "" || s.algorithm == algorithmEd25519) {
			return ed25519.Verify(key, base, s.value), nil
		}
	}
	return false, unsigned("The key of %s cannot be used with this signature", s.KeyID)
}

// base is what was signed (RFC 9421, 2.5).
func (s *Signature) base(r *http.Request, scheme string) (string, error) {
	var b strings.Builder
	for _, name := range s.headers {
		value, err := component(r, name, scheme)
		if err != nil {
			return "", err
		}
		b.WriteString(`"` + name + `": ` + value + "\n")
	}
	b.WriteString(`"@signature-params": ` + s.params)
	return b.String(), nil
}

// component is the value of a part of a request that arrived.
func component(r *http.Request, name, scheme string) (string, error) {
	uri := requestURI(r)
	path, query, _ := strings.Cut(uri, "?")
	switch name {
	case componentMethod:
		return r.Method, nil
	case componentTarget:
		return scheme + "://" + r.Host + uri, nil
	case "@authority":
		authority := strings.ToLower(r.Host)
		if port := map[string]string{"https": ":443", "http": ":80"}[scheme]; strings.HasSuffix(authority, port) {
			authority = strings.TrimSuffix(authority, port)
		}
		return authority, nil
	case "@scheme":
		return scheme, nil
	case "@request-target":
		return uri, nil
	case "@path":
		return path, nil
	case "@query":
		return "?" + query, nil
	case "host":
		return r.Host, nil
	}
	values := r.Header.Values(name)
	if len(values) == 0 {
		return "", unsigned("The signature covers %s, which the request does not have", name)
	}
	if (name == "date" || name == contentDigest || name == "content-type") && len(values) > 1 {
		return "", unsigned("Request has more than one %s header", name)
	}
	trimmed := make([]string, len(values))
	for i, value := range values {
		trimmed[i] = strings.TrimSpace(value)
	}
	return strings.Join(trimmed, ", "), nil
}

// checkContentDigest compares the Content-Digest header (RFC 9530) with the body.
func checkContentDigest(r *http.Request, body []byte) error {
	if len(r.Header.Values("Content-Digest")) != 1 {
		return unsigned("Request must have one Content-Digest header")
	}
	digests, err := dictionary(r, "Content-Digest")
	if err != nil {
		return fault.New(fault.BadRequest, "Content-Digest header is malformed")
	}
	member, found := digests.Get("sha-256")
	if !found {
		return unsigned("Only sha-256 is supported in the Content-Digest header")
	}
	item, _ := member.(httpsfv.Item)
	sum, _ := item.Value.([]byte)
	real := sha256.Sum256(body)
	if subtle.ConstantTimeCompare(sum, real[:]) != 1 {
		return unsigned("Invalid Content-Digest value. It does not match the body")
	}
	return nil
}
