package accounts

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/safehttp"
	"anancus/internal/social/id"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
	"golang.org/x/net/html/charset"
)

// Limits of verifying links.
const (
	verifySpread  = 10 * time.Minute // a change of a profile reaches many servers at once: none looks at once (behaviours.md §16)
	maxLinkedPage = 1 << 20          // of which the beginning is read
	verifyWithin  = 15 * time.Second // one page
	maxVerified   = 10               // fields of one account that are looked at; Mastodon's members have 4
	maxLinks      = 2000             // of one page that are compared
)

// LinksClaimed tells that a profile has links that may turn out to be pages of the same person.
type LinksClaimed struct {
	Account id.Account
	Wait    time.Duration
}

// carryVerified keeps what was found out about links that are still on a profile.
func carryVerified(before, now []Field) []Field {
	now = slices.Clone(now)
	for i := range now {
		now[i].VerifiedAt = 0
		for _, was := range before {
			if was.Value == now[i].Value && was.VerifiedAt > 0 {
				now[i].VerifiedAt = was.VerifiedAt
			}
		}
	}
	return now
}

// claimLinks emits LinksClaimed where a profile has links that were not verified yet.
func (s *Service) claimLinks(tx *db.Tx, a *Account) error {
	for _, f := range a.Fields {
		if f.VerifiedAt == 0 && s.claimed(a, f) != nil {
			return tx.Emit(LinksClaimed{a.ID, rand.N(verifySpread)})
		}
	}
	return nil
}

// claimed is the page that a field says is the same person's: the whole value is its address. nil for everything else.
func (s *Service) claimed(a *Account, f Field) *url.URL {
	address := strings.TrimSpace(f.Value)
	if !a.Local() {
		address = loneLink(f.Value)
	}
	at, err := safehttp.ParseURL(address)
	switch {
	case address == "" || err != nil || at.User != nil:
		return nil
	case at.Scheme != "https" && s.site.Secure():
		return nil
	}
	raw, err := url.Parse(address)
	if err != nil || raw.User != nil || strings.ContainsFunc(raw.Host, func(r rune) bool { return r >= 0x80 || r == '%' }) || strings.Contains(strings.ToLower(raw.Host), "xn--") {
		return nil // a host that does not look like what it is
	}
	return at
}

// loneLink is the address in HTML that is one link and nothing else, whose text is its address.
func loneLink(value string) string {
	nodes, err := html.ParseFragment(strings.NewReader(value), &html.Node{Type: html.ElementNode, Data: "div", DataAtom: atom.Div})
	if err != nil || len(nodes) != 1 || nodes[0].Data != "a" || nodes[0].Type != html.ElementNode {
		return ""
	}
	var shown strings.Builder
	for n := range nodes[0].Descendants() {
		if n.Type == html.TextNode {
			shown.WriteString(n.Data)
		}
	}
	if address := attribute(nodes[0], "href"); address == shown.String() {
		return address
	}
	return ""
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name && a.Namespace == "" {
			return a.Val
		}
	}
	return ""
}

// VerifyLinks asks the pages that a profile claims whether they name the profile as the same person's.
func (s *Service) VerifyLinks(ctx context.Context, e LinksClaimed) error {
	a, err := byID(ctx, s.db, e.Account)
	if err != nil || !a.Available() || s.remote == nil {
		return ignoreNotFound(err)
	}
	verified := map[string]bool{}
	looked := 0
	for _, f := range a.Fields {
		page := s.claimed(a, f)
		if page == nil || f.VerifiedAt != 0 || looked == maxVerified {
			continue
		}
		looked++
		if s.linksBack(ctx, page, a) {
			verified[f.Value] = true
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	if len(verified) == 0 {
		return nil
	}
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		now, err := byID(ctx, tx, a.ID)
		if err != nil {
			return err
		}
		for i, f := range now.Fields {
			if verified[f.Value] && f.VerifiedAt == 0 {
				now.Fields[i].VerifiedAt = clock.Milli(tx.Now())
			}
		}
		if _, err := db.Exec(ctx, tx, `UPDATE accounts SET fields = $2 WHERE id = $1`, a.ID, list(now.Fields, len(now.Fields) == 0)); err != nil {
			return err
		}
		return tx.Emit(Updated{Account: a.ID})
	})
	if err != nil {
		return fmt.Errorf("verify links of account %d: %w", a.ID, err)
	}
	return nil
}

