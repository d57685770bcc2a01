package trends

import (
	"context"
	"fmt"
	"net/url"
	"slices"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/social/id"
	"anancus/internal/social/statuses"
)

// keepDays is how many days of links are kept, as of hashtags; clients see seven.
const keepDays = 14

const linkedSQL = `SELECT s.content FROM statuses s JOIN accounts a ON a.id = s.author_id
	WHERE s.id = $1 AND s.deleted_at IS NULL AND s.visibility = 'public' AND NOT s.local_only AND NOT s.sensitive AND s.content_warning = ''
	AND a.limited_at IS NULL AND a.suspended_at IS NULL AND a.deleted_at IS NULL`

// HasLink tells whether a new status is one whose link is counted, so that others cause no work.
func (s *Service) HasLink(ctx context.Context, tx *db.Tx, e statuses.Published) (bool, error) {
	if !s.settings.Now().Trends {
		return false, nil
	}
	found, err := s.linkOf(ctx, tx, e.Status)
	return found != "", err
}

// linkOf gives the first link of a status that leads away from here and to nobody who is mentioned; "" for none, or a status whose links do not count.
func (s *Service) linkOf(ctx context.Context, q db.Q, status id.Status) (string, error) {
	content, err := db.One(ctx, q, db.Text, linkedSQL, status)
	if fault.Is(err, fault.NotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	found := slices.DeleteFunc(linksIn(content), func(address string) bool {
		u, err := url.Parse(address)
		return err != nil || s.settings.Site().IsLocal(u.Host)
	})
	if len(found) == 0 {
		return "", nil
	}
	people, err := db.All(ctx, q, db.Text, `SELECT a.url FROM mentions m JOIN accounts a ON a.id = m.account_id WHERE m.status_id = $1
		UNION ALL SELECT a.uri FROM mentions m JOIN accounts a ON a.id = m.account_id WHERE m.status_id = $1`, status)
	if err != nil {
		return "", err
	}
	for _, address := range found {
		if !slices.ContainsFunc(people, func(one string) bool { plain, _ := canonical(one); return plain == address }) {
			return address, nil
		}
	}
	return "", nil
}

// KeepLink notes the use of the link in a new status. A status is counted once, however often this runs.
func (s *Service) KeepLink(ctx context.Context, e statuses.Published) error {
	address, err := s.linkOf(ctx, s.db, e.Status)
	if err != nil || address == "" {
		return err
	}
	status, err := s.statuses.Get(ctx, e.Status)
	if err != nil {
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		return err
	}
	err = s.db.Tx(ctx, func(tx *db.Tx) error { return keepLink(ctx, tx, status, address, dayOf(status.CreatedAt)) })
	if err != nil {
		return fmt.Errorf("keep link of status %d: %w", e.Status, err)
	}
	return nil
}

// Relinked tells, inside the transaction of an edit, whether a link is another one now that counts for the status.
func (s *Service) Relinked(ctx context.Context, tx *db.Tx, e statuses.Edited) (bool, error) {
	now, err := s.linkOf(ctx, tx, e.Status)
	if err != nil {
		return false, err
	}
	before, err := db.All(ctx, tx, db.Text, keptSQL, e.Status)
	if len(before) == 0 {
		return now != "" && s.settings.Now().Trends, err
	}
	return now != before[0], err
}

const keptSQL = `SELECT l.url FROM link_statuses s JOIN links l ON l.id = s.link_id WHERE s.status_id = $1`

// KeepEditedLink makes the link of an edited status the one that it has now: it is used on the day of the edit. The
// history of the one before stays, because it was used.
func (s *Service) KeepEditedLink(ctx context.Context, e statuses.Edited) error {
	status, err := s.statuses.Get(ctx, e.Status)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		address, err := s.linkOf(ctx, tx, e.Status)
		if err != nil {
			return err
		}
		_, err = db.Exec(ctx, tx, `DELETE FROM link_statuses WHERE status_id = $1 AND link_id <> COALESCE((SELECT id FROM links WHERE url = $2), 0)`, e.Status, address)
		if err != nil || address == "" || !s.settings.Now().Trends {
			return err
		}
		return keepLink(ctx, tx, status, address, dayOf(status.EditedAt))
	})
	if err != nil {
		return fmt.Errorf("keep link of edited status %d: %w", e.Status, err)
	}
	return nil
}

