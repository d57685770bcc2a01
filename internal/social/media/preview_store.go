package media

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/social/id"
)

// previewsSQL reads what is shown of links that were read; the domains are those at which the named author publishes.
const previewsSQL = `SELECT l.id, l.url, l.host, l.kind, l.title, l.description, l.page_language, l.author_name, l.author_url, l.provider_name, l.provider_url,
	l.embed_url, l.embed_width, l.embed_height, l.image_url, l.image_key, l.image_width, l.image_height, l.image_description, l.blurhash,
	COALESCE(l.published_at, 0), COALESCE(l.creator_id, 0), COALESCE(a.id, 0), COALESCE(a.attribution_domains, '')
	FROM links l LEFT JOIN accounts a ON a.id = l.creator_id AND a.suspended_at IS NULL AND a.deleted_at IS NULL WHERE l.kind <> '' AND l.id `

func scanPreview(r db.Row) (*Preview, error) {
	p := &Preview{}
	var published int64
	var domains string
	err := r.Scan(&p.Link, &p.URL, &p.Host, &p.Kind, &p.Title, &p.Description, &p.Language, &p.AuthorName, &p.AuthorURL, &p.ProviderName, &p.ProviderURL,
		&p.EmbedURL, &p.EmbedWidth, &p.EmbedHeight, &p.ImageURL, &p.ImageKey, &p.ImageWidth, &p.ImageHeight, &p.ImageDescription, &p.Blurhash,
		&published, &p.Named, &p.Creator, &domains)
	if err != nil {
		return nil, err
	}
	if published != 0 {
		p.Published = clock.FromMilli(published)
	}
	if domains != "" {
		var list []string
		if err := json.Unmarshal([]byte(domains), &list); err != nil {
			return nil, fmt.Errorf("domains of account %d: %w", p.Creator, err)
		}
		p.Attributed = mayName(list, p.Host)
	}
	return p, nil
}

// Previews gives what is shown of links, as far as their pages were read.
func Previews(ctx context.Context, q db.Q, links []id.Link) (map[id.Link]*Preview, error) {
	list, err := db.All(ctx, q, scanPreview, previewsSQL+`{in $1}`, links)
	if err != nil {
		return nil, fmt.Errorf("previews of links: %w", err)
	}
	all := make(map[id.Link]*Preview, len(list))
	for _, p := range list {
		all[p.Link] = p
	}
	return all, nil
}

func previewOf(ctx context.Context, q db.Q, link id.Link) (*Preview, error) {
	return db.One(ctx, q, scanPreview, previewsSQL+`= $1`, link)
}

// leasePage takes the turn to read a page, and gives its address; "" where it need not be read. Unavailable while another process does.
func (s *Service) leasePage(ctx context.Context, link id.Link) (address string, err error) {
	now := s.clock.Now()
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		taken, err := db.All(ctx, tx, db.Text, `UPDATE links SET leased_until = $2 WHERE id = $1 AND fresh_until <= $3 AND leased_until <= $3 RETURNING url`,
			link, clock.Milli(now.Add(previewLease)), clock.Milli(now))
		if address = ""; len(taken) > 0 {
			address = taken[0]
		}
		return err
	})
	if err != nil || address != "" {
		return address, err
	}
	leased, err := db.One(ctx, s.db, db.Value[int64], `SELECT COUNT(*) FROM links WHERE id = $1 AND fresh_until <= $2 AND leased_until > $2`, link, clock.Milli(now))
	if err == nil && leased > 0 {
		err = fault.New(fault.Unavailable, "The page is being read by another process")
	}
	return "", err
}

func (s *Service) endLease(ctx context.Context, link id.Link) error {
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		_, err := db.Exec(ctx, tx, `UPDATE links SET leased_until = 0 WHERE id = $1`, link)
		return err
	})
}

// freshPage tells whether the page at an address was read lately.
func (s *Service) freshPage(ctx context.Context, address string) (bool, error) {
	n, err := db.One(ctx, s.db, db.Value[int64], `SELECT COUNT(*) FROM links WHERE url = $1 AND kind <> '' AND fresh_until > $2`, address, clock.Milli(s.clock.Now()))
	return n > 0, err
}

// noteUnread remembers that a page could not be had. What was known of it stays. One that may come back is asked again after a while,
// when somebody links to it; others are let rest as if they had been read.
func (s *Service) noteUnread(ctx context.Context, link id.Link, mayComeBack bool) error {
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		failures, err := db.One(ctx, tx, db.Value[int64], `SELECT failures FROM links WHERE id = $1`, link)
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		pause := previewFresh
		if mayComeBack {
			pause = pauses[min(int(failures), len(pauses)-1)]
			failures++
		}
		_, err = db.Exec(ctx, tx, `UPDATE links SET leased_until = 0, failures = $2, fresh_until = $3 WHERE id = $1`, link, failures, clock.Milli(tx.Now().Add(pause)))
		return err
	})
}

