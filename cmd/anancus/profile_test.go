package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAProfileIsWrittenToAFileOfItsOwner(t *testing.T) {
	fresh(t)
	file := filepath.Join(t.TempDir(), "h.pprof")
	if code, out, errs := anancus(t, newTown(), "profile", "heap", "-o", file); code != exitFine || !strings.Contains(out, file) {
		t.Fatalf("%d %q %q", code, out, errs)
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 || info.Size() != int64(len("a profile")) {
		t.Errorf("%v, %v", info, err)
	}
	if code, out, errs := anancus(t, newTown(), "profile", "everything"); code != exitUsage {
		t.Errorf("%d %q %q", code, out, errs)
	}
	if code, out, errs := anancus(t, newTown(), "profile", "cpu", "-o", filepath.Join(t.TempDir(), "no", "such", "folder")); code != exitFailure || !strings.Contains(errs, "cannot be written") {
		t.Errorf("%d %q %q", code, out, errs)
	}
}
