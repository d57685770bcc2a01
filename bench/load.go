package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const connections = 16

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

// request is one that a load sends.
type request struct{ method, path, token, form, encoding string }

// load sends n requests over some connections, each reading its answer to the end; each says what the n-th is. It gives what they
// took in all, and each of them alone.
func load(ctx context.Context, address string, clients, n int, each func(n int) request) (time.Duration, []time.Duration, error) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clients, MaxConnsPerHost: clients, DisableCompression: true}}
	defer client.CloseIdleConnections()
	var next atomic.Int64
	var group sync.WaitGroup
	failures := make(chan error, clients)
	took := make([]time.Duration, n)
	begin := time.Now()
	for range clients {
		group.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				one := time.Now()
				if err := send(ctx, client, address, each(i)); err != nil {
					failures <- err
					return
				}
				took[i] = time.Since(one)
			}
		})
	}
	group.Wait()
	all := time.Since(begin)
	slices.Sort(took)
	select {
	case err := <-failures:
		return all, took, err
	default:
		return all, took, nil
	}
}

func send(ctx context.Context, client *http.Client, address string, r request) error {
	if r.method == "" {
		r.method = http.MethodGet
	}
	req, err := http.NewRequestWithContext(ctx, r.method, "http://"+address+r.path, strings.NewReader(r.form))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+r.token)
	if r.form != "" {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if r.encoding != "" {
		req.Header.Set("Accept-Encoding", r.encoding)
	}
	answer, err := client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answered %d under load", r.path, answer.StatusCode)
	}
	if got := answer.Header.Get("Content-Encoding"); got != r.encoding {
		return fmt.Errorf("%s came encoded as %q, asked for as %q", r.path, got, r.encoding)
	}
	return nil
}

// percentile is that of times in order, by a part of 1.
func percentile(sorted []time.Duration, part float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[int(float64(len(sorted)-1)*part)]
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// middle is the median of several rounds.
func middle[T cmp.Ordered](rounds []T) T {
	slices.Sort(rounds)
	return rounds[len(rounds)/2]
}
