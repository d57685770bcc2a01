// Package domains knows what keepers decided about other servers: which of them are limited or suspended, whose media or reports are not
// wanted, and, where federation is limited, with whom alone this server speaks. It stands low, so that every door can ask it.
package domains

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/kit/text"
	"anancus/internal/social/id"
	"anancus/internal/social/settings"
)

// Severity is what is done about the people of a server, in the API's words.
type Severity string

// The severities.
const (
	Noop    Severity = "noop"    // nothing: only its media or reports are not wanted
	Silence Severity = "silence" // all its accounts are limited
	Suspend Severity = "suspend" // there is nothing between it and us
)

// Block is what keepers decided about a server and those below it.
type Block struct {
	ID             id.DomainBlock
	Domain         string
	Severity       Severity
	RejectMedia    bool
	RejectReports  bool
	PrivateComment string // for keepers
	PublicComment  string // for whoever may read why
	Obfuscate      bool   // its name is shown in part
	CreatedAt      time.Time
	UpdatedAt      time.Time
}

// Changed is the event of keepers deciding about servers, or taking it back: what holds for their accounts is to be settled.
type Changed struct{ Domains []string }

// AllowsChanged is the event of a change in the list of allowed servers.
type AllowsChanged struct{}

// maxComment bounds what keepers write of a server.
const maxComment = 5000

// Check completes a block before it is stored, and refuses what breaks a rule.
func (b *Block) check(site settings.Site) error {
	name, err := Name(site, b.Domain)
	if err != nil {
		return err
	}
	b.Domain = name
	b.PrivateComment, b.PublicComment = strings.TrimSpace(b.PrivateComment), strings.TrimSpace(b.PublicComment)
	switch b.Severity {
	case Noop, Silence, Suspend:
	default:
		return fault.New(fault.Invalid, "Validation failed: Severity is not one of noop, silence, suspend")
	}
	if utf8.RuneCountInString(b.PrivateComment) > maxComment || utf8.RuneCountInString(b.PublicComment) > maxComment {
		return fault.New(fault.Invalid, fmt.Sprintf("Validation failed: Comment is too long (maximum is %d characters)", maxComment))
	}
	return nil
}

// Name gives the one spelling of another server's name, and refuses what is none, or ours.
func Name(site settings.Site, domain string) (string, error) {
	if strings.TrimSpace(domain) == "" {
		return "", fault.New(fault.Invalid, "Validation failed: Domain can't be blank")
	}
	name, err := text.NormalizeDomain(strings.TrimSpace(domain))
	if err != nil {
		return "", fault.New(fault.Invalid, fmt.Sprintf("Validation failed: Domain %.100q is not a valid domain name", domain))
	}
	for _, own := range []string{site.Domain, site.WebDomain, site.MediaHost} { // also what would take ours along
		own = strings.ToLower(own)
		if bare, _, _ := strings.Cut(own, ":"); own == name || bare == name || strings.HasSuffix(bare, "."+name) {
			return "", fault.New(fault.Invalid, "Validation failed: Domain is this server itself")
		}
	}
	return name, nil
}

// Digest is by what people recognise a name that they know already.
func (b *Block) Digest() string {
	sum := sha256.Sum256([]byte(b.Domain))
	return hex.EncodeToString(sum[:])
}

// Shown is the name as everybody may read it: of an obfuscated one the first and the last quarter, and the dots.
func (b *Block) Shown() string {
	if !b.Obfuscate {
		return b.Domain
	}
	runes := []rune(b.Domain)
	seen := len(runes) / 4
	for i, r := range runes {
		if i > seen && i < len(runes)-seen && r != '.' {
			runes[i] = '*'
		}
	}
	return string(runes)
}

// Service is the room of what is decided about other servers. It answers from memory.
type Service struct {
	db       *db.DB
	site     settings.Site
	settings *settings.Service
	now      atomic.Pointer[decided]
}

// decided is everything that keepers decided.
type decided struct {
	blocks map[string]*Block
	allows map[string]bool
}

