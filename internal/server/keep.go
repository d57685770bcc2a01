package server

import (
	"context"
	"crypto/rand"
	"fmt"

	"anancus/internal/kit/fault"
	"anancus/internal/server/keeper"
	"anancus/internal/social/accounts"
	"anancus/internal/social/settings"
)

// Keeper does what keepers ask at the command line.
type Keeper struct{ server *Server }

var _ keeper.Ops = (*Keeper)(nil)

// generatedPassword has 130 bits and is easy to copy.
func generatedPassword() string { return rand.Text() }

// CreateAccount makes a member, reserved names and closed registrations notwithstanding.
func (k *Keeper) CreateAccount(ctx context.Context, in keeper.CreateAccount) (keeper.CreatedAccount, error) {
	s := k.server
	out := keeper.CreatedAccount{}
	if known, err := s.accounts.Local(ctx, in.Name); err == nil && in.IfMissing {
		member, err := s.accounts.Member(ctx, known.ID)
		if err != nil {
			return out, err
		}
		return k.shown(known, member, ""), nil
	} else if err != nil && !fault.Is(err, fault.NotFound) {
		return out, err
	}
	password := in.Password
	if password == "" {
		password = generatedPassword()
	}
	// Whoever keepers make one of their own, or create where nobody is approved, has nobody to wait for.
	approved := in.Approved || s.settings.Now().Registrations != settings.Approval || (in.Role != "" && in.Role != accounts.RoleMember)
	made, err := s.accounts.Register(ctx, accounts.SignUp{Username: in.Name, Email: in.Email, Password: password, Role: in.Role,
		Confirmed: in.Confirmed, Approved: approved, ByKeeper: true})
	if err != nil {
		return out, err
	}
	member, err := s.accounts.Member(ctx, made.ID)
	if err != nil {
		return out, err
	}
	if in.Password != "" {
		password = ""
	}
	out = k.shown(made, member, password)
	out.Created = true
	return out, nil
}

func (k *Keeper) shown(a *accounts.Account, m *accounts.Member, password string) keeper.CreatedAccount {
	return keeper.CreatedAccount{ID: a.ID.String(), Username: a.Username, Handle: "@" + a.Username + "@" + k.server.site.Domain,
		Email: m.Email, Role: m.Role, Password: password}
}

// ResetPassword gives a member a new password and ends every session and token.
func (k *Keeper) ResetPassword(ctx context.Context, in keeper.ResetPassword) (keeper.NewPassword, error) {
	password := generatedPassword()
	if err := k.server.access.ResetPassword(ctx, in.Name, password); err != nil {
		return keeper.NewPassword{}, named(err, in.Name)
	}
	return keeper.NewPassword{Username: in.Name, Password: password}, nil
}

// CreateToken makes an access token for a member.
func (k *Keeper) CreateToken(ctx context.Context, in keeper.CreateToken) (keeper.CreatedToken, error) {
	token, err := k.server.access.CreateToken(ctx, in.Name, in.Scopes)
	if err != nil {
		return keeper.CreatedToken{}, named(err, in.Name)
	}
	return keeper.CreatedToken{Token: token, Scopes: in.Scopes}, nil
}

// named says which member a keeper's command did not find.
func named(err error, name string) error {
	if fault.Is(err, fault.NotFound) {
		return fault.New(fault.NotFound, fmt.Sprintf("There is no member named %q", name))
	}
	return err
}

// SetSetting changes a setting.
func (k *Keeper) SetSetting(ctx context.Context, in keeper.Setting) (keeper.Setting, error) {
	if err := k.server.settings.Set(ctx, in.Name, in.Value); err != nil {
		return keeper.Setting{}, err
	}
	return k.GetSetting(ctx, keeper.SettingName{Name: in.Name})
}

// GetSetting gives a setting as it stands.
func (k *Keeper) GetSetting(_ context.Context, in keeper.SettingName) (keeper.Setting, error) {
	value, err := k.server.settings.Get(in.Name)
	return keeper.Setting{Name: in.Name, Value: value}, err
}

// ListSettings gives every setting as it stands.
func (k *Keeper) ListSettings(ctx context.Context) ([]keeper.Setting, error) {
	var list []keeper.Setting
	for _, name := range settings.Names() {
		one, err := k.GetSetting(ctx, keeper.SettingName{Name: name})
		if err != nil {
			return nil, err
		}
		list = append(list, one)
	}
	return list, nil
}

// ReindexSearch goes on reading everything again for search, for about a second.
func (k *Keeper) ReindexSearch(ctx context.Context, in keeper.ReindexSearch) (keeper.SearchProgress, error) {
	p, err := k.server.search.Reindex(ctx, in.Restart)
	return keeper.SearchProgress{Done: p.Done, Left: p.Left, Finished: p.Finished}, err
}
