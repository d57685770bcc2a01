package batch

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
)

// stand waits until n stand behind the one who writes.
func (w *Writer[T]) stand(n int) {
	for waiting := -1; waiting != n; runtime.Gosched() {
		w.mu.Lock()
		waiting = len(w.waiting)
		w.mu.Unlock()
	}
}

func TestThoseWhoWaitAreWrittenTogether(t *testing.T) {
	var sizes []int
	begun, begin := make(chan bool), make(chan bool)
	w := &Writer[*int]{Most: 50, Write: func(_ context.Context, some []*int) error {
		if len(sizes) == 0 {
			close(begun)
			<-begin
		}
		sizes = append(sizes, len(some))
		for _, one := range some {
			*one *= 2
		}
		return nil
	}}
	numbers := make([]int, 121)
	var all sync.WaitGroup
	do := func(n int) {
		numbers[n] = n
		if err := w.Do(t.Context(), &numbers[n]); err != nil {
			t.Error(err)
		}
	}
	all.Go(func() { do(0) })
	<-begun
	for n := 1; n < len(numbers); n++ {
		all.Go(func() { do(n) })
	}
	w.stand(120)
	close(begin)
	all.Wait()
	if want := []int{1, 50, 50, 20}; !slices.Equal(sizes, want) {
		t.Errorf("written in %v, want %v", sizes, want)
	}
	for n, got := range numbers {
		if got != 2*n {
			t.Errorf("piece %d is %d", n, got)
		}
	}
	if w.writing || len(w.waiting) > 0 {
		t.Error("nobody is there, and somebody seems to write")
	}
}

func TestAFailureIsToldToAllOfIt(t *testing.T) {
	no := errors.New("no")
	var calls atomic.Int64
	begun, begin := make(chan bool), make(chan bool)
	w := &Writer[int]{Write: func(context.Context, []int) error {
		if calls.Add(1) == 1 {
			close(begun)
			<-begin
			return nil
		}
		return no
	}}
	var all sync.WaitGroup
	var failed atomic.Int64
	all.Go(func() {
		if err := w.Do(t.Context(), 1); err != nil {
			t.Error(err)
		}
	})
	<-begun
	for range 3 {
		all.Go(func() {
			if errors.Is(w.Do(t.Context(), 1), no) {
				failed.Add(1)
			}
		})
	}
	w.stand(3)
	close(begin)
	all.Wait()
	if failed.Load() != 3 {
		t.Errorf("%d of 3 were told", failed.Load())
	}
}

func TestAPanicLeavesNobodyWaiting(t *testing.T) {
	begun, begin := make(chan bool), make(chan bool)
	var calls atomic.Int64
	w := &Writer[int]{Most: 2, Write: func(context.Context, []int) error {
		switch calls.Add(1) {
		case 1:
			close(begun)
			<-begin
		case 2:
			panic("oh")
		}
		return nil
	}}
	var all sync.WaitGroup
	var told, fell, written atomic.Int64
	do := func() {
		defer func() {
			if recover() != nil {
				fell.Add(1)
			}
		}()
		if err := w.Do(t.Context(), 1); err != nil {
			told.Add(1)
		} else {
			written.Add(1)
		}
	}
	all.Go(do)
	<-begun
	for range 4 {
		all.Go(do)
	}
	w.stand(4)
	close(begin)
	all.Wait()
	if fell.Load() != 1 || told.Load() != 1 || written.Load() != 3 {
		t.Errorf("%d panicked, %d were told, %d were written", fell.Load(), told.Load(), written.Load())
	}
}
