package safehttp

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"anancus/internal/kit/fault"
)

// names answers for the DNS.
type names map[string][]string

func (n names) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	var found []netip.Addr
	for _, text := range n[host] {
		found = append(found, netip.MustParseAddr(text))
	}
	if found == nil {
		return nil, errors.New("no such host")
	}
	return found, nil
}

func newClient(t *testing.T, o Options) *Client {
	c := New(o)
	t.Cleanup(c.Close)
	return c
}

func openClient(t *testing.T) *Client {
	return newClient(t, Options{AllowAddresses: loopback, UserAgent: "Anancus/test"})
}

func serve(t *testing.T, handler http.HandlerFunc) *httptest.Server {
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	return s
}

func serveTLS(t *testing.T, handler http.HandlerFunc) (*httptest.Server, *x509.CertPool) {
	s := httptest.NewUnstartedServer(handler)
	s.Config.ErrorLog = nil
	s.StartTLS()
	t.Cleanup(s.Close)
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	return s, roots
}

// raw answers every connection with fixed bytes, then hangs up.
func raw(t *testing.T, answer func(net.Conn)) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = conn.Close() }()
				_, _ = conn.Read(make([]byte, 4096))
				answer(conn)
			}()
		}
	}()
	return "http://" + l.Addr().String()
}

func get(t *testing.T, c *Client, address string, limits Limits) (*Response, error) {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	return c.Do(t.Context(), req, limits)
}

func wantFault(t *testing.T, err error, kind fault.Kind) {
	t.Helper()
	if !fault.Is(err, kind) {
		t.Errorf("the error is %v (kind %d), want kind %d", err, fault.KindOf(err), kind)
	}
}

func TestAnAnswerIsReadToItsEnd(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Agent", r.UserAgent())
		_, _ = io.WriteString(w, "hello")
	})
	r, err := get(t, openClient(t), s.URL+"/x", Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if r.Status != 200 || string(r.Body) != "hello" || r.Size != 5 || r.Header.Get("X-Agent") != "Anancus/test" || r.URL.String() != s.URL+"/x" {
		t.Errorf("the answer is %+v", r)
	}
}

func TestLoopbackIsRefusedUnlessOpened(t *testing.T) {
	var asked atomic.Int32
	s, roots := serveTLS(t, func(http.ResponseWriter, *http.Request) { asked.Add(1) })
	closed := newClient(t, Options{RootCAs: roots})
	_, err := get(t, closed, s.URL, Limits{})
	wantFault(t, err, fault.Forbidden)
	if asked.Load() != 0 {
		t.Error("the server was asked")
	}
	if _, err = get(t, newClient(t, Options{RootCAs: roots, AllowAddresses: loopback}), s.URL, Limits{}); err != nil {
		t.Error(err)
	}
}

func TestNamesOfPrivateAddressesAreRefused(t *testing.T) {
	for _, address := range privateAddresses {
		c := newClient(t, Options{Resolver: names{"evil.example": {address}}})
		_, err := get(t, c, "https://evil.example/", Limits{})
		wantFault(t, err, fault.Forbidden)
	}
}

func TestLiteralPrivateAddressesAreRefused(t *testing.T) {
	c := newClient(t, Options{})
	for _, host := range []string{"127.0.0.1", "10.1.1.1", "169.254.169.254", "[::1]", "[::ffff:127.0.0.1]", "[::7f00:1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]"} {
		_, err := get(t, c, "https://"+host+"/", Limits{})
		wantFault(t, err, fault.Forbidden)
	}
}

// rebinding answers a public address first and a private one afterwards.
type rebinding struct{ asked atomic.Int32 }

func (r *rebinding) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) {
	if r.asked.Add(1) == 1 {
		return []netip.Addr{netip.MustParseAddr("1.1.1.1")}, nil
	}
	return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
}

func TestANameThatChangesItsMindGainsNothing(t *testing.T) {
	resolver := &rebinding{}
	c := newClient(t, Options{Resolver: resolver})
	if c.AllowsPlain(t.Context(), "evil.example") {
		t.Error("plain http is allowed")
	}
	resolver.asked.Store(1) // whatever was looked up before, the address dialled is what counts
	_, err := get(t, c, "https://evil.example/", Limits{})
	wantFault(t, err, fault.Forbidden)
}

