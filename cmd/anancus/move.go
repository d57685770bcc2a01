package main

import (
	"context"

	"anancus/internal/server/keeper"
)

type accountMoveCmd struct {
	Name string `arg:"" help:"The username, such as ada."`
	To   string `required:"" placeholder:"HANDLE" help:"The account to lead the followers to, such as @ada@example.net. It must name this one as an alias first."`
}

// Run leads the followers.
func (a accountMoveCmd) Run(p *program) error {
	moved, err := keep(p, func(ctx context.Context, ops keeper.Ops) (keeper.MovedAccount, error) {
		return ops.MoveAccount(ctx, keeper.MoveAccount{Name: a.Name, To: a.To})
	})
	if err != nil {
		return err
	}
	p.tell(moved, "Username: "+moved.Username, "Moved to: "+moved.To)
	return nil
}

type accountAliasCmd struct {
	Name  string `arg:"" help:"The username, such as ada."`
	Do    string `arg:"" enum:"add,remove" help:"add or remove."`
	Alias string `arg:"" help:"The account that the member had before, such as @ada@example.net."`
}

// Run changes the aliases and prints them.
func (a accountAliasCmd) Run(p *program) error {
	now, err := keep(p, func(ctx context.Context, ops keeper.Ops) (keeper.Aliases, error) {
		return ops.ChangeAlias(ctx, keeper.ChangeAlias{Name: a.Name, Do: a.Do, Alias: a.Alias})
	})
	if err != nil {
		return err
	}
	lines := []string{"Username: " + now.Username}
	for _, alias := range now.Aliases {
		lines = append(lines, "Alias: "+alias)
	}
	p.tell(now, lines...)
	return nil
}
