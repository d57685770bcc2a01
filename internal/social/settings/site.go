// Package settings holds what keepers decide while the server runs, and the
// facts of the site that every address is made from.
package settings

import (
	"net"
	"net/url"
	"strings"

	"anancus/internal/social/id"
)

// Site is where this server stands. It never changes after the first follow.
type Site struct {
	Domain    string // the part after @ in handles
	WebDomain string // where pages and actors live; the same as Domain unless split
}

// Scheme is http for localhost and loopback addresses with or without a port, https otherwise.
func (s Site) Scheme() string {
	host := s.WebDomain
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.Trim(host, "[]")
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return "http"
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsLoopback() {
		return "http"
	}
	return "https"
}

// Secure tells whether people reach the site over https.
func (s Site) Secure() bool { return s.Scheme() == "https" }

// Base is the address of the site without a trailing slash.
func (s Site) Base() string { return s.Scheme() + "://" + s.WebDomain }

// URL is the address of a path on this site.
func (s Site) URL(path string) string { return s.Base() + path }

// IsLocal tells whether a domain is ours, as handle or as web domain.
func (s Site) IsLocal(domain string) bool {
	domain = strings.ToLower(domain)
	return domain == "" || domain == strings.ToLower(s.Domain) || domain == strings.ToLower(s.WebDomain)
}

// Ours tells whether an address lives on this site, and gives its path.
func (s Site) Ours(address string) (path string, ok bool) {
	u, err := url.Parse(address)
	if err != nil || !strings.EqualFold(u.Host, s.WebDomain) || (u.Scheme != "https" && u.Scheme != "http") {
		return "", false
	}
	return u.Path, true
}

// ActorURI is the opaque id of a local account: it holds no name, so that the name can change.
func (s Site) ActorURI(account id.Account) string { return s.URL("/ap/users/" + account.String()) }

// StatusURI is the id of a local status.
func (s Site) StatusURI(author id.Account, status id.Status) string {
	return s.ActorURI(author) + "/statuses/" + status.String()
}

// ProfileURL is the page of a local account.
func (s Site) ProfileURL(username string) string { return s.URL("/@" + username) }

// StatusURL is the page of a local status.
func (s Site) StatusURL(username string, status id.Status) string {
	return s.ProfileURL(username) + "/" + status.String()
}

// TagURL is the page of a hashtag.
func (s Site) TagURL(name string) string { return s.URL("/tags/" + url.PathEscape(name)) }
