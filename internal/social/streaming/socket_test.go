package streaming

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/fault"
	"anancus/internal/kit/rest"
	"anancus/internal/social/id"
	"anancus/internal/social/viewer"

	"github.com/lxzan/gws"
	"pgregory.net/rapid"
)

// newHub is a hub without a server around it.
func newHub(t *testing.T) (*Hub, *clock.Manual) {
	t.Helper()
	at := clock.NewManual(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	h := New(Config{Clock: at, Log: slog.New(slog.DiscardHandler)})
	t.Cleanup(func() {
		if !h.end() {
			t.Error("a goroutine of the hub does not end")
		}
	})
	return h, at
}

// known adds a socket of a member.
func known(t *testing.T, h *Hub, member id.Account, sse bool) *socket {
	t.Helper()
	k := &socket{hub: h, viewer: viewer.Viewer{Account: member, Token: id.Token(member)}, address: "192.0.2.1", since: h.Clock.Now(), sse: sse, wake: make(chan struct{}, 1)}
	k.alive.Store(true)
	k.due = k.since.Add(k.rhythm())
	if err := h.add(k); err != nil {
		t.Fatal(err)
	}
	return k
}

// stuck makes a WebSocket of a member over a pipe, whose other end reads only what the test reads.
func stuck(t *testing.T, h *Hub, member id.Account) (*socket, net.Conn) {
	t.Helper()
	k := known(t, h, member, false)
	here, there := net.Pipe()
	t.Cleanup(func() { _ = there.Close() })
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader("GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")))
	if err != nil {
		t.Fatal(err)
	}
	shaken := make(chan struct{})
	go func() {
		defer close(shaken)
		upgrade{hub: h, socket: k}.Write(hijacked{here}, r)
	}()
	answer, err := http.ReadResponse(bufio.NewReader(onebyone{there}), r)
	if err != nil || answer.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("the handshake is answered %v, %v", answer, err)
	}
	<-shaken
	return k, there
}

// onebyone reads no further than asked.
type onebyone struct{ net.Conn }

func (o onebyone) Read(b []byte) (int, error) { return o.Conn.Read(b[:1]) }

// hijacked is the answer on a connection.
type hijacked struct{ conn net.Conn }

func (hijacked) Header() http.Header         { return http.Header{} }
func (hijacked) Write(b []byte) (int, error) { return len(b), nil }
func (hijacked) WriteHeader(int)             {}
func (h hijacked) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return h.conn, bufio.NewReadWriter(bufio.NewReader(strings.NewReader("")), bufio.NewWriter(io.Discard)), nil
}

// state is how a socket stands, and how many events wait for it.
func state(k *socket) (ended bool, why ending, waiting int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.ended, k.why, len(k.queue)
}

func over(k *socket) bool {
	ended, _, _ := state(k)
	return ended
}

func waitUntil(t *testing.T, what string, is func() bool) {
	t.Helper()
	for until := time.Now().Add(20 * time.Second); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(until) {
			t.Fatal(what)
		}
	}
}

func TestAStreamThatDoesNotKeepUpIsClosedAndNoOther(t *testing.T) {
	h, _ := newHub(t)
	fine := known(t, h, 1, true)
	many, _ := stuck(t, h, 2)
	many.send([]byte("being written"))
	waitUntil(t, "nothing is written", func() bool { _, _, waiting := state(many); return waiting == 0 })
	for range maxQueued {
		many.send([]byte("x"))
	}
	ended, _, held := state(many)
	if ended {
		t.Error("what fits is refused")
	}
	many.send([]byte("one too many"))
	if ended, why, waiting := state(many); !ended || why != tooSlow || waiting != 0 || held > maxQueued {
		t.Errorf("with %d events waiting the stream is ended: %v, by %v", held, ended, why)
	}
	large, _ := stuck(t, h, 3)
	for range 4 {
		large.send(make([]byte, maxQueuedBytes/2))
	}
	if ended, _, _ := state(large); !ended {
		t.Error("too many bytes wait")
	}
	waitUntil(t, "the slow streams are there still", func() bool { return h.Open() == 1 })
	fine.send([]byte("hello"))
	if some, ended := fine.next(); len(some) != 1 || ended || string(some[0]) != "hello" {
		t.Errorf("the other stream gets %q, %v", some, ended)
	}
}

