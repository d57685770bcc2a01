package main

import (
	"context"
	"fmt"

	"anancus/internal/server/keeper"
)

// relayCmd is about relays.
type relayCmd struct {
	Add     relayAddCmd     `cmd:"" help:"Add a relay and ask to subscribe to it."`
	List    relayListCmd    `cmd:"" help:"Print all relays, and which of them accepted."`
	Enable  relayEnableCmd  `cmd:"" help:"Ask a relay again that was disabled, or that refused."`
	Disable relayDisableCmd `cmd:"" help:"End the subscription to a relay, and keep it on the list."`
	Remove  relayRemoveCmd  `cmd:"" help:"End the subscription to a relay, and take it off the list."`
}

type relayInboxArg struct {
	Inbox string `arg:"" help:"The address of the relay's inbox, such as https://relay.example/inbox."`
}

// do does something about the relay and prints how it stands.
func (r relayInboxArg) do(p *program, op func(ops keeper.Ops) func(context.Context, keeper.RelayInbox) (keeper.Relay, error)) error {
	now, err := keep(p, func(ctx context.Context, ops keeper.Ops) (keeper.Relay, error) {
		return op(ops)(ctx, keeper.RelayInbox{Inbox: r.Inbox})
	})
	if err != nil {
		return err
	}
	p.tell(now, relayLine(now))
	return nil
}

func relayLine(r keeper.Relay) string {
	line := fmt.Sprintf("%-9s %s", r.State, r.Inbox)
	if r.Actor != "" {
		line += "  (" + r.Actor + ")"
	}
	return line
}

type relayAddCmd struct{ relayInboxArg }

// Run adds it.
func (r relayAddCmd) Run(p *program) error {
	return r.do(p, func(ops keeper.Ops) func(context.Context, keeper.RelayInbox) (keeper.Relay, error) {
		return ops.AddRelay
	})
}

type relayEnableCmd struct{ relayInboxArg }

// Run enables it.
func (r relayEnableCmd) Run(p *program) error {
	return r.do(p, func(ops keeper.Ops) func(context.Context, keeper.RelayInbox) (keeper.Relay, error) {
		return ops.EnableRelay
	})
}

type relayDisableCmd struct{ relayInboxArg }

// Run disables it.
func (r relayDisableCmd) Run(p *program) error {
	return r.do(p, func(ops keeper.Ops) func(context.Context, keeper.RelayInbox) (keeper.Relay, error) {
		return ops.DisableRelay
	})
}

type relayRemoveCmd struct{ relayInboxArg }

// Run removes it.
func (r relayRemoveCmd) Run(p *program) error {
	return r.do(p, func(ops keeper.Ops) func(context.Context, keeper.RelayInbox) (keeper.Relay, error) {
		return ops.RemoveRelay
	})
}

type relayListCmd struct{}

// Run prints them.
func (relayListCmd) Run(p *program) error {
	all, err := keep(p, func(ctx context.Context, ops keeper.Ops) (keeper.Relays, error) { return ops.ListRelays(ctx) })
	if err != nil {
		return err
	}
	var lines []string
	for _, r := range all.Relays {
		lines = append(lines, relayLine(r))
	}
	if len(lines) == 0 {
		lines = []string{"There are no relays."}
	}
	if all.SecureMode {
		lines = append(lines, "Secure mode is on: nothing is signed so that relays can pass it on, and most of them drop what this server sends.")
	}
	p.tell(all, lines...)
	return nil
}
