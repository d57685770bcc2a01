package db

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"reflect"
)

var errNull = errors.New("NULL in a column read as a plain value")

// scanValue stores a value of SQLite in what dest points to. PostgreSQL's
// driver does the same with the same destinations.
func scanValue(dest any, src driver.Value) error {
	switch d := dest.(type) {
	case *int64:
		if v, ok := src.(int64); ok {
			*d = v
			return nil
		}
	case *string:
		if v, ok := src.(string); ok {
			*d = v
			return nil
		}
	case *bool:
		if v, ok := src.(int64); ok {
			*d = v != 0
			return nil
		}
	case *any:
		*d = src
		return nil
	case *[]byte:
		return scanBytes(d, src)
	case sql.Scanner:
		return d.Scan(src)
	}
	v := reflect.ValueOf(dest)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return fmt.Errorf("cannot read into %T", dest)
	}
	return scanReflected(v.Elem(), src)
}

func scanBytes(d *[]byte, src driver.Value) error {
	switch v := src.(type) {
	case nil:
		*d = nil
	case []byte:
		*d = append([]byte{}, v...)
	case string:
		*d = []byte(v)
	default:
		return fmt.Errorf("cannot read %T into []byte", src)
	}
	return nil
}

func scanReflected(v reflect.Value, src driver.Value) error {
	if v.Kind() == reflect.Pointer {
		if src == nil {
			v.SetZero()
			return nil
		}
		fresh := reflect.New(v.Type().Elem())
		if err := scanValue(fresh.Interface(), src); err != nil {
			return err
		}
		v.Set(fresh)
		return nil
	}
	if src == nil {
		return errNull
	}
	switch n := src.(type) {
	case int64:
		if v.CanInt() && !v.OverflowInt(n) {
			v.SetInt(n)
			return nil
		}
		if v.CanUint() && n >= 0 && !v.OverflowUint(uint64(n)) {
			v.SetUint(uint64(n))
			return nil
		}
		if v.Kind() == reflect.Bool {
			v.SetBool(n != 0)
			return nil
		}
		if v.CanFloat() {
			v.SetFloat(float64(n))
			return nil
		}
	case float64:
		if v.CanFloat() {
			v.SetFloat(n)
			return nil
		}
	case string:
		if v.Kind() == reflect.String {
			v.SetString(n)
			return nil
		}
	}
	return fmt.Errorf("cannot read %T into %s", src, v.Type())
}
