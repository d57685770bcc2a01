package db_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"anancus/internal/kit/db"
	"anancus/internal/kit/db/dbtest"
)

func files(texts ...string) fs.FS {
	all := fstest.MapFS{}
	for i, text := range texts {
		all[fmt.Sprintf("%04d_step.sql", i+1)] = &fstest.MapFile{Data: []byte(text)}
	}
	return all
}

const rowsSchema = `CREATE TABLE parents (id BIGINT PRIMARY KEY);
CREATE TABLE rows (id BIGINT PRIMARY KEY, parent_id BIGINT NOT NULL REFERENCES parents (id), n BIGINT, odd BOOLEAN NOT NULL,
	word TEXT NOT NULL DEFAULT 'it''s' COLLATE "C", UNIQUE (word, n), CHECK (n < 2000));
CREATE INDEX rows_by_n ON rows (n) WHERE odd;`

// withRows gives a database with 1,000 rows at the first step.
func withRows(t *testing.T, engine db.Engine) (*db.DB, db.Config) {
	t.Helper()
	ctx := t.Context()
	c := dbtest.Config(t, engine, false)
	d, err := db.Open(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	if err := d.Migrate(ctx, files(rowsSchema), "0.1.0"); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(c.BackupDir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a copy of nothing was made: %v", err)
	}
	mustTx(t, d, func(tx *db.Tx) error {
		_, err := db.Exec(ctx, tx, `INSERT INTO parents (id) VALUES (1)`)
		for n := range 1000 {
			_, e := db.Exec(ctx, tx, `INSERT INTO rows (id, parent_id, n, odd, word) VALUES ($1, 1, $2, $3, $4)`, tx.NextID(), n, n%2 == 1, fmt.Sprintf("tab\tback\\ é %d\n", n))
			err = errors.Join(err, e)
		}
		return err
	})
	return d, c
}

func sumOf(t *testing.T, d *db.DB) string {
	t.Helper()
	row, err := db.One(t.Context(), d, func(row db.Row) (string, error) {
		var rows, n, letters int64
		err := row.Scan(&rows, &n, &letters)
		return fmt.Sprint(rows, " ", n, " ", letters), err
	}, `SELECT count(*), sum(n), sum(length(word)) FROM rows WHERE parent_id = 1 AND odd = (n % 2 = 1)`)
	if err != nil {
		t.Fatal(err)
	}
	return row
}

// otherDatabase gives an empty database of the same engine.
func otherDatabase(t *testing.T, engine db.Engine) db.Config {
	t.Helper()
	return dbtest.Config(t, engine, false)
}

func TestAMigrationThatFailsLeavesEverythingAndACopy(t *testing.T) {
	dbtest.EachEngine(t, func(t *testing.T, engine db.Engine) {
		ctx := t.Context()
		d, c := withRows(t, engine)
		before := sumOf(t, d)
		bad := files(rowsSchema, `ALTER TABLE rows ADD COLUMN more BIGINT;
			UPDATE rows SET n = n + 500;
			INSERT INTO rows (id, parent_id, n, odd) SELECT id, 1, 1, odd FROM rows;`)
		err := d.Migrate(ctx, bad, "0.2.0")
		if err == nil || !strings.Contains(err.Error(), "0002_step") || !strings.Contains(err.Error(), c.BackupDir) {
			t.Errorf("err = %v", err)
		}
		if after := sumOf(t, d); after != before {
			t.Errorf("rows were %s and are %s", before, after)
		}
		if _, err := db.All(ctx, d, db.Int64, `SELECT more FROM rows`); err == nil {
			t.Error("the schema was changed")
		}
		mustTx(t, d, func(tx *db.Tx) error {
			_, err := db.Exec(ctx, tx, `INSERT INTO parents (id) VALUES (2)`)
			return err
		})
		checkCopy(t, engine, c.BackupDir, before)
		if err := d.Migrate(ctx, files(rowsSchema, `ALTER TABLE rows ADD COLUMN more BIGINT;`), "0.2.1"); err != nil {
			t.Errorf("the mended migration: %v", err)
		}
	})
}

// checkCopy restores the only copy in dir into a scratch database and counts.
func checkCopy(t *testing.T, engine db.Engine, dir, want string) {
	t.Helper()
	ctx := t.Context()
	copies, _ := filepath.Glob(filepath.Join(dir, "*"))
	if len(copies) != 1 {
		t.Fatalf("copies: %q", copies)
	}
	if info, err := os.Stat(copies[0]); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("others may read the copy: %v, %v", info.Mode(), err)
	}
	scratch := otherDatabase(t, engine)
	report, err := db.Restore(ctx, scratch, copies[0])
	if err != nil {
		t.Fatal(err)
	}
	if !maps.Equal(report.Tables, map[string]int64{"parents": 1, "rows": 1000, "schema_migrations": 1}) {
		t.Errorf("restored %v", report.Tables)
	}
	if _, err := db.Restore(ctx, scratch, copies[0]); err == nil {
		t.Error("restored over what was there")
	}
	d, err := db.Open(ctx, scratch)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close() }()
	if got := sumOf(t, d); got != want {
		t.Errorf("the copy has %s, not %s", got, want)
	}
	for _, bad := range []string{`INSERT INTO rows (id, parent_id, n, odd) VALUES (1, 9, 1, TRUE)`, `INSERT INTO rows (id, parent_id, n, odd) VALUES (1, 1, 3000, TRUE)`} {
		if err := d.Tx(ctx, func(tx *db.Tx) error { _, err := db.Exec(ctx, tx, bad); return err }); err == nil {
			t.Errorf("the copy lost a rule: %s", bad)
		}
	}
	mustTx(t, d, func(tx *db.Tx) error { // the default is there too
		_, err := db.Exec(ctx, tx, `INSERT INTO rows (id, parent_id, n, odd) VALUES (1, 1, 1, TRUE)`)
		return err
	})
	dbtest.NoScan(t, d, `SELECT id FROM rows WHERE n = 5 AND odd`)
	if err := d.Migrate(ctx, files(rowsSchema), "0.1.0"); err != nil {
		t.Errorf("the copy wants to be migrated: %v", err)
	}
}

