package dbtest

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"anancus/internal/kit/db"
	"anancus/migrations"
)

// migratedFile is a migrated SQLite file, made once per process.
var migratedFile = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "dbtest")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, "template.db")
	if err := migrate("sqlite:" + path); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

func migrate(url string) error {
	ctx := context.Background()
	d, err := db.Open(ctx, db.Config{URL: url, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	if err := d.Migrate(ctx, migrations.Files, "dev"); err != nil {
		_ = d.Close()
		return err
	}
	return d.Close()
}

func sqliteFile(t testing.TB, migrated bool) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "test.db")
	if !migrated {
		return path
	}
	content, err := migratedFile()
	if err != nil {
		t.Fatalf("migrate: %v", err)
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
