package media

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"anancus/internal/kit/db"
	"anancus/internal/kit/rest"
	"anancus/internal/social/viewer"
)

// aFilm has the first bytes of one, which is all that is looked at of what is passed on.
func aFilm(size int) []byte {
	body := []byte("\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2")
	random := rand.New(rand.NewPCG(1, 2))
	for len(body) < size {
		body = append(body, byte(random.Uint32()))
	}
	return body
}

// foreign is another server that has a film, and tells this and that about it.
func foreign(t testing.TB, body []byte) (address string, asked *atomic.Int64) {
	t.Helper()
	asked = &atomic.Int64{}
	part := func(w http.ResponseWriter, contentRange string, bytes ...[]byte) {
		w.Header().Set("Content-Type", "video/mp4")
		w.Header().Set("Content-Range", contentRange)
		w.WriteHeader(http.StatusPartialContent)
		for _, some := range bytes {
			_, _ = w.Write(some)
			w.(http.Flusher).Flush()
		}
	}
	size := strconv.Itoa(len(body))
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		of := r.Header.Get("Range")
		if of == "bytes=0-511" && r.URL.Path != "/page" && r.URL.Path != "/note" && r.URL.Path != "/gone" { // whoever looks what it is sees a film
			part(w, "bytes 0-511/"+size, body[:512])
			return
		}
		switch r.URL.Path {
		case "/film":
			w.Header().Set("Content-Type", "application/activity+json")
			w.Header().Set("Set-Cookie", "a=b")
			http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
		case "/whole":
			_, _ = w.Write(body)
		case "/other":
			part(w, "bytes 0-99/"+size, body[:100])
		case "/beyond":
			part(w, "bytes 100-9999/"+size, body[100:])
		case "/unreadable":
			part(w, "bytes 100-199,300-399/"+size, body[100:200])
		case "/without":
			w.WriteHeader(http.StatusPartialContent)
			_, _ = w.Write(body[100:200])
		case "/many":
			w.Header().Set("Content-Type", "multipart/byteranges; boundary=x")
			w.WriteHeader(http.StatusPartialContent)
		case "/longer":
			part(w, "bytes 100-199/"+size, body[100:200], body[200:300])
		case "/shorter":
			part(w, "bytes 100-199/"+size, body[100:150])
		case "/packed":
			w.Header().Set("Content-Encoding", "gzip")
			part(w, "bytes 100-199/"+size, body[100:200])
		case "/huge":
			part(w, "bytes 100-199/99999999999999", body[100:200])
		case "/enormous":
			w.Header().Set("Content-Length", "99999999999999")
			w.WriteHeader(http.StatusOK)
		case "/endless":
			_, _ = w.Write(body[:1000])
			for one := make([]byte, 1<<16); r.Context().Err() == nil; {
				if _, err := w.Write(one); err != nil {
					return
				}
			}
		case "/page":
			w.Header().Set("Content-Type", "video/mp4")
			_, _ = io.WriteString(w, "<html><script>alert(1)</script>")
		case "/note":
			w.Header().Set("Content-Type", "video/mp4")
			_, _ = io.WriteString(w, `{"@context":"https://www.w3.org/ns/activitystreams","type":"Note"}`)
		case "/inside":
			http.Redirect(w, r, "http://10.0.0.1/secret", http.StatusFound)
		case "/created":
			w.WriteHeader(http.StatusCreated)
			_, _ = w.Write(body)
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(s.Close)
	return s.URL, asked
}

// passes serves files of another server as the proxy does.
func passes(r *room, from string, kind Kind, most int64) string {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		answer, err := r.pass(&viewer.Call{W: w, R: q}, passage{from: from + q.URL.Path, kind: kind, most: most, cache: cacheProxied})
		if err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		answer.(rest.Answer).Write(w, q)
	}))
	r.t.(*testing.T).Cleanup(s.Close)
	return s.URL
}

