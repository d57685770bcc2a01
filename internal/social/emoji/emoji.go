// Package emoji knows custom emoji: ours, which keepers choose, and those that texts of other servers use. It says what a shortcode
// in a text stands for. Their files are kept by the room of media, which the assembly introduces.
package emoji

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/kit/text"
	"anancus/internal/social/id"
	"anancus/internal/social/settings"
)

// Limits, Mastodon's where it has any (behaviours.md §17).
const (
	MinShortcode    = 2
	MaxShortcode    = 128 // of ours
	maxToldCode     = 2048
	MaxPictureBytes = 256 << 10
	maxCategory     = 255
	maxOurs         = 20_000 // all of them are kept in memory
	maxOfDomain     = 20_000 // of one other server
	maxInText       = 200    // different ones that one account or status shows
)

// Name is what an emoji is known by: shortcodes mean something else on each server.
type Name struct {
	Domain    string // "" for ours
	Shortcode string // without colons
}

// String writes the name as keepers do.
func (n Name) String() string {
	if n.Domain == "" {
		return n.Shortcode
	}
	return n.Shortcode + "@" + n.Domain
}

// Emoji is a custom emoji, ours or of another server.
type Emoji struct {
	ID id.Emoji
	Name
	URI        string // its id elsewhere
	Remote     string // where its picture is elsewhere
	PictureKey string // "" while no file is kept
	StaticKey  string // of the still picture of one that moves
	Type       string // media type of the file
	Category   string // "" for none
	Featured   bool   // stands for its category
	Listed     bool   // offered when people choose
	Disabled   bool   // shown nowhere
	ToldAt     time.Time
	CreatedAt  time.Time
	UpdatedAt  time.Time
}

// Local tells whether it is ours.
func (e *Emoji) Local() bool { return e.Domain == "" }

// The events of this room.
type (
	// Changed tells that emoji came, went, or look different now.
	Changed struct {
		Domain     string
		Shortcodes []string
	}
	// Removed tells that one of ours is gone.
	Removed struct{ Shortcode string }
)

// Pictures keep the files of emoji.
type Pictures struct {
	// Draw keeps the picture of one of ours.
	Draw func(ctx context.Context, of id.Emoji, picture []byte) (*Picture, error)
	// Drop removes files that are shown no more.
	Drop func(ctx context.Context, tx *db.Tx, keys ...string) error
	// Addresses are where the picture and its still form are shown; "" where neither is.
	Addresses func(e *Emoji) (picture, static string)
	// Copy sees to it that the file of one of another server is kept here.
	Copy func(ctx context.Context, which id.Emoji) error
	// Read gives a file.
	Read func(ctx context.Context, key string) ([]byte, error)
}

// Picture is a file that is kept, and shown once Settle ran in the transaction that shows it.
type Picture struct {
	Key    string
	Static string // "" where the picture is still
	Type   string
	Settle func(ctx context.Context, tx *db.Tx) error
}

// Service is the room of emoji. A nil one knows none.
type Service struct {
	db       *db.DB
	clock    clock.Clock
	site     settings.Site
	pictures Pictures
	known    *memory // of other servers

	mu    sync.Mutex
	ours  *ours // nil: to be read
	epoch uint64
}

// New opens the room.
func New(d *db.DB, c clock.Clock, site settings.Site) *Service {
	return &Service{db: d, clock: c, site: site, known: newMemory()}
}

// Introduce says who keeps the files.
func (s *Service) Introduce(p Pictures) { s.pictures = p }

// ParseName reads blob, :blob:, blob@there.example. Our own domain is nobody else's.
func (s *Service) ParseName(words string) (Name, error) {
	shortcode, domain, _ := strings.Cut(strings.TrimSpace(words), "@")
	n := Name{Shortcode: strings.Trim(shortcode, ":")}
	if domain == "" || s.site.IsLocal(domain) {
		return n, nil
	}
	var err error
	if n.Domain, err = text.NormalizeDomain(domain); err != nil {
		return n, fault.New(fault.Invalid, fmt.Sprintf("%.100q is no domain", domain))
	}
	return n, nil
}

// Codes lists the shortcodes in some texts, each once.
func Codes(texts ...string) []string {
	all := strings.Join(texts, "\n")
	if strings.Count(all, ":") < 2 {
		return nil
	}
	codes := text.EmojiCodes(all)
	return codes[:min(len(codes), maxInText)]
}

// isShortcode tells whether a text can name an emoji at all.
// IsShortcode tells whether a text can name a custom emoji.
func IsShortcode(code string) bool { return isShortcode(code) }

func isShortcode(code string) bool {
	return len(code) >= MinShortcode && strings.Trim(code, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == ""
}

// checkShortcode refuses what one of ours cannot be called, in Mastodon's words.
func checkShortcode(code string) error {
	switch {
	case len(code) < MinShortcode:
		return fault.New(fault.Invalid, fmt.Sprintf("Validation failed: Shortcode is too short (minimum is %d characters)", MinShortcode))
	case len(code) > MaxShortcode:
		return fault.New(fault.Invalid, fmt.Sprintf("Validation failed: Shortcode is too long (maximum is %d characters)", MaxShortcode))
	case !isShortcode(code):
		return fault.New(fault.Invalid, "Validation failed: Shortcode is invalid: it can hold the letters a to z, digits and underscores")
	}
	return nil
}
