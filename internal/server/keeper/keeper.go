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
	FrontdoorOps
	AddSuggestion(ctx context.Context, in Suggestion) (Suggestion, error)
	RemoveSuggestion(ctx context.Context, in Suggestion) (Suggestion, error)
	ListSuggestions(ctx context.Context) ([]Suggestion, error)
	TrendOps
	ListReports(ctx context.Context, in ReportList) ([]Report, error)
	ShowReport(ctx context.Context, in ReportID) (Report, error)
	ResolveReport(ctx context.Context, in ReportID) (Report, error)
	ReindexSearch(ctx context.Context, in ReindexSearch) (SearchProgress, error)
}

// ReindexSearch asks to go on reading everything again for search, for about a second.
type ReindexSearch struct {
	Restart bool `json:"restart,omitempty"` // from the beginning, even if a walk is under way or was finished
}

// SearchProgress tells how far that came.
type SearchProgress struct {
	Done     int64 `json:"done"` // statuses read
	Left     int64 `json:"left"` // at least so many are to come, counted up to 100,000
	Finished bool  `json:"finished"`
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
		"account.create":    control.Handle(ops.CreateAccount),
		"account.password":  control.Handle(ops.ResetPassword),
		"token.create":      control.Handle(ops.CreateToken),
		"suggestion.add":    control.Handle(ops.AddSuggestion),
		"suggestion.remove": control.Handle(ops.RemoveSuggestion),
		"suggestion.list": control.Handle(func(ctx context.Context, _ nothing) ([]Suggestion, error) {
			return ops.ListSuggestions(ctx)
		}),
		"report.list":    control.Handle(ops.ListReports),
		"report.show":    control.Handle(ops.ShowReport),
		"report.resolve": control.Handle(ops.ResolveReport),
		"search.reindex": control.Handle(ops.ReindexSearch),
		"settings.set":   control.Handle(ops.SetSetting),
		"settings.get":   control.Handle(ops.GetSetting),
		"settings.list": control.Handle(func(ctx context.Context, _ nothing) ([]Setting, error) {
			return ops.ListSettings(ctx)
		}),
	}
	maps.Copy(handlers, frontdoorHandlers(ops))
	maps.Copy(handlers, trendHandlers(ops))
	return handlers
}

// Client asks the server that listens on the socket. Its operations are
// control.ErrNoServer when there is none.
type Client struct{ Socket string }

var _ Ops = Client{}

// CreateAccount makes a member.
func (c Client) CreateAccount(ctx context.Context, in CreateAccount) (out CreatedAccount, err error) {
	err = control.Call(ctx, c.Socket, "account.create", in, &out)
	return out, err
}

// ResetPassword gives a member a new password.
func (c Client) ResetPassword(ctx context.Context, in ResetPassword) (out NewPassword, err error) {
	err = control.Call(ctx, c.Socket, "account.password", in, &out)
	return out, err
}

// CreateToken makes an access token.
func (c Client) CreateToken(ctx context.Context, in CreateToken) (out CreatedToken, err error) {
	err = control.Call(ctx, c.Socket, "token.create", in, &out)
	return out, err
}

// SetSetting changes a setting.
func (c Client) SetSetting(ctx context.Context, in Setting) (out Setting, err error) {
	err = control.Call(ctx, c.Socket, "settings.set", in, &out)
	return out, err
}

// GetSetting reads a setting.
func (c Client) GetSetting(ctx context.Context, in SettingName) (out Setting, err error) {
	err = control.Call(ctx, c.Socket, "settings.get", in, &out)
	return out, err
}

// ListSettings reads all settings.
func (c Client) ListSettings(ctx context.Context) (out []Setting, err error) {
	err = control.Call(ctx, c.Socket, "settings.list", nothing{}, &out)
	return out, err
}

// ReindexSearch goes on reading everything again for search.
func (c Client) ReindexSearch(ctx context.Context, in ReindexSearch) (out SearchProgress, err error) {
	err = control.Call(ctx, c.Socket, "search.reindex", in, &out)
	return out, err
}
