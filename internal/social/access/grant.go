package access

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/kit/rest"
	"anancus/internal/social/id"
	"anancus/internal/social/viewer"
)

// codeLife is how long an authorization code may wait to be used: OAuth's most.
const codeLife = 10 * time.Minute

// grant is a member's yes, which the app exchanges for a token, once.
type grant struct {
	ID          id.Grant
	App         id.App
	Account     id.Account
	RedirectURI string
	Scopes      []string
	Challenge   string // PKCE, S256; "" when the app gave none
	CreatedAt   time.Time
	Used        bool
}

// request is an app asking a member for access.
type request struct {
	ClientID     string `form:"client_id"`
	RedirectURI  string `form:"redirect_uri"`
	ResponseType string `form:"response_type"`
	ResponseMode string `form:"response_mode"`
	Scope        string `form:"scope"`
	State        string `form:"state"`
	Challenge    string `form:"code_challenge"`
	Method       string `form:"code_challenge_method"`
	ForceLogin   bool   `form:"force_login"`
	Decision     string `form:"decision"`
	RailsMethod  string `form:"_method"`

	app    *App
	scopes []string
}

var s256 = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)

// readRequest reads who asks for what. A fault means that the app or its
// redirect is unknown, so that nobody may be redirected; a refusal is for the app.
func (s *Service) readRequest(c *viewer.Call) (*request, error) {
	q, err := rest.Decode[request](c)
	if err != nil {
		return nil, err
	}
	if q.ClientID == "" {
		return nil, fault.New(fault.BadRequest, missing("client_id").Description)
	}
	q.app, err = appByClientID(c.Context(), s.db, q.ClientID)
	if fault.Is(err, fault.NotFound) {
		return nil, fault.New(fault.Unauthorized, unknownClient)
	}
	if err != nil {
		return nil, fmt.Errorf("authorize: %w", err)
	}
	if !slices.Contains(q.app.RedirectURIs, q.RedirectURI) {
		return nil, fault.New(fault.BadRequest, "The requested redirect uri is malformed or doesn't match client redirect URI.")
	}
	return &q, q.check()
}

// check finds what is wrong with a request of a known app.
func (q *request) check() error {
	var err error
	invalid := func(why string) error { return &refusal{"invalid_request", why, http.StatusBadRequest} }
	switch {
	case q.ResponseType == "":
		return missing("response_type")
	case q.ResponseType != "code":
		return &refusal{"unsupported_response_type", "The authorization server does not support this response type.", http.StatusBadRequest}
	case q.ResponseMode != "" && q.ResponseMode != "query":
		return &refusal{"unsupported_response_mode", "The authorization server does not support this response mode.", http.StatusBadRequest}
	case q.Challenge == "" && q.Method != "":
		return missing("code_challenge")
	case q.Challenge != "" && q.Method != "S256":
		return invalid("The code_challenge_method must be S256.")
	case q.Challenge != "" && !s256.MatchString(q.Challenge):
		return invalid("The code_challenge is malformed.")
	}
	if q.scopes, err = scopesFor(q.app, q.Scope); err != nil {
		return errScope
	}
	return nil
}

// back is the app's address with an answer added. The registered address is
// kept to the letter, which rebuilding it from its parts would not.
func (q *request) back(answer url.Values) string {
	if q.State != "" {
		answer.Set("state", q.State)
	}
	mark := "?"
	if strings.Contains(q.RedirectURI, "?") {
		mark = "&"
	}
	return q.RedirectURI + mark + answer.Encode()
}

// refused is where a refusal is told to the app.
func (q *request) refused(no *refusal) string {
	return q.back(url.Values{"error": {no.Code}, "error_description": {no.Description}})
}

// address is the page of this request, to come back to after signing in.
func (q *request) address(lang string) string {
	v := url.Values{}
	for name, value := range map[string]string{"client_id": q.ClientID, "redirect_uri": q.RedirectURI, "response_type": q.ResponseType,
		"scope": q.Scope, "state": q.State, "code_challenge": q.Challenge, "code_challenge_method": q.Method, "lang": lang} {
		if value != "" {
			v.Set(name, value)
		}
	}
	return "/oauth/authorize?" + v.Encode()
}

// allow notes a member's yes and gives the code for the app.
func (s *Service) allow(ctx context.Context, account id.Account, q *request) (code string, err error) {
	code = newSecret()
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		return insertGrant(ctx, tx, hashOf(code), &grant{ID: id.Grant(tx.NextID()), App: q.app.ID, Account: account,
			RedirectURI: q.RedirectURI, Scopes: q.scopes, Challenge: q.Challenge})
	})
	if err != nil {
		return "", fmt.Errorf("authorize app: %w", err)
	}
	return code, nil
}

// exchange gives an app the token that a code stands for.
func (s *Service) exchange(ctx context.Context, app *App, form tokenForm) (secret string, token *Token, err error) {
	hash := hashOf(form.Code)
	g, err := grantByHash(ctx, s.db, hash)
	if fault.Is(err, fault.NotFound) {
		return "", nil, errGrant
	}
	if err != nil {
		return "", nil, fmt.Errorf("exchange code: %w", err)
	}
	if g.App != app.ID || g.RedirectURI != form.RedirectURI {
		return "", nil, errGrant
	}
	proven := proves(form.CodeVerifier, g.Challenge)
	if g.Used {
		return "", nil, s.replayed(ctx, app, g, proven)
	}
	if !proven || s.clock.Now().Sub(g.CreatedAt) > codeLife {
		return "", nil, errGrant
	}
	if _, err := s.mayAct(ctx, g.Account); err != nil {
		if fault.Is(err, fault.Forbidden) || fault.Is(err, fault.NotFound) {
			return "", nil, errGrant
		}
		return "", nil, fmt.Errorf("exchange code: %w", err)
	}
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		first, err := useGrant(ctx, tx, hash, clock.Milli(tx.Now()))
		if err != nil {
			return err
		}
		if !first {
			return errGrant // another exchange of this moment won
		}
		secret, token, err = s.issue(ctx, tx, app, g.Account, g.Scopes)
		return err
	})
	return secret, token, err
}

// replayed answers a code that was used before: somebody may have stolen it,
// so the token it gave ends (RFC 9700, 4.5) — unless PKCE proves that the very
// client asks again, which happens when an answer is lost on the way.
func (s *Service) replayed(ctx context.Context, app *App, g *grant, proven bool) error {
	if proven && g.Challenge != "" {
		return errGrant
	}
	s.log.WarnContext(ctx, "an authorization code was used twice; the app's tokens for the member are revoked", "app", app.ID, "account", g.Account)
	if err := s.RevokeApp(ctx, g.Account, app.ID); err != nil {
		return err
	}
	return errGrant
}

// proves checks PKCE: a challenge needs its verifier, and a verifier its
// challenge, so that nobody can take the challenge out on the way.
func proves(verifier, challenge string) bool {
	if challenge == "" || verifier == "" {
		return challenge == verifier
	}
	sum := sha256.Sum256([]byte(verifier))
	made := base64.RawURLEncoding.EncodeToString(sum[:])
	return len(verifier) >= 43 && len(verifier) <= 128 && subtle.ConstantTimeCompare([]byte(made), []byte(challenge)) == 1
}

// sweepGrants removes codes a day after they could last be used; until then a replay is noticed.
func (s *Service) sweepGrants(ctx context.Context) error {
	before := clock.Milli(s.clock.Now().Add(-24 * time.Hour))
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		_, err := db.Exec(ctx, tx, `DELETE FROM grants WHERE created_at < $1`, before)
		return err
	})
}
