package frontdoor

import (
	"fmt"
	"html"
	"strconv"
	"strings"

	"anancus/internal/kit/fault"
	"anancus/internal/protocol/mastodon"
	"anancus/internal/social/statuses"
	"anancus/internal/social/viewer"
)

// Sizes of an embedded status, in CSS pixels.
const (
	embedWidth    = 400
	embedMaxWidth = 4000
)

// OEmbed serves GET /api/oembed: how other sites show a public status of this server.
func (s *Service) OEmbed(c *viewer.Call) (any, error) {
	status, err := s.visitors.statuses.ByAddress(c.Context(), c.Query("url"))
	if err != nil {
		return nil, err
	}
	if !status.Local || !status.Visibility.Distributable() || status.LocalOnly || status.IsBoost() {
		return nil, fault.RecordNotFound()
	}
	if status, err = s.visitors.statuses.See(c.Context(), 0, status.ID); err != nil {
		return nil, err
	}
	author, err := s.accounts.ByID(c.Context(), status.Author)
	if err != nil {
		return nil, err
	}
	width, err := pixels(c.Query("maxwidth"), embedWidth)
	if err != nil {
		return nil, err
	}
	e := mastodon.OEmbed{Type: "rich", Version: "1.0", AuthorName: author.DisplayName, AuthorURL: author.URL, ProviderName: s.site.Domain,
		ProviderURL: s.site.URL("/"), CacheAge: 86400, Width: width}
	if e.AuthorName == "" {
		e.AuthorName = author.Username
	}
	if asked := c.Query("maxheight"); asked != "" {
		height, err := pixels(asked, 0)
		if err != nil {
			return nil, err
		}
		e.Height = &height
	}
	e.HTML = frame(status, e)
	c.SetHeader("Cache-Control", cacheInstance)
	return e, nil
}

func pixels(asked string, fallback int) (int, error) {
	if asked == "" {
		return fallback, nil
	}
	n, err := strconv.Atoi(strings.TrimSpace(asked))
	if err != nil || n < 1 {
		return 0, fault.New(fault.BadRequest, fmt.Sprintf("%.20q is no number of pixels", asked))
	}
	return min(n, embedMaxWidth), nil
}

// frame is the code that shows the status inside another page: without script, closed off from that page.
func frame(status *statuses.Status, e mastodon.OEmbed) string {
	height := ""
	if e.Height != nil {
		height = fmt.Sprintf(` height="%d"`, *e.Height)
	}
	return fmt.Sprintf(`<iframe src="%s/embed" title="%s" width="%d"%s sandbox="allow-popups allow-popups-to-escape-sandbox" loading="lazy" style="max-width:100%%;border:0"></iframe>`,
		html.EscapeString(status.URL), html.EscapeString(e.AuthorName), e.Width, height)
}
