package blob

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"

	"anancus/internal/kit/blob/blobtest"
	"anancus/internal/kit/fault"
)

const testKey, testSecret = blobtest.Key, blobtest.Secret

// openBucket makes a bucket and opens it.
func openBucket(t *testing.T, endpoint, store string) *Bucket {
	t.Helper()
	store += "?region=us-east-1&path-style=true&endpoint=" + endpoint
	a, err := ParseAddress(store)
	if err != nil {
		t.Fatal(err)
	}
	blobtest.MakeBucket(t, endpoint, a.Bucket)
	s, err := Open(t.Context(), Config{Store: store, Key: testKey, Secret: testSecret})
	if err != nil {
		t.Fatal(err)
	}
	return s.(*Bucket)
}

func TestABucketIsAStore(t *testing.T) {
	endpoint := blobtest.S3(t)
	t.Run("whole", func(t *testing.T) { contract(t, openBucket(t, endpoint, "s3://whole")) })
	t.Run("below a prefix", func(t *testing.T) {
		b := openBucket(t, endpoint, "s3://shared/our/media")
		put(t, &Bucket{core: b.core, address: b.address, prefix: "our/"}, "mediatheque", "another's")
		contract(t, b)
	})
	t.Run("an upload that broke off leaves no parts", func(t *testing.T) {
		b := openBucket(t, endpoint, "s3://parts")
		if _, err := b.core.NewMultipartUpload(t.Context(), "parts", "half", minio.PutObjectOptions{}); err != nil {
			t.Fatal(err)
		}
		b.sweep(t.Context(), time.Now().Add(-time.Hour))
		if n := uploads(t, b); n != 1 {
			t.Errorf("%d uploads, want the one that may still be under way", n)
		}
		b.sweep(t.Context(), time.Now().Add(time.Hour))
		if n := uploads(t, b); n != 0 {
			t.Errorf("%d uploads are left", n)
		}
	})
	t.Run("a file of many parts", func(t *testing.T) {
		b, large := openBucket(t, endpoint, "s3://large"), bytes.Repeat([]byte("0123456789abcdef"), 20<<16)
		for key, size := range map[string]int64{"told": int64(len(large)), "untold": -1} {
			if err := b.Put(t.Context(), key, struct{ io.Reader }{bytes.NewReader(large)}, size, "video/mp4"); err != nil {
				t.Fatal(err)
			}
			if got := content(t, b, key); got != string(large) {
				t.Errorf("%s: %d bytes came back", key, len(got))
			}
		}
		if n := uploads(t, b); n != 0 {
			t.Errorf("%d uploads are left", n)
		}
	})
	t.Run("a file that is replaced while it is read is not mixed", func(t *testing.T) {
		b := openBucket(t, endpoint, "s3://mixed")
		put(t, b, "file", "the first")
		open, err := b.Open(t.Context(), "file")
		if err != nil {
			t.Fatal(err)
		}
		put(t, b, "file", "the other")
		if body, err := io.ReadAll(open); err == nil {
			t.Errorf("read %q", body)
		}
	})
	t.Run("refusals have plain words", func(t *testing.T) { refusals(t, endpoint) })
	t.Run("from a folder and back", func(t *testing.T) { moves(t, openBucket(t, endpoint, "s3://moved/here")) })
}

func uploads(t *testing.T, b *Bucket) int {
	t.Helper()
	left, err := b.core.ListMultipartUploads(t.Context(), b.address.Bucket, b.prefix, "", "", "", 1000)
	if err != nil {
		t.Fatal(err)
	}
	return len(left.Uploads)
}

