package frontdoor

import (
	"encoding/json"
	"html/template"
	"strings"

	"anancus/internal/kit/pages"
	"anancus/internal/kit/text"
	"anancus/internal/protocol/mastodon"
	"anancus/internal/social/viewer"
)

type aboutView struct {
	shell
	Server       string
	Domain       string
	Description  []string
	Extended     template.HTML // rendered from Markdown, without any HTML of its own
	Rules        []RuleText
	Members      string
	Statuses     string
	Active       string
	Joining      string
	Contact      *person
	ContactEmail string
	Version      string
	Source       string
}

// AboutPage serves GET /about.
func (s *Service) AboutPage(c *viewer.Call) (any, error) {
	n, err := s.count(c)
	if err != nil {
		return nil, err
	}
	now := s.settings.Now()
	v := &aboutView{Server: now.Title, Domain: text.DisplayDomain(s.site.Domain), Members: s.amount(c, "members", n.members),
		Statuses: s.amount(c, "statuses", n.statuses), Active: s.amount(c, "active", n.activeMonth),
		Joining: s.text(c, "joining."+string(now.Registrations)), ContactEmail: now.ContactEmail, Version: s.version, Source: sourceURL}
	for part := range strings.SplitSeq(now.Description, "\n") {
		if part = strings.TrimSpace(part); part != "" {
			v.Description = append(v.Description, part)
		}
	}
	v.Extended = template.HTML(markdown(now.ExtendedDescription)) //nolint:gosec // markdown leaves no HTML through
	rules, err := s.Rules(c.Context())
	if err != nil {
		return nil, err
	}
	for _, one := range rules {
		words, translated := one.Translations[pages.Lang(c.R)]
		if !translated {
			words = RuleText{one.Text, one.Hint}
		}
		v.Rules = append(v.Rules, words)
	}
	contact, err := s.contact(c)
	if err != nil {
		return nil, err
	}
	var a *mastodon.Account
	if err := json.Unmarshal(contact, &a); err != nil {
		return nil, err
	}
	if a != nil && !a.Suspended {
		who := s.personOf(c, a)
		v.Contact = &who
	}
	v.shell = s.shell(c, head{Description: excerpt(now.Description, 200), Canonical: s.site.URL("/about"), Kind: "website", Image: s.site.URL("/logo.svg")})
	return s.page("about.html", s.text(c, "about"), v), nil
}

// WelcomePage is the front page of a program that was built without its web app.
func (s *Service) WelcomePage(c *viewer.Call) (any, error) {
	v := &noticeView{shell: s.shell(c, head{Hidden: true})}
	return s.page("welcome.html", s.text(c, "welcome"), v), nil
}
