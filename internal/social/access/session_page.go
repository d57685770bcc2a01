package access

import (
	"net/http"
	"strings"

	"anancus/internal/kit/fault"
	"anancus/internal/kit/rest"
	"anancus/internal/protocol/mastodon"
	"anancus/internal/social/id"
	"anancus/internal/social/viewer"
)

type passwordForm struct {
	Current  string `form:"current_password"`
	Password string `form:"password"`
}

type editView struct {
	Who      who
	Username string
	Done     bool
	Problems map[string]string
	Sessions []shownSession
}

type shownSession struct {
	ID, Browser, IP, Since, LastUsed string
	Current                          bool
}

// EditPage serves GET /auth/edit.
func (s *Service) EditPage(c *viewer.Call) (any, error) {
	return s.asPage(c, func(c *viewer.Call) (any, error) {
		if !signedIn(c) {
			return toSignIn(c, "/auth/edit", false), nil
		}
		return s.editPage(c, nil, http.StatusOK)
	})
}

func (s *Service) editPage(c *viewer.Call, problems map[string]string, code int) (any, error) {
	account, err := s.accounts.ByID(c.Context(), c.Viewer.Account)
	if err != nil {
		return nil, err
	}
	shown, err := s.who(c.Context(), account.ID)
	if err != nil {
		return nil, err
	}
	list, err := s.Sessions(c.Context(), account.ID)
	if err != nil {
		return nil, err
	}
	v := editView{Who: shown, Username: account.Username, Problems: problems, Done: c.Query("done") != ""}
	for _, one := range list {
		v.Sessions = append(v.Sessions, shownSession{ID: id.String(one.ID), Browser: browserName(one.UserAgent), IP: one.IP,
			Since: mastodon.Date(one.CreatedAt), LastUsed: mastodon.Date(one.LastUsed), Current: one.ID == c.Viewer.Session})
	}
	page := s.page(c, "edit.html", "edit.title", v)
	page.Code, page.Wide = code, true
	return page, nil
}

// ChangePassword serves POST /auth/edit: a new password, after which this
// browser alone is signed in.
func (s *Service) ChangePassword(c *viewer.Call) (any, error) {
	return s.asPage(c, func(c *viewer.Call) (any, error) {
		if !signedIn(c) {
			return toSignIn(c, "/auth/edit", false), nil
		}
		form, err := rest.Decode[passwordForm](c)
		if err != nil {
			return nil, err
		}
		if s.limit(c, "password "+c.Viewer.Account.String(), passwordsEach, passwordsPeriod) != nil ||
			s.limit(c, "password "+address(c.R), formsPerAddress, formsPeriod) != nil {
			return s.editPage(c, map[string]string{"": s.text(c, "too_many")}, http.StatusTooManyRequests)
		}
		member, err := s.accounts.Member(c.Context(), c.Viewer.Account)
		if err != nil {
			return nil, err
		}
		right, err := s.accounts.Passwords().Matches(c.Context(), member.PasswordHash, bounded(form.Current))
		if err != nil {
			return nil, err
		}
		if !right {
			return s.editPage(c, map[string]string{"current_password": s.text(c, "edit.current_wrong")}, http.StatusUnprocessableEntity)
		}
		if err := s.SetPassword(c.Context(), member.Account, form.Password); err != nil {
			var typed memberForm
			if s.blame(c, &typed, err) {
				return s.editPage(c, typed.Problems, http.StatusUnprocessableEntity)
			}
			return nil, err
		}
		if err := s.openSession(c.Context(), c.W, c.R, member.Account); err != nil {
			return nil, err
		}
		return rest.Redirect{To: "/auth/edit?done=password", Code: http.StatusSeeOther}, nil
	})
}

// ChangePasswordAddress serves GET /.well-known/change-password, where password managers look.
func (s *Service) ChangePasswordAddress(*viewer.Call) (any, error) {
	return rest.Redirect{To: "/auth/edit"}, nil
}

// EndOneSession serves POST and DELETE /auth/sessions/{id}.
func (s *Service) EndOneSession(c *viewer.Call) (any, error) {
	return s.asPage(c, func(c *viewer.Call) (any, error) {
		if !signedIn(c) {
			return toSignIn(c, "/auth/edit", false), nil
		}
		session, err := id.Parse[id.Session](c.Path("id"))
		if err != nil {
			return nil, err
		}
		if err := s.EndSession(c.Context(), c.Viewer.Account, session); err != nil && !fault.Is(err, fault.NotFound) {
			return nil, err
		}
		return rest.Redirect{To: "/auth/edit", Code: http.StatusSeeOther}, nil
	})
}

// browserName names a browser and its system from what it says of itself, roughly.
func browserName(agent string) string {
	name := first(agent, "Firefox/", "Firefox", "FxiOS/", "Firefox", "Edg", "Edge", "OPR/", "Opera", "Chromium/", "Chromium",
		"CriOS/", "Chrome", "Chrome/", "Chrome", "Safari/", "Safari")
	system := first(agent, "iPhone", "iPhone", "iPad", "iPad", "Android", "Android", "Windows", "Windows", "Mac OS X", "macOS", "Linux", "Linux")
	return strings.TrimPrefix(strings.TrimSuffix(name+" · "+system, " · "), " · ")
}

// first gives the name after the first sign that text contains.
func first(text string, signsAndNames ...string) string {
	for i := 0; i+1 < len(signsAndNames); i += 2 {
		if strings.Contains(text, signsAndNames[i]) {
			return signsAndNames[i+1]
		}
	}
	return ""
}
