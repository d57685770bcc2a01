package main

import (
	"cmp"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"time"

	"anancus/bench/town"
	"anancus/internal/kit/db"
)

// What delivering may take.
const (
	healthyHosts    = 500
	healthyPosts    = 4    // a round
	healthyRounds   = 15   // which count, after one that does not
	maxOfSignature  = 1.25 // of what a signature costs: 0.8 of the rate at which the machine signs
	manyFollowers   = 25_000
	manyHosts       = 3000
	deadEvery       = 10               // one in so many hosts is dead
	maxBeyond       = 60 * time.Second // until the last healthy host has a post, beyond what signing takes
	maxWhileMany    = 200              // MB
	maxHomeWhile    = 2.0              // of what a home page takes when nothing is delivered
	dueRows         = 100_000
	dueHosts        = 1000
	maxHomeWhileDue = 1.5
	watched         = 600 // home pages, two at a time
	homeRounds      = 9   // of them
)

// delivery measures deliveries to healthy hosts alone, to many of whom some are dead, and pages while 100,000 are due.
func (b *bench) delivery(ctx context.Context, engine db.Engine) error {
	other, err := newPeer(ctx)
	if err != nil {
		return err
	}
	defer other.close()
	dead, err := newSilence(ctx)
	if err != nil {
		return err
	}
	defer dead.close()
	for _, one := range []func() error{
		func() error { return b.healthy(ctx, engine, other) },
		func() error { return b.many(ctx, engine, other, dead) },
		func() error { return b.due(ctx, engine, other) },
	} {
		if err := one(); err != nil {
			return err
		}
	}
	return nil
}

// silence is a host that takes connections and says nothing.
type silence struct {
	l    net.Listener
	port string
	mu   sync.Mutex
	open []net.Conn
}

func newSilence(ctx context.Context) (*silence, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "0.0.0.0:0")
	if err != nil {
		return nil, err
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	s := &silence{l: l, port: port}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.open = append(s.open, c)
			s.mu.Unlock()
		}
	}()
	return s, err
}

func (s *silence) close() {
	_ = s.l.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, one := range s.open {
		_ = one.Close()
	}
}

// address is that of the n-th host of this machine.
func address(n int) string { return fmt.Sprintf("127.1.%d.%d", n/250, 1+n%250) }

// followers gives an account followers on hosts: each host has an address and a port of this machine.
func (p *place) followers(ctx context.Context, of int64, n, hosts int, port func(host int) string) error {
	d, err := p.open(ctx)
	if err != nil {
		return err
	}
	err = town.Followers(ctx, d, of, n, func(i int) string { return address(i%hosts) + ":" + port(i%hosts) })
	return errors.Join(err, d.Close())
}

// author makes a server with a member who writes, and gives their token and account.
func (b *bench) author(ctx context.Context, engine db.Engine, name string) (*place, string, int64, error) {
	p, err := b.place(ctx, engine, name, false)
	if err != nil {
		return nil, "", 0, err
	}
	s, err := p.serve(ctx)
	if err != nil {
		return nil, "", 0, err
	}
	token, account, err := s.writer(ctx)
	return p, token, account, errors.Join(err, s.stop())
}

func (s *server) writer(ctx context.Context) (string, int64, error) {
	token, err := s.member(ctx, "author")
	if err != nil {
		return "", 0, err
	}
	body, err := ask(ctx, http.MethodGet, s.address, "/api/v1/accounts/verify_credentials", token, "")
	if err != nil {
		return "", 0, err
	}
	var self struct{ ID string }
	if err := json.Unmarshal(body, &self); err != nil {
		return "", 0, err
	}
	account, err := strconv.ParseInt(self.ID, 10, 64)
	return token, account, err
}

func (s *server) publish(ctx context.Context, token, text string) error {
	_, err := ask(ctx, http.MethodPost, s.address, "/api/v1/statuses", token, "status="+url.QueryEscape(text))
	return err
}

// signing is how many RSA-2048 signatures a second this machine makes on all its cores, and the processor time of one.
func signing() (float64, time.Duration, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return 0, 0, err
	}
	const each = 800
	sum := sha256.Sum256([]byte("something to sign"))
	failed := make([]error, runtime.NumCPU())
	all := each * len(failed)
	before, err := cpu(os.Getpid())
	if err != nil {
		return 0, 0, err
	}
	var group sync.WaitGroup
	begin := time.Now()
	for i := range failed {
		group.Go(func() {
			for range each {
				if _, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:]); err != nil {
					failed[i] = err
				}
			}
		})
	}
	group.Wait()
	took := time.Since(begin)
	after, err := cpu(os.Getpid())
	return float64(all) / took.Seconds(), (after - before) / time.Duration(all), errors.Join(append(failed, err)...)
}

// signingAround is the rate of signing while something is done, the mean of that before it and after it, and the processor time of one:
// what a machine can do that it shares with others moves from minute to minute.
func signingAround(do func() error) (float64, time.Duration, error) {
	before, each, err := signing()
	if err != nil {
		return 0, 0, err
	}
	if err := do(); err != nil {
		return 0, 0, err
	}
	after, eachAfter, err := signing()
	return (before + after) / 2, (each + eachAfter) / 2, err
}

