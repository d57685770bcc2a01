package rest

import (
	"crypto/tls"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"anancus/internal/kit/clock"
)

var behindProxies = Proxies{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128")}

func TestTheClientIsTheLastAddressThatIsNoTrustedProxy(t *testing.T) {
	for name, c := range map[string]struct {
		peer      string
		forwarded []string
		want      string
		proxied   bool
	}{
		"a direct client":                      {"192.0.2.1:55", nil, "192.0.2.1", false},
		"a direct client that lies":            {"192.0.2.1:55", []string{"203.0.113.9"}, "192.0.2.1", false},
		"one proxy":                            {"10.0.0.1:55", []string{"192.0.2.1"}, "192.0.2.1", true},
		"one proxy, and a client that lies":    {"10.0.0.1:55", []string{"203.0.113.9, 192.0.2.1"}, "192.0.2.1", true},
		"a lie in a header of its own":         {"10.0.0.1:55", []string{"203.0.113.9", "192.0.2.1"}, "192.0.2.1", true},
		"a client that names a proxy":          {"10.0.0.1:55", []string{"10.0.0.7, 192.0.2.1"}, "192.0.2.1", true},
		"two proxies":                          {"10.0.0.1:55", []string{"192.0.2.1, 10.0.0.2"}, "192.0.2.1", true},
		"proxies only":                         {"10.0.0.1:55", []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3", true},
		"a proxy that says nothing":            {"10.0.0.1:55", nil, "10.0.0.1", true},
		"rubbish from a proxy":                 {"10.0.0.1:55", []string{"192.0.2.1, unknown"}, "10.0.0.1", true},
		"rubbish behind a proxy":               {"10.0.0.1:55", []string{"unknown, 10.0.0.2"}, "10.0.0.2", true},
		"a proxy that appends the port":        {"10.0.0.1:55", []string{"192.0.2.1:8080"}, "192.0.2.1", true},
		"an IPv6 client in brackets":           {"[::1]:55", []string{"[2001:db8::5]"}, "2001:db8::5", true},
		"an IPv6 client with a port":           {"[::1]:55", []string{"[2001:db8::5]:99"}, "2001:db8::5", true},
		"an IPv4 proxy seen through IPv6":      {"[::ffff:10.0.0.1]:55", []string{"192.0.2.1"}, "192.0.2.1", true},
		"a trusted proxy in IPv6 clothes":      {"10.0.0.1:55", []string{"192.0.2.1, ::ffff:10.0.0.2"}, "192.0.2.1", true},
		"an empty header":                      {"10.0.0.1:55", []string{""}, "10.0.0.1", true},
		"a peer without an address":            {"@", []string{"192.0.2.1"}, "invalid IP", false},
		"a chain longer than anybody's":        {"10.0.0.1:55", []string{"192.0.2.1," + strings.Repeat("10.0.0.2,", 5000) + "10.0.0.2"}, "10.0.0.2", true},
		"a client on a link with a zone":       {"[fe80::1%eth0]:55", nil, "fe80::1", false},
		"an address that only looks like ours": {"10.0.0.1:55", []string{"192.0.2.1, 110.0.0.2"}, "110.0.0.2", true},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest("GET", "/", nil)
			r.RemoteAddr = c.peer
			for _, line := range c.forwarded {
				r.Header.Add("X-Forwarded-For", line)
			}
			if got := behindProxies.Client(r); got.Addr.String() != c.want || got.Proxy != c.proxied {
				t.Errorf("the client is %s (proxied %v), want %s (%v)", got.Addr, got.Proxy, c.want, c.proxied)
			}
		})
	}
}

func TestTheSchemeIsTheClientsNotTheProxys(t *testing.T) {
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("X-Forwarded-Proto", "https")
	r.RemoteAddr = "192.0.2.1:55"
	if got := behindProxies.Client(r).Scheme; got != "http" {
		t.Errorf("somebody who is no proxy makes it %s", got)
	}
	r.RemoteAddr = "10.0.0.1:55"
	if got := behindProxies.Client(r).Scheme; got != "https" {
		t.Errorf("a proxy that speaks https makes it %s", got)
	}
	r.Header.Set("X-Forwarded-Proto", "gopher")
	if got := behindProxies.Client(r).Scheme; got != "http" {
		t.Errorf("rubbish makes it %s", got)
	}
	r.Header.Del("X-Forwarded-Proto")
	r.TLS = &tls.ConnectionState{}
	if got := behindProxies.Client(r).Scheme; got != "https" {
		t.Errorf("TLS makes it %s", got)
	}
}

func TestIPv6ClientsAreLimitedByTheirNetwork(t *testing.T) {
	key := func(addr string) string { return Client{Addr: netip.MustParseAddr(addr)}.Key() }
	if key("2001:db8:1:2::1") != key("2001:db8:1:2:ffff::9") || key("2001:db8:1:2::1") == key("2001:db8:1:3::1") {
		t.Error("an IPv6 /64 is not one client")
	}
	if key("192.0.2.1") == key("192.0.2.2") {
		t.Error("two IPv4 addresses are one client")
	}
	if (Client{}).Key() == "" {
		t.Error("clients without an address have no key")
	}
}

// Security list, item 64.
func TestALimitIsNotBypassedByForgedHeaders(t *testing.T) {
	l := NewLimiter(clock.NewManual(time.Unix(0, 0)), true)
	passed := 0
	for i := range 100 {
		r := httptest.NewRequest("POST", "/auth/sign_in", nil)
		r.RemoteAddr = "192.0.2.1:55"
		forged := netip.AddrFrom4([4]byte{203, 0, 113, byte(i)}).String()
		for _, header := range []string{"X-Forwarded-For", "X-Real-Ip", "Forwarded", "Client-Ip", "True-Client-Ip", "Cf-Connecting-Ip"} {
			r.Header.Set(header, forged)
		}
		if l.Admit(httptest.NewRecorder(), Rule{"login:" + behindProxies.Client(r).Key(), 25, 5 * time.Minute}) {
			passed++
		}
	}
	if passed != 25 {
		t.Errorf("%d attempts passed, want 25", passed)
	}
}

func FuzzForwardedHeadersNeverMakeAnUntrustedPeerSomebodyElse(f *testing.F) {
	f.Add("10.0.0.2, 192.0.2.1")
	f.Add(",,[::1]:9,%")
	f.Fuzz(func(t *testing.T, line string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header["X-Forwarded-For"] = []string{line}
		r.RemoteAddr = "192.0.2.1:55"
		if got := behindProxies.Client(r).Addr.String(); got != "192.0.2.1" {
			t.Errorf("the client is %s", got)
		}
		r.RemoteAddr = "10.0.0.1:55"
		_ = behindProxies.Client(r).Key()
	})
}
