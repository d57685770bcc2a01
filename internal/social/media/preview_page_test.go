package media

import (
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

var news, _ = url.Parse("https://news.example/a/b?c=1")

func TestAPageSaysWhatItIs(t *testing.T) {
	for name, c := range map[string]struct {
		kind, page string
		want       Preview
	}{
		"plain": {"text/html", `<!doctype html><html lang="en-GB"><head><title> A &amp; B
			</title><meta name="description" content="What it is"><meta name=author content=Ada></head>`,
			Preview{Kind: "link", Title: "A & B", Description: "What it is", Language: "en", AuthorName: "Ada"}},
		"OpenGraph": {"text/html; charset=utf-8", `<html><head><title>x</title>
			<meta property="og:title" content="Títle"><meta property="og:title" content="second"><meta property="og:description" content="Words &amp;quot;quoted&amp;quot;">
			<meta property="og:image" content="/i.png"><meta property="og:image:alt" content="A cat"><meta property="og:site_name" content="The News">
			<meta property="og:locale" content="de_DE"><meta property="article:published_time" content="2026-11-20T10:00:00+01:00"></head>`,
			Preview{Kind: "link", Title: "Títle", Description: `Words "quoted"`, ImageURL: "https://news.example/i.png", ImageDescription: "A cat", ProviderName: "The News",
				Language: "de", Published: time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)}},
		"JSON-LD": {"text/html", `<title>x</title><meta property="og:title" content="Graph"><script type="application/ld+json">not json</script>
			<script type="application/ld+json">//<![CDATA[
			{"@context":"https://schema.org","@graph":[{"@type":"WebPage","name":"The page"},{"@type":["Thing","NewsArticle"],"headline":"The &#39;head&#39;line","description":"Story",
			"inLanguage":"fr-FR","datePublished":"2026-11-19","image":[{"@type":"ImageObject","url":"https://cdn.example/x.jpg"}],"author":[{"name":"Ada","url":"https://news.example/ada"},{"name":"Bo"}],
			"publisher":{"name":"Le Journal"}}]}
			//]]></script>`,
			Preview{Kind: "link", Title: "The 'head'line", Description: "Story", Language: "fr", AuthorName: "Ada, Bo", AuthorURL: "https://news.example/ada", ProviderName: "Le Journal",
				ImageURL: "https://cdn.example/x.jpg", Published: time.Date(2026, 11, 19, 0, 0, 0, 0, time.UTC)}},
		"an encoding told in the page": {"text/html", "<meta charset=windows-1251><title>\xcf\xf0\xe8\xe2\xe5\xf2</title>", Preview{Kind: "link", Title: "Привет"}},
		"an encoding told before it":   {"text/html; charset=Shift_JIS", "<title>\x93\xfa\x96{\x8c\xea</title>", Preview{Kind: "link", Title: "日本語"}},
		"a wrong encoding":             {"text/html; charset=utf-8", "<title>a\xff\xfeb</title>", Preview{Kind: "link", Title: "a\uFFFD\uFFFDb"}},
		"no encoding at all":           {"text/html; charset=nonsense", "<title>ok</title>", Preview{Kind: "link", Title: "ok"}},
		"a player": {"text/html", `<meta property="og:title" content="Film"><meta name="twitter:player" content="https://player.example/1"><meta name="twitter:player:width" content="1280"><meta name="twitter:player:height" content="720">`,
			Preview{Kind: "video", Title: "Film", EmbedURL: "https://player.example/1", EmbedWidth: 1280, EmbedHeight: 720}},
		"a player of OpenGraph": {"text/html", `<meta property="og:title" content="Film"><meta property="og:video:type" content="text/html"><meta property="og:video:url" content="https://player.example/2"><meta property="og:video:width" content="-1">`,
			Preview{Kind: "video", Title: "Film", EmbedURL: "https://player.example/2"}},
		"titles of shapes":                      {"text/html", `<svg><title>icon</title></svg><title>page</title>`, Preview{Kind: "link", Title: "page"}},
		"what turns the direction of the names": {"text/html", "<title>a\u202eb\u2067c</title>", Preview{Kind: "link", Title: "abc"}},
		"scripts in the place of addresses": {"text/html", `<title>x</title><meta property="og:image" content="javascript:alert(1)"><meta property="og:url" content="javascript:alert(2)">
			<meta name="twitter:player" content="data:text/html,<script>alert(3)</script>"><meta property="article:author" content="vbscript:x">`, Preview{Kind: "link", Title: "x"}},
		"passwords in addresses": {"text/html", `<title>x</title><meta property="og:image" content="https://a:b@news.example/i.png">`, Preview{Kind: "link", Title: "x"}},
		"mark-up in the title":   {"text/html", `<title><script>alert(1)</script></title>`, Preview{Kind: "link", Title: "<script>alert(1)</script>"}}, // a text, and shown as one
		"nothing":                {"text/html", ``, Preview{Kind: "link"}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := parsePage([]byte(c.page), c.kind).preview(news); !reflect.DeepEqual(got, c.want) {
				t.Errorf("it says\n%+v, want\n%+v", got, c.want)
			}
		})
	}
}

