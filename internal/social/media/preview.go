package media

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/kit/safehttp"
	"anancus/internal/protocol/mastodon"
	"anancus/internal/social/id"
	"anancus/internal/social/settings"
)

// Bounds of reading pages, Mastodon's where they can be seen.
const (
	maxPage         = 1 << 20 // bytes; the rest of a longer page is left unread
	maxPreviewImage = 8 << 20
	pageWithin      = 15 * time.Second
	oembedWithin    = 10 * time.Second
	creatorWithin   = 10 * time.Second
	imageWithin     = 20 * time.Second
	previewLease    = 2 * time.Minute // longer than all of that
	previewFresh    = 14 * 24 * time.Hour
)

// pauses are how long a page that could not be had is left alone, the longer the oftener it failed.
var pauses = []time.Duration{10 * time.Minute, time.Hour, 6 * time.Hour, 24 * time.Hour, 3 * 24 * time.Hour, previewFresh}

// Kinds of previews. There is no rich one: what such pages bring are scripts.
const (
	kindLink  = "link"
	kindPhoto = "photo"
	kindVideo = "video"
)

// Preview is what a page says about itself, and what is kept of it.
type Preview struct {
	Link             id.Link
	URL              string
	Host             string // of the page
	Kind             string
	Title            string
	Description      string
	Language         string
	AuthorName       string
	AuthorURL        string
	ProviderName     string
	ProviderURL      string
	EmbedURL         string // of a video: the page of its player
	EmbedWidth       int
	EmbedHeight      int
	ImageURL         string // where the picture is
	ImageKey         string // our copy
	ImageWidth       int
	ImageHeight      int
	ImageDescription string
	Blurhash         string
	Published        time.Time
	Creator          id.Account // whom the page names as its author; 0 for nobody known, or for somebody who is not shown now
	Named            id.Account // the same, shown or not; only of one that was read from the database
	Attributed       bool       // the creator says that the site may
}

// PreviewChanged tells that a link is shown otherwise.
type PreviewChanged struct {
	Link     id.Link
	Was      id.Link     // the link that turned out to be this one; 0 for none
	Statuses []id.Status // whose link is another one now
}

// WantsPreview tells, in the transaction that links to it, whether a page is to be asked.
func (s *Service) WantsPreview(ctx context.Context, tx *db.Tx, e Linked) (bool, error) {
	n, err := db.One(ctx, tx, db.Value[int64], `SELECT COUNT(*) FROM links WHERE id = $1 AND fresh_until <= $2`, e.Link, tx.Now().UnixMilli())
	return n > 0, err
}

// FetchPreview reads the page of a link, unless somebody did in the last two weeks; the effect of linking to it. One process at a time
// does, and a page that cannot be had is left alone for a while.
func (s *Service) FetchPreview(ctx context.Context, e Linked) error {
	done := s.fetches.DoChan("link"+id.String(e.Link), func() (any, error) {
		within, cancel := context.WithTimeout(context.WithoutCancel(ctx), previewLease-10*time.Second)
		defer cancel()
		return nil, s.fetchPreview(within, e.Link)
	})
	select {
	case <-ctx.Done():
		return ctx.Err()
	case got := <-done:
		return got.Err
	}
}

func (s *Service) fetchPreview(ctx context.Context, link id.Link) error {
	address, err := s.leasePage(ctx, link)
	if err != nil || address == "" {
		return err
	}
	found, err := s.look(ctx, address, true)
	if err == nil {
		err = s.keepPreview(ctx, link, address, found)
	} else if fault.KindOf(err) != fault.Internal {
		// Whose fault it is can be read in the log of nobody: addresses of private statuses are nobody's business.
		err = s.noteUnread(ctx, link, !errors.Is(err, errNothingToShow))
	}
	if err != nil { // ours: another attempt follows
		return errors.Join(fmt.Errorf("preview of link %d: %w", link, err), s.endLease(context.WithoutCancel(ctx), link))
	}
	return nil
}

// found is what was read at an address: of which page, and what it says.
type found struct {
	preview Preview
	address string // the page's own, in our spelling
	known   bool   // it is read already under that address, and nothing of it was read now
}

// errNothingToShow says that an address has no page with a title. It will have none tomorrow.
var errNothingToShow = fault.New(fault.Invalid, "There is no page with a title")

// look reads a page. What it says is believed only of itself: where it names another address of the same site as its own, that one is
// read too, and has to agree. So nobody who may put a page on a site can change the preview of another.
func (s *Service) look(ctx context.Context, address string, mayLead bool) (*found, error) {
	at, err := s.reachable(ctx, address)
	if err != nil {
		return nil, err
	}
	provider := providerOf(at)
	got, base, err := s.readPage(ctx, at)
	if err != nil && provider == nil {
		return nil, err
	}
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		got, base = &page{}, at // some answer programs only by their oEmbed
	}
	own, ok := LinkAddress(base.String())
	if !ok {
		return nil, errNothingToShow
	}
	if leads, ok := got.leadsTo(base); ok && mayLead && leads != own {
		switch fresh, err := s.freshPage(ctx, leads); {
		case err != nil:
			return nil, err
		case fresh:
			return &found{address: leads, known: true}, nil
		}
		if better, err := s.look(ctx, leads, false); err == nil && better.address == leads {
			return better, nil
		}
	}
	preview := got.preview(base)
	if err := s.addEmbedded(ctx, &preview, got, provider, base); err != nil {
		return nil, err
	}
	if preview.Title == "" {
		return nil, errNothingToShow
	}
	preview.URL, preview.Host = own, strings.ToLower(base.Hostname())
	if preview.Creator, err = s.creator(ctx, got.meta["fediverse:creator"]); err != nil {
		return nil, err
	}
	return &found{preview: preview, address: own}, nil
}

