// Package collections keeps the accounts that members recommend to others, together and under a name.
package collections

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/kit/text"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/social/accounts"
	"anancus/internal/social/id"
	"anancus/internal/social/relationships"
	"anancus/internal/social/settings"
	"anancus/internal/social/statuses"
)

// Mastodon's limits.
const (
	MaxPerMember   = 10 // collections; the role entity tells it
	maxElsewhere   = 50 // collections that are kept of an account of another server
	MaxItems       = 25
	maxName        = 40  // characters
	maxDescription = 100 // characters
)

// State is how far the featuring of an account has come.
type State string

// The states of an item. A remote account is pending until its server has agreed.
const (
	Pending  State = "pending"
	Accepted State = "accepted"
	Rejected State = "rejected" // by the featured account's server; whoever owns the collection may ask again
	Revoked  State = "revoked"  // by the featured account, or because one blocked the other; never put back
)

// Collection is a named group of accounts.
type Collection struct {
	ID           id.Collection
	Owner        id.Account
	Name         string
	Description  string
	Language     string
	Tag          string // hashtag as written, "" for none
	Sensitive    bool
	Discoverable bool
	CreatedAt    time.Time
	UpdatedAt    time.Time
	URI, URL     string    // elsewhere: its id and its page; "" for ours
	ReadAt       time.Time // elsewhere: when its server was last asked for it
}

// Local tells whether a collection is a member's.
func (c *Collection) Local() bool { return c.URI == "" }

// Item is one account of a collection.
type Item struct {
	ID         id.CollectionItem
	Collection id.Collection
	Account    id.Account
	State      State
	CreatedAt  time.Time
	URI        string // its id, in a collection of another server that told of it
	Approval   string // the document by which an account of another server lets itself be featured
}

// The events of this room.
type (
	// Created tells that a member has a new collection.
	Created struct{ Collection id.Collection }
	// Changed tells that a collection got other words.
	Changed struct{ Collection id.Collection }
	// Deleted tells that a collection is gone.
	Deleted struct {
		Collection id.Collection
		Accounts   []id.Account // who was in it
		Owner      id.Account
	}
	// Added tells that an account was put into a collection.
	Added struct {
		Item       id.CollectionItem
		Collection id.Collection
		Owner      id.Account
		Account    id.Account
		First      bool // with the collection itself, which tells of it
	}
	// Granted tells that an account of another server lets a member's collection feature it.
	Granted struct {
		Item       id.CollectionItem
		Collection id.Collection
	}
	// Left tells that an account is no longer in a collection.
	Left struct {
		Item       id.CollectionItem
		Collection id.Collection
		Account    id.Account
		Told       bool // others were told that it was in it
	}
	// AskDue tells that an account of another server did not answer yet whether a member's collection may feature it.
	AskDue struct {
		Item id.CollectionItem
		Time int // 1: for the first time after it was put there
	}
	// Stale tells that a collection of another server is to be read again.
	Stale struct{ Collection id.Collection }
	// Due tells that an account's server is to be asked for its collections.
	Due struct{ Account id.Account }
	// ItemsSeen tells that another server says who is in one of its collections; whether these let it is to be asked.
	ItemsSeen struct {
		Collection id.Collection
		Items      []SeenItem
	}
	// SeenItem is one of them.
	SeenItem struct {
		URI, Account, Approval string
		At                     int64
	}
)

// Service is the room of collections.
type Service struct {
	db       *db.DB
	clock    clock.Clock
	site     settings.Site
	accounts *accounts.Service
	remote   *activitypub.Client
	courier  Courier
	reader   Reader
	statuses *statuses.Service
}

// New opens the room.
func New(d *db.DB, c clock.Clock, people *accounts.Service, remote *activitypub.Client, courier Courier) *Service {
	return &Service{db: d, clock: c, site: people.Site(), accounts: people, remote: remote, courier: courier}
}

// Wishes are what a member says of a collection; nil leaves as it is.
type Wishes struct {
	Name, Description, Language, Tag *string
	Sensitive, Discoverable          *bool
}

func (w Wishes) apply(c *Collection) error {
	set := func(to *string, from *string) {
		if from != nil {
			*to = strings.TrimSpace(*from)
		}
	}
	set(&c.Name, w.Name)
	set(&c.Description, w.Description)
	if w.Language != nil {
		c.Language = ""
		if *w.Language != "" {
			code, known := text.Language(*w.Language)
			if !known {
				return fault.New(fault.Invalid, "Validation failed: Language is invalid")
			}
			c.Language = code
		}
	}
	if w.Tag != nil {
		c.Tag = strings.TrimPrefix(strings.TrimSpace(*w.Tag), "#")
		if c.Tag != "" && (!text.ValidTag(c.Tag) || text.TagKey(c.Tag) == "") {
			return fault.New(fault.Invalid, "Validation failed: Tag is invalid")
		}
	}
	if w.Sensitive != nil {
		c.Sensitive = *w.Sensitive
	}
	if w.Discoverable != nil {
		c.Discoverable = *w.Discoverable
	}
	switch {
	case c.Name == "":
		return fault.New(fault.Invalid, "Validation failed: Name can't be blank")
	case utf8.RuneCountInString(c.Name) > maxName:
		return fault.New(fault.Invalid, fmt.Sprintf("Validation failed: Name is too long (maximum is %d characters)", maxName))
	case utf8.RuneCountInString(c.Description) > maxDescription:
		return fault.New(fault.Invalid, fmt.Sprintf("Validation failed: Description is too long (maximum is %d characters)", maxDescription))
	}
	return nil
}