func TestWhatWaitsGoesOutTogetherAsFarAsAWriteMayTake(t *testing.T) {
	h, _ := newHub(t)
	k := known(t, h, 1, true)
	for _, size := range []int{1000, atOnce - 1000, 1, 2 * atOnce, 7} {
		k.send(make([]byte, size))
	}
	var sizes [][]int
	for {
		some, _ := k.next()
		if len(some) == 0 {
			break
		}
		var one []int
		for _, piece := range some {
			one = append(one, len(piece))
		}
		sizes = append(sizes, one)
	}
	if got, want := fmt.Sprint(sizes), fmt.Sprint([][]int{{1000, atOnce - 1000}, {1}, {2 * atOnce}, {7}}); got != want || k.bytes != 0 {
		t.Errorf("%s are written, want %s; %d bytes are left", got, want, k.bytes)
	}
}

func TestFramesSayHowLongTheyAre(t *testing.T) {
	for size, want := range map[int][]byte{0: {0x81, 0}, 125: {0x81, 125}, 126: {0x81, 126, 0, 126}, 1 << 16: {0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0}, 1<<16 - 1: {0x81, 126, 255, 255}} {
		if got := framed(gws.OpcodeText, make([]byte, size)); len(got) != len(want)+size || !bytes.HasPrefix(got, want) {
			t.Errorf("a frame of %d bytes begins with %v, want %v", size, got[:min(len(got), 10)], want)
		}
	}
}

func TestAStreamThatIsClosedIsToldWhyAndNothingMore(t *testing.T) {
	h, _ := newHub(t)
	k, there := stuck(t, h, 1)
	k.send([]byte("before"))
	waitUntil(t, "nothing is written", func() bool { _, _, waiting := state(k); return waiting == 0 })
	k.send([]byte("secret"))
	h.shutAll(func(k *socket) bool { return k.viewer.Token == 1 }, revoked)
	all, err := io.ReadAll(there)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(all, []byte("before")) || bytes.Contains(all, []byte("secret")) || !bytes.Contains(all, []byte("\x03\xf0"+revoked.text)) {
		t.Errorf("the client reads %q", all)
	}
	waitUntil(t, "it is there still", func() bool { return h.Open() == 0 })
}

func TestAWebSocketThatDoesNotAnswerIsClosed(t *testing.T) {
	h, at := newHub(t)
	k, _ := stuck(t, h, 1)
	sse := known(t, h, 2, true)
	at.Advance(pingEvery - time.Second)
	h.beat(at.Now())
	if some, _ := sse.next(); len(some) != 1 || string(some[0]) != ":thump\n" {
		t.Errorf("the heart of an event stream beats %q", some)
	}
	at.Advance(time.Second)
	h.beat(at.Now())
	if over(k) || k.alive.Load() {
		t.Error("it was not asked")
	}
	h.beat(at.Now())
	at.Advance(pingEvery)
	k.alive.Store(true) // it answered
	h.beat(at.Now())
	if over(k) {
		t.Error("it answered, and is closed")
	}
	at.Advance(pingEvery)
	h.beat(at.Now())
	if !over(k) {
		t.Error("it did not answer, and is open")
	}
}

func TestMoreThanTheHubCanTellClosesAllStreams(t *testing.T) {
	h, _ := newHub(t)
	k := known(t, h, 1, true)
	hold := make(chan struct{})
	began := make(chan struct{})
	h.post(func(context.Context) { close(began); <-hold })
	<-began
	for range maxWaiting {
		h.post(func(context.Context) {})
	}
	if over(k) {
		t.Error("what fits closes a stream")
	}
	h.post(func(context.Context) {})
	if ended, why, _ := state(k); !ended || why != overrun {
		t.Error("an event was lost in silence")
	}
	close(hold)
	h.remove(k)
	told := make(chan struct{})
	other := known(t, h, 1, true)
	waitUntil(t, "the worker is stuck", func() bool {
		select {
		case h.events <- func(context.Context) { close(told) }:
			return true
		default:
			return false
		}
	})
	<-told
	if over(other) {
		t.Error("who came after was closed too")
	}
}

func TestAFaultInOneEventClosesTheStreamsAndNotTheServer(t *testing.T) {
	h, _ := newHub(t)
	k := known(t, h, 1, true)
	h.post(func(context.Context) { panic("a fault") })
	waitUntil(t, "the stream is open", func() bool { _, ended := k.next(); return ended })
	h.remove(k)
	k = known(t, h, 1, true)
	told := make(chan struct{})
	h.post(func(context.Context) { close(told) })
	<-told
	if over(k) {
		t.Error("closed again")
	}
}

