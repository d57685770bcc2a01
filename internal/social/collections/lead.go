package collections

import (
	"context"
	"errors"
	"fmt"

	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/protocol/mastodon"
	"anancus/internal/social/accounts"
	"anancus/internal/social/id"
	"anancus/internal/social/relationships"
	"anancus/internal/social/statuses"
	"anancus/internal/social/viewer"
)

// LeadFrom tells the room about the statuses that lead to collections; called once at assembly.
func (s *Service) LeadFrom(statuses *statuses.Service) { s.statuses = statuses }

// At gives the collections that are known of some addresses: their ids or their pages, exactly.
func (s *Service) At(ctx context.Context, q db.Q, addresses []string) (map[string]id.Collection, error) {
	ours, owners := map[string]id.Collection{}, map[string]string{}
	var numbers []id.Collection
	for _, address := range addresses {
		path, here := s.site.Ours(address)
		if !here {
			continue
		}
		if which, owner, err := readPath(path); err == nil {
			ours[address], owners[address] = which, owner
			numbers = append(numbers, which)
		}
	}
	found, err := atAddresses(ctx, q, numbers, addresses)
	if err != nil {
		return nil, fmt.Errorf("collections at addresses: %w", err)
	}
	known := map[string]id.Collection{}
	for _, c := range found {
		if c.Local() {
			for address, which := range ours {
				if which == c.ID && (owners[address] == "" || owners[address] == c.Owner.String()) {
					known[address] = which
				}
			}
			continue
		}
		for _, address := range []string{c.URI, c.URL} {
			if earlier, taken := known[address]; !taken || c.ID < earlier {
				known[address] = c.ID
			}
		}
	}
	return known, nil
}

// Tagged shows the collections that statuses lead to, without those whose owner is gone or shuts the viewer out.
func (s *Service) Tagged(ctx context.Context, v viewer.Viewer, which []id.Collection) (map[id.Collection]*mastodon.Collection, error) {
	list, err := byIDs(ctx, s.db, which)
	if err != nil {
		return nil, err
	}
	owners := make([]id.Account, 0, len(list))
	for _, c := range list {
		owners = append(owners, c.Owner)
	}
	people, err := s.accounts.ByIDs(ctx, owners)
	if err != nil {
		return nil, err
	}
	by := map[id.Account]*accounts.Account{}
	for _, a := range people {
		by[a.ID] = a
	}
	var shut map[id.Account]bool
	if v.IsMember() && v.Account > 0 { // streams are encoded for nobody in particular
		if shut, err = relationships.BlockedBy(ctx, s.db, v.Account, owners); err != nil {
			return nil, err
		}
	}
	kept := list[:0]
	for _, c := range list {
		if owner := by[c.Owner]; owner != nil && owner.Available() && !shut[c.Owner] {
			kept = append(kept, c)
		}
	}
	shown, err := s.Present(ctx, v, kept)
	if err != nil {
		return nil, err
	}
	rows := make(map[id.Collection]*mastodon.Collection, len(kept))
	for i, c := range kept {
		rows[c.ID] = &shown[i]
	}
	return rows, nil
}

// ResolveLeads reads the collections that a status of another server leads to and that are not known yet, each at its own server.
func (s *Service) ResolveLeads(ctx context.Context, e statuses.CollectionsSeen) error {
	within := activitypub.WithBudget(ctx, activitypub.DefaultAccounts, activitypub.DefaultStatuses)
	var found []id.Collection
	var failed error
	for _, address := range e.Addresses {
		c, err := s.led(within, address)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if failed = errors.Join(failed, permanent(err)); err == nil && c != nil {
			found = append(found, c.ID)
		}
	}
	if len(found) > 0 {
		err := s.db.Tx(ctx, func(tx *db.Tx) error { return s.statuses.Leads(ctx, tx, e.Status, found) })
		if err != nil {
			return fmt.Errorf("collections of status %d: %w", e.Status, err)
		}
	}
	return failed
}

func (s *Service) led(ctx context.Context, address string) (*Collection, error) {
	if c, err := byURI(ctx, s.db, address); err == nil || !fault.Is(err, fault.NotFound) {
		return c, err
	}
	if _, ours := s.site.Ours(address); ours {
		return nil, nil
	}
	within, cancel := context.WithTimeout(ctx, itemWithin)
	defer cancel()
	said, err := s.fetch(within, address)
	if err != nil {
		return nil, err
	}
	owner, err := s.accounts.ResolveURI(within, said.AttributedTo)
	if err != nil {
		return nil, err
	}
	return s.keep(within, owner, said)
}
