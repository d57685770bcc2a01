package safehttp

import (
	"net/netip"
	"testing"
)

var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}

var privateAddresses = []string{
	"0.0.0.0", "0.1.2.3", // this network
	"10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.0.1", "192.168.255.255",
	"100.64.0.1", "100.127.255.255", // carriers
	"127.0.0.1", "127.255.255.254",
	"169.254.0.1", "169.254.169.254", // where clouds keep their secrets
	"192.0.0.1", "192.0.0.170", "192.0.2.1", "198.51.100.1", "203.0.113.1",
	"192.88.99.1", "198.18.0.1", "198.19.255.255",
	"224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
	"::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:0:127.0.0.1",
	"64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::1",
	"100::1", "2001::1", "2001:10::1", "2001:20::1", "2001:db8::1", "2002:7f00:1::1", "3fff::1", "5f00::1",
	"fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%lo", "fec0::1", "ff02::1", "2606:4700::1%eth0",
}

func TestPrivateAddressesAreRefused(t *testing.T) {
	closed := newGuard(nil)
	for _, text := range privateAddresses {
		if closed.check(netip.AddrPortFrom(netip.MustParseAddr(text), 443)) == nil {
			t.Errorf("%s passes", text)
		}
	}
}

func TestPublicAddressesPass(t *testing.T) {
	for _, text := range []string{
		"1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.1",
		"172.15.255.255", "172.32.0.0", "192.0.1.1", "198.17.255.255", "198.20.0.0", "223.255.255.255",
		"2606:4700::1", "2a00:1450::1",
	} {
		if err := newGuard(nil).check(netip.AddrPortFrom(netip.MustParseAddr(text), 443)); err != nil {
			t.Errorf("%s is refused: %v", text, err)
		}
	}
}

func TestOpenedNetworksPassOnAnyPortAndNothingElseDoes(t *testing.T) {
	open := newGuard(loopback)
	for text, want := range map[string]bool{
		"127.0.0.1:22": true, "127.9.9.9:8080": true, "[::1]:80": true, "[::ffff:127.0.0.1]:80": true,
		"10.0.0.1:443": false, "[fe80::1]:443": false, "[::127.0.0.1]:443": false,
	} {
		to := netip.MustParseAddrPort(text)
		if got := open.check(to) == nil; got != want {
			t.Errorf("check(%s) passes: %v, want %v", text, got, want)
		}
		if got := open.checkAllowed(to) == nil; got != want {
			t.Errorf("checkAllowed(%s) passes: %v, want %v", text, got, want)
		}
	}
	if open.checkAllowed(netip.MustParseAddrPort("1.1.1.1:80")) == nil {
		t.Error("a public address is allowed plain http")
	}
}

func TestOnlyPortsOfWebServersAreDialled(t *testing.T) {
	for port, want := range map[uint16]bool{443: true, 80: true, 1024: true, 8443: true, 22: false, 25: false, 53: false, 0: false} {
		if got := newGuard(nil).check(netip.AddrPortFrom(netip.MustParseAddr("1.1.1.1"), port)) == nil; got != want {
			t.Errorf("port %d passes: %v, want %v", port, got, want)
		}
	}
}

func TestControlRefusesOtherNetworksAndNonsense(t *testing.T) {
	hook := control(newGuard(loopback).check)
	for _, c := range [][2]string{{"udp4", "127.0.0.1:53"}, {"unix", "/run/x"}, {"tcp4", "nonsense"}, {"tcp4", "10.0.0.1:443"}} {
		if hook(c[0], c[1], nil) == nil {
			t.Errorf("control(%v) passes", c)
		}
	}
}
