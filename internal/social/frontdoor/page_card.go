package frontdoor

import (
	"encoding/json"
	"net/url"
	"strings"

	"anancus/internal/protocol/mastodon"
	"anancus/internal/social/viewer"
)

// shownCard is the preview of a link as a page shows it: a link, with nothing of the other site but what is kept here.
type shownCard struct {
	URL, Title, Description, Site string
	Lang                          string
	Image, Alt                    string
	Width, Height                 int
	By                            string  // "By …"
	Author                        *person // who says that they wrote it
}

// cardOf gives the preview of a status; nil for none.
func (s *Service) cardOf(c *viewer.Call, m *mastodon.PreviewCard) *shownCard {
	if m == nil || m.Title == "" {
		return nil
	}
	at, err := url.Parse(m.URL)
	if err != nil || at.Scheme != "https" && at.Scheme != "http" {
		return nil
	}
	card := &shownCard{URL: m.URL, Title: m.Title, Description: m.Description, Site: m.ProviderName, Alt: m.ImageDescription}
	if card.Site == "" {
		card.Site = strings.TrimPrefix(at.Hostname(), "www.")
	}
	if m.Language != nil {
		card.Lang = *m.Language
	}
	if m.Image != nil {
		card.Image = s.inside(*m.Image)
		if m.HTML == "" {
			card.Width, card.Height = m.Width, m.Height
		}
	}
	for _, one := range m.Authors {
		var a mastodon.Account
		if one.Name != "" && card.By == "" {
			card.By = s.text(c, "card.by", one.Name)
		}
		if len(one.Account) > 0 && json.Unmarshal(one.Account, &a) == nil && a.ID != "" && card.Author == nil {
			who := s.personOf(c, &a)
			card.Author, card.By = &who, s.text(c, "card.author")
		}
	}
	return card
}
