package access

import (
	"context"
	"strings"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/social/id"
)

const tokenColumns = `id, token_hash, app_id, account_id, scopes, created_at, last_used_at`

func scanToken(r db.Row) (*Token, error) {
	t := &Token{}
	var app *id.App
	var account *id.Account
	var scopes string
	var created int64
	var used *int64
	err := r.Scan(&t.ID, &t.Hash, &app, &account, &scopes, &created, &used)
	if app != nil {
		t.App = *app
	}
	if account != nil {
		t.Account = *account
	}
	if used != nil {
		t.LastUsed = clock.FromMilli(*used)
	}
	t.Scopes, t.CreatedAt = strings.Fields(scopes), clock.FromMilli(created)
	return t, err
}

func insertToken(ctx context.Context, tx *db.Tx, t *Token) error {
	_, err := db.Exec(ctx, tx, `INSERT INTO tokens (id, token_hash, app_id, account_id, scopes, created_at) VALUES ($1,$2,$3,$4,$5,$6)`,
		t.ID, t.Hash, orNull(t.App), orNull(t.Account), joined(t.Scopes), clock.Milli(tx.Now()))
	return err
}

// orNull stores an id that is not there as NULL.
func orNull[T id.Any](v T) *T {
	if v == 0 {
		return nil
	}
	return &v
}

func tokenByHash(ctx context.Context, q db.Q, hash string) (*Token, error) {
	return db.One(ctx, q, scanToken, `SELECT `+tokenColumns+` FROM tokens WHERE token_hash = $1`, hash)
}

func tokenByID(ctx context.Context, q db.Q, token id.Token) (*Token, error) {
	return db.One(ctx, q, scanToken, `SELECT `+tokenColumns+` FROM tokens WHERE id = $1`, token)
}

// tokensOf lists the newest tokens that an app has for an account (0: for itself) with just these scopes.
func tokensOf(ctx context.Context, q db.Q, app id.App, account id.Account, scopes []string) ([]*Token, error) {
	if account == 0 {
		return db.All(ctx, q, scanToken, `SELECT `+tokenColumns+` FROM tokens
			WHERE app_id = $1 AND account_id IS NULL AND scopes = $2 ORDER BY id DESC LIMIT 5`, app, joined(scopes))
	}
	return db.All(ctx, q, scanToken, `SELECT `+tokenColumns+` FROM tokens
		WHERE app_id = $1 AND account_id = $2 AND scopes = $3 ORDER BY id DESC LIMIT 5`, app, account, joined(scopes))
}

// appTokens lists a member's tokens of apps, newest first.
func appTokens(ctx context.Context, q db.Q, account id.Account) ([]*Token, error) {
	return db.All(ctx, q, scanToken, `SELECT `+tokenColumns+` FROM tokens
		WHERE account_id = $1 AND app_id IS NOT NULL ORDER BY id DESC`, account)
}

func deleteToken(ctx context.Context, tx *db.Tx, token id.Token) error {
	_, err := db.Exec(ctx, tx, `DELETE FROM tokens WHERE id = $1`, token)
	return err
}

func deleteTokensOfApp(ctx context.Context, tx *db.Tx, account id.Account, app id.App) ([]id.Token, error) {
	if _, err := db.Exec(ctx, tx, `DELETE FROM grants WHERE account_id = $1 AND app_id = $2`, account, app); err != nil {
		return nil, err
	}
	return db.All(ctx, tx, db.Value[id.Token], `DELETE FROM tokens WHERE account_id = $1 AND app_id = $2 RETURNING id`, account, app)
}

// deleteTokensOf deletes a member's tokens; the sessions that own some must be gone.
func deleteTokensOf(ctx context.Context, tx *db.Tx, account id.Account) ([]id.Token, error) {
	return db.All(ctx, tx, db.Value[id.Token], `DELETE FROM tokens WHERE account_id = $1 RETURNING id`, account)
}

func noteTokensUsed(ctx context.Context, tx *db.Tx, tokens []id.Token, now time.Time) error {
	_, err := db.Exec(ctx, tx, `UPDATE tokens SET last_used_at = $2 WHERE id {in $1}`, tokens, clock.Milli(now))
	return err
}
