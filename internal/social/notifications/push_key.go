package notifications

import (
	"context"
	"crypto/ecdh"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"strings"

	"anancus/internal/kit/db"
	"anancus/internal/protocol/webpush"
	"anancus/internal/social/settings"
)

// Wrapper keeps a secret unreadable in the database.
type Wrapper interface {
	Wrap(secret []byte) (string, error)
	Unwrap(wrapped string) ([]byte, error)
}

// PushKey is the key pair by which push services know this server (VAPID, RFC 8292).
type PushKey struct {
	Public string // as apps read it
	Pair   *webpush.Key
}

// KeepPushKey gives the push key. It is made at the first start and stays; the private half is kept wrapped. With another one
// every subscription would be void: a push service takes messages from the key alone that the app named when it subscribed.
func KeepPushKey(ctx context.Context, d *db.DB, wrap Wrapper) (*PushKey, error) {
	const fact = "push_key"
	stored, err := settings.Fact(ctx, d, fact)
	if err != nil {
		return nil, fmt.Errorf("read the push key: %w", err)
	}
	if stored == "" {
		pair, err := makePushKey(wrap)
		if err != nil {
			return nil, err
		}
		err = d.Tx(ctx, func(tx *db.Tx) error {
			stored, err = settings.KeepFact(ctx, tx, fact, pair)
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("keep the push key: %w", err)
		}
	}
	public, wrapped, _ := strings.Cut(stored, " ")
	private, err := wrap.Unwrap(wrapped)
	if err != nil {
		return nil, fmt.Errorf("the push key: %w", err)
	}
	key, err := ecdh.P256().NewPrivateKey(private)
	if err != nil || publicOf(key) != public {
		return nil, fmt.Errorf("the push key in the database is damaged")
	}
	pair, err := webpush.NewKey(key)
	if err != nil {
		return nil, err
	}
	return &PushKey{public, pair}, nil
}

func makePushKey(wrap Wrapper) (string, error) {
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		return "", fmt.Errorf("make the push key: %w", err)
	}
	wrapped, err := wrap.Wrap(key.Bytes())
	if err != nil {
		return "", err
	}
	return publicOf(key) + " " + wrapped, nil
}

// publicOf writes the public half as apps read it: the uncompressed point, in base64 for addresses.
func publicOf(key *ecdh.PrivateKey) string {
	return base64.URLEncoding.EncodeToString(key.PublicKey().Bytes())
}
