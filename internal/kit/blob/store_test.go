package blob

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"anancus/internal/kit/fault"
)

// contract is what every store keeps to. The store must be empty.
func contract(t *testing.T, s Store) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, Store)
	}{
		{"a file comes back as it was put", filesComeBack},
		{"a later file takes the place of an earlier one", filesAreReplaced},
		{"a file that broke off is not there", brokenFiles},
		{"a file is read in ranges", ranges},
		{"what is not there is told so", absentFiles},
		{"only keys are taken", keysOnly},
		{"a list is in the order of keys and can be resumed", lists},
		{"deleting a whole list of files", deletes},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.run(t, s)
			for info, err := range s.List(t.Context(), "", "") { // the next one finds it empty
				if err != nil {
					t.Fatal(err)
				}
				if err := s.Delete(t.Context(), info.Key); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func put(t *testing.T, s Store, key, body string) {
	t.Helper()
	if err := s.Put(t.Context(), key, strings.NewReader(body), int64(len(body)), "text/plain"); err != nil {
		t.Fatal(err)
	}
}

func content(t *testing.T, s Store, key string) string {
	t.Helper()
	b, err := s.Open(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = b.Close() }()
	body, err := io.ReadAll(b)
	if err != nil {
		t.Fatal(err)
	}
	if int64(len(body)) != b.Size {
		t.Errorf("%s: %d bytes where %d were told", key, len(body), b.Size)
	}
	return string(body)
}

func keys(t *testing.T, s Store, prefix, after string) []string {
	t.Helper()
	var list []string
	for info, err := range s.List(t.Context(), prefix, after) {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, info.Key)
	}
	return list
}

func filesComeBack(t *testing.T, s Store) {
	large := strings.Repeat("0123456789abcdef", 6<<16) // 6 MiB: more than one part of an upload
	for name, test := range map[string]struct {
		body string
		size int64
	}{
		"files/empty":        {"", 0},
		"files/unknown.txt":  {"of a size that nobody told", -1},
		"files/unknown-none": {"", -1},
		"a/b/c/d/e/f.jpg":    {"deep down", 9},
		"large.mp4":          {large, int64(len(large))},
		"large-unknown":      {large, -1},
	} {
		// A reader that is nothing else: no store may count on Seek or Len.
		err := s.Put(t.Context(), name, struct{ io.Reader }{strings.NewReader(test.body)}, test.size, "image/png")
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := content(t, s, name); got != test.body {
			t.Errorf("%s: got %d bytes, want %d", name, len(got), len(test.body))
		}
	}
	b, err := s.Open(t.Context(), "a/b/c/d/e/f.jpg")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = b.Close() }()
	if b.Key != "a/b/c/d/e/f.jpg" || time.Since(b.Modified).Abs() > time.Hour || !strings.HasPrefix(b.Type, "image/") {
		t.Errorf("%+v %s", b.Info, b.Type)
	}
}

func filesAreReplaced(t *testing.T, s Store) {
	put(t, s, "a/file", "the first, and longer")
	put(t, s, "a/file", "the second")
	if got := content(t, s, "a/file"); got != "the second" {
		t.Errorf("got %q", got)
	}
}

func brokenFiles(t *testing.T, s Store) {
	put(t, s, "kept", "before")
	broken := errors.New("the line is dead")
	half := io.MultiReader(strings.NewReader(strings.Repeat("x", 6<<20)), iotest.ErrReader(broken))
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for name, err := range map[string]error{
		"a reader that fails":  s.Put(t.Context(), "kept", half, -1, ""),
		"fewer bytes":          s.Put(t.Context(), "kept", strings.NewReader("few"), 10, ""),
		"more bytes":           s.Put(t.Context(), "kept", strings.NewReader("too many"), 3, ""),
		"no bytes":             s.Put(t.Context(), "kept", strings.NewReader(""), 3, ""),
		"some where none":      s.Put(t.Context(), "kept", strings.NewReader("x"), 0, ""),
		"somebody went away":   s.Put(gone, "kept", strings.NewReader("late"), 4, ""),
		"a new one that fails": s.Put(t.Context(), "new/one", iotest.ErrReader(broken), -1, ""),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if got := content(t, s, "kept"); got != "before" {
		t.Errorf("a file that broke off took the place of a whole one: %.20q", got)
	}
	if got := keys(t, s, "", ""); !slices.Equal(got, []string{"kept"}) {
		t.Errorf("there is %v", got)
	}
}

func ranges(t *testing.T, s Store) {
	put(t, s, "digits", "0123456789")
	b, err := s.Open(t.Context(), "digits")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = b.Close() }()
	for _, test := range []struct{ asked, want string }{
		{"bytes=2-4", "234"}, {"bytes=-3", "789"}, {"bytes=8-", "89"}, {"", "0123456789"}, {"bytes=0-0", "0"},
	} {
		request := httptest.NewRequest(http.MethodGet, "/", nil)
		request.Header.Set("Range", test.asked)
		answer := httptest.NewRecorder()
		http.ServeContent(answer, request, b.Key, b.Modified, b)
		if got := answer.Body.String(); got != test.want {
			t.Errorf("%s: got %d %q, want %q", test.asked, answer.Code, got, test.want)
		}
	}
	if at, err := b.Seek(-1, io.SeekStart); err == nil {
		t.Errorf("sought to %d", at)
	}
	if at, err := b.Seek(5, io.SeekEnd); err != nil || at != 15 {
		t.Errorf("beyond the end: %d, %v", at, err)
	}
	if n, err := b.Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) {
		t.Errorf("read %d bytes beyond the end: %v", n, err)
	}
}

