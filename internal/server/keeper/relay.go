package keeper

import (
	"context"

	"anancus/internal/kit/control"
)

// RelayOps is about the relays that the server is subscribed to.
type RelayOps interface {
	AddRelay(ctx context.Context, in RelayInbox) (Relay, error)
	ListRelays(ctx context.Context) (Relays, error)
	EnableRelay(ctx context.Context, in RelayInbox) (Relay, error)
	DisableRelay(ctx context.Context, in RelayInbox) (Relay, error)
	RemoveRelay(ctx context.Context, in RelayInbox) (Relay, error)
}

// RelayInbox names a relay.
type RelayInbox struct {
	Inbox string `json:"inbox"` // the address of its inbox
}

// Relay is one.
type Relay struct {
	ID        string `json:"id"`
	Inbox     string `json:"inbox"`
	State     string `json:"state"`           // idle, pending (asked), accepted, rejected
	Actor     string `json:"actor,omitempty"` // who accepted
	CreatedAt string `json:"created_at"`
	UpdatedAt string `json:"updated_at"`
}

// Relays are all of them.
type Relays struct {
	Relays     []Relay `json:"relays"`
	SecureMode bool    `json:"secure_mode"` // then nothing is signed so that relays may pass it on
}

func relayHandlers(ops RelayOps) map[string]control.Handler {
	return map[string]control.Handler{
		"relay.add":     control.Handle(ops.AddRelay),
		"relay.list":    control.Handle(func(ctx context.Context, _ nothing) (Relays, error) { return ops.ListRelays(ctx) }),
		"relay.enable":  control.Handle(ops.EnableRelay),
		"relay.disable": control.Handle(ops.DisableRelay),
		"relay.remove":  control.Handle(ops.RemoveRelay),
	}
}

// AddRelay adds a relay and asks to subscribe to it.
func (c Client) AddRelay(ctx context.Context, in RelayInbox) (Relay, error) {
	return ask[Relay](ctx, c, "relay.add", in)
}

// ListRelays lists them.
func (c Client) ListRelays(ctx context.Context) (Relays, error) {
	return ask[Relays](ctx, c, "relay.list", nothing{})
}

// EnableRelay asks a relay again.
func (c Client) EnableRelay(ctx context.Context, in RelayInbox) (Relay, error) {
	return ask[Relay](ctx, c, "relay.enable", in)
}

// DisableRelay ends the subscription to a relay.
func (c Client) DisableRelay(ctx context.Context, in RelayInbox) (Relay, error) {
	return ask[Relay](ctx, c, "relay.disable", in)
}

// RemoveRelay ends it and forgets the relay.
func (c Client) RemoveRelay(ctx context.Context, in RelayInbox) (Relay, error) {
	return ask[Relay](ctx, c, "relay.remove", in)
}
