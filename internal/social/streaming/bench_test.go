package streaming

import (
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"anancus/internal/social/id"
	"anancus/internal/social/viewer"
)

// BenchmarkOneEventForAThousandSockets is what it costs to queue and write one event, the other ends reading it included.
func BenchmarkOneEventForAThousandSockets(b *testing.B) {
	h := New(Config{Log: slog.New(slog.DiscardHandler)})
	defer h.Close()
	made := make(chan *socket)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		k := &socket{hub: h, viewer: viewer.Viewer{Account: id.Account(1)}, wake: make(chan struct{}, 1), since: h.Clock.Now(), due: h.Clock.Now().Add(pingEvery)}
		if err := h.add(k); err != nil {
			b.Error(err)
		}
		upgrade{hub: h, socket: k}.Write(w, r)
		made <- k
	}))
	defer server.Close()
	var read atomic.Int64
	arrived := make(chan struct{}, 1)
	const many = 1000
	m := h.message(update, []byte(`{"content":"`+strings.Repeat("x", 3000)+`"}`))
	var to []receiver
	for range many {
		conn, err := (&net.Dialer{}).DialContext(b.Context(), "tcp", server.Listener.Addr().String())
		if err != nil {
			b.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
		k := <-made
		to = append(to, receiver{subscription: &subscription{channel: channel{title: `["user"]`}, socket: k}})
		go func() {
			buffer := make([]byte, 8192)
			size := int64(len(m.frame(to[0].subscription)))
			var got int64 = -200 // about the handshake
			for {
				n, err := conn.Read(buffer)
				if err != nil {
					return
				}
				if got += int64(n); got >= size-300 {
					got -= size
					if read.Add(1)%many == 0 {
						arrived <- struct{}{}
					}
				}
			}
		}()
	}
	for b.Loop() {
		for _, r := range to {
			r.socket.send(m.frame(r.subscription))
		}
		<-arrived
	}
}
