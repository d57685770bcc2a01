package activitypub

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

const requestTarget = "(request-target)"

// Sign signs a request as Mastodon does (draft-cavage-http-signatures-12,
// rsa-sha256), in Mastodon's order of headers, which some servers rely on. It
// sets Date and Signature, and for a body Digest. A nil body is none.
func Sign(req *http.Request, keyID string, key crypto.Signer, body []byte, now time.Time) error {
	if _, ok := key.Public().(*rsa.PublicKey); !ok {
		return errors.New("sign request: the key is not RSA")
	}
	if strings.ContainsAny(keyID, "\"\\\r\n") {
		return errors.New("sign request: bad key id")
	}
	req.Header.Del("Signature")
	req.Header.Set("Date", now.UTC().Format(http.TimeFormat))
	if body != nil {
		req.Header.Set("Digest", digest(body))
	}
	signed := []string{"host", "date"}
	for _, name := range []string{"content-type", "collection-synchronization", "digest"} {
		if req.Header.Get(name) != "" {
			signed = append(signed, name)
		}
	}
	signed = append(signed, requestTarget)
	lines := make([]string, len(signed))
	for i, name := range signed {
		lines[i] = name + ": " + outgoing(req, name)
	}
	sum := sha256.Sum256([]byte(strings.Join(lines, "\n")))
	signature, err := key.Sign(rand.Reader, sum[:], crypto.SHA256)
	if err != nil {
		return fmt.Errorf("sign request: %w", err)
	}
	req.Header.Set("Signature", fmt.Sprintf(`keyId="%s",algorithm="rsa-sha256",headers="%s",signature="%s"`,
		keyID, strings.Join(signed, " "), base64.StdEncoding.EncodeToString(signature)))
	return nil
}

// outgoing is the value of a header, or pseudo-header, of a request we send.
func outgoing(req *http.Request, name string) string {
	switch name {
	case requestTarget:
		return strings.ToLower(req.Method) + " " + req.URL.RequestURI()
	case "host":
		if req.Host != "" {
			return req.Host
		}
		return req.URL.Host
	}
	return req.Header.Get(name)
}

func digest(body []byte) string {
	sum := sha256.Sum256(body)
	return "SHA-256=" + base64.StdEncoding.EncodeToString(sum[:])
}
