package text

import (
	"strings"
	"testing"
)

func TestCountFollowsTheLimitOfAPost(t *testing.T) {
	for _, c := range []struct {
		warning, source string
		want            int
	}{
		{"", "", 0},
		{"", "hello", 5},
		{"cw", "hello", 7},
		{"", "https://example.com/" + strings.Repeat("a", 300), 23},
		{"", "http://a.co", 23},
		{"", "see https://example.com.", 28},
		{"", "@alice@a.very.long.example", 6},
		{"", "@alice", 6},
		{"https://example.com/long", "x", 25}, // nothing is shortened in a warning
		{"", "#hashtag", 8},
		{"", "👩‍👩‍👧‍👦", 1},
		{"", "👍🏽🇯🇵", 2},
		{"", "e\u0301é", 2},
		{"", "日本語", 3},
		{"", "नमस्ते", 4}, // conjuncts are not joined, there or here
		{"", "a\r\nb", 3},
		{"", "http://localhost/aaaa", 21},
	} {
		if got := Count(c.warning, c.source); got != c.want {
			t.Errorf("Count(%q, %.60q) = %d, want %d", c.warning, c.source, got, c.want)
		}
	}
}

func TestTruncateKeepsGraphemesWhole(t *testing.T) {
	for _, c := range []struct {
		source string
		n      int
		want   string
	}{
		{"hello", 3, "hel"},
		{"hello", 9, "hello"},
		{"hello", 0, ""},
		{"hello", -1, ""},
		{"👩‍👩‍👧x", 1, "👩‍👩‍👧"},
		{"日本語", 2, "日本"},
		{"e\u0301x", 1, "e\u0301"},
		{"", 3, ""},
	} {
		if got := Truncate(c.source, c.n); got != c.want {
			t.Errorf("Truncate(%q, %d) = %q, want %q", c.source, c.n, got, c.want)
		}
	}
}

func TestStripControlKeepsTextAndLineBreaks(t *testing.T) {
	for source, want := range map[string]string{
		"a\x00b\x1bc\x7f":    "abc",
		"a\tb\r\nc":          "a\tb\r\nc",
		"a\xffb":             "a\uFFFDb",
		"\u0081\uFFFE\uFDD0": "",
		"👩‍👧 می‌خواهم":       "👩‍👧 می‌خواهم",
	} {
		if got := StripControl(source); got != want {
			t.Errorf("StripControl(%q) = %q, want %q", source, got, want)
		}
	}
}

