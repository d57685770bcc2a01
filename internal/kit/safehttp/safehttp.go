// Package safehttp makes requests to addresses that other people chose: a
// remote server's documents, a link in a post, a push endpoint. It exists so
// that no such address can reach into our own network, keep us waiting, or fill
// our memory. Every outgoing request of the house goes through it.
package safehttp

import (
	"context"
	"crypto/x509"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/fault"
)

// The limits of one request, each with the reason for its size.
const (
	DefaultMaxBody   = 1 << 20          // what Mastodon reads of a document
	DefaultTimeout   = 30 * time.Second // for everything together, so that a dripping server cannot hold us
	DefaultRedirects = 3                // as Mastodon; more is a loop or a game
	NoRedirects      = -1               // for Limits.Redirects: hand back the 3xx itself

	dnsTimeout       = 5 * time.Second
	connectTimeout   = 5 * time.Second
	handshakeTimeout = 10 * time.Second
	headerTimeout    = 10 * time.Second
	idleTimeout      = 60 * time.Second
	maxHeaderBytes   = 64 << 10 // of an answer; honest ones have 1 to 4 KB
	maxErrorBody     = 16 << 10 // of an answer that is not 2xx: enough to log a reason
	maxConnsPerHost  = 8        // a slow host waits for itself
	maxIdlePerHost   = 2
	maxIdle          = 512
	writeBuffer      = 8 << 10 // a signed activity of usual size leaves at once
)

// Options say what a Client may reach and how it introduces itself.
type Options struct {
	// AllowAddresses are networks that may be reached although they are not
	// public, on any port, and over plain http: for test networks only.
	AllowAddresses []netip.Prefix
	UserAgent      string
	// Clock dates what is sent through the client; nil is the machine's.
	Clock clock.Clock
	// MaxBody bounds a body, also after decompression; 0 is DefaultMaxBody.
	MaxBody int64
	// RootCAs replaces the machine's trusted authorities; for tests.
	RootCAs *x509.CertPool
	// Refuse is asked before each request, redirected ones included: an error of it is what Do gives. nil refuses nobody.
	Refuse func(host string) error
	// Resolver replaces the machine's; its answers are checked all the same.
	Resolver Resolver
	// Transport replaces connections, https and http; no address is checked then. For simulations.
	Transport http.RoundTripper
}

// Resolver turns a name into addresses, as *net.Resolver does.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// Limits bound one request. The zero value gives the defaults.
type Limits struct {
	MaxBody   int64         // 0: the client's
	Timeout   time.Duration // 0: DefaultTimeout
	Redirects int           // 0: DefaultRedirects; NoRedirects: none
	// Sign is called for the first request and again for each redirected one,
	// which has lost its signature, cookies and Authorization before.
	Sign func(*http.Request) error
	// Cut takes the beginning of a body that is longer than MaxBody, instead of refusing it.
	Cut bool
	// Into takes the body of a 2xx answer, which is then not in Response.Body.
	// What was written before an error is to be thrown away.
	Into io.Writer
	// Begin is shown a 2xx answer before its body is read; an error of it is what Do gives.
	Begin func(*Response) error
}

// Response is an answer that was read to its end.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
	Size   int64    // bytes of the body, after decompression
	URL    *url.URL // where the answer came from, after redirects
}

// Client sends requests to strangers. It is safe for concurrent use.
type Client struct {
	guard     guard
	secure    http.RoundTripper // https, to public and allowed addresses
	plain     http.RoundTripper // http, to allowed addresses only; nil if there are none
	resolver  Resolver
	userAgent string
	clock     clock.Clock
	maxBody   int64
	refuse    func(host string) error
}

