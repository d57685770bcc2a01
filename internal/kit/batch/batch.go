// Package batch lets several who want the same kind of thing written at the same moment have it written by one of them, in one transaction.
package batch

import (
	"context"
	"errors"
	"sync"
)

var errPanicked = errors.New("whoever wrote this together with others panicked")

// Writer writes what callers bring. While one of them writes, others wait, and the next writes for all of those: nobody waits for
// company, and under load there is much of it. It has no goroutine of its own.
type Writer[T any] struct {
	// Write writes some together, or fails for all of them. Answers go into what the pieces point to.
	Write func(ctx context.Context, some []T) error
	Most  int // so many at once; 0: all

	mu      sync.Mutex
	writing bool
	waiting []*piece[T]
}

// piece is what somebody brought.
type piece[T any] struct {
	one  T
	err  error
	turn chan bool // false: it is written; true: write now, for all who wait
}

// Do has one written, and gives the error of the writing. It is written under the context of whoever writes, so that context should not
// end on its own while others may stand behind it.
func (w *Writer[T]) Do(ctx context.Context, one T) error {
	mine := &piece[T]{one: one, turn: make(chan bool, 1)}
	w.mu.Lock()
	w.waiting = append(w.waiting, mine)
	write := !w.writing
	w.writing = true
	w.mu.Unlock()
	if write || <-mine.turn {
		w.write(ctx, mine)
	}
	return mine.err
}

// write writes the first of those who wait, mine among them, and hands the pen on.
func (w *Writer[T]) write(ctx context.Context, mine *piece[T]) {
	w.mu.Lock()
	some := w.waiting
	if w.Most > 0 && len(some) > w.Most {
		some = some[:w.Most]
	}
	w.waiting = w.waiting[len(some):]
	w.mu.Unlock()

	defer w.handOn() // a panic too must not leave others waiting
	defer func() {
		for _, p := range some {
			if p != mine {
				p.turn <- false
			}
		}
	}()
	all := make([]T, len(some))
	for i, p := range some {
		all[i], p.err = p.one, errPanicked
	}
	err := w.Write(ctx, all)
	for _, p := range some {
		p.err = err
	}
}

// handOn lets the first of those who wait write, or puts the pen down.
func (w *Writer[T]) handOn() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.waiting) == 0 {
		w.writing, w.waiting = false, nil
		return
	}
	w.waiting[0].turn <- true
}
