package activitypub_test

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"anancus/internal/kit/fault"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/protocol/activitypub/aptest"
)

const (
	usualParts = "@method @target-uri content-digest"
	edKeyID    = "https://a.test/users/ada#ed25519"
)

func usualParams() string { return fmt.Sprintf(`;created=%d;keyid="%s"`, now.Unix(), keyID) }

// message is a POST as it arrives, signed by RFC 9421.
func message(t testing.TB, key crypto.Signer, parts, params string) *http.Request {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, inbox+"?a=b%20c", bytes.NewReader(body))
	r.RequestURI = "/inbox?a=b%20c"
	r.Header.Set("Date", now.Format(http.TimeFormat))
	r.Header.Set("Content-Type", activitypub.ContentTypePost)
	r.Header.Set("Content-Digest", aptest.ContentDigest(body))
	aptest.SignMessage(t, r, key, parts, params)
	return r
}

func TestWhatWeSignByRFC9421Verifies(t *testing.T) {
	for _, method := range []string{http.MethodPost, http.MethodGet} {
		content := body
		if method == http.MethodGet {
			content = nil
		}
		out, _ := http.NewRequest(method, inbox+"?x=%2Fy", bytes.NewReader(content))
		out.Header.Set("Digest", "SHA-256=of another signature")
		if err := activitypub.SignMessage(out, keyID, aptest.Key(1), content, now); err != nil {
			t.Fatal(err)
		}
		want := fmt.Sprintf(`sig1=("@method" "@target-uri" "content-digest");created=%d;keyid="%s";alg="rsa-v1_5-sha256"`, now.Unix(), keyID)
		if content == nil {
			want = strings.Replace(want, ` "content-digest"`, "", 1)
		}
		if got := out.Header.Get("Signature-Input"); got != want || out.Header.Get("Digest") != "" {
			t.Errorf("Signature-Input: %s, Digest: %s", got, out.Header.Get("Digest"))
		}
		if err := verify(aptest.Arrived(out), content, now); err != nil {
			t.Error(err)
		}
	}
	out := posted()
	out.Header.Set("Collection-Synchronization", `collectionId="x"`)
	if err := activitypub.SignMessage(out, keyID, aptest.Key(1), body, now); err != nil || !strings.Contains(out.Header.Get("Signature-Input"), "collection-synchronization") {
		t.Errorf("a digest of followers is not signed: %v", err)
	}
	for _, bad := range []string{`x";keyid="`, "x\n", "é"} {
		if activitypub.SignMessage(posted(), bad, aptest.Key(1), body, now) == nil {
			t.Errorf("we sign with the key id %q", bad)
		}
	}
	if activitypub.SignMessage(posted(), keyID, aptest.EdKey(1), body, now) == nil {
		t.Error("we say rsa-v1_5-sha256 with another key")
	}
}

