// Package clock is where the rooms learn the time, so that a test can hold it still.
package clock

import (
	"sync"
	"time"
)

// Clock tells the time of day in UTC.
type Clock interface{ Now() time.Time }

// System is the clock of the machine.
type System struct{}

// Now tells the machine's time in UTC.
func (System) Now() time.Time { return time.Now().UTC() }

// Manual is a clock that moves only when told; safe for concurrent use.
type Manual struct {
	mu  sync.Mutex
	now time.Time
}

// NewManual makes a clock that stands at t.
func NewManual(t time.Time) *Manual { return &Manual{now: t.UTC()} }

// Now tells the time it was set to.
func (m *Manual) Now() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now
}

// Advance moves the clock forward by d.
func (m *Manual) Advance(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now = m.now.Add(d)
}

// Milli is t as the database stores it: UTC milliseconds since 1970.
func Milli(t time.Time) int64 { return t.UnixMilli() }

// FromMilli is the time of a stored value, in UTC.
func FromMilli(ms int64) time.Time { return time.UnixMilli(ms).UTC() }
