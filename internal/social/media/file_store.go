package media

import (
	"context"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/social/id"
)

const fileColumns = `id, key, noun, owner, type, size, remote, hidden, state, seen_at`

func scanFile(r db.Row) (*file, error) {
	f := &file{}
	var seen int64
	err := r.Scan(&f.id, &f.key, &f.noun, &f.owner, &f.kind, &f.size, &f.remote, &f.hidden, &f.state, &seen)
	f.seen = clock.FromMilli(seen)
	return f, err
}

func insertFile(ctx context.Context, tx *db.Tx, f *file) error {
	_, err := db.Exec(ctx, tx, `INSERT INTO files (id, key, noun, owner, type, size, remote, hidden, state, changed_at, seen_at) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$10)`,
		f.id, f.key, f.noun, f.owner, f.kind, f.size, f.remote, f.hidden, f.state, clock.Milli(f.seen))
	return err
}

func filesOf(ctx context.Context, q db.Q, ids []id.File) (map[id.File]*file, error) {
	list, err := db.All(ctx, q, scanFile, `SELECT `+fileColumns+` FROM files WHERE id {in $1} AND state = 'kept'`, ids)
	if err != nil {
		return nil, err
	}
	all := make(map[id.File]*file, len(list))
	for _, f := range list {
		all[f.id] = f
	}
	return all, nil
}