func TestTagKeyJoinsSpellings(t *testing.T) {
	for name, want := range map[string]string{
		"Hashtag":     "hashtag",
		"ＨＡＳＨＴＡＧ１":    "hashtag1",
		"ﾊｯｼｭﾀｸﾞ":     "ハッシュタグ",
		"Synthwave":   "synthwave",
		"BLÅHAJ":      "blahaj",
		"Straße":      "straße",
		"İstanbul":    "istanbul",
		"cafe\u0301":  "cafe",
		"one·two":     "one·two",
		"ไม้เอก":      "ไม้เอก",
		"a-b c!":      "abc",
		"日本語":         "日本語",
		"ŁÓDŹ":        "lodz",
		"Ελλάδα":      "ελλάδα",
		"خوش\u200cام": "خوش\u200cام",
		"!":           "",
	} {
		if got := TagKey(name); got != want {
			t.Errorf("TagKey(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestValidTagTakesWholeNames(t *testing.T) {
	for name, want := range map[string]bool{
		"foo": true, "日本語": true, "1a": true, "a·b": true,
		"": false, "123": false, "a b": false, "#a": false, "a-b": false, "a·": false, "a\xff": false,
		strings.Repeat("a", maxTagRunes): true, strings.Repeat("a", maxTagRunes+1): false,
	} {
		if got := ValidTag(name); got != want {
			t.Errorf("ValidTag(%.20q) = %v, want %v", name, got, want)
		}
	}
}

func TestLanguageNormalisesCodes(t *testing.T) {
	for code, want := range map[string]string{
		"en": "en", "EN": "en", "en-GB": "en", "en_US": "en", "pt-BR": "pt", "zh-CN": "zh-CN", "zh_tw": "zh-TW",
		"zh-Hant": "zh", "ast": "ast", "kab": "kab", "tok": "tok", "sr-Latn": "sr", "ms-arab": "ms-Arab",
		"": "", "xx": "", "english": "", "e": "", "und": "", "-": "", "en\n": "",
	} {
		got, ok := Language(code)
		if got != want || ok != (want != "") {
			t.Errorf("Language(%q) = %q, %v, want %q", code, got, ok, want)
		}
	}
}

func TestEveryLanguageHasNamesAndKeepsItsCode(t *testing.T) {
	list := Languages()
	if len(list) < 200 {
		t.Errorf("only %d languages", len(list))
	}
	for i, l := range list {
		if l.Name == "" || l.Native == "" {
			t.Errorf("%q has no name", l.Code)
		}
		if code, ok := Language(l.Code); !ok || code != l.Code {
			t.Errorf("Language(%q) = %q, %v", l.Code, code, ok)
		}
		if i > 0 && strings.ToLower(list[i-1].Code) >= strings.ToLower(l.Code) {
			t.Errorf("%q stands after %q", l.Code, list[i-1].Code)
		}
	}
}

func TestUsernamesHereAndElsewhere(t *testing.T) {
	for _, c := range []struct {
		name          string
		local, remote bool
	}{
		{"alice", true, true},
		{"Alice_1", true, true},
		{"_", true, true},
		{strings.Repeat("a", 30), true, true},
		{strings.Repeat("a", 31), false, true},
		{"a.b-c", false, true},
		{"a.", false, false},
		{".a", false, false},
		{"", false, false},
		{"a b", false, false},
		{"a\n", false, false},
		{"alicé", false, false},
		{"a@b", false, false},
		{strings.Repeat("a", 2049), false, false},
	} {
		if got := ValidUsername(c.name); got != c.local {
			t.Errorf("ValidUsername(%.40q) = %v", c.name, got)
		}
		if got := ValidRemoteUsername(c.name); got != c.remote {
			t.Errorf("ValidRemoteUsername(%.40q) = %v", c.name, got)
		}
	}
}

func TestReservedNamesAreKnownInDisguise(t *testing.T) {
	for name, want := range map[string]bool{
		"admin": true, "ADMIN": true, "4dm1n": true, "r00t": true, "postmaster": true, "anancus": true, "www": true,
		"alice": false, "administrators_friend": false, "adminton": false,
	} {
		if got := ReservedUsername(name); got != want {
			t.Errorf("ReservedUsername(%q) = %v, want %v", name, got, want)
		}
	}
	for name := range reservedNames {
		if !ReservedUsername(name) {
			t.Errorf("%q is not reserved", name)
		}
	}
}

func TestADomainHasOneSpelling(t *testing.T) {
	for domain, want := range map[string]string{
		"example.com":                    "example.com",
		"EXAMPLE.com.":                   "example.com",
		"Bücher.example":                 "xn--bcher-kva.example",
		"XN--BCHER-KVA.example":          "xn--bcher-kva.example",
		"ｅｘａｍｐｌｅ。ｃｏｍ":                    "example.com",
		"localhost:8081":                 "localhost:8081",
		"example.com:443":                "example.com",
		"example.com:0443":               "example.com",
		"faß.de":                         "xn--fa-hia.de",
		"аррӏе.com":                      "xn--80ak6aa92e.com",
		"a_b.example":                    "a_b.example",
		"127.0.0.1":                      "127.0.0.1",
		"":                               "",
		".":                              "",
		"example..com":                   "",
		"example.com..":                  "",
		"exam ple.com":                   "",
		"example.com\n":                  "",
		"example.com%00":                 "",
		"example.com\x00":                "",
		"user@example.com":               "",
		"https://example.com":            "",
		"example.com/path":               "",
		"example.com\\evil":              "",
		"example.com#x":                  "",
		"example.com:":                   "",
		"example.com:0":                  "",
		"example.com:99999":              "",
		"example.com:80:80":              "",
		"-a.com":                         "",
		"exa\u200bmple.com":              "",
		"exa\u202emple.com":              "",
		"example.com\xff":                "",
		"[::1]":                          "",
		strings.Repeat("a", 64) + ".com": "",
		strings.Repeat("a.", 130):        "",
		strings.Repeat("a", 1<<20):       "",
	} {
		got, err := NormalizeDomain(domain)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("NormalizeDomain(%.40q) = %q, %v, want %q", domain, got, err, want)
		}
		if again, err := NormalizeDomain(got); got != "" && (err != nil || again != got) {
			t.Errorf("NormalizeDomain(%q) = %q, %v the second time", got, again, err)
		}
	}
}

func TestDisplayDomainShowsItsScript(t *testing.T) {
	for domain, want := range map[string]string{
		"xn--bcher-kva.example":    "bücher.example",
		"xn--bcher-kva.example:81": "bücher.example:81",
		"example.com":              "example.com",
		"xn--a-\x00":               "xn--a-\x00",
	} {
		if got := DisplayDomain(domain); got != want {
			t.Errorf("DisplayDomain(%q) = %q, want %q", domain, got, want)
		}
	}
}
