package access

import (
	"errors"
	"net/http"
	"strings"

	"anancus/internal/kit/fault"
	"anancus/internal/kit/pages"
	"anancus/internal/kit/rest"
	"anancus/internal/social/accounts"
	"anancus/internal/social/settings"
	"anancus/internal/social/viewer"
)

// memberForm is what somebody types to become a member, and what was wrong with it.
type memberForm struct {
	Username string `form:"username"`
	Email    string `form:"email"`
	Password string `form:"password"`
	Reason   string `form:"reason"`
	ReturnTo string `form:"return_to"`
	Code     string `form:"code"` // of the set-up page

	Domain   string
	Approval bool
	Problems map[string]string // field → sentence; "" is for the whole form
}

// tidy reads the fields as people mean them: names are lower case, whatever a phone's keyboard does.
func (f *memberForm) tidy(domain string) {
	f.Username = strings.ToLower(strings.TrimPrefix(strings.TrimSpace(f.Username), "@"))
	f.Email, f.Reason, f.Domain = strings.TrimSpace(f.Email), strings.TrimSpace(f.Reason), domain
	f.ReturnTo = samePath(f.ReturnTo)
}

// problem notes what is wrong with a field.
func (f *memberForm) problem(field, sentence string) {
	if f.Problems == nil {
		f.Problems = map[string]string{}
	}
	if f.Problems[field] == "" {
		f.Problems[field] = sentence
	}
}

// SignUpPage serves GET /auth/sign_up.
func (s *Service) SignUpPage(c *viewer.Call) (any, error) {
	return s.asPage(c, func(c *viewer.Call) (any, error) {
		form, err := rest.Decode[memberForm](c)
		if err != nil {
			return nil, err
		}
		if signedIn(c) {
			return rest.Redirect{To: samePath(form.ReturnTo)}, nil
		}
		if first, err := s.firstRun(c.Context()); first || err != nil {
			return rest.Redirect{To: "/auth/setup"}, err
		}
		return s.signUpPage(c, memberForm{ReturnTo: form.ReturnTo}, http.StatusOK), nil
	})
}

func (s *Service) signUpPage(c *viewer.Call, form memberForm, code int) any {
	form.tidy(s.site.Domain)
	form.Password = ""
	mode := s.settings.Now().Registrations
	form.Approval = mode == settings.Approval
	if mode == settings.Closed {
		page := s.page(c, "waiting.html", "waiting.closed.title", struct{ State, Contact string }{"closed", s.settings.Now().ContactEmail})
		page.Code = http.StatusForbidden
		return page
	}
	page := s.page(c, "sign_up.html", "sign_up.title", form)
	page.Code = code
	return page
}

// SignUp serves POST /auth/sign_up.
func (s *Service) SignUp(c *viewer.Call) (any, error) {
	return s.asPage(c, func(c *viewer.Call) (any, error) {
		form, err := rest.Decode[memberForm](c)
		if err != nil {
			return nil, err
		}
		form.tidy(s.site.Domain)
		if err := s.limit(c, "sign-up "+address(c.R), formsPerAddress, formsPeriod); err != nil {
			form.problem("", s.text(c, "too_many"))
			return s.signUpPage(c, form, http.StatusTooManyRequests), nil
		}
		approved, err := accounts.MayRegister(s.settings.Now())
		if err != nil {
			return s.signUpPage(c, form, http.StatusForbidden), nil
		}
		if !approved && form.Reason == "" {
			form.problem("reason", s.text(c, "problem.reason.ERR_BLANK"))
			return s.signUpPage(c, form, http.StatusUnprocessableEntity), nil
		}
		// Without mail there is nothing to confirm an address with; keepers approve instead.
		account, err := s.accounts.Register(c.Context(), accounts.SignUp{Username: form.Username, Email: form.Email,
			Password: form.Password, Reason: form.Reason, Locale: pages.Lang(c.R), Confirmed: true, Approved: approved})
		if s.blame(c, &form, err) {
			return s.signUpPage(c, form, http.StatusUnprocessableEntity), nil
		}
		if err != nil {
			return nil, err
		}
		if !approved {
			return s.page(c, "waiting.html", "waiting.pending.title", struct{ State, Contact string }{"pending", ""}), nil
		}
		if err := s.openSession(c.Context(), c.W, c.R, account.ID); err != nil {
			return nil, err
		}
		return rest.Redirect{To: form.ReturnTo, Code: http.StatusSeeOther}, nil
	})
}

// blame writes what registering found wrong beside the fields; false when that is not what went wrong.
func (s *Service) blame(c *viewer.Call, form *memberForm, err error) bool {
	if !fault.Is(err, fault.Invalid) {
		return false
	}
	found := false
	for field, problems := range problemsOf(err) {
		for _, problem := range problems {
			sentence := problem.Description
			if key := "problem." + field + "." + problem.Error; s.set.Words().Has(key) {
				sentence = s.text(c, key)
			}
			form.problem(field, sentence)
			found = true
		}
	}
	if !found {
		form.problem("", err.Error())
	}
	return true
}

func problemsOf(err error) accounts.Problems {
	var f *fault.Fault
	if !errors.As(err, &f) {
		return nil
	}
	details, _ := f.Details.(map[string]any)
	problems, _ := details["details"].(accounts.Problems)
	return problems
}
