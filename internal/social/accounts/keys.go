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
	"sync"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
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
}

// KeyByURI gives a key that we know.
func (s *Service) KeyByURI(ctx context.Context, uri string) (Key, error) {
	return db.One(ctx, s.db, scanKey, `SELECT account_id, uri, public_pem FROM account_keys WHERE uri = $1`, uri)
}

// KeyOf gives the newest public key of an account.
func (s *Service) KeyOf(ctx context.Context, account id.Account) (Key, error) {
	return db.One(ctx, s.db, scanKey, `SELECT account_id, uri, public_pem FROM account_keys WHERE account_id = $1 ORDER BY id DESC LIMIT 1`, account)
}

func scanKey(r db.Row) (Key, error) {
	var k Key
	err := r.Scan(&k.Account, &k.URI, &k.PublicPEM)
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

// DeliveryKey is SigningKey for the delivery queue, which knows accounts by number.
func (s *Service) DeliveryKey(ctx context.Context, author int64) (string, crypto.Signer, error) {
	return s.SigningKey(ctx, id.Account(author))
}

// storeRemoteKey keeps the public key an actor showed, in place of its older ones.
func storeRemoteKey(ctx context.Context, tx *db.Tx, account id.Account, uri, publicPEM string) error {
	if uri == "" || publicPEM == "" {
		return nil
	}
	if _, err := db.Exec(ctx, tx, `DELETE FROM account_keys WHERE account_id = $1 AND uri <> $2`, account, uri); err != nil {
		return err
	}
	return insertKey(ctx, tx, tx.NextID(), account, uri, publicPEM, nil, clock.Milli(tx.Now()))
}
