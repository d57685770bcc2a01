package access

import (
	"net/http"
	"strings"
	"time"

	"anancus/internal/kit/fault"
	"anancus/internal/kit/rest"
	"anancus/internal/social/accounts"
	"anancus/internal/social/viewer"
)

// Mastodon's limits on signing in and on the forms around it.
const (
	formsPerAddress = 25
	formsPeriod     = 5 * time.Minute
	signInsPerLogin = 25
	signInsPeriod   = time.Hour
	passwordsEach   = 10
	passwordsPeriod = 10 * time.Minute
	longestPassword = 1024 // bytes worth hashing; a real one has 72 at most
	longestLogin    = 320  // bytes of it that a limit is counted by
)

type signInForm struct {
	Login    string `form:"login"`
	Password string `form:"password"`
	ReturnTo string `form:"return_to"`
	Force    bool   `form:"force"`

	Problem string // the key of what went wrong
	SignUp  bool   // somebody without an account may make one
}

// SignInPage serves GET /auth/sign_in.
func (s *Service) SignInPage(c *viewer.Call) (any, error) {
	return s.asPage(c, func(c *viewer.Call) (any, error) {
		form, err := rest.Decode[signInForm](c)
		if err != nil {
			return nil, err
		}
		if signedIn(c) && !form.Force {
			return rest.Redirect{To: samePath(form.ReturnTo)}, nil
		}
		if first, err := s.firstRun(c.Context()); first || err != nil {
			return rest.Redirect{To: "/auth/setup"}, err
		}
		form.Login = ""
		return s.signInPage(c, form, http.StatusOK), nil
	})
}

func (s *Service) signInPage(c *viewer.Call, form signInForm, code int) any {
	form.Password, form.ReturnTo = "", samePath(form.ReturnTo)
	form.SignUp = s.settings.Now().Registrations != "closed"
	page := s.page(c, "sign_in.html", "sign_in.title", form)
	page.Code = code
	return page
}

// SignIn serves POST /auth/sign_in.
func (s *Service) SignIn(c *viewer.Call) (any, error) {
	return s.asPage(c, func(c *viewer.Call) (any, error) {
		form, err := rest.Decode[signInForm](c)
		if err != nil {
			return nil, err
		}
		if err := s.limitSignIn(c, form.Login); err != nil {
			form.Problem = "too_many"
			return s.signInPage(c, form, http.StatusTooManyRequests), nil
		}
		member, err := s.accounts.SignIn(c.Context(), loginName(form.Login), bounded(form.Password))
		if fault.Is(err, fault.Unauthorized) {
			form.Problem = "sign_in.wrong"
			return s.signInPage(c, form, http.StatusUnprocessableEntity), nil
		}
		if err != nil {
			return nil, err
		}
		// Only the right password gets to learn how the account stands.
		if _, err := s.mayAct(c.Context(), member.Account); err != nil {
			if !fault.Is(err, fault.Forbidden) {
				return nil, err
			}
			return s.waitingPage(c, member), nil
		}
		if err := s.openSession(c.Context(), c.W, c.R, member.Account); err != nil {
			return nil, err
		}
		return rest.Redirect{To: samePath(form.ReturnTo), Code: http.StatusSeeOther}, nil
	})
}

func (s *Service) limitSignIn(c *viewer.Call, login string) error {
	if err := s.limit(c, "sign-in "+address(c.R), formsPerAddress, formsPeriod); err != nil {
		return err
	}
	return s.limit(c, "sign-in as "+strings.ToLower(clip(loginName(login), longestLogin)), signInsPerLogin, signInsPeriod)
}

// loginName reads a handle as its username; an e-mail address stays.
func loginName(login string) string {
	login = strings.TrimSpace(login)
	if handle, ok := strings.CutPrefix(login, "@"); ok {
		login, _, _ = strings.Cut(handle, "@")
	}
	return login
}

// bounded gives a password worth hashing; one that cannot be right is as wrong as any.
func bounded(password string) string {
	if len(password) > longestPassword {
		return ""
	}
	return password
}

// waitingPage tells a member who gave the right password why they cannot come in.
func (s *Service) waitingPage(c *viewer.Call, member *accounts.Member) any {
	state := "disabled"
	switch {
	case member.ConfirmedAt.IsZero():
		state = "unconfirmed"
	case member.ApprovedAt.IsZero():
		state = "pending"
	}
	page := s.page(c, "waiting.html", "waiting."+state+".title", struct{ State, Contact string }{state, s.settings.Now().ContactEmail})
	page.Code = http.StatusForbidden
	return page
}

// SignOut serves POST and DELETE /auth/sign_out.
func (s *Service) SignOut(c *viewer.Call) (any, error) {
	return s.asPage(c, func(c *viewer.Call) (any, error) {
		if signedIn(c) {
			if err := s.EndSession(c.Context(), c.Viewer.Account, c.Viewer.Session); err != nil {
				return nil, err
			}
		}
		s.setCookie(c.W, "", 0)
		return rest.Redirect{To: "/", Code: http.StatusSeeOther}, nil
	})
}
