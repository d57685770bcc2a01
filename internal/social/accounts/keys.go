package accounts

import (
	"context"
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"strings"
	"sync"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/social/id"
)

// Wrapper keeps private keys unreadable in the database and in backups without data/secret.key.
type Wrapper struct{ aead cipher.AEAD }

// NewWrapper takes the 32 bytes of the secret key.
func NewWrapper(secret []byte) (*Wrapper, error) {
	block, err := aes.NewCipher(secret)
	if err != nil {
		return nil, fmt.Errorf("secret key: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("secret key: %w", err)
	}
	return &Wrapper{aead}, nil
}

// Wrap makes a secret fit for the database.
func (w *Wrapper) Wrap(secret []byte) (string, error) {
	nonce := make([]byte, w.aead.NonceSize())
	if _, err := rand.Read(nonce); err != nil {
		return "", fmt.Errorf("wrap a secret: %w", err)
	}
	return base64.StdEncoding.EncodeToString(w.aead.Seal(nonce, nonce, secret, nil)), nil
}

// Unwrap gives back what Wrap was given; an error when the secret key is another one.
func (w *Wrapper) Unwrap(wrapped string) ([]byte, error) {
	raw, err := base64.StdEncoding.DecodeString(wrapped)
	if err != nil || len(raw) < w.aead.NonceSize() {
		return nil, fmt.Errorf("a wrapped secret is damaged")
	}
	secret, err := w.aead.Open(nil, raw[:w.aead.NonceSize()], raw[w.aead.NonceSize():], nil)
	if err != nil {
		return nil, fmt.Errorf("a secret in the database was wrapped with another secret.key")
	}
	return secret, nil
}

type keyPair struct{ public, private string }

// keyBits is what every server of the network takes.
const keyBits = 2048

// MakeKey makes an RSA key of the size that the network expects (about 0.15 s).
func MakeKey() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, keyBits) }

func (s *Service) newKeyPair() (keyPair, error) {
	key, err := s.makeKey()
	if err != nil {
		return keyPair{}, fmt.Errorf("make a key pair: %w", err)
	}
	private, err := s.wrap.Wrap(x509.MarshalPKCS1PrivateKey(key))
	if err != nil {
		return keyPair{}, err
	}
	public, err := PublicPEM(&key.PublicKey)
	return keyPair{public, private}, err
}

// PublicPEM writes a public key as actors carry it.
func PublicPEM(key crypto.PublicKey) (string, error) {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return "", fmt.Errorf("encode a public key: %w", err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})), nil
}

// ParsePublicPEM reads a public key as actors carry it.
func ParsePublicPEM(text string) (crypto.PublicKey, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, fmt.Errorf("the public key is not PEM")
	}
	if key, err := x509.ParsePKIXPublicKey(block.Bytes); err == nil {
		return key, nil
	}
	return x509.ParsePKCS1PublicKey(block.Bytes)
}

func (s *Service) keyURI(a *Account) string { return a.URI + "#main-key" }

// Key is one public key of an account.
type Key struct {
	Account   id.Account
	URI       string
	PublicPEM string
	Asserts   bool      // it may sign what the account says in documents, not only requests
	Until     time.Time // when it ends or was revoked; zero: never
}

const keyColumns = `account_id, uri, public_pem, asserts, expires_at`

// keyByURI gives a key that we know.
func (s *Service) keyByURI(ctx context.Context, uri string) (Key, error) {
	return db.One(ctx, s.db, scanKey, `SELECT `+keyColumns+` FROM account_keys WHERE uri = $1`, uri)
}

// KeyOf gives the newest public key of an account.
func (s *Service) KeyOf(ctx context.Context, account id.Account) (Key, error) {
	return db.One(ctx, s.db, scanKey, `SELECT `+keyColumns+` FROM account_keys WHERE account_id = $1 ORDER BY id DESC LIMIT 1`, account)
}

func scanKey(r db.Row) (Key, error) {
	var k Key
	var until *int64
	err := r.Scan(&k.Account, &k.URI, &k.PublicPEM, &k.Asserts, &until)
	k.Until = milliOrZero(until)
	return k, err
}

// signingKeys remembers unwrapped private keys: parsing one costs more than a request.
type signingKeys struct {
	mu   sync.Mutex
	keys map[id.Account]signingKey
}

