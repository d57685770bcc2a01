package trends

import (
	"slices"
	"strings"
	"testing"
)

func TestAnAddressHasOneSpelling(t *testing.T) {
	for given, want := range map[string]string{
		"https://News.Example":                                    "https://news.example/",
		"HTTPS://news.example:443/a/b?x=1#top":                    "https://news.example/a/b?x=1",
		"http://news.example:80/":                                 "http://news.example/",
		"http://news.example:8080/":                               "http://news.example:8080/",
		"https://news.example/?utm_source=a&b=2&utm_medium=x&c=":  "https://news.example/?b=2&c=",
		"https://news.example/A%20b/ü":                            "https://news.example/A%20b/%C3%BC",
		"https://news.example/?":                                  "https://news.example/",
		"ftp://news.example/":                                     "",
		"//news.example/":                                         "",
		"/path":                                                   "",
		"mailto:a@b.example":                                      "",
		"https://user:secret@news.example/":                       "",
		"https:///nowhere":                                        "",
		"https://news.example/" + strings.Repeat("a", maxAddress): "",
	} {
		got, ok := canonical(given)
		if !ok {
			got = ""
		}
		if got != want {
			t.Errorf("%.80s is %q, want %q", given, got, want)
		}
		if again, _ := canonical(got); ok && again != got {
			t.Errorf("%q is spelt again as %q", got, again)
		}
	}
}

func TestLinksOfATextAreNeitherMentionsNorHashtagsNorFiles(t *testing.T) {
	content := `<p class="quote-inline">RE: <a href="https://quoted.example/1" rel="nofollow noopener">https://quoted.example/1</a></p>
		<p><span class="h-card"><a href="https://there.example/@bo" class="u-url mention">@<span>bo</span></a></span>
		<a href="https://there.example/tags/cats" class="mention hashtag" rel="tag">#<span>cats</span></a>
		<a href="https://there.example/tags/dogs" rel="tag">#dogs</a> <a href="javascript:alert(1)">x</a>
		<a href="https://one.example/a?b=1&amp;c=2" rel="nofollow noopener"><span class="invisible">https://</span><span>one.example/a</span></a>
		<a href="https://two.example">two</a></p>
		<p><a href="https://files.example/cat.png" rel="nofollow noopener" target="_blank">📎 a cat</a></p><p><a href="https://three.example/">three</a></p>`
	want := []string{"https://one.example/a?b=1&c=2", "https://two.example/", "https://three.example/"}
	if got := linksIn(content); !slices.Equal(got, want) {
		t.Errorf("they are %q, want %q", got, want)
	}
	if got := linksIn("no link, <b>not"); len(got) != 0 {
		t.Errorf("a text without any has %q", got)
	}
}
