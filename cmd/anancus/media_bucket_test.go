package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"anancus/internal/kit/blob/blobtest"
)

// toll stands before an S3 server, counts the files that pass, and calls stop after some.
type toll struct {
	files atomic.Int64
	after int64 // 0: never
	stop  context.CancelFunc
}

// gate gives the address of the toll.
func (l *toll) gate(t *testing.T, endpoint string) string {
	t.Helper()
	at, err := url.Parse(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(at)
		r.Out.Host = r.In.Host // it is signed
	}}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		file := r.Method == http.MethodPut || r.Method == http.MethodGet && strings.Count(r.URL.Path, "/") > 2
		if file && l.files.Add(1) == l.after {
			l.stop()
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// tree tells what lies in a folder, by the sums of the files.
func tree(t *testing.T, folder string) map[string]string {
	t.Helper()
	sums := map[string]string{}
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		body, err := os.ReadFile(path)
		name, _ := filepath.Rel(folder, path)
		sums[name] = fmt.Sprintf("%x", sha256.Sum256(body))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return sums
}

func TestMediaMoveToABucketAndBackGoesOnAfterItWasInterrupted(t *testing.T) {
	endpoint := blobtest.S3(t)
	blobtest.MakeBucket(t, endpoint, "media")
	t.Setenv("ANANCUS_MOVE_S3_KEY", blobtest.Key)
	t.Setenv("ANANCUS_MOVE_S3_SECRET", blobtest.Secret)

	const files = 120
	from, data := t.TempDir(), t.TempDir()
	for i := range files {
		name := filepath.Join(from, "attachment", strconv.Itoa(20000+i/50), fmt.Sprintf("%d-%032x.jpg", 1000+i, i))
		size := 100 + 7*i
		if i == 70 { // in many parts
			size = 9 << 20
		}
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, bytes.Repeat([]byte{byte(i), byte(i >> 8), 7}, size/3), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want := tree(t, from)

	// move copies until so many files were on their way, and tells how many were.
	move := func(after int64, args func(bucket string) []string) (code int, said string, sent int64) {
		t.Helper()
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		l := &toll{after: after, stop: stop}
		var out, told bytes.Buffer
		p := &program{ctx: ctx, stdout: &out, stderr: &told, open: newTown().open}
		code = p.run(append([]string{"--domain", "here.example", "--data", data}, args(blobtest.At(l.gate(t, endpoint), "media"))...))
		return code, out.String() + told.String(), l.files.Load()
	}
	progress := regexp.MustCompile(`(?m)^\d+ files, [0-9.]+ k?M?B$`)
	back := t.TempDir()
	for _, way := range []struct {
		name string
		args func(bucket string) []string
	}{
		{"to the bucket", func(bucket string) []string {
			return []string{"--media-store", from, "media", "move", "--every", "0s", bucket}
		}},
		{"back", func(bucket string) []string {
			return []string{"--media-store", back, "media", "move", "--every", "0s", "--from", bucket, back}
		}},
	} {
		code, said, _ := move(50, way.args)
		if code == 0 || !strings.Contains(said, "the same command goes on") || !progress.MatchString(said) {
			t.Errorf("%s, interrupted: %d %s", way.name, code, said)
		}
		code, said, sent := move(0, way.args)
		if code != 0 || !strings.Contains(said, fmt.Sprintf("All %d files", files)) || !progress.MatchString(said) {
			t.Errorf("%s, again: %d %.300s", way.name, code, said)
		}
		if sent > files-30 || sent < files-70 {
			t.Errorf("%s, again: %d files were sent, although some fifty were there", way.name, sent)
		}
		if code, _, sent = move(0, way.args); code != 0 || sent != 0 {
			t.Errorf("%s, a third time: %d, %d files were sent", way.name, code, sent)
		}
	}
	if got := tree(t, back); !maps.Equal(got, want) {
		t.Errorf("%d files came back, and %d were sent; or others", len(got), len(want))
	}
}
