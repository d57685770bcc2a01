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

// Value gives a plain value by name, "" if absent or not plain.
func (f *Form) Value(name string) string {
	s, _ := plain(f.tree[name])
	return s
}

func readForm(w http.ResponseWriter, r *http.Request) (*Form, error) {
	tree := map[string]any{}
	if err := unfold(tree, r.URL.Query()); err != nil {
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
		if err := r.ParseMultipartForm(MaxBody); err != nil {
			return nil, bodyFault(err)
		}
		defer func() { _ = r.MultipartForm.RemoveAll() }()
		if len(r.MultipartForm.File) > 0 {
			for name := range r.MultipartForm.File {
				return nil, fault.New(fault.Invalid, "Validation failed: "+name+" is a file, and this server does not take uploads here")
			}
		}
		return &Form{tree}, unfold(tree, url.Values(r.MultipartForm.Value))
	default: // urlencoded, and clients that forget to say so
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, bodyFault(err)
		}
		values, err := url.ParseQuery(string(body))
		if err != nil {
			return nil, fault.New(fault.BadRequest, "The form could not be read: it is not properly encoded")
		}
		return &Form{tree}, unfold(tree, values)
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

// unfold adds values to tree, reading a[]=, a[b]=, a[0][b]= and a[][b]=.
func unfold(tree map[string]any, values url.Values) error {
	if len(values) > maxFields {
		return fault.New(fault.BadRequest, "The form has too many fields")
	}
	keys, total := make([]string, 0, len(values)), 0
	for k, list := range values {
		keys, total = append(keys, k), total+len(list)
	}
	if total > maxValues {
		return fault.New(fault.BadRequest, "The form has too many values")
	}
	sort.Strings(keys)
	for _, key := range keys {
		path := split(key)
		if len(path) > maxDepth {
			return fault.New(fault.BadRequest, "The form is nested too deeply")
		}
		for i, v := range values[key] {
			if !utf8.ValidString(v) {
				return fault.New(fault.BadRequest, "The form could not be read: it is not UTF-8")
			}
			put(tree, path, strings.ReplaceAll(v, "\x00", ""), i)
		}
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

func put(tree map[string]any, path []string, value string, nth int) {
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
		for len(list) <= nth {
			list = append(list, map[string]any{})
		}
		if m, ok := list[nth].(map[string]any); ok {
			put(m, path[2:], value, nth)
		}
		tree[name] = list
		return
	}
	m, ok := tree[name].(map[string]any)
	if !ok {
		m = map[string]any{}
		tree[name] = m
	}
	put(m, path[1:], value, nth)
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