func get(t testing.TB, method, address, of string) (*http.Response, []byte, error) {
	t.Helper()
	q, err := http.NewRequestWithContext(t.Context(), method, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	if of != "" {
		q.Header.Set("Range", of)
	}
	answer, err := http.DefaultClient.Do(q)
	if err != nil {
		return &http.Response{}, nil, err // broken off before anything was sent
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	return answer, body, err
}

func TestPartsOfFilesOfOtherServersArePassedOn(t *testing.T) {
	r, film := newRoom(t, db.SQLite, loopback), aFilm(5000)
	from, asked := foreign(t, film)
	here := passes(r, from, Video, maxPassFilm)
	for of, want := range map[string]struct {
		code int
		body []byte
		told string
	}{
		"":                            {200, film, ""},
		"bytes=0-1":                   {206, film[:2], "bytes 0-1/5000"},
		"bytes=0-":                    {206, film, "bytes 0-4999/5000"},
		"bytes=4000-":                 {206, film[4000:], "bytes 4000-4999/5000"},
		"bytes=100-199":               {206, film[100:200], "bytes 100-199/5000"},
		"bytes=4990-9999":             {206, film[4990:], "bytes 4990-4999/5000"},
		"bytes=-10":                   {206, film[4990:], "bytes 4990-4999/5000"},
		"bytes=5000-":                 {416, nil, "bytes */5000"},
		"bytes=9-3":                   {200, film, ""},
		"bytes=-0":                    {200, film, ""},
		"bytes=1-2,4-5":               {200, film, ""},
		"lines=1-2":                   {200, film, ""},
		"bytes=1x-2":                  {200, film, ""},
		"bytes=99999999999999999999-": {200, film, ""},
	} {
		answer, body, err := get(t, http.MethodGet, here+"/film", of)
		h := answer.Header
		if err != nil || answer.StatusCode != want.code || want.body != nil && !bytes.Equal(body, want.body) || h.Get("Content-Range") != want.told {
			t.Errorf("%q answers %d with %d bytes, %q: %v", of, answer.StatusCode, len(body), h.Get("Content-Range"), err)
		}
		if want.code != 416 && (h.Get("Content-Type") != "video/mp4" || h.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(h.Get("Content-Security-Policy"), "sandbox") ||
			h.Get("Accept-Ranges") != "bytes" || answer.ContentLength != int64(len(want.body)) || h.Get("Set-Cookie") != "" || !strings.HasPrefix(h.Get("Cache-Control"), "private")) {
			t.Errorf("%q carries %v", of, h)
		}
	}
	before := asked.Load()
	if answer, body, err := get(t, http.MethodHead, here+"/film", ""); err != nil || answer.StatusCode != 200 || len(body) != 0 || answer.Header.Get("Content-Type") != "video/mp4" || asked.Load() != before {
		t.Errorf("HEAD answers %d as %s: %v", answer.StatusCode, answer.Header.Get("Content-Type"), err)
	}
	if answer, body, err := get(t, http.MethodGet, here+"/whole", "bytes=100-199"); err != nil || answer.StatusCode != 200 || !bytes.Equal(body, film) {
		t.Errorf("of a server that gives no parts it answers %d with %d bytes: %v", answer.StatusCode, len(body), err)
	}
}

func TestPartsThatWereNotAskedForAreNotPassedOn(t *testing.T) {
	r, film := newRoom(t, db.SQLite, loopback), aFilm(5000)
	from, _ := foreign(t, film)
	here := passes(r, from, Video, maxPassFilm)
	for _, path := range []string{"/other", "/beyond", "/unreadable", "/without", "/many", "/packed", "/huge", "/inside", "/created", "/gone"} {
		answer, _, err := get(t, http.MethodGet, here+path, "bytes=100-199")
		if err != nil || answer.StatusCode != http.StatusBadGateway || answer.Header.Get("Content-Range") != "" || answer.Header.Get("Location") != "" {
			t.Errorf("%s answers %d with %v: %v", path, answer.StatusCode, answer.Header, err)
		}
	}
	for _, path := range []string{"/longer", "/shorter"} { // half of it was sent when that turned out: it is broken off
		answer, body, err := get(t, http.MethodGet, here+path, "bytes=100-199")
		if err == nil && answer.StatusCode == http.StatusPartialContent && (len(body) != 100 || path == "/shorter") {
			t.Errorf("%s answers %d with %d bytes as if they were right", path, answer.StatusCode, len(body))
		}
	}
}

func TestOnlyPicturesFilmsAndSoundsArePassedOnWithinBounds(t *testing.T) {
	r, film := newRoom(t, db.SQLite, loopback), aFilm(5000)
	from, _ := foreign(t, film)
	here := passes(r, from, Video, 100_000)
	for path, want := range map[string]int{"/page": 502, "/note": 502, "/enormous": 502, "/gone": 502, "/inside": 502, "/created": 502, "/film": 200} {
		for _, of := range []string{"", "bytes=0-9"} {
			answer, body, err := get(t, http.MethodGet, here+path, of)
			code := want
			if of != "" && want == 200 {
				code = 206
			}
			if of != "" && path == "/enormous" { // it told no lie about the part
				continue
			}
			if err != nil || answer.StatusCode != code || bytes.Contains(body, []byte("script")) || strings.Contains(answer.Header.Get("Content-Type"), "json") || answer.Header.Get("Location") != "" {
				t.Errorf("%s %q answers %d as %s: %v", path, of, answer.StatusCode, answer.Header.Get("Content-Type"), err)
			}
		}
	}
	if answer, body, err := get(t, http.MethodGet, here+"/endless", ""); err == nil || len(body) > 100_000+1<<16 {
		t.Errorf("what does not end answers %d with %d bytes: %v", answer.StatusCode, len(body), err)
	}
	pictures := passes(r, from, Image, 100_000)
	if answer, _, _ := get(t, http.MethodGet, pictures+"/film", ""); answer.StatusCode != http.StatusBadGateway {
		t.Errorf("a film in the place of a picture answers %d", answer.StatusCode)
	}
	closed := newRoom(t, db.SQLite) // nothing private may be reached
	if answer, _, _ := get(t, http.MethodGet, passes(closed, from, Video, 100_000)+"/film", ""); answer.StatusCode != http.StatusBadGateway {
		t.Errorf("a private address answers %d", answer.StatusCode)
	}
	// Each lets go of its place when it is through.
	for range passAtOnce + 1 {
		if answer, _, _ := get(t, http.MethodGet, here+"/gone", ""); answer.StatusCode != http.StatusBadGateway {
			t.Fatalf("it answers %d", answer.StatusCode)
		}
	}
	for range passAtOnce {
		r.passing <- struct{}{}
	}
	if _, err := r.pass(&viewer.Call{R: httptest.NewRequestWithContext(context.Background(), "GET", "/", nil)}, passage{}); err == nil {
		t.Error("there is a place for one more")
	}
}

func TestTheTypeOfWhatIsPassedOnIsTheOneOfItsBytes(t *testing.T) {
	for name, one := range map[string]struct {
		head, want string
		kind       Kind
	}{
		"a PNG": {"\x89PNG\r\n\x1a\n", "image/png", Image}, "a JPEG": {"\xff\xd8\xff\xe0", "image/jpeg", Image}, "an AVIF": {"\x00\x00\x00\x1cftypavif\x00\x00\x00\x00mif1", "image/avif", Image},
		"a GIF": {"GIF89a", "image/gif", Image}, "a GIF for a silent film": {"GIF89a", "image/gif", GIFV}, "a film for a silent film": {string(aFilm(64)), "video/mp4", GIFV},
		"a GIF for a film": {"GIF89a", "", Video}, "a film": {string(aFilm(64)), "video/mp4", Video}, "a sound in the case of a film": {string(aFilm(64)), "audio/mp4", Audio},
		"an MP3": {"ID3\x04", "audio/mpeg", Audio}, "an MP3 without a head": {"\xff\xfb\x90\x64", "audio/mpeg", Audio}, "an MP3 for a film": {"ID3\x04", "", Video}, "a FLAC": {"fLaC", "audio/flac", Audio},
		"an SVG": {"<svg xmlns=", "", Image}, "a page": {"<!doctype html>", "", Image}, "a page for a film": {"<!doctype html>", "", Video}, "a note": {`{"type":"Note"}`, "", Image},
		"a playlist": {"#EXTM3U\n", "", Video}, "a list of parts": {"ffconcat version 1.0", "", Video}, "a PDF": {"%PDF-1.7", "", Image}, "nothing": {"", "", Image}, "a HEIC": {"\x00\x00\x00\x1cftypheic", "", Image},
	} {
		got, err := passableAs([]byte(one.head), one.kind)
		if got != one.want || (err == nil) != (one.want != "") {
			t.Errorf("%s is passed on as %q: %v", name, got, err)
		}
	}
}
