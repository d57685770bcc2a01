// Package webpush speaks to push services: it encrypts a message so that only the subscriber reads it, and says by whom it
// comes (RFC 8030, 8291 and 8292), also as apps expect it that were made before these were finished.
package webpush

import (
	"bytes"
	"context"
	"crypto/ecdh"
	"net/http"
	"strconv"
	"time"

	"anancus/internal/kit/safehttp"
)

// How long a push service keeps a message for a device that is off, and how much it matters: Mastodon's values.
const (
	TTL     = 48 * time.Hour
	urgency = "normal"
)

// Bounds of one request. Push services answer at once, and say little.
const (
	timeout = 10 * time.Second
	maxBody = 16 << 10
)

// MaxPlain is how long a message may be: what every push service has to take (RFC 8030, §7.2: 4096 bytes) holds it in either encoding.
const MaxPlain = 3900

// Subscriber is who gets a message: where, and by which keys.
type Subscriber struct {
	Endpoint string
	Key      *ecdh.PublicKey // P-256
	Auth     []byte          // 16 bytes
	Standard bool            // RFC 8291; else the draft before it (aesgcm)
}

// Message is what a subscriber is told.
type Message struct {
	Plain       []byte
	Unsubscribe string // where the push service can end the subscription
}

// Sender sends messages in the name of this server.
type Sender struct {
	Client  *safehttp.Client
	Key     *Key
	Contact func() string // whom a push service may write to: a mailto: or https: address; "" for nobody
}

// Answer is what a push service said.
type Answer struct {
	Status     int
	RetryAfter time.Duration // 0: it did not say
}

// Send gives a message to the subscriber's push service. An address that is none, or not public, is a BadRequest or Forbidden fault.
func (s *Sender) Send(ctx context.Context, to *Subscriber, m Message) (Answer, error) {
	at, err := safehttp.ParseURL(to.Endpoint)
	if err != nil {
		return Answer{}, err
	}
	sealed, err := seal(to, m.Plain)
	if err != nil {
		return Answer{}, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, at.String(), bytes.NewReader(sealed.body))
	if err != nil {
		return Answer{}, err
	}
	now := s.Client.Now()
	token, err := s.Key.token(at.Scheme+"://"+at.Host, s.Contact(), now)
	if err != nil {
		return Answer{}, err
	}
	h := req.Header
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Ttl", strconv.Itoa(int(TTL.Seconds())))
	h.Set("Urgency", urgency)
	h.Set("Unsubscribe-URL", m.Unsubscribe)
	public := encode(s.Key.public)
	if to.Standard {
		h.Set("Content-Encoding", "aes128gcm")
		h.Set("Authorization", "vapid t="+token+",k="+public)
	} else {
		h.Set("Content-Encoding", "aesgcm")
		h.Set("Encryption", "salt="+encode(sealed.salt))
		h.Set("Crypto-Key", "dh="+encode(sealed.sender)+";p256ecdsa="+public)
		h.Set("Authorization", "WebPush "+token)
	}
	answer, err := s.Client.Do(ctx, req, safehttp.Limits{MaxBody: maxBody, Cut: true, Timeout: timeout, Redirects: safehttp.NoRedirects})
	if answer == nil {
		return Answer{}, err
	}
	// The code is the answer; what stands below it is nobody's business.
	return Answer{Status: answer.Status, RetryAfter: retryAfter(answer.Header.Get("Retry-After"), now)}, nil
}

// retryAfter reads how long to wait, in either of its forms.
func retryAfter(text string, now time.Time) time.Duration {
	if seconds, err := strconv.Atoi(text); err == nil && seconds > 0 {
		return time.Duration(min(seconds, 1<<20)) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(at.Sub(now), 0)
	}
	return 0
}
