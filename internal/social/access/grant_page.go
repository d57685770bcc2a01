package access

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"anancus/internal/kit/fault"
	"anancus/internal/kit/pages"
	"anancus/internal/kit/rest"
	"anancus/internal/social/viewer"
)

type consentView struct {
	App, Website string
	Who          who
	Scopes       []string
	Target       string // where the app is, as people can check it
	SwitchTo     string // the address that asks to sign in as somebody else
	Fields       []field
}

type field struct{ Name, Value string }

// AuthorizePage serves GET /oauth/authorize.
func (s *Service) AuthorizePage(c *viewer.Call) (any, error) {
	return s.asAuthorization(c, func(c *viewer.Call, q *request) (any, error) {
		here := q.address(c.Query("lang"))
		if !signedIn(c) || q.ForceLogin {
			return toSignIn(c, here, q.ForceLogin), nil
		}
		shown, err := s.who(c.Context(), c.Viewer.Account)
		if err != nil {
			return nil, err
		}
		v := consentView{App: q.app.Name, Website: q.app.Website, Who: shown, Scopes: shortest(q.scopes), Target: target(q.RedirectURI),
			SwitchTo: toSignIn(c, here, true).To}
		for _, f := range []field{{"client_id", q.ClientID}, {"redirect_uri", q.RedirectURI}, {"response_type", q.ResponseType},
			{"scope", joined(q.scopes)}, {"state", q.State}, {"code_challenge", q.Challenge}, {"code_challenge_method", q.Method}} {
			if f.Value != "" {
				v.Fields = append(v.Fields, f)
			}
		}
		page := s.page(c, "authorize.html", "authorize.title", v)
		if source := pages.FormTarget(q.RedirectURI); source != "" {
			page.FormAction = []string{source}
		}
		return page, nil
	})
}

// Authorize serves POST /oauth/authorize: the member's yes, or no.
func (s *Service) Authorize(c *viewer.Call) (any, error) {
	return s.asAuthorization(c, func(c *viewer.Call, q *request) (any, error) {
		if q.Decision == "deny" || strings.EqualFold(q.RailsMethod, http.MethodDelete) {
			return s.denied(c, q)
		}
		if !signedIn(c) {
			return toSignIn(c, q.address(c.Query("lang")), false), nil
		}
		code, err := s.allow(c.Context(), c.Viewer.Account, q)
		if err != nil {
			return nil, err
		}
		if q.RedirectURI == OutOfBand {
			return rest.Redirect{To: "/oauth/authorize/native?code=" + url.QueryEscape(code)}, nil
		}
		return rest.Redirect{To: q.back(url.Values{"code": {code}})}, nil
	})
}

// Deny serves DELETE /oauth/authorize.
func (s *Service) Deny(c *viewer.Call) (any, error) { return s.asAuthorization(c, s.denied) }

func (s *Service) denied(c *viewer.Call, q *request) (any, error) {
	no := &refusal{"access_denied", "The resource owner or authorization server denied the request.", http.StatusForbidden}
	if q.RedirectURI == OutOfBand {
		return nil, fault.New(fault.Forbidden, no.Description)
	}
	return rest.Redirect{To: q.refused(no)}, nil
}

// asAuthorization reads an app's request and answers it as a page. Nobody is
// redirected to an address that a known app did not register.
func (s *Service) asAuthorization(c *viewer.Call, do func(c *viewer.Call, q *request) (any, error)) (any, error) {
	return s.asPage(c, func(c *viewer.Call) (any, error) {
		q, err := s.readRequest(c)
		var no *refusal
		switch {
		case err == nil:
			return do(c, q)
		case errors.As(err, &no) && q.RedirectURI != OutOfBand:
			return rest.Redirect{To: q.refused(no)}, nil
		case errors.As(err, &no):
			return nil, fault.New(fault.BadRequest, no.Description)
		}
		return nil, err
	})
}

// NativeCode serves GET /oauth/authorize/native: the code to carry over by hand.
func (s *Service) NativeCode(c *viewer.Call) (any, error) {
	return s.asPage(c, func(c *viewer.Call) (any, error) {
		if !signedIn(c) {
			return toSignIn(c, "/auth/edit", false), nil
		}
		code := c.Query("code")
		if !s256.MatchString(code) { // codes have the form of a hash
			return nil, fault.New(fault.BadRequest, errGrant.Description)
		}
		return s.page(c, "native.html", "native.title", struct{ Code string }{code}), nil
	})
}

// target names where an app's redirect leads: its host, or its own scheme.
func target(redirect string) string {
	if redirect == OutOfBand {
		return ""
	}
	u, err := url.Parse(redirect)
	if err != nil {
		return redirect
	}
	if u.Scheme == "https" || u.Scheme == "http" {
		return u.Host
	}
	return u.Scheme + ":"
}

// shortest leaves out scopes that another one covers, so that the list can be read.
func shortest(scopes []string) []string {
	var list []string
	for _, scope := range scopes {
		covered := false
		for _, other := range scopes {
			covered = covered || (other != scope && viewer.Covers(other, scope))
		}
		if !covered {
			list = append(list, scope)
		}
	}
	return list
}
