package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"anancus/bench/town"
	"anancus/internal/kit/db"
)

// What a warm page may cost beside fixed bytes of its size, and how often it is asked for.
const (
	maxPageRatio = 2.5
	warmUp       = 500
	measured     = 12000 // the system counts processor time in hundredths of a second, of which fixed bytes take four for a thousand requests
	rounds       = 6     // interleaved, so that whatever else the machine does falls on both
)

// town makes the town of a size on a place, or finds it there, and gives the place.
func (b *bench) town(ctx context.Context, engine db.Engine, statuses int) (*place, error) {
	p, err := b.place(ctx, engine, fmt.Sprintf("town-%d", statuses), b.keep)
	if err != nil {
		return nil, err
	}
	d, err := p.open(ctx)
	if err != nil {
		return nil, err
	}
	begin, told := time.Now(), time.Now()
	err = town.Build(ctx, d, town.Plan{Statuses: statuses, Now: time.Now(), Tell: func(done, all int) {
		if time.Since(told) > 10*time.Second {
			told = time.Now()
			fmt.Printf("  %d of %d statuses written\n", done, all)
		}
	}})
	if err == nil && time.Since(begin) > time.Second {
		fmt.Printf("  a town of %d statuses after %v\n", statuses, time.Since(begin).Round(time.Second))
	}
	return p, errors.Join(err, d.Close())
}

// pages measures warm pages of 20 beside fixed bytes of the same size.
func (b *bench) pages(ctx context.Context, engine db.Engine) error {
	p, err := b.town(ctx, engine, b.towns[0])
	if err != nil {
		return err
	}
	if err := p.index(ctx); err != nil { // or the server would do so ten seconds after its start, amid what is measured
		return err
	}
	s, err := p.serve(ctx)
	if err != nil {
		return err
	}
	return errors.Join(b.warm(ctx, s), s.stop())
}

func (b *bench) warm(ctx context.Context, s *server) error {
	token := town.Token(0)
	self, err := ask(ctx, http.MethodGet, s.address, "/api/v1/accounts/verify_credentials", town.Token(1), "")
	if err != nil {
		return err
	}
	var writer struct{ ID string }
	if err := json.Unmarshal(self, &writer); err != nil {
		return err
	}
	for _, page := range []struct{ name, path string }{
		{"home", "/api/v1/timelines/home"}, {"public", "/api/v1/timelines/public"}, {"account", "/api/v1/accounts/" + writer.ID + "/statuses"},
	} {
		for _, encoding := range []string{"", "gzip", "zstd"} {
			if err := b.warmPage(ctx, s, page.name, page.path, token, encoding); err != nil {
				return fmt.Errorf("%s, %s: %w", page.name, encoding, err)
			}
		}
	}
	return nil
}

func (b *bench) warmPage(ctx context.Context, s *server, name, path, token, encoding string) error {
	body, err := ask(ctx, http.MethodGet, s.address, path, token, "")
	if err != nil {
		return err
	}
	file := filepath.Join(s.data, "fixed.json")
	if err := os.WriteFile(file, body, 0o600); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	address, err := freePort(ctx)
	if err != nil {
		return err
	}
	plain, _, err := start(ctx, self, address, "-fixed", file, "-listen", address)
	if err != nil {
		return err
	}
	defer func() { _ = plain.Process.Kill(); _ = plain.Wait() }()
	ours := func(int) request { return request{path: path, token: token, encoding: encoding} }
	theirs := func(int) request { return request{path: path, token: token} }
	if _, _, err := load(ctx, s.address, connections, warmUp, ours); err != nil {
		return err
	}
	if _, _, err := load(ctx, address, connections, warmUp, theirs); err != nil {
		return err
	}
	before, err := statements(ctx, s.metrics)
	if err != nil {
		return err
	}
	var mine, fixed figures
	for range rounds {
		if err := mine.add(ctx, s.cpu, s.address, ours); err != nil {
			return err
		}
		if err := fixed.add(ctx, func() (time.Duration, error) { return cpu(plain.Process.Pid) }, address, theirs); err != nil {
			return err
		}
	}
	after, err := statements(ctx, s.metrics)
	if err != nil {
		return err
	}
	each, beside := mine.cpu.Seconds()*1e6/measured, fixed.cpu.Seconds()*1e6/measured
	if encoding != "" {
		b.row(s.engine, fmt.Sprintf("warm %s page, %d KB as %s: CPU a request (µs)", name, len(body)>>10, encoding), "-", fmt.Sprintf("%.0f", each), fmt.Sprintf("%.2f", each/beside), true)
		return nil
	}
	b.compared(s.engine, fmt.Sprintf("warm %s page, %d KB: CPU a request (µs)", name, len(body)>>10), maxPageRatio, each, beside)
	b.row(s.engine, fmt.Sprintf("warm %s page: requests a second, %d connections", name, connections), "-", fmt.Sprintf("%.0f", measured/mine.wall.Seconds()),
		fmt.Sprintf("%.2f", fixed.wall.Seconds()/mine.wall.Seconds()), true)
	b.told(s.engine, fmt.Sprintf("warm %s page: SQL statements a request", name), (after-before)/measured)
	return nil
}

// figures add up what requests cost a process.
type figures struct{ cpu, wall time.Duration }

func (f *figures) add(ctx context.Context, used func() (time.Duration, error), address string, each func(int) request) error {
	before, err := used()
	if err != nil {
		return err
	}
	wall, _, err := load(ctx, address, connections, measured/rounds, each)
	if err != nil {
		return err
	}
	after, err := used()
	f.cpu += after - before
	f.wall += wall
	return err
}
