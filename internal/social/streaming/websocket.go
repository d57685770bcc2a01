package streaming

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"anancus/internal/kit/fault"
	"anancus/internal/kit/rest"
	"anancus/internal/social/viewer"

	"github.com/lxzan/gws"
)

// isUpgrade tells whether a client asks for a WebSocket.
func isUpgrade(r *http.Request) bool {
	return strings.EqualFold(r.Header.Get("Upgrade"), "websocket") && strings.Contains(strings.ToLower(r.Header.Get("Connection")), "upgrade")
}

var errHandshake = fault.New(fault.BadRequest, "This is not a WebSocket handshake of version 13")

// readBuffer is small: clients say little, and ten thousand of them are quiet.
const readBuffer = 512

// webSocket opens a stream that takes channels and lets go of them as its client says.
func (h *Hub) webSocket(c *viewer.Call) (any, error) {
	if c.R.Header.Get("Sec-WebSocket-Version") != "13" || c.R.Header.Get("Sec-WebSocket-Key") == "" || c.R.Method != http.MethodGet {
		return nil, errHandshake
	}
	k, err := h.join(c.Context(), c.R, c.Viewer, false)
	if err != nil {
		return nil, err
	}
	return upgrade{h, k, wish{c.Query("stream"), c.Query("tag"), c.Query("list")}}, nil
}

// upgrade is the answer that leaves the connection to the hub.
type upgrade struct {
	hub    *Hub
	socket *socket
	first  wish
}

// Write makes a WebSocket of the connection.
func (u upgrade) Write(w http.ResponseWriter, r *http.Request) {
	h, k := u.hub, u.socket
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		h.remove(k)
		rest.WriteError(w, r, h.Log, fault.Wrap(err, fault.BadRequest, "This connection cannot become a WebSocket"))
		return
	}
	option := &gws.ServerOption{ReadMaxPayloadSize: maxMessage, CheckUtf8Enabled: true, HandshakeTimeout: writeWithin,
		NewSession: func() gws.SessionStorage { return nil }, Logger: quiet{}, Recovery: h.recovered}
	if protocol := r.Header.Get("Sec-WebSocket-Protocol"); protocol != "" { // a browser that sent a token there wants to read it back
		first, _, _ := strings.Cut(protocol, ",")
		option.SubProtocols = []string{strings.TrimSpace(first)}
	}
	ws, err := gws.NewUpgrader(client{k}, option).UpgradeFromConn(conn, reader(conn, buffered), r)
	if err != nil { // it closed the connection
		h.remove(k)
		return
	}
	k.mu.Lock()
	k.conn = ws
	k.hurry = func() { _ = conn.SetDeadline(time.Now().Add(closeWithin)) }
	if k.ended {
		k.hurry()
	}
	if k.ended || len(k.queue) > 0 {
		k.rouse()
	}
	k.mu.Unlock()
	first := u.first
	h.all.Go(func() { // not the server's goroutine, whose request and buffers would be held as long as the stream is open
		if first.stream != "" {
			k.take(first)
		}
		ws.ReadLoop()
	})
}

// reader reads a connection, beginning with what came together with the handshake.
func reader(conn net.Conn, buffered *bufio.ReadWriter) *bufio.Reader {
	n := buffered.Reader.Buffered()
	if n == 0 {
		return bufio.NewReaderSize(conn, readBuffer)
	}
	early, _ := buffered.Reader.Peek(n) // it is there
	return bufio.NewReaderSize(io.MultiReader(bytes.NewReader(bytes.Clone(early)), conn), readBuffer)
}

// quiet is no log: what clients do wrong is told to them.
type quiet struct{}

func (quiet) Error(...any) {}

// recovered keeps a fault in one client's message from ending the server. gws defers it.
func (h *Hub) recovered(gws.Logger) {
	if p := recover(); p != nil {
		h.Log.Error("a message of a stream's client could not be taken", "panic", p)
	}
}

// client hears what comes from the other side.
type client struct{ k *socket }

// OnOpen does nothing: the hub knows of the socket already.
func (client) OnOpen(*gws.Conn) {}

// OnPing answers.
func (c client) OnPing(_ *gws.Conn, payload []byte) {
	c.k.alive.Store(true)
	if c.allowed() {
		c.k.send(framed(gws.OpcodePong, payload))
	}
}

