package trends

import (
	"net/url"
	"strings"

	"golang.org/x/net/html"
)

// maxAddress bounds the addresses that are kept, in bytes; an index holds them.
const maxAddress = 2000

// canonical is one spelling of a web address: without a fragment, a default port, or what campaigns count visitors by. False for
// anything else, and for what is too long.
func canonical(address string) (string, bool) {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil || u.User != nil || u.Hostname() == "" {
		return "", false
	}
	u.Scheme, u.Host, u.Fragment, u.RawFragment = strings.ToLower(u.Scheme), strings.ToLower(u.Host), "", ""
	port := map[string]string{"http": ":80", "https": ":443"}[u.Scheme]
	if port == "" {
		return "", false
	}
	u.Host = strings.TrimSuffix(u.Host, port)
	if u.Path == "" {
		u.Path = "/"
	}
	var kept []string
	for _, pair := range strings.Split(u.RawQuery, "&") {
		if pair != "" && !strings.HasPrefix(pair, "utm_") {
			kept = append(kept, pair)
		}
	}
	u.RawQuery, u.ForceQuery = strings.Join(kept, "&"), false
	plain := u.String()
	return plain, len(plain) <= maxAddress
}

// fileMark stands before the name of a file that came with a status of another server, whose address is no link of its text.
const fileMark = "📎 "

// linksIn gives the web addresses that a text links to, in their order: not those of mentions, hashtags, files and quotes.
func linksIn(content string) []string {
	var found []string
	quote, last := false, -1 // within the line that names what is quoted; the link whose text comes next
	z := html.NewTokenizer(strings.NewReader(content))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return found
		case html.StartTagToken:
			t := z.Token()
			class := " " + attribute(t, "class") + " "
			switch {
			case strings.Contains(class, " quote-inline "):
				quote = true
			case t.Data == "p":
				quote = false
			}
			if t.Data != "a" || quote || strings.Contains(class, " mention ") || strings.Contains(class, " hashtag ") ||
				strings.Contains(class, " u-url ") || strings.Contains(" "+attribute(t, "rel")+" ", " tag ") {
				continue
			}
			if plain, ok := canonical(attribute(t, "href")); ok {
				last = len(found)
				found = append(found, plain)
			}
		case html.EndTagToken:
			if name, _ := z.TagName(); string(name) == "p" {
				quote = false
			}
			last = -1
		case html.TextToken:
			if last >= 0 && strings.HasPrefix(string(z.Text()), fileMark) {
				found = found[:last]
			}
			last = -1
		}
	}
}

func attribute(t html.Token, name string) string {
	for _, a := range t.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}
