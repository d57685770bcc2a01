package server

import (
	"context"
	"crypto"
	"net/http"
	"slices"
	"strings"

	"anancus/internal/kit/fault"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/social/accounts"
	"anancus/internal/social/domains"
	"anancus/internal/social/viewer"
)

// refusesAddress tells whether keepers want nothing of the server at an address. What is no address is refused elsewhere.
func (s *Server) refusesAddress(address string) bool {
	host, err := activitypub.HostOf(address)
	return err == nil && s.domains.Refuses(host)
}

// refuses tells whether keepers want nothing of an account's server, by whichever of its two names.
func (s *Server) refuses(a *accounts.Account) bool {
	return !a.Local() && (s.domains.Refuses(a.Domain) || s.refusesAddress(a.URI))
}

// signerKey is under which a request carries who signed it, once that was checked.
type signerKey struct{}

// signerOf checks who signed a GET.
func (s *Server) signerOf(c *viewer.Call) (*accounts.Account, error) {
	if signer, known := c.Context().Value(signerKey{}).(*accounts.Account); known {
		return signer, nil
	}
	signature, err := activitypub.ParseSignature(c.R)
	if err != nil {
		return nil, err
	}
	if s.refusesAddress(signature.KeyID) {
		return nil, domains.Refusal()
	}
	return s.verify(c, signature, nil, func() {})
}

// admitReader lets servers read documents. In secure mode they must say who they are, and be ones that are spoken with.
func (s *Server) admitReader(c *viewer.Call) error {
	if !s.settings.Now().SecureMode() {
		return nil
	}
	accounts.SecureDocument(c)
	signer, err := s.signerOf(c)
	switch {
	case err != nil:
		return err
	case !signer.Available() || s.refuses(signer):
		return domains.Refusal()
	}
	c.R = c.R.WithContext(context.WithValue(c.R.Context(), signerKey{}, signer))
	return nil
}

// openWhenLimited is what anybody may ask of the API where federation is limited: what programs need before somebody can sign in.
var openWhenLimited = []string{"/api/v2/instance", "/api/v1/apps", "/api/oembed", "/api/v1/streaming/health"}

// closed refuses whoever is no member where federation is limited: then nothing here is public. Routes that only an app or a member may use
// see to that themselves.
func (s *Server) closed(c *viewer.Call, r route) error {
	if !s.settings.Now().LimitedFederation || r.door != anyone && r.door != peer || !strings.HasPrefix(r.path, "/api/") || slices.Contains(openWhenLimited, r.path) {
		return nil
	}
	c.SetHeader("Vary", "Authorization, Cookie") // nobody may be given what was kept for a member
	if r.door == peer {                          // which asks nobody who they are
		v, err := s.access.Viewer(c.Context(), c.R)
		if err != nil {
			return err
		}
		c.Viewer = v
	}
	if !c.Viewer.IsMember() {
		return fault.New(fault.Unauthorized, viewer.NoMember)
	}
	return nil
}

// closedPage leads visitors to sign in where federation is limited.
func (s *Server) closedPage(w http.ResponseWriter, r *http.Request, v viewer.Viewer) bool {
	if !s.settings.Now().LimitedFederation || v.IsMember() {
		return false
	}
	http.Redirect(w, r, "/auth/sign_in", http.StatusFound)
	return true
}

// poster sends activities, but for what waited when federation was limited: it is dropped as if it had been refused there.
type poster struct {
	client  *activitypub.Client
	domains *domains.Service
}

// Post sends one.
func (p poster) Post(ctx context.Context, inbox string, body []byte, keyID string, key crypto.Signer, extra ...activitypub.Header) (int, error) {
	if host, err := activitypub.HostOf(inbox); err == nil && p.domains.Refuses(host) && !p.domains.Suspends(host) {
		return http.StatusForbidden, nil
	}
	return p.client.Post(ctx, inbox, body, keyID, key, extra...)
}
