package domains

import (
	"context"
	"fmt"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/social/id"
)

// Allow is a server that is spoken with while federation is limited.
type Allow struct {
	ID        id.DomainAllow
	Domain    string
	CreatedAt time.Time
}

// Allows lists the servers that are spoken with while federation is limited, by name.
func (s *Service) Allows(ctx context.Context) ([]*Allow, error) {
	list, err := allAllows(ctx, s.db)
	if err != nil {
		return nil, fmt.Errorf("list allowed domains: %w", err)
	}
	return list, nil
}

// AddAllows puts servers on the list, in the caller's transaction, and gives those that were not there.
func (s *Service) AddAllows(ctx context.Context, tx *db.Tx, names []string) ([]*Allow, error) {
	var added []*Allow
	for _, one := range names {
		name, err := Name(s.site, one)
		if err != nil {
			return nil, err
		}
		a := &Allow{ID: id.DomainAllow(tx.NextID()), Domain: name, CreatedAt: tx.Now()}
		n, err := db.Exec(ctx, tx, `INSERT INTO domain_allows (id, domain, created_at) VALUES ($1,$2,$3) ON CONFLICT (domain) DO NOTHING`,
			a.ID, a.Domain, clock.Milli(a.CreatedAt))
		if err != nil {
			return nil, err
		}
		if n > 0 {
			added = append(added, a)
		}
	}
	if len(added) == 0 {
		return nil, nil
	}
	return added, tx.Emit(AllowsChanged{})
}

// RemoveAllow takes a server off the list, in the caller's transaction. NotFound when it is not on it.
func (s *Service) RemoveAllow(ctx context.Context, tx *db.Tx, domain string) (*Allow, error) {
	name, err := Name(s.site, domain)
	if err != nil {
		return nil, err
	}
	a, err := db.One(ctx, tx, scanAllow, `DELETE FROM domain_allows WHERE domain = $1 RETURNING id, domain, created_at`, name)
	if fault.Is(err, fault.NotFound) {
		return nil, fault.RecordNotFound()
	}
	if err != nil {
		return nil, err
	}
	return a, tx.Emit(AllowsChanged{})
}

func scanAllow(r db.Row) (*Allow, error) {
	a := &Allow{}
	var created int64
	err := r.Scan(&a.ID, &a.Domain, &created)
	a.CreatedAt = clock.FromMilli(created)
	return a, err
}

func allAllows(ctx context.Context, q db.Q) ([]*Allow, error) {
	return db.All(ctx, q, scanAllow, `SELECT id, domain, created_at FROM domain_allows ORDER BY domain`)
}