// keepLink notes the use of a link on a day.
func keepLink(ctx context.Context, tx *db.Tx, status *statuses.Status, address string, day int64) error {
	if day <= dayOf(tx.Now())-keepDays {
		return nil
	}
	used, err := db.One(ctx, tx, db.Value[id.Link], `INSERT INTO links (id, url, language, last_day, created_at) VALUES ($1,$2,$3,$4,$5)
		ON CONFLICT (url) DO UPDATE SET last_day = CASE WHEN excluded.last_day > links.last_day THEN excluded.last_day ELSE links.last_day END RETURNING id`,
		tx.NextID(), address, status.Language, day, clock.Milli(tx.Now()))
	if err != nil {
		return err
	}
	n, err := db.Exec(ctx, tx, `INSERT INTO link_statuses (status_id, link_id) VALUES ($1,$2) ON CONFLICT DO NOTHING`, status.ID, used)
	if err != nil || n == 0 {
		return err
	}
	first, err := db.Exec(ctx, tx, `INSERT INTO link_day_accounts (day, link_id, account_id) VALUES ($1,$2,$3) ON CONFLICT DO NOTHING`, day, used, status.Author)
	if err != nil {
		return err
	}
	_, err = db.Exec(ctx, tx, `INSERT INTO link_days (link_id, day, uses, accounts) VALUES ($1,$2,1,$3)
		ON CONFLICT (link_id, day) DO UPDATE SET uses = link_days.uses + 1, accounts = link_days.accounts + excluded.accounts`, used, day, first)
	return err
}

// purgeAtOnce bounds the rows that one transaction removes.
const purgeAtOnce = 500

// The steps of PurgeLinks; $1 is the last day to go, or the id below which statuses are of such days.
const (
	purgeLinkAccountsSQL = `DELETE FROM link_day_accounts WHERE (day, link_id, account_id) IN
		(SELECT day, link_id, account_id FROM link_day_accounts WHERE day <= $1 ORDER BY day LIMIT $2)`
	purgeLinkDaysSQL     = `DELETE FROM link_days WHERE (link_id, day) IN (SELECT link_id, day FROM link_days WHERE day <= $1 ORDER BY day LIMIT $2)`
	purgeLinkStatusesSQL = `DELETE FROM link_statuses WHERE status_id IN (SELECT status_id FROM link_statuses WHERE status_id < $1 ORDER BY status_id LIMIT $2)`
	purgeLinksSQL        = `DELETE FROM links WHERE trendable IS NULL AND last_day <= $1 AND id IN
		(SELECT id FROM links WHERE trendable IS NULL AND last_day <= $1 ORDER BY last_day LIMIT $2)`
)

// PurgeLinks removes what is too old, a bounded number of rows at a time. What keepers decided on stays.
func (s *Service) PurgeLinks(ctx context.Context) error {
	last := dayOf(s.clock.Now()) - keepDays
	for _, step := range []struct {
		sql  string
		upTo int64
	}{
		{purgeLinkAccountsSQL, last}, {purgeLinkDaysSQL, last}, {purgeLinkStatusesSQL, ((last + 1) * 24 * 60 * 60 * 1000) << 16}, {purgeLinksSQL, last},
	} {
		for more := true; more; {
			err := s.db.Tx(ctx, func(tx *db.Tx) error {
				n, err := db.Exec(ctx, tx, step.sql, step.upTo, purgeAtOnce)
				more = n == purgeAtOnce
				return err
			})
			if err != nil {
				return fmt.Errorf("purge links: %w", err)
			}
		}
	}
	return nil
}

// Trending gives the link of an address that trends, where viewers may know that it does. NotFound for any other.
func (s *Service) Trending(ctx context.Context, address string) (id.Link, error) {
	v := s.settings.Now()
	plain, ok := canonical(address)
	if !v.Trends || !ok {
		return 0, fault.RecordNotFound()
	}
	return db.One(ctx, s.db, db.Value[id.Link], trendingSQL, plain, v.TrendableByDefault)
}
