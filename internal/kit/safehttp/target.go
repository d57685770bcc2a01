package safehttp

import (
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"golang.org/x/net/idna"

	"anancus/internal/kit/fault"
)

// maxURL bounds an address; browsers and Mastodon stop at about the same length.
const maxURL = 2048

// lookup is the IDNA profile of browsers, but for underscores, which some
// servers have in their names; hostname checks the letters afterwards.
var lookup = idna.New(idna.MapForLookup(), idna.BidiRule(), idna.StrictDomainName(false))

// ParseURL reads an address given by a stranger and returns it in one spelling:
// lower-case ASCII host without final dot, no default port, no fragment.
// Addresses with credentials, control characters, spaces or backslashes, and
// schemes other than http and https, are BadRequest faults.
func ParseURL(raw string) (*url.URL, error) {
	if raw == "" || len(raw) > maxURL {
		return nil, unusable("is empty or too long")
	}
	for i := range len(raw) {
		if c := raw[i]; c <= ' ' || c == 0x7f || c == '\\' {
			return nil, unusable("has characters that are not allowed")
		}
	}
	u, err := url.Parse(raw)
	if err != nil {
		return nil, fault.Wrap(err, fault.BadRequest, "The address cannot be read")
	}
	return checkURL(u)
}

func unusable(why string) error {
	return fault.New(fault.BadRequest, "The address "+why)
}

// checkURL is ParseURL for an address that is already in parts.
func checkURL(in *url.URL) (*url.URL, error) {
	if in == nil {
		return nil, unusable("is empty or too long")
	}
	u := *in
	u.Scheme = strings.ToLower(u.Scheme)
	switch {
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, unusable("is not http or https")
	case u.User != nil:
		return nil, unusable("contains credentials")
	case u.Opaque != "" || u.Host == "":
		return nil, unusable("has no host")
	case strings.ContainsAny(u.Path, "\r\n\x00"): // decoded: %0d%0a in a path is an attack or a mistake
		return nil, unusable("has characters that are not allowed")
	}
	host, err := Host(u.Host)
	if err != nil {
		return nil, err
	}
	if h, port, err := net.SplitHostPort(host); err == nil && port == defaultPort(u.Scheme) {
		host = h
		if strings.Contains(h, ":") {
			host = "[" + h + "]"
		}
	}
	u.Host, u.Fragment, u.RawFragment = host, "", ""
	return &u, nil
}

func defaultPort(scheme string) string {
	if scheme == "http" {
		return "80"
	}
	return "443"
}

// Host gives the one spelling of a host with or without a port, as domain
// blocks and same-host checks need it.
func Host(raw string) (string, error) {
	name, port := raw, ""
	if i := strings.LastIndexByte(raw, ':'); i >= 0 && !strings.HasSuffix(raw, "]") {
		name, port = raw[:i], raw[i+1:]
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil || n == 0 {
			return "", unusable("has a bad port")
		}
		port = ":" + strconv.FormatUint(n, 10)
	}
	if strings.HasPrefix(name, "[") {
		ip, err := netip.ParseAddr(trimBrackets(name))
		if err != nil || !ip.Is6() || ip.Zone() != "" {
			return "", unusable("has a bad host")
		}
		return "[" + ip.String() + "]" + port, nil
	}
	name, err := hostname(name)
	return name + port, err
}

// hostname gives the one spelling of a name or IPv4 address.
func hostname(raw string) (string, error) {
	name, err := lookup.ToASCII(strings.TrimSuffix(raw, "."))
	if err != nil || name == "" || len(name) > 253 {
		return "", unusable("has a bad host")
	}
	name = strings.ToLower(name)
	if again, err := lookup.ToASCII(name); err != nil || again != name { // an encoding of what may not be encoded
		return "", unusable("has a bad host")
	}
	labels := strings.Split(name, ".")
	for _, label := range labels {
		if label == "" || len(label) > 63 || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return "", unusable("has a bad host")
		}
	}
	last := labels[len(labels)-1]
	if last == "onion" || last == "i2p" { // asking DNS for them would tell on the reader
		return "", fault.New(fault.Forbidden, "Hidden services are not reached from here")
	}
	if numeric(last) { // 2130706433, 0x7f.1, 017700000001: other spellings of an address
		if ip, err := netip.ParseAddr(name); err != nil || !ip.Is4() {
			return "", unusable("has a bad host")
		}
	}
	return name, nil
}

// numeric tells whether a last label makes a host an IPv4 address to a browser.
func numeric(label string) bool {
	if strings.Trim(label, "0123456789") == "" {
		return true
	}
	return strings.HasPrefix(label, "0x") && strings.Trim(label[2:], "0123456789abcdef") == ""
}

func trimBrackets(host string) string {
	return strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
}
