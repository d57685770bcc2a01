package blob

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"anancus/internal/kit/fault"
)

// writer, in the environment, makes the test binary write into a folder until it is killed.
const writer = "BLOB_TEST_WRITER"

func TestMain(m *testing.M) {
	if name := os.Getenv(writer); name != "" {
		writeForever(name)
	}
	os.Exit(m.Run())
}

func openFolder(t *testing.T, name string) *Folder {
	t.Helper()
	f, err := OpenFolder(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.root.Close() })
	return f
}

func TestAFolderIsAStore(t *testing.T) {
	name := filepath.Join(t.TempDir(), "new", "media")
	contract(t, openFolder(t, name))
	left, err := os.ReadDir(name)
	if err != nil {
		t.Fatal(err)
	}
	if len(left) != 1 || left[0].Name() != unfinished {
		t.Errorf("empty folders are left: %v", left)
	}
	if half, err := os.ReadDir(filepath.Join(name, unfinished)); err != nil || len(half) > 0 {
		t.Errorf("half files are left: %v, %v", half, err)
	}
}

func TestOnlyTheOwnerReadsAFolder(t *testing.T) {
	name := filepath.Join(t.TempDir(), "media")
	put(t, openFolder(t, name), "a/b/c", "x")
	err := filepath.WalkDir(name, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s is open to others: %v", path, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestNothingLeavesTheFolderByLinks(t *testing.T) {
	outside, name := t.TempDir(), t.TempDir()
	secret := filepath.Join(outside, "secret")
	if err := os.WriteFile(secret, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	f := openFolder(t, name)
	put(t, f, "real", "x")
	for link, target := range map[string]string{"file": secret, "folder": outside} {
		if err := os.Symlink(target, filepath.Join(name, link)); err != nil {
			t.Fatal(err)
		}
	}
	for _, key := range []string{"file", "folder/secret"} {
		if b, err := f.Open(t.Context(), key); err == nil {
			t.Errorf("%s was opened", key)
			_ = b.Close()
		}
	}
	if err := f.Put(t.Context(), "folder/new", strings.NewReader("x"), 1, ""); err == nil {
		t.Error("a file was put outside")
	}
	if err := f.Delete(t.Context(), "folder/secret"); err == nil {
		t.Error("a file outside was deleted")
	}
	put(t, f, "file", "now a file") // the link goes, what it led to stays
	if body, err := os.ReadFile(secret); err != nil || string(body) != "secret" {
		t.Errorf("%q, %v", body, err)
	}
	if got := keys(t, f, "", ""); len(got) != 2 {
		t.Errorf("links are listed: %v", got)
	}
}

func TestAPipeInTheFolderStopsNobody(t *testing.T) {
	name := t.TempDir()
	if err := exec.CommandContext(t.Context(), "mkfifo", filepath.Join(name, "pipe")).Run(); err != nil {
		t.Fatal(err)
	}
	if _, err := openFolder(t, name).Open(t.Context(), "pipe"); !fault.Is(err, fault.NotFound) {
		t.Errorf("got %v", err)
	}
}

func TestHalfFilesAreSweptWhenNobodyCanBeWritingThem(t *testing.T) {
	name := t.TempDir()
	f := openFolder(t, name)
	for file, age := range map[string]time.Duration{"OLD": 2 * abandoned, "NEW": 0} {
		path := filepath.Join(name, unfinished, file)
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, time.Now(), time.Now().Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	put(t, f, "kept", "x")
	if err := os.Chtimes(filepath.Join(name, "kept"), time.Now(), time.Now().Add(-2*abandoned)); err != nil {
		t.Fatal(err)
	}
	openFolder(t, name)
	if left, err := os.ReadDir(filepath.Join(name, unfinished)); err != nil || len(left) != 1 || left[0].Name() != "NEW" {
		t.Errorf("left: %v, %v", left, err)
	}
	if got := content(t, f, "kept"); got != "x" {
		t.Errorf("got %q", got)
	}
}

func TestPuttingAndDeletingInOneFolderAtOnce(t *testing.T) {
	f := openFolder(t, t.TempDir())
	var both sync.WaitGroup
	for w := range 4 {
		both.Go(func() {
			for range 40 {
				key := fmt.Sprintf("shared/deep/%d", w)
				if err := f.Put(t.Context(), key, strings.NewReader("x"), 1, ""); err != nil {
					t.Error(err)
				}
				if err := f.Delete(t.Context(), key); err != nil {
					t.Error(err)
				}
			}
		})
	}
	both.Wait()
}

func TestAKilledWriterLeavesNoHalfFile(t *testing.T) {
	name := t.TempDir()
	for round := range 3 {
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), writer+"="+name)
		told, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines, done := bufio.NewScanner(told), map[string]bool{}
		for len(done) < 10+round && lines.Scan() {
			done[lines.Text()] = true
		}
		_ = cmd.Process.Kill()
		_ = cmd.Wait()

		f := openFolder(t, name)
		for _, key := range keys(t, f, "", "") {
			delete(done, key)
			body := content(t, f, key)
			if len(body) != killed || strings.Trim(body, body[:1]) != "" {
				t.Errorf("%s is half a file", key)
			}
		}
		if len(done) > 0 {
			t.Errorf("files that were kept are gone: %v", done)
		}
	}
}

// killed is the size of the files that the writer writes.
const killed = 3 << 20

func writeForever(name string) {
	f, err := OpenFolder(name)
	for i := 0; err == nil; i++ {
		key := fmt.Sprintf("%d/file", i%20)
		err = f.Put(context.Background(), key, bytes.NewReader(bytes.Repeat([]byte{byte('a' + i%26)}, killed)), killed, "")
		fmt.Println(key)
	}
	panic(errors.Join(errors.New("the writer stopped"), err))
}
