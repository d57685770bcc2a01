package server

import (
	"sync"
	"time"
)

// recently remembers when something was done for a name, so that it is not done again too soon. Its zero value is ready.
type recently struct {
	mu sync.Mutex
	at map[string]time.Time
}

// maxRecently bounds the names that are remembered; when it is full all are forgotten.
const maxRecently = 20_000

// allow tells whether the last time was at least a gap ago, and counts this one.
func (r *recently) allow(name string, now time.Time, gap time.Duration) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if last, known := r.at[name]; known && now.Sub(last) < gap {
		return false
	}
	if r.at == nil || len(r.at) >= maxRecently {
		r.at = map[string]time.Time{}
	}
	r.at[name] = now
	return true
}

// since tells whether the last time was less than a gap ago.
func (r *recently) since(name string, now time.Time, gap time.Duration) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	last, known := r.at[name]
	return known && now.Sub(last) < gap
}
