package rest

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/hex"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	kitlog "anancus/internal/kit/log"
)

// Door is what every request passes on its way in and every answer on its way out: who asks,
// an id for the log, the headers that all answers carry, CORS, a line in the log, and an
// answer even where the code behind it panics.
type Door struct {
	Log     *slog.Logger
	Proxies Proxies
	Policy  string // Content-Security-Policy where a handler brings none; "" means Policy

	proxyHint sync.Once
}

// Wrap puts the door in front of a handler.
func (d *Door) Wrap(next http.Handler) http.Handler {
	policy := []string{d.Policy}
	if d.Policy == "" {
		policy[0] = Policy
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		client := d.Proxies.Client(r)
		d.hint(client, r)
		id := requestID(client, r)
		ctx := context.WithValue(kitlog.WithRequest(r.Context(), id), clientKey{}, client)
		r = r.WithContext(ctx)

		seen := &seenWriter{ResponseWriter: w}
		w.Header()["X-Request-Id"] = []string{id}
		secure(w.Header(), policy)
		defer d.log(r, client, seen, start)
		defer d.recover(r, seen)
		if share(seen, r) {
			return
		}
		next.ServeHTTP(seen, r)
	})
}

// requestID makes an id, or takes a trusted proxy's, so that both logs can be read together.
func requestID(client Client, r *http.Request) string {
	if id := r.Header.Get("X-Request-Id"); client.Proxy && readable(id) {
		return id
	}
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

func readable(id string) bool {
	for _, b := range []byte(id) {
		if !(b == '-' || '0' <= b && b <= '9' || 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z') {
			return false
		}
	}
	return len(id) >= 8 && len(id) <= 64
}

// hint tells the keeper, once, of a proxy that is not trusted: all its visitors count as one.
func (d *Door) hint(client Client, r *http.Request) {
	if client.Proxy || !(client.Addr.IsLoopback() || client.Addr.IsPrivate()) || r.Header.Get("X-Forwarded-For") == "" {
		return
	}
	d.proxyHint.Do(func() {
		d.Log.WarnContext(r.Context(), "a request was forwarded by an address that is not in trusted-proxies; if a proxy runs there, name it, or all its visitors share one rate limit",
			"address", client.Addr.String())
	})
}

// recover answers for code that panicked, if nothing was answered yet.
func (d *Door) recover(r *http.Request, w *seenWriter) {
	p := recover()
	if p == nil {
		return
	}
	if p == http.ErrAbortHandler { //nolint:errorlint // what was panicked with, not an error chain
		panic(p)
	}
	d.Log.ErrorContext(r.Context(), "request panicked", "method", r.Method, "path", Quiet(r.URL.Path), "panic", p, "stack", string(debug.Stack()))
	if w.code != 0 {
		panic(http.ErrAbortHandler) // half an answer must not look like a whole one
	}
	h := w.Header()
	for _, name := range []string{"Content-Length", "Content-Encoding", "ETag", "Last-Modified", "Cache-Control", "Set-Cookie"} {
		h.Del(name)
	}
	WriteJSON(w, http.StatusInternalServerError, map[string]string{
		"error": "The server failed to answer this request. The error was logged; please tell the keepers if it stays.",
	})
}

// log writes one line for the request. The query is left out whole, since tokens, codes and
// searches are written there.
func (d *Door) log(r *http.Request, client Client, w *seenWriter, start time.Time) {
	level := slog.LevelInfo
	switch r.URL.Path {
	case "/healthz", "/readyz":
		level = slog.LevelDebug
	}
	if !d.Log.Enabled(r.Context(), level) {
		return
	}
	d.Log.LogAttrs(r.Context(), level, "request",
		slog.String("method", r.Method), slog.String("path", Quiet(r.URL.Path)), slog.Int("status", w.status()),
		slog.Int64("bytes", w.bytes), slog.Float64("ms", float64(time.Since(start).Microseconds())/1000),
		slog.String("client", client.Addr.String()))
}

// A part of a path that is this long may be a secret, such as the code of a confirmation link.
const secretPart = 32

// Quiet is a path as it may stand in a log: bounded, and without parts that may be secrets.
func Quiet(path string) string {
	if len(path) > 1024 {
		path = path[:1024] + "…"
	}
	if len(path) < secretPart {
		return path
	}
	parts := strings.Split(path, "/")
	for i, part := range parts {
		if len(part) >= secretPart {
			parts[i] = part[:4] + "…"
		}
	}
	return strings.Join(parts, "/")
}

// seenWriter remembers what was answered.
type seenWriter struct {
	http.ResponseWriter
	code  int
	bytes int64
}

func (w *seenWriter) status() int {
	if w.code == 0 {
		return http.StatusOK
	}
	return w.code
}

func (w *seenWriter) WriteHeader(code int) {
	if w.code == 0 && (code >= 200 || code == http.StatusSwitchingProtocols) {
		w.code = code
	}
	w.ResponseWriter.WriteHeader(code)
}

func (w *seenWriter) Write(b []byte) (int, error) {
	if w.code == 0 {
		w.code = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(b)
	w.bytes += int64(n)
	return n, err
}

// ReadFrom lets the system send a file without copying it through here.
func (w *seenWriter) ReadFrom(r io.Reader) (int64, error) {
	if w.code == 0 {
		w.code = http.StatusOK
	}
	n, err := io.Copy(w.ResponseWriter, r)
	w.bytes += n
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (w *seenWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Flush sends what was written so far.
func (w *seenWriter) Flush() { _ = http.NewResponseController(w.ResponseWriter).Flush() }

// Hijack hands the connection over, for WebSockets.
func (w *seenWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err == nil && w.code == 0 {
		w.code = http.StatusSwitchingProtocols
	}
	return conn, rw, err
}