// reachable is where a page is asked: over https, except in test networks.
func (s *Service) reachable(ctx context.Context, address string) (*url.URL, error) {
	at, err := safehttp.ParseURL(address)
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "The address cannot be asked")
	}
	if at.Scheme == "http" && !s.remote.AllowsPlain(ctx, at.Host) {
		at.Scheme = "https"
	}
	return at, nil
}

// readPage asks for a page, and gives it with its address after redirects.
func (s *Service) readPage(ctx context.Context, at *url.URL) (*page, *url.URL, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, at.String(), nil)
	if err != nil {
		return nil, nil, fault.Wrap(err, fault.Invalid, "The address cannot be asked")
	}
	request.Header.Set("Accept", "text/html, application/xhtml+xml;q=0.9")
	answer, err := s.remote.Do(ctx, request, safehttp.Limits{MaxBody: maxPage, Timeout: pageWithin, Cut: true, Begin: beginsPage})
	if err != nil {
		return nil, nil, err
	}
	if err := refusedBy(answer.Status); err != nil {
		return nil, nil, err
	}
	kind := answer.Header.Get("Content-Type")
	if kind == "" {
		kind = http.DetectContentType(answer.Body)
	}
	if !isPage(kind) {
		return nil, nil, errNothingToShow
	}
	return parsePage(answer.Body, kind), answer.URL, nil
}

// beginsPage leaves unread what says that it is none.
func beginsPage(answer *safehttp.Response) error {
	if kind := answer.Header.Get("Content-Type"); kind != "" && !isPage(kind) {
		return errNothingToShow
	}
	return nil
}

// refusedBy tells what the code of an answer means for the one who asked: that there is nothing, or nothing now.
func refusedBy(status int) error {
	switch {
	case status == http.StatusOK:
		return nil
	case status == http.StatusTooManyRequests || status >= 500:
		return fault.New(fault.Unavailable, fmt.Sprintf("The other server answered %d", status))
	}
	return errNothingToShow
}

// creator finds the account that a page names as its author. Who cannot be found is nobody.
func (s *Service) creator(ctx context.Context, handle string) (id.Account, error) {
	if handle == "" || s.person == nil {
		return 0, nil
	}
	within, cancel := context.WithTimeout(ctx, creatorWithin)
	defer cancel()
	who, err := s.person(within, handle)
	if err != nil {
		return 0, ctx.Err()
	}
	return who, nil
}

// mayName tells whether the domains at which an account publishes have a host, or one above it.
func mayName(domains []string, host string) bool {
	return slices.ContainsFunc(domains, func(one string) bool {
		one = strings.ToLower(strings.TrimPrefix(one, "www."))
		return one != "" && (host == one || strings.HasSuffix(host, "."+one))
	})
}

// PresentPreview shapes a preview for the API, its author's account and the address at which it is shown apart.
func (s *Service) PresentPreview(p *Preview) mastodon.PreviewCard {
	m := mastodon.PreviewCard{URL: p.URL, Title: p.Title, Description: p.Description, Type: p.Kind, AuthorName: p.AuthorName, AuthorURL: p.AuthorURL,
		ProviderName: p.ProviderName, ProviderURL: p.ProviderURL, Width: p.ImageWidth, Height: p.ImageHeight, ImageDescription: p.ImageDescription,
		Authors: []mastodon.PreviewCardAuthor{}}
	if p.Language != "" {
		m.Language = &p.Language
	}
	if !p.Published.IsZero() {
		at := mastodon.Time(p.Published)
		m.PublishedAt = &at
	}
	if at := s.previewImage(p); at != "" {
		m.Image = &at
		if p.Blurhash != "" {
			m.Blurhash = &p.Blurhash
		}
	}
	switch p.Kind {
	case kindVideo:
		if m.HTML = s.player(p); m.HTML == "" {
			m.Type = kindLink
		} else {
			m.Width, m.Height, m.EmbedURL = p.EmbedWidth, p.EmbedHeight, p.EmbedURL
		}
	case kindPhoto:
		if m.Image == nil {
			m.Type = kindLink
		} else {
			m.EmbedURL = *m.Image
		}
	}
	return m
}

// previewImage is where the picture of a preview is shown: our copy, or the address at which it is fetched. "" for none.
func (s *Service) previewImage(p *Preview) string {
	switch mode := s.ModeOf(p.Host); {
	case p.ImageURL == "" || mode == settings.RejectMedia:
		return ""
	case p.ImageKey != "" && mode == settings.StoreMedia:
		return s.url(p.ImageKey)
	}
	return s.previewURL(p.Link, p.ImageURL)
}
