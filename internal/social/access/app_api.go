package access

import (
	"strings"
	"time"

	"anancus/internal/kit/fault"
	"anancus/internal/kit/rest"
	"anancus/internal/social/viewer"
)

// Mastodon's limit on registering apps.
const (
	appsPerAddress = 5
	appsPeriod     = 10 * time.Minute
)

// application is Mastodon's Application, and CredentialApplication when the client_ keys are set.
type application struct {
	ID              string   `json:"id"`
	Name            string   `json:"name"`
	Website         *string  `json:"website"`
	Scopes          []string `json:"scopes"`
	RedirectURIs    []string `json:"redirect_uris"`
	RedirectURI     string   `json:"redirect_uri"`
	VapidKey        string   `json:"vapid_key"`
	ClientID        string   `json:"client_id,omitempty"`
	ClientSecret    string   `json:"client_secret,omitempty"`
	SecretExpiresAt *int64   `json:"client_secret_expires_at,omitempty"`
}

func (s *Service) showApp(app *App) application {
	shown := application{ID: app.ID.String(), Name: app.Name, Scopes: app.Scopes, RedirectURIs: app.RedirectURIs,
		RedirectURI: strings.Join(app.RedirectURIs, "\n"), VapidKey: s.pushKey}
	if app.Website != "" {
		shown.Website = &app.Website
	}
	return shown
}

type appForm struct {
	Name         string   `form:"client_name"`
	RedirectURIs []string `form:"redirect_uris"`
	Scopes       []string `form:"scopes"`
	Website      string   `form:"website"`
}

// CreateApp serves POST /api/v1/apps.
func (s *Service) CreateApp(c *viewer.Call) (any, error) {
	if err := s.limit(c, "apps "+address(c.R), appsPerAddress, appsPeriod); err != nil {
		return nil, err
	}
	form, err := rest.Decode[appForm](c)
	if err != nil {
		return nil, err
	}
	app, secret, err := s.RegisterApp(c.Context(), Registration{Name: form.Name, Website: form.Website,
		RedirectURIs: form.RedirectURIs, Scopes: strings.Join(form.Scopes, " ")})
	if err != nil {
		return nil, err
	}
	shown, never := s.showApp(app), int64(0)
	shown.ClientID, shown.ClientSecret, shown.SecretExpiresAt = app.ClientID, secret, &never
	c.SetHeader("Cache-Control", "no-store")
	return shown, nil
}

// VerifyApp serves GET /api/v1/apps/verify_credentials.
func (s *Service) VerifyApp(c *viewer.Call) (any, error) {
	if c.Viewer.App == 0 {
		return nil, fault.New(fault.Unauthorized, badToken)
	}
	app, err := s.App(c.Context(), c.Viewer.App)
	if err != nil {
		return nil, err
	}
	return s.showApp(app), nil
}
