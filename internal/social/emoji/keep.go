package emoji

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/kit/text"
	"anancus/internal/social/id"
)

// Draft is an emoji that a keeper adds.
type Draft struct {
	Shortcode string
	Picture   []byte // PNG, GIF or WebP
	Category  string
	Unlisted  bool
	Overwrite bool // one of the same shortcode is replaced
}

// Change is what a keeper wishes to be different about an emoji; nil leaves a thing as it is.
type Change struct {
	Picture  []byte
	Category *string
	Featured *bool
	Listed   *bool
	Disabled *bool
}

// checkCategory tidies the name of a category.
func checkCategory(category string) (string, error) {
	category = strings.TrimSpace(text.StripControl(category))
	if utf8.RuneCountInString(category) > maxCategory {
		return "", fault.New(fault.Invalid, fmt.Sprintf("Validation failed: Category is too long (maximum is %d characters)", maxCategory))
	}
	return category, nil
}

func checkPicture(picture []byte) error {
	switch {
	case len(picture) == 0:
		return fault.New(fault.Invalid, "Validation failed: Image can't be blank")
	case len(picture) > MaxPictureBytes:
		return fault.New(fault.Invalid, fmt.Sprintf("Validation failed: Image must be at most %d KB", MaxPictureBytes>>10))
	}
	return nil
}

// Add makes an emoji of ours, or replaces one where that is asked for.
func (s *Service) Add(ctx context.Context, d Draft) (*Emoji, error) {
	d.Shortcode = strings.Trim(d.Shortcode, ":")
	if err := checkShortcode(d.Shortcode); err != nil {
		return nil, err
	}
	if err := checkPicture(d.Picture); err != nil {
		return nil, err
	}
	var err error
	if d.Category, err = checkCategory(d.Category); err != nil {
		return nil, err
	}
	which := id.Emoji(s.db.IDAt(s.clock.Now()))
	known, err := byName(ctx, s.db, Name{Shortcode: d.Shortcode})
	switch {
	case err == nil && !d.Overwrite:
		return nil, taken(d.Shortcode)
	case err == nil:
		which = known.ID
	case !fault.Is(err, fault.NotFound):
		return nil, err
	}
	picture, err := s.pictures.Draw(ctx, which, d.Picture)
	if err != nil {
		return nil, err
	}
	var made *Emoji
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		made = &Emoji{ID: which, Name: Name{Shortcode: d.Shortcode}, Listed: !d.Unlisted, Category: d.Category, CreatedAt: tx.Now()}
		before, err := byName(ctx, tx, made.Name)
		switch {
		case err == nil && before.ID != which:
			return taken(d.Shortcode)
		case err == nil:
			made.CreatedAt, made.Featured, made.Disabled = before.CreatedAt, before.Featured && before.Category == d.Category, before.Disabled
			if err := s.pictures.Drop(ctx, tx, before.PictureKey, before.StaticKey); err != nil {
				return err
			}
		case !fault.Is(err, fault.NotFound):
			return err
		}
		if before == nil {
			n, err := countOf(ctx, tx, "")
			if err != nil {
				return err
			}
			if n >= maxOurs {
				return fault.New(fault.Invalid, fmt.Sprintf("This server has %d emoji, and can have no more", n))
			}
		}
		return s.store(ctx, tx, made, picture)
	})
	if err != nil {
		return nil, fmt.Errorf("add emoji: %w", err)
	}
	return made, nil
}

func taken(code string) error {
	return fault.New(fault.Invalid, "Validation failed: Shortcode has already been taken: :"+code+":")
}

// store writes an emoji of ours, with a new picture where there is one, and tells.
func (s *Service) store(ctx context.Context, tx *db.Tx, e *Emoji, picture *Picture) error {
	if picture != nil {
		e.PictureKey, e.StaticKey, e.Type = picture.Key, picture.Static, picture.Type
		if err := picture.Settle(ctx, tx); err != nil {
			return err
		}
	}
	e.UpdatedAt = tx.Now()
	stored, err := put(ctx, tx, e)
	if err != nil {
		return err
	}
	if !stored {
		return taken(e.Shortcode)
	}
	return tx.Emit(Changed{e.Domain, []string{e.Shortcode}})
}

