package rest

import (
	"context"
	"net/http"
	"net/netip"
	"strings"
)

// maxHops bounds how far a chain of forwarding proxies is followed.
const maxHops = 32

// Proxies are the networks whose word about the client is taken. Everybody else can write
// what they like into X-Forwarded-For; it is not read.
type Proxies []netip.Prefix

// Client is where a request came from.
type Client struct {
	Addr   netip.Addr // the zero Addr when it cannot be told
	Scheme string     // http or https, as the client spoke it
	Proxy  bool       // a trusted proxy handed the request on
}

// Key groups addresses for rate limits: an IPv4 address alone, an IPv6 address with its /64,
// since whoever has one has all of them.
func (c Client) Key() string {
	switch {
	case !c.Addr.IsValid():
		return "unknown"
	case c.Addr.Is4():
		return c.Addr.String()
	}
	network, err := c.Addr.WithZone("").Prefix(64)
	if err != nil {
		return "unknown"
	}
	return network.String()
}

// Client finds out who sent the request. From the peer on, each address that is a trusted
// proxy is asked who was before it; the first one that is not is the client.
func (p Proxies) Client(r *http.Request) Client {
	c := Client{Addr: peer(r), Scheme: "http"}
	if r.TLS != nil {
		c.Scheme = "https"
	}
	if !p.trust(c.Addr) {
		return c
	}
	c.Proxy = true
	if proto := lastWord(r.Header.Values("X-Forwarded-Proto")); proto == "https" || proto == "http" {
		c.Scheme = proto
	}
	list := strings.Join(r.Header.Values("X-Forwarded-For"), ",")
	for range maxHops {
		word := lastWord([]string{list})
		addr, ok := readAddress(word)
		if !ok {
			break
		}
		c.Addr = addr
		comma := strings.LastIndexByte(list, ',')
		if comma < 0 || !p.trust(addr) {
			break
		}
		list = list[:comma]
	}
	return c
}

func (p Proxies) trust(addr netip.Addr) bool {
	for _, network := range p {
		if network.Contains(addr) {
			return true
		}
	}
	return false
}

func peer(r *http.Request) netip.Addr {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return at.Addr().Unmap().WithZone("")
}

// lastWord gives the last part of a list that proxies append to.
func lastWord(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	last := lines[len(lines)-1]
	return strings.TrimSpace(last[strings.LastIndexByte(last, ',')+1:])
}

// readAddress reads what proxies write: an address, with a port or in brackets.
func readAddress(word string) (netip.Addr, bool) {
	if addr, err := netip.ParseAddr(strings.Trim(word, "[]")); err == nil {
		return addr.Unmap().WithZone(""), true
	}
	if at, err := netip.ParseAddrPort(word); err == nil {
		return at.Addr().Unmap().WithZone(""), true
	}
	return netip.Addr{}, false
}

type clientKey struct{}

// ClientOf tells where the request of this context came from; Door puts it there.
func ClientOf(ctx context.Context) Client {
	c, _ := ctx.Value(clientKey{}).(Client)
	return c
}
