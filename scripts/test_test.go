// Package scripts holds what developers and continuous integration run; here
// stands the proof that those scripts say plainly what a machine lacks.
package scripts

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestAMissingPackageIsNamed(t *testing.T) {
	for _, test := range []struct{ withheld, named string }{
		{"gcc", "gcc (Debian package gcc"},
		{"chromium", "chromium (Debian package chromium"},
		{"toot", "toot (Debian package toot"},
		{"node", "node (Node.js 20.19 or newer"},
		{"ffprobe", "ffmpeg (Debian package ffmpeg"},
		{"heif-convert", "libheif-examples (Debian package libheif-examples"},
		{"initdb", "postgresql (Debian package postgresql"},
	} {
		t.Run(test.withheld, func(t *testing.T) {
			output, err := checkNeeds(t, test.withheld)
			if err == nil {
				t.Errorf("succeeded without %s", test.withheld)
			}
			if !strings.Contains(output, "MISSING: "+test.named) {
				t.Errorf("does not name what is missing:\n%s", output)
			}
			if got := strings.Count(output, "MISSING:"); got != 1 {
				t.Errorf("names %d missing packages, want 1:\n%s", got, output)
			}
		})
	}
}

func TestAnOldNodeIsNamed(t *testing.T) {
	path := pathWithout(t, "node")
	script := "#!/bin/sh\necho v18.19.0\n"
	if err := os.WriteFile(filepath.Join(path, "node"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	output, err := runCheckNeeds(t, path)
	if err == nil || !strings.Contains(output, "MISSING: node (Node.js 20.19 or newer") {
		t.Errorf("an old node passes: %v\n%s", err, output)
	}
}

func TestACompleteMachineLacksNothing(t *testing.T) {
	if output, err := checkNeeds(t, ""); err != nil {
		t.Errorf("%v\n%s", err, output)
	}
}

// checkNeeds runs scripts/test --check-needs where a program is off PATH and
// nothing can be installed.
func checkNeeds(t *testing.T, withheld string) (string, error) {
	t.Helper()
	return runCheckNeeds(t, pathWithout(t, withheld))
}

func runCheckNeeds(t *testing.T, path string) (string, error) {
	t.Helper()
	for _, script := range []string{"test", "needs.sh", "postgres.sh", "s3.sh"} {
		if _, err := os.Stat(script); err != nil { // also tells Go's test cache what this test rests on
			t.Fatal(err)
		}
	}
	// A place for PostgreSQL outside PATH is given, so that the fake PATH decides.
	cmd := exec.CommandContext(t.Context(), "bash", "test", "--check-needs")
	cmd.Env = []string{"PATH=" + path, "HOME=" + t.TempDir(), "ANANCUS_POSTGRES_ROOT=" + t.TempDir()}
	output, err := cmd.CombinedOutput()
	return string(output), err
}

// pathWithout builds a folder of links to every program on PATH, leaving out
// the withheld one and those that install packages. Go and Node are real; the
// others only need to be there.
func pathWithout(t *testing.T, withheld string) string {
	t.Helper()
	fake := t.TempDir()
	for _, folder := range filepath.SplitList(os.Getenv("PATH")) {
		programs, _ := os.ReadDir(folder) // PATH may name folders that do not exist
		for _, program := range programs {
			link(fake, filepath.Join(folder, program.Name()), program.Name())
		}
	}
	for _, name := range []string{"gcc", "chromium", "toot", "initdb", "postgres", "ffmpeg", "ffprobe", "heif-convert", "heif-enc"} {
		link(fake, "/bin/true", name)
	}
	for _, name := range []string{withheld, "apt-get", "sudo"} {
		_ = os.Remove(filepath.Join(fake, name)) // it may not have been there
	}
	return fake
}

func link(folder, program, name string) {
	_ = os.Symlink(program, filepath.Join(folder, name)) // the first on PATH wins
}