// keepPreview keeps what was read at the address of a link, under the address that turned out to be the page's own: there is one preview
// of a page, whichever way leads to it.
func (s *Service) keepPreview(ctx context.Context, link id.Link, address string, f *found) error {
	p, target := &f.preview, link
	if f.address != address {
		err := s.db.Tx(ctx, func(tx *db.Tx) (err error) {
			target, err = db.One(ctx, tx, db.Value[id.Link], `INSERT INTO links (id, url, host, language, last_day, loose_since, created_at)
				SELECT $2, $3, $4, language, last_day, $5, $5 FROM links WHERE id = $1
				ON CONFLICT (url) DO UPDATE SET canonical_id = NULL RETURNING id`, link, tx.NextID(), f.address, hostOf(f.address), clock.Milli(tx.Now()))
			return err
		})
		if err != nil {
			return ignoreGone(err)
		}
	}
	var drawn *file
	if p.Link = target; !f.known {
		before, err := previewOf(ctx, s.db, target)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		if drawn, err = s.addImage(ctx, p, before); err != nil {
			return err
		}
	}
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		fresh := clock.Milli(tx.Now().Add(previewFresh))
		if !f.known {
			if err := writePreview(ctx, tx, p, fresh); err != nil {
				return ignoreGone(err)
			}
			if err := settle(ctx, tx, drawn); err != nil {
				return err
			}
		}
		changed := PreviewChanged{Link: target}
		if target != link {
			var err error
			changed.Was = link
			if err = leadTo(ctx, tx, link, target, fresh); err != nil {
				return ignoreGone(err)
			}
			if changed.Statuses, err = moveStatuses(ctx, tx, link, target, address); err != nil {
				return err
			}
		}
		return tx.Emit(changed)
	})
}

func ignoreGone(err error) error {
	if fault.Is(err, fault.NotFound) { // purged meanwhile
		return nil
	}
	return err
}

// writePreview keeps a preview, and drops the picture that another one took the place of.
func writePreview(ctx context.Context, tx *db.Tx, p *Preview, fresh int64) error {
	was, err := db.One(ctx, tx, db.Text, `SELECT image_key FROM links WHERE id = $1`, p.Link)
	if err != nil {
		return err
	}
	if was != "" && was != p.ImageKey {
		if err := drop(ctx, tx, was); err != nil {
			return err
		}
	}
	_, err = db.Exec(ctx, tx, `UPDATE links SET fresh_until = $2, leased_until = 0, failures = 0, canonical_id = NULL, host = $3, kind = $4, title = $5, description = $6,
		page_language = $7, author_name = $8, author_url = $9, provider_name = $10, provider_url = $11, embed_url = $12, embed_width = $13, embed_height = $14,
		image_url = $15, image_key = $16, image_width = $17, image_height = $18, image_description = $19, blurhash = $20, published_at = $21, creator_id = $22
		WHERE id = $1`, p.Link, fresh, p.Host, p.Kind, p.Title, p.Description, p.Language, p.AuthorName, p.AuthorURL, p.ProviderName, p.ProviderURL,
		p.EmbedURL, p.EmbedWidth, p.EmbedHeight, p.ImageURL, p.ImageKey, p.ImageWidth, p.ImageHeight, p.ImageDescription, p.Blurhash,
		milliOrNil(p.Published), idOrNil(p.Creator))
	return err
}

func milliOrNil(t time.Time) *int64 {
	if t.IsZero() {
		return nil
	}
	ms := clock.Milli(t)
	return &ms
}

func idOrNil(of id.Account) *int64 {
	if of == 0 {
		return nil
	}
	n := int64(of)
	return &n
}

// leadTo makes a link lead to another, and forgets what was kept of it alone.
func leadTo(ctx context.Context, tx *db.Tx, link, target id.Link, fresh int64) error {
	was, err := db.One(ctx, tx, db.Text, `SELECT image_key FROM links WHERE id = $1`, link)
	if err != nil {
		return err
	}
	if was != "" {
		if err := drop(ctx, tx, was); err != nil {
			return err
		}
	}
	_, err = db.Exec(ctx, tx, `UPDATE links SET canonical_id = $2, fresh_until = $3, leased_until = 0, failures = 0, kind = '', image_url = '', image_key = '', loose_since = $4 WHERE id = $1`,
		link, target, fresh, clock.Milli(tx.Now()))
	return err
}

// moveStatuses gives the statuses of a link to the one that it leads to; each remembers what is written there.
func moveStatuses(ctx context.Context, tx *db.Tx, link, target id.Link, address string) ([]id.Status, error) {
	moved, err := db.All(ctx, tx, db.Value[id.Status], `UPDATE link_statuses SET link_id = $2, url = CASE WHEN url = '' THEN $3 ELSE url END WHERE link_id = $1 RETURNING status_id`, link, target, address)
	if err != nil || len(moved) == 0 {
		return nil, err
	}
	_, err = db.Exec(ctx, tx, `UPDATE links SET loose_since = NULL WHERE id = $1`, target)
	return moved, err
}

// forgetPreviews is the forgetter of pictures of previews.
func forgetPreviews(ctx context.Context, tx *db.Tx, owners []int64, gone *CopiesDropped) error {
	list, err := db.All(ctx, tx, db.Value[id.Link], `UPDATE links SET image_key = '' WHERE id {in $1} RETURNING id`, owners)
	gone.Links = append(gone.Links, list...)
	return err
}
