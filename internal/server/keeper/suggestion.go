package keeper

import "context"

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
