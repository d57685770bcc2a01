package access

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/social/id"
)

// OutOfBand is the redirect of apps that cannot be redirected to: the member
// carries the code over by hand.
const OutOfBand = "urn:ietf:wg:oauth:2.0:oob"

// Limits of an app's registration: Mastodon's, and one on their number.
const (
	maxAppName      = 60
	maxAppAddress   = 2000
	maxAppRedirects = 50
)

// App is a program that acts for members.
type App struct {
	ID           id.App
	ClientID     string
	SecretHash   string
	Name         string
	Website      string
	RedirectURIs []string
	Scopes       []string
}

// Registration is what an app tells of itself.
type Registration struct {
	Name         string
	Website      string
	RedirectURIs []string // each may hold several, one a line
	Scopes       string
}

// App gives an app by id.
func (s *Service) App(ctx context.Context, app id.App) (*App, error) { return appByID(ctx, s.db, app) }

// Apps gives apps by id; unknown ones are left out.
func (s *Service) Apps(ctx context.Context, ids []id.App) (map[id.App]*App, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	list, err := appsByIDs(ctx, s.db, ids)
	if err != nil {
		return nil, fmt.Errorf("apps by id: %w", err)
	}
	at := make(map[id.App]*App, len(list))
	for _, app := range list {
		at[app.ID] = app
	}
	return at, nil
}

// RegisterApp makes an app known; its secret is given this once.
func (s *Service) RegisterApp(ctx context.Context, form Registration) (app *App, secret string, err error) {
	if app, err = form.app(); err != nil {
		return nil, "", err
	}
	secret = newSecret()
	app.ClientID, app.SecretHash = newSecret(), hashOf(secret)
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		app.ID = id.App(tx.NextID())
		return insertApp(ctx, tx, app)
	})
	if err != nil {
		return nil, "", fmt.Errorf("register app: %w", err)
	}
	return app, secret, nil
}

// app checks the registration, in Mastodon's words.
func (f Registration) app() (*App, error) {
	app := &App{Name: strings.TrimSpace(f.Name), Website: strings.TrimSpace(f.Website)}
	var wrong []string
	switch {
	case app.Name == "":
		wrong = append(wrong, "Application name can't be blank")
	case utf8.RuneCountInString(app.Name) > maxAppName:
		wrong = append(wrong, fmt.Sprintf("Application name is too long (maximum is %d characters)", maxAppName))
	}
	if app.Website != "" && !isWebAddress(app.Website) {
		wrong = append(wrong, "Application website must be a valid URL")
	}
	for _, lines := range f.RedirectURIs {
		for _, uri := range strings.Fields(lines) {
			if !slices.Contains(app.RedirectURIs, uri) {
				app.RedirectURIs = append(app.RedirectURIs, uri)
			}
		}
	}
	switch {
	case len(app.RedirectURIs) == 0:
		wrong = append(wrong, "Redirect URI can't be blank")
	case len(app.RedirectURIs) > maxAppRedirects:
		wrong = append(wrong, fmt.Sprintf("Redirect URI is too long (maximum is %d addresses)", maxAppRedirects))
	}
	for _, uri := range app.RedirectURIs {
		if err := checkRedirect(uri); err != nil {
			wrong = append(wrong, "Redirect URI "+err.Error())
			break
		}
	}
	scopes := f.Scopes
	if strings.TrimSpace(scopes) == "" {
		scopes = DefaultScope
	}
	var err error
	if app.Scopes, err = ParseScopes(scopes); err != nil {
		wrong = append(wrong, "Scopes doesn't match configured on the server.")
	}
	if len(wrong) > 0 {
		return nil, fault.New(fault.Invalid, "Validation failed: "+strings.Join(wrong, ", "))
	}
	return app, nil
}

func isWebAddress(address string) bool {
	u, err := url.Parse(address)
	return err == nil && len(address) <= maxAppAddress && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.User == nil
}

// Schemes that run something in the browser instead of reaching an app.
var forbiddenSchemes = []string{"javascript", "vbscript", "data", "blob", "file", "filesystem", "about", "view-source"}

// checkRedirect refuses addresses that a code must never be sent to.
func checkRedirect(uri string) error {
	if uri == OutOfBand {
		return nil
	}
	if len(uri) > maxAppAddress {
		return fmt.Errorf("is too long (maximum is %d characters)", maxAppAddress)
	}
	if strings.ContainsFunc(uri, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) || r == '\\' }) {
		return errors.New("must be an absolute URI.")
	}
	u, err := url.Parse(uri)
	switch {
	case err != nil || u.Scheme == "" || uri == u.Scheme+":":
		return errors.New("must be an absolute URI.")
	case strings.Contains(uri, "#"):
		return errors.New("cannot contain a fragment.")
	case slices.Contains(forbiddenSchemes, u.Scheme):
		return errors.New("is forbidden by the server.")
	case u.Scheme == "http" || u.Scheme == "https":
		if u.Hostname() == "" {
			return errors.New("must be an absolute URI.")
		}
		if u.User != nil {
			return errors.New("is forbidden by the server.")
		}
	}
	return nil
}

// authenticate gives the app whose id and secret these are; Unauthorized if they are not.
func (s *Service) authenticate(ctx context.Context, clientID, secret string) (*App, error) {
	app, err := appByClientID(ctx, s.db, clientID)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return nil, fmt.Errorf("authenticate app: %w", err)
	}
	if app == nil || !matches(app.SecretHash, secret) {
		return nil, fault.New(fault.Unauthorized, unknownClient)
	}
	return app, nil
}

const unknownClient = "Client authentication failed due to unknown client, no client authentication included, or unsupported authentication method."
