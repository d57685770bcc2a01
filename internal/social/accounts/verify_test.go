package accounts

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/text"
	"anancus/internal/social/settings"
)

func TestAFieldClaimsAPageWhenItIsItsAddressAlone(t *testing.T) {
	s := &Service{site: settings.Site{Domain: "here.example", WebDomain: "here.example"}, clock: clock.System{}}
	here, away := &Account{}, &Account{Domain: "there.example"}
	for value, want := range map[string]bool{
		"https://blog.example/":               true,
		" https://blog.example/about ":        true,
		"http://blog.example/":                false,
		"my page: https://blog.example/":      false,
		"https://blog.example/ and more":      false,
		"https://ada@blog.example/":           false,
		"https://blög.example/":               false,
		"https://xn--blg-sna.example/":        false,
		"javascript:alert(1)":                 false,
		"ftp://blog.example/":                 false,
		"blog.example":                        false,
		"https://blog.example/<script>":       true, // an address like others; what it answers decides
		"https://blog.example\\@evil.example": false,
		"":                                    false,
	} {
		if got := s.claimed(here, Field{Value: value}) != nil; got != want {
			t.Errorf("%q claims a page: %v, want %v", value, got, want)
		}
	}
	ours := text.Sanitize(text.RenderField("https://blog.example.com/a/page/with/a/rather/long/address", text.Links{}))
	for value, want := range map[string]bool{
		ours: true,
		`<a href="https://blog.example/">https://blog.example/</a>`:                                                                                    true,
		`<a href="https://blog.example/" rel="me"><span class="invisible">https://</span><span class="ellipsis">blog.exam</span><span>ple/</span></a>`: true,
		`<a href="https://evil.example/">https://blog.example/</a>`:                                                                                    false,
		`<a href="https://blog.example/">my blog</a>`:                                                                                                  false,
		`see <a href="https://blog.example/">https://blog.example/</a>`:                                                                                false,
		`<p><a href="https://blog.example/">https://blog.example/</a></p>`:                                                                             false,
		`<a href="https://blog.example/">https://blog.example/</a><a href="https://b.example/">https://b.example/</a>`:                                 false,
		`https://blog.example/`: false,
		``:                      false,
	} {
		if got := s.claimed(away, Field{Value: value}) != nil; got != want {
			t.Errorf("elsewhere %q claims a page: %v, want %v", value, got, want)
		}
	}
}

func TestAPageNamesThoseWhomItsReadersSee(t *testing.T) {
	base, _ := url.Parse("https://blog.example/about")
	for page, want := range map[string]string{
		`<html><head><link rel="me" href="https://a.example/@ada"></head></html>`:                                        "https://a.example/@ada",
		`<a rel="nofollow ME noopener" href="https://a.example/@ada">me</a>`:                                             "https://a.example/@ada",
		`<a rel=me href=/elsewhere>me</a><p><a rel="me" href="https://a.example/2">x</a></p>`:                            "https://blog.example/elsewhere https://a.example/2",
		`<a rel="not-me" href="https://a.example/@ada">me</a>`:                                                           "",
		`<a rel="me-not" href="https://a.example/@ada">me</a>`:                                                           "",
		`<a rel="friend" data-rel="me" href="https://a.example/@ada">me</a>`:                                             "",
		`<area rel="me" href="https://a.example/@ada">`:                                                                  "",
		`<a rel="me" style="display: none" href="https://a.example/@ada">me</a>`:                                         "",
		`<div style="color:red;DISPLAY : none !important"><p><a rel="me" href="https://a.example/@ada">me</a></p></div>`: "",
		`<section style="visibility:hidden"><a rel="me" href="https://a.example/@ada">me</a></section>`:                  "",
		`<div hidden><a rel="me" href="https://a.example/@ada">me</a></div><a rel=me href=https://b.example/>`:           "https://b.example/",
		`<!-- <a rel="me" href="https://a.example/@ada">me</a> -->`:                                                      "",
		`<script>'<a rel="me" href="https://a.example/@ada">'</script>`:                                                  "",
		`<textarea><a rel="me" href="https://a.example/@ada">me</a></textarea>`:                                          "",
		`<template><a rel="me" href="https://a.example/@ada">me</a></template>`:                                          "",
		`<noscript><a rel="me" href="https://a.example/@ada">me</a></noscript>`:                                          "",
		`<svg><a rel="me" href="https://a.example/@ada">me</a></svg>`:                                                    "",
		`<a rel="me" href="javascript:alert(1)">me</a>`:                                                                  "",
		`<a rel="me" href="https://a.example/@ada`:                                                                       "",
		``: "",
	} {
		if got := strings.Join(sameAs([]byte(page), "text/html; charset=utf-8", base), " "); got != want {
			t.Errorf("%s\nnames %q, want %q", page, got, want)
		}
	}
	deep := strings.Repeat("<div>", 100_000) + `<a rel=me href="https://a.example/">`
	if got := sameAs([]byte(deep), "text/html", base); len(got) > 1 {
		t.Errorf("a page of many levels names %q", got)
	}
	many := strings.Repeat(`<a rel=me href="/x">`, 5000)
	if got := sameAs([]byte(many), "text/html", base); len(got) > maxLinks {
		t.Errorf("a page names %d", len(got))
	}
}

func TestWhatWasVerifiedStaysWhileTheLinkDoes(t *testing.T) {
	before := []Field{{"a", "https://a.example/", 5}, {"b", "https://b.example/", 0}}
	now := carryVerified(before, []Field{{"new name", "https://a.example/", 9}, {"b", "https://b.example/", 9}, {"c", "https://c.example/", 9}})
	if want := []Field{{"new name", "https://a.example/", 5}, {"b", "https://b.example/", 0}, {"c", "https://c.example/", 0}}; !slices.Equal(now, want) {
		t.Errorf("kept %v, want %v", now, want)
	}
}
