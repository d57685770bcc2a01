package server_test

import (
	"bytes"
	"os"
	"runtime"
	"runtime/pprof"
	"testing"

	"anancus/internal/kit/db"
	"anancus/internal/server/servertest"
)

func TestThreadsThatSignBeginAndEndWithTheWorkers(t *testing.T) {
	if runtime.GOOS != "linux" || os.Getenv("GOMAXPROCS") != "" {
		t.Skip("threads yield on Linux alone, and where GOMAXPROCS leaves room for them")
	}
	s := servertest.New(t, db.SQLite)
	before := threadsThatSign(t)
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if threadsThatSign(t) <= before {
		t.Error("there are none when the workers have begun")
	}
	if err := s.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if after := threadsThatSign(t); after != before {
		t.Errorf("there are %d after the workers ended, %d before they began", after, before)
	}
}

// threadsThatSign counts their goroutines.
func threadsThatSign(t *testing.T) int {
	t.Helper()
	var stacks bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&stacks, 2); err != nil { // each by itself
		t.Fatal(err)
	}
	return bytes.Count(stacks.Bytes(), []byte("courtesy.(*threads).run("))
}
