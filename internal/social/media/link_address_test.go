package media

import (
	"strings"
	"testing"
)

func TestAnAddressHasOneSpelling(t *testing.T) {
	for given, want := range map[string]string{
		"https://News.Example":                                   "https://news.example/",
		"HTTPS://news.example:443/a/b?x=1#top":                   "https://news.example/a/b?x=1",
		"http://news.example:80/":                                "http://news.example/",
		"http://news.example:8080/":                              "http://news.example:8080/",
		"https://news.example/?utm_source=a&b=2&utm_medium=x&c=": "https://news.example/?b=2&c=",
		"https://news.example/A%20b/ü":                           "https://news.example/A%20b/%C3%BC",
		"https://news.example/?":                                 "https://news.example/",
		"ftp://news.example/":                                    "",
		"//news.example/":                                        "",
		"/path":                                                  "",
		"mailto:a@b.example":                                     "",
		"https://user:secret@news.example/":                      "",
		"https:///nowhere":                                       "",
		"https://news.example/" + strings.Repeat("a", maxLink):   "",
	} {
		got, ok := LinkAddress(given)
		if !ok {
			got = ""
		}
		if got != want {
			t.Errorf("%.80s is %q, want %q", given, got, want)
		}
		if again, _ := LinkAddress(got); ok && again != got {
			t.Errorf("%q is spelt again as %q", got, again)
		}
	}
}
