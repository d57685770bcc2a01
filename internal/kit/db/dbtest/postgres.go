package dbtest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"anancus/migrations"
)

// testPrefix begins the names of databases for one test; the second they were made follows.
const testPrefix = "anancus_test_"

// templateLock is the advisory lock of those who make the template.
const templateLock = 26262871

var (
	databases atomic.Int64
	template  = sync.OnceValues(makeTemplate)
)

// postgresDatabase makes a database and gives its URL.
func postgresDatabase(t testing.TB, migrated bool) string {
	t.Helper()
	if os.Getenv(postgresEnv) == "" {
		if os.Getenv(requireEnv) == "1" {
			t.Fatalf("%s is not set, and %s=1 asks for PostgreSQL", postgresEnv, requireEnv)
		}
		t.Skipf("%s is not set", postgresEnv)
	}
	from := "template0"
	if migrated {
		var err error
		if from, err = template(); err != nil {
			t.Fatalf("make the template database: %v", err)
		}
		if name := takeUsed(); name != "" {
			t.Cleanup(func() { putBack(t, name) })
			return urlOf(name)
		}
	}
	name := fmt.Sprintf("%s%d_%d_%d", testPrefix, time.Now().Unix(), os.Getpid(), databases.Add(1))
	if err := maintain(createSQL(name, from)); err != nil {
		t.Fatalf("create a database: %v", err)
	}
	t.Cleanup(func() {
		if migrated {
			putBack(t, name)
		} else {
			drop(t, name)
		}
	})
	return urlOf(name)
}

func drop(t testing.TB, name string) {
	t.Helper()
	if err := maintain(`DROP DATABASE IF EXISTS ` + name + ` WITH (FORCE)`); err != nil {
		t.Errorf("drop the database: %v", err)
	}
}

func createSQL(name, from string) string {
	sql := `CREATE DATABASE ` + name + ` TEMPLATE ` + from
	if from == "template0" {
		sql += ` ENCODING 'UTF8' LOCALE 'C.UTF-8'`
	}
	return sql
}

// urlOf is the address of another database on the same server.
func urlOf(name string) string {
	u, err := url.Parse(os.Getenv(postgresEnv))
	if err != nil {
		return os.Getenv(postgresEnv)
	}
	u.Path = "/" + name
	return u.String()
}

func maintain(statements ...string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, os.Getenv(postgresEnv))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	for _, sql := range statements {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return err
		}
	}
	return nil
}

// makeTemplate makes a migrated database to copy from, unless another process
// has made one of the same migrations. Nobody connects to it once it has its
// name, since PostgreSQL copies no database that somebody is connected to: what
// is to be known of it, its shape, is its comment.
func makeTemplate() (string, error) {
	name, err := templateName()
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, os.Getenv(postgresEnv))
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close(ctx) }()
	if _, err := conn.Exec(ctx, `SELECT pg_advisory_lock($1)`, int64(templateLock)); err != nil {
		return "", err
	}
	dropStale(ctx, conn)
	var there bool
	if err := conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)`, name).Scan(&there); err != nil || there {
		return name, err
	}
	building := name + "_building"
	for _, sql := range []string{`DROP DATABASE IF EXISTS ` + building + ` WITH (FORCE)`, createSQL(building, "template0")} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return "", err
		}
	}
	if err := migrate(urlOf(building)); err != nil {
		return "", err
	}
	found, err := shapeOf(ctx, building)
	if err != nil {
		return "", err
	}
	for _, sql := range []string{`COMMENT ON DATABASE ` + building + ` IS '` + found + `'`, `ALTER DATABASE ` + building + ` RENAME TO ` + name} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return "", err
		}
	}
	return name, nil
}

// templateName follows the content of the migrations, and what its comment says.
func templateName() (string, error) {
	sum := sha256.New()
	fmt.Fprintln(sum, shape)
	names, err := fs.Glob(migrations.Files, "*.sql")
	if err != nil {
		return "", err
	}
	for _, name := range names {
		text, err := fs.ReadFile(migrations.Files, name)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(sum, "%s %d\n%s", name, len(text), text)
	}
	return "anancus_template_" + hex.EncodeToString(sum.Sum(nil)[:6]), nil
}
