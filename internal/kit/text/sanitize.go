package text

import (
	"strings"

	"golang.org/x/net/html"
)

// maxOpen bounds how deep elements nest in what Sanitize returns. Deeper tags are dropped and
// their text kept: nobody writes this, and browsers crash on it.
const maxOpen = 64

// Sanitize reduces the HTML of strangers to what a post may contain: the elements,
// attributes, classes and link schemes of keptAttributes and its neighbours. The result is
// well formed, and sanitizing it again changes nothing.
//
// It walks over tags instead of building a tree. A tree of hostile HTML costs the square of
// its size, and the rules of a tree that matter here fit in closeBefore and closing.
func Sanitize(source string) string {
	if source == "" {
		return ""
	}
	s := sanitizer{}
	s.out.Grow(len(source))
	z := html.NewTokenizer(strings.NewReader(StripControl(source)))
	for {
		kind := z.Next()
		if kind == html.ErrorToken {
			break
		}
		s.token(kind, z)
	}
	s.finish()
	return s.out.String()
}

type sanitizer struct {
	out      strings.Builder
	open     []element
	overflow int     // start tags dropped because maxOpen was reached
	muted    string  // the dropped element we are in
	depth    int     // how often it is nested in itself
	formula  formula // what was found in it, if it is a formula
}

// element is one that was opened. A silent one was not written: it is a link that leads nowhere
// we would go, or stands inside one.
type element struct {
	name   string
	silent bool
}

func (s *sanitizer) token(kind html.TokenType, z *html.Tokenizer) {
	if kind == html.CommentToken || kind == html.DoctypeToken {
		return
	}
	t := z.Token()
	switch {
	case s.muted != "":
		s.mutedToken(t)
	case kind == html.TextToken:
		s.text(t.Data)
	case kind == html.EndTagToken:
		s.end(t.Data)
	default:
		s.start(t)
	}
}

func (s *sanitizer) start(t html.Token) {
	name := t.Data
	if dropped[name] {
		s.mute(t)
		return
	}
	s.closeBefore(name)
	_, kept := keptAttributes[name]
	switch {
	case name == "br":
		s.lineBreak(t)
	case name == "img" || name == "image":
		s.image(t)
	case kept:
		s.push(t)
	case spaced[name]:
		s.space()
	}
}

func (s *sanitizer) end(name string) {
	if name == "br" {
		s.lineBreak(html.Token{Data: name})
		return
	}
	if _, kept := keptAttributes[name]; !kept {
		if spaced[name] {
			s.space()
		}
		return
	}
	if s.overflow > 0 {
		s.overflow--
		return
	}
	if i := s.closing(name); i >= 0 {
		s.closeTo(i)
	}
}

func (s *sanitizer) finish() {
	if s.muted == "math" {
		s.text(s.formula.String())
	}
	s.closeTo(0)
}

// mute drops everything until the element that t opens is over.
func (s *sanitizer) mute(t html.Token) {
	foreign := t.Data == "svg" || t.Data == "math"
	if foreign && t.Type == html.SelfClosingTagToken {
		return
	}
	s.muted, s.depth, s.formula = t.Data, 1, newFormula(t)
}

func (s *sanitizer) mutedToken(t html.Token) {
	if s.muted == "math" {
		s.formula.token(t)
	}
	if t.Data != s.muted || t.Type == html.TextToken {
		return
	}
	switch t.Type {
	case html.StartTagToken:
		s.depth++
	case html.EndTagToken:
		s.depth--
	}
	if s.depth > 0 {
		return
	}
	if s.muted == "math" {
		s.text(s.formula.String())
	}
	s.muted = ""
}

// closeBefore closes what cannot contain the element that comes next.
func (s *sanitizer) closeBefore(name string) {
	top := len(s.open) - 1
	switch {
	case name == "li":
		s.closeListItem()
	case name == "a":
		if i := s.find("a", nil); i >= 0 {
			s.closeTo(i)
		}
	case name == "rt" || name == "rp":
		if top >= 0 && (s.open[top].name == "rt" || s.open[top].name == "rp") {
			s.closeTo(top)
		}
	}
	if endsParagraph[name] {
		if i := s.find("p", nil); i >= 0 {
			s.closeTo(i)
		}
		if top := len(s.open) - 1; headings[name] && top >= 0 && headings[s.open[top].name] {
			s.closeTo(top)
		}
	}
}

func (s *sanitizer) closeListItem() {
	for i := len(s.open) - 1; i >= 0; i-- {
		name := s.open[i].name
		if name == "li" {
			s.closeTo(i)
			return
		}
		if blocks[name] && name != "p" {
			return
		}
	}
}

