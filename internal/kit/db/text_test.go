package db

import (
	"reflect"
	"testing"
)

func TestSchemasAreSpeltForSQLite(t *testing.T) {
	for from, want := range map[string]string{
		`CREATE TABLE a (id BIGINT PRIMARY KEY, b BOOLEAN);`:                    `CREATE TABLE a (id INTEGER PRIMARY KEY, b INTEGER) STRICT;`,
		"CREATE TABLE a (x BYTEA, -- BIGINT; (\n y TEXT DEFAULT ';)')\n;":       "CREATE TABLE a (x BLOB, -- BIGINT; (\n y TEXT DEFAULT ';)') STRICT\n;",
		`CREATE TABLE a (id TEXT PRIMARY KEY) WITHOUT ROWID;`:                   `CREATE TABLE a (id TEXT PRIMARY KEY) WITHOUT ROWID, STRICT;`,
		`CREATE TABLE IF NOT EXISTS a (b TEXT COLLATE "C")`:                     `CREATE TABLE IF NOT EXISTS a (b TEXT) STRICT`,
		`CREATE TABLE a (b TEXT) STRICT; CREATE INDEX i ON a (b);`:              `CREATE TABLE a (b TEXT) STRICT; CREATE INDEX i ON a (b);`,
		`ALTER TABLE a ADD COLUMN c BIGINT NOT NULL DEFAULT 0;`:                 `ALTER TABLE a ADD COLUMN c INTEGER NOT NULL DEFAULT 0;`,
		`CREATE VIRTUAL TABLE f USING fts5(words);`:                             `CREATE VIRTUAL TABLE f USING fts5(words);`,
		`UPDATE a SET kind = 'BOOLEAN';`:                                        `UPDATE a SET kind = 'BOOLEAN';`,
		`CREATE TABLE a (d DOUBLE PRECISION NOT NULL, CHECK (d > (1 + 1)));`:    `CREATE TABLE a (d REAL  NOT NULL, CHECK (d > (1 + 1))) STRICT;`,
		`CREATE TRIGGER t AFTER DELETE ON a BEGIN DELETE FROM b; SELECT 1; END`: `CREATE TRIGGER t AFTER DELETE ON a BEGIN DELETE FROM b; SELECT 1; END`,
	} {
		if got := translate(SQLite, from); got != want {
			t.Errorf("translate(%s)\n got %s\nwant %s", from, got, want)
		}
		if got := translate(Postgres, from); got != from {
			t.Errorf("PostgreSQL's text was changed to %s", got)
		}
	}
}

func TestMarksAreSpeltForEachEngine(t *testing.T) {
	for from, want := range map[string][2]string{
		`x {in $1}`:                        {`x IN (SELECT value FROM json_each($1))`, `x = ANY($1)`},
		`x {not in $12}`:                   {`x NOT IN (SELECT value FROM json_each($12))`, `x <> ALL($12)`},
		`x {for update}`:                   {`x `, `x FOR UPDATE`},
		`LIMIT 1 {for update skip locked}`: {`LIMIT 1 `, `LIMIT 1 FOR UPDATE SKIP LOCKED`},
		`ORDER BY x COLLATE "C" DESC`:      {`ORDER BY x DESC`, `ORDER BY x COLLATE "C" DESC`},
	} {
		if got := spell(SQLite, from).text; got != want[0] {
			t.Errorf("SQLite: %q", got)
		}
		if got := spell(Postgres, from).text; got != want[1] {
			t.Errorf("PostgreSQL: %q", got)
		}
	}
}

// A list of one is asked for as what it holds, where that is all that it is used for.
func TestListsOfOneAreSpeltAsTheirValue(t *testing.T) {
	const two = `SELECT 1 WHERE x {in $1} AND y {not in $2} AND z = $3`
	for _, c := range []struct {
		sql  string
		args []any
		text string
		want []any
	}{
		{two, []any{[]int64{7}, []string{"a"}, true}, `SELECT 1 WHERE x IN ($1) AND y NOT IN ($2) AND z = $3`, []any{int64(7), "a", true}},
		{two, []any{[]int64{7}, []string{"a", "b"}, true}, `SELECT 1 WHERE x IN (SELECT value FROM json_each($1)) AND y NOT IN (SELECT value FROM json_each($2)) AND z = $3`, []any{"[7]", `["a","b"]`, true}},
		{two, []any{[]int64{}, []string{"a"}, nil}, `SELECT 1 WHERE x IN (SELECT value FROM json_each($1)) AND y NOT IN (SELECT value FROM json_each($2)) AND z = $3`, []any{"[]", `["a"]`, nil}},
		{`SELECT 1 WHERE x {in $1} AND y {in $1}`, []any{[]int64{7}}, `SELECT 1 WHERE x IN ($1) AND y IN ($1)`, []any{int64(7)}},
		{`SELECT 1 FROM json_each($1) WHERE x {in $1}`, []any{[]int64{7}}, `SELECT 1 FROM json_each($1) WHERE x IN (SELECT value FROM json_each($1))`, []any{"[7]"}},
		{`SELECT 1 WHERE x {in $1} LIMIT $11`, []any{[]int64{7}}, `SELECT 1 WHERE x IN ($1) LIMIT $11`, []any{int64(7)}},
		{`SELECT 1 FROM json_each($1)`, []any{[]int64{7}}, `SELECT 1 FROM json_each($1)`, []any{"[7]"}},
	} {
		text, err := spell(SQLite, c.sql).write(c.args)
		if err != nil || text != c.text || !reflect.DeepEqual(c.args, c.want) {
			t.Errorf("%s\n got %s %v %v\nwant %s %v", c.sql, text, c.args, err, c.text, c.want)
		}
	}
}

func TestVersionsAreCompared(t *testing.T) {
	for _, pair := range [][2]string{
		{"0.1.0", "0.2.0"}, {"0.9.9", "0.10"}, {"v1.0.0-rc.1", "1.0.0"}, {"1.0.0-alpha", "1.0.0-beta"}, {"0.1", "0.1.1"},
	} {
		if !olderVersion(pair[0], pair[1]) || olderVersion(pair[1], pair[0]) {
			t.Errorf("%s is not older than %s", pair[0], pair[1])
		}
	}
	for _, pair := range [][2]string{{"dev", "9.9.9"}, {"1.2.0", "1.2.0"}, {"1.2.0-5-gabc123", "1.2.0"}, {"v1.2.0-dirty", "1.2"}, {"eacaf3f", "1.0.0"}} {
		if olderVersion(pair[0], pair[1]) {
			t.Errorf("%s counts as older than %s", pair[0], pair[1])
		}
	}
}

func TestMigrationsDoNotEndTheirTransaction(t *testing.T) {
	for text, want := range map[string]string{
		"-- x\nCREATE TABLE a (b TEXT);\n commit;": "COMMIT",
		"VACUUM": "VACUUM",
		"CREATE TRIGGER t AFTER DELETE ON a BEGIN SELECT 1; END;":  "",
		"INSERT INTO a VALUES ('; COMMIT'); -- ; ROLLBACK\nSELECT": "",
	} {
		if got := unsafeWord(text); got != want {
			t.Errorf("unsafeWord(%q) = %q", text, got)
		}
	}
}
