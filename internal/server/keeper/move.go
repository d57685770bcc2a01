package keeper

import (
	"context"

	"anancus/internal/kit/control"
)

// MoveOps leads members' followers elsewhere, and lets members take over those of accounts that they had before.
type MoveOps interface {
	MoveAccount(ctx context.Context, in MoveAccount) (MovedAccount, error)
	ChangeAlias(ctx context.Context, in ChangeAlias) (Aliases, error)
}

// MoveAccount asks to lead a member's followers to another account.
type MoveAccount struct {
	Name string `json:"name"`
	To   string `json:"to"` // @name@domain, or @name of this server
}

// MovedAccount tells where to.
type MovedAccount struct {
	Username string `json:"username"`
	To       string `json:"to"`     // its handle
	ToURI    string `json:"to_uri"` // its id among servers
}

// ChangeAlias asks to add or remove an account that a member had before.
type ChangeAlias struct {
	Name  string `json:"name"`
	Do    string `json:"do"` // add or remove
	Alias string `json:"alias"`
}

// Aliases are the accounts that a member names as their own, by their ids among servers.
type Aliases struct {
	Username string   `json:"username"`
	Aliases  []string `json:"aliases"`
}

func moveHandlers(ops MoveOps) map[string]control.Handler {
	return map[string]control.Handler{
		"account.move":  control.Handle(ops.MoveAccount),
		"account.alias": control.Handle(ops.ChangeAlias),
	}
}

// MoveAccount leads a member's followers to another account.
func (c Client) MoveAccount(ctx context.Context, in MoveAccount) (MovedAccount, error) {
	return ask[MovedAccount](ctx, c, "account.move", in)
}

// ChangeAlias adds or removes an account that a member had before.
func (c Client) ChangeAlias(ctx context.Context, in ChangeAlias) (Aliases, error) {
	return ask[Aliases](ctx, c, "account.alias", in)
}
