//go:build !linux

package db

import "os"

// syncData waits for the bytes of a file. On macOS File.Sync also asks the disk to empty its own cache.
func syncData(file *os.File) error { return file.Sync() }
