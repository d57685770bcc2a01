package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"anancus/internal/kit/db"
	"anancus/internal/kit/log"
)

// place is where a server under measurement keeps everything: a folder, and on PostgreSQL a database beside it.
type place struct {
	b        *bench
	engine   db.Engine
	data     string
	url      string // of the database
	postgres int    // process that leads those of PostgreSQL; 0 on SQLite
}

// place makes an empty one; it is gone when the part of the run ends, where keep says no.
func (b *bench) place(ctx context.Context, engine db.Engine, name string, keep bool) (*place, error) {
	p := &place{b: b, engine: engine, data: filepath.Join(b.folder, string(engine)+"-"+name)}
	if !keep {
		if err := os.RemoveAll(p.data); err != nil {
			return nil, err
		}
	}
	if err := os.MkdirAll(p.data, 0o700); err != nil {
		return nil, err
	}
	if engine == db.SQLite {
		p.url = "sqlite:" + filepath.Join(p.data, "anancus.db")
		return p, nil
	}
	connection, err := pgx.Connect(ctx, b.postgres)
	if err != nil {
		return nil, err
	}
	defer func() { _ = connection.Close(ctx) }()
	database := "bench_" + strings.ReplaceAll(name, "-", "_")
	if !keep {
		if _, err := connection.Exec(ctx, "DROP DATABASE IF EXISTS "+database); err != nil {
			return nil, err
		}
	}
	var there bool
	if err := connection.QueryRow(ctx, "SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)", database).Scan(&there); err != nil {
		return nil, err
	}
	if !there {
		if _, err := connection.Exec(ctx, "CREATE DATABASE "+database); err != nil {
			return nil, err
		}
	}
	var backend int
	if err := connection.QueryRow(ctx, "SELECT pg_backend_pid()").Scan(&backend); err != nil {
		return nil, err
	}
	if p.postgres, err = parent(backend); err != nil {
		return nil, err
	}
	at := strings.LastIndexByte(b.postgres, '/')
	_, options, _ := strings.Cut(b.postgres[at:], "?")
	p.url = b.postgres[:at] + "/" + database + "?" + options
	return p, nil
}

// open opens the place's database while no server is on it. The server was there before: it makes the schema.
func (p *place) open(ctx context.Context) (*db.DB, error) {
	if _, err := os.Stat(filepath.Join(p.data, "secret.key")); errors.Is(err, os.ErrNotExist) {
		s, err := p.serve(ctx)
		if err != nil {
			return nil, err
		}
		if err := s.stop(); err != nil {
			return nil, err
		}
	}
	return db.Open(ctx, db.Config{URL: p.url, Log: log.Discard()})
}

// server is the program under measurement.
type server struct {
	*place
	cmd     *exec.Cmd
	address string
	metrics string
	args    []string
	took    time.Duration // to its first answer
	watched func() error  // ends the taking of profiles; nil where none are taken
}

// serve starts the program on the place and waits for its first answer.
func (p *place) serve(ctx context.Context, more ...string) (*server, error) {
	s := &server{place: p}
	var err error
	if s.address, err = p.address(ctx); err != nil {
		return nil, err
	}
	if s.metrics, err = freePort(ctx); err != nil {
		return nil, err
	}
	port := s.address[strings.LastIndexByte(s.address, ':')+1:]
	s.args = []string{"--data", p.data, "--listen", s.address, "--domain", "localhost:" + port, "--database", p.url}
	serve := append([]string{"serve", "--rate-limits=off", "--log-level=error", "--metrics-listen", s.metrics, "--federation-allow-addresses", "127.0.0.0/8"}, s.args...)
	if s.cmd, s.took, err = start(ctx, p.b.binary, s.address, append(serve, more...)...); err == nil && p.b.profiles != "" {
		s.watch(ctx)
	}
	return s, err
}

// profileSeconds is how long each profile of processor time is.
const profileSeconds = 5

// watch takes one profile of processor time after another until the server is stopped, and one of memory at its end.
func (s *server) watch(ctx context.Context) {
	s.b.profiled++
	name := fmt.Sprintf("%02d-%s", s.b.profiled, filepath.Base(s.data))
	within, end := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() {
		for n := 1; ; n++ {
			_, err := s.command(within, "profile", "cpu", "--seconds", strconv.Itoa(profileSeconds), "-o", filepath.Join(s.b.profiles, fmt.Sprintf("%s-%03d.cpu.pprof", name, n)))
			if within.Err() != nil {
				ended <- nil
				return
			}
			if err != nil {
				ended <- err
				return
			}
		}
	}()
	s.watched = func() error {
		_, err := s.command(ctx, "profile", "heap", "-o", filepath.Join(s.b.profiles, name+".heap.pprof"))
		end()
		return errors.Join(err, <-ended)
	}
}

// address is where the place's servers listen: the same one after another, since a domain is for good.
func (p *place) address(ctx context.Context) (string, error) {
	file := filepath.Join(p.data, "address")
	if kept, err := os.ReadFile(file); err == nil {
		return string(kept), nil
	}
	address, err := freePort(ctx)
	if err != nil {
		return "", err
	}
	return address, os.WriteFile(file, []byte(address), 0o600)
}

func (s *server) stop() error {
	var err error
	if s.watched != nil {
		err = s.watched()
	}
	return errors.Join(err, stop(s.cmd))
}

// cpu is the processor time that the server used, and on PostgreSQL that of the database.
func (s *server) cpu() (time.Duration, error) {
	used, err := s.usage()
	return used.server + used.database, err
}

// usage is processor time by who used it: the server, PostgreSQL, and this program, which plays clients and other servers.
type usage struct{ server, database, bench time.Duration }

