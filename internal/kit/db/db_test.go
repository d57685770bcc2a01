package db_test

import (
	"context"
	"testing"

	"anancus/internal/kit/db"
	"anancus/internal/kit/db/dbtest"
	"anancus/internal/kit/fault"
)

type accountID int64

func addTag(ctx context.Context, tx *db.Tx, name string) (int64, error) {
	id := tx.NextID()
	_, err := db.Exec(ctx, tx, `INSERT INTO tags (id, name, shown, created_at) VALUES ($1, $2, $2, $3)`, id, name, tx.Now().UnixMilli())
	return id, err
}

func TestWhatIsWrittenCanBeRead(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		var ids []accountID
		err := d.Tx(ctx, func(tx *db.Tx) error {
			ids = nil
			for _, name := range []string{"a", "b", "c"} {
				id, err := addTag(ctx, tx, name)
				if err != nil {
					return err
				}
				ids = append(ids, accountID(id))
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		names, err := db.All(ctx, d, db.Text, `SELECT name FROM tags WHERE id {in $1} ORDER BY name COLLATE "C" DESC`, ids[:2])
		if err != nil || len(names) != 2 || names[0] != "b" {
			t.Errorf("names = %q, %v", names, err)
		}
		id, err := db.One(ctx, d, db.Value[accountID], `SELECT id FROM tags WHERE name {in $1}`, []string{"c"})
		if err != nil || id != ids[2] {
			t.Errorf("id = %d, %v, want %d", id, err, ids[2])
		}
		if _, err := db.One(ctx, d, db.Int64, `SELECT id FROM tags WHERE name = $1`, "none"); fault.KindOf(err) != fault.NotFound {
			t.Errorf("an unknown name gave %v, want NotFound", err)
		}
	})
}
