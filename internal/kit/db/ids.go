package db

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"
)

// ids gives Mastodon's snowflakes: milliseconds since 1970 << 16 | low bits.
type ids struct{ last atomic.Int64 }

// next gives an id of the moment that is larger than every one before, a multiple of step.
func (s *ids) next(now time.Time, step int64) int64 {
	for {
		last := s.last.Load()
		id := max(now.UnixMilli()<<16, (last/step+1)*step)
		if s.last.CompareAndSwap(last, id) {
			return id
		}
	}
}

// reach makes every id to come larger than id.
func (s *ids) reach(id int64) {
	for {
		last := s.last.Load()
		if id <= last || s.last.CompareAndSwap(last, id) {
			return
		}
	}
}

// IDAt gives an id for something that another server says is of time t, never
// of the future. The low bits are random: on a conflict take another.
func (d *DB) IDAt(t time.Time) int64 {
	now := d.Now()
	if t.After(now) {
		t = now
	}
	id := max(t.UnixMilli(), 0)<<16 | rand.Int64N(1<<16)
	d.ids.reach(min(id, now.UnixMilli()<<16|0xffff)) // what we number next is newer than this
	return max(id, 1)
}

// seedIDs makes new ids larger than the stored ones, even when the clock went back.
func (d *DB) seedIDs(ctx context.Context) error {
	id, err := d.store.highestID(ctx)
	if err != nil {
		return fmt.Errorf("read the highest id: %w", err)
	}
	d.ids.reach(id)
	return nil
}