func refusals(t *testing.T, endpoint string) {
	openBucket(t, endpoint, "s3://mine")
	at := "?region=us-east-1&path-style=true&endpoint=" + endpoint
	for _, test := range []struct{ name, store, key, secret, words string }{
		{"no bucket", "s3://absent" + at, testKey, testSecret, "no bucket of that name"},
		{"an unknown key", "s3://mine" + at, "somebody", testSecret, "refuses the access key"},
		{"a wrong secret", "s3://mine" + at, testKey, "guessed", "refuses the access key"},
	} {
		_, err := Open(t.Context(), Config{Store: test.store, Key: test.key, Secret: test.secret})
		if !fault.Is(err, fault.Unavailable) || !strings.Contains(err.Error(), test.words) || strings.Contains(err.Error(), test.secret) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

func moves(t *testing.T, b *Bucket) {
	folder := openFolder(t, t.TempDir())
	var all []string
	for _, c := range "abcdefghijklmnopqrstuvwxyz" {
		all = append(all, "files/"+string(c)+"/picture.png")
		put(t, folder, all[len(all)-1], "picture "+string(c))
	}
	// What is there already is not sent again; what has another size is.
	put(t, b, all[1], "PICTURE b")
	put(t, b, all[2], "half")
	var told []string
	tell := func(info Info) { told = append(told, info.Key) }
	if err := Copy(t.Context(), folder, b, "", tell); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(told, all) || !slices.Equal(keys(t, b, "", ""), all) {
		t.Errorf("told of %v", told)
	}
	if one, two := content(t, b, all[1]), content(t, b, all[2]); one != "PICTURE b" || two != "picture c" {
		t.Errorf("got %q and %q", one, two)
	}
	if open, err := b.Open(t.Context(), all[0]); err != nil || open.Type != "image/png" {
		t.Errorf("%v, %v", open, err)
	}
	// Back again, beginning after a key.
	told = nil
	back := openFolder(t, t.TempDir())
	if err := Copy(t.Context(), b, back, all[19], tell); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(told, all[20:]) || !slices.Equal(keys(t, back, "", ""), all[20:]) {
		t.Errorf("told of %v", told)
	}
}

func TestACopyThatBreaksOffIsTakenUpAgain(t *testing.T) {
	from, to := openFolder(t, t.TempDir()), openFolder(t, t.TempDir())
	for i := range 4 * together {
		put(t, from, "files/"+string(rune('a'+i/26))+string(rune('a'+i%26)), "x")
	}
	ctx, stop := context.WithCancel(t.Context())
	last := ""
	err := Copy(ctx, from, to, "", func(info Info) {
		if last = info.Key; len(keys(t, to, "", "")) >= 2*together {
			stop()
		}
	})
	if !errors.Is(err, context.Canceled) || last == "" {
		t.Fatalf("%v after %q", err, last)
	}
	if err := Copy(t.Context(), from, to, last, func(Info) {}); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(keys(t, from, "", ""), keys(t, to, "", "")) {
		t.Error("files are missing")
	}
}

func TestABucketThatCannotBeReachedIsToldAndAwaited(t *testing.T) {
	away := httptest.NewServer(http.NotFoundHandler())
	away.Close()
	var log bytes.Buffer
	s, err := Open(t.Context(), Config{
		Store: "s3://media?region=eu&endpoint=" + away.URL, Key: testKey, Secret: testSecret, Log: slog.New(slog.NewTextHandler(&log, nil)),
	})
	if err != nil || !strings.Contains(log.String(), "cannot be reached") || strings.Contains(log.String(), testSecret) {
		t.Fatalf("%v, log: %s", err, log.String())
	}
	if _, err := s.Open(t.Context(), "file"); !fault.Is(err, fault.Unavailable) {
		t.Errorf("got %v", err)
	}
}

func TestAServerThatSpeaksNoS3IsNoBucket(t *testing.T) {
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>welcome") }))
	defer web.Close()
	if s, err := Open(t.Context(), Config{Store: "s3://media?region=eu&endpoint=" + web.URL, Key: testKey, Secret: testSecret}); err == nil {
		t.Errorf("opened %s", s.Name())
	}
}

func TestAddressesOfBuckets(t *testing.T) {
	a, err := ParseAddress("s3://bucket/a/b/?endpoint=https://s3.example.org:9000/&region=eu&path-style=true")
	if err != nil || a.Bucket != "bucket" || a.Prefix != "a/b" || a.Endpoint.Host != "s3.example.org:9000" || a.Region != "eu" || !*a.PathStyle {
		t.Errorf("%+v, %v", a, err)
	}
	if a, err := ParseAddress("s3://bucket"); err != nil || a.Endpoint.String() != defaultEndpoint || a.PathStyle != nil {
		t.Errorf("%+v, %v", a, err)
	}
	for _, bad := range []string{
		"s3:", "s3://", "s3:///prefix", "s3://key:secret@bucket", "s3://bucket/../up", "s3://bucket/UP", "s3://bucket?endpoint=ftp://x",
		"s3://bucket?endpoint=s3.example.org", "s3://bucket?endpoint=https://x/path", "s3://bucket?endpoint=https://u:secret@x",
		"s3://bucket?path-style=perhaps", "s3://bucket?colour=red", "s3://bucket?a=%zz", "s3://bucket#x", "https://bucket",
	} {
		if _, err := ParseAddress(bad); err == nil || strings.Contains(err.Error(), "secret@") {
			t.Errorf("%s: %v", bad, err)
		}
	}
	if _, err := Open(t.Context(), Config{Store: "s3://bucket"}); !fault.Is(err, fault.Invalid) {
		t.Errorf("a bucket without a key: %v", err)
	}
}

func TestAReaderGivesItsLastBytesOnlyWhenNoMoreFollow(t *testing.T) {
	for _, test := range []struct {
		body string
		told int64
		want string
		ok   bool
	}{{"four", 4, "four", true}, {"four", -1, "four", true}, {"", 0, "", true}, {"four", 3, "", false}, {"four", 5, "four", false}, {"x", 0, "", false}} {
		e := &exact{r: strings.NewReader(test.body), told: test.told}
		got, err := io.ReadAll(e)
		if string(got) != test.want || (err == nil) != test.ok {
			t.Errorf("%q told as %d: %q, %v", test.body, test.told, got, err)
		}
	}
}
