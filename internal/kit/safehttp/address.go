package safehttp

import (
	"errors"
	"net"
	"net/netip"
	"syscall"

	"code.dny.dev/ssrf"
)

// errRefused is what the guard answers; Do makes it a Forbidden fault.
var errRefused = errors.New("address is not public")

// guard decides which addresses may be dialled. It looks at the address that a
// name has resolved to, at the moment of connecting, so that a name which
// changes its mind between check and use gains nothing.
type guard struct {
	public  *ssrf.Guardian
	allowed []netip.Prefix
}

func newGuard(allowed []netip.Prefix) guard {
	g := guard{public: ssrf.New(ssrf.WithAnyPort())}
	for _, p := range allowed {
		g.allowed = append(g.allowed, p.Masked())
	}
	return g
}

// check passes public addresses on ports a web server may have, and all allowed ones.
func (g guard) check(to netip.AddrPort) error {
	if g.checkAllowed(to) == nil {
		return nil
	}
	if to.Addr().Zone() != "" || !webPort(to.Port()) {
		return errRefused
	}
	// The Guardian refuses mapped addresses (::ffff:8.8.8.8) as a whole.
	if err := g.public.SafeAddr(to.Addr()); err != nil {
		return errors.Join(errRefused, err)
	}
	return nil
}

// checkAllowed passes the addresses that were opened explicitly.
func (g guard) checkAllowed(to netip.AddrPort) error {
	addr := to.Addr().WithZone("").Unmap()
	for _, p := range g.allowed {
		if p.Contains(addr) {
			return nil
		}
	}
	return errRefused
}

// webPort tells whether a web server may be expected there. Below 1024 live the
// mail, file and name services that a forged request could be meant for.
func webPort(port uint16) bool { return port == 443 || port == 80 || port >= 1024 }

// control is check as the last step before connect(2).
func control(check func(netip.AddrPort) error) func(string, string, syscall.RawConn) error {
	return func(network, address string, _ syscall.RawConn) error {
		if network != "tcp4" && network != "tcp6" {
			return errRefused
		}
		to, err := netip.ParseAddrPort(address)
		if err != nil {
			return errors.Join(errRefused, err)
		}
		return check(to)
	}
}

var systemResolver Resolver = net.DefaultResolver
