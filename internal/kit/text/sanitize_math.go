package text

import (
	"strings"

	"golang.org/x/net/html"
)

// formula collects the plain-text form of a MathML element, as FEP-dc88 puts it:
// <math><semantics>…<annotation encoding="application/x-tex">x^2</annotation></semantics></math>.
type formula struct {
	block     bool
	depth     int  // of elements inside math
	started   bool // the first child of math was seen
	semantics bool // we are inside semantics, and it is the first child
	reading   *strings.Builder
	tex       *strings.Builder
	plain     *strings.Builder
}

func newFormula(t html.Token) formula {
	return formula{block: attribute(t, "display") == "block"}
}

// String is the formula as text: TeX between dollars, or else the plain annotation.
func (f *formula) String() string {
	switch {
	case f.tex != nil && f.block:
		return "$$" + f.tex.String() + "$$"
	case f.tex != nil:
		return "$" + f.tex.String() + "$"
	case f.plain != nil:
		return f.plain.String()
	}
	return ""
}

func (f *formula) token(t html.Token) {
	switch t.Type {
	case html.TextToken:
		if f.reading != nil {
			f.reading.WriteString(t.Data)
		}
	case html.StartTagToken:
		f.start(t)
	case html.EndTagToken:
		f.depth--
		if f.depth < 2 {
			f.reading = nil
		}
		if f.depth < 1 {
			f.semantics = false
		}
	}
}

func (f *formula) start(t html.Token) {
	f.depth++
	switch {
	case f.depth == 1:
		f.semantics = !f.started && t.Data == "semantics"
		f.started = true
	case f.depth == 2 && f.semantics && t.Data == "annotation":
		f.annotation(attribute(t, "encoding"))
	}
}

// annotation begins to read one, if it is the first of its encoding.
func (f *formula) annotation(encoding string) {
	switch {
	case encoding == "application/x-tex" && f.tex == nil:
		f.tex = &strings.Builder{}
		f.reading = f.tex
	case encoding == "text/plain" && f.plain == nil:
		f.plain = &strings.Builder{}
		f.reading = f.plain
	}
}
