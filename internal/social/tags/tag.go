// Package tags keeps hashtags: how they were used day by day, who follows them, and
// which of them members show on their profiles.
package tags

import (
	"context"
	"fmt"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/kit/text"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/social/accounts"
	"anancus/internal/social/id"
	"anancus/internal/social/settings"
)

// Tag is one hashtag.
type Tag struct {
	ID    id.Tag // 0: nobody wrote it yet
	Name  string // normalised
	Shown string // as first written
}

// The events of this room.
type (
	// Followed tells that a member follows a hashtag now.
	Followed struct {
		Account id.Account
		Tag     id.Tag
	}
	// Unfollowed tells that a member no longer does.
	Unfollowed struct {
		Account id.Account
		Tag     id.Tag
	}
	// FeaturedChanged tells that an account shows a hashtag on the profile, or no longer does, and since when.
	FeaturedChanged struct {
		Account id.Account
		Tag     id.Tag
		Shown   bool
		At      int64
	}
)

// Service is the room of hashtags.
type Service struct {
	db       *db.DB
	clock    clock.Clock
	site     settings.Site
	accounts *accounts.Service
	courier  Courier
}

// Courier takes activities to other servers.
type Courier interface {
	EnqueueAll(ctx context.Context, d activitypub.Delivery) error
}

// New opens the room.
func New(d *db.DB, c clock.Clock, people *accounts.Service) *Service {
	return &Service{db: d, clock: c, site: people.Site(), accounts: people}
}

// DeliverBy tells the room who takes activities to other servers; called once at assembly.
func (s *Service) DeliverBy(courier Courier) { s.courier = courier }

// named gives the hashtag of a name; one that nobody wrote yet has no id. NotFound for what is no hashtag.
func named(ctx context.Context, q db.Q, name string) (*Tag, error) {
	key := text.TagKey(name)
	if !text.ValidTag(name) || key == "" {
		return nil, fault.RecordNotFound()
	}
	found, err := byName(ctx, q, key)
	if fault.Is(err, fault.NotFound) {
		return &Tag{Name: key, Shown: name}, nil
	}
	return found, err
}

// kept gives the hashtag of a name, and makes it when it is new.
func kept(ctx context.Context, tx *db.Tx, name string) (*Tag, error) {
	tag, err := named(ctx, tx, name)
	if err != nil || tag.ID != 0 {
		return tag, err
	}
	tag.ID, err = put(ctx, tx, tag.Name, tag.Shown)
	return tag, err
}

// Follow brings a hashtag into the member's home feed. Doing it twice changes nothing.
func (s *Service) Follow(ctx context.Context, member id.Account, name string) (*Tag, error) {
	var tag *Tag
	err := s.db.Tx(ctx, func(tx *db.Tx) (err error) {
		if tag, err = kept(ctx, tx, name); err != nil {
			return err
		}
		n, err := db.Exec(ctx, tx, `INSERT INTO tag_follows (id, account_id, tag_id, created_at) VALUES ($1,$2,$3,$4)
			ON CONFLICT (account_id, tag_id) DO NOTHING`, tx.NextID(), member, tag.ID, clock.Milli(tx.Now()))
		if err != nil || n == 0 {
			return err
		}
		return tx.Emit(Followed{member, tag.ID})
	})
	if err != nil {
		return nil, fmt.Errorf("follow hashtag: %w", err)
	}
	return tag, nil
}

// Unfollow ends that. None to end is no error.
func (s *Service) Unfollow(ctx context.Context, member id.Account, name string) (*Tag, error) {
	var tag *Tag
	err := s.db.Tx(ctx, func(tx *db.Tx) (err error) {
		if tag, err = named(ctx, tx, name); err != nil {
			return err
		}
		n, err := db.Exec(ctx, tx, `DELETE FROM tag_follows WHERE account_id = $1 AND tag_id = $2`, member, tag.ID)
		if err != nil || n == 0 {
			return err
		}
		return tx.Emit(Unfollowed{member, tag.ID})
	})
	if err != nil {
		return nil, fmt.Errorf("unfollow hashtag: %w", err)
	}
	return tag, nil
}
