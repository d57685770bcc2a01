package activitypub

import (
	"math/rand/v2"
	"slices"
	"time"

	"anancus/internal/kit/clock"
)

const (
	breakerFailures = 10              // failures in a row after which a host is left alone
	breakerPause    = time.Minute     // and for how long, as Mastodon
	unavailableDays = 7               // UTC days with a failure and no success since, as Mastodon
	probeEvery      = 24 * time.Hour  // how often an unavailable host is tried
	probeSpread     = time.Hour       // so that all probes do not fall together
	never           = 253402300799000 // due_at of a host with nothing to send: the last day of 9999
	dayForm         = time.DateOnly   // how failure days are stored
)

// deliveryHost is what we know of a host as a receiver.
type deliveryHost struct {
	name          string
	failures      int      // in a row
	failureDays   []string // UTC days
	unavailableAt *int64
	pausedUntil   int64 // the breaker's pause, or the next probe of an unavailable host

	hand hand // what was read of its rows with the claim
}

// tired tells whether only one delivery at a time should be risked.
func (h *deliveryHost) tired() bool { return h.failures >= breakerFailures || h.unavailableAt != nil }

// paused tells whether the host is to be left alone now.
func (h *deliveryHost) paused(now time.Time) bool { return h.pausedUntil > clock.Milli(now) }

// fail notes a failure. It tells whether the host has just become unavailable.
func (h *deliveryHost) fail(now time.Time) bool {
	h.failures++
	if day := now.UTC().Format(dayForm); !slices.Contains(h.failureDays, day) && len(h.failureDays) < unavailableDays {
		h.failureDays = append(slices.Clone(h.failureDays), day)
	}
	fell := h.unavailableAt == nil && len(h.failureDays) >= unavailableDays
	if fell {
		at := clock.Milli(now)
		h.unavailableAt = &at
	}
	switch {
	case h.unavailableAt != nil:
		h.pausedUntil = clock.Milli(now.Add(probeEvery + rand.N(probeSpread)))
	case h.failures >= breakerFailures:
		h.pausedUntil = clock.Milli(now.Add(breakerPause))
	}
	return fell
}

// recover notes that the host answers. It tells whether that is news.
func (h *deliveryHost) recover() bool {
	news := h.failures > 0 || len(h.failureDays) > 0 || h.unavailableAt != nil || h.pausedUntil > 0
	h.failures, h.failureDays, h.unavailableAt, h.pausedUntil = 0, nil, nil, 0
	return news
}

func hostNames(hosts []deliveryHost) []string {
	names := make([]string, len(hosts))
	for i, h := range hosts {
		names[i] = h.name
	}
	return names
}
