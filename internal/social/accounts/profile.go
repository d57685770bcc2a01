package accounts

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/text"
	"anancus/internal/social/id"
)

// Limits of a profile, Mastodon's.
const (
	MaxDisplayName        = 30
	MaxNote               = 500
	MaxFields             = 4
	MaxField              = 255
	MaxPictureDescription = 150
	maxAttributionDomains = 100
)

// ProfileChange is what a member wishes to change; nil leaves a thing as it is.
type ProfileChange struct {
	DisplayName        *string
	Note               *string
	AvatarDescription  *string
	HeaderDescription  *string
	Avatar, Header     *Portrait // nil: as it is
	DropAvatar         bool
	DropHeader         bool
	Locked             *bool
	Bot                *bool
	Discoverable       *bool
	HideCollections    *bool
	Indexable          *bool
	ShowMedia          *bool
	ShowMediaReplies   *bool
	ShowFeatured       *bool
	AttributionDomains *[]string
	Fields             *[]Field

	// Defaults of what the member writes.
	Visibility  *string
	Sensitive   *bool
	Language    *string
	QuotePolicy *string
}

// ProfileChanged is the event of a member changing their profile; other servers are told.
type ProfileChanged struct {
	Account id.Account
	At      int64
	// Unlocked tells that whoever wants to follow needs no answer any more.
	Unlocked bool
}

// ChangeProfile changes a member's profile and defaults.
func (s *Service) ChangeProfile(ctx context.Context, member id.Account, change ProfileChange) error {
	change.tidy()
	if err := change.check().Fault(); err != nil {
		return err
	}
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		a, err := byID(ctx, tx, member)
		if err != nil {
			return err
		}
		m, err := memberByID(ctx, tx, member)
		if err != nil {
			return err
		}
		locked := a.Locked
		if err := s.hang(ctx, tx, a, &change); err != nil {
			return err
		}
		before := a.Fields
		change.lay(a, m)
		a.Fields = carryVerified(before, a.Fields)
		a.UpdatedAt = tx.Now()
		if err := update(ctx, tx, a); err != nil {
			return err
		}
		if err := setDefaults(ctx, tx, m); err != nil {
			return err
		}
		if change.Fields != nil {
			if err := s.claimLinks(tx, a); err != nil {
				return err
			}
		}
		return tx.Emit(ProfileChanged{a.ID, clock.Milli(tx.Now()), locked && !a.Locked})
	})
	if err != nil {
		return fmt.Errorf("change profile: %w", err)
	}
	return nil
}

// tidy reads what was sent as people mean it, before its limits are looked at.
func (f *ProfileChange) tidy() {
	if f.Fields != nil {
		var kept []Field
		for _, one := range *f.Fields {
			one = Field{Name: strings.TrimSpace(text.StripControl(one.Name)), Value: strings.TrimSpace(text.StripControl(one.Value))}
			if one != (Field{}) {
				kept = append(kept, one)
			}
		}
		f.Fields = &kept
	}
	if f.AttributionDomains != nil {
		var kept []string
		for _, one := range *f.AttributionDomains {
			one = strings.TrimSpace(one)
			for _, prefix := range []string{"https://", "http://", "*."} {
				one = strings.TrimPrefix(one, prefix)
			}
			one = strings.ToLower(strings.TrimSuffix(one, "/"))
			if one != "" && !slices.Contains(kept, one) {
				kept = append(kept, one)
			}
		}
		f.AttributionDomains = &kept
	}
	if f.DisplayName != nil {
		name := strings.TrimSpace(text.StripControl(*f.DisplayName))
		f.DisplayName = &name
	}
}

