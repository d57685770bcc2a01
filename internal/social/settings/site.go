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
	MediaHost string // where files are served; "" for WebDomain. It may change at any time
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

// MediaBase is the origin under which files are reached.
func (s Site) MediaBase() string {
	if s.MediaHost == "" {
		return s.Base()
	}
	return s.Scheme() + "://" + s.MediaHost
}

// MediaURL is the address of a path below which files are reached.
func (s Site) MediaURL(path string) string { return s.MediaBase() + path }

// AtMediaHost tells whether a request asks the host of files, where it is one of its own.
func (s Site) AtMediaHost(host string) bool {
	return s.MediaHost != "" && strings.EqualFold(host, s.MediaHost)
}

// files is where the files of the store are reached, by their keys.
const files = "/files/"

// FileURL is where the file under a key is reached; "" for none.
func (s Site) FileURL(key string) string {
	if key == "" {
		return ""
	}
	return s.MediaURL(files + key)
}

// FileKey reads the key out of an address that FileURL made, also when files were at another host then.
func (s Site) FileKey(address string) (string, bool) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return "", false
	}
	return strings.CutPrefix(u.Path, files)
}

// FileNow is where a file of ours is reached whose address was written down some time ago.
func (s Site) FileNow(address string) string {
	if key, ok := s.FileKey(address); ok {
		return s.FileURL(key)
	}
	return address
}

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

// CollectionURL is the page of a member's collection.
func (s Site) CollectionURL(which id.Collection) string {
	return s.URL("/collections/" + id.String(which))
}

// TagURL is the page of a hashtag.
func (s Site) TagURL(name string) string { return s.URL("/tags/" + url.PathEscape(name)) }
