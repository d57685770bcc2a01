package text

import (
	"strings"
	"testing"
)

// found lists what Scan finds as the written texts, so that tables stay readable.
func found(source string, kind Kind) string {
	var texts []string
	for _, e := range Scan(source) {
		if e.Kind == kind {
			texts = append(texts, e.Text)
		}
	}
	return strings.Join(texts, " | ")
}

func TestMentionsAreFound(t *testing.T) {
	for source, want := range map[string]string{
		"@alice":                              "@alice",
		"hello @alice, and @bob!":             "@alice | @bob",
		"Hello .@alice":                       "@alice",
		"(@alice)":                            "@alice",
		"@alice@example.com.":                 "@alice@example.com",
		"@alice@example.com:8081 hi":          "@alice@example.com:8081",
		"@alice@localhost:8081":               "@alice@localhost:8081",
		"@alice@example.com: hi":              "@alice@example.com",
		"@alice@example.com:80x":              "@alice@example.com",
		"@alice@sub-domain.example-1.com":     "@alice@sub-domain.example-1.com",
		"@user@ドメイン.テスト です":                   "@user@ドメイン.テスト",
		"@user@bücher.example":                "@user@bücher.example",
		"@a.b-c_d@x.y":                        "@a.b-c_d@x.y",
		"@alice. Next":                        "@alice",
		"@alice... no":                        "@alice",
		"@aliceさん":                            "@alice",
		"こんにちは @alice":                        "@alice",
		"مرحبا @alice":                        "@alice",
		"👩‍👩‍👧@alice":                         "@alice",
		"@ALICE":                              "@ALICE",
		"alice@example.com":                   "",
		"toß@alice":                           "",
		"日本@alice":                            "",
		"https://medium.com/@alice/post":      "",
		"medium.com/@alice":                   "",
		"?x=@alice":                           "",
		"@alice@":                             "",
		"@alice@bob@carol":                    "",
		"@alicé":                              "",
		"@alice://":                           "",
		"@":                                   "",
		"@ alice":                             "",
		"@@alice":                             "@alice",
		"@-alice":                             "",
		"xmpp:alice@example.com":              "",
		"https://example.com/?a=b @alice":     "@alice",
		"@alice@example.com/path":             "@alice@example.com",
		"@alice\xff":                          "@alice",
		"@alice @alice@example.com":           "@alice | @alice@example.com",
		"@alice@example.com@evil.example":     "",
		"@alice@.example":                     "",
		"line one\n@alice":                    "@alice",
		"fediverse@example.com or @a@b.com..": "@a@b.com",
	} {
		if got := found(source, Mention); got != want {
			t.Errorf("mentions in %q = %q, want %q", source, got, want)
		}
	}
}

func TestAMentionKnowsUserAndDomain(t *testing.T) {
	es := Scan("hi @a.b@localhost:8081!")
	if len(es) != 1 || es[0].Username != "a.b" || es[0].Domain != "localhost:8081" || es[0].Start != 3 || es[0].End != 22 {
		t.Errorf("Scan = %+v", es)
	}
}

