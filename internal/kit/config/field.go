package config

import (
	"encoding"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"reflect"
	"strconv"
	"strings"

	"golang.org/x/net/idna"
)

// Problem says which key is wrong and where it came from.
type Problem struct {
	Key    string
	Wrong  string // what is allowed, and what was found instead
	Origin string // the file or the variable, "" when it is not known
}

func (p *Problem) Error() string {
	if p.Origin == "" {
		return p.Key + " " + p.Wrong
	}
	return p.Origin + ": " + p.Key + " " + p.Wrong
}

// field is one fact of Config, as its tags describe it.
type field struct {
	name, env, help, more, fallback string
	index                           int
	list                            bool
}

var fields = readFields()

func readFields() []field {
	t := reflect.TypeFor[Config]()
	list := make([]field, t.NumField())
	for i := range list {
		tag := t.Field(i).Tag
		list[i] = field{
			name: tag.Get("name"), env: tag.Get("env"), help: tag.Get("help"), more: tag.Get("more"), fallback: tag.Get("default"),
			index: i, list: t.Field(i).Type == reflect.TypeFor[Networks](),
		}
	}
	return list
}

func fieldNamed(name string) (field, bool) {
	for _, f := range fields {
		if f.name == name {
			return f, true
		}
	}
	return field{}, false
}

// get gives the value as text.
func (f field) get(c *Config) string {
	return fmt.Sprint(reflect.ValueOf(c).Elem().Field(f.index).Interface())
}

// set reads the value from text; the error says what is allowed, and what was found.
func (f field) set(c *Config, text string) error {
	v := reflect.ValueOf(c).Elem().Field(f.index)
	if u, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		return u.UnmarshalText([]byte(text))
	}
	if read := readers[f.name]; read != nil && text != "" {
		var err error
		if text, err = read(text); err != nil {
			return err
		}
	}
	v.SetString(text)
	return nil
}

// origin tells where a bad value came from, as far as can be told.
func (f field) origin(text string) string {
	if value, found := os.LookupEnv(f.env); found && value == text {
		return "environment variable " + f.env
	}
	return ""
}

// readers check the facts that are plain text and give them in their usual form.
var readers = map[string]func(text string) (string, error){
	"listen":         readListen,
	"metrics-listen": readListen,
	"domain":         readDomain,
	"web-domain":     readDomain,
	"media-host":     readDomain,
	"database":       readDatabase,
	"media-store":    readMediaStore,
	"log-level":      oneOf("debug", "info", "warn", "error"),
	"log-format":     oneOf("text", "json"),
}

func oneOf(words ...string) func(string) (string, error) {
	return func(text string) (string, error) {
		for _, word := range words {
			if strings.EqualFold(text, word) {
				return word, nil
			}
		}
		last := len(words) - 1
		return "", refuse(text, "must be "+strings.Join(words[:last], ", ")+" or "+words[last])
	}
}

func readListen(text string) (string, error) {
	host, port, err := net.SplitHostPort(text)
	number, numberErr := strconv.ParseUint(port, 10, 16)
	if err != nil || numberErr != nil {
		return "", refuse(text, "must be an address and a port, such as 127.0.0.1:8080 or :8080")
	}
	if host != "" && host != "localhost" && net.ParseIP(host) == nil {
		return "", refuse(text, "must begin with an address of this machine, such as 127.0.0.1, [::1] or localhost")
	}
	return net.JoinHostPort(host, strconv.FormatUint(number, 10)), nil
}

func readDomain(text string) (string, error) {
	refusal := refuse(text, "must be a name such as example.org, without https:// and without a path")
	host, port := text, ""
	if h, p, err := net.SplitHostPort(text); err == nil {
		if n, err := strconv.ParseUint(p, 10, 16); err != nil || n == 0 {
			return "", refusal
		}
		host, port = h, ":"+p
	}
	if ip := net.ParseIP(host); ip != nil {
		if ip.To4() == nil {
			return "[" + ip.String() + "]" + port, nil
		}
		return host + port, nil
	}
	ascii, err := idna.Lookup.ToASCII(host)
	if err != nil || ascii == "" || len(ascii) > 253 || strings.HasSuffix(ascii, ".") {
		return "", refusal
	}
	return ascii + port, nil
}

func readMediaStore(text string) (string, error) {
	if !strings.Contains(text, "://") && !strings.HasPrefix(text, "s3:") {
		return text, nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "s3" || u.Host == "" || u.User != nil { // not shown: somebody may have put a secret into it
		return "", errors.New("must be empty for the data folder, another folder, or a bucket such as s3://bucket/prefix?endpoint=https://s3.example.org&region=eu, without its key")
	}
	return text, nil
}

func readDatabase(text string) (string, error) {
	// What was found is not shown: it may hold a password.
	allowed := errors.New("must be empty for SQLite in the data folder, or an address such as postgres://user:password@host/name")
	if path, found := strings.CutPrefix(text, "sqlite:"); found {
		if path == "" {
			return "", allowed
		}
		return text, nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return "", allowed
	}
	return text, nil
}