func TestWithoutACopyNothingIsMigrated(t *testing.T) {
	dbtest.EachEngine(t, func(t *testing.T, engine db.Engine) {
		d, c := withRows(t, engine)
		if err := os.WriteFile(c.BackupDir, []byte("in the way"), 0o600); err != nil {
			t.Fatal(err)
		}
		err := d.Migrate(t.Context(), files(rowsSchema, `DROP TABLE rows;`), "0.2.0")
		if err == nil || !strings.Contains(err.Error(), "nothing was changed") || !strings.Contains(err.Error(), "backups") {
			t.Errorf("err = %v", err)
		}
		sumOf(t, d)
	})
}

func TestAnOlderProgramIsRefused(t *testing.T) {
	dbtest.EachEngine(t, func(t *testing.T, engine db.Engine) {
		ctx := t.Context()
		d := dbtest.Empty(t, engine)
		if err := d.Migrate(ctx, files(`-- oldest-program: 0.2.0`+"\n"+`CREATE TABLE a (b TEXT);`), "0.3.0"); err != nil {
			t.Fatal(err)
		}
		err := d.Migrate(ctx, files(`CREATE TABLE a (b TEXT);`, `CREATE TABLE c (d TEXT);`), "0.1.9")
		if err == nil || !strings.Contains(err.Error(), "0.2.0") || !strings.Contains(err.Error(), "0.1.9") {
			t.Errorf("err = %v", err)
		}
		if _, err := db.All(ctx, d, db.Text, `SELECT d FROM c`); err == nil {
			t.Error("the schema was changed")
		}
		for _, program := range []string{"0.2.0", "1.0.0", "dev"} {
			if err := d.Migrate(ctx, files(`CREATE TABLE a (b TEXT);`), program); err != nil {
				t.Errorf("%s: %v", program, err)
			}
		}
	})
}

func TestEachEngineTakesItsFork(t *testing.T) {
	dbtest.EachEngine(t, func(t *testing.T, engine db.Engine) {
		d := dbtest.Empty(t, engine)
		err := d.Migrate(t.Context(), fstest.MapFS{
			"0001_both.sql":          {Data: []byte(`CREATE TABLE a (engine TEXT NOT NULL);`)},
			"0002_fork.sqlite.sql":   {Data: []byte(`INSERT INTO a VALUES ('sqlite');`)},
			"0002_fork.postgres.sql": {Data: []byte(`DO $$ BEGIN INSERT INTO a VALUES ('postgres'); END $$;`)},
			"embed.go":               {},
		}, "dev")
		if err != nil {
			t.Fatal(err)
		}
		if got, err := db.One(t.Context(), d, db.Text, `SELECT engine FROM a`); got != string(engine) || err != nil {
			t.Errorf("%s took the fork of %q, %v", engine, got, err)
		}
	})
}

