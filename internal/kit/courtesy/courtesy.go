// Package courtesy lets work that nobody waits for make way for those who wait for an answer, on a machine where
// both want the same processors.
package courtesy

import (
	"context"
	"math"
	"sync"
	"sync/atomic"
	"time"
)

const (
	perProcessor = 25.0                 // pieces of work a second for each processor, while somebody waits
	quiet        = 5 * time.Millisecond // after an answer until nobody is thought to wait: who asks often asks again at once
	patience     = time.Minute          // then what is held back presses
	presses      = 1.05                 // by so much more each second, until it is held back no longer
	look         = 4 * time.Millisecond // how often those held back look whether somebody still waits
)

// Courtesy knows whether somebody waits. The zero value is ready; a nil one holds nothing back.
type Courtesy struct {
	waiting atomic.Int64
	last    atomic.Int64 // when the last answer was given, UnixNano
	threads atomic.Pointer[threads]

	mu    sync.Mutex
	since time.Time // when work was first held back without a pause
	slot  time.Time // when the next piece may begin
}

// Answering notes that somebody waits, until done is called.
func (c *Courtesy) Answering() (done func()) {
	c.waiting.Add(1)
	return func() {
		c.last.Store(time.Now().UnixNano())
		c.waiting.Add(-1)
	}
}

func (c *Courtesy) busy(now time.Time) bool {
	return c.waiting.Load() > 0 || now.UnixNano()-c.last.Load() < int64(quiet)
}

// Wait is called before a piece of work of a millisecond or so. While somebody waits for an answer it lets only some
// through each second; those come first who asked first. It gives the error of ctx when that ends.
func (c *Courtesy) Wait(ctx context.Context) error {
	if c == nil {
		return ctx.Err()
	}
	now := time.Now()
	if !c.busy(now) {
		return ctx.Err()
	}
	mine := c.take(now)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for now = time.Now(); now.Before(mine) && c.busy(now); now = time.Now() {
		timer.Reset(min(look, mine.Sub(now)))
		select {
		case <-timer.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return ctx.Err()
}

// take gives the moment from which a piece may begin.
func (c *Courtesy) take(now time.Time) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now.Sub(c.slot) > time.Second { // nothing was held back for a while
		c.since = now
	}
	if c.slot.Before(now) {
		c.slot = now
	}
	mine := c.slot
	c.slot = c.slot.Add(interval(now.Sub(c.since), processors()))
	return mine
}

// interval is the pause between two pieces after work was held back for so long.
func interval(held time.Duration, processors int) time.Duration {
	rate := perProcessor * float64(processors)
	if held > patience {
		rate *= math.Pow(presses, (held - patience).Seconds())
	}
	return time.Duration(float64(time.Second) / min(rate, 1e6))
}