func TestHashtagsAreFound(t *testing.T) {
	for source, want := range map[string]string{
		"#hashtag":                          "#hashtag",
		"this is #aesthetic.":               "#aesthetic",
		"#one #two\n#three":                 "#one | #two | #three",
		"＃日本語":                              "＃日本語",
		"#ハッシュタグ　#次":                        "#ハッシュタグ | #次",
		"#خوشحال‌ام":                        "#خوشحال‌ام",
		"#مرحبا":                            "#مرحبا",
		"#हिन्दी":                           "#हिन्दी",
		"#l·l":                              "#l·l",
		"#スター・ウォーズ":                         "#スター・ウォーズ",
		"#one·two·":                         "#one·two",
		"#foo·":                             "#foo",
		"#foo_bar":                          "#foo_bar",
		"#1foo":                             "#1foo",
		"#2023_":                            "",
		"#1_2":                              "#1_2",
		"#1·2":                              "#1·2",
		"#123":                              "",
		"#1":                                "",
		"#":                                 "",
		"##foo":                             "",
		"#foo#bar":                          "#foo",
		"C#foo":                             "",
		"/#foo":                             "",
		"(#foo)":                            "",
		"https://example.com/#anchor":       "",
		"https://example.com/あ#anchor":      "",
		"https://example.com/?#anchor":      "",
		"#foo-bar":                          "#foo",
		"#foo👍":                             "#foo",
		"#👍":                                "",
		"#foohttps://example.com":           "#foo",
		"#·foo":                             "",
		"#___":                              "#___",
		"#é":                                "#é",
		"# foo":                             "",
		"\u00a0#foo":                        "#foo",
		"#foo\xff":                          "#foo",
		"https://a.example/ #x https://b.c": "#x",
	} {
		if got := found(source, Hashtag); got != want {
			t.Errorf("hashtags in %q = %q, want %q", source, got, want)
		}
	}
}

func TestLinksAreFound(t *testing.T) {
	for source, want := range map[string]string{
		"http://google.com":    "http://google.com",
		"HTTPS://Google.COM/A": "HTTPS://Google.COM/A",
		"http://example.gay":   "http://example.gay",
		"https://nic.みんな/":     "https://nic.みんな/",
		"https://nic.みんな":      "https://nic.みんな",
		"https://xn--80ak6aa92e.com/ and https://example.xn--p1ai": "https://xn--80ak6aa92e.com/ | https://example.xn--p1ai",
		"see http://www.example.com/a. ":                           "http://www.example.com/a",
		"(http://google.com/)":                                     "http://google.com/",
		"http://www.google.com!":                                   "http://www.google.com",
		"http://www.google.com'":                                   "http://www.google.com",
		"http://www.google.com>":                                   "http://www.google.com",
		"\"https://example.com/\"":                                 "https://example.com/",
		"<https://example.com/>":                                   "https://example.com/",
		"「[https://example.org/」":                                  "https://example.org/",
		"https://example.com/　abc123":                              "https://example.com/",
		"https://example.com/?q=1　abc":                             "https://example.com/?q=1",
		"https://en.wikipedia.org/wiki/Diaspora_(software)":        "https://en.wikipedia.org/wiki/Diaspora_(software)",
		"(https://en.wikipedia.org/wiki/Diaspora_(software))":      "https://en.wikipedia.org/wiki/Diaspora_(software)",
		"https://a.com/x_(y_(z)).":                                 "https://a.com/x_(y_(z))",
		"https://a.com/x_(y":                                       "https://a.com/x_",
		"https://a.com/x_()":                                       "https://a.com/x_",
		"https://ja.wikipedia.org/wiki/日本":                         "https://ja.wikipedia.org/wiki/日本",
		"https://ja.wikipedia.org/wiki/日本_(国)":                     "https://ja.wikipedia.org/wiki/日本_(国)",
		"日本https://example.com/です":                                 "https://example.com/です",
		"https://example.comです":                                    "https://example.com",
		"https://www.ruby-toolbox.com/search?utf8=✓&q=autolink":    "https://www.ruby-toolbox.com/search?utf8=✓&q=autolink",
		"https://example.com?x=1":                                  "https://example.com?x=1",
		"https://example.com:8080/x?y=z#w":                         "https://example.com:8080/x?y=z#w",
		"https://example.com/?a=(b)":                               "https://example.com/?a=(b",
		"https://sub_domain.example.com/":                          "https://sub_domain.example.com/",
		"https://a.my_name.com/":                                   "https://a.my",
		"http://example.com/b<del>b</del>":                         "http://example.com/b",
		"http://www\\.google\\.com":                                "",
		"http://localhost:3000/":                                   "",
		"http://192.168.0.1/":                                      "",
		"http://example.notatld/":                                  "",
		"example.com":                                              "",
		"javascript:alert(1)":                                      "",
		"ahttps://example.com":                                     "",
		"#https://example.com":                                     "",
		"@https://example.com":                                     "",
		"https://good.com@evil.com/":                               "",
		"https://user:pw@evil.com/":                                "",
		"xmpp:user@instance.com":                                   "xmpp:user@instance.com",
		"please join xmpp:muc@instance.com?join right now":         "xmpp:muc@instance.com?join",
		"xmpp:instance.com":                                        "xmpp:instance.com",
		"xmpp://me@server.org/muc@instance.com":                    "xmpp://me@server.org/muc@instance.com",
		"xmpp:user@instance.com/phone":                             "xmpp:user@instance.com/phone",
		"xmpp:":                                                    "",
		"uri: magnet:?xt=urn:btih:c12fe1c06bba254a9dc9f519":        "magnet:?xt=urn:btih:c12fe1c06bba254a9dc9f519",
		"magnet:?": "",
		"gemini://example.com/ dat://example.com ssb://example.org": "gemini://example.com/ | dat://example.com | ssb://example.org",
		"ftp://example.com/":                          "",
		"https://example.com/@alice #x":               "https://example.com/@alice",
		"https://example.com/\u202egpj.exe":           "https://example.com/",
		"https://exam\u200bple.com/":                  "",
		"https://example.com/a\u0000b":                "https://example.com/a",
		"https://example.com\xff/":                    "https://example.com",
		"https://.com":                                "",
		"https://-a.com":                              "",
		"https://a..com":                              "",
		"https://" + strings.Repeat("a", 64) + ".com": "",
		"https://a.com/" + strings.Repeat("b", 5000):  "",
		"https://a.com,https://b.com":                 "https://a.com | https://b.com",
	} {
		if got := found(source, Link); got != want {
			t.Errorf("links in %.80q = %q, want %q", source, got, want)
		}
	}
}

