package db_test

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"testing"

	"anancus/internal/kit/db"
	"anancus/internal/kit/db/dbtest"
	"anancus/internal/kit/fault"
)

type (
	tagID   int64
	tagName string
)

func addTag(ctx context.Context, tx *db.Tx, name string) (tagID, error) {
	id := tx.NextID()
	_, err := db.Exec(ctx, tx, `INSERT INTO tags (id, name, shown, created_at) VALUES ($1, $2, $2, $3)`, id, name, tx.Now().UnixMilli())
	return tagID(id), err
}

func mustTx(t testing.TB, d *db.DB, do func(tx *db.Tx) error) {
	t.Helper()
	if err := d.Tx(t.Context(), do); err != nil {
		t.Fatal(err)
	}
}

func countTags(t testing.TB, d *db.DB) int64 {
	t.Helper()
	n, err := db.One(t.Context(), d, db.Int64, `SELECT count(*) FROM tags`)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestWhatIsWrittenCanBeRead(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		var ids []tagID
		mustTx(t, d, func(tx *db.Tx) error {
			ids = nil
			for _, name := range []string{"a", "b", "c"} {
				id, err := addTag(ctx, tx, name)
				if err != nil {
					return err
				}
				ids = append(ids, id)
			}
			return nil
		})
		names, err := db.All(ctx, d, db.Value[tagName], `SELECT name FROM tags WHERE id {in $1} ORDER BY name COLLATE "C" DESC`, ids[:2])
		if err != nil || !slices.Equal(names, []tagName{"b", "a"}) {
			t.Errorf("names in = %q, %v", names, err)
		}
		names, err = db.All(ctx, d, db.Value[tagName], `SELECT name FROM tags WHERE id {not in $1}`, ids[:2])
		if err != nil || !slices.Equal(names, []tagName{"c"}) {
			t.Errorf("names not in = %q, %v", names, err)
		}
		none, err := db.All(ctx, d, db.Text, `SELECT name FROM tags WHERE id {in $1}`, []tagID(nil))
		if err != nil || len(none) != 0 {
			t.Errorf("names in nothing = %q, %v", none, err)
		}
		id, err := db.One(ctx, d, db.Value[tagID], `SELECT id FROM tags WHERE name {in $1}`, []tagName{"c"})
		if err != nil || id != ids[2] {
			t.Errorf("id = %d, %v, want %d", id, err, ids[2])
		}
		if _, err := db.One(ctx, d, db.Int64, `SELECT id FROM tags WHERE name = $1`, "none"); fault.KindOf(err) != fault.NotFound {
			t.Errorf("an unknown name gave %v, want NotFound", err)
		}
	})
}

func TestValuesComeBackAsTheyWent(t *testing.T) {
	type row struct {
		kind, status *tagID
		domain       sql.NullInt64
		locked       bool
		discoverable *bool
		name         tagName
		raw          []byte
	}
	scan := func(r db.Row) (v row, err error) {
		err = r.Scan(&v.kind, &v.status, &v.domain, &v.locked, &v.discoverable, &v.name, &v.raw)
		return v, err
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		yes, at := true, int64(7)
		mustTx(t, d, func(tx *db.Tx) error {
			_, err := db.Exec(ctx, tx, `INSERT INTO accounts (id, username, username_key, domain, uri, locked, discoverable, note,
				limited_at, suspended_at, created_at, updated_at) VALUES ($1, $2, $2, '', 'x', $3, $4, $5, $6, $7, $8, $8)`,
				tagID(1), tagName("ada"), true, &yes, "n\x00o\xffte", &at, (*tagID)(nil), uint32(5))
			return err
		})
		v, err := db.One(ctx, d, scan, `SELECT limited_at, suspended_at, fetched_at, locked, discoverable, username, note FROM accounts WHERE locked = $1`, true)
		if err != nil {
			t.Fatal(err)
		}
		if v.kind == nil || *v.kind != 7 || v.status != nil || v.domain.Valid || !v.locked || v.discoverable == nil || !*v.discoverable || v.name != "ada" || string(v.raw) != "note" {
			t.Errorf("read %+v", v)
		}
		if _, err := db.One(ctx, d, db.Int64, `SELECT suspended_at FROM accounts`); err == nil {
			t.Error("NULL was read as a number")
		}
	})
}

func TestAReturningInsertLasts(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		insert := func(tx *db.Tx) error {
			_, err := db.One(ctx, tx, db.Int64, `INSERT INTO tombstones (uri, created_at) VALUES ($1, $2)
				ON CONFLICT (uri) DO NOTHING RETURNING created_at`, "u", 1)
			return err
		}
		mustTx(t, d, insert)
		if err := d.Tx(ctx, insert); fault.KindOf(err) != fault.NotFound {
			t.Errorf("the second insert gave %v, want NotFound", err)
		}
		if n, err := db.One(ctx, d, db.Int64, `SELECT count(*) FROM tombstones`); n != 1 || err != nil {
			t.Errorf("%d rows, %v", n, err)
		}
	})
}

