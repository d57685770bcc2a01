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
	"anancus/internal/kit/safehttp"
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
const authLength = 16 // bytes, by RFC 8291

// Reach tells which addresses can be reached from here; a safehttp.Client does.
type Reach interface {
	Refuses(ctx context.Context, at *url.URL) bool
	AllowsPlain(ctx context.Context, host string) bool
}

// check refuses what nothing could be delivered to: an address that is not public too, although it is looked at again whenever
// something is sent.
func (p *Subscription) check(ctx context.Context, net Reach) error {
	var wrong []string
	at, err := safehttp.ParseURL(p.Endpoint)
	switch {
	case p.Endpoint == "":
		wrong = append(wrong, "Endpoint can't be blank")
	case err != nil, at.Scheme == "https" && net.Refuses(ctx, at), at.Scheme != "https" && !net.AllowsPlain(ctx, at.Host):
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
	if p.checkPolicy() != nil {
		wrong = append(wrong, wrongPolicy)
	}
	if len(wrong) > 0 {
		return fault.New(fault.Invalid, "Validation failed: "+strings.Join(wrong, ", "))
	}
	return nil
}

const wrongPolicy = "Policy is not included in the list"

func (p *Subscription) checkPolicy() error {
	if !slices.Contains(pushPolicies, p.Policy) {
		return fault.New(fault.Invalid, "Validation failed: "+wrongPolicy)
	}
	return nil
}

// host is whom the endpoint belongs to, in one spelling.
func (p *Subscription) host() string {
	at, err := safehttp.ParseURL(p.Endpoint)
	if err != nil {
		return ""
	}
	return at.Host
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
	err := s.db.Tx(ctx, func(tx *db.Tx) error { return removeSubscriptions(ctx, tx, `token_id = $1`, token) })
	if err != nil {
		return fmt.Errorf("end push subscription: %w", err)
	}
	return nil
}