func TestPlainHTTPIsForOpenedNetworksOnly(t *testing.T) {
	_, err := get(t, newClient(t, Options{}), "http://example.com/", Limits{})
	wantFault(t, err, fault.Forbidden)
	public := newClient(t, Options{AllowAddresses: loopback, Resolver: names{"example.com": {"1.1.1.1"}}})
	_, err = get(t, public, "http://example.com/", Limits{})
	wantFault(t, err, fault.Forbidden)
	if public.AllowsPlain(t.Context(), "example.com") || !public.AllowsPlain(t.Context(), "127.0.0.1:8081") || !public.AllowsPlain(t.Context(), "[::1]:81") {
		t.Error("AllowsPlain mistakes networks")
	}
}

func TestOtherAddressesAreTriedWhenOneIsDead(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "alive") })
	_, port, _ := net.SplitHostPort(s.Listener.Addr().String())
	c := newClient(t, Options{AllowAddresses: loopback, Resolver: names{"two.example": {"::1", "10.0.0.1", "127.0.0.1"}}})
	r, err := get(t, c, "http://two.example:"+port+"/", Limits{})
	if err != nil || string(r.Body) != "alive" {
		t.Errorf("the answer is %v, %v", r, err)
	}
}

func TestBadCertificatesAreRefused(t *testing.T) {
	s, roots := serveTLS(t, func(http.ResponseWriter, *http.Request) {})
	_, err := get(t, newClient(t, Options{AllowAddresses: loopback}), s.URL, Limits{})
	wantFault(t, err, fault.Unavailable)
	_, port, _ := net.SplitHostPort(s.Listener.Addr().String())
	other := newClient(t, Options{AllowAddresses: loopback, RootCAs: roots, Resolver: names{"other.test": {"127.0.0.1"}}})
	_, err = get(t, other, "https://other.test:"+port+"/", Limits{})
	wantFault(t, err, fault.Unavailable)
}

func TestURLsOfRequestsAreChecked(t *testing.T) {
	for _, address := range []string{"https://a:b@127.0.0.1/", "ftp://127.0.0.1/", "https://0x7f000001/"} {
		_, err := get(t, openClient(t), address, Limits{})
		wantFault(t, err, fault.BadRequest)
	}
}

func TestSlowServersMeetTheDeadline(t *testing.T) {
	drip := func(head string) string {
		return raw(t, func(conn net.Conn) {
			_, _ = io.WriteString(conn, head)
			for range 200 {
				if _, err := io.WriteString(conn, "x"); err != nil {
					return
				}
				time.Sleep(10 * time.Millisecond)
			}
		})
	}
	for name, address := range map[string]string{
		"body":    drip("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"),
		"headers": drip("HTTP/1.1 200 OK\r\nX-Long: "),
	} {
		began := time.Now()
		_, err := get(t, openClient(t), address, Limits{Timeout: 150 * time.Millisecond})
		wantFault(t, err, fault.Unavailable)
		if took := time.Since(began); took > time.Second {
			t.Errorf("a dripping %s held us %v", name, took)
		}
	}
}

func TestEndlessHeadersAreCutOff(t *testing.T) {
	address := raw(t, func(conn net.Conn) {
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\n")
		for {
			if _, err := io.WriteString(conn, "X-More: "+strings.Repeat("x", 1000)+"\r\n"); err != nil {
				return
			}
		}
	})
	_, err := get(t, openClient(t), address, Limits{Timeout: 5 * time.Second})
	wantFault(t, err, fault.Unavailable)
}

