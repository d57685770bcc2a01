package search

import (
	"context"

	"anancus/internal/kit/db"
	"anancus/internal/social/accounts"
	"anancus/internal/social/id"
	"anancus/internal/social/statuses"
)

// Findable tells, in the transaction that published it, whether anybody could find a status: most of
// what comes from elsewhere nobody can, and it costs nothing more.
func Findable(ctx context.Context, tx *db.Tx, e statuses.Published) (bool, error) {
	switch {
	case e.Written.Local, e.Written.Findable && e.Written.Visibility == statuses.Public:
		return true, nil
	case !e.Written.Names:
		return false, nil
	}
	n, err := db.One(ctx, tx, db.Value[int64], `SELECT COUNT(*) FROM statuses s JOIN accounts a ON a.id = s.author_id
		WHERE s.id = $1 AND (s.local OR (s.visibility = 'public' AND a.indexable)
			OR EXISTS (SELECT 1 FROM mentions x JOIN members m ON m.account_id = x.account_id WHERE x.status_id = s.id))`, e.Status)
	return n > 0, err
}

// AuthorUpdated and AuthorChanged apply where an author began or ceased to let everybody find their public statuses.
func AuthorUpdated(ctx context.Context, tx *db.Tx, e accounts.Updated) (bool, error) {
	return turned(ctx, tx, e.Account)
}

// AuthorChanged is AuthorUpdated for members.
func AuthorChanged(ctx context.Context, tx *db.Tx, e accounts.ProfileChanged) (bool, error) {
	return turned(ctx, tx, e.Account)
}

func turned(ctx context.Context, q db.Q, account id.Account) (bool, error) {
	return db.One(ctx, q, db.Bool, `SELECT indexable <> COALESCE((SELECT w.indexable FROM search_walks w WHERE w.account_id = a.id), FALSE)
		FROM accounts a WHERE a.id = $1`, account)
}

// FollowUpdated reads the statuses of such an author again.
func (s *Service) FollowUpdated(ctx context.Context, e accounts.Updated) error {
	return s.turn(ctx, e.Account)
}

// FollowChanged is FollowUpdated for members.
func (s *Service) FollowChanged(ctx context.Context, e accounts.ProfileChanged) error {
	return s.turn(ctx, e.Account)
}