// healthy measures deliveries in rounds, each between two of signing, and tells the round in the middle: what a machine can do that it
// shares with others moves from second to second. Who receives them needs processors too, which are not counted.
func (b *bench) healthy(ctx context.Context, engine db.Engine, other *peer) error {
	p, token, account, err := b.author(ctx, engine, "healthy")
	if err != nil {
		return err
	}
	if err := p.followers(ctx, account, healthyHosts, healthyHosts, func(int) string { return other.port }); err != nil {
		return err
	}
	s, err := p.serve(ctx)
	if err != nil {
		return err
	}
	rounds := make([]healthyRound, 1+healthyRounds)
	for i := range rounds {
		one := &rounds[i]
		if one.signs, one.signature, err = signingAround(func() error {
			one.got, one.used, err = s.deliverAll(ctx, token, other)
			return err
		}); err != nil {
			return errors.Join(err, s.stop())
		}
	}
	if err := s.stop(); err != nil {
		return err
	}
	rounds = rounds[1:]
	slices.SortFunc(rounds, func(a, b healthyRound) int { return cmp.Compare(a.ratio(), b.ratio()) })
	one := rounds[len(rounds)/2]
	const deliveries = healthyHosts * healthyPosts
	b.told(engine, "RSA-2048 signatures a second", one.signs)
	b.told(engine, "RSA-2048 signature: CPU (ms)", millis(one.signature))
	if engine == db.Postgres {
		b.told(engine, "a delivery to a healthy host: CPU of the database (ms)", millis(one.used.database)/deliveries)
	}
	b.told(engine, "a delivery to a healthy host: CPU of who receives it (ms)", millis(one.used.bench)/deliveries)
	b.compared(engine, "a delivery to a healthy host: CPU of server and database, beside a signature's (ms)", maxOfSignature, millis(one.own()), millis(one.signature))
	b.row(engine, "deliveries a second to healthy hosts, who receive them on the same cores", "-", fmt.Sprintf("%.0f", one.got), fmt.Sprintf("%.2f", one.got/one.signs), true)
	return nil
}

// healthyRound is how many a second were signed around it and delivered in it, what a signature took, and what all deliveries did.
type healthyRound struct {
	signs, got float64
	signature  time.Duration
	used       usage
}

func (r healthyRound) own() time.Duration {
	return (r.used.server + r.used.database) / (healthyHosts * healthyPosts)
}

func (r healthyRound) ratio() float64 { return r.own().Seconds() / r.signature.Seconds() }

// deliverAll publishes posts for every healthy host, and tells how many a second arrive and what that costs.
func (s *server) deliverAll(ctx context.Context, token string, other *peer) (float64, usage, error) {
	other.forget()
	before, err := s.usage()
	if err != nil {
		return 0, usage{}, err
	}
	begin := time.Now()
	for n := range healthyPosts {
		if err := s.publish(ctx, token, fmt.Sprintf("Post %d for every host", n)); err != nil {
			return 0, usage{}, err
		}
	}
	last, err := other.wait(healthyHosts*healthyPosts, 2*time.Minute)
	if err != nil {
		return 0, usage{}, err
	}
	after, err := s.usage()
	return healthyHosts * healthyPosts / last.Sub(begin).Seconds(), usage{after.server - before.server, after.database - before.database, after.bench - before.bench}, err
}

// home asks for home pages of a reader, and gives their p99.
func (s *server) home(ctx context.Context, token string) (time.Duration, error) {
	_, took, err := load(ctx, s.address, 2, watched, func(int) request { return request{path: "/api/v1/timelines/home", token: token} })
	return percentile(took, 0.99), err
}

// many is a post by somebody whom 25,000 follow on 3,000 hosts, one in ten of them dead: half of these refuse, half say nothing.
func (b *bench) many(ctx context.Context, engine db.Engine, other *peer, dead *silence) error {
	p, token, account, err := b.author(ctx, engine, "many")
	if err != nil {
		return err
	}
	refuses, err := freePort(ctx)
	if err != nil {
		return err
	}
	_, nobody, err := net.SplitHostPort(refuses)
	if err != nil {
		return err
	}
	healthy := manyHosts - manyHosts/deadEvery
	if err := p.followers(ctx, account, manyFollowers, manyHosts, func(host int) string {
		switch {
		case host%deadEvery != 0:
			return other.port
		case host%(2*deadEvery) == 0:
			return nobody
		default:
			return dead.port
		}
	}); err != nil {
		return err
	}
	var figures manyFigures
	rate, _, err := signingAround(func() error {
		s, err := p.serve(ctx)
		if err != nil {
			return err
		}
		figures, err = s.postToMany(ctx, token, healthy, other)
		return errors.Join(err, s.stop())
	})
	if err != nil {
		return err
	}
	signs := time.Duration(float64(manyHosts) / (rate / 2) * float64(time.Second)) // on half the cores, as long as there are requests
	b.told(engine, "a post to 25,000 followers: the request itself (ms)", millis(figures.stored))
	b.row(engine, "a post to 25,000 followers on 3,000 hosts, 300 dead: to the last healthy host (s)", fmt.Sprintf("<= %.1f", (signs+maxBeyond).Seconds()),
		fmt.Sprintf("%.1f", figures.last.Seconds()), "", figures.last <= signs+maxBeyond)
	b.within(engine, "memory meanwhile (MB)", maxWhileMany, float64(figures.memory)/mb)
	b.compared(engine, "home p99 meanwhile (ms)", maxHomeWhile, millis(figures.busy), millis(figures.idle))
	return nil
}

