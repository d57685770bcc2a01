// Command bench measures the built server beside net/http serving fixed bytes of the same
// size, in one run, so that its figures are ratios and mean the same on every machine. It writes
// rows of engine, measure, target, figure, ratio, met to the file that ANANCUS_BENCH_ROWS names.
package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// What is asked of the server, and for how long.
const (
	connections = 16
	warmUp      = 500
	measured    = 4000
	idleWait    = 3 * time.Second
	creations   = 20
)

// Targets.
const (
	maxHomeRatio = 12.0                   // CPU of a warm home page against fixed bytes
	maxStart     = 300 * time.Millisecond // to the first answer on an existing database
	maxIdle      = 60 << 20               // bytes
	maxBinary    = 45 << 20
	maxCreate    = 500 * time.Millisecond
)

func main() {
	fixed := flag.String("fixed", "", "serve this file at every address (used by the program itself)")
	listen := flag.String("listen", "", "with -fixed: where")
	flag.Parse()
	ctx := context.Background()
	var err error
	if *fixed != "" {
		err = serveFixed(*fixed, *listen)
	} else {
		err = run(ctx)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func serveFixed(file, listen string) error {
	body, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	server := &http.Server{Addr: listen, ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		_, _ = w.Write(body) // the load generator counts what arrived
	})}
	return server.ListenAndServe()
}

// bench is one run.
type bench struct {
	binary string
	rows   *os.File
	failed bool
}

func run(ctx context.Context) error {
	b := &bench{binary: os.Getenv("ANANCUS_BIN")}
	if b.binary == "" {
		return errors.New("ANANCUS_BIN must name the built program; make bench does")
	}
	rows, err := os.OpenFile(os.Getenv("ANANCUS_BENCH_ROWS"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("ANANCUS_BENCH_ROWS: %w", err)
	}
	defer func() { _ = rows.Close() }()
	b.rows = rows
	info, err := os.Stat(b.binary)
	if err != nil {
		return err
	}
	b.row("-", "binary size (MB)", fmt.Sprintf("<= %d", maxBinary>>20), fmt.Sprintf("%.1f", float64(info.Size())/(1<<20)), "", info.Size() <= maxBinary)
	if err := b.engine(ctx, "sqlite", ""); err != nil {
		return fmt.Errorf("sqlite: %w", err)
	}
	if url := os.Getenv("ANANCUS_BENCH_POSTGRES"); url != "" {
		if err := b.engine(ctx, "postgres", url); err != nil {
			return fmt.Errorf("postgres: %w", err)
		}
	}
	if b.failed {
		fmt.Println("Some targets were missed: met = no.")
	}
	return nil
}

func (b *bench) row(engine, measure, target, figure, ratio string, met bool) {
	word := "yes"
	if !met {
		word, b.failed = "no", true
	}
	fmt.Printf("%-9s %-52s target %-12s figure %-12s ratio %-8s met %s\n", engine, measure, target, figure, ratio, word)
	if _, err := fmt.Fprintf(b.rows, "%s\t%s\t%s\t%s\t%s\t%s\n", engine, measure, target, figure, ratio, word); err != nil {
		fmt.Fprintln(os.Stderr, "bench: a row could not be written:", err)
	}
}

// server is a program under measurement.
type server struct {
	cmd     *exec.Cmd
	address string
	metrics string
	args    []string
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
	for time.Since(begin) < 20*time.Second {
		if answer, err := http.Get("http://" + address + "/healthz"); err == nil { //nolint:noctx // a probe
			_ = answer.Body.Close()
			return cmd, time.Since(begin), nil
		}
		time.Sleep(2 * time.Millisecond)
	}
	return nil, 0, errors.Join(errors.New(path+" did not answer within 20 s"), cmd.Process.Kill())
}

func stop(cmd *exec.Cmd) error {
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		return err
	}
	return cmd.Wait()
}

