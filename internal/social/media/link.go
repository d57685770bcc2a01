package media

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/url"
	"strings"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/social/id"
)

// maxLink bounds the addresses that are kept, in bytes; an index holds them.
const maxLink = 2000

// spreadLinks is how long the servers that were sent a status wait at most, each its own time, before they ask for the page that it
// links to: a page that many are told of at once would be asked by all of them.
const spreadLinks = time.Minute

// Linked tells that a status links to a page.
type Linked struct {
	Status id.Status
	Link   id.Link       // of the address as it is written
	At     time.Time     // when the status began to
	Wait   time.Duration // before the page is asked
}

// LinkAddress is the one spelling of a web address: without a fragment, a default port, or what campaigns count visitors by.
// False for anything else, and for what is too long.
func LinkAddress(address string) (string, bool) {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil || u.User != nil || u.Hostname() == "" {
		return "", false
	}
	u.Scheme, u.Host, u.Fragment, u.RawFragment = strings.ToLower(u.Scheme), strings.ToLower(u.Host), "", ""
	port := map[string]string{"http": ":80", "https": ":443"}[u.Scheme]
	if port == "" {
		return "", false
	}
	u.Host = strings.TrimSuffix(u.Host, port)
	if u.Path == "" {
		u.Path = "/"
	}
	var kept []string
	for _, pair := range strings.Split(u.RawQuery, "&") {
		if pair != "" && !strings.HasPrefix(pair, "utm_") {
			kept = append(kept, pair)
		}
	}
	u.RawQuery, u.ForceQuery = strings.Join(kept, "&"), false
	plain := u.String()
	return plain, len(plain) <= maxLink
}

// hostOf is the name in a web address, without a port.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Hostname())
}

// Link is what a status links to.
type Link struct {
	Address  string // as it is written; "" for none
	Language string // of the status
	Spread   bool   // it came from elsewhere: its page is asked at some moment of the next minute
	At       time.Time
}

// SetLink makes the link of a status the one given, or none, and tells so where it is another one than before.
func SetLink(ctx context.Context, tx *db.Tx, status id.Status, l Link) error {
	plain, ok := LinkAddress(l.Address)
	if !ok {
		return Unlink(ctx, tx, status)
	}
	now := clock.Milli(tx.Now())
	type row struct{ link, canonical id.Link }
	named, err := db.One(ctx, tx, func(r db.Row) (x row, err error) {
		err = r.Scan(&x.link, &x.canonical)
		return x, err
	}, `INSERT INTO links (id, url, host, language, last_day, created_at) VALUES ($1,$2,$3,$4,$5,$6)
		ON CONFLICT (url) DO UPDATE SET loose_since = NULL, last_day = CASE WHEN excluded.last_day > links.last_day THEN excluded.last_day ELSE links.last_day END
		RETURNING id, COALESCE(canonical_id, 0)`, tx.NextID(), plain, hostOf(plain), l.Language, dayOf(l.At), now)
	if err != nil {
		return fmt.Errorf("keep link: %w", err)
	}
	leads, written := named.link, ""
	if named.canonical != 0 {
		to, err := db.All(ctx, tx, db.Value[id.Link], `UPDATE links SET loose_since = NULL WHERE id = $1 RETURNING COALESCE(canonical_id, id)`, named.canonical)
		if err != nil {
			return err
		}
		if len(to) > 0 {
			leads, written = to[0], plain
		} else if _, err := db.Exec(ctx, tx, `UPDATE links SET canonical_id = NULL, fresh_until = 0 WHERE id = $1`, named.link); err != nil { // it was purged
			return err
		}
	}
	before, err := db.One(ctx, tx, db.Value[id.Link], `SELECT link_id FROM link_statuses WHERE status_id = $1`, status)
	switch {
	case err == nil && before == leads:
		return nil
	case err == nil:
		err = Unlink(ctx, tx, status)
	case fault.Is(err, fault.NotFound):
		err = nil
	}
	if err != nil {
		return err
	}
	if _, err := db.Exec(ctx, tx, `INSERT INTO link_statuses (status_id, link_id, url) VALUES ($1,$2,$3)`, status, leads, written); err != nil {
		return fmt.Errorf("keep link of status %d: %w", status, err)
	}
	e := Linked{Status: status, Link: named.link, At: l.At}
	if l.Spread {
		e.Wait = rand.N(spreadLinks)
	}
	return tx.Emit(e)
}