// New opens the room; Load must be called before it is asked.
func New(d *db.DB, s *settings.Service) *Service {
	room := &Service{db: d, site: s.Site(), settings: s}
	room.now.Store(&decided{})
	return room
}

// Load reads what keepers decided.
func (s *Service) Load(ctx context.Context) error {
	blocks, err := allBlocks(ctx, s.db)
	if err != nil {
		return fmt.Errorf("read blocks of domains: %w", err)
	}
	allows, err := allAllows(ctx, s.db)
	if err != nil {
		return fmt.Errorf("read allowed domains: %w", err)
	}
	now := &decided{blocks: make(map[string]*Block, len(blocks)), allows: make(map[string]bool, len(allows))}
	for _, b := range blocks {
		now.blocks[b.Domain] = b
	}
	for _, a := range allows {
		now.allows[a.Domain] = true
	}
	s.now.Store(now)
	return nil
}

// Of gives what was decided about a host: of its own name, or else of the nearest above it. Nil when nothing was.
func (s *Service) Of(host string) *Block {
	if s == nil {
		return nil
	}
	blocks := s.now.Load().blocks
	if len(blocks) == 0 || host == "" {
		return nil
	}
	var found *Block
	each(host, func(name string) bool {
		found = blocks[name]
		return found == nil
	})
	return found
}

// each names a host, without its port, and everything above it until it is told enough. However a host is spelt, it is one.
func each(host string, more func(name string) bool) {
	name, err := text.NormalizeDomain(host)
	if err != nil {
		name = strings.ToLower(strings.TrimSuffix(host, "."))
	}
	if !more(name) {
		return
	}
	bare, _, ported := strings.Cut(name, ":")
	if ported && !more(bare) {
		return
	}
	for {
		var above bool
		if _, bare, above = strings.Cut(bare, "."); !above || !more(bare) {
			return
		}
	}
}

// Covers tells whether a block of a name holds for a host.
func Covers(name, host string) bool {
	covered := false
	each(host, func(one string) bool {
		covered = one == name
		return !covered
	})
	return covered
}

// Suspends tells whether there may be nothing between a host and us.
func (s *Service) Suspends(host string) bool {
	b := s.Of(host)
	return b != nil && b.Severity == Suspend
}

// Limits tells whether all accounts of a server are limited.
func (s *Service) Limits(host string) bool {
	b := s.Of(host)
	return b != nil && b.Severity == Silence
}

// RejectsMedia tells whether the media of a server are neither asked for nor shown.
func (s *Service) RejectsMedia(host string) bool {
	b := s.Of(host)
	return b != nil && (b.RejectMedia || b.Severity == Suspend)
}

// RejectsReports tells whether reports of a server are dropped.
func (s *Service) RejectsReports(host string) bool {
	b := s.Of(host)
	return b != nil && (b.RejectReports || b.Severity == Suspend)
}

// Refuses tells whether nothing is taken from a host, nor asked of it or sent there: it is suspended, or, where federation is limited, not
// on the list.
func (s *Service) Refuses(host string) bool {
	if s == nil || host == "" || s.site.IsLocal(host) {
		return false
	}
	if s.settings.Now().LimitedFederation && !s.Allowed(host) {
		return true
	}
	return s.Suspends(host)
}

// Allowed tells whether a host is on the list of those that are spoken with while federation is limited.
func (s *Service) Allowed(host string) bool {
	name, err := text.NormalizeDomain(host)
	return err == nil && s.now.Load().allows[name]
}

// Refusal is what a server is told that is refused.
func Refusal() error {
	return fault.New(fault.Forbidden, "This server does not speak with yours")
}

// RefuseFetch keeps requests of all kinds from suspended servers: their documents, pages and files.
func (s *Service) RefuseFetch(host string) error {
	if s.Suspends(host) {
		return fault.New(fault.Forbidden, host+" is suspended here")
	}
	return nil
}

// RefuseFederation keeps requests for documents from all servers that are not spoken with.
func (s *Service) RefuseFederation(host string) error {
	if s.Refuses(host) {
		return fault.New(fault.Forbidden, host+" is not spoken with from here")
	}
	return nil
}
