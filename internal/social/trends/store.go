package trends

import (
	"context"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/social/id"
)

// use is how many accounts used something today and yesterday.
type use struct{ subject, observed, expected int64 }

func scanUse(r db.Row) (use, error) {
	var u use
	err := r.Scan(&u.subject, &u.observed, &u.expected)
	return u, err
}

// state is what is known of a hashtag or link that reached a peak.
type state struct {
	subject int64
	peak    peak
	score   score
}

const statesSQL = `SELECT subject_id, peak, peak_at, score FROM trends WHERE kind = $1`

// statesOf gives all of a kind: they are those of two days.
func statesOf(ctx context.Context, q db.Q, kind string) ([]state, error) {
	return db.All(ctx, q, func(r db.Row) (state, error) {
		var s state
		err := r.Scan(&s.subject, &s.peak.score, &s.peak.at, &s.score)
		return s, err
	}, statesSQL, kind)
}

func putState(ctx context.Context, tx *db.Tx, kind string, s state) error {
	if s.peak.score == 0 {
		_, err := db.Exec(ctx, tx, `DELETE FROM trends WHERE kind = $1 AND subject_id = $2`, kind, s.subject)
		return err
	}
	_, err := db.Exec(ctx, tx, `INSERT INTO trends (kind, subject_id, peak, peak_at, score) VALUES ($1,$2,$3,$4,$5)
		ON CONFLICT (kind, subject_id) DO UPDATE SET peak = excluded.peak, peak_at = excluded.peak_at, score = excluded.score`,
		kind, s.subject, s.peak.score, s.peak.at, s.score)
	return err
}

// liked is a status that may trend.
type liked struct {
	status   id.Status
	account  id.Account
	created  time.Time
	language string
	likes    int64
}

func scanLiked(r db.Row) (liked, error) {
	var l liked
	var created int64
	err := r.Scan(&l.status, &l.account, &created, &l.language, &l.likes)
	l.created = clock.FromMilli(created)
	return l, err
}

// likedAtOnce is how many statuses are looked at in one step.
const likedAtOnce = 500

// eligible tells whether a status s by an author a is of the sort that trends (behaviours §12).
const eligible = `s.deleted_at IS NULL AND s.boost_of_id IS NULL AND s.visibility = 'public' AND NOT s.local_only AND NOT s.sensitive
	AND s.content_warning = '' AND s.language <> '' AND s.in_reply_to_id IS NULL AND s.in_reply_to_uri = ''
	AND a.discoverable AND a.limited_at IS NULL AND a.suspended_at IS NULL AND a.deleted_at IS NULL`

// likedSQL walks the young statuses that somebody liked, in this order of the tables. What they quote has to be eligible as well.
const likedSQL = `SELECT s.id, s.author_id, s.created_at, s.language, c.boosts + c.favourites
	FROM status_counts c CROSS JOIN statuses s CROSS JOIN accounts a
	WHERE s.id = c.status_id AND a.id = s.author_id AND c.boosts + c.favourites >= 2 AND c.status_id > $1 AND c.boosts + c.favourites >= $2 AND ` + eligible + `
	AND NOT EXISTS (SELECT 1 FROM quotes q WHERE q.status_id = c.status_id AND NOT (q.state = 'accepted'
		AND EXISTS (SELECT 1 FROM statuses s JOIN accounts a ON a.id = s.author_id WHERE s.id = q.quoted_id AND ` + eligible + `)))
	ORDER BY c.status_id LIMIT $3`

// statusState is what is known of a status that trends, or did while a keeper decided on it.
type statusState struct {
	status   id.Status
	account  id.Account
	language string
	score    score
	decided  bool
}

const statusStatesSQL = `SELECT status_id, account_id, language, score, trendable IS NOT NULL FROM trending_statuses`

// statusStates gives all: they are those of three days.
func statusStates(ctx context.Context, q db.Q) ([]statusState, error) {
	return db.All(ctx, q, func(r db.Row) (statusState, error) {
		var s statusState
		err := r.Scan(&s.status, &s.account, &s.language, &s.score, &s.decided)
		return s, err
	}, statusStatesSQL)
}

