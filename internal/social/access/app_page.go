package access

import (
	"context"
	"net/http"
	"time"

	"anancus/internal/kit/rest"
	"anancus/internal/protocol/mastodon"
	"anancus/internal/social/id"
	"anancus/internal/social/viewer"
)

// AuthorizedApp is an app that holds tokens of a member.
type AuthorizedApp struct {
	App      *App
	Scopes   []string
	Since    time.Time
	LastUsed time.Time // zero: never
}

// AuthorizedApps lists the apps that may act for a member, the newest first.
func (s *Service) AuthorizedApps(ctx context.Context, account id.Account) ([]*AuthorizedApp, error) {
	tokens, err := appTokens(ctx, s.db, account)
	if err != nil {
		return nil, err
	}
	at, list := map[id.App]*AuthorizedApp{}, []*AuthorizedApp{}
	var ids []id.App
	for _, t := range tokens {
		one := at[t.App]
		if one == nil {
			one = &AuthorizedApp{Since: t.CreatedAt}
			at[t.App], list, ids = one, append(list, one), append(ids, t.App)
		}
		for _, scope := range t.Scopes {
			if !within(one.Scopes, []string{scope}) {
				one.Scopes = append(one.Scopes, scope)
			}
		}
		if t.CreatedAt.Before(one.Since) {
			one.Since = t.CreatedAt
		}
		if t.LastUsed.After(one.LastUsed) {
			one.LastUsed = t.LastUsed
		}
	}
	apps, err := s.Apps(ctx, ids)
	if err != nil {
		return nil, err
	}
	for i, appID := range ids {
		list[i].App = apps[appID]
	}
	return list, nil
}

type shownApp struct {
	ID, Name, Website, Since, LastUsed string
	Scopes                             []string
}

// AuthorizedAppsPage serves GET /oauth/authorized_applications.
func (s *Service) AuthorizedAppsPage(c *viewer.Call) (any, error) {
	return s.asPage(c, func(c *viewer.Call) (any, error) {
		if !signedIn(c) {
			return toSignIn(c, "/oauth/authorized_applications", false), nil
		}
		list, err := s.AuthorizedApps(c.Context(), c.Viewer.Account)
		if err != nil {
			return nil, err
		}
		shown := make([]shownApp, len(list))
		for i, one := range list {
			shown[i] = shownApp{ID: one.App.ID.String(), Name: one.App.Name, Website: one.App.Website, Since: mastodon.Date(one.Since), Scopes: one.Scopes}
			if !one.LastUsed.IsZero() {
				shown[i].LastUsed = mastodon.Date(one.LastUsed)
			}
		}
		page := s.page(c, "authorized.html", "authorized.title", shown)
		page.Wide = true
		return page, nil
	})
}

// RevokeAuthorizedApp serves POST and DELETE /oauth/authorized_applications/{id}.
func (s *Service) RevokeAuthorizedApp(c *viewer.Call) (any, error) {
	return s.asPage(c, func(c *viewer.Call) (any, error) {
		if !signedIn(c) {
			return toSignIn(c, "/oauth/authorized_applications", false), nil
		}
		app, err := id.Parse[id.App](c.Path("id"))
		if err != nil {
			return nil, err
		}
		if err := s.RevokeApp(c.Context(), c.Viewer.Account, app); err != nil {
			return nil, err
		}
		return rest.Redirect{To: "/oauth/authorized_applications", Code: http.StatusSeeOther}, nil
	})
}
