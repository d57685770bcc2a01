package relationships

import (
	"context"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/keyset"
	"anancus/internal/social/id"
)

// BlockedDomains lists the servers whose people an account does not want to meet.
func BlockedDomains(ctx context.Context, q db.Q, account id.Account) ([]string, error) {
	return db.All(ctx, q, db.Text, `SELECT domain FROM account_domain_blocks WHERE account_id = $1`, account)
}

// BlocksDomain tells whether an account blocks a server. Our own ("") nobody does.
func BlocksDomain(ctx context.Context, q db.Q, account id.Account, domain string) (bool, error) {
	if domain == "" {
		return false, nil
	}
	n, err := db.One(ctx, q, db.Value[int64], `SELECT COUNT(*) FROM account_domain_blocks WHERE account_id = $1 AND domain = $2`, account, domain)
	return n > 0, err
}

// Refuses tells whether an account blocks another, or the other's whole server.
func Refuses(ctx context.Context, q db.Q, account, other id.Account) (bool, error) {
	n, err := db.One(ctx, q, db.Value[int64], `SELECT (SELECT COUNT(*) FROM blocks WHERE account_id = $1 AND target_id = $2)
		+ (SELECT COUNT(*) FROM account_domain_blocks b JOIN accounts a ON a.domain = b.domain WHERE b.account_id = $1 AND a.id = $2)`, account, other)
	return n > 0, err
}

func insertDomainBlock(ctx context.Context, tx *db.Tx, account id.Account, domain string) (bool, error) {
	n, err := db.Exec(ctx, tx, `INSERT INTO account_domain_blocks (id, account_id, domain, created_at) VALUES ($1,$2,$3,$4)
		ON CONFLICT (account_id, domain) DO NOTHING`, tx.NextID(), account, domain, clock.Milli(tx.Now()))
	return n > 0, err
}

func deleteDomainBlock(ctx context.Context, tx *db.Tx, account id.Account, domain string) (bool, error) {
	n, err := db.Exec(ctx, tx, `DELETE FROM account_domain_blocks WHERE account_id = $1 AND domain = $2`, account, domain)
	return n > 0, err
}

// listedDomain is a row of the paged list of domains.
type listedDomain struct {
	row    int64
	domain string
}

const domainsSQL = `SELECT id, domain FROM account_domain_blocks WHERE account_id = $1 AND id < $2 AND id > $3 ORDER BY id `

func listDomains(ctx context.Context, q db.Q, account id.Account, p keyset.Page) ([]listedDomain, error) {
	rows, err := db.All(ctx, q, func(r db.Row) (listedDomain, error) {
		var l listedDomain
		err := r.Scan(&l.row, &l.domain)
		return l, err
	}, domainsSQL+p.Order()+` LIMIT $4`, account, p.Before, p.After, p.Limit)
	return keyset.Arrange(p, rows), err
}

const (
	countFollowingSQL = `SELECT COUNT(*) FROM follows f JOIN accounts a ON a.id = f.target_id WHERE f.account_id = $1 AND a.domain = $2`
	countFollowersSQL = `SELECT COUNT(*) FROM follows f JOIN accounts a ON a.id = f.account_id WHERE f.target_id = $1 AND a.domain = $2`
)

// countBetween tells how many people of a server an account follows, and how many of them follow it.
func countBetween(ctx context.Context, q db.Q, account id.Account, domain string) (following, followers int64, err error) {
	if following, err = db.One(ctx, q, db.Value[int64], countFollowingSQL, account, domain); err != nil {
		return 0, 0, err
	}
	followers, err = db.One(ctx, q, db.Value[int64], countFollowersSQL, account, domain)
	return following, followers, err
}
