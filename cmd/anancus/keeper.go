package main

import (
	"context"

	"anancus/internal/server/keeper"
)

// accountCmd is about members.
type accountCmd struct {
	Create   accountCreateCmd   `cmd:"" help:"Make a member; without --password one is made up and printed."`
	Password accountPasswordCmd `cmd:"" help:"Give a member a new password, print it, and end all their sessions and tokens."`
	Move     accountMoveCmd     `cmd:"" help:"Lead a member's followers to another account, here or on another server."`
	Alias    accountAliasCmd    `cmd:"" help:"Name an account that a member had before, so that it may lead its followers here."`

	measures
}

type accountCreateCmd struct {
	Name      string `arg:"" help:"The username, such as ada."`
	Email     string `required:"" placeholder:"ADDRESS" help:"The member's e-mail address."`
	Password  string `placeholder:"PASSWORD" help:"The password. Other users of this machine may see it while the command runs."`
	Role      string `enum:"owner,admin,moderator,member" default:"member" placeholder:"ROLE" help:"owner, admin, moderator or member."`
	Confirmed bool   `help:"Take the e-mail address as confirmed."`
	Approved  bool   `help:"Let the member in where keepers must approve sign-ups."`
	IfMissing bool   `help:"Leave an account of this name as it is, instead of failing."`
}

// Run makes the member.
func (a accountCreateCmd) Run(p *program) error {
	made, err := keep(p, func(ctx context.Context, ops keeper.Ops) (keeper.CreatedAccount, error) {
		return ops.CreateAccount(ctx, keeper.CreateAccount{Name: a.Name, Email: a.Email, Password: a.Password, Role: a.Role,
			Confirmed: a.Confirmed, Approved: a.Approved, IfMissing: a.IfMissing})
	})
	if err != nil {
		return err
	}
	if !made.Created {
		p.tell(made, "Username: "+made.Username+" (was there already)")
		return nil
	}
	lines := []string{"Username: " + made.Username, "Handle: " + made.Handle, "E-mail: " + made.Email, "Role: " + made.Role}
	if made.Password != "" {
		lines = append(lines, "Password: "+made.Password)
	}
	p.tell(made, lines...)
	return nil
}

type accountPasswordCmd struct {
	Name string `arg:"" help:"The username, such as ada."`
}

// Run resets the password.
func (a accountPasswordCmd) Run(p *program) error {
	fresh, err := keep(p, func(ctx context.Context, ops keeper.Ops) (keeper.NewPassword, error) {
		return ops.ResetPassword(ctx, keeper.ResetPassword{Name: a.Name})
	})
	if err != nil {
		return err
	}
	p.tell(fresh, "Username: "+fresh.Username, "Password: "+fresh.Password)
	return nil
}

// tokenCmd is about access tokens.
type tokenCmd struct {
	Create tokenCreateCmd `cmd:"" help:"Make an access token of a member and print it, and nothing else."`
}

type tokenCreateCmd struct {
	Name   string `arg:"" help:"The username, such as ada."`
	Scopes string `default:"read write follow push" placeholder:"SCOPES" help:"What the token allows, separated by spaces; the default is \"read write follow push\"."`
}

// Run makes the token.
func (t tokenCreateCmd) Run(p *program) error {
	made, err := keep(p, func(ctx context.Context, ops keeper.Ops) (keeper.CreatedToken, error) {
		return ops.CreateToken(ctx, keeper.CreateToken{Name: t.Name, Scopes: t.Scopes})
	})
	if err != nil {
		return err
	}
	p.tell(made, made.Token)
	return nil
}

// settingsCmd is about the keepers' settings.
type settingsCmd struct {
	Set  settingsSetCmd  `cmd:"" help:"Change a setting, for example: settings set registrations closed"`
	Get  settingsGetCmd  `cmd:"" help:"Print the value of a setting."`
	List settingsListCmd `cmd:"" help:"Print all settings."`
}

type settingsSetCmd struct {
	Key   string `arg:"" help:"The setting's name."`
	Value string `arg:"" help:"Its new value; @FILE reads a file, - the command's input."`
}

// Run changes the setting.
func (s settingsSetCmd) Run(p *program) error {
	value, err := written(s.Value)
	if err != nil {
		return err
	}
	set, err := keep(p, func(ctx context.Context, ops keeper.Ops) (keeper.Setting, error) {
		return ops.SetSetting(ctx, keeper.Setting{Name: s.Key, Value: value})
	})
	if err != nil {
		return err
	}
	p.tell(set, set.Name+" = "+set.Value)
	return nil
}

type settingsGetCmd struct {
	Key string `arg:"" help:"The setting's name."`
}

// Run prints the value.
func (s settingsGetCmd) Run(p *program) error {
	got, err := keep(p, func(ctx context.Context, ops keeper.Ops) (keeper.Setting, error) {
		return ops.GetSetting(ctx, keeper.SettingName{Name: s.Key})
	})
	if err != nil {
		return err
	}
	p.tell(got, got.Value)
	return nil
}

type settingsListCmd struct{}

// Run prints them.
func (settingsListCmd) Run(p *program) error {
	all, err := keep(p, func(ctx context.Context, ops keeper.Ops) ([]keeper.Setting, error) { return ops.ListSettings(ctx) })
	if err != nil {
		return err
	}
	lines := make([]string, len(all))
	for i, s := range all {
		lines[i] = s.Name + " = " + s.Value
	}
	p.tell(all, lines...)
	return nil
}
