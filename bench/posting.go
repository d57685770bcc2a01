package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"os/signal"
	"time"

	"anancus/internal/kit/config"
	"anancus/internal/kit/db"
	anancus "anancus/internal/server"
)

// What a post may cost.
const (
	maxPostCPU   = 0.6 // ms
	slowSync     = 3 * time.Millisecond
	leastPosts   = 1500 // a second, by 16 clients on the slow disk
	timedPosts   = 3000
	postsWriters = 10
)

// posting measures what a post costs, and on SQLite how many a second are stored where a sync of the disk is slow.
func (b *bench) posting(ctx context.Context, engine db.Engine) error {
	p, err := b.place(ctx, engine, "posting", false)
	if err != nil {
		return err
	}
	s, err := p.serve(ctx)
	if err != nil {
		return err
	}
	var writers []string
	for i := range postsWriters {
		token, err := s.member(ctx, fmt.Sprintf("writer%d", i))
		if err != nil {
			return errors.Join(err, s.stop())
		}
		writers = append(writers, token)
	}
	post := func(n int) request {
		return request{method: http.MethodPost, path: "/api/v1/statuses", token: writers[n%len(writers)],
			form: "status=" + url.QueryEscape(fmt.Sprintf("Post %d, long enough to be like what people write on a morning with coffee. #morning%d", n, n%7))}
	}
	if _, _, err := load(ctx, s.address, connections, warmUp, post); err != nil {
		return errors.Join(err, s.stop())
	}
	one, err := s.measure(ctx, "posting", timedPosts, post)
	if err := errors.Join(err, s.stop()); err != nil {
		return err
	}
	if engine != db.SQLite {
		b.told(engine, "POST status, durable: CPU a request, database and all (ms)", one.each)
		return nil
	}
	b.within(engine, "POST status, durable: CPU a request (ms)", maxPostCPU, one.each)

	self, err := os.Executable()
	if err != nil {
		return err
	}
	slow, _, err := start(ctx, self, s.address, "-slow-sync", slowSync.String(), p.data, s.address, p.url)
	if err != nil {
		return err
	}
	if _, _, err := load(ctx, s.address, connections, warmUp, post); err != nil {
		return errors.Join(err, stop(slow))
	}
	wall, _, err := load(ctx, s.address, connections, timedPosts, post)
	if err == nil {
		b.atLeast(engine, fmt.Sprintf("POST status by %d clients, syncs of the disk %v slower: a second", connections, slowSync), leastPosts, timedPosts/wall.Seconds())
	}
	return errors.Join(err, stop(slow))
}

// serveSlowly is the server, on a disk whose every sync takes longer: its data folder, address and database are given.
func serveSlowly(ctx context.Context, by time.Duration, args []string) error {
	if len(args) != 3 {
		return errors.New("-slow-sync takes a data folder, an address and a database")
	}
	c := config.Default()
	c.Data, c.Listen, c.Database, c.RateLimits, c.Domain = args[0], args[1], args[2], false, "localhost"+args[1][len("127.0.0.1"):]
	c.FederationAllowAddresses = config.Networks{netip.MustParsePrefix("127.0.0.0/8")}
	if err := c.Complete(); err != nil {
		return err
	}
	s, err := anancus.Assemble(ctx, c, "0.0.0-bench", slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})), anancus.Parts{SyncDelay: by})
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	return errors.Join(s.Run(ctx), s.Close())
}
