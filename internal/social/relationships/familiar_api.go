package relationships

import (
	"encoding/json"
	"fmt"

	"anancus/internal/kit/db"
	"anancus/internal/social/id"
	"anancus/internal/social/viewer"
)

// maxFamiliar bounds the accounts of one request.
const maxFamiliar = 40

// familiar are the people whom the viewer follows and who follow somebody.
type familiar struct {
	ID       string            `json:"id"`
	Accounts []json.RawMessage `json:"accounts"`
}

const familiarSQL = `SELECT f.target_id, f.account_id FROM follows mine
	JOIN accounts a ON a.id = mine.target_id AND NOT a.hide_collections AND a.suspended_at IS NULL AND a.deleted_at IS NULL
	JOIN follows f ON f.account_id = mine.target_id AND f.target_id {in $2}
	WHERE mine.account_id = $1 ORDER BY f.id DESC`

// FamiliarFollowers serves GET /api/v1/accounts/familiar_followers: for each account, who of those the viewer
// follows follows it too. Who hides whom they follow is not told of, and of who hides their followers nobody is.
func (s *Service) FamiliarFollowers(c *viewer.Call) (any, error) {
	var wanted []id.Account
	for _, text := range c.QueryList("id") {
		if one, err := id.Parse[id.Account](text); err == nil && len(wanted) < maxFamiliar {
			wanted = append(wanted, one)
		}
	}
	known, err := s.accounts.ByIDs(c.Context(), wanted)
	if err != nil {
		return nil, err
	}
	list, open := []*familiar{}, []id.Account{}
	at := map[id.Account]*familiar{}
	for _, a := range known {
		if !a.Available() || at[a.ID] != nil {
			continue
		}
		at[a.ID] = &familiar{ID: a.ID.String(), Accounts: []json.RawMessage{}}
		list = append(list, at[a.ID])
		if !a.HideCollections {
			open = append(open, a.ID)
		}
	}
	if len(open) == 0 {
		return list, nil
	}
	type pair struct{ target, follower id.Account }
	pairs, err := db.All(c.Context(), s.db, func(r db.Row) (pair, error) {
		var p pair
		err := r.Scan(&p.target, &p.follower)
		return p, err
	}, familiarSQL, c.Viewer.Account, open)
	if err != nil {
		return nil, fmt.Errorf("familiar followers: %w", err)
	}
	people := make([]id.Account, len(pairs))
	for i, p := range pairs {
		people[i] = p.follower
	}
	shown, err := s.accounts.Shown(c.Context(), people)
	if err != nil {
		return nil, err
	}
	for _, p := range pairs {
		if row := shown[p.follower]; row != nil {
			at[p.target].Accounts = append(at[p.target].Accounts, row)
		}
	}
	return list, nil
}

// IdentityProofs serves GET /api/v1/accounts/{id}/identity_proofs: a thing of the past, always empty.
func (s *Service) IdentityProofs(c *viewer.Call) (any, error) {
	account, err := id.Parse[id.Account](c.Path("id"))
	if err != nil {
		return nil, err
	}
	if _, err := s.accounts.ByID(c.Context(), account); err != nil {
		return nil, err
	}
	return []any{}, nil
}