func TestOnlyATransactionWrites(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		_, err := db.All(t.Context(), d, db.Text, `INSERT INTO tombstones (uri, created_at) VALUES ('u', 1) RETURNING uri`)
		if err == nil {
			t.Error("a write outside a transaction was done")
		}
	})
}

func TestAFailedTransactionLeavesNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, broken := t.Context(), errors.New("broken")
		err := d.Tx(ctx, func(tx *db.Tx) error {
			if _, err := addTag(ctx, tx, "a"); err != nil {
				return err
			}
			return broken
		})
		if !errors.Is(err, broken) || countTags(t, d) != 0 {
			t.Errorf("err = %v, %d tags", err, countTags(t, d))
		}
	})
}

func TestATransactionInsideATransactionPanics(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		defer func() {
			if text, _ := recover().(string); !strings.Contains(text, "a Tx inside") {
				t.Errorf("recovered %q", text)
			}
			mustTx(t, d, func(*db.Tx) error { return nil }) // while the panic's frames are still there
		}()
		_ = d.Tx(t.Context(), func(*db.Tx) error {
			return d.Tx(context.Background(), func(*db.Tx) error { return nil })
		})
	})
}

func TestAClosureThatEndsIsOver(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		var kept *db.Tx
		mustTx(t, d, func(tx *db.Tx) error { kept = tx; return nil })
		if _, err := addTag(t.Context(), kept, "a"); err == nil {
			t.Error("a transaction that is over still wrote")
		}
	})
}

func TestStatementsAreCounted(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		before := d.Queries()
		ctx, count := db.CountQueries(t.Context())
		mustTx(t, d, func(tx *db.Tx) error {
			_, err := addTag(ctx, tx, "a")
			return err
		})
		if _, err := db.All(ctx, d, db.Text, `SELECT name FROM tags`); err != nil {
			t.Fatal(err)
		}
		if countTags(t, d); count() != 2 || d.Queries()-before != 3 {
			t.Errorf("counted %d and %d, want 2 and 3", count(), d.Queries()-before)
		}
	})
}

func TestAStatementMayReadWithinItself(t *testing.T) {
	d := dbtest.Open(t, db.SQLite)
	const numbers = `SELECT value FROM json_each('[1,2,3]')`
	mustTx(t, d, func(tx *db.Tx) error {
		sums, err := db.All(t.Context(), tx, func(outer db.Row) (int, error) {
			inner, err := db.All(t.Context(), tx, db.Int64, numbers)
			n, _ := db.Int64(outer)
			return int(n) * len(inner), err
		}, numbers)
		if !slices.Equal(sums, []int{3, 6, 9}) {
			t.Errorf("sums = %v", sums)
		}
		return err
	})
}

func TestAFileIsHeldByOneProcess(t *testing.T) {
	c := dbtest.Config(t, db.SQLite, true)
	d, err := db.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Open(t.Context(), c); !errors.Is(err, db.ErrHeld) {
		t.Errorf("a second Open gave %v, want ErrHeld", err)
	}
	if err := errors.Join(d.Close(), d.Close()); err != nil {
		t.Errorf("close: %v", err)
	}
	if err := d.Tx(t.Context(), func(*db.Tx) error { return nil }); !errors.Is(err, db.ErrClosed) {
		t.Errorf("Tx after Close gave %v, want ErrClosed", err)
	}
	again, err := db.Open(t.Context(), c)
	if err != nil {
		t.Fatalf("open again: %v", err)
	}
	_ = again.Close()
}

func TestAPlanTellsScans(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		dbtest.NoScan(t, d, `SELECT name FROM tags WHERE id {in $1}`, []int64{1})
		dbtest.NoScan(t, d, `SELECT id FROM statuses WHERE author_id = $1 AND id < $2 ORDER BY id DESC LIMIT 20`, 1, 2)
		dbtest.NoScan(t, d, `SELECT id FROM statuses ORDER BY id DESC LIMIT 20`)
		for _, sql := range []string{`SELECT id FROM tags WHERE shown = 'x'`, `SELECT id, created_at FROM statuses ORDER BY id`, `SELECT s.id FROM statuses s WHERE s.text = 'x'`} {
			if len(dbtest.Scans(t, d, sql)) == 0 {
				t.Errorf("no scan seen in %s:\n%s", sql, dbtest.Plan(t, d, sql))
			}
		}
	})
}
