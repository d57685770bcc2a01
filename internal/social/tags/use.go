package tags

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/social/id"
)

// Named is a hashtag as somebody wrote it.
type Named struct{ Key, Shown string }

// Use is a status that carries hashtags.
type Use struct {
	Status id.Status
	Author id.Account
	At     time.Time
	// Own tells that it is a public or unlisted status of one of our members: it counts for the profile.
	Own bool
	// Profile tells that it is one of an account of another server: it counts for the hashtags on the profile.
	Profile bool
	// Public tells that it is public: it counts for the history of the day.
	Public bool
}

// Attach hangs hashtags on a status, in the transaction that stores it. New ones are made. A hashtag that hangs there already is not
// counted twice. It gives the ids of those that are new on the status.
func Attach(ctx context.Context, tx *db.Tx, u Use, list []Named) ([]id.Tag, error) {
	if len(list) == 0 {
		return nil, nil
	}
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b Named) int { return strings.Compare(a.Key, b.Key) }) // every writer takes the rows in one order
	keys := make([]string, len(list))
	for i, one := range list {
		keys[i] = one.Key
	}
	known, err := byNames(ctx, tx, keys)
	if err != nil {
		return nil, err
	}
	var added []id.Tag
	for _, one := range list {
		tag := known[one.Key]
		if tag == 0 {
			if tag, err = put(ctx, tx, one.Key, one.Shown); err != nil {
				return nil, err
			}
		}
		n, err := u.attach(ctx, tx, tag)
		if err != nil {
			return nil, err
		}
		if n == 0 {
			continue
		}
		added = append(added, tag)
		if u.Public {
			if err := count(ctx, tx, tag, u.Author, u.At); err != nil {
				return nil, err
			}
		}
	}
	return added, nil
}

// attach hangs one hashtag on the status. Of what is written elsewhere only the few uses that a profile counts are in the index of a member's own.
func (u Use) attach(ctx context.Context, tx *db.Tx, tag id.Tag) (int64, error) {
	switch {
	case u.Own:
		return db.Exec(ctx, tx, `INSERT INTO status_tags (tag_id, status_id, member_id) VALUES ($1,$2,$3) ON CONFLICT DO NOTHING`, tag, u.Status, u.Author)
	case u.Profile:
		return db.Exec(ctx, tx, `INSERT INTO status_tags (tag_id, status_id, member_id)
			VALUES ($1,$2,(SELECT f.account_id FROM featured_tags f WHERE f.account_id = $3 AND f.tag_id = $1)) ON CONFLICT DO NOTHING`, tag, u.Status, u.Author)
	}
	return db.Exec(ctx, tx, `INSERT INTO status_tags (tag_id, status_id) VALUES ($1,$2) ON CONFLICT DO NOTHING`, tag, u.Status)
}

// countPastSQL counts what an account of another server wrote with a hashtag before it showed that on the profile.
const countPastSQL = `UPDATE status_tags SET member_id = $1 WHERE tag_id = $2 AND member_id IS NULL AND status_id IN
	(SELECT s.id FROM statuses s WHERE s.author_id = $1 AND s.visibility IN ('public', 'unlisted') AND s.deleted_at IS NULL)`

// Detach takes a status that was deleted out of its author's numbers. The history of the day stays: it tells what was written.
func Detach(ctx context.Context, tx *db.Tx, status id.Status) error {
	_, err := db.Exec(ctx, tx, `UPDATE status_tags SET member_id = NULL WHERE status_id = $1 AND member_id IS NOT NULL`, status)
	return err
}

// keepDays is how many days of history are kept, as long as Mastodon does; clients see seven.
const keepDays = 14

func dayOf(t time.Time) int64 { return t.Unix() / (24 * 60 * 60) }

// count notes one use of a hashtag on a day.
func count(ctx context.Context, tx *db.Tx, tag id.Tag, author id.Account, at time.Time) error {
	day := dayOf(at)
	if day <= dayOf(tx.Now())-keepDays {
		return nil
	}
	first, err := db.Exec(ctx, tx, `INSERT INTO tag_day_accounts (day, tag_id, account_id) VALUES ($1,$2,$3) ON CONFLICT DO NOTHING`, day, tag, author)
	if err != nil {
		return err
	}
	_, err = db.Exec(ctx, tx, `INSERT INTO tag_days (tag_id, day, uses, accounts) VALUES ($1,$2,1,$3)
		ON CONFLICT (tag_id, day) DO UPDATE SET uses = tag_days.uses + 1, accounts = tag_days.accounts + excluded.accounts`, tag, day, first)
	return err
}

// Day is how a hashtag was used on one UTC day.
type Day struct {
	Start    time.Time
	Uses     int64
	Accounts int64
}

const historySQL = `SELECT tag_id, day, uses, accounts FROM tag_days WHERE tag_id {in $1} AND day > $2 AND day <= $3`

// History tells how hashtags were used, today first. Every hashtag has all of the days.
func (s *Service) History(ctx context.Context, ids []id.Tag, days int) (map[id.Tag][]Day, error) {
	type row struct {
		tag                 id.Tag
		day, uses, accounts int64
	}
	today := dayOf(s.clock.Now())
	rows, err := db.All(ctx, s.db, func(r db.Row) (row, error) {
		var x row
		err := r.Scan(&x.tag, &x.day, &x.uses, &x.accounts)
		return x, err
	}, historySQL, ids, today-int64(days), today)
	if err != nil {
		return nil, fmt.Errorf("history of hashtags: %w", err)
	}
	all := make(map[id.Tag][]Day, len(ids))
	for _, tag := range ids {
		list := make([]Day, days)
		for i := range list {
			list[i].Start = clock.FromMilli((today - int64(i)) * 24 * 60 * 60 * 1000)
		}
		all[tag] = list
	}
	for _, x := range rows {
		at := &all[x.tag][today-x.day]
		at.Uses, at.Accounts = x.uses, x.accounts
	}
	return all, nil
}

// purgeAtOnce bounds the rows that one transaction removes.
const purgeAtOnce = 500

// The steps of PurgeHistory.
const (
	purgeAccountsSQL = `DELETE FROM tag_day_accounts WHERE (day, tag_id, account_id) IN
		(SELECT day, tag_id, account_id FROM tag_day_accounts WHERE day <= $1 ORDER BY day LIMIT $2)`
	purgeDaysSQL = `DELETE FROM tag_days WHERE (tag_id, day) IN (SELECT tag_id, day FROM tag_days WHERE day <= $1 ORDER BY day LIMIT $2)`
)

// PurgeHistory removes days that are too old, a bounded number of rows at a time.
func (s *Service) PurgeHistory(ctx context.Context) error {
	last := dayOf(s.clock.Now()) - keepDays
	for _, sql := range []string{purgeAccountsSQL, purgeDaysSQL} {
		for more := true; more; {
			err := s.db.Tx(ctx, func(tx *db.Tx) error {
				n, err := db.Exec(ctx, tx, sql, last, purgeAtOnce)
				more = n == purgeAtOnce
				return err
			})
			if err != nil {
				return fmt.Errorf("purge history of hashtags: %w", err)
			}
		}
	}
	return nil
}
