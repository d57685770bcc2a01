package control

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// dialTime bounds the connection, not the command: a server that lives accepts at once.
const dialTime = 2 * time.Second

// dial connects to the socket. ErrNoServer if it is not there or nobody listens.
func dial(ctx context.Context, path string) (net.Conn, error) {
	var conn net.Conn
	err := reach(path, func(short string) (err error) {
		dialer := net.Dialer{Timeout: dialTime}
		conn, err = dialer.DialContext(ctx, "unix", short)
		return err
	})
	switch {
	case err == nil:
		return conn, nil
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.ENOTSOCK):
		return nil, ErrNoServer
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("the server's socket %s belongs to another user; run this command as that user: %w", path, err)
	}
	return nil, fmt.Errorf("reach the server at %s: %w", path, err)
}

func listen(path string) (net.Listener, error) {
	var listener net.Listener
	err := reach(path, func(short string) error {
		l, err := net.Listen("unix", short)
		if err != nil {
			return err
		}
		l.(*net.UnixListener).SetUnlinkOnClose(false) // it moves after this; Listener removes it
		listener = l
		return nil
	})
	return listener, err
}

// maxSocketPath is what every system takes for the address of a socket, its closing zero included.
const maxSocketPath = 104

// reach calls use with an address of path that is short enough for a socket. Data folders
// lie deep sometimes; on Linux an open folder lends them a short name.
func reach(path string, use func(short string) error) error {
	if len(path) < maxSocketPath {
		return use(path)
	}
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer func() { _ = folder.Close() }()
	return use("/proc/self/fd/" + strconv.Itoa(int(folder.Fd())) + "/" + filepath.Base(path))
}
