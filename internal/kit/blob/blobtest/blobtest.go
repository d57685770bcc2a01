// Package blobtest gives tests a real server that speaks S3.
package blobtest

import (
	"bytes"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// Key and Secret open every bucket of the server.
const Key, Secret = "anancus", "a-secret-of-the-tests"

// region is where the server says it is.
const region = "us-east-1"

// S3 runs versitygw, a real S3 server over a folder, and gives its address.
// scripts/test builds the program and names it.
func S3(t testing.TB) string {
	t.Helper()
	program := os.Getenv("ANANCUS_TEST_S3")
	if program == "" {
		if os.Getenv("ANANCUS_TEST_REQUIRE_S3") != "" {
			t.Fatal("ANANCUS_TEST_S3 must name a versitygw program")
		}
		t.Skip("NOT TESTED: buckets; ANANCUS_TEST_S3 names no versitygw program (scripts/test builds one)")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	for _, name := range []string{"files", "about"} {
		if err := os.Mkdir(filepath.Join(folder, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	var said bytes.Buffer
	cmd := exec.CommandContext(t.Context(), program, "--port", address, "--quiet",
		"posix", "--sidecar", filepath.Join(folder, "about"), filepath.Join(folder, "files"))
	cmd.Env = []string{"ROOT_ACCESS_KEY_ID=" + Key, "ROOT_SECRET_ACCESS_KEY=" + Secret, "HOME=" + folder}
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = &said, &said, time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
	})
	for {
		if conn, err := net.Dial("tcp", address); err == nil {
			_ = conn.Close()
			return "http://" + address
		}
		select {
		case <-ended:
			t.Fatalf("versitygw stopped: %s", said.String())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// MakeBucket makes an empty bucket.
func MakeBucket(t testing.TB, endpoint, name string) {
	t.Helper()
	at, err := url.Parse(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	client, err := minio.New(at.Host, &minio.Options{Creds: credentials.NewStaticV4(Key, Secret, ""), Region: region, BucketLookup: minio.BucketLookupPath})
	if err == nil {
		err = client.MakeBucket(t.Context(), name, minio.MakeBucketOptions{Region: region})
	}
	if err != nil {
		t.Fatal(err)
	}
}

// Store makes an empty bucket and gives its address as a configuration has it.
func Store(t testing.TB, endpoint, name string) string {
	t.Helper()
	MakeBucket(t, endpoint, name)
	return At(endpoint, name)
}

// At is the address of a bucket as a configuration has it.
func At(endpoint, name string) string {
	return "s3://" + name + "?region=" + region + "&path-style=true&endpoint=" + endpoint
}
