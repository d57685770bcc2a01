package rest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"reflect"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"

	"anancus/internal/kit/fault"
)

// Form is what a client sent: query, urlencoded, multipart or JSON, read into one tree of
// map[string]any, []any, string, bool, json.Number and nil, with key[] and key[sub] unfolded.
type Form struct{ tree map[string]any }

// Decode reads the request's form into a struct whose fields carry `form:"name"` tags.
// Fields may be string, bool, ints, pointers to these (nil when absent), slices of
// strings or structs, maps of strings and structs. Unknown keys are ignored, as Mastodon does; a value of
// the wrong type is a 400 that names it.
func Decode[T any, V any](c *Call[V]) (T, error) {
	var into T
	form, err := c.Form()
	if err != nil {
		return into, err
	}
	if err := assign(reflect.ValueOf(&into).Elem(), form.tree, ""); err != nil {
		return into, err
	}
	return into, nil
}

// Form reads the request's form once.
func (c *Call[V]) Form() (*Form, error) {
	if c.form != nil {
		return c.form, nil
	}
	f, err := readForm(c.W, c.R)
	if err != nil {
		return nil, err
	}
	c.form = f
	return f, nil
}

// Has tells whether a field was sent, be it null: by that, clients clear what else would stay.
func (f *Form) Has(name string) bool {
	_, there := f.tree[name]
	return there
}

// Value gives a plain value by name, "" if absent or not plain.
func (f *Form) Value(name string) string {
	s, _ := plain(f.tree[name])
	return s
}

func readForm(w http.ResponseWriter, r *http.Request) (*Form, error) {
	tree := map[string]any{}
	asked, _ := pairsOf(r.URL.RawQuery) // what cannot be read of an address is left out
	if err := unfold(tree, asked); err != nil {
		return nil, err
	}
	if r.Body == nil || r.Method == http.MethodGet || r.Method == http.MethodHead {
		return &Form{tree}, nil
	}
	r.Body = http.MaxBytesReader(w, r.Body, MaxBody)
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case kind == "application/json" || strings.HasSuffix(kind, "+json"):
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, bodyFault(err)
		}
		if len(bytes.TrimSpace(body)) == 0 {
			return &Form{tree}, nil
		}
		return readJSON(tree, body)
	case kind == "multipart/form-data":
		parts, err := readParts(r)
		if err != nil {
			return nil, err
		}
		return &Form{tree}, unfold(tree, parts)
	default: // urlencoded, and clients that forget to say so
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, bodyFault(err)
		}
		sent, err := pairsOf(string(body))
		if err != nil {
			return nil, fault.New(fault.BadRequest, "The form could not be read: it is not properly encoded")
		}
		return &Form{tree}, unfold(tree, sent)
	}
}

// pair is one field of a form. Their order tells which fields of key[][a]= and key[][b]= belong together.
type pair struct{ key, value string }

// pairsOf reads what is urlencoded. Fields that cannot be read are left out, and told of by the error.
func pairsOf(encoded string) (list []pair, err error) {
	for field := range strings.SplitSeq(encoded, "&") {
		if field == "" {
			continue
		}
		name, value, _ := strings.Cut(field, "=")
		var p pair
		var wrong error
		if p.key, wrong = url.QueryUnescape(name); wrong == nil {
			p.value, wrong = url.QueryUnescape(value)
		}
		if wrong == nil && strings.Contains(field, ";") { // as net/url: once it separated fields, now nobody agrees
			wrong = errors.New("semicolon in a form")
		}
		if wrong != nil {
			err = wrong
			continue
		}
		list = append(list, p)
	}
	return list, err
}

