package statuses

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/html"

	"anancus/internal/kit/db"
	"anancus/internal/social/id"
	"anancus/internal/social/media"
)

// linksIn gives the web addresses that a text links to, in their order: not those of mentions, hashtags and quotes.
func linksIn(content string) []string {
	var found []string
	quote := false // within the line that names what is quoted
	z := html.NewTokenizer(strings.NewReader(content))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return found
		case html.StartTagToken:
			t := z.Token()
			class := " " + attribute(t, "class") + " "
			switch {
			case strings.Contains(class, " quote-inline "):
				quote = true
			case t.Data == "p":
				quote = false
			}
			if t.Data != "a" || quote || strings.Contains(class, " mention ") || strings.Contains(class, " hashtag ") ||
				strings.Contains(class, " u-url ") || strings.Contains(" "+attribute(t, "rel")+" ", " tag ") {
				continue
			}
			if plain, ok := media.LinkAddress(attribute(t, "href")); ok {
				found = append(found, plain)
			}
		case html.EndTagToken:
			if name, _ := z.TagName(); string(name) == "p" {
				quote = false
			}
		}
	}
}

func attribute(t html.Token, name string) string {
	for _, a := range t.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// link keeps which page a status is shown with: the first that its text links to, unless it shows media or quotes another. preview is the
// one that its own server chose; "" for none. content is its text as it came: sanitised it does not tell which links are hashtags. It
// comes after everything else of the status is written. since is when it began to say so.
func (s *Service) link(ctx context.Context, tx *db.Tx, status *Status, content, preview string, since time.Time) (linked bool, err error) {
	found := linksIn(content)
	if plain, ok := media.LinkAddress(preview); ok {
		found = slices.Insert(found, 0, plain)
	}
	found = slices.DeleteFunc(found, func(address string) bool {
		u, err := url.Parse(address)
		return err != nil || s.site.IsLocal(u.Host) || s.site.AtMediaHost(u.Host)
	})
	address, err := firstLink(ctx, tx, status.ID, found)
	if err != nil {
		return false, fmt.Errorf("link of status %d: %w", status.ID, err)
	}
	if address == "" && since.Equal(status.CreatedAt) {
		return false, nil // a new one has none to lose
	}
	return address != "", media.SetLink(ctx, tx, status.ID, media.Link{Address: address, Language: status.Language, Spread: !status.Local, At: since})
}

const (
	showsMoreSQL = `SELECT COUNT(*) FROM statuses s WHERE s.id = $1 AND (s.with_media OR EXISTS (SELECT 1 FROM quotes q WHERE q.status_id = s.id))`
	namedSQL     = `SELECT a.url FROM mentions m JOIN accounts a ON a.id = m.account_id WHERE m.status_id = $1
		UNION ALL SELECT a.uri FROM mentions m JOIN accounts a ON a.id = m.account_id WHERE m.status_id = $1`
)

// firstLink gives the first of some addresses that leads to nobody whom the status mentions; "" for none, and for a status that shows more
// than its text.
func firstLink(ctx context.Context, q db.Q, status id.Status, found []string) (string, error) {
	if len(found) == 0 {
		return "", nil
	}
	more, err := db.One(ctx, q, db.Value[int64], showsMoreSQL, status)
	if err != nil || more > 0 {
		return "", err
	}
	people, err := db.All(ctx, q, db.Text, namedSQL, status)
	if err != nil {
		return "", err
	}
	for _, address := range found {
		if !slices.ContainsFunc(people, func(one string) bool { plain, _ := media.LinkAddress(one); return plain == address }) {
			return address, nil
		}
	}
	return "", nil
}