func (b *bench) engine(ctx context.Context, engine, url string) error {
	data, err := os.MkdirTemp("", "anancus-bench")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(data) }()
	s := &server{}
	if s.address, err = freePort(ctx); err != nil {
		return err
	}
	if s.metrics, err = freePort(ctx); err != nil {
		return err
	}
	port := s.address[strings.LastIndexByte(s.address, ':')+1:]
	s.args = []string{"--data", data, "--listen", s.address, "--domain", "localhost:" + port}
	if url != "" {
		s.args = append(s.args, "--database", url)
	}
	serve := append([]string{"serve", "--rate-limits=off", "--log-level=warn", "--metrics-listen", s.metrics}, s.args...)
	if s.cmd, _, err = start(ctx, b.binary, s.address, serve...); err != nil {
		return err
	}
	token, writers, err := b.seed(ctx, s)
	if err != nil {
		return errors.Join(err, stop(s.cmd))
	}
	if err := b.creating(ctx, engine, s); err != nil {
		return errors.Join(err, stop(s.cmd))
	}
	if err := stop(s.cmd); err != nil {
		return err
	}
	var took time.Duration
	if s.cmd, took, err = start(ctx, b.binary, s.address, serve...); err != nil {
		return err
	}
	b.row(engine, "start to first answer, existing database (ms)", fmt.Sprintf("<= %d", maxStart.Milliseconds()), fmt.Sprint(took.Milliseconds()), "", took <= maxStart)
	time.Sleep(idleWait)
	idle, err := memory(s.cmd.Process.Pid)
	if err != nil {
		return errors.Join(err, stop(s.cmd))
	}
	b.row(engine, "idle memory (MB)", fmt.Sprintf("<= %d", maxIdle>>20), fmt.Sprintf("%.1f", float64(idle)/(1<<20)), "", idle <= maxIdle)
	err = b.home(ctx, engine, s, token, data)
	if err == nil {
		err = b.streaming(ctx, engine, s, token, writers)
	}
	return errors.Join(err, stop(s.cmd))
}

// seed makes a reader who follows ten people with ten statuses each, and gives the tokens of all.
func (b *bench) seed(ctx context.Context, s *server) (reader string, writers []string, err error) {
	reader, err = b.member(ctx, s, "reader")
	if err != nil {
		return "", nil, err
	}
	for i := range 10 {
		name := fmt.Sprintf("writer%d", i)
		token, err := b.member(ctx, s, name)
		if err != nil {
			return "", nil, err
		}
		writers = append(writers, token)
		found, err := ask(ctx, http.MethodGet, s.address, "/api/v1/accounts/lookup?acct="+name, reader, "")
		if err != nil {
			return "", nil, err
		}
		account := string(found[len(`{"id":"`) : bytes.IndexByte(found[len(`{"id":"`):], '"')+len(`{"id":"`)])
		if _, err := ask(ctx, http.MethodPost, s.address, "/api/v1/accounts/"+account+"/follow", reader, ""); err != nil {
			return "", nil, err
		}
		for n := range 10 {
			text := fmt.Sprintf("status=Status %d of %s, long enough to be like what people write on a morning with coffee: %%23tag%d https://example.com/%d", n, name, n, n)
			if _, err := ask(ctx, http.MethodPost, s.address, "/api/v1/statuses", token, text); err != nil {
				return "", nil, err
			}
		}
	}
	return reader, writers, nil
}

func (b *bench) member(ctx context.Context, s *server, name string) (string, error) {
	create := append([]string{"account", "create", name, "--email", name + "@mail.example", "--password", "correct horse battery", "--confirmed", "--approved"}, s.args...)
	if out, err := exec.CommandContext(ctx, b.binary, create...).CombinedOutput(); err != nil {
		return "", fmt.Errorf("account create: %w: %s", err, out)
	}
	token := append([]string{"token", "create", name, "--scopes", "read write follow"}, s.args...)
	out, err := exec.CommandContext(ctx, b.binary, token...).Output()
	return strings.TrimSpace(string(out)), err
}

// creating times the making of accounts by command while the server runs.
func (b *bench) creating(ctx context.Context, engine string, s *server) error {
	var times []time.Duration
	for i := range creations {
		begin := time.Now()
		args := append([]string{"account", "create", fmt.Sprintf("timed%d", i), "--email", fmt.Sprintf("timed%d@mail.example", i), "--confirmed", "--approved"}, s.args...)
		if out, err := exec.CommandContext(ctx, b.binary, args...).CombinedOutput(); err != nil {
			return fmt.Errorf("account create: %w: %s", err, out)
		}
		times = append(times, time.Since(begin))
	}
	slices.Sort(times)
	median := times[len(times)/2]
	b.row(engine, "account create by command, server running (ms)", fmt.Sprintf("<= %d", maxCreate.Milliseconds()), fmt.Sprint(median.Milliseconds()), "", median <= maxCreate)
	return nil
}

func ask(ctx context.Context, method, address, path, token, form string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, "http://"+address+path, strings.NewReader(form))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s %s answered %d: %.200s", method, path, answer.StatusCode, body)
	}
	return body, err
}

