package frontdoor

import (
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"anancus/internal/kit/fault"
	"anancus/internal/kit/keyset"
	"anancus/internal/kit/rest"
	"anancus/internal/kit/text"
	"anancus/internal/social/accounts"
	"anancus/internal/social/viewer"
)

// onePage is how many statuses a page shows.
const onePage = 20

type profileView struct {
	shell
	Person      person
	Header      string
	HeaderAlt   string
	Note        template.HTML
	Fields      []profileField
	Locked, Bot bool
	Group       bool
	Memorial    bool
	MovedTo     *person
	Since       moment
	Statuses    string
	Followers   string
	Following   string
	Tabs        [2]tab
	Pinned      []entry
	Entries     []entry
	Next        string
	Older       bool // not the first page
}

type tab struct {
	Name, Path string
	Here       bool
}

type profileField struct {
	Name  template.HTML
	Value template.HTML
}

// ProfilePage serves GET /@{username} and /@{username}/with_replies to people.
func (s *Service) ProfilePage(c *viewer.Call, username string, withReplies bool) (any, error) {
	if strings.Contains(username, "@") {
		return s.elsewherePage(c, username)
	}
	a, err := s.member(c, username)
	if err != nil {
		return nil, err
	}
	if gone(a) {
		return s.gonePage(c, a), nil
	}
	m, err := s.account(c.Context(), a.ID)
	if err != nil {
		return nil, err
	}
	p := pageAsked(c)
	list, next, err := s.visitors.statuses.PublicBy(c.Context(), a.ID, withReplies, p)
	if err != nil {
		return nil, err
	}
	older := p.Before != keyset.First(0).Before
	path := "/@" + a.Username
	v := &profileView{Person: s.personOf(c, m), HeaderAlt: m.HeaderDescription, Note: emojifiedHTML(m.Note, m.Emojis), Locked: m.Locked, Bot: m.Bot,
		Group: m.Group, Memorial: m.Memorial, Since: momentOf(c, a.CreatedAt), Statuses: s.amount(c, "statuses", m.StatusesCount),
		Followers: s.amount(c, "followers", m.FollowersCount), Following: s.amount(c, "following", m.FollowingCount), Older: older,
		Tabs: [2]tab{{s.text(c, "tab.statuses"), s.here(c, path), !withReplies}, {s.text(c, "tab.replies"), s.here(c, path+"/with_replies"), withReplies}}}
	if a.HeaderURL != "" {
		v.Header = s.inside(s.site.FileNow(a.HeaderURL))
	}
	for _, f := range m.Fields {
		v.Fields = append(v.Fields, profileField{emojified(f.Name, m.Emojis), emojifiedHTML(f.Value, m.Emojis)})
	}
	if a.MovedTo != 0 {
		if to, err := s.account(c.Context(), a.MovedTo); err == nil {
			moved := s.personOf(c, to)
			v.MovedTo = &moved
		}
	}
	if !withReplies && !older {
		if v.Pinned, err = s.pinned(c, a); err != nil {
			return nil, err
		}
	}
	if v.Entries, err = s.entries(c, list); err != nil {
		return nil, err
	}
	if withReplies {
		path += "/with_replies"
	}
	if next != 0 {
		v.Next = s.here(c, path, "max_id", next.String())
	}
	described := excerpt(text.PlainText(m.Note), 200)
	if described == "" {
		described = v.Statuses + " · " + v.Followers + " · " + v.Following
	}
	v.shell = s.shell(c, head{Description: described, Canonical: s.site.URL(path), Kind: "profile", Image: m.Avatar, Alternate: a.URI, Hidden: !a.Indexable || a.Limited()})
	shown := s.page("profile.html", v.Person.Plain+" ("+v.Person.Handle+")", v)
	handle := url.QueryEscape("acct:" + a.Username + "@" + s.site.Domain)
	shown.links = []string{`<` + s.site.URL("/.well-known/webfinger?resource="+handle) + `>; rel="lrdd"; type="application/jrd+json"`, alternate(a.URI)}
	return shown, nil
}

// alternate is the Link header's part that leads to the document behind a page.
func alternate(uri string) string {
	return `<` + uri + `>; rel="alternate"; type="application/activity+json"`
}

// pageAsked reads where a page of statuses begins.
func pageAsked(c *viewer.Call) keyset.Page {
	p := keyset.First(onePage)
	if n, err := strconv.ParseInt(c.Query("max_id"), 10, 64); err == nil && n > 0 {
		p.Before = n
	}
	return p
}

// member gives the member of that name; who still waits for approval is not found.
func (s *Service) member(c *viewer.Call, username string) (*accounts.Account, error) {
	c.R.SetPathValue("username", username)
	a, err := s.accounts.LocalOf(c)
	if fault.Is(err, fault.Gone) {
		return s.accounts.Local(c.Context(), username)
	}
	return a, err
}

func gone(a *accounts.Account) bool { return !a.Available() }

func (s *Service) pinned(c *viewer.Call, a *accounts.Account) ([]entry, error) {
	list, err := s.visitors.statuses.PinnedBy(c.Context(), a.ID)
	if err != nil {
		return nil, err
	}
	if list, err = s.visitors.statuses.Visible(c.Context(), 0, list); err != nil {
		return nil, err
	}
	shown, err := s.entries(c, list)
	for i := range shown {
		shown[i].IsPinned, shown[i].Reason = true, s.text(c, "pinned")
	}
	return shown, err
}

type noticeView struct {
	shell
	Heading string
	Text    string
	Link    string
	Label   string
}

// notice is a page that only says something; it is not for search engines.
func (s *Service) notice(c *viewer.Call, heading string, v noticeView) *page {
	v.Heading = heading
	v.shell = s.shell(c, head{Hidden: true})
	return s.page("notice.html", heading, v)
}

// gonePage says that an account was suspended, or will not come back, and nothing about it.
func (s *Service) gonePage(c *viewer.Call, a *accounts.Account) *page {
	key, code := "suspended", http.StatusForbidden
	if !a.DeletedAt.IsZero() {
		key, code = "deleted", http.StatusGone
	}
	shown := s.notice(c, s.text(c, key), noticeView{Text: s.text(c, key+".text")})
	shown.shown.Code, shown.shown.Public = code, false
	return shown
}

// elsewherePage leads from /@name@domain to the profile where it lives. Nobody's server is
// asked on behalf of visitors, and nothing of the profile is shown, so that no name here lends it weight.
func (s *Service) elsewherePage(c *viewer.Call, handle string) (any, error) {
	username, domain, err := accounts.SplitHandle(handle)
	if err != nil {
		return nil, fault.RecordNotFound()
	}
	if s.site.IsLocal(domain) {
		return rest.Redirect{To: s.here(c, "/@"+username)}, nil
	}
	a, err := s.accounts.ByHandle(c.Context(), username, domain)
	if err != nil {
		return nil, err
	}
	if a.Local() || !a.Available() {
		return nil, fault.RecordNotFound()
	}
	return s.leaving(c, a.Domain, "elsewhere.account", a.URL, a.URI)
}

// leaving is the page between here and another server.
func (s *Service) leaving(c *viewer.Call, domain, key string, addresses ...string) (any, error) {
	for _, to := range addresses {
		if u, err := url.Parse(to); err == nil && u.Scheme == "https" && u.Host != "" {
			shown := text.DisplayDomain(domain)
			return s.notice(c, s.text(c, "elsewhere", shown), noticeView{Text: s.text(c, key), Link: to, Label: s.text(c, "elsewhere.go", u.Host)}), nil
		}
	}
	return nil, fault.RecordNotFound()
}
