package activitypub

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"anancus/internal/kit/fault"
)

// How long a signature lives. The skew is added on both ends, so that one with
// only a Date works for an hour and five minutes.
const (
	clockSkew       = time.Hour
	signatureLife   = 5 * time.Minute
	maxSignature    = 12 * time.Hour
	maxSigHeader    = 8 << 10
	maxSigned       = 32 // headers under one signature; ten are usual
	maxKeyID        = 2048
	maxSigBase64    = 2048 // an RSA-8192 signature takes 1368
	algorithmHS2019 = "hs2019"
	algorithmRSA    = "rsa-sha256"
)

// Signature is the signature of a request that was read but not yet believed:
// by draft-cavage-http-signatures-12, or by RFC 9421 (message_signature.go).
type Signature struct {
	KeyID     string
	algorithm string
	headers   []string // what it covers, in order
	value     []byte
	created   string // draft-cavage: as they were written
	expires   string

	message              bool   // by RFC 9421
	params               string // of RFC 9421, as they are signed
	createdAt, expiresAt time.Time
}

func unsigned(format string, args ...any) error {
	return fault.New(fault.Unauthorized, fmt.Sprintf(format, args...))
}

// ParseSignature reads the signature of a request and checks all that
// can be checked without the key and the body, so that no key is fetched for a
// request that cannot succeed. One with Signature-Input is read by RFC 9421.
func ParseSignature(r *http.Request) (*Signature, error) {
	if len(r.Header.Values("Signature-Input")) > 0 {
		return parseMessage(r)
	}
	values := r.Header.Values("Signature")
	if len(values) == 0 {
		return nil, unsigned("Request not signed")
	}
	if len(values) > 1 {
		return nil, unsigned("Request has more than one Signature header")
	}
	params, err := signatureParams(values[0])
	if err != nil {
		return nil, err
	}
	s := &Signature{
		KeyID:     params["keyId"],
		algorithm: strings.ToLower(params["algorithm"]),
		created:   params["created"],
		expires:   params["expires"],
	}
	if s.KeyID == "" || len(s.KeyID) > maxKeyID || params["signature"] == "" {
		return nil, unsigned("Incompatible request signature. keyId and signature are required")
	}
	if s.algorithm == "" {
		s.algorithm = algorithmHS2019
	}
	if s.algorithm != algorithmHS2019 && s.algorithm != algorithmRSA {
		return nil, unsigned("Unsupported signature algorithm (only rsa-sha256 and hs2019 are supported)")
	}
	if len(params["signature"]) > maxSigBase64 {
		return nil, unsigned("The signature is too long")
	}
	if s.value, err = base64.StdEncoding.DecodeString(params["signature"]); err != nil || len(s.value) == 0 {
		return nil, unsigned("The signature is not valid base64")
	}
	list, given := params["headers"]
	if !given { // as the draft says
		if list = "date"; s.algorithm == algorithmHS2019 {
			list = "(created)"
		}
	}
	s.headers = strings.Fields(strings.ToLower(list))
	return s, s.checkCoverage(r)
}

// checkCoverage demands that what matters is signed. Mastodon is content with
// digest or (request-target); nobody signs only one, and without the target a
// captured request could be replayed to another address, so we want the target.
func (s *Signature) checkCoverage(r *http.Request) error {
	if len(s.headers) > maxSigned {
		return unsigned("The signature covers too many headers")
	}
	for i, name := range s.headers {
		if slices.Contains(s.headers[:i], name) {
			return unsigned("The signature names the header %q twice", name)
		}
		if (name == "(created)" || name == "(expires)") && s.algorithm != algorithmHS2019 {
			return unsigned("Invalid pseudo-header %s for %s", name, s.algorithm)
		}
	}
	signs := func(name string) bool { return slices.Contains(s.headers, name) }
	reading := r.Method == http.MethodGet || r.Method == http.MethodHead
	switch {
	case !signs("date") && !signs("(created)"):
		return unsigned("The Date header or (created) pseudo-header must be signed")
	case reading && !signs("host"):
		return unsigned("The Host header must be signed when doing a GET request")
	case !reading && !signs("digest"):
		return unsigned("The Digest header must be signed when doing a POST request")
	case !signs(requestTarget):
		return unsigned("The (request-target) pseudo-header must be signed")
	}
	return nil
}

// Verify tells whether the request was signed by the owner of the public key,
// just now, and whether the body is the one that was signed.
func (s *Signature) Verify(r *http.Request, body []byte, public crypto.PublicKey, now time.Time) error {
	if s.message {
		return s.verifyMessage(r, body, public, now)
	}
	if err := s.checkTime(r, now); err != nil {
		return err
	}
	if slices.Contains(s.headers, "digest") {
		if err := checkDigest(r, body); err != nil {
			return err
		}
	}
	key, ok := public.(*rsa.PublicKey)
	if !ok || key == nil || key.N == nil {
		return unsigned("The key of %s cannot be used with this signature", s.KeyID)
	}
	for _, target := range s.targets(r) {
		text, err := s.text(r, target)
		if err != nil {
			return err
		}
		sum := sha256.Sum256([]byte(text))
		if rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], s.value) == nil {
			return nil
		}
	}
	return unsigned("Verification failed for %s", s.KeyID)
}

// targets lists what (request-target) may stand for: with the query, and
// without it, as some old servers sign.
func (s *Signature) targets(r *http.Request) []string {
	uri := requestURI(r)
	method := strings.ToLower(r.Method)
	path, _, hasQuery := strings.Cut(uri, "?")
	if !hasQuery || !slices.Contains(s.headers, requestTarget) {
		return []string{method + " " + uri}
	}
	return []string{method + " " + uri, method + " " + path}
}

