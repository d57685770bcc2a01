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
	n, err := db.One(ctx, tx, db.Value[int64], `SELECT COUNT(*) FROM statuses s JOIN accounts a ON a.id = s.author_id
		WHERE s.id = $1 AND (s.local OR (s.visibility = 'public' AND a.indexable)
			OR EXISTS (SELECT 1 FROM mentions x JOIN members m ON m.account_id = x.account_id WHERE x.status_id = s.id))`, e.Status)
	return n > 0, err
}

// IndexPublished keeps what a new status can be found by.
func (s *Service) IndexPublished(ctx context.Context, e statuses.Published) error {
	return s.Index(ctx, e.Status)
}

// IndexEdited keeps what an edited status can be found by now.
func (s *Service) IndexEdited(ctx context.Context, e statuses.Edited) error {
	return s.Index(ctx, e.Status)
}

// IndexDeleted forgets a deleted status.
func (s *Service) IndexDeleted(ctx context.Context, e statuses.Deleted) error {
	return s.Index(ctx, e.Status)
}

// IndexFavourited takes a status into the library of the member who favourited it.
func (s *Service) IndexFavourited(ctx context.Context, e statuses.Favourited) error {
	return s.Index(ctx, e.Status)
}

// IndexUnfavourited takes a status out of a library.
func (s *Service) IndexUnfavourited(ctx context.Context, e statuses.Unfavourited) error {
	return s.Index(ctx, e.Status)
}

// IndexVoted takes a status into the library of the member who voted in its poll.
func (s *Service) IndexVoted(ctx context.Context, e statuses.Voted) error {
	return s.Index(ctx, e.Status)
}

// IndexBookmarked follows a bookmark that was set or removed.
func (s *Service) IndexBookmarked(ctx context.Context, e statuses.Bookmarked) error {
	return s.Index(ctx, e.Status)
}

// IndexBoosted takes a status into the library of the member who boosted it.
func (s *Service) IndexBoosted(ctx context.Context, e statuses.Boosted) error {
	return s.Index(ctx, e.Original)
}

// IndexUnboosted takes a status out of a library.
func (s *Service) IndexUnboosted(ctx context.Context, e statuses.Unboosted) error {
	return s.Index(ctx, e.Original)
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
