package webpush

import (
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"sync"
	"time"
)

// tokenLife is the longest that push services accept (RFC 8292, §2).
const tokenLife = 24 * time.Hour

// Key is the pair by which push services know this server (VAPID, RFC 8292).
type Key struct {
	public []byte // the uncompressed point

	mu      sync.Mutex // crypto/ecdsa remembers what it makes of a key, and the race detector sees several goroutines at that
	private *ecdsa.PrivateKey
}

// NewKey takes the pair as it is kept.
func NewKey(pair *ecdh.PrivateKey) (*Key, error) {
	private, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), pair.Bytes())
	if err != nil {
		return nil, fmt.Errorf("the push key: %w", err)
	}
	return &Key{private: private, public: pair.PublicKey().Bytes()}, nil
}

// token says to the push service at an origin who sends, and whom to write to.
func (k *Key) token(origin, contact string, now time.Time) (string, error) {
	claims, err := json.Marshal(struct {
		Audience string `json:"aud"`
		Expires  int64  `json:"exp"`
		Subject  string `json:"sub,omitempty"`
	}{origin, now.Add(tokenLife).Unix(), contact})
	if err != nil {
		return "", err
	}
	signed := encode([]byte(`{"typ":"JWT","alg":"ES256"}`)) + "." + encode(claims)
	sum := sha256.Sum256([]byte(signed))
	k.mu.Lock()
	r, s, err := ecdsa.Sign(rand.Reader, k.private, sum[:])
	k.mu.Unlock()
	if err != nil {
		return "", fmt.Errorf("sign for a push service: %w", err)
	}
	signature := make([]byte, 64) // r and s, not ASN.1 (RFC 7518, §3.4)
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	return signed + "." + encode(signature), nil
}
