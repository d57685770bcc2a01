package server

import (
	"context"
	"fmt"

	"anancus/internal/kit/fault"
	"anancus/internal/server/keeper"
	"anancus/internal/social/accounts"
)

// AddSuggestion suggests an account to every member; one of another server is looked up there when it is not known.
func (k *Keeper) AddSuggestion(ctx context.Context, in keeper.Suggestion) (keeper.Suggestion, error) {
	return k.suggest(ctx, in, func(ctx context.Context, a *accounts.Account) error {
		if a.Kind == "Application" || !a.Available() {
			return fault.New(fault.Invalid, fmt.Sprintf("%s cannot be suggested", in.Handle))
		}
		return k.server.suggestions.Pick(ctx, a.ID)
	})
}

// RemoveSuggestion suggests it no more.
func (k *Keeper) RemoveSuggestion(ctx context.Context, in keeper.Suggestion) (keeper.Suggestion, error) {
	return k.suggest(ctx, in, func(ctx context.Context, a *accounts.Account) error { return k.server.suggestions.Unpick(ctx, a.ID) })
}

func (k *Keeper) suggest(ctx context.Context, in keeper.Suggestion, do func(context.Context, *accounts.Account) error) (keeper.Suggestion, error) {
	username, domain, err := accounts.SplitHandle(in.Handle)
	if err != nil {
		return keeper.Suggestion{}, fault.New(fault.Invalid, fmt.Sprintf("%q is no handle: write name or name@domain", in.Handle))
	}
	a, err := k.server.accounts.ByHandle(ctx, username, domain)
	if fault.Is(err, fault.NotFound) && !k.server.site.IsLocal(domain) {
		a, err = k.server.accounts.ResolveHandle(ctx, username, domain)
	}
	if fault.Is(err, fault.NotFound) {
		return keeper.Suggestion{}, fault.New(fault.NotFound, fmt.Sprintf("There is no account %s", in.Handle))
	}
	if err != nil {
		return keeper.Suggestion{}, err
	}
	return shownSuggestion(a), do(ctx, a)
}

// ListSuggestions gives the accounts that keepers suggest.
func (k *Keeper) ListSuggestions(ctx context.Context) ([]keeper.Suggestion, error) {
	list, err := k.server.suggestions.Picks(ctx)
	out := make([]keeper.Suggestion, len(list))
	for i, a := range list {
		out[i] = shownSuggestion(a)
	}
	return out, err
}

func shownSuggestion(a *accounts.Account) keeper.Suggestion {
	return keeper.Suggestion{ID: a.ID.String(), Handle: a.Acct(), Shown: a.Discoverable != nil && *a.Discoverable && a.Available() && !a.Limited()}
}
