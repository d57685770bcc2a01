package db

import (
	"context"
	"errors"
	"fmt"
)

// liteMigrator is the writer while it changes the schema.
type liteMigrator struct {
	l    *lite
	conn *liteConn
}

// migrator opens a connection of its own. The server does not serve yet, so
// the writer stands idle beside it.
func (l *lite) migrator(context.Context) (migrator, error) {
	conn, err := openLiteConn(l.migratorDSN())
	if err != nil {
		return nil, err
	}
	return &liteMigrator{l: l, conn: conn}, nil
}

func (m *liteMigrator) close() { _ = m.conn.close() }

func (m *liteMigrator) tables(context.Context) ([]string, error) { return m.conn.tables() }

// tables lists the tables, except SQLite's own.
func (c *liteConn) tables() ([]string, error) {
	return listLite(c, Text, `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\_%' ESCAPE '\' ORDER BY name`)
}

func (m *liteMigrator) applied(context.Context) (map[string]string, error) {
	there, err := listLite(m.conn, Text, `SELECT name FROM sqlite_schema WHERE name = 'schema_migrations'`)
	if err != nil || len(there) == 0 {
		return nil, err
	}
	applied := make(map[string]string)
	_, err = listLite(m.conn, func(row Row) (none struct{}, err error) {
		var name, oldest string
		err = row.Scan(&name, &oldest)
		applied[name] = oldest
		return none, err
	}, `SELECT name, oldest_program FROM schema_migrations`)
	return applied, err
}

// apply runs a step with foreign keys off, as rebuilding a table needs, and
// checks them before the commit.
func (m *liteMigrator) apply(ctx context.Context, step migration, now int64, program string) error {
	if err := m.conn.execAll("PRAGMA foreign_keys = OFF; BEGIN IMMEDIATE"); err != nil {
		return err
	}
	err := m.steps(ctx, step, now, program)
	if err == nil {
		err = m.conn.execAll("COMMIT")
	}
	if err != nil {
		m.conn.forget()
		_ = m.conn.execAll("ROLLBACK")
	}
	return errors.Join(err, m.conn.execAll("PRAGMA foreign_keys = ON"))
}

func (m *liteMigrator) steps(ctx context.Context, step migration, now int64, program string) error {
	if err := m.conn.execAll(step.text); err != nil {
		return err
	}
	broken, err := listLite(m.conn, Text, `SELECT "table" FROM pragma_foreign_key_check LIMIT 1`)
	if err != nil {
		return err
	}
	if len(broken) > 0 {
		return fmt.Errorf("rows of %s refer to rows that are not there", broken[0])
	}
	if err := m.conn.execAll(translate(SQLite, appliedTable)); err != nil {
		return err
	}
	_, err = m.conn.exec(ctx, recordApplied, []any{step.name, now, program, step.oldest})
	return err
}

// listLite reads a whole answer of a connection.
func listLite[T any](c *liteConn, scan func(Row) (T, error), text string, args ...any) ([]T, error) {
	rows, err := c.run(context.Background(), text, args)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, rows.Err()
}

func (l *lite) highestID(ctx context.Context) (int64, error) {
	conn, err := l.readers.take(ctx)
	if err != nil {
		return 0, err
	}
	defer l.readers.put(conn)
	tables, err := listLite(conn, Text, `SELECT t.name FROM sqlite_schema t JOIN pragma_table_info(t.name) c
		WHERE t.type = 'table' AND c.name = 'id' AND c.pk = 1 AND c.type = 'INTEGER'`)
	if err != nil {
		return 0, err
	}
	var highest int64
	for _, table := range tables {
		found, err := listLite(conn, Int64, `SELECT coalesce(max(id), 0) FROM `+quoted(table))
		if err != nil {
			return 0, err
		}
		highest = max(highest, found[0])
	}
	return highest, nil
}
