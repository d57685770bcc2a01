package db

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"modernc.org/sqlite"
)

// backup copies the file in one step inside a read transaction, which also
// counts the rows, so that the counts are of the copy's moment.
func (l *lite) backup(_ context.Context, path string) (BackupReport, error) {
	conn, err := openLiteConn(readerDSN(l.path))
	if err != nil {
		return BackupReport{}, err
	}
	defer func() { _ = conn.close() }()
	if err := conn.execAll("BEGIN"); err != nil {
		return BackupReport{}, err
	}
	counts, err := conn.counts()
	if err != nil {
		return BackupReport{}, err
	}
	if err := conn.copyTo(path); err != nil {
		return BackupReport{}, err
	}
	if err := verifyLite(path, counts); err != nil {
		return BackupReport{}, err
	}
	return BackupReport{Tables: counts}, nil
}

func (c *liteConn) counts() (map[string]int64, error) {
	tables, err := c.tables()
	if err != nil {
		return nil, err
	}
	counts := make(map[string]int64)
	for _, table := range tables {
		n, err := listLite(c, Int64, `SELECT count(*) FROM `+quoted(table))
		if err != nil {
			return nil, err
		}
		counts[table] = n[0]
	}
	return counts, nil
}

func (c *liteConn) copyTo(path string) error {
	source, ok := c.raw.(interface {
		NewBackup(string) (*sqlite.Backup, error)
	})
	if !ok {
		return errNotPrepared
	}
	private, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_ = private.Close()
	copying, err := source.NewBackup(liteDSN(path, "synchronous(FULL)"))
	if err != nil {
		return err
	}
	more, err := copying.Step(-1)
	if err == nil && more {
		err = errors.New("sqlite: the copy was not made in one step")
	}
	return errors.Join(err, copying.Finish())
}

// verifyLite reads a copy through and compares it with the counts.
func verifyLite(path string, want map[string]int64) error {
	got, err := checkLite(path)
	if err != nil {
		return err
	}
	return compareCounts(want, got)
}

// checkLite reads a copy through and counts its rows.
func checkLite(path string) (map[string]int64, error) {
	conn, err := openLiteConn(liteDSN(path, "journal_mode(DELETE)"))
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.close() }()
	found, err := listLite(conn, Text, `PRAGMA integrity_check`)
	if err != nil {
		return nil, err
	}
	if len(found) != 1 || found[0] != "ok" {
		return nil, fmt.Errorf("the copy is damaged: %s", strings.Join(found, "; "))
	}
	return conn.counts()
}
