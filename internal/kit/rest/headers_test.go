package rest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	kitlog "anancus/internal/kit/log"
)

// behind serves handler behind a door, and gives the log beside the answer.
func behind(t *testing.T, handler http.HandlerFunc, r *http.Request) (*httptest.ResponseRecorder, string) {
	t.Helper()
	var out bytes.Buffer
	door := &Door{Log: kitlog.New(&out, "debug", "json"), Proxies: behindProxies}
	w := httptest.NewRecorder()
	door.Wrap(handler).ServeHTTP(w, r)
	return w, out.String()
}

func fine(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "fine") }

func TestEveryAnswerCarriesTheSecurityHeaders(t *testing.T) {
	for name, handler := range map[string]http.HandlerFunc{
		"a page":   fine,
		"an error": func(w http.ResponseWriter, _ *http.Request) { http.NotFound(w, nil) },
		"a panic":  func(http.ResponseWriter, *http.Request) { panic("oh") },
		"nothing":  func(http.ResponseWriter, *http.Request) {},
	} {
		t.Run(name, func(t *testing.T) {
			w, _ := behind(t, handler, httptest.NewRequest("GET", "/about", nil))
			for header, want := range map[string]string{
				"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "same-origin",
				"Cross-Origin-Opener-Policy": "same-origin", "Content-Security-Policy": Policy,
			} {
				if got := w.Header().Get(header); got != want {
					t.Errorf("%s is %q, want %q", header, got, want)
				}
			}
			if w.Header().Get("X-Request-Id") == "" {
				t.Error("there is no request id")
			}
		})
	}
}

func TestThePolicyAllowsNoInlineScriptAndNoFraming(t *testing.T) {
	if strings.Contains(Policy, "unsafe") || !strings.Contains(Policy, "frame-ancestors 'none'") ||
		!strings.Contains(Policy, "form-action 'self'") || !strings.Contains(Policy, "base-uri 'none'") {
		t.Error(Policy)
	}
}

func TestAHandlerMayBringItsOwnPolicyWithoutChangingAnybodyElses(t *testing.T) {
	own := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Security-Policy", "sandbox")
		w.Header().Add("X-Frame-Options", "extra")
		w.Header().Add("Vary", "Accept")
	}
	w, _ := behind(t, own, httptest.NewRequest("GET", "/embed", nil))
	if got := w.Header().Get("Content-Security-Policy"); got != "sandbox" {
		t.Errorf("the policy is %q", got)
	}
	w, _ = behind(t, fine, httptest.NewRequest("GET", "/", nil))
	if len(w.Header()["X-Frame-Options"]) != 1 || w.Header().Get("Content-Security-Policy") != Policy {
		t.Errorf("the next answer carries %v", w.Header())
	}
}

func TestAppsInBrowsersMayReadTheAPI(t *testing.T) {
	for path, allowed := range map[string]bool{
		"/api/v1/instance": true, "/api/anancus/v1/x": true, "/oauth/token": true, "/oauth/revoke": true, "/oauth/userinfo": true,
		"/.well-known/webfinger": true, "/.well-known/oauth-authorization-server": true, "/nodeinfo/2.0": true,
		"/oauth/authorize": false, "/": false, "/@ada": false, "/auth/sign_in": false, "/apiary": false, "/inbox": false, "/oauth/token/x": false,
	} {
		r := httptest.NewRequest("GET", path, nil)
		r.Header.Set("Origin", "https://app.example")
		w, _ := behind(t, fine, r)
		h := w.Header()
		if (h.Get("Access-Control-Allow-Origin") == "*") != allowed {
			t.Errorf("%s: %v", path, h)
		}
		if h.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%s allows credentials", path)
		}
		for _, name := range []string{"Link", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "X-Request-Id", "Mastodon-Async-Refresh"} {
			if allowed && !strings.Contains(h.Get("Access-Control-Expose-Headers"), name) {
				t.Errorf("%s does not expose %s", path, name)
			}
		}
	}
}

