package notifications

import (
	"context"
	"crypto/ecdh"
	"encoding/base64"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/social/access"
	"anancus/internal/social/id"
)

// Subscription is where an app wants to be told, by web push, of what. There is one per token.
type Subscription struct {
	ID       id.PushSubscription
	Token    id.Token
	Account  id.Account
	Endpoint string
	P256dh   string // the app's public key, as it gave it
	Auth     string // and its secret
	Standard bool   // RFC 8291, not the draft before it
	Policy   string
	Alerts   map[string]bool
}

// Policies say whose doings an app wants to be told of; the first is that of who does not say.
var pushPolicies = []string{"all", "followed", "follower", "none"}

// What a subscription may bring.
const (
	maxEndpoint = 2048
	authLength  = 16 // bytes, by RFC 8291
)

// check refuses what nothing could be delivered to.
func (p *Subscription) check() error {
	var wrong []string
	at, err := url.Parse(p.Endpoint)
	switch {
	case p.Endpoint == "":
		wrong = append(wrong, "Endpoint can't be blank")
	case err != nil, at.Scheme != "https", at.Hostname() == "", at.User != nil, len(p.Endpoint) > maxEndpoint:
		wrong = append(wrong, "Endpoint is not a valid URL")
	}
	if key, ok := decodeKey(p.P256dh); !ok {
		wrong = append(wrong, "Key p256dh is invalid")
	} else if _, err := ecdh.P256().NewPublicKey(key); err != nil {
		wrong = append(wrong, "Key p256dh is invalid")
	}
	if secret, ok := decodeKey(p.Auth); !ok || len(secret) != authLength {
		wrong = append(wrong, "Key auth is invalid")
	}
	if !slices.Contains(pushPolicies, p.Policy) {
		wrong = append(wrong, "Policy is not included in the list")
	}
	if len(wrong) > 0 {
		return fault.New(fault.Invalid, "Validation failed: "+strings.Join(wrong, ", "))
	}
	return nil
}

// decodeKey reads base64 in either alphabet, padded or not, as browsers and apps write it.
func decodeKey(text string) ([]byte, bool) {
	text = strings.NewReplacer("+", "-", "/", "_").Replace(strings.TrimRight(text, "="))
	key, err := base64.RawURLEncoding.DecodeString(text)
	return key, err == nil
}

// Subscribed tells, inside a transaction that ends a token, whether a subscription goes with it.
func Subscribed(ctx context.Context, tx *db.Tx, e access.TokenRevoked) (bool, error) {
	n, err := db.One(ctx, tx, db.Value[int64], `SELECT COUNT(*) FROM push_subscriptions WHERE token_id = $1`, e.Token)
	return n > 0, err
}

// ForgetSubscription removes the subscription of a token that ended.
func (s *Service) ForgetSubscription(ctx context.Context, e access.TokenRevoked) error {
	return s.unsubscribe(ctx, e.Token)
}

func (s *Service) unsubscribe(ctx context.Context, token id.Token) error {
	err := s.db.Tx(ctx, func(tx *db.Tx) error { return removeSubscription(ctx, tx, token) })
	if err != nil {
		return fmt.Errorf("end push subscription: %w", err)
	}
	return nil
}
