package text

import (
	"strings"

	"golang.org/x/net/html"
)

// PlainText is what a reader would read aloud from HTML: for search, previews and notifications.
// Line and block ends become one line break each run.
func PlainText(source string) string {
	var p plainWriter
	z := html.NewTokenizer(strings.NewReader(StripControl(source)))
	muted := ""
	for kind := z.Next(); kind != html.ErrorToken; kind = z.Next() {
		if kind == html.CommentToken || kind == html.DoctypeToken {
			continue
		}
		t := z.Token()
		switch {
		case muted != "":
			if kind == html.EndTagToken && t.Data == muted {
				muted = ""
			}
		case kind == html.TextToken:
			p.text(cleanText(t.Data))
		case dropped[t.Data] && kind == html.StartTagToken:
			muted = t.Data
		case t.Data == "br" || endsParagraph[t.Data]:
			p.ended = true
		}
	}
	return strings.TrimRight(p.out.String(), "\n")
}

type plainWriter struct {
	out   strings.Builder
	ended bool // a line or block ended since the last text
}

func (p *plainWriter) text(s string) {
	if p.ended && strings.ContainsRune(s, '\n') && blank(s) {
		return // the line breaks with which someone laid out their mark-up
	}
	if p.ended && p.out.Len() > 0 {
		p.out.WriteByte('\n')
	}
	p.ended = false
	p.out.WriteString(s)
}
