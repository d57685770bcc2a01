package safehttp

import (
	"net/http"

	"anancus/internal/kit/fault"
)

// ours are the headers that speak for us to one address only, so that a
// redirected request starts without them.
var ours = []string{
	"Authorization", "Cookie", "Proxy-Authorization",
	"Signature", "Signature-Input", "Digest", "Content-Digest", "Date", "Collection-Synchronization",
}

// redirected makes the request that follows a 3xx; nil if the answer is final.
func redirected(hop *http.Request, response *http.Response, limits Limits) (*http.Request, error) {
	if limits.Redirects < 0 || !follows(hop, response, limits) {
		return nil, nil
	}
	location := response.Header.Get("Location")
	if location == "" {
		return nil, nil
	}
	target, err := hop.URL.Parse(location)
	if err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, hop.URL.Host+" redirects to an address that cannot be read")
	}
	target, err = ParseURL(target.String()) // as strict as with the first address
	if err != nil {
		return nil, err
	}
	if hop.URL.Scheme == "https" && target.Scheme == "http" {
		return nil, fault.New(fault.Forbidden, hop.URL.Host+" redirects from https to http")
	}
	next := hop.Clone(hop.Context())
	next.URL, next.Host = target, ""
	for _, name := range ours {
		next.Header.Del(name)
	}
	if hop.GetBody != nil {
		if next.Body, err = hop.GetBody(); err != nil {
			return nil, err
		}
	}
	return next, nil
}

// follows tells whether a redirect may be followed with this request: reading
// always; writing only where the method stays and the signature can be made anew.
func follows(hop *http.Request, response *http.Response, limits Limits) bool {
	reading := hop.Method == http.MethodGet || hop.Method == http.MethodHead || hop.Method == ""
	switch response.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther:
		return reading
	case http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return reading || (limits.Sign != nil && hop.GetBody != nil)
	}
	return false
}