// home measures the warm home page beside fixed bytes of the same size.
func (b *bench) home(ctx context.Context, engine string, s *server, token, data string) error {
	const path = "/api/v1/timelines/home"
	body, err := ask(ctx, http.MethodGet, s.address, path, token, "")
	if err != nil {
		return err
	}
	file := filepath.Join(data, "fixed.json")
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
	defer func() { _ = plain.Process.Kill() }()

	if _, err := load(ctx, s.address, path, token, warmUp); err != nil {
		return err
	}
	if _, err := load(ctx, address, path, token, warmUp); err != nil {
		return err
	}
	before, err := statements(ctx, s.metrics)
	if err != nil {
		return err
	}
	// Interleaved, so that whatever else the machine does falls on both.
	var ours, theirs figures
	for range 4 {
		for _, one := range []struct {
			pid     int
			address string
			into    *figures
		}{{s.cmd.Process.Pid, s.address, &ours}, {plain.Process.Pid, address, &theirs}} {
			if err := one.into.add(ctx, one.pid, one.address, path, token); err != nil {
				return err
			}
		}
	}
	after, err := statements(ctx, s.metrics)
	if err != nil {
		return err
	}
	ratio := ours.cpu.Seconds() / theirs.cpu.Seconds()
	b.row(engine, fmt.Sprintf("warm home page, %d KB: CPU a request (µs)", len(body)>>10), fmt.Sprintf("<= %g x", maxHomeRatio),
		fmt.Sprintf("%.0f", ours.cpu.Seconds()*1e6/measured), fmt.Sprintf("%.2f", ratio), ratio <= maxHomeRatio)
	b.row(engine, fmt.Sprintf("net/http, %d fixed KB: CPU a request (µs)", len(body)>>10), "-", fmt.Sprintf("%.0f", theirs.cpu.Seconds()*1e6/measured), "1", true)
	b.row(engine, "warm home page: requests a second, 16 connections", "-", fmt.Sprintf("%.0f", measured/ours.wall.Seconds()),
		fmt.Sprintf("%.2f", theirs.wall.Seconds()/ours.wall.Seconds()), true)
	b.row(engine, "warm home page: SQL statements a request", "-", fmt.Sprintf("%.2f", (after-before)/measured), "", true)
	return nil
}

// figures add up what requests cost a process.
type figures struct{ cpu, wall time.Duration }

func (f *figures) add(ctx context.Context, pid int, address, path, token string) error {
	before, err := cpu(pid)
	if err != nil {
		return err
	}
	wall, err := load(ctx, address, path, token, measured/4)
	if err != nil {
		return err
	}
	after, err := cpu(pid)
	f.cpu += after - before
	f.wall += wall
	return err
}

// load sends n requests over 16 connections, each reading its answer to the end.
func load(ctx context.Context, address, path, token string, n int) (time.Duration, error) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: connections, MaxConnsPerHost: connections, DisableCompression: true}}
	defer client.CloseIdleConnections()
	var left atomic.Int64
	left.Store(int64(n))
	var group sync.WaitGroup
	failures := make(chan error, connections)
	begin := time.Now()
	for range connections {
		group.Go(func() {
			for left.Add(-1) >= 0 {
				req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+path, nil)
				if err != nil {
					failures <- err
					return
				}
				req.Header.Set("Authorization", "Bearer "+token)
				answer, err := client.Do(req)
				if err == nil {
					_, err = io.Copy(io.Discard, answer.Body)
					_ = answer.Body.Close()
					if err == nil && answer.StatusCode != http.StatusOK {
						err = fmt.Errorf("%s answered %d under load", path, answer.StatusCode)
					}
				}
				if err != nil {
					failures <- err
					return
				}
			}
		})
	}
	group.Wait()
	took := time.Since(begin)
	select {
	case err := <-failures:
		return took, err
	default:
		return took, nil
	}
}

// ticks is the unit of /proc/PID/stat on Linux: a hundredth of a second.
const tick = 10 * time.Millisecond

// cpu is how much processor time a process used.
func cpu(pid int) (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	user, errUser := strconv.ParseInt(fields[11], 10, 64)
	system, errSystem := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * tick, errors.Join(errUser, errSystem)
}

// memory is what a process holds resident, in bytes.
func memory(pid int) (int64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	lines := bufio.NewScanner(bytes.NewReader(status))
	for lines.Scan() {
		if kb, ok := strings.CutPrefix(lines.Text(), "VmRSS:"); ok {
			n, err := strconv.ParseInt(strings.Fields(kb)[0], 10, 64)
			return n << 10, err
		}
	}
	return 0, errors.New("the system does not tell memory")
}

// statements is how many SQL statements the server ran so far.
func statements(ctx context.Context, metrics string) (float64, error) {
	body, err := ask(ctx, http.MethodGet, metrics, "/metrics", "", "")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(body)) {
		if text, ok := strings.CutPrefix(line, "anancus_sql_statements_total "); ok {
			return strconv.ParseFloat(strings.TrimSpace(text), 64)
		}
	}
	return 0, errors.New("the server does not tell its statements")
}
