package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/lxzan/gws"

	"anancus/internal/kit/db"
)

// Streams: how many, and what they may cost.
const (
	idleSockets  = 10_000
	maxSockets   = 300 // MB of the whole server with all of them
	widePosts    = 20  // told to all of those, one after another
	subscribers  = 1000
	listeners    = 100                    // of those are listened to at once: the load generator's own work shall not be in what is measured
	takeEvery    = 200 * time.Millisecond // by the others
	postsASecond = 50
	postingFor   = 20 * time.Second      // longer than a slow reader is borne
	maxLatency   = 50 * time.Millisecond // p99, from the request to post on
	maxBeside    = 1.5                   // of the median, while a slow reader is there
	maxSlow      = 15 * time.Second      // until a stream that reads nothing is closed: ten for one write, and what buffers hold
	hearWithin   = 10 * time.Second
	stamp        = "stamp" // in a status, before the time of its request
	spareFiles   = 500     // of the load generator, besides its sockets
)

// ear is one socket of the load generator.
type ear struct {
	gws.BuiltinEventHandler
	heard *latencies
}

func (e *ear) OnPing(c *gws.Conn, payload []byte) { _ = c.WritePong(payload) }

func (e *ear) OnMessage(_ *gws.Conn, m *gws.Message) {
	now := time.Now()
	body := m.Bytes()
	if at := bytes.LastIndex(body, []byte(stamp)); at >= 0 {
		digits := body[at+len(stamp):]
		end := bytes.IndexFunc(digits, func(r rune) bool { return r < '0' || r > '9' })
		if sent, err := strconv.ParseInt(string(digits[:max(end, 0)]), 10, 64); err == nil {
			e.heard.add(now.Sub(time.Unix(0, sent)))
		}
	}
	_ = m.Close()
}

// latencies are gathered from many goroutines.
type latencies struct {
	mu  sync.Mutex
	all []time.Duration
}

func (l *latencies) add(one time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, one)
}

// takers are streams of which the load generator takes what comes a few times a second; it counts what was told.
type takers struct{ told atomic.Int64 }

// take reads a stream until it ends.
func (l *takers) take(conn net.Conn) {
	mark, buffer, kept := []byte(stamp), make([]byte, 64<<10), 0 // so much of the last piece, in which a mark may begin
	for {
		n, err := conn.Read(buffer[kept:])
		if err != nil {
			return
		}
		piece := buffer[:kept+n]
		l.told.Add(int64(bytes.Count(piece, mark)))
		kept = copy(buffer, piece[max(0, len(piece)-len(mark)+1):])
		if len(piece) < len(buffer) { // that was all
			time.Sleep(takeEvery)
		}
	}
}

// since gives what was heard from a length on, in order.
func (l *latencies) since(from int) []time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	some := slices.Clone(l.all[from:])
	slices.Sort(some)
	return some
}

func (l *latencies) len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.all)
}

// wait waits until so much was heard.
func (l *latencies) wait(n int) error {
	for begin := time.Now(); l.len() < n; time.Sleep(5 * time.Millisecond) {
		if time.Since(begin) > hearWithin {
			return fmt.Errorf("of %d events told to streams, %d were heard", n, l.len())
		}
	}
	return nil
}

// files lets this process and those that it starts open so many files and more.
func files(n uint64) error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return err
	}
	if limit.Cur >= n {
		return nil
	}
	limit.Cur, limit.Max = n, max(limit.Max, n)
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("%d files must be open at once, which this system does not allow (ulimit -n): %w", n, err)
	}
	return nil
}

// listen opens streams of a channel, 64 at a time.
func listen(address, token, channel string, n int, heard *latencies, hear func(*gws.Conn)) ([]*gws.Conn, error) {
	open := make([]*gws.Conn, n)
	failed := make([]error, n)
	var all sync.WaitGroup
	turn := make(chan struct{}, 64)
	for i := range n {
		turn <- struct{}{}
		all.Go(func() {
			defer func() { <-turn }()
			open[i], _, failed[i] = gws.NewClient(&ear{heard: heard}, streamOf(address, token, channel))
			if failed[i] == nil {
				go hear(open[i])
			}
		})
	}
	all.Wait()
	return open, errors.Join(failed...)
}

func streamOf(address, token, channel string) *gws.ClientOption {
	return &gws.ClientOption{Addr: "ws://" + address + "/api/v1/streaming?stream=" + url.QueryEscape(channel),
		RequestHeader: http.Header{"Authorization": {"Bearer " + token}}, ReadBufferSize: 8 << 10} // an event in one read: what is measured is the server
}

