package access

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/social/id"
)

const appColumns = `id, client_id, secret_hash, name, website, redirect_uris, scopes`

func scanApp(r db.Row) (*App, error) {
	app := &App{}
	var redirects, scopes string
	if err := r.Scan(&app.ID, &app.ClientID, &app.SecretHash, &app.Name, &app.Website, &redirects, &scopes); err != nil {
		return nil, err
	}
	app.Scopes = strings.Fields(scopes)
	if err := json.Unmarshal([]byte(redirects), &app.RedirectURIs); err != nil {
		return nil, fmt.Errorf("redirects of app %d: %w", app.ID, err)
	}
	return app, nil
}

// insertApp stores an app; one with the same client id is left as it is.
func insertApp(ctx context.Context, tx *db.Tx, app *App) error {
	redirects := app.RedirectURIs
	if redirects == nil {
		redirects = []string{}
	}
	list, err := json.Marshal(redirects)
	if err != nil {
		return err
	}
	_, err = db.Exec(ctx, tx, `INSERT INTO apps (id, client_id, secret_hash, name, website, redirect_uris, scopes, created_at)
		VALUES ($1,$2,$3,$4,$5,$6,$7,$8) ON CONFLICT (client_id) DO NOTHING`,
		app.ID, app.ClientID, app.SecretHash, app.Name, app.Website, string(list), strings.Join(app.Scopes, " "), clock.Milli(tx.Now()))
	return err
}

func appByID(ctx context.Context, q db.Q, app id.App) (*App, error) {
	return db.One(ctx, q, scanApp, `SELECT `+appColumns+` FROM apps WHERE id = $1`, app)
}

func appsByIDs(ctx context.Context, q db.Q, ids []id.App) ([]*App, error) {
	return db.All(ctx, q, scanApp, `SELECT `+appColumns+` FROM apps WHERE id {in $1}`, ids)
}

func appByClientID(ctx context.Context, q db.Q, clientID string) (*App, error) {
	return db.One(ctx, q, scanApp, `SELECT `+appColumns+` FROM apps WHERE client_id = $1`, clientID)
}