func (s *server) usage() (used usage, err error) {
	if used.server, err = cpu(s.cmd.Process.Pid); err != nil {
		return used, err
	}
	if used.bench, err = cpu(os.Getpid()); err != nil || s.postgres == 0 {
		return used, err
	}
	used.database, err = family(s.postgres)
	return used, err
}

func (s *server) memory() (int64, error) { return memory(s.cmd.Process.Pid) }

// command runs the program as keepers do, beside the server, and gives what it prints.
func (s *server) command(ctx context.Context, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, s.b.binary, append(args, s.args...)...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("anancus %s: %w: %s", strings.Join(args[:2], " "), err, out)
	}
	return strings.TrimSpace(string(out)), nil
}

// alone measures a server that begins with nothing.
func (b *bench) alone(ctx context.Context, engine db.Engine, name string, measure func(context.Context, *server) error) error {
	p, err := b.place(ctx, engine, name, false)
	if err != nil {
		return err
	}
	s, err := p.serve(ctx)
	if err != nil {
		return err
	}
	return errors.Join(measure(ctx, s), s.stop())
}

// member makes one, and gives a token of theirs.
func (s *server) member(ctx context.Context, name string) (string, error) {
	if _, err := s.command(ctx, "account", "create", name, "--email", name+"@mail.example", "--password", "correct horse battery", "--confirmed", "--approved"); err != nil {
		return "", err
	}
	return s.command(ctx, "token", "create", name, "--scopes", "read write follow")
}

func freePort(ctx context.Context) (string, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String(), nil
}

// start runs a command and waits for its first answer; it gives the time that took.
func start(ctx context.Context, path, address string, args ...string) (*exec.Cmd, time.Duration, error) {
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Stderr = os.Stderr
	begin := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, 0, err
	}
	for time.Since(begin) < longestStart {
		if answer, err := http.Get("http://" + address + "/healthz"); err == nil { //nolint:noctx // a probe
			_ = answer.Body.Close()
			return cmd, time.Since(begin), nil
		}
		if _, err := memory(cmd.Process.Pid); err != nil { // it ended, and said why
			return nil, 0, errors.Join(fmt.Errorf("%s did not start: %w", path, err), cmd.Wait())
		}
		time.Sleep(2 * time.Millisecond)
	}
	return nil, 0, errors.Join(fmt.Errorf("%s did not answer within %v", path, longestStart), cmd.Process.Kill())
}

// longestStart is how long a server may take to its first answer: one on a large town that was kept takes a backup before it changes the schema.
const longestStart = 20 * time.Minute

func stop(cmd *exec.Cmd) error {
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		return err
	}
	return cmd.Wait()
}

// ticks is the unit of /proc/PID/stat on Linux: a hundredth of a second.
const tick = 10 * time.Millisecond

// cpu is how much processor time a process used.
func cpu(pid int) (time.Duration, error) { return times(pid, 11, 12) }

// family is what a process, those it started and those of them that ended used.
func family(pid int) (time.Duration, error) {
	used, err := times(pid, 11, 12, 13, 14)
	if err != nil {
		return 0, err
	}
	list, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		return 0, err
	}
	for _, child := range strings.Fields(string(list)) {
		number, err := strconv.Atoi(child)
		if err != nil {
			return 0, err
		}
		if one, err := cpu(number); err == nil { // one that ended meanwhile is counted the next time
			used += one
		}
	}
	return used, nil
}

// parent is the process that started one.
func parent(pid int) (int, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))[1])
}

// times adds up some fields of /proc/PID/stat, counted from the state.
func times(pid int, wanted ...int) (sum time.Duration, err error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	for _, field := range wanted {
		n, err := strconv.ParseInt(fields[field], 10, 64)
		if err != nil {
			return 0, err
		}
		sum += time.Duration(n) * tick
	}
	return sum, nil
}

// memory is what a process holds resident, in bytes.
func memory(pid int) (int64, error) { return held(pid, "VmRSS:") }

// forgetPeak makes peakMemory count from now on.
func forgetPeak(pid int) error {
	return os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", pid), []byte("5"), 0)
}

// peakMemory is the most that a process ever held resident, in bytes.
func peakMemory(pid int) (int64, error) { return held(pid, "VmHWM:") }

func held(pid int, line string) (int64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	lines := bufio.NewScanner(bytes.NewReader(status))
	for lines.Scan() {
		if kb, ok := strings.CutPrefix(lines.Text(), line); ok {
			n, err := strconv.ParseInt(strings.Fields(kb)[0], 10, 64)
			return n << 10, err
		}
	}
	return 0, errors.New("the system does not tell memory")
}

// statements is how many SQL statements the server ran so far.
func statements(ctx context.Context, metrics string) (float64, error) {
	return metric(ctx, metrics, "anancus_sql_statements_total")
}

// metric reads one that has no labels, or the sum of one that has.
func metric(ctx context.Context, metrics, name string) (sum float64, err error) {
	body, err := ask(ctx, http.MethodGet, metrics, "/metrics", "", "")
	if err != nil {
		return 0, err
	}
	found := false
	for line := range strings.Lines(string(body)) {
		text, ok := strings.CutPrefix(line, name)
		if !ok || text[0] != ' ' && text[0] != '{' {
			continue
		}
		n, err := strconv.ParseFloat(strings.TrimSpace(text[strings.LastIndexByte(text, ' ')+1:]), 64)
		if err != nil {
			return 0, err
		}
		found, sum = true, sum+n
	}
	if !found {
		return 0, errors.New("the server does not tell " + name)
	}
	return sum, nil
}
