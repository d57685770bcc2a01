package aptest

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"
)

// Foreign is a golden file about software that we did not write: a body that it sends, and what we make of it. Names of hosts are those of
// the run, or examples; keys are left out ("PEM").
type Foreign struct {
	Seen  string          `json:"seen"`            // the public page, or the server and version it was run as
	Body  json.RawMessage `json:"body"`            // as it was sent
	Read  json.RawMessage `json:"read"`            // what is read of it
	Shown json.RawMessage `json:"shown,omitempty"` // what members are shown of it, where there is a story
}

// ReadForeign reads such a file.
func ReadForeign(t testing.TB, file string) *Foreign {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	f := &Foreign{}
	if err := json.Unmarshal(text, f); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return f
}

// Write writes it anew, laid out for reading.
func (f *Foreign) Write(t testing.TB, file string) {
	t.Helper()
	if len(f.Read) == 0 {
		f.Read = []byte("null")
	}
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(f); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, text.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// Pruned is a value as JSON without what says nothing: null, false, zero, empty texts, lists, objects and times.
func Pruned(t testing.TB, v any) json.RawMessage {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var plain any
	if err := d.Decode(&plain); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(prune(plain)); err != nil {
		t.Fatal(err)
	}
	return bytes.TrimSpace(out.Bytes())
}

func prune(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key, member := range v {
			if member = prune(member); member == nil {
				delete(v, key)
			} else {
				v[key] = member
			}
		}
		if len(v) == 0 {
			return nil
		}
	case []any:
		if len(v) == 0 {
			return nil
		}
		for i := range v {
			v[i] = prune(v[i])
		}
	case string:
		if v == "" || v == "0001-01-01T00:00:00Z" {
			return nil
		}
	case json.Number:
		if v == "0" {
			return nil
		}
	case bool:
		if !v {
			return nil
		}
	}
	return v
}
