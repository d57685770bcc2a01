package safehttp

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"time"

	"anancus/internal/kit/fault"
)

// headStart is how long an address may try alone before the next one joins in.
const headStart = 300 * time.Millisecond

// maxPerFamily is how many addresses of a name are tried, for IPv6 and for IPv4.
const maxPerFamily = 2

func newTransport(dial dialFunc, roots *x509.CertPool) *http.Transport {
	return &http.Transport{
		Proxy:                  nil, // a proxy from the environment would resolve names for us, unchecked
		DialContext:            dial,
		TLSClientConfig:        &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    handshakeTimeout,
		ResponseHeaderTimeout:  headerTimeout,
		MaxResponseHeaderBytes: maxHeaderBytes,
		MaxIdleConns:           maxIdle,
		MaxIdleConnsPerHost:    maxIdlePerHost,
		MaxConnsPerHost:        maxConnsPerHost,
		IdleConnTimeout:        idleTimeout,
		DisableCompression:     true, // read undoes gzip itself, within bounds
		ForceAttemptHTTP2:      true,
		WriteBufferSize:        writeBuffer,
	}
}

type dialFunc = func(ctx context.Context, network, address string) (net.Conn, error)

// dialer resolves a name itself, and connects to the first good address.
func (c *Client) dialer(check func(netip.AddrPort) error) dialFunc {
	dialer := &net.Dialer{Timeout: connectTimeout, Control: control(check)}
	return func(ctx context.Context, _, address string) (net.Conn, error) {
		targets, err := c.resolve(ctx, address)
		if err != nil {
			return nil, err
		}
		var good []netip.AddrPort
		refused := errRefused
		for _, to := range targets {
			if err := check(to); err != nil {
				refused = err
				continue
			}
			good = append(good, to)
		}
		if len(good) == 0 {
			return nil, refused
		}
		return race(ctx, dialer, good)
	}
}

// resolve lists the addresses of "host:port" that are worth trying.
func (c *Client) resolve(ctx context.Context, address string) ([]netip.AddrPort, error) {
	host, portText, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	port, err := strconv.ParseUint(portText, 10, 16)
	if err != nil {
		return nil, err
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		return []netip.AddrPort{netip.AddrPortFrom(ip, uint16(port))}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, dnsTimeout)
	defer cancel()
	found, err := c.resolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, fmt.Errorf("resolve %s: %w", host, err)
	}
	var targets []netip.AddrPort
	families := map[bool]int{}
	for _, ip := range found {
		ip = ip.Unmap() // some resolvers answer IPv4 in mapped form
		if families[ip.Is4()]++; families[ip.Is4()] <= maxPerFamily {
			targets = append(targets, netip.AddrPortFrom(ip, uint16(port)))
		}
	}
	if len(targets) == 0 {
		return nil, fmt.Errorf("resolve %s: no addresses", host)
	}
	return targets, nil
}

// race connects to the addresses one after the other, each with a head start,
// and keeps the first connection: a dead IPv6 route costs 0.3 s, not 5.
func race(ctx context.Context, dialer *net.Dialer, targets []netip.AddrPort) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	type result struct {
		conn net.Conn
		err  error
	}
	results := make(chan result)
	failed := make(chan struct{}, len(targets)) // lets the next one start early
	for i, to := range targets {
		go func() {
			if i > 0 {
				select {
				case <-failed:
				case <-time.After(time.Duration(i) * headStart):
				case <-ctx.Done():
				}
			}
			conn, err := dialer.DialContext(ctx, "tcp", to.String())
			if err != nil {
				failed <- struct{}{}
			}
			select {
			case results <- result{conn, err}:
			case <-ctx.Done(): // somebody else was first, or time is up
				if conn != nil {
					_ = conn.Close()
				}
			}
		}()
	}
	var errs []error
	for range targets {
		select {
		case r := <-results:
			if r.err == nil {
				return r.conn, nil
			}
			errs = append(errs, r.err)
		case <-ctx.Done():
			return nil, errors.Join(append(errs, ctx.Err())...)
		}
	}
	return nil, errors.Join(errs...)
}

// unreachable gives a failed exchange its kind.
func unreachable(host string, err error) error {
	if errors.Is(err, errRefused) {
		return fault.Wrap(err, fault.Forbidden, host+" is not a public address")
	}
	return fault.Wrap(err, fault.Unavailable, host+" could not be reached")
}

// Refuses tells whether an address is known to be one that no request would reach: what its host's name stands for now is not
// public. What a name that cannot be looked up stands for is seen when a request is made.
func (c *Client) Refuses(ctx context.Context, at *url.URL) bool {
	address := at.Host
	if at.Port() == "" {
		address = net.JoinHostPort(at.Hostname(), defaultPort(at.Scheme))
	}
	targets, err := c.resolve(ctx, address)
	if err != nil {
		return false
	}
	for _, to := range targets {
		if c.guard.check(to) == nil {
			return false
		}
	}
	return true
}

// AllowsPlain tells whether host (with or without a port) lies in the networks
// opened explicitly, where plain http is accepted.
func (c *Client) AllowsPlain(ctx context.Context, host string) bool {
	if c.plain == nil {
		return false
	}
	address := host
	if _, _, err := net.SplitHostPort(host); err != nil {
		address = net.JoinHostPort(trimBrackets(host), "80")
	}
	targets, err := c.resolve(ctx, address)
	if err != nil {
		return false
	}
	for _, to := range targets {
		if c.guard.checkAllowed(to) == nil {
			return true
		}
	}
	return false
}
