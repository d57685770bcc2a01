package safehttp

import (
	"strings"
	"testing"
)

func TestAddressesGetOneSpelling(t *testing.T) {
	for raw, want := range map[string]string{
		"https://example.com":              "https://example.com",
		"HTTPS://Example.COM/A":            "https://example.com/A",
		"https://example.com./x":           "https://example.com/x",
		"https://example.com:443/x":        "https://example.com/x",
		"http://example.com:80/x":          "http://example.com/x",
		"https://example.com:8443/x":       "https://example.com:8443/x",
		"https://example.com/x#y":          "https://example.com/x",
		"https://bücher.example/":          "https://xn--bcher-kva.example/",
		"https://ｅｘａｍｐｌｅ.com/":             "https://example.com/",
		"https://example。com/":             "https://example.com/",
		"https://under_score.example.com/": "https://under_score.example.com/",
		"https://8.8.8.8/":                 "https://8.8.8.8/",
		"https://[2606:4700:0::1]:443/":    "https://[2606:4700::1]/",
		"https://example.com/a%20b?c=d%0a": "https://example.com/a%20b?c=d%0a",
	} {
		u, err := ParseURL(raw)
		if err != nil || u.String() != want {
			t.Errorf("ParseURL(%q) = %v, %v, want %s", raw, u, err, want)
		}
	}
}

func TestStrangeAddressesAreRefused(t *testing.T) {
	for _, raw := range []string{
		"", "example.com", "//example.com/", "/path", "https:", "https://", "https:///x", "https:example.com",
		"ftp://example.com", "javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "gopher://x/",
		"https://user@example.com/", "https://user:pw@example.com/", "https://@example.com/",
		"https://example.com\\@evil.com/", "https:\\\\example.com", "https://example.com/\r\nHost: x",
		"https://example.com/ x", "https://example.com/\x00", "https://exam\tple.com/", "https://example.com/%0d%0aX:1",
		"https://exa%00mple.com/", "https://exa%20mple.com/", "https://example..com/", "https://.example.com/", "https://-/..",
		"https://example.com:0/", "https://example.com:65536/", "https://example.com:x/", "https://example.com:-1/",
		"https://2130706433/", "https://0x7f.0.0.1/", "https://0x7f000001/", "https://017700000001/", "https://127.1/", "https://1.2.3.04/",
		"https://[fe80::1%25lo]/", "https://[::1/", "https://[example.com]/", "https://[1.2.3.4]/",
		"https://x.onion/", "https://x.i2p./", "https://a<b>.com/", "https://exa\u202emple.com/",
		"https://" + strings.Repeat("a", 64) + ".com/", "https://example.com/" + strings.Repeat("a", maxURL),
	} {
		if u, err := ParseURL(raw); err == nil {
			t.Errorf("ParseURL(%q) = %s, want a refusal", raw, u)
		}
	}
}

func TestHostsGetOneSpelling(t *testing.T) {
	for raw, want := range map[string]string{
		"Example.com": "example.com", "example.com.": "example.com", "localhost:08081": "localhost:8081",
		"[::1]:80": "[::1]:80", "127.0.0.1:8081": "127.0.0.1:8081", "münchen.de": "xn--mnchen-3ya.de",
	} {
		if got, err := Host(raw); got != want || err != nil {
			t.Errorf("Host(%q) = %q, %v, want %q", raw, got, err, want)
		}
	}
	for _, raw := range []string{"", ".", ":80", "a@b", "a/b", "a?b", "a#b", "::1", "a b", "a\nb"} {
		if got, err := Host(raw); err == nil {
			t.Errorf("Host(%q) = %q, want a refusal", raw, got)
		}
	}
}

func FuzzParseURL(f *testing.F) {
	for _, seed := range []string{"https://example.com/", "http://[::1]:80/x?y#z", "https://a@b/", "https://bücher.example:443/%2e"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		u, err := ParseURL(raw)
		if err != nil {
			return
		}
		again, err := ParseURL(u.String())
		if err != nil {
			if len(u.String()) > maxURL { // escaping made it longer
				return
			}
			t.Fatalf("ParseURL(%q) = %q, which is refused: %v", raw, u, err)
		}
		if again.String() != u.String() {
			t.Errorf("%q is spelled %q, then %q", raw, u, again)
		}
		if u.User != nil || u.Fragment != "" || strings.ContainsAny(u.Host, "@\\/ \r\n%") {
			t.Errorf("%q became %q", raw, u)
		}
	})
}
