package pages

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// CSP is the Content-Security-Policy of a server-rendered page: our own style
// sheet and pictures, no script, no frame around it. formAction adds where its
// forms may lead beside ourselves.
func CSP(formAction ...string) string {
	return "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'; form-action " +
		strings.Join(append([]string{"'self'"}, formAction...), " ")
}

// ShowingFrom adds sources of pictures, films and sounds to a policy that lets pictures come from 'self'.
func ShowingFrom(policy string, sources ...string) string {
	from := "'self' " + strings.Join(sources, " ")
	if !strings.Contains(policy, "media-src 'self'") {
		policy = strings.Replace(policy, "img-src 'self'", "media-src 'self'; img-src 'self'", 1)
	}
	return strings.NewReplacer("img-src 'self'", "img-src "+from, "media-src 'self'", "media-src "+from).Replace(policy)
}

// Secure sets the headers every page carries. The referrer stays on this site,
// rather than nowhere: without one, browsers name no origin when a form is sent.
func Secure(h http.Header, formAction ...string) {
	h.Set("Content-Security-Policy", CSP(formAction...))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
}

var plainHost = regexp.MustCompile(`^[A-Za-z0-9.-]+(:[0-9]+)?$`)

// FormTarget is the form-action source that lets a form lead to address: the
// origin of a web address, the scheme of an app's own. "" when it has neither.
func FormTarget(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme == "" || u.Scheme == "urn" {
		return ""
	}
	if (u.Scheme == "https" || u.Scheme == "http") && plainHost.MatchString(u.Host) {
		return u.Scheme + "://" + u.Host
	}
	return u.Scheme + ":" // a source cannot name an IPv6 host
}
