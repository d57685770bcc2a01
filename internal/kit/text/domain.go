package text

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/net/idna"
)

// ErrDomain is returned for what cannot be the name of a server.
var ErrDomain = errors.New("not a domain name")

const maxDomain = 253

// domainProfile maps upper case and width as browsers do, so that every way to write a
// domain ends in one spelling, and a block on it holds.
var domainProfile = idna.New(
	idna.MapForLookup(),
	idna.Transitional(false),
	idna.StrictDomainName(false), // underscores exist in the wild; hostRunes decides
	idna.BidiRule(),
	idna.VerifyDNSLength(true),
)

// NormalizeDomain returns the one spelling of a server's name: lower case, punycode, no dot
// at the end, a port only where it is not 443. Anything that carries more than a name, such as
// user, path or escapes, is refused.
func NormalizeDomain(domain string) (string, error) {
	if domain == "" || len(domain) > 4*maxDomain || strings.ContainsFunc(domain, forbiddenInDomain) {
		return "", fmt.Errorf("%w: %.100q", ErrDomain, domain)
	}
	host, port, hasPort := strings.Cut(domain, ":")
	ascii, err := domainProfile.ToASCII(strings.TrimSuffix(host, "."))
	if err != nil || !validHost(ascii) {
		return "", fmt.Errorf("%w: %.100q", ErrDomain, domain)
	}
	if !hasPort {
		return ascii, nil
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil || number == 0 {
		return "", fmt.Errorf("%w: %.100q", ErrDomain, domain)
	}
	if number == 443 {
		return ascii, nil
	}
	return ascii + ":" + strconv.FormatUint(number, 10), nil
}

// DisplayDomain is a domain as its people write it, in their script. What cannot be shown so
// is returned as it is.
func DisplayDomain(domain string) string {
	host, port, hasPort := strings.Cut(domain, ":")
	shown, err := idna.Display.ToUnicode(host)
	if err != nil || strings.ContainsFunc(shown, hidesText) {
		return domain
	}
	if hasPort {
		return shown + ":" + port
	}
	return shown
}

// forbiddenInDomain runs before mapping, which would quietly drop or change some of these.
func forbiddenInDomain(r rune) bool {
	return isSpace(r) || hidesText(r) || r == '\uFFFD' || strings.ContainsRune("%/\\@?#[]&<>\"'+*,;=!$()|^`{}~", r)
}

func validHost(host string) bool {
	if host == "" || len(host) > maxDomain {
		return false
	}
	for label := range strings.SplitSeq(host, ".") {
		if label == "" || len(label) > maxLabel || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		if spanWhile(label, 0, func(r rune) bool { return isUsernameRune(r) || r == '-' }) != len(label) {
			return false
		}
	}
	return true
}
