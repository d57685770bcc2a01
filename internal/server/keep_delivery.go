package server

import (
	"context"
	"fmt"
	"strings"
	"time"

	"anancus/internal/kit/fault"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/server/keeper"
)

// ListDeliveries tells how deliveries fare: to one server, or to all that something waits for, or that fail.
func (k *Keeper) ListDeliveries(ctx context.Context, in keeper.DeliveryHost) ([]keeper.Delivery, error) {
	host, err := hostNamed(in.Host)
	if err != nil {
		return nil, err
	}
	states, err := k.server.courier.Status(ctx, host)
	if err != nil {
		return nil, err
	}
	if host != "" && len(states) == 0 {
		return nil, fault.New(fault.NotFound, fmt.Sprintf("Nothing was ever sent to %q", host))
	}
	out := make([]keeper.Delivery, len(states))
	for i, one := range states {
		out[i] = k.delivery(one)
	}
	return out, nil
}

// RetryDeliveries forgets the failures of a server, so that what waits for it is sent at once.
func (k *Keeper) RetryDeliveries(ctx context.Context, in keeper.DeliveryHost) (keeper.Delivery, error) {
	if in.Host == "" {
		return keeper.Delivery{}, fault.New(fault.Invalid, "Say which server is to be tried again")
	}
	known, err := k.ListDeliveries(ctx, in) // so that a mistyped name is told
	if err != nil {
		return keeper.Delivery{}, err
	}
	if err := k.server.courier.Retry(ctx, known[0].Host); err != nil {
		return keeper.Delivery{}, err
	}
	known, err = k.ListDeliveries(ctx, in)
	if err != nil {
		return keeper.Delivery{}, err
	}
	return known[0], nil
}

// hostNamed reads the name of a server as the queue writes it; "" stays.
func hostNamed(text string) (string, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return "", nil
	}
	host, err := activitypub.HostOf("https://" + text + "/")
	if err != nil || strings.ContainsAny(text, "/@?#") {
		return "", fault.New(fault.Invalid, fmt.Sprintf("%q is no name of a server; write it as example.org", text))
	}
	return host, nil
}

// delivery is a host as keepers see it.
func (k *Keeper) delivery(h activitypub.HostState) keeper.Delivery {
	at := func(t time.Time) *time.Time {
		if t.IsZero() {
			return nil
		}
		return &t
	}
	out := keeper.Delivery{Host: h.Host, State: "idle", Waiting: h.Waiting, Oldest: at(h.Oldest), NextAt: at(h.NextAt), Failures: h.Failures,
		FailureDays: h.FailureDays, PausedUntil: at(h.PausedUntil), UnavailableAt: at(h.UnavailableAt), LastError: h.LastError}
	switch {
	case out.UnavailableAt != nil:
		out.State = "unavailable"
	case h.PausedUntil.After(k.server.clock.Now()):
		out.State = "paused"
	case h.Failures > 0:
		out.State = "failing"
	case h.Waiting > 0:
		out.State = "waiting"
	}
	return out
}
