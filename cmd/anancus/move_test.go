package main

import (
	"context"
	"strings"
	"testing"

	"anancus/internal/kit/fault"
	"anancus/internal/server/keeper"
)

func (ops) MoveAccount(_ context.Context, in keeper.MoveAccount) (keeper.MovedAccount, error) {
	if in.To == "@nobody@there.example" {
		return keeper.MovedAccount{}, fault.New(fault.NotFound, "There is no account @nobody@there.example")
	}
	return keeper.MovedAccount{Username: in.Name, To: in.To, ToURI: "https://there.example/1"}, nil
}

func (ops) ChangeAlias(_ context.Context, in keeper.ChangeAlias) (keeper.Aliases, error) {
	return keeper.Aliases{Username: in.Name, Aliases: []string{in.Do + " " + in.Alias}}, nil
}

func TestKeepersMoveMembers(t *testing.T) {
	fresh(t)
	for _, c := range []struct {
		args, says string
		code       int
	}{
		{"account move ada --to @ada@there.example", "Moved to: @ada@there.example", exitFine},
		{"account move ada --to @ada@there.example --json", `"to_uri":"https://there.example/1"`, exitFine},
		{"account move ada --to @nobody@there.example", "There is no account", exitFailure},
		{"account move ada", "missing flags: --to", exitUsage},
		{"account alias ada add @ada@old.example", "Alias: add @ada@old.example", exitFine},
		{"account alias ada remove @ada@old.example --json", `"aliases":["remove @ada@old.example"]`, exitFine},
		{"account alias ada keep @ada@old.example", "must be one of", exitUsage},
	} {
		code, out, errs := anancus(t, newTown(), strings.Fields(c.args)...)
		if code != c.code || !strings.Contains(out+errs, c.says) {
			t.Errorf("%s: %d %q %q", c.args, code, out, errs)
		}
	}
}
