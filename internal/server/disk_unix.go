//go:build unix

package server

import "golang.org/x/sys/unix"

// freeSpace tells how many bytes are free where a folder lies.
func freeSpace(folder string) (uint64, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(folder, &st); err != nil {
		return 0, err
	}
	return st.Bavail * uint64(st.Bsize), nil
}
