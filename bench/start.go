package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"anancus/internal/kit/db"
)

// Targets of a server that begins or idles.
const (
	maxStart  = 300 * time.Millisecond // to the first answer on an existing database
	maxIdle   = 60                     // MB
	maxBinary = 45                     // MB
	maxCreate = 500 * time.Millisecond
	idleWait  = 3 * time.Second
	creations = 20
)

// start measures a server that has just been started, and the making of accounts by command while it runs.
func (b *bench) start(ctx context.Context, engine db.Engine) (err error) {
	if engine == db.SQLite {
		info, err := os.Stat(b.binary)
		if err != nil {
			return err
		}
		b.within("-", "binary size (MB)", maxBinary, float64(info.Size())/mb)
	}
	p, err := b.place(ctx, engine, "start", false)
	if err != nil {
		return err
	}
	s, err := p.serve(ctx)
	if err != nil {
		return err
	}
	var times []time.Duration
	for i := range creations {
		begin := time.Now()
		if _, err := s.command(ctx, "account", "create", fmt.Sprintf("timed%d", i), "--email", fmt.Sprintf("timed%d@mail.example", i), "--confirmed", "--approved"); err != nil {
			return errors.Join(err, s.stop())
		}
		times = append(times, time.Since(begin))
	}
	slices.Sort(times)
	b.within(engine, "account create by command, server running (ms)", millis(maxCreate), millis(times[len(times)/2]))
	if err := s.stop(); err != nil {
		return err
	}
	if s, err = p.serve(ctx); err != nil {
		return err
	}
	b.within(engine, "start to first answer, existing database (ms)", millis(maxStart), millis(s.took))
	time.Sleep(idleWait)
	idle, err := s.memory()
	if err == nil {
		b.within(engine, "idle memory (MB)", maxIdle, float64(idle)/mb)
	}
	return errors.Join(err, s.stop())
}
