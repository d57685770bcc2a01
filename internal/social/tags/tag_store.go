package tags

import (
	"context"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/keyset"
	"anancus/internal/social/id"
)

func scan(r db.Row) (*Tag, error) {
	t := &Tag{}
	err := r.Scan(&t.ID, &t.Name, &t.Shown)
	return t, err
}

func byName(ctx context.Context, q db.Q, key string) (*Tag, error) {
	return db.One(ctx, q, scan, `SELECT id, name, shown FROM tags WHERE name = $1`, key)
}

func byIDs(ctx context.Context, q db.Q, ids []id.Tag) ([]*Tag, error) {
	return db.All(ctx, q, scan, `SELECT id, name, shown FROM tags WHERE id {in $1}`, ids)
}

func byNames(ctx context.Context, q db.Q, keys []string) (map[string]id.Tag, error) {
	rows, err := db.All(ctx, q, scan, `SELECT id, name, shown FROM tags WHERE name {in $1}`, keys)
	by := make(map[string]id.Tag, len(rows))
	for _, t := range rows {
		by[t.Name] = t.ID
	}
	return by, err
}

// put gives the id of a hashtag, made when it is new.
func put(ctx context.Context, tx *db.Tx, key, shown string) (id.Tag, error) {
	return db.One(ctx, tx, db.Value[id.Tag], `INSERT INTO tags (id, name, shown, created_at) VALUES ($1,$2,$3,$4)
		ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING id`, tx.NextID(), key, shown, clock.Milli(tx.Now()))
}

type followed struct {
	row int64
	tag id.Tag
}

func scanFollowed(r db.Row) (followed, error) {
	var f followed
	err := r.Scan(&f.row, &f.tag)
	return f, err
}

const followedSQL = `SELECT id, tag_id FROM tag_follows WHERE account_id = $1 AND id < $2 AND id > $3`

func followedBy(ctx context.Context, q db.Q, member id.Account, p keyset.Page) ([]followed, error) {
	rows, err := db.All(ctx, q, scanFollowed, followedSQL+` ORDER BY id `+p.Order()+` LIMIT $4`, member, p.Before, p.After, p.Limit)
	return keyset.Arrange(p, rows), err
}

const tiesSQL = `SELECT TRUE, tag_id FROM tag_follows WHERE account_id = $1 AND tag_id {in $2}
	UNION ALL SELECT FALSE, tag_id FROM featured_tags WHERE account_id = $1 AND tag_id {in $2}`

// ties tells which of some hashtags a member follows and shows on the profile.
func ties(ctx context.Context, q db.Q, member id.Account, ids []id.Tag) (following, featuring map[id.Tag]bool, err error) {
	type tie struct {
		follow bool
		tag    id.Tag
	}
	rows, err := db.All(ctx, q, func(r db.Row) (tie, error) {
		var t tie
		err := r.Scan(&t.follow, &t.tag)
		return t, err
	}, tiesSQL, member, ids)
	following, featuring = map[id.Tag]bool{}, map[id.Tag]bool{}
	for _, t := range rows {
		if t.follow {
			following[t.tag] = true
		} else {
			featuring[t.tag] = true
		}
	}
	return following, featuring, err
}
