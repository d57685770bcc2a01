package emoji

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/maphash"
	"maps"
	"slices"

	"anancus/internal/kit/memo"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/protocol/mastodon"
)

// Shown is an emoji as clients see it.
type Shown struct {
	Entity mastodon.CustomEmoji
	JSON   json.RawMessage // the same, encoded
	tag    activitypub.Tag // of ours
}

// Found is what some names stand for. Names that stand for nothing are absent.
type Found map[Name]*Shown

// Entities lists those with these shortcodes; never nil.
func (f Found) Entities(domain string, codes []string) []mastodon.CustomEmoji {
	list := []mastodon.CustomEmoji{}
	for _, code := range codes {
		if one := f[Name{domain, code}]; one != nil {
			list = append(list, one.Entity)
		}
	}
	return list
}

// Append writes those with these shortcodes as a list in JSON.
func (f Found) Append(b []byte, domain string, codes []string) []byte {
	b = append(b, '[')
	empty := true
	for _, code := range codes {
		if one := f[Name{domain, code}]; one != nil {
			if !empty {
				b = append(b, ',')
			}
			b, empty = append(b, one.JSON...), false
		}
	}
	return append(b, ']')
}

// ours are all emoji of this server.
type ours struct {
	byCode map[string]*Shown
	listed json.RawMessage
}

// slot is where a name of another server is remembered: a hash, so that values say whose they are.
type slot int64

type remembered struct {
	Name
	shown *Shown // nil: it stands for nothing
}

type memory struct {
	*memo.Memo[slot, remembered]
	seed maphash.Seed
}

// memoryBytes are what is remembered of emoji of other servers: some ten thousand.
const memoryBytes = 6 << 20

func newMemory() *memory {
	return &memory{seed: maphash.MakeSeed(), Memo: memo.New[slot](memoryBytes, func(r remembered) uint32 {
		size := len(r.Domain) + len(r.Shortcode)
		if r.shown != nil {
			size += 3*len(r.shown.JSON) + 200
		}
		return uint32(size)
	})}
}

func (m *memory) slot(n Name) slot { return slot(maphash.Comparable(m.seed, n)) }

// Of tells what names stand for: ours from memory, those of other servers too when they were shown lately, and else all in one query.
func (s *Service) Of(ctx context.Context, names []Name) (Found, error) {
	if s == nil || len(names) == 0 {
		return nil, nil
	}
	found := Found{}
	wanted := map[slot]Name{}
	for _, n := range names {
		if n.Domain != "" {
			wanted[s.known.slot(n)] = n
			continue
		}
		here, err := s.here(ctx)
		if err != nil {
			return nil, err
		}
		if one := here.byCode[n.Shortcode]; one != nil {
			found[n] = one
		}
	}
	if len(wanted) == 0 {
		return found, nil
	}
	slots := make([]slot, 0, len(wanted))
	for at := range wanted {
		slots = append(slots, at)
	}
	kept, err := s.known.All(slots, func(missing []slot) (map[slot]remembered, error) { return s.read(ctx, wanted, missing) })
	if err != nil {
		return nil, fmt.Errorf("emoji of other servers: %w", err)
	}
	for at, one := range kept {
		if one.shown != nil && one.Name == wanted[at] {
			found[one.Name] = one.shown
		}
	}
	return found, nil
}

// InTexts is Of for the texts of one author.
func (s *Service) InTexts(ctx context.Context, domain string, texts ...string) ([]mastodon.CustomEmoji, error) {
	codes := Codes(texts...)
	found, err := s.Of(ctx, Names(domain, codes))
	return found.Entities(domain, codes), err
}

// Names are the names of shortcodes on one server.
func Names(domain string, codes []string) []Name {
	names := make([]Name, len(codes))
	for i, code := range codes {
		names[i] = Name{domain, code}
	}
	return names
}

func (s *Service) read(ctx context.Context, wanted map[slot]Name, missing []slot) (map[slot]remembered, error) {
	out := make(map[slot]remembered, len(missing))
	domains, codes := map[string]bool{}, map[string]bool{}
	for _, at := range missing {
		n := wanted[at]
		out[at] = remembered{Name: n}
		domains[n.Domain], codes[n.Shortcode] = true, true
	}
	rows, err := named(ctx, s.db, slices.Collect(maps.Keys(domains)), slices.Collect(maps.Keys(codes)))
	if err != nil {
		return nil, err
	}
	for _, e := range rows {
		at := s.known.slot(e.Name)
		if _, asked := out[at]; !asked || e.Disabled {
			continue
		}
		one, err := s.show(e)
		if err != nil {
			return nil, err
		}
		out[at] = remembered{e.Name, one}
	}
	return out, nil
}

// show encodes an emoji; nil for one that has no picture to show.
func (s *Service) show(e *Emoji) (*Shown, error) {
	picture, static := s.pictures.Addresses(e)
	if picture == "" {
		return nil, nil
	}
	one := &Shown{Entity: mastodon.CustomEmoji{Shortcode: e.Shortcode, URL: picture, StaticURL: static, VisibleInPicker: e.Listed}}
	var err error
	one.JSON, err = activitypub.Encode(one.Entity)
	if e.Local() {
		one.tag = s.tag(e, picture)
	}
	return one, err
}

// here gives all of ours, read when they changed.
func (s *Service) here(ctx context.Context) (*ours, error) {
	s.mu.Lock()
	kept, epoch := s.ours, s.epoch
	s.mu.Unlock()
	if kept != nil {
		return kept, nil
	}
	rows, err := allOf(ctx, s.db, "", maxOurs)
	if err != nil {
		return nil, fmt.Errorf("emoji of this server: %w", err)
	}
	kept = &ours{byCode: make(map[string]*Shown, len(rows))}
	list := []mastodon.CustomEmoji{}
	for _, e := range rows {
		if e.Disabled {
			continue
		}
		one, err := s.show(e)
		if err != nil {
			return nil, err
		}
		if one == nil {
			continue
		}
		kept.byCode[e.Shortcode] = one
		if e.Listed {
			entity := one.Entity
			if e.Category != "" {
				entity.Category, entity.Featured = e.Category, &e.Featured
			}
			list = append(list, entity)
		}
	}
	if kept.listed, err = activitypub.Encode(list); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.epoch == epoch { // else they changed while they were read
		s.ours = kept
	}
	return kept, nil
}

// Warm reads ours, so that the first reader need not.
func (s *Service) Warm(ctx context.Context) error {
	_, err := s.here(ctx)
	return err
}

// Forget drops what is remembered of emoji that changed.
func (s *Service) Forget(domain string, codes ...string) {
	if domain != "" {
		for _, code := range codes {
			s.known.Forget(s.known.slot(Name{domain, code}))
		}
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ours, s.epoch = nil, s.epoch+1
}

// ForgetAll drops what is remembered of all emoji.
func (s *Service) ForgetAll() {
	s.known.Clear()
	s.Forget("")
}
