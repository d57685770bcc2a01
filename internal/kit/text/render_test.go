package text

import (
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// testLinks knows @alice here and @bob elsewhere.
var testLinks = Links{
	Mention: func(username, domain string) (string, string, bool) {
		switch {
		case strings.EqualFold(username, "alice") && domain == "":
			return "https://cb.example/@alice", "alice", true
		case username == "bob" && domain == "other.example":
			return "https://other.example/users/bob?a=1&b=2", "bob", true
		}
		return "", "", false
	},
	Tag: func(name string) string { return "https://cb.example/tags/" + url.PathEscape(name) },
}

func TestRenderWritesMastodonsMarkUp(t *testing.T) {
	const card = `<span class="h-card" translate="no"><a href="https://cb.example/@alice" class="u-url mention">@<span>alice</span></a></span>`
	for _, c := range []struct{ name, source, want string }{
		{"plain text is a paragraph", "text", "<p>text</p>"},
		{"nothing is nothing", "", ""},
		{"white space is nothing", " \n\u3000\n ", ""},
		{"a line break", "line\nfeed", "<p>line<br />feed</p>"},
		{"an empty line divides paragraphs", "one\n\ntwo\nthree", "<p>one</p><p>two<br />three</p>"},
		{"more empty lines divide them no further", "one\n\n\n\n\ntwo", "<p>one</p><p>two</p>"},
		{"an odd number neither", "one\n\n\ntwo", "<p>one</p><p>two</p>"},
		{"Windows line ends", "one\r\ntwo\r\n\r\nthree\rfour", "<p>one<br />two</p><p>three<br />four</p>"},
		{"line breaks at the ends vanish", "\n\none\n", "<p>one</p>"},
		{"a known mention", "@alice hi", "<p>" + card + " hi</p>"},
		{"a mention in capitals", "@ALICE", "<p>" + card + "</p>"},
		{"a mention elsewhere", "@bob@other.example", `<p><span class="h-card" translate="no"><a href="https://other.example/users/bob?a=1&amp;b=2" class="u-url mention">@<span>bob</span></a></span></p>`},
		{"an unknown mention stays text", "@carol@other.example", "<p>@carol@other.example</p>"},
		{"a hashtag", "#hashtagタグ", `<p><a href="https://cb.example/tags/hashtag%E3%82%BF%E3%82%B0" class="mention hashtag" rel="tag">#<span>hashtagタグ</span></a></p>`},
		{"a full-width hashtag", "＃Tag", `<p><a href="https://cb.example/tags/Tag" class="mention hashtag" rel="tag">#<span>Tag</span></a></p>`},
		{"a short link", "http://google.com", `<p><a href="http://google.com" target="_blank" rel="nofollow noopener" translate="no"><span class="invisible">http://</span><span class="">google.com</span><span class="invisible"></span></a></p>`},
		{"www is hidden", "https://www.example.com/", `<p><a href="https://www.example.com/" target="_blank" rel="nofollow noopener" translate="no"><span class="invisible">https://www.</span><span class="">example.com/</span><span class="invisible"></span></a></p>`},
		{"a long link is cut", "https://example.com/0123456789012345678901", `<p><a href="https://example.com/0123456789012345678901" target="_blank" rel="nofollow noopener" translate="no"><span class="invisible">https://</span><span class="ellipsis">example.com/012345678901234567</span><span class="invisible">8901</span></a></p>`},
		{"one character too many does not cut", "https://example.com/0123456789012345678", `<p><a href="https://example.com/0123456789012345678" target="_blank" rel="nofollow noopener" translate="no"><span class="invisible">https://</span><span class="">example.com/0123456789012345678</span><span class="invisible"></span></a></p>`},
		{"exactly thirty does not cut", "https://example.com/012345678901234567", `<p><a href="https://example.com/012345678901234567" target="_blank" rel="nofollow noopener" translate="no"><span class="invisible">https://</span><span class="">example.com/012345678901234567</span><span class="invisible"></span></a></p>`},
		{"characters are counted, not bytes", "https://ja.wikipedia.org/wiki/日本日本日本日本日本日本", `<p><a href="https://ja.wikipedia.org/wiki/日本日本日本日本日本日本" target="_blank" rel="nofollow noopener" translate="no"><span class="invisible">https://</span><span class="ellipsis">ja.wikipedia.org/wiki/日本日本日本日本</span><span class="invisible">日本日本</span></a></p>`},
		{"an IDN link", "https://nic.みんな/", `<p><a href="https://nic.みんな/" target="_blank" rel="nofollow noopener" translate="no"><span class="invisible">https://</span><span class="">nic.みんな/</span><span class="invisible"></span></a></p>`},
		{"an address to chat with", "xmpp:user@instance.com", `<p><a href="xmpp:user@instance.com" target="_blank" rel="nofollow noopener" translate="no"><span class="invisible">xmpp:</span><span class="">user@instance.com</span><span class="invisible"></span></a></p>`},
		{"other schemes are shown", "gemini://example.com/", `<p><a href="gemini://example.com/" target="_blank" rel="nofollow noopener" translate="no"><span class="invisible"></span><span class="">gemini://example.com/</span><span class="invisible"></span></a></p>`},
		{"a port that cannot be is no link", "https://example.com:99999/x", "<p>https://example.com:99999/x</p>"},
		{"ampersands in links are escaped", "https://example.com/?a=1&b='2", `<p><a href="https://example.com/?a=1&amp;b=&#39;2" target="_blank" rel="nofollow noopener" translate="no"><span class="invisible">https://</span><span class="">example.com/?a=1&amp;b=&#39;2</span><span class="invisible"></span></a></p>`},
		{"HTML is text", `<script>alert("Hello")</script>`, `<p>&lt;script&gt;alert(&quot;Hello&quot;)&lt;/script&gt;</p>`},
		{"quotes are escaped", `<img src="javascript:alert('XSS');">`, `<p>&lt;img src=&quot;javascript:alert(&#39;XSS&#39;);&quot;&gt;</p>`},
		{"entities are text", "&lt;b&gt; &amp;", "<p>&amp;lt;b&amp;gt; &amp;amp;</p>"},
		{"HTML after a link", `http://example.com/b<del>b</del>`, `<p><a href="http://example.com/b" target="_blank" rel="nofollow noopener" translate="no"><span class="invisible">http://</span><span class="">example.com/b</span><span class="invisible"></span></a>&lt;del&gt;b&lt;/del&gt;</p>`},
		{"an emoji family and Arabic stay whole", "👨‍👩‍👧‍👦 مرحبا بالعالم", "<p>👨‍👩‍👧‍👦 مرحبا بالعالم</p>"},
		{"control characters vanish", "a\x00b\x08c", "<p>abc</p>"},
		{"broken UTF-8 is marked", "a\xffb", "<p>a\uFFFDb</p>"},
	} {
		if got := Render(c.source, testLinks); got != c.want {
			t.Errorf("%s: Render(%q) =\n%s\nwant\n%s", c.name, c.source, got, c.want)
		}
	}
}

func TestRenderWithoutLinksLinksOnlyAddresses(t *testing.T) {
	if got := Render("@alice #tag", Links{}); got != "<p>@alice #tag</p>" {
		t.Errorf("Render = %s", got)
	}
}

func TestRenderDoesNotTrustItsLinks(t *testing.T) {
	links := Links{
		Mention: func(string, string) (string, string, bool) { return `x"onclick="y`, "<b>", true },
		Tag:     func(string) string { return `"><script>` },
	}
	want := `<p><span class="h-card" translate="no"><a href="x&quot;onclick=&quot;y" class="u-url mention">@<span>&lt;b&gt;</span></a></span> ` +
		`<a href="&quot;&gt;&lt;script&gt;" class="mention hashtag" rel="tag">#<span>t</span></a></p>`
	if got := Render("@a #t", links); got != want {
		t.Errorf("Render =\n%s\nwant\n%s", got, want)
	}
}

func TestFieldsClaimTheirLinks(t *testing.T) {
	for source, want := range map[string]string{
		"https://example.com": `<a href="https://example.com" target="_blank" rel="nofollow noopener me" translate="no"><span class="invisible">https://</span><span class="">example.com</span><span class="invisible"></span></a>`,
		"she & her":           "she &amp; her",
		"  ":                  "",
		"#tag":                `<a href="https://cb.example/tags/tag" class="mention hashtag" rel="tag">#<span>tag</span></a>`,
	} {
		if got := RenderField(source, testLinks); got != want {
			t.Errorf("RenderField(%q) =\n%s\nwant\n%s", source, got, want)
		}
	}
}

func TestAQuoteLeavesALineForOthers(t *testing.T) {
	want := `<p class="quote-inline">RE: <a href="https://example.com/1" target="_blank" rel="nofollow noopener" translate="no"><span class="invisible">https://</span><span class="">example.com/1</span><span class="invisible"></span></a></p>`
	if got := RenderQuote("https://example.com/1"); got != want {
		t.Errorf("RenderQuote =\n%s\nwant\n%s", got, want)
	}
	if got := RenderQuote(`javascript:alert("1")`); got != `<p class="quote-inline">RE: javascript:alert(&quot;1&quot;)</p>` {
		t.Errorf("RenderQuote of a script = %s", got)
	}
}

func TestWhatWeRenderSurvivesOurNeighbours(t *testing.T) {
	source := "@alice said #hi\n\nhttps://www.example.com/a/very/long/path/that/is/cut 👩‍👧 <b>"
	rendered := Render(source, testLinks)
	clean := Sanitize(rendered)
	if got := PlainText(clean); got != "@alice said #hi\nhttps://www.example.com/a/very/long/path/that/is/cut 👩‍👧 <b>" {
		t.Errorf("PlainText(Sanitize(Render)) = %q", got)
	}
	if !strings.Contains(clean, `class="u-url mention"`) || !strings.Contains(clean, `class="mention hashtag"`) {
		t.Errorf("classes are lost: %s", clean)
	}
}

func FuzzRender(f *testing.F) {
	for _, seed := range []string{"@alice #x https://a.com/?<b>", "a\n\n\nb\r", `"'&<>`, "@bob@other.example", "https://a.com:99999"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, source string) {
		rendered := Render(source, testLinks)
		assertWellFormed(t, rendered, set("p br a span"))
		if !strings.Contains(source, "\xff") && strings.Count(rendered, "<p>") != strings.Count(rendered, "</p>") {
			t.Fatalf("paragraphs are not balanced in %q", rendered)
		}
	})
}

