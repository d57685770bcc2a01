package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/lxzan/gws"
)

// Streams: how many, and what they may cost.
const (
	idleSockets  = 10_000
	maxSockets   = 300 << 20 // bytes of the whole server with all of them
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

// sockets opens streams of a channel, 64 at a time.
func sockets(address, token, channel string, n int, heard *latencies) ([]*gws.Conn, error) {
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
func (b *bench) streaming(ctx context.Context, engine string, s *server, reader string, writers []string) error {
	heard := &latencies{}
	var open []*gws.Conn
	for i, token := range append([]string{reader}, writers...) {
		n := idleSockets / (len(writers) + 1)
		if i == 0 {
			n = idleSockets - n*len(writers)
		}
		more, err := sockets(s.address, token, "user", n, heard)
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
	b.row(engine, "memory with 10,000 idle WebSockets (MB)", fmt.Sprintf("<= %d", maxSockets>>20), fmt.Sprintf("%.1f", float64(held)/(1<<20)), "", held <= maxSockets)
	for _, one := range open {
		_ = one.NetConn().Close()
	}
	open = nil
	for _, channel := range []string{"user", "public"} {
		more, err := sockets(s.address, reader, channel, subscribers/2, heard)
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
	posts := int(postingFor.Seconds() * postsASecond)
	ticker := time.NewTicker(time.Second / postsASecond)
	defer ticker.Stop()
	var all sync.WaitGroup
	failed := make([]error, posts)
	for i := range posts {
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
	if n < posts*subscribers {
		return fmt.Errorf("of %d posts, told to %d streams, %d were heard", posts, subscribers, n)
	}
	at := func(part float64) time.Duration { return heard.all[int(float64(n-1)*part)] }
	b.row(engine, "post to 1,000 WebSockets, 50 a second: p99 (ms)", fmt.Sprintf("<= %d", maxLatency.Milliseconds()), ms(at(0.99)), "", at(0.99) <= maxLatency)
	b.row(engine, "post to 1,000 WebSockets: p50, p90, p99.9 (ms)", "-", ms(at(0.5))+" "+ms(at(0.9))+" "+ms(at(0.999)), "", true)
	b.row(engine, "post to 1,000 WebSockets: CPU a post (ms)", "-", ms((after-before)/time.Duration(posts)), "", true)
	return nil
}

func ms(d time.Duration) string { return fmt.Sprintf("%.1f", float64(d.Microseconds())/1000) }