func TestAPageNamesOnlyAddressesOfItsOwnSiteAsItsOwn(t *testing.T) {
	for given, want := range map[string]string{
		`<link rel="canonical" href="/a">`:                                                                                                       "https://news.example/a",
		`<link rel="CANONICAL nofollow" href="https://NEWS.example:443/a?utm_source=x#y">`:                                                       "https://news.example/a",
		`<meta property="og:url" content="https://news.example/b">`:                                                                              "https://news.example/b",
		`<link rel="canonical" href="https://other.example/a"><meta property="og:url" content="/b">`:                                             "https://news.example/b",
		`<link rel="canonical" href="https://other.example/a">`:                                                                                  "",
		`<link rel="canonical" href="http://news.example/a">`:                                                                                    "",
		`<link rel="canonical" href="https://news.example:8443/a">`:                                                                              "",
		`<link rel="canonical" href="javascript:alert(1)"><meta property="og:url" content="data:text/html,x">`:                                   "",
		`<link rel="canonical" href="https://news.example\@evil.example/">`:                                                                      "",
		`<link rel="canonical" href="https://user:pass@news.example/">`:                                                                          "",
		`<link rel="alternate" href="https://news.example/a"><link rel=canonical href="https://news.example/` + strings.Repeat("a", 3000) + `">`: "",
	} {
		got, _ := parsePage([]byte(given), "text/html").leadsTo(news)
		if got != want {
			t.Errorf("%.120s leads to %q, want %q", given, got, want)
		}
	}
}

func TestEmbeddingsAreReadInJSONAndXMLAndRichOnesAreLeft(t *testing.T) {
	video := &oembed{kind: "video", title: "Film", html: `<iframe src="https://player.example/1"></iframe>`, authorName: "Ada", authorURL: "https://news.example/ada",
		providerName: "Films", providerURL: "https://films.example", thumbnail: "https://films.example/i.jpg", width: 640, height: 360}
	const inJSON = `{"type":"video","version":"1.0","title":"Film","html":"<iframe src=\"https://player.example/1\"></iframe>","author_name":"Ada","author_url":"https://news.example/ada",
		"provider_name":"Films","provider_url":"https://films.example","thumbnail_url":"https://films.example/i.jpg","width":"640","height":360.0}`
	const inXML = `<?xml version="1.0" encoding="utf-8" standalone="yes"?><oembed><type>video</type><version>1.0</version><title>Film</title>
		<html>&lt;iframe src="https://player.example/1"&gt;&lt;/iframe&gt;</html><author_name>Ada</author_name><author_url>https://news.example/ada</author_url>
		<provider_name>Films</provider_name><provider_url>https://films.example</provider_url><thumbnail_url>https://films.example/i.jpg</thumbnail_url><width>640</width><height>360</height></oembed>`
	if got := parseEmbedded([]byte(inJSON)); !reflect.DeepEqual(got, video) {
		t.Errorf("JSON gives %+v", got)
	}
	if got := parseEmbeddedXML([]byte(inXML)); !reflect.DeepEqual(got, video) {
		t.Errorf("XML gives %+v", got)
	}
	bomb := `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;"><!ENTITY c SYSTEM "file:///etc/passwd">]><oembed><type>video</type><version>1.0</version><title>&b;&c;</title></oembed>`
	for _, body := range []string{``, `[]`, `{"type":"rich","version":"1.0","html":"<script>x</script>"}`, `{"type":"video"}`, `{"type":"photo","version":"2.0"}`, `null`, `{"type":{"a":1},"version":[]}`} {
		if got := parseEmbedded([]byte(body)); got != nil {
			t.Errorf("%s gives %+v", body, got)
		}
	}
	for _, body := range []string{``, `<oembed>`, `<oembed><type>rich</type><version>1.0</version></oembed>`, bomb} {
		if got := parseEmbeddedXML([]byte(body)); got != nil {
			t.Errorf("%s gives %+v", body, got)
		}
	}
	for source, want := range map[string]string{
		`<div><iframe width=1 src="https://a.example/1" onload="alert(1)" srcdoc="<script>"></iframe>`: "https://a.example/1",
		`<script src="https://a.example/x.js"></script>`:                                               "",
		`<iframe srcdoc="<script>alert(1)</script>">`:                                                  "",
		`<!-- <iframe src="https://a.example/hidden"> -->`:                                             "",
		`<embed src="https://a.example/1"><object data="https://a.example/2">`:                         "",
	} {
		if got := frameIn(source); got != want {
			t.Errorf("%s has the frame %q, want %q", source, got, want)
		}
	}
}

