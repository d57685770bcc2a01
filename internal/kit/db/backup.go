package db

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// BackupReport tells of a copy that was made and verified.
type BackupReport struct {
	Path   string
	Bytes  int64
	Tables map[string]int64 // rows of each table, at the moment of the copy
}

// Backup copies the database into a new file at path, reads the copy back and
// compares it. Nothing is left at path when it cannot be trusted.
func (d *DB) Backup(ctx context.Context, path string) (BackupReport, error) {
	report, err := d.backupTo(ctx, path)
	if err != nil {
		return BackupReport{}, fmt.Errorf("backup: %w", err)
	}
	return report, nil
}

func (d *DB) backupTo(ctx context.Context, path string) (BackupReport, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return BackupReport{}, err
	}
	if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
		return BackupReport{}, fmt.Errorf("%s is there already", path)
	}
	part := path + ".part"
	_ = os.Remove(part)
	defer func() { _ = os.Remove(part) }()
	report, err := d.store.backup(ctx, part)
	if err != nil {
		return BackupReport{}, err
	}
	if err := syncFile(part); err != nil {
		return BackupReport{}, err
	}
	if err := os.Rename(part, path); err != nil {
		return BackupReport{}, err
	}
	if err := syncFile(filepath.Dir(path)); err != nil {
		return BackupReport{}, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return BackupReport{}, err
	}
	report.Path, report.Bytes = path, info.Size()
	return report, nil
}

// syncFile makes a file, or the names in a folder, outlast a loss of power.
func syncFile(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), file.Close())
}

// compareCounts tells the first table whose copy has not as many rows as it should.
func compareCounts(want, got map[string]int64) error {
	if len(want) != len(got) {
		return fmt.Errorf("the copy has %d tables instead of %d", len(got), len(want))
	}
	for table, n := range want {
		if m, ok := got[table]; !ok || m != n {
			return fmt.Errorf("the copy has %d rows of %s instead of %d", m, table, n)
		}
	}
	return nil
}

// quoted writes a name of the schema as SQL.
func quoted(name string) string {
	out := []byte{'"'}
	for i := range len(name) {
		if name[i] == '"' {
			out = append(out, '"')
		}
		out = append(out, name[i])
	}
	return string(append(slices.Clip(out), '"'))
}
