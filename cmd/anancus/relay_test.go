package main

import (
	"context"
	"strings"
	"testing"

	"anancus/internal/kit/fault"
	"anancus/internal/server/keeper"
)

func (ops) AddRelay(_ context.Context, in keeper.RelayInbox) (keeper.Relay, error) {
	return keeper.Relay{Inbox: in.Inbox, State: "pending"}, nil
}

func (ops) EnableRelay(_ context.Context, in keeper.RelayInbox) (keeper.Relay, error) {
	return keeper.Relay{Inbox: in.Inbox, State: "accepted", Actor: "https://relay.example/actor"}, nil
}

func (ops) DisableRelay(_ context.Context, in keeper.RelayInbox) (keeper.Relay, error) {
	return keeper.Relay{Inbox: in.Inbox, State: "idle"}, nil
}

func (ops) RemoveRelay(_ context.Context, in keeper.RelayInbox) (keeper.Relay, error) {
	return keeper.Relay{}, fault.New(fault.NotFound, "There is no relay "+in.Inbox)
}

func (ops) ListRelays(context.Context) (keeper.Relays, error) {
	return keeper.Relays{Relays: []keeper.Relay{{Inbox: "https://relay.example/inbox", State: "rejected"}}, SecureMode: true}, nil
}

func TestKeepersSubscribeToRelays(t *testing.T) {
	fresh(t)
	const inbox = "https://relay.example/inbox"
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{"relay", "add", inbox}, "pending   " + inbox + "\n"},
		{[]string{"relay", "add", inbox, "--json"}, `"state":"pending"`},
		{[]string{"relay", "enable", inbox}, "accepted  " + inbox + "  (https://relay.example/actor)\n"},
		{[]string{"relay", "disable", inbox}, "idle      " + inbox + "\n"},
		{[]string{"relay", "list"}, "rejected  " + inbox + "\nSecure mode is on"},
		{[]string{"relay", "list", "--json"}, `"secure_mode":true`},
	} {
		if code, out, errs := anancus(t, newTown(), c.args...); code != exitFine || !strings.Contains(out, c.says) {
			t.Errorf("%v: %d %q %q, want %q", c.args, code, out, errs, c.says)
		}
	}
	if code, _, errs := anancus(t, newTown(), "relay", "remove", inbox); code != exitFailure || !strings.Contains(errs, "no relay") {
		t.Errorf("remove of an unknown relay: %d %q", code, errs)
	}
}
