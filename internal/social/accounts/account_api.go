package accounts

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/kit/rest"
	"anancus/internal/kit/text"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/protocol/mastodon"
	"anancus/internal/social/id"
	"anancus/internal/social/viewer"
)

// Limits of a profile, Mastodon's.
const (
	MaxDisplayName = 30
	MaxNote        = 500
	MaxFields      = 4
	MaxField       = 255
	maxAtOnce      = 40
)

// Neighbours are what rooms above know and an own profile shows.
type Neighbours struct {
	RoleOf   func(role string) mastodon.Role
	Requests func(ctx context.Context, member id.Account) (int64, error)
	Enqueue  func(ctx context.Context, d activitypub.Delivery) error
	Audience func(ctx context.Context, account id.Account) ([]string, error)
}

// Introduce tells the room of its neighbours; called once at assembly.
func (s *Service) Introduce(n Neighbours) { s.neighbours = n }

// ShowAccount serves GET /api/v1/accounts/{id}.
func (s *Service) ShowAccount(c *viewer.Call) (any, error) {
	wanted, err := id.Parse[id.Account](c.Path("id"))
	if err != nil {
		return nil, err
	}
	rows, err := s.visibleRows(c, []id.Account{wanted})
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, fault.RecordNotFound()
	}
	return rows[0], nil
}

// ShowAccounts serves GET /api/v1/accounts?id[]=….
func (s *Service) ShowAccounts(c *viewer.Call) (any, error) {
	texts := c.QueryList("id")
	if len(texts) > maxAtOnce {
		return nil, fault.New(fault.Invalid, fmt.Sprintf("Validation failed: Too many ids, %d is the limit", maxAtOnce))
	}
	var wanted []id.Account
	for _, text := range texts {
		if one, err := id.Parse[id.Account](text); err == nil {
			wanted = append(wanted, one)
		}
	}
	return s.visibleRows(c, wanted)
}

// visibleRows shows accounts without members who wait for approval or were deleted.
func (s *Service) visibleRows(c *viewer.Call, wanted []id.Account) ([]json.RawMessage, error) {
	shown, err := db.All(c.Context(), s.db, db.Value[id.Account], `SELECT a.id FROM accounts a LEFT JOIN members m ON m.account_id = a.id
		WHERE a.id {in $1} AND a.kind <> 'Application' AND (a.domain <> '' OR (a.deleted_at IS NULL AND m.approved_at IS NOT NULL AND m.confirmed_at IS NOT NULL))`, wanted)
	if err != nil {
		return nil, fmt.Errorf("show accounts: %w", err)
	}
	there := map[id.Account]bool{}
	for _, one := range shown {
		there[one] = true
	}
	ids := make([]id.Account, 0, len(wanted))
	for _, one := range wanted {
		if there[one] {
			ids = append(ids, one)
		}
	}
	return s.Rows(c.Context(), ids)
}

// Lookup serves GET /api/v1/accounts/lookup: a known handle, without asking any server.
func (s *Service) Lookup(c *viewer.Call) (any, error) {
	username, domain, err := SplitHandle(c.Query("acct"))
	if err != nil {
		return nil, fault.RecordNotFound()
	}
	a, err := s.ByHandle(c.Context(), username, domain)
	if err != nil {
		return nil, err
	}
	rows, err := s.visibleRows(c, []id.Account{a.ID})
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, fault.RecordNotFound()
	}
	return rows[0], nil
}

// VerifyCredentials serves GET /api/v1/accounts/verify_credentials.
func (s *Service) VerifyCredentials(c *viewer.Call) (any, error) { return s.own(c) }

func (s *Service) own(c *viewer.Call) (any, error) {
	a, err := s.ByID(c.Context(), c.Viewer.Account)
	if err != nil {
		return nil, err
	}
	m, err := s.Member(c.Context(), a.ID)
	if err != nil {
		return nil, err
	}
	requests, err := s.neighbours.Requests(c.Context(), a.ID)
	if err != nil {
		return nil, err
	}
	return s.PresentOwn(c.Context(), a, m, s.neighbours.RoleOf(m.Role), requests)
}

type profileForm struct {
	DisplayName     *string     `form:"display_name"`
	Note            *string     `form:"note"`
	Avatar          *string     `form:"avatar"`
	Header          *string     `form:"header"`
	Locked          *bool       `form:"locked"`
	Bot             *bool       `form:"bot"`
	Discoverable    *bool       `form:"discoverable"`
	HideCollections *bool       `form:"hide_collections"`
	Indexable       *bool       `form:"indexable"`
	Fields          *[]field    `form:"fields_attributes"`
	Source          *sourceForm `form:"source"`
}

type field struct {
	Name  string `form:"name"`
	Value string `form:"value"`
}

type sourceForm struct {
	Privacy     *string `form:"privacy"`
	Sensitive   *bool   `form:"sensitive"`
	Language    *string `form:"language"`
	QuotePolicy *string `form:"quote_policy"`
}