func TestMembersAndAddressesHaveSoManyStreamsAndNoMore(t *testing.T) {
	h, _ := newHub(t)
	h.Limits = true
	var all []*socket
	for range perMember {
		all = append(all, known(t, h, 1, true))
	}
	again := &socket{hub: h, viewer: viewer.Viewer{Account: 1}, address: "192.0.2.7"}
	if err := h.add(again); !fault.Is(err, fault.TooMany) {
		t.Errorf("one stream more of a member: %v", err)
	}
	for member := range perAddress - perMember {
		all = append(all, known(t, h, id.Account(member+2), true))
	}
	other := &socket{hub: h, viewer: viewer.Viewer{Account: 9999}, address: "192.0.2.1"}
	if err := h.add(other); !fault.Is(err, fault.TooMany) || rest.Code(err) != http.StatusTooManyRequests {
		t.Errorf("one stream more from an address: %v", err)
	}
	h.remove(all[0])
	h.remove(all[0]) // twice is once
	if err := h.add(again); err != nil {
		t.Errorf("after one ended: %v", err)
	}
	h.remove(again)
	for _, k := range all {
		h.remove(k)
	}
	if h.Open() != 0 || len(h.sockets)+len(h.persons)+len(h.addresses) != 0 {
		t.Errorf("of %d streams there remain %d sockets, %d people, %d addresses", len(all), len(h.sockets), len(h.persons), len(h.addresses))
	}
}

func TestChannelsThatAreLetGoOfLeaveNothingBehind(t *testing.T) {
	h, _ := newHub(t)
	k := known(t, h, 1, false)
	k.person.ready = true
	k.viewer.Scopes = []string{"read"}
	var taken []channel
	for name := range channels {
		if name == "list" {
			continue // needs a database
		}
		c, err := channelOf(k.viewer, wish{name, "cats", ""})
		if err == nil {
			err = h.subscribe(t.Context(), k, c)
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		taken = append(taken, c)
	}
	if len(k.subs) != 11 || len(h.public) != 6 || len(h.tags) != 1 || len(k.person.subs) != 3 {
		t.Errorf("there are %d channels: %d public, %d hashtags, %d personal", len(k.subs), len(h.public), len(h.tags), len(k.person.subs))
	}
	for _, c := range taken[:5] {
		h.unsubscribe(k, c)
		h.unsubscribe(k, c)
	}
	p := k.person
	h.remove(k)
	if len(h.public)+len(h.tags)+len(p.subs) != 0 {
		t.Errorf("there remain %d public, %d hashtags, %d personal", len(h.public), len(h.tags), len(p.subs))
	}
	if err := h.subscribe(t.Context(), k, taken[0]); err != nil || len(h.public)+len(h.tags)+len(p.subs) != 0 {
		t.Errorf("what was removed takes a channel: %v", err)
	}
}

// within is what a frame says, when it is as long as it claims.
func within(t interface{ Fatalf(string, ...any) }, frame []byte) []byte {
	for _, head := range []int{2, 4, 10} {
		if rest := frame[head:]; bytes.Equal(framed(gws.OpcodeText, rest), frame) {
			return rest
		}
	}
	t.Fatalf("%q is no frame", frame)
	return nil
}

func TestAPayloadWithinAFrameIsTheSameText(t *testing.T) {
	h, _ := newHub(t)
	rapid.Check(t, func(t *rapid.T) {
		m, err := h.entity(update, map[string]string{"content": rapid.String().Draw(t, "content")})
		if err != nil {
			t.Fatal(err)
		}
		to := &subscription{channel: channel{title: `["hashtag","ca\"ts"]`}, socket: &socket{}}
		var read struct {
			Stream         []string
			Event, Payload string
		}
		if err := json.Unmarshal(within(t, m.frame(to)), &read); err != nil || read.Payload != string(m.payload) || read.Event != update || len(read.Stream) != 2 || read.Stream[1] != `ca"ts` {
			t.Errorf("%s becomes %s: %v", m.payload, m.frame(to), err)
		}
		if &m.frame(to)[0] != &m.frame(to)[0] {
			t.Error("it is made twice")
		}
		sse := string(m.frame(&subscription{socket: &socket{sse: true}}))
		if sse != "event: update\ndata: "+string(m.payload)+"\n\n" || strings.Count(sse, "\n") != 3 {
			t.Errorf("%s becomes %q", m.payload, sse)
		}
	})
	empty := h.message("filters_changed", nil)
	if got := string(within(t, empty.frame(&subscription{channel: channel{title: `["user"]`}, socket: &socket{}}))); got != `{"stream":["user"],"event":"filters_changed"}` {
		t.Errorf("without a payload it is %s", got)
	}
}
