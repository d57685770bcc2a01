package rest

import (
	"fmt"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"anancus/internal/kit/clock"
)

func TestAWindowLetsItsLimitPassAndNoMore(t *testing.T) {
	now := clock.NewManual(time.Date(2026, 11, 21, 10, 2, 30, 0, time.UTC))
	l := NewLimiter(now, true)
	for left := 2; left >= 0; left-- {
		if remaining, _, ok := l.Allow("a", 3, 5*time.Minute); !ok || remaining != left {
			t.Fatalf("with %d left: %d, %v", left, remaining, ok)
		}
	}
	remaining, reset, ok := l.Allow("a", 3, 5*time.Minute)
	if ok || remaining != 0 || !reset.Equal(time.Date(2026, 11, 21, 10, 5, 0, 0, time.UTC)) {
		t.Errorf("beyond the limit: %d, %v, %v", remaining, reset, ok)
	}
	if _, _, ok := l.Allow("b", 3, 5*time.Minute); !ok {
		t.Error("another key shares the window")
	}
	if _, _, ok := l.Allow("a", 3, time.Hour); !ok {
		t.Error("another period shares the window")
	}
	now.Advance(2*time.Minute + 30*time.Second)
	if remaining, _, ok := l.Allow("a", 3, 5*time.Minute); !ok || remaining != 2 {
		t.Errorf("in the next window: %d, %v", remaining, ok)
	}
}

func TestLimitsThatAreOffLetEverythingPass(t *testing.T) {
	l := NewLimiter(clock.System{}, false)
	w := httptest.NewRecorder()
	for range 10 {
		if _, _, ok := l.Allow("a", 1, time.Hour); !ok || !l.Admit(w, Rule{"a", 1, time.Hour}) {
			t.Fatal("refused")
		}
	}
	if w.Header().Get("X-RateLimit-Limit") != "" {
		t.Error("limits that are off are told to the client")
	}
}

func TestTheTightestLimitIsToldAndA429EndsTheRequest(t *testing.T) {
	l := NewLimiter(clock.NewManual(time.Date(2026, 11, 21, 10, 2, 30, 0, time.UTC)), true)
	rules := []Rule{{"ip", 300, 5 * time.Minute}, {"email", 2, time.Hour}}
	for range 2 {
		w := httptest.NewRecorder()
		if !l.Admit(w, rules...) || w.Header().Get("X-RateLimit-Limit") != "2" {
			t.Fatalf("%v", w.Header())
		}
	}
	w := httptest.NewRecorder()
	if l.Admit(w, rules...) {
		t.Fatal("the third request passed")
	}
	h := w.Header()
	if w.Code != 429 || w.Body.String() != "{\"error\":\"Too many requests\"}\n" ||
		h.Get("X-RateLimit-Remaining") != "0" || h.Get("X-RateLimit-Reset") != "2026-11-21T11:00:00.000000Z" {
		t.Errorf("%d %s %v", w.Code, w.Body, h)
	}
}

func TestAFloodOfKeysTakesBoundedMemoryAndKeepsCounting(t *testing.T) {
	now := clock.NewManual(time.Unix(0, 0))
	l := NewLimiter(now, true)
	for i := range limitShards * limitShard * 3 / 2 {
		l.Allow(fmt.Sprint("flood", i), 10, time.Hour)
	}
	entries := 0
	for i := range l.shards {
		entries += len(l.shards[i].counts)
	}
	if entries > limitShards*limitShard {
		t.Errorf("%d entries, want at most %d", entries, limitShards*limitShard)
	}
	for range 10 {
		l.Allow("late", 10, time.Hour)
	}
	if _, _, ok := l.Allow("late", 10, time.Hour); ok {
		t.Error("a key that came after the flood is not counted")
	}
}

func TestManyRequestsAtOnceAreCountedExactly(t *testing.T) {
	l := NewLimiter(clock.NewManual(time.Unix(0, 0)), true)
	var passed atomic.Int64
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			for range 20 {
				if _, _, ok := l.Allow("a", 300, time.Hour); ok {
					passed.Add(1)
				}
			}
		})
	}
	all.Wait()
	if passed.Load() != 300 {
		t.Errorf("%d passed, want 300", passed.Load())
	}
}

func BenchmarkAllow(b *testing.B) {
	l := NewLimiter(clock.System{}, true)
	b.ReportAllocs()
	for b.Loop() {
		l.Allow("192.0.2.1", 1<<30, 5*time.Minute)
	}
}