type signingKey struct {
	uri string
	key *rsa.PrivateKey
}

// maxSigningKeys bounds the memory of parsed keys; the map is emptied when full.
const maxSigningKeys = 10_000

// SigningKey gives the key with which a local account signs.
func (s *Service) SigningKey(ctx context.Context, account id.Account) (string, crypto.Signer, error) {
	s.signing.mu.Lock()
	known, ok := s.signing.keys[account]
	s.signing.mu.Unlock()
	if ok {
		return known.uri, known.key, nil
	}
	type stored struct{ uri, wrapped string }
	row, err := db.One(ctx, s.db, func(r db.Row) (stored, error) {
		var x stored
		err := r.Scan(&x.uri, &x.wrapped)
		return x, err
	}, `SELECT uri, private_key FROM account_keys WHERE account_id = $1 AND private_key IS NOT NULL ORDER BY id DESC LIMIT 1`, account)
	if err != nil {
		return "", nil, fmt.Errorf("signing key of account %d: %w", account, err)
	}
	der, err := s.wrap.Unwrap(row.wrapped)
	if err != nil {
		return "", nil, err
	}
	key, err := x509.ParsePKCS1PrivateKey(der)
	if err != nil {
		return "", nil, fmt.Errorf("signing key of account %d: %w", account, err)
	}
	s.signing.mu.Lock()
	defer s.signing.mu.Unlock()
	if len(s.signing.keys) >= maxSigningKeys {
		s.signing.keys = map[id.Account]signingKey{}
	}
	s.signing.keys[account] = signingKey{row.uri, key}
	return row.uri, key, nil
}

// Seal writes an activity of a local account as it is sent. One that everybody may read is signed inside too, so that servers can pass it on
// to others: always when it takes something back, else only where anybody may fetch what it is about.
func (s *Service) Seal(ctx context.Context, author id.Account, activity activitypub.Activity, public bool) ([]byte, error) {
	takesBack := activity.Type == "Delete" || activity.Type == "Undo"
	if public && (takesBack || !s.secure()) {
		keyID, key, err := s.SigningKey(ctx, author)
		if err != nil {
			return nil, err
		}
		if activity, err = activity.Sign(keyID, key, s.clock.Now()); err != nil {
			return nil, err
		}
	}
	return activitypub.Encode(activity)
}

// DeliveryKey is SigningKey for the delivery queue, which knows accounts by number.
func (s *Service) DeliveryKey(ctx context.Context, author int64) (string, crypto.Signer, error) {
	return s.SigningKey(ctx, id.Account(author))
}

// storeRemoteKeys keeps the public keys an actor shows, in place of its older ones. A key whose id is a part of an actor's own is that
// actor's, whoever else of its server lists it; else who listed it first has it.
func storeRemoteKeys(ctx context.Context, tx *db.Tx, account id.Account, actor string, keys []activitypub.Key) error {
	shown := []string{""}
	for _, key := range keys {
		shown = append(shown, key.ID)
	}
	if _, err := db.Exec(ctx, tx, `DELETE FROM account_keys WHERE account_id = $1 AND private_key IS NULL AND uri {not in $2}`, account, shown); err != nil {
		return err
	}
	for _, key := range keys {
		page, _, _ := strings.Cut(key.ID, "#")
		if page == actor {
			if _, err := db.Exec(ctx, tx, `DELETE FROM account_keys WHERE uri = $1 AND account_id <> $2 AND private_key IS NULL`, key.ID, account); err != nil {
				return err
			}
		} else if n, err := db.One(ctx, tx, db.Value[int64], `SELECT COUNT(*) FROM accounts WHERE uri = $1`, page); err != nil || n > 0 {
			if err != nil {
				return err
			}
			continue
		}
		_, err := db.Exec(ctx, tx, `INSERT INTO account_keys (id, account_id, uri, public_pem, asserts, expires_at, created_at)
			VALUES ($1,$2,$3,$4,$5,$6,$7) ON CONFLICT (uri) DO UPDATE SET public_pem = excluded.public_pem, asserts = excluded.asserts, expires_at = excluded.expires_at
			WHERE account_keys.account_id = excluded.account_id`, tx.NextID(), account, key.ID, key.PEM, key.Asserts, milliOrNil(key.Until), clock.Milli(tx.Now()))
		if err != nil {
			return err
		}
	}
	return nil
}