func TestEmojiCodesStandAlone(t *testing.T) {
	for source, want := range map[string]string{
		":blobcat:":               "blobcat",
		"hi :a_1: and :b2:!":      "a_1 b2",
		":x1: :x1:":               "x1",
		":a:":                     "",
		"::ab::":                  "",
		"x:ab:":                   "",
		":ab:x":                   "",
		":ab::cd:":                "",
		":ab: :cd:":               "ab cd",
		"12:30:45":                "",
		"猫:ab:":                   "",
		"\u200b:ab:\u200b:cd:":    "ab cd",
		":<b>onerror</b>:":        "",
		":ab\":onclick=:":         "",
		":ab":                     "",
		"":                        "",
		"👩‍👩‍👧:ab:👍🏽":             "ab",
		":a-b: :a b: :a\nb: :ok:": "ok",
	} {
		if got := strings.Join(EmojiCodes(source), " "); got != want {
			t.Errorf("EmojiCodes(%q) = %q, want %q", source, got, want)
		}
	}
}

func FuzzScan(f *testing.F) {
	for _, seed := range []string{"@a@b.c #d https://e.fr/(g)?h", "＃日本 xmpp:a@b.com magnet:?x", "@a.-", "https://a.com/((", ":ab:"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		last := 0
		for _, e := range Scan(s) {
			if e.Start < last || e.End <= e.Start || e.End > len(s) || e.Text != s[e.Start:e.End] {
				t.Fatalf("entity %+v does not fit into %q after byte %d", e, s, last)
			}
			if e.Kind == Hashtag && len(e.Tag) < 500 && !ValidTag(e.Tag) {
				t.Fatalf("hashtag %q found in %q is not valid", e.Tag, s)
			}
			if e.Kind == Mention && !ValidRemoteUsername(e.Username) && len(e.Username) <= MaxRemoteUsername {
				t.Fatalf("username %q found in %q is not valid", e.Username, s)
			}
			last = e.End
		}
		EmojiCodes(s)
	})
}
