package notifications

import (
	"context"
	"crypto/ecdh"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"strings"

	"anancus/internal/kit/db"
	"anancus/internal/social/settings"
)

// Wrapper keeps a secret unreadable in the database.
type Wrapper interface {
	Wrap(secret []byte) (string, error)
	Unwrap(wrapped string) ([]byte, error)
}

// KeepPushKey gives the public half of the key pair by which push services know this server (VAPID, RFC 8292).
// The pair is made at the first start and stays; the private half is kept wrapped.
func KeepPushKey(ctx context.Context, d *db.DB, wrap Wrapper) (public string, err error) {
	const fact = "push_key"
	stored, err := settings.Fact(ctx, d, fact)
	if err != nil {
		return "", fmt.Errorf("read the push key: %w", err)
	}
	if stored == "" {
		pair, err := makePushKey(wrap)
		if err != nil {
			return "", err
		}
		err = d.Tx(ctx, func(tx *db.Tx) error {
			stored, err = settings.KeepFact(ctx, tx, fact, pair)
			return err
		})
		if err != nil {
			return "", fmt.Errorf("keep the push key: %w", err)
		}
	}
	public, wrapped, _ := strings.Cut(stored, " ")
	private, err := wrap.Unwrap(wrapped)
	if err != nil {
		return "", fmt.Errorf("the push key: %w", err)
	}
	key, err := ecdh.P256().NewPrivateKey(private)
	if err != nil || publicOf(key) != public {
		return "", fmt.Errorf("the push key in the database is damaged")
	}
	return public, nil
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