// UpdateCredentials serves PATCH /api/v1/accounts/update_credentials.
func (s *Service) UpdateCredentials(c *viewer.Call) (any, error) {
	form, err := rest.Decode[profileForm](c)
	if err != nil {
		return nil, err
	}
	if form.Avatar != nil || form.Header != nil {
		return nil, fault.New(fault.Invalid, "Validation failed: This server does not take pictures yet")
	}
	if err := form.check(); err != nil {
		return nil, err
	}
	err = s.db.Tx(c.Context(), func(tx *db.Tx) error {
		a, err := byID(c.Context(), tx, c.Viewer.Account)
		if err != nil {
			return err
		}
		m, err := memberByID(c.Context(), tx, c.Viewer.Account)
		if err != nil {
			return err
		}
		form.lay(a, m)
		a.UpdatedAt = tx.Now()
		if err := update(c.Context(), tx, a); err != nil {
			return err
		}
		_, err = db.Exec(c.Context(), tx, `UPDATE members SET default_visibility = $2, default_sensitive = $3, default_language = $4, default_quote_policy = $5 WHERE account_id = $1`,
			m.Account, m.DefaultVisibility, m.DefaultSensitive, m.DefaultLanguage, m.DefaultQuotePolicy)
		if err != nil {
			return err
		}
		return tx.Emit(ProfileChanged{a.ID, clock.Milli(tx.Now())})
	})
	if err != nil {
		return nil, fmt.Errorf("update profile: %w", err)
	}
	return s.own(c)
}

// ProfileChanged is the event of a member changing their profile; other servers are told.
type ProfileChanged struct {
	Account id.Account
	At      int64
}

func (f *profileForm) check() error {
	switch {
	case f.DisplayName != nil && utf8.RuneCountInString(*f.DisplayName) > MaxDisplayName:
		return fault.New(fault.Invalid, fmt.Sprintf("Validation failed: Display name is too long (maximum is %d characters)", MaxDisplayName))
	case f.Note != nil && text.Count("", *f.Note) > MaxNote:
		return fault.New(fault.Invalid, fmt.Sprintf("Validation failed: Note is too long (maximum is %d characters)", MaxNote))
	case f.Fields != nil && len(*f.Fields) > MaxFields:
		return fault.New(fault.Invalid, fmt.Sprintf("Validation failed: Too many profile fields (maximum is %d)", MaxFields))
	}
	if f.Fields != nil {
		for _, one := range *f.Fields {
			if utf8.RuneCountInString(one.Name) > MaxField || utf8.RuneCountInString(one.Value) > MaxField {
				return fault.New(fault.Invalid, fmt.Sprintf("Validation failed: A profile field is too long (maximum is %d characters)", MaxField))
			}
			if one.Name == "" && one.Value != "" {
				return fault.New(fault.Invalid, "Validation failed: A profile field with a value needs a name")
			}
		}
	}
	if f.Source != nil && f.Source.Privacy != nil {
		switch *f.Source.Privacy {
		case "public", "unlisted", "private":
		default:
			return fault.New(fault.Invalid, "Validation failed: Default visibility is not one of public, unlisted, private")
		}
	}
	if f.Source != nil && f.Source.QuotePolicy != nil {
		switch *f.Source.QuotePolicy {
		case "public", "followers", "nobody":
		default:
			return fault.New(fault.Invalid, "Validation failed: Default quote policy is not one of public, followers, nobody")
		}
	}
	if f.Source != nil && f.Source.Language != nil && *f.Source.Language != "" {
		if _, ok := text.Language(*f.Source.Language); !ok {
			return fault.New(fault.Invalid, "Validation failed: Default language is not a known language")
		}
	}
	return nil
}

// lay puts what was sent over what is; what was not sent stays.
func (f *profileForm) lay(a *Account, m *Member) {
	put(&a.DisplayName, f.DisplayName)
	a.DisplayName = strings.TrimSpace(text.StripControl(a.DisplayName))
	put(&a.Note, f.Note)
	put(&a.Locked, f.Locked)
	put(&a.HideCollections, f.HideCollections)
	put(&a.Indexable, f.Indexable)
	if f.Discoverable != nil {
		a.Discoverable = f.Discoverable
	}
	if f.Bot != nil {
		a.Bot, a.Kind = *f.Bot, "Person"
		if a.Bot {
			a.Kind = "Service"
		}
	}
	if f.Fields != nil {
		a.Fields = nil
		for _, one := range *f.Fields {
			if one.Name != "" {
				a.Fields = append(a.Fields, Field{Name: text.StripControl(one.Name), Value: text.StripControl(one.Value)})
			}
		}
	}
	if f.Source != nil {
		put(&m.DefaultVisibility, f.Source.Privacy)
		put(&m.DefaultSensitive, f.Source.Sensitive)
		put(&m.DefaultQuotePolicy, f.Source.QuotePolicy)
		if f.Source.Language != nil {
			m.DefaultLanguage, _ = text.Language(*f.Source.Language)
		}
	}
}

func put[T any](into *T, value *T) {
	if value != nil {
		*into = *value
	}
}
