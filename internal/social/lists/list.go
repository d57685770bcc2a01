// Package lists keeps members' lists of people: what is on them, and how their feeds
// are to be made. The feeds themselves are made in the room of timelines.
package lists

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/social/accounts"
	"anancus/internal/social/id"
)

// Limits of lists, Mastodon's.
const (
	MaxLists = 50  // of one member
	maxTitle = 256 // characters
)

// Policy says which answers to others a list's feed shows.
type Policy string

// The policies. Answers to oneself and to the list's owner are shown by all of them.
const (
	ToFollowed Policy = "followed" // to anybody the owner follows
	ToMembers  Policy = "list"     // to those on the list
	ToNobody   Policy = "none"
)

// List is one list of a member's.
type List struct {
	ID        id.List
	Owner     id.Account
	Title     string
	Replies   Policy
	Exclusive bool // the home feed leaves its people out
}

// The events of this room.
type (
	// Changed tells of a new list, or of another title, policy or exclusiveness.
	Changed struct {
		List  id.List
		Owner id.Account
	}
	// Deleted tells that a list is gone.
	Deleted struct {
		List  id.List
		Owner id.Account
	}
	// MembersChanged tells that people came to a list or left it.
	MembersChanged struct {
		List  id.List
		Owner id.Account
	}
)

// Service is the room of lists.
type Service struct {
	db       *db.DB
	accounts *accounts.Service
}

// New opens the room.
func New(d *db.DB, people *accounts.Service) *Service { return &Service{db: d, accounts: people} }

// Wishes are what a member asks of a list; nil leaves what is.
type Wishes struct {
	Title     *string
	Replies   *string
	Exclusive *bool
}

// apply changes a list as wished, in Mastodon's order of refusals.
func (l *List) apply(w Wishes) error {
	if w.Replies != nil && *w.Replies != "" {
		switch p := Policy(*w.Replies); p {
		case ToFollowed, ToMembers, ToNobody:
			l.Replies = p
		default:
			return fault.New(fault.Invalid, fmt.Sprintf("'%s' is not a valid replies_policy", *w.Replies))
		}
	}
	if w.Title != nil {
		l.Title = strings.TrimSpace(*w.Title)
	}
	if w.Exclusive != nil {
		l.Exclusive = *w.Exclusive
	}
	switch {
	case l.Title == "":
		return fault.New(fault.Invalid, "Validation failed: Title can't be blank")
	case utf8.RuneCountInString(l.Title) > maxTitle:
		return fault.New(fault.Invalid, fmt.Sprintf("Validation failed: Title is too long (maximum is %d characters)", maxTitle))
	}
	return nil
}

// Create makes a list.
func (s *Service) Create(ctx context.Context, owner id.Account, w Wishes) (*List, error) {
	list := &List{Owner: owner, Replies: ToMembers}
	if err := list.apply(w); err != nil {
		return nil, err
	}
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		n, err := countLists(ctx, tx, owner)
		if err != nil {
			return err
		}
		if n >= MaxLists {
			return fault.New(fault.Invalid, "Validation failed: You have reached the maximum number of lists")
		}
		list.ID = id.List(tx.NextID())
		if err := insertList(ctx, tx, list); err != nil {
			return err
		}
		return tx.Emit(Changed{list.ID, owner})
	})
	if err != nil {
		return nil, fmt.Errorf("create list: %w", err)
	}
	return list, nil
}

// Change changes a list of the owner's.
func (s *Service) Change(ctx context.Context, owner id.Account, wanted id.List, w Wishes) (*List, error) {
	var list *List
	err := s.db.Tx(ctx, func(tx *db.Tx) (err error) {
		if list, err = one(ctx, tx, owner, wanted); err != nil {
			return err
		}
		if err := list.apply(w); err != nil {
			return err
		}
		if err := updateList(ctx, tx, list); err != nil {
			return err
		}
		return tx.Emit(Changed{list.ID, owner})
	})
	if err != nil {
		return nil, fmt.Errorf("change list: %w", err)
	}
	return list, nil
}

// Delete removes a list of the owner's.
func (s *Service) Delete(ctx context.Context, owner id.Account, wanted id.List) error {
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		if _, err := one(ctx, tx, owner, wanted); err != nil {
			return err
		}
		if err := deleteList(ctx, tx, wanted); err != nil {
			return err
		}
		return tx.Emit(Deleted{wanted, owner})
	})
	if err != nil {
		return fmt.Errorf("delete list: %w", err)
	}
	return nil
}