// Unlink takes the link from a status.
func Unlink(ctx context.Context, tx *db.Tx, status id.Status) error {
	was, err := db.All(ctx, tx, db.Value[id.Link], `DELETE FROM link_statuses WHERE status_id = $1 RETURNING link_id`, status)
	if err != nil || len(was) == 0 {
		return err
	}
	_, err = db.Exec(ctx, tx, `UPDATE links SET loose_since = $2 WHERE id = $1`, was[0], clock.Milli(tx.Now()))
	return err
}

func dayOf(t time.Time) int64 { return t.Unix() / (24 * 60 * 60) }

// LinkOf tells which link a status has; "" is its address where it is spelt as the link is. Zero for none.
func LinkOf(ctx context.Context, q db.Q, status id.Status) (link id.Link, address string, err error) {
	_, err = db.One(ctx, q, func(r db.Row) (struct{}, error) {
		return struct{}{}, r.Scan(&link, &address)
	}, `SELECT l.id, CASE WHEN s.url = '' THEN l.url ELSE s.url END FROM link_statuses s JOIN links l ON l.id = s.link_id WHERE s.status_id = $1`, status)
	if fault.Is(err, fault.NotFound) {
		return 0, "", nil
	}
	return link, address, err
}

// The bounds of purging links.
const (
	keepLooseLinks   = time.Hour
	purgeLinksAtOnce = 200
)

// The steps of PurgeLinks.
const (
	looseLinksSQL = `SELECT id, loose_since FROM links WHERE loose_since IS NOT NULL AND trendable IS NULL AND loose_since <= $1 AND (loose_since, id) > ($2, $3)
		ORDER BY loose_since, id LIMIT $4`
	usedLinksSQL = `UPDATE links SET loose_since = NULL WHERE id {in $1} AND EXISTS (SELECT 1 FROM link_statuses s WHERE s.link_id = links.id)`
	dropLinksSQL = `DELETE FROM links WHERE id {in $1} AND loose_since IS NOT NULL AND trendable IS NULL
		AND NOT EXISTS (SELECT 1 FROM link_statuses s WHERE s.link_id = links.id) AND NOT EXISTS (SELECT 1 FROM link_days d WHERE d.link_id = links.id)
		RETURNING image_key`
)

// PurgeLinks removes the links that no status has and no day counts any more, with their previews. What keepers decided on stays.
func (s *Service) PurgeLinks(ctx context.Context) error {
	before := clock.Milli(s.clock.Now().Add(-keepLooseLinks))
	type loose struct {
		link  id.Link
		since int64
	}
	for last := (loose{since: -1}); ; {
		list, err := db.All(ctx, s.db, func(r db.Row) (l loose, err error) {
			err = r.Scan(&l.link, &l.since)
			return l, err
		}, looseLinksSQL, before, last.since, last.link, purgeLinksAtOnce)
		if err != nil || len(list) == 0 {
			return err
		}
		last = list[len(list)-1]
		ids := make([]id.Link, len(list))
		for i, one := range list {
			ids[i] = one.link
		}
		err = s.db.Tx(ctx, func(tx *db.Tx) error {
			if _, err := db.Exec(ctx, tx, usedLinksSQL, ids); err != nil {
				return err
			}
			keys, err := db.All(ctx, tx, db.Text, dropLinksSQL, ids)
			if err != nil {
				return err
			}
			return drop(ctx, tx, keys...)
		})
		if err != nil {
			return fmt.Errorf("purge links: %w", err)
		}
	}
}
