package media

import (
	"context"

	"anancus/internal/kit/db"
)

// Usage is how much of one kind is kept.
type Usage struct {
	Noun   string
	Remote bool // copies of other servers' files
	Files  int64
	Bytes  int64
}

// Usage tells what is kept, by what shows it and where it is from.
func (s *Service) Usage(ctx context.Context) ([]Usage, error) {
	return db.All(ctx, s.db, func(r db.Row) (u Usage, err error) {
		err = r.Scan(&u.Noun, &u.Remote, &u.Files, &u.Bytes)
		return u, err
	}, `SELECT noun, remote, COUNT(*), CAST(COALESCE(SUM(size), 0) AS BIGINT) FROM files WHERE state = 'kept' GROUP BY noun, remote ORDER BY noun, remote`)
}
