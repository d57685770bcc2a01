// Package aptest helps tests that speak ActivityPub: keys that cost nothing to
// have, and a server of strangers that serves and signs what the test wants.
package aptest

import (
	"crypto/rand"
	"crypto/rsa"
	"sync"

	"anancus/internal/protocol/activitypub"
)

// poolSize is how many different keys a test process has.
const poolSize = 4

var pool [poolSize]struct {
	once sync.Once
	key  *rsa.PrivateKey
}

// Key is the n-th RSA key of the process, made when first asked for: making one
// takes longer than most tests. It is of the smallest size that is taken from others,
// for a test signs much.
func Key(n int) *rsa.PrivateKey {
	p := &pool[n%poolSize]
	p.once.Do(func() {
		key, err := rsa.GenerateKey(rand.Reader, 1024)
		if err != nil {
			panic(err)
		}
		p.key = key
	})
	return p.key
}

// PEM is the public half of the n-th key as actors list it.
func PEM(n int) string {
	text, err := activitypub.PublicKeyPEM(&Key(n).PublicKey)
	if err != nil {
		panic(err)
	}
	return text
}
