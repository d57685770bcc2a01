package rest

import (
	"hash/maphash"
	"net/http"
	"strconv"
	"sync"
	"time"

	"anancus/internal/kit/clock"
)

// Bounds of what a Limiter remembers: about 150 bytes a key, so 20 MB when somebody tries to fill it.
const (
	limitShards = 64
	limitShard  = 2048
	sweepPause  = time.Second // a full shard is searched for what ended this often at most
)

// Limiter counts what each key does in fixed windows of time, as Mastodon does: a
// window of five minutes begins at every full five minutes. It remembers a bounded
// number of keys; under a flood of new ones some old ones are forgotten.
// A nil Limiter lets everything pass.
type Limiter struct {
	clock  clock.Clock
	seed   maphash.Seed
	shards [limitShards]limitShardState
}

type limitShardState struct {
	mu     sync.Mutex
	counts map[limitKey]limitCount
	swept  time.Time
}

type limitKey struct {
	key string
	per time.Duration
}

type limitCount struct {
	n    int
	ends time.Time
}

// NewLimiter makes a Limiter; on=false gives one that lets everything pass.
func NewLimiter(c clock.Clock, on bool) *Limiter {
	if !on {
		return nil
	}
	l := &Limiter{clock: c, seed: maphash.MakeSeed()}
	for i := range l.shards {
		l.shards[i].counts = map[limitKey]limitCount{}
	}
	return l
}

// Allow counts one more act of key and tells whether it is within limit acts per window,
// how many are left, and when the window ends.
func (l *Limiter) Allow(key string, limit int, per time.Duration) (remaining int, reset time.Time, ok bool) {
	if l == nil {
		return limit, time.Time{}, true
	}
	now := l.clock.Now()
	shard := &l.shards[maphash.String(l.seed, key)%limitShards]
	count := shard.add(limitKey{key, per}, now)
	return max(limit-count.n, 0), count.ends, count.n <= limit
}

func (s *limitShardState) add(key limitKey, now time.Time) limitCount {
	s.mu.Lock()
	defer s.mu.Unlock()
	count, known := s.counts[key]
	if !known && len(s.counts) >= limitShard {
		s.makeRoom(now)
	}
	if !known || !now.Before(count.ends) {
		count = limitCount{ends: windowEnd(now, key.per)}
	}
	count.n++
	s.counts[key] = count
	return count
}

// makeRoom forgets windows that ended, and any key at all where none did.
func (s *limitShardState) makeRoom(now time.Time) {
	if now.Sub(s.swept) >= sweepPause {
		s.swept = now
		for key, count := range s.counts {
			if !now.Before(count.ends) {
				delete(s.counts, key)
			}
		}
	}
	for key := range s.counts {
		if len(s.counts) < limitShard {
			return
		}
		delete(s.counts, key)
	}
}

func windowEnd(now time.Time, per time.Duration) time.Time {
	return time.Unix(0, now.UnixNano()-now.UnixNano()%int64(per)).Add(per).UTC()
}

// Rule is one limit that a request counts for.
type Rule struct {
	Key   string
	Limit int
	Per   time.Duration
}

// Admit counts a request for each rule and writes the headers of the tightest. When one is
// exceeded it answers 429 and returns false: there is nothing more to do then.
func (l *Limiter) Admit(w http.ResponseWriter, rules ...Rule) bool {
	if l == nil || len(rules) == 0 {
		return true
	}
	tightest, allowed := Limits{Remaining: -1}, true
	for _, rule := range rules {
		remaining, reset, ok := l.Allow(rule.Key, rule.Limit, rule.Per)
		this := Limits{Limit: rule.Limit, Remaining: remaining, Reset: reset}
		if tightest.Remaining < 0 || remaining < tightest.Remaining || allowed && !ok {
			tightest = this
		}
		allowed = allowed && ok
	}
	tightest.SetHeaders(w.Header())
	if !allowed {
		WriteJSON(w, http.StatusTooManyRequests, map[string]string{"error": "Too many requests"})
	}
	return allowed
}

// Limits is how much a client may still do.
type Limits struct {
	Limit, Remaining int
	Reset            time.Time
}

// SetHeaders tells the client.
func (v Limits) SetHeaders(h http.Header) {
	h.Set("X-RateLimit-Limit", strconv.Itoa(v.Limit))
	h.Set("X-RateLimit-Remaining", strconv.Itoa(v.Remaining))
	h.Set("X-RateLimit-Reset", v.Reset.UTC().Format("2006-01-02T15:04:05.000000Z"))
}