// New makes a client.
func New(o Options) *Client {
	c := &Client{
		guard:     newGuard(o.AllowAddresses),
		resolver:  o.Resolver,
		userAgent: o.UserAgent,
		clock:     o.Clock,
		maxBody:   o.MaxBody,
		refuse:    o.Refuse,
	}
	if c.resolver == nil {
		c.resolver = systemResolver
	}
	if c.clock == nil {
		c.clock = clock.System{}
	}
	if c.maxBody <= 0 {
		c.maxBody = DefaultMaxBody
	}
	if o.Transport != nil {
		c.secure, c.plain = o.Transport, o.Transport
		return c
	}
	c.secure = newTransport(c.dialer(c.guard.check), o.RootCAs)
	if len(o.AllowAddresses) > 0 {
		c.plain = newTransport(c.dialer(c.guard.checkAllowed), nil)
	}
	return c
}

// Now tells the time by the client's clock: the Date of what it sends.
func (c *Client) Now() time.Time { return c.clock.Now() }

// Close gives up the idle connections.
func (c *Client) Close() {
	for _, t := range []http.RoundTripper{c.secure, c.plain} {
		if t, ok := t.(*http.Transport); ok {
			t.CloseIdleConnections()
		}
	}
}

// Do sends req and reads the whole answer, whatever its status. A refused
// address is a Forbidden fault, an unusable URL BadRequest, a body beyond the
// limit TooLarge; everything the other side or the network did is Unavailable.
// Where only the body failed, the Response is given along with the error.
// A body that must survive a redirect (307, 308) needs req.GetBody, which
// http.NewRequest sets for byte slices.
func (c *Client) Do(ctx context.Context, req *http.Request, limits Limits) (*Response, error) {
	limits = c.complete(limits)
	ctx, cancel := context.WithTimeout(ctx, limits.Timeout)
	defer cancel()

	hop, err := c.first(ctx, req)
	if err != nil {
		return nil, err
	}
	for left := limits.Redirects; ; left-- {
		response, err := c.send(hop, limits)
		if err != nil {
			return nil, err
		}
		next, err := redirected(hop, response, limits)
		if err != nil {
			_ = response.Body.Close()
			return nil, err
		}
		if next == nil {
			return c.read(response, hop, limits)
		}
		_ = response.Body.Close() // unread: a redirect's body is nobody's business
		if left <= 0 {
			return nil, fault.New(fault.Unavailable, hop.URL.Host+" redirects too often")
		}
		hop = next
	}
}

func (c *Client) complete(l Limits) Limits {
	if l.MaxBody <= 0 {
		l.MaxBody = c.maxBody
	}
	if l.Timeout <= 0 {
		l.Timeout = DefaultTimeout
	}
	if l.Redirects == 0 {
		l.Redirects = DefaultRedirects
	}
	return l
}

// first makes our own copy of a caller's request, with a checked address.
func (c *Client) first(ctx context.Context, req *http.Request) (*http.Request, error) {
	target, err := checkURL(req.URL)
	if err != nil {
		return nil, err
	}
	hop := req.Clone(ctx)
	hop.URL, hop.Host, hop.RequestURI = target, "", ""
	hop.Close = false
	if hop.Header == nil {
		hop.Header = http.Header{}
	}
	if c.userAgent != "" && hop.Header.Get("User-Agent") == "" {
		hop.Header.Set("User-Agent", c.userAgent)
	}
	return hop, nil
}

func (c *Client) send(hop *http.Request, limits Limits) (*http.Response, error) {
	if c.refuse != nil {
		if err := c.refuse(hop.URL.Host); err != nil {
			return nil, err
		}
	}
	transport := c.secure
	if hop.URL.Scheme == "http" {
		transport = c.plain
	}
	if transport == nil {
		return nil, fault.New(fault.Forbidden, hop.URL.Host+" must be asked over https")
	}
	if limits.Sign != nil {
		if err := limits.Sign(hop); err != nil {
			return nil, err
		}
	}
	hop.Header.Set("Accept-Encoding", "gzip") // after signing, and the only one we undo
	if hop.Header.Get("Range") != "" {
		hop.Header.Set("Accept-Encoding", "identity") // a part of what was compressed is nothing
	}
	response, err := transport.RoundTrip(hop)
	if err != nil {
		return nil, unreachable(hop.URL.Host, err)
	}
	return response, nil
}
