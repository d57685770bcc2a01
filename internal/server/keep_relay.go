package server

import (
	"context"
	"time"

	"anancus/internal/server/keeper"
	"anancus/internal/social/id"
	"anancus/internal/social/relays"
)

// AddRelay adds a relay and asks to subscribe to it.
func (k *Keeper) AddRelay(ctx context.Context, in keeper.RelayInbox) (keeper.Relay, error) {
	return k.relay(ctx, in, k.server.moderation.AddRelay)
}

// EnableRelay asks a relay again.
func (k *Keeper) EnableRelay(ctx context.Context, in keeper.RelayInbox) (keeper.Relay, error) {
	return k.relay(ctx, in, k.server.moderation.EnableRelay)
}

// DisableRelay ends the subscription to a relay.
func (k *Keeper) DisableRelay(ctx context.Context, in keeper.RelayInbox) (keeper.Relay, error) {
	return k.relay(ctx, in, k.server.moderation.DisableRelay)
}

// RemoveRelay ends it and forgets the relay.
func (k *Keeper) RemoveRelay(ctx context.Context, in keeper.RelayInbox) (keeper.Relay, error) {
	return k.relay(ctx, in, k.server.moderation.RemoveRelay)
}

func (k *Keeper) relay(ctx context.Context, in keeper.RelayInbox, do func(ctx context.Context, keeper id.Account, inbox string) (*relays.Relay, error)) (keeper.Relay, error) {
	r, err := do(ctx, 0, in.Inbox)
	if err != nil {
		return keeper.Relay{}, err
	}
	return k.shownRelay(ctx, r)
}

// ListRelays lists all relays.
func (k *Keeper) ListRelays(ctx context.Context) (keeper.Relays, error) {
	out := keeper.Relays{Relays: []keeper.Relay{}, SecureMode: k.server.settings.Now().SecureMode()}
	list, err := k.server.moderation.Relays(ctx)
	if err != nil {
		return out, err
	}
	for _, r := range list {
		shown, err := k.shownRelay(ctx, r)
		if err != nil {
			return out, err
		}
		out.Relays = append(out.Relays, shown)
	}
	return out, nil
}

func (k *Keeper) shownRelay(ctx context.Context, r *relays.Relay) (keeper.Relay, error) {
	shown := keeper.Relay{ID: id.String(r.ID), Inbox: r.Inbox, State: string(r.State), CreatedAt: r.CreatedAt.Format(time.RFC3339), UpdatedAt: r.UpdatedAt.Format(time.RFC3339)}
	if r.Account == 0 {
		return shown, nil
	}
	speaker, err := k.server.accounts.ByID(ctx, r.Account)
	if err != nil {
		return shown, err
	}
	shown.Actor = speaker.URI
	return shown, nil
}
