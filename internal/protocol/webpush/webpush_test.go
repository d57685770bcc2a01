package webpush

import (
	"bytes"
	"crypto/ecdh"
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"net/netip"
	"testing"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/fault"
	"anancus/internal/kit/safehttp"
	"anancus/internal/protocol/webpush/pushtest"
)

func decoded(t *testing.T, text string) []byte {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// example is one that a standard prints.
type example struct {
	standard                                bool
	plain, sender, key, private, auth, salt string
	body                                    string
}

var examples = map[string]example{
	"RFC 8291, appendix A": {true, "When I grow up, I want to be a watermelon", "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw",
		"BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4", "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94",
		"BTBZMqHH6r4Tts7J_aSIgg", "DGv6ra1nlYgDCS1FRnbzlw",
		"DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"},
	"draft-ietf-webpush-encryption-04, section 5": {false, "I am the walrus", "nCScek-QpEjmOOlT-rQ38nZzvdPlqa00Zy0i6m2OJvY",
		"BCEkBjzL8Z3C-oi2Q7oE5t2Np-p7osjGLg93qUP0wvqRT21EEWyf0cQDQcakQMqz4hQKYOQ3il2nNZct4HgAUQU", "9FWl15_QUQAWDaD3k3l50ZBZQJ4au27F1V4F0uLSD_M",
		"R29vIGdvbyBnJyBqb29iIQ", "lngarbyKfMoi9Z75xYXmkg", "6nqAQUME8hNqw5J3kl8cpVVJylXKYqZOeseZG8UueKpA"},
}

func TestWhatIsSealedIsAsTheStandardsPrintIt(t *testing.T) {
	for name, x := range examples {
		key, err := ecdh.P256().NewPublicKey(decoded(t, x.key))
		if err != nil {
			t.Fatal(err)
		}
		sender, err := ecdh.P256().NewPrivateKey(decoded(t, x.sender))
		if err != nil {
			t.Fatal(err)
		}
		to := &Subscriber{Key: key, Auth: decoded(t, x.auth), Standard: x.standard}
		got, err := sealWith(to, []byte(x.plain), sender, decoded(t, x.salt))
		if err != nil || encode(got.body) != x.body {
			t.Errorf("%s: %v\n got %s\nwant %s", name, err, encode(got.body), x.body)
		}
		header := http.Header{"Content-Encoding": {"aes128gcm"}}
		if !x.standard {
			header = http.Header{"Content-Encoding": {"aesgcm"}, "Encryption": {"salt=" + x.salt}, "Crypto-Key": {"dh=" + encode(got.sender)}}
		}
		reader, err := pushtest.KnownSubscriber(decoded(t, x.private), decoded(t, x.auth))
		if err != nil {
			t.Fatal(err)
		}
		if plain, err := reader.Open(pushtest.Request{Header: header, Body: decoded(t, x.body)}); err != nil || string(plain) != x.plain {
			t.Errorf("%s is read as %q, %v", name, plain, err)
		}
	}
}

func testKey(t *testing.T) *Key {
	t.Helper()
	pair, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key, err := NewKey(pair)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// subscribed gives a subscriber, as the sender and as the browser knows it.
func subscribed(t *testing.T, endpoint string, standard bool) (*Subscriber, *pushtest.Subscriber) {
	t.Helper()
	reader := pushtest.NewSubscriber()
	key, err := ecdh.P256().NewPublicKey(decoded(t, reader.P256dh()))
	if err != nil {
		t.Fatal(err)
	}
	return &Subscriber{Endpoint: endpoint, Key: key, Auth: decoded(t, reader.Auth()), Standard: standard}, reader
}

func TestAMessageArrivesWithTheHeadersOfItsEncoding(t *testing.T) {
	service := pushtest.New()
	defer service.Close()
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	client := safehttp.New(safehttp.Options{AllowAddresses: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}, Clock: clock.NewManual(now)})
	defer client.Close()
	key := testKey(t)
	sender := &Sender{Client: client, Key: key, Contact: func() string { return "mailto:keeper@example.org" }}
	long := bytes.Repeat([]byte("牙"), MaxPlain/3)
	for path, standard := range map[string]bool{"/new": true, "/old": false} {
		to, reader := subscribed(t, service.URL+path, standard)
		answer, err := sender.Send(t.Context(), to, Message{long, "https://anancus.example/off"})
		if err != nil || answer.Status != http.StatusCreated {
			t.Fatalf("%s: %+v, %v", path, answer, err)
		}
		got := service.Taken(path)[0]
		if plain, err := reader.Open(got); err != nil || !bytes.Equal(plain, long) {
			t.Errorf("%s reads %d bytes, %v", path, len(plain), err)
		}
		for name, want := range map[string]string{"Ttl": "172800", "Urgency": "normal", "Unsubscribe-Url": "https://anancus.example/off", "Content-Type": "application/octet-stream"} {
			if got.Header.Get(name) != want {
				t.Errorf("%s: %s is %q", path, name, got.Header.Get(name))
			}
		}
		claims, by, err := got.Claims()
		if err != nil || by != base64.URLEncoding.EncodeToString(key.public) || claims.Audience != service.URL || claims.Subject != "mailto:keeper@example.org" ||
			claims.Expires != now.Add(24*time.Hour).Unix() {
			t.Errorf("%s is from %+v, %v", path, claims, err)
		}
		if other := pushtest.NewSubscriber(); standard {
			if plain, err := other.Open(got); err == nil {
				t.Errorf("somebody else reads %q", plain)
			}
		}
	}
	again, reader := subscribed(t, service.URL+"/twice", true)
	for range 2 {
		if _, err := sender.Send(t.Context(), again, Message{Plain: []byte("the same")}); err != nil {
			t.Fatal(err)
		}
	}
	both := service.Taken("/twice")
	if bytes.Equal(both[0].Body, both[1].Body) {
		t.Error("the same message looks the same twice: key or salt are not new")
	}
	if plain, err := reader.Open(both[1]); err != nil || string(plain) != "the same" {
		t.Errorf("%q, %v", plain, err)
	}
	if _, err := sender.Send(t.Context(), again, Message{Plain: make([]byte, MaxPlain+1)}); err == nil {
		t.Error("a message that is too long is sent")
	}
}

func TestNothingIsPushedToPrivateAddresses(t *testing.T) {
	client := safehttp.New(safehttp.Options{})
	defer client.Close()
	sender := &Sender{Client: client, Key: testKey(t), Contact: func() string { return "" }}
	for _, endpoint := range []string{"https://127.0.0.1/a", "https://10.0.0.1/a", "https://169.254.169.254/a", "https://[::1]/a", "https://[::ffff:127.0.0.1]/a", "http://93.184.216.34/a"} {
		to, _ := subscribed(t, endpoint, true)
		if _, err := sender.Send(t.Context(), to, Message{Plain: []byte("x")}); !fault.Is(err, fault.Forbidden) {
			t.Errorf("%s: %v", endpoint, err)
		}
	}
}

func TestTheWaitAServiceAsksForIsReadInBothForms(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Duration{"": 0, "120": 2 * time.Minute, "-5": 0, "soon": 0, "Sun, 22 Nov 2026 12:05:00 GMT": 5 * time.Minute, "Sun, 22 Nov 2026 11:00:00 GMT": 0} {
		if got := retryAfter(text, now); got != want {
			t.Errorf("%q is %v", text, got)
		}
	}
}
