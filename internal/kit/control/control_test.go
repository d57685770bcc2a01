package control

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"anancus/internal/kit/fault"
)

type words struct {
	Text string `json:"text"`
}

var echo = map[string]Handler{
	"echo": Handle(func(_ context.Context, in words) (words, error) { return in, nil }),
	"missing": Handle(func(context.Context, words) (words, error) {
		return words{}, fault.Wrap(errors.New("row"), fault.NotFound, "Record not found")
	}),
	"broken": Handle(func(context.Context, words) (words, error) { return words{}, errors.New("disk on fire") }),
	"panic":  func(context.Context, json.RawMessage) (any, error) { panic("oh") },
	"slow": Handle(func(_ context.Context, in words) (words, error) {
		time.Sleep(200 * time.Millisecond)
		return in, nil
	}),
}

// start serves echo on a fresh socket; stop ends it and waits.
func start(t *testing.T, path string) (stop func()) {
	t.Helper()
	l, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- l.Serve(ctx, echo) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return stop
}

func socket(t *testing.T) string { return filepath.Join(t.TempDir(), "anancus.sock") }

func TestACommandIsDoneByTheServer(t *testing.T) {
	path := socket(t)
	start(t, path)
	var out words
	if err := Call(t.Context(), path, "echo", words{"hello"}, &out); err != nil || out.Text != "hello" {
		t.Errorf("%v, %v", out, err)
	}
	if err := Call(t.Context(), path, "echo", words{"hello"}, nil); err != nil {
		t.Errorf("without a place for the answer: %v", err)
	}
}

func TestFaultsArriveAsTheFaultsTheyWere(t *testing.T) {
	path := socket(t)
	start(t, path)
	err := Call(t.Context(), path, "missing", words{}, nil)
	if !fault.Is(err, fault.NotFound) || err.Error() != "Record not found" {
		t.Errorf("a fault arrives as %v", err)
	}
	for name, want := range map[string]string{"broken": "disk on fire", "panic": "panicked: oh"} {
		err := Call(t.Context(), path, name, words{}, nil)
		if fault.KindOf(err) != fault.Internal || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s arrives as %v", name, err)
		}
	}
	if err := Call(t.Context(), path, "unheard-of", words{}, nil); !fault.Is(err, fault.NotFound) {
		t.Errorf("an unknown command: %v", err)
	}
	if err := Call(t.Context(), path, "echo", "not an object", nil); !fault.Is(err, fault.BadRequest) {
		t.Errorf("an unreadable command: %v", err)
	}
}

func TestWithoutAServerACommandLearnsSoAtOnce(t *testing.T) {
	path := socket(t)
	if err := Call(t.Context(), path, "echo", words{}, nil); !errors.Is(err, ErrNoServer) {
		t.Errorf("without a socket: %v", err)
	}
	leaveStaleSocket(t, path)
	if err := Call(t.Context(), path, "echo", words{}, nil); !errors.Is(err, ErrNoServer) {
		t.Errorf("with the socket of a killed server: %v", err)
	}
}

func TestTheSocketOfAKilledServerIsReplaced(t *testing.T) {
	path := socket(t)
	leaveStaleSocket(t, path)
	stop := start(t, path)
	if err := Call(t.Context(), path, "echo", words{}, nil); err != nil {
		t.Error(err)
	}
	stop()
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("the socket is left behind: %v", err)
	}
}

func TestTwoServersCannotShareASocket(t *testing.T) {
	path := socket(t)
	start(t, path)
	if l, err := Listen(path); !errors.Is(err, ErrServing) {
		t.Errorf("Listen = %v, %v", l, err)
	}
	if err := Call(t.Context(), path, "echo", words{}, nil); err != nil {
		t.Errorf("the first server lost its socket: %v", err)
	}
}

func TestOnlyTheOwnerMayCommand(t *testing.T) {
	path := socket(t)
	start(t, path)
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the socket has the rights %v (%v)", info.Mode(), err)
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Errorf("the folder holds %v (%v), want the socket only", entries, err)
	}
}

func TestADeepDataFolderHasACommandSocketToo(t *testing.T) {
	folder := filepath.Join(t.TempDir(), strings.Repeat("deep/", 30))
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, "anancus.sock")
	if err := Call(t.Context(), path, "echo", words{}, nil); !errors.Is(err, ErrNoServer) {
		t.Errorf("before: %v", err)
	}
	start(t, path)
	if err := Call(t.Context(), path, "echo", words{}, nil); err != nil {
		t.Error(err)
	}
}

func TestACommandThatRunsWhenTheServerStopsIsFinished(t *testing.T) {
	path := socket(t)
	stop := start(t, path)
	done := make(chan error, 1)
	go func() { done <- Call(t.Context(), path, "slow", words{}, nil) }()
	time.Sleep(50 * time.Millisecond)
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestACommandCanBeGivenUp(t *testing.T) {
	path := socket(t)
	start(t, path)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := Call(ctx, path, "slow", words{}, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}

func TestAServerThatDiesBeforeItAnsweredIsNotTakenForNone(t *testing.T) {
	path := socket(t)
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	go func() {
		if conn, err := l.Accept(); err == nil {
			_ = conn.Close()
		}
	}()
	err = Call(t.Context(), path, "echo", words{}, nil)
	if err == nil || errors.Is(err, ErrNoServer) || !errors.Is(err, errGone) {
		t.Error(err)
	}
}

func TestManyCommandsAtOnceEachGetTheirOwnAnswer(t *testing.T) {
	path := socket(t)
	start(t, path)
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			text := strings.Repeat("x", i)
			var out words
			if err := Call(t.Context(), path, "echo", words{text}, &out); err != nil || out.Text != text {
				t.Errorf("%d: %v", i, err)
			}
		})
	}
	all.Wait()
}

func TestTooLargeACommandIsRefused(t *testing.T) {
	path := socket(t)
	start(t, path)
	err := Call(t.Context(), path, "echo", words{strings.Repeat("x", maxMessage)}, nil)
	if err == nil || errors.Is(err, ErrNoServer) {
		t.Error(err)
	}
}

func leaveStaleSocket(t *testing.T, path string) {
	t.Helper()
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}
