package frontdoor

import (
	"html/template"

	"anancus/internal/kit/fault"
	"anancus/internal/social/statuses"
	"anancus/internal/social/viewer"
)

// documentView is a page of a keeper's words.
type documentView struct {
	shell
	Heading string
	Dated   string
	Content template.HTML // rendered from Markdown, without any HTML of its own
	Changes template.HTML
	Others  []documentLink
}

type documentLink struct{ Path, Words string }

// PrivacyPage serves GET /privacy-policy.
func (s *Service) PrivacyPage(c *viewer.Call) (any, error) {
	words, since := s.privacyPolicy()
	v := &documentView{Heading: s.text(c, "privacy"), Dated: s.text(c, "updated", since.Format(day)), Content: template.HTML(markdown(words))} //nolint:gosec // markdown leaves no HTML through
	v.shell = s.shell(c, head{Canonical: s.site.URL("/privacy-policy"), Kind: "website"})
	return s.page("document.html", v.Heading, v), nil
}

// TermsPage serves GET /terms-of-service, and with a day the version of that day.
func (s *Service) TermsPage(c *viewer.Call, of string) (any, error) {
	list, err := s.AllTerms(c.Context())
	if err != nil {
		return nil, err
	}
	at := currentTerms(list, s.clock.Now())
	if of != "" {
		at = -1
		for i, one := range list {
			if one.EffectiveOn == of {
				at = i
			}
		}
	}
	if at < 0 {
		return nil, fault.RecordNotFound()
	}
	v := &documentView{Heading: s.text(c, "terms"), Dated: s.text(c, "terms.effective", list[at].EffectiveOn),
		Content: template.HTML(markdown(list[at].Text)), Changes: template.HTML(markdown(list[at].Changelog))} //nolint:gosec // markdown leaves no HTML through
	for i, one := range list {
		if i != at {
			v.Others = append(v.Others, documentLink{s.here(c, "/terms-of-service/"+one.EffectiveOn), s.text(c, "terms.effective", one.EffectiveOn)})
		}
	}
	v.shell = s.shell(c, head{Canonical: s.site.URL("/terms-of-service"), Kind: "website"})
	return s.page("document.html", v.Heading, v), nil
}

// EmbedPage serves GET /@{username}/{status}/embed: one public status for a frame on another site.
func (s *Service) EmbedPage(c *viewer.Call, username, number string) (any, error) {
	a, err := s.member(c, username)
	if err != nil {
		return nil, err
	}
	status, err := s.visitors.statuses.LocalByPath(c.Context(), a.ID, number)
	if err != nil {
		return nil, err
	}
	if status, err = s.visitors.statuses.See(c.Context(), 0, status.ID); err != nil {
		return nil, err
	}
	if status.IsBoost() || !status.Visibility.Distributable() {
		return nil, fault.RecordNotFound()
	}
	shown, err := s.entries(c, []*statuses.Status{status})
	if err != nil {
		return nil, err
	}
	if len(shown) == 0 {
		return nil, fault.RecordNotFound()
	}
	v := &statusView{Entry: shown[0], Boosts: shown[0].Boosts.Words, Favours: shown[0].Favourites.Words}
	v.Entry.Main, v.Entry.Reason = true, ""
	v.shell = s.shell(c, head{Canonical: s.site.StatusURL(a.Username, status.ID), Hidden: true})
	v.Embedded = true
	one := s.page("embed.html", titleOf(&v.Entry), v)
	one.frame = true
	return one, nil
}
