package notifications

import (
	"context"

	"anancus/internal/protocol/mastodon"
	"anancus/internal/social/collections"
	"anancus/internal/social/id"
	"anancus/internal/social/viewer"
)

// TellAddedToCollection tells a member that somebody recommends them.
func (s *Service) TellAddedToCollection(ctx context.Context, e collections.Added) error {
	c, people, err := s.collections.Members(ctx, e.Collection)
	if err != nil {
		return ignoreNotFound(err)
	}
	for _, who := range people {
		if who == e.Account {
			return s.tell(ctx, Notification{Account: who, Kind: AddedToCollection, From: c.Owner, about: int64(e.Collection)})
		}
	}
	return nil
}

// TellCollectionChanged tells those in a collection that it says something else now. Only the latest change is told.
func (s *Service) TellCollectionChanged(ctx context.Context, e collections.Changed) error {
	c, people, err := s.collections.Members(ctx, e.Collection)
	if err != nil {
		return ignoreNotFound(err)
	}
	for _, who := range people {
		if err := s.forget(ctx, ofCollection+` AND kind = $3`, who, int64(e.Collection), string(CollectionUpdate)); err != nil {
			return err
		}
		if err := s.tell(ctx, Notification{Account: who, Kind: CollectionUpdate, From: c.Owner, about: int64(e.Collection)}); err != nil {
			return err
		}
	}
	return nil
}

// ForgetLeft takes back what was told of a collection that an account is no longer in.
func (s *Service) ForgetLeft(ctx context.Context, e collections.Left) error {
	return s.forget(ctx, ofCollection, e.Account, int64(e.Collection))
}

// ForgetCollection takes back what was told of a collection that is gone.
func (s *Service) ForgetCollection(ctx context.Context, e collections.Deleted) error {
	for _, who := range e.Accounts {
		if err := s.forget(ctx, ofCollection, who, int64(e.Collection)); err != nil {
			return err
		}
	}
	return nil
}

const ofCollection = `account_id = $1 AND about_id = $2 AND kind IN ('added_to_collection', 'collection_update')`

func (k Kind) ofCollection() bool { return k == AddedToCollection || k == CollectionUpdate }

// featuring gives the collections that some notifications are about.
func (s *Service) featuring(ctx context.Context, v viewer.Viewer, rows []*Notification) (map[id.Collection]*mastodon.Collection, error) {
	var wanted []id.Collection
	for _, n := range rows {
		if n.Kind.ofCollection() {
			wanted = append(wanted, id.Collection(n.about))
		}
	}
	return s.collections.Rows(ctx, v, wanted)
}
