package db

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

var errNotEmpty = errors.New("the database is not empty")

// Restore makes the database that c names from a copy that Backup made on the
// same engine. It must be empty, and it must not be open.
func Restore(ctx context.Context, c Config, path string) (BackupReport, error) {
	report := BackupReport{Path: path}
	var err error
	if file, ok := strings.CutPrefix(c.URL, "sqlite:"); ok {
		report.Tables, err = restoreLite(file, path)
	} else {
		report.Tables, err = restorePostgres(ctx, c, path)
	}
	if err != nil {
		return BackupReport{}, fmt.Errorf("restore: %w", err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return BackupReport{}, err
	}
	report.Bytes = info.Size()
	return report, nil
}

func restorePostgres(ctx context.Context, c Config, path string) (map[string]int64, error) {
	d, err := Open(ctx, c)
	if err != nil {
		return nil, err
	}
	defer func() { _ = d.Close() }()
	p, ok := d.store.(*postgres)
	if !ok {
		return nil, errors.New("the address is not one of PostgreSQL")
	}
	return p.restore(ctx, path)
}

func restoreLite(file, path string) (map[string]int64, error) {
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return nil, err
	}
	lock, err := lockFile(file + ".lock")
	if err != nil {
		return nil, err
	}
	defer lock.release()
	if err := liteIsEmpty(file); err != nil {
		return nil, err
	}
	part := file + ".part"
	defer func() { _ = os.Remove(part) }()
	if err := copyFile(part, path); err != nil {
		return nil, err
	}
	counts, err := checkLite(part)
	if err != nil {
		return nil, err
	}
	for _, rest := range []string{"-wal", "-shm"} { // of the empty one
		_ = os.Remove(file + rest)
	}
	if err := os.Rename(part, file); err != nil {
		return nil, err
	}
	return counts, syncFile(filepath.Dir(file))
}

// liteIsEmpty tells whether there is no file, or one without tables.
func liteIsEmpty(file string) error {
	if _, err := os.Stat(file); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	conn, err := openLiteConn(readerDSN(file))
	if err != nil {
		return err
	}
	defer func() { _ = conn.close() }()
	tables, err := conn.tables()
	if err == nil && len(tables) > 0 {
		err = errNotEmpty
	}
	return err
}

func copyFile(to, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Sync(), out.Close())
}