func TestMessageSignatures(t *testing.T) {
	unix := now.Unix()
	header := func(name, old, new string) func(*http.Request) {
		return func(r *http.Request) {
			if !strings.Contains(r.Header.Get(name), old) {
				t.Errorf("%s has no %q: %s", name, old, r.Header.Get(name))
			}
			r.Header.Set(name, strings.Replace(r.Header.Get(name), old, new, 1))
		}
	}
	key := fmt.Sprintf(`;keyid="%s"`, keyID)
	for name, c := range map[string]struct {
		parts, params string
		change        func(*http.Request) // after signing
		ok            bool
	}{
		"usual":                      {"", "", nil, true},
		"with alg":                   {"", usualParams() + `;alg="rsa-v1_5-sha256"`, nil, true},
		"a nonce and a tag":          {"", usualParams() + `;nonce="x";tag="y"`, nil, true},
		"more than that":             {"@method @target-uri @authority @path content-digest content-type date", "", nil, true},
		"as long as it says":         {"", usualParams() + fmt.Sprintf(";expires=%d", unix+60), nil, true},
		"a proxy's before it":        {"", "", func(r *http.Request) { prepend(r, `p=("@method");created=1;keyid="p", `, `p=:aGVsbG8=:, `) }, true},
		"over http":                  {"", "", func(r *http.Request) {}, true},
		"nothing covered":            {" ", "", nil, false},
		"no method":                  {"@target-uri content-digest", "", nil, false},
		"no address":                 {"@method content-digest", "", nil, false},
		"a path for an address":      {"@method @path @authority content-digest", "", nil, false},
		"no digest":                  {"@method @target-uri", "", nil, false},
		"a component twice":          {"@method @target-uri content-digest content-digest", "", nil, false},
		"a header that is not there": {"@method @target-uri content-digest x-other", "", nil, false},
		"what only answers have":     {"@method @target-uri content-digest @status", "", nil, false},
		"too many components":        {"@method @target-uri content-digest " + strings.Repeat("a ", 40), "", nil, false},
		"no created":                 {"", key, nil, false},
		"a created of words":         {"", `;created="now"` + key, nil, false},
		"a created below zero":       {"", `;created=-5` + key, nil, false},
		"no key id":                  {"", fmt.Sprintf(";created=%d", unix), nil, false},
		"a key id without quotes":    {"", fmt.Sprintf(";created=%d;keyid=x", unix), nil, false},
		"a long key id":              {"", fmt.Sprintf(`;created=%d;keyid="%s"`, unix, strings.Repeat("x", 3000)), nil, false},
		"hmac":                       {"", usualParams() + `;alg="hmac-sha256"`, nil, false},
		"rsa-pss":                    {"", usualParams() + `;alg="rsa-pss-sha512"`, nil, false},
		"the algorithm of no key":    {"", usualParams() + `;alg="ed25519"`, nil, false},
		"none":                       {"", usualParams() + `;alg="none"`, nil, false},
		"an alg of numbers":          {"", usualParams() + `;alg=1`, nil, false},
		"expired":                    {"", usualParams() + ";expires=1000", nil, false},
		"expires of words":           {"", usualParams() + `;expires="later"`, nil, false},
		"from the future":            {"", fmt.Sprintf(";created=%d", unix+2*3600) + key, nil, false},
		"from the past":              {"", fmt.Sprintf(";created=%d", unix-2*3600) + key, nil, false},
		"another created":            {"", "", header("Signature-Input", fmt.Sprint(unix), fmt.Sprint(unix+1)), false},
		"another key id":             {"", "", header("Signature-Input", "ada", "eve"), false},
		"another order":              {"", "", header("Signature-Input", `"@method" "@target-uri"`, `"@target-uri" "@method"`), false},
		"a parameter of a component": {"", "", header("Signature-Input", `"content-digest"`, `"content-digest";sf`), false},
		"upper case":                 {"", "", header("Signature-Input", `"content-digest"`, `"Content-Digest"`), false},
		"another method":             {"", "", func(r *http.Request) { r.Method = http.MethodPut }, false},
		"another path":               {"", "", func(r *http.Request) { r.RequestURI = "/users/bo/inbox" }, false},
		"no query":                   {"", "", func(r *http.Request) { r.RequestURI = "/inbox" }, false},
		"another host":               {"", "", func(r *http.Request) { r.Host = "c.test" }, false},
		"another digest":             {"", "", func(r *http.Request) { r.Header.Set("Content-Digest", aptest.ContentDigest([]byte("x"))) }, false},
		"two digests":                {"", "", func(r *http.Request) { r.Header.Add("Content-Digest", r.Header.Get("Content-Digest")) }, false},
		"a digest of another kind":   {"", "", func(r *http.Request) { r.Header.Set("Content-Digest", "sha-512=:aGVsbG8=:") }, false},
		"a digest of words":          {"", "", func(r *http.Request) { r.Header.Set("Content-Digest", `sha-256="x"`) }, false},
		"no digest header":           {"", "", func(r *http.Request) { r.Header.Del("Content-Digest") }, false},
		"another name":               {"", "", header("Signature", "sig=", "other="), false},
		"no value":                   {"", "", func(r *http.Request) { r.Header.Del("Signature") }, false},
		"an empty value":             {"", "", func(r *http.Request) { r.Header.Set("Signature", "sig=::") }, false},
		"a value of words":           {"", "", func(r *http.Request) { r.Header.Set("Signature", `sig="x"`) }, false},
		"a value that is a list":     {"", "", func(r *http.Request) { r.Header.Set("Signature", `sig=(:aGVsbG8=:)`) }, false},
		"an input that is no list":   {"", "", func(r *http.Request) { r.Header.Set("Signature-Input", `sig="x"`) }, false},
		"an empty input":             {"", "", func(r *http.Request) { r.Header.Set("Signature-Input", "") }, false},
		"rubbish":                    {"", "", func(r *http.Request) { r.Header.Set("Signature-Input", "((((") }, false},
		"a long input":               {"", "", func(r *http.Request) { r.Header.Add("Signature-Input", "x="+strings.Repeat("a", 9000)) }, false},
		"many before it":             {"", "", func(r *http.Request) { prepend(r, many(10), "") }, false},
		"the older one beside it":    {"", "", func(r *http.Request) { r.Header.Set("Signature", `keyId="x",signature="eA=="`) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			if c.parts == "" {
				c.parts = usualParts
			}
			if c.params == "" {
				c.params = usualParams()
			}
			r := message(t, aptest.Key(1), c.parts, c.params)
			if name == "over http" {
				r.URL.Scheme, r.TLS = "http", nil
				aptest.SignMessage(t, r, aptest.Key(1), c.parts, c.params)
			}
			if c.change != nil {
				c.change(r)
			}
			err := verify(r, body, now)
			if (err == nil) != c.ok || err != nil && !fault.Is(err, fault.Unauthorized) {
				t.Errorf("Verify = %v, want %v", err, c.ok)
			}
		})
	}
	r := message(t, aptest.Key(1), usualParts, usualParams())
	if err := verify(r, []byte("other"), now); !fault.Is(err, fault.Unauthorized) {
		t.Errorf("another body: %v", err)
	}
	r.Header.Set("Content-Digest", "sha-256=:")
	if err := verify(r, body, now); !fault.Is(err, fault.BadRequest) {
		t.Errorf("a malformed digest: %v", err)
	}
}

