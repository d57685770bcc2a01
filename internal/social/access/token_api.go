package access

import (
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/kit/rest"
	"anancus/internal/social/id"
	"anancus/internal/social/viewer"
)

// refusal is an error as OAuth tells it (RFC 6749), in Doorkeeper's words.
type refusal struct {
	Code        string `json:"error"`
	Description string `json:"error_description"`
	status      int
}

func (e *refusal) Error() string { return e.Code + ": " + e.Description }

var (
	errClient      = &refusal{"invalid_client", unknownClient, http.StatusUnauthorized}
	errGrant       = &refusal{"invalid_grant", "The provided authorization grant is invalid, expired, revoked, does not match the redirection URI used in the authorization request, or was issued to another client.", http.StatusBadRequest}
	errGrantType   = &refusal{"unsupported_grant_type", "The authorization grant type is not supported by the authorization server.", http.StatusBadRequest}
	errScope       = &refusal{"invalid_scope", "The requested scope is invalid, unknown, or malformed.", http.StatusBadRequest}
	errNotYours    = &refusal{"unauthorized_client", "You are not authorized to revoke this token", http.StatusForbidden}
	errTokenAnswer = &refusal{"invalid_token", badToken, http.StatusUnauthorized}
)

func missing(parameter string) *refusal {
	return &refusal{"invalid_request", "Missing required parameter: " + parameter + ".", http.StatusBadRequest}
}

// answer shows a refusal as OAuth does; other errors go their way.
func (e *refusal) answer(c *viewer.Call) any {
	c.SetHeader("Cache-Control", "no-store")
	if e.status == http.StatusUnauthorized {
		c.SetHeader("WWW-Authenticate", `Bearer realm="Anancus", error="`+e.Code+`", error_description="`+e.Description+`"`)
	}
	return rest.Coded{Code: e.status, Body: e}
}

// asOAuth turns errors of the token endpoints into the bodies that OAuth wants.
func asOAuth(c *viewer.Call, answer any, err error) (any, error) {
	var no *refusal
	switch {
	case err == nil:
		c.SetHeader("Cache-Control", "no-store")
		return answer, nil
	case errors.As(err, &no):
		return no.answer(c), nil
	case fault.Is(err, fault.BadRequest):
		var f *fault.Fault
		errors.As(err, &f)
		return (&refusal{"invalid_request", f.Message, http.StatusBadRequest}).answer(c), nil
	}
	return nil, err
}

// tokenForm is what the token endpoints take.
type tokenForm struct {
	GrantType    string `form:"grant_type"`
	ClientID     string `form:"client_id"`
	ClientSecret string `form:"client_secret"`
	Code         string `form:"code"`
	RedirectURI  string `form:"redirect_uri"`
	CodeVerifier string `form:"code_verifier"`
	Scope        string `form:"scope"`
	Token        string `form:"token"`
}

// clientApp gives the app that asks, by HTTP Basic or by the form.
func (s *Service) clientApp(c *viewer.Call, form tokenForm) (*App, error) {
	clientID, secret := form.ClientID, form.ClientSecret
	if basicID, basicSecret, ok := basic(c.R); ok {
		if clientID != "" && clientID != basicID {
			return nil, errClient
		}
		clientID, secret = basicID, basicSecret
	}
	if clientID == "" || secret == "" {
		return nil, errClient
	}
	app, err := s.authenticate(c.Context(), clientID, secret)
	if fault.Is(err, fault.Unauthorized) {
		return nil, errClient
	}
	return app, err
}

// basic reads client_secret_basic, whose two parts are form-encoded first (RFC 6749, 2.3.1).
func basic(r *http.Request) (clientID, secret string, ok bool) {
	scheme, value, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Basic") {
		return "", "", false
	}
	both, err := base64.StdEncoding.DecodeString(strings.TrimSpace(value))
	if err != nil {
		return "", "", true
	}
	clientID, secret, _ = strings.Cut(string(both), ":")
	if decoded, err := url.QueryUnescape(clientID); err == nil {
		clientID = decoded
	}
	if decoded, err := url.QueryUnescape(secret); err == nil {
		secret = decoded
	}
	return clientID, secret, true
}

// tokenAnswer is Mastodon's Token.
type tokenAnswer struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	Scope       string `json:"scope"`
	CreatedAt   int64  `json:"created_at"`
}

func showToken(secret string, t *Token) tokenAnswer {
	return tokenAnswer{secret, "Bearer", joined(t.Scopes), t.CreatedAt.Unix()}
}

// Token serves POST /oauth/token.
func (s *Service) Token(c *viewer.Call) (any, error) {
	answer, err := s.token(c)
	return asOAuth(c, answer, err)
}

func (s *Service) token(c *viewer.Call) (any, error) {
	form, err := rest.Decode[tokenForm](c)
	if err != nil {
		return nil, err
	}
	switch form.GrantType {
	case "":
		return nil, missing("grant_type")
	case "authorization_code", "client_credentials":
	default:
		return nil, errGrantType
	}
	app, err := s.clientApp(c, form)
	if err != nil {
		return nil, err
	}
	if form.GrantType == "client_credentials" {
		return s.appToken(c, app, form.Scope)
	}
	switch {
	case form.Code == "":
		return nil, missing("code")
	case form.RedirectURI == "":
		return nil, missing("redirect_uri")
	}
	secret, token, err := s.exchange(c.Context(), app, form)
	if err != nil {
		return nil, err
	}
	return showToken(secret, token), nil
}

// appToken gives an app a token of its own, without a member.
func (s *Service) appToken(c *viewer.Call, app *App, scope string) (any, error) {
	scopes, err := scopesFor(app, scope)
	if err != nil {
		return nil, errScope
	}
	var secret string
	var token *Token
	err = s.db.Tx(c.Context(), func(tx *db.Tx) (err error) {
		secret, token, err = s.issue(c.Context(), tx, app, 0, scopes)
		return err
	})
	if err != nil {
		return nil, err
	}
	return showToken(secret, token), nil
}

// Revoke serves POST /oauth/revoke.
func (s *Service) Revoke(c *viewer.Call) (any, error) {
	form, err := rest.Decode[tokenForm](c)
	if err != nil {
		return asOAuth(c, nil, err)
	}
	app, err := s.clientApp(c, form)
	if errors.Is(err, errClient) {
		err = errNotYours // as Doorkeeper answers here
	}
	if err == nil && form.Token != "" {
		if err = s.revoke(c.Context(), app, form.Token); fault.Is(err, fault.Forbidden) {
			err = errNotYours
		}
	}
	return asOAuth(c, rest.Empty{}, err)
}

// TokenInfo serves GET /oauth/token/info.
func (s *Service) TokenInfo(c *viewer.Call) (any, error) {
	if c.Viewer.Token == 0 || c.Viewer.Session != 0 {
		return errTokenAnswer.answer(c), nil
	}
	token, err := tokenByID(c.Context(), s.db, c.Viewer.Token)
	if err != nil {
		return nil, err
	}
	app, err := s.App(c.Context(), token.App)
	if err != nil {
		return nil, err
	}
	type client struct {
		UID string `json:"uid"`
	}
	return struct {
		Owner     *id.Account `json:"resource_owner_id"`
		Scope     []string    `json:"scope"`
		ExpiresIn *int64      `json:"expires_in"`
		App       client      `json:"application"`
		CreatedAt int64       `json:"created_at"`
	}{orNull(token.Account), token.Scopes, nil, client{app.ClientID}, token.CreatedAt.Unix()}, nil
}