func TestBodiesAreBounded(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		zip := func(size int) {
			z := gzip.NewWriter(w)
			block := make([]byte, 1<<16)
			for ; size > 0; size -= len(block) {
				if _, err := z.Write(block); err != nil {
					return
				}
			}
			_ = z.Close()
		}
		switch r.URL.Path {
		case "/fits":
			_, _ = w.Write(make([]byte, 1<<16))
		case "/large":
			_, _ = w.Write(make([]byte, 1<<16+1))
		case "/endless":
			for {
				if _, err := w.Write(make([]byte, 1<<12)); err != nil {
					return
				}
			}
		case "/zipped":
			w.Header().Set("Content-Encoding", "gzip")
			zip(1 << 16)
		case "/bomb":
			w.Header().Set("Content-Encoding", "gzip")
			zip(1 << 30)
		case "/brotli":
			w.Header().Set("Content-Encoding", "br")
			_, _ = io.WriteString(w, "x")
		case "/twice":
			w.Header().Set("Content-Encoding", "gzip, gzip")
			zip(10)
		case "/nogzip":
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = io.WriteString(w, "this is not gzip")
		case "/error":
			w.WriteHeader(http.StatusInternalServerError)
			_, _ = w.Write(make([]byte, 1<<20))
		}
	})
	c := newClient(t, Options{AllowAddresses: loopback, MaxBody: 1 << 16})
	for path, want := range map[string]fault.Kind{
		"/large": fault.TooLarge, "/endless": fault.TooLarge, "/bomb": fault.TooLarge,
		"/brotli": fault.Unavailable, "/twice": fault.Unavailable, "/nogzip": fault.Unavailable,
	} {
		_, err := get(t, c, s.URL+path, Limits{})
		if !fault.Is(err, want) {
			t.Errorf("%s gives %v, want kind %d", path, err, want)
		}
	}
	for path, size := range map[string]int64{"/fits": 1 << 16, "/zipped": 1 << 16, "/error": maxErrorBody} {
		r, err := get(t, c, s.URL+path, Limits{})
		if err != nil || r.Size != size || int64(len(r.Body)) != size {
			t.Errorf("%s gives %v, %v, want %d bytes", path, r, err, size)
		}
	}
	for _, path := range []string{"/fits", "/large", "/endless", "/zipped", "/bomb"} {
		if r, err := get(t, c, s.URL+path, Limits{Cut: true}); err != nil || len(r.Body) != 1<<16 || r.Size != 1<<16 {
			t.Errorf("the beginning of %s is %v, %v", path, r, err)
		}
	}
	if _, err := get(t, c, s.URL+"/nogzip", Limits{Cut: true}); !fault.Is(err, fault.Unavailable) {
		t.Errorf("the beginning of what cannot be read is %v", err)
	}
}

func TestAContentLengthThatLiesIsNotBelieved(t *testing.T) {
	short := raw(t, func(conn net.Conn) {
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort")
	})
	r, err := get(t, openClient(t), short, Limits{})
	wantFault(t, err, fault.Unavailable)
	if r == nil || r.Status != 200 {
		t.Error("the status of an answer that broke off is lost")
	}
	huge := raw(t, func(conn net.Conn) {
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\nx")
	})
	_, err = get(t, openClient(t), huge, Limits{})
	wantFault(t, err, fault.TooLarge)
	long := raw(t, func(conn net.Conn) {
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello, and more")
	})
	if r, err := get(t, openClient(t), long, Limits{}); err != nil || string(r.Body) != "hello" {
		t.Errorf("a body longer than said is %v, %v", r, err)
	}
}

func TestABodyCanGoElsewhere(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "file") })
	var file bytes.Buffer
	r, err := get(t, openClient(t), s.URL, Limits{Into: &file})
	if err != nil || file.String() != "file" || r.Body != nil || r.Size != 4 {
		t.Errorf("the file is %q, the answer %+v, %v", file.String(), r, err)
	}
}

func TestTheCallersRequestIsNotChanged(t *testing.T) {
	s := serve(t, func(http.ResponseWriter, *http.Request) {})
	req, _ := http.NewRequest(http.MethodGet, s.URL+"/#part", nil)
	sign := func(r *http.Request) error { r.Header.Set("Signature", "x"); return nil }
	if _, err := openClient(t).Do(t.Context(), req, Limits{Sign: sign}); err != nil {
		t.Fatal(err)
	}
	if len(req.Header) != 0 || req.URL.Fragment != "part" {
		t.Errorf("the request became %v %v", req.URL, req.Header)
	}
}

func TestACancelledRequestEnds(t *testing.T) {
	s := serve(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	req, _ := http.NewRequest(http.MethodGet, s.URL, nil)
	_, err := openClient(t).Do(ctx, req, Limits{})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
}

func ExampleParseURL() {
	u, err := ParseURL("https://Example.COM.:443/@ada#about")
	fmt.Println(u, err)
	// Output: https://example.com/@ada <nil>
}