func TestPreflightsAreAnsweredBeforeAnyHandler(t *testing.T) {
	never := func(http.ResponseWriter, *http.Request) { t.Error("the handler was asked") }
	for asked, want := range map[string]string{
		"authorization,content-type,idempotency-key": "authorization,content-type,idempotency-key",
		"":                           corsHeaders[0],
		"x\r\nSet-Cookie: a=b":       corsHeaders[0],
		strings.Repeat("a", 2000):    corsHeaders[0],
		"X-Anything-At-All, another": "X-Anything-At-All, another",
	} {
		for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE"} {
			r := httptest.NewRequest("OPTIONS", "/api/v1/statuses", nil)
			r.Header.Set("Origin", "https://app.example")
			r.Header.Set("Access-Control-Request-Method", method)
			r.Header.Set("Access-Control-Request-Headers", asked)
			w, _ := behind(t, never, r)
			h := w.Header()
			if w.Code != 204 || h.Get("Access-Control-Allow-Origin") != "*" || h.Get("Access-Control-Allow-Headers") != want ||
				!strings.Contains(h.Get("Access-Control-Allow-Methods"), method) || h.Get("Access-Control-Allow-Credentials") != "" {
				t.Errorf("%q: %d %v", asked, w.Code, h)
			}
		}
	}
}

func TestAnOptionsRequestThatIsNoPreflightReachesTheHandler(t *testing.T) {
	for _, path := range []string{"/api/v1/statuses", "/about"} {
		r := httptest.NewRequest("OPTIONS", path, nil)
		if w, _ := behind(t, fine, r); w.Body.String() != "fine" {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

func TestTheLogHasOneLineForEachRequest(t *testing.T) {
	r := httptest.NewRequest("POST", "/api/v1/statuses", nil)
	r.RemoteAddr = "10.0.0.1:1"
	r.Header.Set("X-Forwarded-For", "192.0.2.1")
	w, out := behind(t, func(w http.ResponseWriter, r *http.Request) {
		if got := ClientOf(r.Context()).Addr.String(); got != "192.0.2.1" {
			t.Errorf("the handler sees the client %s", got)
		}
		w.WriteHeader(422)
		_, _ = io.WriteString(w, "12345")
	}, r)
	var line map[string]any
	if err := json.Unmarshal([]byte(out), &line); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for key, want := range map[string]any{
		"msg": "request", "method": "POST", "path": "/api/v1/statuses", "status": 422.0, "bytes": 5.0,
		"client": "192.0.2.1", "request": w.Header().Get("X-Request-Id"),
	} {
		if line[key] != want {
			t.Errorf("%s is %v, want %v", key, line[key], want)
		}
	}
}

// Security list, item 73.
func TestTokensAreNeverLogged(t *testing.T) {
	const secret = "Zk3tqV0sQkq9s3cretT0kenWithFortyCharacters00"
	r := httptest.NewRequest("GET", "/auth/confirm/"+secret+"?access_token="+secret+"&code="+secret, nil)
	r.Header.Set("Authorization", "Bearer "+secret)
	r.Header.Set("Cookie", "session="+secret)
	r.Header.Set("Sec-WebSocket-Protocol", secret)
	r.Header.Set("X-Request-Id", secret)
	r.Header.Set("X-Forwarded-For", secret)
	r.Header.Set("Referer", "https://example.org/?token="+secret)
	r.Header.Set("User-Agent", secret)
	for name, handler := range map[string]http.HandlerFunc{
		"an answer": fine,
		"a panic":   func(http.ResponseWriter, *http.Request) { panic("oh") },
	} {
		t.Run(name, func(t *testing.T) {
			if _, out := behind(t, handler, r); out == "" || strings.Contains(out, secret) {
				t.Errorf("the log says: %s", out)
			}
		})
	}
}

func TestAPanicIsA500AndALineInTheLog(t *testing.T) {
	w, out := behind(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Set-Cookie", "half=done")
		panic(errors.New("nil map"))
	}, httptest.NewRequest("GET", "/api/v1/x", nil))
	var body map[string]string
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil || w.Code != 500 || body["error"] == "" || strings.Contains(w.Body.String(), "nil map") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w.Header().Get("Set-Cookie") != "" {
		t.Error("a half-done cookie was sent")
	}
	if !strings.Contains(out, "nil map") || !strings.Contains(out, "headers_test.go") || strings.Count(out, "\n") != 2 {
		t.Errorf("the log says: %s", out)
	}
}

func TestAPanicAfterHalfAnAnswerBreaksTheConnection(t *testing.T) {
	door := &Door{Log: kitlog.Discard()}
	server := httptest.NewServer(door.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "half")
		w.(http.Flusher).Flush()
		panic("oh")
	})))
	t.Cleanup(server.Close)
	response, err := server.Client().Get(server.URL)
	if err != nil {
		return
	}
	defer func() { _ = response.Body.Close() }()
	if body, err := io.ReadAll(response.Body); err == nil {
		t.Errorf("the client takes %q for a whole answer", body)
	}
}

