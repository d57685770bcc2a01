package accounts

import (
	"context"

	"anancus/internal/kit/db"
	"anancus/internal/social/id"
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

// takeDown drops our copies of pictures that an account of another server shows no more. The account's row was written by tx
// before, so that no copy appears meanwhile.
func (s *Service) takeDown(ctx context.Context, tx *db.Tx, account id.Account, avatar, header bool) error {
	if !avatar && !header || s.neighbours.DropPortrait == nil {
		return nil
	}
	keys, err := db.One(ctx, tx, func(r db.Row) (keys [2]string, err error) {
		err = r.Scan(&keys[0], &keys[1])
		return keys, err
	},
		`SELECT avatar_key, header_key FROM accounts WHERE id = $1`, account)
	if err != nil {
		return err
	}
	for i, gone := range []bool{avatar, header} {
		if !gone || keys[i] == "" {
			continue
		}
		if err := s.neighbours.DropPortrait(ctx, tx, s.site.FileURL(keys[i])); err != nil {
			return err
		}
		if _, err := db.Exec(ctx, tx, []string{`UPDATE accounts SET avatar_key = '' WHERE id = $1`, `UPDATE accounts SET header_key = '' WHERE id = $1`}[i], account); err != nil {
			return err
		}
	}
	return nil
}