// ignore opens a stream that nobody reads. Its end of the connection takes little, and in small pieces, so that the system's buffers hold
// what a telephone's do out of reach, and not the megabytes of a loopback.
func ignore(address, token, channel string) (*gws.Conn, error) {
	option := streamOf(address, token, channel)
	option.NewDialer = func() (gws.Dialer, error) {
		return &net.Dialer{Control: func(_, _ string, c syscall.RawConn) (err error) {
			if failed := c.Control(func(fd uintptr) {
				err = errors.Join(syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 4096),
					syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_MAXSEG, 536))
			}); failed != nil {
				return failed
			}
			return err
		}}, nil
	}
	lazy, _, err := gws.NewClient(&ear{heard: &latencies{}}, option)
	return lazy, err
}

// streaming measures what idle sockets hold, and how soon a post is told to many; one of those reads nothing.
func (b *bench) streaming(ctx context.Context, engine db.Engine) error {
	if err := files(idleSockets + spareFiles); err != nil {
		return err
	}
	p, err := b.place(ctx, engine, "streaming", false)
	if err != nil {
		return err
	}
	s, err := p.serve(ctx)
	if err != nil {
		return err
	}
	return errors.Join(b.sockets(ctx, s), s.stop())
}

// seed makes a reader who follows ten people, of whom all follow the first, and gives the tokens of all.
func (s *server) seed(ctx context.Context) (reader string, writers []string, err error) {
	if reader, err = s.member(ctx, "reader"); err != nil {
		return "", nil, err
	}
	first := ""
	for i := range 10 {
		name := fmt.Sprintf("writer%d", i)
		token, err := s.member(ctx, name)
		if err != nil {
			return "", nil, err
		}
		writers = append(writers, token)
		found, err := ask(ctx, http.MethodGet, s.address, "/api/v1/accounts/lookup?acct="+name, reader, "")
		if err != nil {
			return "", nil, err
		}
		var account struct{ ID string }
		if err := json.Unmarshal(found, &account); err != nil {
			return "", nil, err
		}
		if _, err := ask(ctx, http.MethodPost, s.address, "/api/v1/accounts/"+account.ID+"/follow", reader, ""); err != nil {
			return "", nil, err
		}
		if i == 0 {
			first = account.ID
			continue
		}
		if _, err := ask(ctx, http.MethodPost, s.address, "/api/v1/accounts/"+first+"/follow", token, ""); err != nil {
			return "", nil, err
		}
	}
	return reader, writers, nil
}

// stamped posts the time at which it is posted.
func (s *server) stamped(ctx context.Context, token string) error {
	text := fmt.Sprintf("status=A post to be heard by many, as long as people write them with their coffee. %s%d.", stamp, time.Now().UnixNano())
	_, err := ask(ctx, http.MethodPost, s.address, "/api/v1/statuses", token, text)
	return err
}

func hangUp(open []*gws.Conn) {
	for _, one := range open {
		_ = one.NetConn().Close()
	}
}

// streamsAre waits until so many streams are open.
func (s *server) streamsAre(ctx context.Context, n int, within time.Duration) (time.Duration, error) {
	for begin := time.Now(); ; time.Sleep(100 * time.Millisecond) {
		open, err := metric(ctx, s.metrics, "anancus_open_streams")
		if err != nil || int(open) == n {
			return time.Since(begin), err
		}
		if time.Since(begin) > within {
			return 0, fmt.Errorf("%.0f streams are open after %v, and not %d", open, within, n)
		}
	}
}

func (b *bench) sockets(ctx context.Context, s *server) error {
	reader, writers, err := s.seed(ctx)
	if err != nil {
		return err
	}
	if err := b.idle(ctx, s, reader, writers); err != nil {
		return err
	}
	return b.busy(ctx, s, reader, writers)
}

