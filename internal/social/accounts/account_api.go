package accounts

import (
	"context"
	"encoding/json"
	"fmt"

	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/protocol/mastodon"
	"anancus/internal/social/id"
	"anancus/internal/social/viewer"
)

// maxAtOnce is how many accounts one request may name.
const maxAtOnce = 40

// Neighbours are what rooms above know and an own profile shows.
type Neighbours struct {
	RoleOf   func(role string) mastodon.Role
	Requests func(ctx context.Context, member id.Account) (int64, error)
	Enqueue  func(ctx context.Context, d activitypub.Delivery) error
	Audience func(ctx context.Context, account id.Account) ([]string, error)
	Featured func(ctx context.Context, a *Account) ([]mastodon.FeaturedTag, error) // hashtags on the profile
	// Portraits reads the form of a profile with its pictures; DropPortrait removes the file behind an address that is shown no more.
	Portraits    func(c *viewer.Call) (*Portraits, error)
	DropPortrait func(ctx context.Context, tx *db.Tx, address string) error
	// RemotePortrait gives the address here of an avatar or a header of another server; "" where none is shown.
	RemotePortrait func(a *Account, kind string) string
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
