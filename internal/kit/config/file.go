package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// FileName is what a configuration file is called where nobody names one.
const FileName = "anancus.toml"

// maxFile is far more than a commented file of every key, and little enough to read whole.
const maxFile = 1 << 20

// FindFile looks for a configuration file: here, then in the data folder. "" if there is none.
func FindFile(data string) string {
	for _, path := range []string{FileName, filepath.Join(data, FileName)} {
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return path
		}
	}
	return ""
}

// File reads a configuration file into texts by key. Unknown keys and values that are
// not allowed are Problems.
func File(path string) (map[string]string, error) {
	body, err := readFile(path)
	if err != nil {
		return nil, err
	}
	tree := map[string]any{}
	if err := toml.Unmarshal(body, &tree); err != nil {
		var syntax *toml.DecodeError
		if errors.As(err, &syntax) {
			row, column := syntax.Position()
			return nil, fmt.Errorf("%s:%d:%d: this is not TOML: %s", path, row, column, strings.TrimPrefix(syntax.Error(), "toml: "))
		}
		return nil, fmt.Errorf("%s: this is not TOML: %w", path, err)
	}
	keys := make([]string, 0, len(tree))
	for key := range tree {
		keys = append(keys, key)
	}
	sort.Strings(keys)

	values, scratch := map[string]string{}, Config{}
	for _, key := range keys {
		f, known := fieldNamed(key)
		if !known {
			return nil, &Problem{Key: key, Wrong: "is not a key that Anancus knows. Keys: " + strings.Join(Names(), ", "), Origin: path}
		}
		text, err := f.text(tree[key])
		if err == nil {
			err = f.set(&scratch, text)
		}
		if err != nil {
			return nil, &Problem{Key: key, Wrong: err.Error(), Origin: path}
		}
		values[key] = text
	}
	return values, nil
}

func readFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("configuration file: %w", err)
	}
	if !info.Mode().IsRegular() || info.Size() > maxFile {
		return nil, fmt.Errorf("configuration file %s: must be a file of at most %d bytes", path, maxFile)
	}
	body, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("configuration file: %w", err)
	}
	return body, nil
}

// text turns a value of TOML into the text that the flag would have.
func (f field) text(value any) (string, error) {
	switch v := value.(type) {
	case string:
		return v, nil
	case bool:
		return strconv.FormatBool(v), nil
	case int64:
		return strconv.FormatInt(v, 10), nil
	case []any:
		if !f.list {
			return "", refuse(fmt.Sprint(v), "must be one value")
		}
		words := make([]string, len(v))
		for i, item := range v {
			word, ok := item.(string)
			if !ok {
				return "", refuse(fmt.Sprint(item), "must be a list of texts in quotes")
			}
			words[i] = word
		}
		return strings.Join(words, ","), nil
	}
	return "", refuse(fmt.Sprint(value), "must be a text in quotes, a whole number, true or false")
}

// Names lists the keys in the order of the documentation.
func Names() []string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.name
	}
	return names
}