// Alter changes an emoji. Those of other servers can only be disabled and enabled.
func (s *Service) Alter(ctx context.Context, n Name, ch Change) (*Emoji, error) {
	known, err := byName(ctx, s.db, n)
	if err != nil {
		return nil, missing(err, n)
	}
	if !known.Local() && (ch.Picture != nil || ch.Category != nil || ch.Featured != nil || ch.Listed != nil) {
		return nil, fault.New(fault.Invalid, "An emoji of another server can only be disabled and enabled; copy it to have one of your own")
	}
	if ch.Category != nil {
		category, err := checkCategory(*ch.Category)
		if err != nil {
			return nil, err
		}
		ch.Category = &category
	}
	var picture *Picture
	if ch.Picture != nil {
		if err := checkPicture(ch.Picture); err != nil {
			return nil, err
		}
		if picture, err = s.pictures.Draw(ctx, known.ID, ch.Picture); err != nil {
			return nil, err
		}
	}
	var changed *Emoji
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		e, err := byName(ctx, tx, n)
		if err == nil && e.ID != known.ID {
			err = fault.RecordNotFound()
		}
		if err != nil {
			return missing(err, n)
		}
		if picture != nil {
			if err := s.pictures.Drop(ctx, tx, e.PictureKey, e.StaticKey); err != nil {
				return err
			}
		}
		if ch.Category != nil && *ch.Category != e.Category {
			e.Category, e.Featured = *ch.Category, false
		}
		lay(&e.Featured, ch.Featured)
		lay(&e.Listed, ch.Listed)
		lay(&e.Disabled, ch.Disabled)
		switch {
		case e.Featured && e.Category == "":
			return fault.New(fault.Invalid, "An emoji without a category cannot stand for one")
		case e.Featured:
			if err := unfeature(ctx, tx, e.Category, e.ID); err != nil {
				return err
			}
		}
		changed = e
		return s.store(ctx, tx, e, picture)
	})
	if err != nil {
		return nil, fmt.Errorf("change emoji: %w", err)
	}
	return changed, nil
}

func lay(into, value *bool) {
	if value != nil {
		*into = *value
	}
}

func missing(err error, n Name) error {
	if fault.Is(err, fault.NotFound) {
		return fault.New(fault.NotFound, "There is no emoji "+n.String())
	}
	return err
}

// Remove deletes an emoji and its files. One of another server comes back when it is used again; to hide it for good it is disabled.
func (s *Service) Remove(ctx context.Context, n Name) error {
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		e, err := byName(ctx, tx, n)
		if err != nil {
			return missing(err, n)
		}
		if err := remove(ctx, tx, e.ID); err != nil {
			return err
		}
		if err := s.pictures.Drop(ctx, tx, e.PictureKey, e.StaticKey); err != nil {
			return err
		}
		if e.Local() {
			if err := tx.Emit(Removed{e.Shortcode}); err != nil {
				return err
			}
		}
		return tx.Emit(Changed{e.Domain, []string{e.Shortcode}})
	})
	if err != nil {
		return fmt.Errorf("remove emoji: %w", err)
	}
	return nil
}

// Read gives an emoji with its picture, which is fetched when it is elsewhere.
func (s *Service) Read(ctx context.Context, n Name) (*Emoji, []byte, error) {
	e, err := byName(ctx, s.db, n)
	if err != nil {
		return nil, nil, missing(err, n)
	}
	if e.PictureKey == "" {
		if err := s.pictures.Copy(ctx, e.ID); err != nil {
			return nil, nil, fmt.Errorf("fetch emoji %s: %w", n, err)
		}
		if e, err = byName(ctx, s.db, n); err != nil {
			return nil, nil, missing(err, n)
		}
	}
	if e.PictureKey == "" {
		return nil, nil, fault.New(fault.Unavailable, "The picture of "+n.String()+" cannot be kept here: its server's media are not")
	}
	body, err := s.pictures.Read(ctx, e.PictureKey)
	return e, body, err
}

// Adopt makes one of ours of an emoji of another server.
func (s *Service) Adopt(ctx context.Context, n Name, d Draft) (*Emoji, error) {
	if n.Domain == "" {
		return nil, fault.New(fault.Invalid, "Say of which server it is, as blob@there.example")
	}
	_, picture, err := s.Read(ctx, n)
	if err != nil {
		return nil, err
	}
	if d.Shortcode == "" {
		d.Shortcode = n.Shortcode
	}
	d.Picture = picture
	return s.Add(ctx, d)
}

// Listing says which emoji a keeper looks at, and after which.
type Listing struct {
	Domain   string // "" for ours
	Remote   bool   // those of all other servers
	Category string // of ours; "" for all
	After    Name
	Limit    int
}

// List gives some emoji in the order of their names.
func (s *Service) List(ctx context.Context, l Listing) ([]*Emoji, error) {
	if l.Remote {
		return elsewhere(ctx, s.db, l.After, l.Limit)
	}
	return ofDomain(ctx, s.db, Name{l.Domain, l.After.Shortcode}, l.Category, l.Limit)
}

// Address is where the picture of an emoji is shown; "" where it is not.
func (s *Service) Address(e *Emoji) string {
	picture, _ := s.pictures.Addresses(e)
	return picture
}
