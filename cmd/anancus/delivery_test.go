package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"anancus/internal/kit/fault"
	"anancus/internal/server/keeper"
)

func (ops) ListDeliveries(_ context.Context, in keeper.DeliveryHost) ([]keeper.Delivery, error) {
	at := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	switch in.Host {
	case "calm.example":
		return []keeper.Delivery{}, nil
	case "":
		return []keeper.Delivery{{Host: "there.example", State: "failing", Waiting: 12, NextAt: &at, Failures: 3, LastError: "answered 503"}, {Host: "quiet.example", State: "idle"}}, nil
	}
	return nil, fault.New(fault.NotFound, "Nothing was ever sent to "+in.Host)
}

func (ops) RetryDeliveries(_ context.Context, in keeper.DeliveryHost) (keeper.Delivery, error) {
	return keeper.Delivery{Host: in.Host, State: "waiting", Waiting: 12}, nil
}

func TestKeepersLookAfterDeliveries(t *testing.T) {
	fresh(t)
	for _, c := range []struct{ args, says string }{
		{"delivery status", "there.example                    failing            12         3  2026-11-22T12:00:00Z  answered 503"},
		{"delivery status calm.example", "Nothing waits, and no server fails."},
		{"delivery status --json", `"next_at":"2026-11-22T12:00:00Z"`},
		{"delivery status calm.example --json", "[]"},
		{"delivery retry there.example", "there.example: 12 deliveries are tried now."},
	} {
		if code, out, errs := anancus(t, newTown(), strings.Fields(c.args)...); code != exitFine || !strings.Contains(strings.ReplaceAll(out, ": \"", ":\""), c.says) {
			t.Errorf("%s: %d %q %q", c.args, code, out, errs)
		}
	}
	if code, _, errs := anancus(t, newTown(), "delivery", "status", "never.example"); code == exitFine || !strings.Contains(errs, "Nothing was ever sent to never.example") {
		t.Errorf("an unknown server: %d %q", code, errs)
	}
}
