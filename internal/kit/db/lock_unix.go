//go:build unix

package db

import (
	"errors"
	"os"
	"syscall"
)

// fileLock is held by the process that has the database open; it ends with the process.
type fileLock struct{ file *os.File }

func lockFile(path string) (*fileLock, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = file.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, ErrHeld
		}
		return nil, err
	}
	return &fileLock{file}, nil
}

// release gives the lock up, and does not only close the file: a child that is being started at this moment has a copy of it, and with
// that it would hold the lock until it is a program of its own.
func (l *fileLock) release() {
	_ = syscall.Flock(int(l.file.Fd()), syscall.LOCK_UN)
	_ = l.file.Close()
}
