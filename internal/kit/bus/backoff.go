package bus

import (
	"math/rand/v2"
	"time"
)

// MaxAttempts is how often work is tried before it is given up, about three days after the first time.
const MaxAttempts = 16

// Backoff is the pause after the attempt-th failure (from 1): n⁴ + 15 seconds,
// with jitter, as Mastodon's queue does (n counts from 0 there).
func Backoff(attempt int) time.Duration {
	n := int64(max(attempt-1, 0))
	n4 := n * n * n * n
	seconds := n4 + 15 + rand.Int64N(10)*(n+1) + rand.Int64N(n4/2+1)
	return time.Duration(seconds)*time.Second + time.Duration(rand.Int64N(1000))*time.Millisecond
}
