package emoji_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"anancus/internal/social/emoji"
)

// packed is a file in a pack.
type packed struct {
	name string
	body []byte
	mode fs.FileMode
}

func zipOf(t testing.TB, files ...packed) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, f := range files {
		h := &zip.FileHeader{Name: f.name, Method: zip.Deflate}
		h.SetMode(f.mode | 0o644)
		w, err := z.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(f.body); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func tarOf(t testing.TB, files ...packed) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for _, f := range files {
		h := &tar.Header{Name: f.name, Mode: 0o644, Size: int64(len(f.body)), Typeflag: tar.TypeReg}
		if f.mode&fs.ModeSymlink != 0 {
			h.Typeflag, h.Linkname, h.Size, f.body = tar.TypeSymlink, "/etc/passwd", 0, nil
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(f.body); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// reads tells what a pack holds, a line for each picture.
func reads(t testing.TB, body []byte) (lines []string, err error) {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "pack"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if _, err := f.Write(body); err != nil {
		t.Fatal(err)
	}
	pack, err := emoji.OpenPack(f)
	if err != nil {
		return nil, err
	}
	for entry, err := range pack.Entries {
		if err != nil {
			return lines, err
		}
		line := fmt.Sprintf("%s = %s/%s", entry.File, entry.Category, entry.Shortcode)
		if entry.Refused != nil {
			line = entry.File + ": " + entry.Refused.Error()
		}
		lines = append(lines, line)
	}
	return lines, nil
}

func TestAPackIsReadByNamesOrByItsList(t *testing.T) {
	cat, dog := still(t, 8, 1), moving(t, 8, 2)
	misskey := []byte(`{"metaVersion":2,"emojis":[{"downloaded":true,"fileName":"1.png","emoji":{"name":"cat","category":"Cats","aliases":["c"]}},
		{"downloaded":false,"fileName":"3.png","emoji":{"name":"none"}},{"downloaded":true,"fileName":"2.gif","emoji":{"name":"dog","category":null}}]}`)
	pleroma := []byte(`{"files":{"cat":"1.png","kitty":"1.png"},"pack":{"license":"?"},"files_count":2}`)
	for name, c := range map[string]struct {
		files []packed
		want  string
	}{
		"by names": {[]packed{{name: "set/cat.png", body: cat}, {name: "set/", mode: fs.ModeDir}, {name: "set/dog.gif", body: dog}, {name: "__MACOSX/set/._cat.png", body: cat}, {name: ".DS_Store", body: cat}},
			"set/cat.png = /cat|set/dog.gif = /dog"},
		"Misskey's": {[]packed{{name: "1.png", body: cat}, {name: "2.gif", body: dog}, {name: "3.png", body: cat}, {name: "meta.json", body: misskey}},
			"1.png = Cats/cat|2.gif = /dog|3.png: the pack's list does not name it"},
		"Pleroma's": {[]packed{{name: "p/pack.json", body: pleroma}, {name: "p/1.png", body: cat}}, "p/1.png = /cat|p/1.png = /kitty"},
	} {
		for kind, body := range map[string][]byte{"zip": zipOf(t, c.files...), "tar.gz": tarOf(t, withoutFolders(c.files)...)} {
			lines, err := reads(t, body)
			if got := strings.Join(lines, "|"); err != nil || got != c.want {
				t.Errorf("%s, %s: %q %v", name, kind, got, err)
			}
		}
	}
}

func withoutFolders(files []packed) (list []packed) {
	for _, f := range files {
		if !f.mode.IsDir() {
			list = append(list, f)
		}
	}
	return list
}

func TestWhatIsHostileInAPackIsRefusedAndTheRestIsTaken(t *testing.T) {
	cat := still(t, 8, 1)
	files := []packed{
		{name: "../../etc/cron.d/x.png", body: cat}, {name: "/abs.png", body: cat}, {name: `..\windows.png`, body: cat}, {name: "C:/win.png", body: cat}, {name: "a/../b.png", body: cat},
		{name: "link.png", body: []byte("/etc/passwd"), mode: fs.ModeSymlink},
		{name: "bomb.png", body: append(bytes.Clone(cat), make([]byte, 40<<20)...)},
		{name: "readme.txt", body: []byte("hello")}, {name: "page.png", body: []byte("<html><script>alert(1)</script></html>")}, {name: "shape.svg", body: []byte("<svg/>")},
		{name: "good.png", body: cat},
	}
	const out, type_ = ": its name leads out of the pack", ": it is neither PNG, GIF nor WebP"
	want := []string{"../../etc/cron.d/x.png" + out, "/abs.png" + out, `..\windows.png` + out, "C:/win.png" + out, "a/../b.png" + out, "link.png: it is no file",
		"bomb.png: it has 40960 KB, and at most 256 are taken", "readme.txt" + type_, "page.png" + type_, "shape.svg" + type_, "good.png = /good"}
	for kind, body := range map[string][]byte{"zip": zipOf(t, files...), "tar.gz": tarOf(t, files...)} {
		lines, err := reads(t, body)
		if got := strings.Join(lines, "\n"); err != nil || got != strings.Join(want, "\n") {
			t.Errorf("%s: %v\n%s", kind, err, got)
		}
	}
	// One that lies about its size is read no further than what is taken.
	lies := zipOf(t, packed{name: "lie.png", body: append(bytes.Clone(cat), make([]byte, 10<<20)...)}, packed{name: "good.png", body: cat})
	at := bytes.Index(lies, []byte("PK\x01\x02"))
	copy(lies[at+24:], []byte{100, 0, 0, 0})
	if lines, err := reads(t, lies); err != nil || len(lines) != 2 || !strings.HasPrefix(lines[0], "lie.png: ") || lines[1] != "good.png = /good" {
		t.Errorf("%q %v", lines, err)
	}

	many := make([]packed, 10_001)
	for i := range many {
		many[i] = packed{name: fmt.Sprintf("%d.png", i)}
	}
	deep := zipOf(t, packed{name: "meta.json", body: append([]byte(`{"emojis":"`), make([]byte, 9<<20)...)})
	for name, c := range map[string]struct {
		body []byte
		says string
	}{
		"a zip of too many":    {zipOf(t, many...), "too many files"},
		"a tar of too many":    {tarOf(t, many...), "too many files"},
		"a huge list":          {deep, "meta.json that cannot be read"},
		"a broken list":        {zipOf(t, packed{name: "meta.json", body: []byte("{")}), "meta.json that cannot be read"},
		"half a zip":           {zipOf(t, packed{name: "a.png", body: cat})[:80], "damaged"},
		"half a tar.gz":        {tarOf(t, packed{name: "a.png", body: cat})[:30], "damaged"},
		"something else":       {[]byte("hello, this is no pack"), "neither a zip nor a tar.gz"},
		"a zip with no end":    {append([]byte("PK\x03\x04"), make([]byte, 100)...), "damaged"},
		"an end without files": {append([]byte("PK\x05\x06\x00\x00\x00\x00\xff\xff\xff\xff"), make([]byte, 10)...), "too many files"},
	} {
		if _, err := reads(t, c.body); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAPackThatWasWrittenIsReadAgain(t *testing.T) {
	var b bytes.Buffer
	w := emoji.NewPackWriter(&b, "here.example", time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC))
	for _, e := range [][3]string{{"cat", "Cats & <b>", "image/png"}, {"Cat", "", "image/png"}, {"dog", "", "image/gif"}} {
		body := still(t, 8, 1)
		if e[2] == "image/gif" {
			body = moving(t, 8, 2)
		}
		if err := w.Add(e[0], e[1], e[2], body); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	lines, err := reads(t, b.Bytes())
	if got := strings.Join(lines, "|"); err != nil || got != "cat.png = Cats & <b>/cat|Cat~2.png = /Cat|dog.gif = /dog" {
		t.Errorf("%q %v", got, err)
	}
}
