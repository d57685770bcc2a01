package db

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

// pgSchema is what it takes to make the tables again: pg_dump need not be installed.
type pgSchema struct {
	Tables []pgTable
	Before []string // statements that make the tables
	After  []string // statements that make constraints and indexes, when the rows are in
}

type pgTable struct {
	Name    string
	Columns []string // the ones that are copied
}

// inSchema limits a pg_class c to our own things, not those of extensions.
const inSchema = `c.relnamespace = current_schema()::regnamespace
	AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')`

// readSchema reads the tables of the current schema as SQL that names no
// schema, so that they can be made again in another.
func readSchema(ctx context.Context, tx pgx.Tx) (*pgSchema, error) {
	if err := refuseUnknown(ctx, tx); err != nil {
		return nil, err
	}
	s := &pgSchema{}
	if err := s.readTables(ctx, tx); err != nil {
		return nil, err
	}
	for _, sql := range []string{
		`SELECT format('ALTER TABLE %I ADD CONSTRAINT %I %s', c.relname, k.conname, pg_get_constraintdef(k.oid))
			FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
			WHERE ` + inSchema + ` AND c.relkind = 'r' AND k.contype IN ('p', 'u', 'c', 'x') ORDER BY k.contype, c.relname, k.conname`,
		`SELECT pg_get_indexdef(i.indexrelid, 0, true) FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
			WHERE ` + inSchema + ` AND c.relkind = 'r' AND i.indisvalid
			AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))
			ORDER BY i.indexrelid::regclass::text`,
		`SELECT format('ALTER TABLE %I ADD CONSTRAINT %I %s', c.relname, k.conname, pg_get_constraintdef(k.oid))
			FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
			WHERE ` + inSchema + ` AND c.relkind = 'r' AND k.contype = 'f' ORDER BY c.relname, k.conname`,
	} {
		rows, err := tx.Query(ctx, sql)
		if err != nil {
			return nil, err
		}
		statements, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return nil, err
		}
		s.After = append(s.After, statements...)
	}
	return s, nil
}

// refuseUnknown finds what would be lost, because a copy does not know of it.
func refuseUnknown(ctx context.Context, tx pgx.Tx) error {
	rows, err := tx.Query(ctx, `SELECT c.relname::text FROM pg_class c WHERE `+inSchema+` AND c.relkind IN ('S', 'p', 'f')
		UNION ALL SELECT g.tgname::text FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid WHERE `+inSchema+` AND NOT g.tgisinternal
		UNION ALL SELECT t.typname::text FROM pg_type t WHERE t.typnamespace = current_schema()::regnamespace AND t.typtype IN ('e', 'd', 'r')
			AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_type'::regclass AND e.objid = t.oid AND e.deptype = 'e')`)
	if err != nil {
		return err
	}
	unknown, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err == nil && len(unknown) > 0 {
		err = fmt.Errorf("a copy cannot hold %s (a sequence, trigger, type, partitioned or foreign table)", strings.Join(unknown, ", "))
	}
	return err
}

func (s *pgSchema) readTables(ctx context.Context, tx pgx.Tx) error {
	rows, err := tx.Query(ctx, `SELECT c.relname::text, array_to_string(c.reloptions, ', '), a.attname::text, a.attgenerated <> '',
			format('%I ', a.attname) || format_type(a.atttypid, a.atttypmod)
			|| CASE WHEN a.attcollation <> t.typcollation THEN (SELECT format(' COLLATE %I', l.collname) FROM pg_collation l WHERE l.oid = a.attcollation) ELSE '' END
			|| CASE WHEN d.adbin IS NULL THEN '' WHEN a.attgenerated <> '' THEN ' GENERATED ALWAYS AS (' || pg_get_expr(d.adbin, d.adrelid) || ') STORED'
				ELSE ' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid) END
			|| CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END
		FROM pg_class c
		JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
		JOIN pg_type t ON t.oid = a.atttypid
		LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
		WHERE `+inSchema+` AND c.relkind = 'r' ORDER BY c.relname::text COLLATE "C", a.attnum`)
	if err != nil {
		return err
	}
	var lines, options []string // of each table
	var table, column, line string
	var option *string
	var generated bool
	_, err = pgx.ForEachRow(rows, []any{&table, &option, &column, &generated, &line}, func() error {
		last := len(s.Tables) - 1
		if last < 0 || s.Tables[last].Name != table {
			s.Tables, lines, options = append(s.Tables, pgTable{Name: table}), append(lines, line), append(options, withOptions(option))
			last++
		} else {
			lines[last] += ", " + line
		}
		if !generated {
			s.Tables[last].Columns = append(s.Tables[last].Columns, column)
		}
		return nil
	})
	for i, t := range s.Tables {
		s.Before = append(s.Before, fmt.Sprintf("CREATE TABLE %s (%s)%s", quoted(t.Name), lines[i], options[i]))
	}
	return err
}

func withOptions(options *string) string {
	if options == nil || *options == "" {
		return ""
	}
	return " WITH (" + *options + ")"
}

// copySQL is the statement that copies a table's rows out or in.
func (t pgTable) copySQL(direction string) string {
	columns := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		columns[i] = quoted(c)
	}
	return fmt.Sprintf("COPY %s (%s) %s", quoted(t.Name), strings.Join(columns, ", "), direction)
}
