//go:build unix

package db

import (
	"path/filepath"
	"syscall"
	"testing"
)

func TestALockThatWasReleasedIsFreeThoughAChildHasACopy(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	first, err := lockFile(path)
	if err != nil {
		t.Fatal(err)
	}
	child, err := syscall.Dup(int(first.file.Fd())) // what a child has from fork until exec
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Close(child) })
	first.release()
	second, err := lockFile(path)
	if err != nil {
		t.Fatal(err)
	}
	second.release()
}