func TestOnlyPagesAreTakenForPages(t *testing.T) {
	for kind, want := range map[string]bool{"text/html": true, "TEXT/HTML;charset=utf-8": true, "application/xhtml+xml": true, "text/html; charset": true, "text/html;;": true,
		"application/pdf": false, "image/svg+xml": false, "application/json": false, "text/plain; text/html": false, "": false} {
		if isPage(kind) != want {
			t.Errorf("%q is taken for a page: %v", kind, !want)
		}
	}
}

func TestHugePagesAreReadInBoundedMemory(t *testing.T) {
	for name, source := range map[string]string{
		"meta":       strings.Repeat(`<meta property="og:title" content="x"><meta property="x" content="y">`, 50_000),
		"attributes": "<meta " + strings.Repeat("a=b ", 250_000) + ">",
		"one value":  `<meta property="og:title" content="` + strings.Repeat("a", 1<<20) + `">`,
		"scripts":    strings.Repeat(`<script type="application/ld+json">{}</script>`, 20_000),
		"nested":     strings.Repeat("<div>", 200_000),
		"shapes":     strings.Repeat("<svg>", 200_000),
		"JSON":       `<script type="application/ld+json">` + strings.Repeat("[", 1<<20) + `</script>`,
		"open":       strings.Repeat("<title", 100_000),
	} {
		p := parsePage([]byte(source), "text/html")
		if len(p.meta) > len(wanted) || len(p.scripts) > maxScripts || len(p.meta["og:title"]) > maxMetaValue {
			t.Errorf("%s: %d properties and %d scripts are kept", name, len(p.meta), len(p.scripts))
		}
		if v := p.preview(news); utf8.RuneCountInString(v.Title) > maxPreviewTitle {
			t.Errorf("%s: the title has %d characters", name, utf8.RuneCountInString(v.Title))
		}
	}
}

func TestAuthorsAnswerForTheirDomainsAndThoseBelow(t *testing.T) {
	for host, want := range map[string]bool{"blog.example": true, "www.blog.example": true, "a.b.blog.example": true, "example": false, "evilblog.example": false, "blog.example.evil.example": false} {
		if mayName([]string{"other.example", "blog.example", ""}, host) != want {
			t.Errorf("%s may name its author: %v", host, !want)
		}
	}
	if mayName(nil, "") || mayName([]string{""}, "") {
		t.Error("nobody answers for everything")
	}
}

func FuzzPagesOfStrangersAreReadWithoutHarm(f *testing.F) {
	f.Add([]byte(`<html lang=en><title>x</title><meta property="og:image" content="//a/b"><link rel=canonical href=/x>`), "text/html; charset=utf-8")
	f.Add([]byte(`<script type="application/ld+json">{"@graph":[{"@type":"Article","author":[{"name":["x"]}],"image":{"url":1}}]}</script>`), "text/html")
	f.Add([]byte("\xff\xfe<\x00t\x00i\x00t\x00l\x00e\x00>\x00"), "text/html; charset=utf-16")
	f.Add([]byte(`{"type":"video","version":"1.0","html":"<iframe src=javascript:x>","width":1e400}`), "application/json")
	f.Add([]byte(`<oembed><type>photo</type><version>1.0</version><url>file:///etc/passwd</url></oembed>`), "text/xml")
	f.Fuzz(func(t *testing.T, body []byte, kind string) {
		p := parsePage(body, kind)
		v := p.preview(news)
		for _, e := range []*oembed{parseEmbedded(body), parseEmbeddedXML(body)} {
			if e != nil {
				e.addTo(&v, news)
			}
		}
		for name, address := range map[string]string{"author": v.AuthorURL, "provider": v.ProviderURL, "picture": v.ImageURL, "frame": v.EmbedURL} {
			if address != "" && !strings.HasPrefix(address, "https://") && !strings.HasPrefix(address, "http://") {
				t.Errorf("the address of the %s is %q", name, address)
			}
		}
		for name, said := range map[string]string{"title": v.Title, "description": v.Description, "author": v.AuthorName, "provider": v.ProviderName, "picture": v.ImageDescription} {
			if !utf8.ValidString(said) || strings.ContainsAny(said, "\n\x00\u202e") {
				t.Errorf("the %s is %q", name, said)
			}
		}
		if at, ok := p.leadsTo(news); ok && !strings.HasPrefix(at, "https://news.example/") {
			t.Errorf("it leads to %q", at)
		}
	})
}
