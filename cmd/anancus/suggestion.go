package main

import (
	"context"

	"anancus/internal/server/keeper"
)

// suggestionCmd is about accounts that are suggested to every member.
type suggestionCmd struct {
	Add    suggestionAddCmd    `cmd:"" help:"Suggest an account to every member who does not follow it yet."`
	Remove suggestionRemoveCmd `cmd:"" help:"Suggest it no more."`
	List   suggestionListCmd   `cmd:"" help:"Print the accounts that keepers suggest."`
}

type (
	suggestionAddCmd struct {
		Handle string `arg:"" help:"The account: name, or name@domain."`
	}
	suggestionRemoveCmd suggestionAddCmd
)

func suggestionLine(s keeper.Suggestion) string {
	if !s.Shown {
		return "@" + s.Handle + "  not shown: the account does not wish to be found"
	}
	return "@" + s.Handle
}

// Run suggests the account.
func (c suggestionAddCmd) Run(p *program) error {
	made, err := keep(p, func(ctx context.Context, ops keeper.Ops) (keeper.Suggestion, error) {
		return ops.AddSuggestion(ctx, keeper.Suggestion{Handle: c.Handle})
	})
	if err != nil {
		return err
	}
	p.tell(made, suggestionLine(made))
	return nil
}

// Run suggests it no more.
func (c suggestionRemoveCmd) Run(p *program) error {
	gone, err := keep(p, func(ctx context.Context, ops keeper.Ops) (keeper.Suggestion, error) {
		return ops.RemoveSuggestion(ctx, keeper.Suggestion{Handle: c.Handle})
	})
	if err != nil {
		return err
	}
	p.tell(gone, "Removed: @"+gone.Handle)
	return nil
}

type suggestionListCmd struct{}

// Run prints them.
func (suggestionListCmd) Run(p *program) error {
	list, err := keep(p, func(ctx context.Context, ops keeper.Ops) ([]keeper.Suggestion, error) {
		return ops.ListSuggestions(ctx)
	})
	if err != nil {
		return err
	}
	lines := make([]string, len(list))
	for i, one := range list {
		lines[i] = suggestionLine(one)
	}
	p.tell(list, lines...)
	return nil
}
