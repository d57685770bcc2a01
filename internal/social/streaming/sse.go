package streaming

import (
	"net/http"
	"strings"
	"time"

	"anancus/internal/kit/rest"
	"anancus/internal/social/viewer"
)

// paths are the channels of server-sent events, by what follows /api/v1/streaming/.
var paths = map[string]string{
	"user": userChannel, "user/notification": notificationsChannel, "direct": directChannel, "list": "list",
	"public": "public", "public/local": "public:local", "public/remote": "public:remote",
	"hashtag": "hashtag", "hashtag/local": "hashtag:local",
}

// Base is where streams are, and everything below it.
const Base = "/api/v1/streaming"

// Health serves GET /api/v1/streaming/health.
func (h *Hub) Health(*viewer.Call) (any, error) {
	return rest.Bytes{Type: "text/plain; charset=utf-8", Body: []byte("OK")}, nil
}

// Stream serves GET /api/v1/streaming/…: server-sent events of one channel, or a WebSocket for any number of them.
func (h *Hub) Stream(c *viewer.Call) (any, error) {
	if isUpgrade(c.R) {
		return h.webSocket(c)
	}
	name, known := paths[strings.Trim(strings.TrimPrefix(c.R.URL.Path, Base), "/")]
	if !known {
		return nil, errUnknownChannel
	}
	if strings.HasPrefix(name, "public") && c.QueryFlag("only_media") {
		name += ":media"
	}
	channel, err := channelOf(c.Viewer, wish{name, c.Query("tag"), c.Query("list")})
	if err != nil {
		return nil, err
	}
	if c.R.Method == http.MethodHead {
		return rest.Bytes{Type: "text/event-stream"}, nil
	}
	k, err := h.join(c.Context(), c.R, c.Viewer, true)
	if err != nil {
		return nil, err
	}
	if err := h.subscribe(c.Context(), k, channel); err != nil {
		h.remove(k)
		return nil, err
	}
	return events{h, k}, nil
}

// events is the answer that goes on until either side ends it.
type events struct {
	hub    *Hub
	socket *socket
}

// greeting tells that the stream is open.
var greeting = []byte(":)\n")

// Write sends events as they come.
func (e events) Write(w http.ResponseWriter, r *http.Request) {
	k := e.socket
	defer e.hub.remove(k)
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Time{}) // a recorder of tests has none; a connection that does not take it fails at its time
	k.mu.Lock()
	k.hurry = func() { _ = control.SetWriteDeadline(time.Now().Add(closeWithin)) }
	k.mu.Unlock()
	defer func() {
		k.mu.Lock()
		k.hurry = nil
		k.mu.Unlock()
	}()
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "private, no-store")
	h.Set("X-Accel-Buffering", "no") // nginx would wait for more
	w.WriteHeader(http.StatusOK)
	put := func(data []byte) bool {
		_ = control.SetWriteDeadline(time.Now().Add(writeWithin))
		n, err := w.Write(data)
		k.sent.Add(int64(n))
		return err == nil
	}
	if !put(greeting) || control.Flush() != nil {
		return
	}
	for {
		select {
		case <-r.Context().Done():
			return
		case <-k.wake:
		}
		for {
			some, ended := k.next()
			if ended {
				return
			}
			if len(some) == 0 {
				break
			}
			for _, one := range some {
				if !put(one) {
					return
				}
			}
		}
		if control.Flush() != nil {
			return
		}
	}
}
