package activitypub

import (
	"bytes"
	"encoding/json"
	"io"
	"strconv"
	"strings"
	"time"

	"anancus/internal/kit/fault"
)

// The bounds of a foreign document.
const (
	MaxDocument = 1 << 20 // as Mastodon
	maxDepth    = 64      // honest documents stay below 10
	maxValues   = 60_000  // keys and members of the whole document: a page of 1,000 notes fits
	maxItems    = 10_000  // members of one list that a getter hands out
)

// Object is a document of a stranger, or a part of one. Every getter takes
// what is not of the expected shape for absent: nothing in it can be trusted to
// be there, or to be what its name says.
type Object map[string]any

// Parse reads a JSON object within bounds. Of a key given twice the last one
// counts, as everywhere. Contexts are not fetched.
func Parse(body []byte) (Object, error) {
	if len(body) > MaxDocument {
		return nil, fault.New(fault.TooLarge, "The document is too large")
	}
	if !shallow(body) {
		return nil, fault.New(fault.BadRequest, "The document is too deep or has too many parts")
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber() // a number of a million digits must not become work
	var o Object
	if err := d.Decode(&o); err != nil {
		return nil, fault.Wrap(err, fault.BadRequest, "The document is not valid JSON")
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fault.New(fault.BadRequest, "The document is not valid JSON")
	}
	if o == nil {
		return nil, fault.New(fault.BadRequest, "The document is not an object")
	}
	return o, nil
}

// shallow counts brackets and commas outside of strings, so that a hostile
// document is refused before anything is allocated for it.
func shallow(body []byte) bool {
	depth, values, quoted := 0, 0, false
	for i := 0; i < len(body); i++ {
		c := body[i]
		if quoted {
			switch c {
			case '\\':
				i++
			case '"':
				quoted = false
			}
			continue
		}
		switch c {
		case '"':
			quoted = true
		case '{', '[':
			depth++
			values++
		case '}', ']':
			depth--
		case ',':
			values++
		}
		if depth > maxDepth || values > maxValues {
			return false
		}
	}
	return true
}

// HasContext tells whether the document is about ActivityStreams.
func (o Object) HasContext() bool {
	for _, c := range list(o["@context"]) {
		if c == Namespace {
			return true
		}
	}
	return false
}

// ID is the id of the object, "" if it has none.
func (o Object) ID() string { return o.String("id") }

// Type is the first type of the object.
func (o Object) Type() string {
	if types := o.Types(); len(types) > 0 {
		return types[0]
	}
	return ""
}

// Types lists the types of the object, usually one.
func (o Object) Types() []string {
	var types []string
	for _, v := range list(o["type"]) {
		if s, ok := v.(string); ok && len(types) < 16 {
			types = append(types, s)
		}
	}
	return types
}

// Is tells whether the object has one of these types.
func (o Object) Is(types ...string) bool {
	for _, have := range o.Types() {
		for _, want := range types {
			if have == want {
				return true
			}
		}
	}
	return false
}

// Has tells whether the key is there, null or not.
func (o Object) Has(key string) bool { _, ok := o[key]; return ok }

// String is the text under the key, "" if it is no string.
func (o Object) String(key string) string {
	s, _ := o[key].(string)
	return s
}

// Strings lists the texts under the key: a string, an array of strings, or
// objects, of which the id counts.
func (o Object) Strings(key string) []string {
	var out []string
	for _, v := range list(o[key]) {
		if s := reference(v); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// Link is the one thing the key points to: a string, or the id of an object.
// Of an array it is the first.
func (o Object) Link(key string) string {
	for _, v := range list(o[key]) {
		return reference(v)
	}
	return ""
}

// reference is the id in a string or an object; of a Link its address.
func reference(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case map[string]any:
		if id := Object(v).ID(); id != "" {
			return id
		}
		return Object(v).String("href")
	}
	return ""
}

// Links gives every address under the key, of a list with those of the documents in it.
func (o Object) Links(key string) []string {
	var links []string
	for _, v := range list(o[key]) {
		if link := reference(v); link != "" {
			links = append(links, link)
		}
	}
	return links
}

// Object is the object embedded under the key, nil if there is only a link.
// Of an array it is the first object.
func (o Object) Object(key string) Object {
	if all := o.Objects(key); len(all) > 0 {
		return all[0]
	}
	return nil
}

// Objects lists the objects embedded under the key; links among them are left out.
func (o Object) Objects(key string) []Object {
	var out []Object
	for _, v := range list(o[key]) {
		if m, ok := v.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}

// Bool tells whether the key is true; the second result whether it is a boolean.
func (o Object) Bool(key string) (value, ok bool) {
	switch v := o[key].(type) {
	case bool:
		return v, true
	case string:
		return v == "true", v == "true" || v == "false"
	}
	return false, false
}

// Int is the whole number under the key.
func (o Object) Int(key string) (int64, bool) {
	n, ok := o[key].(json.Number)
	if !ok || len(n) > 32 {
		return 0, false
	}
	if i, err := n.Int64(); err == nil {
		return i, true
	}
	f, err := n.Float64()
	if err != nil || f != f || f > 1<<53 || f < -(1<<53) {
		return 0, false
	}
	return int64(f), true
}

// Floats lists the numbers of an array, as focalPoint has.
func (o Object) Floats(key string) []float64 {
	var out []float64
	for _, v := range list(o[key]) {
		if n, ok := v.(json.Number); ok && len(n) <= 32 {
			if f, err := strconv.ParseFloat(string(n), 64); err == nil {
				out = append(out, f)
			}
		}
	}
	return out
}

// timeForms are the spellings of a time that are seen, the usual one first.
var timeForms = []string{
	time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05Z0700",
	"2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05 MST", "2006-01-02", time.RFC1123Z, time.RFC1123,
}

// Time is the time under the key, in UTC.
func (o Object) Time(key string) (time.Time, bool) {
	text := strings.TrimSpace(o.String(key))
	if text == "" || len(text) > 64 {
		return time.Time{}, false
	}
	for _, form := range timeForms {
		if t, err := time.Parse(form, text); err == nil {
			t = t.UTC()
			return t, t.Year() >= 1000 && t.Year() <= 9999
		}
	}
	return time.Time{}, false
}

// URL is the address of the page under the key: a string, a Link, or an array
// of these, in which text/html is preferred. Addresses that are not http or
// https are passed over.
func (o Object) URL(key string) string {
	first := ""
	for _, v := range list(o[key]) {
		address, media := link(v)
		if address = webURL(address); address == "" {
			continue
		}
		if strings.HasPrefix(media, "text/html") {
			return address
		}
		if first == "" {
			first = address
		}
	}
	return first
}

// link reads a string, a Link with href, or an Image with url.
func link(v any) (address, mediaType string) {
	switch v := v.(type) {
	case string:
		return v, ""
	case map[string]any:
		o := Object(v)
		if address = o.String("href"); address == "" {
			address = o.String("url")
		}
		return address, o.String("mediaType")
	}
	return "", ""
}

// list makes one thing a list of one. A null is an empty list.
func list(v any) []any {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		return v[:min(len(v), maxItems)]
	}
	return []any{v}
}
