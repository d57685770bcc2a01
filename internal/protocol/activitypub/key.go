package activitypub

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"time"

	"anancus/internal/kit/fault"

	"filippo.io/mldsa"
	pkix "filippo.io/mldsa/x509"
)

const (
	maxPEM     = 16 << 10 // an RSA key of 8192 bits takes 1.5 KB
	minKeyBits = 1024     // smaller ones can be factored at home
	maxKeyBits = 8192     // larger ones make checking a signature expensive for us
)

// Key is a public key as an actor lists it.
type Key struct {
	ID      string
	Owner   string // the id of the actor it speaks for
	PEM     string
	Public  crypto.PublicKey
	Asserts bool      // it may sign what the actor says in documents (assertionMethod)
	Until   time.Time // when it ends, or was revoked; zero: never
}

// KeyLink is a key that an actor only points to.
type KeyLink struct {
	ID      string
	Asserts bool
}

// CheckUntil refuses a key after its end.
func CheckUntil(until, now time.Time) error {
	if !until.IsZero() && !now.Before(until) {
		return fault.New(fault.Unauthorized, "The key has expired or was revoked")
	}
	return nil
}

// ParsePublicKey reads the RSA, Ed25519 or ML-DSA-44 key of an actor, in any PEM form that is seen.
func ParsePublicKey(text string) (crypto.PublicKey, error) {
	if len(text) > maxPEM {
		return nil, badKey(errors.New("too long"))
	}
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, badKey(errors.New("no PEM"))
	}
	var public any
	var err error
	if block.Type == "RSA PUBLIC KEY" {
		public, err = x509.ParsePKCS1PublicKey(block.Bytes)
	} else {
		public, err = pkix.ParsePKIXPublicKey(block.Bytes)
	}
	if err != nil {
		return nil, badKey(err)
	}
	return usable(public)
}

// usable refuses keys of other kinds, and of sizes that are too weak or too dear.
func usable(public any) (crypto.PublicKey, error) {
	switch key := public.(type) {
	case ed25519.PublicKey:
		return key, nil
	case *mldsa.PublicKey:
		if key.Parameters() == mldsa.MLDSA44() {
			return key, nil
		}
		return nil, badKey(errors.New("unusual size"))
	case *rsa.PublicKey:
		if bits := key.N.BitLen(); bits < minKeyBits || bits > maxKeyBits {
			return nil, badKey(errors.New("unusual size"))
		}
		return key, nil
	}
	return nil, badKey(errors.New("not RSA, Ed25519 or ML-DSA-44"))
}

func badKey(err error) error {
	return fault.Wrap(err, fault.Unauthorized, "The public key cannot be used")
}

// PublicKeyPEM writes a public key as actors list it.
func PublicKeyPEM(public crypto.PublicKey) (string, error) {
	der, err := pkix.MarshalPKIXPublicKey(public)
	if err != nil {
		return "", err
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})), nil
}
