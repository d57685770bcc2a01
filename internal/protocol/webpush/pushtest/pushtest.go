// Package pushtest is a push service and its subscribers, for tests: it takes what a server sends, and reads it as a browser
// would, with the subscriber's private key. It is written after the standards and not after our own code.
package pushtest

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
)

// Service is a push service.
type Service struct {
	URL  string
	http *httptest.Server

	mu      sync.Mutex
	taken   map[string][]Request // by path
	verdict func(path string) int
	lead    string
	Told    chan string // the path of each request, as it is answered; buffered, never waited for
}

// Request is one message as it arrived.
type Request struct {
	Header http.Header
	Body   []byte
}

// New starts a service; Close ends it.
func New() *Service {
	s := &Service{taken: map[string][]Request{}, Told: make(chan string, 1000)}
	s.http = httptest.NewServer(s)
	s.URL = strings.Replace(s.http.URL, "127.0.0.1", "localhost", 1)
	return s
}

// Close ends the service.
func (s *Service) Close() { s.http.CloseClientConnections(); s.http.Close() }

// Answer lets the service answer so from now on; nil for 201.
func (s *Service) Answer(verdict func(path string) int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.verdict = verdict
}

// Lead is where redirects go.
func (s *Service) Lead(to string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lead = to
}

func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 5000))
	if err != nil {
		return
	}
	s.mu.Lock()
	s.taken[r.URL.Path] = append(s.taken[r.URL.Path], Request{r.Header.Clone(), body})
	verdict := s.verdict
	w.Header().Set("Location", s.lead)
	s.mu.Unlock()
	code := http.StatusCreated
	switch {
	case r.Method != http.MethodPost:
		code = http.StatusMethodNotAllowed
	case len(body) > 4096: // more than a service has to take
		code = http.StatusRequestEntityTooLarge
	case verdict != nil:
		code = verdict(r.URL.Path)
	}
	w.WriteHeader(code)
	select {
	case s.Told <- r.URL.Path:
	default:
	}
}

// Taken gives what arrived at a path so far.
func (s *Service) Taken(path string) []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Request{}, s.taken[path]...)
}

// Subscriber is a browser or an app with its keys.
type Subscriber struct {
	key  *ecdh.PrivateKey
	auth []byte
}

// NewSubscriber makes keys.
func NewSubscriber() *Subscriber {
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		panic(err)
	}
	auth := make([]byte, 16)
	_, _ = rand.Read(auth)
	return &Subscriber{key, auth}
}

// KnownSubscriber has keys that are given: those of an example.
func KnownSubscriber(private, auth []byte) (*Subscriber, error) {
	key, err := ecdh.P256().NewPrivateKey(private)
	return &Subscriber{key, auth}, err
}

// P256dh and Auth are the keys as a subscription tells them.
func (s *Subscriber) P256dh() string {
	return base64.RawURLEncoding.EncodeToString(s.key.PublicKey().Bytes())
}

// Auth is the secret.
func (s *Subscriber) Auth() string { return base64.RawURLEncoding.EncodeToString(s.auth) }

// Open reads a message, in whichever encoding it says it has.
func (s *Subscriber) Open(m Request) ([]byte, error) {
	switch m.Header.Get("Content-Encoding") {
	case "aes128gcm":
		return s.openStandard(m.Body)
	case "aesgcm":
		return s.openLegacy(m)
	}
	return nil, fmt.Errorf("the encoding %q", m.Header.Get("Content-Encoding"))
}

// openStandard reads RFC 8291.
func (s *Subscriber) openStandard(body []byte) ([]byte, error) {
	if len(body) < 21 || len(body) < 21+int(body[20]) {
		return nil, errors.New("too short")
	}
	salt, size, sender, text := body[:16], binary.BigEndian.Uint32(body[16:20]), body[21:21+int(body[20])], body[21+int(body[20]):]
	if int(size) < len(text) {
		return nil, errors.New("longer than its record")
	}
	secret, err := s.agree(sender)
	if err != nil {
		return nil, err
	}
	ikm := expand(extract(s.auth, secret), "WebPush: info\x00"+string(s.key.PublicKey().Bytes())+string(sender), 32)
	prk := extract(salt, ikm)
	plain, err := open(expand(prk, "Content-Encoding: aes128gcm\x00", 16), expand(prk, "Content-Encoding: nonce\x00", 12), text)
	if err != nil {
		return nil, err
	}
	plain = []byte(strings.TrimRight(string(plain), "\x00")) // padding
	if len(plain) == 0 || plain[len(plain)-1] != 2 {
		return nil, errors.New("no end of the last record")
	}
	return plain[:len(plain)-1], nil
}