// closing returns which open element an end tag closes, or -1.
func (s *sanitizer) closing(name string) int {
	switch {
	case headings[name]:
		for i := len(s.open) - 1; i >= 0; i-- {
			if headings[s.open[i].name] {
				return i
			}
		}
		return -1
	case name == "li":
		return s.find(name, lists)
	case blocks[name] || formatting[name]:
		return s.find(name, nil)
	}
	return s.find(name, blocks)
}

var lists = set("ul ol")

// find returns the innermost open element of that name, or -1 when there is none or one
// of the walls stands before it.
func (s *sanitizer) find(name string, walls map[string]bool) int {
	for i := len(s.open) - 1; i >= 0; i-- {
		if s.open[i].name == name {
			return i
		}
		if walls[s.open[i].name] {
			return -1
		}
	}
	return -1
}

// closeTo closes the open elements from the innermost down to the one at index i.
func (s *sanitizer) closeTo(i int) {
	for n := len(s.open) - 1; n >= i; n-- {
		if !s.open[n].silent {
			s.out.WriteString("</" + s.open[n].name + ">")
		}
	}
	s.open = s.open[:i]
}

func (s *sanitizer) push(t html.Token) {
	if len(s.open) >= maxOpen {
		s.overflow++
		return
	}
	silent := s.silent() || t.Data == "a" && !allowedScheme(attribute(t, "href"))
	if !silent {
		s.tag(t)
	}
	s.open = append(s.open, element{t.Data, silent})
}

// silent says whether only text is wanted, because a link that we do not follow is open.
func (s *sanitizer) silent() bool {
	return len(s.open) > 0 && s.open[len(s.open)-1].silent
}

func (s *sanitizer) lineBreak(t html.Token) {
	if !s.silent() {
		s.tag(t)
	}
}

func (s *sanitizer) space() {
	if !s.silent() {
		s.out.WriteByte(' ')
	}
}

// tag writes a start tag with the attributes that survive, in the order they came.
func (s *sanitizer) tag(t html.Token) {
	s.out.WriteString("<" + t.Data)
	var written []string
	for _, a := range t.Attr {
		if !keepsAttribute(t.Data, a.Key) || contains(written, a.Key) {
			continue
		}
		if value, ok := attributeValue(a.Key, a.Val); ok {
			s.attribute(a.Key, value)
			written = append(written, a.Key)
		}
	}
	if t.Data == "a" {
		if !contains(written, "rel") {
			s.attribute("rel", relLink)
		}
		s.attribute("target", "_blank")
	}
	s.out.WriteByte('>')
}

func contains(list []string, s string) bool {
	for _, item := range list {
		if item == s {
			return true
		}
	}
	return false
}

// attributeValue is what remains of the value of an attribute that survives.
func attributeValue(key, value string) (string, bool) {
	switch key {
	case "rel":
		return relLink, true
	case "class":
		return keepClasses(value), true
	case "translate":
		return value, value == "no"
	case "cite":
		return value, webAddress(value)
	}
	return value, true
}

func (s *sanitizer) attribute(key, value string) {
	s.out.WriteString(" " + key + `="`)
	attributeEscaper.WriteString(&s.out, cleanText(value))
	s.out.WriteByte('"')
}

func (s *sanitizer) text(data string) { textEscaper.WriteString(&s.out, cleanText(data)) }

var (
	textEscaper      = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "\u00A0", "&nbsp;")
	attributeEscaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "\u00A0", "&nbsp;", `"`, "&quot;")
)

// cleanText repeats after decoding what was done before it: "&#1;" is a control character too.
func cleanText(s string) string {
	return newlineFixer.Replace(StripControl(s))
}

func attribute(t html.Token, key string) string {
	for _, a := range t.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

// image replaces a picture by a link to it, because showing it would tell its server who reads.
func (s *sanitizer) image(t html.Token) {
	if s.silent() {
		return
	}
	source, label := cleanText(attribute(t, "src")), strings.TrimSpace(attribute(t, "alt"))
	reachable := webAddress(source)
	if label == "" && reachable {
		label = shortAddress(source)
	}
	if label == "" {
		return
	}
	label = "[🖼 " + label + "]"
	if !reachable || s.find("a", nil) >= 0 {
		s.text(label)
		return
	}
	s.tag(html.Token{Data: "a", Attr: []html.Attribute{{Key: "href", Val: source}}})
	s.text(label)
	s.out.WriteString("</a>")
}

func shortAddress(address string) string {
	shown, rest := cutRunes(address[len(hiddenPrefix(address)):], shownRunes)
	if rest != "" {
		shown += "…"
	}
	return shown
}
