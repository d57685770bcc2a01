package access

import (
	"context"
	"embed"
	"net/http"
	"net/url"
	"strings"
	"unicode"

	"anancus/internal/kit/pages"
	"anancus/internal/kit/rest"
	"anancus/internal/social/id"
	"anancus/internal/social/viewer"
)

//go:embed pages/*.html
var templates embed.FS

//go:embed words/*.json
var wordFiles embed.FS

func newSet(p *pages.Pages) *pages.Set {
	return p.MustSet(templates, pages.MustWords(wordFiles, "words"), "pages")
}

// page makes one of our pages, titled by the text of key.
func (s *Service) page(c *viewer.Call, file, key string, data any) *pages.Page {
	return s.set.Page(file, s.settings.Now().Title, s.text(c, key), data)
}

// text gives one of our texts in the reader's language.
func (s *Service) text(c *viewer.Call, key string, args ...any) string {
	return s.set.Words().Text(pages.Lang(c.R), key, args...)
}

// asPage answers a form or page: requests from other sites are refused, and
// errors are pages too.
func (s *Service) asPage(c *viewer.Call, do func(c *viewer.Call) (any, error)) (any, error) {
	err := s.CrossOrigin(c.R)
	if err == nil {
		var answer any
		if answer, err = do(c); err == nil {
			if to, ok := answer.(rest.Redirect); ok {
				pages.Secure(c.W.Header())
				c.SetHeader("Cache-Control", "private, no-store")
				return to, nil
			}
			return answer, nil
		}
	}
	return s.pages.Error(c.R, s.log, s.settings.Now().Title, err), nil
}

// signedIn tells whether a member looks with a web session: pages take no tokens.
func signedIn(c *viewer.Call) bool { return c.Viewer.Session != 0 && c.Viewer.IsMember() }

// toSignIn sends somebody to sign in, and back to path.
func toSignIn(c *viewer.Call, path string, force bool) rest.Redirect {
	q := url.Values{"return_to": {path}}
	if force {
		q.Set("force", "true")
	}
	if lang := c.Query("lang"); lang != "" {
		q.Set("lang", lang)
	}
	return rest.Redirect{To: "/auth/sign_in?" + q.Encode(), Code: http.StatusFound}
}

// samePath is a place on this site to go to after signing in: the front page
// for whatever could lead away. Browsers read backslashes as slashes and skip
// tabs and newlines, so both are refused.
func samePath(to string) string {
	if !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.Contains(to, `\`) ||
		strings.ContainsFunc(to, unicode.IsControl) || len(to) > maxReturnTo {
		return "/"
	}
	u, err := url.Parse(to)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil {
		return "/"
	}
	return to
}

const maxReturnTo = 8000 // an authorization request, whose redirect may take 2000 and its encoding more

// who is a member as the pages show one.
type who struct {
	Name, Handle, Initial, Avatar string
}

func (s *Service) who(ctx context.Context, account id.Account) (who, error) {
	a, err := s.accounts.ByID(ctx, account)
	if err != nil {
		return who{}, err
	}
	w := who{Name: a.Name(), Handle: "@" + a.Username + "@" + s.site.Domain}
	for _, r := range a.Name() {
		w.Initial = strings.ToUpper(string(r))
		break
	}
	w.Avatar = s.site.FileNow(a.AvatarURL)
	if path, ours := s.site.Ours(w.Avatar); ours {
		w.Avatar = path
	}
	return w, nil
}