func absentFiles(t *testing.T, s Store) {
	put(t, s, "folder/file", "here")
	for _, key := range []string{"absent", "folder", "folder/absent", "folder/file/below", "folder/", "../file", "FOLDER/file"} {
		if _, err := s.Open(t.Context(), key); !fault.Is(err, fault.NotFound) {
			t.Errorf("Open(%q) = %v, want a NotFound fault", key, err)
		}
	}
	if err := s.Delete(t.Context(), "absent", "folder/absent", "no/such/folder", "folder/file/below"); err != nil {
		t.Error(err)
	}
	if err := s.Delete(t.Context()); err != nil {
		t.Error(err)
	}
	if got := content(t, s, "folder/file"); got != "here" {
		t.Errorf("got %q", got)
	}
}

var badKeys = []string{
	"", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/../b", "a/..", "a/.", "./a", ".hidden", "a/.hidden", unfinished, unfinished + "/x",
	`a\b`, `..\a`, "a b", "A", "ä", "a\x00b", "a\nb", "C:/a", "c:a", "a%2fb", "%2e%2e/a", "a?b", "a*", "~", "\xff",
	strings.Repeat("a", maxPart+1), strings.Repeat("a/", maxKey/2) + "b",
}

func keysOnly(t *testing.T, s Store) {
	for _, key := range badKeys {
		if err := s.Put(t.Context(), key, strings.NewReader("x"), 1, ""); !fault.Is(err, fault.Invalid) {
			t.Errorf("Put(%q) = %v, want an Invalid fault", key, err)
		}
		if err := s.Delete(t.Context(), key); !fault.Is(err, fault.Invalid) {
			t.Errorf("Delete(%q) = %v, want an Invalid fault", key, err)
		}
	}
	for _, key := range []string{"a", "a.b", "a..b", "-", "_", "0/1/2", strings.Repeat("b", maxPart), strings.Repeat("c/", maxKey/2-1) + "dd"} {
		put(t, s, key, "x")
		if got := content(t, s, key); got != "x" {
			t.Errorf("%q: got %q", key, got)
		}
	}
}

func lists(t *testing.T, s Store) {
	all := []string{"a-b/x", "a.b", "a/0", "a/b/c", "a/b0", "a0", "b/1/2/3", "b/1/3", "cache/aa/1", "cache/ab/1", "cache0"}
	for _, key := range all {
		put(t, s, key, key)
	}
	if got := keys(t, s, "", ""); !slices.Equal(got, all) {
		t.Errorf("got %v, want %v", got, all)
	}
	for i, key := range all {
		if got := keys(t, s, "", key); !slices.Equal(got, all[i+1:]) {
			t.Errorf("after %s: got %v, want %v", key, got, all[i+1:])
		}
	}
	for _, test := range []struct {
		prefix, after string
		want          []string
	}{
		{"a/", "", []string{"a/0", "a/b/c", "a/b0"}},
		{"a/b", "", []string{"a/b/c", "a/b0"}},
		{"a", "a/b/c", []string{"a/b0", "a0"}},
		{"cache/a", "cache/aa/2", []string{"cache/ab/1"}},
		{"b/1", "a", []string{"b/1/2/3", "b/1/3"}},
		{"b/1", "c", nil},
		{"z", "", nil},
		{"", "b/1/2", []string{"b/1/2/3", "b/1/3", "cache/aa/1", "cache/ab/1", "cache0"}},
	} {
		if got := keys(t, s, test.prefix, test.after); !slices.Equal(got, test.want) {
			t.Errorf("%q after %q: got %v, want %v", test.prefix, test.after, got, test.want)
		}
	}
	for info, err := range s.List(t.Context(), "a.b", "") {
		if err != nil || info.Size != 3 || time.Since(info.Modified).Abs() > time.Hour {
			t.Errorf("%+v, %v", info, err)
		}
	}
	for range s.List(t.Context(), "", "") { // a reader may stop
		break
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	var last error
	for _, err := range s.List(gone, "", "") {
		last = err
	}
	if !errors.Is(last, context.Canceled) {
		t.Errorf("a list nobody waits for ended with %v", last)
	}
}

func deletes(t *testing.T, s Store) {
	var all []string
	for _, c := range bytes.Split([]byte("a b c d e f g h"), []byte(" ")) {
		all = append(all, "many/"+string(c)+"/file")
		put(t, s, all[len(all)-1], "x")
	}
	put(t, s, "many/left", "x")
	if err := s.Delete(t.Context(), all...); err != nil {
		t.Fatal(err)
	}
	if got := keys(t, s, "", ""); !slices.Equal(got, []string{"many/left"}) {
		t.Errorf("left: %v", got)
	}
	put(t, s, "many/a/file", "again") // its folder went with it
}
