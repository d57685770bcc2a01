package streaming

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"

	"github.com/lxzan/gws"
)

// message is one event, encoded once for all whom it is told in the same words, and put into a frame once for each channel.
type message struct {
	event   string
	payload []byte // nil: there is none
	quoted  []byte // the payload as a JSON text
	sse     []byte
	frames  map[string][]byte // of WebSockets, by the title of the channel
}

func (h *Hub) message(event string, payload []byte) *message {
	h.encoded.Add(1)
	return &message{event: event, payload: payload, frames: map[string][]byte{}}
}

// entity is a message with a value as JSON.
func (h *Hub) entity(event string, v any) (*message, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("encode %s: %w", event, err)
	}
	return h.message(event, bytes.TrimRight(b.Bytes(), "\n")), nil
}

// frame gives the bytes for a subscription. Only the worker asks.
func (m *message) frame(to *subscription) []byte {
	if to.socket.sse {
		if m.sse == nil {
			m.sse = []byte("event: " + m.event + "\ndata: " + string(m.payload) + "\n\n") // JSON has no line breaks
		}
		return m.sse
	}
	b := m.frames[to.title]
	if b != nil {
		return b
	}
	if m.quoted == nil && m.payload != nil {
		m.quoted = quote(m.payload)
	}
	size := len(`{"stream":,"event":""}`) + len(to.title) + len(m.event)
	if m.payload != nil {
		size += len(`,"payload":`) + len(m.quoted)
	}
	b = opened(gws.OpcodeText, size)
	b = append(append(b, `{"stream":`...), to.title...)
	b = append(append(b, `,"event":"`...), m.event...)
	b = append(b, '"')
	if m.payload != nil {
		b = append(append(b, `,"payload":`...), m.quoted...)
	}
	b = append(b, '}')
	m.frames[to.title] = b
	return b
}

// framed is something for one WebSocket, as it goes out.
func framed(op gws.Opcode, data []byte) []byte { return append(opened(op, len(data)), data...) }

// opened begins a frame of a server's, whole and not masked (RFC 6455, 5.2), which is the same for all whom it goes to.
func opened(op gws.Opcode, size int) []byte {
	const whole, short, long = 0x80, 126, 127
	b := append(make([]byte, 0, 10+size), whole|byte(op))
	switch {
	case size < short:
		return append(b, byte(size))
	case size <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(b, short), uint16(size))
	}
	return binary.BigEndian.AppendUint64(append(b, long), uint64(size))
}

// quote writes encoded JSON, which is valid UTF-8 without control characters, as a JSON text.
func quote(payload []byte) []byte {
	b := make([]byte, 0, len(payload)+len(payload)/4+2)
	b = append(b, '"')
	for _, c := range payload {
		if c == '"' || c == '\\' {
			b = append(b, '\\')
		}
		b = append(b, c)
	}
	return append(b, '"')
}
