package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"anancus/bench/town"
	"anancus/internal/kit/db"
)

// A server with many people on it.
const (
	online       = 5000 // members whose feeds are open
	million      = 1_000_000
	maxFeeds     = 250 // MB, with so many feeds open and under load
	maxCrowdHome = 2.0 // of what a home page takes when nobody whom so many follow posts
	maxCrowdPost = 50 * time.Millisecond
	crowdPages   = 3000    // asked for at once, again and again
	crowdCache   = "800MB" // a quarter of it for feeds: as much as the keeper of so many people gives; no more is taken than is used
	starPosts    = 20
	starEvery    = 200 * time.Millisecond
)

// crowd measures 5,000 open feeds, and posts of somebody whom a million follow and 5,000 read.
func (b *bench) crowd(ctx context.Context, engine db.Engine) error {
	p, err := b.place(ctx, engine, "crowd", b.keep)
	if err != nil {
		return err
	}
	d, err := p.open(ctx)
	if err != nil {
		return err
	}
	star, err := p.fill(ctx, d)
	if err := errors.Join(err, d.Close()); err != nil {
		return err
	}
	if err := p.index(ctx); err != nil { // or the server would do so amid what is measured
		return err
	}
	s, err := p.serve(ctx, "--cache-memory="+crowdCache)
	if err != nil {
		return err
	}
	return errors.Join(b.feeds(ctx, s, star), s.stop())
}

// fill makes the town, and gives the first member the million followers; the other members follow them too.
func (p *place) fill(ctx context.Context, d *db.DB) (star int64, err error) {
	begin := time.Now()
	if err := town.Build(ctx, d, town.Plan{Statuses: 20_000, Members: online, Now: time.Now()}); err != nil {
		return 0, err
	}
	star, err = db.One(ctx, d, db.Int64, `SELECT id FROM accounts WHERE username_key = $1 AND domain = ''`, town.Username(0))
	if err != nil {
		return 0, err
	}
	followers, err := db.One(ctx, d, db.Int64, `SELECT COUNT(*) FROM follows WHERE target_id = $1`, star)
	if err != nil || followers >= million {
		return star, err
	}
	if err := d.Tx(ctx, func(tx *db.Tx) error {
		_, err := db.Exec(ctx, tx, `INSERT INTO follows (id, account_id, target_id, created_at, remote) SELECT account_id + $2, account_id, CAST($1 AS BIGINT), created_at, FALSE FROM members WHERE account_id <> $1
			ON CONFLICT (account_id, target_id) DO NOTHING`, star, 1<<36) // beyond the ids of those that the town has
		return err
	}); err != nil {
		return 0, err
	}
	if err := town.Followers(ctx, d, star, million, nil); err != nil {
		return 0, err
	}
	fmt.Printf("  a crowd of %d after %v\n", million, time.Since(begin).Round(time.Second))
	return star, nil
}

func (b *bench) feeds(ctx context.Context, s *server, star int64) error {
	home := func(n int) request {
		return request{path: "/api/v1/timelines/home", token: town.Token(1 + n%(online-1))}
	}
	begin := time.Now()
	if _, _, err := load(ctx, s.address, few, online-1, home); err != nil {
		return err
	}
	b.told(s.engine, fmt.Sprintf("%d feeds opened: each (ms)", online-1), millis(time.Since(begin))/(online-1))
	open, err := metric(ctx, s.metrics, "anancus_open_feeds")
	if err != nil {
		return err
	}
	if int(open) != online-1 {
		return fmt.Errorf("%.0f feeds are open, and not %d", open, online-1)
	}
	if err := forgetPeak(s.cmd.Process.Pid); err != nil {
		return err
	}
	calm := make(chan error, 1)
	time.AfterFunc(starPosts*starEvery, func() { calm <- nil })
	idle, err := keepLoading(ctx, s.address, home, calm)
	if err != nil {
		return err
	}
	// The load goes on while the star posts.
	var times []time.Duration
	posted := make(chan error, 1)
	go func() {
		for n := range starPosts {
			begin := time.Now()
			if err := s.publish(ctx, town.Token(0), fmt.Sprintf("Post %d for a million", n)); err != nil {
				posted <- err
				return
			}
			times = append(times, time.Since(begin))
			time.Sleep(starEvery)
		}
		posted <- nil
	}()
	busy, err := keepLoading(ctx, s.address, home, posted)
	if err != nil {
		return err
	}
	held, err := s.memory()
	if err != nil {
		return err
	}
	peak, err := peakMemory(s.cmd.Process.Pid)
	if err != nil {
		return err
	}
	slices.Sort(times)
	b.within(s.engine, "memory with 5,000 open feeds under load (MB)", maxFeeds, float64(held)/mb)
	b.told(s.engine, "memory with 5,000 open feeds under load: at most (MB)", float64(peak)/mb)
	b.compared(s.engine, "a million followers, 5,000 of them here: others' home p99 (ms)", maxCrowdHome, millis(percentile(busy, 0.99)), millis(percentile(idle, 0.99)))
	b.within(s.engine, "a million followers: the author's request, p90 (ms)", millis(maxCrowdPost), millis(percentile(times, 0.9)))
	b.told(s.engine, "a million followers: the author's request, at most (ms)", millis(percentile(times, 1)))
	return s.sees(ctx, town.Token(17), star)
}

// keepLoading sends requests until something else is over, and gives how long each took, in order.
func keepLoading(ctx context.Context, address string, each func(n int) request, over <-chan error) (all []time.Duration, err error) {
	for from := 0; ; from += crowdPages {
		_, took, err := load(ctx, address, few, crowdPages, func(n int) request { return each(7 * (from + n)) })
		if err != nil {
			return nil, err
		}
		all = append(all, took...)
		select {
		case err := <-over:
			slices.Sort(all)
			return all, err
		default:
		}
	}
}

// sees makes sure that a reader's home begins with what the star posted.
func (s *server) sees(ctx context.Context, token string, star int64) error {
	body, err := ask(ctx, http.MethodGet, s.address, "/api/v1/timelines/home?limit=1", token, "")
	if err != nil {
		return err
	}
	var list []struct{ Account struct{ ID string } }
	if err := json.Unmarshal(body, &list); err != nil {
		return err
	}
	if len(list) != 1 || list[0].Account.ID != strconv.FormatInt(star, 10) {
		return fmt.Errorf("the home of a follower does not begin with the post: %.200s", body)
	}
	return nil
}
