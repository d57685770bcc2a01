package lists

import (
	"context"
	"fmt"
	"slices"

	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/social/id"
	"anancus/internal/social/relationships"
)

// Add puts people on a list. Each must be followed by its owner, asked to be, or be the owner; all come, or none does.
func (s *Service) Add(ctx context.Context, owner id.Account, list id.List, people []id.Account) error {
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		if _, err := one(ctx, tx, owner, list); err != nil {
			return err
		}
		if len(people) == 0 {
			return nil
		}
		ties, err := tiesTo(ctx, tx, owner, people)
		if err != nil {
			return err
		}
		for _, account := range people {
			tie, known := ties[account]
			if !known && account != owner {
				return fault.RecordNotFound()
			}
			added, err := insertMember(ctx, tx, list, account, tie)
			if err != nil {
				return err
			}
			if !added {
				return fault.New(fault.Invalid, "Validation failed: Account has already been taken")
			}
		}
		return tx.Emit(MembersChanged{list, owner})
	})
	if err != nil {
		return fmt.Errorf("add to list: %w", err)
	}
	return nil
}

// Remove takes people from a list. Those who are not on it are passed over.
func (s *Service) Remove(ctx context.Context, owner id.Account, list id.List, people []id.Account) error {
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		if _, err := one(ctx, tx, owner, list); err != nil {
			return err
		}
		n, err := db.Exec(ctx, tx, `DELETE FROM list_members WHERE list_id = $1 AND account_id {in $2}`, list, people)
		if err != nil || n == 0 {
			return err
		}
		return tx.Emit(MembersChanged{list, owner})
	})
	if err != nil {
		return fmt.Errorf("remove from list: %w", err)
	}
	return nil
}

// OnLists tells whether the follower has the one who is no longer followed on a list.
func (s *Service) OnLists(ctx context.Context, tx *db.Tx, e relationships.Unfollowed) (bool, error) {
	n, err := db.One(ctx, tx, db.Int64, `SELECT COUNT(*) FROM lists l JOIN list_members m ON m.list_id = l.id AND m.account_id = $2 WHERE l.account_id = $1`, e.Follower, e.Target)
	return n > 0, err
}

// ForgetUnfollowed removes what an unfollow ended. No feed shows them any more: their follow was what kept them on a list.
func (s *Service) ForgetUnfollowed(ctx context.Context, e relationships.Unfollowed) error {
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		_, err := db.Exec(ctx, tx, `DELETE FROM list_members WHERE account_id = $2 AND list_id IN (SELECT id FROM lists WHERE account_id = $1)
			AND NOT `+standingAlone, e.Follower, e.Target)
		return err
	})
}

// Feed is what a list's feed is made of.
type Feed struct {
	Replies Policy
	Members []id.Account // who are followed, and perhaps the owner; sorted
}

// FeedOf tells what the feed of an owner's list is made of. NotFound for lists of others.
func FeedOf(ctx context.Context, q db.Q, owner id.Account, list id.List) (*Feed, error) {
	l, err := one(ctx, q, owner, list)
	if err != nil {
		return nil, err
	}
	members, err := activeMembers(ctx, q, list)
	slices.Sort(members)
	return &Feed{Replies: l.Replies, Members: members}, err
}

// Carry puts somebody on the lists of an owner that another one is on, in the transaction in which the owner follows the one in place of
// the other.
func (s *Service) Carry(ctx context.Context, tx *db.Tx, owner, from, to id.Account, tie id.Follow) error {
	carried, err := carryMembers(ctx, tx, owner, from, to, tie)
	if err != nil {
		return err
	}
	for _, list := range carried {
		if err := tx.Emit(MembersChanged{list, owner}); err != nil {
			return err
		}
	}
	return nil
}
