package activitypub

import (
	"strings"

	"anancus/internal/kit/fault"
	"anancus/internal/kit/safehttp"
)

// Handle is the name people use for an account: username@domain. The domain is
// in its one spelling, and has a port only in test networks.
type Handle struct{ Username, Domain string }

func (h Handle) String() string { return h.Username + "@" + h.Domain }

// Same tells whether two handles name one account; case does not matter.
func (h Handle) Same(other Handle) bool {
	return strings.EqualFold(h.Username, other.Username) && h.Domain == other.Domain
}

// ParseHandle reads user@domain, @user@domain or acct:user@domain.
func ParseHandle(text string) (Handle, error) {
	text = strings.TrimPrefix(strings.TrimPrefix(text, "acct:"), "@")
	username, domain, ok := strings.Cut(text, "@")
	if !ok {
		return Handle{}, fault.New(fault.BadRequest, "A handle is written user@domain")
	}
	return newHandle(username, domain)
}

func newHandle(username, domain string) (Handle, error) {
	host, err := safehttp.Host(domain)
	if err != nil {
		return Handle{}, err
	}
	if !isUsername(username) {
		return Handle{}, fault.New(fault.BadRequest, "The name has characters that are not allowed")
	}
	return Handle{Username: username, Domain: strings.TrimSuffix(host, ":443")}, nil
}
