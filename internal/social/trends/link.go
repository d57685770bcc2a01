package trends

import (
	"context"
	"fmt"

	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/social/id"
	"anancus/internal/social/media"
)

// keepDays is how many days of links are kept, as of hashtags; clients see seven.
const keepDays = 14

// countedSQL gives the link of a status whose links count, as far as it is not counted yet.
const countedSQL = `SELECT l.link_id, s.author_id FROM link_statuses l JOIN statuses s ON s.id = l.status_id JOIN accounts a ON a.id = s.author_id
	WHERE l.status_id = $1 AND NOT l.counted AND s.deleted_at IS NULL AND s.visibility = 'public' AND NOT s.local_only AND NOT s.sensitive AND s.content_warning = ''
	AND a.limited_at IS NULL AND a.suspended_at IS NULL AND a.deleted_at IS NULL`

// linkUse is the use of a link by an account.
type linkUse struct {
	link   id.Link
	author id.Account
}

func uncounted(ctx context.Context, q db.Q, status id.Status) ([]linkUse, error) {
	return db.All(ctx, q, func(r db.Row) (u linkUse, err error) {
		err = r.Scan(&u.link, &u.author)
		return u, err
	}, countedSQL, status)
}

// Counts tells whether a link of a status is one that counts, so that others cause no work.
func (s *Service) Counts(ctx context.Context, tx *db.Tx, e media.Linked) (bool, error) {
	if !s.settings.Now().Trends {
		return false, nil
	}
	list, err := uncounted(ctx, tx, e.Status)
	return len(list) > 0, err
}

// KeepLink notes the use of the link of a status, on the day when the status began to have it. A status is counted once for a link, however
// often this runs. When it has another one later the history of this one stays, because it was used.
func (s *Service) KeepLink(ctx context.Context, e media.Linked) error {
	day := dayOf(e.At)
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		list, err := uncounted(ctx, tx, e.Status)
		if err != nil || len(list) == 0 || day <= dayOf(tx.Now())-keepDays {
			return err
		}
		n, err := db.Exec(ctx, tx, `UPDATE link_statuses SET counted = TRUE WHERE status_id = $1 AND link_id = $2 AND NOT counted`, e.Status, list[0].link)
		if err != nil || n == 0 {
			return err
		}
		return countLink(ctx, tx, list[0], day)
	})
	if err != nil {
		return fmt.Errorf("keep link of status %d: %w", e.Status, err)
	}
	return nil
}

func countLink(ctx context.Context, tx *db.Tx, u linkUse, day int64) error {
	first, err := db.Exec(ctx, tx, `INSERT INTO link_day_accounts (day, link_id, account_id) VALUES ($1,$2,$3) ON CONFLICT DO NOTHING`, day, u.link, u.author)
	if err != nil {
		return err
	}
	_, err = db.Exec(ctx, tx, `INSERT INTO link_days (link_id, day, uses, accounts) VALUES ($1,$2,1,$3)
		ON CONFLICT (link_id, day) DO UPDATE SET uses = link_days.uses + 1, accounts = link_days.accounts + excluded.accounts`, u.link, day, first)
	return err
}

// Folds tells whether a link turned out to be another one.
func Folds(_ context.Context, _ *db.Tx, e media.PreviewChanged) (bool, error) { return e.Was != 0, nil }

const (
	foldAccountsSQL = `INSERT INTO link_day_accounts (day, link_id, account_id) SELECT d.day, $2, d.account_id FROM link_day_accounts d WHERE d.link_id = $1 AND d.day = $3
		ON CONFLICT DO NOTHING`
	foldDaySQL = `INSERT INTO link_days (link_id, day, uses, accounts) SELECT $2, d.day, d.uses, $4 FROM link_days d WHERE d.link_id = $1 AND d.day = $3
		ON CONFLICT (link_id, day) DO UPDATE SET uses = link_days.uses + excluded.uses, accounts = link_days.accounts + excluded.accounts`
)

// FoldLink adds the history of a link to that of the one that it turned out to be.
func (s *Service) FoldLink(ctx context.Context, e media.PreviewChanged) error {
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		days, err := db.All(ctx, tx, db.Value[int64], `SELECT day FROM link_days WHERE link_id = $1 ORDER BY day`, e.Was)
		if err != nil {
			return err
		}
		for _, day := range days {
			came, err := db.Exec(ctx, tx, foldAccountsSQL, e.Was, e.Link, day)
			if err != nil {
				return err
			}
			if _, err := db.Exec(ctx, tx, foldDaySQL, e.Was, e.Link, day, came); err != nil {
				return err
			}
			if _, err := db.Exec(ctx, tx, `DELETE FROM link_day_accounts WHERE day = $2 AND link_id = $1`, e.Was, day); err != nil {
				return err
			}
		}
		for _, sql := range []string{`DELETE FROM link_days WHERE link_id = $1`, `DELETE FROM trends WHERE kind = 'link' AND subject_id = $1`} {
			if _, err := db.Exec(ctx, tx, sql, e.Was); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("fold link %d into %d: %w", e.Was, e.Link, err)
	}
	return nil
}

// purgeAtOnce bounds the rows that one transaction removes.
const purgeAtOnce = 500

// The steps of PurgeLinks; $1 is the last day to go.
const (
	purgeLinkAccountsSQL = `DELETE FROM link_day_accounts WHERE (day, link_id, account_id) IN
		(SELECT day, link_id, account_id FROM link_day_accounts WHERE day <= $1 ORDER BY day LIMIT $2)`
	purgeLinkDaysSQL = `DELETE FROM link_days WHERE (link_id, day) IN (SELECT link_id, day FROM link_days WHERE day <= $1 ORDER BY day LIMIT $2)`
)

// PurgeLinks removes the days that are too old, a bounded number of rows at a time. Links that nothing has any more go by themselves.
func (s *Service) PurgeLinks(ctx context.Context) error {
	last := dayOf(s.clock.Now()) - keepDays
	for _, step := range []struct {
		sql  string
		upTo int64
	}{
		{purgeLinkAccountsSQL, last}, {purgeLinkDaysSQL, last},
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
	plain, ok := media.LinkAddress(address)
	if !v.Trends || !ok {
		return 0, fault.RecordNotFound()
	}
	return db.One(ctx, s.db, db.Value[id.Link], trendingSQL, plain, v.TrendableByDefault)
}
