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
	if err := unsignedYet(req, keyID, key); err != nil {
		return err
	}
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

// SignMessage signs a request by RFC 9421 (rsa-v1_5-sha256): method, address and
// body, for servers that do not take what Sign makes. It sets Date, Signature
// and Signature-Input, and for a body Content-Digest. A nil body is none.
func SignMessage(req *http.Request, keyID string, key crypto.Signer, body []byte, now time.Time) error {
	if err := unsignedYet(req, keyID, key); err != nil {
		return err
	}
	req.Header.Set("Date", now.UTC().Format(http.TimeFormat))
	signed := []string{componentMethod, componentTarget}
	if body != nil {
		sum := sha256.Sum256(body)
		req.Header.Set("Content-Digest", "sha-256=:"+base64.StdEncoding.EncodeToString(sum[:])+":")
		signed = append(signed, contentDigest)
	}
	if req.Header.Get("Collection-Synchronization") != "" {
		signed = append(signed, "collection-synchronization")
	}
	params := fmt.Sprintf(`("%s");created=%d;keyid="%s";alg="%s"`, strings.Join(signed, `" "`), now.Unix(), keyID, algorithmRSA15)
	var base strings.Builder
	for _, name := range signed {
		base.WriteString(`"` + name + `": ` + outgoing(req, name) + "\n")
	}
	base.WriteString(`"@signature-params": ` + params)
	sum := sha256.Sum256([]byte(base.String()))
	signature, err := key.Sign(rand.Reader, sum[:], crypto.SHA256)
	if err != nil {
		return fmt.Errorf("sign request: %w", err)
	}
	req.Header.Set("Signature-Input", "sig1="+params)
	req.Header.Set("Signature", "sig1=:"+base64.StdEncoding.EncodeToString(signature)+":")
	return nil
}

// unsignedYet takes away what an earlier signature left on a request, and
// refuses keys that nobody could check.
func unsignedYet(req *http.Request, keyID string, key crypto.Signer) error {
	if _, ok := key.Public().(*rsa.PublicKey); !ok {
		return errors.New("sign request: the key is not RSA")
	}
	if strings.ContainsFunc(keyID, func(c rune) bool { return c < ' ' || c > '~' || c == '"' || c == '\\' }) {
		return errors.New("sign request: bad key id")
	}
	for _, name := range []string{"Signature", "Signature-Input", "Digest", "Content-Digest"} {
		req.Header.Del(name)
	}
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
	case componentMethod:
		return req.Method
	case componentTarget:
		return req.URL.Scheme + "://" + outgoing(req, "host") + req.URL.RequestURI()
	}
	return req.Header.Get(name)
}

func digest(body []byte) string {
	sum := sha256.Sum256(body)
	return "SHA-256=" + base64.StdEncoding.EncodeToString(sum[:])
}
