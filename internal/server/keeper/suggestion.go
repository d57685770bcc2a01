package keeper

import (
	"context"

	"anancus/internal/kit/control"
)

// SuggestionOps is whom keepers suggest to every member.
type SuggestionOps interface {
	AddSuggestion(ctx context.Context, in Suggestion) (Suggestion, error)
	RemoveSuggestion(ctx context.Context, in Suggestion) (Suggestion, error)
	ListSuggestions(ctx context.Context) ([]Suggestion, error)
}

func suggestionHandlers(ops SuggestionOps) map[string]control.Handler {
	return map[string]control.Handler{
		"suggestion.add":    control.Handle(ops.AddSuggestion),
		"suggestion.remove": control.Handle(ops.RemoveSuggestion),
		"suggestion.list":   control.Handle(func(ctx context.Context, _ nothing) ([]Suggestion, error) { return ops.ListSuggestions(ctx) }),
	}
}

// Suggestion is an account that keepers suggest to every member.
type Suggestion struct {
	ID     string `json:"id,omitempty"`
	Handle string `json:"handle"`
	Shown  bool   `json:"shown"` // false of one that does not wish to be found, or was limited: it stays on the list and is not shown
}

// AddSuggestion suggests an account.
func (c Client) AddSuggestion(ctx context.Context, in Suggestion) (Suggestion, error) {
	return ask[Suggestion](ctx, c, "suggestion.add", in)
}

// RemoveSuggestion suggests it no more.
func (c Client) RemoveSuggestion(ctx context.Context, in Suggestion) (Suggestion, error) {
	return ask[Suggestion](ctx, c, "suggestion.remove", in)
}

// ListSuggestions gives the accounts that keepers suggest.
func (c Client) ListSuggestions(ctx context.Context) ([]Suggestion, error) {
	return ask[[]Suggestion](ctx, c, "suggestion.list", nothing{})
}
