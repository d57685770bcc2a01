package server_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"

	"anancus/internal/kit/blob/blobtest"
	"anancus/internal/kit/config"
	"anancus/internal/kit/db"
	"anancus/internal/server/servertest"
)

// On SQLite alone: the database knows nothing of where files lie.
func TestFilesInABucketAreServedInPartsAndKeptByBrowsers(t *testing.T) {
	endpoint := blobtest.S3(t)
	blobtest.MakeBucket(t, endpoint, "media")
	at, err := url.Parse(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	// What the bucket is asked for, in its words.
	var mu sync.Mutex
	var asked []string
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(at)
		r.Out.Host = r.In.Host // it is signed
	}}
	gate := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		asked = append(asked, r.Method+" "+r.Header.Get("Range"))
		mu.Unlock()
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(gate.Close)
	words := func() []string {
		mu.Lock()
		defer mu.Unlock()
		list := asked
		asked = nil
		return list
	}
	s := servertest.New(t, db.SQLite, func(c *config.Config) {
		c.MediaStore, c.MediaS3Key, c.MediaS3Secret = blobtest.At(gate.URL, "media"), blobtest.Key, blobtest.Secret
	})
	ada := s.Join("ada")
	a := uploads(ada, picture(t, 900, 600, "png"))
	var private withMedia
	ada.Post("/api/v1/statuses", url.Values{"status": {"for few"}, "visibility": {"private"}, "media_ids[]": {uploads(ada, picture(t, 40, 40, "jpg")).ID}}, &private)

	whole, body := file(t, *a.URL)
	h := whole.Header
	if whole.StatusCode != http.StatusOK || whole.ContentLength != int64(len(body)) || h.Get("Content-Type") != "image/png" || h.Get("Accept-Ranges") != "bytes" || h.Get("X-Content-Type-Options") != "nosniff" ||
		!strings.Contains(h.Get("Content-Security-Policy"), "sandbox") || h.Get("Cache-Control") != "public, max-age=31536000, immutable" || h.Get("ETag") == "" || h.Get("Last-Modified") == "" {
		t.Errorf("the file answers %d with %v", whole.StatusCode, h)
	}
	for name := range h {
		if strings.HasPrefix(name, "X-Amz") || name == "Server" {
			t.Errorf("the bucket shows itself by %s", name)
		}
	}
	size := len(body)
	words()
	for of, want := range map[string]struct {
		code int
		body []byte
		told string // to the bucket
	}{
		"bytes=4-9": {206, body[4:10], "bytes=4-"}, "bytes=0-0": {206, body[:1], ""}, "bytes=-5": {206, body[size-5:], "bytes="}, "bytes=1000-": {206, body[1000:], "bytes=1000-"},
		"bytes=99999999-": {416, nil, ""}, "bytes=9-1": {416, nil, ""},
	} {
		part, some := file(t, *a.URL, "Range", of)
		if part.StatusCode != want.code || want.code == 206 && !bytes.Equal(some, want.body) {
			t.Errorf("%s answers %d with %d bytes", of, part.StatusCode, len(some))
		}
		got := strings.Join(words(), ", ")
		if want.told != "" && !strings.Contains(got, "GET "+want.told) || want.code == 416 && strings.Contains(got, "GET") {
			t.Errorf("for %s the bucket is asked %s", of, got)
		}
	}
	if part, _ := file(t, *a.URL, "Range", "bytes=4-9", "If-Range", `"another"`); part.StatusCode != http.StatusOK {
		t.Errorf("a part of what was another file answers %d", part.StatusCode)
	}
	words()
	for _, header := range [][2]string{{"If-None-Match", h.Get("ETag")}, {"If-Modified-Since", h.Get("Last-Modified")}} {
		if same, _ := file(t, *a.URL, header[0], header[1]); same.StatusCode != http.StatusNotModified {
			t.Errorf("%s: what is known already answers %d", header[0], same.StatusCode)
		}
		if got := strings.Join(words(), ", "); strings.Contains(got, "GET") {
			t.Errorf("to say that nothing changed the bucket is asked %s", got)
		}
	}
	if hidden, _ := file(t, *private.Media[0].URL); hidden.Header.Get("Cache-Control") != "private, max-age=31536000, immutable" {
		t.Errorf("a picture of a private status may be kept by %q", hidden.Header.Get("Cache-Control"))
	}
	if answer := ada.Do(http.MethodDelete, "/api/v1/statuses/"+private.ID+"?delete_media=true", nil, nil); answer.StatusCode != http.StatusOK {
		t.Errorf("deleting answers %d", answer.StatusCode)
	}
	if err := s.SweepMedia(t.Context()); err != nil {
		t.Fatal(err)
	}
	if gone, _ := file(t, *private.Media[0].URL); gone.StatusCode != http.StatusNotFound {
		t.Errorf("what was deleted answers %d", gone.StatusCode)
	}
	gate.Close() // the bucket is away
	if away, _ := file(t, *a.URL); away.StatusCode != http.StatusServiceUnavailable || strings.Contains(away.Header.Get("Cache-Control"), "immutable") {
		t.Errorf("without the bucket it answers %d, kept %q", away.StatusCode, away.Header.Get("Cache-Control"))
	}
}
