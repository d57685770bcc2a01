package server_test

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"anancus/internal/kit/db"
	"anancus/internal/kit/film"
	"anancus/internal/server/keeper"
	"anancus/internal/server/servertest"
)

// under lists the files below a folder, with their sizes.
func under(t *testing.T, folder string) map[string]int64 {
	t.Helper()
	sizes := map[string]int64{}
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			if os.IsNotExist(err) { // it went while we looked
				return nil
			}
			return err
		}
		if info, err := d.Info(); err == nil && info.Mode().IsRegular() {
			name, _ := filepath.Rel(folder, path)
			sizes[name] = info.Size()
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return sizes
}

// decoders counts the processes that work for a program: those with its folder among their files.
func decoders(folder string) int {
	n := 0
	all, _ := filepath.Glob("/proc/[0-9]*/cwd")
	for _, one := range all {
		if at, err := os.Readlink(one); err == nil && strings.HasPrefix(at, folder) {
			n++
		}
	}
	return n
}

// On SQLite alone: what is tried is the order of rows and files, and the folders that a run of the program leaves; that the queue goes on
// after a kill is tried on both engines above.
func TestAFilmBecomesReadyThoughTheProgramIsKilledWhileItIsConverted(t *testing.T) {
	t.Parallel() // takes long and waits much
	needFilms(t)
	program := buildProgram(t)
	long := filepath.Join(t.TempDir(), "long.avi.mov")
	made := exec.CommandContext(t.Context(), "ffmpeg", strings.Fields("-v error -f lavfi -i testsrc2=s=640x360:r=30:d=6 -f lavfi -i sine=d=6 -c:v mpeg4 -q:v 5 -c:a pcm_s16le "+long)...)
	if said, err := made.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	body, err := os.ReadFile(long)
	if err != nil {
		t.Fatal(err)
	}
	m := newMortal(t, db.SQLite, program)
	m.start()
	m.ask("account", "create", "ada", "--email", "ada@mail.example", "--password", servertest.Password, "--confirmed", "--approved")
	ada := &servertest.Person{On: m.Server, Name: "ada", Token: m.ask("token", "create", "ada", "--scopes", "read write")}
	var a attachment
	if answer := sendFiles(ada, http.MethodPost, "/api/v2/media", map[string][]byte{"file": body}, &a); answer.StatusCode != http.StatusAccepted {
		t.Fatalf("the upload answers %d", answer.StatusCode)
	}
	spool, store := filepath.Join(m.data, "uploads"), filepath.Join(m.data, "media")
	state := func() int {
		t.Helper()
		answer := ada.Do(http.MethodGet, "/api/v1/media/"+a.ID, nil, &a)
		if (answer.StatusCode == http.StatusOK) != (a.URL != nil) {
			t.Fatalf("it answers %d with %+v", answer.StatusCode, a)
		}
		return answer.StatusCode
	}

	// Killed when there is something of the film, of more than the time before.
	for _, enough := range []int64{1, 1, 100_000} {
		half := func() bool {
			for name, size := range under(t, spool) {
				if strings.Contains(name, "/") && size >= enough { // in a folder: what is made, not what was sent
					return true
				}
			}
			return false
		}
		for deadline := time.Now().Add(2 * time.Minute); !half(); time.Sleep(5 * time.Millisecond) {
			if time.Now().After(deadline) || state() == http.StatusOK {
				t.Fatalf("nothing was seen of the conversion; it answers %d", state())
			}
		}
		m.kill()
		for deadline := time.Now().Add(5 * time.Second); decoders(spool) > 0; time.Sleep(5 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatal("a decoder lives on without the program")
			}
		}
		left := under(t, spool)
		if len(left) == 0 {
			t.Error("the kill left nothing behind: it was in no conversion")
		}
		kept := under(t, store)
		for name := range kept {
			if !strings.HasPrefix(name, "upload/") && !strings.HasPrefix(name, ".unfinished/") {
				t.Errorf("%s lies in the store, of a film that was not converted", name)
			}
		}
		m.start()
		for name := range under(t, spool) { // the next conversion may have begun
			if _, before := left[name]; before {
				t.Errorf("after a start there is still %s", name)
			}
		}
		if state() != http.StatusPartialContent {
			t.Error("what was not converted is shown")
		}
	}

	for deadline := time.Now().Add(3 * time.Minute); state() != http.StatusOK; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it is not ready in the end")
		}
	}
	answer, whole := file(t, *a.URL)
	if answer.StatusCode != http.StatusOK || answer.ContentLength != int64(len(whole)) || answer.Header.Get("Content-Type") != "video/mp4" {
		t.Errorf("the film answers %d with %d bytes", answer.StatusCode, len(whole))
	}
	got := filepath.Join(t.TempDir(), "got.mp4")
	if err := os.WriteFile(got, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	if info, err := film.Find(t.Context()).Probe(t.Context(), got); err != nil || info.Duration < 5*time.Second || info.Video == nil || info.Audio == nil {
		t.Errorf("what is served is %+v: %v", info, err)
	}
	if preview, still := file(t, *a.Preview); preview.StatusCode != http.StatusOK || !bytes.HasPrefix(still, []byte("\xff\xd8\xff")) {
		t.Errorf("its preview answers %d", preview.StatusCode)
	}
	// Every file is known, every row has its file, and nothing else lies about.
	var found struct{ Found []keeper.MediaFinding }
	if err := json.Unmarshal([]byte(m.ask("media", "verify", "--json")), &found); err != nil || len(found.Found) != 0 {
		t.Errorf("verify finds %+v: %v", found.Found, err)
	}
	for deadline := time.Now().Add(5 * time.Second); len(under(t, spool)) > 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Errorf("in the end there are %v", under(t, spool))
			break
		}
	}
	m.kill()
	m.look(func(d *db.DB) error {
		known, err := db.All(t.Context(), d, func(r db.Row) (key [2]string, err error) { return key, r.Scan(&key[0], &key[1]) }, `SELECT key, state FROM files`)
		lies := under(t, store)
		for _, one := range known {
			if _, there := lies[one[0]]; one[1] == "kept" && !there {
				t.Errorf("%s is not there", one[0])
			}
			delete(lies, one[0])
		}
		for name := range lies {
			if !strings.HasPrefix(name, ".unfinished/") { // swept an hour later
				t.Errorf("nobody knows of %s", name)
			}
		}
		return err
	})
}