// readParts reads the fields of a multipart form; files have doors of their own.
func readParts(r *http.Request) (list []pair, err error) {
	parts, err := r.MultipartReader()
	if err != nil {
		return nil, bodyFault(err)
	}
	for {
		part, err := parts.NextPart()
		if err == io.EOF {
			return list, nil
		}
		if err != nil {
			return nil, bodyFault(err)
		}
		if part.FileName() != "" {
			return nil, fault.New(fault.Invalid, "Validation failed: "+part.FormName()+" is a file, and this server does not take uploads here")
		}
		value, err := io.ReadAll(part)
		if err != nil {
			return nil, bodyFault(err)
		}
		if part.FormName() != "" {
			list = append(list, pair{part.FormName(), string(value)})
		}
	}
}

func bodyFault(err error) error {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return fault.New(fault.TooLarge, fmt.Sprintf("The request is larger than %d bytes", tooLarge.Limit))
	}
	return fault.Wrap(err, fault.BadRequest, "The request body could not be read")
}

func readJSON(tree map[string]any, body []byte) (*Form, error) {
	if depth(body) > maxDepth {
		return nil, fault.New(fault.BadRequest, "The JSON body is nested too deeply")
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, fault.New(fault.BadRequest, "The JSON body could not be read: "+err.Error())
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, fault.New(fault.BadRequest, "The JSON body could not be read: there is more behind its end")
	}
	m, ok := v.(map[string]any)
	if !ok {
		return nil, fault.New(fault.BadRequest, "The JSON body must be an object")
	}
	for k, v := range m {
		tree[strings.TrimSuffix(k, "[]")] = storable(v)
	}
	return &Form{tree}, nil
}

// storable takes NULs out of every text: no database keeps them, and a text of NULs is a blank one.
func storable(v any) any {
	switch v := v.(type) {
	case string:
		return strings.ReplaceAll(v, "\x00", "")
	case []any:
		for i := range v {
			v[i] = storable(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = storable(v[k])
		}
	}
	return v
}

func depth(body []byte) (deepest int) {
	at, inText, escaped := 0, false, false
	for _, b := range body {
		switch {
		case escaped:
			escaped = false
		case inText && b == '\\':
			escaped = true
		case b == '"':
			inText = !inText
		case !inText && (b == '{' || b == '['):
			if at++; at > deepest {
				deepest = at
			}
		case !inText && (b == '}' || b == ']'):
			at--
		}
	}
	return deepest
}

// unfold adds fields to tree, reading a[]=, a[b]=, a[0][b]= and a[][b]=.
func unfold(tree map[string]any, fields []pair) error {
	if len(fields) > maxValues {
		return fault.New(fault.BadRequest, "The form has too many values")
	}
	names := map[string]bool{}
	for _, f := range fields {
		names[f.key] = true
		path := split(f.key)
		if len(names) > maxFields {
			return fault.New(fault.BadRequest, "The form has too many fields")
		}
		if len(path) > maxDepth {
			return fault.New(fault.BadRequest, "The form is nested too deeply")
		}
		if !utf8.ValidString(f.value) {
			return fault.New(fault.BadRequest, "The form could not be read: it is not UTF-8")
		}
		put(tree, path, strings.ReplaceAll(f.value, "\x00", ""))
	}
	return nil
}

func split(key string) []string {
	open := strings.IndexByte(key, '[')
	if open <= 0 {
		return []string{key}
	}
	path := []string{key[:open]}
	rest := key[open:]
	for strings.HasPrefix(rest, "[") {
		end := strings.IndexByte(rest, ']')
		if end < 0 {
			return []string{key}
		}
		path = append(path, rest[1:end])
		rest = rest[end+1:]
	}
	return path
}

func put(tree map[string]any, path []string, value string) {
	name := path[0]
	if len(path) == 1 {
		tree[name] = value
		return
	}
	if path[1] == "" {
		list, _ := tree[name].([]any)
		if len(path) == 2 {
			tree[name] = append(list, value)
			return
		}
		var last map[string]any
		if len(list) > 0 {
			last, _ = list[len(list)-1].(map[string]any)
		}
		if last == nil || holds(last, path[2:]) { // a field that comes again begins the next object, as in Rack
			last = map[string]any{}
			list = append(list, last)
		}
		put(last, path[2:], value)
		tree[name] = list
		return
	}
	m, ok := tree[name].(map[string]any)
	if !ok {
		m = map[string]any{}
		tree[name] = m
	}
	put(m, path[1:], value)
}

// holds tells whether an object has a field already; a list in it takes any number of values.
func holds(m map[string]any, path []string) bool {
	for i, name := range path {
		if name == "" {
			return false
		}
		v, there := m[name]
		if !there {
			return false
		}
		if i == len(path)-1 {
			return true
		}
		if m, there = v.(map[string]any); !there {
			return false
		}
	}
	return true
}

func wrongType(name, want string) error {
	return fault.New(fault.BadRequest, fmt.Sprintf("The parameter %s must be %s", strings.TrimPrefix(name, "."), want))
}

func plain(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		return strconv.FormatBool(v), true
	}
	return "", false
}

