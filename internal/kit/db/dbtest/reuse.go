package dbtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Making a database takes PostgreSQL longer than most tests take, so one that
// a test has used is emptied for the next. What a process leaves behind, a
// later one drops.

var used struct {
	mu    sync.Mutex
	names []string
}

func takeUsed() string {
	used.mu.Lock()
	defer used.mu.Unlock()
	last := len(used.names) - 1
	if last < 0 {
		return ""
	}
	name := used.names[last]
	used.names = used.names[:last]
	return name
}

// putBack empties a database for the next test, or drops it where that cannot be done.
func putBack(t testing.TB, name string) {
	t.Helper()
	if empty(name) != nil {
		drop(t, name)
		return
	}
	used.mu.Lock()
	defer used.mu.Unlock()
	used.names = append(used.names, name)
}

// shape tells the tables, columns and indexes that are there.
const shape = `SELECT md5(string_agg(concat_ws(' ', c.relname, a.attname, a.atttypid, a.attnotnull), ',' ORDER BY c.relname, a.attnum))
	FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
	WHERE c.relnamespace = 'public'::regnamespace`

// templateShape is the shape of the template, read once per process.
var templateShape = sync.OnceValues(func() (string, error) {
	name, err := template()
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, os.Getenv(postgresEnv))
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close(ctx) }()
	var found string
	err = conn.QueryRow(ctx, `SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = $1`, name).Scan(&found)
	return found, err
})

// shapeOf reads the shape of a database that is to be a template, and refuses one with rows.
func shapeOf(ctx context.Context, name string) (string, error) {
	conn, err := pgx.Connect(ctx, urlOf(name))
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close(ctx) }()
	var found, counts string
	if err := conn.QueryRow(ctx, shape).Scan(&found); err != nil {
		return "", err
	}
	if err := conn.QueryRow(ctx, eachTable(`SELECT count(*) FROM %I`, ` UNION ALL `)).Scan(&counts); err != nil {
		return "", err
	}
	var rows int64
	if err := conn.QueryRow(ctx, `SELECT sum(count) FROM (`+counts+`) counted`).Scan(&rows); err != nil {
		return "", err
	}
	if rows > 0 {
		return "", errors.New("the migrations store rows, which emptying would lose")
	}
	return found, nil
}

// eachTable is a statement that writes one for every table that tests fill.
func eachTable(statement, between string) string {
	return fmt.Sprintf(`SELECT string_agg(format('%s', relname), '%s') FROM pg_class
		WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname <> 'schema_migrations'`, statement, between)
}

var errChanged = errors.New("the test changed more than rows")

func empty(name string) error {
	want, err := templateShape()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, urlOf(name))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	var found string
	var others int
	if err := conn.QueryRow(ctx, `SELECT (`+shape+`), (SELECT count(*) FROM pg_stat_activity
		WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend')`).Scan(&found, &others); err != nil {
		return err
	}
	if found != want || others > 0 {
		return errChanged
	}
	var deletes string
	if err := conn.QueryRow(ctx, eachTable(`DELETE FROM %I`, `; `)).Scan(&deletes); err != nil {
		return err
	}
	_, err = conn.Exec(ctx, `SET session_replication_role = replica; `+deletes, pgx.QueryExecModeSimpleProtocol)
	return err
}

// dropStale drops what processes of more than an hour ago left behind.
func dropStale(ctx context.Context, conn *pgx.Conn) {
	rows, err := conn.Query(ctx, `SELECT datname FROM pg_database WHERE datname LIKE 'anancus\_test\_%'`)
	if err != nil {
		return
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return
	}
	for _, name := range names {
		second, _, _ := strings.Cut(strings.TrimPrefix(name, testPrefix), "_")
		made, err := strconv.ParseInt(second, 10, 64)
		if err == nil && time.Since(time.Unix(made, 0)) > time.Hour {
			_, _ = conn.Exec(ctx, `DROP DATABASE IF EXISTS `+name)
		}
	}
}
