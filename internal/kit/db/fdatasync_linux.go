package db

import (
	"os"

	"golang.org/x/sys/unix"
)

// syncData waits for the bytes of a file and for its length, where that costs less than File.Sync.
func syncData(file *os.File) error {
	raw, err := file.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = raw.Control(func(fd uintptr) {
		for failed = unix.EINTR; failed == unix.EINTR; {
			failed = unix.Fdatasync(int(fd))
		}
	})
	if err == nil && failed != nil {
		err = &os.PathError{Op: "fdatasync", Path: file.Name(), Err: failed}
	}
	return err
}