func TestATrustedProxysRequestIDIsKeptAndNobodyElses(t *testing.T) {
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("X-Request-Id", "proxy-id-1234")
	r.RemoteAddr = "10.0.0.1:1"
	w, _ := behind(t, fine, r)
	if got := w.Header().Get("X-Request-Id"); got != "proxy-id-1234" {
		t.Errorf("a proxy's id became %s", got)
	}
	for _, forged := range []string{"short", strings.Repeat("a", 65), "evil\" level=ERROR"} {
		r.Header.Set("X-Request-Id", forged)
		if w, _ := behind(t, fine, r); w.Header().Get("X-Request-Id") == forged {
			t.Errorf("the id %q was taken", forged)
		}
	}
	r.Header.Set("X-Request-Id", "client-id-1234")
	r.RemoteAddr = "192.0.2.1:1"
	if w, _ := behind(t, fine, r); w.Header().Get("X-Request-Id") == "client-id-1234" {
		t.Error("a client chose its id")
	}
}

func TestAProxyThatIsNotTrustedIsToldToTheKeeperOnce(t *testing.T) {
	var out bytes.Buffer
	door := &Door{Log: kitlog.New(&out, "warn", "text")}
	handler := door.Wrap(http.HandlerFunc(fine))
	for range 3 {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = "127.0.0.1:1"
		r.Header.Set("X-Forwarded-For", "192.0.2.1")
		handler.ServeHTTP(httptest.NewRecorder(), r)
	}
	if strings.Count(out.String(), "trusted-proxies") != 1 {
		t.Errorf("the log says: %s", out.String())
	}
}

func TestHealthChecksAreNotWorthALine(t *testing.T) {
	var out bytes.Buffer
	door := &Door{Log: kitlog.New(&out, "info", "text")}
	door.Wrap(http.HandlerFunc(fine)).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/healthz", nil))
	if out.Len() != 0 {
		t.Errorf("the log says: %s", out.String())
	}
}

func TestAConnectionCanBeTakenOverForWebSockets(t *testing.T) {
	door := &Door{Log: kitlog.Discard()}
	server := httptest.NewServer(door.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\n\r\n")
		_ = conn.Close()
	})))
	t.Cleanup(server.Close)
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	if line, err := bufio.NewReader(conn).ReadString('\n'); err != nil || !strings.Contains(line, "101") {
		t.Errorf("%q, %v", line, err)
	}
}

func BenchmarkDoor(b *testing.B) {
	door := &Door{Log: slog.New(slog.DiscardHandler), Proxies: behindProxies}
	handler := door.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(200) }))
	r := httptest.NewRequest("GET", "/api/v1/timelines/home", nil)
	b.ReportAllocs()
	for b.Loop() {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
	}
}