// idle opens very many streams on which little happens.
func (b *bench) idle(ctx context.Context, s *server, reader string, writers []string) (err error) {
	engine, heard := s.engine, &latencies{}
	before, err := s.memory()
	if err != nil {
		return err
	}
	var open []*gws.Conn
	defer func() { hangUp(open) }()
	for i, token := range append([]string{reader}, writers...) {
		n := idleSockets / (len(writers) + 1)
		if i == 0 {
			n = idleSockets - n*len(writers)
		}
		more, err := listen(s.address, token, "user", n, heard, (*gws.Conn).ReadLoop)
		if err != nil {
			return err
		}
		open = append(open, more...)
	}
	time.Sleep(idleWait)
	if _, err := s.streamsAre(ctx, idleSockets, idleWait); err != nil {
		return err
	}
	held, err := s.memory()
	if err != nil {
		return err
	}
	b.within(engine, "memory with 10,000 idle WebSockets (MB)", maxSockets, float64(held)/mb)
	b.told(engine, "memory of an idle WebSocket (KB)", float64(held-before)/idleSockets/1024)
	lazy, err := ignore(s.address, reader, "user")
	if err != nil {
		return err
	}
	open = append(open, lazy)
	for n := range widePosts {
		if err := s.stamped(ctx, writers[0]); err != nil {
			return err
		}
		if err := heard.wait((n + 1) * idleSockets); err != nil {
			return err
		}
	}
	all := heard.since(0)
	for _, part := range []float64{0.5, 0.9, 0.99, 1} {
		b.told(engine, fmt.Sprintf("post to 10,000 WebSockets, one at a time: p%g (ms)", part*100), millis(percentile(all, part)))
	}
	if held, err = s.memory(); err != nil {
		return err
	}
	b.told(engine, "memory with 10,000 WebSockets that were told 20 posts (MB)", float64(held)/mb)
	hangUp(open)
	open = nil
	_, err = s.streamsAre(ctx, 0, hearWithin)
	return err
}

// busy posts as fast as the busiest servers, to a thousand streams: a while alone, then beside one that reads nothing.
func (b *bench) busy(ctx context.Context, s *server, reader string, writers []string) error {
	engine, heard := s.engine, &latencies{}
	var open []*gws.Conn
	defer func() { hangUp(open) }()
	others := &takers{}
	for _, channel := range []string{"user", "public"} {
		for _, some := range []struct {
			n    int
			hear func(*gws.Conn)
		}{{listeners / 2, (*gws.Conn).ReadLoop}, {(subscribers - listeners) / 2, func(c *gws.Conn) { others.take(c.NetConn()) }}} {
			more, err := listen(s.address, reader, channel, some.n, heard, some.hear)
			if err != nil {
				return err
			}
			open = append(open, more...)
		}
	}
	if _, err := s.streamsAre(ctx, subscribers, hearWithin); err != nil {
		return err
	}
	told := int(postingFor.Seconds() * postsASecond)
	if err := s.postAll(ctx, writers, told/4); err != nil {
		return err
	}
	if err := heard.wait(told / 4 * listeners); err != nil {
		return err
	}
	alone, from := percentile(heard.since(0), 0.5), heard.len()
	lazy, err := ignore(s.address, reader, "public")
	if err != nil {
		return err
	}
	open = append(open, lazy)
	if _, err := s.streamsAre(ctx, subscribers+1, hearWithin); err != nil {
		return err
	}
	slow := make(chan error, 1)
	var borne time.Duration
	go func() {
		var err error
		borne, err = s.streamsAre(ctx, subscribers, postingFor+maxSlow)
		slow <- err
	}()
	before, err := cpu(s.cmd.Process.Pid)
	if err != nil {
		return err
	}
	if err := s.postAll(ctx, writers, told); err != nil {
		return err
	}
	if err := heard.wait(from + told*listeners); err != nil {
		return err
	}
	time.Sleep(2 * takeEvery)
	if n, want := others.told.Load(), int64((told+told/4)*(subscribers-listeners)); n != want {
		return fmt.Errorf("of %d events told to the streams that nobody waits on, %d arrived", want, n)
	}
	after, err := cpu(s.cmd.Process.Pid)
	if err := errors.Join(err, <-slow); err != nil {
		return err
	}
	all := heard.since(from)
	b.within(engine, "post to 1,000 WebSockets, 50 a second: p99 (ms)", millis(maxLatency), millis(percentile(all, 0.99)))
	for _, part := range []float64{0.5, 0.9, 0.999, 1} {
		b.told(engine, fmt.Sprintf("post to 1,000 WebSockets, 50 a second: p%g (ms)", part*100), millis(percentile(all, part)))
	}
	b.compared(engine, "a slow reader among them: median of the others (ms)", maxBeside, millis(percentile(all, 0.5)), millis(alone))
	b.within(engine, "a slow reader among them: closed after (s)", maxSlow.Seconds(), borne.Seconds())
	b.told(engine, "post to 1,000 WebSockets: CPU a post (ms)", millis(after-before)/float64(told))
	return nil
}

// postAll posts so many, at their pace whatever becomes of those before.
func (s *server) postAll(ctx context.Context, writers []string, n int) error {
	ticker := time.NewTicker(time.Second / postsASecond)
	defer ticker.Stop()
	var all sync.WaitGroup
	failed := make([]error, n)
	for i := range n {
		<-ticker.C
		all.Go(func() { failed[i] = s.stamped(ctx, writers[i%len(writers)]) })
	}
	all.Wait()
	return errors.Join(failed...)
}