func putStatusState(ctx context.Context, tx *db.Tx, s statusState) error {
	if s.score == 0 && !s.decided {
		_, err := db.Exec(ctx, tx, `DELETE FROM trending_statuses WHERE status_id = $1`, s.status)
		return err
	}
	_, err := db.Exec(ctx, tx, `INSERT INTO trending_statuses (status_id, account_id, language, score) VALUES ($1,$2,$3,$4)
		ON CONFLICT (status_id) DO UPDATE SET language = excluded.language, score = excluded.score`, s.status, s.account, s.language, s.score)
	return err
}

// mostShown bounds how far a list of trends reaches.
const mostShown = 200

// ranked is something that trends, in the order of the scores.
type ranked struct {
	subject  int64
	language string
}

func scanRanked(r db.Row) (ranked, error) {
	var x ranked
	err := r.Scan(&x.subject, &x.language)
	return x, err
}

const (
	topTagsSQL = `SELECT r.subject_id, '' FROM trends r JOIN tags t ON t.id = r.subject_id
		WHERE r.kind = 'tag' AND r.score > 0 AND t.usable AND COALESCE(t.trendable, $1) ORDER BY r.score DESC, r.subject_id DESC LIMIT $2`
	topLinksSQL = `SELECT r.subject_id, l.language FROM trends r JOIN links l ON l.id = r.subject_id
		WHERE r.kind = 'link' AND r.score > 0 AND COALESCE(l.trendable, $1) ORDER BY r.score DESC, r.subject_id DESC LIMIT $2`
	// topStatusesSQL asks again what may have changed since the scores were computed, and leaves out whom the viewer $3 does not want to meet.
	topStatusesSQL = `SELECT r.status_id, r.language FROM trending_statuses r JOIN statuses s ON s.id = r.status_id JOIN accounts a ON a.id = r.account_id
		WHERE r.score > 0 AND COALESCE(r.trendable, a.trendable, $1)
		AND s.deleted_at IS NULL AND s.visibility = 'public' AND NOT s.local_only AND NOT s.sensitive AND s.content_warning = ''
		AND a.discoverable AND a.limited_at IS NULL AND a.suspended_at IS NULL AND a.deleted_at IS NULL
		AND NOT EXISTS (SELECT 1 FROM blocks x WHERE x.account_id = $3 AND x.target_id = r.account_id)
		AND NOT EXISTS (SELECT 1 FROM blocks x WHERE x.account_id = r.account_id AND x.target_id = $3)
		AND NOT EXISTS (SELECT 1 FROM mutes x WHERE x.account_id = $3 AND x.target_id = r.account_id AND (x.expires_at IS NULL OR x.expires_at > $4))
		AND NOT EXISTS (SELECT 1 FROM account_domain_blocks x WHERE x.account_id = $3 AND x.domain = a.domain)
		ORDER BY r.score DESC, r.status_id DESC LIMIT $2`
)

const trendingSQL = `SELECT l.id FROM links l JOIN trends r ON r.kind = 'link' AND r.subject_id = l.id WHERE l.url = $1 AND r.score > 0 AND COALESCE(l.trendable, $2)`

// link is an address with how it is shown.
type link struct {
	id       id.Link
	url      string
	language string
}

const linksSQL = `SELECT id, url, language FROM links WHERE id {in $1}`

func linksByID(ctx context.Context, q db.Q, ids []id.Link) ([]link, error) {
	return db.All(ctx, q, func(r db.Row) (link, error) {
		var l link
		err := r.Scan(&l.id, &l.url, &l.language)
		return l, err
	}, linksSQL, ids)
}

type linkDay struct {
	link                id.Link
	day, uses, accounts int64
}

const linkDaysSQL = `SELECT link_id, day, uses, accounts FROM link_days WHERE link_id {in $1} AND day > $2 AND day <= $3`

func linkDays(ctx context.Context, q db.Q, ids []id.Link, after, last int64) ([]linkDay, error) {
	return db.All(ctx, q, func(r db.Row) (linkDay, error) {
		var d linkDay
		err := r.Scan(&d.link, &d.day, &d.uses, &d.accounts)
		return d, err
	}, linkDaysSQL, ids, after, last)
}