func TestASQLiteTableMayBeRebuilt(t *testing.T) {
	d, _ := withRows(t, db.SQLite)
	rebuild := `CREATE TABLE fresh (id BIGINT PRIMARY KEY, name TEXT);
		INSERT INTO fresh (id) SELECT id FROM parents %s;
		DROP TABLE parents; ALTER TABLE fresh RENAME TO parents;`
	err := d.Migrate(t.Context(), files(rowsSchema, fmt.Sprintf(rebuild, "WHERE FALSE")), "dev")
	if err == nil || !strings.Contains(err.Error(), "refer to rows that are not there") {
		t.Errorf("err = %v", err)
	}
	if err := d.Migrate(t.Context(), files(rowsSchema, fmt.Sprintf(rebuild, "")), "dev"); err != nil {
		t.Fatal(err)
	}
	if sum := sumOf(t, d); !strings.HasPrefix(sum, "1000 ") {
		t.Errorf("sum = %s", sum)
	}
	err = d.Tx(t.Context(), func(tx *db.Tx) error {
		_, err := db.Exec(t.Context(), tx, `DELETE FROM parents`)
		return err
	})
	if err == nil {
		t.Error("foreign keys stayed off")
	}
}

func TestACopyIsOfOneMoment(t *testing.T) {
	dbtest.EachEngine(t, func(t *testing.T, engine db.Engine) {
		d, c := withRows(t, engine)
		ctx, stop := context.WithCancel(t.Context())
		writing := make(chan struct{})
		go func() { // each transaction keeps the two tables in step
			defer close(writing)
			for ctx.Err() == nil {
				_ = d.Tx(ctx, func(tx *db.Tx) error {
					id := tx.NextID()
					_, err := db.Exec(ctx, tx, `INSERT INTO parents (id) VALUES ($1)`, id)
					_, e := db.Exec(ctx, tx, `INSERT INTO rows (id, parent_id, odd, word) VALUES ($1, $1, TRUE, 'x')`, id)
					return errors.Join(err, e)
				})
			}
		}()
		for i := range 3 {
			report, err := d.Backup(t.Context(), filepath.Join(c.BackupDir, fmt.Sprint(i)))
			if err != nil {
				t.Fatal(err)
			}
			if report.Tables["rows"] != report.Tables["parents"]+999 || report.Bytes == 0 {
				t.Errorf("the copy has %v", report)
			}
		}
		stop()
		<-writing
		if _, err := d.Backup(t.Context(), filepath.Join(c.BackupDir, "0")); err == nil {
			t.Error("a copy was written over another")
		}
	})
}

func TestADamagedCopyIsNotRestored(t *testing.T) {
	dbtest.EachEngine(t, func(t *testing.T, engine db.Engine) {
		d, c := withRows(t, engine)
		path := filepath.Join(c.BackupDir, "copy")
		if _, err := d.Backup(t.Context(), path); err != nil {
			t.Fatal(err)
		}
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for name, damage := range map[string]func([]byte) []byte{
			"cut":   func(b []byte) []byte { return b[:len(b)*2/3] },
			"upset": func(b []byte) []byte { clear(b[len(b)/3 : len(b)/2]); return b },
			"empty": func([]byte) []byte { return []byte("nothing of the sort") },
		} {
			if err := os.WriteFile(path, damage(append([]byte{}, whole...)), 0o600); err != nil {
				t.Fatal(err)
			}
			scratch := otherDatabase(t, engine)
			if _, err := db.Restore(t.Context(), scratch, path); err == nil {
				t.Errorf("%s: restored", name)
			}
			if _, err := db.Open(t.Context(), scratch); err != nil {
				t.Errorf("%s: the empty database cannot be opened: %v", name, err)
			}
		}
	})
}

func TestTheSchemaCanBeCopiedAndRestored(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		path := filepath.Join(t.TempDir(), "copy")
		report, err := d.Backup(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		again, err := db.Restore(t.Context(), otherDatabase(t, d.Engine()), path)
		if err != nil || !maps.Equal(report.Tables, again.Tables) || len(again.Tables) < 20 {
			t.Errorf("restored %v, %v", again.Tables, err)
		}
	})
}