// requestURI is the path and query of a request as they were sent, where the server kept them.
func requestURI(r *http.Request) string {
	if strings.HasPrefix(r.RequestURI, "/") {
		return r.RequestURI
	}
	return r.URL.RequestURI()
}

// text is what was signed.
func (s *Signature) text(r *http.Request, target string) (string, error) {
	lines := make([]string, len(s.headers))
	for i, name := range s.headers {
		var value string
		switch name {
		case requestTarget:
			value = target
		case "(created)":
			value = s.created
		case "(expires)":
			value = s.expires
		case "host":
			value = r.Host
		default:
			values := r.Header.Values(name)
			if (name == "date" || name == "digest" || name == "content-type") && len(values) > 1 {
				return "", unsigned("Request has more than one %s header", name)
			}
			value = strings.Join(values, ", ")
		}
		if value == "" {
			return "", unsigned("The signature covers %s, which the request does not have", name)
		}
		lines[i] = name + ": " + value
	}
	return strings.Join(lines, "\n"), nil
}

// checkTime holds the request to its time window. What is not under the
// signature may shorten the window, never move it: else whoever recorded a
// request could make it fresh again.
func (s *Signature) checkTime(r *http.Request, now time.Time) error {
	var created time.Time
	var err error
	if slices.Contains(s.headers, "(created)") {
		created, err = unixTime(s.created)
	} else if values := r.Header.Values("Date"); len(values) == 1 {
		created, err = http.ParseTime(values[0])
	} else {
		return unsigned("Request must have one Date header")
	}
	if err != nil {
		return unsigned("Invalid Date header: it cannot be read")
	}
	var expires time.Time
	if s.expires != "" {
		if expires, err = unixTime(s.expires); err != nil {
			return unsigned("Invalid expires parameter")
		}
		if !slices.Contains(s.headers, "(expires)") && expires.After(created.Add(signatureLife)) {
			expires = time.Time{}
		}
	}
	return inTime(created, expires, now)
}

// inTime tells whether a signature is neither of the future nor over; without
// an end of its own it lives for five minutes.
func inTime(created, expires, now time.Time) error {
	end := created.Add(signatureLife)
	if !expires.IsZero() {
		end = expires
	}
	if last := created.Add(maxSignature); end.After(last) {
		end = last
	}
	if created.After(now.Add(clockSkew)) || now.After(end.Add(clockSkew)) {
		return unsigned("Signed request date outside acceptable time window")
	}
	return nil
}

// unixTime reads whole seconds; some servers add a fraction.
func unixTime(text string) (time.Time, error) {
	whole, _, _ := strings.Cut(text, ".")
	seconds, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || seconds < 0 || seconds > 1<<40 {
		return time.Time{}, fmt.Errorf("time %q cannot be read", text)
	}
	return time.Unix(seconds, 0), nil
}

// checkDigest compares the Digest header with the body.
func checkDigest(r *http.Request, body []byte) error {
	values := r.Header.Values("Digest")
	if len(values) != 1 {
		return unsigned("Request must have one Digest header")
	}
	given, found := "", false
	for part := range strings.SplitSeq(values[0], ",") {
		name, value, ok := strings.Cut(strings.TrimSpace(part), "=")
		if !ok {
			return fault.New(fault.BadRequest, "Digest header is malformed")
		}
		if !strings.EqualFold(name, "sha-256") {
			continue
		}
		if found {
			return unsigned("Digest header has more than one SHA-256 digest")
		}
		given, found = strings.TrimSpace(value), true
	}
	if !found {
		return unsigned("Only SHA-256 is supported in the Digest header")
	}
	sum, err := base64.StdEncoding.Strict().DecodeString(given)
	if err != nil || len(sum) != sha256.Size {
		return unsigned("Invalid Digest value. The provided Digest value is not a SHA-256 digest")
	}
	real := sha256.Sum256(body)
	if subtle.ConstantTimeCompare(sum, real[:]) != 1 {
		return unsigned("Invalid Digest value. It does not match the body")
	}
	return nil
}

// signatureParams reads key="value" pairs, as the draft and its many
// implementations write them.
func signatureParams(header string) (map[string]string, error) {
	bad := unsigned("Error parsing signature parameters")
	if len(header) > maxSigHeader {
		return nil, bad
	}
	params := map[string]string{}
	for rest := strings.TrimSpace(header); rest != ""; {
		name, after, ok := strings.Cut(rest, "=")
		if !ok {
			return nil, bad
		}
		name = strings.TrimSpace(name)
		value, left, ok := paramValue(strings.TrimLeft(after, " \t"))
		if _, twice := params[name]; !ok || twice || name == "" || strings.ContainsAny(name, "\", \t") {
			return nil, bad
		}
		params[name] = value
		if rest = strings.TrimSpace(left); rest == "" {
			break
		}
		if rest, ok = strings.CutPrefix(rest, ","); !ok {
			return nil, bad
		}
		if rest = strings.TrimSpace(rest); rest == "" {
			return nil, bad
		}
	}
	return params, nil
}

// paramValue reads a quoted string, or a bare number as created and expires are.
func paramValue(text string) (value, rest string, ok bool) {
	if !strings.HasPrefix(text, `"`) {
		end := strings.IndexByte(text, ',')
		if end < 0 {
			end = len(text)
		}
		value = strings.TrimSpace(text[:end])
		return value, text[end:], !strings.ContainsAny(value, "\" =")
	}
	var b strings.Builder
	for i := 1; i < len(text); i++ {
		switch c := text[i]; c {
		case '"':
			return b.String(), text[i+1:], true
		case '\\':
			if i++; i < len(text) {
				b.WriteByte(text[i])
			}
		default:
			b.WriteByte(c)
		}
	}
	return "", "", false
}