func prepend(r *http.Request, input, value string) {
	r.Header.Set("Signature-Input", input+r.Header.Get("Signature-Input"))
	r.Header.Set("Signature", value+r.Header.Get("Signature"))
}

func many(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `a%d=("@method");created=1;keyid="p", `, i)
	}
	return b.String()
}

func TestAnEd25519KeySignsMessages(t *testing.T) {
	params := fmt.Sprintf(`;created=%d;keyid="%s"`, now.Unix(), edKeyID)
	check := func(params string, public crypto.PublicKey) error {
		r := message(t, aptest.EdKey(1), usualParts, params)
		s, err := activitypub.ParseSignature(r)
		if err != nil {
			return err
		}
		return s.Verify(r, body, public, now)
	}
	public := aptest.EdKey(1).Public()
	for _, alg := range []string{"", `;alg="ed25519"`} {
		if err := check(params+alg, public); err != nil {
			t.Errorf("%s: %v", alg, err)
		}
	}
	for name, err := range map[string]error{
		"another key":        check(params, aptest.EdKey(2).Public()),
		"an RSA key":         check(params, aptest.PublicKey(1)),
		"no key":             check(params, nil),
		"half a key":         check(params, ed25519.PublicKey{1, 2, 3}),
		"another algorithm":  check(params+`;alg="rsa-v1_5-sha256"`, public),
		"with the older way": oldWay(t, public),
	} {
		if !fault.Is(err, fault.Unauthorized) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// oldWay gives an Ed25519 key to a signature of draft-cavage, which is RSA alone.
func oldWay(t *testing.T, public crypto.PublicKey) error {
	s, err := activitypub.ParseSignature(signed(t, posted(), usual, nil))
	if err != nil {
		t.Fatal(err)
	}
	return s.Verify(posted(), body, public, now)
}

func TestTheTimeWindowOfMessages(t *testing.T) {
	for name, c := range map[string]struct {
		expires time.Duration // after created; 0: not said
		after   time.Duration
		want    bool
	}{
		"at once":                {0, 0, true},
		"from an hour ahead":     {0, -time.Hour, true},
		"from further ahead":     {0, -time.Hour - time.Second, false},
		"an hour and five later": {0, time.Hour + 5*time.Minute, true},
		"a second after that":    {0, time.Hour + 5*time.Minute + time.Second, false},
		"as long as it says":     {3 * time.Hour, 4 * time.Hour, true},
		"at most twelve hours":   {48 * time.Hour, 13*time.Hour + time.Second, false},
	} {
		params := usualParams()
		if c.expires != 0 {
			params += fmt.Sprintf(";expires=%d", now.Add(c.expires).Unix())
		}
		if err := verify(message(t, aptest.Key(1), usualParts, params), body, now.Add(c.after)); (err == nil) != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzParseMessageSignature(f *testing.F) {
	f.Add(`sig1=("@method" "@target-uri" "content-digest");created=1706933106;keyid="https://a.test/k";alg="ed25519"`, `sig1=:aGVsbG8=:`)
	f.Add(`a=(), a=("@method";req);created=1.5;keyid=?1, b=1`, `a=:aGVsbG8=:, a=?0`)
	f.Add(`((`, "::")
	f.Fuzz(func(t *testing.T, input, value string) {
		r := posted()
		r.Header.Set("Content-Digest", aptest.ContentDigest(body))
		r.Header.Set("Signature-Input", input)
		r.Header.Set("Signature", value)
		s, err := activitypub.ParseSignature(r)
		if err != nil {
			if !fault.Is(err, fault.Unauthorized) {
				t.Errorf("ParseSignature(%q, %q) = %v", input, value, err)
			}
			return
		}
		if s.Verify(r, body, aptest.PublicKey(1), now) == nil || s.Verify(r, body, aptest.EdKey(1).Public(), now) == nil {
			t.Errorf("%q, %q verifies", input, value)
		}
	})
}
