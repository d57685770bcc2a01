package activitypub

import (
	"fmt"
	"net/http"
	"time"

	"anancus/internal/kit/bus"
)

// answer is what came of a delivery.
type answer int

const (
	accepted answer = iota
	refused         // for good: sending it again would not help
	failed          // worth another try
)

// answerOf reads the answer of another server as Mastodon does: what cannot
// get better is not sent again. 401 may be a key they could not fetch just now.
func answerOf(status int, err error) answer {
	switch {
	case err != nil:
		return failed
	case status >= 200 && status < 300:
		return accepted
	case status == http.StatusUnauthorized, status == http.StatusRequestTimeout, status == http.StatusTooManyRequests:
		return failed
	case status >= 400 && status < 500, status == http.StatusNotImplemented:
		return refused
	}
	return failed
}

// failureText tells a keeper why a delivery failed.
func failureText(status int, err error) string {
	if err != nil {
		text := err.Error()
		return text[:min(len(text), 500)]
	}
	return fmt.Sprintf("answered %d %s", status, http.StatusText(status))
}

const (
	maxRetries  = bus.MaxAttempts // after the first attempt, as Mastodon
	laneEndures = 72 * time.Hour  // what failed and is older than this is given up: about as long as all retries last
	dropAtOnce  = 500             // rows a transaction drops at most
)

// attemptsBy tells how often a row of this age would have been tried, had
// nothing stood before it in its lane. The next of a lane whose first row was
// given up starts from there and not from zero: the host is known to be tired.
func attemptsBy(age time.Duration) int {
	passed := time.Duration(0)
	for n := int64(0); n < maxRetries; n++ {
		seconds := n*n*n*n + n*n*n*n/4 + 15 + 5*(n+1)
		if passed += time.Duration(seconds) * time.Second; passed > age {
			return int(n)
		}
	}
	return maxRetries
}
