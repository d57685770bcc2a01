package db

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"
)

// plainValue turns an argument into nil, int64, float64, bool, string, []byte,
// []int64 or []string, whatever named type it came in.
func plainValue(arg any) (any, error) {
	switch v := arg.(type) {
	case nil, int64, bool, float64, []int64, []byte:
		if ints, ok := v.([]int64); ok && ints == nil {
			return []int64{}, nil
		}
		return v, nil
	case int:
		return int64(v), nil
	case string:
		return clean(v), nil
	case []string:
		return cleanAll(v), nil
	case driver.Valuer:
		inner, err := v.Value()
		if err != nil {
			return nil, err
		}
		return plainValue(inner)
	}
	return reflected(reflect.ValueOf(arg))
}

func reflected(v reflect.Value) (any, error) {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return nil, nil
		}
		return plainValue(v.Elem().Interface())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return v.Int(), nil
	case reflect.Uint8, reflect.Uint16, reflect.Uint32:
		return int64(v.Uint()), nil
	case reflect.String:
		return clean(v.String()), nil
	case reflect.Bool:
		return v.Bool(), nil
	case reflect.Float32, reflect.Float64:
		return v.Float(), nil
	case reflect.Slice:
		return reflectedSlice(v)
	}
	return nil, fmt.Errorf("a %s cannot be stored", v.Type())
}

func reflectedSlice(v reflect.Value) (any, error) {
	switch v.Type().Elem().Kind() {
	case reflect.Uint8:
		return v.Bytes(), nil
	case reflect.Int, reflect.Int32, reflect.Int64:
		ints := make([]int64, v.Len())
		for i := range ints {
			ints[i] = v.Index(i).Int()
		}
		return ints, nil
	case reflect.String:
		words := make([]string, v.Len())
		for i := range words {
			words[i] = clean(v.Index(i).String())
		}
		return words, nil
	}
	return nil, fmt.Errorf("a %s cannot be stored", v.Type())
}

// clean takes out NUL and bytes that are not UTF-8: PostgreSQL refuses them,
// and other servers send them.
func clean(s string) string {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "")
	}
	if strings.IndexByte(s, 0) >= 0 {
		s = strings.ReplaceAll(s, "\x00", "")
	}
	return s
}

func cleanAll(words []string) []string {
	cleaned := make([]string, len(words))
	for i, w := range words {
		cleaned[i] = clean(w)
	}
	return cleaned
}

// liteValue writes slices as JSON, which is what json_each reads.
func liteValue(plain any) (any, error) {
	switch v := plain.(type) {
	case []int64:
		out := make([]byte, 0, 2+20*len(v))
		out = append(out, '[')
		for i, n := range v {
			if i > 0 {
				out = append(out, ',')
			}
			out = strconv.AppendInt(out, n, 10)
		}
		return string(append(out, ']')), nil
	case []string:
		out, err := json.Marshal(v)
		return string(out), err
	}
	return plain, nil
}
