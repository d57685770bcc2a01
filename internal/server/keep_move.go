package server

import (
	"context"
	"fmt"

	"anancus/internal/kit/fault"
	"anancus/internal/server/keeper"
	"anancus/internal/social/accounts"
)

// MoveAccount leads a member's followers to another account.
func (k *Keeper) MoveAccount(ctx context.Context, in keeper.MoveAccount) (keeper.MovedAccount, error) {
	s := k.server
	member, err := s.accounts.Local(ctx, in.Name)
	if err != nil {
		return keeper.MovedAccount{}, named(err, in.Name)
	}
	to, err := s.relationships.Move(ctx, member.ID, in.To)
	if err != nil {
		return keeper.MovedAccount{}, elsewhere(err, in.To)
	}
	return keeper.MovedAccount{Username: member.Username, To: s.handleOf(to), ToURI: to.URI}, nil
}

// ChangeAlias adds or removes an account that a member had before.
func (k *Keeper) ChangeAlias(ctx context.Context, in keeper.ChangeAlias) (keeper.Aliases, error) {
	s := k.server
	member, err := s.accounts.Local(ctx, in.Name)
	if err != nil {
		return keeper.Aliases{}, named(err, in.Name)
	}
	switch in.Do {
	case "add":
		_, err = s.accounts.AddAlias(ctx, member.ID, in.Alias)
	case "remove":
		_, err = s.accounts.RemoveAlias(ctx, member.ID, in.Alias)
	default:
		err = fault.New(fault.Invalid, "an alias can be added or removed")
	}
	if err != nil {
		return keeper.Aliases{}, elsewhere(err, in.Alias)
	}
	now, err := s.accounts.ByID(ctx, member.ID)
	if err != nil {
		return keeper.Aliases{}, err
	}
	return keeper.Aliases{Username: now.Username, Aliases: append([]string{}, now.AlsoKnownAs...)}, nil
}

// elsewhere says which account a keeper's command did not find.
func elsewhere(err error, handle string) error {
	if fault.Is(err, fault.NotFound) && err.Error() == fault.RecordNotFound().Error() {
		return fault.New(fault.NotFound, fmt.Sprintf("There is no account %q", handle))
	}
	return err
}

// handleOf is a handle with its domain, whosever it is.
func (s *Server) handleOf(a *accounts.Account) string {
	if a.Local() {
		return "@" + a.Username + "@" + s.site.Domain
	}
	return "@" + a.Acct()
}
