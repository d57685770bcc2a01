package activitypub

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/dunglas/httpsfv"
)

// The examples of RFC 9421 that use algorithms of the fediverse: B.2.6 and 4.3. They do not cover
// what we demand of requests, so they are read without that check.
func TestTheExamplesOfRFC9421Verify(t *testing.T) {
	const ed = `-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=
-----END PUBLIC KEY-----`
	const rsa = `-----BEGIN RSA PUBLIC KEY-----
MIIBCgKCAQEAhAKYdtoeoy8zcAcR874L8cnZxKzAGwd7v36APp7Pv6Q2jdsPBRrw
WEBnez6d0UDKDwGbc6nxfEXAy5mbhgajzrw3MOEt8uA5txSKobBpKDeBLOsdJKFq
MGmXCQvEG7YemcxDTRPxAleIAgYYRjTSd/QBwVW9OwNFhekro3RtlinV0a75jfZg
kne/YiktSvLG34lw2zqXBDTC5NHROUqGTlML4PlNZS5Ri2U4aCNx2rUPRcKIlE0P
uKxI4T+HIaFpv8+rdV6eUgOrB2xeI1dSFFn/nnv5OoZJEIB+VmuKn3DCUcCZSFlQ
PSXSfBDiUGhwOw76WuSSsf1D4b/vLoJ10wIDAQAB
-----END RSA PUBLIC KEY-----`
	for name, c := range map[string]struct {
		key, host, date, input, signature, base string
	}{
		"B.2.6": {ed, "example.com", "Tue, 20 Apr 2021 02:07:55 GMT",
			`("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519"`,
			"wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==",
			`"date": Tue, 20 Apr 2021 02:07:55 GMT
"@method": POST
"@path": /foo
"@authority": example.com
"content-type": application/json
"content-length": 18
"@signature-params": ("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519"`},
		"4.3": {rsa, "origin.host.internal.example", "Tue, 20 Apr 2021 02:07:56 GMT",
			`("@method" "@authority" "@path" "content-digest" "content-type" "content-length" "forwarded");created=1618884480;keyid="test-key-rsa";alg="rsa-v1_5-sha256";expires=1618884540`,
			"S6ZzPXSdAMOPjN/6KXfXWNO/f7V6cHm7BXYUh3YD/fRad4BCaRZxP+JH+8XY1I6+8Cy+CM5g92iHgxtRPz+MjniOaYmdkDcnL9cCpXJleXsOckpURl49GwiyUpZ10KHgOEe11sx3G2gxI8S0jnxQB+Pu68U9vVcasqOWAEObtNKKZd8tSFu7LB5YAv0RAGhB8tmpv7sFnIm9y+7X5kXQfi8NMaZaA8i2ZHwpBdg7a6CMfwnnrtflzvZdXAsD3LH2TwevU+/PBPv0B6NMNk93wUs/vfJvye+YuI87HU38lZHowtznbLVdp770I6VHR6WfgS9ddzirrswsE1w5o0LV/g==", ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodPost, "https://"+c.host+"/foo?param=Value&Pet=dog", strings.NewReader(`{"hello": "world"}`))
			r.RequestURI = "/foo?param=Value&Pet=dog"
			r.Header.Set("Date", c.date)
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("Content-Digest", "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:")
			r.Header.Set("Content-Length", "18")
			r.Header.Set("Forwarded", "for=192.0.2.123;host=example.com;proto=https")
			inputs, err := httpsfv.UnmarshalDictionary([]string{"x=" + c.input})
			if err != nil {
				t.Fatal(err)
			}
			values, err := httpsfv.UnmarshalDictionary([]string{"x=:" + c.signature + ":"})
			if err != nil {
				t.Fatal(err)
			}
			input, _ := inputs.Get("x")
			value, _ := values.Get("x")
			s, err := readMessage(input, value)
			if err != nil {
				t.Fatal(err)
			}
			base, err := s.base(r, "https")
			if err != nil || c.base != "" && base != c.base {
				t.Errorf("the base is %v:\n%s", err, base)
			}
			key := exampleKey(t, c.key)
			if fits, err := s.fits([]byte(base), key); err != nil || !fits {
				t.Errorf("fits = %v, %v", fits, err)
			}
			if fits, _ := s.fits([]byte(base+" "), key); fits {
				t.Error("another text verifies")
			}
			if s.checkComponents(r) == nil {
				t.Error("what does not cover the address is enough for us")
			}
		})
	}
}

func exampleKey(t *testing.T, text string) crypto.PublicKey {
	t.Helper()
	if key, err := ParsePublicKey(text); err == nil {
		return key
	}
	block, _ := pem.Decode([]byte(text))
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestWhatIsRememberedOfHostsIsBounded(t *testing.T) {
	var d dialects
	for i := range 3*maxDialects + 1 {
		d.learn(strings.Repeat("x", i%7)+string(rune('a'+i%26))+strconv.Itoa(i), true)
		if len(d.newer) > maxDialects {
			t.Fatalf("%d hosts are remembered", len(d.newer))
		}
	}
	d.learn("b.example", true)
	if !d.of("b.example") || d.of("c.example") {
		t.Error("the dialects are mixed up")
	}
	if d.learn("b.example", false); d.of("b.example") {
		t.Error("a dialect that is taken no more is remembered")
	}
}
