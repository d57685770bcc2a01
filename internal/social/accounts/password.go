package accounts

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"
)

// Passwords hashes and checks passwords: argon2id, and bcrypt as imports bring
// it. At most two at once, so that a flood of sign-ins cannot take the machine's memory.
type Passwords struct {
	turns  chan struct{}
	time   uint32
	memory uint32 // KiB
}

// OWASP's second recommendation for argon2id: 19 MiB, two passes.
const (
	argonTime   = 2
	argonMemory = 19 * 1024
	argonKey    = 32
	argonSalt   = 16
	atOnce      = 2
)

// NewPasswords hashes at full cost.
func NewPasswords() *Passwords {
	return &Passwords{turns: make(chan struct{}, atOnce), time: argonTime, memory: argonMemory}
}

// CheapPasswords hashes at almost no cost, for tests.
func CheapPasswords() *Passwords {
	return &Passwords{turns: make(chan struct{}, atOnce), time: 1, memory: 8}
}

// Hash makes the stored form of a password.
func (p *Passwords) Hash(ctx context.Context, password string) (string, error) {
	if err := p.wait(ctx); err != nil {
		return "", err
	}
	defer p.done()
	salt := make([]byte, argonSalt)
	if _, err := rand.Read(salt); err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	key := argon2.IDKey([]byte(password), salt, p.time, p.memory, 1, argonKey)
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=1$%s$%s", argon2.Version, p.memory, p.time,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key)), nil
}

// Matches tells whether a password has this stored form. An empty hash costs as
// much as a real one, so that the time does not tell whether somebody exists.
func (p *Passwords) Matches(ctx context.Context, hash, password string) (bool, error) {
	if err := p.wait(ctx); err != nil {
		return false, err
	}
	defer p.done()
	if strings.HasPrefix(hash, "$2") {
		return bcrypt.CompareHashAndPassword([]byte(hash), []byte(password)) == nil, nil
	}
	memory, time, salt, key := p.memory, p.time, make([]byte, argonSalt), []byte(nil)
	if hash != "" {
		parts := strings.Split(hash, "$")
		if len(parts) != 6 || parts[1] != "argon2id" {
			return false, fmt.Errorf("a stored password has an unknown form")
		}
		if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=1", &memory, &time); err != nil {
			return false, fmt.Errorf("a stored password has unreadable parameters: %w", err)
		}
		var err error
		if salt, err = base64.RawStdEncoding.DecodeString(parts[4]); err != nil {
			return false, fmt.Errorf("a stored password has an unreadable salt: %w", err)
		}
		if key, err = base64.RawStdEncoding.DecodeString(parts[5]); err != nil {
			return false, fmt.Errorf("a stored password has an unreadable key: %w", err)
		}
	}
	got := argon2.IDKey([]byte(password), salt, time, memory, 1, argonKey)
	return subtle.ConstantTimeCompare(got, key) == 1, nil
}

func (p *Passwords) wait(ctx context.Context) error {
	select {
	case p.turns <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p *Passwords) done() { <-p.turns }