// openLegacy reads draft-ietf-webpush-encryption-04.
func (s *Subscriber) openLegacy(m Request) ([]byte, error) {
	salt, err := parameter(m.Header.Get("Encryption"), "salt")
	if err != nil {
		return nil, err
	}
	sender, err := parameter(m.Header.Get("Crypto-Key"), "dh")
	if err != nil {
		return nil, err
	}
	secret, err := s.agree(sender)
	if err != nil {
		return nil, err
	}
	prk := extract(salt, expand(extract(s.auth, secret), "Content-Encoding: auth\x00", 32))
	own := s.key.PublicKey().Bytes()
	parties := fmt.Sprintf("P-256\x00\x00%c%s\x00%c%s", len(own), own, len(sender), sender)
	plain, err := open(expand(prk, "Content-Encoding: aesgcm\x00"+parties, 16), expand(prk, "Content-Encoding: nonce\x00"+parties, 12), m.Body)
	if err != nil {
		return nil, err
	}
	if len(plain) < 2 || len(plain) < 2+int(binary.BigEndian.Uint16(plain)) {
		return nil, errors.New("bad padding")
	}
	return plain[2+int(binary.BigEndian.Uint16(plain)):], nil
}

func (s *Subscriber) agree(sender []byte) ([]byte, error) {
	key, err := ecdh.P256().NewPublicKey(sender)
	if err != nil {
		return nil, err
	}
	return s.key.ECDH(key)
}

func extract(salt, ikm []byte) []byte {
	mac := hmac.New(sha256.New, salt)
	mac.Write(ikm)
	return mac.Sum(nil)
}

// expand is HKDF-Expand for what one round gives.
func expand(prk []byte, info string, length int) []byte {
	mac := hmac.New(sha256.New, prk)
	mac.Write([]byte(info))
	mac.Write([]byte{1})
	return mac.Sum(nil)[:length]
}

func open(key, nonce, text []byte) ([]byte, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	box, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	return box.Open(nil, nonce, text, nil)
}

// parameter reads a value out of a header such as "dh=…;p256ecdsa=…".
func parameter(header, name string) ([]byte, error) {
	for _, part := range strings.FieldsFunc(header, func(r rune) bool { return r == ';' || r == ',' }) {
		if key, value, ok := strings.Cut(strings.TrimSpace(part), "="); ok && key == name {
			return base64.RawURLEncoding.DecodeString(strings.Trim(value, `"`))
		}
	}
	return nil, fmt.Errorf("%q has no %s", header, name)
}

// Claims are what a sender says of itself.
type Claims struct {
	Audience string `json:"aud"`
	Expires  int64  `json:"exp"`
	Subject  string `json:"sub"`
}

// Claims reads who sent a message, and fails unless it is signed by the key it brings. It gives that key as apps are told it.
func (m Request) Claims() (claims Claims, key string, err error) {
	token, public := "", []byte(nil)
	switch scheme, rest, _ := strings.Cut(m.Header.Get("Authorization"), " "); scheme {
	case "vapid":
		var both [2]string
		for _, part := range strings.Split(rest, ",") {
			name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
			if name == "t" {
				both[0] = value
			} else if name == "k" {
				both[1] = value
			}
		}
		token = both[0]
		public, err = base64.RawURLEncoding.DecodeString(both[1])
	case "WebPush":
		token = rest
		public, err = parameter(m.Header.Get("Crypto-Key"), "p256ecdsa")
	default:
		err = fmt.Errorf("the authorization %q", scheme)
	}
	if err != nil {
		return claims, "", err
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 || len(public) != 65 || public[0] != 4 {
		return claims, "", errors.New("no token, or no key")
	}
	var bytes [3][]byte
	for i, part := range parts {
		if bytes[i], err = base64.RawURLEncoding.DecodeString(part); err != nil {
			return claims, "", err
		}
	}
	var head struct{ Typ, Alg string }
	if err := json.Unmarshal(bytes[0], &head); err != nil || head.Alg != "ES256" || head.Typ != "JWT" {
		return claims, "", fmt.Errorf("the head of the token is %s", bytes[0])
	}
	if len(bytes[2]) != 64 {
		return claims, "", errors.New("no signature of ES256")
	}
	verifier := &ecdsa.PublicKey{Curve: elliptic.P256(), X: new(big.Int).SetBytes(public[1:33]), Y: new(big.Int).SetBytes(public[33:])}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if !ecdsa.Verify(verifier, sum[:], new(big.Int).SetBytes(bytes[2][:32]), new(big.Int).SetBytes(bytes[2][32:])) {
		return claims, "", errors.New("the signature is wrong")
	}
	return claims, base64.URLEncoding.EncodeToString(public), json.Unmarshal(bytes[1], &claims)
}