// Create makes a collection with the accounts that it starts with.
func (s *Service) Create(ctx context.Context, owner id.Account, w Wishes, first []id.Account) (*Collection, error) {
	c := &Collection{Owner: owner, Discoverable: true}
	if err := w.apply(c); err != nil {
		return nil, err
	}
	if len(first) > MaxItems {
		return nil, tooMany()
	}
	people, err := s.featurable(ctx, owner, first)
	if err != nil {
		return nil, err
	}
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		n, err := countOf(ctx, tx, owner)
		if err != nil {
			return err
		}
		if n >= MaxPerMember {
			return fault.New(fault.Invalid, fmt.Sprintf("Validation failed: You have reached the limit of %d collections", MaxPerMember))
		}
		c.ID, c.CreatedAt, c.UpdatedAt = id.Collection(tx.NextID()), tx.Now(), tx.Now()
		if err := insert(ctx, tx, c); err != nil {
			return err
		}
		if err := tx.Emit(Created{c.ID}); err != nil {
			return err
		}
		for _, a := range people {
			if _, err := s.add(ctx, tx, c, a, true); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return c, nil
}

func tooMany() error {
	return fault.New(fault.Invalid, fmt.Sprintf("Validation failed: A collection holds at most %d accounts", MaxItems))
}

// featurable gives accounts that a member may recommend: available, without a block between the two, and, of this
// server, only those that want to be found, and elsewhere only those that say that the member may.
func (s *Service) featurable(ctx context.Context, owner id.Account, wanted []id.Account) ([]*accounts.Account, error) {
	if len(wanted) == 0 {
		return nil, nil
	}
	found, err := s.accounts.ByIDs(ctx, wanted)
	if err != nil {
		return nil, err
	}
	byID := map[id.Account]*accounts.Account{}
	for _, a := range found {
		byID[a.ID] = a
	}
	apart, err := relationships.Apart(ctx, s.db, owner, wanted)
	if err != nil {
		return nil, err
	}
	let, err := s.letting(ctx, owner, found)
	if err != nil {
		return nil, err
	}
	var people []*accounts.Account
	for _, one := range wanted {
		a := byID[one]
		if a == nil || !a.Available() {
			return nil, fault.RecordNotFound()
		}
		if apart[one] || a.Local() && one != owner && !a.WantsToBeFound() || !a.Local() && !let[one] {
			return nil, fault.New(fault.Forbidden, "This action is not allowed")
		}
		people = append(people, a)
	}
	return people, nil
}

// letting tells which of some accounts of other servers let a member recommend them.
func (s *Service) letting(ctx context.Context, owner id.Account, people []*accounts.Account) (map[id.Account]bool, error) {
	var asks []id.Account
	for _, a := range people {
		if a.FeaturingDepends() {
			asks = append(asks, a.ID)
		}
	}
	var followed, followers map[id.Account]bool
	if len(asks) > 0 {
		var err error
		if followed, followers, err = relationships.Among(ctx, s.db, owner, asks); err != nil {
			return nil, err
		}
	}
	let := make(map[id.Account]bool, len(people))
	for _, a := range people {
		let[a.ID] = a.LetsFeature(followed[a.ID], followers[a.ID])
	}
	return let, nil
}

// add puts an account into a collection, once.
func (s *Service) add(ctx context.Context, tx *db.Tx, c *Collection, a *accounts.Account, first bool) (*Item, error) {
	items, err := itemsIn(ctx, tx, []id.Collection{c.ID})
	if err != nil {
		return nil, err
	}
	held := 0
	for _, one := range items {
		switch {
		case one.Account == a.ID && one.State == Revoked:
			return nil, fault.New(fault.Forbidden, "This action is not allowed")
		case one.Account == a.ID && one.State == Rejected:
			if err := removeItem(ctx, tx, one.ID); err != nil {
				return nil, err
			}
		case one.Account == a.ID:
			return nil, fault.New(fault.Invalid, "Validation failed: Account has already been taken")
		case one.State != Revoked && one.State != Rejected:
			held++
		}
	}
	if held >= MaxItems {
		return nil, tooMany()
	}
	item := &Item{ID: id.CollectionItem(tx.NextID()), Collection: c.ID, Account: a.ID, State: Accepted, CreatedAt: tx.Now()}
	if !a.Local() {
		item.State = Pending
	}
	if err := insertItem(ctx, tx, item); err != nil {
		return nil, err
	}
	return item, tx.Emit(Added{Item: item.ID, Collection: c.ID, Owner: c.Owner, Account: a.ID, First: first})
}

// Add puts an account into a member's own collection.
func (s *Service) Add(ctx context.Context, owner id.Account, which id.Collection, who id.Account) (*Item, error) {
	people, err := s.featurable(ctx, owner, []id.Account{who})
	if err != nil {
		return nil, err
	}
	var item *Item
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		c, err := own(ctx, tx, owner, which)
		if err != nil {
			return err
		}
		if item, err = s.add(ctx, tx, c, people[0], false); err != nil {
			return err
		}
		return touch(ctx, tx, which)
	})
	return item, err
}