// OnPong notes that the client is there.
func (c client) OnPong(*gws.Conn, []byte) {
	c.k.alive.Store(true)
	c.allowed()
}

// OnClose forgets the socket.
func (c client) OnClose(*gws.Conn, error) {
	k := c.k
	k.mu.Lock()
	k.ended, k.queue, k.hurry = true, nil, nil
	k.mu.Unlock()
	k.hub.remove(k)
	k.hub.Log.Info("stream ended", "path", Base, "client", k.address, "bytes", k.sent.Load(), "seconds", int(k.hub.Clock.Now().Sub(k.since).Seconds()))
}

// OnMessage does what the client says.
func (c client) OnMessage(_ *gws.Conn, m *gws.Message) {
	defer m.Close() //nolint:errcheck // it gives a buffer back
	c.k.alive.Store(true)
	if !c.allowed() {
		return
	}
	if m.Opcode != gws.OpcodeText {
		c.k.shut(noBinary)
		return
	}
	c.k.hear(m.Bytes())
}

// allowed counts what a client sends; who sends more than anybody needs is shut out.
func (c client) allowed() bool {
	k := c.k
	now := k.hub.Clock.Now()
	if now.Sub(k.minute) >= time.Minute {
		k.minute, k.heard = now, 0
	}
	if k.heard++; k.heard > maxMessages {
		k.shut(flooding)
		return false
	}
	return true
}

// said is a message of a client. Parameters may come as lists, of which the first counts, and ids as numbers.
type said struct {
	Type   word `json:"type"`
	Stream word `json:"stream"`
	Tag    word `json:"tag"`
	List   word `json:"list"`
}

type word string

// UnmarshalJSON takes a text, a number, or the first of a list of them.
func (w *word) UnmarshalJSON(b []byte) error {
	var list []json.RawMessage
	if json.Unmarshal(b, &list) == nil && len(list) > 0 {
		b = list[0]
	}
	var text string
	var number json.Number
	switch {
	case json.Unmarshal(b, &text) == nil:
		*w = word(text)
	case json.Unmarshal(b, &number) == nil:
		*w = word(number)
	default:
		return errors.New("neither text nor number")
	}
	return nil
}

// hear does what a message says, and tells what is wrong with it.
func (k *socket) hear(text []byte) {
	var m said
	if err := json.Unmarshal(text, &m); err != nil {
		k.refuse(errUnreadable)
		return
	}
	w := wish{string(m.Stream), string(m.Tag), string(m.List)}
	switch m.Type {
	case "subscribe":
		k.take(w)
	case "unsubscribe":
		c, err := channelOf(k.viewer, w)
		if err != nil {
			k.refuse(err)
			return
		}
		k.hub.unsubscribe(k, c)
	default:
		k.refuse(errUnknownType)
	}
}

func (k *socket) take(w wish) {
	c, err := channelOf(k.viewer, w)
	if err == nil {
		err = k.hub.subscribe(k.hub.running, k, c)
	}
	if err != nil {
		k.refuse(err)
	}
}

// refuse tells why something was not done.
func (k *socket) refuse(err error) {
	var f *fault.Fault
	text, code := "The server failed to do this. The error was logged.", http.StatusInternalServerError
	if errors.As(err, &f) && f.Kind != fault.Internal {
		text, code = f.Message, rest.Code(err)
	} else {
		k.hub.Log.Error("a stream could not be given a channel", "error", err)
	}
	quoted, _ := json.Marshal(text) // text of ours
	k.send(framed(gws.OpcodeText, fmt.Appendf(nil, `{"error":%s,"status":%d}`, quoted, code)))
}

// write sends what waits, and ends when nothing does: an idle stream has one goroutine, which reads.
func (k *socket) write() {
	conn := k.conn.NetConn()
	for {
		some, ended := k.next()
		if ended {
			_ = k.conn.WriteClose(k.why.code, []byte(k.why.text)) // closes the connection too, by which the reader ends
			return
		}
		if len(some) == 0 {
			return
		}
		_ = conn.SetWriteDeadline(time.Now().Add(writeWithin))
		out := net.Buffers(some)
		n, err := out.WriteTo(conn)
		k.sent.Add(n)
		if err != nil {
			_ = conn.Close() // half a frame may be out; the reader ends
			return
		}
	}
}
