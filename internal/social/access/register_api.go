package access

import (
	"context"
	"strings"

	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/kit/rest"
	"anancus/internal/kit/text"
	"anancus/internal/social/accounts"
	"anancus/internal/social/id"
	"anancus/internal/social/viewer"
)

// registrationForm is what an app sends for somebody who joins. Invitations and ages are nobody's business here
// yet: a code opens nothing, and no age is asked for.
type registrationForm struct {
	Username  string `form:"username"`
	Email     string `form:"email"`
	Password  string `form:"password"`
	Agreement bool   `form:"agreement"`
	Locale    string `form:"locale"`
	Reason    string `form:"reason"`
	TimeZone  string `form:"time_zone"`
}

// CreateAccount serves POST /api/v1/accounts: somebody joins by an app, which is given a token for them. Who
// waits for approval has a token too; it may do nothing until then.
func (s *Service) CreateAccount(c *viewer.Call) (any, error) {
	if c.Viewer.IsMember() || c.Viewer.App == 0 {
		return nil, fault.New(fault.Forbidden, "This method requires an client credentials authentication")
	}
	approved, err := accounts.MayRegister(s.settings.Now())
	if err != nil {
		return nil, fault.Wrap(err, fault.Forbidden, "This action is not allowed")
	}
	form, err := rest.Decode[registrationForm](c)
	if err != nil {
		return nil, err
	}
	app, err := s.App(c.Context(), c.Viewer.App)
	if err != nil {
		return nil, err
	}
	locale, known := text.Language(form.Locale)
	if !known {
		locale = "" // the server's own
	}
	var secret string
	var token *Token
	_, err = s.accounts.Register(c.Context(), accounts.SignUp{
		Username: strings.TrimSpace(form.Username), Email: strings.TrimSpace(form.Email), Password: form.Password, Reason: form.Reason,
		Locale: locale, TimeZone: form.TimeZone, App: app.ID, Unwilling: !form.Agreement, NeedsReason: !approved,
		Confirmed: true, Approved: approved, // without mail there is nothing to confirm an address with
		Also: func(ctx context.Context, tx *db.Tx, account id.Account) (err error) {
			secret, token, err = s.issue(ctx, tx, app, account, app.Scopes)
			return err
		},
	})
	if err != nil {
		return nil, err
	}
	c.SetHeader("Cache-Control", "no-store")
	return showToken(secret, token), nil
}

// CheckConfirmation serves GET /api/v1/emails/check_confirmation: whether the member's address is confirmed.
func (s *Service) CheckConfirmation(c *viewer.Call) (any, error) {
	m, err := s.accounts.Member(c.Context(), c.Viewer.Account)
	if err != nil {
		return nil, err
	}
	return !m.ConfirmedAt.IsZero(), nil
}

// ConfirmAgain serves POST /api/v1/emails/confirmations, which is for those who wait for a confirmation, by the app that they
// joined with.
func (s *Service) ConfirmAgain(c *viewer.Call) (any, error) {
	m, err := s.accounts.Member(c.Context(), c.Viewer.Account)
	switch {
	case err != nil:
		return nil, err
	case m.App == 0 || m.App != c.Viewer.App:
		return nil, fault.New(fault.Forbidden, "This method is only available to the application the user originally signed-up with")
	case m.ConfirmedAt.IsZero(): // whom a keeper made: others are confirmed when they join
		return nil, fault.New(fault.Forbidden, "This server does not send e-mail")
	}
	return nil, fault.New(fault.Forbidden, "This method is only available while the e-mail is awaiting confirmation")
}
