package servertest

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/lxzan/gws"
)

// Told is one event as a stream told it.
type Told struct {
	Stream  []string // of WebSockets
	Event   string
	Payload *string
	Error   string
	Status  int
}

// Text says shortly what was told: the event, and of a status or notification what it says.
func (t Told) Text() string {
	if t.Error != "" {
		return t.Error
	}
	text := t.Event
	if t.Payload == nil {
		return text
	}
	var shown struct {
		Content, Type string
		Reblog        *struct{ Content string }
		LastStatus    *struct{ Content string } `json:"last_status"`
	}
	if json.Unmarshal([]byte(*t.Payload), &shown) != nil {
		return text + " " + *t.Payload
	}
	switch {
	case shown.Type != "":
		text += " " + shown.Type
	case shown.Reblog != nil:
		text += " boost of " + shown.Reblog.Content
	case shown.LastStatus != nil:
		text += " " + shown.LastStatus.Content
	case shown.Content != "":
		text += " " + shown.Content
	default:
		text += " " + *t.Payload
	}
	return strings.NewReplacer("<p>", "", "</p>", "").Replace(text)
}

// Stream is an open stream of a person.
type Stream struct {
	p    *Person
	told chan Told
	done chan struct{}
	once sync.Once
	ws   *gws.Conn
	end  func()
	Code uint16 // by which a WebSocket was closed; after Ended
}

// patience is how long a test waits for what must come.
const patience = 20 * time.Second

// Next waits for what is told next.
func (s *Stream) Next() Told {
	s.p.On.T.Helper()
	select {
	case t := <-s.told:
		return t
	case <-s.done:
		select {
		case t := <-s.told:
			return t
		default:
		}
		s.p.On.T.Fatalf("the stream of %s ended", s.p.Name)
	case <-time.After(patience):
		s.p.On.T.Fatalf("%s is told nothing", s.p.Name)
	}
	return Told{}
}

// Until gives what is told before an event that says something, by its text.
func (s *Stream) Until(mark string) []string {
	s.p.On.T.Helper()
	list := []string{}
	for {
		text := s.Next().Text()
		if strings.Contains(text, mark) {
			return list
		}
		list = append(list, text)
	}
}

// Want compares what is told next.
func (s *Stream) Want(texts ...string) {
	s.p.On.T.Helper()
	for _, want := range texts {
		if got := s.Next().Text(); got != want {
			s.p.On.T.Errorf("%s is told %q, want %q", s.p.Name, got, want)
		}
	}
}

// Say sends a message.
func (s *Stream) Say(text string) {
	s.p.On.T.Helper()
	if err := s.ws.WriteString(text); err != nil && !s.IsOver() {
		select {
		case <-s.done: // it was just ended
		case <-time.After(patience):
			s.p.On.T.Fatal(err)
		}
	}
}

// Binary sends a message that is no text.
func (s *Stream) Binary(b []byte) { _ = s.ws.WriteMessage(gws.OpcodeBinary, b) }

// Ended waits for the other side to end the stream.
func (s *Stream) Ended(within time.Duration) {
	s.p.On.T.Helper()
	select {
	case <-s.done:
	case <-time.After(within):
		s.p.On.T.Errorf("the stream of %s is open still", s.p.Name)
	}
}

// IsOver tells whether the other side ended the stream.
func (s *Stream) IsOver() bool {
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}

// Close ends it.
func (s *Stream) Close() { s.once.Do(s.end) }

type listener struct {
	gws.BuiltinEventHandler
	s *Stream
}

func (l listener) OnClose(_ *gws.Conn, err error) {
	if closed, ok := err.(*gws.CloseError); ok { //nolint:errorlint // gws gives it as it is
		l.s.Code = closed.Code
	}
	close(l.s.done)
}

func (l listener) OnPing(c *gws.Conn, payload []byte) {
	l.s.told <- Told{Event: "ping"}
	_ = c.WritePong(payload)
}

func (l listener) OnMessage(_ *gws.Conn, m *gws.Message) {
	var t Told
	if err := json.Unmarshal(m.Bytes(), &t); err != nil {
		t.Error = err.Error()
	}
	_ = m.Close()
	l.s.told <- t
}

// Dial opens a WebSocket; header and query as a test wants them. The answer tells why it was refused.
func (p *Person) Dial(query string, header http.Header) (*Stream, *http.Response, error) {
	s := &Stream{p: p, told: make(chan Told, 10_000), done: make(chan struct{})}
	ws, answer, err := gws.NewClient(listener{s: s}, &gws.ClientOption{Addr: "ws" + strings.TrimPrefix(p.On.URL, "http") + "/api/v1/streaming" + query, RequestHeader: header,
		HandshakeTimeout: patience})
	if err != nil {
		return nil, answer, err
	}
	s.ws, s.end = ws, func() { _ = ws.NetConn().Close() }
	go ws.ReadLoop()
	p.On.T.Cleanup(s.Close)
	return s, answer, nil
}

// Listen opens a WebSocket with channels, each its name, perhaps with a parameter: "user", "hashtag cats", "list 5".
func (p *Person) Listen(channels ...string) *Stream {
	p.On.T.Helper()
	s, _, err := p.Dial("", http.Header{"Authorization": {"Bearer " + p.Token}})
	if err != nil {
		p.On.T.Fatal(err)
	}
	for _, one := range channels {
		s.Subscribe(one)
	}
	s.Say(`{"type":"ready?"}`) // what was said before is done when this is refused
	s.Until("Unknown message type")
	return s
}

// Subscribe takes one more channel.
func (s *Stream) Subscribe(channel string) {
	name, param, _ := strings.Cut(channel, " ")
	m := map[string]string{"type": "subscribe", "stream": name, "tag": param, "list": param}
	b, _ := json.Marshal(m) // only texts
	s.Say(string(b))
}

// Events opens server-sent events by their path after /api/v1/streaming/.
func (p *Person) Events(path string) *Stream {
	p.On.T.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, p.On.URL+"/api/v1/streaming/"+path, nil)
	if err != nil {
		p.On.T.Fatal(err)
	}
	if p.Token != "" {
		r.Header.Set("Authorization", "Bearer "+p.Token)
	}
	r.Header.Set("Accept-Encoding", "gzip") // which must not make events wait
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		p.On.T.Fatal(err)
	}
	s := &Stream{p: p, told: make(chan Told, 10_000), done: make(chan struct{})}
	s.end = func() { cancel(); _ = answer.Body.Close() }
	if answer.StatusCode != http.StatusOK || answer.Header.Get("Content-Type") != "text/event-stream" || answer.Header.Get("Content-Encoding") != "" {
		p.On.T.Fatalf("%s answered %d %v", path, answer.StatusCode, answer.Header)
	}
	p.On.T.Cleanup(s.Close)
	lines := bufio.NewScanner(answer.Body)
	lines.Buffer(nil, 1<<20)
	if !lines.Scan() || lines.Text() != ":)" {
		p.On.T.Fatalf("the stream begins with %q", lines.Text())
	}
	go func() {
		defer close(s.done)
		var t Told
		for lines.Scan() {
			name, value, _ := strings.Cut(lines.Text(), ": ")
			switch {
			case strings.HasPrefix(lines.Text(), ":"):
				s.told <- Told{Event: lines.Text()}
			case name == "event":
				t.Event = value
			case name == "data":
				t.Payload = &value
			case t.Event != "":
				s.told <- t
				t = Told{}
			}
		}
	}()
	return s
}

// Query builds a query.
func Query(pairs ...string) string {
	v := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return "?" + v.Encode()
}