// Change gives a member's own collection other words.
func (s *Service) Change(ctx context.Context, owner id.Account, which id.Collection, w Wishes) (*Collection, error) {
	var changed *Collection
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		c, err := own(ctx, tx, owner, which)
		if err != nil {
			return err
		}
		before := *c
		if err := w.apply(c); err != nil {
			return err
		}
		changed = c
		if *c == before {
			return nil
		}
		c.UpdatedAt = tx.Now()
		if err := update(ctx, tx, c); err != nil {
			return err
		}
		return tx.Emit(Changed{c.ID})
	})
	return changed, err
}

// Delete removes a member's own collection.
func (s *Service) Delete(ctx context.Context, owner id.Account, which id.Collection) error {
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		c, err := own(ctx, tx, owner, which)
		if err != nil {
			return err
		}
		return s.delete(ctx, tx, c)
	})
}

func (s *Service) delete(ctx context.Context, tx *db.Tx, c *Collection) error {
	items, err := itemsIn(ctx, tx, []id.Collection{c.ID})
	if err != nil {
		return err
	}
	gone := Deleted{Collection: c.ID, Owner: c.Owner}
	for _, item := range items {
		gone.Accounts = append(gone.Accounts, item.Account)
	}
	if err := remove(ctx, tx, c.ID); err != nil {
		return err
	}
	return tx.Emit(gone)
}

// Remove takes an account out of a member's own collection; it can be put in again.
func (s *Service) Remove(ctx context.Context, owner id.Account, which id.Collection, item id.CollectionItem) error {
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		if _, err := own(ctx, tx, owner, which); err != nil {
			return err
		}
		found, err := itemOf(ctx, tx, which, item)
		if err != nil {
			return err
		}
		if err := touch(ctx, tx, which); err != nil {
			return err
		}
		return s.takeOut(ctx, tx, found)
	})
}

// takeOut removes an item as if it had never been there.
func (s *Service) takeOut(ctx context.Context, tx *db.Tx, item *Item) error {
	if err := removeItem(ctx, tx, item.ID); err != nil {
		return err
	}
	return tx.Emit(Left{item.ID, item.Collection, item.Account, item.State == Accepted})
}

// Revoke takes the member themselves out of somebody's collection, for good.
func (s *Service) Revoke(ctx context.Context, who id.Account, which id.Collection, item id.CollectionItem) error {
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		found, err := itemOf(ctx, tx, which, item)
		if err != nil {
			return err
		}
		if found.Account != who {
			return fault.New(fault.Forbidden, "This action is not allowed")
		}
		return s.revoke(ctx, tx, found)
	})
}

func (s *Service) revoke(ctx context.Context, tx *db.Tx, item *Item) error {
	if item.State == Revoked {
		return nil
	}
	if err := setState(ctx, tx, item.ID, Revoked); err != nil {
		return err
	}
	return tx.Emit(Left{item.ID, item.Collection, item.Account, item.State == Accepted})
}

// Part ends the featuring of two accounts of each other after one blocked the other.
func (s *Service) Part(ctx context.Context, e relationships.Blocked) error {
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		apart, err := relationships.Apart(ctx, tx, e.Blocker, []id.Account{e.Target})
		if err != nil || !apart[e.Target] {
			return err
		}
		between, err := itemsBetween(ctx, tx, e.Blocker, e.Target)
		if err != nil {
			return err
		}
		for _, item := range between {
			if err := s.revoke(ctx, tx, item); err != nil {
				return err
			}
		}
		return nil
	})
}

// Members gives a collection, and the accounts of this server that are in it and do not own it.
func (s *Service) Members(ctx context.Context, which id.Collection) (*Collection, []id.Account, error) {
	c, err := one(ctx, s.db, which)
	if err != nil {
		return nil, nil, err
	}
	items, err := itemsIn(ctx, s.db, []id.Collection{which})
	if err != nil {
		return nil, nil, err
	}
	var people []id.Account
	for _, item := range items {
		if item.State == Accepted && item.Account != c.Owner {
			people = append(people, item.Account)
		}
	}
	found, err := s.accounts.ByIDs(ctx, people)
	if err != nil {
		return nil, nil, err
	}
	var here []id.Account
	for _, a := range found {
		if a.Local() {
			here = append(here, a.ID)
		}
	}
	return c, here, nil
}
