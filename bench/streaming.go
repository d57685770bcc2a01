package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/lxzan/gws"

	"anancus/internal/kit/db"
)

// Streams: how many, and what they may cost.
const (
	idleSockets  = 10_000
	maxSockets   = 300 // MB of the whole server with all of them
	subscribers  = 1000
	postsASecond = 50
	postingFor   = 10 * time.Second
	maxLatency   = 50 * time.Millisecond // p99, from the request to post on
	stamp        = "stamp"               // in a status, before the time of its request
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

// listen opens streams of a channel, 64 at a time.
func listen(address, token, channel string, n int, heard *latencies) ([]*gws.Conn, error) {
	open := make([]*gws.Conn, n)
	failed := make([]error, n)
	var all sync.WaitGroup
	turn := make(chan struct{}, 64)
	for i := range n {
		turn <- struct{}{}
		all.Go(func() {
			defer func() { <-turn }()
			open[i], _, failed[i] = gws.NewClient(&ear{heard: heard}, &gws.ClientOption{Addr: "ws://" + address + "/api/v1/streaming?stream=" + url.QueryEscape(channel),
				RequestHeader: http.Header{"Authorization": {"Bearer " + token}}, ReadBufferSize: 8 << 10}) // an event in one read: what is measured is the server
			if failed[i] == nil {
				go open[i].ReadLoop()
			}
		})
	}
	all.Wait()
	return open, errors.Join(failed...)
}

// streaming measures what idle sockets hold, and how soon a post is told to many; one of those reads nothing.
func (b *bench) streaming(ctx context.Context, engine db.Engine) error {
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

// seed makes a reader who follows ten people, and gives the tokens of all.
func (s *server) seed(ctx context.Context) (reader string, writers []string, err error) {
	if reader, err = s.member(ctx, "reader"); err != nil {
		return "", nil, err
	}
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
	}
	return reader, writers, nil
}

func (b *bench) sockets(ctx context.Context, s *server) error {
	engine := s.engine
	reader, writers, err := s.seed(ctx)
	if err != nil {
		return err
	}
	heard := &latencies{}
	var open []*gws.Conn
	for i, token := range append([]string{reader}, writers...) {
		n := idleSockets / (len(writers) + 1)
		if i == 0 {
			n = idleSockets - n*len(writers)
		}
		more, err := listen(s.address, token, "user", n, heard)
		if err != nil {
			return err
		}
		open = append(open, more...)
	}
	time.Sleep(idleWait)
	held, err := memory(s.cmd.Process.Pid)
	if err != nil {
		return err
	}
	b.within(engine, "memory with 10,000 idle WebSockets (MB)", maxSockets, float64(held)/mb)
	for _, one := range open {
		_ = one.NetConn().Close()
	}
	open = nil
	for _, channel := range []string{"user", "public"} {
		more, err := listen(s.address, reader, channel, subscribers/2, heard)
		if err != nil {
			return err
		}
		open = append(open, more...)
	}
	lazy, _, err := gws.NewClient(&ear{heard: heard}, &gws.ClientOption{Addr: "ws://" + s.address + "/api/v1/streaming?stream=public", RequestHeader: http.Header{"Authorization": {"Bearer " + reader}}})
	if err != nil {
		return err
	}
	defer func() { _ = lazy.NetConn().Close() }()
	time.Sleep(time.Second)
	heard.all = nil
	before, err := cpu(s.cmd.Process.Pid)
	if err != nil {
		return err
	}
	told := int(postingFor.Seconds() * postsASecond)
	ticker := time.NewTicker(time.Second / postsASecond)
	defer ticker.Stop()
	var all sync.WaitGroup
	failed := make([]error, told)
	for i := range told {
		<-ticker.C
		all.Go(func() {
			text := fmt.Sprintf("status=A post to be heard by many, as long as people write them with their coffee. %s%d.", stamp, time.Now().UnixNano())
			_, failed[i] = ask(ctx, http.MethodPost, s.address, "/api/v1/statuses", writers[i%len(writers)], text)
		})
	}
	all.Wait()
	if err := errors.Join(failed...); err != nil {
		return err
	}
	time.Sleep(2 * time.Second)
	after, err := cpu(s.cmd.Process.Pid)
	for _, one := range open {
		_ = one.NetConn().Close()
	}
	if err != nil {
		return err
	}
	heard.mu.Lock()
	defer heard.mu.Unlock()
	slices.Sort(heard.all)
	n := len(heard.all)
	if n < told*subscribers {
		return fmt.Errorf("of %d posts, told to %d streams, %d were heard", told, subscribers, n)
	}
	at := func(part float64) time.Duration { return heard.all[int(float64(n-1)*part)] }
	b.within(engine, "post to 1,000 WebSockets, 50 a second: p99 (ms)", millis(maxLatency), millis(at(0.99)))
	for _, part := range []float64{0.5, 0.9, 0.999} {
		b.told(engine, fmt.Sprintf("post to 1,000 WebSockets, 50 a second: p%g (ms)", part*100), millis(at(part)))
	}
	b.told(engine, "post to 1,000 WebSockets: CPU a post (ms)", millis(after-before)/float64(told))
	return nil
}