func (f *ProfileChange) check() Problems {
	p := Problems{}
	tooLong := func(field string, have, limit int) {
		if have > limit {
			p.Add(field, "ERR_TOO_LONG", fmt.Sprintf("is too long (maximum is %d characters)", limit))
		}
	}
	for field, sent := range map[string]*string{"avatar_description": f.AvatarDescription, "header_description": f.HeaderDescription} {
		if sent != nil {
			tooLong(field, utf8.RuneCountInString(*sent), MaxPictureDescription)
		}
	}
	if f.DisplayName != nil {
		tooLong("display_name", utf8.RuneCountInString(*f.DisplayName), MaxDisplayName)
	}
	if f.Note != nil {
		tooLong("note", text.Count("", *f.Note), MaxNote)
	}
	if f.Fields != nil {
		checkFields(p, *f.Fields)
	}
	if f.AttributionDomains != nil {
		checkDomains(p, *f.AttributionDomains)
	}
	among := func(field string, sent *string, allowed ...string) {
		if sent != nil && !slices.Contains(allowed, *sent) {
			p.Add(field, "ERR_INCLUSION", "is not one of "+strings.Join(allowed, ", "))
		}
	}
	among("default_visibility", f.Visibility, "public", "unlisted", "private")
	among("default_quote_policy", f.QuotePolicy, "public", "followers", "nobody")
	if f.Language != nil && *f.Language != "" {
		if _, ok := text.Language(*f.Language); !ok {
			p.Add("default_language", "ERR_INCLUSION", "is not a known language")
		}
	}
	return p
}

func checkFields(p Problems, fields []Field) {
	if len(fields) > MaxFields {
		p.Add("fields", "ERR_TOO_LONG", fmt.Sprintf("are too many (maximum is %d)", MaxFields))
	}
	for _, one := range fields {
		switch {
		case utf8.RuneCountInString(one.Name) > MaxField || utf8.RuneCountInString(one.Value) > MaxField:
			p.Add("fields", "ERR_TOO_LONG", fmt.Sprintf("have a name or a value that is too long (maximum is %d characters)", MaxField))
		case one.Name == "":
			p.Add("fields", "ERR_BLANK", "have a value without a name")
		}
	}
}

func checkDomains(p Problems, domains []string) {
	if len(domains) > maxAttributionDomains {
		p.Add("attribution_domains", "ERR_TOO_LONG", fmt.Sprintf("are too many (maximum is %d)", maxAttributionDomains))
		return
	}
	for _, one := range domains {
		if _, err := text.NormalizeDomain(one); err != nil || !strings.Contains(one, ".") {
			p.Add("attribution_domains", "ERR_INVALID", fmt.Sprintf("contain %.100s, which is not a valid domain name", one))
		}
	}
}

// lay puts what was sent over what is; what was not sent stays.
func (f *ProfileChange) lay(a *Account, m *Member) {
	put(&a.DisplayName, f.DisplayName)
	put(&a.Note, f.Note)
	put(&a.AvatarDescription, f.AvatarDescription)
	put(&a.HeaderDescription, f.HeaderDescription)
	if f.DropAvatar {
		a.AvatarDescription = ""
	}
	if f.DropHeader {
		a.HeaderDescription = ""
	}
	put(&a.Locked, f.Locked)
	put(&a.HideCollections, f.HideCollections)
	put(&a.Indexable, f.Indexable)
	put(&a.ShowMedia, f.ShowMedia)
	put(&a.ShowMediaReplies, f.ShowMediaReplies)
	put(&a.ShowFeatured, f.ShowFeatured)
	put(&a.AttributionDomains, f.AttributionDomains)
	put(&a.Fields, f.Fields)
	if f.Discoverable != nil {
		a.Discoverable = f.Discoverable
	}
	if f.Bot != nil {
		a.Bot, a.Kind = *f.Bot, "Person"
		if a.Bot {
			a.Kind = "Service"
		}
	}
	put(&m.DefaultVisibility, f.Visibility)
	put(&m.DefaultSensitive, f.Sensitive)
	put(&m.DefaultQuotePolicy, f.QuotePolicy)
	if f.Language != nil {
		m.DefaultLanguage, _ = text.Language(*f.Language)
	}
}

func put[T any](into *T, value *T) {
	if value != nil {
		*into = *value
	}
}
