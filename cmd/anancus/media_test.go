package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestMediaMoveCopiesWhatIsMissingAndSaysHowMuch(t *testing.T) {
	from, to, data := t.TempDir(), t.TempDir(), t.TempDir()
	write := func(name, body string) {
		t.Helper()
		path := filepath.Join(from, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run := func(args ...string) (int, string) {
		t.Helper()
		var out, told bytes.Buffer
		p := &program{ctx: t.Context(), stdout: &out, stderr: &told, open: newTown().open}
		code := p.run(append([]string{"--domain", "here.example", "--data", data}, args...))
		return code, out.String() + told.String()
	}
	write("attachment/1/1-a.jpg", "one")
	write("avatar/1/2-b.png", "second")
	if code, said := run("--media-store", from, "--json", "media", "move", to); code != 0 || !strings.Contains(said, `"files":2,"bytes":9`) {
		t.Errorf("%d %s", code, said)
	}
	write("attachment/1/3-c.jpg", "later")
	if code, said := run("--media-store", to, "media", "move", "--from", from, to); code != 0 || !strings.Contains(said, "All 3 files with 14 B are at "+to) {
		t.Errorf("%d %s", code, said)
	}
	if body, err := os.ReadFile(filepath.Join(to, "attachment/1/3-c.jpg")); err != nil || string(body) != "later" {
		t.Errorf("%q %v", body, err)
	}
	if code, said := run("--media-store", to, "media", "move", to); code == 0 {
		t.Errorf("a move to where the files are: %s", said)
	}
	if code, said := run("media", "verify", "--fix", "--dry-run"); code == 0 || !strings.Contains(said, "exclude") {
		t.Errorf("%d %s", code, said)
	}
}

func TestSizesAreReadAndWritten(t *testing.T) {
	for text, want := range map[string]int64{"500MB": 500_000_000, "1.5 gb": 1_500_000_000, "1000": 1000, "3kB": 3000} {
		if got, err := bytesOf(text); err != nil || got != want {
			t.Errorf("%s is %d, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "much", "-1GB", "0", "NaN", "1e30TB"} {
		if got, err := bytesOf(text); err == nil {
			t.Errorf("%q is %d", text, got)
		}
	}
	for n, want := range map[int64]string{0: "0 B", 999: "999 B", 1500: "1.5 kB", 2_000_000_000: "2.0 GB"} {
		if got := size(n); got != want {
			t.Errorf("%d is %s", n, got)
		}
	}
}