// assertWellFormed checks that tags nest, that only the allowed elements occur, and that no
// attribute can run a script.
func assertWellFormed(t *testing.T, source string, allowed map[string]bool) {
	t.Helper()
	var open []string
	z := html.NewTokenizer(strings.NewReader(source))
	for kind := z.Next(); kind != html.ErrorToken; kind = z.Next() {
		token := z.Token()
		switch kind {
		case html.CommentToken, html.DoctypeToken:
			t.Fatalf("a comment in %q", source)
		case html.StartTagToken, html.SelfClosingTagToken:
			if !allowed[token.Data] {
				t.Fatalf("<%s> in %q", token.Data, source)
			}
			for _, a := range token.Attr {
				if strings.HasPrefix(a.Key, "on") || a.Key == "style" || a.Key == "src" || a.Key == "href" && !allowedScheme(a.Val) {
					t.Fatalf("attribute %s=%q in %q", a.Key, a.Val, source)
				}
			}
			if token.Data != "br" {
				open = append(open, token.Data)
			}
		case html.EndTagToken:
			if len(open) == 0 || open[len(open)-1] != token.Data {
				t.Fatalf("</%s> closes nothing in %q", token.Data, source)
			}
			open = open[:len(open)-1]
		}
	}
	if len(open) > 0 {
		t.Fatalf("%v is never closed in %q", open, source)
	}
}

func BenchmarkRender(b *testing.B) {
	source := "Hello @alice and @bob@other.example, see https://www.example.com/a/long/path?x=1 #cats\n\n日本語 " + strings.Repeat("words ", 50)
	b.SetBytes(int64(len(source)))
	b.ReportAllocs()
	for b.Loop() {
		Render(source, testLinks)
	}
}
