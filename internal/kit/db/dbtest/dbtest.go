// Package dbtest gives tests a fresh database of each engine.
//
// SQLite is always there. PostgreSQL is used when ANANCUS_TEST_POSTGRES holds
// the postgres:// URL of a maintenance database, from which others may be
// made; with ANANCUS_TEST_REQUIRE_POSTGRES=1 a test fails without it.
package dbtest

import (
	"context"
	"path/filepath"
	"testing"

	"anancus/internal/kit/db"
)

// The environment that the tests read.
const (
	postgresEnv = "ANANCUS_TEST_POSTGRES"
	requireEnv  = "ANANCUS_TEST_REQUIRE_POSTGRES"
)

// Engines lists the engines that tests run on.
var Engines = []db.Engine{db.SQLite, db.Postgres}

// Each runs a test once per engine, each time on a fresh migrated database.
func Each(t *testing.T, test func(t *testing.T, d *db.DB)) {
	t.Helper()
	EachEngine(t, func(t *testing.T, engine db.Engine) { test(t, Open(t, engine)) })
}

// EachEngine runs a test once per engine; the test opens what it needs.
func EachEngine(t *testing.T, test func(t *testing.T, engine db.Engine)) {
	t.Helper()
	for _, engine := range Engines {
		t.Run(string(engine), func(t *testing.T) { test(t, engine) })
	}
}

// Open gives a fresh migrated database, gone when the test ends. The changes
// are made to its configuration before it is opened.
func Open(t testing.TB, engine db.Engine, changes ...func(*db.Config)) *db.DB {
	t.Helper()
	return open(t, config(t, engine, true), changes)
}

// Empty gives a fresh database without a schema.
func Empty(t testing.TB, engine db.Engine, changes ...func(*db.Config)) *db.DB {
	t.Helper()
	return open(t, config(t, engine, false), changes)
}

// Config tells how to open a fresh database; it is migrated or empty.
func Config(t testing.TB, engine db.Engine, migrated bool) db.Config {
	t.Helper()
	return config(t, engine, migrated)
}

func config(t testing.TB, engine db.Engine, migrated bool) db.Config {
	t.Helper()
	c := db.Config{BackupDir: filepath.Join(t.TempDir(), "backups"), Fleeting: true}
	if engine == db.SQLite {
		c.URL = "sqlite:" + sqliteFile(t, migrated)
	} else {
		c.URL = postgresDatabase(t, migrated)
	}
	return c
}

func open(t testing.TB, c db.Config, changes []func(*db.Config)) *db.DB {
	t.Helper()
	for _, change := range changes {
		change(&c)
	}
	d, err := db.Open(context.Background(), c)
	if err != nil {
		t.Fatalf("open %s: %v", c.URL, err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Errorf("close the database: %v", err)
		}
	})
	return d
}
