package accounts

import (
	"context"

	"anancus/internal/kit/db"
	"anancus/internal/social/viewer"
)

// Portraits are the pictures that came with the form of a profile; nil for those that did not.
type Portraits struct{ Avatar, Header *Portrait }

// Portrait is an avatar or a header that is stored, and shown once Settle ran in the transaction that shows it.
type Portrait struct {
	URL    string
	Settle func(ctx context.Context, tx *db.Tx) error
}

// portraits reads the form of a profile with what pictures it carries.
func (s *Service) portraits(c *viewer.Call) (*Portraits, error) {
	if s.neighbours.Portraits == nil {
		return &Portraits{}, nil
	}
	return s.neighbours.Portraits(c)
}

// hang shows new portraits on a profile and takes down those before.
func (s *Service) hang(ctx context.Context, tx *db.Tx, a *Account, f *ProfileChange) error {
	for _, one := range []struct {
		new  *Portrait
		drop bool
		at   *string
	}{{f.Avatar, f.DropAvatar, &a.AvatarURL}, {f.Header, f.DropHeader, &a.HeaderURL}} {
		if one.new == nil && !one.drop {
			continue
		}
		if s.neighbours.DropPortrait != nil && *one.at != "" {
			if err := s.neighbours.DropPortrait(ctx, tx, *one.at); err != nil {
				return err
			}
		}
		*one.at = ""
		if one.new != nil {
			*one.at = one.new.URL
			if err := one.new.Settle(ctx, tx); err != nil {
				return err
			}
		}
	}
	return nil
}