// linksBack reads a page and looks for the profile among those it names as the same person's. A page counts for the host that the
// profile names alone: what that host redirects elsewhere is not its word.
func (s *Service) linksBack(ctx context.Context, page *url.URL, a *Account) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, page.String(), nil)
	if err != nil {
		return false
	}
	req.Header.Set("Accept", "text/html, application/xhtml+xml;q=0.9")
	answer, err := s.remote.HTTP().Do(ctx, req, safehttp.Limits{MaxBody: maxLinkedPage, Timeout: verifyWithin, Cut: true})
	if err != nil || answer.Status != http.StatusOK || answer.URL.Host != page.Host || answer.URL.Scheme != page.Scheme {
		return false
	}
	kind := answer.Header.Get("Content-Type")
	if media, _, err := mime.ParseMediaType(kind); err != nil || media != "text/html" && media != "application/xhtml+xml" {
		return false
	}
	links := sameAs(answer.Body, kind, answer.URL)
	if slices.ContainsFunc(links, func(at string) bool { return a.isAt(at) }) {
		return true
	}
	return len(links) > 0 && s.leadsBack(ctx, links[0], a)
}

// isAt tells whether an address is the profile's page or the account's id.
func (a *Account) isAt(address string) bool {
	address = strings.TrimSuffix(address, "/")
	return strings.EqualFold(address, strings.TrimSuffix(a.URL, "/")) || strings.EqualFold(address, strings.TrimSuffix(a.URI, "/"))
}

// leadsBack follows the first link of a page that names the same person, where it is a short address of the profile.
func (s *Service) leadsBack(ctx context.Context, address string, a *Account) bool {
	at, err := safehttp.ParseURL(address)
	if err != nil {
		return false
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, at.String(), nil)
	if err != nil {
		return false
	}
	answer, err := s.remote.HTTP().Do(ctx, req, safehttp.Limits{Redirects: safehttp.NoRedirects, Timeout: verifyWithin})
	if err != nil || answer.Status < 300 || answer.Status > 399 {
		return false
	}
	to, err := at.Parse(answer.Header.Get("Location"))
	return err == nil && a.isAt(to.String())
}

// sameAs gives the addresses that a page names by rel="me", as far as a reader of the page could see them.
func sameAs(body []byte, kind string, base *url.URL) []string {
	var source io.Reader = bytes.NewReader(body)
	if decoded, err := charset.NewReader(source, kind); err == nil {
		source = decoded
	}
	page, err := html.Parse(source)
	if err != nil {
		return nil
	}
	var links []string
	for n := page.FirstChild; n != nil && len(links) < maxLinks; n = following(page, n, unseen(n)) {
		if n.Type != html.ElementNode || n.Namespace != "" || n.Data != "a" && n.Data != "link" || unseen(n) ||
			!slices.Contains(strings.Fields(strings.ToLower(attribute(n, "rel"))), "me") {
			continue
		}
		if at, err := base.Parse(strings.TrimSpace(attribute(n, "href"))); err == nil && (at.Scheme == "https" || at.Scheme == "http") {
			links = append(links, at.String())
		}
	}
	return links
}

// following is the next node of a page in its order; skipping leaves out what is within this one.
func following(root, n *html.Node, skipping bool) *html.Node {
	if n.FirstChild != nil && !skipping {
		return n.FirstChild
	}
	for ; n != nil && n != root; n = n.Parent {
		if n.NextSibling != nil {
			return n.NextSibling
		}
	}
	return nil
}

// unseen tells whether nobody who looks at a page sees an element: it is hidden, or is no part of it.
func unseen(n *html.Node) bool {
	if n.Type != html.ElementNode {
		return false
	}
	switch n.Data {
	case "template", "noscript", "script", "style", "svg", "math":
		return true
	}
	for _, a := range n.Attr {
		switch a.Key {
		case "hidden":
			return true
		case "style":
			style := strings.ToLower(strings.Join(strings.Fields(a.Val), ""))
			if strings.Contains(style, "display:none") || strings.Contains(style, "visibility:hidden") {
				return true
			}
		}
	}
	return false
}
