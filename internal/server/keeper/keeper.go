// Package keeper names what keepers can do to a server from the command line.
// The words are the same whether a running server does it, reached over the
// socket in its data folder, or the command itself opened the database.
package keeper

import (
	"context"
	"maps"

	"anancus/internal/kit/control"
)

// Ops is everything the command line can ask for. The server implements it, and so does Client.
type Ops interface {
	CreateAccount(ctx context.Context, in CreateAccount) (CreatedAccount, error)
	ResetPassword(ctx context.Context, in ResetPassword) (NewPassword, error)
	CreateToken(ctx context.Context, in CreateToken) (CreatedToken, error)
	SetSetting(ctx context.Context, in Setting) (Setting, error)
	GetSetting(ctx context.Context, in SettingName) (Setting, error)
	ListSettings(ctx context.Context) ([]Setting, error)
	DeliveryOps
	EmojiOps
	FrontdoorOps
	MeasureOps
	MediaOps
	MoveOps
	ProfileOps
	RelayOps
	ReportOps
	SearchOps
	SuggestionOps
	TrendOps
}

// CreateAccount asks for a new member.
type CreateAccount struct {
	Name      string `json:"name"`
	Email     string `json:"email"`
	Password  string `json:"password,omitempty"` // "" asks for a generated one
	Role      string `json:"role,omitempty"`     // owner, admin, moderator or member; "" is member
	Confirmed bool   `json:"confirmed,omitempty"`
	Approved  bool   `json:"approved,omitempty"`
	IfMissing bool   `json:"if_missing,omitempty"` // an account of this name is no fault: it is left as it is
}

// CreatedAccount is the member that now exists.
type CreatedAccount struct {
	ID       string `json:"id"`
	Username string `json:"username"`
	Handle   string `json:"handle"` // @name@domain
	Email    string `json:"email"`
	Role     string `json:"role"`
	Password string `json:"password,omitempty"` // only when it was generated
	Created  bool   `json:"created"`            // false when IfMissing found one
}

// ResetPassword asks for a new password for a member; all sessions and tokens end.
type ResetPassword struct {
	Name string `json:"name"`
}

// NewPassword is what the member can sign in with from now on.
type NewPassword struct {
	Username string `json:"username"`
	Password string `json:"password"`
}

// CreateToken asks for an access token of a member.
type CreateToken struct {
	Name   string `json:"name"`
	Scopes string `json:"scopes"` // separated by spaces
}

// CreatedToken is the token, shown this once.
type CreatedToken struct {
	Token  string `json:"token"`
	Scopes string `json:"scopes"`
}

// Setting is one of the keepers' settings.
type Setting struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// SettingName asks for one setting.
type SettingName struct {
	Name string `json:"name"`
}

// nothing is what ListSettings asks with.
type nothing struct{}

// Handlers gives the commands a running server takes over its socket.
func Handlers(ops Ops) map[string]control.Handler {
	handlers := map[string]control.Handler{
		"account.create":   control.Handle(ops.CreateAccount),
		"account.password": control.Handle(ops.ResetPassword),
		"token.create":     control.Handle(ops.CreateToken),
		"settings.set":     control.Handle(ops.SetSetting),
		"settings.get":     control.Handle(ops.GetSetting),
		"settings.list": control.Handle(func(ctx context.Context, _ nothing) ([]Setting, error) {
			return ops.ListSettings(ctx)
		}),
	}
	for _, family := range []map[string]control.Handler{deliveryHandlers(ops), emojiHandlers(ops), frontdoorHandlers(ops), measureHandlers(ops), mediaHandlers(ops), moveHandlers(ops), profileHandlers(ops), relayHandlers(ops), reportHandlers(ops), searchHandlers(ops), suggestionHandlers(ops), trendHandlers(ops)} {
		maps.Copy(handlers, family)
	}
	return handlers
}

// Client asks the server that listens on the socket. Its operations are
// control.ErrNoServer when there is none.
type Client struct{ Socket string }

var _ Ops = Client{}

// ask sends a command to the server on the client's socket.
func ask[Out, In any](ctx context.Context, c Client, command string, in In) (out Out, err error) {
	err = control.Call(ctx, c.Socket, command, in, &out)
	return out, err
}

// CreateAccount makes a member.
func (c Client) CreateAccount(ctx context.Context, in CreateAccount) (CreatedAccount, error) {
	return ask[CreatedAccount](ctx, c, "account.create", in)
}

// ResetPassword gives a member a new password.
func (c Client) ResetPassword(ctx context.Context, in ResetPassword) (NewPassword, error) {
	return ask[NewPassword](ctx, c, "account.password", in)
}

// CreateToken makes an access token.
func (c Client) CreateToken(ctx context.Context, in CreateToken) (CreatedToken, error) {
	return ask[CreatedToken](ctx, c, "token.create", in)
}

// SetSetting changes a setting.
func (c Client) SetSetting(ctx context.Context, in Setting) (Setting, error) {
	return ask[Setting](ctx, c, "settings.set", in)
}

// GetSetting reads a setting.
func (c Client) GetSetting(ctx context.Context, in SettingName) (Setting, error) {
	return ask[Setting](ctx, c, "settings.get", in)
}

// ListSettings reads all settings.
func (c Client) ListSettings(ctx context.Context) ([]Setting, error) {
	return ask[[]Setting](ctx, c, "settings.list", nothing{})
}