// manyFigures say how a post to many went: when it was stored and was with the last healthy host, the most memory meanwhile, and the p99
// of home pages before and meanwhile.
type manyFigures struct {
	stored, last, idle, busy time.Duration
	memory                   int64
}

// postToMany publishes the post, and asks for home pages until it arrived everywhere.
func (s *server) postToMany(ctx context.Context, token string, healthy int, other *peer) (f manyFigures, err error) {
	if f.idle, err = s.usualHome(ctx, token); err != nil {
		return f, err
	}
	other.forget()
	begin := time.Now()
	if err := s.publish(ctx, token, "A post for 25,000"); err != nil {
		return f, err
	}
	f.stored = time.Since(begin)
	var last time.Time
	var arrived error
	var group sync.WaitGroup
	group.Go(func() { last, arrived = other.wait(healthy, 5*time.Minute) })
	var slow []time.Duration
	for {
		got, _ := other.sofar()
		if got >= healthy || time.Since(begin) > 5*time.Minute {
			break
		}
		busy, err := s.home(ctx, token)
		if err != nil {
			return f, err
		}
		slow = append(slow, busy)
		held, err := s.memory()
		if err != nil {
			return f, err
		}
		f.memory = max(f.memory, held)
	}
	group.Wait()
	if arrived != nil {
		return f, arrived
	}
	f.last, f.busy = last.Sub(begin), middle(slow)
	return f, nil
}

// due is a server that finds 100,000 deliveries due when it starts, between two starts without any: a page takes as long as the machine is
// fast, which moves from minute to minute.
func (b *bench) due(ctx context.Context, engine db.Engine, other *peer) error {
	p, token, account, err := b.author(ctx, engine, "due")
	if err != nil {
		return err
	}
	s, err := p.serve(ctx)
	if err != nil {
		return err
	}
	if err := errors.Join(s.publish(ctx, token, "Something to read"), s.stop()); err != nil {
		return err
	}
	before, err := p.idleHome(ctx, token)
	if err != nil {
		return err
	}
	if err := p.change(ctx, func(d *db.DB) error {
		return town.Deliveries(ctx, d, account, dueRows, func(i int) string { return address(i%dueHosts) + ":" + other.port })
	}); err != nil {
		return err
	}
	if s, err = p.serve(ctx); err != nil {
		return err
	}
	if _, err := s.home(ctx, token); err != nil {
		return errors.Join(err, s.stop())
	}
	other.forget()
	begin := time.Now()
	busy, err := s.usualHome(ctx, token)
	got, _ := other.sofar()
	rate := float64(got) / time.Since(begin).Seconds()
	if err := errors.Join(err, s.stop()); err != nil {
		return err
	}
	if err := p.change(ctx, func(d *db.DB) error { return town.NoDeliveries(ctx, d) }); err != nil {
		return err
	}
	after, err := p.idleHome(ctx, token)
	if err != nil {
		return err
	}
	b.told(engine, "deliveries a second meanwhile", rate)
	b.compared(engine, "home p99 while 100,000 deliveries are due (ms)", maxHomeWhileDue, millis(busy), millis((before+after)/2))
	return nil
}

// change opens the database of a place where no server is, to change it.
func (p *place) change(ctx context.Context, do func(d *db.DB) error) error {
	d, err := p.open(ctx)
	if err != nil {
		return err
	}
	return errors.Join(do(d), d.Close())
}

// idleHome is what a home page takes on a server that does nothing else.
func (p *place) idleHome(ctx context.Context, token string) (time.Duration, error) {
	s, err := p.serve(ctx)
	if err != nil {
		return 0, err
	}
	took, err := s.usualHome(ctx, token)
	return took, errors.Join(err, s.stop())
}

// usualHome is the median p99 of home pages, asked for in several rounds after one that does not count: one alone is a matter of luck.
func (s *server) usualHome(ctx context.Context, token string) (time.Duration, error) {
	if _, err := s.home(ctx, token); err != nil {
		return 0, err
	}
	took := make([]time.Duration, homeRounds)
	for i := range took {
		var err error
		if took[i], err = s.home(ctx, token); err != nil {
			return 0, err
		}
	}
	return middle(took), nil
}