func assign(dst reflect.Value, src any, name string) error {
	if src == nil {
		return nil
	}
	switch dst.Kind() {
	case reflect.Pointer:
		fresh := reflect.New(dst.Type().Elem())
		if err := assign(fresh.Elem(), src, name); err != nil {
			return err
		}
		dst.Set(fresh)
	case reflect.Struct:
		m, ok := src.(map[string]any)
		if !ok {
			return wrongType(name, "an object")
		}
		for i := range dst.NumField() {
			tag := dst.Type().Field(i).Tag.Get("form")
			if tag == "" {
				continue
			}
			if v, there := m[tag]; there {
				if err := assign(dst.Field(i), v, name+"."+tag); err != nil {
					return err
				}
			}
		}
	case reflect.Slice:
		return assignList(dst, src, name)
	case reflect.Map:
		m, ok := src.(map[string]any)
		if !ok {
			return wrongType(name, "an object")
		}
		dst.Set(reflect.MakeMap(dst.Type()))
		for k, v := range m {
			item := reflect.New(dst.Type().Elem()).Elem()
			if err := assign(item, v, name+"."+k); err != nil {
				return err
			}
			dst.SetMapIndex(reflect.ValueOf(k), item)
		}
	default:
		return assignPlain(dst, src, name)
	}
	return nil
}

func assignList(dst reflect.Value, src any, name string) error {
	var items []any
	switch v := src.(type) {
	case []any:
		items = v
	case map[string]any: // indexed keys: a[0]=, a[1]=
		keys := make([]string, 0, len(v))
		for k := range v {
			keys = append(keys, k)
		}
		sort.Slice(keys, func(i, j int) bool {
			a, errA := strconv.Atoi(keys[i])
			b, errB := strconv.Atoi(keys[j])
			if errA == nil && errB == nil {
				return a < b
			}
			return keys[i] < keys[j]
		})
		for _, k := range keys {
			items = append(items, v[k])
		}
	default:
		if s, ok := plain(v); ok && s == "" {
			return nil
		}
		items = []any{v}
	}
	out := reflect.MakeSlice(dst.Type(), len(items), len(items))
	for i, item := range items {
		if err := assign(out.Index(i), item, fmt.Sprintf("%s[%d]", name, i)); err != nil {
			return err
		}
	}
	dst.Set(out)
	return nil
}

func assignPlain(dst reflect.Value, src any, name string) error {
	s, ok := plain(src)
	if !ok {
		return wrongType(name, "a plain value")
	}
	switch dst.Kind() {
	case reflect.String:
		dst.SetString(s)
	case reflect.Bool:
		dst.SetBool(Truth(s))
	case reflect.Int, reflect.Int64:
		if s == "" {
			return nil
		}
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			return wrongType(name, "a whole number")
		}
		dst.SetInt(n)
	default:
		return fmt.Errorf("form field %s has a type that forms cannot carry: %s", name, dst.Type())
	}
	return nil
}
