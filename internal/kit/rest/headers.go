package rest

import (
	"net/http"
	"strings"
)

// Policy is the Content-Security-Policy of every answer that does not bring its own: what our
// own pages need, no inline script, and nobody may frame it.
const Policy = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; " +
	"media-src 'self' blob: data:; font-src 'self'; connect-src 'self' ws: wss:; worker-src 'self'; manifest-src 'self'; " +
	"frame-src 'none'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// Values of headers that never change; shared, since a header map only replaces them.
var (
	nosniff       = []string{"nosniff"}
	noFrames      = []string{"DENY"}
	sameOrigin    = []string{"same-origin"}
	anyOrigin     = []string{"*"}
	exposed       = []string{"Link, X-RateLimit-Reset, X-RateLimit-Limit, X-RateLimit-Remaining, X-Request-Id, Mastodon-Async-Refresh"}
	corsMethods   = []string{"GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"}
	corsHeaders   = []string{"Authorization, Content-Type, Idempotency-Key, *"}
	corsRemember  = []string{"7200"}
	preflightVary = []string{"Access-Control-Request-Headers"}
)

// secure sets the headers that every answer carries, errors included. A handler may replace them.
func secure(h http.Header, policy []string) {
	h["X-Content-Type-Options"] = nosniff
	h["X-Frame-Options"] = noFrames
	h["Referrer-Policy"] = sameOrigin
	h["Cross-Origin-Opener-Policy"] = sameOrigin
	h["Content-Security-Policy"] = policy
}

// shared tells whether apps in browsers, from any origin, may read this path. Pages are not
// among them, and neither are the consent page nor anything else that a cookie opens with a form.
func shared(path string) bool {
	switch path {
	case "/oauth/token", "/oauth/revoke", "/oauth/userinfo":
		return true
	}
	return strings.HasPrefix(path, "/api/") || strings.HasPrefix(path, "/.well-known/") || strings.HasPrefix(path, "/nodeinfo/")
}

// share lets apps in browsers read the answer, and answers their preflight; it tells whether
// it did. Credentials are never allowed: an app sends its token itself.
func share(w http.ResponseWriter, r *http.Request) (done bool) {
	if !shared(r.URL.Path) {
		return false
	}
	h := w.Header()
	h["Access-Control-Allow-Origin"] = anyOrigin
	if r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" {
		h["Access-Control-Expose-Headers"] = exposed
		return false
	}
	h["Access-Control-Allow-Methods"] = corsMethods
	h["Access-Control-Allow-Headers"] = allowedHeaders(r.Header.Get("Access-Control-Request-Headers"))
	h["Access-Control-Max-Age"] = corsRemember
	h["Vary"] = preflightVary
	w.WriteHeader(http.StatusNoContent)
	return true
}

// maxAsked is more than any app's list of headers.
const maxAsked = 1024

// allowedHeaders gives back the names an app asked for: old browsers do not understand *,
// and for Authorization no browser does.
func allowedHeaders(asked string) []string {
	if asked == "" || len(asked) > maxAsked {
		return corsHeaders
	}
	for _, b := range []byte(asked) {
		if !(b == '-' || b == '_' || b == ',' || b == ' ' || '0' <= b && b <= '9' || 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z') {
			return corsHeaders
		}
	}
	return []string{asked}
}
