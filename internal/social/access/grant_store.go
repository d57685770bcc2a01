package access

import (
	"context"
	"strings"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/social/id"
)

func insertGrant(ctx context.Context, tx *db.Tx, codeHash string, g *grant) error {
	_, err := db.Exec(ctx, tx, `INSERT INTO grants (id, code_hash, app_id, account_id, redirect_uri, scopes, code_challenge, created_at)
		VALUES ($1,$2,$3,$4,$5,$6,$7,$8)`, g.ID, codeHash, g.App, g.Account, g.RedirectURI, joined(g.Scopes), g.Challenge, clock.Milli(tx.Now()))
	return err
}

func grantByHash(ctx context.Context, q db.Q, codeHash string) (*grant, error) {
	return db.One(ctx, q, func(r db.Row) (*grant, error) {
		g := &grant{}
		var scopes string
		var created int64
		var used *int64
		err := r.Scan(&g.ID, &g.App, &g.Account, &g.RedirectURI, &scopes, &g.Challenge, &created, &used)
		g.Scopes, g.CreatedAt, g.Used = strings.Fields(scopes), clock.FromMilli(created), used != nil
		return g, err
	}, `SELECT id, app_id, account_id, redirect_uri, scopes, code_challenge, created_at, used_at FROM grants WHERE code_hash = $1`, codeHash)
}

// useGrant marks a code as used; false when it was before.
func useGrant(ctx context.Context, tx *db.Tx, codeHash string, now int64) (bool, error) {
	n, err := db.Exec(ctx, tx, `UPDATE grants SET used_at = $2 WHERE code_hash = $1 AND used_at IS NULL`, codeHash, now)
	return n == 1, err
}

func deleteGrantsOf(ctx context.Context, tx *db.Tx, account id.Account) error {
	_, err := db.Exec(ctx, tx, `DELETE FROM grants WHERE account_id = $1`, account)
	return err
}
