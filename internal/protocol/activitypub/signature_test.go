package activitypub_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"crypto/x509"

	"anancus/internal/kit/fault"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/protocol/activitypub/aptest"
)

var (
	now  = time.Date(2024, 2, 3, 4, 5, 6, 0, time.UTC)
	body = []byte(`{"type":"Create"}`)
)

const (
	keyID = "https://a.test/users/ada#main-key"
	inbox = "https://b.test/inbox"
)

// signed is a POST as it arrives, signed over these headers with these
// parameters; values are taken from the request.
func signed(t *testing.T, r *http.Request, headers string, params map[string]string) *http.Request {
	t.Helper()
	var lines []string
	for _, name := range strings.Fields(headers) {
		value := r.Header.Get(name)
		switch name {
		case "(request-target)":
			value = strings.ToLower(r.Method) + " " + r.RequestURI
		case "(created)":
			value = params["created"]
		case "(expires)":
			value = params["expires"]
		case "host":
			value = r.Host
		}
		lines = append(lines, name+": "+value)
	}
	sum := sha256.Sum256([]byte(strings.Join(lines, "\n")))
	signature, err := rsa.SignPKCS1v15(nil, aptest.Key(1), crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{"keyId": keyID, "algorithm": "rsa-sha256", "headers": headers,
		"signature": base64.StdEncoding.EncodeToString(signature)}
	for name, value := range params {
		all[name] = value
	}
	var parts []string
	for _, name := range []string{"keyId", "algorithm", "created", "expires", "headers", "signature"} {
		if value := all[name]; value != "" && value != "-" {
			parts = append(parts, name+`="`+value+`"`)
		}
	}
	r.Header.Set("Signature", strings.Join(parts, ","))
	return r
}

func digestOf(body []byte) string {
	sum := sha256.Sum256(body)
	return "SHA-256=" + base64.StdEncoding.EncodeToString(sum[:])
}

// posted is an unsigned POST as it arrives.
func posted() *http.Request {
	r := httptest.NewRequest(http.MethodPost, inbox, bytes.NewReader(body))
	r.Header.Set("Date", now.Format(http.TimeFormat))
	r.Header.Set("Digest", digestOf(body))
	r.Header.Set("Content-Type", activitypub.ContentTypePost)
	r.RequestURI = "/inbox"
	return r
}

func verify(r *http.Request, body []byte, at time.Time) error {
	s, err := activitypub.ParseSignature(r)
	if err != nil {
		return err
	}
	return s.Verify(r, body, aptest.PublicKey(1), at)
}

const usual = "host date content-type digest (request-target)"

func TestWhatWeSignVerifies(t *testing.T) {
	out := aptest.Post(t, inbox+"?x=%2Fy", keyID, 1, body, now)
	want := `keyId="` + keyID + `",algorithm="rsa-sha256",headers="host date content-type digest (request-target)",signature="`
	if got := out.Header.Get("Signature"); !strings.HasPrefix(got, want) {
		t.Errorf("the signature is %s", got)
	}
	if err := verify(aptest.Arrived(out), body, now); err != nil {
		t.Error(err)
	}

	read, _ := http.NewRequest(http.MethodGet, "https://b.test/users/bo", nil)
	if err := activitypub.Sign(read, keyID, aptest.Key(1), nil, now); err != nil {
		t.Fatal(err)
	}
	if got := read.Header.Get("Signature"); !strings.Contains(got, `headers="host date (request-target)"`) {
		t.Errorf("the signature is %s", got)
	}
	if err := verify(aptest.Arrived(read), nil, now); err != nil {
		t.Error(err)
	}
}

func TestACollectionDigestIsSignedToo(t *testing.T) {
	out, _ := http.NewRequest(http.MethodPost, inbox, bytes.NewReader(body))
	out.Header.Set("Content-Type", activitypub.ContentTypePost)
	out.Header.Set("Collection-Synchronization", `collectionId="x"`)
	if err := activitypub.Sign(out, keyID, aptest.Key(1), body, now); err != nil {
		t.Fatal(err)
	}
	if got := out.Header.Get("Signature"); !strings.Contains(got, `headers="host date content-type collection-synchronization digest (request-target)"`) {
		t.Errorf("the signature is %s", got)
	}
}

// The example of the draft itself (appendix C.3), with its key and Date.
func TestTheExampleOfTheDraftVerifies(t *testing.T) {
	const public = `-----BEGIN PUBLIC KEY-----
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDCFENGw33yGihy92pDjZQhl0C3
6rPJj+CvfSC8+q28hxA161QFNUd13wuCTUcq0Qd2qsBe/2hFyc2DCJJg0h1L78+6
Z4UMR7EOcpfdUE9Hf3m/hs+FUR45uBJeDK1HSFHD8bHKD6kv8FPGfJTotc+2xjJw
oYi+1hqp1fIekaxsyQIDAQAB
-----END PUBLIC KEY-----`
	key, err := activitypub.ParsePublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	text := `{"hello": "world"}`
	r := httptest.NewRequest(http.MethodPost, "https://example.com/foo?param=value&pet=dog", strings.NewReader(text))
	r.RequestURI = "/foo?param=value&pet=dog"
	r.Header.Set("Date", "Sun, 05 Jan 2014 21:31:40 GMT")
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Content-Length", "18")
	r.Header.Set("Digest", "SHA-256=X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=")
	r.Header.Set("Signature", `keyId="Test",algorithm="rsa-sha256",headers="(request-target) host date content-type digest content-length",`+
		`signature="vSdrb+dS3EceC9bcwHSo4MlyKS59iFIrhgYkz8+oVLEEzmYZZvRs8rgOp+63LEM3v+MFHB32NfpB2bEKBIvB1q52LaEUHFv120V01IL+TAD48XaERZFukWgHoBTLMhYS2Gb51gWxpeIq8knRmPnYePbF5MOkR0Zkly4zKH7s1dE="`)
	s, err := activitypub.ParseSignature(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Verify(r, []byte(text), key, time.Date(2014, 1, 5, 21, 33, 0, 0, time.UTC)); err != nil {
		t.Error(err)
	}
}

func TestAcceptedSignatures(t *testing.T) {
	unix := strconv.FormatInt(now.Unix(), 10)
	for name, c := range map[string]struct {
		headers string
		params  map[string]string
		change  func(*http.Request)
	}{
		"usual":                {headers: usual},
		"the other order":      {headers: "(request-target) digest date host"},
		"hs2019":               {headers: usual, params: map[string]string{"algorithm": "hs2019"}},
		"no algorithm":         {headers: usual, params: map[string]string{"algorithm": "-"}},
		"created":              {headers: "(request-target) (created) host digest", params: map[string]string{"algorithm": "hs2019", "created": unix}},
		"created and expires":  {headers: "(request-target) (created) (expires) host digest", params: map[string]string{"algorithm": "hs2019", "created": unix, "expires": unix}},
		"an unsigned created":  {headers: usual, params: map[string]string{"created": "1"}},
		"upper-case headers":   {headers: usual, change: func(r *http.Request) { upper(r) }},
		"several digests":      {headers: usual, change: func(r *http.Request) { r.Header.Set("Digest", "SHA-512=abcd=, sha-256="+digestOf(body)[8:]) }},
		"acct key id":          {headers: usual, params: map[string]string{"keyId": "acct:ada@a.test"}},
		"an unknown parameter": {headers: usual, change: func(r *http.Request) { r.Header.Set("Signature", r.Header.Get("Signature")+`,opaque="x"`) }},
	} {
		t.Run(name, func(t *testing.T) {
			r := posted()
			if c.change != nil && strings.Contains(name, "digests") {
				c.change(r)
			}
			signed(t, r, c.headers, c.params)
			if c.change != nil && !strings.Contains(name, "digests") {
				c.change(r)
			}
			if err := verify(r, body, now); err != nil {
				t.Error(err)
			}
		})
	}
}

func upper(r *http.Request) {
	r.Header.Set("Signature", strings.Replace(r.Header.Get("Signature"), `headers="host date`, `headers="Host Date`, 1))
}

func TestRefusedSignatures(t *testing.T) {
	far := strconv.FormatInt(now.Add(2*time.Hour).Unix(), 10)
	unix := strconv.FormatInt(now.Unix(), 10)
	edit := func(old, new string) func(*http.Request) {
		return func(r *http.Request) {
			r.Header.Set("Signature", strings.Replace(r.Header.Get("Signature"), old, new, 1))
		}
	}
	for name, c := range map[string]struct {
		headers string
		params  map[string]string
		change  func(*http.Request) // after signing
	}{
		"no signature":               {usual, nil, func(r *http.Request) { r.Header.Del("Signature") }},
		"an empty header":            {usual, nil, func(r *http.Request) { r.Header.Set("Signature", "") }},
		"two headers":                {usual, nil, func(r *http.Request) { r.Header.Add("Signature", r.Header.Get("Signature")) }},
		"no digest":                  {"host date (request-target)", nil, nil},
		"no request target":          {"host date digest", nil, nil},
		"no date":                    {"host digest (request-target)", nil, nil},
		"no headers":                 {"-", nil, nil},
		"an empty headers list":      {usual, nil, edit(usual, " ")},
		"a header twice":             {usual + " host", nil, nil},
		"a header that is not there": {usual + " x-other", nil, nil},
		"too many headers":           {usual, nil, edit(usual, usual+strings.Repeat(" a", 5)+fmt.Sprint(" b", strings.Repeat(" c", 40)))},
		"hmac":                       {usual, map[string]string{"algorithm": "hmac-sha256"}, nil},
		"none":                       {usual, map[string]string{"algorithm": "none"}, nil},
		"ed25519":                    {usual, map[string]string{"algorithm": "ed25519"}, nil},
		"rsa-sha1":                   {usual, map[string]string{"algorithm": "rsa-sha1"}, nil},
		"no key id":                  {usual, map[string]string{"keyId": "-"}, nil},
		"an empty signature":         {usual, map[string]string{"signature": "-"}, nil},
		"a blank signature":          {usual, map[string]string{"signature": " "}, nil},
		"a signature of nothing":     {usual, map[string]string{"signature": "===="}, nil},
		"a signature by others":      {usual, map[string]string{"signature": base64.StdEncoding.EncodeToString(make([]byte, 256))}, nil},
		"a parameter twice": {usual, nil, func(r *http.Request) {
			r.Header.Set("Signature", `keyId="https://c.test/k",`+r.Header.Get("Signature"))
		}},
		"an open quote":             {usual, nil, func(r *http.Request) { r.Header.Set("Signature", r.Header.Get("Signature")+`,x="y`) }},
		"a comma at the end":        {usual, nil, func(r *http.Request) { r.Header.Set("Signature", r.Header.Get("Signature")+",") }},
		"created with rsa-sha256":   {"(request-target) (created) host digest", map[string]string{"created": unix}, nil},
		"created that is missing":   {"(request-target) (created) host digest", map[string]string{"algorithm": "hs2019"}, nil},
		"created in the future":     {"(request-target) (created) host digest", map[string]string{"algorithm": "hs2019", "created": far}, nil},
		"created that is no number": {"(request-target) (created) host digest", map[string]string{"algorithm": "hs2019", "created": "soon"}, nil},
		"expires that is no number": {usual, map[string]string{"expires": "soon"}, nil},
		"expired":                   {usual, map[string]string{"expires": "1000"}, nil},
		"two dates":                 {usual, nil, func(r *http.Request) { r.Header.Add("Date", r.Header.Get("Date")) }},
		"another date":              {usual, nil, func(r *http.Request) { r.Header.Set("Date", now.Add(time.Second).Format(http.TimeFormat)) }},
		"a date that is none":       {usual, nil, func(r *http.Request) { r.Header.Set("Date", "yesterday") }},
		"two digests":               {usual, nil, func(r *http.Request) { r.Header.Add("Digest", r.Header.Get("Digest")) }},
		"two values in a digest":    {usual, nil, func(r *http.Request) { r.Header.Set("Digest", digestOf(body)+","+digestOf(nil)) }},
		"another digest":            {usual, nil, func(r *http.Request) { r.Header.Set("Digest", digestOf([]byte("x"))) }},
		"a short digest":            {usual, nil, func(r *http.Request) { r.Header.Set("Digest", "SHA-256=abcd") }},
		"a digest of another kind":  {usual, nil, func(r *http.Request) { r.Header.Set("Digest", "MD5=abcd") }},
		"another host":              {usual, nil, func(r *http.Request) { r.Host = "c.test" }},
		"another path":              {usual, nil, func(r *http.Request) { r.RequestURI = "/users/bo/inbox" }},
		"another method":            {usual, nil, func(r *http.Request) { r.Method = http.MethodPut }},
		"another content type":      {usual, nil, func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }},
		"an added content type":     {usual, nil, func(r *http.Request) { r.Header.Add("Content-Type", "text/plain") }},
	} {
		t.Run(name, func(t *testing.T) {
			r := signed(t, posted(), c.headers, c.params)
			if c.change != nil {
				c.change(r)
			}
			if err := verify(r, body, now); !fault.Is(err, fault.Unauthorized) {
				t.Errorf("Verify = %v, want an Unauthorized fault", err)
			}
		})
	}
}

func TestAnotherBodyIsRefused(t *testing.T) {
	if err := verify(signed(t, posted(), usual, nil), []byte("other"), now); !fault.Is(err, fault.Unauthorized) {
		t.Errorf("Verify = %v", err)
	}
}

func TestAMalformedDigestIsABadRequest(t *testing.T) {
	r := signed(t, posted(), usual, nil)
	r.Header.Set("Digest", "SHA-256")
	if err := verify(r, body, now); !fault.Is(err, fault.BadRequest) {
		t.Errorf("Verify = %v", err)
	}
}

func TestAReadingMustSignItsHost(t *testing.T) {
	for headers, want := range map[string]bool{
		"host date (request-target)": true,
		"date (request-target)":      false,
		"host date":                  false,
	} {
		r := httptest.NewRequest(http.MethodGet, "https://b.test/users/bo", nil)
		r.RequestURI = "/users/bo"
		r.Header.Set("Date", now.Format(http.TimeFormat))
		if err := verify(signed(t, r, headers, nil), nil, now); (err == nil) != want {
			t.Errorf("a GET that signs %q: %v", headers, err)
		}
	}
}

func TestTheQueryMayBeLeftOutOfTheSignature(t *testing.T) {
	r := signed(t, posted(), usual, nil) // signed for /inbox
	r.RequestURI = "/inbox?page=true"
	if err := verify(r, body, now); err != nil {
		t.Error(err)
	}
	r = posted()
	r.RequestURI = "/inbox?page=true"
	signed(t, r, usual, nil)
	if err := verify(r, body, now); err != nil {
		t.Error(err)
	}
	r.RequestURI = "/inbox?page=false"
	if verify(r, body, now) == nil {
		t.Error("another query verifies")
	}
}

func TestTheTimeWindow(t *testing.T) {
	for name, c := range map[string]struct {
		params map[string]string
		after  time.Duration
		want   bool
	}{
		"at once":                      {nil, 0, true},
		"from an hour ahead":           {nil, -time.Hour, true},
		"from further ahead":           {nil, -time.Hour - time.Second, false},
		"an hour and five later":       {nil, time.Hour + 5*time.Minute, true},
		"a second after that":          {nil, time.Hour + 5*time.Minute + time.Second, false},
		"half a day later":             {nil, 12 * time.Hour, false},
		"unsigned expires moves it":    {map[string]string{"expires": unixAfter(10 * time.Hour)}, 3 * time.Hour, false},
		"unsigned expires shortens it": {map[string]string{"expires": unixAfter(-2 * time.Hour)}, 0, false},
	} {
		if err := verify(signed(t, posted(), usual, c.params), body, now.Add(c.after)); (err == nil) != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	long := map[string]string{"algorithm": "hs2019", "created": unixAfter(0), "expires": unixAfter(48 * time.Hour)}
	for after, want := range map[time.Duration]bool{12 * time.Hour: true, 13*time.Hour + time.Second: false} {
		r := signed(t, posted(), "(request-target) (created) (expires) host digest", long)
		if err := verify(r, body, now.Add(after)); (err == nil) != want {
			t.Errorf("a signed expires, %v later: %v", after, err)
		}
	}
}

func unixAfter(d time.Duration) string { return strconv.FormatInt(now.Add(d).Unix(), 10) }

func TestOldRequestsAreNotMadeFreshByAnUnsignedCreated(t *testing.T) {
	r := signed(t, posted(), usual, map[string]string{"algorithm": "hs2019", "created": unixAfter(48 * time.Hour)})
	if verify(r, body, now.Add(48*time.Hour)) == nil {
		t.Error("an old request verifies")
	}
}

func TestUnusableKeys(t *testing.T) {
	s, err := activitypub.ParseSignature(signed(t, posted(), usual, nil))
	if err != nil {
		t.Fatal(err)
	}
	ec, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	for _, key := range []crypto.PublicKey{nil, (*rsa.PublicKey)(nil), &rsa.PublicKey{}, &ec.PublicKey, aptest.PublicKey(2)} {
		if err := s.Verify(posted(), body, key, now); !fault.Is(err, fault.Unauthorized) {
			t.Errorf("Verify with %T = %v", key, err)
		}
	}
	if activitypub.Sign(posted(), keyID, ec, body, now) == nil {
		t.Error("we sign with a key nobody understands")
	}
	if activitypub.Sign(posted(), `x",headers="`, aptest.Key(1), body, now) == nil {
		t.Error("we sign with a key id that breaks out of its quotes")
	}
	der, _ := x509.MarshalPKIXPublicKey(&ec.PublicKey)
	pkcs1 := string(pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: x509.MarshalPKCS1PublicKey(aptest.PublicKey(1))}))
	if _, err := activitypub.ParsePublicKey(pkcs1); err != nil {
		t.Error(err)
	}
	for _, text := range []string{"", "x", "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----", strings.Repeat("x", 1<<20),
		string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))} {
		if _, err := activitypub.ParsePublicKey(text); !fault.Is(err, fault.Unauthorized) {
			t.Errorf("ParsePublicKey(%.40q) = %v", text, err)
		}
	}
}

func FuzzParseSignature(f *testing.F) {
	f.Add(`keyId="https://a.test/k",algorithm="hs2019",created=1,headers="(request-target) date digest",signature="YQ=="`)
	f.Add(`keyId="\"\\",,a=,b`)
	f.Fuzz(func(t *testing.T, header string) {
		r := posted()
		r.Header.Set("Signature", header)
		s, err := activitypub.ParseSignature(r)
		if err != nil {
			if !fault.Is(err, fault.Unauthorized) {
				t.Errorf("ParseSignature(%q) = %v", header, err)
			}
			return
		}
		if s.Verify(r, body, aptest.PublicKey(1), now) == nil {
			t.Errorf("%q verifies", header)
		}
	})
}
